"""The two passes over all firms in a quarter: plan, and operate.

Between the passes the markets for goods and for researchers clear (`simulation.markets`). Firms know of
others only what was published at the end of the last quarter, so their order does not matter.
"""

import math
from typing import Any

import numpy as np

from agents.certification_rules import certify, register
from agents.compiling import rule
from agents.exploration_rules import go_on_exploring, may_explore, start_exploring
from agents.innovation_rules import highest_invention_rate, invention_rate, learn
from agents.market_rules import grow, log_productivity, value_added
from agents.quantiles import unit_shock
from agents.research_rules import YOUNG, invest, renew_opportunity
from agents.support_rules import can_upgrade, coaching_reach, grant_priority, newly_in_park, upgrade
from agents.survival_rules import (
    balance,
    closes,
    dividend,
    income_tax,
    operating_surplus,
    spin_offs,
)
from agents.venture_rules import cover_losses, expand
from simulation.randomness import Purpose, binomial, poisson, stream, uniform

OLDEST_FOR_FUNDS = 40
"""Quarters of age after which venture funds no longer look at a firm (assumption)."""
YEARLY_CALL = 3
"""Quarter of the year (0-3) in which certificates are granted and grants are awarded."""


@rule
def plan_firms(
    firms: Any,
    count: int,
    cities: Any,
    seed: int,
    quarter: int,
    places: Any,
    nation: Any,
    supports: Any,
    p: Any,
    bids: Any,
    productivity: Any,
    payroll: Any,
    seekers: Any,
) -> int:
    """First pass over the firms of some `cities` (bool[C]): opportunity, size, bid for demand, R&D budget.

    Adds up by city and field the bids and log productivity weighted by them, by city the money offered to
    researchers; returns the number of rows written to `seekers`, the firms that look for equity.
    """
    seeking = 0
    for i in range(count):
        firm = firms[i]
        if firm.alive == 0 or not cities[firm.city]:
            continue
        key = stream(seed, firm.id, quarter)
        age = quarter - firm.birth
        renew_opportunity(firm, unit_shock(uniform(key, Purpose.OPPORTUNITY)), p)
        grow(firm, age, uniform(key, Purpose.GROWTH), p)
        contribution = log_productivity(firm, p)
        firm.weight = math.exp(firm.scale + contribution)
        bids[firm.city, firm.field] += firm.weight
        productivity[firm.city, firm.field] += firm.weight * contribution
        place = places[firm.place]
        support = supports[firm.place]
        if quarter % 4 == 0:
            priority = grant_priority(firm, in_park(firm, seed, support), support)
            win_grant(firm, uniform(key, Purpose.GRANT), priority, p)
        invest(firm, age, place, nation, support, p)
        payroll[firm.city] += p.wage_share * firm.rd
        if firm.seeks_equity == 1 and firm.kind == 1 and age <= OLDEST_FOR_FUNDS and seeking < seekers.size:
            seekers[seeking] = i
            seeking += 1
    return seeking


@rule
def in_park(firm: Any, seed: int, support: Any) -> bool:
    """Return whether a park has come to the firm; its site is one draw for its life."""
    if support.park_to <= support.park_from:
        return False
    return newly_in_park(uniform(stream(seed, firm.id, 0), Purpose.SITE), support)


@rule
def win_grant(firm: Any, u: float, priority: float, p: Any) -> None:
    """Draw in the first quarter whether a public grant matches this year's R&D.

    Programmes pick firms that already invent (selection, Boeing 2016), which is why naive comparisons
    overstate what grants do; parks and favoured fields have priority.
    """
    chance = p.grant_coverage * (1.0 if firm.patents > 0 else 0.5) * priority
    firm.grant = p.grant_rate if firm.does_rd == 1 and u < chance else 0.0


@rule
def operate_firms(
    firms: Any,
    count: int,
    cities: Any,
    seed: int,
    quarter: int,
    places: Any,
    nation: Any,
    supports: Any,
    p: Any,
    price: Any,
    log_price: Any,
    log_pool: Any,
    stats: Any,
    stock: Any,
    ledger: Any,
    founders: Any,
) -> int:
    """Second pass over the firms of some `cities` (bool[C]): sell, pay, learn, invent, live or close.

    Fills the statistics by place and the ledger by city; returns the number of founders, and
    puts into `founders` the row of the firm that each of them leaves.
    """
    spun_off = 0
    more_contracts = contract_response(supports, p)
    last_quarter = quarter % 4 == YEARLY_CALL
    for i in range(count):
        firm = firms[i]
        if firm.alive == 0 or not cities[firm.city]:
            continue
        key = stream(seed, firm.id, quarter)
        age = quarter - firm.birth
        place = places[firm.place]
        support = supports[firm.place]
        stat = stats[firm.place]
        firm.revenue = firm.weight * price[firm.city, firm.field]
        firm.scale += log_price[firm.city, firm.field]
        firm.researchers = p.wage_share * firm.rd / place.wage
        member = in_park(firm, seed, support)
        settle(
            firm, age, key, place, nation, support, more_contracts[firm.place], member, p, stat,
            ledger[firm.city],
        )  # fmt: skip
        if can_upgrade(firm):
            stat.upgradable += firm.revenue
            if support.upgrade_rate > 0.0:
                start_project(firm, seed, key, support, p, stat, ledger[firm.city])
        learn(firm, p)
        if firm.does_rd == 1 or firm.filed + firm.examined + firm.patents > 0:
            patent(firm, key, place, nation, log_pool[firm.city, firm.field], p, stat)
        seek_project(firm, age, key, support, p, stat, ledger[firm.city])
        firm.revenue_year += firm.revenue
        firm.rd_year += firm.rd
        if firm.certificate > 0:
            firm.certificate -= 1
        coached = coaching_reach(firm, member, support)
        if last_quarter:
            capacity = p.relabel_capacity * uniform(stream(seed, firm.id, 0), Purpose.RELABEL)
            new = certify(
                firm, age, place, nation, support, coached, uniform(key, Purpose.CERTIFICATION), capacity, p
            )
            stat.certified += new
            firm.cash += new * support.certification_reward
            stat.rewards += new * support.certification_reward
        register(firm, place, coached, uniform(key, Purpose.REGISTRATION), p)
        if firm.does_rd == 1:
            for _ in range(spin_offs(firm, uniform(key, Purpose.SPIN_OFF), p)):
                if spun_off < founders.size:
                    founders[spun_off] = i
                    spun_off += 1
        if closes(firm, age, place, support.mentoring, uniform(key, Purpose.EXIT), p):
            close(firm, stat, ledger[firm.city])
            continue
        firm.tenant = max(0, firm.tenant - 1)
        count_firm(firm, age, stat)
        stock[firm.city, firm.field] += firm.knowledge
        if last_quarter:
            firm.revenue_year = 0.0
            firm.rd_year = 0.0
    return spun_off


@rule
def contract_response(supports: Any, p: Any) -> Any:
    """Return by how much cheaper contracts raise what firms buy at each place, a factor (float64[P])."""
    factor = np.ones(supports.size)
    for place in range(supports.size):
        support = supports[place]
        if support.voucher > 0.0 or support.brokerage > 0.0:
            price = (1.0 - support.voucher) * (1.0 - support.brokerage)
            factor[place] = price**-p.voucher_response
    return factor


@rule
def settle(
    firm: Any,
    age: int,
    key: np.uint64,
    place: Any,
    nation: Any,
    support: Any,
    more_contracts: float,
    member: bool,
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
    if member:
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
    trait = uniform(stream(seed, firm.id, 0), Purpose.UPGRADE_TRAIT)
    before = firm.cash
    subsidy = upgrade(firm, uniform(key, Purpose.UPGRADE), trait, support, p)
    ledger.suppliers += subsidy - (firm.cash - before)
    stat.upgrade_subsidies += subsidy


@rule
def seek_project(firm: Any, age: int, key: np.uint64, support: Any, p: Any, stat: Any, ledger: Any) -> None:
    """Let a young technology firm win an exploratory project."""
    if may_explore(firm, age, YOUNG):
        stat.explorers += 1.0
        if uniform(key, Purpose.PROJECT) < support.frontier:
            ledger.owners += start_exploring(firm, p)
            stat.frontier_money += p.frontier_grant


@rule
def patent(firm: Any, key: np.uint64, place: Any, nation: Any, log_pool: float, p: Any, stat: Any) -> None:
    """Invent and file; move filings through the two stages of examination; let old patents lapse."""
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
        u = uniform(key, Purpose.INVENTION)
        if u > 1.0 - highest_invention_rate(firm, place, log_pool, p):  # few draws lie there
            filings = poisson(invention_rate(firm, place, log_pool, p), u)
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
    stat.firms += 1.0
    if firm.kind == 0:
        stat.industrial_firms += 1.0
        stat.industrial_rd_firms += firm.does_rd
    else:
        stat.technology_firms += 1.0
    stat.rd_firms += firm.does_rd
    stat.high_tech_enterprises += 1.0 if firm.certificate > 0 else 0.0
    stat.tech_smes += firm.tech_sme
    stat.young_firms += 1.0 if age < 20 else 0.0
    if age == 4:
        stat.lived_1 += 1.0
    elif age == 12:
        stat.lived_3 += 1.0
    elif age == 20:
        stat.lived_5 += 1.0
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
