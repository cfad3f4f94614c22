"""A portrait of one run: more than the indicators say, for people who want to look at agents.

The network, how unequal firms are, the lives of some of them, and governments' books. The run is made twice:
at first to see which firms have a story, then to watch these.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from simulation.collaboration_graph import CollaborationGraph, collaboration_graph
from simulation.distributions import Distribution, distributions
from simulation.indicators import BASE_YEAR
from simulation.lives import Diary, Life, pick
from simulation.model import InnovationModel
from simulation.runs import RunResult, RunSpec, finish, new_model, run_id
from simulation.synthesis import YI


@dataclass(frozen=True)
class Account:
    """What a government had and paid in a year, 100m CNY.

    Attributes
    ----------
    budget
        Money for science and technology; with the money that universities get it is all that can be paid.
    paid, forgone
        By purpose, as the books call it.
    delivered
        Part of the programmes' requests that the budget could pay, mean over quarters.
    """

    year: int
    government: str
    level: str
    budget: float
    paid: dict[str, float]
    forgone: dict[str, float]
    delivered: float
    arrears: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Portrait(RunResult):
    """A run with what a look at its agents shows."""

    networks: tuple[CollaborationGraph, ...]
    distributions: tuple[Distribution, ...]
    lives: tuple[Life, ...]
    accounts: tuple[Account, ...]


@dataclass(frozen=True)
class PortraitSpec(RunSpec):
    """A run of which a portrait is wanted."""


def portray(spec: RunSpec, name: str | None = None) -> Portrait:
    """Make the portrait of a run."""
    name = name or f"{run_id(spec)}-portrait"
    begun = perf_counter()
    model = new_model(spec)
    networks, shapes, books, gone = [], [], _Books(), []
    while model.running:
        model.step()
        books.note(model)
        if model.quarter % 4 == 0:
            firms = model.firms.records
            gone.append(firms[firms["alive"] == 0])
            if model.year - 1 in (BASE_YEAR, spec.until):
                networks.append(collaboration_graph(model))
                shapes += distributions(model)
    diary = Diary(pick(model, np.concatenate(gone)))
    again = new_model(spec)
    while again.running:
        again.step()
        diary.note(again)
    lives = diary.lives(again)
    del again
    done = finish(model, spec, name, begun)
    return Portrait(
        **vars(done),
        networks=tuple(networks),
        distributions=tuple(shapes),
        lives=lives,
        accounts=books.accounts(),
    )


class _Books:
    """Adds up governments' books by the year."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str, str], dict[str, dict[str, float]]] = {}

    def note(self, model: InnovationModel) -> None:
        """Add the quarter that has just ended."""
        year = model.year - (1 if model.quarter % 4 == 0 else 0)
        for one in model.acting:
            sums = self._sums.setdefault(
                (year, one.name, str(one.level)), {"paid": {}, "forgone": {}, "other": {}}
            )
            for name, amounts in (("paid", one.spent), ("forgone", one.forgone)):
                for purpose, amount in amounts.items():
                    sums[name][purpose] = sums[name].get(purpose, 0.0) + amount / YI
            other = {"budget": one.budget / YI, "delivered": 0.25 * one.delivered}
            for name, amount in other.items():
                sums["other"][name] = sums["other"].get(name, 0.0) + amount
            sums["other"]["arrears"] = one.arrears / YI

    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts by year and government."""
        return tuple(
            Account(*key, sums["other"]["budget"], sums["paid"], sums["forgone"],
                    sums["other"]["delivered"], sums["other"]["arrears"])
            for key, sums in self._sums.items()
        )  # fmt: skip
