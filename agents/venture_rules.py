"""Firm rules on venture money: a round is set aside for R&D and for growth, and spent while it lasts."""

from typing import Any

from agents.compiling import rule


@rule
def set_aside(firm: Any) -> float:
    """Return the venture money that is not spent yet."""
    return float(firm.for_rd + firm.for_growth)


@rule
def cover_losses(firm: Any) -> None:
    """Let losses that own cash cannot bear eat into the money of rounds."""
    unspent = set_aside(firm)
    own = max(0.0, float(firm.cash))
    if unspent > own:
        left = own / unspent
        firm.for_rd *= left
        firm.for_growth *= left


@rule
def receive_round(firm: Any, amount: float, rd_share: float) -> None:
    """Take a round: the part agreed upon is for R&D, the rest for growth; losses come first."""
    firm.cash += amount
    firm.equity += amount
    firm.for_rd += rd_share * amount
    firm.for_growth += (1.0 - rd_share) * amount
    cover_losses(firm)


@rule
def spend_on_rd(firm: Any, p: Any) -> float:
    """Take from rounds what they pay for R&D in this quarter, a part of what is left; return it."""
    spent = p.round_burn * firm.for_rd
    firm.for_rd -= spent
    return float(spent)


@rule
def expand(firm: Any, p: Any) -> float:
    """Spend venture money on growth; return what was spent. Natural size follows."""
    if firm.for_growth <= 0.0:
        return 0.0
    spent = p.round_burn * firm.for_growth
    firm.for_growth -= spent
    firm.cash -= spent
    firm.scale += p.expansion_return * min(1.0, spent / (4.0 * firm.revenue))
    return float(spent)
