"""Who works with whom, as a graph of organisations, with centralities.

Firms come as groups, one for each city and field, since there are too many of them to draw; universities and
institutes stand for themselves. A tie counts partnerships, whoever looked for the other.
"""

from dataclasses import dataclass

import networkx as nx
import numpy as np

from simulation.partner_search import NOBODY
from simulation.world import World

CENTRALITIES = ("degree", "betweenness", "eigenvector")


@dataclass(frozen=True)
class Node:
    """A group of firms, or a university or institute.

    Attributes
    ----------
    field
        Position of the field of technology; of a university the one that it is strongest in.
    links
        Partnerships, those within the group counted twice.
    """

    id: str
    name: str
    name_zh: str
    city: str
    field: int
    is_university: bool
    links: float
    degree: float
    betweenness: float
    eigenvector: float


@dataclass(frozen=True)
class CollaborationGraph:
    """The network at the end of a year: nodes, and ties as (node, node, partnerships), strongest first."""

    year: int
    nodes: tuple[Node, ...]
    ties: tuple[tuple[int, int, float], ...]


def tie_matrix(model: World) -> np.ndarray:
    """Return partnerships between all groups and universities (float64[N, N], symmetric).

    Groups come first, by city and field, then universities in the model's order. A partnership within a
    group stands on the diagonal and counts twice, so that a row adds up to what the group takes part in.
    """
    fields = len(model.fields)
    groups = len(model.geography.cities) * fields
    size = groups + len(model.universities)
    firms = model.firms.records
    rows, slots = np.nonzero(model.partners != NOBODY)
    rows_alive = firms["alive"][rows] == 1
    rows, slots = rows[rows_alive], slots[rows_alive]
    partner = model.partners[rows, slots].astype(np.int64)
    group = firms["city"].astype(np.int64) * fields + firms["field"]
    end = np.where(partner < NOBODY, groups - 2 - partner, group[np.maximum(partner, 0)])
    pair = np.bincount(group[rows] * size + end, minlength=size * size).reshape(size, size)
    return np.asarray((pair + pair.T) / model.scale)


def collaboration_graph(model: World) -> CollaborationGraph:
    """Return the network as it is, with the centralities of its nodes."""
    ties = tie_matrix(model)
    between = ties.copy()
    np.fill_diagonal(between, 0.0)
    measured = centralities(between)
    kept = [row for row in range(len(ties)) if ties[row].any()]
    place = {row: at for at, row in enumerate(kept)}
    nodes = tuple(
        Node(*_who(model, row), float(ties[row].sum()), *(measured[name][row] for name in CENTRALITIES))
        for row in kept
    )
    pairs = [
        (place[a], place[b], float(between[a, b])) for a, b in zip(*np.nonzero(np.triu(between)), strict=True)
    ]
    year = model.year - (1 if model.quarter % 4 == 0 else 0)
    return CollaborationGraph(year, nodes, tuple(sorted(pairs, key=lambda tie: -tie[2])))


def _who(model: World, row: int) -> tuple[str, str, str, str, int, bool]:
    """Return a node's id, names, city and field, and whether it is a university."""
    fields, cities = model.fields, model.geography.cities
    groups = len(cities) * len(fields)
    if row >= groups:
        one = model.universities[row - groups]
        return (
            one.name,
            one.name,
            one.name_zh,
            cities[one.city],
            int(model.university_fields[row - groups]),
            True,
        )
    city, field = divmod(row, len(fields))
    item = fields[field]
    return f"{cities[city]}/{item.id}", item.name_en, item.name_zh, cities[city], field, False


def centralities(between: np.ndarray) -> dict[str, list[float]]:
    """Return the centralities of all nodes from the ties between different ones.

    The degree is the share of all ties' ends; for betweenness a tie is the shorter the stronger it is; the
    eigenvector centrality of weighted ties is scaled to add up to one.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(len(between)))
    for a, b in zip(*np.nonzero(np.triu(between)), strict=True):
        weight = float(between[a, b])
        graph.add_edge(int(a), int(b), weight=weight, length=1.0 / weight)
    strength = between.sum(axis=1)
    total = max(float(strength.sum()), 1e-12)
    passed = nx.betweenness_centrality(graph, weight="length")
    score = _eigenvector(graph)
    everyone = range(len(between))
    return {
        "degree": [float(value) / total for value in strength],
        "betweenness": [float(passed[node]) for node in everyone],
        "eigenvector": [score[node] for node in everyone],
    }


def _eigenvector(graph: nx.Graph) -> dict[int, float]:
    """Return eigenvector centralities in the largest connected part; they are 0 elsewhere."""
    score = dict.fromkeys(graph, 0.0)
    part = graph.subgraph(max(nx.connected_components(graph), key=len))
    if part.number_of_edges():
        found = nx.eigenvector_centrality_numpy(part, weight="weight")
        total = sum(abs(value) for value in found.values())
        score |= {node: abs(float(value)) / total for node, value in found.items()}
    return score
