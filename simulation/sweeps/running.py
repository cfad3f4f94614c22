"""Running a sweep into its directory."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from simulation.branching import world_of
from simulation.errors import Interrupted, YongwenError
from simulation.sweeps.directory import SweepDirectory, opened
from simulation.sweeps.planning import Job, Sweep
from simulation.sweeps.work import Done, Task, compute, task
from simulation.workers import interrupts_remembered

Executor = Callable[[Sequence[Task]], Iterator[Done]]
Progress = Callable[[int], object]
"""Called with the number of runs that have come."""


@dataclass(frozen=True)
class Report:
    """What a session did."""

    directory: Path
    runs: int
    computed: int
    damaged: tuple[str, ...]
    digest: str
    seconds: float


class FailedRuns(YongwenError):
    """Some runs failed; the others are kept."""


def run_sweep(
    sweep: Sweep,
    path: Path,
    execute: Executor,
    workers: str = "",
    resume: bool = False,
    progress: Progress | None = None,
    warn: Callable[[str], object] | None = None,
) -> Report:
    """Compute what is missing of a sweep and write it down as it comes.

    Parameters
    ----------
    execute
        Where parts are computed; see `simulation.sweeps.executors`.
    workers
        What the manifest says about it.
    resume
        Go on with what the directory holds; damaged parts are computed again.
    warn
        Called with a sentence about each damaged file.

    Raises
    ------
    Interrupted
        Ctrl-C was pressed; finished parts are kept.
    FailedRuns
        Runs failed; the parts without failures are kept.
    """
    begun = perf_counter()
    failures: list[tuple[str, str]] = []
    computed = 0
    with opened(path, sweep, resume, workers) as directory:
        for name in directory.damaged if warn else ():
            warn(f"{name} is damaged; its part is computed again")  # type: ignore[misc]
        if progress:
            progress(sum(len(sweep.parts[part]) for part in directory.records))
        tasks = [task(sweep, part) for part in directory.waiting]
        try:
            with interrupts_remembered() as interrupted, closing(_stream(execute, tasks)) as parts:
                for done in parts:
                    failures += done.failures
                    computed += done.runs
                    if not done.failures:
                        directory.add(done)
                    if progress:
                        progress(done.runs)
                    if interrupted.is_set():
                        raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise _stopped(directory) from None
        if failures:
            raise _failed(failures, sweep)
        return Report(
            path, sweep.runs, computed, tuple(directory.damaged), directory.digest(), perf_counter() - begun
        )


def _stream(execute: Executor, tasks: Sequence[Task]) -> Generator[Done, None, None]:
    yield from execute(tasks)


def _stopped(directory: SweepDirectory) -> Interrupted:
    kept = sum(record.runs for record in directory.records.values())
    return Interrupted(
        f"stopped: {kept} of {directory.sweep.runs} runs are kept in {directory.path}; --resume goes on"
    )


def _failed(failures: list[tuple[str, str]], sweep: Sweep) -> FailedRuns:
    run, why = failures[0]
    return FailedRuns(
        f"{len(failures)} of {sweep.runs} runs failed, the first: {run} ({why}); the parts without them are "
        "kept, and --resume tries the others again"
    )


@dataclass(frozen=True)
class Estimate:
    """What a sweep would take."""

    runs: int
    parts: int
    seconds: float
    bytes: int


def estimate(sweep: Sweep, processes: int) -> Estimate:
    """Measure three runs, or as many as there are, and say what all would take on so many processes.

    The first pays for loading and compiling and is not counted. The last has a world of its own, and the one
    before it shares that world's history where runs can.
    """
    jobs = [job for part in sweep.parts for job in part]
    worlds = len({world_of(job.spec) for job in jobs})
    taken = [_measured(sweep, job) for job in (jobs[0], jobs[-1], jobs[max(0, len(jobs) - 2)])]
    whole, branch = taken[1][0], taken[2][0]
    seconds = worlds * whole + (len(jobs) - worlds) * branch
    return Estimate(len(jobs), len(sweep.parts), seconds / max(1, processes), taken[1][1] * len(jobs))


def _measured(sweep: Sweep, job: Job) -> tuple[float, int]:
    """Return the seconds and bytes of a run."""
    done = compute(replace(task(sweep, 0), jobs=(job,)))
    if done.failures:
        raise FailedRuns(f"a run failed: {done.failures[0][0]} ({done.failures[0][1]})")
    return done.seconds, sum(map(len, done.files.values()))
