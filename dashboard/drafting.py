"""Change a scenario step by step: each function returns a new one, and neutral levers leave no trace."""

from dataclasses import dataclass, replace
from typing import Any

from scenarios.levers import LEVERS
from scenarios.scenario import Bilingual, Condition, LeverSetting, Scenario, list_scenarios, load_scenario

BASELINE = "baseline"
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


def _own(
    scenario: Scenario, levers: dict[str, LeverSetting], conditions: dict[str, Condition] | None = None
) -> Scenario:
    """Return a scenario with other levers or conditions; one of the catalogue becomes the visitor's own.

    The ownership pilot needs institutions that take part; where a draft names none, the plan's do.
    """
    pilots = scenario.pilot_institutions
    if "inventor_share" not in levers:
        pilots = ()
    elif not pilots:
        pilots = load_scenario(PILOT).pilot_institutions
    change: dict[str, Any] = {"levers": levers, "pilot_institutions": pilots}
    if conditions is not None:
        change["conditions"] = conditions
    if scenario.name in list_scenarios():
        change |= {"name": OWN_NAME, "title": OWN_TITLE, "description": OWN_TITLE, "extends": None}
    return scenario.model_copy(update=change)


GROWTH = "gdp_growth"


def set_growth(scenario: Scenario, change: float) -> Scenario:
    """Return the scenario with growth in the delta changed by some points a year from 2019 to 2022."""
    condition = Condition(change=float(change), start="2019Q1", end="2022Q4")
    others = {name: one for name, one in scenario.conditions.items() if name != GROWTH}
    return _own(scenario, scenario.levers, {**others, GROWTH: condition} if change else others)


def simple_growth(scenario: Scenario) -> float | None:
    """Return the change of growth if the slider can show it: all of the delta, 2019 to 2022; or None."""
    found = scenario.conditions.get(GROWTH)
    if found is None:
        return 0.0
    return found.change if set_growth(scenario, found.change).conditions[GROWTH] == found else None


def reference_of(scenario: Scenario) -> Scenario:
    """Return what a scenario's policy is measured against: no new policy under the same conditions."""
    baseline = load_scenario(BASELINE)
    if not scenario.conditions:
        return baseline
    title = Bilingual(en="No new policy, same conditions", zh="无新政策(相同外部条件)")
    change = {"name": "same_conditions", "title": title, "conditions": scenario.conditions}
    return baseline.model_copy(update=change)


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
