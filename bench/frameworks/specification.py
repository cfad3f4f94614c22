"""The reference model that every framework runs: its world, its start and its figures.

A population of firms in one place. In each quarter every firm

1. renews its opportunity, moves its size, bids for demand in its field and chooses R&D: whether, how much it
   wishes given the user cost, how far it steps towards that, and what it can finance;
2. sells at the price that clears its field, pays costs, tax and dividends, adds R&D to its knowledge,
   files inventions at a rate set by researchers, knowledge and what others in the field know, sees filings
   examined and patents lapse, and perhaps closes.

Then founders enter. Rules and parameters are those of the full model (`agents/*_rules.py`,
`agents/parameters.csv`). Left out: credit, venture money, grants, certificates and the register, partners,
parks, universities, wages, other places; examination has one stage instead of two.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Protocol

import numpy as np

from agents.market_rules import TRADITIONAL_FIELD
from agents.parameters import parameter_record
from agents.quantiles import poisson
from agents.records import FIELDS

PARAMETERS = parameter_record()
P = SimpleNamespace(**dict(zip(PARAMETERS.dtype.names or (), PARAMETERS[0].item(), strict=True)))
"""Central values of all parameters."""

PLACE = {
    **{"rd_base_industrial": 0.0376, "rd_base_technology": 0.0312},
    **{"rd_cut_industrial": 0.99, "rd_cut_technology": -0.22},
    **{"patent_propensity": 0.198, "talent_quality": 1.0, "wage": 1.94, "exit_pressure": 1.0},
}
"""What the full model has for Ningbo in 2015 Q1, rounded."""

NATION = {
    **{"super_deduction": 0.5, "small_profit_limit": 30.0, "small_profit_rate": 0.1},
    **{"cit_rate": 0.25, "hte_cit_rate": 0.15, "pass_rate": 0.42},
}
"""National rules of 2015."""

INDUSTRIAL_SHARE = 0.35
"""Share of firms that start as above-scale industry; the others are technology firms."""
DEMAND_GROWTH = 0.015
"""Growth of demand in every field a quarter."""

STATE = (
    *("number", "scale", "opportunity", "revenue", "rd", "knowledge", "cash"),
    *("filed", "patents", "birth", "field", "kind", "does_rd"),
)
"""What a firm remembers from quarter to quarter; names as in `agents.records.FIRM`."""

FIGURES = ("firms", "rd_firms", "revenue", "rd", "knowledge", "filings", "patents", "exits", "entrants")
"""What is reported after every quarter."""

Columns = dict[str, np.ndarray]
Uniforms = Callable[[str, np.ndarray, int], np.ndarray]
"""Draws in (0, 1) for a purpose, the numbers of firms and a quarter: so that versions can share chance."""


class ReferenceVersion(Protocol):
    """What every version offers: build it from a start, step it, look at it."""

    history: list[dict[str, float]]

    def step(self) -> None:
        """Advance by a quarter and append its figures to `history`."""

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms, in the order of their numbers."""


class Market:
    """What firms know of one another: prices and accessible knowledge by field."""

    def __init__(self, start: Columns) -> None:
        field = start["field"]
        self.demand = np.bincount(field, start["revenue"], FIELDS)
        self._stock = np.bincount(field, start["knowledge"], FIELDS)
        self.price = np.ones(FIELDS)
        self.log_pool = np.zeros(FIELDS)

    def clear(self, bids: np.ndarray) -> None:
        """Find the prices at which bids meet demand."""
        self.demand *= 1.0 + DEMAND_GROWTH
        self.price = self.demand / np.maximum(bids, 1e-12)

    def publish(self, stock: np.ndarray) -> None:
        """Tell what knowledge there is in each field, in logs relative to the start."""
        self.log_pool = np.log((stock + 1.0) / (self._stock + 1.0))


def start(count: int, seed: int) -> Columns:
    """Return `count` firms, made up to look like those of Ningbo: sizes, ages, R&D, knowledge and patents."""
    rng = np.random.default_rng(seed)
    technology = rng.random(count) >= INDUSTRIAL_SHARE
    opportunity = rng.standard_normal(count)
    field = rng.integers(FIELDS, size=count)
    scale = np.where(
        technology, rng.normal(3.95, 1.05, count), P.log_reference_size + rng.exponential(1.0 / 1.1, count)
    )
    revenue = np.exp(scale)
    above = np.maximum(0.0, scale - P.log_reference_size)
    cut = np.where(technology, PLACE["rd_cut_technology"], PLACE["rd_cut_industrial"])
    base = np.where(technology, PLACE["rd_base_technology"], PLACE["rd_base_industrial"])
    spread = np.where(technology, P.opportunity_spread_technology, P.opportunity_spread)
    does_rd = opportunity > cut - P.size_participation * above
    base *= np.where(field >= TRADITIONAL_FIELD, P.traditional_rd, 1.0)
    wished = base * np.exp(spread * np.exp(-P.size_volatility * above) * (opportunity - cut))
    rd = np.where(does_rd, np.minimum(wished, P.intensity_cap_industrial) * revenue, 0.0)
    return {
        "number": np.arange(count, dtype=np.int64),
        "scale": scale,
        "opportunity": opportunity,
        "revenue": revenue,
        "rd": rd,
        "knowledge": 16.0 * rd,
        "cash": P.cash_target * revenue,
        "filed": np.where(does_rd, rng.poisson(1.0, count), 0).astype(np.int32),
        "patents": np.where(does_rd, rng.poisson(1.0, count), 0).astype(np.int32),
        "birth": -rng.geometric(np.where(technology, 1 / 20, 1 / 40)).astype(np.int16),
        "field": field.astype(np.int8),
        "kind": technology.astype(np.int8),
        "does_rd": does_rd.astype(np.int8),
    }


def number_of_founders(technology_firms: float, u: float) -> int:
    """Return how many firms are founded in a quarter."""
    return int(poisson(0.25 * P.entry_rate * technology_firms, u))


LOG_ENTRANT_REVENUE = math.log(P.entrant_revenue)
