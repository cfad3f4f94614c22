"""Universities and institutes: they research, invent, license, found firms and sell research."""

import math
from typing import Any, NamedTuple

import mesa
import numpy as np

from agents.compiling import rule
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
    channel: float


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

    Attributes
    ----------
    awarded : float
        Money of city programmes for this quarter's research, on top of `funding`.
    construction : float
        Money of city programmes for building laboratories in this quarter.
    staff_share : float
        Part of the money for research that goes to staff.
    laboratories : list of float
        Key laboratories that it hosts: how far each is built (0-1, 1: it works).
    seconded : float
        Share of its academics with a role in a firm (0-1).
    inventor_share : float
        Inventors' share of title to their inventions (0-1), beside what the law gives them.
    entitled : int
        Quarters for which they have had it.
    partner_firms : float
        Firms that work with it.
    full_budget, opened : float, int
        An institute that policy has opened: programme money a quarter at full size, and when it opened.
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
        self.awarded = 0.0
        self.construction = 0.0
        self.cash = 0.0
        self.staff_share = float(p["wage_share"])
        self.laboratories: list[float] = []
        self.seconded = 0.0
        self.full_budget = 0.0
        self.opened = 0
        self.researchers = 0.0
        self.researchers_start = 0.0
        self.inventor_share = 0.0
        self.entitled = 0
        self.partner_firms = 0.0
        stage = granted / (model.pass_rate * float(p["examination_hazard"]))
        self.filed = round(stage)
        self.examined = round(stage)
        self.patents = round(PATENTS_START * granted)
        self.filing_rate = 0.25 * granted / model.pass_rate
        self.filings = self.grants = self.refusals = self.lapses = 0
        self.disclosures = self.licences = self.office_licences = self.spin_offs = 0

    @property
    def resources(self) -> float:
        """Money for research in this quarter without what contracts bring."""
        return self.received + self.awarded

    @property
    def size(self) -> float:
        """What it is equipped for: its usual funding and the awards of programmes."""
        return self.funding + self.awarded

    def remove(self) -> None:
        """Close the university: it acts no more, and its patents and inventions leave with it."""
        self.model.withdraw(self)
        super().remove()

    def award(self, amount: float) -> None:
        """Take in money of a public programme for this quarter's research."""
        self.awarded += amount

    def due(self, quarter: int, p: Any) -> float:
        """Return the programme money that an institute opened by policy needs in a quarter, by its age."""
        age = quarter - self.opened + 1
        return min(1.0, 0.25 * age / p["institute_growth_years"]) * self.full_budget

    def grow(self, p: Any) -> None:
        """Let public research funding, and what governments plan for it, grow by a quarter."""
        growth = 1.0 + 0.25 * p["university_growth"]
        self.funding *= growth
        self.planned *= growth

    def payroll(self) -> float:
        """Return the money offered to researchers in this quarter."""
        return self.staff_share * (self.resources + self.cash)

    def spend(self, wage: float) -> tuple[float, float, float]:
        """Spend all money, also last quarter's contract income; return (funding, to staff, to suppliers)."""
        budget = self.resources + self.cash
        wages = self.staff_share * budget
        self.researchers = wages / wage
        if self.researchers_start == 0.0:
            self.researchers_start = self.researchers
        self.funding_spent = self.resources + self.construction
        self.cash = 0.0
        return self.received, wages, budget - wages

    def entitle(self, share: float) -> None:
        """Give inventors a share of title, or take it from them."""
        self.entitled = self.entitled + 1 if share > 0.0 else 0
        self.inventor_share = share

    def title(self, p: Any) -> float:
        """Return what title adds to inventors' share of the reward, relative to the half the law leaves.

        It is learnt over some years, and worth less without outside partners who co-own (Ren & Mei 2023): for
        so many of the inventions disclosed in a year as there are firms that work with the university.
        """
        if self.inventor_share == 0.0:
            return 0.0
        learnt = min(1.0, 0.25 * self.entitled / p["title_years"])
        disclosed = 4.0 * p["disclosure_rate"] * self.filing_rate
        partnered = min(1.0, self.partner_firms / disclosed) if disclosed > 0.0 else 0.0
        alone = p["title_alone"]
        return p["title_weight"] * self.inventor_share * learnt * (alone + (1.0 - alone) * partnered)

    def reward(self, p: Any) -> float:
        """Return inventors' effort to transfer inventions relative to no pilot.

        Effort follows the expected share of the reward with an elasticity (Hvide & Jones 2018; Chang, Gong &
        Zhu 2023).
        """
        return (1.0 + self.title(p)) ** p["ownership_elasticity"]

    def office_effort(self, p: Any) -> float:
        """Return the effort of the institution's transfer office relative to no pilot: its share shrinks."""
        return (1.0 - self.title(p)) ** p["office_elasticity"]

    def invent(self, pass_rate: float, quality: float, u: Draws, p: Any) -> None:
        """File inventions; examination, grant and lapse follow as for firms (`firm_tick.patent`)."""
        relative = self.researchers * quality / self.researchers_start
        relative *= 1.0 - p["secondment_time"] * self.seconded
        self.filed, self.examined, self.patents, self.filings, self.grants, self.refusals, self.lapses = (
            _pipeline(
                self.filing_rate * relative**0.8,
                self.filed,
                self.examined,
                self.patents,
                0.25 * p["examination_hazard"],
                pass_rate,
                0.25 * p["patent_lapse"],
                u.invention,
                u.examination,
                u.decision,
                u.grant,
                u.lapse,
            )
        )

    def transfer(self, leave: float, scale: float, u: Draws, p: Any) -> None:
        """Disclose inventions, license patents and let researchers found firms.

        Inventors and the institution's office both look for licensees.
        """
        effort, inventors = self.reward(p), p["inventor_licensing"]
        by_office = (1.0 - inventors) * self.office_effort(p)
        licensing = 1.0 + inventors * (effort - 1.0) + (by_office - (1.0 - inventors))
        disclosed = p["disclosure_rate"] * self.filings * effort
        self.disclosures = math.floor(disclosed + u.disclosure)
        founders = p["university_spin_off_rate"] * disclosed * (1.0 + leave)
        self.licences, self.office_licences, self.spin_offs = _transfers(
            0.25 * p["licence_rate"] * self.patents * licensing,
            by_office / licensing,
            founders * scale,
            u.licence,
            u.channel,
            u.spin_off,
        )


# A call from Python costs more than the draws themselves, so that each rule draws all it can at once.


@rule
def _pipeline(
    rate: float,
    filed: int,
    examined: int,
    patents: int,
    hazard: float,
    pass_rate: float,
    lapse: float,
    u_invention: float,
    u_examination: float,
    u_decision: float,
    u_grant: float,
    u_lapse: float,
) -> tuple[int, int, int, int, int, int, int]:
    """Return filings that wait, are examined and are patents now; what is filed, granted, refused, lapses."""
    decided = binomial(examined, hazard, u_decision)
    grants = binomial(decided, pass_rate, u_grant)
    opened = binomial(filed, hazard, u_examination)
    lapses = binomial(patents, lapse, u_lapse)
    filings = poisson(rate, u_invention)
    return (
        filed + filings - opened,
        examined + opened - decided,
        patents + grants - lapses,
        filings,
        grants,
        decided - grants,
        lapses,
    )


@rule
def _transfers(
    licensing: float, office: float, founding: float, u_licence: float, u_channel: float, u_spin_off: float
) -> tuple[int, int, int]:
    """Return how many patents are licensed, those licensed by the office, and firms founded."""
    licences = poisson(licensing, u_licence)
    return licences, binomial(licences, office, u_channel), poisson(founding, u_spin_off)
