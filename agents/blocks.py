"""What a pass over firms knows of a tile of them beside their records: a block, held by columns too.

A pass takes up one tile of the table after the other and lets rules work on its rows where they are. Of a
loop over rows the compiler makes one that works on several firms at once, as long as it holds nothing but
arithmetic and choices; what is rare, or has loops of its own, is found by such a loop and done firm by firm.
Closed firms stay in their tiles until the year ends, and rules see to it that they do nothing.

What rows of one place add up stays in the block from tile to tile, and is poured into the statistics when
another place begins: a sum therefore depends on where firms stand in their tiles alone.
"""

from itertools import count
from typing import Any

import numpy as np

from agents.compiling import loop, rule, stage
from agents.records import FIRM, LEDGER, STATISTICS
from agents.rows import RowType, rows_of, rows_with_tiles
from agents.tiles import CACHE_LINE, TILE

PASSING = np.dtype(
    [
        ("key", "u8"),  # of the quarter's draws
        ("lift", "f8"),  # wished R&D intensity relative to the place's base, before the start
        ("age", "i8"),  # quarters
        ("contribution", "f8"),  # log contribution of R&D capital to output
        ("price", "f8"),  # of the firm's field in its city
        ("log_price", "f8"),
        ("log_pool", "f8"),  # accessible knowledge relative to 2015, log
        ("focus", "f8"),  # weight of support for the field
        ("in_park", "i8"),  # zone policy has come to the firm
        ("coached", "f8"),  # chance that it is coached
        ("expected_filings", "f8"),  # of inventions in the quarter
        ("decision_draw", "f8"),
        ("examination_draw", "f8"),
        ("lapse_draw", "f8"),
        ("invention_draw", "f8"),
        ("chance_of_none", "f8"),  # that it files no invention
        ("events", "i8"),  # what may happen to its patents and filings (`simulation.bookkeeping`)
        ("may_explore", "i8"),  # a programme for exploratory projects is open to it
        ("may_spin_off", "i8"),
        ("may_close", "i8"),
        ("acts", "i8"),  # any of these
    ]
)
"""What a pass knows of a firm and does not keep."""

_column = count(0, TILE)


def _columns(layout: np.dtype[Any]) -> dict[str, int]:
    return {name: next(_column) for name in layout.names or ()}


def _fields(layout: np.dtype[Any]) -> dict[str, np.dtype[Any]]:
    return {name: layout[name] for name in layout.names or ()}


_FIRM = RowType("firm", _columns(PASSING), _fields(PASSING), tile=FIRM)
_STATISTICS = RowType("statistics", _columns(STATISTICS), _fields(STATISTICS))
_LEDGER = RowType("ledger", _columns(LEDGER), _fields(LEDGER))
_FIRST_STATISTIC, _FIRST_ACCOUNT = (min(kind.columns.values()) for kind in (_STATISTICS, _LEDGER))
_SIZE = next(_column)
_NUMBER = 8

firm_row, statistics_row, ledger_row = rows_with_tiles(_FIRM), rows_of(_STATISTICS), rows_of(_LEDGER)


@loop
def new_block() -> np.ndarray:
    """Return the memory of a block, in which nothing is added up yet."""
    memory = np.zeros(_SIZE + CACHE_LINE // _NUMBER)
    first = (-memory.ctypes.data % CACHE_LINE) // _NUMBER
    return memory[first : first + _SIZE]


@rule
def end_of_stretch(firms: Any, start: int, count: int) -> int:
    """Return where the rows end that follow on `start` in its tile and are at its place."""
    place, end = firms[start].place, start + 1
    stop = min(count, (start // TILE + 1) * TILE)
    while end < stop and firms[end].place == place:
        end += 1
    return end


@stage
def pour(block: Any, statistics: Any, ledger: Any) -> None:
    """Add what the rows have added up to a place's statistics and its city's ledger (all their numbers)."""
    _empty(block, _FIRST_STATISTIC, statistics)
    _empty(block, _FIRST_ACCOUNT, ledger)


@stage
def _empty(block: Any, first: int, into: Any) -> None:
    for number in range(into.size):
        column = block[first + number * TILE : first + (number + 1) * TILE]
        into[number] += column.sum()
        column[:] = 0.0
