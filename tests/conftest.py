"""What several test files share."""

import os
from collections.abc import Callable

import numpy as np
import pytest

from simulation.experiment import Ensemble, Experiment, plan
from simulation.indicators import INDICATORS, TARGETS
from simulation.runs import RunResult

os.environ.pop("COLUMNS", None)  # pytest-xdist may set it; tables are tested at their own widths

YEARS = tuple(range(2015, 2023))
REGIONS = (*dict.fromkeys(region for target in TARGETS for region in target.regions), "YRD")


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Ensemble]:
    """Return a maker of ensembles whose numbers are made up, so that no model has to run."""

    def make(seeds: int = 5, scenario: str = "baseline", first_seed: int = 1, until: int = 2022) -> Ensemble:
        experiment = plan(scenario, range(first_seed, first_seed + seeds), until=until)
        return Ensemble(experiment, tuple(_results(experiment)), elapsed_s=1.5)

    return make


def _results(experiment: Experiment) -> list[RunResult]:
    years = tuple(year for year in YEARS if year <= experiment.until)
    results = []
    for name, spec in experiment.runs.items():
        draws = np.random.default_rng(spec.seed)
        values = np.cumsum(draws.uniform(1, 9, (len(years), len(INDICATORS), len(REGIONS))), axis=0)
        values[:, :, -1] = np.nan  # one region in which nothing is defined
        results.append(RunResult(spec, name, values, years, tuple(INDICATORS), REGIONS, 0.3))
    return results
