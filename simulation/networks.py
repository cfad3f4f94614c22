"""Who works with whom: a partner table that renews itself once a year.

Each firm with R&D keeps up to `SLOTS` partners that it chose: another firm, or a university. New partners
are found through gravity (travel time, provincial borders, the mass of R&D there), through the partners of
partners, and through closeness of fields. All draws are keyed to the firm, or to the pair.
"""

from typing import Any

import networkx as nx
import numpy as np

from agents.compiling import loop, rule
from simulation import threads
from simulation.geography import collaboration_gravity
from simulation.randomness import Purpose, mix, stream, uniform
from simulation.world import World

SLOTS = 3
NOBODY = -1
_TRIES = 6


def university_code(index: int) -> int:
    """Return how the partner table names the university at this index."""
    return -2 - index


def search_partners(model: World, old: np.ndarray, quarter: int, gain: np.ndarray, rounds: int) -> None:
    """Renew the partner table from `old`, and write what partners add and how cities are linked.

    `gain` is each city's contact relative to today's travel times (float64[C]).
    """
    firms, p, cities = model.firms, model.parameters[0], len(model.geography.cities)
    model.gravity = collaboration_gravity(model.border, model.minutes, model.rd_mass, p)
    ring, ring_place, starts = rings(firms.records, cities, model.seed, quarter)
    ids, fields, active = gather(firms.records, firms.count)
    model.partners = np.full((firms.count, SLOTS), NOBODY, dtype=np.int32)

    def renew(rows: tuple[int, int]) -> None:
        renew_partners(
            firms.records,
            rows,
            ids,
            fields,
            active,
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
        partner_effects(firms.records, rows, model.partners, p, links)
        return links

    parts = threads.by_row(firms.count)
    threads.each(renew, parts)
    model.links = np.sum(threads.each(count_links, parts), axis=0)


@rule
def _pair(a: np.uint64, b: np.uint64) -> np.uint64:
    return mix(min(a, b)) ^ max(a, b)


@loop
def renew_partners(
    firms: Any,
    rows: Any,
    ids: Any,
    fields: Any,
    active: Any,
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
    ids, fields, active : uint64[N], int8[N], bool[N]
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
    ring_ids, ring_fields = ids[ring], fields[ring]
    for i in range(rows[0], rows[1]):
        firm = firms[i]
        if firm.alive == 0:
            continue
        filled = 0
        if i < old.shape[0]:
            filled = _keep(i, old, new, ids, active, university_ids, seed, quarter, p)
        if firm.does_rd == 0:
            continue
        for turn in range(rounds):
            if filled == SLOTS:
                break
            key = stream(seed, firm.id, quarter * 8 + turn)
            if uniform(key, Purpose.LINK_SEARCH) >= search[firm.city]:
                continue
            partner = _find(
                firms,
                active,
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
            known = partner == i
            for slot in range(filled):
                known = known or new[i, slot] == partner
            if partner != NOBODY and not known:
                new[i, filled] = partner
                filled += 1


@loop
def gather(firms: Any, count: int) -> Any:
    """Return ids, fields and whether firms do R&D: partners lie anywhere, and these stay in the cache."""
    ids = np.empty(count, dtype=np.uint64)
    fields = np.empty(count, dtype=np.int8)
    active = np.empty(count, dtype=np.bool_)
    for i in range(count):
        ids[i], fields[i] = firms[i].id, firms[i].field
        active[i] = firms[i].alive == 1 and firms[i].does_rd == 1
    return ids, fields, active


@loop
def _keep(
    i: int,
    old: Any,
    new: Any,
    ids: Any,
    active: Any,
    university_ids: Any,
    seed: int,
    quarter: int,
    p: Any,
) -> int:
    """Carry a firm's partnerships that last over to `new`; return how many."""
    filled = 0
    for slot in range(SLOTS):
        partner = old[i, slot]
        if partner == NOBODY or (partner >= 0 and not active[partner]):
            continue
        other = university_ids[-2 - partner] if partner < NOBODY else ids[partner]
        if uniform(stream(seed, _pair(ids[i], other), quarter), Purpose.LINK_SURVIVAL) < p.link_survival:
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


@loop
def _find(
    firms: Any,
    active: Any,
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
    firm = firms[i]
    u = uniform(key, Purpose.LINK_PARTNER)
    if uniform(key, Purpose.LINK_KIND) < p.triadic_share and i < old.shape[0]:
        through = old[i, int(u * SLOTS)]
        if through >= 0 and through < old.shape[0] and firms[through].alive == 1:
            found = old[through, int(uniform(key, Purpose.LINK_ACCEPT) * SLOTS)]
            if found < NOBODY or (found >= 0 and active[found]):
                return int(found)
    v, city = uniform(key, Purpose.LINK_CITY), 0
    while city < gravity.shape[0] - 1 and gravity[firm.city, city] < v:
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
        fit = 1.0 if field == firm.field else p.field_proximity
        if uniform(stream(seed, _pair(firm.id, other), quarter), Purpose.LINK_ACCEPT) < fit:
            return int(code)
    return NOBODY


@loop
def partner_effects(firms: Any, rows: Any, partners: Any, p: Any, links: Any) -> None:
    """Write what partners add to the firms in some rows, and count these firms' links (float64[C, C+1]).

    A university or institute adds a fixed share, a firm the more the larger its knowledge stock relative to
    one's own (high spillover potential, Branstetter & Sakakibara 2002). The last column of `links` counts
    partners among universities.
    """
    universities = links.shape[0]
    for i in range(rows[0], rows[1]):
        firm = firms[i]
        if firm.alive == 0:
            continue
        gain = 0.0
        academic = 0.0
        for slot in range(SLOTS):
            partner = partners[i, slot]
            if partner == NOBODY:
                continue
            if partner < NOBODY:
                academic = 1.0
                links[firm.city, universities] += 1.0
            else:
                other = firms[partner]
                relative = np.sqrt((other.knowledge + 1.0) / (firm.knowledge + 1.0))
                gain += p.partner_gain_firm * min(1.5, relative)
                links[firm.city, other.city] += 1.0
        firm.partner_gain = gain + academic * p.partner_gain_university
        firm.contracts = p.contract_ratio * (0.8 + 0.4 * academic) if firm.does_rd == 1 else 0.0


def rings(
    firms: np.ndarray, cities: int, seed: int, quarter: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of living firms with R&D in the order of their rings, their places, and each start.

    A place is the number of the city plus a draw.
    """
    rows, starts = _with_rd(firms, firms.size, cities)
    return (*_in_order(firms, rows, starts, seed, quarter), starts)


@loop
def _with_rd(firms: Any, count: int, cities: int) -> Any:
    """Return the rows of living firms with R&D, and how many there are in the cities before each city."""
    rows = np.empty(count, dtype=np.int32)
    starts = np.zeros(cities + 1, dtype=np.int32)
    found = 0
    for i in range(count):
        firm = firms[i]
        if firm.alive == 1 and firm.does_rd == 1:
            rows[found] = i
            starts[firm.city + 1] += 1
            found += 1
    for city in range(cities):
        starts[city + 1] += starts[city]
    return rows[:found], starts


@loop
def _in_order(firms: Any, rows: Any, starts: Any, seed: int, quarter: int) -> Any:
    """Draw firms' places and return rows and places in their order.

    Places are even: each is first put where it would be if they were exactly so, and then moved a little.
    """
    size = rows.size
    place = np.empty(size)
    about = np.empty(size, dtype=np.int32)
    free = np.zeros(size + 1, dtype=np.int32)
    for k in range(size):
        firm = firms[rows[k]]
        u = uniform(stream(seed, firm.id, quarter), Purpose.LINK_RING)
        first = starts[firm.city]
        place[k] = firm.city + u
        about[k] = first + int(u * (starts[firm.city + 1] - first))
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
    firms: np.ndarray, partners: np.ndarray, universities: list[str], cities: tuple[str, ...]
) -> nx.Graph:
    """Return the collaboration network for analysis and export.

    Nodes are firm ids (with city, field and knowledge stock) and names of universities.
    """
    graph = nx.Graph()
    linked = np.flatnonzero((partners != NOBODY).any(axis=1) & (firms["alive"][: partners.shape[0]] == 1))
    for i in linked:
        for partner in partners[i][partners[i] != NOBODY]:
            if partner >= 0 and firms["alive"][partner] != 1:
                continue  # closed since the table was renewed
            other = universities[-2 - partner] if partner < NOBODY else int(firms["id"][partner])
            graph.add_edge(int(firms["id"][i]), other)
    rows = {int(identity): row for row, identity in enumerate(firms["id"])}
    for node in graph:
        if isinstance(node, int):
            record = firms[rows[node]]
            graph.nodes[node].update(
                kind="firm",
                city=cities[record["city"]],
                field=int(record["field"]),
                knowledge=float(record["knowledge"]),
            )
        else:
            graph.nodes[node].update(kind="university")
    return graph
