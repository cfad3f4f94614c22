"""The first pass over all firms in a quarter: they renew ideas, bid for demand and choose their R&D.

Between this pass and the second (`simulation.operating`) the markets for goods and for researchers clear
(`simulation.markets`). Firms know of others only what was published at the end of the last quarter, so their
order does not matter. What a pass does by the block of firms is told in `agents.blocks`.
"""

from typing import Any

import numpy as np

from agents.blocks import BLOCK, firm_row, new_block, next_firms
from agents.compiling import loop, rule
from agents.elementary import exp
from agents.market_rules import grow, log_productivity
from agents.quantiles import unit_shock
from agents.research_rules import invest, renew_opportunity
from agents.rows import fetch, fixed, putting_back, taking
from agents.support_rules import grant_priority, newly_in_park
from simulation.randomness import Purpose, stream, uniform

OLDEST_FOR_FUNDS = 40
"""Quarters of age after which venture funds no longer look at a firm (assumption)."""

_take_up = taking(
    *("id", "scale", "opportunity", "revenue", "rd", "project_rd", "venture_rd", "knowledge", "cash", "debt"),
    *("for_rd", "for_growth", "grant", "patents", "birth", "field", "kind", "certificate", "tech_sme"),
    *("does_rd", "exploring", "upgraded"),
)
_put_back = putting_back(
    *("scale", "opportunity", "weight", "rd", "project_rd", "venture_rd", "for_rd", "for_growth", "grant"),
    *("does_rd", "exploring", "seeks_equity"),
)


@loop
def plan_firms(
    firms: Any,
    count: int,
    cities: Any,
    seed: int,
    quarter: int,
    places: Any,
    nation_row: Any,
    supports: Any,
    parameters: Any,
    bids: Any,
    productivity: Any,
    payroll: Any,
    seekers: Any,
) -> int:
    """First pass over the firms of some `cities` (bool[C]): opportunity, size, bid for demand, R&D budget.

    Adds up by city and field the bids and log productivity weighted by them, by city the money offered to
    researchers; returns the number of rows written to `seekers`, the firms that look for equity.
    """
    nation, p = nation_row[0], parameters[0]
    seeking = start = 0
    block, rows = new_block(), np.empty(BLOCK, dtype=np.int64)
    while start < count:
        at = firms[start].place
        place, support = places[at], supports[at]
        start, size = next_firms(firms, start, count, rows)
        if not cities[place.city]:
            continue
        for k in range(size):
            _take_up(firm_row(block, k), firms[rows[k]])
        _renew(block, size, seed, quarter, p)
        if quarter % 4 == 0:
            _award_grants(block, size, seed, support, p)
        _choose_rd(block, size, place, nation, support, p)
        for k in range(size):
            fetch(firms, rows[k] + BLOCK)
            firm = firm_row(block, k)
            bids[place.city, firm.field] += firm.weight
            productivity[place.city, firm.field] += firm.weight * firm.contribution
            payroll[place.city] += p.wage_share * firm.rd
            if seeking < seekers.size:
                seekers[seeking] = rows[k]
                seeking += firm.seeks_equity == 1 and firm.kind == 1 and firm.age <= OLDEST_FOR_FUNDS
            _put_back(firm, firms[rows[k]])
    return seeking


@loop
def _renew(block: Any, size: int, seed: int, quarter: int, p: Any) -> None:
    """Move opportunity and natural size, and weigh each firm's bid for demand."""
    p = fixed(p)
    for k in range(size):
        firm = firm_row(block, k)
        firm.key = stream(seed, firm.id, quarter)
        firm.age = quarter - firm.birth
        renew_opportunity(firm, unit_shock(uniform(firm.key, Purpose.OPPORTUNITY)), p)
        grow(firm, firm.age, uniform(firm.key, Purpose.GROWTH), p)
    for k in range(size):
        firm = firm_row(block, k)
        firm.contribution = log_productivity(firm, p)
        firm.weight = exp(firm.scale + firm.contribution)


@loop
def _award_grants(block: Any, size: int, seed: int, support: Any, p: Any) -> None:
    for k in range(size):
        firm = firm_row(block, k)
        priority = grant_priority(firm, in_park(firm, seed, support), support)
        win_grant(firm, uniform(firm.key, Purpose.GRANT), priority, p)


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


@loop
def _choose_rd(block: Any, size: int, place: Any, nation: Any, support: Any, p: Any) -> None:
    place, nation, support, p = fixed(place), fixed(nation), fixed(support), fixed(p)
    for k in range(size):
        firm = firm_row(block, k)
        invest(firm, firm.age, place, nation, support, p)
