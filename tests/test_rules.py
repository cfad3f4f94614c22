"""What firms do in research, finance and growth, rule by rule, and what many of them do together."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from examples import IN_A_PASS, NATION_2018, RULES_OF, P, draws_of, firm, nation, place, record, support
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import history

from agents.innovation_rules import absorptive_capacity, invention_rate, learn
from agents.market_rules import grow, log_productivity, margin
from agents.parameters import parameter_record
from agents.records import LEDGER, STATISTICS
from agents.research_rules import (
    adjust,
    credit_room,
    income_tax_rate,
    invest,
    log_incentive,
    participate,
    relative_user_cost,
)
from agents.survival_rules import balance, dividend
from simulation.bookkeeping import (
    DECIDE,
    INVENT,
    LAPSE,
    OPEN,
    decide,
    foresee,
    invent,
    let_lapse,
    open_examination,
    settle,
    steps_of_filings,
)

# Taxes and the price of R&D.


@pytest.mark.parametrize(
    ("rate", "before", "after", "change"),
    [
        (0.25, 0.5, 0.75, -0.105),
        (0.15, 0.5, 0.75, -0.050),
        (0.25, 0.75, 1.0, -0.118),
        (0.15, 0.75, 1.0, -0.052),
    ],
)
def test_super_deduction_lowers_the_user_cost_by_the_published_numbers(
    rate: float, before: float, after: float, change: float
) -> None:
    found = math.log(relative_user_cost(rate, after, 0.0) / relative_user_cost(rate, before, 0.0))
    assert found == pytest.approx(change, abs=0.0006)


def test_certified_firms_respond_half_as_much_to_the_super_deduction() -> None:
    def response(certificate: int) -> float:
        item = firm(certificate=certificate, revenue=50_000.0, rd=1.0)
        low, high = (nation(super_deduction=s) for s in (0.5, 0.75))
        incentives = [log_incentive(item, place(), rules, support(), P) for rules in (low, high)]
        return incentives[1] - incentives[0]

    assert 0.40 <= response(12) / response(0) <= 0.55  # fact 8
    assert response(0) == pytest.approx(0.105 * P["user_cost_elasticity"], rel=0.01)


def test_tax_rate_by_status_and_profit() -> None:
    assert income_tax_rate(firm(certificate=1), 1e6, NATION_2018) == 0.15
    assert income_tax_rate(firm(), 1e6, NATION_2018) == 0.25
    assert income_tax_rate(firm(), 1.0, NATION_2018) == NATION_2018["small_profit_rate"] < 0.25


def test_super_deduction_of_smes_came_before_that_of_all() -> None:
    year_2017 = RULES_OF[2]
    assert year_2017["super_deduction_sme"] == 0.75
    assert year_2017["super_deduction"] == 0.5
    assert NATION_2018["super_deduction"] == 0.75


def test_grants_raise_rd_only_by_lowering_its_price() -> None:
    granted, other = firm(grant=0.25), firm()
    args = place(), NATION_2018, support()
    effect = log_incentive(granted, *args, P) - log_incentive(other, *args, P)
    reaching = 0.25 * (1.0 - P["grant_misuse"])
    assert effect == pytest.approx(-P["user_cost_elasticity"] * math.log(1.0 - reaching))

    indifferent = parameter_record()
    indifferent["user_cost_elasticity"] = 0.0
    for item in (granted, other):
        invest(item, 40, *args, indifferent[0])
    assert granted["rd"] == other["rd"]


def test_grants_that_the_budget_cannot_pay_do_nothing() -> None:
    poor = place(grant_ratio=0.0)
    assert log_incentive(firm(grant=0.25), poor, NATION_2018, support(), P) == log_incentive(
        firm(), poor, NATION_2018, support(), P
    )


# Financing.


@given(
    cash=st.floats(-1e3, 1e4), debt=st.floats(0, 5e3), revenue=st.floats(1, 1e5), intensity=st.floats(0, 2),
    opportunity=st.floats(-3, 4), age=st.integers(0, 80), registered=st.integers(0, 1),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_rd_never_exceeds_what_can_be_financed(
    cash: float, debt: float, revenue: float, intensity: float, opportunity: float, age: int, registered: int
) -> None:
    item = firm(cash=cash, debt=debt, revenue=revenue, rd=intensity * revenue, opportunity=opportunity,
                tech_sme=registered)  # fmt: skip
    helped = support(credit_extra=1.0)
    room = credit_room(item, age, place(), helped, P)
    income = margin(item, P) * revenue - P["overhead"] - 0.25 * P["interest"] * debt
    limit = income + P["cash_for_rd"] * max(0.0, cash) + P["credit_for_rd"] * room
    invest(item, age, place(), NATION_2018, helped, P)
    assert 0.0 <= item["rd"] <= max(0.0, limit) * (1.0 + 1e-12)


def test_a_firm_that_cannot_finance_its_plan_looks_for_equity_and_spends_more_with_cash() -> None:
    def planned(cash: float) -> Any:
        item = firm(cash=cash, rd=400.0, opportunity=2.0)
        invest(item, 40, place(), NATION_2018, support(), P)
        return item

    poor, rich = planned(0.0), planned(1e6)
    assert poor["seeks_equity"] == 1
    assert rich["seeks_equity"] == 0
    assert poor["rd"] < rich["rd"]


def test_credit_opens_with_age_patents_and_programmes() -> None:
    def room(age: int = 40, helped: Any = None, **fields: float) -> float:
        return float(credit_room(firm(**fields), age, place(), support() if helped is None else helped, P))

    assert room() == pytest.approx(P["credit_line"] * 2000.0)
    assert room(age=4) < room()
    assert room(debt=1e9) == 0.0
    pledged = support(ip_pledge_reach=0.5)
    assert room(helped=pledged, patents=4) - room() == pytest.approx(2.0 * P["pledge_value"])
    lending = support(credit_extra=0.5)
    assert room(helped=lending) == room()  # for registered SMEs only
    assert room(helped=lending, tech_sme=1) - room() == pytest.approx(0.5 * 4.0 * 20.0)


def test_shortfalls_are_borrowed_within_the_credit_line_and_repaid_from_plenty() -> None:
    short = firm(cash=-100.0)
    assert balance(short, 40, place(), support(), P) == 100.0
    assert (short["cash"], short["debt"]) == (0.0, 100.0)
    broke = firm(cash=-1e4)
    lent = balance(broke, 40, place(), support(), P)
    assert lent == pytest.approx(P["credit_line"] * 2000.0)
    assert broke["cash"] == pytest.approx(lent - 1e4)
    flush = firm(cash=1e4, debt=50.0)
    assert balance(flush, 40, place(), support(), P) == -50.0
    assert (flush["cash"], flush["debt"]) == (9950.0, 0.0)


def test_owners_get_spare_cash_unless_there_is_debt_or_venture_money() -> None:
    assert dividend(firm(cash=1e4), P) > 0.0
    assert dividend(firm(cash=100.0), P) == 0.0
    assert dividend(firm(cash=1e4, debt=1.0), P) == 0.0
    assert dividend(firm(cash=1e4, equity=1.0), P) == 0.0


@given(cash=st.floats(-1e4, 1e5), debt=st.floats(0, 1e4), equity=st.sampled_from([0.0, 500.0]),
       grant=st.floats(0, 0.4), relabelled=st.floats(0, 0.8), contracts=st.floats(0, 2),
       voucher=st.floats(0, 0.5), identity=st.integers(1, 2**40))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_every_yuan_a_firm_pays_arrives(
    cash: float, debt: float, equity: float, grant: float, relabelled: float, contracts: float,
    voucher: float, identity: int,
) -> None:  # fmt: skip
    item = firm(cash=cash, debt=debt, equity=equity, grant=grant, relabelled=relabelled, contracts=contracts)
    stat, ledger = record(STATISTICS), record(LEDGER)
    key = draws_of(identity, 5)
    settle(item, 40, key, place(), NATION_2018, support(voucher=voucher), 1.5, False, P, stat, ledger)
    received = sum(float(ledger[name]) for name in LEDGER.names or ())
    subsidies = float(stat["grant_money"] + stat["vouchers"])
    assert float(item["cash"]) - cash == pytest.approx(subsidies - received, abs=1e-6)


# Starting, stopping and adjusting R&D.


def test_sunk_costs_keep_firms_in_and_out_of_rd() -> None:
    band = float(P["sunk_cost_band"])
    for start, opportunity, end in (
        (1, -0.9 * band, 1), (1, -1.1 * band, 0), (0, 0.9 * band, 0), (0, 1.1 * band, 1),
    ):  # fmt: skip
        item = firm(does_rd=start, opportunity=opportunity)
        participate(item, 0.0, 0.0, P)
        assert item["does_rd"] == end
    assert (item["rd"] > 0.0) == (item["does_rd"] == 1)


def test_intensity_moves_part_of_the_way_and_small_firms_faster() -> None:
    small, large = adjust(0.02, 0.04, True, P), adjust(0.02, 0.04, False, P)
    assert 0.02 < large < small < 0.04
    intensity = 0.02
    for _ in range(4):
        intensity = adjust(intensity, 0.04, False, P)
    assert (intensity - 0.02) / 0.02 == pytest.approx(P["adjustment_large"])
    assert adjust(0.0, 0.04, True, P) > 0.02  # newcomers start half-way


@pytest.mark.parametrize("year", [2016, 2017])
def test_persistence_of_rd_is_that_of_the_literature(year: int) -> None:
    before, after = history().matched(year)
    industrial = before["kind"] == 0
    stay = after["does_rd"][industrial & (before["does_rd"] == 1)].mean()
    start = after["does_rd"][industrial & (before["does_rd"] == 0)].mean()
    assert 0.80 <= stay <= 0.94
    assert 0.05 <= start <= 0.20


# Growth.


def test_growth_shocks_do_not_move_the_mean() -> None:
    still = parameter_record()
    still["youth_growth"] = 0.0
    factors = []
    for u in (np.arange(20_000) + 0.5) / 20_000:
        item = firm()
        before = float(item["scale"])
        grow(item, 400, float(u), still[0])
        factors.append(math.exp(float(item["scale"]) - before))
    assert np.mean(factors) == pytest.approx(1.0, abs=1e-3)
    assert np.std(factors) > 0.05


@pytest.mark.parametrize("year", [2015, 2016, 2017])
def test_growth_rates_are_tent_shaped_and_less_spread_in_large_firms(year: int) -> None:
    before, after = history().matched(year)
    industrial = before["kind"] == 0
    size = np.log(before["revenue"][industrial])
    growth = np.log(after["revenue"][industrial]) - size
    z = (growth - growth.mean()) / growth.std()
    assert 4.5 <= (z**4).mean() <= 8.0  # Laplace: 6, normal: 3
    assert np.abs(growth - np.median(growth)).mean() / growth.std() < 0.75  # 0.707 and 0.798

    edges = np.quantile(size, np.linspace(0.0, 1.0, 11))
    bins = [(size >= low) & (size < high) for low, high in itertools.pairwise(edges)]
    slope = np.polyfit([size[b].mean() for b in bins], [math.log(growth[b].std()) for b in bins], 1)[0]
    assert -0.25 <= slope <= -0.05


def test_output_elasticity_of_rd_capital_tends_to_its_parameter() -> None:
    assert log_productivity(firm(knowledge=0.0), P) == 0.0

    def elasticity(knowledge: float) -> float:
        low, high = (log_productivity(firm(knowledge=k), P) for k in (knowledge, knowledge * 1.001))
        return (high - low) / math.log(1.001)

    assert elasticity(1e6) == pytest.approx(P["output_elasticity"], rel=0.01)
    assert elasticity(1.0) < 0.1 * P["output_elasticity"]


# Knowledge and patents.


def test_knowledge_depreciates_and_settles_at_rd_over_depreciation() -> None:
    idle, busy = firm(rd=0.0, knowledge=100.0), firm(rd=10.0, knowledge=0.0)
    for _ in range(4):
        learn(idle, P)
    assert idle["knowledge"] == pytest.approx(100.0 * (1.0 - 0.25 * P["depreciation"]) ** 4)
    for _ in range(400):
        learn(busy, P)
    assert busy["knowledge"] == pytest.approx(40.0 / P["depreciation"], rel=0.01)


def test_invention_follows_the_published_elasticities() -> None:
    def rate(log_pool: float = 0.0, **fields: float) -> float:
        return float(invention_rate(firm(**fields), place(), log_pool, P))

    assert rate(researchers=0.0) == 0.0
    assert rate(researchers=8.0) / rate(researchers=4.0) == pytest.approx(2.0 ** P["researcher_elasticity"])
    assert rate(partner_gain=0.1) / rate() == pytest.approx(1.1)
    assert rate(field=6) / rate(field=0) == pytest.approx(P["traditional_patenting"])
    absorbed = absorptive_capacity(firm(), P)
    assert 0.0 < absorbed < 1.0
    gain = rate(log_pool=math.log(2.0)) / rate()
    assert gain == pytest.approx(2.0 ** (P["spillover_elasticity"] * absorbed))
    assert rate(log_pool=math.log(2.0), knowledge=0.0) == rate(knowledge=0.0)  # nothing is absorbed


@given(
    filed=st.integers(0, 40), examined=st.integers(0, 40), patents=st.integers(0, 300),
    exploring=st.integers(0, 2), expected=st.floats(0.0, 3.0), number=st.integers(1, 10**6),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_patent_changes_without_being_expected(
    filed: int, examined: int, patents: int, exploring: int, expected: float, number: int
) -> None:
    """Only firms that are found in this way are asked one by one."""
    counts = {"filed": filed, "examined": examined, "patents": patents, "exploring": exploring}
    item = record(IN_A_PASS, id=number, alive=1, does_rd=1, expected_filings=expected, **counts)
    item["key"] = draws_of(number, 3)
    foresee(item, item["key"], place(), expected, P)
    for event, rule in _EVENTS.items():
        before = item.copy()
        rule(item, record(STATISTICS))
        assert item["events"] & event or item == before


_STEPS = steps_of_filings(*(np.array([each]) for each in (place(), NATION_2018, P)))
_EVENTS = {
    LAPSE: lambda item, stat: let_lapse(item, P, stat),
    DECIDE: lambda item, stat: decide(item, place(), NATION_2018, _STEPS, 0, P, stat),
    OPEN: lambda item, stat: open_examination(item, _STEPS, P),
    INVENT: lambda item, stat: invent(item, P, stat),
}


def patent(items: np.ndarray, quarter: int, stat: Any) -> None:
    """Let a quarter happen to patents and filings of firms that invent nothing."""
    for item in items:
        item["key"] = draws_of(int(item["id"]), quarter)
        foresee(item, item["key"], place(), 0.0, P)
        for event, rule in _EVENTS.items():
            if item["events"] & event:
                rule(item, stat)


def idle(count: int, **fields: int) -> np.ndarray:
    items = np.zeros(count, dtype=IN_A_PASS)
    items["id"], items["alive"] = np.arange(1, count + 1), 1
    for name, value in fields.items():
        items[name] = value
    return items


def test_grants_come_two_to_three_years_after_filing() -> None:
    items = idle(200, filed=50)
    grants, filed = [], 50 * items.size
    for quarter in range(1, 60):
        stat = record(STATISTICS)
        patent(items, quarter, stat)
        grants.append(float(stat["grants"]))
    lag = np.arange(1, 60) @ grants / sum(grants) / 4.0
    assert 2.0 <= lag <= 3.0
    assert sum(grants) / filed == pytest.approx(float(NATION_2018["pass_rate"]), rel=0.03)
    assert items["filed"].sum() + items["examined"].sum() < 0.01 * filed


def test_patents_lapse_at_their_rate() -> None:
    items = idle(100, patents=100)
    for quarter in range(4):
        patent(items, quarter, record(STATISTICS))
    kept = items["patents"].sum() / 10_000
    assert kept == pytest.approx((1.0 - 0.25 * P["patent_lapse"]) ** 4, abs=0.01)
