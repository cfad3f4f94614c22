"""The choice of one scenario to look at closely: the draft, what is compared, and the shipped ones."""

from dataclasses import dataclass

import solara

from dashboard.drafting import BASELINE
from dashboard.palette import colour_of
from dashboard.parts.controls import Choice
from dashboard.state import FULL_PLAN, Session, use_session
from dashboard.views import title_of
from scenarios.scenario import Scenario, load_scenario


@dataclass(frozen=True)
class ScenarioChosen:
    """The scenarios that are offered, and the one that is chosen."""

    offered: dict[str, Scenario]
    scenario: Scenario
    draft: Scenario
    key: solara.Reactive[str]


def use_scenario_choice(session: Session) -> ScenarioChosen:
    """Return the choice of a page; it begins with the draft if it has levers, else with the full plan."""
    draft = session.draft
    known = (load_scenario(BASELINE), load_scenario(FULL_PLAN), *session.compared.value, draft)
    offered = {one.content_hash: one for one in known}
    first = load_scenario(FULL_PLAN) if not draft.levers else draft
    key = solara.use_reactive(first.content_hash)
    return ScenarioChosen(offered, offered.get(key.value, first), draft, key)


@solara.component
def ScenarioChoice(choice: ScenarioChosen) -> None:
    """Offer the scenarios as buttons."""
    session = use_session()
    t = session.texts
    others = session.compared.value
    Choice(
        t("Scenario"),
        [
            (key, title_of(one, t), colour_of(one, choice.draft, others))
            for key, one in choice.offered.items()
        ],
        choice.scenario.content_hash,
        choice.key.set,
    )
