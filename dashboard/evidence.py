"""How far the model can be trusted: what ships with it about its fit, its forecasts and its effects.

Each source may be missing or of another version than today's model; a page says so instead of failing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from calibration import forecasts
from calibration.backtest import later, score_all
from calibration.coverage import COVERAGE, Coverage, read_coverage
from calibration.diagnostics import MOMENTS, UNKNOWNS, Fit, Learnt, read_fits, read_learnt
from calibration.effects.shipped import load_results, stale_parts
from calibration.scores import Score
from dashboard.drafting import BASELINE
from simulation.data import load_observations
from simulation.errors import YongwenError
from simulation.indicators import BASE_YEAR
from simulation.posterior import FOLDER

_T = TypeVar("_T")


@dataclass(frozen=True)
class Found(Generic[_T]):
    """Something that ships, or why it is not there."""

    value: _T | None
    reason: str = ""


def _read(load: Callable[[], _T]) -> Found[_T]:
    """Read something that may be missing or damaged."""
    try:
        return Found(load())
    except (YongwenError, OSError, ValueError, TypeError, KeyError) as error:
        return Found(None, str(error))


@cache
def learnt() -> Found[list[Learnt]]:
    """Return what the data say about each unknown of the model."""
    return _read(lambda: read_learnt(FOLDER / UNKNOWNS))


@cache
def coverage() -> Found[list[Coverage]]:
    """Return how often the inference found unknowns that were known."""
    return _read(lambda: read_coverage(FOLDER / COVERAGE))


@cache
def fits() -> Found[list[Fit]]:
    """Return how the posterior predicts what was observed from 2015 to 2018."""
    return _read(lambda: read_fits(FOLDER / MOMENTS))


@cache
def effects() -> Found[dict[str, Any]]:
    """Return published effects beside what the same studies find inside the model."""
    return _read(load_results)


def effects_changed() -> list[str]:
    """Return which parts of the model have changed since the effects were measured."""
    content = effects().value
    return stale_parts(content) if content else []


@cache
def backtest() -> Found[list[Score]]:
    """Return scores of the frozen forecasts against the observations after 2018 that ship."""

    def scores() -> list[Score]:
        forecasts.check(FOLDER)
        wanted = later(load_observations(), BASE_YEAR)
        return score_all(wanted, forecasts.frozen(FOLDER, BASELINE), BASE_YEAR)

    return _read(scores)


def verdicts() -> dict[str, str]:
    """Return what the data say about each parameter, by name; empty without a posterior."""
    return {one.name: one.verdict for one in learnt().value or [] if not one.place}


UNTOLD = {"silent", "not identified"}
"""Verdicts of parameters about which 2015 to 2018 say nothing, or next to nothing."""
