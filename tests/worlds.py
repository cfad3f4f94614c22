"""Worlds that several test files look at; each is made once in a session and must not be changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from typing import Any

import numpy as np

from scenarios.levers import LEVERS
from scenarios.pairing import COMPANIONS
from scenarios.scenario import LeverSetting, Scenario, quarter_index
from simulation.branching import branch
from simulation.indicators import IndicatorTable
from simulation.model import InnovationModel
from simulation.workers import worker_pool

SEED = 3
PILOTS = (
    *("Ningbo University", "Wenzhou Medical University", "Wenzhou University"),
    "Ningbo Institute of Materials Technology and Engineering, CAS",
)


def scenario(
    levers: Mapping[str, Any] | None = None,
    conditions: Mapping[str, Any] | None = None,
    pilot_institutions: Iterable[str] = (),
    cluster_fields: Iterable[str] = (),
) -> Scenario:
    """Return a scenario from what a file would say of levers and conditions."""
    return Scenario.model_validate(
        {
            "name": "made_for_a_test",
            "title": {"en": "Test", "zh": "测试"},
            "description": {"en": "Test", "zh": "测试"},
            "levers": dict(levers or {}),
            "conditions": dict(conditions or {}),
            "pilot_institutions": tuple(pilot_institutions),
            "cluster_fields": tuple(cluster_fields),
        }
    )


@cache
def started(scale: float = 1.0, seed: int = SEED) -> InnovationModel:
    """Return a model at the start of 2015."""
    return InnovationModel(scale=scale, until=2015, seed=seed)


@cache
def after_one_quarter(scale: float = 1.0, seed: int = SEED) -> InnovationModel:
    """Return a model after its first quarter."""
    model = InnovationModel(scale=scale, until=2015, seed=seed)
    model.step()
    return model


@cache
def baseline(scale: float, seed: int = SEED, until: int = 2018) -> IndicatorTable:
    """Return the indicators of the baseline."""
    return InnovationModel(scale=scale, until=until, seed=seed).run()


@dataclass(frozen=True)
class History:
    """A baseline run that was watched: living firms at the end of each year, and who closed when."""

    model: InnovationModel
    living: tuple[np.ndarray, ...]
    lives: np.ndarray  # (quarters from birth to closing, or to the end; whether it closed) of entrants

    def matched(self, year: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the records of firms alive at the end of `year` and of the year after, in one order."""
        before, after = self.living[year - 2015], self.living[year - 2014]
        _, i, j = np.intersect1d(before["id"], after["id"], return_indices=True)
        return before[i], after[j]


@cache
def history() -> History:
    """Return a watched baseline at half scale, 2015 to 2022."""
    model = InnovationModel(scale=0.5, until=2022, seed=SEED)
    years: list[np.ndarray] = []
    closed: dict[int, int] = {}
    while model.running:
        model.step()
        firms = model.firms.records
        for firm in firms[(firms["alive"] == 0) & (firms["birth"] >= 0)]:
            closed.setdefault(int(firm["id"]), model.quarter - 1 - int(firm["birth"]))
        if model.quarter % 4 == 0:
            years.append(model.firms.living.copy())
    births = years[-1]["birth"]
    alive = model.quarter - 1 - births[births >= 0].astype(int)
    lives = [(age, 1) for age in closed.values()] + [(age, 0) for age in alive.tolist()]
    return History(model, tuple(years), np.array(lives))


Job = tuple[str, float, int]
"""Lever ("" for none), its value, seed."""


TOGETHER = 24  # runs that share a history
START = quarter_index(LeverSetting.model_fields["start"].default)


def _lever_runs(jobs: list[Job]) -> list[IndicatorTable]:
    """Return runs under one seed; each branches off the history without policy that they share."""
    past = InnovationModel(scale=0.25, until=2022, seed=jobs[0][2])
    while past.quarter < START:
        past.step()
    return [branch(past, lever_case(*job[:2])).run() for job in jobs]


def lever_case(name: str, value: float) -> Scenario:
    """Return the scenario of one lever ("": none) and what it needs beside it."""
    levers = {**COMPANIONS.get(name, {}), **({name: value} if name else {})}
    return scenario(levers, pilot_institutions=PILOTS if name == "inventor_share" else ())


@cache
def lever_runs(values: tuple[tuple[str, float], ...], seeds: tuple[int, ...]) -> dict[Job, IndicatorTable]:
    """Return runs at quarter scale with one lever each, and their counterfactuals, on two processes."""
    neutral = [("", 0.0), *((name, LEVERS[name].neutral) for name in COMPANIONS)]
    return run_jobs([(name, value, seed) for name, value in (*neutral, *values) for seed in seeds])


def run_jobs(jobs: list[Job]) -> dict[Job, IndicatorTable]:
    """Return runs at quarter scale by lever, value and seed, on two processes."""
    ordered = sorted(jobs, key=lambda job: job[2])
    batches = [part for _, same in groupby(ordered, key=lambda job: job[2]) for part in _parts(list(same))]
    with worker_pool(2) as pool:
        found = chain.from_iterable(pool.map(_lever_runs, batches))
        return dict(zip(chain.from_iterable(batches), found, strict=True))


def _parts(jobs: list[Job]) -> list[list[Job]]:
    return [jobs[at : at + TOGETHER] for at in range(0, len(jobs), TOGETHER)]
