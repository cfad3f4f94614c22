"""What a band is made of: the uncertainty of parameters, and chance.

A replicate draws its parameters from the posterior and everything else from its seed. Its twin has the same
draw under another seed, so the two differ by chance alone: outside conditions, drift and luck. Half the mean
squared difference of twins estimates the variance that chance makes; the variance over replicates, each with
a draw of its own, is the whole. By the law of total variance the rest comes from parameters.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.experiment import TARGET_YEAR, Ensemble

FEWEST = 2
ESTIMATOR = (
    "half the mean squared difference of pairs of runs with equal parameters and other seeds, over the "
    "variance of all replicates; error: one standard error, as of normal values"
)


@dataclass(frozen=True)
class Share:
    """Part of a variance that chance makes, with its standard error; parameters make the rest."""

    chance: float
    error: float

    @property
    def parameters(self) -> float:
        """Return the part that the uncertainty of parameters makes."""
        return 1.0 - self.chance


def share(replicates: NDArray[np.float64], twins: NDArray[np.float64]) -> Share | None:
    """Return what part of the variance of replicates is chance, None where they do not vary.

    Parameters
    ----------
    replicates : float64[N]
    twins : float64[M]
        Values with the parameters of the first M replicates.
    """
    total = float(replicates.var(ddof=1)) if len(replicates) >= FEWEST else 0.0
    if len(twins) < FEWEST or not total > 0.0 or not np.isfinite(twins).all():
        return None
    within = float(np.mean((replicates[: len(twins)] - twins) ** 2)) / 2.0
    part = min(1.0, within / total)
    return Share(part, part * math.sqrt(2.0 / len(twins) + 2.0 / (len(replicates) - 1)))


def share_of(ensemble: Ensemble, indicator: str, region: str, year: int = TARGET_YEAR) -> Share | None:
    """Return the share of chance in the variance of an indicator in a year, None without twins."""
    if not ensemble.twins or year not in ensemble.years:
        return None
    at = ensemble.years.index(year), ensemble.indicators.index(indicator), ensemble.regions.index(region)
    return share(ensemble.values[(slice(None), *at)], np.array([twin.values[at] for twin in ensemble.twins]))
