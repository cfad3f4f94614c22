"""Many agents in one record array, each of them a `mesa.Agent` when somebody looks.

Rows keep their order: new agents are appended, and removed ones are squeezed out once a year. A view finds
its row through its stable id, so that it survives squeezing.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import mesa
import numpy as np

from agents.compiling import rule


@rule
def _squeeze(records: Any, count: int, moved: Any) -> int:
    kept = 0
    for i in range(count):
        if records[i].alive == 1:
            moved[i] = kept
            if kept != i:
                records[kept] = records[i]
            kept += 1
        else:
            moved[i] = -1
    for i in range(kept, count):
        records[i].alive = 0
    return kept


class RemovedAgentError(LookupError):
    """The agent behind a view has left the model."""


class RecordAgent(mesa.Agent):
    """A Mesa agent that is a view of one row of a `RecordPopulation`.

    Reading or writing a field of the record reads or writes the row. Views are made when they are asked
    for; they take no part in Mesa's registration, and removing one marks its row as removed.
    """

    layout: ClassVar[np.dtype[Any]]

    def __init__(self, model: mesa.Model, population: "RecordPopulation", identity: int) -> None:
        # No super().__init__: it would register the view, and the population is the register.
        self.model = model
        self.unique_id = identity
        self.pos = None
        self._population = population

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in cls.layout.names or ():
            if not hasattr(cls, name):
                setattr(cls, name, _field(name))

    @property
    def row(self) -> int:
        """Return the present row of this agent.

        Raises
        ------
        RemovedAgentError
            The agent has left the model.
        """
        return self._population.row_of(self.unique_id)

    @property
    def record(self) -> np.void:
        """Return a copy of the agent's record."""
        copy: np.void = self._population.records[self.row].copy()
        return copy

    def remove(self) -> None:
        """Take the agent out of the model."""
        self._population.remove(self.unique_id)


def _field(name: str) -> property:
    def read(self: RecordAgent) -> Any:
        return self._population.array[name][self.row].item()

    def write(self: RecordAgent, value: Any) -> None:
        self._population.array[name][self.row] = value

    return property(read, write, doc=f"Field `{name}` of the record.")


class RecordPopulation:
    """A growing array of records with an `alive` flag and a stable `id`."""

    def __init__(self, model: mesa.Model, view: type[RecordAgent], records: np.ndarray) -> None:
        self.model = model
        self.view_type = view
        self.array = np.zeros(max(1024, int(records.size * 1.5)), dtype=view.layout)
        self.array[: records.size] = records
        self.count = records.size
        self.version = 0
        self._rows: dict[int, int] | None = None
        self._views: dict[int, RecordAgent] = {}

    @property
    def records(self) -> np.ndarray:
        """Return the rows in use, among them those removed since the last squeeze."""
        return self.array[: self.count]

    @property
    def living(self) -> np.ndarray:
        """Return a copy of the records of the agents in the model."""
        return self.records[self.records["alive"] == 1]

    def __len__(self) -> int:
        return int(np.count_nonzero(self.records["alive"]))

    def append(self, rows: np.ndarray) -> None:
        """Add agents at the end."""
        needed = self.count + rows.size
        if needed > self.array.size:
            grown = np.zeros(int(needed * 1.3), dtype=self.array.dtype)
            grown[: self.count] = self.records
            self.array = grown
        self.array[self.count : needed] = rows
        self.count = needed
        self.changed()

    def squeeze(self) -> np.ndarray:
        """Drop removed rows, keeping the order; return the new row of each old one (-1: dropped)."""
        moved = np.empty(self.count, dtype=np.int64)
        self.count = _squeeze(self.array, self.count, moved)
        self.changed()
        return moved

    def changed(self) -> None:
        """Note that agents have come, gone or moved, so that views look up their rows afresh."""
        self.version += 1
        self._rows = None

    def row_of(self, identity: int) -> int:
        """Return the row of an agent by its id; raise `RemovedAgentError` if it has left."""
        if self._rows is None:
            self._rows = dict(zip(self.records["id"].tolist(), range(self.count), strict=True))
        row = self._rows.get(identity)
        if row is None or self.array["alive"][row] == 0:
            name = self.view_type.__name__
            raise RemovedAgentError(f"{name} {identity} has left the model; its record no longer exists")
        return row

    def remove(self, identity: int) -> None:
        """Take one agent out of the model."""
        self.array["alive"][self.row_of(identity)] = 0
        self.version += 1

    def view(self, identity: int) -> RecordAgent:
        """Return the agent with this id."""
        self.row_of(identity)
        if identity not in self._views:
            self._views[identity] = self.view_type(self.model, self, identity)
        return self._views[identity]

    def views(self) -> Iterator[RecordAgent]:
        """Yield a view of every agent in the model."""
        known = self._views
        living: dict[int, RecordAgent] = {}
        for identity in self.records["id"][self.records["alive"] == 1].tolist():
            living[identity] = known.get(identity) or self.view_type(self.model, self, identity)
        self._views = living
        yield from living.values()
