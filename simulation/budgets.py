"""Budgets: where public money comes from, which government answers for a place, what programmes get of it."""

import math
from collections.abc import Mapping

import numpy as np

from agents.government import Government, Level
from scenarios.levers import LEVERS
from simulation.geography import Geography
from simulation.review import lag_of
from simulation.world import World

MUNICIPALITIES = ("Shanghai",)
"""Cities with the rank of a province: they pay the provincial part of university funding themselves."""
NATION = "China"
LARGEST_ZONE_SHARE = 0.5
"""Largest part of a city's S&T budget that the administration of a zone gets (assumption)."""
FOR_FUNDS = ("guidance_fund", "angel_coinvestment", "fiscal_growth", "instrument_mix")
"""Programmes that offer public money to venture funds."""
FOR_LOSSES = ("loss_compensation",)
"""Programmes that make good losses of venture funds' partners."""


def found_governments(model: World, geography: Geography) -> None:
    """Make the governments: the nation, provinces, cities, and the administrations of the zones."""
    provinces = dict.fromkeys(place.province for place in geography.places)
    Government(model, NATION, Level.NATION)
    for province in provinces:
        if province not in MUNICIPALITIES:
            Government(model, province, Level.PROVINCE)
    for row, place in enumerate(geography.places):
        level = Level.ZONE if place.kind == "zone" else Level.CITY
        Government(model, place.id, level, row, int(geography.city_of[row]))


def open_budgets(model: World, levers: np.ndarray) -> None:
    """Let every government take in its budget of the quarter, from the nation down to the zones."""
    p, city_of = model.p, model.geography.city_of
    # Looked up once: Python is slow to find members of an enumeration.
    nation, province, a_zone = Level.NATION, Level.PROVINCE, Level.ZONE
    governments = model.acting = model.governments
    fiscal = (model.outlook.fiscal[model.quarter // 4] / 4.0).tolist()
    by_place = {government.place: government for government in governments if government.place >= 0}
    model.governing = [by_place.get(row, by_place.get(city)) for row, city in enumerate(city_of.tolist())]
    planned, upper = _university_money(model, "planned"), _upper(model)
    for government in governments:
        if government.level is nation:
            _open(model, government, 0.0, planned)
        elif government.level is province:
            of_cities = math.fsum(fiscal[city] for city in _cities_of(model, government.name))
            _open(model, government, float(p["province_budget"]) * of_cities, planned)
    zones = [government for government in governments if government.level is a_zone]
    total = [0.0] * len(fiscal)
    extra = levers["fiscal_growth"].tolist()
    for city, money in enumerate(fiscal):
        if city in by_place:
            growth = by_place[city].grow(extra[city])
            total[city] = money * growth - _missing_transfer(model, city, money, upper)
    own = total.copy()
    for zone in zones:
        part = float(p["zone_budget_weight"] * model.place_share[zone.place])
        part *= 1.0 + float(p["autonomy_budget_gain"] * levers["zone_autonomy"][zone.place])
        _open(model, zone, min(LARGEST_ZONE_SHARE, part) * total[zone.city], planned)
        own[zone.city] -= zone.budget
    for city, money in enumerate(own):
        if city in by_place:
            _open(model, by_place[city], money, planned)
    model.city_budgets = np.array(total)


def _open(model: World, government: Government, budget: float, planned: dict[str, float]) -> None:
    """Open a government's books with its S&T budget and what is set aside for universities."""
    appropriation = _part_of(model, government, planned)
    model.outside["banks"] += government.receive(budget, appropriation)
    model.outside["budgets"] -= budget + appropriation


def _cities_of(model: World, province: str) -> list[int]:
    cities = model.geography.places[: len(model.geography.cities)]
    return [city for city, place in enumerate(cities) if place.province == province]


def _missing_transfer(model: World, city: int, money: float, upper: dict[str, Government]) -> float:
    """Let the province pay its part of a city's S&T budget; return what it does not pay."""
    province = model.geography.places[city].province
    if province in MUNICIPALITIES:
        return 0.0
    due = float(model.p["transfer_share"]) * money
    payer = upper.get(province)
    paid = payer.pay("transfers", due) if payer else 0.0
    model.outside["budgets"] += paid  # what the city receives is booked as a whole, and holds it
    return due - paid


def _upper(model: World) -> dict[str, Government]:
    """Return who pays universities, by name: the nation, provinces and municipalities."""
    ranks = (Level.NATION, Level.PROVINCE)
    return {g.name: g for g in model.acting if g.level in ranks or g.name in MUNICIPALITIES}


def _university_money(model: World, what: str) -> dict[str, float]:
    """Return by province what is planned for, or due to, the universities in it."""
    provinces = [place.province for place in model.geography.places]
    sums = dict.fromkeys(provinces, 0.0)
    for university in model.universities:
        sums[provinces[university.city]] += getattr(university, what)
    return sums


def _part_of(model: World, government: Government, money: dict[str, float]) -> float:
    """Return a government's part of money for universities: the national one, or that of its province."""
    national = float(model.p["national_research_share"])
    if government.name == NATION:
        return national * math.fsum(money.values())
    return (1.0 - national) * money.get(government.name, 0.0)


def fund_universities(model: World) -> None:
    """Pay research funding: a part by the nation, the rest by provinces and municipalities."""
    due, upper = _university_money(model, "funding"), _upper(model)
    missing = {}
    for name in (NATION, *due):
        government = upper.get(name)
        wanted = _part_of(model, government, due) if government else 1.0
        paid = government.pay("universities", wanted) if government else 0.0
        missing[name] = 1.0 - paid / wanted if wanted > 0.0 else 0.0
    national = float(model.p["national_research_share"])
    lost = [
        national * missing[NATION] + (1.0 - national) * missing[place.province]
        for place in model.geography.places
    ]
    for university in model.universities:
        university.received = university.funding - lost[university.city] * university.funding


def allot(model: World, levers: np.ndarray, wanted: dict[str, np.ndarray]) -> np.ndarray:
    """Let governments decide what their programmes get; return the part that is delivered (float64[P]).

    Coordination moves money between them first, from those on track to those whose indicators lag.
    Part of what `fiscal_growth` adds to a budget is set aside for guidance funds. `instrument_mix` moves
    money from grants to guidance funds and to a pool that covers losses on technology loans.
    """
    places = model.geography.city_of.size
    model.moved, model.loss_cover = np.zeros(places), np.zeros(places)
    # Plain numbers: a government has a place or two, too few for arrays.
    allotted = {name: [0.0] * places for name in (*wanted, *FOR_FUNDS, *FOR_LOSSES)}
    shifted: dict[str, list[float]] = {}
    part = [1.0 if government else 0.0 for government in model.governing]
    if wanted or levers["instrument_mix"].any() or any(g.extra_growth > 1.0 for g in model.acting):
        costs = list(zip(*(cost.tolist() for cost in wanted.values()), strict=True)) or [()] * places
        for government, rows in _by_government(model.governing).items():
            asked_at = [dict(zip(wanted, costs[row], strict=True)) for row in rows]
            _allot(model, government, levers, dict(zip(rows, asked_at, strict=True)), allotted, shifted, part)
    model.allotted = {name: np.array(values) for name, values in allotted.items()}
    model.shifted = {name: np.array(values) for name, values in shifted.items()}
    return np.array(part)


def _by_government(governing: list[Government | None]) -> dict[Government, list[int]]:
    """Return the places that each government answers for."""
    rows: dict[Government, list[int]] = {}
    for row, government in enumerate(governing):
        if government:
            rows.setdefault(government, []).append(row)
    return rows


def _allot(
    model: World,
    government: Government,
    levers: np.ndarray,
    costs: dict[int, dict[str, float]],
    allotted: dict[str, list[float]],
    shifted: dict[str, list[float]],
    part: list[float],
) -> None:
    """Let one government decide on what is asked for at its places (`costs`); the last three are written."""
    p, at = model.p, government.place
    asked: dict[str, float] = {}
    for cost in costs.values():
        for name, amount in cost.items():
            if amount:
                asked[name] = asked.get(name, 0.0) + amount
    factor = _shifted(government, asked, levers["coordination"].item(at), p)
    extra = float(p["extra_guidance_share"]) * max(0.0, added_by_growth(model, government))
    extra = min(extra, government.balance - government.for_grants(p))
    delivered = government.allot(asked, p, extra)
    for name, amount in asked.items():
        granted = delivered * factor.get(name, 1.0)
        for row, cost in costs.items():
            allotted[name][row] = granted * cost[name]
        government.promise(name, granted * amount)
    for row in costs:
        part[row] = delivered
        for name, change in factor.items():
            shifted.setdefault(name, [1.0] * len(part))[row] = change
    mixed = levers["instrument_mix"].item(government.city) * government.for_grants(p)
    into_guidance = float(p["mix_guidance_share"])
    model.moved[at] = mixed
    allotted["instrument_mix"][at] = into_guidance * mixed
    allotted["fiscal_growth"][at] = extra
    model.loss_cover[at] = (1.0 - into_guidance) * mixed


def _shifted(
    government: Government, asked: dict[str, float], strength: float, p: Mapping[str, float]
) -> dict[str, float]:
    """Return the factors by which coordination changes what programmes ask for."""
    if strength <= 0.0 or not government.gaps:
        return {}
    lags = {name: lag_of(government, LEVERS[name].indicators) for name in asked}
    known = {name: lag for name, lag in lags.items() if lag is not None}
    return government.shift(asked, known, strength, float(p["coordination_reach"]))


def added_by_growth(model: World, government: Government) -> float:
    """Return what extra growth has added to the budget of a city or of a zone in it."""
    city = model.governing[government.city]
    return government.budget * (1.0 - 1.0 / city.extra_growth) if city else 0.0


def pay_for(model: World, city: int, programmes: tuple[str, ...], amount: float) -> float:
    """Pay money that agents of a city drew from programmes; return what was paid.

    Programmes and governments of the city share in proportion to what they had put aside.
    """
    rows = model.geography.places_of[city]
    shares = [(model.allotted[name].item(row), name, row) for name in programmes for row in rows]
    shares = [share for share in shares if share[0] > 0.0]
    total = math.fsum(share for share, _, _ in shares)
    paid = 0.0
    for share, name, row in shares:
        government = model.governing[row]
        if government:
            paid += government.pay(name, amount * share / total)
    return paid
