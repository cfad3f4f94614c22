"""Firm rules on support by place and field: who is inside a park, who is coached, smart upgrading."""

from typing import Any

from agents.compiling import rule
from agents.market_rules import TRADITIONAL_FIELD

PROJECT_BY_SUBSIDY = 1
PROJECT_ANYWAY = 2


@rule
def newly_in_park(site: float, support: Any) -> bool:
    """Return whether zone policy has come to the firm; `site` (0-1) is where it stands, once and for all.

    Firms on the first sites were inside before; what that does for them is part of today's conditions.
    """
    return bool(support.park_from <= site < support.park_to)


@rule
def coaching_reach(focus: float, in_park: bool, support: Any) -> float:
    """Return the chance that a firm is coached: by programmes or in its park, by the `focus` on its field."""
    reach = support.cultivation_reach
    if in_park:
        reach += (1.0 - reach) * support.park_coaching
    return min(1.0, float(reach * focus))


@rule
def grant_priority(firm: Any, in_park: bool, support: Any) -> float:
    """Return the firm's chance of a grant relative to an even one."""
    return float(support.focus[firm.field] * (1.0 + support.park_priority if in_park else 1.0))


@rule
def can_upgrade(firm: Any) -> bool:
    """Return whether a smart-upgrading programme is open to the firm: traditional industry, once."""
    return bool(firm.kind == 0 and firm.field >= TRADITIONAL_FIELD and firm.upgraded == 0)


@rule
def upgrade(firm: Any, u: float, trait: float, support: Any, p: Any) -> float:
    """Carry out a smart-upgrading project if it is the firm's turn; return the subsidy.

    Some projects would have come without a subsidy: their cost and effect are part of today's conditions, so
    that their subsidy is a windfall. The others cost the firm its own part and make it more productive and
    readier for R&D; a few (`trait`, a draw for life) then make products of the high-tech catalogue.
    """
    if u >= 0.25 * support.upgrade_rate:
        return 0.0
    cost = p.upgrade_cost * 4.0 * firm.revenue
    subsidy = support.upgrade_subsidy * cost
    if u >= 0.25 * support.upgrade_extra:
        firm.upgraded = PROJECT_ANYWAY
        firm.cash += subsidy
        return float(subsidy)
    if firm.cash < cost - subsidy:
        return 0.0
    firm.cash -= cost - subsidy
    firm.scale += p.upgrade_gain
    firm.upgraded = PROJECT_BY_SUBSIDY
    if trait < p.upgrade_hightech:
        firm.catalogue = 1
    return float(subsidy)
