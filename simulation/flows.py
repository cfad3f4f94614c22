"""Flows between cities: who works with, buys from, moves to and invests in whom, by year.

They are recorded beside the indicators, and nothing in the model reads them.
"""

from dataclasses import dataclass

import numpy as np

from simulation.synthesis import YI
from simulation.world import World


@dataclass(frozen=True)
class Flow:
    """A kind of flow, from the city of a row to the city of a column."""

    id: str
    name_en: str
    name_zh: str
    unit: str
    definition: str
    decimals: int = 0


FLOWS: tuple[Flow, ...] = (
    Flow("collaboration", "Collaboration", "合作", "partnerships",
         "Partnerships between firms at the end of the year, from the firm that looked to the one it found."),
    Flow("contracts", "Technology contracts", "技术合同", "100m CNY",
         "Technology contracts of the year, registered or not, from buyers to sellers.", 1),
    Flow("talent", "Researchers who move", "科研人员流动", "persons",
         "Researchers who moved in the year, from where they lived to where they went."),
    Flow("capital", "Venture money", "创投资金", "100m CNY",
         "Venture money invested in the year, from the city of the fund to that of the firm.", 2),
)  # fmt: skip


def no_flows(years: int, cities: int) -> np.ndarray:
    """Return the table that a run fills: float64[years, flows, from, to]."""
    return np.zeros((years, len(FLOWS), cities, cities))


def record_flows(model: World) -> None:
    """Add the quarter to its year; partnerships are those of the last quarter."""
    collaboration, contracts, talent, capital = model.flows[model.quarter // 4]
    collaboration[:] = model.links[:, : len(model.geography.cities)] / model.scale
    contracts += model.contract_flow / YI
    talent += model.talent.moved
    capital += model.invested / YI
