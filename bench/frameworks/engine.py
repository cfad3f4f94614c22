"""The reference model in this engine: records, compiled rules of the full model, counter-based draws."""

import math
from typing import Any

import mesa
import numpy as np
from specification import NATION, PARAMETERS, PLACE, STATE, Columns, Market, number_of_founders

from agents.blocks import end_of_stretch, firm_row, new_block, pour, statistics_row
from agents.compiling import loop, rule
from agents.elementary import exp
from agents.firm import Firm
from agents.innovation_rules import invention_rate, learn
from agents.market_rules import grow, log_productivity, margin
from agents.population import RecordPopulation
from agents.quantiles import binomial, normal_quantile, poisson, unit_shock
from agents.records import FIELDS, FIRM, LEDGER, STATISTICS, SUPPORT
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
from agents.rows import fixed
from agents.survival_rules import closes, dividend, income_tax, operating_surplus
from agents.table_rows import fetch_ahead, tile_of
from agents.tiles import TILE
from simulation.randomness import Purpose, draw, stream, uniform


def _record(layout: np.dtype[Any], values: dict[str, float]) -> np.ndarray:
    record = np.zeros(1, dtype=layout)
    for name, value in values.items():
        record[name] = value
    return record


class Engine(mesa.Model):
    """Firms in one table."""

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
        place, nation, p = self.place[0], self.nation[0], PARAMETERS[0]
        bids, stock, stats = np.zeros(FIELDS), np.zeros(FIELDS), np.zeros(1, dtype=STATISTICS)
        plan(self.firms.records, self.key, self.quarter, place, nation, self.support[0], p, bids)
        market = self.market
        market.clear(bids)
        operate(
            self.firms.records, self.key, self.quarter, place, nation, p, market.price, np.log(market.price),
            market.log_pool, stock, stats[0], stats.view(np.float64),
        )  # fmt: skip
        market.publish(stock)
        u = draw(self.key, np.uint64(0), self.quarter, int(Purpose.ENTRY))
        entrants = number_of_founders(float(stats["technology_firms"][0]), u)
        self.firms.append(found(self.founded, entrants, self.key, self.quarter, place, p))
        self.founded += entrants
        names = ("firms", "rd_firms", "revenue", "rd", "filings", "patents", "exits", "knowledge")
        self.history.append({**{name: float(stats[name][0]) for name in names}, "entrants": float(entrants)})
        self.quarter += 1

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        living = self.firms.living
        living = living[np.argsort(living["id"])]
        return {name: living["id" if name == "number" else name] for name in STATE}


ACCOUNTS = len(LEDGER)


@loop
def plan(
    firms: Any, seed: int, quarter: int, place: Any, nation: Any, support: Any, p: Any, bids: np.ndarray
) -> None:
    """First pass: opportunity, size, bid, R&D."""
    block, end = new_block(), 0
    while end < firms.size:
        start, end = end, end_of_stretch(firms, end, firms.size)
        number, size = start // TILE, end - start
        tile = tile_of(firms, number)
        plan_tile(tile, block, size, seed, quarter, place, nation, support, p)
        for k in range(size):
            fetch_ahead(firms, number + 2, k)
            firm = firm_row(tile, block, k)
            bids[firm.field] += firm.weight


@loop
def plan_tile(
    tile: Any, block: Any, size: int, seed: int, quarter: int, place: Any, nation: Any, support: Any, p: Any
) -> None:
    """Let the firms of a tile plan."""
    place, nation, support, p = fixed(place), fixed(nation), fixed(support), fixed(p)
    for k in range(size):
        firm = firm_row(tile, block, k)
        key = stream(seed, firm.id, quarter)
        renew_opportunity(firm, unit_shock(uniform(key, Purpose.OPPORTUNITY)), p)
        grow(firm, quarter - firm.birth, uniform(key, Purpose.GROWTH), p)
        firm.weight = exp(firm.scale + log_productivity(firm, p)) if firm.alive == 1 else 0.0
    for k in range(size):
        firm = firm_row(tile, block, k)
        choose_rd(firm, place, nation, support, p)
        firm.does_rd = firm.does_rd if firm.alive == 1 else 0
        firm.rd = firm.rd if firm.alive == 1 else 0.0
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


@loop
def operate(
    firms: Any,
    seed: int,
    quarter: int,
    place: Any,
    nation: Any,
    p: Any,
    price: np.ndarray,
    log_price: np.ndarray,
    log_pool: np.ndarray,
    stock: np.ndarray,
    stat: Any,
    all_stats: np.ndarray,
) -> None:
    """Second pass: sell, pay, learn, invent, live or close; figures go into `stat`, by name and by number."""
    block, end = new_block(), 0
    while end < firms.size:
        start, end = end, end_of_stretch(firms, end, firms.size)
        number, size = start // TILE, end - start
        tile = tile_of(firms, number)
        for k in range(size):
            fetch_ahead(firms, number + 1, k)
            firm = firm_row(tile, block, k)
            firm.price, firm.log_price = price[firm.field], log_price[firm.field]
            firm.log_pool = log_pool[firm.field]
        operate_tile(tile, block, size, seed, quarter, place, nation, p)
        for k in range(size):
            firm = firm_row(tile, block, k)
            if firm.acts == 1:
                patent(firm, nation, p, stat)
            if firm.may_close == 1:
                firm.alive = 0
                stat.exits += 1.0
        count_tile(tile, block, size)
        for k in range(size):
            firm = firm_row(tile, block, k)
            stock[firm.field] += firm.knowledge if firm.alive == 1 else 0.0
    pour(block, all_stats, np.zeros(ACCOUNTS))


@loop
def operate_tile(
    tile: Any, block: Any, size: int, seed: int, quarter: int, place: Any, nation: Any, p: Any
) -> None:
    """Let the firms of a tile sell, pay and learn, and find those that invent or close."""
    place, nation, p = fixed(place), fixed(nation), fixed(p)
    hazard = 0.25 * p.examination_hazard
    for k in range(size):
        firm = firm_row(tile, block, k)
        firm.key = stream(seed, firm.id, quarter)
        firm.revenue = firm.weight * firm.price
        firm.scale += firm.log_price
        surplus = operating_surplus(firm, unit_shock(uniform(firm.key, Purpose.MARGIN)), p)
        firm.cash += surplus - firm.rd - income_tax(firm, surplus, firm.rd, nation)
        dividend(firm, p)
        learn(firm, p)
        expected = invention_rate(firm, place, firm.log_pool, p) if firm.does_rd == 1 else 0.0
        decided = uniform(firm.key, Purpose.DECISION) > 1.0 - firm.filed * hazard
        lapsed = uniform(firm.key, Purpose.LAPSE) > 1.0 - firm.patents * 0.25 * p.patent_lapse
        firm.expected_filings = expected
        alive = firm.alive == 1
        invented = uniform(firm.key, Purpose.INVENTION) > 1.0 - expected
        firm.acts = (decided | lapsed | invented) & alive
        u = uniform(firm.key, Purpose.EXIT)
        firm.may_close = closes(firm, quarter - firm.birth, place, 0.0, u, p) & alive


@rule
def patent(firm: Any, nation: Any, p: Any, stat: Any) -> None:
    """Let filings be decided and patents lapse, then invent."""
    key = firm.key
    decided = binomial(firm.filed, 0.25 * p.examination_hazard, uniform(key, Purpose.DECISION))
    granted = binomial(decided, nation.pass_rate, uniform(key, Purpose.GRANT_DECISION))
    lapsed = binomial(firm.patents, 0.25 * p.patent_lapse, uniform(key, Purpose.LAPSE))
    filings = poisson(firm.expected_filings, uniform(key, Purpose.INVENTION))
    firm.filed += filings - decided
    firm.patents += granted - lapsed
    stat.filings += filings


@loop
def count_tile(tile: Any, block: Any, size: int) -> None:
    """Count the firms that live on."""
    for k in range(size):
        firm, stat = firm_row(tile, block, k), statistics_row(block, k)
        if firm.alive == 1:
            stat.firms += 1.0
            stat.technology_firms += firm.kind
            stat.rd_firms += firm.does_rd
            stat.revenue += firm.revenue
            stat.rd += firm.rd
            stat.patents += firm.patents
            stat.knowledge += firm.knowledge


@loop
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
