"""Firm rules on knowledge: learning, inventing, patenting."""

from typing import Any

from agents.compiling import rule
from agents.elementary import exp, log
from agents.market_rules import TRADITIONAL_FIELD


@rule
def learn(firm: Any, p: Any) -> None:
    """Add this quarter's R&D to the knowledge stock, less depreciation (perpetual inventory, Hall 2007)."""
    firm.knowledge = (1.0 - 0.25 * p.depreciation) * firm.knowledge + firm.rd


@rule
def absorptive_capacity(firm: Any, p: Any) -> float:
    """Return the part of accessible knowledge that the firm can use (Cohen & Levinthal 1990), 0 to 1."""
    own = firm.knowledge
    return float(own / (own + p.absorption_reference * 4.0 * firm.revenue))


@rule
def invention_rate(firm: Any, place: Any, log_pool: float, p: Any) -> float:
    """Return the expected invention filings of a quarter.

    Own researchers and knowledge (elasticities: Hu & Jefferson 2009), the accessible knowledge of others
    relative to 2015 (in logs) as far as it can be absorbed, and partners. Those who work on an exploratory
    project invent nothing else.
    """
    if firm.researchers <= 0.0 or firm.rd <= firm.project_rd:
        return 0.0
    researchers = firm.researchers * (1.0 - firm.project_rd / firm.rd)
    log_rate = p.researcher_elasticity * log(researchers * place.talent_quality)
    log_rate += p.knowledge_elasticity * log(1.0 + firm.knowledge / p.knowledge_unit)
    log_rate += p.spillover_elasticity * absorptive_capacity(firm, p) * log_pool
    field = p.traditional_patenting if firm.field >= TRADITIONAL_FIELD else 1.0
    return float(place.patent_propensity * field * (1.0 + firm.partner_gain) * exp(log_rate))
