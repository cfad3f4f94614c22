"""The moments of the fit: what was observed in 2015-2018, and how far each observation can be trusted.

A moment is the log of one indicator of one place in one year. Its error has two parts: that of the
observation, which follows its provenance and confidence, and that of the model, which is no perfect picture
of any indicator. Both are assumptions, in one table here.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simulation.data import Datum, load_observations, load_starting_values
from simulation.geography import load_geography
from simulation.indicators import IndicatorTable, observed

FIT_YEARS = (2015, 2016, 2017, 2018)
FITTED = (
    "rd_intensity",
    "rd_personnel",
    "high_tech_enterprises",
    "tech_smes",
    "invention_patents_granted",
    "technology_contract_turnover",
)
"""Indicators that the city effects answer to."""
CHECKED = ("valid_invention_patents_per_10k", "hightech_value_added_share")
"""Further indicators that the inference uses, but no city effect is made for."""
STARTING = ("high_tech_enterprises", "tech_smes", "invention_patents_granted")
"""Indicators whose starting value of 2015 stands in where nothing was observed."""
REGISTER_GROWTH = 0.30
"""Growth a year of the register without a city observation, as in Ningbo and Wenzhou (assumption)."""

OBSERVATION_ERROR = {
    ("cited", "high"): 0.02,
    ("cited", "medium"): 0.05,
    ("cited", "low"): 0.12,
    ("computed", "high"): 0.03,
    ("computed", "medium"): 0.06,
    ("computed", "low"): 0.12,
    ("unverified", "high"): 0.04,
    ("unverified", "medium"): 0.07,
    ("unverified", "low"): 0.15,
}
"""Standard error of an observation by provenance and confidence, log points (assumption)."""
ASSUMED_ERROR = 0.20
"""The same for a value that is itself an assumption."""
MODEL_ERROR = 0.04
"""Standard error of the model's picture of an indicator, log points (assumption)."""


@dataclass(frozen=True)
class Moment:
    """One observed value with the standard error of its log."""

    region: str
    indicator: str
    year: int
    value: float
    error: float
    provenance: str
    confidence: str

    @property
    def key(self) -> tuple[str, str, int]:
        """Return region, indicator and year."""
        return self.region, self.indicator, self.year


def error_of(provenance: str, confidence: str) -> float:
    """Return the standard error of a moment: that of the observation and of the model together."""
    return math.hypot(OBSERVATION_ERROR.get((provenance, confidence), ASSUMED_ERROR), MODEL_ERROR)


def moments(indicators: Iterable[str] = (*FITTED, *CHECKED), until: int = 2018) -> tuple[Moment, ...]:
    """Return the moments up to a year, ordered by place, indicator and year.

    Where the starting value of 2015, the growth of a city's province or a common growth stands in for an
    observation, the moment is an assumption.
    """
    found: dict[tuple[str, str, int], Moment] = {}

    def add(region: str, indicator: str, year: int, value: float, datum: Datum | None = None) -> None:
        provenance, confidence = (datum.provenance, datum.confidence) if datum else ("assumption", "low")
        error = error_of(provenance, confidence)
        moment = Moment(region, indicator, year, value, error, provenance, confidence)
        found[moment.key] = moment

    start, wanted = load_starting_values(), tuple(indicators)
    for place in load_geography().places:
        for indicator in wanted:
            if indicator in STARTING:
                add(place.id, indicator, 2015, start.value(place.id, indicator))
            for year in FIT_YEARS:
                if (datum := observed(indicator, place.id, year)) and datum.value > 0.0:
                    add(place.id, indicator, year, datum.value, datum)
        if "tech_smes" in wanted and (place.id, "tech_smes", 2018) not in found:
            grown = found[place.id, "tech_smes", 2015].value * (1.0 + REGISTER_GROWTH) ** 3
            add(place.id, "tech_smes", 2018, grown)
    for key, value in _as_their_provinces(found, wanted).items():
        add(*key, value)
    return tuple(found[key] for key in sorted(found) if key[2] <= until)


def _as_their_provinces(
    found: dict[tuple[str, str, int], Moment], wanted: tuple[str, ...]
) -> dict[tuple[str, str, int], float]:
    """Return values of 2018 of cities that have none, grown as their province (assumption)."""
    observations, start, grown = load_observations(), load_starting_values(), {}
    for place in load_geography().places:
        for indicator, name in (
            ("rd_personnel", "rd_personnel_fte"),
            ("invention_patents_granted", "invention_patents_granted"),
        ):
            series = observations.series(place.province, name)
            known = [year for year in FIT_YEARS if (place.id, indicator, year) in found]
            if indicator in wanted and max(known, default=2015) < 2017 and {2015, 2018} <= set(series):
                first = found.get((place.id, indicator, 2015))
                base = first.value if first else start.value(place.id, indicator)
                growth = series[2018].value / series[2015].value
                grown[place.id, indicator, 2018] = base * growth
    return grown


def simulated(table: IndicatorTable, wanted: tuple[Moment, ...]) -> np.ndarray:
    """Return the logs of the moments' indicators in a run (float64[M]); a zero counts as one part in 1000."""
    values = np.array([table.get(m.indicator, m.region, m.year) / m.value for m in wanted])
    targets = np.log([m.value for m in wanted])
    return np.asarray(np.log(np.maximum(1e-3, np.nan_to_num(values, nan=1e-3))) + targets)
