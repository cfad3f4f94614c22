"""How a table lies in memory: by tiles, and in each tile by columns."""

from functools import cache
from typing import Any

import numpy as np

TILE = 32
"""Rows of a tile: all that a pass needs for so many firms fits into the first cache."""
CACHE_LINE = 64
"""Bytes of a line of the cache, and of the widest register."""


@cache
def column_starts(layout: np.dtype[Any]) -> dict[str, int]:
    """Return where in a tile each column starts (bytes)."""
    starts, start = {}, 0
    for name in layout.names or ():
        starts[name] = start
        start += TILE * layout[name].itemsize
    return starts


@cache
def tile_bytes(layout: np.dtype[Any]) -> int:
    """Return the size of a tile, a whole number of lines of the cache."""
    columns = TILE * sum(layout[name].itemsize for name in layout.names or ())
    return -(-columns // CACHE_LINE) * CACHE_LINE
