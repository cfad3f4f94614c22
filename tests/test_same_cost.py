"""Comparison at equal public cost: factors are found, and what cannot be made equal is said."""

import json

import pytest
from toy_runs import install

from scenarios.levers import LEVERS
from scenarios.same_cost import CLOSE, PROBES, match_costs, scaled, spending, spends
from scenarios.scenario import Bilingual, Scenario, load_scenario
from simulation.errors import InputError
from simulation.runs import RunSpec

TEXT = Bilingual(en="Made up", zh="虚构")
SEEDS = range(1, 21)
YEARS = 4  # of the policy: the toy's cost is 4 times the spending of a year


def mix(name, **levers):
    """Return a scenario of these levers."""
    return Scenario(name=name, title=TEXT, description=TEXT, levers=levers)


@pytest.fixture
def toy(monkeypatch):
    """Let costs be those of the toy, which are known."""
    return install(monkeypatch)


def test_the_budget_is_what_the_first_policy_costs(toy):
    cheap, dear = mix("cheap", guidance_fund=10), mix("dear", guidance_fund=40, innovation_vouchers=5)
    found = match_costs(["baseline", cheap, dear], SEEDS, 1.0)
    assert found.budget == pytest.approx(YEARS * 10)
    assert list(found.matches) == ["cheap", "dear"]
    assert found.matches["cheap"].factor == 1.0
    match = found.matches["dear"]
    assert match.reached
    assert match.cost_before == pytest.approx(YEARS * 45)
    assert match.factor == pytest.approx(10 / 45, rel=CLOSE)
    assert match.cost == pytest.approx(found.budget, rel=CLOSE)
    kept, same, changed = found.scenarios
    assert (kept, same) == ("baseline", cheap)
    assert changed.levers["innovation_vouchers"].value == pytest.approx(match.factor * 5)


def test_a_cost_that_levels_off_is_met_all_the_same(toy):
    bent = mix("bent", guidance_fund=99, angel_coinvestment=0.5)  # beyond 100 the toy's fund costs no more
    found = match_costs([mix("first", guidance_fund=20), bent], SEEDS, 1.0, budget=YEARS * 110)
    match = found.matches["bent"]
    assert match.reached
    assert match.cost == pytest.approx(YEARS * 110, rel=CLOSE)
    assert match.factor == pytest.approx(20.0, rel=0.1)
    assert match.at_bounds == ("guidance_fund",)


@pytest.mark.parametrize(
    ("levers", "why"),
    [
        ({"guidance_fund": 20}, "at their bounds"),
        ({"delta_link": 0.5, "inventor_share": 0.7}, "at their bounds"),
        ({"inventor_share": 0.7}, "none of its levers spends money"),
        ({"fiscal_growth": 0.05}, "none of its levers spends money"),
    ],
)
def test_what_cannot_be_reached_is_said_and_shown_at_its_nearest(toy, levers, why):
    found = match_costs([mix("short", **levers)], SEEDS, 1.0, budget=1_000.0)
    match = found.matches["short"]
    assert not match.reached
    assert why in match.why
    [scenario] = found.scenarios
    for name, value in spending(scenario).items():
        assert value == LEVERS[name].high
        assert name in match.at_bounds


def test_terms_and_free_levers_are_not_multiplied(toy):
    both = mix("both", guidance_fund=20, guidance_share=0.2, talent_package=80, inventor_share=0.5)
    half = scaled(both, 0.5)
    assert {name: item.value for name, item in half.levers.items()} == {
        "guidance_fund": 10, "guidance_share": 0.2, "talent_package": 80, "inventor_share": 0.5,
    }  # fmt: skip
    assert Scenario.model_validate(half.model_dump()) == half
    assert both.levers["guidance_fund"].value == 20
    assert "×0.5" in half.title.en


def test_every_lever_with_a_cost_for_each_unit_spends():
    priced = {name for name, lever in LEVERS.items() if lever.unit_cost}
    assert priced <= {name for name, lever in LEVERS.items() if spends(lever)}
    assert not any(spends(LEVERS[name]) for name in ("fiscal_growth", "guidance_share", "inventor_share"))


def test_few_runs_are_spent_on_the_search_and_none_twice(toy):
    scenarios = ["baseline", "guidance_funds", "talent_inflow", "full_plan"]
    match_costs(scenarios, SEEDS, 1.0)
    assert len(toy.ran) == len(set(toy.ran)) <= PROBES * (len(scenarios) + 12)


def test_conditions_alone_are_left_as_they_are(toy):
    found = match_costs(["trade_shock", "guidance_funds"], SEEDS, 1.0)
    assert found.scenarios == ("trade_shock", "guidance_funds")
    assert list(found.matches) == ["guidance_funds"]


@pytest.mark.parametrize("budget", [0.0, -3.0, float("nan"), float("inf")])
def test_a_budget_is_a_positive_number(toy, budget):
    with pytest.raises(InputError, match="positive number"):
        match_costs(["guidance_funds"], SEEDS, 1.0, budget)


def test_without_a_policy_that_costs_there_is_no_budget(toy):
    with pytest.raises(InputError, match="no scenario sets a lever"):
        match_costs(["baseline", "trade_shock"], SEEDS, 1.0)
    with pytest.raises(InputError, match=r"ownership costs nothing.*--budget"):
        match_costs([mix("ownership", inventor_share=0.7), "guidance_funds"], SEEDS, 1.0)


def test_compare_at_equal_cost_for_real(yongwen):
    words = ["compare", "baseline", "guidance_funds", "talent_inflow", "--equal-budget", "--json"]
    code, out, _ = yongwen(*words, "--seeds", "2", "--scale", "0.01", "--processes", "1")
    assert code == 0
    got = json.loads(out)
    assert got["scenarios"] == ["baseline", "guidance_funds", "talent_inflow_scaled"]
    match = got["equal_budget"]["scenarios"]["talent_inflow"]
    assert match["reached"]
    assert 0.3 < match["factor"] < 1.0
    spent = [got["fiscal_cost"][name]["difference"] for name in got["scenarios"][1:]]
    assert spent[0] == pytest.approx(got["equal_budget"]["budget"])
    assert spent[1] == pytest.approx(spent[0], rel=CLOSE)


def test_the_tables_name_factor_and_reason(toy, yongwen, made_up, monkeypatch):
    from scenarios.comparison import Comparison, Ensemble
    from simulation import cli_compare

    def simulate(plan, processes, quiet):
        results = [made_up(3, "baseline").results for _ in plan.experiments]
        pairs = zip(plan.experiments, results, strict=True)
        return Comparison(tuple(Ensemble(each, found, 1.0) for each, found in pairs))

    monkeypatch.setattr(cli_compare, "_simulate", simulate)
    words = ["compare", "baseline", "guidance_funds", "ownership_pilot", "--seeds", "3"]
    code, out, err = yongwen(*words, "--budget", "42")
    assert code == 0, err
    assert "Equal public cost: 42" in out
    assert "guidance_funds_scaled" in out
    assert "no: none of its levers spends money" in out
    assert yongwen(*words, "--budget", "-1")[0] == 2
    assert load_scenario("guidance_funds").levers["guidance_fund"].value == 20
    assert RunSpec("guidance_funds", 1).scenario == "guidance_funds"
