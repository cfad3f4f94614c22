"""Markets for goods, researchers, contracts and venture capital: identities, and which way things move."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from worlds import after_one_quarter, started

from agents.fund import Offer, VentureFund
from agents.parameters import parameter_record
from agents.records import FIRM
from simulation.capital import HOLDING, demand_for_capital, fund_reach, make_deals, review_holdings, screening
from simulation.contracts import contract_shares, registered_contracts, sold_by_place
from simulation.geography import load_geography
from simulation.markets import GoodsMarket, TalentMarket, migration
from simulation.model import InnovationModel
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
    share = contract_shares(started(0.1))
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


# Venture capital.


def fund(managed: float = 1e5) -> VentureFund:
    model = InnovationModel(scale=0.001, until=2015, seed=1)
    return VentureFund(model, 0, 0, np.uint64(1), managed, float(P["dry_powder_share"]))


NOTHING = Offer(public=0.0, cap=0.3, channel=0.0, reachable=0.0)


def raised(offer: Offer, supply: float = 1.0, managed: float = 1e5) -> tuple[float, float]:
    return fund(managed).raise_money(offer, supply, P)


def test_funds_book_what_they_raise() -> None:
    item = fund()
    before = item.dry_powder, item.private_total, item.managed
    private, public = item.raise_money(Offer(1e3, 0.3, 100.0, 1e6), 1.0, P)
    assert private > 0.0
    assert public > 0.0
    assert item.dry_powder == pytest.approx(before[0] + private + public)
    assert item.private_total == pytest.approx(before[1] + private)
    assert item.managed == pytest.approx(before[2] + private + public)
    assert item.public_share == pytest.approx(public / (before[1] + private + public))


def test_private_partners_follow_supply_dry_powder_and_returns() -> None:
    usual = raised(NOTHING)[0]
    assert raised(NOTHING, supply=2.0)[0] == pytest.approx(2.0 * usual)
    idle, proven = fund(), fund()
    idle.dry_powder *= 2.0
    proven.reputation = 2.0
    assert idle.raise_money(NOTHING, 1.0, P)[0] < usual < proven.raise_money(NOTHING, 1.0, P)[0]
    assert raised(dataclasses.replace(NOTHING, channel=77.0))[0] == pytest.approx(usual + 77.0)


@pytest.mark.parametrize("cap", [0.05, 0.2, 0.3, 0.5])
@pytest.mark.parametrize("offered", [10.0, 1e3, 1e6])
def test_public_money_stays_below_its_cap_and_its_offer(cap: float, offered: float) -> None:
    private, public = raised(Offer(offered, cap, 0.0, 1e4))
    assert 0.0 < public <= offered
    assert public <= cap * (private + public) * (1.0 + 1e-12)


def test_public_money_adds_less_where_private_money_is_plentiful() -> None:
    def added(supply: float) -> float:
        """Return what private partners add because of the public money, per public yuan."""
        offer = Offer(public=5e3, cap=0.3, channel=0.0, reachable=2e4)
        (private, public), (alone, _) = raised(offer, supply), raised(NOTHING, supply)
        return (private - alone) / public

    scarce, middle, plentiful = added(0.2), added(1.5), added(8.0)
    assert scarce > middle > plentiful
    assert plentiful == 0.0
    assert scarce > 0.5


def test_a_lower_cap_asks_for_more_private_partners() -> None:
    strict, lax = (raised(Offer(3e3, cap, 0.0, 1e6))[0] for cap in (0.1, 0.5))
    assert strict > lax


def seeking_firms(count: int = 2000) -> np.ndarray:
    draws = np.random.default_rng(4)
    firms = np.zeros(count, dtype=FIRM)
    firms["id"] = np.arange(1, count + 1)
    firms["alive"] = 1
    firms["city"] = firms["place"] = draws.choice([SHANGHAI, NINGBO], count)
    firms["opportunity"] = draws.normal(1.5, 1.0, count)
    firms["revenue"], firms["rd"] = 100.0, 20.0
    return firms


def deals(firms: np.ndarray, money: float, weight: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the deals, and what each fund has left."""
    seekers = np.arange(firms.size)
    asked = demand_for_capital(firms, seekers, CITIES, P)
    supply = np.zeros((CITIES, CITIES))
    supply[SHANGHAI, [SHANGHAI, NINGBO]] = money
    supply[NINGBO, NINGBO] = money
    powder = supply.sum(axis=1)
    holdings = np.zeros(firms.size, dtype=HOLDING)
    count = make_deals(firms, seekers, 1, 5, asked, supply, powder, weight, P, holdings)
    return holdings[:count], powder


def test_money_taken_from_funds_is_money_that_firms_receive() -> None:
    firms, weight = seeking_firms(), 4.0
    holdings, left = deals(firms, 2e5, weight)
    taken = np.array([4e5 if c == SHANGHAI else 2e5 if c == NINGBO else 0.0 for c in range(CITIES)]) - left
    assert holdings.size > 50
    assert firms["cash"].sum() * weight == pytest.approx(taken.sum())
    np.testing.assert_allclose(np.bincount(holdings["fund"], holdings["cost"], CITIES), taken)
    assert (firms["cash"] == firms["equity"]).all()
    assert (left >= 0.0).all()
    assert np.unique(holdings["firm"]).size == holdings.size


def test_screening_prefers_opportunity_however_much_money_there_is() -> None:
    grades = [screening(np.array([(o,)], dtype=[("opportunity", "f8")])[0]) for o in (-2.0, 0.0, 1.5, 4.0)]
    assert all(low < high for low, high in itertools.pairwise(grades))
    for money in (5e4, 1e9):
        firms = seeking_firms()
        holdings, _ = deals(firms, money)
        chosen = firms["opportunity"][holdings["row"]]
        assert chosen.mean() > firms["opportunity"].mean() + 0.3


def test_more_money_means_more_deals_up_to_what_stands_screening() -> None:
    numbers = [deals(seeking_firms(), money)[0].size for money in (2e4, 2e5, 1e9, 1e10)]
    assert numbers[0] < numbers[1] < numbers[2] == numbers[3] < 2000


def test_funds_look_nearby_first() -> None:
    reach = fund_reach(GEOGRAPHY, GEOGRAPHY.minutes, P)
    np.testing.assert_allclose(reach.sum(axis=1), 1.0)
    assert (reach.argmax(axis=1) == np.arange(CITIES)).all()
    assert reach[SHANGHAI, NINGBO] > reach[HEFEI, WENZHOU]


def reviewed(public_share: float, age: int = 12, dead: bool = False, count: int = 4000) -> Any:
    """Return (sold, cost of sold, lost, kept) of one fund's holdings after one review."""
    firms = np.zeros(count, dtype=FIRM)
    firms["alive"] = 0 if dead else 1
    holdings = np.zeros(count, dtype=HOLDING)
    holdings["row"] = np.arange(count)
    holdings["firm"] = np.arange(1, count + 1)
    holdings["cost"] = 10.0
    proceeds, cost, lost = (np.zeros(1) for _ in range(3))
    kept = review_holdings(firms, holdings, count, 1, age, np.array([public_share]), P, proceeds, cost, lost)
    assert cost[0] + lost[0] + holdings["cost"][:kept].sum() == pytest.approx(10.0 * count)
    return proceeds[0], cost[0], lost[0], kept


def test_holdings_are_sold_after_two_years_and_written_off_with_their_firm() -> None:
    assert reviewed(0.0, age=7)[1] == 0.0
    proceeds, cost, lost, _ = reviewed(0.0)
    assert proceeds == pytest.approx(P["exit_multiple"] * cost)
    assert cost > 0.0
    assert lost == 0.0
    assert reviewed(0.0, dead=True)[2:] == (40_000.0, 0)


def test_exits_peak_at_a_mixed_ownership() -> None:
    none, some, all_public = (reviewed(share, count=40_000)[1] for share in (0.0, 0.35, 1.0))
    assert some > none > all_public
    assert all_public / none == pytest.approx(P["public_exit_penalty"], abs=0.08)


def test_funds_settle_what_was_closed() -> None:
    item = fund()
    item.portfolio = 500.0
    powder = item.dry_powder
    item.settle(invested=100.0, proceeds=300.0, cost=100.0, lost=50.0)
    assert item.dry_powder == powder - 100.0
    assert item.portfolio == 450.0
    assert item.reputation == pytest.approx(300.0 / 150.0 / 1.5)
    legacy = item.legacy
    assert item.run_off(P) == pytest.approx(legacy - item.legacy)
