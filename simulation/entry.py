"""Births: independent entrants, spin-offs of firms and universities, returnees, incubator tenants."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from agents.compiling import loop, rule
from agents.firm import Kind, Origin
from agents.market_rules import TRADITIONAL_FIELD
from agents.records import FIRM
from agents.tables import Table
from simulation import threads
from simulation.randomness import (
    Purpose,
    child_id,
    child_ids,
    draws,
    entity_id,
    normal_quantile,
    poisson,
    stream,
    uniform,
)

LEAVE_SLOT = 1_000_000
"""First slot of a firm's founders on leave: beyond those of founders who go anyway."""


@dataclass(frozen=True)
class EntryConditions:
    """What founders find at each place (float64[P]).

    Attributes
    ----------
    technology_firms : number of technology firms in this quarter
    relative_wage : researchers' wage relative to other jobs, 2015 = 1
    ease : log points that easier registration adds to entry
    high_level : high-level talent
    vacancies : free places in incubators
    overseas : start-ups that incubators abroad send, all of them
    change : what outside conditions add to founders of all kinds, share
    projects : exploratory projects that young firms were given
    """

    technology_firms: np.ndarray
    relative_wage: np.ndarray
    ease: np.ndarray
    high_level: np.ndarray
    vacancies: np.ndarray
    overseas: np.ndarray
    change: np.ndarray
    projects: np.ndarray


def entrants(
    conditions: EntryConditions,
    fields: np.ndarray,
    places: np.ndarray,
    names: tuple[str, ...],
    seed: int,
    quarter: int,
    p: np.void,
    scale: float,
) -> np.ndarray:
    """Return the firms that independent founders, returnees and incubator tenants start in this quarter.

    The number of each kind at a place is Poisson, drawn at one quantile: when the rate rises, founders are
    added in further slots and those who come anyway stay the same.
    """
    housed_rate = 0.25 * conditions.vacancies
    diverted = p["incubator_diversion"] * housed_rate
    push = (
        np.exp(conditions.ease * p["entry_ease_gain"])
        * conditions.relative_wage ** -p["entry_wage_elasticity"]
    )
    rates = {
        Origin.INDEPENDENT: np.maximum(
            0.0, 0.25 * p["entry_rate"] * conditions.technology_firms * push - diverted
        )
        + p["frontier_founders"] * conditions.projects,
        Origin.RETURNEE: (0.25 * p["returnee_rate"] * conditions.high_level + conditions.overseas) * scale,
        Origin.INCUBATOR: housed_rate,
    }
    cells = np.array(list(rates.values())).T * (1.0 + conditions.change)[:, None]
    parents = _parents(names, tuple(rates))
    identity, cell, field = _founders(parents, cells.ravel(), fields, seed, quarter)
    if not identity.size:
        return np.zeros(0, dtype=FIRM)
    place_of, kind = np.divmod(cell, len(rates))
    origin = np.array([int(origin) for origin in rates])[kind]
    return found(identity, place_of, origin, field, places, seed, quarter, p)


@loop
def _founders(parents: Any, rates: Any, fields: Any, seed: int, quarter: int) -> Any:
    """Return founders' ids, their parents' numbers and their fields.

    Parents bring them forth at Poisson `rates`. Parents of all kinds at a place stand together and share its
    mix of `fields` (float64[P, F]).
    """
    counts = np.empty(parents.size, dtype=np.int64)
    for i in range(parents.size):
        counts[i] = poisson(rates[i], uniform(stream(seed, parents[i], quarter), Purpose.ENTRY))
    ids = np.empty(counts.sum(), dtype=np.uint64)
    number, field = np.empty(ids.size, dtype=np.int64), np.zeros(ids.size, dtype=np.int64)
    born = 0
    for i in range(parents.size):
        place = i * fields.shape[0] // parents.size
        for slot in range(counts[i]):
            ids[born], number[born] = child_id(parents[i], quarter, slot), i
            field[born] = _field(fields[place], stream(seed, ids[born], quarter))
            born += 1
    return ids, number, field


@rule
def _field(shares: Any, key: np.uint64) -> int:
    """Return the field that a founder chooses."""
    u, edge, field = uniform(key, Purpose.ENTRANT_FIELD), 0.0, 0
    for share in shares[:-1]:
        edge += share
        field += u >= edge
    return field


@cache
def _parents(names: tuple[str, ...], origins: tuple[Origin, ...]) -> np.ndarray:
    """Return the ids from which the founders of each place and kind derive theirs (uint64[P * K])."""
    ids = [entity_id(name, "entry", int(origin)) for name in names for origin in origins]
    return np.array(ids, dtype=np.uint64)


def first_leave(cities: tuple[str, ...], seed: int) -> np.ndarray:
    """Return each city's claim to a first founder on leave, 0-1 (float64[C]).

    Founders on leave are whole: what is expected adds up until it makes one. An even draw to start from keeps
    the mean right, and two scenarios apart by no more than the lever.
    """
    ids = np.array([entity_id(name, "leave") for name in cities], dtype=np.uint64)
    return draws(seed, ids, 0, Purpose.LEAVE)


def parents_on_leave(
    firms: Table, leave: np.ndarray, numbers: np.ndarray, seed: int, quarter: int
) -> np.ndarray:
    """Return the rows of firms whose researchers take leave to found, `numbers` of them by city (int[C]).

    Researchers with the same right to leave (`leave`, float64[P]) are as likely as one another: those with
    the least waiting times go, exponential at the rate of a firm's researchers.
    """
    found = threads.each(lambda part: _who_may_leave(firms, part, leave, numbers), threads.by_row(firms.size))
    rows, ids, rates = (np.concatenate(column) for column in zip(*found, strict=True))
    waits = -np.log(draws(seed, ids, quarter, Purpose.LEAVE)) / rates
    rows = rows[np.argsort(waits)]
    cities = firms.at("city", rows)
    chosen = [rows[cities == city][:number] for city, number in enumerate(numbers) if number]
    return np.concatenate(chosen) if chosen else rows[:0]


@loop
def _who_may_leave(firms: Any, part: Any, leave: Any, numbers: Any) -> Any:
    """Return, for a part of the rows, those whose researchers may leave, their ids, and how many can."""
    size = part[1] - part[0]
    rows = np.empty(size, dtype=np.int64)
    ids = np.empty(size, dtype=np.uint64)
    rates = np.empty(size)
    found = 0
    for i in range(part[0], part[1]):
        firm = firms[i]
        if firm.alive == 1 and firm.does_rd == 1 and numbers[firm.city] > 0:
            rate = firm.researchers * leave[firm.place]
            if rate > 0.0:
                rows[found], ids[found], rates[found] = i, firm.id, rate
                found += 1
    return rows[:found], ids[:found], rates[:found]


def corporate_spin_offs(
    firms: Table,
    parents: np.ndarray,
    places: np.ndarray,
    seed: int,
    quarter: int,
    p: np.void,
    first_slot: int = 0,
) -> np.ndarray:
    """Return firms founded by researchers who leave the firms at the rows `parents`; same field.

    A row stands once for each founder, all of a row next to each other.
    """
    if not parents.size:
        return np.zeros(0, dtype=FIRM)
    ids = _children(firms.at("id", parents), parents, quarter, first_slot)
    origin = np.full(ids.size, int(Origin.CORPORATE_SPIN_OFF))
    place, field = firms.at("place", parents), firms.at("field", parents)
    return found(ids, place, origin, field, places, seed, quarter, p)


@loop
def _children(identities: Any, parents: Any, quarter: int, first_slot: int) -> Any:
    """Return the ids of founders who leave firms (uint64[N]), in slots by firm.

    `parents` are the rows of these firms, `identities` their ids.
    """
    ids = np.empty(parents.size, dtype=np.uint64)
    slot = first_slot
    for i in range(parents.size):
        slot = slot + 1 if i > 0 and parents[i] == parents[i - 1] else first_slot
        ids[i] = child_id(identities[i], quarter, slot)
    return ids


def university_spin_offs(
    universities: list[Any], places: np.ndarray, seed: int, quarter: int, p: np.void
) -> np.ndarray:
    """Return firms founded on inventions of universities in this quarter, in the university's field."""
    mothers = [university for university in universities if university.spin_offs]
    if not mothers:
        return np.zeros(0, dtype=FIRM)
    count = [mother.spin_offs for mother in mothers]
    ids = np.concatenate([child_ids(mother.identity, quarter, 0, mother.spin_offs) for mother in mothers])
    place = np.repeat([mother.place for mother in mothers], count)
    field = np.repeat([mother.field for mother in mothers], count)
    return found(
        ids, place, np.full(ids.size, int(Origin.UNIVERSITY_SPIN_OFF)), field, places, seed, quarter, p
    )


def found(
    ids: np.ndarray,
    place: np.ndarray,
    origin: np.ndarray,
    field: np.ndarray,
    places: np.ndarray,
    seed: int,
    quarter: int,
    p: np.void,
) -> np.ndarray:
    """Return new technology firms with their founders' money, size and technological opportunity."""
    firms = np.zeros(ids.size, dtype=FIRM)
    firms["id"] = ids
    firms["place"] = place
    firms["field"] = field
    firms["origin"] = origin
    equip(firms, seed, quarter, places, p.reshape(1))
    return firms


@loop
def equip(firms: Any, seed: int, quarter: int, places: Any, parameters: Any) -> None:
    """Give founders' firms size, money and technological opportunity."""
    p = parameters[0]
    for i in range(firms.size):
        firm = firms[i]
        key = stream(seed, firm.id, quarter)
        housed = firm.origin == Origin.INCUBATOR
        lifted = firm.origin != Origin.INDEPENDENT and not housed
        firm.opportunity = normal_quantile(uniform(key, Purpose.ENTRANT_QUALITY))
        if lifted:
            firm.opportunity += p.spin_off_quality
        size = normal_quantile(uniform(key, Purpose.ENTRANT_SIZE))
        firm.scale = math.log(p.entrant_revenue) + p.entrant_revenue_spread * size
        firm.revenue = math.exp(firm.scale)
        firm.cash = p.entrant_cash * firm.revenue
        firm.city = places[firm.place].city
        firm.kind = Kind.TECHNOLOGY
        firm.birth = quarter
        firm.alive = 1
        firm.tenant = int(p.tenancy) if housed else 0
        firm.does_rd = 1 if firm.opportunity > places[firm.place].rd_cut_technology else 0
        firm.catalogue = 1 if firm.field < TRADITIONAL_FIELD else 0
