"""The yearbook: what statistical offices would count, by place, and the indicators made of it."""

import math
from functools import cache

import numpy as np

from agents.records import STATISTICS, numbers
from scenarios.levers import LEVERS
from scenarios.scenario import FIRST_YEAR
from simulation.accounts import close_budgets, note_forgone_tax, pay_subsidies
from simulation.budgets import added_by_growth
from simulation.contracts import registered_contracts
from simulation.flows import record_flows
from simulation.geography import load_geography
from simulation.indicators import BASE_YEAR, INDICATORS, REGIONS, cost_of
from simulation.operating import YEARLY_CALL
from simulation.surroundings import lever_of_parks, platforms
from simulation.synthesis import YI
from simulation.world import World

NO_PROGRAMMES = {"other", "universities", "transfers"}
"""What governments pay besides grants and programmes."""
_COUNTED = ("entrants", "exits", "spin_offs")
COHORTS = (1, 3, 5)
"""Ages in years at which survival is measured."""
_MONEY = (
    *("rd_reported", "industrial_value_added", "hightech_value_added", "tax_relief"),
    *("grant_money", "grant_misused"),
)
_WEIGHTED = ("revenue",)
_LEVERS_WITH_COSTS = tuple(name for name, lever in LEVERS.items() if lever.costs)
_COSTS = ("fiscal_cost", *(cost_of(name) for name in _LEVERS_WITH_COSTS))
"""What cities and zones pay: in all and for each lever."""
_CHARGED = {name: row for row, name in enumerate(_LEVERS_WITH_COSTS, start=1)}
_CHARGED["loss_cover"] = _CHARGED["instrument_mix"]
"""By programme, the row of `_COSTS` to which it is charged."""
_STOCKS = (
    "firms",
    "industrial_firms",
    "rd_firms",
    "industrial_rd_firms",
    "young_firms",
    "tech_smes",
    "high_tech_enterprises",
    "tenants",
)


def publish(model: World) -> None:
    """Close the quarter's books; in the fourth quarter publish the year."""
    pay_subsidies(model)
    note_forgone_tax(model)
    close_budgets(model)
    if model.quarter % 4 == YEARLY_CALL:
        model.last_certified = model.stats["certified"] / model.scale
    model.births.append(model.stats["entrants"].copy())
    record_flows(model)
    quarter = _quarter_figures(model)
    model.gdp_quarter = quarter["gdp"] * YI
    names = (*quarter, *_COSTS)
    figures = np.concatenate((*quarter.values(), _fiscal_figures(model).ravel())).reshape(len(names), -1)
    if model.quarter % 4 == 0:
        model.contracts_first, model.year_sums = quarter["contracts"], np.zeros_like(figures)
    model.year_sums += figures
    if model.quarter % 4 == 3:
        ends = {"contracts_first": model.contracts_first, "contracts_last": quarter["contracts"]}
        _publish_year(model, dict(zip(names, model.year_sums, strict=True)) | ends | _year_end(model))


def _quarter_figures(model: World) -> dict[str, np.ndarray]:
    """Return the flows of a quarter by place (money in 100m CNY), without what governments pay."""
    weight = 1.0 / model.scale
    counted = numbers(model.stats).T * weight
    stats = dict(zip(STATISTICS.names or (), counted, strict=True))
    figures = {name: stats[name] for name in (*_COUNTED, *_WEIGHTED)}
    figures |= {name: stats[name] / YI for name in _MONEY}
    for years in COHORTS:
        born = model.quarter - 4 * years
        figures[f"lived_{years}"] = stats[f"lived_{years}"]
        figures[f"cohort_{years}"] = model.births[born] * weight if born >= 0 else np.zeros(model.stats.size)
    figures["rd_firms_money"] = stats["rd"] / YI
    figures["gdp"] = (stats["value_added"] + model.gdp_rest) / YI
    figures["log_productivity"] = model.productivity()[model.geography.city_of] * figures["revenue"]
    figures["employees"] = 0.25 * stats["employees"]
    academic = _academic_figures(model)
    figures["grants"] = stats["grants"] + academic["grants"]
    figures["rd"] = figures["rd_firms_money"] + academic["funding_spent"] / YI
    figures["licences"], figures["office_licences"] = academic["licences"], academic["office_licences"]
    personnel = stats["researchers"] + academic["researchers"]
    figures["rd_personnel"] = 0.25 * personnel
    figures["wage_bill"] = 0.25 * personnel * 4.0 * model.places["wage"]
    figures["contracts"] = registered_contracts(model) / YI
    raised = np.zeros((2, model.stats.size))
    for fund in model.funds:
        raised[:, fund.place] = fund.raised_private, fund.raised_public
    figures["raised_private"], figures["raised_public"] = raised / YI
    figures["venture_money"], figures["seed_rounds"] = model.venture_money / YI, model.seed_rounds
    return figures


def _academic_figures(model: World) -> dict[str, np.ndarray]:
    """Return what universities did in the quarter by place (researchers: full-time equivalents)."""
    names = ("funding_spent", "grants", "licences", "office_licences", "researchers")
    places = model.stats.size
    spent, grants, licences, by_office, researchers = sums = [[0.0] * places for _ in names]
    for university in model.universities:
        place = university.place
        spent[place] += university.funding_spent
        grants[place] += university.grants
        licences[place] += university.licences
        by_office[place] += university.office_licences
        researchers[place] += university.researchers
    return dict(zip(names, np.array(sums), strict=True))


def _fiscal_figures(model: World) -> np.ndarray:
    """Return what cities and zones paid in the quarter by `_COSTS` and place (100m CNY, float64[K, P])."""
    figures = np.zeros((len(_COSTS), model.stats.size))
    for government in model.acting:
        if government.place >= 0:
            paid = figures[:, government.place]
            programmes = (money for name, money in government.spent.items() if name not in NO_PROGRAMMES)
            paid[0] = math.fsum(programmes) / YI
            for name, money in (*government.spent.items(), *government.forgone.items()):
                lever = lever_of_parks(government.name) if name == "park_refunds" else name
                if lever in _CHARGED:
                    paid[_CHARGED[lever]] += money / YI
            paid[_CHARGED["fiscal_growth"]] = added_by_growth(model, government) / YI
    return figures


def _year_end(model: World) -> dict[str, np.ndarray]:
    """Return stocks at the end of the year by place."""
    weight, year = 1.0 / model.scale, model.quarter // 4
    places = model.stats.size
    figures = {name: model.stats[name] * weight for name in _STOCKS}
    patents = model.stats["patents"] * weight
    for university in model.universities:
        patents[university.place] += university.patents
    figures["patents"] = patents
    figures["population"] = model.own(model.outlook.population[year])
    figures["employed"] = model.own(model.outlook.employed[year])
    figures["brought_in"] = model.brought_in.copy()
    figures["innovation_capital"] = np.zeros(places)
    for fund in model.funds:
        figures["innovation_capital"][fund.place] = fund.managed / YI
    figures["links"], figures["centrality"] = np.zeros(places), np.zeros(places)
    cities = len(model.geography.cities)
    figures["links"][:cities] = model.links.sum(axis=1) * weight
    figures["centrality"][:cities] = eigenvector_centrality(model.links[:, :cities])
    return figures | platforms(model)


def eigenvector_centrality(links: np.ndarray) -> np.ndarray:
    """Return the eigenvector centrality of cities from links between them (symmetrised; sums to one)."""
    between = links + links.T
    np.fill_diagonal(between, 0.0)
    score = np.full(links.shape[0], 1.0 / links.shape[0])
    for _ in range(100):
        before = score
        score = between.dot(score)  # quicker than `@` for a matrix as small as this
        score += 1e-12
        score /= np.add.reduce(score)
        if score.tobytes() == before.tobytes():  # nothing would change any more
            break
    return np.asarray(score)


def _publish_year(model: World, by_place: dict[str, np.ndarray]) -> None:
    """Add up regions and write the year's row of the table."""
    row = model.year - FIRST_YEAR
    names = list(by_place)
    totals = region_places() @ np.array([by_place[name] for name in names]).T
    city_rd = np.bincount(model.geography.city_of, by_place["rd"], len(model.geography.cities))
    formulas = [each.formula for each in INDICATORS.values()]
    values = []
    for column, region in enumerate(REGIONS):
        sums = dict(zip(names, totals[column].tolist(), strict=True))
        sums["year"] = float(model.year)
        sums["rd_gini"] = gini(city_rd[region_cities()[column]])
        if model.year <= BASE_YEAR:
            model.base_sums[region] = sums
        base = model.base_sums[region]
        values.append([formula(sums, base) for formula in formulas])
    model.table.values[row] = np.array(values).T


@cache
def region_places() -> np.ndarray:
    """Return which places make up each reporting region (float64[R, P])."""
    geography = load_geography()
    member = np.zeros((len(REGIONS), len(geography.places)))
    for row, region in enumerate(REGIONS):
        member[row, geography.members(region)] = 1.0
    return member


@cache
def region_cities() -> tuple[np.ndarray, ...]:
    """Return the numbers of the cities in which each reporting region lies."""
    city_of = load_geography().city_of
    return tuple(np.unique(city_of[inside > 0]) for inside in region_places())


def gini(values: np.ndarray) -> float:
    """Return the Gini coefficient of non-negative values."""
    n = values.size
    if n < 2:
        return 0.0
    ordered = np.sort(values)
    total = ordered.sum()
    return float((2.0 * np.arange(1, n + 1) - n - 1.0) @ ordered / (n * total)) if total > 0 else 0.0
