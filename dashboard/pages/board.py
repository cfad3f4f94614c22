"""The target board: every target with what was observed, what is projected and how likely it is met."""

import solara

from dashboard.drafting import BASELINE, reference_of
from dashboard.parts.controls import Choice, Figure, Legend, Notes, TableDownloads, TargetTable
from dashboard.parts.reporting import ReportButtons
from dashboard.state import FULL_PLAN, use_session
from dashboard.tables import board_table
from dashboard.views import chart, looks, met, region_of, sentence, target_heads, target_row, title_of
from scenarios.scenario import load_scenario
from simulation.experiment import TARGET_YEAR
from simulation.indicators import TARGETS


@solara.component
def Page() -> None:
    """Show all targets in a table, and the chosen one at large."""
    session = use_session()
    t = session.texts
    scope = solara.use_reactive(0)
    chosen = solara.use_reactive(TARGETS[0].id)
    shown_key = solara.use_reactive(load_scenario(FULL_PLAN).content_hash)
    shown = looks(
        session,
        (load_scenario(BASELINE), load_scenario(FULL_PLAN), reference_of(session.draft), session.draft),
    )
    if not shown:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
        return
    look = next((one for one in shown if one.scenario.content_hash == shown_key.value), shown[-1])
    target = next(one for one in TARGETS if one.id == chosen.value)
    region = region_of(target, scope.value)
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Targets of the policy for {year}", year=TARGET_YEAR))
        Choice(
            t("Scenario"),
            [(one.scenario.content_hash, title_of(one.scenario, t), one.colour) for one in shown],
            look.scenario.content_hash,
            shown_key.set,
        )
        Choice(
            t("Place"),
            [("0", t("Together"), ""), ("1", t.region("Ningbo"), ""), ("2", t.region("Wenzhou"), "")],
            str(scope.value),
            lambda value: scope.set(int(value)),
        )
        reached, total = met(look, scope.value)
        solara.Text(
            t("{reached} of {total} targets are met by the median", reached=reached, total=total),
            classes=["yw-summary"],
        )
        TableDownloads(f"targets-{TARGET_YEAR}", lambda: board_table(shown))
        ReportButtons(look.scenario)
    with solara.Div(classes=["yw-split"]):
        with solara.Div(classes=["yw-card", "yw-scroll"]):
            TargetTable(
                label=t("Targets"),
                heads=target_heads(t),
                rows=[target_row(one, region_of(one, scope.value), look, shown, t) for one in TARGETS],
                chosen=chosen.value,
                event_choose=chosen.set,
            )
        with solara.Div(classes=["yw-card", "yw-side"]):
            verdict = look.projection.ensemble.verdict(target, region)
            drawn = chart(target.indicator, region, verdict.goal if verdict else None, shown, t)
            solara.HTML(tag="h2", unsafe_innerHTML=drawn.title)
            Figure(drawn, 440, 250)
            Legend(shown)
            for one in shown:
                solara.Text(sentence(target, region, one, t), classes=["yw-sentence"])
            Notes(shown)
