"""Splitting a difference: factors, interactions and noise add up, and sides are understood."""

import csv
import io
import json
import re

import numpy as np
import pytest
from rich.console import Console
from toy_runs import effect, install

from scenarios.ledger import MEASURES
from scenarios.scenario import Bilingual, Scenario, load_scenario
from scenarios.split import Side, plan_split
from simulation.cli_split import table
from simulation.errors import InputError
from simulation.indicators import INDICATORS, TARGETS
from simulation.runs import RunSpec

TEXT = Bilingual(en="Made up", zh="虚构")
SLUMP = {"gdp_growth": {"change": -2.0, "start": "2019Q1", "end": "2020Q4"}}
COLUMN = next(k for k, each in enumerate(MEASURES) if each.id == "city_rd_intensity")
PLACE = 1 + list(INDICATORS).index("rd_intensity")
QUICK = ["--scale", "0.01", "--until", "2019", "--processes", "1"]


def side(*, parameters=None, seeds=(), **parts):
    """Return a side with a scenario of these levers and conditions."""
    content = {"name": "mine", "title": TEXT, "description": TEXT, **parts}
    return Side(Scenario.model_validate(content), parameters or {}, tuple(seeds))


BASE = Side(load_scenario("baseline"), {})


@pytest.fixture
def toy(monkeypatch):
    """Let analyses run the toy."""
    return install(monkeypatch)


def parts(found):
    """Return the parts of one measure in units of the toy's outcome."""
    row = next(row for row in found.rows() if row.measure is MEASURES[COLUMN])
    return {part.id: part.value.difference / PLACE for part in row.parts}


def test_parts_are_those_of_the_toy(toy):
    last = side(levers={"guidance_fund": 20}, conditions=SLUMP, parameters={"drift": 0.05})
    found = parts(plan_split(BASE, last, range(1, 6), 0.1).run())
    assert found == pytest.approx(
        {
            "policy": 0.5,
            "parameters": 4 * 0.05,
            "conditions": -0.5,
            "policy x parameters": 4 * 0.05,
            "policy x conditions": -0.5,
            "parameters x conditions": 0.0,
            "policy x parameters x conditions": 0.0,
            "interaction": 4 * 0.05 - 0.5,
            "noise": 0.0,
        },
        abs=1e-9,
    )


@pytest.mark.parametrize(
    ("last", "factors"),
    [
        (side(levers={"delta_link": 0.5}), ["policy"]),
        (side(parameters={"drift": 0.05}), ["parameters"]),
        (side(conditions=SLUMP), ["conditions"]),
        (side(levers={"delta_link": 0.5}, conditions=SLUMP), ["policy", "conditions"]),
        (side(levers={"delta_link": 0.5}, parameters={"drift": 0.05}), ["policy", "parameters"]),
    ],
)
def test_only_what_differs_is_a_factor_and_parts_add_up(toy, last, factors):
    plan = plan_split(BASE, last, range(1, 5), 0.1)
    assert list(plan.factors) == factors
    found = plan.run()
    assert len(toy.ran) == len(set(toy.ran)) == 4 * 2 ** len(factors)
    assert found.residual < 1e-12
    for row in found.rows():
        single = [part for part in row.parts if part.id != "interaction" or len(factors) < 3]
        assert sum(part.value.difference for part in single) == pytest.approx(row.difference, abs=1e-9)
        assert row.parts[-1].value.difference == 0.0
        assert row.parts[-1].value.high >= 0.0


def test_what_own_seeds_add_is_noise(toy):
    policy = {"levers": {"talent_inflow": 6000}}
    first, last = side(seeds=[7]), side(seeds=[8], **policy)
    found = plan_split(first, last, range(1, 6), 0.1).run()
    got = parts(found)
    observed = effect(RunSpec(last.scenario, 8)) - effect(RunSpec(first.scenario, 7))
    paired = np.mean(
        [effect(RunSpec(last.scenario, s)) - effect(RunSpec("baseline", s)) for s in range(1, 6)]
    )
    assert got["policy"] == pytest.approx(paired)
    assert got["noise"] == pytest.approx(observed - paired)
    assert abs(got["noise"]) > 0.1


def test_two_runs_that_differ_by_seed_alone_differ_by_noise_alone(toy):
    found = plan_split(side(seeds=[7]), side(seeds=[8]), range(1, 4), 0.1).run()
    assert set(parts(found)) == {"noise"}
    assert found.residual == 0.0


def test_sides_without_a_difference_are_refused(toy):
    with pytest.raises(InputError, match="nothing to split"):
        plan_split(BASE, side(levers={"tech_lending": 0}), range(1, 4), 0.1)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_the_screen(toy, width):
    last = side(levers={"guidance_fund": 20}, conditions=SLUMP, parameters={"drift": 0.05})
    found = plan_split(BASE, last, range(1, 4), 0.1).run()
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(found))
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert len(re.findall(r"^ +policy × conditions ", text, re.MULTILINE)) == len(TARGETS) + 1


def test_split_prints_and_writes_one_document(toy, yongwen, tmp_path):
    out = tmp_path / "results"
    words = ["split", "baseline", "guidance_funds", "--set", "drift=0.08", "--seeds", "3"]
    code, text, err = yongwen(*words, "--json", "--out", out, "--quiet")
    assert (code, err) == (0, "")
    got = json.loads(text)
    assert got["factors"] == ["policy", "parameters"]
    assert got["last"] == {"scenario": "guidance_funds", "parameters": {"drift": 0.08}, "seeds": None}
    for row in (*got["targets"], got["fiscal_cost"]):
        assert sum(part["value"] for part in row["parts"].values()) == pytest.approx(row["difference"])
    names = {path.name for path in out.iterdir()}
    assert names == {"split.csv", "split.json", "manifest.json", "outcomes.jsonl"}
    with (out / "split.csv").open(encoding="utf-8", newline="") as opened:
        assert len(list(csv.DictReader(opened))) == 5 * len(MEASURES)
    count = len(toy.ran)
    assert yongwen(*words, "--out", out)[0] == 0
    assert len(toy.ran) == count


def test_runs_with_parameters_of_their_own_are_split_from_their_results(yongwen, tmp_path):
    for name, more in (("a", []), ("b", ["--set", "drift=0.09"])):
        code, _, err = yongwen("run", "baseline", *QUICK, "--seeds", "2", *more, "--out", tmp_path / name)
        assert code == 0, err
    code, out, err = yongwen("split", tmp_path / "a", tmp_path / "b", "--json", "--processes", "1")
    assert (code, err) == (0, "")
    got = json.loads(out)
    assert (got["scale"], got["year"], got["seeds"]) == (0.01, 2019, [1, 2])
    assert got["factors"] == ["parameters"]
    assert got["last"]["parameters"] == {"drift": 0.09}
    row = next(row for row in got["targets"] if row["id"] == "city_rd_intensity")
    assert row["difference"] != 0.0
    assert row["parts"]["parameters"]["value"] == pytest.approx(row["difference"])
    assert row["parts"]["noise"]["value"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["baseline", "baseline"], "nothing to split"),
        (["baseline", "austerty"], "austerity"),
        (["baseline"], "last"),
        (["baseline", "elsewhere-1-1-2022-0123456789"], "not in the catalogue"),
        (["baseline", "no-run"], "not the name of a run"),
        (["baseline", "austerity", "--seeds", "1"], "at least 2"),
        (["baseline", "austerity", "--scale", "7"], "from 0.001 to 1"),
        (["baseline", "austerity", "--until", "2031"], "from 2015 to"),
        (["baseline", "baseline", "--set-first", "drif=0.05"], "did you mean drift"),
        (["baseline", "baseline", "--set", "drift=0.5"], "outside"),
        (["baseline", "."], "holds no results"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(toy, yongwen, words, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = yongwen("split", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err


def test_results_keep_their_scale_and_parameters(yongwen, tmp_path):
    out = tmp_path / "a"
    assert yongwen("run", "baseline", *QUICK, "--seeds", "1", "--out", out)[0] == 0
    code, _, err = yongwen("split", out, "austerity", "--scale", "0.5")
    assert code == 2
    assert "scale must be one and the same on both sides, not 0.01 and 0.5" in err
    code, _, err = yongwen("split", "austerity", out, "--set", "drift=0.05")
    assert code == 2
    assert "has parameters of its own" in err


@pytest.mark.parametrize(
    ("word", "reason"),
    [("drift", "NAME=VALUE"), ("drift=x", "NAME=VALUE"), ("drif=0.05", "drift"), ("drift=9", "outside")],
)
def test_run_refuses_wrong_parameters(yongwen, word, reason):
    code, out, err = yongwen("run", "baseline", "--set", word)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err
