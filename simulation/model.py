"""The model: a Mesa model of the cities of the Yangtze River Delta, stepped by the quarter."""

import copy
import itertools
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, Self

import mesa
import numpy as np
from mesa.agent import AgentSet

from agents.parameters import Parameters, parameter_record
from agents.university import University
from scenarios.scenario import FIRST_YEAR, Scenario, load_scenario
from simulation import initial
from simulation.academia import withdraw
from simulation.effects import load_effects
from simulation.indicators import IndicatorTable
from simulation.invariants import check_invariants, take_stock
from simulation.schedule import PHASES, Phase
from simulation.world import World

LAST_YEAR = 2022


class InnovationModel(World):
    """Regional innovation in the delta, 2015 Q1 to the end of `until`.

    Parameters
    ----------
    scenario : str or Scenario
        A shipped scenario, a scenario file, or a scenario.
    scale : float
        Share of firms that is simulated, each standing for 1/scale firms (1.0: every firm).
    until : int
        Last year.
    seed, rng : int
        Key of all chance, under either of Mesa's names; `model.seed` keeps it. Without one, or from a
        generator, it is drawn.
    check : bool
        Test all invariants after each quarter.
    parameters : mapping
        Values that replace central values of the parameter table.
    effects : mapping
        City effects by place and name instead of the fitted ones.
    """

    def __init__(
        self,
        scenario: str | Scenario = "baseline",
        scale: float = 1.0,
        until: int = 2022,
        seed: int | None = None,
        rng: Any = None,
        check: bool = False,
        parameters: Mapping[str, float] | None = None,
        effects: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        key = _key(seed, rng)
        super().__init__(rng=key)  # Mesa's own draws, as in AgentSet.shuffle
        self.seed = key
        self.scale = _within("scale", scale, 0.001, 1.0)
        self.until = int(_within("until", until, FIRST_YEAR, LAST_YEAR))
        self.check = check
        self.parameters = parameter_record(parameters)
        self.p = Parameters(self.parameters[0])
        self.quarter = 0
        chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        initial.set_up(self, chosen, load_effects() if effects is None else effects)

    def step(self) -> None:
        """Advance by one quarter: the phases of the schedule, in order."""
        if self.check:
            take_stock(self)
        for phase in PHASES:
            if not phase.yearly or self.quarter % 4 == 0:
                self.run_phase(phase)
        if self.check:
            check_invariants(self)
        self.quarter += 1
        self.running = self.year <= self.until
        if self.firms.is_watched:
            self.firms.show()

    def withdraw(self, university: University) -> None:
        """Let a university act no more; `University.remove` calls it."""
        withdraw(self, university)

    def run_phase(self, phase: Phase) -> None:
        """Run one phase of the schedule; what wants to watch phases overrides it."""
        phase.run(self)

    def run(self) -> IndicatorTable:
        """Run to the end and return the indicators."""
        while self.running:
            self.step()
        return self.table

    def free(self) -> None:
        """Give all memory back, which would wait for the garbage collector; the model is of no use then."""
        self.firms.table.release()
        self.__dict__.clear()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.p = Parameters(self.parameters[0])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a world of its own in the same state; data that never change are shared."""
        for shared in (self.geography, self.start, self.fields, self.outlook, self.scenario_spec, self.p):
            memo[id(shared)] = shared
        twin = memo[id(self)] = object.__new__(type(self))
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        twin.p = Parameters(twin.parameters[0])
        if hasattr(mesa.Agent, "_ids"):
            following = next(mesa.Agent._ids[self])
            for model in (self, twin):
                mesa.Agent._ids[model] = itertools.count(following)
        return twin

    # Mesa's views of the agents: firms become agents when somebody asks for them, and stay so.

    @property
    def agents(self) -> AgentSet:
        """All agents of all classes."""
        self.firms.show()
        return super().agents

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("model.agents is kept by the model; it cannot be set")

    @property
    def agents_by_type(self) -> dict[type, AgentSet]:
        """All agents by class."""
        self.firms.show()
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The classes of agents."""
        self.firms.show()
        return super().agent_types

    def remove_all_agents(self) -> None:
        """Remove every agent, firms included."""
        self.firms.show()
        super().remove_all_agents()


class _AgentCounters(weakref.WeakKeyDictionary[mesa.Model, Iterator[int]]):
    """How Mesa 3.3 numbers agents, by model; its own dictionary would never let go of a model."""

    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        if model not in self:
            self[model] = itertools.count(1)
        return super().__getitem__(model)


if hasattr(mesa.Agent, "_ids"):
    mesa.Agent._ids = _AgentCounters(mesa.Agent._ids)


def _key(seed: int | None, rng: Any) -> int:
    """Return the key of all chance from what Mesa accepts as a seed; None stands for a fresh one."""
    if seed is not None and rng is not None:
        raise ValueError("give seed or rng, not both: they are two names of one thing")
    given = rng if seed is None else seed
    if not isinstance(given, int | np.integer):
        return int(np.random.default_rng(given).integers(2**32))
    return int(_within("seed", int(given), 0, 2**63 - 1))


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"{name} = {value} is outside {low:g} to {high:g}")
    return value
