"""Firm rules on knowledge: learning, inventing, patenting."""

import math
from typing import Any

from agents.compiling import rule
from agents.market_rules import TRADITIONAL_FIELD

_ROUNDING = 1.0 + 1e-9
"""More than what rounding can take from a bound."""


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
    log_rate = p.researcher_elasticity * math.log(researchers * place.talent_quality)
    log_rate += p.knowledge_elasticity * math.log(1.0 + firm.knowledge / p.knowledge_unit)
    log_rate += p.spillover_elasticity * absorptive_capacity(firm, p) * log_pool
    field = p.traditional_patenting if firm.field >= TRADITIONAL_FIELD else 1.0
    return float(place.patent_propensity * field * (1.0 + firm.partner_gain) * math.exp(log_rate))


@rule
def highest_invention_rate(firm: Any, place: Any, log_pool: float, p: Any) -> float:
    """Return a bound on `invention_rate` without logarithms: below it a draw says that nothing is invented.

    With exponents up to one, x^a is at most 1 + a (x - 1) (Bernoulli), and exp(y) at most 1 / (1 - y).
    """
    reach = p.spillover_elasticity * max(0.0, log_pool)
    if p.researcher_elasticity > 1.0 or p.knowledge_elasticity > 1.0 or reach > 0.5:
        return math.inf
    rate = 1.0 + p.researcher_elasticity * (firm.researchers * place.talent_quality - 1.0)
    rate *= 1.0 + p.knowledge_elasticity * firm.knowledge / p.knowledge_unit
    field = p.traditional_patenting if firm.field >= TRADITIONAL_FIELD else 1.0
    rate *= place.patent_propensity * field * (1.0 + firm.partner_gain) / (1.0 - reach)
    return float(rate) * _ROUNDING
