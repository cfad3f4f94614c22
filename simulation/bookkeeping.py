"""What a firm's quarter adds to the statistics of its place and to the accounts that firms deal with."""

from typing import Any

import numpy as np

from agents.compiling import rule
from agents.exploration_rules import go_on_exploring, start_exploring
from agents.market_rules import value_added
from agents.quantiles import unit_shock
from agents.support_rules import can_upgrade, upgrade
from agents.survival_rules import balance, dividend, income_tax, operating_surplus
from agents.venture_rules import cover_losses, expand
from simulation.randomness import Purpose, binomial, poisson, stream, uniform


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
    surplus = operating_surplus(firm, unit_shock(uniform(key, Purpose.MARGIN)), p)
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


@rule
def may_patent(firm: Any, key: np.uint64, place: Any, expected: float, p: Any) -> bool:
    """Return whether `patent` could change anything: whether one draw lies where a count is not zero."""
    hazard = 0.25 * p.examination_hazard
    decided = uniform(key, Purpose.DECISION) > 1.0 - firm.examined * hazard * place.examination_speed
    opened = uniform(key, Purpose.EXAMINATION) > 1.0 - firm.filed * hazard
    lapsed = uniform(key, Purpose.LAPSE) > 1.0 - firm.patents * 0.25 * p.patent_lapse
    filed = uniform(key, Purpose.INVENTION) > 1.0 - expected
    return bool(decided | opened | lapsed | filed | (firm.exploring > 0))


@rule
def patent(firm: Any, key: np.uint64, place: Any, nation: Any, expected: float, p: Any, stat: Any) -> None:
    """Invent and file; move filings through the two stages of examination; let old patents lapse.

    `expected` is the mean number of inventions that the firm files in the quarter.
    """
    decided = granted = opened = lapsed = filings = 0
    if firm.examined > 0:
        hazard = 0.25 * p.examination_hazard * place.examination_speed
        decided = binomial(firm.examined, hazard, uniform(key, Purpose.DECISION))
        granted = binomial(decided, nation.pass_rate, uniform(key, Purpose.GRANT_DECISION))
    if firm.filed > 0:
        opened = binomial(firm.filed, 0.25 * p.examination_hazard, uniform(key, Purpose.EXAMINATION))
    if firm.patents > 0:
        lapsed = binomial(firm.patents, 0.25 * p.patent_lapse, uniform(key, Purpose.LAPSE))
    if firm.does_rd == 1:
        filings = poisson(expected, uniform(key, Purpose.INVENTION))
        if firm.exploring > 0:
            filings += go_on_exploring(firm, uniform(key, Purpose.DISCOVERY), p)
    if filings + opened + decided + lapsed == 0:
        return
    firm.filed += filings - opened
    firm.examined += opened - decided
    firm.patents += granted - lapsed
    stat.filings += filings
    stat.grants += granted
    stat.refusals += decided - granted
    stat.lapses += lapsed


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
    firm.certificate = 0
    firm.patents = 0
    firm.filed = 0
    firm.examined = 0
    firm.alive = 0
