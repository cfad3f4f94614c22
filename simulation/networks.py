"""Who works with whom: a partner table that renews itself once a year.

Each firm with R&D keeps up to `SLOTS` partners that it chose: another firm, or a university. New partners
are found through gravity (travel time, provincial borders, the mass of R&D there), through the partners of
partners, and through closeness of fields. All draws are keyed to the firm, or to the pair.
"""

from typing import Any, NamedTuple

import networkx as nx
import numpy as np

from agents.compiling import loop, rule
from agents.tables import Table
from simulation import threads
from simulation.geography import collaboration_gravity
from simulation.randomness import Purpose, mix, stream, uniform
from simulation.world import World

SLOTS = 3
NOBODY = -1
_TRIES = 6
_CLOSED, _WITHOUT_RD, _WITH_RD = 0, 1, 2


class Known(NamedTuple):
    """What firms know of all others; partners lie anywhere, and so little of each stays in the cache."""

    ids: np.ndarray  # uint64[N]
    fields: np.ndarray  # int8[N]
    cities: np.ndarray  # int8[N]
    states: np.ndarray  # int8[N]: closed, without R&D, with R&D
    knowledge: np.ndarray  # float64[N]


def university_code(index: int) -> int:
    """Return how the partner table names the university at this index."""
    return -2 - index


def search_partners(model: World, old: np.ndarray, quarter: int, gain: np.ndarray, rounds: int) -> None:
    """Renew the partner table from `old`, and write what partners add and how cities are linked.

    `gain` is each city's contact relative to today's travel times (float64[C]).
    """
    firms, p, cities = model.firms, model.parameters[0], len(model.geography.cities)
    model.gravity = collaboration_gravity(model.border, model.minutes, model.rd_mass, p)
    known = gather(firms.records, firms.count)
    ring, ring_place, starts = rings(known, cities, model.seed, quarter)
    model.partners = np.full((firms.count, SLOTS), NOBODY, dtype=np.int32)

    def renew(rows: tuple[int, int]) -> None:
        renew_partners(
            known,
            rows,
            old,
            model.partners,
            model.seed,
            quarter,
            np.cumsum(model.gravity, axis=1),
            np.minimum(1.0, p["search_rate"] * gain),
            ring,
            ring_place,
            starts,
            model.university_ids,
            model.university_fields,
            model.university_starts,
            p,
            rounds,
        )

    def count_links(rows: tuple[int, int]) -> np.ndarray:
        links = np.zeros((cities, cities + 1))
        partner_effects(firms.records, rows, known, model.partners, p, links)
        return links

    parts = threads.by_row(firms.count)
    threads.each(renew, parts)
    model.links = np.sum(threads.each(count_links, parts), axis=0)


@rule
def _pair(a: np.uint64, b: np.uint64) -> np.uint64:
    return mix(min(a, b)) ^ max(a, b)


@loop
def renew_partners(
    known: Any,
    rows: Any,
    old: Any,
    new: Any,
    seed: int,
    quarter: int,
    gravity: Any,
    search: Any,
    ring: Any,
    ring_place: Any,
    ring_start: Any,
    university_ids: Any,
    university_field: Any,
    university_start: Any,
    p: Any,
    rounds: int,
) -> None:
    """Write some `rows` (the first, and the end) of next year's partner table `new` (int32[N, SLOTS]).

    Parameters
    ----------
    known : Known
        What all firms are, from `gather`.
    old : int32[M, SLOTS]
        Last year's table.
    gravity : float64[C, C]
        Cumulative chances over cities (columns) of a search from a city (row).
    search : float64[C]
        Chance that a firm with R&D looks for a new partner.
    ring, ring_place, ring_start : int32[N], float64[N], int32[C + 1]
        Rows of firms with R&D by city, each at a place on its city's ring that is drawn anew every year
        (city number plus 0-1). A draw finds the firm that follows it, so that one firm more is found by
        those alone who land just before it.
    """
    ring_ids, ring_fields = known.ids[ring], known.fields[ring]
    for i in range(rows[0], rows[1]):
        if known.states[i] == _CLOSED:
            continue
        filled = 0
        if i < old.shape[0]:
            filled = _keep(i, old, new, known, university_ids, seed, quarter, p)
        if known.states[i] == _WITHOUT_RD:
            continue
        for turn in range(rounds):
            if filled == SLOTS:
                break
            key = stream(seed, known.ids[i], quarter * 8 + turn)
            if uniform(key, Purpose.LINK_SEARCH) >= search[known.cities[i]]:
                continue
            partner = _find(
                known,
                i,
                old,
                key,
                seed,
                quarter,
                gravity,
                ring,
                ring_ids,
                ring_fields,
                ring_place,
                ring_start,
                university_ids,
                university_field,
                university_start,
                p,
            )
            met = partner == i
            for slot in range(filled):
                met = met or new[i, slot] == partner
            if partner != NOBODY and not met:
                new[i, filled] = partner
                filled += 1


@loop
def gather(firms: Any, count: int) -> Any:
    """Return what is known of firms."""
    known = Known(
        np.empty(count, dtype=np.uint64),
        np.empty(count, dtype=np.int8),
        np.empty(count, dtype=np.int8),
        np.empty(count, dtype=np.int8),
        np.empty(count),
    )
    for i in range(count):
        firm = firms[i]
        known.ids[i], known.fields[i], known.cities[i] = firm.id, firm.field, firm.city
        known.states[i] = firm.alive + firm.alive * firm.does_rd
        known.knowledge[i] = firm.knowledge
    return known


@rule
def _keep(
    i: int, old: Any, new: Any, known: Any, university_ids: Any, seed: int, quarter: int, p: Any
) -> int:
    """Carry a firm's partnerships that last over to `new`; return how many."""
    filled = 0
    for slot in range(SLOTS):
        partner = old[i, slot]
        if partner == NOBODY or (partner >= 0 and known.states[partner] != _WITH_RD):
            continue
        other = university_ids[-2 - partner] if partner < NOBODY else known.ids[partner]
        u = uniform(stream(seed, _pair(known.ids[i], other), quarter), Purpose.LINK_SURVIVAL)
        if u < p.link_survival:
            new[i, filled] = partner
            filled += 1
    return filled


@rule
def _land(ring_place: Any, first: int, last: int, city: Any, u: float) -> int:
    """Return who follows the place `u` on a city's ring; places are even, so the search starts close by."""
    at = first + int(u * (last - first))
    while at > first and ring_place[at - 1] >= city + u:
        at -= 1
    while at < last and ring_place[at] < city + u:
        at += 1
    return at


@rule
def _find(
    known: Any,
    i: int,
    old: Any,
    key: np.uint64,
    seed: int,
    quarter: int,
    gravity: Any,
    ring: Any,
    ring_ids: Any,
    ring_fields: Any,
    ring_place: Any,
    ring_start: Any,
    university_ids: Any,
    university_field: Any,
    university_start: Any,
    p: Any,
) -> int:
    """Return a partner that is found and accepts, or `NOBODY`."""
    u = uniform(key, Purpose.LINK_PARTNER)
    if uniform(key, Purpose.LINK_KIND) < p.triadic_share and i < old.shape[0]:
        through = old[i, int(u * SLOTS)]
        if through >= 0 and through < old.shape[0] and known.states[through] != _CLOSED:
            found = old[through, int(uniform(key, Purpose.LINK_ACCEPT) * SLOTS)]
            if found < NOBODY or (found >= 0 and known.states[found] == _WITH_RD):
                return int(found)
    v, city = uniform(key, Purpose.LINK_CITY), 0
    while city < gravity.shape[0] - 1 and gravity[known.cities[i], city] < v:
        city += 1
    wants_university = uniform(key, Purpose.DISCLOSURE) < p.university_partner_share
    first, last = (
        (university_start[city], university_start[city + 1])
        if wants_university
        else (ring_start[city], ring_start[city + 1])
    )
    size = last - first
    if size == 0:
        return NOBODY
    start = int(u * size) if wants_university else _land(ring_place, first, last, city, u) - first
    for step in range(min(_TRIES, size)):
        position = first + (start + step) % size
        if wants_university:
            other, field, code = university_ids[position], university_field[position], -2 - position
        else:
            other, field, code = ring_ids[position], ring_fields[position], ring[position]
        fit = 1.0 if field == known.fields[i] else p.field_proximity
        if uniform(stream(seed, _pair(known.ids[i], other), quarter), Purpose.LINK_ACCEPT) < fit:
            return int(code)
    return NOBODY


@loop
def partner_effects(firms: Any, rows: Any, known: Any, partners: Any, p: Any, links: Any) -> None:
    """Write what partners add to the firms in some rows, and count these firms' links (float64[C, C+1]).

    A university or institute adds a fixed share, a firm the more the larger its knowledge stock relative to
    one's own (high spillover potential, Branstetter & Sakakibara 2002). The last column of `links` counts
    partners among universities.
    """
    universities = links.shape[0]
    for i in range(rows[0], rows[1]):
        if known.states[i] == _CLOSED:
            continue
        city, gain = known.cities[i], 0.0
        academic = 0.0
        for slot in range(SLOTS):
            partner = partners[i, slot]
            if partner == NOBODY:
                break  # slots are filled from the first on
            if partner < NOBODY:
                academic = 1.0
                links[city, universities] += 1.0
            else:
                relative = np.sqrt((known.knowledge[partner] + 1.0) / (known.knowledge[i] + 1.0))
                gain += p.partner_gain_firm * min(1.5, relative)
                links[city, known.cities[partner]] += 1.0
        firm = firms[i]
        firm.partner_gain = gain + academic * p.partner_gain_university
        firm.contracts = p.contract_ratio * (0.8 + 0.4 * academic) if known.states[i] == _WITH_RD else 0.0


def rings(known: Known, cities: int, seed: int, quarter: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of firms with R&D in the order of their rings, their places, and each start.

    A place is the number of the city plus a draw.
    """
    rows, starts = _with_rd(known, cities)
    return (*_in_order(known, rows, starts, seed, quarter), starts)


@loop
def _with_rd(known: Any, cities: int) -> Any:
    """Return the rows of firms with R&D, and how many there are in the cities before each city."""
    rows = np.empty(known.states.size, dtype=np.int32)
    starts = np.zeros(cities + 1, dtype=np.int32)
    found = 0
    for i in range(known.states.size):
        does_rd = known.states[i] == _WITH_RD
        rows[found] = i
        starts[known.cities[i] + 1] += does_rd
        found += does_rd
    for city in range(cities):
        starts[city + 1] += starts[city]
    return rows[:found], starts


@loop
def _in_order(known: Any, rows: Any, starts: Any, seed: int, quarter: int) -> Any:
    """Draw firms' places and return rows and places in their order.

    Places are even: each is first put where it would be if they were exactly so, and then moved a little.
    """
    size = rows.size
    draws = np.empty(size)
    for k in range(size):
        draws[k] = uniform(stream(seed, known.ids[rows[k]], quarter), Purpose.LINK_RING)
    place = np.empty(size)
    about = np.empty(size, dtype=np.int32)
    free = np.zeros(size + 1, dtype=np.int32)
    for k in range(size):
        city, u = known.cities[rows[k]], draws[k]
        first = starts[city]
        place[k] = city + u
        about[k] = first + int(u * (starts[city + 1] - first))
        free[about[k] + 1] += 1
    for k in range(size):
        free[k + 1] += free[k]
    ordered, places = np.empty_like(rows), np.empty(size)
    for k in range(size):
        at = free[about[k]]
        ordered[at], places[at] = rows[k], place[k]
        free[about[k]] += 1
    for k in range(1, size):
        row, x, at = ordered[k], places[k], k
        while at > 0 and places[at - 1] > x:
            ordered[at], places[at] = ordered[at - 1], places[at - 1]
            at -= 1
        ordered[at], places[at] = row, x
    return ordered, places


@loop
def remap(partners: Any, moved: Any) -> Any:
    """Return the partner table after a squeeze (`moved`: new row of each old one, -1: gone)."""
    kept = 0
    out = np.full_like(partners, NOBODY)
    for i in range(min(partners.shape[0], moved.size)):
        if moved[i] >= 0:
            for slot in range(SLOTS):
                partner = partners[i, slot]
                out[moved[i], slot] = moved[partner] if partner >= 0 else partner
            kept = moved[i] + 1
    return out[:kept]


def to_graph(
    firms: Table, partners: np.ndarray, universities: list[str], cities: tuple[str, ...]
) -> nx.Graph:
    """Return the collaboration network for analysis and export.

    Nodes are firm ids (with city, field and knowledge stock) and names of universities.
    """
    graph = nx.Graph()
    ids, alive = firms["id"].tolist(), firms["alive"] == 1
    linked = np.flatnonzero((partners != NOBODY).any(axis=1) & alive[: partners.shape[0]])
    for i in linked.tolist():
        for partner in partners[i][partners[i] != NOBODY].tolist():
            if partner >= 0 and not alive[partner]:
                continue  # closed since the table was renewed
            graph.add_edge(ids[i], universities[-2 - partner] if partner < NOBODY else ids[partner])
    rows = {identity: row for row, identity in enumerate(ids)}
    city, field, knowledge = (firms[name].tolist() for name in ("city", "field", "knowledge"))
    for node in graph:
        if isinstance(node, int):
            row = rows[node]
            graph.nodes[node].update(
                kind="firm", city=cities[city[row]], field=field[row], knowledge=knowledge[row]
            )
        else:
            graph.nodes[node].update(kind="university")
    return graph
