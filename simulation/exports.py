"""Agents and networks of a model for other tools: pandas, NetworkX, GraphML, GeoJSON.

They work on any model at any quarter, inside a notebook or a Mesa data collector as well as from the command
line::

    model = InnovationModel("full_plan", scale=0.1, seed=1)
    run_to(model, 2022)
    agents_frame(model, "firms")
    save_graph(city_graph(model), Path("cities.geojson"))
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pyarrow as pa

from scenarios.scenario import FIRST_YEAR
from simulation.errors import InputError, unknown_name
from simulation.model import InnovationModel
from simulation.networks import to_graph
from simulation.store import explained
from simulation.sweeps.snapshots import AGENT_COLUMNS, agent_columns, agents, city_links
from simulation.world import World

UNIVERSITIES = "universities"
"""The node that stands for the universities of all cities."""


def run_to(model: InnovationModel, year: int) -> None:
    """Step a model to the end of a year.

    Raises
    ------
    InputError
        The model does not run that long, or is past it.
    """
    end = 4 * (year - FIRST_YEAR + 1)
    if not model.quarter <= end <= 4 * (model.until - FIRST_YEAR + 1):
        raise InputError(f"year must be from {max(model.year - 1, FIRST_YEAR)} to {model.until}, not {year}")
    while model.quarter < end:
        model.step()


def agents_frame(model: World, kind: str = "firms", columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the active agents of a kind, a row each; without `columns` with all that can be told of them.

    Money is in 10 000 CNY. A firm stands for 1/scale firms.
    """
    if kind not in AGENT_COLUMNS:
        raise unknown_name("kind of agents", kind, AGENT_COLUMNS)
    for column in columns:
        if column not in AGENT_COLUMNS[kind]:
            raise unknown_name(f"column of {kind}", column, AGENT_COLUMNS[kind])
    names = agent_columns(kind, columns or AGENT_COLUMNS[kind])
    return pa.table(agents(model, kind, names)).to_pandas()


def city_graph(model: World) -> nx.DiGraph:
    """Return links between cities: `partners` of firms, and `contracts` in 10 000 CNY a quarter.

    Nodes are cities with coordinates and the number of firms with R&D, and one node for all universities.
    """
    graph = nx.DiGraph()
    firms = agents_frame(model, "firms", ("city", "does_rd"))
    with_rd = firms[firms.does_rd == 1].city.value_counts() / model.scale
    for place in model.geography.places:
        if place.kind == "city":
            facts = {"name_zh": place.name_zh, "lat": place.lat, "lon": place.lon}
            graph.add_node(place.id, **facts, firms_with_rd=float(with_rd.get(place.id, 0.0)))
    for link in pa.table(city_links(model)).to_pylist():
        source, target = link["source"], link["target"]
        if not graph.has_edge(source, target):
            graph.add_edge(source, target, partners=0.0, contracts=0.0)
        per_firm = 1.0 / model.scale if link["network"] == "partners" else 1.0
        graph[source][target][link["network"]] += link["weight"] * per_firm
    return graph


def firm_graph(model: World) -> nx.Graph:
    """Return who collaborates with whom: firms by id, universities by name; fields by name."""
    firms = model.firms.records
    graph = to_graph(
        firms, model.partners, [each.name for each in model.universities], model.geography.cities
    )
    for _, facts in graph.nodes(data=True):
        if "field" in facts:
            facts["field"] = model.fields[facts["field"]].id
    return graph


GRAPHS: Mapping[str, Callable[[World], nx.Graph]] = {"cities": city_graph, "firms": firm_graph}


def save_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV or Parquet, as the file's name says."""
    savers = {".csv": lambda: frame.to_csv(path, index=False), ".parquet": lambda: frame.to_parquet(path)}
    _save(path, savers)


def save_graph(graph: nx.Graph, path: Path) -> None:
    """Write a graph as GraphML, as GeoJSON if its nodes have coordinates, or as CSV of its edges."""
    _save(
        path,
        {
            ".graphml": lambda: nx.write_graphml(graph, path, named_key_ids=True),
            ".geojson": lambda: path.write_text(
                json.dumps(geojson(graph), ensure_ascii=False), encoding="utf-8"
            ),
            ".csv": lambda: nx.to_pandas_edgelist(graph).to_csv(path, index=False),
        },
    )


def _save(path: Path, savers: Mapping[str, Callable[[], object]]) -> None:
    save = savers.get(path.suffix.lower())
    if save is None:
        raise InputError(f"{path} cannot be written: its name must end in {', '.join(savers)}")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        save()


def geojson(graph: nx.Graph) -> dict[str, Any]:
    """Return a graph as a GeoJSON feature collection: points, and lines between different points.

    Raises
    ------
    InputError
        No node has coordinates.
    """
    at = {node: [facts["lon"], facts["lat"]] for node, facts in graph.nodes(data=True) if "lon" in facts}
    if not at:
        raise InputError("firms have no coordinates; GeoJSON is of the network of cities")
    points = [_feature("Point", at[node], {"name": node, **_without_place(graph.nodes[node])}) for node in at]
    lines = [
        _feature("LineString", [at[a], at[b]], {"source": a, "target": b, **facts})
        for a, b, facts in graph.edges(data=True)
        if a in at and b in at and a != b
    ]
    return {"type": "FeatureCollection", "features": points + lines}


def _without_place(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in {"lat", "lon"}}


def _feature(kind: str, coordinates: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": dict(facts),
    }
