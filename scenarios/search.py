"""Target search: which mixes of levers meet all targets, how surely, and what the cheapest of them cost.

The front weighs fiscal cost against the chance that one and the same future meets all targets. Where no
future meets them all, mixes are told apart by how far they fall short. NSGA-II (pymoo) looks for the front on
a surrogate; what it proposes is simulated, the surrogate learns from that, and only what was simulated is
reported.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem as PymooProblem
from pymoo.optimize import minimize
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from scenarios.mixes import Space, Values
from scenarios.surrogate import Surrogate

Samples = NDArray[np.float64]
Effects = Callable[[Sequence[Values]], Iterable[Samples]]
"""What mixes add to outcomes: for each an array float64[S, M + 1], in which S divides the number of futures N
and row s belongs to future s. Futures beyond S take the effects of the others in turn."""
Think = Callable[..., Any]
"""Calls a function, its first argument, with the others; perhaps in another process."""

FIRST_PART = 0.4  # of the evaluations go to a design that fills the space
ROUNDS, SMALLEST_ROUND = 8, 4  # the rest is spent in so many rounds, of so many mixes at least
POPULATION, GENERATIONS = 60, 50  # of NSGA-II on the surrogate


@dataclass(frozen=True, eq=False)
class Problem:
    """What is searched for.

    Attributes
    ----------
    goals : float64[M]
        What the outcomes have to reach at least.
    base : float64[N, M + 1]
        Outcomes in N futures without any lever; the last column is the fiscal cost.
    probability
        With which all targets shall be met.
    budget
        The most that a mix may add to fiscal cost.
    """

    space: Space
    goals: NDArray[np.float64]
    base: Samples
    probability: float = 0.8
    budget: float | None = None


@dataclass(frozen=True, eq=False)
class Trial:
    """A mix that was simulated: its outcomes in all futures, and what they say.

    Attributes
    ----------
    samples : float64[N, M + 1]
        Outcomes; the last column is the fiscal cost.
    extra
        Mean fiscal cost on top of that without any lever.
    effect : float64[M + 1]
        What the mix adds to each outcome, on the average of the seeds.
    """

    values: Values
    samples: Samples
    extra: float
    goals: NDArray[np.float64]
    effect: NDArray[np.float64]

    @cached_property
    def met(self) -> NDArray[np.bool_]:
        """Tell which future meets which target."""
        return np.asarray(self.samples[:, :-1] >= self.goals)

    @property
    def probability(self) -> float:
        """Return the share of futures that meet all targets."""
        return float(self.met.all(axis=1).mean())

    @property
    def each(self) -> NDArray[np.float64]:
        """Return the share of futures that meet each target."""
        return self.met.mean(axis=0)

    @property
    def cost(self) -> float:
        """Return the mean fiscal cost."""
        return float(self.samples[:, -1].mean())

    @cached_property
    def shortfall(self) -> float:
        """Return by what part of its goal the worst target is missed, on the average of the futures."""
        return float(shortfalls(self.samples[:, :-1], self.goals).max(axis=-1).mean())

    @property
    def miss(self) -> float:
        """Return what is to be made small: the chance of failure, beyond one plus the shortfall."""
        return float(_miss(self.probability, self.shortfall))


def shortfalls(outcomes: Samples, goals: NDArray[np.float64]) -> Samples:
    """Return by what part of its goal each target is missed; what is not defined misses all of it."""
    gaps = (goals - outcomes) / np.abs(goals)
    return np.clip(np.nan_to_num(gaps, nan=1.0), 0.0, None)


def _miss(probability: Any, shortfall: Any) -> Any:
    return np.where(probability > 0.0, 1.0 - probability, 1.0 + shortfall)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the surrogate expected of a mix before it was simulated."""

    extra: float
    probability: float


@dataclass(frozen=True, eq=False)
class Search:
    """Every trial in the order of their simulation, and what was expected of those that were proposed."""

    problem: Problem
    trials: tuple[Trial, ...]
    expected: dict[Values, Prediction] = field(default_factory=dict)

    @cached_property
    def front(self) -> tuple[Trial, ...]:
        """Return the trials within the budget that no other betters in cost and chance, cheapest first."""
        affordable = [trial for trial in self.trials if self.affords(trial)]
        ordered = sorted(affordable, key=lambda trial: (trial.extra, trial.miss))
        front: list[Trial] = []
        for trial in ordered:
            if not front or trial.miss < front[-1].miss:
                front.append(trial)
        return tuple(front)

    def affords(self, trial: Trial) -> bool:
        """Tell whether a trial lies within the budget."""
        return self.problem.budget is None or trial.extra <= self.problem.budget

    @property
    def best(self) -> Trial:
        """Return the trial that comes closest to meeting all targets."""
        return self.front[-1]


def _at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def search(
    problem: Problem,
    effects: Effects,
    evaluations: int,
    seed: int = 1,
    tell: Callable[[Search], object] | None = None,
    think: Think = _at_once,
) -> Search:
    """Try up to `evaluations` mixes; the same problem and seed try the same mixes.

    Parameters
    ----------
    tell
        Is told after each trial what is known by then.
    think
        Calls what proposes mixes, which takes some seconds of a processor.
    """
    trials: dict[Values, Trial] = {}
    expected: dict[Values, Prediction] = {}

    def simulate(mixes: Sequence[Values]) -> None:
        for values, added in zip(mixes, effects(mixes), strict=True):
            trials[values] = _trial(problem, values, added)
            if tell:
                tell(Search(problem, tuple(trials.values()), dict(expected)))

    first = first_trials(evaluations)
    simulate(_design(problem.space, first, seed))
    surrogate, batch = Surrogate(), max(SMALLEST_ROUND, -(-(evaluations - first) // ROUNDS))
    while len(trials) < evaluations:
        number = min(batch, evaluations - len(trials))
        known = tuple(trials.values())
        surrogate, found = think(_next_round, problem, surrogate, known, number, seed + len(trials))
        if not found:
            break  # few levers with few values have fewer mixes than evaluations
        expected |= found
        simulate(list(found))
    return Search(problem, tuple(trials.values()), expected)


def first_trials(evaluations: int) -> int:
    """Return how many trials fill the space, before others are proposed."""
    return min(evaluations, max(4, round(FIRST_PART * evaluations)))


def _trial(problem: Problem, values: Values, effects: Samples) -> Trial:
    spread = np.tile(effects, (len(problem.base) // len(effects), 1))
    return Trial(
        values, problem.base + spread, float(effects[:, -1].mean()), problem.goals, effects.mean(axis=0)
    )


def _next_round(
    problem: Problem, surrogate: Surrogate, trials: Sequence[Trial], number: int, seed: int
) -> tuple[Surrogate, dict[Values, Prediction]]:
    """Return the surrogate after all trials, and the mixes that it proposes."""
    with threadpool_limits(1):  # the matrices are small, and one thread always sums in the same order
        means = np.nan_to_num([trial.effect for trial in trials])
        surrogate.fit(np.array([problem.space.encode(trial.values) for trial in trials]), means)
        scorer = _Scorer(problem, surrogate, _leaning(problem, trials, means))
        return surrogate, _propose(scorer, {trial.values: trial for trial in trials}, number, seed)


def _design(space: Space, number: int, seed: int) -> list[Values]:
    """Return mixes that fill the space from weak to strong ones, after three that stand out."""
    mixes = dict.fromkeys((space.neutral, space.plan, space.strongest))
    draws = qmc.Sobol(len(space.free) + 1, rng=seed)
    for _ in range(100):
        for row in draws.random(64):
            z = row[-1] * (space.low + row[:-1] * (space.high - space.low))
            mixes[space.decode(z)] = None
        if len(mixes) >= number:
            break
    return list(mixes)[:number]


def _leaning(problem: Problem, trials: Sequence[Trial], means: Samples) -> Samples:
    """Return how strongly mixes act in each future, relative to the mean of all futures (least squares)."""
    effects = np.array([np.nan_to_num(trial.samples - problem.base) for trial in trials])
    weight = (means**2).sum(axis=0)
    slope = np.einsum("ism,im->sm", effects, means) / np.where(weight > 0.0, weight, 1.0)
    return np.where(weight > 0.0, slope, 1.0)


@dataclass(frozen=True, eq=False)
class _Scorer:
    """Cost and miss of points, as the surrogate expects them."""

    problem: Problem
    surrogate: Surrogate
    leaning: Samples

    def score(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], Samples]:
        """Return extra cost, miss and probability of each point."""
        points = self.problem.space.snap(points)
        effects = self.surrogate.predict(points)
        outcomes = self.problem.base + self.leaning * effects[:, None, :]
        reached, goals = outcomes[..., :-1], self.problem.goals
        chance = (reached >= goals).all(axis=2).mean(axis=1)
        short = shortfalls(reached, goals).max(axis=2).mean(axis=1)
        return effects[:, -1], _miss(chance, short), chance


class _Expected(PymooProblem):
    """The surrogate's view of the problem, in the form that pymoo wants."""

    def __init__(self, scorer: _Scorer) -> None:
        space, self._scorer = scorer.problem.space, scorer
        limits = int(scorer.problem.budget is not None)
        super().__init__(n_var=len(space.free), n_obj=2, n_ieq_constr=limits, xl=space.low, xu=space.high)

    def _evaluate(self, x: NDArray[np.float64], out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        extra, miss, _ = self._scorer.score(x)
        out["F"] = np.column_stack([extra, miss])
        if self._scorer.problem.budget is not None:
            out["G"] = (extra - self._scorer.problem.budget)[:, None]


def _propose(scorer: _Scorer, tried: dict[Values, Trial], number: int, seed: int) -> dict[Values, Prediction]:
    """Return new mixes from the front that the surrogate expects, spread along it."""
    space, problem = scorer.problem.space, scorer.problem
    start = _start(space, tried, problem, seed)
    algorithm = NSGA2(pop_size=POPULATION, sampling=start, eliminate_duplicates=True)
    result = minimize(_Expected(scorer), algorithm, ("n_gen", GENERATIONS), seed=seed, verbose=False)
    population = np.atleast_2d(result.pop.get("X"))
    population = _sparse(scorer, population)
    fresh = {values: None for values in map(space.decode, population) if values not in tried}
    for values in _design(space, number + len(tried) + 3, seed):  # if the front holds too little that is new
        if len(fresh) >= number:
            break
        if values not in tried:
            fresh[values] = None
    mixes = list(fresh)
    if not mixes:
        return {}
    extra, miss, chance = scorer.score(np.array([space.encode(values) for values in mixes]))
    chosen = _spread(extra, miss, chance >= problem.probability, number)
    return {mixes[k]: Prediction(float(extra[k]), float(chance[k])) for k in chosen}


def _sparse(scorer: _Scorer, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points without the levers that help neither cost nor chance."""
    extra, miss, _ = scorer.score(points)
    for lever in range(points.shape[1]):
        without = points.copy()
        without[:, lever] = 0.0
        cost, fail, _ = scorer.score(without)
        better = (cost <= extra) & (fail <= miss)
        points = np.where(better[:, None], without, points)
        extra, miss = np.where(better, cost, extra), np.where(better, fail, miss)
    return points


def _start(space: Space, tried: dict[Values, Trial], problem: Problem, seed: int) -> NDArray[np.float64]:
    """Return the population that NSGA-II begins with: the best trials, and points that fill the space."""
    best = Search(problem, tuple(tried.values())).front[-POPULATION // 2 :]
    known = np.array([space.encode(trial.values) for trial in best]).reshape(-1, len(space.free))
    others = [space.encode(values) for values in _design(space, POPULATION - len(known), seed)]
    return np.clip(np.vstack([known, *others]), space.low, space.high)


def _spread(
    extra: NDArray[np.float64], miss: NDArray[np.float64], enough: NDArray[np.bool_], number: int
) -> list[int]:
    """Return candidates far apart: the surest, the cheapest that is sure enough, then the furthest."""
    scaled = np.column_stack([(axis - axis.min()) / (np.ptp(axis) or 1.0) for axis in (extra, miss)])
    chosen = [int(np.lexsort((extra, miss))[0])]
    if enough.any():
        chosen.append(int(np.flatnonzero(enough)[np.argmin(extra[enough])]))
    chosen = list(dict.fromkeys(chosen))[:number]
    while len(chosen) < min(number, len(extra)):
        distance = np.min([np.hypot(*(scaled - scaled[k]).T) for k in chosen], axis=0)
        distance[chosen] = -1.0
        chosen.append(int(distance.argmax()))
    return chosen
