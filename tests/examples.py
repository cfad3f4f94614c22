"""Records for tests of single rules: an ordinary firm, its place, its support, the nation of 2018."""

import math
from typing import Any

import numpy as np

from agents.blocks import PASSING
from agents.parameters import parameter_record
from agents.records import FIRM, NATION, PLACE, SUPPORT
from simulation.geography import load_geography
from simulation.outlook import make_outlook
from simulation.randomness import stream

P = parameter_record()[0]
RULES_OF = make_outlook(load_geography(), 1, 2018, np.zeros((16, 12))).nation
NATION_2018 = RULES_OF[3:4][0]


def record(layout: np.dtype[Any], **fields: float) -> Any:
    array = np.zeros(1, dtype=layout)
    for name, value in fields.items():
        array[name] = value
    return array[0]


def firm(**fields: float) -> Any:
    """Return a technology firm of average size that does R&D."""
    usual = {"id": 7, "scale": math.log(500.0), "revenue": 500.0, "rd": 20.0, "knowledge": 400.0, "alive": 1,
             "researchers": 2.0, "kind": 1, "does_rd": 1, "cash": 400.0, "birth": -40}  # fmt: skip
    return record(FIRM, **usual | fields)


IN_A_PASS = np.dtype([(name, layout[name]) for layout in (FIRM, PASSING) for name in layout.names or ()])
"""What rules know of a firm within a pass."""


def place(**fields: float) -> Any:
    usual = {"rd_base_industrial": 0.02, "rd_base_technology": 0.05, "patent_propensity": 0.1, "wage": 5.0,
             "examination_speed": 1.0, "certification_push": 0.5, "registration_rate": 0.4,
             "exit_pressure": 1.0, "talent_quality": 1.0, "grant_ratio": 1.0}  # fmt: skip
    return record(PLACE, **usual | fields)


def support(**fields: float) -> Any:
    usual = {"focus": 1.0}
    return record(SUPPORT, **usual | fields)


def nation(**fields: float) -> Any:
    copy = np.array([NATION_2018], dtype=NATION)
    for name, value in fields.items():
        copy[name] = value
    return copy[0]


def draws_of(identity: int, quarter: int) -> np.uint64:
    return np.uint64(stream(1, np.uint64(identity), quarter))
