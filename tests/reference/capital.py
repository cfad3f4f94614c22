"""Venture capital: firms that seek money meet funds, and funds part with what they hold."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.fund import VentureFund
from reference.distance import fading
from reference.firm import ReferenceFirm
from simulation.budgets import FOR_FUNDS, pay_for

if TYPE_CHECKING:
    from reference.model import ReferenceModel

SMALLEST_ROUND, LARGEST_ROUND = 100.0, 10_000.0
LOCK_UP = 8  # quarters before a holding can be sold


@dataclass(frozen=True)
class Holding:
    """What a fund holds of a firm."""

    firm: ReferenceFirm
    fund: VentureFund
    cost: float
    quarter: int


def asks_for(firm: ReferenceFirm) -> float:
    """Return the round that a firm wants: quarters of R&D and growth."""
    wish = firm.p.deal_size * (firm.rd + firm.p.growth_capital * firm.revenue)
    return max(SMALLEST_ROUND, min(LARGEST_ROUND, wish))


def stands_screening(firm: ReferenceFirm) -> float:
    """Return the chance that a firm convinces funds."""
    return 1.0 / (1.0 + math.exp(1.5 * (1.5 - firm.opportunity)))


def run_funds(model: "ReferenceModel") -> None:
    """Raise money, make deals, sell or write off holdings, close the quarter's books."""
    p, quarter = model.p, model.quarter
    plenty = float(model.outlook.vc_supply[quarter // 4])
    for fund, guidance in zip(model.funds, model.guidance_funds, strict=True):
        offer = model.offers[fund.city]
        private, public = fund.raise_money(offer, guidance.balance + offer.public, plenty, p)
        pay_for(model, fund.city, FOR_FUNDS, guidance.commit(public))
        model.outside["lps"] -= private
    invested = _make_deals(model)
    proceeds, cost, lost = (dict.fromkeys(model.funds, 0.0) for _ in range(3))
    model.holdings = [h for h in model.holdings if _is_kept(model, h, proceeds, cost, lost)]
    for fund in model.funds:
        public = fund.settle(invested[fund], proceeds[fund], cost[fund], lost[fund])
        model.guidance_funds[fund.city].receive(public, fund.public_share * lost[fund])
        to_partners = proceeds[fund] + fund.run_off(p)
        model.outside["markets"] -= to_partners
        model.outside["lps"] += to_partners - public


def _make_deals(model: "ReferenceModel") -> dict[VentureFund, float]:
    """Match seekers with funds; money goes where firms ask for it, sooner near the fund."""
    p, weight = model.constants, 1.0 / model.scale
    seekers = [firm for firm in model.seekers if firm.alive]
    asked = [0.0] * len(model.cities)
    for firm in seekers:
        asked[firm.city] += weight * stands_screening(firm) * asks_for(firm)
    supply = {fund: _looks_in(model, fund) for fund in model.funds}
    offered = [sum(money[city] for money in supply.values()) for city in model.cities]
    spent = dict.fromkeys(model.funds, 0.0)
    model.deals = 0
    for firm in seekers:
        draw = firm.draws()
        served = min(p.deal_rate, offered[firm.city] / max(1e-9, asked[firm.city]))
        if draw.uniform("DEAL") >= stands_screening(firm) * served:
            continue
        fund = _whose(model, {f: money[firm.city] for f, money in supply.items()}, draw.uniform("DEAL_FUND"))
        money = asks_for(firm)
        if fund.dry_powder - spent[fund] < money * weight:
            continue
        spent[fund] += money * weight
        firm.cash += money
        firm.equity += money
        model.holdings.append(Holding(firm, fund, money * weight, model.quarter))
        model.deals += 1
    return spent


def _looks_in(model: "ReferenceModel", fund: VentureFund) -> list[float]:
    """Return the money that a fund looks to place in each city in this quarter."""
    near = [fading(float(model.minutes[fund.city][city]), 90.0) for city in model.cities]
    near[fund.city] *= model.constants.local_bias
    return [fund.budget(model.p) * weight / sum(near) for weight in near]


def _whose(model: "ReferenceModel", money: dict[VentureFund, float], u: float) -> VentureFund:
    """Return the fund whose money it is, drawn in proportion to what each has for the city."""
    left = u * sum(money.values())
    for fund, part in money.items():
        if left < part:
            return fund
        left -= part
    return model.funds[-1]


def _is_kept(
    model: "ReferenceModel",
    holding: Holding,
    proceeds: dict[VentureFund, float],
    cost: dict[VentureFund, float],
    lost: dict[VentureFund, float],
) -> bool:
    """Write off what has closed; sell good firms sooner, and best at a middling public share."""
    p, firm, fund = model.constants, holding.firm, holding.fund
    if not firm.alive:
        lost[fund] += holding.cost
        return False
    if model.quarter - holding.quarter < LOCK_UP:
        return True
    public, peak = fund.public_share, p.public_share_peak
    depth = (1.0 - p.public_exit_penalty) / ((1.0 - peak) ** 2 - peak**2)  # of a parabola around the peak
    skill = 1.0 + depth * (peak**2 - (public - peak) ** 2)
    quality = 2.0 / (1.0 + math.exp(-firm.opportunity))
    if firm.draws().uniform("EXIT_DEAL") >= 0.25 * p.holding_exit_rate * skill * quality:
        return True
    proceeds[fund] += p.exit_multiple * holding.cost
    cost[fund] += holding.cost
    return False
