"""The model: a Mesa model of the cities of the Yangtze River Delta, stepped by the quarter."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from agents.firm import Firm
from agents.fund import VentureFund
from agents.government import Government
from agents.parameters import parameter_record
from agents.population import RecordPopulation
from agents.university import University
from scenarios.scenario import Scenario, load_scenario
from simulation import initial
from simulation.accounts import productivity
from simulation.data import Field, StartingValues
from simulation.effects import damped_years, load_effects
from simulation.geography import Geography
from simulation.indicators import BASE_YEAR, IndicatorTable
from simulation.invariants import check_invariants
from simulation.markets import GoodsMarket, TalentMarket
from simulation.outlook import Outlook
from simulation.randomness import Purpose, binomial, draw, poisson
from simulation.schedule import PHASES

FIRST_YEAR = 2015
LAST_YEAR = 2030


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
        Key of all chance; `rng` is the name that newer Mesa uses.
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
        rng: int | None = None,
        check: bool = False,
        parameters: Mapping[str, float] | None = None,
        effects: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        key = seed if seed is not None else rng if rng is not None else 0
        super().__init__(rng=key)
        self.seed = int(key)
        self.scale = _within("scale", scale, 0.001, 1.0)
        self.until = int(_within("until", until, FIRST_YEAR, LAST_YEAR))
        self.check = check
        self.scenario_spec = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        self.parameters = parameter_record(parameters)
        self.p = self.parameters[0]
        self.quarter = 0
        self._agent_sets: tuple[tuple[int, int, int], dict[type, AgentSet], AgentSet] | None = None
        initial.set_up(self, load_effects() if effects is None else effects)

    # The state of the world; `simulation.initial` sets it up, the phases move it on.
    geography: Geography
    start: StartingValues
    fields: tuple[Field, ...]
    place_effects: dict[str, np.ndarray]
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
                phase.run(self)
        if self.check:
            check_invariants(self)
        self.quarter += 1
        self.running = self.year <= self.until

    def run(self) -> IndicatorTable:
        """Run to the end and return the indicators."""
        while self.running:
            self.step()
        return self.table

    # What phases ask of the state as a whole.

    def effect(self, name: str) -> np.ndarray:
        """Return a fitted effect at every place (float64[P])."""
        return self.place_effects[name]

    def trend_years(self) -> float:
        """Return for how many years fitted trends have worked, fading after 2018."""
        return damped_years(
            self.quarter / 4.0, float(BASE_YEAR + 1 - FIRST_YEAR), float(self.p["trend_damping"])
        )

    def own(self, totals: np.ndarray) -> np.ndarray:
        """Return totals by place with the zones' parts taken out of their cities (float64[P])."""
        own = totals.copy()
        for row, place in enumerate(self.geography.places):
            if place.kind == "zone":
                own[self.geography.index(place.parent)] -= totals[row]
        return own

    def firm_rd(self, rows: list[int]) -> float:
        """Return the firms' R&D at some places in the last quarter (10 000 CNY, simulated firms)."""
        firms = self.firms.records
        return float(firms["rd"][np.isin(firms["place"], rows) & (firms["alive"] == 1)].sum()) / self.scale

    def relative_productivity(self) -> np.ndarray:
        """Return the change of mean log productivity by city since the first quarter (float64[C])."""
        now = productivity(self)
        if self.productivity_start is None:
            self.productivity_start = now
        return np.asarray(now - self.productivity_start)

    def chance(
        self, identity: np.uint64
    ) -> tuple[Callable[[str], float], Callable[..., int], Callable[..., int]]:
        """Return an agent's draws of this quarter by purpose, and the Poisson and binomial counts."""
        seed, quarter = self.seed, self.quarter

        def drawn(purpose: str) -> float:
            return float(draw(seed, identity, quarter, int(Purpose[purpose])))

        return drawn, poisson, binomial

    # Mesa's views of the agents: firms are made into agents when somebody asks for them.

    @property
    def agents(self) -> AgentSet:
        """All agents: firms as views of their records, and the others."""
        return self._sets()[1]

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("model.agents is made by the model; it cannot be set")

    @property
    def agents_by_type(self) -> dict[type, AgentSet]:
        """All agents by class."""
        return self._sets()[0]

    @property
    def agent_types(self) -> list[type]:
        """The classes of agents."""
        return list(self.agents_by_type)

    def _sets(self) -> tuple[dict[type, AgentSet], AgentSet]:
        others = list(self._registered())
        stamp = (self.firms.version, len(self.firms), len(others))
        if self._agent_sets is None or self._agent_sets[0] != stamp:
            firms = list(self.firms.views())
            kinds: dict[type, list[mesa.Agent]] = {Firm: list(firms)}
            for agent in others:
                kinds.setdefault(type(agent), []).append(agent)
            self._held = [*firms, *others]  # Mesa 3.3 keeps agents of a set by weak reference
            sets = {kind: AgentSet(members, random=self.random) for kind, members in kinds.items()}
            self._agent_sets = (stamp, sets, AgentSet(self._held, random=self.random))
        _, by_type, everybody = self._agent_sets
        return by_type, everybody

    def _registered(self) -> Iterable[mesa.Agent]:
        return mesa.Model.agents.fget(self)

    def remove_all_agents(self) -> None:
        """Remove every agent, firms included."""
        for agent in list(self.agents):
            agent.remove()


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"{name} = {value} is outside {low:g} to {high:g}")
    return value
