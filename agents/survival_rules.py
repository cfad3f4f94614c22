"""Firm rules on life and death: paying the bills, and leaving."""

from typing import Any

from agents.compiling import rule
from agents.elementary import exp
from agents.market_rules import margin
from agents.quantiles import poisson
from agents.research_rules import credit_room, extra_deduction, income_tax_rate
from agents.venture_rules import set_aside

MOST_BY_SIZE = 1.2
"""Bound on how much more often than at the reference size a small firm closes (assumption)."""


@rule
def operating_surplus(firm: Any, shock: float, p: Any) -> float:
    """Return revenue less running costs before R&D, interest and tax."""
    return float((margin(firm, p) + p.margin_spread * shock) * firm.revenue - p.overhead)


@rule
def income_tax(firm: Any, surplus: float, reported: float, nation: Any) -> float:
    """Return the tax of the quarter on surplus less R&D with its extra deduction."""
    taxable = surplus - reported * (1.0 + extra_deduction(firm, nation))
    return max(0.0, taxable) * income_tax_rate(firm, 4.0 * (surplus - reported), nation)


@rule
def balance(firm: Any, age: int, place: Any, support: Any, p: Any) -> float:
    """Cover a shortfall with credit, repay from plenty; return new loans less repayments."""
    if firm.cash < 0.0:
        loan = min(-firm.cash, credit_room(firm, age, place, support, p))
        firm.cash += loan
        firm.debt += loan
        return float(loan)
    if firm.debt > 0.0:
        spare = firm.cash - set_aside(firm) - p.cash_buffer * firm.revenue
        if spare > 0.0:
            repaid = min(firm.debt, 0.5 * spare)
            firm.cash -= repaid
            firm.debt -= repaid
            return float(-repaid)
    return 0.0


@rule
def dividend(firm: Any, p: Any) -> float:
    """Return cash above the target that goes to the owners; venture-backed firms put it into growth."""
    spare = firm.cash - set_aside(firm) - p.cash_target * firm.revenue
    if spare <= 0.0 or firm.debt > 0.0:
        return 0.0
    plenty = float(p.payout * spare)
    for_growth = plenty if firm.equity > 0.0 else 0.0
    firm.for_growth += for_growth
    firm.cash -= plenty - for_growth
    return plenty - for_growth


@rule
def hazard_by_age(age: int, p: Any) -> float:
    """Return the yearly exit hazard of a registered firm in its n-th quarter after birth (SAIC 2013)."""
    if age <= 4:
        return float(p.exit_hazard_1)
    if age <= 8:
        return float(p.exit_hazard_2)
    if age <= 12:
        return float(p.exit_hazard_3)
    if age <= 28:
        return float(p.exit_hazard_4_7)
    return float(p.exit_hazard_later)


@rule
def exit_chance(firm: Any, age: int, place: Any, mentoring: float, p: Any) -> float:
    """Return the chance that the firm closes in this quarter.

    The hazard of its age, falling with log size (Dunne, Roberts & Samuelson 1989: plants fail less often the
    larger they are) and lower for mentored tenants, higher without money: a firm that cannot pay closes
    within about a year.
    """
    by_size = exp(-p.exit_size_slope * (firm.scale - p.log_reference_size_small))
    hazard = hazard_by_age(age, p) * place.exit_pressure * min(MOST_BY_SIZE, by_size)
    if firm.tenant > 0:
        hazard *= 1.0 - mentoring
    if firm.cash < 0.0:
        hazard += p.insolvency
    return min(1.0, 0.25 * float(hazard))


@rule
def closes(firm: Any, age: int, place: Any, mentoring: float, u: float, p: Any) -> bool:
    """Return whether the firm closes in this quarter, at quantile `u` of its chance."""
    return u < exit_chance(firm, age, place, mentoring, p)


@rule
def expected_spin_offs(firm: Any, p: Any) -> float:
    """Return how many firms of their own its researchers leave to found in a quarter, on average."""
    return 0.25 * float(p.spin_off_rate * firm.researchers)


@rule
def spin_offs(firm: Any, u: float, p: Any) -> int:
    """Return how many firms of their own its researchers leave to found in this quarter (Poisson)."""
    return poisson(expected_spin_offs(firm, p), u)
