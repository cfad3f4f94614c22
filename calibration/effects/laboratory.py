"""Running the studies: one task a seed, whose worlds all studies share; findings can be kept and taken up."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from functools import cache
from pathlib import Path
from typing import Any

from agents.parameters import parameters_hash
from calibration.effects.catalogue import STUDIES
from calibration.effects.study import Finding, Ratio, Result, Study, pool
from calibration.effects.worlds import Lab
from simulation.data import data_hash
from simulation.errors import InputError
from simulation.experiment import number_of_processes
from simulation.runs import MAX_SEED, code_hash
from simulation.workers import worker_pool

Findings = dict[str, Finding]
"""What one seed found, by study."""
LEAST_SCALE = 0.005


def examine(seed: int, scale: float, ids: Sequence[str]) -> Findings:
    """Carry out studies in the worlds of one seed."""
    lab = Lab(seed, scale)
    return {study.id: study.measure(lab) for study in STUDIES if study.id in ids}


def run(
    studies: Sequence[Study],
    seeds: Sequence[int],
    scale: float,
    processes: int | None = None,
    folder: Path | None = None,
    progress: Callable[[], None] | None = None,
) -> list[Result]:
    """Carry out studies in many worlds.

    Parameters
    ----------
    folder : Path
        Where each seed's findings are kept; those that are there already, made by the same code, are not made
        again.
    progress : callable
        Called after each seed.
    """
    if len(set(seeds)) < 2 or not all(0 <= seed <= MAX_SEED for seed in seeds):
        raise InputError(f"seeds must be at least 2 whole numbers from 0 to {MAX_SEED}: errors need them")
    if not LEAST_SCALE <= scale <= 1.0:
        raise InputError(f"scale must be a number from {LEAST_SCALE:g} to 1, not {scale:g}")
    ids = [study.id for study in studies]
    kept = {seed: _read(folder, seed, scale) for seed in seeds}
    missing = {seed: [name for name in ids if name not in kept[seed]] for seed in seeds}

    def take(seed: int, found: Findings) -> None:
        kept[seed].update(found)
        _write(folder, seed, scale, kept[seed])
        if progress:
            progress()

    to_do = {seed: names for seed, names in missing.items() if names}
    for _ in range(len(seeds) - len(to_do)):
        if progress:
            progress()
    workers = min(number_of_processes(processes), len(to_do))
    if workers <= 1:
        for seed, names in to_do.items():
            take(seed, examine(seed, scale, names))
    else:
        with worker_pool(workers) as workers_pool:
            jobs = {workers_pool.submit(examine, seed, scale, names): seed for seed, names in to_do.items()}
            for job in as_completed(jobs):
                take(jobs[job], job.result())
    return [pool(study, [kept[seed][study.id] for seed in seeds]) for study in studies]


@cache
def laboratory_hash() -> str:
    """Return a hash over all that findings depend on: the model, its data, and the studies."""
    digest = hashlib.sha256()
    for part in (code_hash(), data_hash(), parameters_hash()):
        digest.update(part.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file(folder: Path, seed: int, scale: float) -> Path:
    return folder / f"findings-{laboratory_hash()[:10]}-{scale:g}-{seed}.json"


def _read(folder: Path | None, seed: int, scale: float) -> Findings:
    if folder is None or not (path := _file(folder, seed, scale)).exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {name: Finding(*map(_ratio, ways)) for name, ways in content.items()}


def _ratio(value: list[float] | None) -> Ratio | None:
    return (value[0], value[1]) if value else None


def _write(folder: Path | None, seed: int, scale: float, found: Findings) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, seed, scale)
    content: dict[str, Any] = {name: [item.one_world, item.paired] for name, item in found.items()}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    os.replace(part, path)
