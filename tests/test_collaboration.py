"""Programmes that bring firms, universities and cities together: what each does to whom."""

from functools import cache

import numpy as np
import pytest
from worlds import scenario

from agents.parameters import parameter_record
from simulation.collaboration import secondments
from simulation.indicators import IndicatorTable
from simulation.model import InnovationModel
from simulation.partner_search import NOBODY

P = parameter_record()[0]


def world(levers: dict[str, float] | None = None, scale: float = 0.1, until: int = 2016) -> InnovationModel:
    levers = {**(levers or {}), "pilot_latitude": 1.0}  # no delay
    where = {"scope": ["Ningbo"], "start": "2015Q1"}
    settings = {name: {"value": value, **where} for name, value in levers.items()}
    return InnovationModel(scenario(settings), scale=scale, until=until, seed=7, check=True)


@cache
def after_a_year(lever: str = "", value: float = 0.0) -> InnovationModel:
    """Return a world in its fifth quarter, just after the second search for partners; not to be changed."""
    model = world({lever: value} if lever else {})
    for _ in range(5):
        model.step()
    return model


def academic(model: InnovationModel) -> np.ndarray:
    """Return which firms have a university among their partners."""
    return (model.partners < NOBODY).any(axis=1)


def of_city(model: InnovationModel, city: str) -> np.ndarray:
    firms = model.firms.records[: model.partners.shape[0]]
    chosen: np.ndarray = (firms["city"] == model.geography.cities.index(city)) & (firms["does_rd"] == 1)
    return chosen


@pytest.mark.parametrize(("lever", "value"), [("joint_research_funding", 20.0), ("secondment_share", 0.3)])
def test_programmes_find_academic_partners_for_firms_of_their_city(lever: str, value: float) -> None:
    with_it, usual = after_a_year(lever, value), after_a_year()
    links = [academic(model)[of_city(model, "Ningbo")].sum() for model in (with_it, usual)]
    assert links[0] > 1.2 * links[1]
    elsewhere = [academic(model)[of_city(model, "Nanjing")].sum() for model in (with_it, usual)]
    assert abs(elsewhere[0] - elsewhere[1]) < 0.05 * elsewhere[1]
    index = with_it.geography.cities.index("Ningbo")
    here = with_it.firms.records["city"][: with_it.partners.shape[0]] == index
    assert with_it.links[index, -1] == (with_it.partners[here] < NOBODY).sum()


def test_an_academic_partner_is_as_good_as_one_that_the_firm_found_itself() -> None:
    model = after_a_year("secondment_share", 0.3)
    firms = model.firms.records[: model.partners.shape[0]]
    alone = (model.partners != NOBODY).sum(axis=1) == 1
    chosen = of_city(model, "Ningbo") & academic(model) & alone & (firms["alive"] == 1)
    assert chosen.sum() > 20
    np.testing.assert_allclose(firms["partner_gain"][chosen], P["partner_gain_university"])
    np.testing.assert_allclose(firms["contracts"][chosen], 1.2 * P["contract_ratio"])


def members(model: InnovationModel) -> tuple[np.ndarray, np.ndarray]:
    """Return which firms have a university for their only partner, and which of them are in a consortium."""
    firms = model.firms.records[: model.partners.shape[0]]
    only = academic(model) & ((model.partners != NOBODY).sum(axis=1) == 1) & of_city(model, "Ningbo")
    member = np.isclose(firms["partner_gain"], P["partner_gain_university"] + P["consortium_gain"])
    return only, only & member


def test_so_many_firms_are_in_consortia_as_are_paid_for() -> None:
    model = after_a_year("joint_research_funding", 10.0)
    only, member = members(model)
    paid = 10.0 * 1e4 / P["consortium_cost"] * model.scale
    assert 0.3 * paid < member.sum() < min(1.2 * paid, only.sum())
    assert members(after_a_year())[1].sum() == 0


def test_firms_that_take_part_stay_the_same_when_there_is_more_money() -> None:
    ids = []
    for value in (0.0, 10.0, 20.0):
        model = after_a_year("joint_research_funding", value)
        firms = model.firms.records[: model.partners.shape[0]]
        ids.append(set(firms["id"][academic(model)].tolist()))
    joined = ids[1] - ids[0]
    assert len(joined) > 10
    assert len(joined & ids[2]) > 0.9 * len(joined)


def test_academics_in_firms_have_less_time_for_research() -> None:
    model = after_a_year("secondment_share", 0.3)
    index = model.geography.cities.index("Ningbo")
    local = [u for u in model.universities if u.city == index]
    assert all(u.seconded == 0.3 for u in local)
    assert not any(u.seconded for u in model.universities if u.city != index)
    staff = sum(u.researchers for u in local)
    assert secondments(model)[index] == pytest.approx(0.3 * staff / P["secondment_years"] * model.scale)
    long = [world(levers, scale=0.005, until=2019) for levers in ({"secondment_share": 0.3}, {})]
    for run in long:
        run.run()
    filed = [sum(u.grants + u.patents for u in run.universities if u.city == index) for run in long]
    assert filed[0] < filed[1]


def test_platforms_lower_the_price_of_contracts_and_help_to_look() -> None:
    with_them, usual = after_a_year("service_platforms", 1.0), after_a_year()
    city = with_them.geography.cities.index("Ningbo")
    assert with_them.support["brokerage"][city] == pytest.approx(P["transaction_cost"])
    degree = [(model.partners != NOBODY)[of_city(model, "Ningbo")].sum() for model in (with_them, usual)]
    assert degree[0] > 1.03 * degree[1]
    bought = [model.stats["contracts_bought"][city] / model.stats["rd"][city] for model in (with_them, usual)]
    cheaper = (1.0 - P["transaction_cost"]) ** -P["voucher_response"]
    assert bought[0] > bought[1] * cheaper


def test_links_abroad_add_to_what_firms_can_reach_in_their_city_alone() -> None:
    with_them, usual = after_a_year("overseas_links", 1.0), after_a_year()
    city = with_them.geography.cities.index("Ningbo")
    pools = [np.exp(model.log_pool) for model in (with_them, usual)]
    np.testing.assert_allclose(pools[0][city] - pools[1][city], P["overseas_pool"], rtol=1e-3)
    np.testing.assert_allclose(np.delete(pools[0] - pools[1], city, axis=0), 0.0, atol=2e-3)


@pytest.mark.parametrize("lever", ["delta_link", "hangzhou_link"])
def test_links_between_cities_raise_patents_when_all_take_part(lever: str) -> None:
    """At plan strength in two cities the effect is too small to be told from noise; here it is not."""

    def granted(value: float, seed: int) -> float:
        case = scenario({lever: {"value": value, "scope": ["all"], "start": "2015Q1"}})
        table: IndicatorTable = InnovationModel(case, scale=0.1, until=2022, seed=seed).run()
        return sum(table.get("invention_patents_granted", "YRD", year) for year in range(2019, 2023))

    change = np.array([granted(1.0, seed) - granted(0.0, seed) for seed in range(1, 6)])
    assert change.mean() > 3.0 * change.std(ddof=1) / change.size**0.5
