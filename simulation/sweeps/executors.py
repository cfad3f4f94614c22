"""Where parts are computed: this process, others on this machine, or a Dask cluster; the bits are the same.

Executors yield parts as they finish and keep no more than a few in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from simulation.errors import InputError, WorkerError
from simulation.experiment import number_of_processes
from simulation.extras import need
from simulation.sweeps.work import Done, Task, compute
from simulation.workers import spread, worker_pool

AHEAD = 2
"""Parts that are waiting or running for each worker."""
_CONNECT_S = 20


class Execute(Protocol):
    """Computes tasks and yields them as they finish."""

    def __call__(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """Yield what each task gives, in no particular order."""


def local(processes: int | None = None) -> Callable[[Sequence[Task]], Iterator[Done]]:
    """Return an executor on this machine; with one process everything happens in this one."""
    wanted = number_of_processes(processes)

    def execute(tasks: Sequence[Task]) -> Iterator[Done]:
        workers = min(wanted, len(tasks))
        if workers <= 1:
            yield from map(compute, tasks)
            return
        with worker_pool(workers) as pool:
            yield from spread(pool, compute, tasks, AHEAD * workers)

    return execute


def on_cluster(address: str) -> Callable[[Sequence[Task]], Iterator[Done]]:
    """Return an executor on the workers of a Dask scheduler, such as ``tcp://host:8786``."""
    distributed = need("distributed")

    def execute(tasks: Sequence[Task]) -> Iterator[Done]:
        try:
            client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(f"no Dask scheduler answers at {address}: {error}") from error
        with client:
            yield from _spread_over(distributed, client, tasks)

    return execute


def _spread_over(distributed: Any, client: Any, tasks: Sequence[Task]) -> Iterator[Done]:
    """Keep a few parts for each worker on the cluster, and take each as it finishes.

    Dask sends a part of a worker that was lost to another one.
    """
    queue = iter(tasks)

    def submit(count: int) -> list[Any]:
        return [client.submit(compute, task, pure=False) for task in islice(queue, count)]

    threads = sum(client.nthreads().values())
    finished = distributed.as_completed(submit(AHEAD * max(1, threads)), loop=client.loop)
    try:
        for future in finished:
            yield future.result()
            future.release()
            finished.update(submit(1))
    except distributed.KilledWorker as error:
        raise WorkerError(
            f"workers of the cluster keep dying over one part: give them more memory ({error})"
        ) from error
