"""Network: who works with whom, groups of firms and universities, with their centralities."""

import math
from typing import Any

import solara

from dashboard.i18n import N_, Texts
from dashboard.parts.controls import Choice, NetworkView, Picker, TableDownloads
from dashboard.parts.scenario_choice import ScenarioChoice, use_scenario_choice
from dashboard.portraits import SEED, use_portrait
from dashboard.state import use_session
from dashboard.tables import node_table
from simulation.collaboration_graph import CENTRALITIES, CollaborationGraph, Node
from simulation.data import load_fields
from simulation.geography import load_geography

SIZE = 640
MOST_TIES = 320
MOST_ROWS = 40
NAMES = {
    "degree": N_("Degree centrality"),
    "betweenness": N_("Betweenness centrality"),
    "eigenvector": N_("Eigenvector centrality"),
}


@solara.component
def Page() -> None:
    """Let scenario, year and centrality be chosen, and show the network and its nodes."""
    session = use_session()
    t = session.texts
    choice = use_scenario_choice(session)
    sitting = use_portrait(session, choice.scenario, "network")
    measure, year = solara.use_reactive("degree"), solara.use_reactive("")
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Network of collaboration"))
        ScenarioChoice(choice)
        Picker(
            label=t("Centrality"),
            options=[{"key": key, "name": t(name)} for key, name in NAMES.items()],
            value=measure.value,
            event_choose=measure.set,
        )
        if sitting.portrait:
            years = [str(one.year) for one in sitting.portrait.networks]
            shown = year.value if year.value in years else years[-1]
            Choice(t("Year"), [(one, one, "") for one in years], shown, year.set)
    if sitting.error:
        solara.Error(sitting.error)
    elif sitting.portrait is None:
        solara.Text(t("One run is being looked at closely; this takes some seconds."), classes=["yw-empty"])
    else:
        graph = next(one for one in sitting.portrait.networks if str(one.year) == shown)
        with solara.Div(classes=["yw-card"]):
            NetworkView(size=SIZE, words=_words(t, NAMES[measure.value]), **drawn(graph, measure.value, t))
            TableDownloads(f"network-{choice.scenario.name}-{shown}", lambda: node_table(graph))
        solara.Text(
            t("One draw (seed {seed}). Firms stand in groups, one for each city and field; a partnership "
              "counts once for each side. Centralities are of the whole network; of its {ties} ties the "
              "strongest are drawn.",
              seed=SEED, ties=len(graph.ties)),
            classes=["yw-note"],
        )  # fmt: skip
        solara.Text(
            t("Degree: the share of all partnerships. Betweenness: the share of shortest ways between others "
              "that lead through. Eigenvector: high where partners are well connected themselves."),
            classes=["yw-note"],
        )  # fmt: skip


def _words(t: Texts, measure: str) -> dict[str, str]:
    return {
        "label": t("Network of collaboration"),
        "measure": t(measure),
        "node": t("Organisation"),
        "city": t("City"),
        "links": t("Partnerships"),
        "degree": t("Degree"),
        "betweenness": t("Betweenness"),
        "eigenvector": t("Eigenvector"),
        "firms": t("firms of a field"),
        "university": t("university or institute"),
        "ties": t("Strongest ties of {name}", name="{name}"),
    }


def node_name(node: Node, t: Texts) -> str:
    """Return the name of a university, or the field of a group of firms."""
    return node.name_zh if t.language == "zh" else node.name


def drawn(graph: CollaborationGraph, measure: str, t: Texts) -> dict[str, Any]:
    """Return nodes on a ring, city by city, with the strongest ties, and the rows of the table."""
    cities = load_geography().cities
    order = sorted(
        range(len(graph.nodes)),
        key=lambda at: (
            cities.index(graph.nodes[at].city),
            graph.nodes[at].is_university,
            graph.nodes[at].field,
        ),
    )
    spots, labels = _ring([graph.nodes[at].city for at in order])
    scores = [float(getattr(node, measure)) for node in graph.nodes]
    largest = max(scores) or 1.0
    nodes: list[dict[str, Any]] = [{} for _ in order]
    for spot, at in zip(spots, order, strict=True):
        node = graph.nodes[at]
        nodes[at] = {
            "x": round(spot[0], 1),
            "y": round(spot[1], 1),
            "r": round(2.0 + 11.0 * math.sqrt(scores[at] / largest), 1),
            "university": node.is_university,
            "name": t("{name}, {place}", name=node_name(node, t), place=t.region(node.city)),
        }
    ties = [{"a": a, "b": b, "value": value, "text": t.number(value, 0)} for a, b, value in graph.ties]
    ranked = sorted(range(len(graph.nodes)), key=lambda at: -scores[at])[:MOST_ROWS]
    return {
        "nodes": nodes,
        "ties": ties[:MOST_TIES],
        "labels": [
            {"x": round(x, 1), "y": round(y, 1), "name": t.region(city), "anchor": anchor}
            for city, x, y, anchor in labels
        ],
        "rows": [_row(graph.nodes[at], at, t) for at in ranked],
    }


def _row(node: Node, at: int, t: Texts) -> dict[str, Any]:
    return {
        "node": at,
        "name": node_name(node, t),
        "city": t.region(node.city),
        "university": node.is_university,
        "links": t.number(node.links, 0),
        **{name: t.number(100.0 * getattr(node, name), 1) for name in CENTRALITIES},
    }


Spot = tuple[float, float]


def _ring(cities: list[str]) -> tuple[list[Spot], list[tuple[str, float, float, str]]]:
    """Return places on a circle in order, with a gap between cities, and where cities' names stand."""
    gap, radius, middle = 1.6, 0.37 * SIZE, SIZE / 2.0
    groups = list(dict.fromkeys(cities))
    unit = 2.0 * math.pi / (len(cities) + gap * len(groups))
    spots, labels, angle = [], [], -math.pi / 2.0
    for city in groups:
        count = cities.count(city)
        for place in range(count):
            at = angle + (place + 0.5) * unit
            spots.append((middle + radius * math.cos(at), middle + radius * math.sin(at)))
        at = angle + 0.5 * count * unit
        x, y = middle + 1.09 * radius * math.cos(at), middle + 1.09 * radius * math.sin(at)
        anchor = "middle" if abs(math.cos(at)) < 0.25 else "start" if math.cos(at) > 0.0 else "end"
        labels.append((city, x, y + 4.0, anchor))
        angle += (count + gap) * unit
    return spots, labels


def field_names(t: Texts) -> list[str]:
    """Return the names of the fields of technology in their order."""
    return [one.name_zh if t.language == "zh" else one.name_en for one in load_fields()]
