"""How firms keep and find partners: what `simulation.networks` lets run over all firms once a year.

Each firm with R&D keeps up to `SLOTS` partners that it chose: another firm, or a university. New partners
are found through gravity (travel time, provincial borders, the mass of R&D there), through the partners of
partners, and through closeness of fields. All draws are keyed to the firm, or to the pair.

Partners lie anywhere. What a firm needs to know of another is therefore kept in one small record, and the
search goes in batches: all searchers of a batch take aim and ask memory for what they aim at before the first
of them looks.
"""

from typing import Any, NamedTuple

import numpy as np

from agents.compiling import loop, rule, stage
from agents.fetching import fetch
from simulation.randomness import Purpose, mix, stream, uniform

SLOTS = 3
"""Partners that a firm chooses at most."""
NOBODY = -1
_TRIES = 6
_CLOSED, _WITHOUT_RD, _WITH_RD = 0, 1, 2
_BATCH = 64
_AHEAD = 16
"""Rows before its turn at which a firm's partners are asked for."""

KNOWN = np.dtype([("id", "u8"), ("knowledge", "f8"), ("field", "i4"), ("city", "i2"), ("state", "i2")])
"""What firms know of another: its state is that it is closed, without R&D, or with R&D."""

RING = np.dtype([("place", "f8"), ("id", "u8"), ("row", "i4"), ("field", "i4")])
"""A firm on its city's ring: its place is the number of the city plus a draw."""

_AIM = np.dtype([("key", "u8"), ("row", "i8"), ("through", "i8"), ("city", "i8"), ("at", "i8")])
"""Where a searcher looks: with a partner of its own, then in a city, from a firm or a university there on."""


class Rings(NamedTuple):
    """Firms with R&D by city, each at a place on its city's ring that is drawn anew every year.

    A draw finds the firm that follows it, so that one firm more is found by those alone who land just before
    it.
    """

    firms: np.ndarray  # RING[R], by place
    starts: np.ndarray  # int32[C + 1] where each city's ring starts
    near: np.ndarray  # int32[R + 1] where the places start that would be the n-th if all were even


class Academia(NamedTuple):
    """Universities by city."""

    ids: np.ndarray  # uint64[U]
    fields: np.ndarray  # int64[U]
    starts: np.ndarray  # int32[C + 1]


class Contacts(NamedTuple):
    """Where a search leads."""

    chance: np.ndarray  # [C] that a firm with R&D looks for a new partner
    gravity: np.ndarray  # [C, C] cumulative chances over cities (columns) of a search from a city (row)


@rule
def _pair(a: np.uint64, b: np.uint64) -> np.uint64:
    return mix(min(a, b)) ^ max(a, b)


@loop
def gather(firms: Any, count: int) -> Any:
    """Return what is known of the first firms (KNOWN[count])."""
    known = np.empty(count, dtype=KNOWN)
    for i in range(count):
        firm, seen = firms[i], known[i]
        seen.id, seen.field, seen.city = firm.id, firm.field, firm.city
        seen.state = firm.alive + firm.alive * firm.does_rd
        seen.knowledge = firm.knowledge
    return known


@loop
def renew_partners(
    firms: Any,
    known: Any,
    rows: Any,
    old: Any,
    new: Any,
    seed: int,
    quarter: int,
    contacts: Any,
    rings: Any,
    academia: Any,
    p: Any,
    rounds: int,
    links: Any,
) -> None:
    """Write some `rows` (the first, and the end) of next year's partner table `new` (int32[N, SLOTS]).

    Writes what partners add to these firms, too, and counts their links (float64[C, C + 1]).

    Parameters
    ----------
    known : KNOWN[N]
        What all firms are, from `gather`.
    old : int32[M, SLOTS]
        Last year's table.
    rounds : int
        How often a firm may look.
    """
    aims = np.empty(_BATCH, dtype=_AIM)
    for start in range(rows[0], rows[1], _BATCH):
        end = min(rows[1], start + _BATCH)
        _keep(start, end, known, old, new, academia.ids, seed, quarter, p)
        for turn in range(rounds):
            found = _searchers(start, end, known, new, seed, quarter * 8 + turn, contacts, aims)
            for s in range(found):
                _take_aim(aims[s], known, old, contacts, rings, academia, p)
            for s in range(found):
                _look(aims[s], known, old, new, seed, quarter, rings, academia, p)
        _benefit(firms, start, end, known, new, p, links)


@stage
def _keep(
    start: int,
    end: int,
    known: Any,
    old: Any,
    new: Any,
    university_ids: Any,
    seed: int,
    quarter: int,
    p: Any,
) -> None:
    """Carry the partnerships of firms that last over to `new`."""
    for i in range(start, min(end, old.shape[0])):
        if i + _AHEAD < old.shape[0]:
            for slot in range(SLOTS):
                fetch(known, max(0, old[i + _AHEAD, slot]))
        if known[i].state == _CLOSED:
            continue
        filled = 0
        for slot in range(SLOTS):
            partner = old[i, slot]
            if partner == NOBODY or (partner >= 0 and known[partner].state != _WITH_RD):
                continue
            other = university_ids[-2 - partner] if partner < NOBODY else known[partner].id
            u = uniform(stream(seed, _pair(known[i].id, other), quarter), Purpose.LINK_SURVIVAL)
            if u < p.link_survival:
                new[i, filled] = partner
                filled += 1


@stage
def _searchers(
    start: int, end: int, known: Any, new: Any, seed: int, turn: int, contacts: Any, aims: Any
) -> int:
    """Write to `aims` who looks for a partner, with the key of its draws; return how many."""
    found = 0
    for i in range(start, end):
        firm, aim = known[i], aims[found]
        aim.row, aim.key = i, stream(seed, firm.id, turn)
        looks = uniform(aim.key, Purpose.LINK_SEARCH) < contacts.chance[firm.city]
        found += looks & (firm.state == _WITH_RD) & (new[i, SLOTS - 1] == NOBODY)
    return found


@rule
def _take_aim(aim: Any, known: Any, old: Any, contacts: Any, rings: Any, academia: Any, p: Any) -> None:
    """Draw where a searcher looks, and ask memory for it."""
    u = uniform(aim.key, Purpose.LINK_PARTNER)
    aim.through = NOBODY
    if uniform(aim.key, Purpose.LINK_KIND) < p.triadic_share and aim.row < old.shape[0]:
        through = old[aim.row, int(u * SLOTS)]
        if 0 <= through < old.shape[0]:
            aim.through = through
            fetch(known, aim.through)
            fetch(old, aim.through)
    v, city, home = uniform(aim.key, Purpose.LINK_CITY), 0, known[aim.row].city
    for other in range(contacts.gravity.shape[0] - 1):
        city += contacts.gravity[home, other] < v
    aim.city = city
    if _wants_university(aim, p):
        aim.at = int(u * (academia.starts[city + 1] - academia.starts[city]))
    else:
        first = rings.starts[city]
        aim.at = rings.near[first + int(u * (rings.starts[city + 1] - first))]
        fetch(rings.firms, aim.at)


@rule
def _wants_university(aim: Any, p: Any) -> bool:
    return bool(uniform(aim.key, Purpose.DISCLOSURE) < p.university_partner_share)


@rule
def _look(
    aim: Any, known: Any, old: Any, new: Any, seed: int, quarter: int, rings: Any, academia: Any, p: Any
) -> None:
    """Let a searcher find a partner that accepts, and write it to a free slot."""
    partner = _of_a_partner(aim, known, old)
    if partner == NOBODY:
        if _wants_university(aim, p):
            partner = _university(aim, known, seed, quarter, academia, p)
        else:
            partner = _firm(aim, known, seed, quarter, rings, p)
    free, met = 0, partner in (NOBODY, aim.row)
    for slot in range(SLOTS):
        met = met or new[aim.row, slot] == partner
        free += new[aim.row, slot] != NOBODY
    if not met:
        new[aim.row, free] = partner


@rule
def _of_a_partner(aim: Any, known: Any, old: Any) -> int:
    """Return a partner of the searcher's partner, or NOBODY."""
    if aim.through < 0 or known[aim.through].state == _CLOSED:
        return NOBODY
    found = old[aim.through, int(uniform(aim.key, Purpose.LINK_ACCEPT) * SLOTS)]
    return int(found) if found < NOBODY or (found >= 0 and known[found].state == _WITH_RD) else NOBODY


@rule
def _accepts(a: Any, other: np.uint64, is_close: bool, seed: int, quarter: int, p: Any) -> bool:
    """Return whether two become partners, sooner where their fields are the same."""
    fit = 1.0 if is_close else p.field_proximity
    return bool(uniform(stream(seed, _pair(a.id, other), quarter), Purpose.LINK_ACCEPT) < fit)


@rule
def _university(aim: Any, known: Any, seed: int, quarter: int, academia: Any, p: Any) -> int:
    """Return the next university from where the searcher aims that accepts, or NOBODY."""
    firm, first, last = known[aim.row], academia.starts[aim.city], academia.starts[aim.city + 1]
    at = first + aim.at
    for _ in range(min(_TRIES, last - first)):
        if _accepts(firm, academia.ids[at], academia.fields[at] == firm.field, seed, quarter, p):
            return int(-2 - at)
        at = at + 1 if at + 1 < last else first
    return NOBODY


@rule
def _firm(aim: Any, known: Any, seed: int, quarter: int, rings: Any, p: Any) -> int:
    """Return the next firm on the ring of the city from where the searcher aims that accepts, or NOBODY."""
    firm, first, last = known[aim.row], rings.starts[aim.city], rings.starts[aim.city + 1]
    at, place = aim.at, aim.city + uniform(aim.key, Purpose.LINK_PARTNER)
    while at < last and rings.firms[at].place < place:
        at += 1
    for _ in range(min(_TRIES, last - first)):
        at = at if at < last else first
        other = rings.firms[at]
        if _accepts(firm, other.id, other.field == firm.field, seed, quarter, p):
            return int(other.row)
        at += 1
    return NOBODY


@stage
def _benefit(firms: Any, start: int, end: int, known: Any, partners: Any, p: Any, links: Any) -> None:
    """Write what partners add to the firms in some rows, and count these firms' links (float64[C, C+1]).

    A university or institute adds a fixed share, a firm the more the larger its knowledge stock relative to
    one's own (high spillover potential, Branstetter & Sakakibara 2002). The last column of `links` counts
    partners among universities.
    """
    universities = links.shape[0]
    for i in range(start, end):
        if known[i].state == _CLOSED:
            continue
        city, gain = known[i].city, 0.0
        academic = 0.0
        for slot in range(SLOTS):
            partner = partners[i, slot]
            if partner == NOBODY:
                break  # slots are filled from the first on
            if partner < NOBODY:
                academic = 1.0
                links[city, universities] += 1.0
            else:
                relative = np.sqrt((known[partner].knowledge + 1.0) / (known[i].knowledge + 1.0))
                gain += p.partner_gain_firm * min(1.5, relative)
                links[city, known[partner].city] += 1.0
        firm = firms[i]
        firm.partner_gain = gain + academic * p.partner_gain_university
        firm.contracts = p.contract_ratio * (0.8 + 0.4 * academic) if known[i].state == _WITH_RD else 0.0


@loop
def form_rings(known: Any, cities: int, seed: int, quarter: int) -> Any:
    """Return the rings of a year (`Rings`)."""
    rows, starts = _with_rd(known, cities)
    size = rows.size
    drawn, even = np.empty(size, dtype=RING), np.empty(size, dtype=np.int32)
    near = np.zeros(size + 1, dtype=np.int32)
    for k in range(size):
        firm, spot = known[rows[k]], drawn[k]
        u = uniform(stream(seed, firm.id, quarter), Purpose.LINK_RING)
        spot.place, spot.id, spot.row, spot.field = firm.city + u, firm.id, rows[k], firm.field
        first = starts[firm.city]
        even[k] = first + int(u * (starts[firm.city + 1] - first))
        near[even[k] + 1] += 1
    for k in range(size):
        near[k + 1] += near[k]
    return Rings(_ordered(drawn, even, near.copy()), starts, near)


@loop
def _with_rd(known: Any, cities: int) -> Any:
    """Return the rows of firms with R&D, and how many there are in the cities before each city."""
    rows = np.empty(known.size, dtype=np.int32)
    starts = np.zeros(cities + 1, dtype=np.int32)
    found = 0
    for i in range(known.size):
        does_rd = known[i].state == _WITH_RD
        rows[found] = i
        starts[known[i].city + 1] += does_rd
        found += does_rd
    for city in range(cities):
        starts[city + 1] += starts[city]
    return rows[:found], starts


@loop
def _ordered(drawn: Any, even: Any, free: Any) -> Any:
    """Return firms in the order of their places, given where each would be if places were even.

    Each goes there first (`free`: the next free spot of each), and then moves a little.
    """
    ordered = np.empty_like(drawn)
    for k in range(drawn.size):
        ordered[free[even[k]]] = drawn[k]
        free[even[k]] += 1
    for k in range(1, drawn.size):
        at = k
        while at > 0 and ordered[at - 1].place > ordered[at].place:
            _swap(ordered[at - 1], ordered[at])
            at -= 1
    return ordered


@rule
def _swap(a: Any, b: Any) -> None:
    a.place, b.place = b.place, a.place
    a.id, b.id = b.id, a.id
    a.row, b.row = b.row, a.row
    a.field, b.field = b.field, a.field
