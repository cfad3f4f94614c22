"""Markets for goods, researchers and contracts: identities, and which way things move."""

import numpy as np
import pytest
from worlds import after_one_quarter, started

from agents.parameters import parameter_record
from simulation.contracts import contract_shares, registered_contracts, sold_by_place
from simulation.geography import load_geography
from simulation.markets import GoodsMarket, TalentMarket, migration
from simulation.synthesis import YI

P = parameter_record()[0]
GEOGRAPHY = load_geography()
CITIES = len(GEOGRAPHY.cities)
SHANGHAI, NINGBO, WENZHOU, HEFEI = (
    GEOGRAPHY.cities.index(c) for c in ("Shanghai", "Ningbo", "Wenzhou", "Hefei")
)


def random(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1.0, 9.0, shape)


# Goods.


def test_goods_market_serves_all_demand() -> None:
    market, bids = GoodsMarket(random(3, 8)), random(3, 8, seed=2)
    bids[1, 2] = 0.0
    market.clear(bids)
    served = bids > 0.0
    np.testing.assert_allclose((bids * market.price)[served], market.demand[served])
    assert market.price[1, 2] == 0.0


def test_demand_grows_with_the_city() -> None:
    market = GoodsMarket(random(3, 8))
    before = market.demand.sum(axis=1)
    market.advance(np.array([0.0, 0.02, -0.05]), np.zeros(3), P)
    np.testing.assert_allclose(market.demand.sum(axis=1), before * [1.0, 1.02, 0.95])


def test_demand_shifts_to_high_tech_fields_inside_a_city() -> None:
    market = GoodsMarket(np.ones((2, 8)))
    market.advance(np.zeros(2), np.zeros(2), P)
    high, traditional = market.demand[0, 0], market.demand[0, 7]
    assert high / traditional == pytest.approx(np.exp(0.25 * P["hightech_demand_growth"]))


def test_demand_moves_to_the_city_that_became_more_productive() -> None:
    market = GoodsMarket(np.ones((2, 8)))
    market.advance(np.zeros(2), np.array([0.1, 0.0]), P)
    first, second = market.demand.sum(axis=1)
    assert first > second
    assert first + second == pytest.approx(16.0)
    assert first / second == pytest.approx(np.exp(0.25 * P["trade_elasticity"] * 0.1))


# Researchers.


def talent_market() -> TalentMarket:
    return TalentMarket(
        1000.0 * random(CITIES), 8000.0 * random(CITIES, seed=2), 10.0 * random(CITIES, seed=3)
    )


def test_wage_clears_the_market_for_researchers() -> None:
    market = talent_market()
    payroll = 9000.0 * random(CITIES, seed=4)
    market.clear(payroll, 1.3)
    np.testing.assert_allclose(market.employed * market.wage, payroll)
    np.testing.assert_allclose(market.employed, market.stock * (market.wage / market.outside_wage) ** 1.3)


def test_wage_rises_with_demand_and_falls_with_supply() -> None:
    elasticity = 1.3

    def wage(demand: float = 1.0, supply: float = 1.0) -> np.ndarray:
        market = talent_market()
        payroll = market.wage * market.stock * demand
        market.stock = market.stock * supply
        market.clear(payroll, elasticity)
        return market.wage

    np.testing.assert_allclose(wage(), talent_market().wage)
    np.testing.assert_allclose(wage(demand=2.0) / wage(), 2.0 ** (1.0 / (1.0 + elasticity)))
    assert (wage(supply=1.5) < wage()).all()


def test_migration_conserves_people_and_nobody_moves_home() -> None:
    market = talent_market()
    moved = migration(market.stock, market.wage, GEOGRAPHY.minutes, P)
    np.testing.assert_allclose(moved.sum(axis=1), 0.25 * P["migration_rate"] * market.stock)
    assert (np.diag(moved) == 0.0).all()
    assert (moved >= 0.0).all()


def test_researchers_move_to_higher_wages_and_short_ways() -> None:
    stock, wage = np.full(CITIES, 1000.0), np.ones(CITIES)
    even = migration(stock, wage, GEOGRAPHY.minutes, P)
    raised = wage.copy()
    raised[NINGBO] = 1.5
    paid = migration(stock, raised, GEOGRAPHY.minutes, P)
    others = np.arange(CITIES) != NINGBO
    assert (paid[others, NINGBO] > even[others, NINGBO]).all()
    for city in range(CITIES):
        away = np.arange(CITIES) != city
        order = np.argsort(GEOGRAPHY.minutes[city, away])
        assert (np.diff(even[city, away][order]) <= 1e-12).all()


def test_a_quarter_of_talent_books_everybody_who_comes_and_goes() -> None:
    market = talent_market()
    before, graduates = market.stock.sum(), 20.0 * random(CITIES, seed=5)
    market.advance(GEOGRAPHY, GEOGRAPHY.minutes, np.full(CITIES, 0.02), graduates, P)
    retired = 0.25 * P["retirement"] * before
    assert market.stock.sum() == pytest.approx(before + graduates.sum() - retired)
    assert market.balance == pytest.approx(graduates.sum() - retired)
    start = talent_market()
    np.testing.assert_allclose(
        market.outside_wage, start.outside_wage * (1.02 - 0.25 * P["employment_growth"])
    )


def test_high_level_talent_raises_quality() -> None:
    market = talent_market()
    np.testing.assert_allclose(market.quality(0.2), 1.0)
    coming = np.zeros(CITIES)
    coming[NINGBO] = market.high_level[NINGBO]
    market.arrive(coming)
    assert 1.1 < market.quality(0.2)[NINGBO] < 2.0**0.2
    assert market.balance == coming.sum()
    market.depart(coming)
    np.testing.assert_allclose(market.quality(0.2), 1.0)


# Technology contracts.


def test_contracts_stay_at_home_or_follow_gravity() -> None:
    share = contract_shares(started(0.1), np.ones(len(started(0.1).geography.cities)))
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    np.testing.assert_allclose(np.diag(share), P["contract_home"])


def test_contracts_sold_are_contracts_bought_and_universities_get_their_part() -> None:
    model = after_one_quarter(0.1)
    bought = model.ledger["contracts"].sum() / model.scale
    assert bought > 0.0
    assert model.contract_flow.sum() == pytest.approx(bought)
    academic = sum(university.cash for university in model.universities)
    with_universities = {university.city for university in model.universities}
    sold = sum(model.contracts_sold[city] for city in with_universities)
    assert academic == pytest.approx(P["contract_university"] * sold)
    np.testing.assert_allclose(
        np.bincount(model.geography.city_of, sold_by_place(model)), model.contracts_sold
    )


def test_registered_contracts_start_at_the_published_turnover() -> None:
    model = after_one_quarter(0.1)
    first = model.first_quarter[model.geography.city_of]
    yearly = 4.0 * registered_contracts(model) / YI / first
    published = model.own(np.array([model.start.value(p.id, "technology_contract_turnover")
                                    for p in model.geography.places]))  # fmt: skip
    np.testing.assert_allclose(yearly, published, rtol=0.05)
