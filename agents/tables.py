"""Tables: records in tiles, in each of which the numbers of one name lie side by side.

A pass over firms goes through memory from one end to the other, and the compiler can work on several firms at
once where they are. To Python, a table is much like a structured array, though ``firms["cash"]`` is a copy.
To compiled rules it is one too (`agents.table_rows`).
"""

import sys
import threading
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numba.extending import typeof_impl

from agents.compiling import loop
from agents.table_rows import TableType, copy_row, table_type
from agents.tiles import CACHE_LINE, TILE, column_starts, tile_bytes


@loop
def _read(table: Any, rows: np.ndarray, records: Any) -> None:
    for k in range(rows.size):
        copy_row(records[k], table[rows[k]])


@loop
def _write(table: Any, start: int, records: Any) -> None:
    for k in range(records.size):
        copy_row(table[start + k], records[k])


class Table:
    """Records in tiles.

    Parameters
    ----------
    layout
        The fields of a record.
    size
        Rows in use; new rows are zero.
    room
        Rows that the table has memory for, if more.

    Attributes
    ----------
    columns : dict of str to array
        The numbers of each field, a row a tile; they can be written to.
    """

    dtype: np.dtype[Any]
    size: int
    memory: np.ndarray
    columns: dict[str, np.ndarray]

    def __init__(self, layout: np.dtype[Any], size: int, room: int = 0) -> None:
        self.dtype, self.size = layout, size
        tiles = -(-max(1, size, room) // TILE)
        self._use(_memory(tiles * tile_bytes(layout), self.nbytes))
        self._references = self._counted()

    def _use(self, memory: np.ndarray) -> None:
        self.memory = memory
        self.address = memory.ctypes.data
        self.room = memory.size // tile_bytes(self.dtype) * TILE
        self.columns = dict(zip(self.dtype.names or (), _views(memory, self.dtype), strict=True))

    def _counted(self) -> tuple[int, int]:
        """Return how many look at the memory: tables, and arrays."""
        return sys.getrefcount(self.memory), sys.getrefcount(self.memory.base)

    @classmethod
    def of(cls, records: "np.ndarray | Table", room: int = 0) -> Self:
        """Return a table of given records."""
        table = cls(records.dtype, records.size, room)
        table.write(0, records)
        return table

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            column = self.columns[key][: -(-self.size // TILE)].reshape(-1)[: self.size]
            column.flags.writeable = False
            return column
        return self.take([key])[0] if isinstance(key, int | np.integer) else self.take(key)

    def __setitem__(self, key: str, values: Any) -> None:
        self.put(key, np.arange(self.size), values)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[np.void]:
        return iter(self.copy())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.copy() if dtype is None else self.copy().astype(dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of the tiles in use."""
        return -(-self.size // TILE) * tile_bytes(self.dtype)

    def first(self, size: int) -> "Table":
        """Return the table of the first rows; both share their memory."""
        view = object.__new__(Table)
        view.__dict__.update(self.__dict__, size=size)
        return view

    def at(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of one field in some rows."""
        return np.asarray(self.columns[name][rows // TILE, rows % TILE])

    def put(self, name: str, rows: np.ndarray, values: Any) -> None:
        """Set the numbers of one field in some rows."""
        self.columns[name][rows // TILE, rows % TILE] = values

    def take(self, key: Any) -> np.ndarray:
        """Return the records in some rows: numbers of rows, a mask or a slice."""
        rows = np.arange(self.size)[key]
        records = np.zeros(rows.size, dtype=self.dtype)
        _read(self, rows, records)
        return records

    def copy(self) -> np.ndarray:
        """Return all records."""
        return self.take(slice(None))

    def write(self, start: int, records: "np.ndarray | Table") -> None:
        """Write records to the rows from `start` on."""
        if start + records.size > self.room:
            raise IndexError(f"there is room for {self.room} rows, not {start + records.size}")
        _write(self, start, records)

    def twin(self, room: int = 0) -> "Table":
        """Return a table of the same rows in memory of its own, with as much room or more."""
        twin = Table(self.dtype, self.size, max(self.room, room))
        twin.memory[: self.nbytes] = self.memory[: self.nbytes]
        return twin

    def release(self) -> None:
        """Give the memory back for another table, if nobody else looks at it; this table is empty then.

        To ask the system for as much again, page by page, takes longer than to write it.
        """
        if self._counted() == self._references:
            memory = self.memory
            self.__init__(self.dtype, 0)  # type: ignore[misc]
            with _lock:
                if len(_spare) < _MOST_SPARE:
                    _spare.append(memory)

    def __getstate__(self) -> dict[str, Any]:
        return {"records": self.copy(), "room": self.room}

    def __setstate__(self, state: dict[str, Any]) -> None:
        records = state["records"]
        self.__init__(records.dtype, records.size, state["room"])  # type: ignore[misc]
        self.write(0, records)


_spare: list[np.ndarray] = []
_MOST_SPARE = 2
"""Memory that is kept of tables that were released; threads share it."""
_lock = threading.Lock()


def _memory(needed: int, clean: int) -> np.ndarray:
    """Return so many bytes that begin with a line of the cache; the first `clean` of them are zero."""
    with _lock:
        fits = [index for index, memory in enumerate(_spare) if memory.size == needed]
        found = _spare.pop(fits[0]) if fits else None
    if found is not None:
        found[:clean] = 0
        return found
    memory = np.zeros(needed + CACHE_LINE, dtype=np.uint8)
    first = -memory.ctypes.data % CACHE_LINE
    return memory[first : first + needed]


def _views(memory: np.ndarray, layout: np.dtype[Any]) -> Iterator[np.ndarray]:
    tiles = memory.reshape(-1, tile_bytes(layout))
    for name, start in column_starts(layout).items():
        yield tiles[:, start : start + TILE * layout[name].itemsize].view(layout[name])


@typeof_impl.register(Table)
def _type_of_table(table: Table, context: Any) -> TableType:
    return table_type(table.dtype)
