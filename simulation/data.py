"""The data: what was observed, where the model starts, and what the outside world does.

Every file of ``calibration/data`` is read through here. A value keeps its source, its provenance and its
confidence; a damaged row is refused with the file, the line, the column, what was found and what is allowed.
"""

import hashlib
import math
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulation.data_files import CONFIDENCES, PROVENANCES, DataError, Row, complete, read_rows
from simulation.data_types import (
    NATION,
    NATIONAL_PATH_UNITS,
    PLACE_PATH_UNITS,
    STARTING_UNITS,
    Conditions,
    County,
    Datum,
    Field,
    Institution,
    NewInstitute,
    Observations,
    PathPoint,
    Place,
    StartingValues,
)

__all__ = [
    "CONFIDENCES",
    "DATA_DIR",
    "NATION",
    "NATIONAL_PATH_UNITS",
    "PLACE_PATH_UNITS",
    "PROVENANCES",
    "STARTING_UNITS",
    "Conditions",
    "County",
    "DataError",
    "Datum",
    "Field",
    "Institution",
    "NewInstitute",
    "Observations",
    "PathPoint",
    "Place",
    "StartingValues",
    "data_dir",
    "data_hash",
    "load_conditions",
    "load_counties",
    "load_field_shares",
    "load_fields",
    "load_institutions",
    "load_new_institutes",
    "load_observations",
    "load_places",
    "load_starting_values",
    "load_travel_minutes",
    "read_observations",
]

DATA_DIR = Path(__file__).resolve().parent.parent / "calibration" / "data"
"""Shipped data; the environment variable ``YONGWEN_DATA`` names another folder."""

FIRST_OBSERVED_YEAR = 1990
LAST_OBSERVED_YEAR = 2019
"""Later observations are held out: forecasts are judged against them."""
START_YEAR = 2015
PATH_YEARS = range(START_YEAR, 2023)
WITHIN_CITY_MINUTES = 30.0

_UPPER: Mapping[str, float] = {"percent": 100.0, "percent_points": 100.0, "share": 1.0}
"""Largest value by unit; what has such a bound does not add up over places."""
_LEAST_GROWTH = -100.0
_SUM_TOLERANCE = 1e-6
_T = TypeVar("_T")


def data_dir() -> Path:
    """Return the folder that the data are read from."""
    return Path(os.environ.get("YONGWEN_DATA") or DATA_DIR)


def _kept(load: Callable[[Path], _T]) -> Callable[[], _T]:
    """Turn a reader of a folder into a loader that reads each folder once."""
    once = cache(load)

    def loader() -> _T:
        return once(data_dir())

    loader.__name__, loader.__doc__ = load.__name__, load.__doc__
    return loader


@_kept
def load_places(folder: Path) -> tuple[Place, ...]:
    """Return the cities, then the zones, in the order in which arrays hold them."""
    places: list[Place] = []
    cities: dict[str, str] = {}
    for row in read_rows(folder, "places.csv", "id name_zh kind parent province lat lon", key="id"):
        kind = row.one_of("kind", ("city", "zone"))
        if kind == "city" and len(places) > len(cities):
            raise row.error("kind", kind, "zone (cities come first)")
        name, province = row.text("id"), row.text("province")
        parent = row.one_of("parent", tuple(cities) if kind == "zone" else ("",))
        if kind == "city":
            cities[name] = province
        elif province != cities[parent]:
            raise row.error("province", province, cities[parent])
        lat, lon = row.number("lat", -90.0, 90.0), row.number("lon", -180.0, 180.0)
        places.append(Place(name, row.text("name_zh"), kind, parent, province, lat, lon))
    return tuple(places)


def _place_ids(kind: str = "") -> tuple[str, ...]:
    return tuple(place.id for place in load_places() if kind in ("", place.kind))


@_kept
def load_fields(folder: Path) -> tuple[Field, ...]:
    """Return the fields in the order in which arrays hold them."""
    rows = read_rows(folder, "fields.csv", "id name_en name_zh hightech note", key="id")
    return tuple(
        Field(
            r.text("id"), r.text("name_en"), r.text("name_zh"), r.flag("hightech"), r.text("note", empty=True)
        )
        for r in rows
    )


@_kept
def load_field_shares(folder: Path) -> NDArray[np.float64]:
    """Return each field's share of above-scale value added (float64[places, fields], read-only)."""
    places, fields = _place_ids(), tuple(field.id for field in load_fields())
    found: dict[tuple[str, ...], float] = {}
    for row in read_rows(folder, "field_shares.csv", "place field share", key="place field"):
        key = row.one_of("place", places), row.one_of("field", fields)
        found[key] = row.number("share", 0.0, 1.0)
    complete("field_shares.csv", found, places, fields)
    shares = np.array([[found[place, field] for field in fields] for place in places])
    for place, total in zip(places, shares.sum(axis=1), strict=True):
        if abs(total - 1.0) > _SUM_TOLERANCE:
            raise DataError(
                f"field_shares.csv, place {place}: found shares that add up to {total:g}; allowed: 1"
            )
    return _read_only(shares)


@_kept
def load_travel_minutes(folder: Path) -> NDArray[np.float64]:
    """Return travel times between cities (float64[cities, cities], symmetric, read-only)."""
    cities = _place_ids("city")
    columns = "a b minutes provenance confidence note"
    minutes = np.full((len(cities), len(cities)), math.nan)
    np.fill_diagonal(minutes, WITHIN_CITY_MINUTES)
    for row in read_rows(folder, "travel_minutes.csv", columns):
        a, b = cities.index(row.one_of("a", cities)), cities.index(row.one_of("b", cities))
        row.basis()
        if not math.isnan(minutes[a, b]):
            raise row.error("b", f"{cities[a]} / {cities[b]}", "two different cities, each pair once")
        minutes[a, b] = minutes[b, a] = row.number("minutes", 1.0, 1440.0)
    found = [(cities[a], cities[b]) for a, b in np.argwhere(~np.isnan(minutes))]
    complete("travel_minutes.csv", found, cities, cities)
    return _read_only(minutes)


@_kept
def load_observations(folder: Path) -> Observations:
    """Return everything that was observed up to 2019."""
    return read_observations(folder, "observations.csv", LAST_OBSERVED_YEAR)


def read_observations(folder: Path, name: str, last: int) -> Observations:
    """Return what a file in the format of the observations says of the years up to `last`."""
    columns = "region indicator unit year value source_title source_url provenance confidence note"
    data = []
    for row in read_rows(folder, name, columns, key=columns):
        indicator = row.text("indicator")
        year = row.year("year", FIRST_OBSERVED_YEAR, last)
        value = row.number("value", -math.inf if "growth" in indicator else 0.0)
        data.append(
            Datum(row.text("region"), indicator, row.text("unit"), year, value,
                  row.text("source_title", empty=True), row.text("source_url", empty=True), *row.basis(),
                  row.text("note", empty=True))
        )  # fmt: skip
    return Observations(tuple(data))


@_kept
def load_institutions(folder: Path) -> tuple[Institution, ...]:
    """Return the universities and institutes of the cities."""
    columns = (
        "name name_zh city type lat lon field research_funding_2015 patents_granted_2015 "
        "provenance confidence source note"
    )
    cities, fields = _place_ids("city"), tuple(field.id for field in load_fields())
    return tuple(
        Institution(
            row.text("name"), row.text("name_zh"), row.one_of("city", cities), row.text("type"),
            row.number("lat", -90.0, 90.0), row.number("lon", -180.0, 180.0), row.one_of("field", fields),
            row.number("research_funding_2015"), row.number("patents_granted_2015"),
            *row.basis(), row.text("source", empty=True), row.text("note", empty=True),
        )
        for row in read_rows(folder, "institutions.csv", columns, key="name")
    )  # fmt: skip


@_kept
def load_new_institutes(folder: Path) -> tuple[NewInstitute, ...]:
    """Return the institutes that the policy wants to build."""
    columns = "name name_zh city field year staff budget provenance confidence source note"
    cities, fields = _place_ids("city"), tuple(field.id for field in load_fields())
    return tuple(
        NewInstitute(
            row.text("name"), row.text("name_zh"), row.one_of("city", cities), row.one_of("field", fields),
            row.year("year", START_YEAR, PATH_YEARS[-1]), row.number("staff", 1.0),
            row.number("budget", 0.01), *row.basis(),
            row.text("source", empty=True), row.text("note", empty=True),
        )
        for row in read_rows(folder, "new_institutes.csv", columns, key="name")
    )  # fmt: skip


@_kept
def load_counties(folder: Path) -> tuple[County, ...]:
    """Return the counties and districts whose platforms the policy counts."""
    columns = (
        "name name_zh city industrial incubator_2018 provincial_park_2018 provenance confidence source note"
    )
    cities = _place_ids("city")
    return tuple(
        County(
            row.text("name"), row.text("name_zh"), row.one_of("city", cities), row.flag("industrial"),
            row.flag("incubator_2018"), row.flag("provincial_park_2018"),
            *row.basis(), row.text("source", empty=True), row.text("note", empty=True),
        )
        for row in read_rows(folder, "counties.csv", columns, key="name")
    )  # fmt: skip


@_kept
def load_starting_values(folder: Path) -> StartingValues:
    """Return every quantity of every place in 2015."""
    columns = "place quantity unit value provenance confidence source note"
    places = _place_ids()
    found: dict[tuple[str, ...], Datum] = {}
    for row in read_rows(folder, "starting_values.csv", columns, key="place quantity"):
        place, quantity = row.one_of("place", places), row.one_of("quantity", STARTING_UNITS)
        unit = row.one_of("unit", (STARTING_UNITS[quantity],))
        found[place, quantity] = Datum(
            place, quantity, unit, START_YEAR, row.number("value", 0.0, _UPPER.get(unit, math.inf)),
            row.text("source", empty=True), "", *row.basis(), row.text("note", empty=True),
        )  # fmt: skip
    complete("starting_values.csv", found, places, STARTING_UNITS)
    _refuse_zones_above_cities(found)
    return StartingValues({(place, quantity): datum for (place, quantity), datum in found.items()})


def _refuse_zones_above_cities(found: Mapping[tuple[str, ...], Datum]) -> None:
    for zone in (place for place in load_places() if place.kind == "zone"):
        for quantity, unit in STARTING_UNITS.items():
            part, whole = found[zone.id, quantity].value, found[zone.parent, quantity].value
            if unit not in _UPPER and part > whole:
                raise DataError(
                    f"starting_values.csv: found {quantity} of {zone.id} at {part:g}; "
                    f"allowed: at most that of {zone.parent}, {whole:g}"
                )


@_kept
def load_conditions(folder: Path) -> Conditions:
    """Return the outside paths."""
    columns = "place quantity unit year value low high provenance confidence source note"
    places, years = _place_ids(), tuple(str(year) for year in PATH_YEARS)
    found: dict[tuple[str, ...], PathPoint] = {}
    for row in read_rows(folder, "conditions.csv", columns, key="place quantity year"):
        place = row.one_of("place", (*places, NATION))
        units = NATIONAL_PATH_UNITS if place == NATION else PLACE_PATH_UNITS
        quantity = row.one_of("quantity", units)
        found[place, quantity, row.one_of("year", years)] = _point(row, units[quantity])
    complete("conditions.csv", found, places, PLACE_PATH_UNITS, years)
    complete("conditions.csv", found, (NATION,), NATIONAL_PATH_UNITS, years)
    paths: dict[tuple[str, str], dict[int, PathPoint]] = {}
    for (place, quantity, year), point in sorted(found.items(), key=lambda item: item[0][2]):
        paths.setdefault((place, quantity), {})[int(year)] = point
    return Conditions(paths)


def _point(row: Row, unit: str) -> PathPoint:
    row.one_of("unit", (unit,))
    lowest, highest = (_LEAST_GROWTH if "per_year" in unit else 0.0), _UPPER.get(unit, math.inf)
    low, high = row.number("low", lowest, highest), row.number("high", lowest, highest)
    value = row.number("value", lowest, highest)
    if not low <= value <= high:
        raise row.error("value", row.cells["value"], f"a number from low ({low:g}) to high ({high:g})")
    source, note = row.text("source", empty=True), row.text("note", empty=True)
    return PathPoint(value, low, high, unit, *row.basis(), source, note)


@_kept
def data_hash(folder: Path) -> str:
    """Return the SHA-256 over all data files; it changes with any cell and not with line ends."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.csv")):
        digest.update(path.name.encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def _read_only(array: NDArray[np.float64]) -> NDArray[np.float64]:
    array.flags.writeable = False
    return array
