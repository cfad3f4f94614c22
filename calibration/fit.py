"""Fitting the city effects: what the mechanisms do not explain of 2015-2018.

A fixed-point iteration: run a few replicates, compare their mean with the observations, move each effect by
a part of the log ratio, until the changes are small. It is a first fit of levels and trends, not an
inference: it says nothing about uncertainty.

    yongwen fit            writes city_effects.csv in the data folder
"""

import csv
import math
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration.moments import FIT_YEARS, FITTED, moments
from calibration.priors import EFFECT_PRIORS
from simulation.data import data_dir
from simulation.effects import EFFECTS
from simulation.geography import load_geography
from simulation.model import InnovationModel
from simulation.workers import worker_pool

SEEDS = (9001, 9002, 9003, 9004)
STEPS = 14

Effects = dict[tuple[str, str], float]


def goals() -> dict[tuple[str, str, int], float]:
    """Return the values to fit, by place, indicator and year; levels of 2015 are the starting values."""
    return {moment.key: moment.value for moment in moments(FITTED)}


def simulate_mean(effects: Effects, pool: object) -> Mapping[tuple[str, str, int], float]:
    """Return the mean over the fit's replicates of what the moments measure."""
    tables = list(pool.map(_replicate, [(seed, effects) for seed in SEEDS]))  # type: ignore[attr-defined]
    mean = np.mean([values for values, _, _ in tables], axis=0)
    _, indicators, regions = tables[0]
    return {
        (region, indicator, year): float(mean[row, i, r])
        for row, year in enumerate(FIT_YEARS)
        for i, indicator in enumerate(indicators)
        for r, region in enumerate(regions)
    }


def _replicate(task: tuple[int, Effects]) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    seed, effects = task
    table = InnovationModel(seed=seed, until=FIT_YEARS[-1], effects=effects).run()
    return table.values, table.indicators, table.regions


def step(
    effects: Effects,
    goals: Mapping[tuple[str, str, int], float],
    model: Mapping[tuple[str, str, int], float],
    gain: float,
) -> float:
    """Move the effects towards the goals; return the root mean square of the log ratios."""
    misses = []
    for place in load_geography().places:

        def miss(indicator: str, year: int, name: str = place.id) -> float | None:
            goal, value = goals.get((name, indicator, year)), model[name, indicator, year]
            if goal is None or not value > 0.0:
                return None
            misses.append(math.log(goal / value))
            return misses[-1]

        for name, change in _changes(miss).items():
            if change is not None and not (place.kind == "zone" and name == "talent_trend"):
                default = EFFECTS[name][0]
                value = effects.get((place.id, name), default)
                moved = (
                    value * math.exp(gain * change) if EFFECT_PRIORS[name].factor else value + gain * change
                )
                effects[place.id, name] = EFFECT_PRIORS[name].clip(moved)
    return float(np.sqrt(np.mean(np.square(misses))))


def _changes(miss: object) -> dict[str, float | None]:
    """Return by how much each effect should move, from the log ratios of observed to simulated values."""

    def of(indicator: str, *years: int) -> float | None:
        known = [m for year in years if (m := miss(indicator, year)) is not None]  # type: ignore[operator]
        return sum(known) / len(known) if known else None

    rd, staff = of("rd_intensity", 2018, 2017, 2016), of("rd_personnel", 2018, 2017)
    turnover = of("technology_contract_turnover", 2018, 2017)
    middle = of("high_tech_enterprises", 2016, 2017)
    holders, members = of("high_tech_enterprises", 2018), of("tech_smes", 2018)
    first_holders, first_members = of("high_tech_enterprises", 2015), of("tech_smes", 2015)
    return {
        "rd_trend": None if rd is None else rd / 2.5,
        "talent_trend": None if staff is None else staff / 3.0,
        "contract_trend": None if turnover is None else turnover / 3.0,
        "high_tech_growth_2015": None if first_holders is None else -first_holders,
        "certification_push": middle
        if middle is not None
        else (0.5 * holders if holders is not None else None),
        "certification_trend": None if holders is None else (holders - (middle or 0.0)) / 2.0,
        "registration_rate": first_members,
        "registration_trend": None if members is None else (members - (first_members or 0.0)) / 2.0,
        "pipeline_examined": of("invention_patents_granted", 2015),
        "pipeline_filed": of("invention_patents_granted", 2016, 2017),
        "patent_propensity": of("invention_patents_granted", 2018),
    }


def fit(processes: int = 2) -> Effects:
    """Return fitted effects, printing how far the simulated moments lie from the observed ones."""
    wanted = goals()
    effects: Effects = {}
    with worker_pool(processes) as pool:
        for count in range(STEPS):
            model = simulate_mean(effects, pool)
            distance = step(effects, wanted, model, gain=0.7 if count < STEPS - 4 else 0.4)
            print(f"step {count + 1:2d}: root mean square log ratio {distance:.4f}", file=sys.stderr)
    return effects


def write(effects: Effects) -> Path:
    """Write the effects to the data folder, whole or not at all; return where."""
    path = data_dir() / "city_effects.csv"
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("place", "effect", "value", "unit", "provenance"))
        for (place, name), value in sorted(effects.items()):
            writer.writerow((place, name, f"{value:.5g}", EFFECTS[name][1], "fitted"))
    draft.replace(path)
    return path
