"""What a virtual study is, what it finds in one world, and what many worlds say together."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.effects.worlds import Lab

HELD_OUT, PUT_IN = "held out", "put in"
PRECISION = 4.0
"""Standard errors that the width of a band must hold, or the study is too imprecise to pass."""
CERTAIN = 2.0
"""Standard errors by which an estimate must lie on its side of a bound that only says on which side."""


ONE_WORLD, PAIRED = "one world", "paired"

Ratio = tuple[float, float]
"""Numerator and denominator of an estimate, so that worlds add up; (x, 1.0) for a plain number."""


@dataclass(frozen=True)
class Finding:
    """What a study finds in the worlds of one seed, by two ways; None where there is no such way.

    Attributes
    ----------
    one_world : Ratio
        By the estimator of the published study, which sees one world only and has to find its controls there.
    paired : Ratio
        Treated less untreated runs of one seed: the effect itself.
    """

    one_world: Ratio | None = None
    paired: Ratio | None = None


@dataclass(frozen=True)
class Study:
    """One published estimate and the virtual study that is held against it.

    Attributes
    ----------
    counted : str
        Which of the two ways is held against the published number: that of the study, or the paired one where
        a dozen cities are too few for the study's.
    lever : str
        Lever or mechanism that is studied.
    design : str
        How the published study identifies the effect, and so does the virtual one.
    quantity : str
        What is estimated, with its unit.
    low, high : float
        Published interval, or the band of the evidence; infinite where only a direction was published.
    parameter : str
        Parameter of the table that was set from this number; empty if none was.
    note : str
        What is known about the result: why it misses, or what it does not show.
    """

    id: str
    lever: str
    design: str
    quantity: str
    published: str
    low: float
    high: float
    source: str
    measure: Callable[[Lab], Finding]
    counted: str = ONE_WORLD
    parameter: str = ""
    note: str = ""

    @property
    def role(self) -> str:
        """Whether the number set a parameter, so that finding it again is no test."""
        return PUT_IN if self.parameter else HELD_OUT

    def passes(self, estimate: float, se: float) -> bool:
        """Return whether an estimate agrees with what was published, and is precise enough to tell.

        It has to lie inside the band, and the band has to be several standard errors wide; where only a
        direction is known, the estimate has to lie clearly on that side.
        """
        if math.isfinite(self.low) and math.isfinite(self.high):
            return self.low <= estimate <= self.high and PRECISION * se <= self.high - self.low
        return self.low + CERTAIN * se < estimate < self.high - CERTAIN * se


Estimate = tuple[float, float]
"""An estimate and its standard error over worlds."""


@dataclass(frozen=True)
class Result:
    """What a study found in all worlds."""

    study: Study
    one_world: Estimate | None
    paired: Estimate | None
    seeds: int

    @property
    def counted(self) -> Estimate:
        """Return the estimate that is held against the published number."""
        found = self.paired if self.study.counted == PAIRED else self.one_world
        assert found is not None, f"{self.study.id} has no estimate of the kind that counts"
        return found

    @property
    def passed(self) -> bool:
        """Return whether the estimate agrees with what was published."""
        return self.study.passes(*self.counted)


def pool(study: Study, findings: Sequence[Finding]) -> Result:
    """Return the result of a study over its worlds."""
    one_world = [finding.one_world for finding in findings if finding.one_world]
    paired = [finding.paired for finding in findings if finding.paired]
    return Result(study, _pooled(one_world), _pooled(paired), len(findings))


def _pooled(ratios: Sequence[Ratio]) -> Estimate | None:
    return ratio_of_sums([top for top, _ in ratios], [bottom for _, bottom in ratios]) if ratios else None


def ratio_of_sums(top: Sequence[float], bottom: Sequence[float]) -> tuple[float, float]:
    """Return a ratio of sums and its standard error, by leaving out one world at a time (jackknife)."""
    a, b = np.array(top), np.array(bottom)
    ratio = float(a.sum() / b.sum())
    if a.size < 2:
        return ratio, math.nan
    without = (a.sum() - a) / (b.sum() - b)
    spread = float(((without - without.mean()) ** 2).sum())
    return ratio, math.sqrt((a.size - 1) / a.size * spread)
