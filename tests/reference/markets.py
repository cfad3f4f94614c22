"""The markets for goods and for researchers, one city at a time."""

import math
from copy import deepcopy
from types import SimpleNamespace

import numpy as np

from reference.distance import fading
from reference.research import TRADITIONAL
from simulation.markets import TalentMarket


class ReferenceGoods:
    """Demand by city and field, and the price at which bids use it up."""

    def __init__(self, demand: np.ndarray) -> None:
        self.demand: list[list[float]] = demand.tolist()
        self.price: list[list[float]] = [[1.0] * len(row) for row in self.demand]

    def clear(self, bids: np.ndarray) -> None:
        """A firm sells its bid times the price, so all demand is served where anybody bids."""
        self.price = [
            [demand / bid if bid > 0.0 else 0.0 for demand, bid in zip(*rows, strict=True)]
            for rows in zip(self.demand, bids.tolist(), strict=True)
        ]

    def advance(self, growth: list[float], productivity: list[float], p: SimpleNamespace) -> None:
        """Demand grows with each city's GDP, tilts to high-tech fields, and moves to productive cities."""
        size = [sum(row) for row in self.demand]
        delta = sum(size)
        mean = sum(gain * weight for gain, weight in zip(productivity, size, strict=True)) / delta
        tilt = math.exp(0.25 * p.hightech_demand_growth)
        moved = []
        for row, gain, total in zip(self.demand, productivity, size, strict=True):
            tilted = [demand * (tilt if field < TRADITIONAL else 1.0) for field, demand in enumerate(row)]
            pull = math.exp(0.25 * p.trade_elasticity * (gain - mean)) * total / sum(tilted)
            moved.append([demand * pull for demand in tilted])
        keep = delta / sum(sum(row) for row in moved)  # what one city gains others lose
        self.demand = [
            [demand * keep * (1.0 + rate) for demand in row] for row, rate in zip(moved, growth, strict=True)
        ]

    def shift(self, factor: np.ndarray) -> None:
        """Demand changes by a factor for each city and field."""
        rows = zip(self.demand, factor.tolist(), strict=True)
        self.demand = [[demand * by for demand, by in zip(*row, strict=True)] for row in rows]


class ReferenceTalent(TalentMarket):
    """Researchers by city. `depart` and `settle`, which programmes use, are shared."""

    @classmethod
    def like(cls, market: TalentMarket) -> "ReferenceTalent":
        """Return a market in the same state."""
        same = cls.__new__(cls)
        vars(same).update(deepcopy(vars(market)))
        return same

    def clear(self, payroll: list[float], elasticity: float) -> None:
        """Wage at which as many come, stock · (wage / outside wage)^elasticity, as payrolls can pay."""
        for city, money in enumerate(payroll):
            wage, stock, outside = max(money, 1e-9), self.stock[city], self.outside_wage[city]
            log_wage = (math.log(wage / stock) + elasticity * math.log(outside)) / (1.0 + elasticity)
            self.wage[city] = math.exp(log_wage)
            self.employed[city] = stock * (self.wage[city] / outside) ** elasticity

    def quality(self, elasticity: float) -> list[float]:
        """Productivity of researchers by city from the share of high-level talent, 2015 = 1."""
        shares = zip(self.high_level, self.stock, self.high_level_start, strict=True)
        return [(high / stock / start) ** elasticity for high, stock, start in shares]

    def pass_quarter(
        self, minutes: list[list[float]], growth: list[float], graduates: list[float], p: SimpleNamespace
    ) -> None:
        """Outside wages grow, careers end, graduates arrive, researchers move."""
        cities = range(len(growth))
        for city in cities:
            self.outside_wage[city] *= 1.0 + growth[city] - 0.25 * p.employment_growth
            change = graduates[city] - 0.25 * p.retirement * self.stock[city]
            self.stock[city] += change
            self.balance += change
        start = self.stock.copy()
        self.moved = np.zeros((len(growth), len(growth)))
        for a in cities:
            pull = [self._pull(start[b], minutes[a][b], self.wage[b] / self.wage[a], p) for b in cities]
            pull[a] = 0.0
            for b in cities:
                people = 0.25 * p.migration_rate * start[a] * pull[b] / sum(pull)
                self.stock[a] -= people
                self.stock[b] += people
                self.moved[a, b] = people

    @staticmethod
    def _pull(stock: float, minutes: float, relative_wage: float, p: SimpleNamespace) -> float:
        near = fading(minutes, p.migration_half_life)
        return float(stock * near * relative_wage**p.migration_wage_elasticity)
