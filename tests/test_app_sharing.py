"""Scenarios as links, files and tables: they come back as they went, and nothing bad gets in."""

import base64
import csv
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.drafting import set_lever
from dashboard.parts.keeping import MOST_SAVED, saved_with
from dashboard.sharing import check, decode, encode, renamed
from dashboard.state import Projection
from dashboard.tables import board_table, comparison_table, path_table
from dashboard.views import Look
from scenarios.comparison import Comparison
from scenarios.levers import LEVERS
from scenarios.scenario import list_scenarios, load_scenario
from scenarios.writing import scenario_text
from simulation.experiment import plan
from simulation.indicators import INDICATORS, TARGETS

BASELINE = load_scenario("baseline")


@pytest.mark.parametrize("name", list_scenarios())
def test_links_hold_every_scenario_of_the_catalogue(name):
    scenario = load_scenario(name).model_copy(update={"extends": None})
    code = encode(scenario)
    assert len(code) < 2000
    assert decode(code) == (scenario, ())


def test_a_link_with_every_lever_moved_is_short_enough():
    draft = BASELINE
    for number, lever in enumerate(LEVERS.values()):
        value = lever.low + (lever.high - lever.low) * (0.37 + 0.001 * number)
        places = {"scope": ("Ningbo",), "start": "2019Q3", "end": "2022Q2", "ramp": 3}
        draft = set_lever(draft, lever.name, value=round(value, 4), **places)
    assert len(encode(draft)) < 2000
    assert decode(encode(draft))[0] == draft


@given(st.text(max_size=300))
def test_no_text_is_taken_for_a_link(text):
    scenario, mistakes = decode(text)
    assert scenario is None
    assert mistakes


def test_a_link_that_unpacks_to_too_much_is_refused():
    bomb = base64.urlsafe_b64encode(zlib.compress(b"x" * 5_000_000, 9)).decode()
    scenario, mistakes = decode(bomb)
    assert scenario is None
    assert "damaged" in str(mistakes[0]) or "larger" in str(mistakes[0])


def test_a_link_is_checked_like_a_file():
    draft = BASELINE.model_copy(update={"levers": {}})
    text = scenario_text(draft).replace("name: baseline", "name: baseline\nlevers: {no_such: 1}")
    code = base64.urlsafe_b64encode(zlib.compress(b'{"name":"x1","levers":{"no_such":1}}')).decode()
    for scenario, mistakes in (check(text), decode(code)):
        assert scenario is None
        assert any("no_such" in str(mistake) for mistake in mistakes)


def test_unknown_places_are_found():
    text = scenario_text(set_lever(BASELINE, "guidance_fund", value=3)).replace(
        "guidance_fund: 3", "guidance_fund: {value: 3, scope: [Ningbbo]}"
    )
    assert "did you mean Ningbo" in str(check(text)[1][0])


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ningbo first!", "ningbo_first"),
        ("我的方案", "my_scenario"),
        ("2020", "my_scenario"),
        ("x" * 200, "x" * 40),
    ],
)
def test_a_title_makes_a_name(title, name):
    draft = renamed(BASELINE, title)
    assert draft.name == name
    assert draft.title.zh == draft.title.en == title[:60]
    assert draft.content_hash == BASELINE.content_hash
    assert decode(encode(draft))[0] == draft


def test_saved_scenarios_are_few_and_different():
    saved = ()
    for value in range(MOST_SAVED + 3):
        saved = saved_with(saved, set_lever(BASELINE, "guidance_fund", value=1 + value))
    assert len(saved) == MOST_SAVED
    again = renamed(saved[3], "Again")
    assert [one.title.en for one in saved_with(saved, again)].count("Again") == 1
    assert len(saved_with(saved, again)) == MOST_SAVED


def test_tables_hold_what_is_shown():
    scenarios = (BASELINE, set_lever(BASELINE, "talent_inflow", value=9000))
    ensembles = [plan(scenario, range(1, 4), 0.002).run(1) for scenario in scenarios]
    shown = [
        Look(scenario, "#000", Projection(ensemble, ensemble, 3))
        for scenario, ensemble in zip(scenarios, ensembles, strict=True)
    ]
    board = list(csv.DictReader(io.StringIO(board_table(shown))))
    assert len(board) == 2 * sum(len(target.regions) for target in TARGETS)
    assert {row["draws"] for row in board} == {"3"}
    paths = list(csv.DictReader(io.StringIO(path_table(shown, "Ningbo"))))
    assert len(paths) == 2 * len(INDICATORS) * len(ensembles[0].years)
    comparison = Comparison(tuple(ensembles))
    names = {name: name for name in comparison.names}
    rows = list(csv.DictReader(io.StringIO(comparison_table(comparison, names))))
    talent = [
        row for row in rows if row["target"] == "high_level_talent" and row["scenario"] == "my_scenario"
    ]
    assert float(talent[0]["difference"]) > 0


def test_no_cell_of_a_table_is_a_formula():
    draft = renamed(BASELINE, "x")
    ensemble = plan(BASELINE, [1], 0.002).run(1)
    evil = draft.model_copy(update={"name": "=1+1"})
    table = board_table([Look(evil, "#000", Projection(ensemble, ensemble, 1))])
    assert "'=1+1" in table
    rows = list(csv.DictReader(io.StringIO(table)))
    assert any(cell == "" for row in rows for cell in row.values()), "what is not defined is nothing"
    assert not any(cell == "'" for row in rows for cell in row.values())
