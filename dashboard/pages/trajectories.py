"""Trajectories: any indicator in any place, under the scenarios that are looked at."""

import numpy as np
import solara

from dashboard.drafting import BASELINE, reference_of
from dashboard.parts.controls import Figure, Legend, Notes, Picker, TableDownloads
from dashboard.state import FULL_PLAN, use_session
from dashboard.tables import path_table
from dashboard.views import chart, looks
from scenarios.scenario import load_scenario
from simulation.experiment import goal_of
from simulation.indicators import INDICATORS, REGIONS, TARGETS

_FIRST = ("rd_intensity", "valid_invention_patents_per_10k", "high_tech_enterprises", "innovation_capital")


def goal(indicator: str, region: str) -> float | None:
    """Return the target that binds an indicator in a region, if there is one."""
    for target in TARGETS:
        if target.indicator == indicator and region in target.regions:
            return goal_of(target, region)
    return None


@solara.component
def Page() -> None:
    """Show four indicators of one place, or one indicator in four places."""
    session = use_session()
    t = session.texts
    region = solara.use_reactive("Ningbo+Wenzhou")
    indicators = solara.use_reactive(_FIRST)
    shown = looks(
        session,
        (
            load_scenario(BASELINE),
            load_scenario(FULL_PLAN),
            *session.compared.value,
            reference_of(session.draft),
            session.draft,
        ),
    )
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Trajectories"))
        Picker(
            label=t("Place"),
            options=[{"key": one, "name": t.region(one)} for one in reversed(REGIONS)],
            value=region.value,
            event_choose=region.set,
        )
        Legend(shown)
        TableDownloads(f"trajectories-{region.value}", lambda: path_table(shown, region.value))
    if not shown:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
        return
    with solara.Div(classes=["yw-grid"]):
        for place, indicator in enumerate(indicators.value):
            with solara.Div(classes=["yw-card"]):
                Picker(
                    label=t("Indicator"),
                    options=[{"key": one, "name": t.indicator(one)} for one in INDICATORS],
                    value=indicator,
                    event_choose=lambda name, place=place: indicators.set(
                        (*indicators.value[:place], name, *indicators.value[place + 1 :])
                    ),
                )
                drawn = chart(indicator, region.value, goal(indicator, region.value), shown, t)
                solara.Text(t.unit(INDICATORS[indicator].unit), classes=["yw-unit"])
                if any(np.isfinite(one.band["median"]).any() for one in drawn.series):
                    Figure(drawn, 600, 205)
                else:
                    solara.Text(t("This indicator is not defined for this place."), classes=["yw-empty"])
    Notes(shown)
