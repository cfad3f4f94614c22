"""What the inference is uncertain about: parameters of the table, and the effect of each city.

Each unknown has a prior and is moved on a scale where that prior is a standard normal (`z`). Parameters take
their prior from the table of parameters. City effects have wide priors around the default of `EFFECTS`: they
stand for what no mechanism explains, so nothing published bounds them (assumption).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr

from agents.parameters import parameters
from simulation.effects import EFFECTS
from simulation.geography import load_geography
from simulation.model import InnovationModel

WIDEST = 2.5
"""Largest distance from the middle of a prior, standard deviations."""
SCALES = (0.02, 0.1)
"""Scales at which is tried whether a parameter acts at all, the larger where it did not at the smaller."""


@dataclass(frozen=True)
class EffectPrior:
    """Spread of a city effect around its default and what it may not leave; `factor`: the log is normal.

    `moves` are the indicators that it stands for.
    """

    spread: float
    low: float
    high: float
    moves: tuple[str, ...]
    factor: bool = False

    def value(self, default: float, z: float) -> float:
        """Return the effect `z` standard deviations from its default."""
        return self.clip(default * math.exp(self.spread * z) if self.factor else default + self.spread * z)

    def clip(self, value: float) -> float:
        """Return the nearest value that the effect may take."""
        return min(self.high, max(self.low, value))


_RD, _STAFF, _CONTRACTS = "rd_intensity", "rd_personnel", "technology_contract_turnover"
_HOLDERS, _REGISTER = "high_tech_enterprises", "tech_smes"
_PATENTS = ("invention_patents_granted", "valid_invention_patents_per_10k")

EFFECT_PRIORS: Mapping[str, EffectPrior] = {
    "rd_trend": EffectPrior(0.06, -0.15, 0.25, (_RD, _STAFF)),
    "talent_trend": EffectPrior(0.04, -0.1, 0.15, (_STAFF,)),
    "certification_push": EffectPrior(0.7, 0.02, 3.0, (_HOLDERS,), factor=True),
    "certification_trend": EffectPrior(0.15, -0.3, 0.6, (_HOLDERS,)),
    "registration_rate": EffectPrior(0.7, 0.02, 3.0, (_REGISTER,), factor=True),
    "registration_trend": EffectPrior(0.25, -0.3, 0.8, (_REGISTER,)),
    "patent_propensity": EffectPrior(0.5, 0.3, 4.0, _PATENTS, factor=True),
    "pipeline_filed": EffectPrior(0.5, 0.3, 4.0, _PATENTS, factor=True),
    "pipeline_examined": EffectPrior(0.4, 0.3, 3.0, _PATENTS, factor=True),
    "high_tech_growth_2015": EffectPrior(0.12, -0.2, 0.6, (_HOLDERS,)),
    "contract_trend": EffectPrior(0.2, -0.3, 0.6, (_CONTRACTS,)),
}
"""Priors of the effects that are fitted."""


@dataclass(frozen=True)
class Unknown:
    """A parameter (`place` empty) or a city effect."""

    name: str
    place: str = ""

    def value(self, z: float) -> float:
        """Return the value `z` standard deviations from the middle of the prior."""
        if self.place:
            return EFFECT_PRIORS[self.name].value(EFFECTS[self.name][0], z)
        row = parameters()[self.name]
        return min(row.high, max(row.low, row.quantile(float(ndtr(z)))))


@cache
def unknowns() -> tuple[Unknown, ...]:
    """Return all unknowns, parameters first."""
    free = [Unknown(row.name) for row in parameters().values() if row.prior != "fixed" and row.low < row.high]
    effects = [
        Unknown(name, place.id)
        for place in load_geography().places
        for name in EFFECT_PRIORS
        if not (place.kind == "zone" and name == "talent_trend")  # people belong to a city's market
    ]
    return (*free, *effects)


def decode(z: np.ndarray) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Return parameters, and effects by place and name, from one vector of `z` (float64[K])."""
    chosen: dict[str, float] = {}
    effects: dict[tuple[str, str], float] = {}
    for unknown, position in zip(unknowns(), np.clip(z, -WIDEST, WIDEST), strict=True):
        if unknown.place:
            effects[unknown.place, unknown.name] = unknown.value(float(position))
        else:
            chosen[unknown.name] = unknown.value(float(position))
    return chosen, effects


@cache
def silent_parameters() -> frozenset[str]:
    """Return the parameters of which 2015-2018 say nothing: a run without policy is the same at both ends.

    Most of the others show in the first year already, so only the rest are tried for all four.
    """
    names = [unknown.name for unknown in unknowns() if not unknown.place]
    for scale, until in ((SCALES[0], 2015), *((scale, 2018) for scale in SCALES)):
        for end in ("low", "high"):
            names = _silent(names, end, _Rest(scale, until))
    return frozenset(names)


def _silent(names: list[str], end: str, rest: "_Rest") -> list[str]:
    """Return those of the parameters that change nothing at an end of their range.

    A group that changes nothing together is silent as a whole; one that does is halved.
    """
    if not names or rest.stays({name: getattr(parameters()[name], end) for name in names}):
        return names
    if len(names) == 1:
        return []
    middle = len(names) // 2
    return [*_silent(names[:middle], end, rest), *_silent(names[middle:], end, rest)]


class _Rest:
    """A run without policy at central values, to compare others with."""

    def __init__(self, scale: float, until: int) -> None:
        self._scale, self._until = scale, until
        self._table = self._run({})

    def stays(self, chosen: Mapping[str, float]) -> bool:
        """Return whether a run with parameters of its own is the same."""
        return self._run(chosen) == self._table

    def _run(self, chosen: Mapping[str, float]) -> bytes:
        model = InnovationModel(seed=1, scale=self._scale, until=self._until, parameters=chosen)
        return model.run().values.tobytes()
