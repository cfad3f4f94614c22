"""A progress bar with the time left, on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from simulation.cli_output import messages


class Counter:
    """Counts finished runs on a bar."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def __call__(self) -> None:
        """Count one run."""
        self._bar.advance(self._task)

    def add(self, runs: int) -> None:
        """Count several runs."""
        self._bar.advance(self._task, runs)

    def expect(self, total: int) -> None:
        """Say how many runs there will be in all."""
        self._bar.update(self._task, total=total)


@contextmanager
def counting(name: str, total: int | None = None, quiet: bool = False) -> Iterator[Counter]:
    """Show a bar while its body runs."""
    console = messages()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        yield Counter(bar, bar.add_task(name, total=total))


@contextmanager
def counting_steps(quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each step that the body reports by name, runs done since the last time, and total."""
    console = messages()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    tasks: dict[str, TaskID] = {}

    def report(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=total or None)
        bar.advance(tasks[name], done)

    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        yield report
