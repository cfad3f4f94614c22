"""The map of the delta as data: where cities lie, how large and of what colour they are, and what flows.

Cities lie at their coordinates; there is no coastline and no border, since none is among the data.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.i18n import Texts
from simulation.experiment import Ensemble
from simulation.flows import FLOWS, Flow
from simulation.geography import load_geography
from simulation.indicators import INDICATORS, Indicator

WIDTH, HEIGHT = 640, 560
MOST_FLOWS = 40  # pairs of cities that are drawn
_MARGIN, _FOOT = 46, 26
_CROWDED = 0.6  # degrees: nearer than this to the east, a city has its name on its left
UNDIRECTED = {"collaboration"}
Values = NDArray[np.float64]


def cities(texts: Texts) -> list[dict[str, Any]]:
    """Return the cities with where they lie in the drawing."""
    places = [place for place in load_geography().places if place.kind == "city"]
    x, y = _projection()
    found = []
    for place in places:
        eastern = [
            other
            for other in places
            if 0.0 < other.lon - place.lon < _CROWDED and abs(other.lat - place.lat) < 0.3
        ]
        found.append(
            {
                "id": place.id,
                "name": texts.region(place.id),
                "x": round(x(place.lon), 1),
                "y": round(y(place.lat), 1),
                "left": bool(eastern),
            }
        )
    return found


def graticule() -> list[dict[str, Any]]:
    """Return the lines of whole degrees of latitude and longitude."""
    x, y = _projection()
    places = load_geography().places
    lines: list[dict[str, Any]] = []
    for degree in _whole([place.lon for place in places]):
        at = round(x(degree), 1)
        lines.append(
            {"name": f"{degree}°E", "x1": at, "x2": at, "y1": 4, "y2": HEIGHT - _FOOT, "tx": at,
             "ty": HEIGHT - 10, "anchor": "middle"}
        )  # fmt: skip
    for degree in _whole([place.lat for place in places]):
        at = round(y(degree), 1)
        lines.append(
            {"name": f"{degree}°N", "x1": 34, "x2": WIDTH - 4, "y1": at, "y2": at, "tx": 30, "ty": at + 4,
             "anchor": "end"}
        )  # fmt: skip
    return lines


def _whole(values: Sequence[float]) -> range:
    return range(math.ceil(min(values) - 0.4), math.floor(max(values) + 0.4) + 1)


def _projection() -> tuple[Any, Any]:
    """Return functions from longitude and latitude to the drawing: true to scale at the middle latitude."""
    places = load_geography().places
    lats, lons = [place.lat for place in places], [place.lon for place in places]
    squeeze = math.cos(math.radians(sum(lats) / len(lats)))
    middle = (min(lons) + max(lons)) / 2.0, (min(lats) + max(lats)) / 2.0
    wide = (WIDTH - 2.0 * _MARGIN - 40.0) / ((max(lons) - min(lons)) * squeeze)
    high = (HEIGHT - 2.0 * _MARGIN - _FOOT) / (max(lats) - min(lats))
    unit = min(wide, high)
    return (
        lambda lon: WIDTH / 2.0 + (lon - middle[0]) * squeeze * unit,
        lambda lat: (HEIGHT - _FOOT) / 2.0 - (lat - middle[1]) * unit,
    )


def by_city(ensemble: Ensemble, indicator: str) -> Values:
    """Return an indicator's median over draws, indexed [year, city]."""
    cities = load_geography().cities
    return np.stack([ensemble.band(indicator, city)["median"] for city in cities], axis=1)


def mean_flows(ensemble: Ensemble, flow: str) -> Values | None:
    """Return a flow's mean over draws, indexed [year, from, to]; None if no draw has its flows."""
    column = [each.id for each in FLOWS].index(flow)
    found = [result.flows[:, column] for result in ensemble.results if result.flows is not None]
    if not found:
        return None
    mean: Values = np.stack(found).astype(np.float64).mean(axis=0)
    if flow in UNDIRECTED:
        mean = mean + mean.transpose(0, 2, 1)
    return np.asarray(mean)


def layer(values: Values, item: Indicator, texts: Texts, is_change: bool = False) -> dict[str, Any]:
    """Return values of cities for the page: numbers, texts, and the ends of their scale."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if is_change:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    decimals = item.decimals + 2 if is_change and max(abs(low), abs(high)) < 1.0 else item.decimals
    return {
        "values": [[float(v) if math.isfinite(v) else None for v in row] for row in values],
        "text": [[texts.number(float(v), decimals, is_change) for v in row] for row in values],
        "ends": [texts.number(end, decimals, is_change) for end in (low, high)],
        "diverging": is_change,
    }


def arrows(values: Values, item: Flow, texts: Texts, is_change: bool = False) -> list[dict[str, Any]]:
    """Return the largest flows between different cities, each with its path over the years."""
    strength = np.abs(values).max(axis=0)
    np.fill_diagonal(strength, 0.0)
    if item.id in UNDIRECTED:
        strength = np.triu(strength)
    pairs = np.argsort(-strength, axis=None, kind="stable")[:MOST_FLOWS]
    size = strength.shape[0]
    found = []
    for pair in pairs:
        start, end = divmod(int(pair), size)
        if strength[start, end] > 0.0:
            path = values[:, start, end]
            found.append(
                {
                    "from": start,
                    "to": end,
                    "values": [round(float(v), 6) for v in path],
                    "text": [_number(float(v), item, texts, is_change) for v in path],
                }
            )
    return found


def totals(values: Values | None, item: Flow, years: int, texts: Texts, is_change: bool) -> dict[str, Any]:
    """Return what flows into each city from others, and out of it, by year, as texts."""
    count = len(load_geography().cities)
    if values is None:
        nothing = [["–"] * count for _ in range(years)]
        return {"incoming": nothing, "outgoing": nothing}
    away = values * (1.0 - np.eye(count))
    sums = {"incoming": away.sum(axis=1), "outgoing": away.sum(axis=2)}
    return {
        name: [[_number(float(v), item, texts, is_change) for v in row] for row in table]
        for name, table in sums.items()
    }


def _number(value: float, item: Flow, texts: Texts, is_change: bool) -> str:
    decimals = item.decimals + 1 if is_change or abs(value) < 1.0 else item.decimals
    return texts.number(value, decimals, is_change)


def shown_indicators() -> list[str]:
    """Return the indicators that the map offers: those of cities, not what each lever costs."""
    return [name for name in INDICATORS if not name.startswith("cost_")]
