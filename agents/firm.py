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

    @property
    def rd_intensity(self) -> float:
        """Real R&D spending over revenue in the last quarter (share)."""
        record = self.record
        return float(record["rd"] / record["revenue"]) if record["revenue"] > 0 else 0.0

    @property
    def certified(self) -> bool:
        """Whether the firm holds a valid high-tech certificate."""
        return bool(self.record["certificate"] > 0)

    @property
    def above_scale(self) -> bool:
        """Whether the firm counts as above-scale industry."""
        record = self.record
        return bool(record["kind"] == Kind.INDUSTRIAL or 4.0 * record["revenue"] >= 2_000.0)
