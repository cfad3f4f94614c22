"""The second pass over all firms in a quarter: they sell, pay, learn, invent, seek status, live or close.

How a pass goes through tiles of firms is told in `agents.blocks`.
"""

from typing import Any, NamedTuple

import numpy as np

from agents.blocks import end_of_stretch, firm_row, ledger_row, pour, statistics_row
from agents.certification_rules import certify, register
from agents.compiling import loop, rule, stage
from agents.exploration_rules import may_explore
from agents.innovation_rules import invention_rate, learn
from agents.records import LEDGER, STATISTICS, numbers
from agents.research_rules import YOUNG
from agents.rows import fixed
from agents.support_rules import can_upgrade, coaching_reach
from agents.survival_rules import closes, expected_spin_offs, spin_offs
from agents.table_rows import fetch_ahead, tile_of
from agents.tiles import TILE
from simulation.bookkeeping import (
    DECIDE,
    INVENT,
    LAPSE,
    OPEN,
    SEEK_EQUITY,
    close,
    count_firm,
    decide,
    foresee,
    invent,
    let_lapse,
    open_examination,
    seek_project,
    settle,
    start_project,
)
from simulation.capital import looks_for_equity, present
from simulation.planning import in_park
from simulation.randomness import Purpose, stream, uniform

YEARLY_CALL = 3
"""Quarter of the year (0-3) in which certificates are granted and grants are awarded."""


class Books(NamedTuple):
    """What firms' quarter adds up to; what threads do side by side is added up apart (`agents.blocks`).

    Statistics by place and ledgers by city stand here twice, as the same memory: by name for what is rare, by
    number for the rest.
    """

    statistics: np.ndarray  # STATISTICS[P]
    all_statistics: np.ndarray  # float64[P, ...]
    ledger: np.ndarray  # LEDGER[C]
    all_ledgers: np.ndarray  # float64[C, ...]
    knowledge: np.ndarray  # [C, F] firms' knowledge stock


def empty_books(places: int, cities: int, fields: int) -> Books:
    """Return books in which nothing is written yet."""
    statistics, ledger = np.zeros(places, dtype=STATISTICS), np.zeros(cities, dtype=LEDGER)
    return Books(statistics, numbers(statistics), ledger, numbers(ledger), np.zeros((cities, fields)))


@stage
def operate_firms(
    firms: Any,
    count: int,
    cities: Any,
    seed: int,
    quarter: int,
    places: Any,
    nation_row: Any,
    supports: Any,
    parameters: Any,
    price: Any,
    log_price: Any,
    log_pool: Any,
    more_contracts: Any,
    steps: Any,
    block: Any,
    rows: Any,
    books: Any,
    founders: Any,
    seekers: Any,
) -> tuple[int, int]:
    """Second pass over the firms of some `cities` (bool[C]): sell, pay, learn, invent, live or close.

    Adds to `books`. Puts into `founders` the row of the firm that each founder leaves, and into `seekers` the
    firms that look for equity; returns how many there are of both. The `block` and `rows` (int64[TILE]) are
    memory to work in.
    """
    nation, p = nation_row[0], parameters[0]
    laws, constants = fixed(nation), fixed(p)
    spun_off = seeking = end = 0
    while end < count:
        start, at = end, firms[end].place
        end = end_of_stretch(firms, start, count)
        place, support, stat = places[at], supports[at], books.statistics[at]
        city = place.city
        if not cities[city]:
            continue
        tile, first = tile_of(firms, start // TILE), start % TILE
        last = first + end - start
        for k in range(first, last):
            firm = firm_row(tile, block, k)
            fetch_ahead(firms, start // TILE + 1, k)
            firm.price, firm.log_price = price[city, firm.field], log_price[city, firm.field]
            firm.log_pool, firm.focus = log_pool[city, firm.field], support.focus[firm.field]
        _sell(tile, block, first, last, seed, quarter, place, support, constants)
        _pay_and_learn(tile, block, first, last, place, laws, support, more_contracts[at], constants)
        _look_ahead(tile, block, first, last, place, support, constants)
        _patent(tile, block, first, last, rows, place, nation, steps, at, p, stat)
        spun_off = _act(
            tile, block, first, last, start - first, seed, quarter, place, nation, support, p, stat,
            books.ledger[city], founders, spun_off,
        )  # fmt: skip
        _count(tile, block, first, last, quarter)
        for k in range(first, last):
            firm = firm_row(tile, block, k)
            books.knowledge[city, firm.field] += firm.knowledge if firm.alive == 1 else 0.0
        for n in range(_with_event(tile, block, first, last, SEEK_EQUITY, rows)):
            firm = firm_row(tile, block, rows[n])
            if firm.alive == 1 and seeking < seekers.size:
                present(firm, firm.age, start - first + rows[n], seekers[seeking])
                seeking += 1
        if end == count or firms[end].place != at:
            pour(block, books.all_statistics[at], books.all_ledgers[city])
    return spun_off, seeking


@loop
def contract_response(supports: Any, parameters: Any) -> Any:
    """Return by how much cheaper contracts raise what firms buy at each place, a factor (float64[P])."""
    factor, p = np.ones(supports.size), parameters[0]
    for place in range(supports.size):
        support = supports[place]
        if support.voucher > 0.0 or support.brokerage > 0.0:
            price = (1.0 - support.voucher) * (1.0 - support.brokerage)
            factor[place] = price**-p.voucher_response
    return factor


@rule
def _sell(
    tile: Any, block: Any, first: int, last: int, seed: int, quarter: int, place: Any, support: Any, p: Any
) -> None:
    parks_grow = support.park_to > support.park_from
    place, p = fixed(place), fixed(p)
    for k in range(first, last):
        firm = firm_row(tile, block, k)
        firm.key = stream(seed, firm.id, quarter)
        firm.age = quarter - firm.birth
        firm.revenue = firm.weight * firm.price
        firm.scale += firm.log_price
        firm.researchers = p.wage_share * firm.rd / place.wage
        firm.in_park = 0
    if parks_grow:
        for k in range(first, last):
            firm = firm_row(tile, block, k)
            firm.in_park = in_park(firm, seed, support)


@rule
def _pay_and_learn(
    tile: Any,
    block: Any,
    first: int,
    last: int,
    place: Any,
    nation: Any,
    support: Any,
    more_contracts: float,
    p: Any,
) -> None:
    place, nation, support, p = fixed(place), fixed(nation), fixed(support), fixed(p)
    for k in range(first, last):
        firm, stat, ledger = firm_row(tile, block, k), statistics_row(block, k), ledger_row(block, k)
        inside = firm.in_park == 1
        settle(firm, firm.age, firm.key, place, nation, support, more_contracts, inside, p, stat, ledger)
        learn(firm, p)
        firm.revenue_year += firm.revenue
        firm.rd_year += firm.rd


@rule
def _look_ahead(tile: Any, block: Any, first: int, last: int, place: Any, support: Any, p: Any) -> None:
    """Work out what may befall each firm, and let it join or leave the register."""
    place, support, p = fixed(place), fixed(support), fixed(p)
    for k in range(first, last):
        firm, stat = firm_row(tile, block, k), statistics_row(block, k)
        firm.certificate = max(0, firm.certificate - 1)
        firm.coached = coaching_reach(firm.focus, firm.in_park == 1, support)
        firm.expected_filings = invention_rate(firm, place, firm.log_pool, p) if firm.does_rd == 1 else 0.0
        foresee(firm, firm.key, place, firm.expected_filings, p)
        firm.events += SEEK_EQUITY if looks_for_equity(firm, firm.age) else 0
        alive = firm.alive == 1
        firm.may_explore = may_explore(firm, firm.age, YOUNG) & alive
        firm.may_spin_off = (uniform(firm.key, Purpose.SPIN_OFF) > 1.0 - expected_spin_offs(firm, p)) & alive
        u = uniform(firm.key, Purpose.EXIT)
        firm.may_close = closes(firm, firm.age, place, support.mentoring, u, p) & alive
        firm.acts = firm.may_spin_off | firm.may_close | (firm.may_explore if support.frontier > 0.0 else 0)
        stat.explorers += firm.may_explore
        stat.upgradable += firm.revenue if can_upgrade(firm) else 0.0
        register(firm, place, firm.coached, uniform(firm.key, Purpose.REGISTRATION), p)


@stage
def _patent(
    tile: Any,
    block: Any,
    first: int,
    last: int,
    rows: Any,
    place: Any,
    nation: Any,
    steps: Any,
    at: int,
    p: Any,
    stat: Any,
) -> None:
    """Move patents and filings, one kind of event after the other."""
    for n in range(_with_event(tile, block, first, last, LAPSE, rows)):
        let_lapse(firm_row(tile, block, rows[n]), p, stat)
    for n in range(_with_event(tile, block, first, last, DECIDE, rows)):
        decide(firm_row(tile, block, rows[n]), place, nation, steps, at, p, stat)
    for n in range(_with_event(tile, block, first, last, OPEN, rows)):
        open_examination(firm_row(tile, block, rows[n]), steps, p)
    for n in range(_with_event(tile, block, first, last, INVENT, rows)):
        invent(firm_row(tile, block, rows[n]), p, stat)


@rule
def _with_event(tile: Any, block: Any, first: int, last: int, event: int, rows: Any) -> int:
    """Write to `rows` the firms to whom an event may happen; return how many."""
    found = 0
    for k in range(first, last):
        rows[found] = k
        found += (firm_row(tile, block, k).events & event) != 0
    return found


@stage
def _act(
    tile: Any,
    block: Any,
    first: int,
    last: int,
    row: int,
    seed: int,
    quarter: int,
    place: Any,
    nation: Any,
    support: Any,
    p: Any,
    stat: Any,
    ledger: Any,
    founders: Any,
    spun_off: int,
) -> int:
    """Carry out what few firms do in a quarter; return the number of founders so far.

    `row` is the row of the tile's first firm. A project may leave a firm safer than it looked before, so
    whether it closes is asked again.
    """
    calls = quarter % 4 == YEARLY_CALL
    all_may = calls or support.upgrade_rate > 0.0
    for k in range(first, last):
        firm = firm_row(tile, block, k)
        if firm.alive == 0 or (firm.acts == 0 and not all_may):
            continue
        if support.upgrade_rate > 0.0:
            start_project(firm, seed, firm.key, support, p, stat, ledger)
        if support.frontier > 0.0 and firm.may_explore == 1:
            seek_project(firm, firm.key, support, p, stat, ledger)
        if calls:
            _call(firm, seed, place, nation, support, p, stat)
        if firm.may_spin_off == 1:
            for _ in range(spin_offs(firm, uniform(firm.key, Purpose.SPIN_OFF), p)):
                if spun_off < founders.size:
                    founders[spun_off] = row + k
                    spun_off += 1
        if firm.may_close == 1:
            u = uniform(firm.key, Purpose.EXIT)
            if closes(firm, firm.age, place, support.mentoring, u, p):
                close(firm, stat, ledger)
    return spun_off


@rule
def _call(firm: Any, seed: int, place: Any, nation: Any, support: Any, p: Any, stat: Any) -> None:
    """Let the firm apply for a certificate."""
    capacity = p.relabel_capacity * uniform(stream(seed, firm.id, 0), Purpose.RELABEL)
    u = uniform(firm.key, Purpose.CERTIFICATION)
    new = certify(firm, firm.age, place, nation, support, firm.coached, u, capacity, p)
    stat.certified += new
    firm.cash += new * support.certification_reward
    stat.rewards += new * support.certification_reward


@rule
def _count(tile: Any, block: Any, first: int, last: int, quarter: int) -> None:
    """Count the firms that live on; a new year begins after the yearly call."""
    year_ends = quarter % 4 == YEARLY_CALL
    for k in range(first, last):
        firm = firm_row(tile, block, k)
        if firm.alive == 1:
            firm.tenant = max(0, firm.tenant - 1)
            count_firm(firm, firm.age, statistics_row(block, k))
            if year_ends:
                firm.revenue_year = 0.0
                firm.rd_year = 0.0
