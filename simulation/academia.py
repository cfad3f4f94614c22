"""Universities that open and close, and the city programmes that they carry out.

Key laboratories are built at universities and then run there; new institutes open and grow; money for joint
research is awarded to them. What a city cannot pay is neither built nor run.
"""

import math
from collections.abc import Mapping

import numpy as np

from agents.university import University
from scenarios.scenario import PlannedInstitute, ScenarioError, near
from simulation.data import load_institutions, load_new_institutes
from simulation.partner_search import NOBODY
from simulation.randomness import entity_id
from simulation.synthesis import YI
from simulation.world import World, strongest

PROGRAMMES = ("key_laboratories", "new_institutes", "joint_research_funding")
"""Levers whose money universities get."""
LABORATORY_FIELDS = ("digital", "new_materials", "life_health")
"""Fields in which article 8 asks for key laboratories."""
_BUILT = 1.0 - 1e-9
_SMALLEST_STAFF_SHARE, _LARGEST_STAFF_SHARE = 0.1, 0.8


def planned_institutes(model: World) -> list[PlannedInstitute]:
    """Return the institutes to open: those that the scenario names, or else those that the policy names.

    Raises
    ------
    ScenarioError
        An institute has an unknown city or field, or the name of another.
    """
    fields = [field.id for field in model.fields]
    taken = {institution.name for institution in load_institutions()}
    planned = model.scenario_spec.new_institutes or _named_by_policy()
    for item in planned:
        for what, value, known in (
            ("city", item.city, model.geography.cities),
            ("field", item.field, fields),
        ):
            if value not in known:
                hint = near(value, known) or f"; known: {', '.join(known)}"
                raise ScenarioError(f"new institute {item.name!r}: unknown {what} {value!r}{hint}")
        if item.name in taken:
            raise ScenarioError(f"new institute {item.name!r}: there is one of that name already")
        taken.add(item.name)
    return [item for item in planned if item.name not in model.institutes_opened]


def _named_by_policy() -> tuple[PlannedInstitute, ...]:
    return tuple(
        PlannedInstitute(
            name=row.name,
            name_zh=row.name_zh,
            city=row.city,
            field=row.field,
            year=row.year,
            staff=row.staff,
            budget=row.budget,
        )
        for row in load_new_institutes()
    )


# Who is there.


def seat(model: World) -> None:
    """Publish universities in the order in which firms find them: by city."""
    model.university_ids = np.array([u.identity for u in model.universities], dtype=np.uint64)
    model.university_fields = np.array([u.field for u in model.universities], dtype=np.int64)
    cities = np.array([u.city for u in model.universities], dtype=np.int64)
    starts = np.searchsorted(cities, np.arange(len(model.geography.cities) + 1))
    model.university_starts = starts.astype(np.int32)


def admit(model: World, university: University) -> None:
    """Let a new university act, after the others of its city; partnerships go on."""
    at = sum(other.city <= university.city for other in model.universities)
    model.universities.insert(at, university)
    later = model.partners <= -2 - at
    model.partners[later] -= 1
    seat(model)


def withdraw(model: World, university: University) -> None:
    """Let a university act no more: partnerships with it end, what it holds of money goes to suppliers.

    Its researchers stay in the city and look for other work. What it added to its partners stands until
    they look for partners again.
    """
    if university not in model.universities:
        return
    at = model.universities.index(university)
    del model.universities[at]
    model.partners[model.partners == -2 - at] = NOBODY
    later = model.partners < -2 - at
    model.partners[later] += 1
    model.outside["university_spending"] += university.cash
    university.cash = 0.0
    seat(model)


def by_city(model: World) -> list[list[University]]:
    """Return the universities of each city."""
    members: list[list[University]] = [[] for _ in model.geography.cities]
    for university in model.universities:
        members[university.city].append(university)
    return members


# What policy builds.


def build(model: World, levers: np.ndarray) -> None:
    """Open the institutes whose time has come, and choose hosts for key laboratories."""
    for university in model.universities:
        university.awarded = university.construction = 0.0
    shares = _city_shares(model, levers)
    due = [plan for plan in model.institutes_to_open if model.year >= plan.year]
    for plan in due:
        if shares[model.geography.index(plan.city)] > 0.0:
            model.institutes_to_open.remove(plan)
            model.institutes_opened.add(plan.name)
            admit(model, _opened(model, plan))
    wanted = np.bincount(model.geography.city_of, levers["key_laboratories"], shares.size)
    if wanted.any() or any(university.laboratories for university in model.universities):
        for number, members in zip(wanted.tolist(), by_city(model), strict=True):
            _host_laboratories(model, members, math.floor(number + 0.5))


def _opened(model: World, plan: PlannedInstitute) -> University:
    """Return a new institute: its staff earn the wage of the day, and it files as the delta does.

    What it files at full size goes with the staff that it then has, those paid by contracts included, if
    contracts bring it as much as they bring others of the city.
    """
    city, budget = model.geography.index(plan.city), 0.25 * plan.budget * YI
    field = [item.id for item in model.fields].index(plan.field)
    name_zh, identity = plan.name_zh or plan.name, entity_id(plan.name)
    institute = University(model, plan.name, name_zh, city, city, field, identity, 0.0, 0.0)
    staff_share = plan.staff * float(model.talent.wage[city]) / budget
    institute.staff_share = min(_LARGEST_STAFF_SHARE, max(_SMALLEST_STAFF_SHARE, staff_share))
    institute.full_budget = budget
    institute.opened = model.quarter
    peers = [university for university in model.universities if university.city == city]
    given = sum(university.resources for university in peers)
    earned = sum(university.cash for university in peers)
    institute.researchers_start = plan.staff * (1.0 + earned / given if given else 1.0)
    institute.filing_rate = 0.25 * float(model.p["institute_grants"]) * plan.budget / model.pass_rate
    return institute


def _host_laboratories(model: World, members: list[University], wanted: int) -> None:
    """Give new laboratories one by one to the host with most research for each; close the surplus."""
    hosts = [university for university in members if university.funding > 0.0]
    number = sum(len(u.laboratories) for u in hosts)

    def room(university: University) -> float:
        named = model.fields[university.field].id in LABORATORY_FIELDS
        weight = 1.0 if named else float(model.p["lab_other_fields"])
        return weight * university.funding / (len(university.laboratories) + 1)

    for _ in range(wanted - number if hosts else 0):
        max(hosts, key=room).laboratories.append(0.0)
    for _ in range(number - wanted):
        largest = max(hosts, key=lambda university: len(university.laboratories))
        largest.laboratories.pop()


def requests(model: World, levers: np.ndarray) -> dict[str, np.ndarray]:
    """Return what laboratories and new institutes would cost in this quarter (10 000 CNY, float64[P]).

    The places of a city for which a lever is set share its cost, by the lever's amount there or by GDP.
    """
    cities = len(model.geography.cities)
    hosts = [university for university in model.universities if university.laboratories]
    opened = [university for university in model.universities if university.full_budget]
    if not hosts and not opened:
        return {}
    laboratories, institutes = np.zeros(cities), np.zeros(cities)
    shares = _city_shares(model, levers)
    for university in hosts:
        laboratories[university.city] += sum(_laboratory_costs(university, model.p))
    for university in opened:
        institutes[university.city] += shares[university.city] * university.due(model.quarter, model.p)
    wanted = {}
    for name, cost, key in (
        ("key_laboratories", laboratories, levers["key_laboratories"]),
        ("new_institutes", institutes, levers["new_institutes"] * model.place_share),
    ):
        if cost.any():
            total = np.bincount(model.geography.city_of, key, cities)
            wanted[name] = (
                key * np.divide(cost, total, out=np.zeros(cities), where=total > 0.0)[model.geography.city_of]
            )
    return wanted


def _city_shares(model: World, levers: np.ndarray) -> np.ndarray:
    """Return the share of its institutes that each city builds."""
    return strongest(model.geography, levers["new_institutes"])


def are_there(model: World) -> np.ndarray:
    """Return which cities have a university with funding of its own (bool[C])."""
    cities = {university.city for university in model.universities if university.funding > 0.0}
    return np.array([city in cities for city in range(len(model.geography.cities))])


def _laboratory_costs(university: University, p: Mapping[str, float]) -> tuple[float, float]:
    """Return the cost of building and of running a university's laboratories in this quarter."""
    if not university.laboratories:
        return 0.0, 0.0
    building = sum(progress < 1.0 for progress in university.laboratories)
    running = len(university.laboratories) - building
    pace = 0.25 / float(p["lab_build_years"])
    return building * float(p["lab_building_cost"]) * pace, 0.25 * running * float(p["lab_budget"])


def carry_out(model: World, paid: dict[str, np.ndarray]) -> None:
    """Build and run with what governments pay in each city for `PROGRAMMES` in this quarter (float64[C])."""
    members_of = by_city(model) if any(money.any() for money in paid.values()) else []
    for name, money in paid.items():
        for city in np.flatnonzero(money).tolist():
            members = members_of[city]
            if name == "key_laboratories":
                weights = [sum(_laboratory_costs(university, model.p)) for university in members]
            elif name == "new_institutes":
                weights = [university.due(model.quarter, model.p) for university in members]
            else:
                weights = [university.funding for university in members]
            part = float(money[city]) / math.fsum(weights)
            for university, weight in zip(members, weights, strict=True):
                if name == "key_laboratories":
                    _work_on_laboratories(model, university, part)
                else:
                    university.award(part * weight)


def _work_on_laboratories(model: World, university: University, part: float) -> None:
    building, running = _laboratory_costs(university, model.p)
    university.construction = part * building
    model.outside["services"] += part * building
    university.award(part * running)
    pace = 0.25 * part / float(model.p["lab_build_years"])
    worked_on = [progress + pace for progress in university.laboratories]
    university.laboratories = [1.0 if progress > _BUILT else progress for progress in worked_on]


def sizes(model: World) -> np.ndarray:
    """Return the usual size of each city's universities, and that with programmes (float64[2, C])."""
    usual, now = [0.0] * len(model.geography.cities), [0.0] * len(model.geography.cities)
    for university in model.universities:
        usual[university.city] += university.funding
        now[university.city] += university.size
    return np.array((usual, now))


def capacity(sizes: np.ndarray) -> np.ndarray:
    """Return the size of a city's universities relative to that without programmes (float64[C])."""
    usual, now = sizes
    return np.divide(now, usual, out=np.ones(usual.size), where=usual > 0.0)
