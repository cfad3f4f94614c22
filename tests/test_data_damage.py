"""A damaged copy of the data is refused in one clear line."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from simulation import data
from simulation.data import DATA_DIR, DataError

LOAD: dict[str, Callable[[], object]] = {
    "places": data.load_places,
    "fields": data.load_fields,
    "field_shares": data.load_field_shares,
    "travel_minutes": data.load_travel_minutes,
    "observations": data.load_observations,
    "institutions": data.load_institutions,
    "new_institutes": data.load_new_institutes,
    "counties": data.load_counties,
    "starting_values": data.load_starting_values,
    "conditions": data.load_conditions,
}
"""What reads each file."""

Damage = Callable[[str, str, str], Path]


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Damage:
    """Return a function that replaces a text in a copy of one file and lets the loaders read the copy."""

    def damage(table: str, old: str, new: str) -> Path:
        folder = tmp_path / "data"
        shutil.copytree(DATA_DIR, folder)
        path = folder / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")
        monkeypatch.setenv("YONGWEN_DATA", str(folder))
        return folder

    return damage


GDP = "Ningbo,gdp,100m_cny,8011.49,unverified,high"
BAD_GDP = [
    ("Ningbo,gdp,100m_cny,8o11,unverified,high", r"value: found '8o11'; allowed: a number of at least 0"),
    ("Ningbo,gdp,100m_cny,nan,unverified,high", r"value: found 'nan'; allowed: a number of at least 0"),
    ("Ningbo,gdp,100m_cny,inf,unverified,high", r"value: found 'inf'; allowed: a number of at least 0"),
    ("Ningbo,gdp,100m_cny,-5,unverified,high", r"value: found '-5'; allowed: a number of at least 0"),
    ("Ningbo,gdp,100m_cny,,unverified,high", r"value: found ''; allowed: a number of at least 0"),
    ("Ningpo,gdp,100m_cny,8011.49,unverified,high", r"place: found 'Ningpo'; allowed: Shanghai, Nanjing,"),
    ("Ningbo,gnp,100m_cny,8011.49,unverified,high", r"quantity: found 'gnp'; allowed: gdp, above_scale"),
    ("Ningbo,gdp,10k_cny,8011.49,unverified,high", r"unit: found '10k_cny'; allowed: 100m_cny"),
    ("Ningbo,gdp,100m_cny,8011.49,rumour,high", r"found 'rumour'; allowed: cited, computed, unverified, ass"),
    ("Ningbo,gdp,100m_cny,8011.49,unverified,sure", r"confidence: found 'sure'; allowed: high, medium, low"),
    (
        "Wenzhou,gdp,100m_cny,8011.49,unverified,high",
        r"place: found 'Wenzhou / gdp'; allowed: a key that is not",
    ),
]


@pytest.mark.parametrize(("new", "message"), BAD_GDP)
def test_a_damaged_starting_value_is_refused(damaged: Damage, new: str, message: str) -> None:
    damaged("starting_values", GDP, new)
    with pytest.raises(DataError, match=rf"^starting_values\.csv, line \d+, column .*{message}"):
        data.load_starting_values()


DAMAGES = [
    (
        "starting_values",
        "unit,value",
        "value,unit",
        r"line 1: found columns 'place,.*; allowed: 'place,quantity,unit",
    ),
    ("starting_values", GDP, "Ningbo,gdp,8011.49,unverified,high", r"line \d+: found 7 cells; allowed: 8"),
    ("starting_values", "participation,share,0.29,", "participation,share,29,", r"found '29'; .* at most 1$"),
    (
        "starting_values",
        "Wenzhou_HTZ,rd_expenditure,100m_cny,2.4,",
        "Wenzhou_HTZ,rd_expenditure,100m_cny,240,",
        r"found rd_expenditure of Wenzhou_HTZ at 240; allowed: at most that of Wenzhou, 78",
    ),
    (
        "conditions",
        "Hefei,gdp_growth,percent_per_year,2022",
        "Hefei,gdp_growth,percent_per_year,2023",
        r"column year: found '2023'; allowed: 2015, 2016",
    ),
    (
        "conditions",
        "China,vc_supply,index,2019,1.6,",
        "China,vc_supply,index,2019,3.6,",
        r"column value: found '3\.6'; allowed: a number from low \(0\.9\) to high \(2\.4\)",
    ),
    (
        "conditions",
        "China,vc_supply",
        "Ningbo,vc_supply",
        r"found 'vc_supply'; allowed: gdp_growth, resident_pop",
    ),
    (
        "observations",
        "Anhui,gdp,100m_cny,2015,",
        "Anhui,gdp,100m_cny,2020,",
        r"column year: found '2020'; allowed: a year from 1990 to 2019",
    ),
    (
        "observations",
        "Anhui,gdp,100m_cny,2015,22006",
        "Anhui,gdp,100m_cny,2015,-1",
        r"column value: found '-1'",
    ),
    (
        "observations",
        "Anhui,gdp,",
        "Anhui,,",
        r"column indicator: found ''; allowed: a text that is not empty",
    ),
    ("observations", "Anhui,gdp,100m_cny", '"Anhui"",gdp,100m_cny', r"allowed"),
    (
        "field_shares",
        "Hefei,digital,",
        "Hefei,magic,",
        r"column field: found 'magic'; allowed: digital, new_mat",
    ),
    (
        "field_shares",
        "Hefei,digital,0.",
        "Hefei,digital,0.9",
        r"place Hefei: .* add up to 1\.\d+; allowed: 1",
    ),
    (
        "travel_minutes",
        "Shanghai,Nanjing,62",
        "Shanghai,Shanghai,62",
        r"'Shanghai / Shanghai'; allowed: two diff",
    ),
    (
        "travel_minutes",
        "Shanghai,Suzhou,",
        "Nanjing,Shanghai,",
        r"found 'Nanjing / Shanghai'; .* each pair once",
    ),
    (
        "travel_minutes",
        "Shanghai,Nanjing,62",
        "Shanghai,Nanjing,0",
        r"column minutes: found '0'; allowed: a number",
    ),
    ("places", "zone,Wenzhou,", "zone,Venice,", r"column parent: found 'Venice'; allowed: Shanghai"),
    ("places", "zone,Wenzhou,Zhejiang", "zone,Wenzhou,Jiangsu", r"found 'Jiangsu'; allowed: Zhejiang"),
    (
        "places",
        "city,,Zhejiang,30.2741",
        "city,,Zhejiang,302.741",
        r"column lat: .* at least -90 and at most 90",
    ),
    ("fields", "数字经济,1", "数字经济,yes", r"column hightech: found 'yes'; allowed: 0, 1"),
    (
        "new_institutes",
        "甬江实验室,Ningbo",
        "甬江实验室,Mars",
        r"column city: found 'Mars'; allowed: Shanghai",
    ),
    ("counties", "鄞州区,Ningbo", "鄞州区,Mars", r"column city: found 'Mars'; allowed: Shanghai"),
    (
        "institutions",
        "Fudan University",
        "Tongji University",
        r"'Tongji University'; allowed: a key that is not",
    ),
]


@pytest.mark.parametrize(("table", "old", "new", "message"), DAMAGES)
def test_a_damaged_row_is_refused(damaged: Damage, table: str, old: str, new: str, message: str) -> None:
    damaged(table, old, new)
    with pytest.raises(DataError, match=message) as caught:
        LOAD[table]()
    text = str(caught.value)
    assert text.startswith(f"{table}.csv")
    assert "\n" not in text


@pytest.mark.parametrize("table", ["starting_values", "conditions", "field_shares", "travel_minutes"])
def test_a_missing_row_is_refused(damaged: Damage, table: str) -> None:
    line = (DATA_DIR / f"{table}.csv").read_text(encoding="utf-8").splitlines(keepends=True)[17]
    damaged(table, line, "")
    key = " / ".join(line.split(",")[:2])
    with pytest.raises(
        DataError, match=rf"^{table}\.csv: found no row for {key}.*; allowed: one row for each"
    ):
        LOAD[table]()


def test_the_line_in_the_message_is_the_line_in_the_file(damaged: Damage) -> None:
    folder = damaged("starting_values", GDP, GDP.replace("8011.49", "many"))
    lines = (folder / "starting_values.csv").read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines, start=1) if ",many," in line)
    with pytest.raises(DataError, match=f"line {number}, "):
        data.load_starting_values()


def test_a_missing_file_is_refused(damaged: Damage) -> None:
    folder = damaged("places", "Hefei", "Hefei")
    (folder / "counties.csv").unlink()
    with pytest.raises(DataError, match=r"^counties\.csv: found no such file in .*; allowed"):
        data.load_counties()


def test_a_file_that_is_not_text_is_refused(damaged: Damage) -> None:
    folder = damaged("places", "Hefei", "Hefei")
    (folder / "fields.csv").write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(DataError, match=r"^fields\.csv: .* allowed: UTF-8 text"):
        data.load_fields()


def test_the_same_observation_twice_is_refused(damaged: Damage) -> None:
    line = (DATA_DIR / "observations.csv").read_text(encoding="utf-8").splitlines(keepends=True)[1]
    damaged("observations", line, line + line)
    with pytest.raises(DataError, match=r"^observations\.csv, line 3, .* a key that is not yet in line 2"):
        data.load_observations()


def test_the_hash_follows_the_content(damaged: Damage) -> None:
    shipped = data.data_hash()
    assert re.fullmatch(r"[0-9a-f]{64}", shipped)
    damaged("starting_values", "8011.49", "8011.48")
    assert data.data_hash() != shipped


def test_line_ends_of_another_system_change_nothing(damaged: Damage) -> None:
    shipped = data.data_hash()
    folder = damaged("places", "Hefei", "Hefei")
    for path in folder.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert data.data_hash() == shipped
    assert data.load_starting_values().value("Ningbo", "gdp") == 8011.49
    assert len(data.load_observations().all()) == 1061
