"""The table of parameters, read by the model, the documentation and the app.

``parameters.csv`` holds a row a parameter: name, symbol, unit, low, central, high, prior, basis, source and
the mechanism it serves. ``basis`` says what the number rests on: *evidence* (a published estimate),
*official* (a rule or statistic), *assumption* (nobody published it).
"""

import csv
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import numpy as np

_PATH = Path(__file__).with_name("parameters.csv")
BASES = ("evidence", "official", "assumption")
PRIORS = ("fixed", "uniform", "normal", "lognormal")


class ParameterError(ValueError):
    """A parameter is unknown or outside its range."""


def _quarterly(name: str) -> Callable[[np.void], float]:
    return lambda p: float(1.0 - (1.0 - p[name]) ** 0.25)


DERIVED: Mapping[str, Callable[[np.void], float]] = {
    "opportunity_keep": lambda p: float(p["opportunity_memory"] ** 0.25),
    "opportunity_noise": lambda p: float((1.0 - p["opportunity_memory"] ** 0.5) ** 0.5),
    "speed_small": _quarterly("adjustment_small"),
    "speed_large": _quarterly("adjustment_large"),
}
"""Constants a quarter that follow from yearly parameters, worked out once."""


@dataclass(frozen=True)
class Parameter:
    """One row of the table; `low` and `high` bound what a run accepts and hold 90 % of the prior."""

    name: str
    symbol: str
    unit: str
    low: float
    central: float
    high: float
    prior: str
    basis: str
    source: str
    mechanism: str

    def quantile(self, u: float) -> float:
        """Return the prior's value at quantile `u`, cut at `low` and `high`."""
        from scipy.special import ndtri  # noqa: PLC0415 - scipy is slow to import and seldom needed

        if self.prior == "fixed" or self.low == self.high:
            return self.central
        if self.prior == "uniform":
            return self.low + u * (self.high - self.low)
        z = float(ndtri(u)) / 1.645
        if self.prior == "lognormal":
            side = self.high if z > 0 else self.low
            value = self.central * math.exp(abs(z) * math.log(side / self.central))
        else:
            side = self.high if z > 0 else self.low
            value = self.central + abs(z) * (side - self.central)
        return min(self.high, max(self.low, value))


def _read() -> tuple[Parameter, ...]:
    rows = []
    with _PATH.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                low, central, high = (float(row[key]) for key in ("low", "central", "high"))
            except ValueError as error:
                raise ParameterError(f"{_PATH.name}, line {line}: {error}") from error
            parameter = Parameter(
                row["name"], row["symbol"], row["unit"], low, central, high,
                row["prior"], row["basis"], row["source"], row["mechanism"],
            )  # fmt: skip
            if not low <= central <= high or parameter.prior not in PRIORS or parameter.basis not in BASES:
                raise ParameterError(
                    f"{_PATH.name}, line {line}: {parameter.name} needs low <= central <= high, a prior of "
                    f"{', '.join(PRIORS)} and a basis of {', '.join(BASES)}"
                )
            rows.append(parameter)
    return tuple(rows)


@cache
def parameters() -> Mapping[str, Parameter]:
    """Return all parameters by name, in the order of the table."""
    return {row.name: row for row in _read()}


@cache
def parameters_hash() -> str:
    """Return the SHA-256 of the table."""
    return hashlib.sha256(_PATH.read_bytes()).hexdigest()


class Parameters(dict[str, float]):
    """The values of a run for Python code: plain numbers, which are quicker to read than a record's fields.

    A value that is set goes into `record` too, which compiled rules read.
    """

    def __init__(self, record: np.void) -> None:
        super().__init__(zip(record.dtype.names or (), record.item(), strict=True))
        self._record = record

    def __reduce__(self) -> tuple[type["Parameters"], tuple[np.void]]:
        return Parameters, (self._record,)

    def __setitem__(self, name: str, value: float) -> None:
        self._record[name] = value
        super().__setitem__(name, value)

    def update(self, values: Mapping[str, float]) -> None:  # type: ignore[override]  # dict's passes by the record
        """Set several values."""
        for name, value in values.items():
            self[name] = value


def parameter_record(overrides: Mapping[str, float] | None = None) -> np.ndarray:
    """Return the values as a one-row record array that compiled rules read.

    Raises
    ------
    ParameterError
        An override names no parameter, or lies outside the parameter's range.
    """
    table = parameters()
    record = np.zeros(1, dtype=[(name, "f8") for name in (*table, *DERIVED)])
    for name, row in table.items():
        record[name] = row.central
    for name, value in (overrides or {}).items():
        if name not in table:
            near = get_close_matches(name, table, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ParameterError(f"unknown parameter {name!r}{hint}")
        row = table[name]
        if not row.low <= value <= row.high:
            raise ParameterError(f"{name} = {value} is outside {row.low} to {row.high} ({row.unit})")
        record[name] = value
    for name, derive in DERIVED.items():
        record[name] = derive(record[0])
    return record
