"""The laboratory: levers on one side, targets on the other; a lever moved is simulated at once."""

from typing import Any

import solara

from dashboard.charts import intervals
from dashboard.drafting import BASELINE, reference_of, reset_lever, set_growth, set_lever, simple_growth
from dashboard.parts.controls import (
    Conditions,
    Download,
    Legend,
    LeverList,
    MoreDraws,
    Notes,
    Outcomes,
    Picker,
    Warnings,
)
from dashboard.parts.keeping import Keeping
from dashboard.parts.levers import chapters, words
from dashboard.parts.reporting import ReportButtons
from dashboard.state import LEAST_FOR_BAND, Session, use_session
from dashboard.views import Look, difference_words, looks, target_row, title_of
from scenarios.comparison import Difference
from scenarios.scenario import Scenario, list_scenarios, load_scenario
from scenarios.writing import scenario_text
from simulation.experiment import TARGET_YEAR
from simulation.indicators import INDICATORS, TARGETS

MOST_GROWTH = 5.0  # points a year that the slider offers


@solara.component
def Page() -> None:
    """Show the levers, the targets under the draft, and what it costs."""
    session = use_session()
    draft = session.draft  # once: it may change while the page is drawn
    shown = looks(session, (load_scenario(BASELINE), reference_of(draft), draft))
    t = session.texts
    levers = solara.use_memo(lambda: chapters(draft, t), [draft.content_hash, t.language])
    with solara.Div(classes=["yw-lab"]):
        with solara.Div(classes=["yw-card", "yw-controls"]):
            _Tools(session)
            LeverList(
                chapters=levers,
                words=words(t),
                event_set=lambda change: _change(session, change),
            )
            _Conditions(session)
        with solara.Div(classes=["yw-card", "yw-outcomes"]):
            _Outcomes(session, draft, shown)


def _change(session: Session, change: dict[str, Any]) -> None:
    """Take in what a browser sends about a lever; what no lever can be is told and left out."""
    wanted = {
        name: value for name, value in change.items() if name in {"value", "scope", "start", "end", "ramp"}
    }
    try:
        name = str(change["name"])
        if change.get("reset"):
            session.draft = reset_lever(session.draft, name)
            return
        if "scope" in wanted:
            wanted["scope"] = tuple(str(wanted["scope"]).split("+"))
        session.draft = set_lever(session.draft, name, **wanted)
    except (KeyError, TypeError, ValueError) as error:
        session.failure.set(str(error))


@solara.component
def _Conditions(session: Session) -> None:
    """Keep what is assumed about the outside world apart from what policy can set."""
    t = session.texts
    growth = simple_growth(session.draft)
    words = {
        "title": t("Outside conditions (assumptions, not policy)"),
        "explanation": t("Your policy is then compared with no new policy under the same conditions."),
        "growth": t("Growth of the delta 2019 to 2022, points a year"),
        "reset": t("Back to neutral"),
    }

    def change_growth(change: float) -> None:
        bounded = min(max(float(change), -MOST_GROWTH), MOST_GROWTH)
        session.draft = set_growth(session.draft, bounded)

    foreign = "" if growth is not None else t("The file sets conditions of its own; they hold as they are.")
    Conditions(
        words=words,
        change=growth or 0.0,
        foreign=foreign,
        event_set=change_growth,
    )


@solara.component
def _Tools(session: Session) -> None:
    t = session.texts
    history = session.history.value
    known = {one.content_hash: one for one in (*map(load_scenario, list_scenarios()), *session.saved.value)}
    current = session.draft.content_hash
    options = [] if current in known else [{"key": current, "name": t("My own scenario")}]
    options += [{"key": key, "name": title_of(one, t)} for key, one in known.items()]

    def load(key: str) -> None:
        if key in known:
            session.draft = known[key]

    with solara.Div(classes=["yw-tools"]):
        Picker(label=t("Start from"), options=options, value=current, event_choose=load)
        solara.Button(
            t("Undo"), text=True, small=True, disabled=not history.past,
            on_click=lambda: session.history.set(session.history.value.undone()),
        )  # fmt: skip
        solara.Button(
            t("Redo"), text=True, small=True, disabled=not history.future,
            on_click=lambda: session.history.set(session.history.value.redone()),
        )  # fmt: skip
        Download(
            t("Download"), f"{session.draft.name}.yaml", lambda: scenario_text(session.draft), "text/yaml"
        )
    Keeping(session)
    ReportButtons(session.draft)


@solara.component
def _Outcomes(session: Session, draft: Scenario, shown: list[Look]) -> None:
    t = session.texts
    reference = reference_of(draft)
    is_moved = draft.content_hash != reference.content_hash
    comparison = session.comparison(reference, draft) if is_moved else None
    _Headline(session, is_moved, comparison.costs[draft.content_hash].paired if comparison else None)
    Warnings(draft)
    mine = next((look for look in shown if look.scenario.content_hash == draft.content_hash), None)
    if mine is None and not shown:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
        return
    paired = {
        (row.target.id, row.region): row.outcomes[draft.content_hash].paired for row in comparison.rows
    } if comparison else {}  # fmt: skip
    is_complete = mine is not None and mine.projection.complete
    rows = []
    for target in TARGETS:
        region = target.regions[0]
        look = mine or shown[0]
        row = target_row(target, region, look, shown, t)
        verdict = look.projection.ensemble.verdict(target, region)
        at = look.projection.ensemble.years.index(TARGET_YEAR)
        bars = [
            (
                one.colour,
                {n: float(p[at]) for n, p in one.projection.ensemble.band(target.indicator, region).items()},
            )
            for one in shown
        ]
        found = paired.get((target.id, region))
        row["chart"] = intervals(bars, verdict.goal if verdict else None, row["name"])
        row["difference"] = difference_words(found, target.indicator, t, is_complete) if found else ""
        row["told"] = bool(found and found.told)
        row["where"] = t.region(region)
        row["faded"] = mine is None or mine.projection.draws < LEAST_FOR_BAND
        rows.append(row)
    Outcomes(
        label=t("Targets"),
        heads=[
            t("Target"), t("Interval in {year}", year=TARGET_YEAR), str(TARGET_YEAR), t("Goal"),
            t("Probability"), t("Difference to no new policy"),
        ],
        rows=rows,
    )  # fmt: skip
    if is_complete and any(one and not one.told and one.more_seeds for one in paired.values()):
        MoreDraws()
    Legend(shown)
    Notes(shown)


@solara.component
def _Headline(session: Session, is_moved: bool, cost: Difference | None) -> None:
    t = session.texts
    with solara.Div(classes=["yw-headline"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Targets under this scenario"))
        if cost:
            money = t.amount(cost.difference, INDICATORS["fiscal_cost"], signed=True)
            solara.Text(t("Public money 2019 to 2022: {money}", money=money), classes=["yw-summary"])
        else:
            words = (
                t("The draws are being simulated.")
                if is_moved
                else t("No lever is moved: this is the baseline.")
            )
            solara.Text(words, classes=["yw-summary"])
