"""Two to four scenarios side by side, on the same draws, with differences to the first."""

from collections.abc import Sequence
from typing import Any

import solara

from dashboard.charts import intervals
from dashboard.drafting import BASELINE
from dashboard.palette import colour_of
from dashboard.parts.controls import (
    Choice,
    ComparisonTable,
    MoreDraws,
    Picker,
    TableDownloads,
    Warnings,
)
from dashboard.state import FULL_PLAN, Session, use_session
from dashboard.tables import comparison_table
from dashboard.views import difference_words, mood_of, target_name, title_of
from scenarios.comparison import Comparison, Row
from scenarios.scenario import Scenario, list_scenarios, load_scenario
from simulation.experiment import QUANTILES, TARGET_YEAR
from simulation.indicators import INDICATORS

MOST = 4


@solara.component
def Page() -> None:
    """Let scenarios be chosen and show them in columns."""
    session = use_session()
    t = session.texts
    scope = solara.use_reactive(0)
    solara.use_effect(lambda: _begin(session), [])
    chosen = session.compared.value
    comparison = session.comparison(*chosen) if len(chosen) > 1 else None
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Compare scenarios"))
        Choice(
            t("Place"),
            [("0", t("Together"), ""), ("1", t.region("Ningbo"), ""), ("2", t.region("Wenzhou"), "")],
            str(scope.value),
            lambda value: scope.set(int(value)),
        )
        if comparison:
            names = {one.content_hash: one.name for one in chosen}
            TableDownloads("comparison", lambda: comparison_table(comparison, names))
    _Chosen(session)
    if comparison is None:
        words = t("The draws are being simulated.") if chosen else t("Choose at least two scenarios.")
        solara.Text(words, classes=["yw-empty"])
        return
    with solara.Div(classes=["yw-card", "yw-scroll"]):
        ComparisonTable(
            label=t("Compare scenarios"),
            heads={"target": t("Target"), "interval": t("Interval in {year}", year=TARGET_YEAR)},
            scenarios=[
                {"key": one.content_hash, "name": title_of(one, t), "colour": _colour(session, one)}
                for one in chosen
            ],
            rows=[*_rows(session, chosen, comparison, scope.value), _cost(session, chosen, comparison)],
        )
    unclear = [
        outcome.paired
        for row in comparison.rows
        for outcome in row.outcomes.values()
        if outcome.paired and not outcome.paired.told and outcome.paired.more_seeds
    ]
    draws = len(comparison.first.results)
    if unclear and draws >= session.seeds.value:
        MoreDraws()
    for one in chosen:
        Warnings(one)
    solara.Text(
        t("Differences to the first scenario, on the same {draws} draws, with 95% intervals; bold where they "
          "are told from noise.", draws=draws),
        classes=["yw-note"],
    )  # fmt: skip


def _begin(session: Session) -> None:
    """Start with the baseline, the full plan and, if it differs, the draft."""
    if not session.compared.value:
        first = (load_scenario(BASELINE), load_scenario(FULL_PLAN), session.draft)
        session.compared.set(tuple({one.content_hash: one for one in first}.values()))


@solara.component
def _Chosen(session: Session) -> None:
    t = session.texts
    chosen = session.compared.value
    offered = (session.draft, *session.saved.value, *map(load_scenario, list_scenarios()))
    known = {one.content_hash: one for one in (*chosen, *offered)}
    taken = {one.content_hash for one in chosen}
    with solara.Div(classes=["yw-chosen"]):
        for place, one in enumerate(chosen):
            with solara.Div(classes=["yw-chip"], style={"border-color": _colour(session, one)}):
                Picker(
                    label=t("Scenario {number}", number=place + 1),
                    options=[
                        {"key": key, "name": title_of(other, t)}
                        for key, other in known.items()
                        if key not in taken or key == one.content_hash
                    ],
                    value=one.content_hash,
                    event_choose=lambda key, place=place: session.compared.set(
                        (*chosen[:place], known[key], *chosen[place + 1 :])
                    ),
                )
                solara.Button(
                    "×", text=True, small=True, disabled=len(chosen) <= 2,
                    attributes={"aria-label": t("Remove")},
                    on_click=lambda at=place: session.compared.set((*chosen[:at], *chosen[at + 1 :])),
                )  # fmt: skip
        left = [key for key in known if key not in taken]
        if len(chosen) < MOST and left:
            solara.Button(
                t("Add a scenario"), text=True, small=True,
                on_click=lambda: session.compared.set((*chosen, known[left[0]])),
            )  # fmt: skip


def _colour(session: Session, scenario: Scenario) -> str:
    return colour_of(scenario, session.draft, session.compared.value)


def _rows(
    session: Session, chosen: Sequence[Scenario], comparison: Comparison, scope: int
) -> list[dict[str, Any]]:
    return [_row(session, chosen, row) for row in comparison.rows if row.region == row.target.regions[scope]]


def _row(session: Session, chosen: Sequence[Scenario], row: Row) -> dict[str, Any]:
    t = session.texts
    item = INDICATORS[row.target.indicator]
    bars, cells = [], []
    for one in chosen:
        outcome = row.outcomes[one.content_hash]
        bars.append((_colour(session, one), {name: getattr(outcome, name) for name in QUANTILES}))
        ends = [t.number(value, item.decimals) for value in (outcome.q05, outcome.q95)]
        paired = outcome.paired
        cells.append(
            {
                "median": t.number(outcome.median, item.decimals),
                "band": f"{ends[0]} – {ends[1]}",
                "percent": t.percent(outcome.probability) if outcome.probability is not None else "",
                "mood": mood_of(outcome.probability),
                "difference": difference_words(paired, row.target.indicator, t) if paired else "",
                "told": bool(paired and paired.told),
            }
        )
    name = target_name(row.target, t)
    goal = t("Target {value}", value=t.number(row.goal)) if row.goal else ""
    return {
        "id": row.target.id,
        "name": name,
        "unit": ", ".join(filter(None, (t.unit(item.unit), goal))),
        "chart": intervals(bars, row.goal, name),
        "cells": cells,
    }


def _cost(session: Session, chosen: Sequence[Scenario], comparison: Comparison) -> dict[str, Any]:
    t = session.texts
    item = INDICATORS["fiscal_cost"]
    cells = []
    for one in chosen:
        cost = comparison.costs[one.content_hash]
        cells.append(
            {
                "median": t.number(cost.median, item.decimals),
                "band": f"{t.number(cost.q05, item.decimals)} – {t.number(cost.q95, item.decimals)}",
                "percent": "",
                "mood": "",
                "difference": difference_words(cost.paired, item.id, t) if cost.paired else "",
                "told": bool(cost.paired and cost.paired.told),
            }
        )
    name = t("Public money 2019 to 2022, both cities")
    return {"id": "cost", "name": name, "unit": t.unit(item.unit), "chart": "", "cells": cells}
