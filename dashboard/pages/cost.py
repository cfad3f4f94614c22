"""Cost: what each lever costs, year by year, and what becomes of the budgets that pay."""

import solara

from dashboard.costing import budget_rows, lever_costs, lever_rows
from dashboard.drafting import reference_of
from dashboard.parts.controls import BudgetTable, CostTable, Notes, Picker, TableDownloads
from dashboard.parts.scenario_choice import ScenarioChoice, use_scenario_choice
from dashboard.portraits import SEED, Sitting, use_portrait
from dashboard.state import Session, use_session
from dashboard.tables import cost_table
from dashboard.views import Look, difference_words, looks
from scenarios.comparison import COST_REGION, COST_YEARS
from scenarios.scenario import Scenario
from simulation.indicators import INDICATORS, REGIONS


@solara.component
def Page() -> None:
    """Let scenario and place be chosen, and show money by lever and by government."""
    session = use_session()
    t = session.texts
    choice = use_scenario_choice(session)
    region = solara.use_reactive(COST_REGION)
    found = looks(session, (choice.scenario,))
    sitting = use_portrait(session, choice.scenario, "cost")
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Cost"))
        ScenarioChoice(choice)
        Picker(
            label=t("Place"),
            options=[{"key": one, "name": t.region(one)} for one in (COST_REGION, *_others())],
            value=region.value,
            event_choose=region.set,
        )
        if found:
            TableDownloads(f"cost-{choice.scenario.name}", lambda: cost_table(found[0], region.value))
    if not found:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
        return
    _Levers(session, choice.scenario, found[0], region.value)
    _Budgets(session, sitting)
    Notes(found)


def _others() -> list[str]:
    return [one for one in reversed(REGIONS) if one not in {COST_REGION, "Ningbo_HTZ+Wenzhou_HTZ"}]


@solara.component
def _Levers(session: Session, scenario: Scenario, look: Look, region: str) -> None:
    t = session.texts
    item = INDICATORS["fiscal_cost"]
    costs = lever_costs(look.projection.ensemble, region)
    comparison = session.comparison(reference_of(scenario), scenario) if scenario.levers else None
    with solara.Div(classes=["yw-card"]):
        with solara.Div(classes=["yw-headline"]):
            heading = t("Public money by lever, {place}", place=t.region(region))
            solara.HTML(tag="h2", unsafe_innerHTML=heading)
            paired = comparison.costs[scenario.content_hash].paired if comparison else None
            if paired:
                words = difference_words(paired, item.id, t, look.projection.complete)
                solara.Text(
                    t("More than with no new policy, both cities, {first} to {last}: {words} {unit}",
                      first=COST_YEARS[0], last=COST_YEARS[-1], words=words, unit=t.unit(item.unit)),
                    classes=["yw-summary"],
                )  # fmt: skip
        if not costs:
            solara.Text(t("No lever costs anything here."), classes=["yw-empty"])
            return
        CostTable(
            label=heading,
            heads=[t("Lever"), *map(str, COST_YEARS), t("Total"), t("90% band")],
            rows=lever_rows(costs, t),
        )
        solara.Text(
            t("{unit}; medians over draws, so that years need not add up to totals. Taxes that are not "
              "raised count as cost.", unit=t.unit(item.unit)),
            classes=["yw-note"],
        )  # fmt: skip


@solara.component
def _Budgets(session: Session, sitting: Sitting) -> None:
    t = session.texts
    with solara.Div(classes=["yw-card"]):
        heading = t("Budgets for science and technology")
        solara.HTML(tag="h2", unsafe_innerHTML=heading)
        if sitting.error:
            solara.Error(sitting.error)
        elif sitting.portrait is None:
            words = t("One run is being looked at closely; this takes some seconds.")
            solara.Text(words, classes=["yw-empty"])
        elif rows := budget_rows(sitting.portrait.accounts, t):
            BudgetTable(
                label=heading,
                heads=[
                    t("Government"), t("Year"), t("Budget"), t("What it is spent on"), t("Levers"),
                    t("Grants"), t("Other services"), t("Requests that are paid"),
                ],
                words={"programmes": t("Levers"), "grants": t("Grants"), "other": t("Other services")},
                rows=rows,
            )  # fmt: skip
            solara.Text(
                t("One draw (seed {seed}). Budgets close: where programmes ask for more than a budget has "
                  "left for them, all get the same part of it, and the rest is not delivered.", seed=SEED),
                classes=["yw-note"],
            )  # fmt: skip
        else:
            solara.Text(t("No city or zone pays for a programme."), classes=["yw-empty"])
