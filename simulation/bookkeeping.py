"""What a firm's quarter adds to the statistics of its place and to the accounts that firms deal with."""

from typing import Any, NamedTuple

import numpy as np

from agents.compiling import loop, rule
from agents.elementary import exp
from agents.exploration_rules import go_on_exploring, start_exploring
from agents.market_rules import value_added
from agents.quantiles import FEW, binomial, list_steps, look_up, poisson_beyond, unit_shock
from agents.support_rules import can_upgrade, upgrade
from agents.survival_rules import balance, dividend, income_tax, operating_surplus
from agents.venture_rules import cover_losses, expand
from simulation.randomness import Purpose, stream, uniform


@rule
def settle(
    firm: Any,
    age: int,
    key: np.uint64,
    place: Any,
    nation: Any,
    support: Any,
    more_contracts: float,
    in_park: bool,
    p: Any,
    stat: Any,
    ledger: Any,
) -> None:
    """Pay for the quarter. Every yuan that leaves the firm's cash enters an account of the ledger."""
    earned = operating_surplus(firm, unit_shock(uniform(key, Purpose.MARGIN)), p)
    surplus = earned if firm.alive == 1 else 0.0  # all else is zero for a firm that has closed
    reported = firm.rd / (1.0 - firm.relabelled)
    tax = income_tax(firm, surplus, reported, nation)
    granted = firm.grant * place.grant_ratio * firm.rd
    misused = p.grant_misuse * granted
    contract = firm.contracts * firm.rd * more_contracts
    voucher = support.voucher * contract
    interest = 0.25 * p.interest * firm.debt
    wages = p.wage_share * firm.rd
    firm.cash += surplus - firm.rd - tax - interest + granted - misused + voucher
    if in_park:
        refund = support.park_refund * tax
        firm.cash += refund
        stat.park_refunds += refund
    cover_losses(firm)
    borrowed = balance(firm, age, place, support, p)
    paid_out = dividend(firm, p)
    expansion = expand(firm, p)

    ledger.customers -= firm.revenue
    ledger.suppliers += firm.revenue - surplus - contract + firm.rd - wages + expansion
    ledger.contracts += contract
    ledger.households += wages
    ledger.owners += paid_out + misused
    ledger.banks += interest - borrowed
    ledger.treasury += tax

    added = value_added(firm, p)
    stat.revenue += firm.revenue
    stat.value_added += added
    if firm.kind == 0 or 4.0 * firm.revenue >= p.above_scale_revenue:
        stat.industrial_value_added += added
        if firm.catalogue == 1 or (firm.catalogue == 2 and nation.catalogue_widened > 0.0):
            stat.hightech_value_added += added
    stat.employees += 4.0 * firm.revenue / p.revenue_per_worker
    stat.tax_relief += nation.cit_rate * max(0.0, surplus - firm.rd) - tax
    if firm.does_rd == 1:
        stat.researchers += firm.researchers
        stat.rd += firm.rd
        stat.rd_reported += reported
        stat.rd_registered += firm.rd * firm.tech_sme
        stat.grant_asked += firm.grant * firm.rd
        stat.grant_money += granted
        stat.grant_misused += misused
        stat.contracts_bought += contract
        stat.vouchers += voucher


@rule
def start_project(firm: Any, seed: int, key: np.uint64, support: Any, p: Any, stat: Any, ledger: Any) -> None:
    """Let a traditional firm upgrade if it wins a project; suppliers get its own part and the subsidy."""
    if not can_upgrade(firm):
        return
    trait = uniform(stream(seed, firm.id, 0), Purpose.UPGRADE_TRAIT)
    before = firm.cash
    subsidy = upgrade(firm, uniform(key, Purpose.UPGRADE), trait, support, p)
    ledger.suppliers += subsidy - (firm.cash - before)
    stat.upgrade_subsidies += subsidy


@rule
def seek_project(firm: Any, key: np.uint64, support: Any, p: Any, stat: Any, ledger: Any) -> None:
    """Let a firm that may explore win an exploratory project."""
    if uniform(key, Purpose.PROJECT) < support.frontier:
        ledger.owners += start_exploring(firm, p)
        stat.frontier_money += p.frontier_grant


LAPSE, DECIDE, OPEN, INVENT, SEEK_EQUITY = 1, 2, 4, 8, 16
"""What may happen to a firm in a quarter, in the order in which it does: to its patents and filings, at last
that it goes to funds."""


@rule
def foresee(firm: Any, key: np.uint64, place: Any, expected: float, p: Any) -> None:
    """Draw for all that may happen to patents and filings, and note what could: where a count is not zero.

    `expected` is the mean number of inventions that the firm files in the quarter.
    """
    hazard = 0.25 * p.examination_hazard
    firm.decision_draw = uniform(key, Purpose.DECISION)
    firm.examination_draw = uniform(key, Purpose.EXAMINATION)
    firm.lapse_draw = uniform(key, Purpose.LAPSE)
    firm.invention_draw = uniform(key, Purpose.INVENTION)
    firm.chance_of_none = exp(-expected)
    events = LAPSE * (firm.lapse_draw > 1.0 - firm.patents * 0.25 * p.patent_lapse)
    events += DECIDE * (firm.decision_draw > 1.0 - firm.examined * hazard * place.examination_speed)
    events += OPEN * (firm.examination_draw > 1.0 - firm.filed * hazard)
    events += INVENT * ((firm.invention_draw > firm.chance_of_none) | (firm.exploring > 0))
    firm.events = events if firm.alive == 1 else 0


class Steps(NamedTuple):
    """At which quantiles counts of few filings take their steps (`agents.quantiles.list_steps`)."""

    opened: np.ndarray  # [FEW + 1, FEW + 1] moved on to examination
    decided: np.ndarray  # [P, FEW + 1, FEW + 1] by the offices of each place
    granted: np.ndarray  # [FEW + 1, FEW + 1] of those decided


@loop
def steps_of_filings(places: Any, nation_row: Any, parameters: Any) -> Any:
    """Return the steps of a quarter (`Steps`)."""
    nation, hazard = nation_row[0], 0.25 * parameters[0].examination_hazard
    size = FEW + 1
    steps = Steps(np.empty((size, size)), np.empty((places.size, size, size)), np.empty((size, size)))
    list_steps(hazard, steps.opened)
    list_steps(nation.pass_rate, steps.granted)
    for place in range(places.size):
        list_steps(hazard * places[place].examination_speed, steps.decided[place])
    return steps


@rule
def let_lapse(firm: Any, p: Any, stat: Any) -> None:
    """Let old patents lapse."""
    lapsed = binomial(firm.patents, 0.25 * p.patent_lapse, firm.lapse_draw)
    firm.patents -= lapsed
    stat.lapses += lapsed


@rule
def decide(firm: Any, place: Any, nation: Any, steps: Any, at: int, p: Any, stat: Any) -> None:
    """Grant or refuse filings that have been examined; `at` is the row of the place."""
    hazard = 0.25 * p.examination_hazard * place.examination_speed
    decided = look_up(firm.examined, hazard, firm.decision_draw, steps.decided[at])
    u = uniform(firm.key, Purpose.GRANT_DECISION)
    granted = look_up(decided, nation.pass_rate, u, steps.granted)
    firm.examined -= decided
    firm.patents += granted
    stat.grants += granted
    stat.refusals += decided - granted


@rule
def open_examination(firm: Any, steps: Any, p: Any) -> None:
    """Move filings on to substantive examination."""
    hazard = 0.25 * p.examination_hazard
    opened = look_up(firm.filed, hazard, firm.examination_draw, steps.opened)
    firm.filed -= opened
    firm.examined += opened


@rule
def invent(firm: Any, p: Any, stat: Any) -> None:
    """Invent and file."""
    filings = 0
    if firm.invention_draw > firm.chance_of_none:
        filings = poisson_beyond(firm.expected_filings, firm.chance_of_none, firm.invention_draw)
    if firm.exploring > 0:
        filings += go_on_exploring(firm, uniform(firm.key, Purpose.DISCOVERY), p)
    firm.filed += filings
    stat.filings += filings


@rule
def count_firm(firm: Any, age: int, stat: Any) -> None:
    """Add the firm to the stocks of its place."""
    industrial = 1.0 if firm.kind == 0 else 0.0
    stat.firms += 1.0
    stat.industrial_firms += industrial
    stat.industrial_rd_firms += industrial * firm.does_rd
    stat.technology_firms += 1.0 - industrial
    stat.rd_firms += firm.does_rd
    stat.high_tech_enterprises += 1.0 if firm.certificate > 0 else 0.0
    stat.tech_smes += firm.tech_sme
    stat.young_firms += 1.0 if age < 20 else 0.0
    stat.lived_1 += 1.0 if age == 4 else 0.0
    stat.lived_3 += 1.0 if age == 12 else 0.0
    stat.lived_5 += 1.0 if age == 20 else 0.0
    stat.tenants += 1.0 if firm.tenant > 0 else 0.0
    stat.knowledge += firm.knowledge
    stat.patents += firm.patents
    stat.cash += firm.cash
    stat.debt += firm.debt


@rule
def close(firm: Any, stat: Any, ledger: Any) -> None:
    """Take a firm off the market: its money goes to the owners, a shortfall is lost to the suppliers.

    Its debt is written off, its patents lapse and its filings are dropped.
    """
    if firm.cash >= 0.0:
        ledger.owners += firm.cash
    else:
        ledger.suppliers += firm.cash
    stat.exits += 1.0
    stat.lapses += firm.patents
    stat.refusals += firm.filed + firm.examined
    firm.cash = 0.0
    firm.debt = 0.0
    firm.for_rd = 0.0
    firm.for_growth = 0.0
    firm.certificate = 0
    firm.patents = 0
    firm.filed = 0
    firm.examined = 0
    firm.alive = 0
