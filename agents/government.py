"""Governments: budgets that close, programmes that are paid from them, and instruments that reach firms."""

import math
from collections.abc import Mapping
from typing import Any

import mesa


class Government(mesa.Agent):
    """A city government with its S&T budget, and the zone administrations it pays for.

    Money in 10 000 CNY a quarter.
    """

    def __init__(self, model: Any, name: str, city: int, budget: float) -> None:
        super().__init__(model)
        self.name = name
        self.city = city
        self.budget = budget
        self.extra_growth = 1.0
        self.balance = 0.0
        self.spent: dict[str, float] = {}
        self.delivered = 1.0

    def receive(self, budget: float, fiscal_growth: float) -> None:
        """Take in this quarter's S&T budget; `fiscal_growth` compounds from the quarter it starts."""
        self.extra_growth *= (1.0 + fiscal_growth) ** 0.25
        self.budget = budget * self.extra_growth
        self.balance = self.budget
        self.spent = {}

    def allot(self, requests: Mapping[str, float], p: Any) -> float:
        """Decide how much of the programmes' requests can be paid: all of them share a shortage alike.

        New programmes draw on the discretionary part of the budget only.

        Returns
        -------
        float
            The part that is delivered, 0 to 1.
        """
        wanted = math.fsum(requests.values())
        available = float(p["discretionary_share"]) * self.budget
        self.delivered = 1.0 if wanted <= available else available / wanted
        return self.delivered

    def pay(self, purpose: str, amount: float) -> float:
        """Pay up to what is left of the quarter's budget; return what was paid."""
        paid = min(max(0.0, amount), self.balance)
        self.balance -= paid
        self.spent[purpose] = self.spent.get(purpose, 0.0) + paid
        return paid

    def close(self) -> float:
        """Spend what is left on other S&T services; return it."""
        rest = self.balance
        self.spent["other"] = self.spent.get("other", 0.0) + rest
        self.balance = 0.0
        return rest
