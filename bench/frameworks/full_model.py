"""The full model beside the reference model: all mechanisms, fourteen places; records or Mesa objects."""

import sys
from pathlib import Path
from typing import Any

from specification import Columns

from simulation.model import InnovationModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from reference.model import ReferenceModel

FULL_SCALE = 200_490
"""Firms at the start of a run of every firm."""


class FullModel:
    """A run of the full model of about as many firms as the start has, at most all of them."""

    def __init__(self, kind: Any, count: int, seed: int) -> None:
        self.model = kind(scenario="baseline", scale=min(1.0, count / FULL_SCALE), seed=seed)
        self.history: list[dict[str, float]] = []

    def step(self) -> None:
        """Advance by a quarter; from the end of a run on there is nothing to do."""
        if self.model.running:
            self.model.step()
            self.history.append({"firms": float(self.model.stats["firms"].sum())})


def build(start: Columns, seed: int) -> FullModel:
    """Return the model of records."""
    return FullModel(InnovationModel, start["number"].size, seed)


def build_objects(start: Columns, seed: int) -> FullModel:
    """Return the reference of the tests: the same rules, one Mesa object a firm."""
    return FullModel(ReferenceModel, start["number"].size, seed)
