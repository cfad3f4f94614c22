"""The shipped data are complete and consistent."""

import csv
import math
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from simulation import data
from simulation.data import (
    DATA_DIR,
    NATION,
    NATIONAL_PATH_UNITS,
    PLACE_PATH_UNITS,
    STARTING_UNITS,
    load_conditions,
    load_counties,
    load_field_shares,
    load_fields,
    load_institutions,
    load_observations,
    load_places,
    load_starting_values,
    load_travel_minutes,
)

CITIES = (
    "Shanghai", "Nanjing", "Suzhou", "Wuxi", "Hangzhou", "Ningbo", "Wenzhou", "Jiaxing", "Shaoxing",
    "Taizhou", "Zhoushan", "Hefei",
)  # fmt: skip
ZONES = {"Ningbo_HTZ": "Ningbo", "Wenzhou_HTZ": "Wenzhou"}
PLACES = (*CITIES, *ZONES)
YEARS = tuple(range(2015, 2023))
LOADERS = (
    load_places, load_fields, load_field_shares, load_travel_minutes, load_observations, load_institutions,
    load_counties, load_starting_values, load_conditions, data.data_hash,
)  # fmt: skip
OBSERVED_AS = {
    "gdp": "gdp",
    "tech_smes": "tech_smes_stock",
    "high_tech_enterprises": "high_tech_enterprises_stock",
    "rd_expenditure": "rd_expenditure",
    "invention_patents_granted": "invention_patents_granted",
    "valid_invention_patents": "valid_invention_patents",
    "employed_persons": "employed_persons",
    "resident_population": "resident_population",
    "hightech_value_added_share": "hightech_value_added_share",
    "technology_contract_turnover": "technology_contract_turnover",
    "fiscal_st_expenditure": "fiscal_st_expenditure",
}
"""Starting quantities and the observations with the same meaning and unit."""


def start(place: str, quantity: str) -> float:
    return load_starting_values().value(place, quantity)


def observed(region: str, indicator: str, year: int) -> float:
    datum = load_observations().get(region, indicator, year)
    assert datum is not None
    return datum.value


# What is there


def test_places_are_the_cities_and_then_the_zones() -> None:
    places = load_places()
    assert tuple(place.id for place in places) == PLACES
    assert {place.id: place.parent for place in places if place.kind == "zone"} == ZONES
    assert {place.parent for place in places if place.kind == "city"} == {""}


def test_a_zone_lies_in_its_city() -> None:
    by_id = {place.id: place for place in load_places()}
    for zone, city in ZONES.items():
        assert math.dist((by_id[zone].lat, by_id[zone].lon), (by_id[city].lat, by_id[city].lon)) < 0.5


def test_every_starting_value_is_there_and_positive() -> None:
    values = load_starting_values()
    assert values.quantities == tuple(STARTING_UNITS)
    for place in PLACES:
        for quantity, unit in STARTING_UNITS.items():
            datum = values.datum(place, quantity)
            assert (datum.region, datum.indicator, datum.unit, datum.year) == (place, quantity, unit, 2015)
            assert datum.value > 0.0 or quantity == "hightech_catalogue_2018_share", (place, quantity)


def test_every_value_without_a_source_says_how_it_was_found() -> None:
    values = load_starting_values()
    for place in PLACES:
        for quantity in STARTING_UNITS:
            datum = values.datum(place, quantity)
            assert datum.source or datum.note, (place, quantity)
            assert datum.note or datum.provenance not in ("computed", "assumption"), (place, quantity)


def test_every_path_covers_every_year() -> None:
    conditions = load_conditions()
    wanted = [(place, quantity) for place in PLACES for quantity in PLACE_PATH_UNITS]
    wanted += [(NATION, quantity) for quantity in NATIONAL_PATH_UNITS]
    assert set(conditions.keys) == set(wanted)
    for place, quantity in wanted:
        path = conditions.path(place, quantity)
        assert tuple(path) == YEARS
        assert all(point.low <= point.value <= point.high for point in path.values())


def test_eight_fields_of_which_five_are_high_tech() -> None:
    assert [field.id for field in load_fields()] == [
        "digital", "new_materials", "smart_equipment", "life_health", "optoelectronics",
        "electrical_appliances", "auto_parts", "textiles",
    ]  # fmt: skip
    assert [field.hightech for field in load_fields()] == [True] * 5 + [False] * 3


def test_counties_of_the_two_cities() -> None:
    counties = load_counties()
    assert sum(county.city == "Ningbo" for county in counties) == 10
    assert sum(county.city == "Wenzhou" for county in counties) == 11
    industrial = [county for county in counties if county.industrial]
    assert 0.6 <= sum(county.incubator_2018 for county in counties) / len(counties) <= 0.7
    assert 0.4 <= sum(county.provincial_park_2018 for county in industrial) / len(industrial) <= 0.6
    assert {county.provenance for county in counties} == {"assumption"}


def test_all_policy_targets_are_there() -> None:
    with (DATA_DIR / "targets.csv").open(encoding="utf-8", newline="") as file:
        targets = list(csv.DictReader(file))
    assert len({target["target"] for target in targets}) == 13
    assert all(float(target["target_2022"]) > 0 for target in targets)


# What hangs together


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_is_part_of_its_city(zone: str) -> None:
    shares = ("percent", "percent_points", "share")
    for quantity, unit in STARTING_UNITS.items():
        if unit not in shares:
            assert start(zone, quantity) < 0.3 * start(ZONES[zone], quantity), quantity


@pytest.mark.parametrize("place", PLACES)
def test_totals_of_a_place_are_possible(place: str) -> None:
    assert start(place, "above_scale_value_added") < start(place, "gdp")
    assert 0.01 < start(place, "rd_expenditure") / start(place, "gdp") < 0.05
    assert 10.0 < start(place, "rd_expenditure") / start(place, "rd_personnel") * 1e4 < 60.0
    assert start(place, "tech_smes") < start(place, "technology_firms")
    assert start(place, "high_tech_enterprises") < start(place, "industrial_firms")
    assert start(place, "incubator_places") < start(place, "technology_firms")
    assert start(place, "employed_persons") <= start(place, "resident_population")
    assert start(place, "invention_patents_granted") < start(place, "valid_invention_patents")


def test_field_shares_add_up_and_agree_with_the_high_tech_share() -> None:
    shares = load_field_shares()
    assert shares.shape == (14, 8)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-9)
    hightech = shares[:, [field.hightech for field in load_fields()]].sum(axis=1)
    published = [start(place, "hightech_value_added_share") / 100.0 for place in PLACES]
    np.testing.assert_allclose(hightech, published, atol=0.02)


def test_travel_times_are_symmetric_and_observed_where_possible() -> None:
    minutes = load_travel_minutes()
    assert minutes.shape == (12, 12)
    np.testing.assert_array_equal(minutes, minutes.T)
    np.testing.assert_array_equal(np.diag(minutes), 30.0)
    row = {city: index for index, city in enumerate(CITIES)}
    seen = 0
    for datum in load_observations().all():
        a, _, b = datum.region.partition("__")
        if datum.indicator == "hsr_time" and a in row and b in row:
            assert minutes[row[a], row[b]] == datum.value
            seen += 1
    assert seen == 37


def test_no_travel_time_beats_a_straight_line_at_350_kmh() -> None:
    radians = [(math.radians(place.lat), math.radians(place.lon)) for place in load_places()[:12]]
    for a, (lat_a, lon_a) in enumerate(radians):
        for b, (lat_b, lon_b) in enumerate(radians[:a]):
            cosine = math.sin(lat_a) * math.sin(lat_b)
            cosine += math.cos(lat_a) * math.cos(lat_b) * math.cos(lon_a - lon_b)
            assert load_travel_minutes()[a, b] > 6371.0 * math.acos(cosine) / 350.0 * 60.0


def test_starting_values_are_the_observations_where_there_are_any() -> None:
    seen = 0
    for place in PLACES:
        for quantity, indicator in OBSERVED_AS.items():
            datum = load_observations().get(place, indicator, 2015)
            if datum is not None:
                seen += 1
                assert start(place, quantity) == pytest.approx(datum.value), (place, quantity)
                assert load_starting_values().datum(place, quantity).provenance == datum.provenance
    assert seen >= 50


def test_rd_without_a_published_amount_is_published_intensity_times_gdp() -> None:
    for city in ("Ningbo", "Nanjing", "Suzhou", "Wuxi", "Shaoxing", "Taizhou", "Zhoushan"):
        assert load_observations().get(city, "rd_expenditure", 2015) is None
        intensity = observed(city, "rd_intensity", 2015)
        assert start(city, "rd_expenditure") == pytest.approx(intensity / 100 * start(city, "gdp"), abs=0.06)


def test_cities_of_zhejiang_do_not_exceed_the_province() -> None:
    cities = [place.id for place in load_places() if place.province == "Zhejiang" and place.kind == "city"]
    for quantity in ("rd_expenditure", "invention_patents_granted", "high_tech_enterprises"):
        total = sum(start(city, quantity) for city in cities)
        assert 0.6 < total / observed("Zhejiang", OBSERVED_AS[quantity], 2015) < 1.0, quantity


def test_growth_to_2018_is_that_of_first_published_gdp() -> None:
    for city in CITIES:
        path = load_conditions().path(city, "gdp_growth")
        for year in (2016, 2017, 2018):
            growth = 100.0 * (observed(city, "gdp", year) / observed(city, "gdp", year - 1) - 1.0)
            assert path[year].value == pytest.approx(growth, abs=0.006)
            assert path[year].provenance == "computed"


def test_what_comes_after_2019_is_marked_as_assumed() -> None:
    conditions = load_conditions()
    for key in conditions.keys:
        for year, point in conditions.path(*key).items():
            if year > 2019:
                assert point.provenance == "assumption", (key, year)
            if year <= 2018:
                assert point.low == point.value == point.high, (key, year)


def test_uncertainty_of_growth_widens() -> None:
    for place in PLACES:
        path = load_conditions().path(place, "gdp_growth")
        widths = [path[year].high - path[year].low for year in range(2019, 2023)]
        assert widths == pytest.approx([2.0, 3.0, 4.0, 5.0], abs=0.02)


@pytest.mark.parametrize("quantity", ["resident_population", "employed_persons", "fiscal_st_expenditure"])
def test_paths_begin_at_the_starting_values(quantity: str) -> None:
    for place in PLACES:
        path = load_conditions().path(place, quantity)
        assert path[2015].value == pytest.approx(start(place, quantity), abs=0.006)


def test_public_research_is_part_of_its_city() -> None:
    institutions = load_institutions()
    assert {item.city for item in institutions} == set(CITIES)
    for city in CITIES:
        mine = [item for item in institutions if item.city == city]
        assert sum(item.type == "aggregate" for item in mine) == 1
        funding = sum(item.research_funding_2015 for item in mine)
        assert 0.03 < funding / start(city, "rd_expenditure") < 0.37
        grants = sum(item.patents_granted_2015 for item in mine)
        assert grants < 0.6 * start(city, "invention_patents_granted")


def test_institutions_named_by_the_policy_are_there() -> None:
    names = {item.name for item in load_institutions()}
    assert {"Ningbo University", "Wenzhou Medical University", "Wenzhou University"} <= names
    assert "Ningbo Institute of Materials Technology and Engineering, CAS" in names


# What was observed


def test_nothing_was_observed_after_2019() -> None:
    rows = load_observations().all()
    assert len(rows) == 1061
    assert max(row.year for row in rows) == 2019
    for row in rows:
        assert not re.search(r"\b20[2-9]\d\b", row.note), row


def test_contradictory_observations_are_kept_and_the_cited_one_is_preferred() -> None:
    intensities = {
        row.value for row in load_observations().all()
        if (row.region, row.indicator, row.year) == ("Jiaxing", "rd_intensity", 2015)
    }  # fmt: skip
    assert intensities == {2.73, 2.8}
    assert observed("Jiaxing", "rd_intensity", 2015) == 2.73


def test_confidence_decides_between_equals() -> None:
    best = load_observations().get("Ningbo", "rd_intensity", 2015)
    assert best is not None
    assert (best.value, best.provenance, best.confidence) == (2.41, "cited", "high")


def test_a_series_is_ordered_by_year() -> None:
    series = load_observations().series("Hangzhou", "rd_expenditure")
    assert list(series) == sorted(series)
    assert series[2017].value == 396.82
    assert load_observations().get("Hangzhou", "rd_expenditure", 1999) is None
    assert load_observations().series("Atlantis", "gdp") == {}


# What the loaders promise


def test_each_folder_is_read_once_and_cannot_be_changed_by_a_reader() -> None:
    for load in LOADERS:
        assert load() is load()
    with pytest.raises(ValueError, match="read-only"):
        load_field_shares()[0, 0] = 1.0
    with pytest.raises(FrozenInstanceError):
        load_places()[0].id = "x"  # type: ignore[misc]
