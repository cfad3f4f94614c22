"""The forecasts of 2019-2022 that ship, frozen: a file of quantiles and its hash.

    yongwen backtest freeze        makes them anew
    sha256sum -c forecasts.sha256  tells whether they are as they were made

They are there before what they forecast is looked at, so that they can be scored against it
(`yongwen backtest --observations FILE`).
"""

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from calibration.scores import Array, Sample
from scenarios.scenario import FIRST_YEAR
from simulation.data import DataError
from simulation.experiment import Ensemble, Experiment, stream
from simulation.indicators import BASE_YEAR, INDICATORS, REGIONS
from simulation.runs import RunResult

FILE, HASH = "forecasts.csv", "forecasts.sha256"
SCENARIOS = ("baseline", "full_plan")
LEVELS: Mapping[str, float] = {
    "q025": 0.025, "q05": 0.05, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9,
    "q95": 0.95, "q975": 0.975,
}  # fmt: skip
COLUMNS = ("scenario", "region", "indicator", "year", *LEVELS)
DRAWS = 999
"""Draws that stand for a frozen distribution when it is scored."""
Key = tuple[str, str, int]


def simulate(
    experiments: Sequence[Experiment],
    folder: Path,
    processes: int | None = None,
    advance: Callable[[], object] | None = None,
) -> tuple[Ensemble, ...]:
    """Run experiments together, keeping each run in a folder by its name, so that a stopped one goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: spec for experiment in experiments for name, spec in experiment.runs.items()}
    missing = {name: spec for name, spec in wanted.items() if not (folder / f"{name}.npy").exists()}
    for _ in range(len(wanted) - len(missing)):
        if advance:
            advance()
    with closing(stream(missing, processes)) as finished:
        for result in finished:
            draft = folder / f"{result.run_id}.tmp.npy"
            np.save(draft, result.values)
            draft.replace(folder / f"{result.run_id}.npy")
            if advance:
                advance()
    return tuple(_kept(experiment, folder) for experiment in experiments)


def _kept(experiment: Experiment, folder: Path) -> Ensemble:
    years = tuple(range(FIRST_YEAR, experiment.until + 1))
    results = tuple(
        RunResult(spec, name, np.load(folder / f"{name}.npy"), years, tuple(INDICATORS), REGIONS, 0.0)
        for name, spec in experiment.runs.items()
    )
    return Ensemble(experiment, results, 0.0)


def write(folder: Path, ensembles: tuple[Ensemble, ...], made: str) -> str:
    """Write the forecasts of ensembles with their hash, and return it; `made` says how they were made."""
    draft = folder / f"{FILE}.tmp"
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for ensemble in ensembles:
            writer.writerows(_rows(ensemble))
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    draft.replace(folder / FILE)
    (folder / HASH).write_text(f"# {made}\n{digest}  {FILE}\n", encoding="utf-8")
    return digest


def _rows(ensemble: Ensemble) -> list[list[object]]:
    years = [year for year in ensemble.years if year > BASE_YEAR]
    quantiles = np.quantile(ensemble.values, list(LEVELS.values()), axis=0)
    rows = []
    for k, region in enumerate(ensemble.regions):
        for j, indicator in enumerate(ensemble.indicators):
            for year in years:
                values = quantiles[:, ensemble.years.index(year), j, k]
                if np.isfinite(values).all():
                    about = ensemble.experiment.name, region, indicator, year
                    rows.append([*about, *(f"{value:.6g}" for value in values)])
    return rows


def check(folder: Path) -> str:
    """Return how the forecasts were made.

    Raises
    ------
    DataError
        They are missing, or not those that were frozen.
    """
    try:
        made, line = (folder / HASH).read_text(encoding="utf-8").splitlines()
        digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise DataError(
            f"there are no frozen forecasts; make them with: yongwen backtest freeze ({error})"
        ) from error
    if line.split() != [digest, FILE]:
        raise DataError(f"{FILE} is not what was frozen: its SHA-256 is {digest}, not that in {HASH}")
    return made.removeprefix("# ")


@cache
def _read(path: Path, scenario: str) -> dict[Key, Array]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["region"], row["indicator"], int(row["year"])): np.array(
                [float(row[name]) for name in LEVELS]
            )
            for row in csv.DictReader(file)
            if row["scenario"] == scenario
        }


def frozen(folder: Path, scenario: str) -> Sample:
    """Return draws of the frozen forecasts of a scenario.

    A distribution is read off its quantiles, linearly between their normal scores and beyond the outermost.
    """
    check(folder)
    rows = _read(folder / FILE, scenario)

    def sample(indicator: str, region: str, year: int) -> Array | None:
        quantiles = rows.get((region, indicator, year))
        return None if quantiles is None else draws_of(quantiles)

    return sample


def draws_of(quantiles: Array, number: int = DRAWS) -> Array:
    """Return evenly likely draws of a distribution with these quantiles (float64[number])."""
    known, wanted = ndtri(list(LEVELS.values())), ndtri((np.arange(number) + 0.5) / number)
    inner = np.interp(wanted, known, quantiles)
    below, above = wanted < known[0], wanted > known[-1]
    low = (quantiles[1] - quantiles[0]) / (known[1] - known[0])
    high = (quantiles[-1] - quantiles[-2]) / (known[-1] - known[-2])
    inner[below] = quantiles[0] + low * (wanted[below] - known[0])
    inner[above] = quantiles[-1] + high * (wanted[above] - known[-1])
    return np.asarray(inner)
