"""The reference model in this engine: records, compiled rules of the full model, counter-based draws."""

import math
from typing import Any

import mesa
import numpy as np
from specification import NATION, PARAMETERS, PLACE, STATE, Columns, Market, number_of_founders

from agents.compiling import rule
from agents.firm import Firm
from agents.innovation_rules import invention_rate, learn
from agents.market_rules import grow, log_productivity, margin
from agents.population import RecordPopulation
from agents.quantiles import binomial, normal_quantile, poisson, unit_shock
from agents.records import FIELDS, FIRM, SUPPORT
from agents.records import NATION as NATION_LAYOUT
from agents.records import PLACE as PLACE_LAYOUT
from agents.research_rules import (
    adjust,
    base_cut,
    log_incentive,
    participate,
    renew_opportunity,
    size_above_reference,
    wished_intensity,
)
from agents.survival_rules import closes, dividend, income_tax, operating_surplus
from simulation.randomness import Purpose, draw, stream, uniform


def _record(layout: np.dtype[Any], values: dict[str, float]) -> np.ndarray:
    record = np.zeros(1, dtype=layout)
    for name, value in values.items():
        record[name] = value
    return record


class Engine(mesa.Model):
    """Firms in one record array."""

    def __init__(self, start: Columns, seed: int) -> None:
        super().__init__(rng=seed)
        self.key, self.quarter, self.founded = seed, 0, start["number"].size
        self.place, self.nation = _record(PLACE_LAYOUT, PLACE), _record(NATION_LAYOUT, NATION)
        self.nation["super_deduction_sme"] = self.nation["super_deduction"]
        self.support = np.zeros(1, dtype=SUPPORT)
        self.market = Market(start)
        records = np.zeros(self.founded, dtype=FIRM)
        for name, values in start.items():
            records["id" if name == "number" else name] = values
        records["alive"] = 1
        self.firms = RecordPopulation(self, Firm, records)
        self.history: list[dict[str, float]] = []

    def step(self) -> None:
        """Advance by a quarter."""
        if self.quarter % 4 == 0:
            self.firms.squeeze()
        world = (self.place[0], self.nation[0], self.support[0], PARAMETERS[0])
        bids, stock, figures = np.zeros(FIELDS), np.zeros(FIELDS), np.zeros(9)
        plan(self.firms.records, self.key, self.quarter, *world, bids)
        market = self.market
        market.clear(bids)
        operate(
            self.firms.records, self.key, self.quarter, *world,
            market.price, np.log(market.price), market.log_pool, stock, figures,
        )  # fmt: skip
        market.publish(stock)
        firms, technology, *rest = figures.tolist()
        u = draw(self.key, np.uint64(0), self.quarter, int(Purpose.ENTRY))
        entrants = number_of_founders(technology, u)
        self.firms.append(found(self.founded, entrants, self.key, self.quarter, self.place[0], PARAMETERS[0]))
        self.founded += entrants
        names = ("rd_firms", "revenue", "rd", "filings", "patents", "exits", "knowledge")
        self.history.append(
            {"firms": firms, **dict(zip(names, rest, strict=True)), "entrants": float(entrants)}
        )
        self.quarter += 1

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        living = self.firms.living
        living = living[np.argsort(living["id"])]
        return {name: living["id" if name == "number" else name] for name in STATE}


@rule
def plan(
    firms: Any, seed: int, quarter: int, place: Any, nation: Any, support: Any, p: Any, bids: np.ndarray
) -> None:
    """First pass: opportunity, size, bid, R&D."""
    for i in range(firms.size):
        firm = firms[i]
        if firm.alive == 0:
            continue
        key = stream(seed, firm.id, quarter)
        renew_opportunity(firm, unit_shock(uniform(key, Purpose.OPPORTUNITY)), p)
        grow(firm, quarter - firm.birth, uniform(key, Purpose.GROWTH), p)
        firm.weight = math.exp(firm.scale + log_productivity(firm, p))
        bids[firm.field] += firm.weight
        choose_rd(firm, place, nation, support, p)
        firm.researchers = p.wage_share * firm.rd / place.wage


@rule
def choose_rd(firm: Any, place: Any, nation: Any, support: Any, p: Any) -> None:
    """Set R&D: `agents.research_rules.invest` without credit, rounds and projects."""
    incentive = log_incentive(firm, place, nation, support, p)
    cut = base_cut(firm, place)
    participate(firm, incentive, cut - p.size_participation * size_above_reference(firm, p), p)
    if firm.does_rd == 0:
        return
    wished = wished_intensity(firm, place, incentive, cut, p)
    small = 4.0 * firm.revenue < p.small_firm_revenue
    wish = firm.revenue * adjust(firm.rd / firm.revenue, wished, small, p)
    affordable = margin(firm, p) * firm.revenue - p.overhead + p.cash_for_rd * max(0.0, firm.cash)
    firm.rd = max(0.0, min(wish, float(affordable)))


@rule
def operate(
    firms: Any,
    seed: int,
    quarter: int,
    place: Any,
    nation: Any,
    support: Any,
    p: Any,
    price: np.ndarray,
    log_price: np.ndarray,
    log_pool: np.ndarray,
    stock: np.ndarray,
    figures: np.ndarray,
) -> None:
    """Second pass: sell, pay, learn, invent, live or close."""
    for i in range(firms.size):
        firm = firms[i]
        if firm.alive == 0:
            continue
        key = stream(seed, firm.id, quarter)
        firm.revenue = firm.weight * price[firm.field]
        firm.scale += log_price[firm.field]
        surplus = operating_surplus(firm, unit_shock(uniform(key, Purpose.MARGIN)), p)
        firm.cash += surplus - firm.rd - income_tax(firm, surplus, firm.rd, nation)
        dividend(firm, p)
        learn(firm, p)
        figures[5] += patent(firm, key, place, nation, log_pool[firm.field], p)
        if closes(firm, quarter - firm.birth, place, 0.0, uniform(key, Purpose.EXIT), p):
            firm.alive = 0
            figures[7] += 1.0
            continue
        stock[firm.field] += firm.knowledge
        figures[0] += 1.0
        figures[1] += firm.kind
        figures[2] += firm.does_rd
        figures[3] += firm.revenue
        figures[4] += firm.rd
        figures[6] += firm.patents
        figures[8] += firm.knowledge


@rule
def patent(firm: Any, key: np.uint64, place: Any, nation: Any, log_pool: float, p: Any) -> int:
    """Let filings be decided and patents lapse, then invent; return the new filings."""
    decided = granted = lapsed = filings = 0
    if firm.filed > 0:
        decided = binomial(firm.filed, 0.25 * p.examination_hazard, uniform(key, Purpose.DECISION))
        granted = binomial(decided, nation.pass_rate, uniform(key, Purpose.GRANT_DECISION))
    if firm.patents > 0:
        lapsed = binomial(firm.patents, 0.25 * p.patent_lapse, uniform(key, Purpose.LAPSE))
    if firm.does_rd == 1:
        filings = poisson(invention_rate(firm, place, log_pool, p), uniform(key, Purpose.INVENTION))
    firm.filed += filings - decided
    firm.patents += granted - lapsed
    return filings


@rule
def found(first: int, count: int, seed: int, quarter: int, place: Any, p: Any) -> np.ndarray:
    """Return new firms, numbered from `first` on."""
    firms = np.zeros(count, dtype=FIRM)
    for i in range(count):
        firm = firms[i]
        firm.id = first + i
        key = stream(seed, firm.id, quarter)
        firm.opportunity = normal_quantile(uniform(key, Purpose.ENTRANT_QUALITY))
        size = normal_quantile(uniform(key, Purpose.ENTRANT_SIZE))
        firm.scale = math.log(p.entrant_revenue) + p.entrant_revenue_spread * size
        firm.revenue = math.exp(firm.scale)
        firm.cash = p.entrant_cash * firm.revenue
        firm.field = int(FIELDS * uniform(key, Purpose.ENTRANT_FIELD))
        firm.kind = 1
        firm.birth = quarter
        firm.alive = 1
        firm.does_rd = 1 if firm.opportunity > place.rd_cut_technology else 0
    return firms


def build(start: Columns, seed: int) -> Engine:
    """Return the model; its draws are keyed by number of firm and quarter."""
    return Engine(start, seed)
