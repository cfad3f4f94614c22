"""How firms differ: size, R&D intensity and patents as distributions with their tails."""

from dataclasses import dataclass

import numpy as np

from simulation.synthesis import YI
from simulation.world import World
from simulation.yearbook import gini

POINTS = 48  # of a curve
TAIL = 0.05  # share of firms that the tail's exponent is measured on
LEAST_IN_TAIL = 20
MEASURES = ("revenue", "rd_intensity", "patents")
PLACES = ("YRD", "Ningbo", "Wenzhou")


@dataclass(frozen=True)
class Distribution:
    """One measure of all firms for which it is above nothing, at the end of a year.

    Attributes
    ----------
    firms
        How many they are.
    values, share
        The curve: the share of these firms that reach each value.
    exponent
        Of a power law for the largest of them (Hill's estimate), None if they are too few.
    """

    year: int
    place: str
    measure: str
    firms: float
    values: tuple[float, ...]
    share: tuple[float, ...]
    mean: float
    median: float
    gini: float
    exponent: float | None


def distributions(model: World) -> list[Distribution]:
    """Return all measures for the delta and for the two cities of the policy."""
    firms = model.firms.living
    intensity = np.where(firms["does_rd"] == 1, 100.0 * firms["rd"] / np.maximum(firms["revenue"], 1e-9), 0.0)
    values = {
        "revenue": 4.0 * firms["revenue"] / YI,
        "rd_intensity": intensity,
        "patents": firms["patents"].astype(np.float64),
    }
    year = model.year - (1 if model.quarter % 4 == 0 else 0)
    found = []
    for place in PLACES:
        inside = (
            np.full(firms.size, True) if place == "YRD" else firms["city"] == model.geography.index(place)
        )
        for measure in MEASURES:
            positive = values[measure][inside & (values[measure] > 0.0)]
            if positive.size:
                found.append(_distribution(year, place, measure, positive, 1.0 / model.scale))
    return found


def _distribution(year: int, place: str, measure: str, values: np.ndarray, weight: float) -> Distribution:
    ordered = np.sort(values)
    at = np.unique(np.geomspace(ordered[0], ordered[-1], POINTS))
    at = np.minimum(at, ordered[-1])
    reached = 1.0 - np.searchsorted(ordered, at, side="left") / ordered.size
    return Distribution(
        year, place, measure, float(values.size * weight), tuple(at.tolist()), tuple(reached.tolist()),
        float(values.mean()), float(np.median(values)), gini(ordered), hill(ordered),
    )  # fmt: skip


def hill(ordered: np.ndarray) -> float | None:
    """Return Hill's estimate of the exponent of the cumulative tail from values in rising order."""
    count = int(TAIL * ordered.size)
    if count < LEAST_IN_TAIL:
        return None
    least = ordered[-count - 1]
    excess = float(np.log(ordered[-count:] / least).mean())
    return 1.0 / excess if excess > 0.0 else None
