"""The first pass over all firms in a quarter: they renew ideas, bid for demand and choose their R&D.

Between this pass and the second (`simulation.operating`) the markets for goods and for researchers clear
(`simulation.markets`). Firms know of others only what was published at the end of the last quarter, so their
order does not matter. How a pass goes through tiles of firms is told in `agents.blocks`.
"""

from typing import Any, NamedTuple

import numpy as np

from agents.blocks import end_of_stretch, firm_row
from agents.compiling import rule, stage
from agents.elementary import exp
from agents.market_rules import grow, log_productivity
from agents.quantiles import unit_shock
from agents.research_rules import invest, renew_opportunity
from agents.rows import fixed
from agents.support_rules import grant_priority, newly_in_park
from agents.table_rows import fetch_ahead, tile_of
from agents.tiles import TILE
from simulation.randomness import Purpose, stream, uniform


class Plans(NamedTuple):
    """What firms' plans add up to; what threads do side by side is added up apart (`agents.blocks`)."""

    bids: np.ndarray  # [C, F] for demand
    contribution: np.ndarray  # [C, F] log productivity, weighted by bids
    payroll: np.ndarray  # [C] money offered to researchers


def no_plans(cities: int, fields: int) -> Plans:
    """Return plans to which nobody has added yet."""
    return Plans(np.zeros((cities, fields)), np.zeros((cities, fields)), np.zeros(cities))


@stage
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
    block: Any,
    plans: Any,
) -> None:
    """First pass over the firms of some `cities` (bool[C]): opportunity, size, bid for demand, R&D budget.

    Adds to `plans`; the `block` is memory to work in.
    """
    bids, contribution, payroll = plans.bids, plans.contribution, plans.payroll
    nation, p = nation_row[0], parameters[0]
    laws, constants = fixed(nation), fixed(p)
    end = 0
    while end < count:
        start = end
        end = end_of_stretch(firms, start, count)
        place, support = places[firms[start].place], supports[firms[start].place]
        if not cities[place.city]:
            continue
        tile, first = tile_of(firms, start // TILE), start % TILE
        last = first + end - start
        _renew(tile, block, first, last, seed, quarter, constants)
        if quarter % 4 == 0:
            _award_grants(tile, block, first, last, seed, support, p)
        _choose_rd(tile, block, first, last, place, laws, support, constants)
        for_researchers = payroll[place.city]
        for k in range(first, last):
            firm = firm_row(tile, block, k)
            fetch_ahead(firms, start // TILE + 2, k)
            bids[place.city, firm.field] += firm.weight
            contribution[place.city, firm.field] += firm.weight * firm.contribution
            for_researchers += constants.wage_share * firm.rd
        payroll[place.city] = for_researchers


@rule
def _renew(tile: Any, block: Any, first: int, last: int, seed: int, quarter: int, p: Any) -> None:
    """Move opportunity and natural size, and weigh each firm's bid for demand."""
    p = fixed(p)
    for k in range(first, last):
        firm = firm_row(tile, block, k)
        firm.key = stream(seed, firm.id, quarter)
        firm.age = quarter - firm.birth
        renew_opportunity(firm, unit_shock(uniform(firm.key, Purpose.OPPORTUNITY)), p)
        grow(firm, firm.age, uniform(firm.key, Purpose.GROWTH), p)
    for k in range(first, last):
        firm = firm_row(tile, block, k)
        firm.contribution = log_productivity(firm, p)
        firm.weight = exp(firm.scale + firm.contribution) if firm.alive == 1 else 0.0


@stage
def _award_grants(tile: Any, block: Any, first: int, last: int, seed: int, support: Any, p: Any) -> None:
    for k in range(first, last):
        firm = firm_row(tile, block, k)
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


@rule
def _choose_rd(
    tile: Any, block: Any, first: int, last: int, place: Any, nation: Any, support: Any, p: Any
) -> None:
    place, nation, support, p = fixed(place), fixed(nation), fixed(support), fixed(p)
    for k in range(first, last):
        firm = firm_row(tile, block, k)
        invest(firm, firm.age, place, nation, support, p)
        _rest_if_closed(firm)


@rule
def _rest_if_closed(firm: Any) -> None:
    """Let a closed firm plan nothing: whatever it still is, it bids for nothing and does no R&D."""
    alive = firm.alive == 1
    firm.does_rd = firm.does_rd if alive else 0
    firm.seeks_equity = firm.seeks_equity if alive else 0
    firm.rd = firm.rd if alive else 0.0
    firm.project_rd = firm.project_rd if alive else 0.0
    firm.venture_rd = firm.venture_rd if alive else 0.0
