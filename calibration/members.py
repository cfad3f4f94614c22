"""Running the members of an inference: one model a vector of unknowns, kept on disk as soon as it is done.

A member's file is named by a hash over all that its outcome depends on, so an inference that was killed goes
on where it stopped, and one that shares members with another computes them once.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.parameters import parameters_hash
from calibration.priors import decode
from simulation.data import data_hash
from simulation.indicators import INDICATORS, REGIONS, IndicatorTable
from simulation.model import InnovationModel
from simulation.runs import code_hash, settle_in
from simulation.workers import interrupts_held, worker_pool

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Setting:
    """How members are run: share of firms, last year, where results are kept, worker processes."""

    scale: float = 1.0
    until: int = 2018
    folder: Path | None = None
    processes: int | None = None


@dataclass(frozen=True)
class Member:
    """One vector of unknowns (`z`, float64[K]) under one seed."""

    z: np.ndarray
    seed: int

    def identity(self, setting: Setting) -> str:
        """Return the name of the member's result."""
        digest = hashlib.sha256()
        for part in (code_hash(), data_hash(), parameters_hash(), self.seed, setting.scale, setting.until):
            digest.update(f"{part}\0".encode())
        digest.update(np.ascontiguousarray(self.z, dtype="<f8").tobytes())
        return digest.hexdigest()[:24]


def simulate(members: list[Member], setting: Setting, progress: Progress | None = None) -> list[np.ndarray]:
    """Return each member's table of indicators (float64[years, indicators, regions]), in the given order."""
    tables: dict[int, np.ndarray] = {}
    missing = []
    for index, member in enumerate(members):
        table = _kept(member, setting)
        if table is None:
            missing.append(index)
        else:
            tables[index] = table
    if progress:
        progress(len(tables))
    for index, table in _computed(members, missing, setting):
        _keep(members[index], setting, table)
        tables[index] = table
        if progress:
            progress(1)
    return [tables[index] for index in range(len(members))]


def table_of(values: np.ndarray) -> IndicatorTable:
    """Return a member's values with their labels."""
    return IndicatorTable(values, tuple(range(2015, 2015 + len(values))), tuple(INDICATORS), REGIONS)


def _computed(
    members: list[Member], missing: list[int], setting: Setting
) -> Iterator[tuple[int, np.ndarray]]:
    processes = min(setting.processes or os.cpu_count() or 1, len(missing))
    if processes <= 1:
        for index in missing:
            yield index, _run(members[index], setting.scale, setting.until)
        return
    with worker_pool(processes) as pool:
        with interrupts_held():
            futures = {
                pool.submit(_run, members[index], setting.scale, setting.until): index for index in missing
            }
        for future in as_completed(futures):
            yield futures[future], future.result()


def _run(member: Member, scale: float, until: int) -> np.ndarray:
    settle_in()
    chosen, effects = decode(member.z)
    model = InnovationModel(seed=member.seed, scale=scale, until=until, parameters=chosen, effects=effects)
    table = model.run()
    model.free()
    return table.values


def _path(member: Member, setting: Setting) -> Path | None:
    return setting.folder / f"{member.identity(setting)}.npy" if setting.folder else None


def _kept(member: Member, setting: Setting) -> np.ndarray | None:
    path = _path(member, setting)
    if path is None or not path.exists():
        return None
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, OSError, EOFError):
        return None  # damaged: computed again


def _keep(member: Member, setting: Setting, table: np.ndarray) -> None:
    path = _path(member, setting)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("wb") as file:
            np.save(file, table)
        draft.replace(path)
