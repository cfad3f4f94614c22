"""Governments: budgets that close, what is paid from them, and a yearly look at the targets."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import mesa


class Level(StrEnum):
    """The level of a government."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    ZONE = "zone"


class Government(mesa.Agent):
    """A government with its S&T budget: the nation, a province, a city or the administration of a zone.

    Money in 10 000 CNY a quarter. A Mesa user who removes a government takes its budget out of the model:
    what a city, a province or the nation paid for is not delivered any more; a zone is left to its city.

    Parameters
    ----------
    name : str
        The place, province or nation.
    place : int
        Row of the place that it answers for (cities and zones; -1 for others).
    city : int
        City that it belongs to (-1 for provinces and the nation).
    """

    def __init__(self, model: Any, name: str, level: Level, place: int = -1, city: int = -1) -> None:
        super().__init__(model)
        self.name = name
        self.level = level
        self.place = place
        self.city = city
        self.budget = 0.0
        self.appropriation = 0.0
        self.extra_growth = 1.0
        self.balance = 0.0
        self.arrears = 0.0
        self.delivered = 1.0
        self.spent: dict[str, float] = {}
        self.forgone: dict[str, float] = {}
        self.gaps: dict[str, float] = {}
        self.idle: dict[str, float] = {}
        self._promised: dict[str, float] = {}
        self._paid: dict[str, float] = {}

    def review(self, gaps: Mapping[str, float]) -> None:
        """Take note, once a year, of how indicators stand and of programmes that could not spend their money.

        Parameters
        ----------
        gaps : mapping
            By indicator with a target, how far it lies behind its path, as a share of the target.
        """
        self.gaps = dict(gaps)
        self.idle = {
            name: max(0.0, 1.0 - self._paid.get(name, 0.0) / promised)
            for name, promised in self._promised.items()
            if promised > 0.0
        }
        self._promised, self._paid = {}, {}

    def shift(
        self, requests: Mapping[str, float], lags: Mapping[str, float], strength: float, most: float
    ) -> dict[str, float]:
        """Move money between programmes; return the factor by which each request changes.

        Programmes whose indicators are on track give up to `most` of their money, and those that could not
        spend it the part that lay idle. Those that lag get it, in proportion to lag and money.

        Parameters
        ----------
        lags : mapping
            How far behind the indicators are that a programme serves; others neither give nor get.
        strength : float
            Part of the possible shift that is made (0-1).
        """
        given, weight = {}, {}
        for name, lag in lags.items():
            idle = self.idle.get(name, 0.0)
            given[name] = strength * (most if lag <= 0.0 else min(most, idle)) * requests[name]
            weight[name] = max(0.0, lag) * (1.0 - idle) * requests[name]
        pot, needed = math.fsum(given.values()), math.fsum(weight.values())
        if needed <= 0.0:
            return {}
        return {name: 1.0 + (pot * weight[name] / needed - given[name]) / requests[name] for name in lags}

    def promise(self, purpose: str, amount: float) -> None:
        """Note what a programme may spend in this quarter."""
        self._promised[purpose] = self._promised.get(purpose, 0.0) + amount

    def grow(self, fiscal_growth: float) -> float:
        """Compound extra growth of the S&T budget by a quarter; return the factor since it started."""
        self.extra_growth *= (1.0 + fiscal_growth) ** 0.25
        return self.extra_growth

    def receive(self, budget: float, appropriation: float = 0.0) -> float:
        """Open the quarter's books, paying first what was promised and could not be paid before.

        Parameters
        ----------
        budget : float
            The S&T budget, on which programmes draw.
        appropriation : float
            Money that is set aside for universities.

        Returns
        -------
        float
            What was paid of the arrears.
        """
        self.budget, self.appropriation = budget, appropriation
        self.balance = budget + appropriation
        self.spent, self.forgone, self.delivered = {}, {}, 1.0
        paid = self.pay("arrears", self.arrears) if self.arrears else 0.0
        self.arrears -= paid
        return paid

    def allot(self, requests: Mapping[str, float], p: Any, reserved: float = 0.0) -> float:
        """Decide how much of the programmes' requests can be paid: all of them share a shortage alike.

        New programmes draw on the discretionary part of the budget only, and on nothing that grants need or
        that is `reserved`.

        Returns
        -------
        float
            The part that is delivered, 0 to 1.
        """
        wanted = math.fsum(requests.values())
        available = float(p["discretionary_share"]) * self.budget
        available = max(0.0, min(available, self.balance - self.for_grants(p) - reserved))
        self.delivered = 1.0 if wanted <= available else available / wanted
        return self.delivered

    def for_grants(self, p: Any) -> float:
        """Return what the budget holds for grants."""
        return min(float(p["grants_share"]) * self.budget, self.balance)

    def pay(self, purpose: str, amount: float) -> float:
        """Pay up to what is left of the quarter's budget; return what was paid."""
        paid = min(max(0.0, amount), self.balance)
        self.balance -= paid
        self.spent[purpose] = self.spent.get(purpose, 0.0) + paid
        return paid

    def owe(self, amount: float) -> None:
        """Put off what was promised and cannot be paid to the next budget."""
        self.arrears += amount

    def forgo(self, purpose: str, amount: float) -> None:
        """Note revenue that is not raised."""
        self.forgone[purpose] = self.forgone.get(purpose, 0.0) + amount

    def close(self) -> float:
        """Spend what is left on other S&T services; return it."""
        rest = self.balance
        self.spent["other"] = self.spent.get("other", 0.0) + rest
        self.balance = 0.0
        for purpose, amount in self.spent.items():
            self._paid[purpose] = self._paid.get(purpose, 0.0) + amount
        return rest
