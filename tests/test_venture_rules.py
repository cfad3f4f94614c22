"""Rounds of venture money: what is set aside for R&D and growth, and how it is spent."""

import numpy as np
import pytest
from test_rules import NATION_2018, P, firm, place, support

from agents.research_rules import invest
from agents.survival_rules import dividend
from agents.venture_rules import cover_losses, expand, receive_round, set_aside, spend_on_rd
from simulation.capital import EARLY, GROWTH, SEED, rd_share


def backed(amount: float = 1000.0, share: float = 0.4, **fields: float) -> np.void:
    item = firm(**fields)
    receive_round(item, amount, share)
    return item


def test_a_round_is_set_aside_for_rd_and_for_growth() -> None:
    item = backed(cash=50.0)
    assert (item["cash"], item["equity"], item["for_rd"], item["for_growth"]) == (
        1050.0,
        1000.0,
        400.0,
        600.0,
    )


def test_later_rounds_go_into_growth() -> None:
    assert rd_share(SEED, P) == P["round_rd_share"]
    assert rd_share(SEED, P) > rd_share(EARLY, P) > rd_share(GROWTH, P) > 0.0


def test_a_round_is_nearly_spent_after_two_years_and_only_once() -> None:
    item, spent = backed(), [0.0, 0.0]
    for _ in range(8):
        spent[0] += spend_on_rd(item, P)
        spent[1] += expand(item, P)
    assert spent[0] + item["for_rd"] == pytest.approx(400.0)
    assert spent[1] + item["for_growth"] == pytest.approx(600.0)
    assert 0.75 < sum(spent) / 1000.0 < 0.95


def test_growth_money_makes_the_firm_larger_and_leaves_its_cash() -> None:
    item, other = backed(cash=0.0), firm(cash=1e3)
    assert expand(other, P) == 0.0
    spent = expand(item, P)
    assert spent == pytest.approx(P["round_burn"] * 600.0)
    assert item["cash"] == 1000.0 - spent
    assert item["scale"] > other["scale"]


def rd(**fields: float) -> np.void:
    item = firm(rd=30.0, opportunity=1.0, cash=1000.0, **fields)
    invest(item, 10, place(), NATION_2018, support(), P)
    return item


def test_rounds_pay_for_rd_on_top_of_what_the_firm_spends_itself() -> None:
    alone = rd()
    helped = rd(for_rd=200.0, for_growth=100.0)
    assert alone["venture_rd"] == 0.0
    assert helped["venture_rd"] == pytest.approx(P["round_burn"] * 200.0)
    assert helped["rd"] == pytest.approx(alone["rd"] + helped["venture_rd"])
    again = rd(for_rd=0.0, venture_rd=10.0)  # its own plan starts from what it paid itself
    assert again["rd"] < alone["rd"]


def test_a_firm_that_stops_rd_puts_the_rest_into_growth() -> None:
    item = firm(opportunity=-5.0, for_rd=40.0, for_growth=10.0, cash=90.0)
    invest(item, 10, place(), NATION_2018, support(), P)
    assert (item["rd"], item["for_rd"], item["for_growth"]) == (0.0, 0.0, 50.0)


def test_losses_eat_into_rounds_once_own_cash_is_gone() -> None:
    item = firm(cash=60.0, for_rd=40.0, for_growth=80.0)
    cover_losses(item)
    assert (item["for_rd"], item["for_growth"]) == pytest.approx((20.0, 40.0))
    item["cash"] = -5.0
    cover_losses(item)
    assert set_aside(item) == 0.0
    assert set_aside(backed(1000.0, cash=-100.0)) == pytest.approx(900.0)


def test_owners_get_no_money_of_rounds_and_backed_firms_put_plenty_into_growth() -> None:
    assert dividend(firm(cash=1e4, for_growth=1e4), P) == 0.0
    item = firm(cash=1e4, equity=1.0)
    dividend(item, P)
    assert item["cash"] == 1e4
    assert 0.0 < item["for_growth"] < 1e4
