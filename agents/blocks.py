"""A block of firms, held by columns, with what they add to the statistics of their place and to accounts.

A pass over firms takes them up by the block, lets rules work on the rows, and puts back what has changed. Of
a loop over rows the compiler makes one that works on several firms at once, as long as it holds nothing but
arithmetic and choices; what is rare, or has loops of its own, is found by such a loop and done firm by firm.

All firms of a block live at one place. What each row adds up stays in the row from block to block, and is
poured into the statistics when another place begins: a sum therefore depends on the order of the firms alone.
"""

from itertools import count
from typing import Any

import numpy as np

from agents.compiling import loop, rule
from agents.records import FIRM, LEDGER, STATISTICS
from agents.rows import RowType, rows_of

BLOCK = 32
"""Firms in a block; all columns of so many fit into the first cache."""

_PASSING = np.dtype(
    [
        ("key", "u8"),  # of the quarter's draws
        ("age", "i8"),  # quarters
        ("contribution", "f8"),  # log contribution of R&D capital to output
        ("price", "f8"),  # of the firm's field in its city
        ("log_price", "f8"),
        ("log_pool", "f8"),  # accessible knowledge relative to 2015, log
        ("focus", "f8"),  # weight of support for the field
        ("in_park", "i8"),  # zone policy has come to the firm
        ("coached", "f8"),  # chance that it is coached
        ("expected_filings", "f8"),  # of inventions in the quarter
        ("may_patent", "i8"),  # a draw could change its patents or filings
        ("may_explore", "i8"),  # a programme for exploratory projects is open to it
        ("may_spin_off", "i8"),
        ("may_close", "i8"),
    ]
)
"""What a pass knows of a firm and does not keep."""

_column = count(0, BLOCK)


def _row_type(name: str, *layouts: np.dtype[Any]) -> RowType:
    layout = {column: part[column] for part in layouts for column in part.names or ()}
    return RowType(name, {column: next(_column) for column in layout}, layout)


_FIRM = _row_type("firm", FIRM, _PASSING)
_STATISTICS, _LEDGER = _row_type("statistics", STATISTICS), _row_type("ledger", LEDGER)
_FIRST_STATISTIC, _FIRST_ACCOUNT = (min(kind.columns.values()) for kind in (_STATISTICS, _LEDGER))
_SIZE = next(_column)

firm_row, statistics_row, ledger_row = rows_of(_FIRM), rows_of(_STATISTICS), rows_of(_LEDGER)


@rule
def new_block() -> np.ndarray:
    """Return the memory of a block, in which nothing is added up yet."""
    return np.zeros(_SIZE)


@loop
def next_firms(firms: Any, start: int, count: int, rows: Any) -> Any:
    """Write to `rows` the living firms that come next at one place, up to a block.

    Returns where to go on, and how many firms there are.
    """
    size = 0
    place = firms[start].place
    while start < count and size < rows.size and firms[start].place == place:
        rows[size] = start
        size += firms[start].alive
        start += 1
    return start, size


@loop
def pour(block: Any, statistics: Any, ledger: Any) -> None:
    """Add what the rows have added up to a place's statistics and its city's ledger (all their numbers)."""
    _empty(block, _FIRST_STATISTIC, statistics)
    _empty(block, _FIRST_ACCOUNT, ledger)


@loop
def _empty(block: Any, first: int, into: Any) -> None:
    for number in range(into.size):
        column = block[first + number * BLOCK : first + (number + 1) * BLOCK]
        into[number] += column.sum()
        column[:] = 0.0
