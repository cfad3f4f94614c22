"""The laboratory: levers on one side, targets on the other; a lever moved is simulated at once."""

from typing import Any

import solara

from dashboard.charts import intervals
from dashboard.drafting import reset_lever, set_lever
from dashboard.parts.controls import Download, LeverList, Notes, Outcomes, Picker
from dashboard.parts.keeping import Keeping
from dashboard.parts.levers import chapters, words
from dashboard.state import BASELINE, LEAST_FOR_BAND, Session, use_session
from dashboard.views import Look, difference_words, looks, target_row, title_of
from scenarios.comparison import Comparison
from scenarios.scenario import list_scenarios, load_scenario
from scenarios.writing import scenario_text
from simulation.experiment import TARGET_YEAR
from simulation.indicators import INDICATORS, TARGETS


@solara.component
def Page() -> None:
    """Show the levers, the targets under the draft, and what it costs."""
    session = use_session()
    baseline = load_scenario(BASELINE)
    shown = looks(session, (baseline, session.draft))
    with solara.Div(classes=["yw-lab"]):
        with solara.Div(classes=["yw-card", "yw-controls"]):
            _Tools(session)
            LeverList(
                chapters=chapters(session.draft, session.texts),
                words=words(session.texts),
                event_set=lambda change: _change(session, change),
            )
        with solara.Div(classes=["yw-card", "yw-outcomes"]):
            _Outcomes(session, shown)


def _change(session: Session, change: dict[str, Any]) -> None:
    name = str(change.pop("name"))
    if change.get("reset"):
        session.draft = reset_lever(session.draft, name)
        return
    if "scope" in change:
        change["scope"] = tuple(str(change["scope"]).split("+"))
    session.draft = set_lever(session.draft, name, **change)


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


@solara.component
def _Outcomes(session: Session, shown: list[Look]) -> None:
    t = session.texts
    draft, baseline = session.draft, load_scenario(BASELINE)
    comparison = None
    if draft.content_hash != baseline.content_hash:
        comparison = session.comparison(baseline, draft)
    _Headline(session, comparison)
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
    Notes(shown)


@solara.component
def _Headline(session: Session, comparison: Comparison | None) -> None:
    t = session.texts
    with solara.Div(classes=["yw-headline"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Targets under this scenario"))
        if comparison:
            paired = comparison.costs[session.draft.content_hash].paired
            money = t.amount(paired.difference if paired else 0.0, INDICATORS["fiscal_cost"], signed=True)
            solara.Text(t("Public money 2019 to 2022: {money}", money=money), classes=["yw-summary"])
        else:
            solara.Text(t("No lever is moved: this is the baseline."), classes=["yw-summary"])
