"""The map of the delta: cities sized and coloured by indicators, and what flows between them, by year."""

import solara

from dashboard.drafting import BASELINE, reference_of
from dashboard.i18n import N_, Texts
from dashboard.mapping import (
    HEIGHT,
    UNDIRECTED,
    WIDTH,
    arrows,
    by_city,
    cities,
    graticule,
    layer,
    mean_flows,
    shown_indicators,
    totals,
)
from dashboard.parts.controls import Choice, MapView, Notes, Picker, TableDownloads
from dashboard.state import FULL_PLAN, Projection, Session, use_session
from dashboard.tables import flow_table
from dashboard.views import Look, looks, title_of
from scenarios.scenario import load_scenario
from simulation.flows import FLOWS, Flow
from simulation.indicators import INDICATORS

_NONE = "none"
_MODES = {"level": N_("Level"), "change": N_("Change by policy")}


@solara.component
def Page() -> None:
    """Let scenario, indicators and flow be chosen, and show them on the map."""
    session = use_session()
    t = session.texts
    draft = session.draft
    shown = looks(
        session, (load_scenario(BASELINE), load_scenario(FULL_PLAN), *session.compared.value, draft)
    )
    key = solara.use_reactive(load_scenario(FULL_PLAN).content_hash)
    size, colour = solara.use_reactive("rd_personnel"), solara.use_reactive("rd_intensity")
    flow, mode = solara.use_reactive("collaboration"), solara.use_reactive("level")
    if not shown:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
        return
    look = next((one for one in shown if one.scenario.content_hash == key.value), shown[-1])
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Map of the delta"))
        Choice(
            t("Scenario"),
            [(one.scenario.content_hash, title_of(one.scenario, t), one.colour) for one in shown],
            look.scenario.content_hash,
            key.set,
        )
        Choice(t("Show"), [(name, t(text), "") for name, text in _MODES.items()], mode.value, mode.set)
        _pick(t("Size"), size, t)
        _pick(t("Colour"), colour, t)
        Picker(
            label=t("Flow"),
            options=[
                *({"key": one.id, "name": t("Flow: {name}", name=_name(one, t))} for one in FLOWS),
                {"key": _NONE, "name": t("Flow: {name}", name=t("none"))},
            ],
            value=flow.value,
            event_choose=flow.set,
        )
        TableDownloads(f"flows-{look.scenario.name}", lambda: flow_table(look))
    is_change = mode.value == "change"
    before = session.projection(reference_of(look.scenario)) if is_change else None
    if is_change and before is None:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
    else:
        _Map(session, look, before, size.value, colour.value, flow.value)
    Notes([look])


def _pick(label: str, chosen: solara.Reactive[str], t: Texts) -> None:
    Picker(
        label=label,
        options=[
            {"key": one, "name": t("{label}: {name}", label=label, name=t.indicator(one))}
            for one in shown_indicators()
        ],
        value=chosen.value,
        event_choose=chosen.set,
    )


def _name(flow: Flow, t: Texts) -> str:
    return flow.name_zh if t.language == "zh" else flow.name_en


def _incoming(flow: Flow, t: Texts) -> str:
    if flow.id in UNDIRECTED:
        return t("{name}: with others", name=_name(flow, t))
    return t("{name}: from others", name=_name(flow, t))


@solara.component
def _Map(session: Session, look: Look, before: Projection | None, size: str, colour: str, flow: str) -> None:
    """Show a scenario, or with `before` what it changes."""
    t = session.texts
    is_change = before is not None
    item = next((one for one in FLOWS if one.id == flow), FLOWS[0])
    ensemble = look.projection.simulated

    def data() -> dict[str, object]:
        wide, tint = by_city(ensemble, size), by_city(ensemble, colour)
        flows = None if flow == _NONE else mean_flows(ensemble, flow)
        if before is not None:
            tint = tint - by_city(before.simulated, colour)
            usual = None if flow == _NONE else mean_flows(before.simulated, flow)
            flows = None if flows is None or usual is None else flows - usual
        return {
            "sizes": layer(wide, INDICATORS[size], t),
            "colours": layer(tint, INDICATORS[colour], t, is_change),
            "flows": [] if flows is None else arrows(flows, item, t, is_change),
            "totals": totals(flows, item, len(ensemble.years), t, is_change),
        }

    drawn = solara.use_memo(data, [ensemble, before, size, colour, flow, is_change, t.language])
    with solara.Div(classes=["yw-card"]):
        if flow != _NONE and not drawn["flows"]:
            solara.Text(t("There are no flows to show here."), classes=["yw-note"])
        MapView(
            width=WIDTH,
            height=HEIGHT,
            cities=cities(t),
            graticule=graticule(),
            years=list(ensemble.years),
            directed=flow not in UNDIRECTED,
            words=_words(size, colour, item, flow, is_change, t),
            **drawn,
        )


def _words(size: str, colour: str, item: Flow, flow: str, is_change: bool, t: Texts) -> dict[str, str]:
    names = {one: t.with_unit(t.indicator(one), t.unit(INDICATORS[one].unit)) for one in (size, colour)}
    change = t("change by policy")
    stream = t.with_unit(_name(item, t), t.unit(item.unit))
    return {
        "label": t("Map of the delta"),
        "play": t("Play"),
        "pause": t("Pause"),
        "year": t("Year"),
        "city": t("City"),
        "size": t("Size: {name}", name=names[size]),
        "colour": t("Colour: {name}", name=names[colour] + (f", {change}" if is_change else "")),
        "size_short": t.indicator(size),
        "colour_short": t.indicator(colour) + (f", {change}" if is_change else ""),
        "flow": t("Lines: {name}", name=stream + (f", {change}" if is_change else "")),
        "incoming": "" if flow == _NONE else _incoming(item, t),
        "outgoing": "" if flow == _NONE else t("{name}: to others", name=_name(item, t)),
        "table": t("Cities"),
        "choose": t("Choose a city to see with whom it is linked most."),
        "partners": t("Largest flows: {name}", name=stream),
    }
