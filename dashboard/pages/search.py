"""What would it take: a search for the cheapest mixes of levers that meet the targets, with live progress."""

from collections.abc import Callable, Mapping
from typing import Any

import solara
from solara.alias import rv

from dashboard.front import front, printed
from dashboard.i18n import Texts
from dashboard.parts.controls import (
    Download,
    FigureView,
    FrontView,
    MixTable,
    PlainTable,
    SearchForm,
    TableDownloads,
    Warnings,
)
from dashboard.parts.keeping import saved_with
from dashboard.reaching import (
    FIRST,
    MONEY,
    Mix,
    binding_words,
    effort_words,
    headline,
    left_words,
    lever_choice,
    lever_rows,
    mix_rows,
    mixes,
    phase_words,
    request_of,
    target_choice,
    target_rows,
    trust_words,
)
from dashboard.searching import EFFORTS, Finding
from dashboard.state import Session, use_session
from dashboard.tables import search_table
from dashboard.views import title_of
from scenarios.writing import scenario_text
from simulation.errors import InputError


@solara.component
def Page() -> None:
    """Let a search be asked for, and show what it finds while it finds it."""
    session = use_session()
    t = session.texts
    finding = session.finding.value
    found = solara.use_memo(lambda: mixes(finding) if finding else [], [finding])
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("What would it take to meet the targets?"))
        if found and finding:
            TableDownloads("search", lambda: search_table(finding, found))
    with solara.Div(classes=["yw-lab"]):
        with solara.Div(classes=["yw-card", "yw-controls"]):
            _Form(session, finding)
        with solara.Div(classes=["yw-outcomes"]):
            if finding is None:
                _Nothing(t)
            else:
                _Progress(session, finding)
                _Found(session, finding, found)


@solara.component
def _Form(session: Session, finding: Finding | None) -> None:
    t = session.texts
    mistake = solara.use_reactive("")
    largest = session.settings.scale

    def start(form: Mapping[str, Any]) -> None:
        try:
            request = request_of(form, session.draft, largest, t)
        except InputError as error:
            mistake.set(str(error))
            return
        mistake.set("")
        session.search_form.set(dict(form))
        session.begin_search(request)

    SearchForm(
        words={
            "probability": t("Probability that all targets are met"),
            "budget": t("Budget on top of no new policy, 2019 to 2022"),
            "none": t("none"),
            "unit": t.unit(MONEY),
            "effort": t("Effort"),
            "levers": t("Levers that may be moved"),
            "targets": t("Targets that shall be met"),
            "all": t("All"),
            "clear": t("None"),
            "start": t("Start the search"),
            "again": t("Start anew"),
            "stop": t("Stop"),
        },
        values={**FIRST, **session.search_form.peek()},
        efforts=[
            {"key": key, "name": t(effort.title), "note": effort_words(effort, largest, t)}
            for key, effort in EFFORTS.items()
        ],
        chapters=lever_choice(t),
        targets=target_choice(t),
        running=finding is not None and not finding.is_over,
        mistake=mistake.value,
        event_start=start,
        event_stop=lambda _=None: session.stop_search(),
    )
    if session.draft.conditions:
        words = t("The outside conditions of your scenario hold in this search too.")
        solara.Text(words, classes=["yw-note", "warn"])
    solara.Text(
        t("Levers that may not be moved stay neutral. The search goes on while you look at other pages, and "
          "stops when this window is closed or a new search is started."),
        classes=["yw-note"],
    )  # fmt: skip


@solara.component
def _Nothing(t: Texts) -> None:
    with solara.Div(classes=["yw-card"]):
        solara.Text(
            t("Say how sure it shall be that one and the same future meets all targets, what it may cost and "
              "which levers may be moved. The search then tries mixes of levers and draws the front: for "
              "each cost, the highest probability that was found."),
            classes=["yw-sentence"],
        )  # fmt: skip


@solara.component
def _Progress(session: Session, finding: Finding) -> None:
    """Say what the search is doing, how many runs are there and how long it will still take."""
    t = session.texts
    words = phase_words(finding, t)
    if finding.error:
        solara.Error(finding.error)
    if not words:
        return
    with solara.Div(classes=["yw-row"], attributes={"role": "status"}):
        solara.Text(words, classes=["yw-note"] if finding.is_over else ["yw-progress", "busy", "wide"])
        if not finding.is_over:
            done, wanted = finding.done, finding.request.runs
            rv.ProgressLinear(
                value=100.0 * done / wanted, color="#d1495b", height=4, class_="yw-meter",
                attributes={"aria-label": words},
            )  # fmt: skip
            counted = t("{done} of {wanted} runs", done=done, wanted=wanted)
            solara.Text(f"{counted} {left_words(finding.left_s, t)}", classes=["yw-note"])


@solara.component
def _Found(session: Session, finding: Finding, found: list[Mix]) -> None:
    """Show the front, its mixes, and the one that is chosen."""
    t = session.texts
    chosen = solara.use_reactive("")
    if not found:
        if not finding.is_over:
            solara.Text(t("The front appears with the first mixes."), classes=["yw-empty"])
        return
    best = finding.answer and (finding.answer.cheapest or finding.answer.best)
    preferred = next((mix for mix in found if best and mix.checked is best), found[-1])
    mix = next((one for one in found if one.letter == chosen.value), preferred)
    notes = trust_words(finding, session.settings.scale, t)
    with solara.Div(classes=["yw-card"]):
        heading = t("The front: cost against probability")
        drawing = front(finding, found, mix.letter, t)
        with solara.Div(classes=["yw-headline"]):
            solara.HTML(tag="h2", unsafe_innerHTML=heading if finding.is_over else t("The front so far"))
            FigureView(svg="", print=printed(drawing, heading, notes, t), name="search")
        if words := headline(finding, found, t):
            solara.Text(words, classes=["yw-sentence", "yw-finding"])
        _Lines(binding_words(finding, found, t))
        FrontView(svg=drawing, event_pick=chosen.set)
        MixTable(
            label=t("Mixes of the front"),
            heads=[
                t("Mix"), t("Extra cost, {unit}", unit=t.unit(MONEY)), t("Probability"), t("95% interval"),
                t("Shortfall"), t("Levers moved"),
            ],
            rows=mix_rows(found, t),
            chosen=mix.letter,
            warning=t("Beyond what the model was tested with"),
            event_choose=chosen.set,
        )  # fmt: skip
        _Lines(notes)
    _Mix(session, mix)


@solara.component
def _Lines(lines: list[str]) -> None:
    with rv.Html(tag="ul", class_="yw-lines-of-text"):
        for line in lines:
            rv.Html(tag="li", children=[line])


@solara.component
def _Mix(session: Session, mix: Mix) -> None:
    """Show what a mix sets and meets, and let it be opened, kept or downloaded."""
    t = session.texts
    router = solara.use_router()
    saved = any(one.content_hash == mix.scenario.content_hash for one in session.saved.value)

    def build() -> None:
        session.draft = mix.scenario
        router.push("/lab")

    def save() -> None:
        session.saved.set(saved_with(session.saved.value, mix.scenario))

    with solara.Div(classes=["yw-card"]):
        with solara.Div(classes=["yw-headline"]):
            solara.HTML(tag="h2", unsafe_innerHTML=title_of(mix.scenario, t))
            with solara.Div(classes=["yw-row"]):
                _Button(t("Open in the laboratory"), build)
                _Button(t("Saved") if saved else t("Save as scenario"), save)
                text = lambda: scenario_text(mix.scenario)  # noqa: E731
                Download(t("Download"), f"{mix.scenario.name}.yaml", text, "text/yaml")
        Warnings(mix.scenario)
        with solara.Div(classes=["yw-grid"]):
            PlainTable(
                label=t("Levers of the mix"), heads=[t("Article"), t("Lever"), t("Value"), t("Plan")],
                rows=lever_rows(mix, t), colours=[],
            )  # fmt: skip
            PlainTable(
                label=t("Targets under the mix"),
                heads=[t("Target"), t("Probability"), t("Median"), t("Goal")],
                rows=target_rows(mix, t), colours=[],
            )  # fmt: skip


@solara.component
def _Button(label: str, act: Callable[[], None]) -> None:
    solara.Button(label, text=True, small=True, on_click=act)
