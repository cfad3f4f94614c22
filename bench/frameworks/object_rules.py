"""The rules of the reference model in plain Python, for frameworks with one object an agent."""

import math
from random import Random
from statistics import NormalDist
from typing import Any

import numpy as np
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

_NORMAL = NormalDist()
_EVENT_SHARE = 0.4
_REFERENCE_COST = (1.0 - 0.25 * 1.5) / 0.75
_EXTRA = NATION["super_deduction"]


class FirmRules:
    """What a firm does; the state is in attributes, `model` gives the quarter, the market and chance."""

    model: Any

    def take_state(self, state: dict[str, Any]) -> None:
        """Set the attributes of a new firm."""
        self.__dict__.update(state)
        industrial = self.kind == 0
        self.margin = P.margin_industrial if industrial else P.margin_technology
        self.traditional = self.field >= TRADITIONAL_FIELD
        self.weight = self.researchers = 0.0
        self.alive = True

    def plan(self) -> None:
        """First pass: opportunity, size, bid, R&D."""
        model = self.model
        shock = math.sqrt(12.0) * (model.uniform("OPPORTUNITY", self) - 0.5)
        self.opportunity = P.opportunity_keep * self.opportunity + P.opportunity_noise * shock
        self.grow(model.quarter - self.birth, model.uniform("GROWTH", self))
        self.weight = math.exp(self.scale + self.log_productivity())
        model.bids[self.field] += self.weight
        self.choose_rd()
        self.researchers = P.wage_share * self.rd / PLACE["wage"]

    def grow(self, age: int, u: float) -> None:
        """Move the natural size by youth and, in some quarters, by a tent-shaped shock."""
        self.scale += 0.25 * P.youth_growth / (1.0 + age / 8.0)
        if u >= _EVENT_SHARE:
            return
        spread = P.growth_spread * math.exp(-P.size_volatility * (self.scale - P.log_reference_size))
        spread = min(spread, 1.5 * P.growth_spread) / math.sqrt(8.0 * _EVENT_SHARE)
        side = u / _EVENT_SHARE - 0.5
        tail = -spread * math.log(1.0 - 2.0 * abs(side) + 1e-12)
        self.scale += math.copysign(tail, side) - spread**2

    def log_productivity(self) -> float:
        """Return what R&D capital adds to output."""
        if self.knowledge == 0.0:
            return 0.0
        ratio = self.knowledge / (4.0 * math.exp(self.scale) * P.capital_reference)
        return P.output_elasticity * math.log(1.0 + ratio)

    def choose_rd(self) -> None:
        """Do R&D or not, and step towards the wished intensity as far as money goes."""
        income = self.margin * self.revenue
        rate = tax_rate(4.0 * (income - self.rd))
        cost = (1.0 - rate * (1.0 + _EXTRA)) / (1.0 - rate) / _REFERENCE_COST
        incentive = -P.user_cost_elasticity * math.log(cost)
        above = max(0.0, self.scale - P.log_reference_size)
        if self.kind == 0:
            base, cut = PLACE["rd_base_industrial"], PLACE["rd_cut_industrial"]
            cap, spread = P.intensity_cap_industrial, P.opportunity_spread
        else:
            base, cut = PLACE["rd_base_technology"], PLACE["rd_cut_technology"]
            cap, spread = P.intensity_cap_technology, P.opportunity_spread_technology
        signal = self.opportunity + incentive / P.opportunity_spread - cut + P.size_participation * above
        if self.does_rd and signal < -P.sunk_cost_band:
            self.does_rd, self.rd = 0, 0.0
        elif not self.does_rd and signal > P.sunk_cost_band:
            self.does_rd = 1
        if not self.does_rd:
            return
        lift = spread * math.exp(-P.size_volatility * above) * (self.opportunity - cut) + incentive
        wished = min(cap, base * (P.traditional_rd if self.traditional else 1.0) * math.exp(lift))
        speed = P.speed_small if 4.0 * self.revenue < P.small_firm_revenue else P.speed_large
        now = self.rd / self.revenue or 0.5 * wished
        wish = self.revenue * (now + speed * (wished - now))
        affordable = income - P.overhead + P.cash_for_rd * max(0.0, self.cash)
        self.rd = max(0.0, min(wish, affordable))

    def operate(self) -> None:
        """Second pass: sell, pay, learn, invent, live or close."""
        model = self.model
        price = model.price[self.field]
        self.revenue = self.weight * price
        self.scale += math.log(price)
        self.pay(math.sqrt(12.0) * (model.uniform("MARGIN", self) - 0.5))
        self.knowledge = (1.0 - 0.25 * P.depreciation) * self.knowledge + self.rd
        if self.does_rd or self.filed or self.patents:
            self.patent()
        if model.uniform("EXIT", self) < self.exit_chance(model.quarter - self.birth):
            self.alive = False
        else:
            model.stock[self.field] += self.knowledge

    def pay(self, shock: float) -> None:
        """Take the surplus, pay R&D, tax and dividends."""
        surplus = (self.margin + P.margin_spread * shock) * self.revenue - P.overhead
        taxable = max(0.0, surplus - self.rd * (1.0 + _EXTRA))
        self.cash += surplus - self.rd - taxable * tax_rate(4.0 * (surplus - self.rd))
        spare = self.cash - P.cash_target * self.revenue
        if spare > 0.0:
            self.cash -= P.payout * spare

    def patent(self) -> None:
        """Let filings be decided and patents lapse, then invent."""
        model, decided, granted, lapsed, filings = self.model, 0, 0, 0, 0
        if self.filed:
            decided = binomial(self.filed, 0.25 * P.examination_hazard, model.uniform("DECISION", self))
            if decided:
                granted = binomial(decided, NATION["pass_rate"], model.uniform("GRANT_DECISION", self))
        if self.patents:
            lapsed = binomial(self.patents, 0.25 * P.patent_lapse, model.uniform("LAPSE", self))
        if self.does_rd and self.researchers > 0.0:
            filings = poisson(self.invention_rate(), model.uniform("INVENTION", self))
        self.filed += filings - decided
        self.patents += granted - lapsed
        model.filings += filings

    def invention_rate(self) -> float:
        """Return the expected filings of the quarter."""
        absorption = self.knowledge / (self.knowledge + P.absorption_reference * 4.0 * self.revenue)
        log_rate = P.researcher_elasticity * math.log(self.researchers * PLACE["talent_quality"])
        log_rate += P.knowledge_elasticity * math.log(1.0 + self.knowledge / P.knowledge_unit)
        log_rate += P.spillover_elasticity * absorption * self.model.log_pool[self.field]
        field = P.traditional_patenting if self.traditional else 1.0
        return PLACE["patent_propensity"] * field * math.exp(log_rate)

    def exit_chance(self, age: int) -> float:
        """Return the chance to close: by age and size, and far higher without money."""
        size = math.exp(P.exit_size_slope * (P.log_reference_size_small - self.scale))
        hazard = hazard_by_age(age) * PLACE["exit_pressure"] * min(1.2, size)
        if self.cash < 0.0:
            hazard += P.insolvency
        return min(1.0, 0.25 * hazard)


class IndustryRules:
    """What the model does between the passes; firms are in `firms_here()`."""

    random: Random

    def take_start(self, start: Columns, uniforms: Uniforms | None) -> None:
        """Set the model up; with `uniforms`, chance comes from there instead of from `random`."""
        self.quarter, self.founded, self.filings = 0, start["number"].size, 0
        self.market = Market(start)
        self.history: list[dict[str, float]] = []
        self._uniforms = uniforms
        if uniforms is None:
            random = self.random.random
            self.uniform = lambda purpose, firm: random()
        else:
            self.uniform = lambda purpose, firm: float(
                uniforms(purpose, np.array([firm.number]), self.quarter)[0]
            )

    def open_quarter(self) -> None:
        """Clear what firms write on."""
        self.bids, self.stock, self.filings = [0.0] * FIELDS, [0.0] * FIELDS, 0
        self.log_pool = self.market.log_pool.tolist()

    def clear_market(self) -> None:
        """Find prices."""
        self.market.clear(np.array(self.bids))
        self.price = self.market.price.tolist()

    def founders(self, technology_firms: int) -> list[dict[str, Any]]:
        """Return the states of the firms that are founded."""
        if self._uniforms is None:
            count = number_of_founders(technology_firms, self.random.random())
        else:
            u = float(self._uniforms("ENTRY", np.zeros(1, dtype=np.int64), self.quarter)[0])
            count = number_of_founders(technology_firms, u)
        first, self.founded = self.founded, self.founded + count
        return [self.founder(first + slot) for slot in range(count)]

    def founder(self, number: int) -> dict[str, Any]:
        """Return the state of a new technology firm."""
        if self._uniforms is None:
            quality, size, field = (self.random.random() for _ in range(3))
        else:
            one = np.array([number])
            purposes = ("ENTRANT_QUALITY", "ENTRANT_SIZE", "ENTRANT_FIELD")
            quality, size, field = (float(self._uniforms(name, one, self.quarter)[0]) for name in purposes)
        opportunity = _NORMAL.inv_cdf(quality)
        scale = LOG_ENTRANT_REVENUE + P.entrant_revenue_spread * _NORMAL.inv_cdf(size)
        revenue = math.exp(scale)
        return {
            **{"number": number, "scale": scale, "opportunity": opportunity, "revenue": revenue},
            **{"rd": 0.0, "knowledge": 0.0, "cash": P.entrant_cash * revenue, "filed": 0, "patents": 0},
            **{"birth": self.quarter, "field": int(FIELDS * field), "kind": 1},
            "does_rd": int(opportunity > PLACE["rd_cut_technology"]),
        }

    def close_quarter(self, firms: Any, exits: int, entrants: int) -> None:
        """Publish knowledge and report; `firms` are those that lived to the end of the quarter."""
        self.market.publish(np.array(self.stock))
        self.history.append(
            {
                "firms": len(firms),
                "rd_firms": sum(firm.does_rd for firm in firms),
                "revenue": sum(firm.revenue for firm in firms),
                "rd": sum(firm.rd for firm in firms),
                "knowledge": sum(self.stock),
                "filings": self.filings,
                "patents": sum(firm.patents for firm in firms),
                "exits": exits,
                "entrants": entrants,
            }
        )
        self.quarter += 1


def states(start: Columns) -> list[dict[str, Any]]:
    """Return the start as a dictionary a firm, in plain Python numbers."""
    rows = zip(*(start[name].tolist() for name in STATE), strict=True)
    return [dict(zip(STATE, row, strict=True)) for row in rows]


def by_number(firms: Any) -> Columns:
    """Return the state of firms as columns."""
    ordered = sorted(firms, key=lambda firm: firm.number)
    return {name: np.array([getattr(firm, name) for firm in ordered]) for name in STATE}


def tax_rate(profit_year: float) -> float:
    """Return the rate of corporate income tax."""
    small = profit_year <= NATION["small_profit_limit"]
    return NATION["small_profit_rate"] if small else NATION["cit_rate"]


def hazard_by_age(age: int) -> float:
    """Return the yearly exit hazard at an age in quarters."""
    if age > 28:
        return P.exit_hazard_later
    if age > 12:
        return P.exit_hazard_4_7
    if age > 8:
        return P.exit_hazard_3
    return P.exit_hazard_2 if age > 4 else P.exit_hazard_1


def poisson(rate: float, u: float) -> int:
    """Return the Poisson count at quantile `u`; rates stay far below those of rounding."""
    if u <= 1.0 - rate:
        return 0
    term = total = math.exp(-rate)
    count = 0
    while u > total and (count < rate or term > 1e-17):
        count += 1
        term *= rate / count
        total += term
    return count


def binomial(n: int, share: float, u: float) -> int:
    """Return the binomial count at quantile `u` for a share of at most a half."""
    if u <= 1.0 - n * share:
        return 0
    spread = n * share * (1.0 - share)
    if spread > 30.0:
        count = math.floor(n * share + math.sqrt(spread) * _NORMAL.inv_cdf(u) + 0.5)
        return min(n, max(0, count))
    term = total = (1.0 - share) ** n
    count = 0
    while u > total and count < n and (count < n * share or term > 1e-17):
        term *= (n - count) / (count + 1.0) * share / (1.0 - share)
        total += term
        count += 1
    return count
