"""What the data loaders return: values that keep their source, provenance and confidence."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.data_files import CONFIDENCES, PROVENANCES

STARTING_UNITS: Mapping[str, str] = {
    "gdp": "100m_cny",
    "above_scale_value_added": "100m_cny",
    "industrial_firms": "firms",
    "technology_firms": "firms",
    "tech_smes": "firms",
    "high_tech_enterprises": "firms",
    "rd_expenditure": "100m_cny",
    "rd_personnel": "person_years",
    "invention_patents_granted": "patents",
    "valid_invention_patents": "patents",
    "employed_persons": "10k_persons",
    "resident_population": "10k_persons",
    "hightech_value_added_share": "percent",
    "hightech_catalogue_2018_share": "percent_points",
    "technology_contract_turnover": "100m_cny",
    "fiscal_st_expenditure": "100m_cny",
    "high_level_talent": "persons",
    "innovation_capital": "100m_cny",
    "incubator_places": "firms",
    "industrial_rd_participation": "share",
    "park_coverage": "share",
}
"""Starting quantities of every place, with their units."""
PLACE_PATH_UNITS: Mapping[str, str] = {
    "gdp_growth": "percent_per_year",
    "resident_population": "10k_persons",
    "employed_persons": "10k_persons",
    "fiscal_st_expenditure": "100m_cny",
}
NATION = "China"
NATIONAL_PATH_UNITS: Mapping[str, str] = {
    "super_deduction": "percent",
    "super_deduction_sme": "percent",
    "small_profit_limit": "10k_cny",
    "small_profit_rate": "percent",
    "cit_rate": "percent",
    "hte_cit_rate": "percent",
    "innocom_threshold_small": "percent",
    "innocom_threshold_medium": "percent",
    "innocom_threshold_large": "percent",
    "vc_supply": "index",
    "examination_pass_rate": "share",
}


@dataclass(frozen=True)
class Datum:
    """One value with what it rests on."""

    region: str
    indicator: str
    unit: str
    year: int
    value: float
    source: str
    url: str
    provenance: str
    confidence: str
    note: str


@dataclass(frozen=True)
class Place:
    """A city, or a high-tech zone inside its `parent` city (``""`` for a city)."""

    id: str
    name_zh: str
    kind: str
    parent: str
    province: str
    lat: float
    lon: float


@dataclass(frozen=True)
class Field:
    """A field of technology and trade; `hightech` if the provincial catalogue counted it in 2015."""

    id: str
    name_en: str
    name_zh: str
    hightech: bool
    note: str


@dataclass(frozen=True)
class Institution:
    """A university, an institute, or the sum of a city's others; funding in 100m CNY, grants a year."""

    name: str
    name_zh: str
    city: str
    type: str
    lat: float
    lon: float
    field: str
    research_funding_2015: float
    patents_granted_2015: float
    provenance: str
    confidence: str
    source: str
    note: str


@dataclass(frozen=True)
class NewInstitute:
    """An institute that the policy names; full-time staff and budget (100m CNY a year) at full size."""

    name: str
    name_zh: str
    city: str
    field: str
    year: int
    staff: float
    budget: float
    provenance: str
    confidence: str
    source: str
    note: str


@dataclass(frozen=True)
class County:
    """A county or district of Ningbo or Wenzhou and its provincial platforms in 2018."""

    name: str
    name_zh: str
    city: str
    industrial: bool
    incubator_2018: bool
    provincial_park_2018: bool
    provenance: str
    confidence: str
    source: str
    note: str


@dataclass(frozen=True)
class PathPoint:
    """One year of an outside path; `low` and `high` bound 90 % of what is thought possible."""

    value: float
    low: float
    high: float
    unit: str
    provenance: str
    confidence: str
    source: str
    note: str


class Observations:
    """Published values by region, indicator and year; contradictory ones are all kept.

    Parameters
    ----------
    data : tuple of Datum
    """

    def __init__(self, data: tuple[Datum, ...]) -> None:
        self._all = data
        self._best: dict[tuple[str, str], dict[int, Datum]] = {}
        for datum in sorted(data, key=lambda d: (d.year, _rank(d))):
            self._best.setdefault((datum.region, datum.indicator), {}).setdefault(datum.year, datum)

    def all(self) -> tuple[Datum, ...]:
        """Return every row, in the order of the file."""
        return self._all

    def series(self, region: str, indicator: str) -> Mapping[int, Datum]:
        """Return the best value of each year, by year; empty if there is none."""
        return self._best.get((region, indicator), {})

    def get(self, region: str, indicator: str, year: int) -> Datum | None:
        """Return the best value: cited before computed, unverified and assumption; then by confidence."""
        return self.series(region, indicator).get(year)


class StartingValues:
    """The state of every place in 2015; a city's figures include its zone's."""

    def __init__(self, data: Mapping[tuple[str, str], Datum]) -> None:
        self._data = data
        self.quantities = tuple(STARTING_UNITS)

    def datum(self, place: str, quantity: str) -> Datum:
        """Return a value with what it rests on."""
        return self._data[place, quantity]

    def value(self, place: str, quantity: str) -> float:
        """Return a value in the unit of `STARTING_UNITS`."""
        return self._data[place, quantity].value


class Conditions:
    """Outside paths 2015-2022 by place (``"China"`` for national ones) and quantity."""

    def __init__(self, paths: Mapping[tuple[str, str], Mapping[int, PathPoint]]) -> None:
        self._paths = paths
        self.keys = tuple(paths)

    def path(self, place: str, quantity: str) -> Mapping[int, PathPoint]:
        """Return a path by year."""
        return self._paths[place, quantity]


def _rank(datum: Datum) -> tuple[int, int]:
    return PROVENANCES.index(datum.provenance), CONFIDENCES.index(datum.confidence)
