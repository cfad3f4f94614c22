"""Tables: like a structured array to whoever reads, in tiles underneath."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import tables
from agents.compiling import loop
from agents.table_rows import copy_row
from agents.tables import Table
from agents.tiles import CACHE_LINE, TILE, column_starts, tile_bytes

LAYOUT = np.dtype([("id", "u8"), ("x", "f8"), ("count", "i4"), ("birth", "i2"), ("kind", "i1")])


def some(size: int, first: int = 0) -> np.ndarray:
    records = np.zeros(size, dtype=LAYOUT)
    for number, name in enumerate(LAYOUT.names or ()):
        records[name] = (np.arange(first, first + size) * (number + 3)) % 100 - (number > 0) * 50
    return records


@given(st.integers(0, 3 * TILE), st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(size: int, room: int) -> None:
    records = some(size)
    table = Table.of(records, room)
    assert table.size == len(table) == size
    assert table.room >= max(size, room)
    assert (table.copy() == records).all()
    assert (np.array(table) == records).all()
    for name in LAYOUT.names or ():
        assert (table[name] == records[name]).all()
        assert table[name].dtype == LAYOUT[name]


def test_any_index_gives_records() -> None:
    records = some(70)
    table = Table.of(records)
    for key in (slice(3, 40), np.array([69, 0, 33]), records["kind"] > 0, slice(None, None, -1)):
        assert (table[key] == records[key]).all()
    assert table[-1] == records[-1]
    assert [record["x"] for record in table] == records["x"].tolist()
    for beyond in (70, np.array([3, 70]), -71):
        with pytest.raises(IndexError):
            table[beyond]


def test_a_column_is_a_copy_that_cannot_be_mistaken_for_the_table() -> None:
    table = Table.of(some(5))
    with pytest.raises(ValueError, match="read-only"):
        table["x"][0] = 1.0
    table["x"] = 7.0
    assert set(table["x"]) == {7.0}
    table.put("x", np.array([4]), 1.0)
    assert table.at("x", np.array([4, 0])).tolist() == [1.0, 7.0]


def test_first_rows_share_memory_and_a_twin_does_not() -> None:
    table = Table.of(some(90))
    first, twin = table.first(40), table.twin(500)
    table.put("x", np.array([2]), 99.0)
    assert first["x"][2] == 99.0
    assert twin["x"][2] != 99.0
    assert (first.size, twin.size) == (40, 90)
    assert twin.room >= 500


def test_more_than_there_is_room_for_is_refused() -> None:
    table = Table(LAYOUT, 10)
    with pytest.raises(IndexError, match=f"room for {TILE} rows, not {TILE + 1}"):
        table.write(TILE, some(1))


def test_memory_is_used_again_only_if_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_spare", [])  # other tests leave some
    table = Table.of(some(3 * TILE))
    address = table.address
    for look in (lambda: table.first(4), lambda: table.columns["x"][:1]):
        view = look()
        table.release()  # somebody looks at it
        assert view.size > 0
        assert (table.address, table.size) == (address, 3 * TILE)
        assert Table(LAYOUT, 3 * TILE).address != address
    del view
    table.release()
    assert table.size == 0
    again = Table(LAYOUT, TILE, room=3 * TILE)
    assert again.address == address
    assert (again.copy() == np.zeros(TILE, dtype=LAYOUT)).all()


def test_a_pickled_table_is_the_same() -> None:
    table = Table.of(some(50), room=300)
    again = pickle.loads(pickle.dumps(table))
    assert (again.copy() == table.copy()).all()
    assert again.room == table.room


@loop
def move(table: Any, target: int, source: int) -> None:
    copy_row(table[target], table[source])
    table[source].kind = 3
    table[target].x += 0.5


def test_rules_see_rows() -> None:
    records = some(100)
    table = Table.of(records)
    move(table, 2, 97)
    records[2] = records[97]
    records[97]["kind"], records[2]["x"] = 3, records[97]["x"] + 0.5
    assert (table.copy() == records).all()


def test_columns_follow_one_another_and_tiles_begin_with_a_line_of_the_cache() -> None:
    starts = column_starts(LAYOUT)
    assert starts == {"id": 0, "x": 8 * TILE, "count": 16 * TILE, "birth": 20 * TILE, "kind": 22 * TILE}
    assert tile_bytes(LAYOUT) % CACHE_LINE == 0
    assert tile_bytes(LAYOUT) >= 23 * TILE
    assert Table(LAYOUT, 1).address % CACHE_LINE == 0
