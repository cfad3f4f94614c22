"""The outside world: paths that no agent of the model sets.

Up to 2018 they are observed. Beyond, each replicate draws how far they lie from the central path, once for
the whole delta and once for each city, within the bounds of the data.
"""

from dataclasses import dataclass

import numpy as np

from agents.records import NATION
from scenarios.scenario import FIRST_YEAR
from simulation.data import Conditions, load_conditions
from simulation.geography import Geography
from simulation.randomness import Purpose, draw, entity_id, normal_quantile

LAST_OBSERVED = 2018
COMMON = 0.7
"""Part of the variance of city growth that all cities share (assumption)."""
_TO_SHARE = ("super_deduction", "super_deduction_sme", "small_profit_rate", "cit_rate", "hte_cit_rate",
             "threshold_small", "threshold_medium", "threshold_large")  # fmt: skip
_NATIONAL = {"threshold_small": "innocom_threshold_small", "threshold_medium": "innocom_threshold_medium",
             "threshold_large": "innocom_threshold_large", "small_profit_limit": "small_profit_limit",
             "pass_rate": "examination_pass_rate"}  # fmt: skip


@dataclass(frozen=True)
class Outlook:
    """Paths by year (rows from 2015) or quarter.

    Attributes
    ----------
    growth : float64[Q, C]
        Nominal GDP growth a quarter.
    population, employed : float64[Y, P]
        Persons in 10 000.
    fiscal : float64[Y, C]
        City S&T budgets a year, 10 000 CNY.
    nation : NATION[Y]
    vc_supply : float64[Y]
        Venture money in China, 2015 = 1.
    """

    growth: np.ndarray
    population: np.ndarray
    employed: np.ndarray
    fiscal: np.ndarray
    nation: np.ndarray
    vc_supply: np.ndarray


def make_outlook(geography: Geography, seed: int, until: int, growth_change: np.ndarray) -> Outlook:
    """Return the outlook of one replicate; `growth_change` (Q, C; a year) is the scenario's own condition."""
    conditions = load_conditions()
    years = range(FIRST_YEAR, until + 1)

    def path(place: str, quantity: str) -> np.ndarray:
        return _path(conditions, place, quantity, years, seed)

    yearly = (
        np.array(
            [
                _path(conditions, city, "gdp_growth", range(FIRST_YEAR, until + 2), seed)
                for city in geography.cities
            ]
        ).T
        / 100.0
    )
    quarters = len(years) * 4
    growth = np.zeros((quarters, len(geography.cities)))
    for quarter in range(quarters):
        year, part = divmod(quarter, 4)
        # Growth of a year's mean over the last lies between the two mid-years.
        of_year = yearly[year] if part < 2 else yearly[year + 1]
        growth[quarter] = (1.0 + of_year + growth_change[quarter]) ** 0.25 - 1.0
    growth[0] = 0.0
    places = [place.id for place in geography.places]
    nation = np.zeros(len(years), dtype=NATION)
    for name in NATION.names or ():
        if name == "catalogue_widened":
            nation[name] = [1.0 if year >= 2018 else 0.0 for year in years]
            continue
        values = path("China", _NATIONAL.get(name, name))
        nation[name] = values / 100.0 if name in _TO_SHARE else values
    return Outlook(
        growth,
        np.array([path(place, "resident_population") for place in places]).T,
        np.array([path(place, "employed_persons") for place in places]).T,
        np.array([path(city, "fiscal_st_expenditure") for city in geography.cities]).T * 1e4,
        nation,
        path("China", "vc_supply"),
    )


def _path(conditions: Conditions, place: str, quantity: str, years: range, seed: int) -> np.ndarray:
    points = conditions.path(place, quantity)
    last = max(points)
    z = COMMON**0.5 * _normal(seed, quantity) + (1.0 - COMMON) ** 0.5 * _normal(seed, quantity, place)
    values = []
    for year in years:
        point = points[min(year, last)] if year >= min(points) else points[min(points)]
        side = (point.high - point.value) if z > 0.0 else (point.value - point.low)
        values.append(point.value + (z / 1.645 * side if year > LAST_OBSERVED else 0.0))
    return np.array(values)


def _normal(seed: int, *words: str) -> float:
    return float(normal_quantile(draw(seed, entity_id("outlook", *words), 0, int(Purpose.CONDITION))))
