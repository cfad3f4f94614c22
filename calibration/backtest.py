"""Backtest: forecasts from what was known up to a year, scored against what was observed later.

The inference sees moments up to the origin only. Outside conditions up to 2018 are given to the model, so
from the origin of 2017 the forecast of 2018 is one for known conditions; and no effect drifts before 2019.
What is an assumption is no observation and not scored, nor are totals of places that are scored themselves.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from calibration.inference import MEMBERS, STEPS, Progress, design, infer
from calibration.members import Member, Setting, simulate, table_of
from calibration.moments import moments
from calibration.rivals import History, predict
from calibration.scores import Array, Sample, Score, score, with_skill
from simulation.data import Datum, Observations, load_observations, read_observations
from simulation.errors import InputError
from simulation.geography import load_geography
from simulation.indicators import INDICATORS, observed_among

ORIGINS = (2017, 2018)
LAST_FORECAST = 2022
LAST_READ = 2100
"""Last year that a file of later observations may hold; beyond `LAST_FORECAST` nothing is scored."""
GIVEN = {"gdp": 2018}
"""Indicators that follow conditions which are given up to a year."""
FORECAST_SEEDS = 9_000_000
"""Member n of a posterior forecasts under the seed FORECAST_SEEDS + n."""


def load_later(path: Path | None) -> Observations:
    """Return the observations of a file, or the shipped ones."""
    return read_observations(path.parent, path.name, LAST_READ) if path else load_observations()


def later(observations: Observations, origin: int) -> list[tuple[str, Datum]]:
    """Return what is scored: indicator, and its observation in a single place after the origin."""
    found = []
    for indicator in INDICATORS:
        first = max(origin, GIVEN.get(indicator, origin)) + 1
        for place in load_geography().places:
            for year in range(first, LAST_FORECAST + 1):
                datum = observed_among(observations, indicator, place.id, year)
                if datum and datum.provenance != "assumption" and datum.value > 0.0:
                    found.append((indicator, datum))
    if not found:
        years = f"{origin + 1}-{LAST_FORECAST}"
        raise InputError(
            f"there is no observation of {years} to score: of a place and a series that the model has"
        )
    return found


def history(indicator: str, place: str, until: int) -> History:
    """Return the log of what was observed of a series up to a year."""
    found = {}
    for year in range(2005, until + 1):
        datum = observed_among(load_observations(), indicator, place, year)
        if datum and datum.provenance != "assumption" and datum.value > 0.0:
            found[year] = math.log(datum.value)
    return found


def score_all(wanted: Sequence[tuple[str, Datum]], sample: Sample, origin: int) -> list[Score]:
    """Return scores of draws and rivals for observations, those left out of which nothing is forecast."""
    places = [place.id for place in load_geography().places]
    found = []
    for indicator, datum in wanted:
        draws = sample(indicator, datum.region, datum.year)
        if draws is not None:
            histories = {place: history(indicator, place, origin) for place in places}
            rivals = predict(histories, datum.region, datum.year)
            found.append(score(datum, indicator, draws, rivals))
    return with_skill(found)


def forecast(
    origin: int,
    setting: Setting,
    members: int = MEMBERS,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> Sample:
    """Return forecasts up to `setting.until` of an inference that saw nothing after the origin."""
    fit = Setting(setting.scale, max(ORIGINS), setting.folder, setting.processes)
    found = infer(fit, members, steps, moments(until=origin), progress=progress)
    return sample_of(_tables(found.posterior, setting, progress))


def _tables(z: Array, setting: Setting, progress: Progress | None, name: str = "forecast") -> Array:
    members = [Member(row, FORECAST_SEEDS + n) for n, row in enumerate(z)]
    report = (lambda done: progress(name, done, len(members))) if progress else None
    return np.array(simulate(members, setting, report))


def sample_of(tables: Array) -> Sample:
    """Return the draws of tables of indicators (float64[N, years, indicators, regions])."""
    axes = table_of(tables[0])

    def sample(indicator: str, region: str, year: int) -> Array | None:
        if year not in axes.years:
            return None
        at = axes.years.index(year), axes.indicators.index(indicator), axes.regions.index(region)
        draws = tables[(slice(None), *at)]
        return np.asarray(draws) if np.isfinite(draws).all() else None

    return sample


def leave_out_cities(
    setting: Setting,
    members: int = MEMBERS,
    steps: int = STEPS,
    cities: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Score]:
    """Return scores of each city's observations by an inference without them; the rival is the prior."""
    known = [place.id for place in load_geography().places if place.kind == "city"]
    prior = sample_of(_tables(design(members), setting, progress, "prior"))
    found = [
        one for city in cities or known for one in _left_out(city, setting, members, steps, prior, progress)
    ]
    return with_skill(found)


def _left_out(
    city: str, setting: Setting, members: int, steps: int, prior: Sample, progress: Progress | None
) -> Iterator[Score]:
    places = {place.id for place in load_geography().places if city in (place.id, place.parent)}
    wanted = tuple(moment for moment in moments() if moment.region not in places)
    named = (lambda _, done, __: progress(f"without {city}", done, 0)) if progress else None
    result = infer(setting, members, steps, wanted, progress=named)
    sample = sample_of(_tables(result.posterior, setting, named))
    for moment in moments():
        if moment.region in places and moment.provenance != "assumption":
            datum = observed_among(load_observations(), moment.indicator, moment.region, moment.year)
            draws, by_prior = (each(moment.indicator, moment.region, moment.year) for each in (sample, prior))
            if datum and draws is not None and by_prior is not None:
                yield score(datum, moment.indicator, draws, {"prior": by_prior})
