"""The page of sources: everything has a name in both languages, and can be taken along."""

import csv
import io
import re

import pytest

from dashboard import evidence
from dashboard.i18n import LANGUAGES, Texts
from dashboard.pages.sources import TABLES, names
from dashboard.series import own_names, series_name
from dashboard.tables import shown_table, study_table
from simulation.data import STARTING_UNITS, load_conditions, load_observations
from simulation.indicators import INDICATORS

CHINESE = re.compile("[\u4e00-\u9fff]")


def series() -> set[str]:
    """Return the ids of all series in the data."""
    conditions = {quantity for _, quantity in load_conditions().keys}
    return {datum.indicator for datum in load_observations().all()} | conditions | set(STARTING_UNITS)


def test_every_series_has_a_name_in_both_languages() -> None:
    zh, en = Texts("zh"), Texts("en")
    for one in series():
        assert CHINESE.search(series_name(one, zh)), one
        assert not CHINESE.search(series_name(one, en)), one
        assert "_" not in series_name(one, en)


def test_names_are_of_series_that_exist_and_measure_no_indicator() -> None:
    measured = {name for one in INDICATORS.values() for name, _ in (*one.observed_as, (one.id, 1.0))}
    assert set(own_names()) == series() - measured


def test_a_series_without_a_name_is_called_by_its_id() -> None:
    assert series_name("my_own_series", Texts("zh")) == "my own series"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_downloaded_as_it_is_shown(language: str, table: str) -> None:
    texts = Texts(language)
    assert table in names(texts)
    heads, rows = TABLES[table](texts)
    head, *found = csv.reader(io.StringIO(shown_table(heads, rows)))
    assert head == heads
    assert [[cell.removeprefix("'") for cell in row] for row in found] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


def test_studies_are_downloaded_with_their_bands() -> None:
    content = evidence.effects().value
    assert content is not None
    found = list(csv.DictReader(io.StringIO(study_table(content))))
    assert [row["id"] for row in found] == [study["id"] for study in content["studies"]]
    assert all(row["passed"] in ("True", "False") for row in found)
