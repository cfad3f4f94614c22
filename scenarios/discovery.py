"""Scenario discovery: the few conditions under which a policy fails, found by PRIM (EMA Workbench).

PRIM peels a box until it holds mostly failures. With a hundred factors some box always looks good, so it is
found in two thirds of the futures and judged in the remaining third: coverage (share of the failures that lie
in the box), density (share of the box that fails) and the chance of as many failures by luck are those of
futures that had no part in finding it.
"""

import inspect
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from scenarios.futures import Factor

with warnings.catch_warnings():  # about evaluators and figures that are not installed and not needed
    warnings.simplefilter("ignore")
    from ema_workbench.analysis.prim import Prim

FEW, MOST = 0.05, 0.95  # share of failures outside which there is nothing to tell apart
SCREENED = 12  # factors that PRIM looks at, at most: those that go most with failure
STANDS_OUT = 2.0  # standard errors by which a factor's mean rank must differ where a policy fails
CONDITIONS_AT_MOST = 3  # that a person can keep in mind
MATTERS = 0.02  # of the harmonic mean of coverage and density: a limit that adds less is left out
LUCK = 0.05
_PURE = {"dimensionless", "factor", "ratio"}


@dataclass(frozen=True)
class Limit:
    """One side of a box: a factor above or below a value."""

    factor: Factor
    low: float | None
    high: float | None

    def __str__(self) -> str:
        low, high = self._end(self.low), self._end(self.high)
        if low and high:
            return f"{self.factor.words} lies between {low} and {high}"
        return f"{self.factor.words} exceeds {low}" if low else f"{self.factor.words} stays below {high}"

    def _end(self, value: float | None) -> str:
        unit = "" if self.factor.unit in _PURE else f" {self.factor.unit}"
        return "" if value is None else f"{value:.3g}{unit}"


@dataclass(frozen=True)
class Box:
    """Conditions of failure, with their record in futures that had no part in finding them.

    Attributes
    ----------
    usual
        Share of failures among these futures.
    luck
        Chance that a box without meaning holds as many failures.
    """

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    usual: float
    luck: float

    @property
    def holds(self) -> bool:
        """Tell whether the record is better than luck."""
        return self.luck < LUCK

    def __str__(self) -> str:
        return " and ".join(map(str, self.limits))


def discover(factors: Sequence[Factor], facts: NDArray[np.float64], fails: NDArray[np.bool_]) -> Box | None:
    """Return when a policy fails, None where it fails almost never or always, or no box stands out.

    Parameters
    ----------
    facts : float64[futures, factors]
    fails : bool[futures]
    """
    judged = np.arange(len(fails)) % 3 == 2
    if not FEW <= fails.mean() <= MOST or not _mixed(fails[judged]) or not _mixed(fails[~judged]):
        return None
    columns = _screen(facts[~judged], fails[~judged])
    if not columns:
        return None
    limits = _peel([factors[column] for column in columns], facts[~judged][:, columns], fails[~judged])
    if not limits:
        return None
    inside = np.all([_within(limit, factors, facts[judged]) for limit in limits], axis=0)
    hits, size, failures = int((fails[judged] & inside).sum()), int(inside.sum()), int(fails[judged].sum())
    luck = float(stats.hypergeom.sf(hits - 1, int(judged.sum()), failures, size))
    return Box(limits, hits / failures, hits / size if size else 0.0, failures / int(judged.sum()), luck)


def _mixed(fails: NDArray[np.bool_]) -> bool:
    return bool(fails.any() and not fails.all())


def _screen(facts: NDArray[np.float64], fails: NDArray[np.bool_]) -> list[int]:
    """Return the factors whose ranks go most with failure, as far as they stand out (Mann & Whitney 1947)."""
    ranks = stats.rankdata(facts, axis=0)
    gaps = ranks[fails].mean(axis=0) - ranks[~fails].mean(axis=0)
    count, failures = len(fails), int(fails.sum())
    error = np.sqrt(count * (count + 1) / 12.0 * (1.0 / failures + 1.0 / (count - failures)))
    standing = np.abs(gaps) / error
    most = np.argsort(-standing, kind="stable")[:SCREENED]
    return most[standing[most] >= STANDS_OUT].tolist()


def _peel(
    factors: Sequence[Factor], facts: NDArray[np.float64], fails: NDArray[np.bool_]
) -> tuple[Limit, ...]:
    """Return the best box on PRIM's way, without the limits that add little to it."""
    table = pd.DataFrame(facts, columns=[factor.name for factor in factors])
    # Up to version 2.5 the failures are what lies above a threshold.
    older = {"threshold": 0.5} if "threshold" in inspect.signature(Prim).parameters else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Prim(table, fails.astype(int), **older).find_box()

    def balance(limits: Sequence[Limit]) -> float:
        """Return the harmonic mean of coverage and density."""
        inside = np.all([_within(limit, factors, facts) for limit in limits], axis=0)
        return 2.0 * float((fails & inside).sum()) / float(fails.sum() + inside.sum())

    boxes = [tuple(_limits(box, factors, facts)) for box in found.box_lims] if found else []
    limits = max((box for box in boxes if box), key=balance, default=())
    while len(limits) > 1:
        fewer = [tuple(limit for limit in limits if limit is not left_out) for left_out in limits]
        best = max(fewer, key=balance)
        if len(limits) <= CONDITIONS_AT_MOST and balance(best) < balance(limits) - MATTERS:
            break
        limits = best
    return limits


def _limits(box: pd.DataFrame, factors: Sequence[Factor], facts: NDArray[np.float64]) -> Iterator[Limit]:
    for factor, values in zip(factors, facts.T, strict=True):
        low, high = (float(end) for end in box[factor.name])
        if low > values.min() or high < values.max():
            yield Limit(factor, low if low > values.min() else None, high if high < values.max() else None)


def _within(limit: Limit, factors: Sequence[Factor], facts: NDArray[np.float64]) -> NDArray[np.bool_]:
    values = facts[:, list(factors).index(limit.factor)]
    low = -np.inf if limit.low is None else limit.low
    high = np.inf if limit.high is None else limit.high
    return np.asarray((values >= low) & (values <= high))
