"""Venture capital: fund-raising with and without public money, deals, holdings, exits."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from worlds import scenario

from agents.fund import GuidanceFund, Offer, VentureFund, closing_shares, seed_gain
from agents.parameters import parameter_record
from agents.records import FIRM
from simulation.capital import (
    EARLY,
    GROWTH,
    HOLDING,
    NO_ROUND,
    OLDEST_FOR_FUNDS,
    ROUND_GAP,
    SEED,
    SEED_AGE,
    SEEKER,
    Market,
    demand_for_capital,
    exit_quality,
    exit_rate,
    fund_reach,
    last_rounds,
    looks_for_equity,
    make_deals,
    open_rounds,
    present,
    requests,
    review_holdings,
    screening,
)
from simulation.geography import load_geography
from simulation.model import InnovationModel
from simulation.synthesis import YI

PARAMETERS = parameter_record()
P = PARAMETERS[0]
GEOGRAPHY = load_geography()
CITIES = len(GEOGRAPHY.cities)
SHANGHAI, NINGBO, WENZHOU, HEFEI = (
    GEOGRAPHY.cities.index(c) for c in ("Shanghai", "Ningbo", "Wenzhou", "Hefei")
)


def fund(managed: float = 1e5) -> VentureFund:
    model = InnovationModel(scale=0.001, until=2015, seed=1)
    return VentureFund(model, 0, 0, np.uint64(1), managed, float(P["dry_powder_share"]))


NOTHING = Offer(public=0.0, cap=0.3, channel=0.0, savings=1e5)


def raised(offer: Offer, supply: float = 1.0, managed: float = 1e5) -> tuple[float, float]:
    return fund(managed).raise_money(offer, offer.public, supply, P)


def test_funds_book_what_they_raise() -> None:
    item = fund()
    before = item.dry_powder, item.private_paid, item.managed
    private, public = item.raise_money(Offer(1e3, 0.3, 100.0, 1e6), 1e3, 1.0, P)
    assert private > 0.0
    assert public > 0.0
    assert item.dry_powder == pytest.approx(before[0] + private + public)
    assert item.private_paid == pytest.approx(before[1] + private)
    assert item.managed == pytest.approx(before[2] + private + public)
    assert item.public_share == pytest.approx(public / (before[1] + private + public))


def test_private_partners_follow_supply_dry_powder_and_returns() -> None:
    usual = raised(NOTHING)[0]
    assert raised(NOTHING, supply=2.0)[0] == pytest.approx(2.0 * usual)
    idle, proven = fund(), fund()
    idle.dry_powder *= 2.0
    proven.reputation = 2.0
    assert idle.raise_money(NOTHING, 0.0, 1.0, P)[0] < usual < proven.raise_money(NOTHING, 0.0, 1.0, P)[0]
    assert raised(dataclasses.replace(NOTHING, channel=77.0))[0] == pytest.approx(usual + 77.0)


@pytest.mark.parametrize("cap", [0.05, 0.2, 0.3, 0.5])
@pytest.mark.parametrize("offered", [10.0, 1e3, 1e6])
def test_public_money_stays_below_its_cap_and_its_offer(cap: float, offered: float) -> None:
    private, public = raised(Offer(offered, cap, 0.0, 1e4))
    assert 0.0 < public <= offered
    assert public <= cap * (private + public) * (1.0 + 1e-12)


def added(depth: float, cap: float = 0.3, public: float = 10.0) -> float:
    """Return what private partners give more because of public money, per yuan of it."""
    usual = raised(NOTHING)[0]
    offer = Offer(public, cap, 0.0, savings=usual / (P["fund_reachable_share"] * depth))
    private, paid = raised(offer)
    return (private - usual) / paid


def test_public_money_brings_private_money_in_where_it_is_scarce_and_displaces_it_where_it_is_ample() -> None:
    leverage = [added(depth) for depth in (0.2, 0.5, 1.0, 2.0, 5.0)]
    assert all(shallow > deep for shallow, deep in itertools.pairwise(leverage))
    assert 0.9 < leverage[0] < 1.3
    assert leverage[-1] < -0.5
    assert added(0.1) == pytest.approx(leverage[0])
    assert added(0.5, public=1e9) == pytest.approx(leverage[1])


def test_teams_that_close_with_public_money_would_have_failed_or_need_less() -> None:
    """By counting teams one by one."""
    offers = P["partner_depth"] * np.log(0.6)
    offers = np.exp(offers + P["partner_spread"] * norm.ppf((np.arange(200_000) + 0.5) / 200_000))
    alone, helped = closing_shares(0.6, 0.3, P)
    assert np.mean(offers >= 1.0) == pytest.approx(alone, abs=1e-4)
    assert np.mean(offers >= 0.7) == pytest.approx(helped, abs=1e-4)
    gain = 0.7 * np.mean(offers >= 0.7) - np.mean(offers >= 1.0)
    assert added(0.6) == pytest.approx(gain / (0.3 * np.mean(offers >= 0.7)), rel=1e-3)


def test_a_lower_cap_brings_in_more_private_money_a_public_yuan() -> None:
    assert added(0.5, cap=0.1) > added(0.5, cap=0.3) > added(0.5, cap=0.5)


def test_public_money_that_finds_no_team_is_not_paid() -> None:
    private, public = raised(Offer(1e9, 0.3, 0.0, 1e5))
    assert public == pytest.approx(0.3 * (private + public))


def test_guidance_funds_commit_returns_before_they_call_public_money() -> None:
    model = InnovationModel(scale=0.001, until=2015, seed=1)
    item = GuidanceFund(model, 0, 0)
    assert item.at_hand(100.0) == 100.0
    assert item.commit(80.0) == 80.0
    item.receive(30.0, lost=5.0)
    assert item.at_hand(100.0) == 130.0
    assert item.commit(50.0) == 20.0
    assert (item.balance, item.paid_in, item.committed) == (0.0, 100.0, 130.0)
    assert (item.returned, item.lost) == (30.0, 5.0)


@pytest.mark.parametrize("kind", ["funds", "guidance_funds"])
def test_a_removed_fund_acts_no_more(kind: str) -> None:
    case = scenario({"guidance_fund": {"value": 50.0, "scope": ["Ningbo"], "start": "2015Q1"}})
    model = InnovationModel(case, scale=0.05, until=2018, seed=1, check=True)
    while model.quarter < 12:
        model.step()
    item, fund, guidance = getattr(model, kind)[NINGBO], model.funds[NINGBO], model.guidance_funds[NINGBO]
    assert fund.public_paid == guidance.committed > 0.0
    item.remove()
    assert item not in model.agents
    committed = guidance.committed
    for _ in range(4):
        model.step()
    assert guidance.committed == committed
    if kind == "funds":
        assert fund.managed == fund.raised_private == 0.0
        assert NINGBO not in model.holdings["fund"][: model.holding_count]
    else:
        assert guidance.balance == fund.raised_public == 0.0
        assert guidance.returned > 0.0
        assert fund.raised_private > 0.0


def seeking_firms(count: int = 2000) -> np.ndarray:
    draws = np.random.default_rng(4)
    firms = np.zeros(count, dtype=FIRM)
    firms["id"] = np.arange(1, count + 1)
    firms["alive"] = 1
    firms["city"] = firms["place"] = draws.choice([SHANGHAI, NINGBO], count)
    firms["opportunity"] = draws.normal(1.5, 1.0, count)
    firms["revenue"], firms["rd"] = 100.0, 20.0
    return firms


def shown(firms: np.ndarray, quarter: int = 0) -> np.ndarray:
    """Return what funds see of these firms."""
    seekers = np.zeros(firms.size, dtype=SEEKER)
    for row, (firm, seeker) in enumerate(zip(firms, seekers, strict=True)):
        present(firm, quarter - int(firm["birth"]), row, seeker)
    return seekers


def deals(
    firms: np.ndarray,
    money: float,
    weight: float = 4.0,
    stage: int = EARLY,
    appetite: float = 1.0,
    seekers: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the deals of a quarter, and what each fund has left."""
    seekers = shown(firms) if seekers is None else seekers
    stages = np.full(firms.size, stage, dtype=np.int8)
    asked = requests(seekers, stages, P)
    demand = demand_for_capital(seekers, asked, CITIES)
    supply = np.zeros((CITIES, CITIES))
    supply[SHANGHAI, [SHANGHAI, NINGBO]] = money
    supply[NINGBO, NINGBO] = money
    powder = supply.sum(axis=1)
    holdings = np.zeros(firms.size, dtype=HOLDING)
    eager = np.full(CITIES, appetite)
    last = np.full(firms.size, NO_ROUND, dtype=np.int32)
    market = Market(demand, supply, powder, eager, weight)
    count = make_deals(firms, seekers, asked, 1, 5, market, P, holdings, 0, last)
    assert last[holdings["row"][:count]].tolist() == list(range(count))
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


def test_a_firm_that_is_removed_while_it_seeks_money_gets_none() -> None:
    firms = seeking_firms()
    chosen = int(deals(firms.copy(), 2e5)[0]["row"][0])
    asking = shown(firms)
    firms["alive"][chosen] = 0
    holdings, _ = deals(firms, 2e5, seekers=asking)
    assert holdings.size > 50
    assert chosen not in holdings["row"]
    assert firms["cash"][chosen] == 0.0


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


def reviewed(
    public_share: float, age: int = 12, dead: bool = False, count: int = 4000, stage: int = EARLY
) -> Any:
    """Return (sold, cost of sold, lost, kept) of one fund's holdings after one review."""
    firms = np.zeros(count, dtype=FIRM)
    firms["alive"] = 0 if dead else 1
    holdings = np.zeros(count, dtype=HOLDING)
    holdings["row"] = np.arange(count)
    holdings["firm"] = np.arange(1, count + 1)
    holdings["cost"] = 10.0
    holdings["stage"] = stage
    books, losses, last = np.zeros((2, 3, 1)), np.zeros(1), last_rounds(holdings, count, count)
    kept = review_holdings(
        firms, holdings, count, last, 1, age, np.array([public_share]), PARAMETERS, books, losses
    )
    assert books[int(stage == SEED)].sum() == 0.0
    proceeds, cost, lost = books[int(stage != SEED), :, 0]
    assert losses[0] == pytest.approx((1.0 - public_share) * lost * (stage == SEED))
    assert cost + lost + holdings["cost"][:kept].sum() == pytest.approx(10.0 * count)
    return proceeds, cost, lost, kept


def test_late_stages_exit_sooner() -> None:
    seed, early, growth = (reviewed(0.0, count=40_000, stage=stage)[1] for stage in (SEED, EARLY, GROWTH))
    assert early / seed == pytest.approx(P["exit_step"], rel=0.15)
    assert growth / early == pytest.approx(P["exit_step"], rel=0.15)


def test_an_old_holding_exits_with_the_stage_that_its_firm_has_reached() -> None:
    firms = np.zeros(20_000, dtype=FIRM)
    firms["alive"] = 1
    holdings = np.zeros(40_000, dtype=HOLDING)
    holdings["row"], holdings["firm"] = np.tile(np.arange(20_000), 2), np.tile(np.arange(20_000) + 1, 2)
    holdings["cost"] = 10.0
    holdings["stage"] = np.repeat([SEED, EARLY], 20_000)
    holdings["quarter"] = np.repeat([0, 6], 20_000)
    books, none, last = np.zeros((2, 3, 1)), np.zeros(1), last_rounds(holdings, 40_000, 20_000)
    kept = review_holdings(firms, holdings, 40_000, last, 1, 12, none, PARAMETERS, books, np.zeros(1))
    assert books[1].sum() == 0.0
    assert books[0, 1, 0] == pytest.approx(reviewed(0.0, count=20_000)[1])
    assert kept == 40_000 - round(books[0, 1, 0] / 10.0)


def test_holdings_exit_at_their_rate_whatever_the_opportunity_and_the_fund() -> None:
    """What spares most of them the arithmetic leaves the chance as it is."""
    count = 20_000
    for opportunity in (-2.0, 0.0, 3.0):
        for share in (0.0, 0.25, 1.0):
            firms, holdings = np.zeros(count, dtype=FIRM), np.zeros(count, dtype=HOLDING)
            firms["alive"], firms["opportunity"] = 1, opportunity
            holdings["row"], holdings["firm"] = np.arange(count), np.arange(1, count + 1)
            holdings["stage"] = GROWTH
            last, books = last_rounds(holdings, count, count), np.zeros((2, 3, 1))
            arguments = last, 1, 12, np.array([share]), PARAMETERS, books, np.zeros(1)
            kept = review_holdings(firms, holdings, count, *arguments)
            chance = 0.25 * exit_rate(exit_quality(firms[0]), GROWTH, share, P)
            assert abs((count - kept) / count - chance) < 4.0 * np.sqrt(chance / count)


# Rounds.


def stage_after(quarters: int, growth: float = 1.0, filed: int = 0, **last: int) -> int:
    """Return the stage that a firm with a round behind it is offered so many quarters later."""
    firm, holding = np.zeros(1, dtype=FIRM), np.zeros(1, dtype=HOLDING)
    firm["alive"] = firm["equity"] = 1
    firm["revenue"], firm["filed"], firm["patents"] = 100.0 * growth, 2 + filed, 1
    holding["revenue"], holding["rights"], holding["stage"] = 100.0, 3, last.get("stage", SEED)
    return int(open_rounds(shown(firm), holding, last_rounds(holding, 1, 1), quarters, P)[0])


def test_the_next_round_comes_when_the_firm_has_grown_or_invented() -> None:
    grown = 1.0 + P["milestone_growth"]
    assert stage_after(6) == NO_ROUND
    assert stage_after(6, growth=grown - 0.01) == NO_ROUND
    assert stage_after(6, growth=grown) == EARLY
    assert stage_after(6, filed=1) == EARLY
    assert stage_after(6, filed=-1) == NO_ROUND
    assert stage_after(ROUND_GAP - 1, growth=9.0) == NO_ROUND
    assert stage_after(ROUND_GAP, growth=9.0, stage=EARLY) == GROWTH
    assert stage_after(ROUND_GAP, growth=9.0, stage=GROWTH) == GROWTH


def test_young_firms_begin_with_a_seed_round_and_sold_ones_get_no_more() -> None:
    firms = np.zeros(3, dtype=FIRM)
    firms["birth"], firms["equity"] = [12, 11, 12], [0, 0, 5]
    none, quarter = last_rounds(np.zeros(0, dtype=HOLDING), 0, 3), 12 + SEED_AGE
    stages = open_rounds(shown(firms, quarter), np.zeros(0, dtype=HOLDING), none, quarter, P)
    assert stages.tolist() == [SEED, EARLY, NO_ROUND]


@pytest.mark.parametrize(
    ("change", "age", "goes"),
    [
        ({}, OLDEST_FOR_FUNDS, True),
        ({}, OLDEST_FOR_FUNDS + 1, False),
        ({"alive": 0}, 8, False),
        ({"kind": 0}, 8, False),
        ({"seeks_equity": 0}, 8, False),
    ],
)
def test_technology_firms_that_lack_money_and_are_not_old_go_to_funds(
    change: dict[str, int], age: int, goes: bool
) -> None:
    firm = np.zeros(1, dtype=FIRM)
    firm["alive"] = firm["kind"] = firm["seeks_equity"] = 1
    for name, value in change.items():
        firm[name] = value
    assert looks_for_equity(firm[0], age) is goes


def test_firms_ask_for_more_at_every_stage() -> None:
    firms = seeking_firms(400)
    sizes = [deals(firms.copy(), 1e9, stage=stage)[0]["cost"].mean() for stage in (SEED, EARLY, GROWTH)]
    assert sizes[1] / sizes[0] == pytest.approx(P["ticket_step"], rel=0.05)
    assert sizes[2] / sizes[1] == pytest.approx(P["ticket_step"], rel=0.05)


def test_an_appetite_for_seed_rounds_closes_more_of_them_and_of_no_others() -> None:
    usual, eager = (deals(seeking_firms(), 1e9, stage=SEED, appetite=a)[0] for a in (1.0, 1.3))
    assert set(usual["firm"]) < set(eager["firm"])
    assert eager.size / usual.size == pytest.approx(1.3, abs=0.06)
    assert deals(seeking_firms(), 1e9, appetite=1.3)[0].size == deals(seeking_firms(), 1e9)[0].size


def test_safer_seed_money_is_offered_more() -> None:
    terms = dataclasses.replace(NOTHING, compensation=0.2)
    assert seed_gain(terms, returned=1.5, lost=0.5, p=P) == pytest.approx(0.2 * 0.5 / 1.5)
    assert seed_gain(NOTHING, 1.5, 0.5, P) == seed_gain(terms, 0.0, 0.0, P) == 0.0
    untaxed = seed_gain(dataclasses.replace(NOTHING, relief=0.7), 1.5, 0.5, P)
    assert untaxed == pytest.approx(0.7 * P["gains_tax"] * P["angel_share"] / 1.5)
    item, usual = fund(), raised(NOTHING)[0]
    item.seed_pace, item.seed_interest = 500.0, 0.1
    assert item.raise_money(NOTHING, 0.0, 1.0, P)[0] == pytest.approx(usual + 50.0)
    assert item.spend_seed_purse(P) == 1.0


def test_money_raised_for_seed_rounds_goes_to_seed_rounds() -> None:
    item = fund()
    item.seed_pace = 1e3
    _, public = item.raise_money(Offer(1e3, 0.25, 0.0, 1e6, angel=400.0), 1e3, 1.0, P)
    assert item.seed_purse == pytest.approx(0.4 * public / 0.25)
    spent = 0.25 * P["fund_deployment"] * item.seed_purse
    left = item.seed_purse - spent
    assert item.spend_seed_purse(P) == pytest.approx(1.0 + spent / 1e3)
    assert item.seed_purse == pytest.approx(left)


def test_holdings_are_sold_after_two_years_and_written_off_with_their_firm() -> None:
    assert reviewed(0.0, age=7)[1] == 0.0
    proceeds, cost, lost, _ = reviewed(0.0)
    assert proceeds == pytest.approx(P["exit_multiple"] * cost)
    assert cost > 0.0
    assert lost == 0.0
    assert reviewed(0.0, dead=True)[2:] == (40_000.0, 0)
    assert reviewed(0.25, dead=True, stage=SEED)[2:] == (40_000.0, 0)


def test_exits_peak_at_a_mixed_ownership() -> None:
    none, some, all_public = (
        reviewed(share, count=40_000)[1] for share in (0.0, P["public_share_peak"], 1.0)
    )
    assert some > none > all_public
    assert all_public / none == pytest.approx(P["public_exit_penalty"], abs=0.08)


def test_funds_settle_what_was_closed() -> None:
    item = fund()
    item.portfolio = 500.0
    powder = item.dry_powder
    item.settle(invested=100.0, seeds=40.0, proceeds=300.0, cost=100.0, lost=50.0)
    assert item.dry_powder == powder - 100.0
    assert item.portfolio == 450.0
    assert item.seed_pace == 10.0
    assert item.reputation == pytest.approx(300.0 / 150.0 / 1.5)
    legacy = item.legacy
    assert item.run_off(P) == pytest.approx(legacy - item.legacy)


# What public money does over time: paired runs with and without it.


def raised_in_all(city: str, amount: float, seed: int, share: float = 0.3) -> np.ndarray:
    """Return (private, public) money raised by a city's funds in 2019 and 2020, 100m CNY."""
    levers = {"guidance_fund": {"value": amount, "scope": [city]}} if amount else {}
    model = InnovationModel(scenario({**levers, "guidance_share": share}), scale=0.05, until=2020, seed=seed)
    fund, sums = model.funds[GEOGRAPHY.cities.index(city)], np.zeros(2)
    while model.running:
        model.step()
        if model.year >= 2019:
            sums += np.array([fund.raised_private, fund.raised_public]) / YI
    return sums


def causal_leverage(city: str, amount: float, share: float = 0.3) -> np.ndarray:
    """Return by seed private money a public yuan, over runs that differ in nothing else."""
    changes = [raised_in_all(city, amount, s, share) - raised_in_all(city, 0.0, s) for s in (1, 2, 3)]
    return np.array([private / public for private, public in changes])


def test_a_lower_share_stretches_public_money() -> None:
    more = causal_leverage("Ningbo", 14.0, share=0.15) - causal_leverage("Ningbo", 14.0)
    assert more.mean() > 3.0 * more.std(ddof=1) / 3**0.5
