"""What studies of cities share: distances, and effects where half of the cities are treated."""

import numpy as np

from calibration.effects.estimators import difference_in_differences
from calibration.effects.study import Finding
from calibration.effects.worlds import EVENT, Lab, Panel
from simulation.geography import Geography

_EARTH = 6371.0
"""Radius in kilometres."""


def distances(geography: Geography) -> np.ndarray:
    """Return great-circle distances between cities in kilometres (float64[C, C])."""
    cities = geography.places[: len(geography.cities)]
    lat, lon = (np.radians([getattr(city, name) for city in cities]) for name in ("lat", "lon"))
    half = np.sin((lat[:, None] - lat) / 2.0) ** 2
    half += np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2.0) ** 2
    return np.asarray(2.0 * _EARTH * np.arcsin(np.sqrt(half)))


def city_effect(lab: Lab, treated: Panel, indicator: str, last: int, first: int = EVENT + 1) -> Finding:
    """Return the effect on the log of an indicator, mean of some years, of treated cities over the others.

    In one world by difference in differences with the year before the event; paired, by the difference to the
    same city without the treatment.
    """
    before = treated.by_city(indicator, EVENT - 1)
    after, without = (_mean(panel, indicator, first, last) for panel in (treated, lab.usual))
    # An indicator may be 0 in a small city of a small sample: half a count keeps its log.
    before, after, without = (np.log(np.maximum(values, 0.5)) for values in (before, after, without))
    own = after - without
    estimate = difference_in_differences(before, after, lab.drawn)
    return Finding((estimate, 1.0), (float(own[lab.drawn].mean() - own[~lab.drawn].mean()), 1.0))


def _mean(panel: Panel, indicator: str, first: int, last: int) -> np.ndarray:
    return np.mean([panel.by_city(indicator, year) for year in range(first, last + 1)], axis=0)
