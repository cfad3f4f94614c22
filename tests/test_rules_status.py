"""Rules on status and on life and death: certificates, the register, closing."""

import math
from typing import Any

import numpy as np
import pytest
from examples import NATION_2018, RULES_OF, P, firm, place, record, support
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import history

from agents.certification_rules import certify, rd_threshold, register, relabelling_needed
from agents.records import LEDGER, STATISTICS
from agents.survival_rules import closes, exit_chance, expected_spin_offs, spin_offs
from simulation.bookkeeping import close

# Certificates and the register.


def test_thresholds_by_class_of_sales_and_the_easing_of_2016() -> None:
    classes = (5_000.0, 5_001.0, 20_000.0, 20_001.0)
    assert [rd_threshold(sales, NATION_2018) for sales in classes] == [0.05, 0.04, 0.04, 0.03]
    assert rd_threshold(5_000.0, RULES_OF[0:1][0]) == 0.06


def test_relabelling_lifts_reported_rd_just_to_the_threshold() -> None:
    need = relabelling_needed(0.03, 0.05)
    assert 0.03 / (1.0 - need) == pytest.approx(0.05)
    assert relabelling_needed(0.06, 0.05) == 0.0


def pass_share(
    helped: Any = None,
    coached: float = 0.0,
    capacity: float = 0.5,
    age: int = 40,
    push: float = 0.5,
    **fields: float,
) -> float:
    """Return the chance of a new certificate (share of a grid of draws)."""
    usual = {"revenue_year": 2000.0, "rd_year": 120.0, "patents": 1}
    helped = support() if helped is None else helped
    passed = [
        certify(
            firm(**usual | fields),
            age,
            place(certification_push=push),
            NATION_2018,
            helped,
            coached,
            u,
            capacity,
            P,
        )
        for u in (np.arange(500) + 0.5) / 500
    ]
    return float(np.mean(passed))


def test_who_can_be_certified() -> None:
    assert 0.0 < pass_share() < 0.5
    assert pass_share(does_rd=0) == pass_share(age=3) == pass_share(certificate=5) == 0.0
    assert pass_share(patents=0) == pytest.approx(P["pass_without_patent"] * pass_share(), abs=0.003)
    assert pass_share(helped=support(certification_reward=100.0)) > pass_share()
    assert pass_share(coached=1.0) > pass_share()
    assert pass_share(push=0.25) == pytest.approx(0.5 * pass_share(), abs=0.003)


def test_firms_relabel_only_within_their_capacity() -> None:
    short: dict[str, Any] = {"rd_year": 80.0}  # 4 % where 5 % are asked for: a fifth has to be relabelled
    assert pass_share(capacity=0.19, **short) == 0.0
    assert pass_share(capacity=0.21, **short) > 0.0
    item = firm(revenue_year=2000.0, patents=1, **short)
    assert certify(item, 40, place(), NATION_2018, support(), 0.0, 0.0, 0.5, P) == 1
    assert item["certificate"] == 12
    assert item["relabelled"] == pytest.approx(0.2)
    honest = firm(revenue_year=2000.0, patents=1, rd_year=120.0)
    certify(honest, 40, place(), NATION_2018, support(), 0.0, 0.0, 0.5, P)
    assert honest["relabelled"] == 0.0


def test_who_can_join_and_who_leaves_the_register() -> None:
    def joins(u: float = 0.0, coached: float = 0.0, **fields: float) -> int:
        item = firm(**fields)
        register(item, place(), coached, u, P)
        return int(item["tech_sme"])

    assert joins() == 1
    assert joins(revenue=5_001.0) == 0  # above 200m CNY a year
    assert joins(kind=0, does_rd=0) == 0
    assert joins(u=0.11) == 0
    assert joins(u=0.11, coached=1.0) == 1
    outgrown = firm(tech_sme=1, revenue=8_000.0)
    register(outgrown, place(), 0.0, 0.0, P)
    assert outgrown["tech_sme"] == 0


# Closing.


def yearly_hazard(year: int) -> float:
    """Return the exit hazard of firms born in the run in their n-th year."""
    ages, closed = history().lives.T
    survival = 1.0
    for age in range(4 * year - 4, 4 * year):
        survival *= 1.0 - (closed[ages == age]).sum() / (ages >= age).sum()
    return 1.0 - float(survival)


@pytest.mark.parametrize(
    ("year", "low", "high"),
    [
        (1, 0.01, 0.03), (2, 0.05, 0.08), (3, 0.08, 0.11), (4, 0.065, 0.09), (6, 0.065, 0.09),
        (8, 0.03, 0.08),
    ],
)  # fmt: skip
def test_exit_hazards_of_a_cohort(year: int, low: float, high: float) -> None:
    assert low <= yearly_hazard(year) <= high


def test_five_year_survival() -> None:
    assert 0.62 <= math.prod(1.0 - yearly_hazard(year) for year in range(1, 6)) <= 0.75


def test_what_raises_and_lowers_the_chance_of_closing() -> None:
    def chance(age: int = 10, mentoring: float = 0.0, pressure: float = 1.0, **fields: float) -> float:
        return float(exit_chance(firm(**fields), age, place(exit_pressure=pressure), mentoring, P))

    assert chance(scale=12.0) < chance(scale=4.3)
    assert chance(cash=-1.0) - chance() == pytest.approx(0.25 * P["insolvency"])
    assert chance(mentoring=0.3) == chance()
    assert chance(mentoring=0.3, tenant=2) == pytest.approx(0.7 * chance())
    assert chance(pressure=1e6) == 1.0


@given(
    st.floats(0.0, 1.0, exclude_max=True), st.floats(-2.0, 16.0), st.integers(1, 80), st.floats(0.0, 0.3),
    st.sampled_from([-1.0, 0.0, 400.0]), st.integers(0, 8), st.floats(0.5, 2.0),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_firm_closes_with_its_chance(
    u: float, scale: float, age: int, mentoring: float, cash: float, tenant: int, pressure: float
) -> None:
    item = firm(scale=scale, cash=cash, tenant=tenant)
    chance = exit_chance(item, age, place(exit_pressure=pressure), mentoring, P)
    for draw in (u, 0.999 * chance, chance):
        expected = draw < chance
        assert closes(item, age, place(exit_pressure=pressure), mentoring, draw, P) == expected


def test_spin_offs_follow_researchers_however_large_the_firm() -> None:
    """A cap of one a quarter would make samples with smaller firms have more of them."""
    u = (np.arange(4_000) + 0.5) / 4_000
    for researchers in (10.0, 1_000.0, 20_000.0):
        found = [spin_offs(firm(researchers=researchers), each, P) for each in u]
        expected = 0.25 * float(P["spin_off_rate"]) * researchers
        assert expected_spin_offs(firm(researchers=researchers), P) == pytest.approx(expected)
        assert np.mean(found) == pytest.approx(expected, rel=0.02, abs=3e-4)
        assert np.var(found) == pytest.approx(expected, rel=0.05, abs=3e-4)


def test_a_closed_firm_leaves_nothing_behind() -> None:
    item, stat, ledger = firm(patents=3, filed=2, certificate=4, debt=9.0), record(STATISTICS), record(LEDGER)
    close(item, stat, ledger)
    assert ledger["owners"] == 400.0
    assert (stat["lapses"], stat["refusals"], stat["exits"]) == (3, 2, 1)
    assert not any(item[name] for name in ("cash", "debt", "patents", "filed", "certificate", "alive"))
    bankrupt = firm(cash=-50.0)
    close(bankrupt, stat, ledger)
    assert ledger["suppliers"] == -50.0
