"""Futures in which policies are put to the test: uncertain parameters, conditions and chance together.

A future is one draw of all uncertain parameters from their priors, one steady change of each condition of the
delta, and one seed, which sets everything else that the outside world and chance do. Draws follow a scrambled
Sobol' sequence, so that more futures contain the fewer ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from agents.parameters import Parameter, parameters
from scenarios.scenario import FIRST_YEAR, Condition, Scenario
from simulation.experiment import TARGET_YEAR
from simulation.geography import load_geography
from simulation.indicators import BASE_YEAR
from simulation.outlook import make_outlook
from simulation.policy import condition_path

CHANGES: Mapping[str, float] = {"gdp_growth": 2.0, "contacts": 20.0, "entry": 20.0}
"""Largest change of each condition from its path, up or down, in all years of the policy (assumptions)."""
CITIES = ("Ningbo", "Wenzhou")


@dataclass(frozen=True)
class Factor:
    """Something uncertain that may explain why a policy fails: a parameter, or an outside condition.

    Attributes
    ----------
    words
        What it is called in a sentence.
    unit
        Unit of its values as they are given there.
    """

    name: str
    words: str
    unit: str
    is_condition: bool


@dataclass(frozen=True)
class Future:
    """One future."""

    seed: int
    parameters: Mapping[str, float]
    conditions: Mapping[str, float]

    def under(self, scenario: Scenario) -> Scenario:
        """Return a scenario in this future; a condition of its own takes the place of the future's."""
        start, end = f"{BASE_YEAR + 1}Q1", f"{TARGET_YEAR}Q4"
        laid = {
            name: Condition(change=change, start=start, end=end) for name, change in self.conditions.items()
        }
        conditions = {**laid, **scenario.conditions}
        return scenario.model_copy(update={"extends": None, "conditions": conditions})


def uncertain() -> tuple[Parameter, ...]:
    """Return the parameters that have a prior."""
    return tuple(each for each in parameters().values() if each.prior != "fixed" and each.low < each.high)


def draw_futures(number: int, first_seed: int) -> tuple[Future, ...]:
    """Return the first futures of a sequence."""
    rows, few = uncertain(), len(CHANGES)
    sequence = qmc.Sobol(few + len(rows), rng=first_seed)
    draws = sequence.random_base2(max(1, (number - 1).bit_length()))[:number]
    return tuple(
        Future(
            first_seed + k,
            {row.name: row.quantile(float(u)) for row, u in zip(rows, draw[few:], strict=True)},
            {name: _change(most, u) for (name, most), u in zip(CHANGES.items(), draw[:few], strict=True)},
        )
        for k, draw in enumerate(draws)
    )


def _change(most: float, u: float) -> float:
    return round(most * (2.0 * float(u) - 1.0), 3)


def factors() -> tuple[Factor, ...]:
    """Return what may explain failures: conditions as they came about, then parameters."""
    years = f"{BASE_YEAR + 1}–{TARGET_YEAR}"
    conditions = (
        Factor("gdp_growth", f"nominal GDP growth of Ningbo and Wenzhou {years}", "% a year", True),
        Factor("contacts", f"travel time {years} against its path", "%", True),
        Factor("entry", f"number of founders {years} against its path", "%", True),
        Factor("fiscal_growth", f"growth of the cities' S&T budgets {years}", "% a year", True),
        Factor("venture_supply", f"growth of venture money in China {years}", "% a year", True),
    )
    return (*conditions, *(_factor(row) for row in uncertain()))


def _factor(row: Parameter) -> Factor:
    unit = row.unit.replace("share", "%", 1) if row.unit.startswith("share") else row.unit
    return Factor(row.name, row.name.replace("_", " "), unit, is_condition=False)


def facts(future: Future, baseline: Scenario) -> NDArray[np.float64]:
    """Return the value of every factor in a future, in the factors' units."""
    values = [100.0 * value if _is_share(name) else value for name, value in future.parameters.items()]
    growth, *others = _came_about(future, baseline)
    return np.array([growth, future.conditions["contacts"], future.conditions["entry"], *others, *values])


@cache
def _shares() -> frozenset[str]:
    return frozenset(row.name for row in uncertain() if row.unit.startswith("share"))


def _is_share(name: str) -> bool:
    return name in _shares()


def _came_about(future: Future, baseline: Scenario) -> tuple[float, float, float]:
    """Return growth, S&T budgets and venture money as they came about, in percent a year."""
    geography = load_geography()
    rows = [geography.cities.index(city) for city in CITIES]
    years, quarters = TARGET_YEAR - BASE_YEAR, 4 * (TARGET_YEAR - FIRST_YEAR + 1)
    change = condition_path(future.under(baseline), "gdp_growth", geography, quarters)
    outlook = make_outlook(geography, future.seed, TARGET_YEAR, change)
    growth = np.log1p(outlook.growth[-4 * years :, rows]).sum(axis=0).mean()
    base = BASE_YEAR - FIRST_YEAR
    fiscal = np.log(outlook.fiscal[-1, rows].sum() / outlook.fiscal[base, rows].sum())
    venture = np.log(outlook.vc_supply[-1] / outlook.vc_supply[base])
    yearly = (100.0 * float(np.expm1(total / years)) for total in (growth, fiscal, venture))
    return next(yearly), next(yearly), next(yearly)
