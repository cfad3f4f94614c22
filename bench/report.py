"""Print what a run costs on this machine, as a Markdown table: ``python bench/report.py``."""

import os
from collections.abc import Iterator

from measure import (
    COMMANDS,
    COMPARED,
    FULL,
    SAME_WORLD,
    TINY,
    ReferenceModel,
    as_branches,
    compared,
    each_alone,
    firm_quarters,
    known_seed,
    machine,
    peak_memory,
    python,
    run,
    seconds,
    seconds_by_phase,
    warm_up,
)

from simulation.model import InnovationModel
from simulation.threads import threads


def rows() -> Iterator[tuple[str, str]]:
    """Yield what is measured and the result; medians of repeated runs in one process."""
    yield from machine().items()
    warm_up()
    lived = firm_quarters(**FULL)
    full = seconds(run, lambda: InnovationModel(**FULL))
    yield "full-scale run", f"{full:.2f} s ({lived / 1e6:.1f} million firm-quarters)"
    cores = os.cpu_count() or 1
    with threads(cores):
        shared = seconds(run, lambda: InnovationModel(**FULL))
    yield f"full-scale run on {cores} threads", f"{shared:.2f} s"
    yield "a firm-quarter", f"{1e9 * full / lived:.0f} ns"
    tiny = seconds(run, lambda: InnovationModel(**TINY))
    yield "fixed cost a quarter (200 firms)", f"{1e3 * tiny / 32:.2f} ms"
    yield "set-up, full scale", f"{seconds(lambda _: InnovationModel(**FULL)):.2f} s"
    yield "set-up, 200 firms", f"{1e3 * seconds(lambda _: InnovationModel(**TINY)):.0f} ms"
    five, batch = f"{len(COMPARED)} scenarios of a seed, full scale", compared(1.0)
    yield f"{five}, each alone", f"{seconds(each_alone, lambda: batch, rounds=3):.2f} s"
    yield f"{five}, as branches", f"{seconds(as_branches, lambda: batch, rounds=3):.2f} s"
    for scale in (1.0, 0.1):
        histories, (_, spec) = known_seed(scale), compared(scale)[-1]
        taken = seconds(histories.run, lambda spec=spec: spec)
        yield f"one more scenario of a known seed, scale {scale:g}", f"{taken:.2f} s"
        with threads(cores):
            taken = seconds(histories.run, lambda spec=spec: spec)
        yield f"the same on {cores} threads", f"{taken:.2f} s"
    yield "peak memory of a full-scale run", f"{peak_memory(1.0):.0f} MiB"
    yield "peak memory of a run of 200 firms", f"{peak_memory(0.001):.0f} MiB"
    fast = seconds(run, lambda: InnovationModel(**SAME_WORLD))
    slow = seconds(run, lambda: ReferenceModel(**SAME_WORLD), rounds=3)
    yield "Mesa objects, 20 000 firms", f"{1e6 * slow / firm_quarters(**SAME_WORLD):.0f} µs a firm-quarter"
    yield "Mesa objects over records, same world", f"{slow / fast:.0f} times the time"
    for name, code in COMMANDS.items():
        yield name, f"{seconds(lambda _, code=code: python(code)):.2f} s"
    phases = seconds_by_phase(**FULL)
    for name, time in phases.items():
        yield f"phase {name}", f"{1e3 * time:.0f} ms a run ({100 * time / sum(phases.values()):.0f} %)"


if __name__ == "__main__":
    print("| what | here |\n|---|---|")
    for what, result in rows():
        print(f"| {what} | {result} |", flush=True)
