"""Scores of forecasts: continuous ranked probability score (CRPS) of logs, skill over rivals, coverage.

A forecast says what an observation will be, not only what is true: the error of the observation and the
model's own (`moments.error_of`) are part of it. Scores are of logs, so that a miss of one percent counts the
same in every unit and place; a CRPS of 0.05 is about that of a forecast five percent off.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scoringrules
from numpy.typing import NDArray

from calibration.moments import error_of
from calibration.rivals import Predictive
from simulation.data import Datum
from simulation.experiment import QUANTILES

Array = NDArray[np.float64]
Sample = Callable[[str, str, int], Array | None]
"""Draws of an indicator in a region and a year, None where it is not defined."""

LEAST = 1e-3
"""Draws are at least this part of what was observed: nothing has no log."""
NOISE_SEED = 20_190_102


@dataclass(frozen=True)
class Score:
    """One observation beside what was forecast for it.

    Attributes
    ----------
    crps, crps_rivals
        Of logs.
    skill
        1 less the ratio of `crps` to that of the strongest rival (`with_skill`), None without one.
    """

    region: str
    indicator: str
    year: int
    observed: float
    quantiles: Mapping[str, float]
    crps: float
    crps_rivals: Mapping[str, float] = field(default_factory=dict)
    skill: float | None = None

    def inside(self, low: str, high: str) -> bool:
        """Tell whether a band holds the observation."""
        return self.quantiles[low] <= self.observed <= self.quantiles[high]

    def document(self) -> dict[str, Any]:
        """Return the score as plain data."""
        about = {"region": self.region, "indicator": self.indicator, "year": self.year}
        order = ("median", "q05", "q25", "q75", "q95")
        return {
            **about,
            "observed": self.observed,
            **{name: self.quantiles[name] for name in order},
            "crps": self.crps,
            "crps_rivals": dict(self.crps_rivals),
            "skill": self.skill,
        }


def score(
    datum: Datum, indicator: str, draws: Array, rivals: Mapping[str, Predictive | Array] | None = None
) -> Score:
    """Return the score of draws, and of rivals, against an observation.

    Parameters
    ----------
    draws : float64[N]
        What the model forecasts, without the error of observations.
    rivals
        Distributions of the log as it will be observed, or draws like the model's.
    """
    truth = math.log(datum.value)
    logs = as_observed(draws, datum)
    of_rivals = {name: _crps(truth, rival, datum) for name, rival in (rivals or {}).items()}
    quantiles = np.exp(np.quantile(logs, list(QUANTILES.values())))
    bands = dict(zip(QUANTILES, quantiles.tolist(), strict=True))
    own = crps_of(truth, logs)
    return Score(datum.region, indicator, datum.year, datum.value, bands, own, of_rivals)


def as_observed(draws: Array, datum: Datum) -> Array:
    """Return logs of draws with the error of an observation and of the model."""
    rng = np.random.default_rng([NOISE_SEED, datum.year, *f"{datum.region} {datum.indicator}".encode()])
    error = error_of(datum.provenance, datum.confidence)
    logs = np.log(np.maximum(draws, LEAST * datum.value))
    return np.asarray(logs + error * rng.standard_normal(len(draws)))


def crps_of(truth: float, draws: Array) -> float:
    """Return the CRPS of draws by the fair estimator, which does not reward small ensembles.

    By probability-weighted moments it is the same number as by pairs of draws, without N² in memory.
    """
    return float(scoringrules.crps_ensemble(truth, draws, estimator="pwm"))


def _crps(truth: float, rival: Predictive | Array, datum: Datum) -> float:
    if isinstance(rival, Predictive):
        return float(scoringrules.crps_t(truth, rival.freedom, rival.location, rival.scale))
    return crps_of(truth, as_observed(rival, datum))


def strongest(scores: Iterable[Score]) -> str | None:
    """Return the rival with the lowest mean score, None if no series has rivals."""
    together: dict[str, list[float]] = {}
    for one in scores:
        for name, crps in one.crps_rivals.items():
            together.setdefault(name, []).append(crps)
    return min(together, key=lambda name: float(np.mean(together[name])), default=None)


def with_skill(scores: Sequence[Score]) -> list[Score]:
    """Return scores with their skill over the strongest rival."""
    rival = strongest(scores)
    return [
        replace(one, skill=1.0 - one.crps / one.crps_rivals[rival])
        if rival and rival in one.crps_rivals
        else one
        for one in scores
    ]


def skill_of(scores: Sequence[Score], rival: str | None = None) -> float | None:
    """Return 1 less the ratio of mean scores, over the strongest rival or another; None if there is none."""
    rival = rival or strongest(scores)
    both = [(one.crps, one.crps_rivals[rival]) for one in scores if rival and rival in one.crps_rivals]
    if not both:
        return None
    own, of_rival = np.mean(both, axis=0)
    return float(1.0 - own / of_rival)


def advantage(scores: Sequence[Score], rival: str) -> tuple[float, float]:
    """Return by how much a rival's mean score is worse, with its standard error over regions.

    Series of one region share its growth and its errors, so regions, not series, count as independent.
    """
    gains: dict[str, list[float]] = {}
    for one in scores:
        if rival in one.crps_rivals:
            gains.setdefault(one.region, []).append(one.crps_rivals[rival] - one.crps)
    every = np.concatenate([np.array(each) for each in gains.values()]) if gains else np.array([math.nan])
    mean = float(every.mean())
    if len(gains) < 2:
        return mean, math.nan
    sums = np.array([np.sum(np.array(each) - mean) for each in gains.values()])
    groups = len(gains)
    return mean, float(np.sqrt(groups / (groups - 1) * (sums**2).sum()) / len(every))


def coverage_of(scores: Sequence[Score]) -> dict[str, float]:
    """Return the shares of observations inside the 50 and the 90 % band."""
    inside = {"50": ("q25", "q75"), "90": ("q05", "q95")}
    return {name: float(np.mean([one.inside(*ends) for one in scores])) for name, ends in inside.items()}


def document(scores: Sequence[Score]) -> dict[str, Any]:
    """Return scores as one JSON document."""
    return {
        "series": [one.document() for one in scores],
        "coverage": coverage_of(scores),
        "skill": skill_of(scores),
    }
