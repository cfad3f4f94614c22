"""Scales: do samples of firms give the same results as all firms, within sampling error?

A scale is run under the same seeds as the full one, so conditions and drift are the same and only the sample
differs. The difference of means is told from none by a t test over seeds, with the bound of Bonferroni over
all that is compared, since among a hundred differences some are large by chance.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR, Ensemble, plan
from simulation.indicators import INDICATORS, TARGETS, cost_of
from simulation.runs import RunResult

SCALES = (0.1, 0.25)
FULL = 1.0
LEVEL = 0.05
"""Chance that all agree and at least one difference is still told from none."""
JOINT = "Ningbo+Wenzhou"
Advance = Callable[[RunResult], None]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """A scale less the full one.

    Attributes
    ----------
    mean, spread
        Mean and standard deviation over seeds at the scale.
    difference, error
        Mean paired difference to the full scale, and its standard error.
    z
        Their ratio, None where nothing varies.
    agrees
        Whether that may be chance.
    """

    mean: float
    spread: float
    difference: float
    error: float
    z: float | None
    agrees: bool


@dataclass(frozen=True)
class Row:
    """One indicator of one region: mean and spread at full scale, and what smaller scales differ by."""

    indicator: str
    region: str
    mean: float
    spread: float
    differences: dict[float, Difference]


@dataclass(frozen=True, eq=False)
class Scales:
    """Ensembles at some scales under the same seeds, the full one last."""

    ensembles: tuple[Ensemble, ...]

    @property
    def full(self) -> Ensemble:
        """Return the ensemble of all firms."""
        return self.ensembles[-1]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Return what is compared in the last year: the targets, and all other indicators of both cities."""
        keys = [key for key in compared() if np.isfinite(self._values(key)).all()]
        bound = bound_of(len(keys) * (len(self.ensembles) - 1), len(self.full.results))
        return tuple(self._row(key, bound) for key in keys)

    def _values(self, key: tuple[str, str]) -> Array:
        """Return the last year's values (float64[scales, seeds])."""
        return np.array([ensemble.replicates(*key)[:, -1] for ensemble in self.ensembles])

    def _row(self, key: tuple[str, str], bound: float) -> Row:
        *smaller, full = self._values(key)
        scales = [ensemble.experiment.scale for ensemble in self.ensembles]
        differences = {
            scale: difference(values, full, bound) for scale, values in zip(scales[:-1], smaller, strict=True)
        }
        return Row(*key, float(full.mean()), float(full.std(ddof=1)), differences)

    def document(self) -> dict[str, Any]:
        """Return everything as one JSON document."""
        return {
            "scenario": self.full.experiment.name,
            "seeds": self.full.seeds,
            "year": self.full.years[-1],
            "compared": len(self.rows),
            "differ": {
                f"{scale:g}": sum(not row.differences[scale].agrees for row in self.rows)
                for scale in self.rows[0].differences
            },
            "rows": [
                {
                    **{name: value for name, value in vars(row).items() if name != "differences"},
                    "unit": INDICATORS[row.indicator].unit,
                    "scales": {f"{scale:g}": vars(each) for scale, each in row.differences.items()},
                }
                for row in self.rows
            ],
        }


def compared() -> list[tuple[str, str]]:
    """Return what is compared: each target in its regions, and other indicators of both cities."""
    targets = [(target.indicator, region) for target in TARGETS for region in target.regions]
    others = [(name, JOINT) for name in INDICATORS if not name.startswith(cost_of(""))]
    return list(dict.fromkeys((*targets, *others)))


def difference(values: Array, full: Array, bound: float) -> Difference:
    """Return what a scale differs by from the full one, seed by seed; within `bound` errors it agrees."""
    paired = values - full
    mean, error = float(paired.mean()), float(paired.std(ddof=1)) / math.sqrt(len(paired))
    z = mean / error if error > 0.0 else None
    agrees = mean == 0.0 if z is None else abs(z) <= bound
    return Difference(float(values.mean()), float(values.std(ddof=1)), mean, error, z, agrees)


def bound_of(comparisons: int, seeds: int) -> float:
    """Return how many standard errors the largest of many differences may be by chance."""
    return float(stats.t.ppf(1.0 - LEVEL / (2.0 * max(1, comparisons)), seeds - 1))


def compare_scales(
    scenario: str,
    seeds: Sequence[int],
    scales: Sequence[float] = SCALES,
    processes: int | None = None,
    progress: Advance | None = None,
) -> Scales:
    """Run a scenario at each scale and at the full one, with central parameters."""
    if len(seeds) < 3:
        raise InputError(f"seeds must be at least 3, since errors come from their spread, not {len(seeds)}")
    if not scales or any(not 0.0 < scale < FULL for scale in scales):
        raise InputError(f"scales must lie between 0 and 1, not {', '.join(f'{each:g}' for each in scales)}")
    return Scales(tuple(_ensembles(scenario, seeds, (*sorted(set(scales)), FULL), processes, progress)))


def _ensembles(
    scenario: str,
    seeds: Sequence[int],
    scales: Sequence[float],
    processes: int | None,
    progress: Advance | None,
) -> Iterator[Ensemble]:
    for scale in scales:
        yield plan(scenario, seeds, scale, TARGET_YEAR, central=True).run(processes, progress)
