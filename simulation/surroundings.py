"""What policy builds around firms: parks, incubators, clusters, upgrading, doors to the outside."""

import numpy as np

from scenarios.scenario import ScenarioError, near
from simulation.data import County
from simulation.indicators import BASE_YEAR
from simulation.randomness import Purpose, draw
from simulation.world import World, strongest

JOINING = {"zhoushan_joins": "Zhoushan", "taizhou_joins": "Taizhou"}
"""Levers by which a city joins zone policy."""
NAMED_CLUSTERS = ("new_materials", "smart_equipment", "life_health", "optoelectronics")
"""Fields that article 12 names for both cities: new materials, smart equipment, life and health, lasers."""


def cluster_fields(model: World) -> np.ndarray:
    """Return on which fields the scenario focuses support (bool[F])."""
    known = [field.id for field in model.fields]
    chosen = model.scenario_spec.cluster_fields or NAMED_CLUSTERS
    for name in chosen:
        if name not in known:
            raise ScenarioError(f"unknown field {name!r} in cluster_fields{near(name, known)}")
    return np.array([name in chosen for name in known])


def requests(model: World, levers: np.ndarray) -> dict[str, np.ndarray]:
    """Return what these programmes would cost each place in this quarter (10 000 CNY, float64[P])."""
    p, wanted = model.p, {}
    weight = 1.0 / model.scale
    if levers["park_coverage"].any():
        new = np.maximum(0.0, _coverage(model, levers, 1.0) - model.park_start)
        wanted["park_coverage"] = 0.25 * p["park_cost"] * new * model.stats["firms"] * weight
    for name, city in JOINING.items():
        row = model.geography.index(city)
        if levers[name][row]:
            joined = np.zeros(model.places.size)
            joined[row] = levers[name][row] * model.park_start[row] * model.stats["firms"][row] * weight
            wanted[name] = 0.25 * p["park_cost"] * joined
    if levers["incubator_land_relief"].any():
        wanted["incubator_land_relief"] = p["land_forgone"] * _new_places(model, levers).sum(axis=0)
    if levers["digital_upgrade_subsidy"].any():
        cost = p["upgrade_cost"] * 4.0 * model.stats["upgradable"] * weight
        rate = p["upgrade_base"] + _extra_projects(model, levers)
        wanted["digital_upgrade_subsidy"] = 0.25 * rate * levers["digital_upgrade_subsidy"] * cost
    return wanted


def deliver(model: World, planned: np.ndarray, levers: np.ndarray, part: np.ndarray) -> None:
    """Build, open and support as far as `levers`, the `part` of what is planned that budgets pay, go."""
    p, support = model.p, model.support
    _open_parks(model, planned, part)
    usual, added = _new_places(model, levers)
    model.incubator_places += usual + added
    model.places_added += np.bincount(model.geography.city_of, added)
    model.platforms_funded.append((_new_parks(model), model.places_added / p["incubator_size"]))
    support["upgrade_subsidy"] = levers["digital_upgrade_subsidy"]
    support["upgrade_extra"] = _extra_projects(model, levers)
    support["upgrade_rate"] = np.where(
        levers["digital_upgrade_subsidy"] > 0.0, p["upgrade_base"] + support["upgrade_extra"], 0.0
    )
    model.overseas_founded = 0.25 * levers["overseas_incubation"]
    _open_to_the_world(model, levers)
    _focus(model, levers)


def lever_of_parks(place: str) -> str:
    """Return the lever that brings zone policy to the parks of a place."""
    return next((name for name, city in JOINING.items() if city == place), "park_coverage")


# Parks: zone policy comes to the firms on further sites.


def _coverage(model: World, levers: np.ndarray, part: np.ndarray | float) -> np.ndarray:
    """Return the share of firms inside parks once this quarter's building is done (float64[P]).

    Where money is short, parks are built more slowly, and reach the same end.
    """
    lacking = np.maximum(0.0, levers["park_coverage"] - model.park_built)
    building = part * np.minimum(lacking, 0.25 * model.p["park_pace"])
    wished = np.maximum(levers["park_coverage"], model.park_start)
    return np.asarray(np.minimum(model.park_built + building, wished))


def _open_parks(model: World, levers: np.ndarray, part: np.ndarray) -> None:
    p, support = model.p, model.support
    coverage = _coverage(model, levers, part)
    model.park_built = np.maximum(model.park_built, coverage)
    support["park_from"], support["park_to"] = model.park_start, coverage
    for name, city in JOINING.items():
        row = model.geography.index(city)
        support["park_from"][row] *= 1.0 - levers[name][row]
    support["park_coaching"] = p["park_coaching"] * part
    support["park_priority"], support["park_refund"] = p["park_priority"], p["park_refund"]


def _new_parks(model: World) -> np.ndarray:
    """Return how many parks the city has built under policy, each for so many of its firms (float64[C])."""
    cities = len(model.geography.cities)
    grown = model.park_built[:cities] - model.park_start[:cities]
    return np.asarray(grown / model.p["park_size"] + 1e-9)


# Incubators.


def _new_places(model: World, levers: np.ndarray) -> np.ndarray:
    """Return incubator places that open in the quarter: without policy, and by policy (float64[2, P]).

    Relief on land lets the same money make more places, also those that would open anyway.
    """
    usual = 0.25 * model.p["incubator_growth"] * model.incubator_places
    funded = 0.25 * levers["incubator_places"]
    relief = model.p["land_relief_gain"] * levers["incubator_land_relief"]
    return np.array([usual, funded + relief * (usual + funded)])


# Counties: a place or a park needs a host.


def platforms(model: World) -> dict[str, np.ndarray]:
    """Return counties with a provincial incubator and industrial ones with a park, by place.

    Some counties get theirs anyway, at a yearly hazard. What policy funds goes to the next in line, and
    counts once it is built.
    """
    names = ("counties", "incubator_counties", "industrial_counties", "park_counties")
    figures = {name: np.zeros(model.places.size) for name in names}
    funded = model.quarter - int(model.p["build_quarters"])
    parks, incubators = (
        model.platforms_funded[funded] if funded >= 0 else (np.zeros(len(model.geography.cities)),) * 2
    )
    for city, counties in model.counties.items():
        row = model.geography.index(city)
        figures["counties"][row] = len(counties)
        figures["incubator_counties"][row] = _covered(
            model, counties, 0, [county.incubator_2018 for county in counties], int(incubators[row])
        )
        industrial = [county for county in counties if county.industrial]
        figures["industrial_counties"][row] = len(industrial)
        figures["park_counties"][row] = _covered(
            model, industrial, 1, [county.provincial_park_2018 for county in industrial], int(parks[row])
        )
    return figures


def _covered(model: World, counties: list[County], kind: int, in_2018: list[bool], funded: int) -> int:
    """Return how many counties have their platform: of 2018, those that follow anyway, and funded ones."""
    years = model.year - BASE_YEAR
    came = 1.0 - (1.0 - float(model.p["platform_hazard"])) ** max(0, years)
    before = anyway = lacking = 0
    for county, had in zip(counties, in_2018, strict=True):
        u = draw(model.seed, model.platform_draws[county.name][kind], 0, int(Purpose.PLATFORM))
        if had:
            before += years >= 0 or u < 0.7 + 0.1 * (years + 3)
        else:
            lacking += 1
            anyway += u < came
    return before + min(lacking, anyway + funded)


# Traditional firms.


def _extra_projects(model: World, levers: np.ndarray) -> np.ndarray:
    """Return the smart-upgrading projects a year that a subsidy adds, share of traditional firms."""
    p = model.p
    return np.asarray(p["upgrade_base"] * p["upgrade_response"] * levers["digital_upgrade_subsidy"])


# Doors to the outside, and clusters.


def _open_to_the_world(model: World, levers: np.ndarray) -> None:
    """Let buyers and knowledge from abroad come to high-tech fields through international parks."""
    strength = strongest(model.geography, levers["international_parks"])
    model.foreign_knowledge = np.zeros(model.knowledge_stock.shape)
    if strength.any():
        hightech = np.array([field.hightech for field in model.fields], dtype=float)
        doors = strength[:, None] * hightech
        model.foreign_knowledge = model.p["fdi_spillover"] * doors
        model.goods.shift(np.exp(0.25 * model.p["export_gain"] * doors))


def _focus(model: World, levers: np.ndarray) -> None:
    """Concentrate support on the fields of the scenario, at the cost of the others."""
    p, city_of = model.p, model.geography.city_of
    model.support["focus"] = 1.0
    model.cluster = np.zeros(model.knowledge_stock.shape)
    if not levers["cluster_focus"].any():
        return
    chosen = model.cluster_fields
    research = model.knowledge_stock[city_of]
    inside = research[:, chosen].sum(axis=1) / np.maximum(1e-9, research.sum(axis=1))
    less = p["cluster_concentration"] * levers["cluster_focus"]
    more = less * (1.0 - inside) / np.maximum(0.05, inside)
    model.support["focus"] = np.where(chosen, 1.0 + more[:, None], 1.0 - less[:, None])
    strength = strongest(model.geography, levers["cluster_focus"])
    model.cluster = strength[:, None] * chosen
    demand = np.array(model.goods.demand)
    moved = demand * np.exp(0.25 * p["cluster_demand"] * model.cluster)
    moved *= (demand.sum(axis=1) / moved.sum(axis=1))[:, None]
    model.goods.shift(moved / demand)
