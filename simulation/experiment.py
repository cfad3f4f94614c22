"""Ensembles: one scenario under many seeds, on one process or on many, with the same bits.

Replicates are computed in any order and sorted by seed; the number of processes changes nothing but the time.
"""

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from scenarios.scenario import Scenario, in_catalogue, load_scenario
from scenarios.writing import scenario_text
from simulation.branching import Histories, batches, run_batch, run_together
from simulation.errors import InputError, Interrupted
from simulation.indicators import TARGET_YEAR as TARGET_YEAR  # noqa: PLC0414 - given on to other modules
from simulation.indicators import Target
from simulation.indicators import goal_of as goal_of  # noqa: PLC0414
from simulation.posterior import load_posterior
from simulation.runs import (
    DEFAULT_UNTIL,
    MAX_SEED,
    Fingerprint,
    RunResult,
    RunSpec,
    fingerprint,
    run_id,
)
from simulation.threads import threads
from simulation.workers import interrupts_remembered, spread, worker_pool

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
MAX_RUNS = 100_000
MAX_PROCESSES = 1_024

_QUEUED = 4
"""Batches that are waiting or running for each process: more would only keep results in memory."""

Progress = Callable[[RunResult], None]


def stream(named: Mapping[str, RunSpec], processes: int | None = None) -> Generator[RunResult, None, None]:
    """Yield the runs as they finish, in no particular order.

    Runs that differ in their scenarios alone are simulated together, as branches of one history.

    Parameters
    ----------
    named
        What to simulate, by run name.
    processes
        Worker processes; by default one a core. With one, everything happens in this process; a single run
        happens there too, on as many threads instead.

    Raises
    ------
    WorkerError
        A worker was killed from outside, as the system does when memory runs out.
    """
    cores = number_of_processes(processes)
    processes = min(cores, len(named))
    work = batches(named, processes)
    if len(named) == 1:
        with threads(min(cores, os.cpu_count() or 1)):
            [result] = run_together(work[0], Histories())
        yield result
        return
    if processes <= 1:
        histories = Histories()
        for batch in work:
            yield from run_together(batch, histories)
        return
    with worker_pool(processes) as pool:
        for results in spread(pool, run_batch, work, _QUEUED * processes):
            yield from results


def number_of_processes(wanted: int | None) -> int:
    """Return how many worker processes to use: as many as are wanted, or one a core."""
    if wanted is not None and not 1 <= wanted <= MAX_PROCESSES:
        raise InputError(f"processes must be a whole number from 1 to {MAX_PROCESSES}, not {wanted}")
    return wanted or os.cpu_count() or 1


@dataclass(frozen=True)
class Verdict:
    """How a target fares: the share of replicates that meet it, and the median's distance from it."""

    goal: float
    probability: float
    gap: float


@dataclass(frozen=True)
class Experiment:
    """One scenario under many seeds, before it is run.

    Attributes
    ----------
    twins
        Runs with the parameters of the first replicates and other seeds, which tell chance from parameters.
    """

    scenario: str | Scenario
    scale: float
    until: int
    parameters: Mapping[str, float]
    fingerprint: Fingerprint
    runs: Mapping[str, RunSpec]  # by run name, sorted by seed
    twins: Mapping[str, RunSpec] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the scenario's own name, wherever it comes from."""
        return self.fingerprint.name

    @property
    def central(self) -> bool:
        """Tell whether all runs have central values, so that bands hold no uncertainty of parameters."""
        return not self.fingerprint.posterior

    @property
    def text(self) -> str | None:
        """Return the text of a scenario that is not in the catalogue, None of one that is."""
        if isinstance(self.scenario, Scenario):
            return scenario_text(self.scenario)
        if in_catalogue(self.scenario):
            return None
        file = Path(self.scenario)
        if file.is_file():
            return file.read_text(encoding="utf-8")
        return scenario_text(load_scenario(self.scenario))

    @property
    def identity(self) -> str:
        """Return a hash over the names of all runs: equal if and only if the results are."""
        return hashlib.sha256("\n".join(self.runs).encode()).hexdigest()[:16]

    def run(self, processes: int | None = None, progress: Progress | None = None) -> "Ensemble":
        """Simulate all runs and twins, calling `progress` with each as it finishes.

        Raises
        ------
        Interrupted
            Ctrl-C was pressed; no worker is left behind.
        """
        start = perf_counter()
        wanted = {**self.twins, **self.runs}
        results: list[RunResult] = []
        try:
            with interrupts_remembered() as interrupted, closing(stream(wanted, processes)) as finished:
                for result in finished:
                    results.append(result)
                    if progress:
                        progress(result)
                    if interrupted.is_set():
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            done = f"{len(results)} of {len(wanted)} runs had finished"
            raise Interrupted(f"stopped: {done}, nothing was written") from None
        by_name = {result.run_id: result for result in results}
        replicates, twins = (tuple(by_name[name] for name in named) for named in (self.runs, self.twins))
        return Ensemble(self, replicates, perf_counter() - start, twins)


def plan(
    scenario: str | Scenario,
    seeds: Iterable[int],
    scale: float = 1.0,
    until: int = DEFAULT_UNTIL,
    parameters: Mapping[str, float] | None = None,
    check: bool = False,
    central: bool = False,
    pairs: int = 0,
) -> Experiment:
    """Describe an ensemble, checking all that can be checked before anything is simulated.

    The first `pairs` replicates get twins, if parameters are drawn from a posterior.
    """
    chosen = parameters or {}
    specs = [RunSpec(scenario, seed, scale, until, chosen, check, central) for seed in sorted(set(seeds))]
    if not 1 <= len(specs) <= MAX_RUNS:
        raise InputError(f"an ensemble has 1 to {MAX_RUNS} seeds, not {len(specs)}")
    parts = fingerprint(scenario, central)
    runs = {run_id(spec, parts): spec for spec in specs}
    twins = {run_id(spec, parts): spec for spec in map(_twin, specs[:pairs])} if parts.posterior else {}
    return Experiment(scenario, specs[0].scale, until, specs[0].parameters, parts, runs, twins)


def _twin(spec: RunSpec) -> RunSpec:
    """Return the run with the same draw of the posterior under another seed."""
    draws = len(load_posterior())
    return replace(spec, seed=spec.seed + (draws if spec.seed + draws <= MAX_SEED else -draws))


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The replicates of an experiment, sorted by seed, and what they say together."""

    experiment: Experiment
    results: tuple[RunResult, ...]
    elapsed_s: float
    twins: tuple[RunResult, ...] = ()

    @property
    def seeds(self) -> list[int]:
        """Return the seed of each replicate."""
        return [result.spec.seed for result in self.results]

    @property
    def run_ids(self) -> list[str]:
        """Return the name of each replicate."""
        return [result.run_id for result in self.results]

    @property
    def years(self) -> tuple[int, ...]:
        """Return the years, the first axis of a run's values."""
        return self.results[0].years

    @property
    def indicators(self) -> tuple[str, ...]:
        """Return the ids of the indicators, the second axis."""
        return self.results[0].indicators

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the ids of the reporting regions, the third axis."""
        return self.results[0].regions

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Return all values, indexed [replicate, year, indicator, region]."""
        return np.stack([result.values for result in self.results])

    @cached_property
    def quantiles(self) -> NDArray[np.float64]:
        """Return the quantiles over replicates, indexed [quantile, year, indicator, region]."""
        quantiles: NDArray[np.float64] = np.quantile(self.values, list(QUANTILES.values()), axis=0)
        return quantiles

    def replicates(self, indicator: str, region: str) -> NDArray[np.float64]:
        """Return one indicator of one region, indexed [replicate, year]."""
        return self.values[:, :, self.indicators.index(indicator), self.regions.index(region)]

    def band(self, indicator: str, region: str) -> dict[str, NDArray[np.float64]]:
        """Return each quantile's path over the years."""
        paths = self.quantiles[:, :, self.indicators.index(indicator), self.regions.index(region)]
        return dict(zip(QUANTILES, paths, strict=True))

    def verdict(self, target: Target, region: str) -> Verdict | None:
        """Return how a target fares in a region, or None where none is set or its year is not simulated."""
        goal = goal_of(target, region)
        if goal is None or TARGET_YEAR not in self.years:
            return None
        reached = self.replicates(target.indicator, region)[:, self.years.index(TARGET_YEAR)]
        return Verdict(goal, float((reached >= goal).mean()), float(np.quantile(reached, 0.5)) - goal)


def run_ensemble(
    scenario: str | Scenario,
    seeds: Iterable[int],
    scale: float = 1.0,
    until: int = DEFAULT_UNTIL,
    parameters: Mapping[str, float] | None = None,
    check: bool = False,
    central: bool = False,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Simulate `scenario` once for each seed; see `Experiment.run`."""
    return plan(scenario, seeds, scale, until, parameters, check, central).run(processes, progress)
