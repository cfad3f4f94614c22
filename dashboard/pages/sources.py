"""Sources: every observation, starting value, parameter and lever with what it rests on."""

from collections.abc import Callable

import solara

from agents.parameters import parameters
from dashboard import evidence
from dashboard.i18n import Texts
from dashboard.parts.controls import Choice, SearchTable
from dashboard.series import series_name
from dashboard.state import use_session
from dashboard.trust import VERDICTS
from scenarios.articles import ARTICLES
from scenarios.levers import LEVERS
from simulation.data import (
    STARTING_UNITS,
    load_conditions,
    load_institutions,
    load_observations,
    load_places,
    load_starting_values,
)
from simulation.indicators import INDICATORS

Table = tuple[list[str], list[list[str]]]


def _unit(unit: str, t: Texts) -> str:
    return t.unit(unit.replace("_", " "))


def _observations(t: Texts) -> Table:
    heads = [
        t("Place"),
        t("Series"),
        t("Year"),
        t("Value"),
        t("Unit"),
        t("Basis"),
        t("Confidence"),
        t("Source"),
    ]
    rows = [
        [
            t.region(d.region),
            series_name(d.indicator, t),
            str(d.year),
            f"{d.value:g}",
            _unit(d.unit, t),
            t(d.provenance),
            t(d.confidence),
            "; ".join(part for part in (d.source, d.url, d.note) if part),
        ]
        for d in load_observations().all()
    ]
    return heads, rows


def _starting_values(t: Texts) -> Table:
    heads = [t("Place"), t("Series"), t("Value"), t("Unit"), t("Basis"), t("Confidence"), t("Source")]
    values = load_starting_values()
    found = [values.datum(place.id, quantity) for place in load_places() for quantity in STARTING_UNITS]
    rows = [
        [
            t.region(d.region),
            series_name(d.indicator, t),
            f"{d.value:g}",
            _unit(d.unit, t),
            t(d.provenance),
            t(d.confidence),
            "; ".join(part for part in (d.source, d.note) if part),
        ]
        for d in found
    ]
    return heads, rows


def _conditions(t: Texts) -> Table:
    heads = [
        t("Place"),
        t("Series"),
        t("Year"),
        t("Value"),
        t("Low"),
        t("High"),
        t("Unit"),
        t("Basis"),
        t("Confidence"),
        t("Source"),
    ]
    paths = load_conditions()
    rows = [
        [
            t.region(place),
            series_name(quantity, t),
            str(year),
            f"{p.value:g}",
            f"{p.low:g}",
            f"{p.high:g}",
            _unit(p.unit, t),
            t(p.provenance),
            t(p.confidence),
            "; ".join(part for part in (p.source, p.note) if part),
        ]
        for place, quantity in paths.keys
        for year, p in paths.path(place, quantity).items()
    ]
    return heads, rows


def _parameters(t: Texts) -> Table:
    heads = [
        t("Parameter"),
        t("Unit"),
        t("Low"),
        t("Central"),
        t("High"),
        t("Prior"),
        t("Basis"),
        t("What the data say"),
        t("Mechanism"),
        t("Source"),
    ]
    said = evidence.verdicts()
    rows = [
        [
            p.name,
            p.unit,
            f"{p.low:g}",
            f"{p.central:g}",
            f"{p.high:g}",
            p.prior,
            t(p.basis),
            t(VERDICTS[said[p.name]]) if p.name in said else "",
            p.mechanism,
            p.source,
        ]
        for p in parameters().values()
    ]
    return heads, rows


def _levers(t: Texts) -> Table:
    heads = [
        t("Lever"),
        t("Article"),
        t("Neutral"),
        t("Plan"),
        t("High"),
        t("Unit"),
        t("Mechanism"),
        t("Evidence"),
    ]
    rows = [
        [
            t.lever(one.name),
            f"{one.article} {t.of(ARTICLES[one.article])}",
            f"{one.neutral:g}",
            f"{one.plan:g}",
            f"{one.high:g}",
            t.unit(one.unit),
            t(one.mechanism),
            t(one.evidence),
        ]
        for one in LEVERS.values()
    ]
    return heads, rows


def _indicators(t: Texts) -> Table:
    heads = [t("Indicator"), t("Unit"), t("Definition")]
    rows = [[t.indicator(one.id), t.unit(one.unit), t.definition(one)] for one in INDICATORS.values()]
    return heads, rows


def _institutions(t: Texts) -> Table:
    heads = [
        t("Institution"),
        t("City"),
        t("Research money 2015, 100m CNY"),
        t("Patents 2015"),
        t("Basis"),
        t("Confidence"),
        t("Source"),
    ]
    rows = [
        [
            one.name_zh if t.language == "zh" else one.name,
            t.region(one.city),
            f"{one.research_funding_2015:g}",
            f"{one.patents_granted_2015:g}",
            t(one.provenance),
            t(one.confidence),
            "; ".join(part for part in (one.source, one.note) if part),
        ]
        for one in load_institutions()
    ]
    return heads, rows


TABLES: dict[str, Callable[[Texts], Table]] = {
    "observations": _observations,
    "starting": _starting_values,
    "conditions": _conditions,
    "parameters": _parameters,
    "levers": _levers,
    "indicators": _indicators,
    "institutions": _institutions,
}


def names(texts: Texts) -> dict[str, str]:
    """Return the tables' names."""
    t = texts
    return {
        "observations": t("Observations"),
        "starting": t("Starting values"),
        "conditions": t("Outside conditions"),
        "parameters": t("Parameters"),
        "levers": t("Levers"),
        "indicators": t("Indicators"),
        "institutions": t("Institutions"),
    }


@solara.component
def Page() -> None:
    """Show one of the tables, to search in."""
    session = use_session()
    t = session.texts
    table = solara.use_reactive("observations")
    heads, rows = solara.use_memo(lambda: TABLES[table.value](t), [table.value, t.language])
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Sources"))
        Choice(t("Table"), [(key, name, "") for key, name in names(t).items()], table.value, table.set)
    solara.Text(
        t(
            "Nothing after 2019 is used. What nobody published is marked as an assumption; texts of sources "
            "stand in the language in which they were recorded."
        ),
        classes=["yw-note"],
    )
    with solara.Div(classes=["yw-card"]):
        badges = [t("assumption"), *(t(VERDICTS[one]) for one in evidence.UNTOLD)]
        SearchTable(names(t)[table.value], heads, rows, f"sources-{table.value}", badges)
