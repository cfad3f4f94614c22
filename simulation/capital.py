"""The market for venture capital: firms that cannot finance their plans meet funds that look for deals."""

from typing import Any

import numpy as np

from agents.compiling import rule
from simulation.geography import Geography, halved
from simulation.randomness import Purpose, stream, uniform

HOLDING = np.dtype([("firm", "u8"), ("row", "i4"), ("fund", "i4"), ("cost", "f8"), ("quarter", "i4")])

MIN_TICKET, MAX_TICKET = 100.0, 10_000.0
"""Smallest and largest round, 10 000 CNY (assumption; Ningbo's angel fund put in 93 a firm, others 1 001)."""


def fund_reach(geography: Geography, minutes: np.ndarray, p: np.void) -> np.ndarray:
    """Return the share of a fund's money (row: its city) that looks for deals in each city (column)."""
    weight = halved(minutes, 90.0)
    weight[np.diag_indices_from(weight)] *= p["local_bias"]
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


@rule
def ticket(firm: Any, p: Any) -> float:
    """Return the money that a firm asks for: some quarters of R&D and of growth."""
    return min(MAX_TICKET, max(MIN_TICKET, p.deal_size * (firm.rd + p.growth_capital * firm.revenue)))


@rule
def screening(firm: Any) -> float:
    """Return how well a firm stands funds' screening (0-1): the better its opportunity, the better."""
    return 1.0 / (1.0 + np.exp(-1.5 * (float(firm.opportunity) - 1.5)))


@rule
def demand_for_capital(firms: Any, seekers: Any, cities: int, p: Any) -> Any:
    """Return by city the money asked for by firms, each counted as far as it stands funds' screening.

    `seekers` are rows of firms that look for equity; the result is float64[C].
    """
    asked = np.zeros(cities)
    for i in seekers:
        if firms[i].alive == 1:
            asked[firms[i].city] += screening(firms[i]) * ticket(firms[i], p)
    return asked


@rule
def make_deals(
    firms: Any,
    seekers: Any,
    seed: int,
    quarter: int,
    asked: Any,
    supply: Any,
    powder: Any,
    weight: float,
    p: Any,
    holdings: Any,
) -> int:
    """Match seekers with funds; return the number of deals written to `holdings`.

    Parameters
    ----------
    supply : float64[F, C]
        Money of each fund that looks for deals in each city, in this quarter.
    powder : float64[F]
        Money that each fund still has; deals are taken from it.
    weight : float
        Firms that one simulated firm stands for.
    """
    deals = 0
    funds = supply.shape[0]
    total = supply.sum(axis=0)
    for i in seekers:
        firm = firms[i]
        if deals == holdings.size or firm.alive == 0:
            continue
        key = stream(seed, firm.id, quarter)
        offered = total[firm.city] / max(1e-9, asked[firm.city] * weight)
        if uniform(key, Purpose.DEAL) >= screening(firm) * min(p.deal_rate, offered):
            continue
        amount = ticket(firm, p)
        u = uniform(key, Purpose.DEAL_FUND) * total[firm.city]
        fund = 0
        while fund < funds - 1 and u >= supply[fund, firm.city]:
            u -= supply[fund, firm.city]
            fund += 1
        if powder[fund] < amount * weight:
            continue
        powder[fund] -= amount * weight
        firm.cash += amount
        firm.equity += amount
        holding = holdings[deals]
        holding.firm, holding.row, holding.fund, holding.cost, holding.quarter = (
            firm.id,
            i,
            fund,
            amount * weight,
            quarter,
        )
        deals += 1
    return deals


@rule
def exit_skill(public_share: float, p: Any) -> float:
    """Return a fund's rate of exits relative to a private one.

    A parabola in the public share: one if all is private, the most at `public_share_peak` (Brander, Du &
    Hellmann 2010), `public_exit_penalty` if all is public (Li 2023).
    """
    curve = (1.0 - p.public_exit_penalty) / (1.0 - 2.0 * p.public_share_peak)
    return float(1.0 + curve * public_share * (2.0 * p.public_share_peak - public_share))


@rule
def review_holdings(
    firms: Any,
    holdings: Any,
    count: int,
    seed: int,
    quarter: int,
    public_share: Any,
    p: Any,
    proceeds: Any,
    cost: Any,
    lost: Any,
) -> int:
    """Sell, write off or keep each holding; return how many are kept (moved to the front).

    After two years a holding is sold at a yearly rate that rises with the firm's opportunity and the fund's
    skill.
    """
    kept = 0
    for h in range(count):
        holding = holdings[h]
        fund = holding.fund
        gone = holding.row < 0
        if not gone:
            gone = firms[holding.row].alive == 0
        if gone:
            lost[fund] += holding.cost
            continue
        if quarter - holding.quarter >= 8:
            firm = firms[holding.row]
            skill = exit_skill(public_share[fund], p)
            chance = 0.25 * p.holding_exit_rate * skill * 2.0 / (1.0 + np.exp(-firm.opportunity))
            if uniform(stream(seed, holding.firm, quarter), Purpose.EXIT_DEAL) < chance:
                proceeds[fund] += p.exit_multiple * holding.cost
                cost[fund] += holding.cost
                continue
        if kept != h:
            slot = holdings[kept]
            slot.firm, slot.row, slot.fund, slot.cost, slot.quarter = (
                holding.firm,
                holding.row,
                holding.fund,
                holding.cost,
                holding.quarter,
            )
        kept += 1
    return kept
