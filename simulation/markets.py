"""The markets for goods and for researchers."""

from collections.abc import Mapping

import numpy as np

from agents.market_rules import TRADITIONAL_FIELD
from simulation.geography import Geography, halved


class GoodsMarket:
    """Demand for the firms of a city and field, shared out in proportion to their bids.

    `demand` grows with nominal GDP of the city (an outside path) and moves slowly to cities whose firms have
    become more productive in the field.
    """

    def __init__(self, demand: np.ndarray) -> None:
        self.demand = demand
        self.price = np.ones_like(demand)

    def clear(self, bids: np.ndarray) -> None:
        """Set the price at which all demand is served: revenue of a firm is its bid times the price."""
        self.price = np.divide(self.demand, bids, out=np.zeros_like(bids), where=bids > 0.0)

    def advance(self, growth: np.ndarray, productivity: np.ndarray, p: Mapping[str, float]) -> None:
        """Let demand grow by a quarter, faster in high-tech fields.

        Parameters
        ----------
        growth : float64[C]
            Nominal GDP growth of the quarter by city.
        productivity : float64[C]
            Change of mean log productivity of the city's firms since 2015.
        """
        by_city = self.demand.sum(axis=1)
        total = by_city.sum()
        relative = productivity - (productivity * by_city).sum() / total
        tilt = np.zeros(self.demand.shape[1])
        tilt[:TRADITIONAL_FIELD] = 0.25 * p["hightech_demand_growth"]
        moved = self.demand * np.exp(tilt)
        moved *= (by_city / moved.sum(axis=1))[:, None]
        moved *= np.exp(0.25 * p["trade_elasticity"] * relative)[:, None]
        self.demand = moved * (total / moved.sum()) * (1.0 + growth)[:, None]

    def shift(self, factor: np.ndarray) -> None:
        """Let demand change by a factor for each city and field."""
        self.demand = self.demand * factor


class TalentMarket:
    """Researchers by city: a stock that migrates, and a wage that clears the local market."""

    def __init__(self, stock: np.ndarray, payroll: np.ndarray, high_level: np.ndarray) -> None:
        self.stock = stock.copy()
        self.high_level = high_level.copy()
        self.high_level_start = high_level / stock
        self.high_level_balance = float(high_level.sum())
        self.wage = payroll / stock
        self.outside_wage = self.wage.copy()
        self.employed = stock.copy()
        self.moved = np.zeros((stock.size, stock.size))
        self.balance = 0.0
        """People who came from outside less those who left or retired, since the start."""

    def clear(self, payroll: np.ndarray, elasticity: float) -> None:
        """Find the wage at which the researchers that payrolls can pay are those who want the job.

        Supply is stock · (wage / outside wage)^elasticity: people who can do research also have other jobs.
        """
        payroll = np.maximum(payroll, 1e-9)
        supply_at_one = self.stock * self.outside_wage**-elasticity
        self.wage = (payroll / supply_at_one) ** (1.0 / (1.0 + elasticity))
        self.employed = payroll / self.wage

    def quality(self, elasticity: float) -> np.ndarray:
        """Return the productivity of researchers from the share of high-level talent, 2015 = 1."""
        return np.asarray((self.high_level / self.stock / self.high_level_start) ** elasticity)

    def advance(
        self,
        geography: Geography,
        minutes: np.ndarray,
        growth: np.ndarray,
        graduates: np.ndarray,
        p: Mapping[str, float],
    ) -> None:
        """Let outside wages grow, careers end, graduates arrive and researchers move, for one quarter."""
        self.outside_wage *= 1.0 + growth - 0.25 * p["employment_growth"]
        retired = 0.25 * p["retirement"] * self.stock
        self.stock += graduates - retired
        self.balance += graduates.sum() - retired.sum()
        self.moved = migration(self.stock, self.wage, minutes, p)
        self.stock += self.moved.sum(axis=0) - self.moved.sum(axis=1)

    def depart(self, leaving: np.ndarray) -> None:
        """Let high-level talent leave their cities (float64[C])."""
        self.arrive(-leaving)

    def arrive(self, coming: np.ndarray) -> None:
        """Bring high-level talent to cities (float64[C])."""
        self.high_level += coming
        self.stock += coming
        self.balance += coming.sum()
        self.high_level_balance += float(coming.sum())


def migration(stock: np.ndarray, wage: np.ndarray, minutes: np.ndarray, p: Mapping[str, float]) -> np.ndarray:
    """Return the researchers who move from each city (row) to each city (column) in a quarter."""
    pull = stock[None, :] * halved(minutes, p["migration_half_life"])
    pull = pull * (wage[None, :] / wage[:, None]) ** p["migration_wage_elasticity"]
    pull.flat[:: pull.shape[0] + 1] = 0.0
    chance = pull / pull.sum(axis=1, keepdims=True)
    return np.asarray(0.25 * p["migration_rate"] * stock[:, None] * chance)
