"""What memory gives: a triad as in STREAM (McCalpin 1995), and arrays updated in place as a tick does."""

import time
from collections.abc import Callable

import numba
import numpy as np

MIB = 128
"""Size of each array: far above the caches of a core."""


@numba.njit
def triad(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """a = b + s c: two reads and a write an element (24 bytes, as STREAM counts)."""
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


@numba.njit
def update(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """a = s a + t: a read and a write an element (16 bytes)."""
    for i in range(a.size):
        a[i] = 0.999 * a[i] + 0.001


def gigabytes_a_second(kernel: Callable[..., None], bytes_each: int, repeats: int = 30) -> float:
    """Return the best rate of a kernel on one core."""
    size = MIB * 2**20 // 8
    arrays = [np.full(size, value) for value in (0.0, 1.0, 2.0)]
    best = np.inf
    for _ in range(repeats + 1):  # the first compiles
        begin = time.process_time()
        kernel(*arrays)
        best = min(best, time.process_time() - begin)
    return float(bytes_each * size / best / 1e9)


def measured() -> dict[str, float]:
    """Return both rates (GB/s)."""
    return {"triad": gigabytes_a_second(triad, 24), "update": gigabytes_a_second(update, 16)}


if __name__ == "__main__":
    for name, rate in measured().items():
        print(f"{name}: {rate:.1f} GB/s")
