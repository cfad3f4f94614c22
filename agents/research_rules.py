"""Firm rules on research: its user cost, the wish to do it, and what can be financed."""

from typing import Any

from agents.compiling import rule
from agents.elementary import exp, log
from agents.exploration_rules import exploratory_rd
from agents.market_rules import TRADITIONAL_FIELD, margin
from agents.support_rules import PROJECT_BY_SUBSIDY
from agents.venture_rules import set_aside, spend_on_rd

YOUNG = 24
"""Quarters of age up to which a firm counts as a start-up (assumption)."""
_REFERENCE_USER_COST = (1.0 - 0.25 * 1.5) / 0.75
"""B-index of 2015: rate of 25 %, half of R&D deducted on top."""


@rule
def income_tax_rate(firm: Any, profit_year: float, nation: Any) -> float:
    """Return the corporate income tax rate that the firm faces."""
    if firm.certificate > 0:
        return float(nation.hte_cit_rate)
    if profit_year <= nation.small_profit_limit:
        return float(nation.small_profit_rate)
    return float(nation.cit_rate)


@rule
def extra_deduction(firm: Any, nation: Any) -> float:
    """Return the share of R&D that is deducted on top of its full amount."""
    if firm.tech_sme == 1:
        return float(nation.super_deduction_sme)
    return float(nation.super_deduction)


@rule
def relative_user_cost(rate: float, deduction: float, matching: float) -> float:
    """Return the price of one yuan of R&D relative to the 2015 standard.

    The B-index is (1 - t(1 + s))/(1 - t) (Hall & Jorgenson 1967; Warda 2001); a matching grant that reaches
    R&D lowers it in proportion.
    """
    index = (1.0 - rate * (1.0 + deduction)) / (1.0 - rate)
    return index / _REFERENCE_USER_COST * (1.0 - matching)


@rule
def renew_opportunity(firm: Any, shock: float, p: Any) -> None:
    """Move technological opportunity: half heterogeneity, half chance (Arroyabe & Schumann 2022)."""
    firm.opportunity = p.opportunity_keep * firm.opportunity + p.opportunity_noise * shock


@rule
def log_incentive(firm: Any, place: Any, nation: Any, support: Any, p: Any) -> float:
    """Return the log of what taxes, grants, protection and surroundings do to the wished R&D intensity.

    A firm that upgraded by a subsidy is readier for R&D.
    """
    profit_year = 4.0 * (margin(firm, p) * firm.revenue - firm.rd)
    rate = income_tax_rate(firm, profit_year, nation)
    matching = firm.grant * place.grant_ratio * (1.0 - p.grant_misuse)
    cost = relative_user_cost(rate, extra_deduction(firm, nation), matching)
    drive = p.appropriability_gain * support.ip_enforcement
    if firm.upgraded == PROJECT_BY_SUBSIDY:
        drive += p.upgrade_readiness
    return float(place.rd_climate + drive - p.user_cost_elasticity * log(cost))


@rule
def size_above_reference(firm: Any, p: Any) -> float:
    """Return log natural size above that of the smallest above-scale firm, zero below it."""
    return max(0.0, float(firm.scale - p.log_reference_size))


@rule
def base_cut(firm: Any, place: Any) -> float:
    """Return the opportunity above which small firms of this kind do R&D."""
    return float(place.rd_cut_industrial if firm.kind == 0 else place.rd_cut_technology)


@rule
def spread_of_intensity(firm: Any, p: Any) -> float:
    """Return how far opportunity moves log intensity; large firms average over many products."""
    spread = p.opportunity_spread if firm.kind == 0 else p.opportunity_spread_technology
    above = size_above_reference(firm, p)
    return float(spread * exp(-p.size_volatility * above)) if above > 0.0 else float(spread)


@rule
def participate(firm: Any, incentive: float, cut: float, p: Any) -> None:
    """Start or stop R&D; sunk cost keeps a band in which neither happens (Máñez et al. 2009)."""
    signal = firm.opportunity + incentive / p.opportunity_spread
    stays, starts = signal >= cut - p.sunk_cost_band, signal > cut + p.sunk_cost_band
    firm.does_rd = 1 if (stays if firm.does_rd == 1 else starts) else 0
    firm.rd = firm.rd if firm.does_rd == 1 else 0.0


@rule
def lift(firm: Any, cut: float, incentive: float, p: Any) -> float:
    """Return wished R&D intensity relative to the place's base: field, opportunity and incentive."""
    field = p.traditional_rd if firm.field >= TRADITIONAL_FIELD else 1.0
    return float(field * exp(spread_of_intensity(firm, p) * (firm.opportunity - cut) + incentive))


@rule
def wished_intensity(firm: Any, place: Any, incentive: float, cut: float, p: Any) -> float:
    """Return the R&D intensity that equates the return and the user cost of R&D capital."""
    industrial = firm.kind == 0
    base = place.rd_base_industrial if industrial else place.rd_base_technology
    cap = p.intensity_cap_industrial if industrial else p.intensity_cap_technology
    return min(float(cap), float(base * lift(firm, cut, incentive, p)))


@rule
def adjust(intensity: float, wished: float, small: bool, p: Any) -> float:
    """Return the next R&D intensity: a partial step to what is wished; newcomers start half-way."""
    speed = p.speed_small if small else p.speed_large
    if intensity == 0.0:
        intensity = 0.5 * wished
    return intensity + speed * (wished - intensity)


@rule
def credit_room(firm: Any, age: int, place: Any, support: Any, p: Any) -> float:
    """Return the new debt that banks would grant.

    A line of credit grows with revenue and opens after three years; patents serve as collateral as far as
    pledge lending is offered; lending programmes add to the line of registered technology SMEs.
    """
    revenue_year = 4.0 * firm.revenue
    line = p.credit_line * revenue_year * (1.0 if age >= 12 else 0.3)
    line += p.pledge_value * support.ip_pledge_reach * firm.patents
    if firm.tech_sme == 1:
        line += support.credit_extra * 4.0 * firm.rd
    return max(0.0, line - float(firm.debt))


@rule
def invest(firm: Any, age: int, place: Any, nation: Any, support: Any, p: Any) -> None:
    """Set this quarter's R&D: a step towards the wished intensity, within what can be financed.

    A firm that cannot finance its plan looks for equity, and so does a young firm with a great opportunity
    that does not sit on a year's revenue of cash. Rounds of venture money and an exploratory project add
    what they have set aside for it.
    """
    own = firm.rd - firm.project_rd - firm.venture_rd
    firm.project_rd = firm.venture_rd = 0.0
    incentive = log_incentive(firm, place, nation, support, p)
    cut = base_cut(firm, place)
    participate(firm, incentive, cut - p.size_participation * size_above_reference(firm, p), p)
    firm.seeks_equity = 0
    if firm.does_rd == 0:
        firm.exploring = 0
        firm.for_growth += firm.for_rd
        firm.for_rd = 0.0
        return
    wished = wished_intensity(firm, place, incentive, cut, p)
    small = 4.0 * firm.revenue < p.small_firm_revenue
    plan = firm.revenue * adjust(own / firm.revenue, wished, small, p)
    room = credit_room(firm, age, place, support, p)
    income = margin(firm, p) * firm.revenue - p.overhead - 0.25 * p.interest * firm.debt
    savings = max(0.0, firm.cash - set_aside(firm))
    affordable = income + p.cash_for_rd * savings + p.credit_for_rd * room
    ambitious = age <= YOUNG and firm.opportunity > p.ambition and firm.cash < 4.0 * firm.revenue
    if plan > affordable or ambitious:
        firm.seeks_equity = 1
    firm.project_rd = exploratory_rd(firm, p)
    firm.venture_rd = spend_on_rd(firm, p)
    firm.rd = max(0.0, min(plan, float(affordable))) + firm.project_rd + firm.venture_rd
