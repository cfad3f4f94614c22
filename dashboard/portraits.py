"""The portrait of a scenario under one seed, made beside the page that shows it."""

from dataclasses import dataclass

import solara
import solara.lab

from dashboard.engine import engine
from dashboard.state import Session
from scenarios.scenario import Scenario
from simulation.errors import YongwenError
from simulation.portrait import Portrait, PortraitSpec
from simulation.runs import run_id

SEED = 1


@dataclass(frozen=True, eq=False)
class Sitting:
    """What is known of a portrait: itself once it is there, or why there is none."""

    key: str = ""
    portrait: Portrait | None = None
    error: str = ""


_NOTHING = Sitting()


def use_portrait(session: Session, scenario: Scenario, name: str) -> Sitting:
    """Return the portrait of a scenario; it is dropped with the page, `name`, if it is not ready by then."""
    client = f"{session.client}/{name}"
    key = scenario.content_hash
    latest = solara.use_ref(key)
    latest.current = key
    state = solara.use_reactive(_NOTHING)

    def tell(sitting: Sitting) -> None:
        if latest.current == sitting.key:
            state.set(sitting)

    def sit() -> None:
        spec = PortraitSpec(scenario, SEED, session.settings.scale)
        try:
            for results in engine().stream(client, {f"{run_id(spec)}-portrait": spec}):
                for result in results:
                    if isinstance(result, Portrait):
                        tell(Sitting(key, result))
        except YongwenError as error:
            tell(Sitting(key, error=str(error)))

    solara.lab.use_task(sit, dependencies=[key])
    solara.use_effect(lambda: lambda: engine().drop(client), [])
    return state.value if state.value.key == key else _NOTHING
