"""The rules of the reference model on columns, for frameworks that keep agents in a polars data frame.

Arithmetic is polars expressions; draws and counts are NumPy arrays that become columns.
"""

import math
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtri
from specification import (
    LOG_ENTRANT_REVENUE,
    NATION,
    PLACE,
    STATE,
    Columns,
    Market,
    P,
    Uniforms,
    number_of_founders,
)

from agents.market_rules import TRADITIONAL_FIELD
from agents.records import FIELDS

_EVENT_SHARE = 0.4
_REFERENCE_COST = (1.0 - 0.25 * 1.5) / 0.75
_EXTRA = NATION["super_deduction"]
PLAN_DRAWS = ("OPPORTUNITY", "GROWTH")
OPERATE_DRAWS = ("MARGIN", "DECISION", "GRANT_DECISION", "LAPSE", "INVENTION", "EXIT")

number, scale, opportunity, revenue, rd = (pl.col(name) for name in STATE[:5])
knowledge, cash, filed, patents, birth, field, kind, does_rd = (pl.col(name) for name in STATE[5:])


def by_kind(industrial: float, technology: float) -> pl.Expr:
    """Return a constant that differs between kinds of firms."""
    return pl.when(kind == 0).then(industrial).otherwise(technology)


def tax_rate(profit_year: pl.Expr) -> pl.Expr:
    """Return the rate of corporate income tax."""
    small = profit_year <= NATION["small_profit_limit"]
    return pl.when(small).then(NATION["small_profit_rate"]).otherwise(NATION["cit_rate"])


def shock(draw: str) -> pl.Expr:
    """Return an evenly spread shock of mean zero and variance one."""
    return math.sqrt(12.0) * (pl.col(draw) - 0.5)


MARGIN = by_kind(P.margin_industrial, P.margin_technology)
CUT = by_kind(PLACE["rd_cut_industrial"], PLACE["rd_cut_technology"])
ABOVE = pl.max_horizontal(pl.lit(0.0), scale - P.log_reference_size)


def plan(firms: pl.DataFrame, quarter: int) -> pl.DataFrame:
    """First pass on firms that carry their draws: opportunity, size, bid, R&D."""
    return (
        firms.with_columns(
            opportunity=P.opportunity_keep * opportunity + P.opportunity_noise * shock("OPPORTUNITY"),
            scale=scale + 0.25 * P.youth_growth / (1.0 + (quarter - birth) / 8.0),
        )
        .with_columns(scale=grown(pl.col("GROWTH")))
        .with_columns(weight=(scale + log_productivity()).exp(), incentive=incentive())
        .with_columns(does_rd=participation())
        .with_columns(rd=chosen_rd())
        .with_columns(researchers=P.wage_share / PLACE["wage"] * rd)
        .drop("incentive", *PLAN_DRAWS)
    )


def grown(u: pl.Expr) -> pl.Expr:
    """Return natural size after, in some quarters, a tent-shaped shock."""
    spread = P.growth_spread * (-P.size_volatility * (scale - P.log_reference_size)).exp()
    spread = pl.min_horizontal(spread, pl.lit(1.5 * P.growth_spread)) / math.sqrt(8.0 * _EVENT_SHARE)
    side = u / _EVENT_SHARE - 0.5
    tail = -spread * (1.0 - 2.0 * side.abs() + 1e-12).log()
    return pl.when(u < _EVENT_SHARE).then(scale + tail * side.sign() - spread**2).otherwise(scale)


def log_productivity() -> pl.Expr:
    """Return what R&D capital adds to output."""
    return P.output_elasticity * (1.0 + knowledge / (4.0 * P.capital_reference * scale.exp())).log()


def incentive() -> pl.Expr:
    """Return what the user cost does to wished R&D, in logs."""
    rate = tax_rate(4.0 * (MARGIN * revenue - rd))
    cost = (1.0 - rate * (1.0 + _EXTRA)) / (1.0 - rate) / _REFERENCE_COST
    return -P.user_cost_elasticity * cost.log()


def participation() -> pl.Expr:
    """Return who does R&D: sunk cost keeps a band in which nobody starts or stops."""
    signal = opportunity + pl.col("incentive") / P.opportunity_spread - CUT + P.size_participation * ABOVE
    stays = pl.when(does_rd == 1).then(signal >= -P.sunk_cost_band).otherwise(signal > P.sunk_cost_band)
    return stays.cast(pl.Int8)


def chosen_rd() -> pl.Expr:
    """Return R&D: a step towards what is wished, as far as money goes."""
    spread = by_kind(P.opportunity_spread, P.opportunity_spread_technology)
    lift = spread * (-P.size_volatility * ABOVE).exp() * (opportunity - CUT) + pl.col("incentive")
    base = by_kind(PLACE["rd_base_industrial"], PLACE["rd_base_technology"])
    base = base * pl.when(field >= TRADITIONAL_FIELD).then(P.traditional_rd).otherwise(1.0)
    cap = by_kind(P.intensity_cap_industrial, P.intensity_cap_technology)
    wished = pl.min_horizontal(cap, base * lift.exp())
    speed = pl.when(4.0 * revenue < P.small_firm_revenue).then(P.speed_small).otherwise(P.speed_large)
    now = pl.when(rd > 0.0).then(rd / revenue).otherwise(0.5 * wished)
    wish = revenue * (now + speed * (wished - now))
    savings = pl.max_horizontal(pl.lit(0.0), cash)
    affordable = MARGIN * revenue - P.overhead + P.cash_for_rd * savings
    chosen = pl.max_horizontal(pl.lit(0.0), pl.min_horizontal(wish, affordable))
    return pl.when(does_rd == 1).then(chosen).otherwise(0.0)


def by_field(firms: pl.DataFrame, column: str) -> np.ndarray:
    """Return a column's sums by field."""
    total = np.zeros(FIELDS)
    sums = firms.group_by("field").agg(pl.col(column).sum())
    total[sums["field"].to_numpy()] = sums[column].to_numpy()
    return total


def operate(firms: pl.DataFrame, market: Market, quarter: int) -> pl.DataFrame:
    """Second pass on firms that carry their draws: sell, pay, learn, invent; adds `filings` and `closes`."""
    prices = pl.DataFrame({"price": market.price, "log_pool": market.log_pool})
    at_price = firms.with_columns(prices[firms["field"].cast(pl.UInt32)])
    paid = (
        at_price.with_columns(
            revenue=pl.col("weight") * pl.col("price"),
            scale=scale + pl.col("price").log(),
            knowledge=(1.0 - 0.25 * P.depreciation) * knowledge + rd,
        )
        .with_columns(surplus=(MARGIN + P.margin_spread * shock("MARGIN")) * revenue - P.overhead)
        .with_columns(cash=cash + pl.col("surplus") - rd - income_tax())
        .with_columns(cash=cash - P.payout * pl.max_horizontal(pl.lit(0.0), cash - P.cash_target * revenue))
        .with_columns(rate=invention_rate(), closes=pl.col("EXIT") < exit_chance(quarter - birth))
    )
    return patented(paid).drop("price", "log_pool", "surplus", "rate", *OPERATE_DRAWS)


def income_tax() -> pl.Expr:
    """Return the tax on surplus less R&D with its extra deduction."""
    surplus = pl.col("surplus")
    taxable = pl.max_horizontal(pl.lit(0.0), surplus - rd * (1.0 + _EXTRA))
    return taxable * tax_rate(4.0 * (surplus - rd))


def invention_rate() -> pl.Expr:
    """Return the expected filings of the quarter, zero without R&D."""
    absorption = knowledge / (knowledge + P.absorption_reference * 4.0 * revenue)
    log_rate = P.researcher_elasticity * (pl.col("researchers") * PLACE["talent_quality"]).log()
    log_rate += P.knowledge_elasticity * (1.0 + knowledge / P.knowledge_unit).log()
    log_rate += P.spillover_elasticity * absorption * pl.col("log_pool")
    by_trade = pl.when(field >= TRADITIONAL_FIELD).then(P.traditional_patenting).otherwise(1.0)
    active = (does_rd == 1) & (pl.col("researchers") > 0.0)
    return pl.when(active).then(PLACE["patent_propensity"] * by_trade * log_rate.exp()).otherwise(0.0)


def patented(firms: pl.DataFrame) -> pl.DataFrame:
    """Let filings be decided and patents lapse, then invent."""
    draws = {name: firms[name].to_numpy() for name in (*OPERATE_DRAWS, "filed", "patents", "rate")}
    decided = binomial(draws["filed"], 0.25 * P.examination_hazard, draws["DECISION"])
    granted = binomial(decided, NATION["pass_rate"], draws["GRANT_DECISION"])
    lapsed = binomial(draws["patents"], 0.25 * P.patent_lapse, draws["LAPSE"])
    filings = poisson(draws["rate"], draws["INVENTION"])
    return firms.with_columns(
        filed=pl.Series(draws["filed"] + filings - decided),
        patents=pl.Series(draws["patents"] + granted - lapsed),
        filings=pl.Series(filings),
    )


def exit_chance(age: pl.Expr) -> pl.Expr:
    """Return the chance to close: by age and size, and far higher without money."""
    hazard = (
        pl.when(age <= 4)
        .then(P.exit_hazard_1)
        .when(age <= 8)
        .then(P.exit_hazard_2)
        .when(age <= 12)
        .then(P.exit_hazard_3)
        .when(age <= 28)
        .then(P.exit_hazard_4_7)
        .otherwise(P.exit_hazard_later)
    )
    size = (P.exit_size_slope * (P.log_reference_size_small - scale)).exp().clip(upper_bound=1.2)
    hazard = hazard * PLACE["exit_pressure"] * size + pl.when(cash < 0.0).then(P.insolvency).otherwise(0.0)
    return pl.min_horizontal(pl.lit(1.0), 0.25 * hazard)


class Chance:
    """Draws of a framework's NumPy generator, or shared ones."""

    def __init__(self, rng: np.random.Generator, uniforms: Uniforms | None) -> None:
        self._rng, self._uniforms = rng, uniforms

    def __call__(self, purpose: str, numbers: np.ndarray, quarter: int) -> np.ndarray:
        """Return a draw for each firm."""
        if self._uniforms is not None:
            return self._uniforms(purpose, numbers, quarter)
        return self._rng.random(numbers.size)

    def columns(self, purposes: tuple[str, ...], firms: pl.DataFrame, quarter: int) -> list[pl.Series]:
        """Return a column of draws for each purpose."""
        numbers = firms["number"].to_numpy()
        return [pl.Series(purpose, self(purpose, numbers, quarter)) for purpose in purposes]


def founders(first: int, technology_firms: int, quarter: int, chance: Chance) -> pl.DataFrame:
    """Return the firms that are founded, numbered from `first` on."""
    u = float(chance("ENTRY", np.zeros(1, dtype=np.int64), quarter)[0])
    numbers = np.arange(first, first + number_of_founders(technology_firms, u))
    quality = ndtri(chance("ENTRANT_QUALITY", numbers, quarter))
    size = LOG_ENTRANT_REVENUE + P.entrant_revenue_spread * ndtri(chance("ENTRANT_SIZE", numbers, quarter))
    fields = (FIELDS * chance("ENTRANT_FIELD", numbers, quarter)).astype(np.int8)
    whole: dict[str, Any] = {"filed": np.int32(0), "patents": np.int32(0), "birth": np.int16(quarter)}
    return pl.DataFrame(
        {
            **{"number": numbers, "scale": size, "opportunity": quality, "revenue": np.exp(size)},
            **{"rd": np.zeros(numbers.size), "knowledge": np.zeros(numbers.size)},
            "cash": P.entrant_cash * np.exp(size),
            **{name: np.full(numbers.size, value) for name, value in whole.items()},
            **{"field": fields, "kind": np.ones(numbers.size, dtype=np.int8)},
            "does_rd": (quality > PLACE["rd_cut_technology"]).astype(np.int8),
        }
    )


def report(survivors: pl.DataFrame, filings: int, exits: int, entrants: int) -> dict[str, float]:
    """Return the figures of the quarter."""
    sums = survivors.select(
        rd_firms=does_rd.cast(pl.Int64).sum(), revenue=revenue.sum(), rd=rd.sum(), knowledge=knowledge.sum(),
        patents=patents.cast(pl.Int64).sum(),
    ).row(0, named=True)  # fmt: skip
    return {"firms": survivors.height, "filings": filings, "exits": exits, "entrants": entrants, **sums}


def by_number(firms: pl.DataFrame) -> Columns:
    """Return the state of firms in the order of their numbers."""
    return {name: firms.sort("number")[name].to_numpy() for name in STATE}


def poisson(rate: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return Poisson counts at quantiles `u`, by adding up chances until they pass it."""
    count = np.zeros(rate.size, dtype=np.int32)
    rows = np.flatnonzero(u > 1.0 - rate)
    rate, u = rate[rows], u[rows]
    term = np.exp(-rate)
    total, reached = term.copy(), 0
    while True:
        on = (u > total) & ((reached < rate) | (term > 1e-17))
        if not on.any():
            return count
        rows, rate, u, term, total = rows[on], rate[on], u[on], term[on], total[on]
        reached += 1
        count[rows] = reached
        term *= rate / reached
        total += term


def binomial(n: np.ndarray, share: float, u: np.ndarray) -> np.ndarray:
    """Return binomial counts at quantiles `u` for a share of at most a half."""
    count = np.zeros(n.size, dtype=np.int32)
    rows = np.flatnonzero(u > 1.0 - n * share)
    many = n[rows] * share * (1.0 - share) > 30.0
    if many.any():
        large = rows[many]
        spread = np.sqrt(n[large] * share * (1.0 - share))
        near = np.floor(n[large] * share + spread * ndtri(u[large]) + 0.5)
        count[large] = np.clip(near, 0, n[large])
        rows = rows[~many]
    n, u = n[rows], u[rows]
    term = (1.0 - share) ** n
    total, reached = term.copy(), 0
    while True:
        on = (u > total) & (reached < n) & ((reached < n * share) | (term > 1e-17))
        if not on.any():
            return count
        rows, n, u, term, total = rows[on], n[on], u[on], term[on], total[on]
        term *= (n - reached) / (reached + 1.0) * share / (1.0 - share)
        total += term
        reached += 1
        count[rows] = reached
