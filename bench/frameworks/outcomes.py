"""What is compared, at which sizes, and what was measured."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import bandwidth
import full_model
from timing import Cell

from agents.records import FIRM
from agents.tiles import TILE, tile_bytes

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
import measure  # noqa: E402 - of the folder above


@dataclass(frozen=True)
class Version:
    """A version of the model: what it is called, where it is, what it needs, which files hold its rules."""

    name: str
    module: str
    packages: tuple[str, ...]
    files: tuple[str, ...] = ()


_OBJECTS = ("object_rules.py",)
_COLUMNS = ("column_rules.py",)
VERSIONS = (
    Version("this engine", "engine", ("mesa", "numba"), ("engine.py",)),
    Version("Mesa, one object a firm", "mesa_objects", ("mesa",), ("mesa_objects.py", *_OBJECTS)),
    Version("agentpy", "agentpy_objects", ("agentpy",), ("agentpy_objects.py", *_OBJECTS)),
    Version("mesa-frames", "mesa_frames_columns", ("mesa-frames",), ("mesa_frames_columns.py", *_COLUMNS)),
    Version("AMBER", "amber_columns", ("ambr",), ("amber_columns.py", *_COLUMNS)),
    Version("polars, no framework", "polars_columns", ("polars",), ("polars_columns.py", *_COLUMNS)),
    Version("full model, this engine", "full_model", ("mesa", "numba")),
    Version("full model, Mesa objects", "full_model:build_objects", ("mesa",)),
)
SIZES = tuple(10**power for power in range(3, 8))
ONE_CORE = ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class Results:
    """All that a comparison measured."""

    machine: dict[str, str]
    bandwidth: dict[str, float]
    record_bytes: int
    full_scale: int
    limit_s: float
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def bytes_a_firm_quarter(self) -> int:
        """Return what a tick moves of a record: two passes that each read and write all of it."""
        return 4 * self.record_bytes

    @property
    def bound_ns(self) -> float:
        """Return the least time of a firm-quarter when records come from memory."""
        return self.bytes_a_firm_quarter / self.bandwidth["update"]


def installed(packages: tuple[str, ...]) -> dict[str, str] | None:
    """Return the versions of packages, or None if one is not there."""
    try:
        return {name: version(name) for name in packages}
    except PackageNotFoundError:
        return None


def timed(module: str, sizes: tuple[int, ...], seconds: float, limit: float) -> list[Cell]:
    """Measure a version in a process of its own, with one thread."""
    command = [sys.executable, str(HERE / "timing.py"), module, *map(str, sizes)]
    command += ["--seconds", str(seconds), "--limit", str(limit)]
    environment = {**os.environ, **dict.fromkeys(ONE_CORE, "1"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    cells = [Cell(**json.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode and len(cells) < len(sizes):
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        cells += [Cell(count, stopped=lines[-1]) for count in sizes[len(cells) :]]
    return cells


def run(sizes: tuple[int, ...], only: list[str], seconds: float, limit: float) -> Results:
    """Measure everything that is installed."""
    record = tile_bytes(FIRM) // TILE
    results = Results(measure.machine(), bandwidth.measured(), record, full_model.FULL_SCALE, limit)
    for one in VERSIONS:
        if only and one.name not in only and one.module not in only:
            continue
        packages = installed(one.packages)
        if packages is None:
            results.missing.append(f"{one.name} (package {', '.join(one.packages)})")
            continue
        results.versions |= packages
        wanted, beyond = sizes, ()
        if one.module.startswith("full_model"):
            wanted, beyond = full_sizes(sizes)
        cells = timed(one.module, wanted, seconds, limit)
        results.cells[one.name] = [*cells, *(Cell(count, stopped="size") for count in beyond)]
        print(f"{one.name}: {[cell.best_ns or cell.stopped for cell in cells]}", file=sys.stderr, flush=True)
    return results


def full_sizes(sizes: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the sizes at which the full model exists, with that of every firm, and those beyond."""
    beyond = tuple(count for count in sizes if count > full_model.FULL_SCALE)
    within = tuple(count for count in sizes if count <= full_model.FULL_SCALE)
    return (*within, full_model.FULL_SCALE) if beyond else within, beyond


def saved(path: Path) -> Results:
    """Return results that an earlier run has kept."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = {name: [Cell(**cell) for cell in row] for name, row in document.pop("cells").items()}
    return Results(**document, cells=cells)
