"""Parks, incubators and counties, clusters, upgrading, doors to the outside."""

from typing import Any

import numpy as np
import pytest
from examples import P, firm, support
from worlds import scenario

from agents.support_rules import coaching_reach, grant_priority, newly_in_park, upgrade
from scenarios.scenario import Scenario, ScenarioError
from simulation.model import InnovationModel

SHANGHAI, NINGBO, WENZHOU, ZHOUSHAN, ZONE = 0, 5, 6, 10, 12


def at_once(levers: dict[str, Any]) -> Scenario:
    """Return a scenario in which levers hold without an administrative delay."""
    return scenario({**levers, "pilot_latitude": early(1.0, scope=["all"])})


def run(levers: dict[str, Any], until: int = 2022, seed: int = 3) -> InnovationModel:
    """Return a model after the last quarter under some levers."""
    model = InnovationModel(at_once(levers), scale=0.01, until=until, seed=seed, check=True)
    model.run()
    return model


def early(value: float, **more: Any) -> dict[str, Any]:
    return {"value": value, "start": "2015Q1", **more}


# Parks.


def test_parks_grow_at_their_pace_up_to_the_coverage_and_keep_who_is_inside() -> None:
    model = InnovationModel(at_once({"park_coverage": early(0.8)}), scale=0.01, until=2018, seed=3)
    start = model.park_start[NINGBO]
    for quarter in range(16):
        model.step()
        inside = model.support["park_to"][NINGBO]
        assert inside == pytest.approx(min(0.8, start + 0.25 * P["park_pace"] * (quarter + 1)))
        assert model.support["park_from"][NINGBO] == start
    assert inside == pytest.approx(0.8)
    assert model.support["park_from"][ZONE] == model.support["park_to"][ZONE] == 1.0  # all were inside before
    elsewhere = np.delete(model.support, [NINGBO, WENZHOU])
    np.testing.assert_array_equal(elsewhere["park_from"], elsewhere["park_to"])


def test_scarce_money_slows_parks_and_thins_out_coaching() -> None:
    rest = {"guidance_fund": early(200.0), "talent_inflow": early(30_000.0)}
    models = [
        InnovationModel(at_once({"park_coverage": early(0.8), **more}), scale=0.01, until=2015, seed=3)
        for more in ({}, rest)
    ]
    for model in models:
        for _ in range(3):
            model.step()
    usual, scarce = models
    assert usual.park_start[NINGBO] < scarce.park_built[NINGBO] < usual.park_built[NINGBO]
    assert 0.0 < scarce.support["park_coaching"][NINGBO] < usual.support["park_coaching"][NINGBO]


def test_only_the_joining_city_gives_its_parks_what_zone_policy_gives() -> None:
    model = InnovationModel(at_once({"zhoushan_joins": early(1.0)}), scale=0.01, until=2015, seed=3)
    for _ in range(2):  # in the first quarter nobody has counted the firms yet
        model.step()
    assert model.support["park_from"][ZHOUSHAN] == 0.0
    assert model.support["park_to"][ZHOUSHAN] == model.park_start[ZHOUSHAN]
    others = np.delete(model.support, ZHOUSHAN)
    np.testing.assert_array_equal(others["park_from"], others["park_to"])
    paid = {government.name: government.spent.get("zhoushan_joins", 0.0) for government in model.governments}
    assert [name for name, money in paid.items() if money > 0.0] == ["Zhoushan"]


def test_what_a_park_gives_reaches_those_newly_inside() -> None:
    here = support(park_from=0.3, park_to=0.6, park_coaching=0.4, park_priority=0.2, cultivation_reach=0.1)
    sites = (0.1, 0.29, 0.3, 0.59, 0.6)
    assert [newly_in_park(site, here) for site in sites] == [False, False, True, True, False]
    assert coaching_reach(1.0, False, here) == pytest.approx(0.1)
    assert coaching_reach(1.0, True, here) == pytest.approx(1.0 - 0.9 * 0.6)
    assert grant_priority(firm(), False, here) == 1.0
    assert grant_priority(firm(), True, here) == pytest.approx(1.2)


def test_taxes_that_cities_give_back_are_charged_to_them() -> None:
    model = run({"park_coverage": early(1.0)}, until=2016)
    back = model.stats["park_refunds"] / model.scale
    assert back[NINGBO] > 0.0 == back[SHANGHAI]
    [ningbo] = [government for government in model.governments if government.name == "Ningbo"]
    assert ningbo.spent["park_refunds"] == pytest.approx(back[NINGBO])
    cost = [model.table.get(name, "Ningbo", 2016) for name in ("cost_park_coverage", "fiscal_cost")]
    assert 0.0 < cost[0] <= cost[1]


# Counties.


def coverage(levers: dict[str, Any]) -> dict[str, list[float]]:
    """Return both coverages of Ningbo and Wenzhou by year."""
    table = run(levers).table
    return {
        name: [table.get(name, "Ningbo+Wenzhou", year) for year in table.years]
        for name in ("incubator_coverage", "provincial_park_coverage")
    }


def test_enough_places_and_parks_cover_all_counties_and_too_few_do_not() -> None:
    none, some, plan = (
        coverage({"incubator_places": places, "park_coverage": share})
        for places, share in ((0.0, 0.0), (150.0, 0.37), (2000.0, 0.8))
    )
    for name in none:
        assert none[name][-1] < some[name][-1] < plan[name][-1] == 100.0
        assert none[name][:4] == some[name][:4] == plan[name][:4]
        assert plan[name] == sorted(plan[name])
        assert plan[name][4] == none[name][4]  # nothing that is funded in 2019 is a provincial one by its end


def test_a_funded_platform_counts_in_the_city_that_funds_it_only() -> None:
    table = run({"incubator_places": {"value": 2000.0, "scope": ["Ningbo"]}}).table
    usual = run({}).table
    assert table.get("incubator_coverage", "Ningbo", 2022) == 100.0
    for year in table.years:
        with_it, without = (one.get("incubator_coverage", "Wenzhou", year) for one in (table, usual))
        assert with_it == without


def test_relief_makes_more_places_of_the_same_money_and_costs_land() -> None:
    plain, relieved = (
        run({"incubator_places": early(1000.0), "incubator_land_relief": early(relief)}, until=2015)
        for relief in (0.0, 1.0)
    )
    usual = run({}, until=2015).incubator_places[NINGBO]
    gain = (relieved.incubator_places[NINGBO] - usual) / (plain.incubator_places[NINGBO] - usual)
    assert gain > 1.0 + P["land_relief_gain"]  # also of places that open anyway
    costs = [model.table.get("fiscal_cost", "Ningbo", 2015) for model in (plain, relieved)]
    assert costs[1] > costs[0]


# Clusters.


def test_focus_moves_support_and_does_not_add_any() -> None:
    model = InnovationModel(at_once({"cluster_focus": early(1.0)}), scale=0.02, until=2015, seed=3)
    for _ in range(2):
        research = model.knowledge_stock[NINGBO].copy()
        model.step()
    weight = model.support["focus"][NINGBO]
    assert (weight[model.cluster_fields] > 1.0).all()
    assert weight[~model.cluster_fields] == pytest.approx(1.0 - P["cluster_concentration"])
    assert weight @ research == pytest.approx(research.sum())
    assert (model.support["focus"][SHANGHAI] == 1.0).all()


def pair(levers: dict[str, Any]) -> tuple[InnovationModel, InnovationModel]:
    """Return a model under levers and one without, after a quarter."""
    models = [InnovationModel(at_once(case), scale=0.02, until=2015, seed=3) for case in (levers, {})]
    for model in models:
        model.step()
    return models[0], models[1]


def test_focus_takes_sales_from_other_fields_of_the_city() -> None:
    focused, usual = pair({"cluster_focus": early(1.0)})
    before, after = usual.goods.demand[NINGBO], focused.goods.demand[NINGBO]
    assert after.sum() == pytest.approx(before.sum())
    assert ((after > before) == focused.cluster_fields).all()


def test_a_scenario_names_its_own_clusters() -> None:
    own = InnovationModel(scenario({}, cluster_fields=["digital"]), scale=0.001, until=2015, seed=1)
    assert [own.fields[row].id for row in np.flatnonzero(own.cluster_fields)] == ["digital"]
    with pytest.raises(ScenarioError, match="unknown field 'digitl' in cluster_fields, did you mean digital"):
        InnovationModel(scenario({}, cluster_fields=["digitl"]), scale=0.001, until=2015, seed=1)


# Upgrading.


def project(u: float, trait: float = 0.9, **fields: float) -> tuple[Any, float]:
    """Return a firm after its chance of a project, and the subsidy."""
    item = firm(**{"kind": 0, "field": 6, "cash": 400.0} | fields)
    here = support(upgrade_rate=0.4, upgrade_extra=0.1, upgrade_subsidy=0.15)
    return item, upgrade(item, u, trait, here, P)


def test_a_project_by_subsidy_costs_the_firm_its_part_and_changes_it() -> None:
    cost = P["upgrade_cost"] * 4.0 * 500.0
    item, subsidy = project(0.02)
    assert subsidy == pytest.approx(0.15 * cost)
    assert item["cash"] == pytest.approx(400.0 - 0.85 * cost)
    assert item["scale"] == pytest.approx(firm()["scale"] + P["upgrade_gain"])
    assert (item["upgraded"], item["catalogue"]) == (1, 0)
    assert project(0.02, trait=0.0)[0]["catalogue"] == 1


def test_a_project_that_would_have_come_anyway_is_a_windfall() -> None:
    item, subsidy = project(0.05)
    assert item["cash"] == pytest.approx(400.0 + subsidy)
    assert (item["scale"], item["upgraded"], item["catalogue"]) == (firm()["scale"], 2, 0)


def test_no_project_without_a_turn_or_the_money() -> None:
    for item, subsidy in (project(0.2), project(0.02, cash=1.0)):
        assert subsidy == 0.0
        assert item["upgraded"] == 0


# Doors to the outside.


def test_start_ups_from_abroad_bring_their_teams_beyond_those_who_come_anyway() -> None:
    abroad, usual = (run(case, until=2016) for case in ({"overseas_incubation": early(400.0)}, {}))
    added = float((abroad.talent.high_level - usual.talent.high_level).sum())
    stay = (1.0 - 0.25 * P["high_level_leave"]) ** np.arange(8)
    assert added == pytest.approx(100.0 * P["overseas_team"] * stay.sum())
    founded = [model.table.get("new_firms", "Ningbo+Wenzhou", 2016) for model in (abroad, usual)]
    assert founded[0] > founded[1]


def test_international_parks_bring_demand_and_knowledge_to_high_tech_fields_of_their_city() -> None:
    opened, closed = pair({"international_parks": early(1.0, scope=["Ningbo"])})
    hightech = np.array([field.hightech for field in opened.fields])
    grown = opened.goods.demand / closed.goods.demand
    assert grown[NINGBO, hightech] == pytest.approx(np.exp(0.25 * P["export_gain"]))
    assert np.delete(grown, NINGBO, axis=0) == pytest.approx(1.0)
    assert grown[NINGBO, ~hightech] == pytest.approx(1.0)
    assert (opened.log_pool - closed.log_pool)[NINGBO, hightech] == pytest.approx(P["fdi_spillover"])
