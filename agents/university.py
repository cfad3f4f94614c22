"""Universities and institutes: they research, invent, license, found firms and sell research."""

import math
from typing import Any, NamedTuple

import mesa
import numpy as np

from agents.quantiles import binomial, poisson

PATENTS_START = 2.7
"""Patents in force at the start of 2015 per patent granted in that year (assumption)."""


class Draws(NamedTuple):
    """The uniform draws of a university in a quarter."""

    decision: float
    grant: float
    examination: float
    lapse: float
    invention: float
    disclosure: float
    licence: float
    spin_off: float


class University(mesa.Agent):
    """A university, a research institute, or the sum of a city's smaller institutes.

    Money in 10 000 CNY, flows a quarter. Filings and patents are whole numbers.

    Parameters
    ----------
    identity : uint64
        Stable id, key of all draws.
    funding : float
        Research funding a quarter in 2015.
    granted : float
        Invention patents granted a year in 2015.
    """

    def __init__(
        self,
        model: Any,
        name: str,
        name_zh: str,
        city: int,
        place: int,
        field: int,
        identity: np.uint64,
        funding: float,
        granted: float,
    ) -> None:
        super().__init__(model)
        p = model.p
        self.name = name
        self.name_zh = name_zh
        self.city = city
        self.place = place
        self.field = field
        self.identity = identity
        self.funding = funding
        self.funding_start = funding
        self.planned = funding
        self.received = funding
        self.funding_spent = 0.0
        self.cash = 0.0
        self.researchers = 0.0
        self.researchers_start = 0.0
        self.inventor_share = 0.0
        stage = granted / (model.pass_rate * float(p["examination_hazard"]))
        self.filed = round(stage)
        self.examined = round(stage)
        self.patents = round(PATENTS_START * granted)
        self.filing_rate = 0.25 * granted / model.pass_rate
        self.filings = self.grants = self.refusals = self.lapses = 0
        self.disclosures = self.licences = self.spin_offs = 0

    def grow(self, p: Any) -> None:
        """Let public research funding, and what governments plan for it, grow by a quarter."""
        growth = 1.0 + 0.25 * float(p["university_growth"])
        self.funding *= growth
        self.planned *= growth

    def payroll(self, p: Any) -> float:
        """Return the money offered to researchers in this quarter."""
        return float(p["wage_share"]) * (self.received + self.cash)

    def spend(self, wage: float, p: Any) -> tuple[float, float, float]:
        """Spend funding and last quarter's contract income; return (received, to staff, to suppliers)."""
        budget = self.received + self.cash
        wages = float(p["wage_share"]) * budget
        self.researchers = wages / wage
        if self.researchers_start == 0.0:
            self.researchers_start = self.researchers
        received = self.funding_spent = self.received
        self.cash = 0.0
        return received, wages, budget - wages

    def reward(self, p: Any) -> float:
        """Return effort to transfer inventions relative to no pilot.

        Title adds to the reward that the law gives inventors anyway (half of the income); effort follows the
        expected share with an elasticity (Hvide & Jones 2018; Chang, Gong & Zhu 2023).
        """
        share = 0.5 + float(p["title_weight"]) * self.inventor_share * 0.5
        return (share / 0.5) ** float(p["ownership_elasticity"])

    def invent(self, pass_rate: float, quality: float, u: Draws, p: Any) -> None:
        """File inventions; examination, grant and lapse follow as for firms (`firm_tick.patent`)."""
        relative = self.researchers * quality / self.researchers_start
        hazard = 0.25 * float(p["examination_hazard"])
        decided = binomial(self.examined, hazard, u.decision)
        self.grants = binomial(decided, pass_rate, u.grant)
        opened = binomial(self.filed, hazard, u.examination)
        self.lapses = binomial(self.patents, 0.25 * float(p["patent_lapse"]), u.lapse)
        self.filings = poisson(self.filing_rate * relative**0.8, u.invention)
        self.refusals = decided - self.grants
        self.filed += self.filings - opened
        self.examined += opened - decided
        self.patents += self.grants - self.lapses

    def transfer(self, leave: float, scale: float, u: Draws, p: Any) -> None:
        """Disclose inventions, license patents and let researchers found firms."""
        effort = self.reward(p)
        disclosed = float(p["disclosure_rate"]) * self.filings * effort
        self.disclosures = math.floor(disclosed + u.disclosure)
        self.licences = poisson(0.25 * float(p["licence_rate"]) * self.patents * effort, u.licence)
        founders = float(p["university_spin_off_rate"]) * disclosed * (1.0 + leave)
        self.spin_offs = poisson(founders * scale, u.spin_off)
