"""Comparisons: statistics against what is known, pairing on real runs, documents, figures and errors."""

import csv
import errno
import io
import json
import re

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from scenarios.comparison import (
    COST_YEARS,
    MORE_SEEDS_CAP,
    Comparison,
    paired_difference,
    plan_comparison,
)
from scenarios.comparison_figure import small_multiples
from scenarios.levers import LEVERS
from scenarios.pairing import Pairing, measure
from simulation import cli_compare
from simulation.cli_compare import table, told
from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR, goal_of, plan
from simulation.figure import save
from simulation.indicators import INDICATORS, TARGETS
from simulation.rerun import from_name
from simulation.runs import run_one

QUICK = ["--scale", "0.01", "--seeds", "3", "--processes", "1"]
OUTCOME = [
    "median", "q05", "q25", "q75", "q95", "probability", "difference", "low", "high", "told", "more_seeds",
    "variance_ratio", "cost_per_unit",
]  # fmt: skip


@pytest.fixture(scope="module")
def real():
    """Return a small comparison that was really run."""
    scenarios = ["baseline", "talent_inflow", "guidance_funds"]
    return plan_comparison(scenarios, range(1, 5), scale=0.01).run(processes=1)


@pytest.fixture
def pretend(made_up):
    """Return a maker of comparisons whose numbers are made up, so that no model has to run."""

    def make(*scenarios, seeds=5, until=2022):
        return Comparison(tuple(made_up(seeds, scenario, until=until) for scenario in scenarios))

    return make


# --- Statistics -----------------------------------------------------------------------------------------


def test_the_interval_is_that_of_the_paired_t_test():
    chance = np.random.default_rng(5)
    first = chance.normal(100, 10, 12)
    values = first + chance.normal(0.8, 1, 12)
    found = paired_difference(values, first)
    expected = stats.ttest_rel(values, first)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(values.mean() - first.mean())
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.told == (expected.pvalue < 0.05)
    gaps = (values - first).var(ddof=1)
    assert found.variance_ratio == pytest.approx((values.var(ddof=1) + first.var(ddof=1)) / gaps)
    assert found.variance_ratio > 10


def test_an_interval_covers_the_truth_as_often_as_it_says():
    chance = np.random.default_rng(6)
    hits = 0
    for _ in range(2_000):
        found = paired_difference(chance.normal(0.3, 1, 7), np.zeros(7))
        hits += found.low <= 0.3 <= found.high
    assert hits / 2_000 == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("effect", [0.25, 0.4, 0.6])
def test_as_many_seeds_as_said_tell_the_difference_four_times_in_five(effect):
    pattern = np.array([-1.0, 1.0, -1.0, 1.0])
    sample = effect + pattern / pattern.std(ddof=1)  # mean and spread exactly as wished
    found = paired_difference(sample, np.zeros(4))
    assert not found.told
    seeds = len(sample) + found.more_seeds
    draws = np.random.default_rng(7).normal(effect, 1, (4_000, seeds))
    is_told = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert is_told.mean() == pytest.approx(0.8, abs=0.025)


def test_extremes_are_said_and_not_computed():
    same = paired_difference(np.ones(5), np.ones(5))
    assert (same.told, same.more_seeds, same.variance_ratio, told(same)) == (False, None, None, "same")
    alone = paired_difference(np.array([2.0]), np.array([1.0]))
    assert (alone.difference, alone.low, alone.told, told(alone)) == (1.0, None, False, "?")
    sure = paired_difference(np.full(3, 2.0), np.ones(3))
    assert (sure.told, sure.more_seeds, told(sure)) == (True, None, "yes")
    faint = paired_difference(np.array([-1.0, 1.0, -1.0, 1.001]), np.zeros(4))
    assert (faint.more_seeds, told(faint)) == (MORE_SEEDS_CAP, ">10,000 seeds")
    undefined = paired_difference(np.array([np.nan, 1.0]), np.zeros(2))
    assert (undefined.told, undefined.more_seeds) == (False, None)


# --- Real runs ------------------------------------------------------------------------------------------


def test_scenarios_share_their_seeds_and_differ_by_their_levers_alone(real):
    assert real.first.seeds == [1, 2, 3, 4]
    assert all(ensemble.seeds == real.first.seeds for ensemble in real.ensembles)
    policy = real.first.years.index(COST_YEARS[0])
    for ensemble in real.ensembles[1:]:
        same = np.array_equal(ensemble.values[:, :policy], real.first.values[:, :policy], equal_nan=True)
        assert same  # before the policy starts
        assert not np.array_equal(ensemble.values, real.first.values, equal_nan=True)


def test_each_replicate_is_the_run_that_its_name_says(real):
    result = real.ensembles[1].results[2]
    again = run_one(from_name(result.run_id).spec)
    assert again.digest == result.digest


def test_the_document_says_what_the_runs_say(real):
    got = json.loads(json.dumps(real.document(), allow_nan=False))
    assert got["scenarios"] == ["baseline", "talent_inflow", "guidance_funds"]
    assert got["seeds"] == [1, 2, 3, 4]
    assert {name: len(ids) for name, ids in got["run_ids"].items()} == dict.fromkeys(got["scenarios"], 4)
    rows = {(row["id"], row["scope"]): row for row in got["targets"]}
    assert set(rows) == {(target.id, region) for target in TARGETS for region in target.regions}
    at = real.first.years.index(TARGET_YEAR)
    for target in TARGETS:
        for region in target.regions:
            row = rows[target.id, region]
            assert row["target"] == goal_of(target, region)
            for ensemble in real.ensembles:
                found = row["scenarios"][ensemble.experiment.name]
                assert list(found) == OUTCOME
                values = ensemble.replicates(target.indicator, region)[:, at]
                gaps = values - real.first.replicates(target.indicator, region)[:, at]
                assert found["median"] == pytest.approx(np.median(values))
                if ensemble is real.first:
                    assert found["difference"] is found["told"] is None
                else:
                    assert found["difference"] == pytest.approx(gaps.mean())
                    assert found["low"] <= found["difference"] <= found["high"]
                    assert (found["more_seeds"] is None) or not found["told"]
                if row["target"] is None:
                    assert found["probability"] is None
                else:
                    assert found["probability"] == (values >= row["target"]).mean()


def test_talent_programmes_bring_talent_at_a_cost(real):
    row = next(row for row in real.rows if row.target.id == "high_level_talent")
    found, cost = row.outcomes["talent_inflow"], real.costs["talent_inflow"].paired
    assert found.paired.told
    assert found.paired.low > 5_000
    assert cost.told
    assert cost.low > 0
    at = [real.first.years.index(year) for year in COST_YEARS]

    def spent(indicator):
        every = [e.replicates(indicator, "Ningbo+Wenzhou")[:, at].sum(axis=1) for e in real.ensembles]
        return (every[1] - every[0]).mean()

    assert cost.difference == pytest.approx(spent("fiscal_cost"))
    assert real.costs["talent_inflow"].per_unit_of == "cost_talent_inflow"  # the one lever that costs money
    assert found.cost_per_unit == pytest.approx(spent("cost_talent_inflow") / found.paired.difference)
    assert real.costs["guidance_funds"].per_unit_of == "fiscal_cost"
    for row in real.rows:
        for outcome in list(row.outcomes.values())[1:]:
            gained = outcome.paired.told and outcome.paired.difference > 0
            assert (outcome.cost_per_unit is not None) == gained


def test_an_inert_scenario_is_the_same(tmp_path):
    file = tmp_path / "inert.yaml"
    text = "title: {en: Inert, zh: 无}\ndescription: {en: Inert, zh: 无}\nlevers: {tech_lending: 0}\n"
    file.write_text(f"name: inert\n{text}")
    comparison = plan_comparison(["baseline", str(file)], [1, 2], 0.01, 2019).run(processes=1)
    assert comparison.year == 2019
    for row in comparison.rows:
        assert row.outcomes["inert"].probability is None  # the year of the targets is not simulated
        assert row.outcomes["inert"].paired.difference in {0.0} or np.isnan(row.outcomes["inert"].median)


NOT_TENFOLD = {
    # What the cap does depends on the depth of the market, which each seed draws.
    ("guidance_share", "innovation_capital"),
    # Once all counties are covered, the baseline alone varies.
    ("park_coverage", "provincial_park_coverage"),
    ("incubator_places", "incubator_coverage"),
}


FEW_FIRMS = (
    "certification_reward",
    "incubator_land_relief",
    "leave_to_found",
    "zhoushan_joins",
    "taizhou_joins",
    "secondment_share",
)
"""Levers that move a handful of firms or of links in a small sample, which are whole."""
FEW_ROUNDS = ("angel_coinvestment",)
"""Levers that move some rounds in a city, each of which counts as many in a sample."""
MANY = [name for name in LEVERS if name not in FEW_FIRMS + FEW_ROUNDS]


@pytest.mark.parametrize(("levers", "scale"), [(MANY, 0.05), (FEW_FIRMS, 0.1), (FEW_ROUNDS, 1.0)])
def test_pairing_narrows_the_difference_of_each_lever_more_than_tenfold(levers, scale):
    found = measure(range(1, 7), scale, TARGET_YEAR, processes=2, levers=levers)
    assert [pairing.lever.name for pairing in found] == [
        name for name in levers for _ in LEVERS[name].indicators
    ]
    for pairing in found:
        if (pairing.lever.name, pairing.indicator) not in NOT_TENFOLD:
            ratio = pairing.paired.variance_ratio  # None: the same difference under every seed
            assert ratio is None or ratio > 10, pairing


def test_a_lever_that_sets_terms_is_compared_with_what_it_sets_the_terms_of():
    [found] = measure([1, 2], 0.01, 2019, processes=1, levers=["talent_package"])
    assert 0 < found.paired.difference < 6_000  # the better package alone, not the programme


# --- What is printed, drawn and written -----------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 110, 130])
@pytest.mark.parametrize("members", [False, True])
def test_the_table_fits_the_screen(pretend, width, members):
    comparison = pretend("baseline", "guidance_funds", "ownership_pilot")
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(comparison, width, members))
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert ("90 % band" in text) == (width >= 110)
    assert ("Ningbo zone" in text) == members
    assert text.count("  guidance_funds") == len(TARGETS) * (3 if members else 1) + 1
    flat = re.sub(r"\W+", "", text)
    for target in TARGETS:
        assert re.sub(r"\W+", "", INDICATORS[target.indicator].name_en.split()[0]) in flat


@pytest.mark.parametrize("count", [2, 6])
def test_the_figure_has_a_panel_for_each_target_and_labels_what_stands_out(pretend, tmp_path, count):
    names = ["baseline", "guidance_funds", "talent_inflow", "full_plan", "austerity", "slowdown"][:count]
    comparison = pretend(*names)
    for name in ("a.svg", "b.svg", "a.png"):
        figure = small_multiples(comparison)
        save(figure, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"<text" not in (tmp_path / "a.svg").read_bytes()
    panels = [ax for ax in figure.axes if ax.axison]
    assert len(panels) == len(TARGETS)
    assert all(len(ax.lines) >= count for ax in panels)
    for ax, target in zip(panels, TARGETS, strict=True):
        row = next(row for row in comparison.rows if row.target is target)
        texts = [text.get_text() for text in ax.texts]
        assert f"target {target.value:,.0f}" in texts
        labelled = sum("\n" in text for text in texts)
        assert labelled == 1 + sum(o.paired.told for o in list(row.outcomes.values())[1:])


def test_compare_prints_one_document(yongwen):
    code, out, err = yongwen("compare", "baseline", "austerity", *QUICK, "--json")
    assert (code, err) == (0, "")
    got = json.loads(out)
    assert list(got) == [
        "scenarios", "seeds", "scale", "elapsed_s", "year", "run_ids", "targets", "fiscal_cost",
    ]  # fmt: skip
    assert got["fiscal_cost"]["austerity"]["difference"] < 0
    assert got["fiscal_cost"]["baseline"]["difference"] is None


def test_levers_reports_the_ratio_of_variances(yongwen, monkeypatch):
    def pretend_to_measure(seeds, scale, until, processes, progress):
        paired = paired_difference(np.array([1.0, 2.0, 3.5]), np.array([0.0, 1.0, 2.0]))
        return (Pairing(LEVERS["guidance_fund"], "innovation_capital", paired),)

    monkeypatch.setattr(cli_compare, "measure", pretend_to_measure)
    code, out, _ = yongwen("levers", "--variance", "--seeds", "3", "--json")
    assert code == 0
    [lever] = json.loads(out)["levers"]
    assert lever["name"] == "guidance_fund"
    assert lever["variance_ratio"] == pytest.approx(31)
    assert "guidance_fund" in yongwen("levers", "--variance")[1]
    assert yongwen("levers", "--variance", "--seeds", "1")[0] == 2


def test_compare_writes_everything_or_nothing(yongwen, pretend, tmp_path, monkeypatch):
    def simulate(plan, processes, quiet):
        return pretend(*(experiment.scenario for experiment in plan.experiments), seeds=3)

    monkeypatch.setattr(cli_compare, "_simulate", simulate)
    file = tmp_path / "mine.yaml"
    texts = "title: {en: 'My $x$', zh: 我的}\ndescription: {en: x, zh: 我的}\nlevers: {tech_lending: 9}\n"
    file.write_text(f"name: mine\n{texts}")
    out = tmp_path / "results"
    words = ["compare", "baseline", "full_plan", file, "--seeds", "3", "--out", out]
    code, text, err = yongwen(*words)
    assert code == 0, err
    assert "full_plan" in text
    names = {path.name for path in out.iterdir()}
    figures = {"comparison.png", "comparison.svg"}
    assert names == {"manifest.json", "runs.parquet", "comparison.csv", "scenario_mine.yaml", *figures}
    manifest = json.loads((out / "manifest.json").read_text())
    assert list(manifest["scenarios"]) == ["baseline", "full_plan", "mine"]
    assert manifest["scenarios"]["mine"]["file"] == "scenario_mine.yaml"
    assert manifest["seeds"] == [1, 2, 3]
    assert len(manifest["runs"]) == 9
    with (out / "comparison.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 3 * sum(len(target.regions) for target in TARGETS)
    assert yongwen(*words, "--quiet")[::2] == (0, "")  # its own results may be replaced
    code, text, err = yongwen("compare", "baseline", "full_plan", "--seeds", "3", "--out", out)
    assert (code, text) == (2, "")
    assert "another experiment" in err

    def fail(figure, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli_compare, "save", fail)
    code, text, err = yongwen(*words[:-1], tmp_path / "more")
    assert (code, text, err.count("\n")) == (2, "", 1)
    assert "no space is left" in err
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["baseline"], "2 to 6 scenarios, not 1"),
        (["baseline"] * 7, "2 to 6 scenarios, not 7"),
        (["baseline", "austerity", "baseline"], "'baseline' is named 2 times"),
        (["baseline", "austerty"], "austerity"),
        (["baseline", "no_such_file.yaml"], "no_such_file.yaml"),
        (["baseline", "austerity", "--seeds", "0"], "from 1 to"),
        (["baseline", "austerity", "--scale", "-1"], "from 0.001 to 1"),
        (["baseline", "austerity", "--until", "2030"], "from 2015 to"),
        (["baseline", "austerity", "--processes", "0"], "from 1 to"),
        (["baseline", "austerity", "--out", "/dev/null"], "is a file"),
        ([], "'scenarios'"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(yongwen, words, reason):
    code, out, err = yongwen("compare", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err


def test_a_file_with_a_name_that_is_taken_is_refused(tmp_path):
    file = tmp_path / "other.yaml"
    file.write_text("name: baseline\ntitle: {en: x, zh: x}\ndescription: {en: x, zh: x}\n")
    with pytest.raises(InputError, match="'baseline' is named 2 times"):
        plan_comparison(["baseline", str(file)], [1])


def test_all_runs_share_one_experiment():
    joint = plan_comparison(["baseline", "austerity"], [1, 2]).joint
    alone = [plan(name, [1, 2]) for name in ("baseline", "austerity")]
    assert list(joint.runs) == [*alone[0].runs, *alone[1].runs]
