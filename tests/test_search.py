"""Target search: fronts of problems whose answer is known, honesty when there is none, resumption, errors."""

import csv
import io
import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretence import Pretence
from rich.console import Console
from scipy import optimize, stats

from scenarios import ledger
from scenarios.ledger import Ledger
from scenarios.levers import LEVERS, Lever
from scenarios.mixes import Space, is_switch, space_of, untested
from scenarios.scenario import examine, load_scenario
from scenarios.search import Problem, search, shortfalls
from scenarios.search_figure import front_figure
from scenarios.search_runs import Bench, Request, find, targets_of, to_check
from scenarios.search_store import analysis, document, mix_files
from scenarios.surrogate import Surrogate
from simulation import cli_search
from simulation.errors import InputError
from simulation.figure import save
from simulation.workers import kept_pool, worker_pool

TEMPLATE = load_scenario("full_plan")
TWO = ("talent_inflow", "guidance_fund")
SMALL = {"evaluations": 24, "seeds": 4, "check_seeds": 8, "checks": 4}


def _lever(name, low=0.0, neutral=0.0, plan=2.5, high=10.0):
    return Lever(name, name, name, 1, "unit", low, neutral, plan, high, True, 1.0, "", "", "", (), "")


@cache
def _answer(names=TWO, fixed=(), start=0.95, capped=(), **numbers):
    """Return what a search on the pretended model finds."""
    space = space_of(names, dict(fixed), TEMPLATE)
    request = Request(space, **{**SMALL, **numbers})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "stream", Pretence(start, capped))
        return find(request, Bench(request, Ledger()))


# --- Mixes ----------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1.0, 1.0), min_size=len(LEVERS), max_size=len(LEVERS)))
@settings(max_examples=50, deadline=None)
def test_every_point_is_a_mix_within_the_bounds(z):
    space = space_of([], {}, TEMPLATE)
    assert [lever.name for lever in space.free] == list(LEVERS)
    values = space.decode(np.clip(z, space.low, space.high))
    for lever, value in zip(space.free, values, strict=True):
        assert lever.low <= value <= lever.high
        assert not is_switch(lever) or value in {lever.low, lever.high}
    again = space.decode(space.encode(values))
    assert again == pytest.approx(values, rel=0.02)
    scenario = space.scenario(values)
    assert {name: setting.value for name, setting in scenario.levers.items()} == space.levers(values)
    assert scenario.pilot_institutions == TEMPLATE.pilot_institutions
    assert scenario.name == f"mix_{scenario.content_hash[:12]}"


def test_mixes_take_scopes_and_ramps_from_the_template_and_leave_neutral_levers_out():
    space = space_of(TWO, {"ip_enforcement": 0.2}, TEMPLATE)
    scenario = space.scenario((12_000.0, 0.0) if space.free[0].name == TWO[0] else (0.0, 12_000.0))
    assert set(scenario.levers) == {"talent_inflow", "ip_enforcement"}
    assert scenario.levers["talent_inflow"].ramp == TEMPLATE.levers["talent_inflow"].ramp
    assert scenario.levers["ip_enforcement"].value == 0.2
    assert space.scenario(space.plan).content_hash != space.scenario(space.strongest).content_hash


def test_what_stands_out_of_the_tested_region_is_named():
    plan = {name: lever.plan for name, lever in LEVERS.items()}
    assert list(untested(plan)) == []
    assert list(untested({name: lever.neutral for name, lever in LEVERS.items()})) == []
    [beyond] = untested({**plan, "talent_inflow": 2 * LEVERS["talent_inflow"].plan})
    assert "talent_inflow = 12000 (tested 0 to 6000)" in str(beyond)


def test_levers_at_their_bounds_are_named():
    space = space_of(TWO, {}, TEMPLATE)
    assert space.at_bounds(space.strongest) == [lever.name for lever in space.free]
    assert space.at_bounds(space.plan) == space.at_bounds(space.neutral) == []


# --- The search on problems whose answer is known -------------------------------------------------------


def _toy(goal=3.0, budget=None, probability=0.8):
    """Two outcomes, each raised by one lever at a cost; two further levers only cost."""
    levers = {name: _lever(name) for name in "abcd"}
    space = Space(tuple(levers.values()), {}, TEMPLATE)
    noise = stats.norm.ppf((np.arange(60) + 0.5) / 60)
    base = np.column_stack([noise, noise[::-1], np.full(60, 100.0)])
    return Problem(space, np.array([goal, goal]), base, probability, budget)


def _toy_effects(mixes):
    for a, b, c, d in mixes:
        yield np.tile([2.0 * np.sqrt(a), 1.5 * np.sqrt(b), a + b + c + d], (12, 1))


def _cheapest(problem):
    """Return the least cost that reaches the probability, by brute force over the two levers that act."""

    def chance(a, b):
        gains = np.array([2.0 * np.sqrt(a), 1.5 * np.sqrt(b)])
        return (problem.base[:, :2] + gains >= problem.goals).all(axis=1).mean()

    grid = [(a, b) for a in np.linspace(0, 10, 101) for b in np.linspace(0, 10, 101)]
    return min(a + b for a, b in grid if chance(a, b) >= problem.probability)


def test_the_front_comes_close_to_the_known_optimum_and_drops_levers_that_only_cost():
    problem = _toy()
    found = search(problem, _toy_effects, 80)
    enough = [trial for trial in found.front if trial.probability >= problem.probability]
    best = _cheapest(problem)
    assert best <= enough[0].extra + 0.2
    assert enough[0].extra <= 1.1 * best
    assert enough[0].values[2:] == (0.0, 0.0)
    assert len(found.trials) == len({trial.values for trial in found.trials}) == 80
    costs, misses = zip(*[(trial.extra, trial.miss) for trial in found.front], strict=True)
    assert list(costs) == sorted(costs)
    assert list(misses) == sorted(misses, reverse=True)
    for trial in found.trials:
        better = [one for one in found.front if one.extra <= trial.extra and one.miss <= trial.miss]
        assert better


def test_the_same_search_tries_the_same_mixes_and_another_seed_others():
    runs = [[trial.values for trial in search(_toy(), _toy_effects, 12, seed).trials] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_what_is_known_is_told_trial_by_trial_and_proposals_may_be_made_elsewhere():
    told = []
    with worker_pool(1) as pool:
        found = search(_toy(), _toy_effects, 12, 1, told.append, lambda *work: pool.submit(*work).result())
    assert [len(one.trials) for one in told] == list(range(1, 13))
    assert told[-1].front == found.front
    here = search(_toy(), _toy_effects, 12, 1)
    assert [trial.values for trial in found.trials] == [trial.values for trial in here.trials]
    assert found.expected.keys() == here.expected.keys()


def test_levers_with_few_values_are_tried_out_and_the_search_ends():
    [switch] = [lever for lever in LEVERS.values() if is_switch(lever)][:1]
    space = Space((switch,), {}, TEMPLATE)
    problem = Problem(space, np.array([3.0]), np.zeros((4, 2)))
    found = search(problem, lambda mixes: (np.full((4, 2), mix[0]) for mix in mixes), 12)
    assert {trial.values for trial in found.trials} == {(switch.low,), (switch.high,)}


def test_the_budget_bounds_the_front():
    found = search(_toy(budget=5.0), _toy_effects, 40)
    assert max(trial.extra for trial in found.trials) > 5.0
    assert max(trial.extra for trial in found.front) <= 5.0
    assert found.best.probability < 0.8


def test_what_cannot_be_met_is_told_apart_by_its_shortfall():
    found = search(_toy(goal=30.0), _toy_effects, 40)
    assert found.best.probability == 0.0
    assert found.best.miss == pytest.approx(1.0 + found.best.shortfall)
    assert found.best.shortfall < min(trial.shortfall for trial in found.trials) + 0.02
    assert found.best.values[1] > 8.0  # the lever of the target that is missed most
    assert shortfalls(np.array([[np.nan, 5.0]]), np.array([10.0, 4.0])).tolist() == [[1.0, 0.0]]


def test_the_surrogate_learns_effects_that_saturate_and_share_a_budget():
    chance = np.random.default_rng(1)
    points = chance.uniform(0.0, 1.0, (120, 6))

    def effects(z):
        asked = (z**2).sum(axis=1)
        return np.column_stack([z[:, 0] * np.minimum(1.0, 2.0 / (0.1 + asked)), asked, np.zeros(len(z))])

    surrogate = Surrogate()
    surrogate.fit(points[:80], effects(points[:80]))
    off = surrogate.predict(points[80:]) - effects(points[80:])
    spread = effects(points).std(axis=0)
    assert np.abs(off[:, 0]).mean() < 0.15 * spread[0]
    assert np.abs(off[:, 1]).mean() < 0.05 * spread[1]
    assert (off[:, 2] == 0.0).all()


# --- On the pretended model -----------------------------------------------------------------------------


def test_the_cheapest_mix_that_is_sure_enough_is_found_and_checked_with_fresh_seeds():
    answer = _answer(evaluations=40, seeds=8, check_seeds=40)
    request = answer.request
    assert not set(request.base_seeds) & set(request.fresh_seeds)
    cheapest = answer.cheapest
    assert cheapest is not None
    assert cheapest.check.probability >= 0.8
    assert len(cheapest.check.samples) == 40
    low, high = cheapest.interval
    assert low < cheapest.check.probability <= high

    # By hand: both levers act alike, so the least cost has the talent lever (20 a plan) as far as the fund.
    def needed(both):
        gain = 0.05 * (np.sqrt(both / 80.0) + np.sqrt(both / 80.0))
        return stats.norm.cdf((gain - 0.05) / 0.02) ** len(request.targets) - 0.8

    least = 2.0 * optimize.brentq(needed, 1.0, 400.0)
    assert cheapest.check.extra == pytest.approx(least, rel=0.5)
    got = json.loads(json.dumps(document(answer), allow_nan=False))
    assert got["found"] is True
    assert got["mixes"][got["cheapest"]]["check"]["probability"] == cheapest.check.probability
    assert got["binding"] == got["at_bounds"] == []
    assert set(got["scale_bias"]) == {*(target.id for target in request.targets), "fiscal_cost"}


def test_when_no_mix_exists_it_says_what_binds_and_by_how_much():
    answer = _answer(capped=("incubator_coverage",))
    assert answer.cheapest is None
    assert answer.binding[0].target.id == "incubator_coverage"
    bound = answer.binding[0]
    assert (bound.probability, bound.most) == (0.0, 0.0)
    assert bound.gap == pytest.approx(-10.0, abs=1e-6)
    text = "\n".join(cli_search.notes(answer))
    assert "incubator_coverage binds" in text
    assert "does not prove" in text
    got = document(answer)
    assert got["found"] is False
    assert got["cheapest"] is None
    assert got["binding"][0]["id"] == "incubator_coverage"


def test_levers_at_their_bounds_are_told_when_nothing_is_enough():
    answer = _answer(start=0.4)
    assert answer.cheapest is None
    assert set(document(answer)["at_bounds"]) <= set(TWO)
    assert answer.best.check.shortfall < answer.base.shortfall - 0.2


def test_only_chosen_targets_count():
    targets = targets_of(["tech_smes", "innovation_capital"])
    answer = _answer(capped=("incubator_coverage",), targets=targets)
    assert answer.cheapest is not None
    assert [target.id for target in answer.request.targets] == ["tech_smes", "innovation_capital"]


def test_fixed_levers_stay_in_every_mix():
    answer = _answer(names=("talent_inflow",), fixed=(("guidance_fund", 33.0),), evaluations=8)
    for letter in document(answer)["mixes"].values():
        assert letter["levers"]["guidance_fund"] == 33.0


def test_mixes_are_valid_bilingual_scenarios_that_say_how_they_were_found(tmp_path):
    answer = _answer()
    for name, write in mix_files(answer).items():
        write(tmp_path / name)
        scenario, mistakes = examine(tmp_path / name)
        assert mistakes == ()
        assert "组合" in scenario.title.zh
        assert "paired seeds" in scenario.assumptions[0]
        assert "seeds from 13 at scale 1" in scenario.assumptions[1]
        mix = document(answer)["mixes"][name[4]]
        assert scenario.name == mix["name"]
        assert {lever: one.value for lever, one in scenario.levers.items()} == mix["levers"]
        assert any("tested together" in text for text in scenario.assumptions) == bool(mix["outside_tested"])
    assert len(list(tmp_path.iterdir())) == len(answer.checked)


def test_the_surest_and_the_cheapest_that_is_sure_enough_are_always_checked():
    found = search(_toy(), _toy_effects, 60)
    chosen = [trial.values for trial in to_check(found, 4)]
    assert len(chosen) == 4
    assert found.front[-1].values in chosen
    assert next(trial.values for trial in found.front if trial.probability >= 0.8) in chosen


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_printed_fits_the_screen(width):
    answer = _answer(names=(), capped=("incubator_coverage",), checks=6, evaluations=12)
    console = Console(width=width, record=True, file=io.StringIO())
    cli_search.show(answer, console)
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    assert "No mix that was tried meets all 13 targets" in lines[1]


def test_the_figure_is_the_same_file_each_time(tmp_path):
    answer = _answer()
    for name in ("a.svg", "b.svg", "a.png"):
        save(front_figure(answer), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"<text" not in (tmp_path / "a.svg").read_bytes()


# --- The command ----------------------------------------------------------------------------------------

WORDS = ["search", "--levers", ",".join(TWO), "--evaluations", "12", "--seeds", "4", "--check-seeds", "6"]


def test_a_stopped_search_goes_on_and_ends_with_the_same_bytes(yongwen, pretend, tmp_path):
    whole = pretend()
    assert yongwen(*WORDS, "--out", tmp_path / "whole", "--quiet")[0] == 0
    pretend(stop_after=40)
    code, out, err = yongwen(*WORDS, "--out", tmp_path / "halves")
    assert (code, out) == (130, "")
    assert "goes on from there" in err
    assert not (tmp_path / "halves" / "manifest.json").exists()
    second = pretend()
    assert yongwen(*WORDS, "--out", tmp_path / "halves", "--resume", "--quiet")[0] == 0
    assert second.runs == whole.runs - 40
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert names == {path.name for path in (tmp_path / "halves").iterdir()}
    assert {"search.json", "search.csv", "search.png", "search.svg", "mix_A.yaml"} < names
    for name in names - {"manifest.json", "outcomes.jsonl"}:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "halves" / name).read_bytes(), name


def test_the_command_prints_one_document_and_writes_every_trial(yongwen, pretend, tmp_path):
    pretend()
    code, out, err = yongwen(*WORDS, "--json", "--out", tmp_path)
    assert code == 0, err
    got = json.loads(out)
    assert got["evaluations"] == 12
    with (tmp_path / "search.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert sum(row["on_front"] == "True" for row in rows) == len(got["front"])
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["analysis"] == "search"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--probability", "1.5"], "above 0 and at most 1, not 1.5"),
        (["--probability", "0"], "above 0"),
        (["--budget", "-3"], "budget must be 0 or more"),
        (["--budget", "nan"], "budget must be 0 or more"),
        (["--levers", "guidance_fnd"], "did you mean guidance_fund"),
        (["--fix", "guidance_fnd=3"], "did you mean guidance_fund"),
        (["--fix", "guidance_fund"], "takes LEVER=VALUE"),
        (["--fix", "guidance_fund=201"], "outside 0 to 200"),
        (["--fix", "guidance_fund=1", "--fix", "guidance_fund=2"], "names guidance_fund twice"),
        (["--fix", "guidance_fund=1", "--levers", "guidance_fund"], "both among"),
        (["--fix", "guidance_fund=nan"], "outside 0 to 200"),
        (["--targets", "tech_sme"], "did you mean tech_smes"),
        (["--evaluations", "2"], "from 4 to"),
        (["--seeds", "1"], "from 2 to"),
        (["--scale", "0"], "from 0.001 to 1"),
        (["--processes", "-1"], "from 1 to"),
        (["--resume"], "--resume needs --out"),
        (["--resume", "--out", "/tmp/no/such/search"], "nothing to go on with"),
        (["--out", "/dev/null"], "is a file"),
    ],
)
def test_wrong_input_is_one_clear_line_and_exit_code_2(yongwen, words, reason):
    code, out, err = yongwen("search", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err


def test_a_small_search_on_the_model_itself(tmp_path):
    space = space_of(["talent_inflow"], {}, TEMPLATE)
    numbers = {
        "evaluations": 4,
        "seeds": 2,
        "scale": 0.005,
        "checks": 1,
        "check_seeds": 2,
        "check_scale": 0.01,
    }
    request = Request(space, targets_of(["high_level_talent"]), **numbers)
    answer = find(request, Bench(request, Ledger(tmp_path), processes=1))
    assert answer.cheapest is not None
    assert answer.cheapest.check.extra > 0.0
    assert (
        answer.base.probability < answer.cheapest.check.probability
    )  # some draws of the posterior meet it alone
    assert next(iter(analysis(answer).table))[0] == "extra_cost"
    assert len(Ledger(tmp_path).known) <= request.runs


def test_a_kept_pool_is_shared_and_closed_at_the_end():
    with kept_pool(1), worker_pool(1) as first:
        with worker_pool(2) as second:
            assert first is second
        assert first.submit(abs, -3).result() == 3
    with pytest.raises(RuntimeError, match="shutdown"):
        first.submit(abs, -3)


def test_requests_are_checked_before_anything_runs():
    space = space_of(TWO, {}, TEMPLATE)
    with pytest.raises(InputError, match="checks must be"):
        Request(space, checks=0)
    with pytest.raises(InputError, match="no lever is left"):
        space_of(["guidance_fund"], {}, TEMPLATE, {"guidance_fund": _lever("guidance_fund", high=0.0)})
