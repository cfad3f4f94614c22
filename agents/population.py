"""Many agents in one table, each of them a `mesa.Agent` when somebody looks.

Rows keep their order: new agents are appended, and removed ones are squeezed out once a year. A view
remembers its row and finds it again through its stable id, so that it survives squeezing.
"""

import copy
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import mesa
import numpy as np

from agents.compiling import loop
from agents.table_rows import copy_row, fetch_ahead
from agents.tables import Table
from agents.tiles import TILE


@loop
def _squeeze(table: Any, moved: Any) -> int:
    kept = 0
    for i in range(table.size):
        fetch_ahead(table, i // TILE + 2, i % TILE)
        if table[i].alive == 1:
            moved[i] = kept
            if kept != i:
                copy_row(table[kept], table[i])
            kept += 1
        else:
            moved[i] = -1
    return kept


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector while many objects are made that all stay: it would look at each often."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class RemovedAgentError(LookupError):
    """The agent behind a view has left the model."""


class RecordAgent(mesa.Agent):
    """A Mesa agent that is a view of one row of a `RecordPopulation`.

    Every field of the record is an attribute that reads or writes the row. A population makes the views,
    one an agent; `unique_id` is the record's id.
    """

    layout: ClassVar[np.dtype[Any]] = np.dtype([])

    def __init__(self, model: mesa.Model, population: "RecordPopulation", row: int) -> None:
        super().__init__(model)
        self._population = population
        self._row = row
        self.unique_id = population.number("id", row)  # in place of the number that Mesa gave it

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in cls.__dict__.get("layout", RecordAgent.layout).names or ():
            if hasattr(cls, name) or name in ("model", "unique_id", "pos"):
                raise TypeError(f"{cls.__name__}: field {name!r} would hide an attribute of that name")
            setattr(cls, name, _field(name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.unique_id}{'' if self.is_in_model else ', removed'})"

    @property
    def is_in_model(self) -> bool:
        """Whether the agent is still in the model."""
        return self._population.find(self.unique_id, self._row) >= 0

    @property
    def row(self) -> int:
        """Return the present row of this agent.

        Raises
        ------
        RemovedAgentError
            The agent has left the model.
        """
        self._row = self._population.row_of(self.unique_id, self._row)
        return self._row

    @property
    def record(self) -> np.void:
        """Return a copy of the agent's record."""
        record: np.void = self._population.table[self.row]
        return record

    def remove(self) -> None:
        """Take the agent out of the model; nothing happens if it has left already."""
        self._population.remove(self.unique_id)
        super().remove()


def _field(name: str) -> property:
    def read(self: RecordAgent) -> Any:
        return self._population.number(name, self.row)

    def write(self: RecordAgent, value: Any) -> None:
        if name in ("id", "alive"):
            raise AttributeError(f"{name} cannot be set; remove() takes an agent out of the model")
        self._population.table.columns[name][divmod(self.row, TILE)] = value

    return property(read, write, doc=f"Field `{name}` of the record.")


_STAYS = ("id", "place", "city")
"""Fields of an agent that its row keeps after it has left."""
_REMADE = ("table", "_rows")
"""Attributes of a population that its copy makes anew."""


class RecordPopulation:
    """A growing table of records with an `alive` flag and a stable `id`.

    A table that it is given becomes its own; records are copied.

    Attributes
    ----------
    table : Table
        The records; the first `count` rows are in use.
    """

    def __init__(self, model: mesa.Model, view: type[RecordAgent], records: np.ndarray | Table) -> None:
        self.model = model
        self.view_type = view
        self.table = records if isinstance(records, Table) else Table.of(records)
        self._rows: dict[int, int] | None = None
        self._views: dict[int, RecordAgent] = {}
        self._shown = 0  # rows up to here have views
        self._is_stale = True
        self.is_watched = False

    @property
    def count(self) -> int:
        """Rows in use."""
        return self.table.size

    def number(self, name: str, row: int) -> Any:
        """Return a number of a row."""
        return self.table.columns[name].item(*divmod(row, TILE))

    @property
    def records(self) -> Table:
        """Return the table of rows in use, among them those removed since the last squeeze."""
        return self.table.first(self.count)

    @property
    def living(self) -> np.ndarray:
        """Return a copy of the records of the agents in the model."""
        return self.table.take(np.flatnonzero(self.table["alive"]))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.table["alive"]))

    def append(self, rows: np.ndarray) -> None:
        """Add agents at the end."""
        needed = self.count + rows.size
        if needed > self.table.room:
            self.table = self.table.twin(int(needed * 1.3))
        self.table.write(self.count, rows)
        self.table.size = needed
        self.changed()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = memo[id(self)] = object.__new__(type(self))
        rest = {name: value for name, value in self.__dict__.items() if name not in _REMADE}
        twin.__dict__.update(copy.deepcopy(rest, memo))
        twin.changed()
        twin.table = self.table.twin()
        return twin

    def squeeze(self) -> np.ndarray:
        """Drop removed rows, keeping the order; return the new row of each old one (-1: dropped)."""
        self._part()
        moved = np.empty(self.count, dtype=np.int64)
        self.table.size = _squeeze(self.table, moved)
        self._shown = int(np.count_nonzero(moved[: self._shown] >= 0))
        self.changed()
        return moved

    def changed(self) -> None:
        """Note that agents have come, gone or moved."""
        self._rows = None
        self._is_stale = True

    def find(self, identity: int, guess: int = -1) -> int:
        """Return the row of an agent by its id, or -1; `guess` is the row it was last seen at."""
        row = guess
        if not 0 <= row < self.count or self.number("id", row) != identity:
            if self._rows is None:
                self._rows = dict(zip(self.records["id"].tolist(), range(self.count), strict=True))
            row = self._rows.get(identity, -1)
        return row if row >= 0 and self.number("alive", row) == 1 else -1

    def row_of(self, identity: int, guess: int = -1) -> int:
        """Return the row of an agent by its id; raise `RemovedAgentError` if it has left."""
        row = self.find(identity, guess)
        if row < 0:
            name = self.view_type.__name__
            raise RemovedAgentError(f"{name} {identity} has left the model; its record no longer exists")
        return row

    def remove(self, identity: int) -> None:
        """Take one agent out of the model, with all that its record holds."""
        row = self.find(identity)
        if row >= 0:
            for name, column in self.table.columns.items():
                if name not in _STAYS:
                    column[divmod(row, TILE)] = 0
            self._views.pop(identity, None)

    def view(self, identity: int) -> RecordAgent:
        """Return the agent with this id, the same object whenever it is asked for."""
        row = self.row_of(identity)
        if identity not in self._views:
            self._views[identity] = self.view_type(self.model, self, row)
        return self._views[identity]

    def show(self) -> None:
        """Make a Mesa agent of every record that has none, and let Mesa forget those that have left.

        From now on the population is watched: the model calls this after every step.
        """
        if self.is_watched and not self._is_stale:
            return
        self.is_watched, self._is_stale = True, False
        self._part()
        with _collector_paused():
            for row in range(self._shown, self.count):
                identity = self.number("id", row)
                if self.number("alive", row) == 1 and identity not in self._views:
                    self._views[identity] = self.view_type(self.model, self, row)
        self._shown = self.count

    def _part(self) -> None:
        """Let Mesa forget the agents that have left since the last squeeze."""
        if self._views:
            for identity in self.records["id"][self.records["alive"] == 0].tolist():
                if identity in self._views:
                    mesa.Agent.remove(self._views.pop(identity))
