"""Attribution: who takes part, sums, runs that are shared and resumed, what is printed, drawn and written."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from toy_runs import effect, install

from scenarios import coalitions
from scenarios.articles import ARTICLES, CHAPTERS
from scenarios.attribution import plan_attribution
from scenarios.attribution_figure import waterfalls
from scenarios.coalitions import COMPANIONS, coalition, players
from scenarios.ledger import FILE, MEASURES, Ledger
from scenarios.levers import LEVERS
from scenarios.scenario import Bilingual, Scenario, load_scenario
from simulation.cli_attribute import table
from simulation.errors import InputError, Interrupted, StorageError
from simulation.figure import save
from simulation.indicators import INDICATORS, TARGETS
from simulation.runs import RunSpec, run_id

TEXT = Bilingual(en="Made up", zh="虚构")
BASELINE, FULL = load_scenario("baseline"), load_scenario("full_plan")


def mix(name="mine", **parts):
    """Return a scenario of these levers, conditions and other fields."""
    return Scenario.model_validate({"name": name, "title": TEXT, "description": TEXT, **parts})


@pytest.fixture
def toy(monkeypatch):
    """Let analyses run the toy."""
    return install(monkeypatch)


# --- Who takes part -------------------------------------------------------------------------------------


def test_every_lever_that_acts_takes_part_and_no_other():
    acting = {name for name, item in FULL.levers.items() if item.value != LEVERS[name].neutral}
    found = players(BASELINE, FULL, "lever")
    assert {player.id for player in found} == acting
    articles = [LEVERS[player.id].article for player in found]
    assert articles == sorted(articles)


@pytest.mark.parametrize("by", ["article", "chapter"])
def test_groups_share_out_the_levers(by):
    groups = players(BASELINE, FULL, by)
    members = [name for group in groups for name in group.members]
    assert sorted(members) == sorted(player.id for player in players(BASELINE, FULL, "lever"))
    for group in groups:
        number = int(group.id.removeprefix(f"{by}_"))
        articles = CHAPTERS[number - 1].articles if by == "chapter" else [number]
        assert all(LEVERS[name].article in articles for name in group.members)
        assert str(number) in group.name_en
        assert str(number) in group.name_zh


def test_the_policy_has_27_articles_in_7_chapters():
    assert [number for each in CHAPTERS for number in each.articles] == list(ARTICLES) == list(range(1, 28))


def test_few_levers_come_one_by_one_and_many_by_article():
    assert {player.kind for player in players(BASELINE, load_scenario("guidance_funds"))} == {"lever"}
    assert {player.kind for player in players(BASELINE, FULL)} == {"article"}


def test_conditions_are_one_player_of_their_own_and_never_policy():
    slump = {"gdp_growth": {"change": -2, "start": "2019Q1", "end": "2022Q4"}}
    found = players(BASELINE, mix(levers={"delta_link": 0.5}, conditions=slump))
    assert [(player.kind, player.members) for player in found] == [
        ("lever", ("delta_link",)), ("conditions", ("gdp_growth",)),
    ]  # fmt: skip
    [alone] = players(BASELINE, mix(conditions=slump))
    assert alone.kind == "conditions"


def test_institutions_go_where_the_title_goes():
    some = {"levers": {"inventor_share": 0.7}, "pilot_institutions": ["Ningbo University"]}
    fewer = mix("fewer", **some)
    every = mix("every", levers={"inventor_share": 0.7})
    [found] = players(every, fewer)
    assert found.members == ("inventor_share",)
    both = mix("both", **{**some, "levers": {"inventor_share": 0.7, "delta_link": 0.5}})
    every_player = players(BASELINE, both)
    title = next(player for player in every_player if player.id == "inventor_share")
    assert coalition(BASELINE, both, [title], 2).pilot_institutions == ("Ningbo University",)
    other = next(player for player in every_player if player is not title)
    assert coalition(BASELINE, both, [other], 2).pilot_institutions == ()
    with pytest.raises(InputError, match="nothing to attribute"):
        players(BASELINE, mix(pilot_institutions=["Ningbo University"]))  # it sets the terms of nothing


def test_every_field_of_a_scenario_takes_part_or_is_a_text():
    """A new field of `Scenario` that does something has to become a companion of a lever."""
    texts = {"name", "title", "description", "extends", "assumptions"}
    assert set(Scenario.model_fields) == texts | {"levers", "conditions", *COMPANIONS}
    assert set(COMPANIONS.values()) <= set(LEVERS)


def test_coalitions_take_settings_away_as_well_as_bring_them():
    first, last = mix("one", levers={"delta_link": 0.5}), mix("two", levers={"tech_lending": 9})
    away = next(player for player in players(first, last) if player.id == "delta_link")
    assert coalition(first, last, [away], 2).levers == {}
    assert coalition(first, last, [], 2) is first
    assert coalition(first, last, players(first, last), 2) is last


def test_the_same_mix_is_the_same_run_however_it_comes_about():
    found = {player.id: player for player in players(BASELINE, FULL, "lever")}
    one = coalition(BASELINE, FULL, [found["delta_link"], found["tech_lending"]], len(found))
    other = coalition(BASELINE, FULL, [found["tech_lending"], found["delta_link"]], len(found))
    assert run_id(RunSpec(one, 1)) == run_id(RunSpec(other, 1))
    assert Scenario.model_validate(one.model_dump()) == one  # a valid scenario by itself


# --- Sums and runs --------------------------------------------------------------------------------------

TWO_LEVERS = mix(levers={"guidance_fund": 20, "tech_lending": 50})


@pytest.mark.parametrize("orders", [0, 2, 4])
def test_parts_are_those_of_the_toy_and_add_up(toy, orders):
    plan = plan_attribution(TWO_LEVERS, seeds=range(1, 9), orders=orders, pairs=True)
    found = plan.run()
    assert [player.id for player in plan.players] == ["guidance_fund", "tech_lending"]
    assert found.residual < 1e-12
    for column, measure in enumerate(MEASURES[:-1]):
        place = 1 + list(INDICATORS).index(measure.indicator)
        np.testing.assert_allclose(found.contributions[:, :, column], 1.5 * place)  # 0.5 and half of 2
        np.testing.assert_allclose(found.interactions[0, 1][:, column], 2.0 * place)
    np.testing.assert_allclose(found.contributions[:, :, -1].mean(axis=0), [80.0, 4.0])  # four years of cost


def test_sampled_orders_agree_with_all_coalitions(toy):
    six = dict(list(FULL.levers.items())[-9:])
    scenario = mix(levers=six, pilot_institutions=FULL.pilot_institutions)
    whole, part = (
        plan_attribution(scenario, seeds=range(1, 5), by="lever", orders=orders, pairs=True).run()
        for orders in (0, 8)
    )
    assert part.runs < whole.runs
    np.testing.assert_allclose(part.contributions, whole.contributions)  # exact: the toy has pairs at most
    for pair, found in part.interactions.items():
        np.testing.assert_allclose(found, whole.interactions[pair], atol=1e-9)


def test_intervals_hold_the_spread_over_seeds(toy):
    found = plan_attribution("talent_inflow", seeds=range(1, 21)).run()
    row = next(row for row in found.rows() if row.measure.id == "city_rd_intensity")
    [part] = row.contributions
    noise = [np.random.default_rng(seed).normal(0, 1, 2)[1] for seed in range(1, 21)]
    assert part.difference == pytest.approx(3.5 + np.mean(noise))
    assert part.high - part.low == pytest.approx(2 * 2.093 * np.std(noise, ddof=1) / 20**0.5, rel=1e-3)
    assert row.share(part) == 1.0


def test_no_coalition_runs_twice_and_the_ends_are_the_shipped_scenarios(toy):
    plan = plan_attribution("full_plan", seeds=[4, 5], pairs=True)
    found = plan.run()
    assert len(toy.ran) == len(set(toy.ran)) == found.runs
    assert {run_id(RunSpec(name, 5, 0.1)) for name in ("baseline", "full_plan")} <= set(toy.ran)


def test_more_seeds_and_orders_rerun_nothing(toy, tmp_path):
    plan_attribution("full_plan", seeds=[1, 2]).run(Ledger(tmp_path))
    before = list(toy.ran)
    plan_attribution("full_plan", seeds=[1, 2, 3], orders=4, pairs=True).run(Ledger(tmp_path))
    assert len(toy.ran) == len(set(toy.ran))
    assert toy.ran[: len(before)] == before
    count = len(toy.ran)
    plan_attribution("full_plan", seeds=[1, 2, 3], orders=4, pairs=True).run(Ledger(tmp_path))
    assert len(toy.ran) == count


def test_a_killed_attribution_goes_on_to_the_same_numbers(toy, tmp_path):
    plan = plan_attribution("full_plan", seeds=[1, 2])
    whole = plan.run().document()
    toy.ran.clear()
    toy.stop_after = 11
    with pytest.raises(Interrupted, match="stopped: 11 of"):
        plan.run(Ledger(tmp_path))
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes()[:-40])  # a kill in the middle of a line
    toy.ran.clear()
    toy.stop_after = None
    assert plan.run(Ledger(tmp_path)).document() == whole
    assert len(toy.ran) == whole["runs"] - 10
    assert len(file.read_text().splitlines()) == whole["runs"] + 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text.replace("columns", "colums"), "other targets"),
        (lambda text: text.replace('{"run"', '{"ran"', 1), "line 2 is damaged"),
        (lambda text: text.replace('"outcomes": [', '"outcomes": [1, ', 1), "line 2 is damaged"),
    ],
)
def test_a_damaged_ledger_is_said(toy, tmp_path, damage, reason):
    plan_attribution("talent_inflow", seeds=[1, 2]).run(Ledger(tmp_path))
    file = tmp_path / FILE
    file.write_text(damage(file.read_text()))
    with pytest.raises(StorageError, match=reason):
        Ledger(tmp_path)


def test_what_is_not_defined_stays_not_defined(tmp_path):
    outcomes = np.full(len(MEASURES), 0.1 + 0.2)
    outcomes[3] = np.nan
    Ledger(tmp_path).add("a-run", outcomes)
    np.testing.assert_array_equal(Ledger(tmp_path).known["a-run"], outcomes)


def test_real_runs_add_up():
    plan = plan_attribution(TWO_LEVERS, seeds=[1, 2], scale=0.01, until=2020)
    found = plan.run(processes=1)
    assert found.runs == 8
    assert found.residual < 1e-12
    cost = found.contributions[:, :, -1]
    assert (cost[:, 0] > 10.0).all()
    np.testing.assert_allclose(cost.sum(axis=1), (found.last - found.first)[:, -1])


def test_the_toy_is_what_it_says():
    talent = mix(levers={"talent_inflow": 6000})
    noise = np.random.default_rng(2).normal(0, 1, 2)
    assert effect(RunSpec(talent, 2)) - effect(RunSpec("baseline", 2)) == pytest.approx(3.5 + noise[1])


# --- What is printed, drawn and written -----------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("by", ["lever", "article", "chapter"])
def test_the_table_fits_the_screen_and_its_parts_add_up(toy, width, by):
    found = plan_attribution("full_plan", seeds=range(1, 4), by=by, orders=2, pairs=True).run()
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(found))
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert text.count("  difference ") == len(TARGETS) + 1
    section = text.split("High-tech enterprises")[1].split("difference")[0]
    numbers = [float(n.replace(",", "")) for n in re.findall(r" ([+-][\d,.]+) (?!seeds)", section)]
    row = next(row for row in found.rows() if row.measure.id == "high_tech_enterprises")
    assert sum(numbers) == pytest.approx(row.difference.difference, rel=0.01)


def test_the_figure_has_a_waterfall_for_each_target_and_ends_where_it_should(toy, tmp_path):
    slump = {"gdp_growth": {"change": -2, "start": "2019Q1", "end": "2022Q4"}}
    scenario = mix(levers={"talent_inflow": 6000, "guidance_fund": 20}, conditions=slump)
    found = plan_attribution(scenario, seeds=range(1, 5)).run()
    for name in ("a.svg", "b.svg", "a.png"):
        figure = waterfalls(found)
        save(figure, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"<text" not in (tmp_path / "a.svg").read_bytes()
    panels = [ax for ax in figure.axes if ax.axison]
    assert len(panels) == len(TARGETS) + 1
    rows = [row for row in found.rows() if row.measure.joint]
    for ax, row in zip(panels, rows, strict=True):
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert labels[0] == "No new policy"
        assert labels[-1] == "Made up"
        bars = ax.patches
        moving = [part for part in row.contributions if part.difference]
        assert len(bars) == len(moving)
        ends = row.first
        for bar in bars:
            assert bar.get_x() + min(0.0, bar.get_width()) == pytest.approx(min(ends, ends + bar.get_width()))
            ends += bar.get_width()
        assert ends == pytest.approx(row.last)


def test_what_is_not_defined_is_left_blank(toy, monkeypatch):
    def undefined(spec):
        return np.nan if spec.seed == 2 else effect(spec)

    monkeypatch.setattr("toy_runs.effect", undefined)
    found = plan_attribution("full_plan", seeds=[1, 2], by="chapter", pairs=True).run()
    assert len(waterfalls(found).axes) > len(TARGETS)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(found))
    assert "nan" not in console.export_text().split("Fiscal cost")[0]
    text = json.dumps(found.document(), allow_nan=False)
    assert json.loads(text)["targets"][0]["difference"]["value"] is None


def test_attribute_prints_one_document(toy, yongwen):
    code, out, err = yongwen("attribute", "full_plan", "--seeds", "3", "--json", "--interactions")
    assert (code, err) == (0, "")
    got = json.loads(out)
    assert list(got) == [
        "scenario", "to", "method", "permutations", "seeds", "scale", "year", "parameters", "runs",
        "residual", "players", "targets", "fiscal_cost",
    ]  # fmt: skip
    assert (got["scenario"], got["to"], got["method"]) == ("full_plan", "baseline", "permutations")
    assert got["residual"] < 1e-12
    for row in (*got["targets"], got["fiscal_cost"]):
        total = sum(part["value"] for part in row["contributions"].values())
        assert total == pytest.approx(row["difference"]["value"], rel=1e-9, abs=1e-9)
        assert row["last"] - row["first"] == pytest.approx(row["difference"]["value"], rel=1e-9)
        assert set(row["contributions"]) == {player["id"] for player in got["players"]}
        assert len(row["interactions"]) == 6
    assert {(row["id"], row["scope"]) for row in got["targets"]} == {
        (target.id, region) for target in TARGETS for region in target.regions
    }


def test_attribute_writes_everything_and_goes_on_in_its_folder(toy, yongwen, tmp_path):
    out = tmp_path / "results"
    words = ["attribute", "full_plan", "--out", out]
    toy.stop_after = 9
    code, text, err = yongwen(*words, "--seeds", "2")
    assert (code, text, err.count("\n")) == (130, "", 1)
    assert "goes on from there" in err
    toy.stop_after = None
    code, text, err = yongwen(*words, "--seeds", "2")
    assert code == 0, err
    assert len(toy.ran) == len(set(toy.ran))
    files = {"attribution.csv", "attribution.json", "manifest.json", "waterfall.png", "waterfall.svg", FILE}
    assert {path.name for path in out.iterdir()} == files
    document = json.loads((out / "attribution.json").read_text())
    with (out / "attribution.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == (len(document["players"]) + 1) * len(MEASURES)
    assert yongwen(*words, "--seeds", "3", "--quiet")[::2] == (0, "")  # more seeds go on in the same folder
    code, text, err = yongwen("attribute", "talent_inflow", "--seeds", "2", "--out", out)
    assert (code, text) == (2, "")
    assert "another experiment" in err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["austerty"], "austerity"),
        (["full_plan", "--to", "baselin"], "baseline"),
        (["baseline"], "nothing to attribute"),
        (["full_plan", "--by", "city"], "lever, article, chapter, not by 'city'"),
        (["full_plan", "--seeds", "1"], "at least 2"),
        (["full_plan", "--seeds", "-4"], "at least 2"),
        (["full_plan", "--permutations", "3"], "even number, not 3"),
        (["full_plan", "--permutations", "-2"], "even number, not -2"),
        (["full_plan", "--by", "lever", "--permutations", "0"], "at most 100,000"),
        (["full_plan", "--scale", "0"], "from 0.001 to 1"),
        (["full_plan", "--until", "1999"], "from 2015 to"),
        (["full_plan", "--first-seed", "-1"], "from 0 to"),
        (["full_plan", "--set", "drift"], "NAME=VALUE"),
        (["full_plan", "--set", "drif=0.05"], "did you mean drift"),
        (["full_plan", "--set", "drift=5"], "outside"),
        (["full_plan", "--set", "drift=nan"], "outside"),
        (["full_plan", "--set", "drift=0.05", "--set", "drift=0.06"], "twice"),
        (["full_plan", "--out", "/dev/null"], "is a file"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(toy, yongwen, words, reason):
    code, out, err = yongwen("attribute", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err
    assert toy.ran == []


def test_parameters_are_part_of_what_is_attributed(toy, yongwen):
    code, out, _ = yongwen("attribute", "talent_inflow", "--seeds", "2", "--set", "drift=0.05", "--json")
    assert code == 0
    assert json.loads(out)["parameters"] == {"drift": 0.05}


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are needed")
def test_ctrl_c_keeps_what_had_finished(tmp_path):
    out = tmp_path / "results"
    words = ["attribute", "full_plan", "--scale", "0.02", "--seeds", "60", "--processes", "2", "--out", out]
    command = [sys.executable, "-m", "simulation.cli", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, start_new_session=True) as process:
        try:
            _wait_for(out / FILE, lines=3)
            os.killpg(process.pid, signal.SIGINT)
            text, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, text) == (130, "")
    assert re.search(r"^yongwen: stopped: \d+ of \d+ runs had finished; they are kept in ", err, re.MULTILINE)
    assert len(Ledger(out).known) >= 2
    assert [path.name for path in out.iterdir()] == [FILE]


def _wait_for(file: Path, lines: int) -> None:
    for _ in range(1_200):
        if file.exists() and file.read_text().count("\n") >= lines:
            return
        time.sleep(0.1)
    raise AssertionError(f"{file} was not written")


def test_groupings_are_those_that_the_errors_name():
    assert coalitions.GROUPINGS == ("lever", "article", "chapter")
