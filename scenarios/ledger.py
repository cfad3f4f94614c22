"""What runs say about targets and cost, written down as they finish: long work goes on after a kill.

A ledger is a text file: a header that names the columns, then a line a run. Runs are known by their names,
which hold all that their outcome depends on; a run of an earlier attempt is never made again.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.comparison import COST, COST_REGION, COST_YEARS
from simulation.errors import InputError, Interrupted, StorageError
from simulation.experiment import MAX_RUNS, TARGET_YEAR, goal_of, stream
from simulation.indicators import INDICATORS, TARGETS
from simulation.runs import RunResult, RunSpec
from simulation.store import explained
from simulation.workers import interrupts_remembered

FILE = "outcomes.jsonl"
Outcomes = NDArray[np.float64]
Advance = Callable[[], object]


@dataclass(frozen=True)
class Measure:
    """One number of a run: a target's indicator in the last year, or the cost over the policy's years."""

    id: str
    indicator: str
    region: str
    goal: float | None
    joint: bool  # the joint scope of a target, or the cost

    @property
    def unit(self) -> str:
        """Return the indicator's unit."""
        return INDICATORS[self.indicator].unit

    def of(self, result: RunResult) -> float:
        """Return the number that a run gives."""
        column = result.values[:, result.indicators.index(self.indicator), result.regions.index(self.region)]
        if self.id == COST:
            return float(column[[year in COST_YEARS for year in result.years]].sum())
        return float(column[result.years.index(min(TARGET_YEAR, result.years[-1]))])


MEASURES: tuple[Measure, ...] = (
    *(
        Measure(target.id, target.indicator, region, goal_of(target, region), region == target.regions[0])
        for target in TARGETS
        for region in target.regions
    ),
    Measure(COST, COST, COST_REGION, None, joint=True),
)
"""Every target in each of its regions, the joint one first, and the fiscal cost."""
COST_COLUMN = len(MEASURES) - 1


def outcomes_of(result: RunResult) -> Outcomes:
    """Return what a run says about every measure."""
    return np.array([measure.of(result) for measure in MEASURES])


@dataclass(eq=False)
class Ledger:
    """Outcomes by run name, in a file if there is a `directory`, else only in memory."""

    directory: Path | None = None
    known: dict[str, Outcomes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path and self.path.exists():
            self._read(self.path)

    @property
    def path(self) -> Path | None:
        """Return the file, None without one."""
        return self.directory / FILE if self.directory else None

    @cached_property
    def _header(self) -> str:
        return json.dumps({"columns": [f"{each.id}@{each.region}" for each in MEASURES]})

    def add(self, name: str, outcomes: Outcomes) -> None:
        """Remember a run, and write it down at once."""
        self.known[name] = outcomes
        if self.path is None or self.directory is None:
            return
        with explained(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            with self.path.open("a", encoding="utf-8") as file:
                if is_new:
                    file.write(self._header + "\n")
                file.write(_line(name, outcomes))

    def _read(self, path: Path) -> None:
        """Read the lines; the end of one that a kill cut off is taken away."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        whole = content[: content.rfind(b"\n") + 1]
        header, *lines = whole.decode("utf-8", errors="replace").splitlines() or [self._header]
        if header != self._header:
            raise StorageError(f"{path} was written for other targets or is damaged; name another directory")
        for number, line in enumerate(lines, start=2):
            try:
                row = json.loads(line)
                values = [math.nan if value is None else float(value) for value in row["outcomes"]]
                name = str(row["run"])
            except (ValueError, TypeError, KeyError) as error:
                raise StorageError(f"{path}, line {number} is damaged: {error!r}; remove the line") from error
            if len(values) != len(MEASURES):
                raise StorageError(
                    f"{path}, line {number} is damaged: {len(values)} numbers; remove the line"
                )
            self.known[name] = np.array(values)
        if len(whole) < len(content):
            with explained(path.parent), path.open("r+b") as file:
                file.truncate(len(whole))


def _line(name: str, outcomes: Outcomes) -> str:
    plain = [value if math.isfinite(value) else None for value in outcomes.tolist()]
    return json.dumps({"run": name, "outcomes": plain}, allow_nan=False) + "\n"


def gather(
    runs: Mapping[str, RunSpec],
    ledger: Ledger,
    processes: int | None = None,
    advance: Advance | None = None,
) -> None:
    """Run what the ledger does not know yet, calling `advance` for each run, known or new.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed; what had finished is in the ledger, and no worker is left behind.
    """
    waiting = {name: spec for name, spec in runs.items() if name not in ledger.known}
    done = len(runs) - len(waiting)
    if advance:
        for _ in range(done):
            advance()
    try:
        with interrupts_remembered() as interrupted, closing(stream(waiting, processes)) as finished:
            for result in finished:
                ledger.add(result.run_id, outcomes_of(result))
                done += 1
                if advance:
                    advance()
                if interrupted.is_set():
                    raise KeyboardInterrupt
    except KeyboardInterrupt:
        kept = f"they are kept in {ledger.directory}, and the same command goes on from there"
        rest = kept if ledger.directory else "nothing was written (with --out they are kept)"
        raise Interrupted(f"stopped: {done} of {len(runs)} runs had finished; {rest}") from None


def check_seeds(seeds: Sequence[int], runs: int) -> None:
    """Refuse numbers of seeds that show no spread, or that ask for more runs than can be meant."""
    if len(seeds) < 2:
        raise InputError(f"seeds must be at least 2, since errors come from their spread, not {len(seeds)}")
    if runs > MAX_RUNS:
        raise InputError(
            f"this asks for {runs:,} runs; at most {MAX_RUNS:,} are allowed: take fewer seeds or groups"
        )


def defined(value: float | None) -> float | None:
    """Return a value as JSON can hold it."""
    return value if value is not None and np.isfinite(value) else None
