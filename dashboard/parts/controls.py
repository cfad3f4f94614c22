"""Small controls and notes that several pages use."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import solara
from solara.alias import rv

from dashboard.charts import Chart, printed, trajectory
from dashboard.state import use_session
from dashboard.tables import EXCEL, PARQUET, as_excel, as_parquet, shown_table
from dashboard.tested import untested
from dashboard.views import Look, notes_of, title_of
from scenarios.scenario import Scenario
from simulation.report import bands_hold


@solara.component_vue("target_table.vue")
def TargetTable(
    label: str,
    heads: list[str],
    rows: list[dict[str, Any]],
    chosen: str,
    event_choose: Callable[[str], None],
) -> None:
    """Show targets as rows; a click chooses one."""


@solara.component_vue("lever_list.vue")
def LeverList(
    chapters: list[dict[str, Any]], words: dict[str, str], event_set: Callable[[dict[str, Any]], None]
) -> None:
    """Show levers by chapter; `event_set` gets the name of a lever and what is changed."""


@solara.component_vue("frame.vue")
def PageLanguage(language: str) -> None:
    """Tell the browser which language the page is in."""


@solara.component_vue("choice.vue")
def ChoiceButtons(
    label: str, options: list[dict[str, str]], value: str, event_choose: Callable[[str], None]
) -> None:
    """Show a row of buttons of which one is pressed."""


@solara.component
def Choice(
    label: str, options: Sequence[tuple[str, str, str]], value: str, on_value: Callable[[str], None]
) -> None:
    """Let one of some options (key, name, colour) be chosen."""
    items = [{"key": key, "name": name, "colour": colour} for key, name, colour in options]
    ChoiceButtons(label=label, options=items, value=value, event_choose=on_value)


@solara.component
def Legend(shown: Sequence[Look]) -> None:
    """Name the scenarios of a chart, and its marks."""
    t = use_session().texts
    with rv.Html(tag="ul", class_="yw-legend"):
        for look in shown:
            dot = rv.Html(tag="i", style_=f"background:{look.colour}")
            rv.Html(tag="li", children=[dot, title_of(look.scenario, t)])
        for kind, words in (("dot", "published"), ("hollow", "assumed"), ("dash", "goal")):
            rv.Html(tag="li", children=[rv.Html(tag="i", class_=kind), t(words)])


@solara.component
def Notes(shown: Sequence[Look]) -> None:
    """Say what bands hold, how many draws there are, and which results are older than the model."""
    t = use_session().texts
    for words, kind in notes_of(shown, t):
        solara.Text(words, classes=["yw-note", *kind.split()])
    solara.Text(t(bands_hold()), classes=["yw-note"])


@solara.component
def MoreDraws() -> None:
    """Offer more draws, where some differences are not told from noise."""
    session = use_session()
    t = session.texts
    if more := session.more_draws:
        with solara.Div(classes=["yw-row"]):
            solara.Text(t("Some differences are not told from noise."), classes=["yw-note"])
            solara.Button(
                t("Simulate {more} draws", more=more), text=True, small=True,
                on_click=lambda: session.seeds.set(more),
            )  # fmt: skip


@solara.component
def Warnings(scenario: Scenario) -> None:
    """Warn of levers that stand beyond the values with which the model was tested."""
    t = use_session().texts
    if names := untested(scenario):
        levers = ("、" if t.language == "zh" else ", ").join(map(t.lever, names))
        words = t("Beyond what the model was tested with, so its answers are extrapolated: {levers}.",
                  levers=levers)  # fmt: skip
        solara.Text(words, classes=["yw-note", "warn"])


@solara.component_vue("picker.vue")
def Picker(
    label: str, options: list[dict[str, str]], value: str, event_choose: Callable[[str], None]
) -> None:
    """Let one of many options be chosen from a list that drops down."""


@solara.component_vue("outcomes.vue")
def Outcomes(label: str, heads: list[str], rows: list[dict[str, Any]]) -> None:
    """Show the targets under the draft, one line each."""


@solara.component_vue("conditions.vue")
def Conditions(
    words: dict[str, str], change: float, foreign: str, event_set: Callable[[float], None]
) -> None:
    """Show the outside conditions of the draft, apart from its levers."""


@solara.component_vue("files.vue")
def Files(
    title: str,
    code: str,
    saved: list[str],
    mistakes: list[str],
    words: dict[str, str],
    largest: int,
    event_rename: Callable[[str], None],
    event_save: Callable[[Any], None],
    event_load: Callable[[dict[str, str]], None],
    event_restore: Callable[[list[str]], None],
    event_dismiss: Callable[[Any], None],
) -> None:
    """Show the draft's title, and buttons to keep, open and share it."""


@solara.component_vue("download.vue")
def DownloadButton(label: str, payload: dict[str, Any] | None, event_fetch: Callable[[Any], None]) -> None:
    """Show a button that asks for a file and hands it to the browser when it comes."""


@solara.component
def Download(label: str, name: str, make: Callable[[], str | bytes], kind: str = "text/csv") -> None:
    """Let a file that is made on demand be downloaded."""
    payload = solara.use_reactive(None)

    def fetch(_: Any = None) -> None:
        serial = payload.value["serial"] + 1 if payload.value else 0
        made = make()
        encoded = isinstance(made, bytes)
        text = base64.b64encode(made).decode() if isinstance(made, bytes) else made
        payload.set({"name": name, "text": text, "encoded": encoded, "type": kind, "serial": serial})

    DownloadButton(label=label, payload=payload.value, event_fetch=fetch)


@solara.component
def TableDownloads(name: str, make: Callable[[], str]) -> None:
    """Let a table that is made on demand, as CSV, be downloaded in the usual forms."""
    with solara.Div(classes=["yw-row"]):
        Download("CSV", f"{name}.csv", make)
        Download("Excel", f"{name}.xlsx", lambda: as_excel(make()), EXCEL)
        Download("Parquet", f"{name}.parquet", lambda: as_parquet(make()), PARQUET)


@solara.component_vue("figure.vue")
def FigureView(svg: str, print: str, name: str) -> None:
    """Show a figure, with a form of it to download."""


@solara.component
def Figure(drawn: Chart, width: int, height: int) -> None:
    """Draw a chart that can be downloaded with its heading, legend and note."""
    t = use_session().texts
    name = "-".join(word for word in drawn.title.replace(",", " ").split())
    FigureView(svg=trajectory(drawn, t, width, height), print=printed(drawn, t), name=name)


@solara.component_vue("comparison.vue")
def ComparisonTable(
    label: str, heads: dict[str, str], scenarios: list[dict[str, str]], rows: list[dict[str, Any]]
) -> None:
    """Show scenarios side by side, a target a row."""


@solara.component_vue("data_table.vue")
def DataTable(label: str, heads: list[str], rows: list[list[str]], words: dict[str, Any]) -> None:
    """Show rows that can be searched, fifty at a time; cells among `words["assumption"]` stand out."""


@solara.component
def SearchTable(label: str, heads: list[str], rows: list[list[str]], name: str, badges: list[str]) -> None:
    """Show rows to search in and to download under a name; cells among `badges` stand out."""
    t = use_session().texts
    words = {
        "find": t("Find"),
        "back": t("Back"),
        "next": t("Next"),
        "nothing": t("Nothing found."),
        "assumption": badges,
    }
    DataTable(label=label, heads=heads, rows=rows, words=words)
    TableDownloads(name, lambda: shown_table(heads, rows))


@solara.component_vue("map.vue")
def MapView(
    width: int,
    height: int,
    cities: list[dict[str, Any]],
    graticule: list[dict[str, Any]],
    years: list[int],
    sizes: dict[str, Any],
    colours: dict[str, Any],
    flows: list[dict[str, Any]],
    totals: dict[str, Any],
    directed: bool,
    words: dict[str, str],
) -> None:
    """Show cities and what flows between them, year by year."""


@solara.component_vue("network.vue")
def NetworkView(
    size: int,
    nodes: list[dict[str, Any]],
    ties: list[dict[str, Any]],
    labels: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    words: dict[str, str],
) -> None:
    """Show a network on a ring, with a table of its nodes."""


@solara.component_vue("plain_table.vue")
def PlainTable(label: str, heads: list[str], rows: list[list[str]], colours: list[str]) -> None:
    """Show rows as they are; `colours` are dots before their second cells."""


@solara.component_vue("cost_table.vue")
def CostTable(label: str, heads: list[str], rows: list[dict[str, Any]]) -> None:
    """Show what levers cost, one line each."""


@solara.component_vue("budget_table.vue")
def BudgetTable(label: str, heads: list[str], words: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Show what budgets are spent on, one line for a government and year."""


@solara.component_vue("study_list.vue")
def StudyList(label: str, words: dict[str, str], rows: list[dict[str, Any]]) -> None:
    """Show published effects beside those of the model, one line each."""


@solara.component_vue("waterfall.vue")
def WaterfallView(label: str, rows: list[dict[str, Any]], goal: float | None) -> None:
    """Show the parts of a difference below each other, each from where the one before ends."""


@solara.component_vue("search_form.vue")
def SearchForm(
    words: dict[str, str],
    values: dict[str, Any],
    efforts: list[dict[str, str]],
    chapters: list[dict[str, Any]],
    targets: list[dict[str, str]],
    running: bool,
    mistake: str,
    event_start: Callable[[dict[str, Any]], None],
    event_stop: Callable[[Any], None],
) -> None:
    """Ask what a search shall look for, and start or stop it."""


@solara.component_vue("front.vue")
def FrontView(svg: str, event_pick: Callable[[str], None]) -> None:
    """Show a drawing with marks that can be picked."""


@solara.component_vue("mix_table.vue")
def MixTable(
    label: str,
    heads: list[str],
    rows: list[dict[str, Any]],
    chosen: str,
    warning: str,
    event_choose: Callable[[str], None],
) -> None:
    """Show mixes as rows; a click chooses one."""
