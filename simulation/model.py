"""The model: a Mesa model of the cities of the Yangtze River Delta, stepped by the quarter."""

import itertools
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from agents.fund import VentureFund
from agents.government import Government
from agents.parameters import parameter_record
from agents.population import RecordPopulation
from agents.university import University
from scenarios.scenario import Scenario, load_scenario
from simulation import initial
from simulation.accounts import productivity
from simulation.data import Field, StartingValues
from simulation.effects import load_effects
from simulation.geography import Geography
from simulation.indicators import IndicatorTable
from simulation.invariants import check_invariants
from simulation.markets import GoodsMarket, TalentMarket
from simulation.outlook import Outlook
from simulation.randomness import draw_many
from simulation.schedule import PHASES, Phase

FIRST_YEAR = 2015
LAST_YEAR = 2022


class InnovationModel(mesa.Model):
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
        self.scenario_spec = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        self.parameters = parameter_record(parameters)
        self.p = self.parameters[0]
        self.quarter = 0
        initial.set_up(self, load_effects() if effects is None else effects)

    # The state of the world; `simulation.initial` sets it up, the phases move it on.
    geography: Geography
    start: StartingValues
    fields: tuple[Field, ...]
    place_effects: dict[str, np.ndarray]
    drift: dict[str, np.ndarray]
    patent_propensity: np.ndarray  # float64[P], before drift
    outlook: Outlook
    nation: np.void
    levers: np.ndarray  # LEVER_VALUES[Q, P]
    support: np.ndarray  # SUPPORT[P]
    places: np.ndarray  # PLACE[P]
    firms: RecordPopulation
    universities: list[University]
    funds: list[VentureFund]
    governments: list[Government]
    goods: GoodsMarket
    talent: TalentMarket
    minutes: np.ndarray  # float64[C, C], effective travel times
    gravity: np.ndarray  # float64[C, C], where searches for partners lead
    partners: np.ndarray  # int32[N, SLOTS]
    links: np.ndarray  # float64[C, C + 1]
    holdings: np.ndarray  # HOLDING[...], the first holding_count are in use
    holding_count: int
    stats: np.ndarray  # STATISTICS[P] of the quarter
    ledger: np.ndarray  # LEDGER[C] of the quarter
    outside: dict[str, float]  # what outside accounts received since the start, 10 000 CNY
    table: IndicatorTable
    registered_share: np.ndarray | None
    pool_start: np.ndarray | None
    productivity_start: np.ndarray | None

    @property
    def year(self) -> int:
        """Calendar year of the quarter that comes next."""
        return FIRST_YEAR + self.quarter // 4

    def step(self) -> None:
        """Advance by one quarter: the phases of the schedule, in order."""
        for phase in PHASES:
            if not phase.yearly or self.quarter % 4 == 0:
                self.run_phase(phase)
        if self.check:
            check_invariants(self)
        self.quarter += 1
        self.running = self.year <= self.until
        if self.firms.is_watched:
            self.firms.show()

    def run_phase(self, phase: Phase) -> None:
        """Run one phase of the schedule; what wants to watch phases overrides it."""
        phase.run(self)

    def run(self) -> IndicatorTable:
        """Run to the end and return the indicators."""
        while self.running:
            self.step()
        return self.table

    # What phases ask of the state as a whole.

    def own(self, totals: np.ndarray) -> np.ndarray:
        """Return totals by place with the zones' parts taken out of their cities (float64[P])."""
        own = totals.copy()
        for row, place in enumerate(self.geography.places):
            if place.kind == "zone":
                own[self.geography.index(place.parent)] -= totals[row]
        return own

    def firm_rd(self) -> np.ndarray:
        """Return the firms' R&D by city in the last quarter (10 000 CNY, float64[C])."""
        firms = self.firms.records
        money = firms["rd"] * firms["alive"]
        return np.asarray(np.bincount(firms["city"], money, len(self.geography.cities)) / self.scale)

    def relative_productivity(self) -> np.ndarray:
        """Return the change of mean log productivity by city since the first quarter (float64[C])."""
        now = productivity(self)
        if self.productivity_start is None:
            self.productivity_start = now
        return np.asarray(now - self.productivity_start)

    def drawn(self, identity: np.uint64, purposes: np.ndarray) -> list[float]:
        """Return an agent's draws of this quarter for several purposes at once."""
        values: list[float] = draw_many(self.seed, identity, self.quarter, purposes).tolist()
        return values

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
