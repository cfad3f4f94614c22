"""Threads that work on one world together.

At the start each place is settled apart. Both passes over firms add up by city and write to the firm at hand
alone, and the search for partners writes to the firm at hand. Threads that each take whole places or cities,
or whole stretches of rows, therefore give the same bits as one thread, whoever takes which. A pass costs more
when it is shared, a quarter or so: firms of two threads share tiles, whose memory goes to and fro. Runs side
by side want one thread each: sharing is for a single run that somebody waits for.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np

Part = TypeVar("Part")
Result = TypeVar("Result")

_number: ContextVar[int] = ContextVar("_number", default=1)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Let worlds that are stepped inside use so many threads."""
    token = _number.set(max(1, number))
    try:
        yield
    finally:
        _number.reset(token)


def each(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Return what `work` gives for each part, all done at the same time, one on the thread that calls."""
    first, *others = parts
    waiting = [_pool(len(others)).submit(work, part) for part in others] if others else []
    return [work(first), *(future.result() for future in waiting)]


@cache
def _pool(helpers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(helpers, thread_name_prefix="firms")


def dealt(firms: np.ndarray) -> list[np.ndarray]:
    """Deal cities, or places, out to the threads, the one with most firms first, to the one with least to do.

    Parameters
    ----------
    firms : float64[N]
        About how many firms each has.

    Returns
    -------
    list of bool[N]
        Those of each thread, which together are all.
    """
    if _number.get() == 1:
        return [np.ones(firms.size, dtype=np.bool_)]
    parts = [np.zeros(firms.size, dtype=np.bool_) for _ in range(min(_number.get(), firms.size))]
    load = [0.0] * len(parts)
    for number in np.argsort(-firms, kind="stable").tolist():
        least = load.index(min(load))
        parts[least][number] = True
        load[least] += float(firms[number]) + 1.0
    return parts


def by_row(rows: int) -> list[tuple[int, int]]:
    """Deal rows out to the threads as stretches of the same length: the first row of each, and the end."""
    edges = np.linspace(0, rows, _number.get() + 1).astype(int).tolist()
    return list(pairwise(edges))


def lists(into: np.ndarray, parts: int) -> list[np.ndarray]:
    """Return a list for each part to write what it finds to, the first of them `into` itself (`merged`)."""
    return [into, *(np.empty_like(into) for _ in range(parts - 1))]


def merged(found: Sequence[np.ndarray], rows: Sequence[np.ndarray], into: np.ndarray) -> int:
    """Write what parts found to `into`, by their `rows`, as far as there is room; return how many."""
    if len(found) == 1:  # it stands there already
        return int(found[0].size)
    order = np.argsort(np.concatenate(rows), kind="stable")[: into.size]
    into[: order.size] = np.concatenate(found)[order]
    return int(order.size)
