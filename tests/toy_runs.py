"""Runs of a toy in place of the model: outcomes are a known function of what is run."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from scenarios.levers import LEVERS
from scenarios.scenario import Scenario, load_scenario
from simulation.indicators import INDICATORS, REGIONS
from simulation.runs import RunResult, RunSpec

COST = list(INDICATORS).index("fiscal_cost")


def strength(scenario: Scenario, name: str) -> float:
    """Return how far a lever is from neutral, in units of its plan value."""
    lever = LEVERS[name]
    value = scenario.levers[name].value if name in scenario.levers else lever.neutral
    return (value - lever.neutral) / (lever.plan - lever.neutral or 1.0)


def effect(spec: RunSpec) -> float:
    """Return the toy's outcome: two levers help each other, one counts by seed, all others a little."""
    scenario = spec.scenario if isinstance(spec.scenario, Scenario) else load_scenario(spec.scenario)
    force = {name: strength(scenario, name) for name in LEVERS}
    noise = np.random.default_rng(spec.seed).normal(0.0, 1.0, 2)
    growth = sum(each.change for each in scenario.conditions.values())
    assumed = sum(spec.parameters.values())
    return float(
        10.0
        + noise[0]
        + 2.0 * force["guidance_fund"] * force["tech_lending"]
        + (3.0 + noise[1]) * force["talent_inflow"]
        + 0.5 * sum(force.values())
        + 0.25 * growth * (1.0 + force["guidance_fund"])
        + 4.0 * assumed * (1.0 + force["guidance_fund"])
    )


def cost(spec: RunSpec) -> float:
    """Return what the toy costs a year: 5 without a policy, and no more than 100 for a lever."""
    scenario = spec.scenario if isinstance(spec.scenario, Scenario) else load_scenario(spec.scenario)
    asked = (LEVERS[name].unit_cost * item.value for name, item in scenario.levers.items())
    return 5.0 + sum(min(100.0, each) for each in asked)


def toy_result(spec: RunSpec, name: str) -> RunResult:
    """Return a run of the toy: the outcome times the position of the indicator, in every region."""
    years = tuple(range(2015, spec.until + 1))
    values = np.empty((len(years), len(INDICATORS), len(REGIONS)))
    values[:] = effect(spec) * np.arange(1, len(INDICATORS) + 1)[None, :, None]
    values[:, COST] = cost(spec)
    return RunResult(spec, name, values, years, tuple(INDICATORS), REGIONS, 0.0)


class ToyRuns:
    """Stands in for `stream`, remembers what it ran, and stops as Ctrl-C would after `stop_after` runs."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.stop_after: int | None = None

    def stream(self, named: Mapping[str, RunSpec], processes: int | None = None) -> Iterator[RunResult]:
        """Yield the runs of the toy."""
        for name, spec in named.items():
            if len(self.ran) == self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(name)
            yield toy_result(spec, name)


def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let analyses run the toy, and return what counts its runs."""
    toy = ToyRuns()
    monkeypatch.setattr("scenarios.ledger.stream", toy.stream)
    return toy
