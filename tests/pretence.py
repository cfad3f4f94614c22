"""A pretended model: targets and cost are simple functions of levers and seed, so that nothing takes long."""

from collections.abc import Iterator, Mapping

import numpy as np

from scenarios.comparison import COST, COST_REGION
from scenarios.ledger import MEASURES
from scenarios.levers import LEVERS
from scenarios.scenario import load_scenario
from simulation.indicators import INDICATORS
from simulation.indicators import REGIONS as ALL_REGIONS
from simulation.runs import RunResult, RunSpec

YEARS = tuple(range(2015, 2023))


class Pretence:
    """Stands in for `simulation.experiment.stream`.

    Every target starts at `start` of its goal and rises with two levers; `capped` ones never get above 0.9
    of it. One parameter lowers all targets. Counts its runs, and is interrupted after `stop_after` of them.
    """

    def __init__(
        self, start: float = 0.95, capped: tuple[str, ...] = (), stop_after: int | None = None
    ) -> None:
        self.start, self.capped, self.stop_after = start, capped, stop_after
        self.runs = 0

    def __call__(self, named: Mapping[str, RunSpec], processes: int | None = None) -> Iterator[RunResult]:
        for name, spec in named.items():
            if self.runs == self.stop_after:
                raise KeyboardInterrupt
            self.runs += 1
            yield RunResult(spec, name, self._values(spec), YEARS, tuple(INDICATORS), ALL_REGIONS, 0.01)

    def _values(self, spec: RunSpec) -> np.ndarray:
        scenario = load_scenario(spec.scenario) if isinstance(spec.scenario, str) else spec.scenario
        levers = {name: setting.value for name, setting in scenario.levers.items()}
        talent, fund = (levers.get(name, 0.0) for name in ("talent_inflow", "guidance_fund"))
        chance = np.random.default_rng(spec.seed).normal(0.0, 0.02, len(MEASURES))
        leaving = spec.parameters.get("high_level_leave", 0.14) - 0.14
        values = np.full((len(YEARS), len(INDICATORS), len(ALL_REGIONS)), np.nan)
        for k, measure in enumerate(MEASURES):
            if measure.goal is None:
                continue
            gain = 0.05 * np.sqrt(talent / 6_000.0) + 0.05 * np.sqrt(fund / 20.0) - 2.0 * leaving
            part = self.start + float(gain) + chance[k]
            part = min(part, 0.9) if measure.id in self.capped else part
            at = list(INDICATORS).index(measure.indicator), ALL_REGIONS.index(measure.region)
            values[(-1, *at)] = part * measure.goal
        cost = 10.0 + fund + talent / 300.0 + sum(value for name, value in levers.items() if name in FREE)
        values[-4:, list(INDICATORS).index(COST), ALL_REGIONS.index(COST_REGION)] = cost
        return values


FREE = {name for name in LEVERS if name not in {"talent_inflow", "guidance_fund"}}
