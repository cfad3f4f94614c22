"""Robustness: futures from the priors, regret by hand, failures that are explained and chance that is not."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from pretence import Pretence
from rich.console import Console

from agents.parameters import parameter_record, parameters
from scenarios import ledger
from scenarios.discovery import discover
from scenarios.futures import CHANGES, draw_futures, factors, facts, uncertain
from scenarios.ledger import Ledger
from scenarios.robustness import Robustness, plan_robustness
from scenarios.robustness_figure import robustness_figure, telling
from scenarios.scenario import CONDITIONS, load_scenario
from simulation import cli_robust
from simulation.errors import InputError
from simulation.figure import save
from simulation.runs import run_one

BASELINE = load_scenario("baseline")


@pytest.fixture(scope="module")
def found():
    """Return a test of two scenarios on the pretended model."""
    names = ["baseline", "full_plan"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "stream", Pretence(start=1.05))
        return plan_robustness(names, designs=192, scale=0.01).run(Ledger())


@pytest.fixture(scope="module")
def world():
    """Return the factors, and their values in many futures."""
    futures = draw_futures(300, 1)
    return factors(), np.array([facts(future, BASELINE) for future in futures]), futures


# --- Futures --------------------------------------------------------------------------------------------


def test_futures_follow_the_priors_and_more_of_them_contain_the_fewer():
    futures = draw_futures(128, 7)
    assert draw_futures(50, 7) == futures[:50]
    assert draw_futures(50, 8) != futures[:50]
    assert [future.seed for future in futures] == list(range(7, 135))
    for row in uncertain():
        values = np.array([future.parameters[row.name] for future in futures])
        assert row.low <= values.min() <= values.max() <= row.high
        middle = row.quantile(0.5)
        assert (values < middle).mean() == pytest.approx(0.5, abs=0.1)
    for name, most in CHANGES.items():
        changes = np.array([future.conditions[name] for future in futures])
        assert -most <= changes.min() < -0.95 * most
        assert 0.95 * most < changes.max() <= most
    parameter_record(futures[0].parameters)
    fixed = {row.name for row in parameters().values() if row.prior == "fixed"}
    assert not fixed & set(futures[0].parameters)


def test_a_future_lays_its_conditions_over_a_policy_but_not_over_conditions():
    [future, *_] = draw_futures(8, 1)
    laid = future.under(load_scenario("full_plan")).conditions
    assert {name: condition.change for name, condition in laid.items()} == future.conditions
    slowdown = load_scenario("slowdown")
    assert future.under(slowdown).conditions["gdp_growth"] == slowdown.conditions["gdp_growth"]
    assert set(CHANGES) <= set(CONDITIONS)


def test_conditions_are_measured_as_they_came_about(world):
    known, values, futures = world
    names = [factor.name for factor in known]
    assert [factor.name for factor in known if factor.is_condition] == names[:5]
    growth = values[:, names.index("gdp_growth")]
    laid_over = np.array([future.conditions["gdp_growth"] for future in futures])
    assert np.corrcoef(growth, laid_over)[0, 1] > 0.6
    more = {**futures[0].conditions, "gdp_growth": futures[0].conditions["gdp_growth"] + 1.0}
    shifted = facts(replace(futures[0], conditions=more), BASELINE)
    assert values[0, names.index("entry")] == futures[0].conditions["entry"]
    assert shifted[0] - values[0, 0] == pytest.approx(1.0, abs=0.02)
    leave = values[:, names.index("high_level_leave")]
    assert leave[0] == pytest.approx(100.0 * futures[0].parameters["high_level_leave"])
    assert "% a year" in [factor.unit for factor in known if factor.name == "high_level_leave"]


# --- Discovery ------------------------------------------------------------------------------------------


def test_a_planted_failure_is_found_and_said_in_words(world):
    known, values, _ = world
    names = [factor.name for factor in known]
    leave, growth = names.index("high_level_leave"), names.index("gdp_growth")
    fails = (values[:, leave] > 15.0) & (values[:, growth] < 9.5)
    box = discover(known, values, fails)
    assert box.holds
    assert {limit.factor.name for limit in box.limits} == {"high_level_leave", "gdp_growth"}
    limits = {limit.factor.name: limit for limit in box.limits}
    assert limits["high_level_leave"].low == pytest.approx(15.0, abs=1.0)
    assert limits["gdp_growth"].high == pytest.approx(9.5, abs=0.5)
    assert min(box.coverage, box.density) > 0.75
    assert "high level leave exceeds 1" in str(box)
    assert "% a year" in str(box)
    assert "nominal GDP growth of Ningbo and Wenzhou 2019–2022 stays below 9" in str(box)


def test_pure_chance_is_seldom_explained(world):
    known, values, _ = world
    boxes = [discover(known, values, np.random.default_rng(k).random(300) < 0.4) for k in range(10)]
    assert sum(box is not None and box.holds for box in boxes) <= 2


def test_where_all_or_none_fail_there_is_nothing_to_tell(world):
    known, values, _ = world
    for fails in (np.zeros(300, bool), np.ones(300, bool)):
        assert discover(known, values, fails) is None


# --- Regret ---------------------------------------------------------------------------------------------


def test_attainment_and_regret_are_what_the_definition_says(found):
    trials = replace(found.trials, scenarios=found.trials.scenarios[:2], futures=found.trials.futures[:2])
    trials = replace(trials, targets=found.trials.targets[:2])
    goals = np.array([target.goal for target in trials.targets])
    parts = np.array([[[1.0, 0.5], [0.8, 2.0]], [[0.5, 0.5], [1.0, np.nan]]])
    outcomes = np.concatenate([parts * goals, np.full((2, 2, 1), 7.0)], axis=2)
    small = Robustness(trials, outcomes)
    assert small.attainment == pytest.approx(np.array([[75.0, 90.0], [50.0, 50.0]]))
    assert small.regret == pytest.approx(np.array([[0.0, 0.0], [25.0, 40.0]]))
    first, second = small.rows.values()
    assert (first.best, second.best, second.regret_most) == (1.0, 0.0, pytest.approx(40.0))
    assert first.meets == second.meets == 0.0
    assert (first.each, second.each) == ((0.5, 0.5), (0.5, 0.0))
    assert first.cost == 7.0
    assert small.minimax == "baseline"


def test_every_scenario_meets_the_same_futures(found):
    runs = [list(each.values()) for each in found.trials.runs]
    for alike in zip(*runs, strict=True):
        assert len({spec.seed for spec in alike}) == 1
        assert all(spec.parameters == alike[0].parameters for spec in alike)
    assert found.minimax == "full_plan"
    assert found.rows["full_plan"].best == 1.0


def test_the_parameter_that_lowers_all_targets_is_discovered(found):
    [together, *_] = found.failures["baseline"]
    assert together.target is None
    assert together.box.holds
    assert {limit.factor.name for limit in together.box.limits} == {"high_level_leave"}
    assert telling(found.failures["baseline"])[0] is together
    text = "\n".join(cli_robust.notes(found))
    assert "baseline fails all targets together when high level leave exceeds" in text


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_printed_fits_the_screen(found, width):
    console = Console(width=width, record=True, file=io.StringIO())
    cli_robust.show(found, console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert ("worst" in text.splitlines()[2]) == (width == 120)


def test_the_figure_is_the_same_file_each_time(found, tmp_path):
    for name in ("a.svg", "b.svg", "a.png"):
        save(robustness_figure(found), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"<text" not in (tmp_path / "a.svg").read_bytes()


# --- The command ----------------------------------------------------------------------------------------


def test_what_was_stopped_goes_on_and_ends_with_the_same_bytes(yongwen, pretend, tmp_path):
    words = ["robust", "full_plan", "--designs", "24", "--scale", "0.01"]
    pretend()
    assert yongwen(*words, "--out", tmp_path / "whole", "--quiet")[0] == 0
    pretend(stop_after=20)
    assert yongwen(*words, "--out", tmp_path / "halves")[0] == 130
    second = pretend()
    code, out, _ = yongwen(*words, "--out", tmp_path / "halves", "--resume", "--json")
    assert code == 0
    assert second.runs == 48 - 20
    got = json.loads(out)
    assert got["scenarios"] == ["baseline", "full_plan"]  # one scenario is set against the baseline
    assert set(got["table"]["full_plan"]["each"]) == set(got["targets"])
    for name in ("robustness.json", "robustness.csv", "robustness.svg", "robustness.png"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "halves" / name).read_bytes(), name
    with (tmp_path / "whole" / "robustness.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 48


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["ful_plan"], "did you mean full_plan"),
        (["full_plan", "full_plan"], "'full_plan' is named 2 times"),
        (["baseline"] * 7, "1 to 6 scenarios, not 7"),
        (["full_plan", "--designs", "3"], "from 8 to"),
        (["full_plan", "--scale", "2"], "from 0.001 to 1"),
        (["full_plan", "--first-seed", "-1"], "from 0 to"),
        (["full_plan", "--targets", "tech_sme"], "did you mean tech_smes"),
        (["full_plan", "--processes", "-1"], "from 1 to"),
        (["full_plan", "--resume"], "needs --out"),
        ([], "'scenarios'"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(yongwen, words, reason):
    code, out, err = yongwen("robust", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err


def test_a_run_of_the_model_in_a_future_differs_from_the_usual_one():
    trials = plan_robustness(["baseline"], designs=8, scale=0.005)
    name, spec = next(iter(trials.runs[0].items()))
    result = run_one(spec, name)
    usual = run_one(replace(spec, parameters={}, scenario="baseline"))
    assert result.digest != usual.digest
    with pytest.raises(InputError, match="designs"):
        plan_robustness(["baseline"], designs=1)
