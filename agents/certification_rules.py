"""Firm rules on status: the high-tech certificate with its thresholds and misuse, and the SME register."""

from typing import Any

from agents.compiling import rule
from agents.market_rules import margin


@rule
def rd_threshold(revenue_year: float, nation: Any) -> float:
    """Return the R&D intensity that a certificate asks for, by sales class (50m and 200m CNY)."""
    if revenue_year <= 5_000.0:
        return float(nation.threshold_small)
    if revenue_year <= 20_000.0:
        return float(nation.threshold_medium)
    return float(nation.threshold_large)


@rule
def relabelling_needed(intensity: float, threshold: float) -> float:
    """Return the share of reported R&D that would have to be other spending to reach the threshold."""
    if intensity >= threshold:
        return 0.0
    return 1.0 - intensity / threshold


@rule
def certificate_value(firm: Any, nation: Any, reward: float, p: Any) -> float:
    """Return what a certificate is worth over its three years: the lower tax rate, a reward, and its name."""
    profit = margin(firm, p) * firm.revenue_year - firm.rd_year
    small = profit <= nation.small_profit_limit
    rate = nation.small_profit_rate if small else nation.cit_rate
    return float(
        3.0 * max(0.0, rate - nation.hte_cit_rate) * max(0.0, profit) + reward + p.certificate_prestige
    )


@rule
def certify(
    firm: Any,
    age: int,
    place: Any,
    nation: Any,
    support: Any,
    coached: float,
    u: float,
    capacity: float,
    p: Any,
) -> int:
    """Decide on the yearly call whether the firm applies and passes; return 1 for a new certificate.

    Firms just below the threshold relabel other spending as R&D, up to their own `capacity` (Chen et al.
    2021). Applying costs a firm effort, so the chance rises with the value of the certificate; so it does
    with the chance to be `coached`.
    """
    firm.relabelled = 0.0 if firm.certificate == 0 else firm.relabelled
    if firm.does_rd == 0 or age < 4 or firm.revenue_year <= 0.0 or firm.certificate > 0:
        return 0
    need = relabelling_needed(firm.rd_year / firm.revenue_year, rd_threshold(firm.revenue_year, nation))
    if need > capacity:
        return 0
    value = certificate_value(firm, nation, support.certification_reward, p)
    drive = value / (value + p.application_cost)
    chance = min(1.0, place.certification_push * drive * (1.0 + p.coaching_gain * coached))
    chance *= 1.0 if firm.patents > 0 else p.pass_without_patent
    if u >= chance:
        return 0
    firm.certificate = 12
    firm.relabelled = need
    return 1


@rule
def register(firm: Any, place: Any, coached: float, u: float, p: Any) -> None:
    """Join or leave the provincial register of technology-based SMEs.

    The register takes technology firms and firms with R&D of up to 200m CNY of sales.
    """
    revenue_year = 4.0 * firm.revenue
    if firm.tech_sme == 1:
        outgrown = revenue_year > p.sme_revenue_limit * 1.5
        idle = firm.kind == 0 and firm.does_rd == 0
        if (outgrown or idle) and u < 0.25 * p.register_review:
            firm.tech_sme = 0
        return
    if revenue_year > p.sme_revenue_limit or (firm.kind == 0 and firm.does_rd == 0):
        return
    hazard = 0.25 * place.registration_rate * (1.0 if firm.does_rd == 1 else p.register_without_rd)
    hazard *= 1.0 + p.coaching_gain * coached
    if u < hazard:
        firm.tech_sme = 1
