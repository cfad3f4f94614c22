"""Governments: where budgets come from, the delay of what they decide, reviews, and money that moves."""

from typing import Any

import numpy as np
import pytest
from worlds import scenario

from agents.government import Government, Level
from agents.parameters import parameter_record
from scenarios.levers import LEVERS
from scenarios.scenario import ScenarioError
from simulation.geography import load_geography
from simulation.indicators import TARGETS, IndicatorTable
from simulation.model import InnovationModel
from simulation.policy import delayed, lever_paths
from simulation.review import expected, lag_of, region_of

P = parameter_record()[0]
GEOGRAPHY = load_geography()
NINGBO, ZONE = GEOGRAPHY.index("Ningbo"), GEOGRAPHY.index("Ningbo_HTZ")
ALWAYS = {"scope": ["all"], "start": "2015Q1"}


def after(quarters: int = 1, scale: float = 0.003, **levers: Any) -> InnovationModel:
    """Return a checked model with levers from the start on."""
    case = scenario(
        {
            name: value if isinstance(value, dict) else {"value": value, **ALWAYS}
            for name, value in levers.items()
        }
    )
    model = InnovationModel(case, scale=scale, until=2017, seed=4, check=True)
    for _ in range(quarters):
        model.step()
    return model


def named(model: InnovationModel, name: str) -> Government:
    return next(item for item in model.governments if item.name == name)


# Where budgets come from.


def test_governments_of_every_level_act() -> None:
    levels = [item.level for item in after(0).governments]
    counts = {level: levels.count(level) for level in Level}
    assert counts == {Level.NATION: 1, Level.PROVINCE: 3, Level.CITY: 12, Level.ZONE: 2}


def test_the_budget_of_a_zone_is_carved_out_of_its_city() -> None:
    model = after()
    city, zone = named(model, "Ningbo"), named(model, "Ningbo_HTZ")
    total = model.outlook.fiscal[0, NINGBO] / 4.0
    assert city.budget + zone.budget == pytest.approx(total)
    assert zone.budget == pytest.approx(P["zone_budget_weight"] * model.place_share[ZONE] * total)


def test_an_autonomous_zone_has_a_larger_budget_and_easier_entry() -> None:
    free, bound = after(zone_autonomy={"value": 1, "scope": ["Ningbo"], "start": "2015Q1"}), after()
    gain = named(free, "Ningbo_HTZ").budget / named(bound, "Ningbo_HTZ").budget
    assert gain == pytest.approx(1.0 + P["autonomy_budget_gain"])
    assert named(free, "Wenzhou_HTZ").budget == named(bound, "Wenzhou_HTZ").budget
    assert free.entry_ease[ZONE] == P["autonomy_ease"]
    assert np.delete(free.entry_ease, ZONE).sum() == 0.0


def test_levers_of_a_zone_are_paid_by_its_administration() -> None:
    model = after(tech_lending={"value": 1.0, "scope": ["Ningbo_HTZ"], "start": "2015Q1"})
    assert named(model, "Ningbo_HTZ").spent["tech_lending"] > 0.0
    assert "tech_lending" not in named(model, "Ningbo").spent


def test_nation_and_provinces_pay_for_research_at_universities() -> None:
    model = after()
    by_province: dict[str, float] = {}
    for university in model.universities:
        province = GEOGRAPHY.places[university.city].province
        by_province[province] = by_province.get(province, 0.0) + university.funding_spent
    share = P["national_research_share"]
    assert named(model, "China").spent["universities"] == pytest.approx(share * sum(by_province.values()))
    for name, money in by_province.items():
        assert named(model, name).spent["universities"] == pytest.approx((1.0 - share) * money)


def test_universities_get_no_more_than_is_set_aside_for_them() -> None:
    model = after(0)
    for university in model.universities:
        university.funding *= 2.0
    model.step()
    for university in model.universities:
        national = P["national_research_share"] * university.planned
        assert university.funding_spent < university.funding
        assert university.funding_spent > national / 1.1  # what provinces have besides may add to their part


def test_provinces_pay_their_part_of_city_budgets() -> None:
    model = after()
    fiscal = model.outlook.fiscal[0] / 4.0
    rows = [
        row
        for row, place in enumerate(GEOGRAPHY.places)
        if place.kind == "city" and place.province == "Zhejiang"
    ]
    paid = named(model, "Zhejiang").spent["transfers"]
    assert paid == pytest.approx(P["transfer_share"] * fiscal[rows].sum())
    assert "transfers" not in named(model, "China").spent


def test_the_nation_books_the_tax_that_it_forgoes() -> None:
    model = after()
    assert named(model, "China").forgone["tax_relief"] == pytest.approx(
        model.stats["tax_relief"].sum() / model.scale
    )


# Delay.


def test_what_is_decided_takes_effect_with_a_delay_and_ends_at_once() -> None:
    decided = np.array([[0.0], [1.0], [1.0], [1.0], [0.5], [0.0], [-1.0]])
    found = delayed(decided, np.full_like(decided, 1.0))[:, 0]
    np.testing.assert_allclose(found, [0.0, 0.5, 0.75, 0.875, 0.5, 0.0, -0.5])
    np.testing.assert_array_equal(delayed(decided, np.zeros_like(decided)), decided)


@pytest.mark.parametrize("wait", [0.5, 2.0, 6.0])
def test_the_delay_is_so_many_quarters_on_average(wait: float) -> None:
    decided = np.ones((200, 1))
    missing = 1.0 - delayed(decided, np.full_like(decided, wait))
    assert missing.sum() == pytest.approx(wait)


def test_rules_hold_at_once_and_latitude_and_autonomy_shorten_the_delay() -> None:
    def strength(**levers: Any) -> np.ndarray:
        case = scenario({
            **{"firm_cultivation": 1000.0, "inventor_share": 0.7, "incubator_land_relief": 1},
            **{"zhoushan_joins": 1, **levers},
        })  # fmt: skip
        return lever_paths(case, GEOGRAPHY, np.ones(len(GEOGRAPHY.places)), 32, 2.0)

    usual, free = strength(), strength(pilot_latitude=0.5, zone_autonomy=1)
    full = 1000.0 / 4.0
    assert (usual["inventor_share"][16, [NINGBO, ZONE]] == 0.7).all()
    assert (usual["incubator_land_relief"][16, [NINGBO, ZONE]] == 1.0).all()
    assert usual["zhoushan_joins"][16].sum() == 1.0
    np.testing.assert_allclose(
        usual["firm_cultivation"][[15, 16, 17], NINGBO], [0.0, full / 3.0, full * 5.0 / 9.0]
    )
    assert free["firm_cultivation"][16, NINGBO] == pytest.approx(full / 2.0)
    assert free["firm_cultivation"][16, ZONE] == full
    assert usual["firm_cultivation"][-1, NINGBO] == pytest.approx(full, rel=0.01)


def test_autonomy_needs_a_zone() -> None:
    case = scenario({"zone_autonomy": {"value": 1, "scope": ["Hangzhou"]}})
    with pytest.raises(ScenarioError, match=r"none lies in its scope; zones: Ningbo_HTZ, Wenzhou_HTZ"):
        lever_paths(case, GEOGRAPHY, np.ones(len(GEOGRAPHY.places)), 8)
    everywhere = lever_paths(scenario({"zone_autonomy": {"value": 1, **ALWAYS}}), GEOGRAPHY, np.ones(14), 8)
    assert everywhere["zone_autonomy"][0].sum() == 2.0


# Money that moves.


def test_a_mix_of_instruments_moves_grants_into_funds_and_loss_cover() -> None:
    mixed, usual = after(instrument_mix=0.4), after()
    for item in (item for item in mixed.governments if item.place >= 0):
        moved = 0.4 * P["grants_share"] * item.budget
        assert mixed.moved[item.place] == pytest.approx(moved)
        assert item.spent["loss_cover"] == pytest.approx((1.0 - P["mix_guidance_share"]) * moved)
        assert item.spent["instrument_mix"] <= P["mix_guidance_share"] * moved * (1.0 + 1e-9)
    assert (mixed.places["grant_ratio"] <= usual.places["grant_ratio"]).all()
    assert mixed.places["grant_ratio"].sum() < usual.places["grant_ratio"].sum()
    assert sum(fund.raised_public for fund in mixed.funds) > 0.0
    np.testing.assert_allclose(mixed.programme_credit, P["pool_leverage"] * mixed.loss_cover)


def test_a_growing_budget_feeds_grants_and_funds() -> None:
    grown, usual = after(4, fiscal_growth=0.1), after(4)
    for item in (item for item in grown.governments if item.place >= 0):
        extra = item.budget * (1.0 - 1.0 / 1.1)
        assert grown.allotted["fiscal_growth"][item.place] == pytest.approx(P["extra_guidance_share"] * extra)
    assert grown.places["grant_ratio"].sum() > usual.places["grant_ratio"].sum()
    assert sum(fund.raised_public for fund in grown.funds) > 0.0
    cost = grown.table.get("cost_fiscal_growth", "Ningbo", 2015)
    assert 0.0 < cost < 0.1 * grown.outlook.fiscal[0, NINGBO] / 1e4
    cut = after(4, fiscal_growth=-0.1)
    assert cut.table.get("cost_fiscal_growth", "Ningbo", 2015) < 0.0
    assert cut.allotted["fiscal_growth"].sum() == 0.0


def test_each_lever_has_its_cost() -> None:
    model = after(4, scale=0.02, guidance_fund=5.0, tech_lending=50.0, firm_cultivation=900.0)

    def cost(name: str, region: str = "YRD") -> float:
        return model.table.get(f"cost_{name}", region, 2015)

    assert cost("tech_lending") == pytest.approx(1.0 * delivered_in_a_year(), rel=1e-6)
    assert cost("tech_lending", "Ningbo_HTZ") > 0.0
    programmes = sum(cost(name) for name, lever in LEVERS.items() if lever.costs)
    total = model.table.get("fiscal_cost", "YRD", 2015)
    grants = model.table.get("grants_paid", "YRD", 2015)
    assert total == pytest.approx(programmes + grants)
    assert cost("talent_inflow") == 0.0


def delivered_in_a_year() -> float:
    """Return the part of a year's programme that comes about in its first year."""
    case = scenario({"tech_lending": {"value": 1.0, **ALWAYS}})
    paths = lever_paths(case, GEOGRAPHY, np.ones(len(GEOGRAPHY.places)), 4, float(P["administrative_delay"]))
    return float(paths["tech_lending"].sum()) / 4.0


# Reviews.


def city() -> Government:
    return Government(after(0), "Ningbo", Level.CITY, NINGBO, NINGBO)


def target(name: str) -> Any:
    return next(item for item in TARGETS if item.id == name)


def test_governments_look_at_their_own_targets() -> None:
    model = after(0)
    seen = {
        name: {t.id for t in TARGETS if region_of(t, named(model, name))} for name in ("Ningbo", "Ningbo_HTZ")
    }
    assert "city_rd_intensity" in seen["Ningbo"] - seen["Ningbo_HTZ"]
    assert "zone_rd_intensity" in seen["Ningbo_HTZ"] - seen["Ningbo"]
    assert region_of(target("city_rd_intensity"), named(model, "Wenzhou")) == "Wenzhou"
    assert region_of(target("tech_smes"), named(model, "Wenzhou")) == "Ningbo+Wenzhou"
    assert region_of(target("tech_smes"), named(model, "Zhejiang")) == "Ningbo+Wenzhou"
    assert region_of(target("tech_smes"), named(model, "Hefei")) is None


def test_the_path_to_a_target_is_a_line_from_2018() -> None:
    table = IndicatorTable.empty(2022)

    def put(indicator: str, value: float) -> None:
        table.values[table.years.index(2018), table.indicators.index(indicator)] = value

    put("rd_intensity", 2.0)
    goal = target("city_rd_intensity")
    path = [expected(table, goal, "Ningbo", year) for year in (2018, 2019, 2020, 2022)]
    np.testing.assert_allclose(path, [2.0, 2.25, 2.5, 3.0])
    put("rd_intensity", 3.4)
    assert expected(table, goal, "Ningbo", 2020) == 3.0  # what is reached need only be kept
    assert expected(table, target("zone_technology_contract_growth"), "Ningbo_HTZ", 2019) == 20.0


def test_a_programme_lags_as_its_worst_indicator() -> None:
    item = city()
    item.review({"tech_smes": -0.1, "firm_doubling": 0.2, "rd_intensity": -0.3})
    assert lag_of(item, ("tech_smes",)) == -0.1
    assert lag_of(item, ("tech_smes", "new_firms")) == 0.2
    assert lag_of(item, ("licences",)) is None


def test_money_moves_from_programmes_on_track_to_those_that_lag() -> None:
    item, asked = city(), {"good": 100.0, "late": 30.0, "later": 10.0, "other": 50.0}
    lags = {"good": -0.2, "late": 0.1, "later": 0.3}
    factor = item.shift(asked, lags, 0.5, 0.3)
    assert factor["good"] == pytest.approx(0.85)
    assert "other" not in factor
    moved = {name: (factor[name] - 1.0) * asked[name] for name in factor}
    assert sum(moved.values()) == pytest.approx(0.0)
    assert moved["late"] == moved["later"] == pytest.approx(7.5)
    assert item.shift(asked, lags, 0.0, 0.3) == dict.fromkeys(lags, 1.0)
    assert item.shift(asked, {"good": -0.2}, 1.0, 0.3) == {}


def test_programmes_that_cannot_spend_their_money_give_it_up() -> None:
    item = city()
    item.receive(1000.0)
    item.promise("idle", 100.0)
    item.promise("busy", 50.0)
    item.pay("idle", 80.0)
    item.pay("busy", 50.0)
    item.close()
    item.review({})
    assert item.idle == {"idle": pytest.approx(0.2), "busy": 0.0}
    factor = item.shift({"idle": 100.0, "busy": 50.0}, {"idle": 0.1, "busy": 0.1}, 1.0, 0.3)
    assert factor["idle"] < 1.0 < factor["busy"]


def test_reviews_start_with_the_policy_and_keep_the_gaps() -> None:
    model = InnovationModel(scale=0.003, until=2020, seed=4)
    while model.year < 2020:
        model.step()
        assert named(model, "Ningbo").gaps == {}
    model.step()
    item, value = named(model, "Ningbo"), model.table.get("rd_intensity", "Ningbo", 2019)
    goal = expected(model.table, target("city_rd_intensity"), "Ningbo", 2019)
    assert item.gaps["rd_intensity"] == pytest.approx((goal - value) / 3.0)
    assert named(model, "Hefei").gaps == {}
