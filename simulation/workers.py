"""Worker processes that compute with one thread, ignore Ctrl-C and never outlive their parent.

The parent holds one end of a pipe, the lifeline; every worker waits at the other end. When the parent closes
it, or dies, however it dies, the operating system wakes the workers and they exit at once.

This module imports nothing heavy: a worker loads it first, and the thread limits have to be in the
environment before numpy and numba are imported.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from multiprocessing.connection import Connection
from types import FrameType
from typing import TypeVar

from simulation.errors import WorkerError

Item = TypeVar("Item")
Result = TypeVar("Result")

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def _start(lifeline: Connection, niceness: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C does
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    for name in _THREAD_LIMITS:
        os.environ[name] = "1"
    threading.Thread(target=_exit_with_parent, args=(lifeline,), daemon=True).start()


def _exit_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent: the pipe only ends
    os._exit(1)


_kept: ContextVar[ProcessPoolExecutor | None] = ContextVar("_kept", default=None)


@contextmanager
def kept_pool(processes: int) -> Iterator[None]:
    """Let everything inside share one pool, so that work in many rounds starts its workers only once."""
    with worker_pool(processes) as pool:
        token = _kept.set(pool)
        try:
            yield
        finally:
            _kept.reset(token)


@contextmanager
def worker_pool(processes: int, niceness: int = 0) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of `processes` workers; on any exception its queue and its workers are dropped at once.

    Inside `kept_pool` that pool is yielded instead, and stays open. A worker is a fresh interpreter ("spawn")
    on every platform, so that it inherits no threads and no state. The `niceness` (0 to 19) says how far
    workers step back where other programs want their processor.
    """
    if (kept := _kept.get()) is not None:
        yield kept
        return
    context = multiprocessing.get_context("spawn")
    workers_end, own_end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        processes, mp_context=context, initializer=_start, initargs=(workers_end, niceness)
    )
    try:
        yield pool
        pool.shutdown()
    finally:
        own_end.close()
        pool.shutdown(cancel_futures=True)
        workers_end.close()


def spread(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """Yield what a function gives for each item, as workers finish, in no particular order.

    At most `ahead` items are waiting or running: more would only keep results in memory.
    """
    queue = iter(items)
    waiting: set[Future[Result]] = set()

    def submit(count: int) -> None:
        waiting.update(pool.submit(function, item) for item in islice(queue, count))

    with interrupts_held():
        submit(ahead)
    try:
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            waiting -= done
            submit(len(done))
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process died: use fewer processes if memory ran out, and in a script of your own "
            "start the work under `if __name__ == '__main__'`"
        ) from error


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; processes started meanwhile never see it, not even while they start."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interrupts_remembered() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets, beside raising KeyboardInterrupt as ever.

    An exception that lands in a callback of the compiler is printed and lost; the event is not.
    """
    interrupted = threading.Event()
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interrupted
        return

    def remember(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, remember)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
