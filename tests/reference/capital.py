"""Venture capital: firms that seek money meet funds, and funds part with what they hold."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.fund import VentureFund, seed_gain
from reference.distance import fading
from reference.firm import ReferenceFirm
from simulation.budgets import FOR_FUNDS, FOR_LOSSES, pay_for

if TYPE_CHECKING:
    from reference.model import ReferenceModel

SMALLEST_ROUND, LARGEST_ROUND = 100.0, 10_000.0
LOCK_UP = 8  # quarters before a holding can be sold
BETWEEN_ROUNDS = 4  # quarters at least
SEED, EARLY, GROWTH = range(3)


@dataclass(frozen=True)
class Holding:
    """What a fund holds of a firm from one round, and what the firm was then."""

    firm: ReferenceFirm
    fund: VentureFund
    cost: float
    quarter: int
    stage: int
    revenue: float
    rights: int


def rights_of(firm: ReferenceFirm) -> int:
    """Return its patents and filings."""
    return firm.filed + firm.examined + firm.patents


def next_round(model: "ReferenceModel", firm: ReferenceFirm, last: Holding | None) -> int | None:
    """Return the stage at which funds would finance the firm now, None if they would not."""
    if last is None:
        was_sold = firm.equity > 0.0
        return None if was_sold else SEED if firm.age <= 12 else EARLY
    grew = firm.revenue >= last.revenue * (1.0 + firm.p.milestone_growth)
    invented = rights_of(firm) > last.rights
    if model.quarter < last.quarter + BETWEEN_ROUNDS or not (grew or invented):
        return None
    return min(GROWTH, last.stage + 1)


def asks_for(firm: ReferenceFirm, stage: int) -> float:
    """Return the round that a firm wants: quarters of R&D and growth, more with every stage."""
    wish = firm.p.deal_size * (firm.rd + firm.p.growth_capital * firm.revenue)
    return max(SMALLEST_ROUND, min(LARGEST_ROUND, wish * firm.p.ticket_step ** (stage - 1)))


def stands_screening(firm: ReferenceFirm) -> float:
    """Return the chance that a firm convinces funds."""
    return 1.0 / (1.0 + math.exp(1.5 * (1.5 - firm.opportunity)))


def run_funds(model: "ReferenceModel") -> None:
    """Raise money, make deals, sell or write off holdings, close the quarter's books."""
    p, quarter = model.p, model.quarter
    plenty = float(model.outlook.vc_supply[quarter // 4])
    proceeds, cost, lost = (float(amount) for amount in model.seed_record)
    closed = max(1e-9, cost + lost)
    gains = [seed_gain(offer, proceeds / closed, lost / closed, p) for offer in model.offers]
    model.seed_interest = [model.constants.seed_supply_elasticity * gain for gain in gains]
    for fund, guidance in zip(model.funds, model.guidance_funds, strict=True):
        offer, wanted = model.offers[fund.city], _near(model, fund)
        fund.seed_interest = sum(near * more for near, more in zip(wanted, model.seed_interest, strict=True))
        private, public = fund.raise_money(offer, guidance.balance + offer.public, plenty, p)
        pay_for(model, fund.city, FOR_FUNDS, guidance.commit(public))
        model.outside["lps"] -= private
    rounds = _make_deals(model)
    for h in rounds:
        _forgo_tax(model, h)
    model.holdings += rounds
    closing = [(h, _fate(model, h)) for h in model.holdings]
    model.holdings = [h for h, fate in closing if fate == "kept"]
    model.seed_losses = np.zeros(len(model.cities))
    for fund in model.funds:
        made = [h for h in rounds if h.fund is fund]
        sold = [h for h, fate in closing if h.fund is fund and fate == "sold"]
        gone = [h for h, fate in closing if h.fund is fund and fate == "lost"]
        for h in sold:
            model.seed_record[:2] += np.array([p["exit_multiple"], 1.0]) * h.cost * (h.stage == SEED)
        for h in gone:
            model.seed_record[2] += h.cost * (h.stage == SEED)
            model.seed_losses[h.firm.city] += h.cost * (h.stage == SEED) * (1.0 - fund.public_share)
        seeds = total([h for h in made if h.stage == SEED])
        received = float(p["exit_multiple"]) * total(sold)
        public = fund.settle(total(made), seeds, received, total(sold), total(gone))
        model.guidance_funds[fund.city].receive(public, fund.public_share * total(gone))
        to_partners = received + fund.run_off(p)
        model.outside["markets"] -= to_partners
        model.outside["lps"] += to_partners - public
    for city, offer in enumerate(model.offers):
        if offer.compensation > 0.0:
            due = offer.compensation * float(model.seed_losses[city])
            model.outside["lps"] += pay_for(model, city, FOR_LOSSES, due)


def total(holdings: list[Holding]) -> float:
    """Return what holdings cost."""
    return sum(holding.cost for holding in holdings)


def _forgo_tax(model: "ReferenceModel", made: Holding) -> None:
    """The treasury waits for tax that angels need not pay."""
    relief, p = model.offers[made.firm.city].relief, model.constants
    if relief and made.stage == SEED:
        forgone = relief * p.gains_tax * p.angel_share * made.cost * (1.0 - made.fund.public_share)
        model.governing[made.firm.city].forgo("angel_tax_relief", forgone)
        model.outside["treasury"] -= forgone
        model.outside["lps"] += forgone


def _make_deals(model: "ReferenceModel") -> list[Holding]:
    """Match seekers with funds; money goes where firms ask for it, sooner near the fund."""
    p, weight = model.constants, 1.0 / model.scale
    last = {holding.firm: holding for holding in model.holdings}
    seekers = [(firm, next_round(model, firm, last.get(firm))) for firm in model.seekers if firm.alive]
    seekers = [(firm, stage) for firm, stage in seekers if stage is not None]
    asked = [0.0] * len(model.cities)
    for firm, stage in seekers:
        asked[firm.city] += weight * stands_screening(firm) * asks_for(firm, stage)
    supply = {fund: _looks_in(model, fund) for fund in model.funds}
    offered = [sum(money[city] for money in supply.values()) for city in model.cities]
    eager = {fund: fund.spend_seed_purse(model.p) for fund in model.funds}
    spent = dict.fromkeys(model.funds, 0.0)
    rounds: list[Holding] = []
    for firm, stage in seekers:
        draw, city = firm.draws(), firm.city
        chance = stands_screening(firm) * min(p.deal_rate, offered[city] / max(1e-9, asked[city]))
        if stage == SEED:
            chance *= sum(eager[fund] * money[city] for fund, money in supply.items()) / offered[city]
            chance *= 1.0 + model.seed_interest[city]
        if draw.uniform("DEAL") >= chance:
            continue
        fund = _whose(model, {f: money[city] for f, money in supply.items()}, draw.uniform("DEAL_FUND"))
        money = asks_for(firm, stage)
        if fund.dry_powder - spent[fund] < money * weight:
            continue
        spent[fund] += money * weight
        firm.cash += money
        firm.equity += money
        for_rd = money * p.round_rd_share * p.round_rd_step**stage
        firm.for_rd += for_rd
        firm.for_growth += money - for_rd
        firm.bear_losses()
        rounds.append(
            Holding(firm, fund, money * weight, model.quarter, stage, firm.revenue, rights_of(firm))
        )
    model.deals = len(rounds)
    model.venture_money, model.seed_rounds = np.zeros(len(model.local)), np.zeros(len(model.local))
    model.invested = np.zeros((len(model.cities), len(model.cities)))
    for made in rounds:
        model.invested[made.fund.city, made.firm.city] += made.cost
        model.venture_money[made.firm.place] += made.cost
        model.seed_rounds[made.firm.place] += weight * (made.stage == SEED)
    return rounds


def _looks_in(model: "ReferenceModel", fund: VentureFund) -> list[float]:
    """Return the money that a fund looks to place in each city in this quarter."""
    return [fund.budget(model.p) * share for share in _near(model, fund)]


def _near(model: "ReferenceModel", fund: VentureFund) -> list[float]:
    """Return the share of its attention that a fund gives to each city."""
    near = [fading(float(model.minutes[fund.city][city]), 90.0) for city in model.cities]
    near[fund.city] *= model.constants.local_bias
    return [weight / sum(near) for weight in near]


def _whose(model: "ReferenceModel", money: dict[VentureFund, float], u: float) -> VentureFund:
    """Return the fund whose money it is, drawn in proportion to what each has for the city."""
    left = u * sum(money.values())
    for fund, part in money.items():
        if left < part:
            return fund
        left -= part
    return model.funds[-1]


def _fate(model: "ReferenceModel", holding: Holding) -> str:
    """Write off what has closed; sell good firms and late stages sooner, and best with mixed partners."""
    p, firm, fund = model.constants, holding.firm, holding.fund
    if not firm.alive:
        return "lost"
    if model.quarter - holding.quarter < LOCK_UP:
        return "kept"
    public, peak = fund.public_share, p.public_share_peak
    depth = (1.0 - p.public_exit_penalty) / ((1.0 - peak) ** 2 - peak**2)  # of a parabola around the peak
    skill = 1.0 + depth * (peak**2 - (public - peak) ** 2)
    stage = max(h.stage for h in model.holdings if h.firm is firm)
    quality = 2.0 / (1.0 + math.exp(-firm.opportunity))
    yearly = p.holding_exit_rate * p.exit_step ** (stage - 1) * skill * quality
    return "sold" if firm.draws().uniform("EXIT_DEAL") < 0.25 * yearly else "kept"
