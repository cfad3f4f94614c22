"""Who works with whom: a partner table that renews itself once a year (`simulation.partner_search`)."""

from typing import Any

import networkx as nx
import numpy as np

from agents.compiling import loop
from agents.tables import Table
from simulation import threads
from simulation.geography import collaboration_gravity
from simulation.partner_search import (
    NOBODY,
    SLOTS,
    Academia,
    Contacts,
    form_rings,
    gather,
    renew_partners,
)
from simulation.world import World


def university_code(index: int) -> int:
    """Return how the partner table names the university at this index."""
    return -2 - index


def search_partners(model: World, old: np.ndarray, quarter: int, gain: np.ndarray, rounds: int) -> None:
    """Renew the partner table from `old`, and write what partners add and how cities are linked.

    `gain` is each city's contact relative to today's travel times (float64[C]).
    """
    firms, p, cities = model.firms, model.parameters[0], len(model.geography.cities)
    model.gravity = collaboration_gravity(model.border, model.minutes, model.rd_mass, p)
    contacts = Contacts(np.minimum(1.0, p["search_rate"] * gain), np.cumsum(model.gravity, axis=1))
    academia = Academia(model.university_ids, model.university_fields, model.university_starts)
    known = gather(firms.records, firms.count)
    rings = form_rings(known, cities, model.seed, quarter)
    model.partners = np.full((firms.count, SLOTS), NOBODY, dtype=np.int32)

    def renew(rows: tuple[int, int]) -> np.ndarray:
        links = np.zeros((cities, cities + 1))
        renew_partners(
            firms.records,
            known,
            rows,
            old,
            model.partners,
            model.seed,
            quarter,
            contacts,
            rings,
            academia,
            p,
            rounds,
            links,
        )
        return links

    model.links = np.sum(threads.each(renew, threads.by_row(firms.count)), axis=0)


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
