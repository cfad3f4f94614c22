"""A target search on the model: what is run at which scale, and what the check says about the front.

Mixes are tried in a small sample of firms: what a mix adds there, seed by seed, is added to the outcomes of
the full-scale baseline. Levels and noise of the small sample thus cancel; what remains of its bias is
measured on the plan values. The best of many noisy trials look better than they are, so the front is
simulated anew at full scale, with seeds that the search has not seen, and both probabilities are reported.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from scenarios.ledger import COST_COLUMN, MEASURES, Advance, Ledger, Measure, gather
from scenarios.mixes import Space, Untested, Values, untested
from scenarios.scenario import Scenario
from scenarios.search import Problem, Samples, Search, Trial, search
from simulation.errors import InputError, unknown_name
from simulation.experiment import TARGET_YEAR, plan
from simulation.runs import MAX_SEED, RunSpec

FUTURES = 3  # baseline futures for each paired seed
TARGET_MEASURES = {each.id: each for each in MEASURES if each.joint and each.goal is not None}


@dataclass(frozen=True)
class Request:
    """What a planner asks for, and how much may be run for it.

    Attributes
    ----------
    probability
        With which all targets shall be met in one and the same future.
    budget
        The most that a mix may add to fiscal cost over all years of the policy, in 100m CNY.
    scale, check_scale
        Share of firms that is simulated in trials, and in the baseline and the check.
    seeds, check_seeds
        Paired seeds of a trial, and fresh ones of the check.
    checks
        Mixes of the front that are checked.
    """

    space: Space
    targets: tuple[Measure, ...] = tuple(TARGET_MEASURES.values())
    probability: float = 0.8
    budget: float | None = None
    evaluations: int = 150
    seeds: int = 12
    scale: float = 0.02
    checks: int = 6
    check_seeds: int = 30
    check_scale: float = 1.0
    first_seed: int = 1

    def __post_init__(self) -> None:
        if not 0.0 < self.probability <= 1.0:
            raise InputError(f"probability must be above 0 and at most 1, not {self.probability:g}")
        if self.budget is not None and not (math.isfinite(self.budget) and self.budget >= 0.0):
            raise InputError(
                f"budget must be 0 or more (100m CNY on top of the baseline), not {self.budget:g}"
            )
        limits = (
            ("evaluations", self.evaluations, 4, 5_000),
            ("seeds", self.seeds, 2, 1_000),
            ("checks", self.checks, 1, 12),
            ("check-seeds", self.check_seeds, 2, 10_000),
            ("first-seed", self.first_seed, 0, MAX_SEED - 20_000),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise InputError(f"{name} must be a whole number from {low} to {high}, not {value}")

    @property
    def goals(self) -> NDArray[np.float64]:
        """Return what the targets demand."""
        return np.array([target.goal for target in self.targets], dtype=np.float64)

    @property
    def trial_seeds(self) -> range:
        """Return the seeds that trials share."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def base_seeds(self) -> range:
        """Return the seeds of the full-scale baseline; the first are those of the trials."""
        return range(self.first_seed, self.first_seed + FUTURES * self.seeds)

    @property
    def fresh_seeds(self) -> range:
        """Return the seeds of the check."""
        return range(self.base_seeds.stop, self.base_seeds.stop + self.check_seeds)

    @property
    def runs(self) -> int:
        """Return how many runs all this takes at most."""
        trials = (self.evaluations + 1) * self.seeds
        return len(self.base_seeds) + len(self.bias_seeds) + trials + (self.checks + 1) * self.check_seeds

    @property
    def bias_seeds(self) -> range:
        """Return the seeds on which the plan values are run at both scales."""
        return self.trial_seeds[: max(2, self.seeds // 2)]

    @property
    def baseline(self) -> Scenario:
        """Return the scenario without any lever."""
        bare = self.space.template.model_copy(update={"extends": None, "levers": {}, "assumptions": ()})
        return bare.model_copy(update={"name": f"mix_{bare.content_hash[:12]}"})

    @property
    def identity(self) -> str:
        """Return a hash over all that the answer depends on."""
        numbers = [value for name, value in vars(self).items() if name not in {"space", "targets"}]
        levers = [lever.name for lever in self.space.free], sorted(self.space.fixed.items())
        runs = [
            list(plan(self.baseline, self.trial_seeds, scale).runs)
            for scale in (self.scale, self.check_scale)
        ]
        content = [numbers, levers, [target.id for target in self.targets], runs]
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def targets_of(names: Sequence[str]) -> tuple[Measure, ...]:
    """Return targets by id, all of them if none is named."""
    for name in names:
        if name not in TARGET_MEASURES:
            raise unknown_name("target", name, TARGET_MEASURES)
    return tuple(each for name, each in TARGET_MEASURES.items() if not names or name in names)


@dataclass(frozen=True, eq=False)
class Bench:
    """Where scenarios are run, what has been run already, and who is told how far a search is."""

    request: Request
    ledger: Ledger
    processes: int | None = None
    advance: Advance | None = None

    @cached_property
    def _columns(self) -> list[int]:
        return [*(MEASURES.index(target) for target in self.request.targets), COST_COLUMN]

    def outcomes(
        self, scenarios: Sequence[Scenario], seeds: Sequence[int], scale: float
    ) -> Iterator[Samples]:
        """Yield for each scenario the outcomes by seed, the fiscal cost last."""
        ensembles = [plan(scenario, seeds, scale, TARGET_YEAR).runs for scenario in scenarios]
        together = {name: spec for runs in ensembles for name, spec in runs.items()}
        self.gather(together)
        for runs in ensembles:
            yield np.array([self.ledger.known[name][self._columns] for name in runs])

    def gather(self, runs: Mapping[str, RunSpec]) -> None:
        """See to it that the ledger knows these runs."""
        gather(runs, self.ledger, self.processes, self.advance)

    def think(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function that takes some seconds."""
        return function(*arguments)

    def tell(self, search: Search) -> None:
        """Take in what a search knows so far."""


@dataclass(frozen=True, eq=False)
class Bias:
    """What the full scale adds to the effects that trials measure in a small sample, at the plan values."""

    mean: NDArray[np.float64]
    error: NDArray[np.float64]
    effect: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Checked:
    """A mix of the front: its trial, and the check at full scale with fresh seeds."""

    trial: Trial
    check: Trial

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the checked probability (Wilson)."""
        runs = len(self.check.samples)
        found = stats.binomtest(round(self.check.probability * runs), runs).proportion_ci(0.95, "wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Binding:
    """A target that the best mix misses too often.

    Attributes
    ----------
    probability
        With which the best mix meets it.
    gap
        Median of the outcome less the goal.
    most
        The highest probability among all mixes that were tried.
    """

    target: Measure
    probability: float
    gap: float
    most: float


@dataclass(frozen=True, eq=False)
class Answer:
    """What a search found."""

    request: Request
    search: Search
    checked: tuple[Checked, ...]  # cheapest first
    bias: Bias
    base: Trial

    @property
    def cheapest(self) -> Checked | None:
        """Return the cheapest checked mix within the budget that is as sure as was asked for."""
        enough = (one for one in self.checked if one.check.probability >= self.request.probability)
        budget = self.request.budget
        return next((one for one in enough if budget is None or one.check.extra <= budget), None)

    @property
    def best(self) -> Checked:
        """Return the checked mix that comes closest to all targets."""
        return min(self.checked, key=lambda one: (one.check.miss, one.check.shortfall, one.check.extra))

    @property
    def binding(self) -> tuple[Binding, ...]:
        """Return the targets that the best mix does not meet as surely as was asked, the worst first."""
        best, found = self.best.check, []
        most = np.max([trial.each for trial in self.search.trials if self.search.affords(trial)], axis=0)
        for k, target in enumerate(self.request.targets):
            if best.each[k] < self.request.probability:
                gap = float(np.median(best.samples[:, k])) - float(self.request.goals[k])
                found.append(Binding(target, float(best.each[k]), gap, float(most[k])))
        return tuple(sorted(found, key=lambda one: one.gap / abs(one.target.goal or 1.0)))

    def outside(self, one: Checked) -> tuple[Untested, ...]:
        """Return the levers of a mix beyond the values at which they were tested."""
        return tuple(untested(self.request.space.levers(one.trial.values)))

    @cached_property
    def prediction_errors(self) -> tuple[float, float]:
        """Return by how much the surrogate was off on the average: extra cost, and probability."""
        trials = [trial for trial in self.search.trials if trial.values in self.search.expected]
        if not trials:
            return math.nan, math.nan
        expected = [self.search.expected[trial.values] for trial in trials]
        pairs = list(zip(trials, expected, strict=True))
        extra = np.mean([abs(trial.extra - one.extra) for trial, one in pairs])
        chance = np.mean([abs(trial.probability - one.probability) for trial, one in pairs])
        return float(extra), float(chance)


def find(request: Request, bench: Bench) -> Answer:
    """Search, and check the front.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed; what has been run is in the bench's ledger.
    """
    space = request.space
    [base] = bench.outcomes([request.baseline], request.base_seeds, request.check_scale)
    [small] = bench.outcomes([request.baseline], request.trial_seeds, request.scale)

    def effects(mixes: Sequence[Values]) -> Iterator[Samples]:
        scenarios = [space.scenario(values) for values in mixes]
        for found in bench.outcomes(scenarios, request.trial_seeds, request.scale):
            yield found - small

    problem = Problem(space, request.goals, base, request.probability, request.budget)
    found = search(problem, effects, request.evaluations, request.first_seed + 1, bench.tell, bench.think)
    [planned] = effects([space.plan])
    [full] = bench.outcomes([space.scenario(space.plan)], request.bias_seeds, request.check_scale)
    bias = _bias(full - base[: len(full)], planned[: len(full)])
    front = to_check(found, request.checks)
    scenarios = [request.baseline, *(space.scenario(trial.values) for trial in front)]
    fresh, *checks = bench.outcomes(scenarios, request.fresh_seeds, request.check_scale)
    checked = [
        Checked(one, _trial(one.values, got, fresh, request)) for one, got in zip(front, checks, strict=True)
    ]
    checked.sort(key=lambda one: one.check.extra)
    return Answer(request, found, tuple(checked), bias, _trial(space.neutral, fresh, fresh, request))


def _trial(values: Values, samples: Samples, base: Samples, request: Request) -> Trial:
    effect = (samples - base).mean(axis=0)
    return Trial(values, samples, float(effect[-1]), request.goals, effect)


def _bias(full: Samples, small: Samples) -> Bias:
    gaps = full - small
    return Bias(gaps.mean(axis=0), gaps.std(axis=0, ddof=1) / math.sqrt(len(gaps)), full.mean(axis=0))


def to_check(found: Search, number: int) -> list[Trial]:
    """Return trials of the front to check: the surest, those just sure enough, and others along it."""
    front = list(found.front)
    if len(front) <= number:
        return front
    enough = [trial for trial in front if trial.probability >= found.problem.probability]
    chosen = dict.fromkeys([front[-1].values, *(trial.values for trial in enough[: number // 2])])
    for level in np.linspace(front[-1].miss, front[0].miss, number):
        fresh = [trial for trial in front if trial.values not in chosen]
        if len(chosen) < number:
            chosen[min(fresh, key=lambda trial: abs(trial.miss - level)).values] = None
    kept = list(chosen)[:number]
    return [trial for trial in front if trial.values in kept]
