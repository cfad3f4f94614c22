"""What studies of cities share: half of them are treated, drawn by chance for each seed."""

import numpy as np

from calibration.effects.estimators import difference_in_differences
from calibration.effects.study import Finding
from calibration.effects.worlds import EVENT, Lab, Panel


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
