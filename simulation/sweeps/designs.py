"""Points of a design: one value for each factor, in rows."""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from SALib.sample.morris import sample as morris_sample
from scipy.stats import qmc

from agents.parameters import Parameter
from simulation.errors import InputError
from simulation.sweeps.description import MAX_POINTS, SAMPLED, Description, Factor, Varied, varied

DIGITS = 9
"""Significant digits of drawn values, so that a table of points says exactly what was run."""
LEVELS = 4

Row = dict[str, float]


def rows(description: Description, folder: Path) -> tuple[Row, ...]:
    """Return the points of an experiment's design, each under every scenario in turn.

    Parameters
    ----------
    folder
        Where the file of a design of kind csv is looked for.

    Raises
    ------
    InputError
        Factors and design do not go together, or there are too many points.
    """
    kind = description.design.kind
    if kind == "grid":
        found = _grid(description)
    elif kind == "list":
        found = [dict(row) for row in description.design.rows or ()]
    elif kind == "csv":
        found = _from_csv(folder / (description.design.file or ""))
    else:
        found = _sampled(description)
    if not 1 <= len(found) <= MAX_POINTS:
        raise InputError(f"a design has 1 to {MAX_POINTS:,} points, not {len(found):,}")
    columns = set(found[0])
    for number, row in enumerate(found, start=1):
        if odd := columns.symmetric_difference(row):
            raise InputError(f"point {number} of the design: {sorted(odd)[0]} is not set in every point")
    if strange := [name for name in description.factors if kind in {"list", "csv"} and name not in columns]:
        raise InputError(f"factor {strange[0]} has no values in the {kind} of points")
    return tuple(found)


def _grid(description: Description) -> list[Row]:
    levels = {name: _levels(name, factor) for name, factor in description.factors.items()}
    size = int(np.prod([float(len(values)) for values in levels.values()]))
    if size > MAX_POINTS:
        raise InputError(f"the grid has {size:,} points; at most {MAX_POINTS:,} are allowed")
    return [dict(zip(levels, point, strict=True)) for point in itertools.product(*levels.values())]


def _levels(name: str, factor: Factor) -> Sequence[float]:
    if factor.values is not None:
        return factor.values
    if factor.low is None or factor.high is None or factor.steps is None:
        raise InputError(f"factor {name}: a grid needs values, or low, high and steps")
    return [_tidy(value) for value in np.linspace(factor.low, factor.high, factor.steps)]


def _from_csv(path: Path) -> list[Row]:
    """Read points from a file whose first line names the factors."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"points cannot be read from {path}: {error}") from error
    lines = csv.reader(text.splitlines())
    header = [name.strip() for name in next(lines, [])]
    wanted = [_known(name, path) for name in header]
    found = []
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        if len(line) != len(header):
            raise InputError(f"{path}, line {number}: {len(line)} values for {len(header)} factors")
        found.append(
            {each.name: _number(each, cell, path, number) for each, cell in zip(wanted, line, strict=True)}
        )
    return found


def _known(name: str, path: Path) -> Varied:
    what = varied(name)
    if what is None:
        raise InputError(f"{path}, line 1: unknown factor {name!r}")
    return what


def _number(what: Varied, cell: str, path: Path, line: int) -> float:
    low, high = what.bounds
    try:
        value = float(cell)
    except ValueError:
        raise InputError(f"{path}, line {line}: {what.name} must be a number, not {cell!r}") from None
    if not low <= value <= high:
        raise InputError(
            f"{path}, line {line}: {what.name} = {value:g} is outside {low:g} to {high:g} ({what.unit})"
        )
    return value


def _sampled(description: Description) -> list[Row]:
    design, factors = description.design, description.factors
    if not factors:
        raise InputError(f"a design of kind {design.kind} needs factors")
    if odd := [name for name, factor in factors.items() if factor.values or factor.steps]:
        raise InputError(
            f"factor {odd[0]}: designs of kind {', '.join(SAMPLED)} draw between low and high; they take no "
            "values and no steps"
        )
    unit = _unit(description)
    return [
        {
            name: _value(name, factor, float(u))
            for (name, factor), u in zip(factors.items(), point, strict=True)
        }
        for point in unit
    ]


def _unit(description: Description) -> NDArray[np.float64]:
    """Return the design in the unit cube."""
    design, number = description.design, len(description.factors)
    seed = 1 if design.seed is None else design.seed
    if design.kind == "morris":
        names = list(description.factors)
        problem = {"num_vars": number, "names": names, "bounds": [[0.0, 1.0]] * number}
        drawn: NDArray[np.float64] = morris_sample(
            problem, design.trajectories, num_levels=design.levels or LEVELS, seed=seed
        )
        return drawn
    points = design.points or 0
    if design.kind == "sobol":
        return qmc.Sobol(number, rng=seed).random_base2(max(1, (points - 1).bit_length()))[:points]
    return qmc.LatinHypercube(number, rng=seed).random(points)


def _value(name: str, factor: Factor, u: float) -> float:
    """Return the value of a factor at a place between its bounds, or at a quantile of its prior."""
    what = varied(name)
    assert what is not None
    low, high = what.bounds
    if factor.low is not None and factor.high is not None:
        low, high = factor.low, factor.high
    elif isinstance(what.what, Parameter):
        if what.what.prior == "fixed":
            raise InputError(f"factor {name} has no prior: give low and high")
        return float(min(high, max(low, _tidy(what.what.quantile(u)))))
    value = low + u * (high - low)
    return float(round(value) if what.is_switch else min(high, max(low, _tidy(value))))


def _tidy(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def problem(description: Description) -> dict[str, object]:
    """Return the factors as SALib wants them, to analyse results of a design that it drew."""
    return {
        "num_vars": len(description.factors),
        "names": list(description.factors),
        "bounds": [list(_span(name, factor)) for name, factor in description.factors.items()],
    }


def _span(name: str, factor: Factor) -> Iterator[float]:
    what = varied(name)
    assert what is not None
    low, high = what.bounds
    yield low if factor.low is None else factor.low
    yield high if factor.high is None else factor.high
