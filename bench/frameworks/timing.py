"""Time one version at growing sizes in a process of its own; print a line of JSON for each size.

    python bench/frameworks/timing.py engine 1000 10000 100000 --seconds 3

Times are processor time, summed over threads: what one core needs. On a machine that others use it says more
than time on the clock.
"""

import argparse
import gc
import importlib
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from specification import start

LEAST, MOST = 3, 40
"""Simulated years that are timed, at least and at most."""
END_OF_RUN = 8
"""Years after which the full model ends."""
LIMIT_MIB = 5500.0
"""What a process may hold before a version stops."""


@dataclass
class Cell:
    """What was measured at one size, or why nothing was."""

    count: int
    best_ns: float | None = None
    median_ns: float | None = None
    seconds_a_year: float = 0.0
    before_mib: float = 0.0
    peak_mib: float = 0.0
    stopped: str = ""  # "time", "memory", "size" or an error
    extrapolated_ns: float | None = None

    @property
    def bytes_a_firm(self) -> float:
        """Return the memory that a firm takes at the peak, above that of the process."""
        return (self.peak_mib - self.before_mib) * 2**20 / self.count


def memory() -> dict[str, float]:
    """Return this process's resident memory and its peak so far (MiB); zero where not known."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {"now": 0.0, "peak": 0.0}
    mib = {line.split(":")[0]: float(line.split()[1]) / 1024 for line in lines if line.startswith("Vm")}
    return {"now": mib["VmRSS"], "peak": mib["VmHWM"]}


def year(model: Any) -> tuple[float, float]:
    """Step a model through four quarters; return processor time (s), and this a firm-quarter (ns)."""
    begin = time.process_time()
    for _ in range(4):
        model.step()
    taken = time.process_time() - begin
    return taken, 1e9 * taken / sum(figures["firms"] for figures in model.history[-4:])


def measured(build: Any, count: int, seconds: float, most: int) -> Cell:
    """Return the times of the years of a run, and memory before and at the peak."""
    before = memory()["now"]
    model = build(start(count, 1), 1)
    years = [year(model)]
    while len(years) < most and (len(years) < LEAST or sum(taken for taken, _ in years) < seconds):
        years.append(year(model))
    each = [nanoseconds for _, nanoseconds in years]
    least = min(taken for taken, _ in years)
    return Cell(count, min(each), statistics.median(each), least, before, memory()["peak"])


def foreseen(last: Cell, count: int, limit: float) -> str:
    """Return why the next size will not be run, judging by the last one; empty if it will."""
    if last.stopped:
        return last.stopped
    times = count / last.count
    if last.before_mib + (last.peak_mib - last.before_mib) * times > LIMIT_MIB:
        return "memory"
    return "time" if last.seconds_a_year * times > limit else ""


def growing(build: Any, sizes: list[int], seconds: float, limit: float, most: int) -> list[Cell]:
    """Measure all sizes until a version becomes too slow or too large, and print each."""
    year(build(start(1000, 0), 0))  # compiles, loads, fills caches
    cells: list[Cell] = []
    for count in sizes:
        gc.collect()
        if cells and (reason := foreseen(cells[-1], count, limit)):
            last = cells[-1].best_ns or cells[-1].extrapolated_ns
            cells.append(Cell(count, stopped=reason, extrapolated_ns=last if reason == "time" else None))
        else:
            cells.append(measured(build, count, seconds, most))
        print(json.dumps(asdict(cells[-1])), flush=True)
    return cells


def main() -> None:
    """Measure what the command line asks for."""
    options = argparse.ArgumentParser(description="Time one version of the reference model.")
    options.add_argument("version", help="module of this folder, or module:function")
    options.add_argument("sizes", type=int, nargs="+", help="firms at the start, growing")
    options.add_argument("--seconds", type=float, default=3.0, help="least time spent on a size")
    options.add_argument(
        "--limit", type=float, default=60.0, help="most seconds that a simulated year may take"
    )
    chosen = options.parse_args()
    module, _, function = chosen.version.partition(":")
    build = getattr(importlib.import_module(module), function or "build")
    growing(build, chosen.sizes, chosen.seconds, chosen.limit, END_OF_RUN if module == "full_model" else MOST)


if __name__ == "__main__":
    main()
