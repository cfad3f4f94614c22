"""Robustness: how scenarios do across many futures, how much a choice may be regretted, when it fails.

Attainment is the mean over targets of how much of its goal each reaches, at most all of it. A scenario's
regret in a future is what the best of the compared scenarios attains there beyond it. Every scenario meets
the same futures: parameters, conditions and seeds.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scenarios.discovery import FEW, MOST, Box, discover
from scenarios.futures import Factor, Future, draw_futures, factors, facts
from scenarios.ledger import COST_COLUMN, MEASURES, Advance, Ledger, Measure, gather
from scenarios.scenario import Scenario, load_scenario
from scenarios.search_runs import targets_of
from simulation.errors import InputError
from simulation.experiment import MAX_RUNS, TARGET_YEAR
from simulation.runs import MAX_SEED, RunSpec, fingerprint, run_id

FEWEST, MOST_SCENARIOS = 8, 6
TIE = 1e-9  # attainments that differ by less are equal


@dataclass(frozen=True)
class Trials:
    """What is run: scenarios in futures."""

    scenarios: tuple[Scenario, ...]
    futures: tuple[Future, ...]
    targets: tuple[Measure, ...]
    scale: float

    @cached_property
    def runs(self) -> tuple[dict[str, RunSpec], ...]:
        """Return for each scenario its runs by name, in the order of the futures."""
        return tuple({run_id(*run): run[0] for run in self._specs(each)} for each in self.scenarios)

    def _specs(self, scenario: Scenario) -> list[tuple[RunSpec, Any]]:
        worlds = [(future, future.under(scenario)) for future in self.futures]
        return [
            (
                RunSpec(world, future.seed, self.scale, TARGET_YEAR, future.parameters, central=True),
                fingerprint(world, central=True),
            )
            for future, world in worlds
        ]

    @property
    def identity(self) -> str:
        """Return a hash over all that the answer depends on."""
        names = [name for runs in self.runs for name in runs]
        content = [*names, *(target.id for target in self.targets)]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]

    def run(
        self, ledger: Ledger, processes: int | None = None, advance: Advance | None = None
    ) -> "Robustness":
        """Run what the ledger does not know yet.

        Raises
        ------
        Interrupted
            Ctrl-C was pressed; what has been run is in the ledger.
        """
        gather({name: spec for runs in self.runs for name, spec in runs.items()}, ledger, processes, advance)
        columns = [*(MEASURES.index(target) for target in self.targets), COST_COLUMN]
        outcomes = [[ledger.known[name][columns] for name in runs] for runs in self.runs]
        return Robustness(self, np.array(outcomes))


def plan_robustness(
    scenarios: Sequence[str],
    designs: int = 256,
    scale: float = 0.05,
    first_seed: int = 1,
    targets: Sequence[str] = (),
) -> Trials:
    """Describe a test of robustness; one scenario alone is set against the baseline.

    Raises
    ------
    InputError
        Too few or too many scenarios or futures, or one is named twice.
    """
    named = [*(["baseline"] if len(scenarios) == 1 and scenarios[0] != "baseline" else []), *scenarios]
    if not 1 <= len(named) <= MOST_SCENARIOS:
        raise InputError(f"robust takes 1 to {MOST_SCENARIOS} scenarios, not {len(named)}")
    most = MAX_RUNS // len(named)
    if not FEWEST <= designs <= most:
        raise InputError(f"designs must be a whole number from {FEWEST} to {most}, not {designs}")
    if not 0 <= first_seed <= MAX_SEED - designs:
        raise InputError(
            f"first-seed must be a whole number from 0 to {MAX_SEED - designs}, not {first_seed}"
        )
    loaded = tuple(load_scenario(name) for name in named)
    names = [each.name for each in loaded]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"scenario {name!r} is named {names.count(name)} times")
    return Trials(loaded, draw_futures(designs, first_seed), targets_of(targets), scale)


@dataclass(frozen=True)
class Row:
    """How one scenario did; shares are of futures, attainment and regret in percent of the goals.

    Attributes
    ----------
    low, high
        95 % interval of `meets` (Wilson).
    best
        Share of futures in which no compared scenario attains more.
    cost
        Mean fiscal cost, 100m CNY.
    """

    meets: float
    low: float
    high: float
    best: float
    attainment: float
    worst: float
    regret: float
    regret_90: float
    regret_most: float
    cost: float
    each: tuple[float, ...]


@dataclass(frozen=True)
class Failure:
    """When a scenario fails a target, or (None) all of them; `box` is None where nothing stands out."""

    target: Measure | None
    share: float
    box: Box | None


@dataclass(frozen=True, eq=False)
class Robustness:
    """Outcomes of every scenario in every future (float64[S, F, M + 1], the fiscal cost last)."""

    trials: Trials
    outcomes: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        """Return the scenarios' names."""
        return [scenario.name for scenario in self.trials.scenarios]

    @cached_property
    def met(self) -> NDArray[np.bool_]:
        """Tell which scenario meets which target in which future (bool[S, F, M])."""
        return np.asarray(self.outcomes[..., :-1] >= self._goals)

    @property
    def _goals(self) -> NDArray[np.float64]:
        return np.array([target.goal for target in self.trials.targets], dtype=np.float64)

    @cached_property
    def attainment(self) -> NDArray[np.float64]:
        """Return how much of the goals each scenario reaches in each future, in percent (float64[S, F])."""
        parts = np.nan_to_num(self.outcomes[..., :-1] / self._goals, nan=0.0)
        return np.asarray(100.0 * np.clip(parts, 0.0, 1.0).mean(axis=2))

    @cached_property
    def regret(self) -> NDArray[np.float64]:
        """Return what the best scenario of a future attains beyond each (float64[S, F])."""
        return np.asarray(self.attainment.max(axis=0) - self.attainment)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Return the table of scenarios."""
        return {name: self._row(k) for k, name in enumerate(self.names)}

    def _row(self, k: int) -> Row:
        met, regret = self.met[k].all(axis=1), self.regret[k]
        interval = stats.binomtest(int(met.sum()), len(met)).proportion_ci(0.95, "wilson")
        return Row(
            float(met.mean()), float(interval.low), float(interval.high), float((regret <= TIE).mean()),
            float(self.attainment[k].mean()), float(self.attainment[k].min()), float(regret.mean()),
            float(np.quantile(regret, 0.9)), float(regret.max()), float(self.outcomes[k, :, -1].mean()),
            tuple(self.met[k].mean(axis=0).tolist()),
        )  # fmt: skip

    @property
    def minimax(self) -> str:
        """Return the scenario whose largest regret is least."""
        return min(self.rows, key=lambda name: self.rows[name].regret_most)

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """Return what may explain failures."""
        return factors()

    @cached_property
    def facts(self) -> NDArray[np.float64]:
        """Return the value of every factor in every future."""
        bare = self.trials.scenarios[0].model_copy(update={"levers": {}})
        return np.array([facts(future, bare) for future in self.trials.futures])

    @cached_property
    def failures(self) -> dict[str, tuple[Failure, ...]]:
        """Return for each scenario when it fails: all targets together first, then those that it may fail."""
        return {name: tuple(self._failures(k)) for k, name in enumerate(self.names)}

    def _failures(self, k: int) -> list[Failure]:
        together = ~self.met[k].all(axis=1)
        found = [Failure(None, float(together.mean()), discover(self.factors, self.facts, together))]
        for target, met in zip(self.trials.targets, self.met[k].T, strict=True):
            if FEW <= 1.0 - met.mean() <= MOST:
                found.append(
                    Failure(target, 1.0 - float(met.mean()), discover(self.factors, self.facts, ~met))
                )
        return found

    def document(self) -> dict[str, Any]:
        """Return everything as one JSON document."""
        trials = self.trials
        return {
            "scenarios": self.names,
            "futures": len(trials.futures),
            "scale": trials.scale,
            "year": TARGET_YEAR,
            "seeds": [future.seed for future in trials.futures],
            "runs": sum(map(len, trials.runs)),
            "targets": [target.id for target in trials.targets],
            "minimax_regret": self.minimax,
            "table": {
                name: {**vars(row), "each": self._by_target(row.each)} for name, row in self.rows.items()
            },
            "failures": {name: [_failure(one) for one in found] for name, found in self.failures.items()},
        }

    def table(self) -> Iterator[list[Any]]:
        """Yield every future with its factors, and what each scenario attains in it."""
        yield ["scenario", "seed", "attainment", "regret", "meets_all", *(each.name for each in self.factors)]
        for k, name in enumerate(self.names):
            for f, future in enumerate(self.trials.futures):
                did = self.attainment[k, f], self.regret[k, f], self.met[k, f].all()
                yield [name, future.seed, *(each.item() for each in did), *self.facts[f].tolist()]

    def _by_target(self, values: Sequence[float]) -> dict[str, float]:
        return {target.id: value for target, value in zip(self.trials.targets, values, strict=True)}


def _failure(one: Failure) -> dict[str, Any]:
    box = one.box
    found = box and {
        "limits": [
            {"factor": limit.factor.name, "unit": limit.factor.unit, "low": limit.low, "high": limit.high}
            for limit in box.limits
        ],
        "words": str(box),
        "coverage": box.coverage,
        "density": box.density,
        "usual": box.usual,
        "luck": box.luck,
        "holds": box.holds,
    }
    return {"target": one.target.id if one.target else None, "share": one.share, "fails_when": found}
