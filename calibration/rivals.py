"""Rivals of the model's forecasts: methods that look at one series and know nothing of its causes.

All work on logs, and forecast a Student t distribution around their extrapolation. A series has a handful of
years, too few for an error of its own, so the squared one-step errors of a method are pooled over the places
of an indicator, and the distribution has their degrees of freedom.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
History = Mapping[int, float]
"""Log of a series by year."""

SMOOTHING, TREND_SMOOTHING, DAMPING = 0.8, 0.2, 0.9
"""Weights of the damped trend method: conventional, since so few years cannot estimate them (assumption)."""
FEWEST_YEARS = 2


@dataclass(frozen=True)
class Extrapolation:
    """What a method says of one series.

    Attributes
    ----------
    location : float
        The forecast.
    spread : float
        Its standard error where a one-step error is 1.
    squares : float
        Sum of squared one-step errors in the past.
    freedom : int
        How many of them are free.
    """

    location: float
    spread: float
    squares: float
    freedom: int


@dataclass(frozen=True)
class Predictive:
    """A forecast: a Student t distribution of a log."""

    freedom: int
    location: float
    scale: float


def random_walk(years: Array, logs: Array, year: int) -> Extrapolation:
    """Extrapolate by a random walk with drift: the mean growth goes on."""
    gaps, steps, length = np.diff(years), np.diff(logs), years[-1] - years[0]
    drift, ahead = (logs[-1] - logs[0]) / length, year - years[-1]
    squares = ((steps - drift * gaps) ** 2 / gaps).sum()
    spread = np.sqrt(ahead * (1.0 + ahead / length))
    return Extrapolation(logs[-1] + drift * ahead, spread, float(squares), len(steps) - 1)


def linear_trend(years: Array, logs: Array, year: int) -> Extrapolation:
    """Extrapolate the line of least squares."""
    middle = years.mean()
    sum_of_squares = ((years - middle) ** 2).sum()
    slope = ((years - middle) * (logs - logs.mean())).sum() / sum_of_squares
    errors = logs - logs.mean() - slope * (years - middle)
    spread = np.sqrt(1.0 + 1.0 / len(years) + (year - middle) ** 2 / sum_of_squares)
    location = logs.mean() + slope * (year - middle)
    return Extrapolation(float(location), float(spread), float((errors**2).sum()), len(years) - 2)


def exponential_smoothing(years: Array, logs: Array, year: int) -> Extrapolation:
    """Extrapolate by exponential smoothing with a damped trend (Gardner & McKenzie 1985).

    It starts from the first value and its growth to the second; years without a value are interpolated, and
    count for no error.
    """
    level, growth, errors = float(logs[0]), float((logs[1] - logs[0]) / (years[1] - years[0])) / DAMPING, []
    for now in np.arange(years[0] + 1.0, years[-1] + 1.0):
        error = float(np.interp(now, years, logs)) - (level + DAMPING * growth)
        level += DAMPING * growth + SMOOTHING * error
        growth = DAMPING * growth + SMOOTHING * TREND_SMOOTHING * error
        if now in years[2:]:
            errors.append(error)
    damped = np.cumsum(DAMPING ** np.arange(1.0, year - years[-1] + 1.0))
    weights = SMOOTHING * (1.0 + TREND_SMOOTHING * damped[:-1])
    spread = math.sqrt(1.0 + float((weights**2).sum()))
    return Extrapolation(
        level + growth * float(damped[-1]), spread, float(np.square(errors).sum()), len(errors)
    )


RIVALS: Mapping[str, Callable[[Array, Array, int], Extrapolation]] = {
    "random_walk": random_walk,
    "linear_trend": linear_trend,
    "exponential_smoothing": exponential_smoothing,
}


def predict(histories: Mapping[str, History], place: str, year: int) -> dict[str, Predictive]:
    """Return what each rival forecasts for a place.

    Parameters
    ----------
    histories
        Series of one indicator by place; all of them say how far a rival misses.
    """
    series = {name: _arrays(history) for name, history in histories.items() if len(history) >= FEWEST_YEARS}
    if place not in series:
        return {}
    found = {}
    for rival, method in RIVALS.items():
        fitted = {name: method(*arrays, year) for name, arrays in series.items()}
        freedom = sum(each.freedom for each in fitted.values())
        squares = sum(each.squares for each in fitted.values())
        if freedom > 1 and squares > 0.0:  # with one degree of freedom the score would be infinite
            own = fitted[place]
            found[rival] = Predictive(freedom, own.location, own.spread * math.sqrt(squares / freedom))
    return found


def _arrays(history: History) -> tuple[Array, Array]:
    years = sorted(history)
    return np.array(years, dtype=np.float64), np.array([history[year] for year in years])
