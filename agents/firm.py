"""The firm: what one is, as a Mesa agent. What firms do stands in the files ``*_rules.py``."""

from enum import IntEnum
from typing import Any, ClassVar

import numpy as np

from agents.population import RecordAgent
from agents.records import FIRM


class Kind(IntEnum):
    """Which statistics a firm was in when it entered."""

    INDUSTRIAL = 0  # above-scale industrial enterprise (20m CNY of sales a year)
    TECHNOLOGY = 1  # technology firm below that scale


class Origin(IntEnum):
    """How a firm was born."""

    INCUMBENT = 0  # older than the run
    INDEPENDENT = 1
    CORPORATE_SPIN_OFF = 2
    UNIVERSITY_SPIN_OFF = 3
    RETURNEE = 4
    INCUBATOR = 5


class Firm(RecordAgent):
    """A firm; every field of `agents.records.FIRM` is an attribute that reads and writes its record."""

    layout: ClassVar[np.dtype[Any]] = FIRM

    # The fields for editors and type checkers; what they mean stands in `agents.records`.
    id: int
    scale: float
    opportunity: float
    weight: float
    revenue: float
    rd: float
    project_rd: float
    venture_rd: float
    knowledge: float
    researchers: float
    cash: float
    debt: float
    equity: float
    for_rd: float
    for_growth: float
    grant: float
    relabelled: float
    partner_gain: float
    contracts: float
    revenue_year: float
    rd_year: float
    filed: int
    examined: int
    patents: int
    birth: int
    place: int
    city: int
    field: int
    kind: int
    origin: int
    catalogue: int
    certificate: int
    tech_sme: int
    tenant: int
    does_rd: int
    exploring: int
    seeks_equity: int
    alive: int
    upgraded: int

    def __repr__(self) -> str:
        if not self.is_in_model:
            return super().__repr__()
        return f"Firm(id={self.unique_id}, {self.place_name}, {Kind(self.kind).name.lower()})"

    @property
    def place_name(self) -> str:
        """Id of the city or zone that the firm is in."""
        return str(self.model.geography.places[self.place].id)

    @property
    def city_name(self) -> str:
        """Id of the city that the firm is in, also for a firm of a zone."""
        return str(self.model.geography.cities[self.city])

    @property
    def rd_intensity(self) -> float:
        """Real R&D spending over revenue in the last quarter (share)."""
        return self.rd / self.revenue if self.revenue > 0.0 else 0.0

    @property
    def certified(self) -> bool:
        """Whether the firm holds a valid high-tech certificate."""
        return self.certificate > 0

    @property
    def above_scale(self) -> bool:
        """Whether the firm counts as above-scale industry."""
        threshold = float(self.model.p["above_scale_revenue"])
        return self.kind == Kind.INDUSTRIAL or 4.0 * self.revenue >= threshold
