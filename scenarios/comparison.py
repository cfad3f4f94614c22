"""Compare scenarios on the same seeds: paired differences, what they cost, what is told from noise.

Two runs under one seed share every draw that the policies do not touch, so the difference of two scenarios is
taken seed by seed; its spread is that of the policies' effects and not that of chance.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from scenarios.levers import LEVERS
from scenarios.scenario import LeverSetting, Scenario, load_scenario
from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR, Ensemble, Experiment, Progress, goal_of, plan
from simulation.indicators import BASE_YEAR, INDICATORS, TARGETS, Target, cost_of

MOST = 6  # scenarios that a person can still tell apart in one figure
LEVEL, POWER = 0.05, 0.8  # of the two-sided test behind "told from noise" and "more seeds"
MORE_SEEDS_CAP = 10_000
_SURE = 30.0  # non-centrality from which on any number of seeds tells an effect
COST, COST_REGION = "fiscal_cost", "Ningbo+Wenzhou"
COST_YEARS = range(BASE_YEAR + 1, TARGET_YEAR + 1)


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences, with its 95 % confidence interval (Student's t).

    Attributes
    ----------
    told
        Whether the interval leaves out zero.
    more_seeds
        If not told: the seeds to add for a difference and a spread like these to be told with 80 % power;
        `MORE_SEEDS_CAP` means that many or more, None that no seeds can help (not the least difference) or
        that one seed shows no spread.
    variance_ratio
        Variance of the difference had the seeds been independent, over that of the paired one.
    """

    difference: float
    low: float | None
    high: float | None
    told: bool
    more_seeds: int | None
    variance_ratio: float | None


def paired_difference(values: NDArray[np.float64], first: NDArray[np.float64]) -> Difference:
    """Return what pairs of replicates say about the mean of `values` - `first`."""
    gaps = values - first
    mean, count = float(gaps.mean()), len(gaps)
    if count < 2 or not math.isfinite(mean):
        return Difference(mean, None, None, False, None, None)
    spread = float(gaps.std(ddof=1))
    margin = _critical(count) * spread / math.sqrt(count)
    told = abs(mean) > margin
    more = None if told or spread == 0.0 else _seeds_needed(abs(mean) / spread, count) - count
    ratio = float(values.var(ddof=1) + first.var(ddof=1)) / spread**2 if spread else None
    return Difference(mean, mean - margin, mean + margin, told, more, ratio)


def _seeds_needed(effect: float, count: int) -> int:
    """Return the seeds that tell an effect (in standard deviations) from zero; the cap ends the search.

    The power of the t test is exact (non-central t) and rises with the seeds.
    """
    low, high = count, count + MORE_SEEDS_CAP
    while high - low > 1:
        middle = (low + high) // 2
        if _power(effect, middle) >= POWER:
            high = middle
        else:
            low = middle
    return high


def _power(effect: float, count: int) -> float:
    shift = effect * math.sqrt(count)
    if shift > _SURE:
        return 1.0
    return 1.0 - float(special.nctdtr(count - 1, shift, _critical(count)))


def _critical(count: int) -> float:
    """Return the quantile of Student's t that `count` differences are told from zero by."""
    # Not `stats.t.ppf`: its checks take ten times as long, and a page draws many differences.
    return float(special.stdtrit(count - 1, 1.0 - LEVEL / 2.0))


@dataclass(frozen=True)
class Outcome:
    """One scenario for one target in one region; `difference` and cost are to the first scenario."""

    median: float
    q05: float
    q25: float
    q75: float
    q95: float
    probability: float | None
    paired: Difference | None
    cost_per_unit: float | None

    def document(self) -> dict[str, Any]:
        """Return the outcome as plain data; None stands for what is not defined."""
        flat = asdict(self)
        paired = flat.pop("paired") or dict.fromkeys(Difference.__dataclass_fields__)
        cost = flat.pop("cost_per_unit")
        return {name: _defined(value) for name, value in {**flat, **paired, "cost_per_unit": cost}.items()}


@dataclass(frozen=True)
class Row:
    """A target in one of its regions, under every scenario."""

    target: Target
    region: str
    goal: float | None
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True)
class Cost:
    """Public money that a scenario spends, 100m CNY over all years of the policy.

    Attributes
    ----------
    per_unit_of : str
        Indicator of the cost of a unit: what the one lever costs that costs money, else all programmes.
    extra : float
        What is spent on it beyond the first scenario, on average.
    """

    median: float
    q05: float
    q95: float
    paired: Difference | None
    per_unit_of: str = COST
    extra: float = 0.0


@dataclass(frozen=True)
class Plan:
    """Scenarios to compare, before they are run."""

    experiments: tuple[Experiment, ...]

    @property
    def joint(self) -> Experiment:
        """Return all runs as one experiment, so that they share one pool; its scenario is the first's."""
        runs = {name: spec for experiment in self.experiments for name, spec in experiment.runs.items()}
        return replace(self.experiments[0], runs=runs)

    def run(self, processes: int | None = None, progress: Progress | None = None) -> "Comparison":
        """Simulate all scenarios, calling `progress` with each run as it finishes."""
        together = self.joint.run(processes, progress)
        return Comparison(
            tuple(
                Ensemble(
                    experiment,
                    tuple(result for result in together.results if result.run_id in experiment.runs),
                    together.elapsed_s,
                )
                for experiment in self.experiments
            )
        )


def plan_comparison(
    scenarios: Sequence[str | Scenario],
    seeds: Sequence[int],
    scale: float = 1.0,
    until: int = TARGET_YEAR,
    central: bool = False,
) -> Plan:
    """Describe a comparison to the first scenario, checking all that can be checked before it is run.

    Raises
    ------
    InputError
        There are fewer than two scenarios, more than six, or two of the same name.
    """
    if not 2 <= len(scenarios) <= MOST:
        raise InputError(f"a comparison takes 2 to {MOST} scenarios, not {len(scenarios)}")
    experiments = tuple(plan(scenario, seeds, scale, until, central=central) for scenario in scenarios)
    names = [experiment.name for experiment in experiments]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"scenario {name!r} is named {names.count(name)} times; name each once")
    return Plan(experiments)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Ensembles of scenarios over the same seeds, the first being what the others are compared with."""

    ensembles: tuple[Ensemble, ...]

    @property
    def first(self) -> Ensemble:
        """Return the ensemble that the others are compared with."""
        return self.ensembles[0]

    @property
    def names(self) -> list[str]:
        """Return the names of the scenarios."""
        return [ensemble.experiment.name for ensemble in self.ensembles]

    @property
    def year(self) -> int:
        """Return the year that is compared: that of the targets, or the last one that is simulated."""
        return min(TARGET_YEAR, self.first.years[-1])

    @property
    def together(self) -> Ensemble:
        """Return all replicates in one ensemble."""
        results = tuple(result for ensemble in self.ensembles for result in ensemble.results)
        joint = Plan(tuple(ensemble.experiment for ensemble in self.ensembles)).joint
        return Ensemble(joint, results, self.first.elapsed_s)

    @cached_property
    def costs(self) -> dict[str, Cost]:
        """Return what each scenario costs Ningbo and Wenzhou together."""
        spent = [self._spent(ensemble) for ensemble in self.ensembles]
        costs = {}
        for name, money in zip(self.names, spent, strict=True):
            low, median, high = (float(value) for value in np.quantile(money, [0.05, 0.5, 0.95]))
            paired = None if name == self.names[0] else paired_difference(money, spent[0])
            costs[name] = Cost(median, low, high, paired)
        for ensemble in self.ensembles[1:]:
            name, indicator = ensemble.experiment.name, self._charged(ensemble)
            extra = self._spent(ensemble, indicator) - self._spent(self.first, indicator)
            costs[name] = replace(costs[name], per_unit_of=indicator, extra=float(extra.mean()))
        return costs

    def _charged(self, ensemble: Ensemble) -> str:
        """Return what to charge: the only lever that differs and costs money, else all programmes."""
        now, before = (_levers(each.experiment) for each in (ensemble, self.first))
        changed = [name for name in {**before, **now} if now.get(name) != before.get(name)]
        paid = [name for name in changed if LEVERS[name].costs]
        return cost_of(paid[0]) if len(paid) == 1 else COST

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Return every target in each region it is reported for, the joint one first."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[Row]:
        for target in TARGETS:
            for region in target.regions:
                outcomes = {e.experiment.name: self._outcome(e, target, region) for e in self.ensembles}
                yield Row(target, region, goal_of(target, region), outcomes)

    def _outcome(self, ensemble: Ensemble, target: Target, region: str) -> Outcome:
        at = ensemble.years.index(self.year)
        reached = ensemble.replicates(target.indicator, region)[:, at]
        band = {name: float(path[at]) for name, path in ensemble.band(target.indicator, region).items()}
        verdict = ensemble.verdict(target, region)
        probability = verdict.probability if verdict else None
        if ensemble is self.first:
            return Outcome(**band, probability=probability, paired=None, cost_per_unit=None)
        paired = paired_difference(reached, self.first.replicates(target.indicator, region)[:, at])
        cost = self.costs[ensemble.experiment.name]
        is_gain = paired.told and paired.difference > 0.0
        per_unit = cost.extra / paired.difference if is_gain else None
        return Outcome(**band, probability=probability, paired=paired, cost_per_unit=per_unit)

    def _spent(self, ensemble: Ensemble, indicator: str = COST) -> NDArray[np.float64]:
        years = [at for at, year in enumerate(ensemble.years) if year in COST_YEARS]
        return np.asarray(ensemble.replicates(indicator, COST_REGION)[:, years].sum(axis=1))

    def document(self) -> dict[str, Any]:
        """Return the comparison as one JSON document."""
        return {
            "scenarios": self.names,
            "seeds": self.first.seeds,
            "scale": self.first.experiment.scale,
            "elapsed_s": round(self.first.elapsed_s, 3),
            "year": self.year,
            "run_ids": {ensemble.experiment.name: ensemble.run_ids for ensemble in self.ensembles},
            "targets": [_row_document(row) for row in self.rows],
            "fiscal_cost": {name: _cost_document(cost) for name, cost in self.costs.items()},
        }


def _levers(experiment: Experiment) -> Mapping[str, LeverSetting]:
    scenario = experiment.scenario
    return (scenario if isinstance(scenario, Scenario) else load_scenario(scenario)).levers


def _row_document(row: Row) -> dict[str, Any]:
    return {
        "id": row.target.id,
        "scope": row.region,
        "unit": INDICATORS[row.target.indicator].unit,
        "target": row.goal,
        "scenarios": {name: outcome.document() for name, outcome in row.outcomes.items()},
    }


def _cost_document(cost: Cost) -> dict[str, Any]:
    flat = asdict(cost)
    charged = {name: flat.pop(name) for name in ("per_unit_of", "extra")}
    paired = flat.pop("paired") or dict.fromkeys(Difference.__dataclass_fields__)
    values = {name: _defined(value) for name, value in {**flat, **paired}.items()}
    return {
        "scope": COST_REGION,
        "unit": INDICATORS[COST].unit,
        "years": list(COST_YEARS),
        **values,
        **charged,
    }


def _defined(value: float | None) -> float | None:
    return value if value is None or math.isfinite(value) else None
