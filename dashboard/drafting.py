"""Change a scenario step by step: each function returns a new one, and neutral levers leave no trace."""

from dataclasses import dataclass, replace
from typing import Any

from scenarios.levers import LEVERS
from scenarios.scenario import Bilingual, LeverSetting, Scenario, list_scenarios, load_scenario

PILOT = "full_plan"
"""The shipped scenario whose pilot institutions stand in where a draft names none."""
OWN_NAME, OWN_TITLE = "my_scenario", Bilingual(en="My scenario", zh="我的情景")
MOST_STEPS = 100


def set_lever(scenario: Scenario, name: str, **change: Any) -> Scenario:
    """Return the scenario with a lever's value, scope or time changed; values are kept within bounds."""
    lever = LEVERS[name]
    setting = scenario.levers.get(name) or LeverSetting(value=lever.neutral)
    if "value" in change:
        change["value"] = min(max(float(change["value"]), lever.low), lever.high)
    changed = LeverSetting.model_validate({**setting.model_dump(), **change})
    levers = {**scenario.levers, name: changed}
    if changed == LeverSetting(value=lever.neutral):
        del levers[name]
    return _own(scenario, levers)


def reset_lever(scenario: Scenario, name: str) -> Scenario:
    """Return the scenario without a lever."""
    levers = {other: setting for other, setting in scenario.levers.items() if other != name}
    return _own(scenario, levers)


def _own(scenario: Scenario, levers: dict[str, LeverSetting]) -> Scenario:
    """Return a scenario with other levers; one of the catalogue becomes the visitor's own.

    The ownership pilot needs institutions that take part; where a draft names none, the plan's do.
    """
    pilots = scenario.pilot_institutions
    if "inventor_share" not in levers:
        pilots = ()
    elif not pilots:
        pilots = load_scenario(PILOT).pilot_institutions
    change: dict[str, Any] = {"levers": levers, "pilot_institutions": pilots}
    if scenario.name in list_scenarios():
        change |= {"name": OWN_NAME, "title": OWN_TITLE, "description": OWN_TITLE, "extends": None}
    return scenario.model_copy(update=change)


@dataclass(frozen=True)
class History:
    """The present draft, the drafts before it and those that were undone."""

    present: Scenario
    past: tuple[Scenario, ...] = ()
    future: tuple[Scenario, ...] = ()

    def then(self, scenario: Scenario) -> "History":
        """Return the history after a change."""
        if scenario == self.present:
            return self
        return History(scenario, (*self.past, self.present)[-MOST_STEPS:])

    def undone(self) -> "History":
        """Return the history one step back."""
        if not self.past:
            return self
        return replace(self, present=self.past[-1], past=self.past[:-1], future=(self.present, *self.future))

    def redone(self) -> "History":
        """Return the history with the step forward that was undone."""
        if not self.future:
            return self
        return replace(self, present=self.future[0], past=(*self.past, self.present), future=self.future[1:])
