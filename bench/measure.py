"""What is measured, and how: shared by the benchmark suite and the report."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from simulation.branching import Histories, run_together
from simulation.model import InnovationModel
from simulation.runs import RunSpec, run_id, run_one, settle_in
from simulation.schedule import PHASES, Phase

# The reference model lives with the tests.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from reference.model import ReferenceModel

FULL = {"scenario": "baseline", "scale": 1.0, "until": 2022, "seed": 1}
TINY = {**FULL, "scale": 0.001}
SAME_WORLD = {**FULL, "scale": 0.1, "until": 2015}
"""The world that the fast model and the Mesa-object model both run."""

COMPARED = ("baseline", "guidance_funds", "ownership_pilot", "talent_inflow", "full_plan")
"""Scenarios of the usual comparison."""

COMMANDS = {
    "yongwen --help": "import sys; from simulation.cli import main; sys.argv[1:] = ['--help']; main()",
    "import simulation.cli": "import simulation.cli",
    "import simulation.model": "import simulation.model",
    "python, nothing else": "pass",
}
"""What a fresh interpreter is asked to do."""

_PEAK = """
import resource, sys
from pathlib import Path
from simulation.model import InnovationModel
InnovationModel(seed=1, scale=float(sys.argv[1])).run()
status = Path("/proc/self/status")  # ru_maxrss of Linux counts the parent's memory before exec
print(status.read_text().split("VmHWM:")[1].split()[0] if status.exists()
      else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def run(model: InnovationModel | ReferenceModel) -> None:
    """Step a model to its end."""
    while model.running:
        model.step()


def warm_up() -> None:
    """Load all compiled rules."""
    run(InnovationModel(**{**TINY, "scenario": "guidance_funds"}))
    settle_in()  # as simulation.runs.run_one does


def firm_quarters(**arguments: Any) -> int:
    """Return how many firms live through how many quarters of a run."""
    model, total = InnovationModel(**arguments), 0
    while model.running:
        total += int(np.count_nonzero(model.firms.records["alive"]))
        model.step()
    return total


def phases(**arguments: Any) -> Iterator[tuple[InnovationModel, Phase]]:
    """Yield a model before each phase of each quarter, for ever; the caller runs the phase."""
    while True:
        model = InnovationModel(**arguments)
        while model.running:
            for phase in PHASES:
                if not phase.yearly or model.quarter % 4 == 0:
                    yield model, phase
            model.quarter += 1
            model.running = model.year <= model.until


def compared(scale: float) -> list[tuple[str, RunSpec]]:
    """Return the runs of one seed in the usual comparison, by name."""
    specs = [RunSpec(name, 1, scale) for name in COMPARED]
    return [(run_id(spec), spec) for spec in specs]


def each_alone(batch: list[tuple[str, RunSpec]]) -> None:
    """Simulate every run from the start."""
    for name, spec in batch:
        run_one(spec, name)


def as_branches(batch: list[tuple[str, RunSpec]]) -> None:
    """Simulate the common history once, and every run from there."""
    list(run_together(batch, Histories()))


def known_seed(scale: float) -> Histories:
    """Return histories that hold the one of the usual comparison."""
    histories = Histories()
    histories.run(compared(scale)[0][1])
    return histories


def seconds(
    action: Callable[[Any], Any], prepare: Callable[[], Any] = lambda: None, rounds: int = 5
) -> float:
    """Return the median time of `action` on what `prepare` returns."""
    taken = []
    for _ in range(rounds):
        subject = prepare()
        start = time.perf_counter()
        action(subject)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def seconds_by_phase(**arguments: Any) -> dict[str, float]:
    """Return the seconds that each phase takes in one whole run."""
    taken = dict.fromkeys((phase.name for phase in PHASES), 0.0)
    first: InnovationModel | None = None
    for model, phase in phases(**arguments):
        first = first or model
        if model is not first:
            break
        start = time.perf_counter()
        phase.run(model)
        taken[phase.name] += time.perf_counter() - start
    return taken


def python(code: str, *arguments: str) -> str:
    """Run a fresh interpreter and return what it prints."""
    done = subprocess.run(
        (sys.executable, "-c", code, *arguments), check=True, capture_output=True, text=True
    )
    return done.stdout


def peak_memory(scale: float) -> float:
    """Return the peak resident memory of a fresh process that runs a model (MiB)."""
    unit = 1024.0**2 if sys.platform == "darwin" else 1024.0
    return float(python(_PEAK, str(scale))) / unit


def machine() -> dict[str, str]:
    """Return what the numbers depend on: processor, cores, caches, what else runs, versions."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = " · ".join(f"{name} {version(name)}" for name in ("mesa", "numpy", "numba"))
    return {
        "processor": f"{_processor()}, {usable} cores usable",
        "caches": _caches() or "unknown",
        "load before": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "versions": f"Python {platform.python_version()} · {packages}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _caches() -> str:
    """Return the caches that the first core sees, as Linux tells them."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found)
