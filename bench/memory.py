"""Print what a worker of a sweep holds in memory after more and more runs, as a Markdown table.

    python bench/memory.py [--scale 0.01] [--runs 200] [--workers 2]

Tasks are those of a sweep: a Latin hypercube over a lever and two parameters. Levers act from 2019 on, so
workers also keep histories for runs that share them. A worker that leaked would grow with its runs.
"""

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path

from simulation.sweeps.description import Description
from simulation.sweeps.planning import plan_sweep
from simulation.sweeps.work import Task, compute, task
from simulation.workers import spread, worker_pool

MARKS = (1, 10, 25, 50, 100, 150, 200, 300, 400, 600, 800, 1000)
"""Runs of a worker after which the table has a line."""
Weight = tuple[int, int, float, float]


def weighed(wanted: Task) -> Weight:
    """Compute a part; return the worker, its new runs, and what it holds now and held at most (MiB)."""
    done = compute(wanted)
    if done.failures:
        raise RuntimeError(done.failures[0][1])
    lines = Path("/proc/self/status").read_text().splitlines()
    mib = {line.split(":")[0]: float(line.split()[1]) / 1024 for line in lines if line.startswith("Vm")}
    return os.getpid(), done.runs, mib["VmRSS"], mib["VmHWM"]


def tasks(scale: float, runs: int) -> list[Task]:
    """Return the parts of a sweep of so many runs."""
    content = {
        "name": "memory",
        "seeds": 1,
        "scale": scale,
        "factors": {"guidance_fund": {}, "talent_inflow": {}, "drift": {}},
        "design": {"kind": "latin_hypercube", "points": runs},
    }
    sweep = plan_sweep(Description.model_validate(content))
    return [task(sweep, part) for part in range(len(sweep.parts))]


def grown(weights: list[Weight]) -> list[tuple[int, float, float, int]]:
    """Return for each mark the mean memory, the greatest peak, and how many workers came so far."""
    seen: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for worker, runs, now, peak in weights:
        before = seen[worker][-1][0] if seen[worker] else 0
        seen[worker].append((before + runs, now, peak))
    rows = []
    for mark in MARKS:
        first = [next((state for state in states if state[0] >= mark), None) for states in seen.values()]
        there = [state for state in first if state]
        if there:
            mean = sum(now for _, now, _ in there) / len(there)
            rows.append((mark, mean, max(peak for _, _, peak in there), len(there)))
    return rows


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description="Measure the memory of a sweep's workers.")
    options.add_argument("--scale", type=float, default=0.01, help="share of firms simulated (0.001 to 1)")
    options.add_argument("--runs", type=int, default=200, help="runs of each worker")
    options.add_argument("--workers", type=int, default=2)
    chosen = options.parse_args()
    if not Path("/proc/self/status").exists():
        sys.exit("memory is read from /proc, which this system does not have")
    wanted = tasks(chosen.scale, chosen.runs * chosen.workers)
    with worker_pool(chosen.workers) as pool:
        weights = list(spread(pool, weighed, wanted, 2 * chosen.workers))
    print(f"{chosen.workers} workers, scale {chosen.scale:g}\n")
    print("| runs of a worker | resident, mean | peak, greatest | workers |\n| ---: | ---: | ---: | ---: |")
    for mark, mean, peak, workers in grown(weights):
        print(f"| {mark} | {mean:.0f} MiB | {peak:.0f} MiB | {workers} |")


if __name__ == "__main__":
    main()
