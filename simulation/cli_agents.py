"""The commands that show and save single agents and networks of one run: agents, network."""

from pathlib import Path

import networkx as nx
import pandas as pd
from rich import box
from rich.table import Table

from simulation.cli_output import explained, messages, output, print_json
from simulation.errors import unknown_name
from simulation.exports import GRAPHS, UNIVERSITIES, agents_frame, run_to, save_frame, save_graph
from simulation.model import InnovationModel
from simulation.runs import RunSpec, new_model

SHOWN = 20


def agents(
    scenario: str, kind: str, columns: str, year: int, seed: int, scale: float, out: Path | None, json: bool
) -> None:
    """Show or save the agents of one run at the end of a year."""
    chosen = tuple(name.strip() for name in columns.split(",") if name.strip())
    frame = agents_frame(_model(scenario, year, seed, scale), kind, chosen)
    if out:
        save_frame(frame, out)
        messages().print(f"{len(frame):,} {kind.replace('_', ' ')} are in {out}")
    elif json:
        print_json({"agents": kind, "year": year, "columns": list(frame), "rows": frame.to_numpy().tolist()})
    else:
        _show(frame)


def network(scenario: str, of: str, year: int, seed: int, scale: float, out: Path | None, json: bool) -> None:
    """Save the network of one run at the end of a year, or say what it is like."""
    if of not in GRAPHS:
        raise unknown_name("network", of, GRAPHS)
    graph = GRAPHS[of](_model(scenario, year, seed, scale))
    if out:
        save_graph(graph, out)
        messages().print(f"{len(graph):,} nodes and {graph.number_of_edges():,} links are in {out}")
    elif json:
        print_json(nx.node_link_data(graph, edges="links"))
    else:
        _show(_described(graph) if of == "cities" else _counted(graph))


def _model(scenario: str, year: int, seed: int, scale: float) -> InnovationModel:
    with explained():
        model = new_model(RunSpec(scenario, seed, scale, year))
    run_to(model, year)
    return model


def _described(graph: nx.DiGraph) -> pd.DataFrame:
    """Return each city with its links to others and their share of all its links."""
    rows = []
    for city in graph:
        links = {other: facts["partners"] for other, facts in graph[city].items() if facts["partners"]}
        total = sum(links.values())
        if city != UNIVERSITIES:
            outside = total - links.get(city, 0.0) - links.get(UNIVERSITIES, 0.0)
            shares = outside, links.get(UNIVERSITIES, 0.0)
            rows.append((city, total, *(100.0 * part / total if total else 0.0 for part in shares)))
    return pd.DataFrame(rows, columns=["city", "links", "to other cities, %", "to universities, %"])


def _counted(graph: nx.Graph) -> pd.DataFrame:
    largest = max((len(part) for part in nx.connected_components(graph)), default=0)
    degree = 2.0 * graph.number_of_edges() / len(graph) if len(graph) else 0.0
    facts = {
        "nodes": len(graph),
        "links": graph.number_of_edges(),
        "mean degree": degree,
        "largest part": largest,
    }
    return pd.DataFrame(list(facts.items()), columns=["", "value"])


def _show(frame: pd.DataFrame) -> None:
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in frame:
        view.add_column(str(name), justify="right" if frame[name].dtype.kind in "fiu" else "left")
    for row in frame.head(SHOWN).itertuples(index=False):
        view.add_row(*(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in row))
    output().print(view)
    if len(frame) > SHOWN:
        messages().print(f"the first {SHOWN} of {len(frame):,}; --out FILE saves all")
