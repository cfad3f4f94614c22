"""Setting up a model: the state of the delta at the start of 2015."""

import math
from collections.abc import Mapping

import numpy as np

from agents.firm import Firm
from agents.fund import GuidanceFund, VentureFund
from agents.population import RecordPopulation
from agents.records import LEDGER, STATISTICS, SUPPORT
from agents.tables import Table
from agents.university import University
from scenarios.scenario import FIRST_YEAR, Scenario
from simulation.academia import planned_institutes, seat
from simulation.budgets import found_governments
from simulation.capital import HOLDING, SEEKER, fund_reach
from simulation.data import (
    load_counties,
    load_field_shares,
    load_fields,
    load_institutions,
    load_starting_values,
)
from simulation.effects import drifts, place_effects
from simulation.entry import first_leave
from simulation.flows import no_flows
from simulation.geography import borders, load_geography
from simulation.indicators import IndicatorTable
from simulation.markets import GoodsMarket, TalentMarket
from simulation.networks import search_partners
from simulation.outlook import make_outlook
from simulation.partner_search import NOBODY, SLOTS
from simulation.policy import condition_path, lever_paths
from simulation.randomness import entity_id
from simulation.surroundings import cluster_fields
from simulation.synthesis import YI, patents_at_start, place_totals, synthesise
from simulation.world import World

MOST_OF_PATENTS = 0.7
"""Largest share of a city's patents that universities and institutes hold at the start (assumption)."""
_BEFORE_THE_START = 1 << 20
"""Key of draws made before 2015, beyond any quarter of a run."""
_WARM_UP_ROUNDS = 3
"""Rounds of partner search before 2015, so that the network starts near its steady density."""


def set_up(model: World, scenario: Scenario, effects: Mapping[tuple[str, str], float]) -> None:
    """Fill a model with its world, its agents and empty books."""
    _world(model, scenario)
    model.place_effects = place_effects(effects, model.geography.places)
    model.drift = drifts(model.geography.places, model.seed, float(model.p["drift"]))
    _universities(model)
    _firms(model)
    _markets(model)
    _network(model)
    _patent_propensity(model)
    _capital(model)
    _governments(model)
    _books(model)


def follow(model: World, scenario: Scenario) -> None:
    """Let a world follow a scenario: lay out its levers and conditions by quarter.

    A world that branches off another does so in the middle of its run, so all that is worked out from a
    scenario beforehand is worked out here, and shows from the quarter on in which the scenario sets in.
    """
    model.scenario_spec = scenario
    quarters = (model.until - FIRST_YEAR + 1) * 4
    change, model.friction, model.founder_change = (
        condition_path(scenario, name, model.geography, quarters)
        for name in ("gdp_growth", "contacts", "entry")
    )
    model.outlook = make_outlook(model.geography, model.seed, model.until, change)
    delay = float(model.p["administrative_delay"])
    model.levers = lever_paths(scenario, model.geography, _gdp(model), quarters, delay)
    model.institutes_to_open = planned_institutes(model)
    model.cluster_fields = cluster_fields(model)


def _gdp(model: World) -> np.ndarray:
    """Return the GDP of each place in 2015 without the zones inside it (100m CNY, float64[P])."""
    return model.own(np.array([model.start.value(place.id, "gdp") for place in model.geography.places]))


def _world(model: World, scenario: Scenario) -> None:
    geography = model.geography = load_geography()
    model.start = load_starting_values()
    model.fields = load_fields()
    model.institutes_opened = set()
    follow(model, scenario)
    model.nation = model.outlook.nation[0]
    model.pass_rate = float(model.nation["pass_rate"])
    gdp = _gdp(model)
    model.gdp_start = gdp * YI
    model.gdp_quarter = gdp * YI / 4.0
    model.place_share = gdp / np.bincount(geography.city_of, gdp)[geography.city_of]
    model.minutes = geography.minutes.copy()
    model.border = borders(geography, model.p)
    model.platforms, model.overseas = np.zeros((2, len(geography.cities)))
    model.linked = {name: np.zeros(len(geography.cities)) for name in ("hangzhou_link", "delta_link")}
    model.growth = model.outlook.growth[0]
    # Flows of 2015 are yearly sums: the first quarter lies one and a half quarters of growth below the mean.
    model.first_quarter = (1.0 + model.outlook.growth[1]) ** -1.5


def _universities(model: World) -> None:
    fields = [field.id for field in model.fields]
    model.universities = []
    by_city = sorted(load_institutions(), key=lambda item: model.geography.cities.index(item.city))
    for item in by_city:
        city = model.geography.cities.index(item.city)
        university = University(
            model,
            item.name,
            item.name_zh,
            city,
            city,
            fields.index(item.field),
            entity_id(item.name),
            item.research_funding_2015 * YI / 4.0 * model.first_quarter[city],
            item.patents_granted_2015,
        )
        model.universities.append(university)
    _fit_patents_into_cities(model)
    seat(model)


def _fit_patents_into_cities(model: World) -> None:
    """Scale universities' patents down where, by the common ratio, they would leave firms hardly any."""
    for city, name in enumerate(model.geography.cities):
        members = [u for u in model.universities if u.city == city]
        room = MOST_OF_PATENTS * patents_at_start(model.start, name, float(model.p["patent_lapse"]))
        held = sum(u.patents for u in members)
        for university in members:
            university.patents = math.floor(university.patents * min(1.0, room / max(1.0, held)))


def _firms(model: World) -> None:
    held: dict[str, dict[str, float]] = {}
    for u in model.universities:
        sums = held.setdefault(model.geography.cities[u.city], {})
        for quantity, value in (
            ("rd_expenditure", u.funding * 4.0 / model.first_quarter[u.city] / YI),
            ("invention_patents_granted", u.filing_rate * 4.0 * model.pass_rate),
            ("patents_start", u.patents),
        ):
            sums[quantity] = sums.get(quantity, 0.0) + value
    lapse = float(model.p["patent_lapse"])
    totals = place_totals(model.start, model.geography, held, lapse, _invested(model))
    population = synthesise(
        totals,
        model.geography,
        model.parameters[0],
        model.pass_rate,
        model.seed,
        model.scale,
        model.place_effects,
        model.first_quarter,
    )
    model.firms = RecordPopulation(model, Firm, population.firms)
    model.places = population.places
    model.field_shares = entrant_fields(population.firms, len(model.geography.places), len(model.fields))


def _invested(model: World) -> np.ndarray:
    """Return what funds usually invest a year in each place at the start (float64[P], 100m CNY)."""
    cities = model.geography.cities
    managed = np.array([model.start.value(city, "innovation_capital") for city in cities])
    pace = model.p["dry_powder_share"] * managed / model.p["target_cover"]
    invested = pace @ fund_reach(model.geography, model.minutes, model.p)
    return np.asarray(invested[model.geography.city_of] * model.place_share)


def entrant_fields(firms: Table, places: int, fields: int) -> np.ndarray:
    """Return the mix of fields among each place's technology firms, which entrants share (float64[P, F])."""
    is_technology = firms["kind"] == 1
    mix = _by_cell(firms["place"][is_technology], firms["field"][is_technology], None, (places, fields))
    fallback = load_field_shares()
    mix = np.where(mix.sum(axis=1, keepdims=True) > 0.0, mix, fallback)
    return np.asarray(mix / mix.sum(axis=1, keepdims=True))


def _by_cell(
    row: np.ndarray, column: np.ndarray, weight: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray:
    """Return counts, or sums of weights, by two small whole numbers (float64[shape])."""
    cell = row.astype(np.int64) * shape[1] + column
    return np.bincount(cell, weight, shape[0] * shape[1]).astype(float).reshape(shape)


def _markets(model: World) -> None:
    firms, p, cities = model.firms.records, model.p, len(model.geography.cities)
    weight = 1.0 / model.scale
    demand = _by_cell(firms["city"], firms["field"], firms["revenue"], (cities, len(model.fields)))
    # Where a city has no firm of a field yet, there is demand for one entrant.
    model.goods = GoodsMarket(np.maximum(demand, p["entrant_revenue"]))
    payroll = np.bincount(firms["city"], firms["rd"], cities) * p["wage_share"] * weight
    for u in model.universities:
        payroll[u.city] += u.payroll()
    stock = np.array([model.start.value(city, "rd_personnel") for city in model.geography.cities])
    high = np.array([model.start.value(city, "high_level_talent") for city in model.geography.cities])
    model.talent = TalentMarket(stock, payroll, high)
    model.places["wage"] = model.talent.wage[model.geography.city_of]
    ratio = np.where(firms["kind"] == 0, p["value_added_industrial"], p["value_added_technology"])
    added = np.bincount(firms["place"], firms["revenue"] * ratio, len(model.geography.places)) * weight
    quarter_gdp = model.gdp_start / 4.0 * model.first_quarter[model.geography.city_of]
    model.gdp_rest = np.maximum(0.05 * quarter_gdp, quarter_gdp - added)


def _network(model: World) -> None:
    firms = model.firms
    cities = len(model.geography.cities)
    model.rd_mass = np.bincount(firms.records["city"], firms.records["knowledge"], cities)
    nobody = np.full((0, SLOTS), NOBODY, dtype=np.int32)
    search_partners(model, nobody, _BEFORE_THE_START, np.ones(cities), _WARM_UP_ROUNDS)


def _patent_propensity(model: World) -> None:
    """Set each place's constant so that filings lead to the grants that the pipeline was built for."""
    firms, p, places = model.firms.records, model.p, model.places
    researchers = p["wage_share"] * firms["rd"] / places["wage"][firms["place"]]
    effort = researchers ** p["researcher_elasticity"]
    effort *= (1.0 + firms["knowledge"] / p["knowledge_unit"]) ** p["knowledge_elasticity"]
    effort *= np.where(firms["field"] >= 5, p["traditional_patenting"], 1.0) * (1.0 + firms["partner_gain"])
    total = np.bincount(firms["place"], effort, places.size)
    wanted = 0.25 * places["patent_propensity"]
    model.patent_propensity = np.divide(wanted, total, out=np.zeros(places.size), where=total > 0.0)


def _capital(model: World) -> None:
    model.funds = []
    for city, name in enumerate(model.geography.cities):
        managed = model.start.value(name, "innovation_capital") * YI
        fund = VentureFund(
            model, city, city, entity_id(name, "fund"), managed, float(model.p["dry_powder_share"])
        )
        model.funds.append(fund)
    model.guidance_funds = [GuidanceFund(model, fund.city, fund.place) for fund in model.funds]
    model.holdings = np.zeros(4096, dtype=HOLDING)
    model.holding_count = 0
    model.seed_losses = np.zeros(len(model.funds))
    model.seed_record = np.zeros(3)


def _governments(model: World) -> None:
    found_governments(model, model.geography)
    model.counties = {
        city: [county for county in load_counties() if county.city == city] for city in ("Ningbo", "Wenzhou")
    }
    model.platform_draws = {
        county.name: (entity_id(county.name, "incubator"), entity_id(county.name, "park"))
        for members in model.counties.values()
        for county in members
    }


def _surroundings(model: World) -> None:
    places, cities = len(model.geography.places), len(model.geography.cities)
    model.park_start = np.array(
        [model.start.value(place.id, "park_coverage") for place in model.geography.places]
    )
    model.park_built = model.park_start.copy()
    model.places_added = np.zeros(cities)
    model.platforms_funded = []
    model.overseas_founded = np.zeros(places)


def _books(model: World) -> None:
    places, cities = len(model.geography.places), len(model.geography.cities)
    model.support = np.zeros(places, dtype=SUPPORT)
    model.stats = np.zeros(places, dtype=STATISTICS)
    model.ledger = np.zeros(cities, dtype=LEDGER)
    model.outside = dict.fromkeys(
        ("lps", "budgets", "banks", "university_spending", "services", "markets", "treasury"), 0.0
    )
    firms = model.firms.records
    model.knowledge_stock = _by_cell(
        firms["city"], firms["field"], firms["knowledge"], model.goods.demand.shape
    )
    model.contribution, model.bids = np.zeros_like(model.goods.demand), np.ones_like(model.goods.demand)
    model.seekers = np.zeros(50_000, dtype=SEEKER)
    model.founders = np.zeros(20_000, dtype=np.int64)
    housed = [model.start.value(place.id, "incubator_places") for place in model.geography.places]
    model.incubator_places = model.own(np.array(housed))
    _surroundings(model)
    model.registered_share = None
    turnover = [
        model.start.value(place.id, "technology_contract_turnover") for place in model.geography.places
    ]
    model.turnover_start = model.own(np.array(turnover)) * YI * model.first_quarter[model.geography.city_of]
    model.last_certified = np.zeros(places)
    model.programme_credit = np.zeros(places)
    model.programme_stock = np.zeros(cities)
    model.births = []
    model.leave_due = first_leave(model.geography.cities, model.seed)
    model.base_sums = {}
    model.pool_start = None
    model.deal_money = 0.0
    model.brought_in = np.zeros(places)
    model.productivity_start = None
    model.year_sums = np.zeros((0, places))
    model.contracts_first = np.zeros(places)
    model.table = IndicatorTable.empty(model.until)
    model.flows = no_flows(len(model.table.years), len(model.geography.cities))
    model.start_stock = math.fsum(model.talent.stock)
