"""Firm rules on the goods market: how a firm's size moves and what share of demand it bids for."""

import math
from typing import Any

from agents.compiling import rule
from agents.elementary import exp, log

TRADITIONAL_FIELD = 5
"""Fields from this index on are traditional; those below it belong to high-tech industry."""

_EVENT_SHARE = 0.4
"""Share of quarters with a growth event: four quarters of it give a year the kurtosis of a Laplace law."""


@rule
def grow(firm: Any, age: int, u: float, p: Any) -> None:
    """Move the log natural size by one quarter of chance and of youth.

    Yearly growth is tent-shaped (Laplace) and its spread falls with size (Zou 2019, Physica A); young
    survivors grow faster. The mean of exp(shock) is held at one, so that spread is not growth.
    """
    firm.scale += 0.25 * p.youth_growth / (1.0 + age / 8.0)
    if u >= _EVENT_SHARE:
        return
    spread = p.growth_spread * exp(-p.size_volatility * (firm.scale - p.log_reference_size))
    spread = min(spread, 1.5 * p.growth_spread) / math.sqrt(8.0 * _EVENT_SHARE)
    v = u / _EVENT_SHARE - 0.5
    tail = -spread * log(1.0 - 2.0 * abs(v) + 1e-12)
    firm.scale += (tail if v > 0.0 else -tail) - spread * spread


@rule
def log_productivity(firm: Any, p: Any) -> float:
    """Return the log contribution of R&D capital to output.

    The elasticity of output to R&D capital tends to `output_elasticity` for R&D-intensive firms (Hall,
    Mairesse & Mohnen 2010; Chen, Liu, Suárez Serrato & Xu 2021) and to zero for firms without R&D.
    """
    if firm.knowledge == 0.0:
        return 0.0
    ratio = firm.knowledge / (4.0 * exp(firm.scale) * p.capital_reference)
    return float(p.output_elasticity * log(1.0 + ratio))


@rule
def value_added(firm: Any, p: Any) -> float:
    """Return revenue less bought inputs; technology firms buy less."""
    ratio = p.value_added_industrial if firm.kind == 0 else p.value_added_technology
    return float(ratio * firm.revenue)


@rule
def margin(firm: Any, p: Any) -> float:
    """Return operating surplus before R&D over revenue, on average."""
    return float(p.margin_industrial if firm.kind == 0 else p.margin_technology)
