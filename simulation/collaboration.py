"""Programmes that bring firms and universities together: consortia for joint research, and secondments."""

from typing import Any

import numpy as np

from agents.compiling import loop
from simulation.partner_search import NOBODY, SLOTS
from simulation.randomness import Purpose, stream, uniform
from simulation.world import World


def bring_together(model: World) -> None:
    """Let programmes find academic partners for firms, once a year, after firms have looked for themselves.

    Money for joint research pays for so many consortia, and academics on secondment go to so many firms; who
    takes part is drawn among the firms of the city that can.
    """
    consortia, visits = consortia_paid(model), secondments(model)
    if not (consortia.any() or visits.any()):
        return
    firms = model.firms.records
    searching, lonely = _who_may_join(firms, model.partners, consortia.size)
    join(
        firms,
        firms.size,
        model.partners,
        model.seed,
        model.quarter,
        _reach(consortia, searching),
        _reach(visits, lonely),
        model.university_fields,
        model.university_starts,
        model.parameters[0],
        model.links,
    )


@loop
def _who_may_join(firms: Any, partners: Any, cities: int) -> Any:
    """Count by city firms with R&D, and those of them with no academic partner and room for one."""
    searching, lonely = np.zeros(cities, dtype=np.int64), np.zeros(cities, dtype=np.int64)
    for i in range(firms.size):
        firm = firms[i]
        if firm.alive == 1 and firm.does_rd == 1:
            searching[firm.city] += 1
            academic, free = False, False
            for slot in range(SLOTS):
                academic = academic or partners[i, slot] < NOBODY
                free = free or partners[i, slot] == NOBODY
            lonely[firm.city] += free and not academic
    return searching, lonely


def consortia_paid(model: World) -> np.ndarray:
    """Return the consortia that cities pay for in a year, one a firm (simulated firms, float64[C])."""
    paid = np.zeros(len(model.geography.cities))
    for government in model.governments:
        if government.city >= 0:
            paid[government.city] += government.spent.get("joint_research_funding", 0.0)
    return paid * (4.0 / float(model.p["consortium_cost"]) * model.scale)


def secondments(model: World) -> np.ndarray:
    """Return the academics who take up a role in a firm in a year (in simulated firms, float64[C])."""
    found = np.zeros(len(model.geography.cities))
    for university in model.universities:
        found[university.city] += university.seconded * university.researchers
    return found / float(model.p["secondment_years"]) * model.scale


def _reach(number: np.ndarray, eligible: np.ndarray) -> np.ndarray:
    return np.minimum(1.0, number / np.maximum(1.0, eligible))


def count_partner_firms(model: World) -> None:
    """Tell universities how many firms work with them."""
    codes = model.partners[model.partners < NOBODY]
    counts = np.bincount(-2 - codes, minlength=len(model.universities))
    for university, count in zip(model.universities, counts.tolist(), strict=True):
        university.partner_firms = count / model.scale


@loop
def join(
    firms: Any,
    count: int,
    partners: Any,
    seed: int,
    quarter: int,
    consortium: Any,
    visit: Any,
    university_field: Any,
    university_start: Any,
    p: Any,
    links: Any,
) -> None:
    """Give firms that take part an academic partner if they have none and room for one.

    Firms in a consortium gain from it on top (Branstetter & Sakakibara 1998). `consortium` and `visit` are
    the chances of a firm to take part, by city (float64[C]).
    """
    for i in range(count):
        firm = firms[i]
        if firm.alive == 0 or firm.does_rd == 0 or consortium[firm.city] + visit[firm.city] == 0.0:
            continue
        key = stream(seed, firm.id, quarter)
        joint = uniform(key, Purpose.CONSORTIUM) < consortium[firm.city]
        if not joint and uniform(key, Purpose.SECONDMENT) >= visit[firm.city]:
            continue
        academic, free = False, -1
        for slot in range(SLOTS - 1, -1, -1):
            if partners[i, slot] == NOBODY:
                free = slot
            academic = academic or partners[i, slot] < NOBODY
        first, last = university_start[firm.city], university_start[firm.city + 1]
        if not academic and free >= 0 and last > first:
            u = uniform(key, Purpose.ACADEMIC_PARTNER)
            partners[i, free] = -2 - _academic(firm.field, first, last, university_field, u)
            links[firm.city, links.shape[0]] += 1.0
            firm.partner_gain += p.partner_gain_university
            firm.contracts = p.contract_ratio * 1.2
            academic = True
        if joint and academic:
            firm.partner_gain += p.consortium_gain


@loop
def _academic(field: int, first: int, last: int, university_field: Any, u: float) -> int:
    """Return a university between two positions: the next one of the field, or else the drawn one."""
    size = last - first
    start = int(u * size)
    for step in range(size):
        position = first + (start + step) % size
        if university_field[position] == field:
            return int(position)
    return int(first + start)
