"""Simulate for many visitors at once: one warm worker a lane, fair turns, the newest wish of each counts.

A run goes to the lane that its seed belongs to, so that a worker meets the same seeds again and goes on from
the histories that it keeps of them. Visitors take turns (`dashboard.turns`); bulk work, of which nobody waits
for a single run, takes its turn when no other does. A visitor's new wish drops what is left of the older one;
runs that are already under way end, and are kept for whoever asks. While nobody waits, workers simulate the
histories that the first lever to be moved will need.
"""

import atexit
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, SimpleQueue
from time import monotonic

from dashboard.settings import read_settings
from dashboard.turns import Turns
from scenarios.scenario import ScenarioError
from simulation.branching import Histories
from simulation.errors import InputError, WorkerError, YongwenError
from simulation.experiment import plan
from simulation.portrait import Portrait, PortraitSpec, portray
from simulation.runs import RunResult, RunSpec
from simulation.threads import threads
from simulation.workers import worker_pool

KEPT = 1_500  # results in memory, about 50 kB each
LONGEST_REST = 15.0  # seconds between two deliveries to a visitor
PORTRAITS = 12  # of them portraits, about 1 MB each
_WARM = RunSpec("full_plan", 1, 0.001)  # loads all that a run under policy needs, before a visitor waits

HISTORIES = 800 * 2**20
"""Bytes for histories in a worker: at full scale one takes 45 MiB, and a lane comes round to each in turn."""

NICENESS = 10  # of workers: what a visitor sees is drawn before the next run goes on
AHEAD = 10  # histories that a worker simulates before anybody asks
Delivery = RunResult | YongwenError | None


@cache
def _histories() -> Histories:
    """Return the histories that this worker keeps."""
    return Histories(HISTORIES)


def simulate(spec: RunSpec, name: str | None = None, hands: int = 1) -> RunResult:
    """Simulate one run in a worker, from where it leaves a history that is kept, or make its portrait.

    `hands` is the number of threads.
    """
    with threads(hands):
        return portray(spec, name) if isinstance(spec, PortraitSpec) else _histories().run(spec, name)


def prepare(spec: RunSpec) -> None:
    """Simulate in a worker the history that runs of a world will leave."""
    _histories().prepare(spec)


@dataclass
class Request:
    """What one visitor waits for; `deliveries` ends with None when the request is complete or dropped."""

    client: str
    missing: int
    bulk: bool = False
    served: bool = False  # some of it has come
    deliveries: "SimpleQueue[Delivery]" = field(default_factory=SimpleQueue)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def dropped(self) -> bool:
        """Tell whether the visitor waits for it no longer."""
        return self.ended.is_set()


class Engine:
    """Runs for visitors, in worker processes that stay.

    Parameters
    ----------
    expected
        Runs whose histories are simulated while nobody waits, the most urgent first.
    """

    def __init__(self, processes: int, expected: Sequence[RunSpec] = ()) -> None:
        self._lock = threading.Condition()
        self._cache: OrderedDict[str, RunResult] = OrderedDict()
        self._requests: dict[str, Request] = {}
        self._turns: Turns[tuple[Request, RunSpec]] = Turns(processes)
        self._hands = min(processes, os.cpu_count() or 1)
        self._running = 0
        self._all_hands = False  # a run has all processors
        self._stopped = False
        self._ahead = [
            [spec for spec in expected if spec.seed % processes == lane][:AHEAD] for lane in range(processes)
        ]
        for lane in range(processes):
            threading.Thread(target=self._work, args=(lane,), name=f"lane-{lane}", daemon=True).start()
        atexit.register(self.stop)

    def stream(
        self, client: str, runs: Mapping[str, RunSpec], bulk: bool = False
    ) -> Iterator[list[RunResult]]:
        """Yield what has finished since the last time, until all is there or the client asks for other runs.

        Parameters
        ----------
        bulk
            There are so many runs that they take their turn after all others, and are not kept.

        Raises
        ------
        YongwenError
            A run failed.
        """
        request = self._register(client, runs, bulk)
        is_open = True
        while is_open:
            results: list[RunResult] = []
            for delivery in _drained(request.deliveries):
                if isinstance(delivery, YongwenError):
                    self.drop(client, request)
                    raise delivery
                if delivery is None:
                    is_open = False
                    break
                results.append(delivery)
            if results and not request.dropped:
                start = monotonic()
                yield results
                if is_open:
                    request.ended.wait(rest(monotonic() - start, self._busy()))

    def hasten(self, client: str, runs: Mapping[str, RunSpec]) -> None:
        """Begin what a client is about to ask for with `stream`; what it asked for before is dropped."""
        self._register(client, runs, bulk=False)

    def _register(self, client: str, runs: Mapping[str, RunSpec], bulk: bool) -> Request:
        with self._lock:
            self._drop(client)
            request = Request(client, len(runs), bulk)
            self._requests[client] = request
            self._turns.come(client, bulk)
            for name, spec in runs.items():
                if name in self._cache:
                    self._deliver(request, self._remember(self._cache[name]))
                else:
                    self._turns.add(client, spec.seed, name, (request, spec))
            if not runs:
                request.deliveries.put(None)
            self._lock.notify_all()
        return request

    def drop(self, client: str, request: Request | None = None) -> None:
        """Forget what a client waits for, as when its page was closed."""
        with self._lock:
            if request is None or self._requests.get(client) is request:
                self._drop(client)
                self._turns.leave(client)

    def _drop(self, client: str) -> None:
        self._turns.drop(client)
        if old := self._requests.pop(client, None):
            old.ended.set()
            old.deliveries.put(None)

    def _busy(self) -> int:
        """Return how many visitors wait for runs."""
        with self._lock:
            return sum(request.missing > 0 for request in self._requests.values())

    def waiting(self) -> int:
        """Return how many runs have not been begun."""
        with self._lock:
            return len(self._turns)

    def stop(self) -> None:
        """Let the workers go."""
        with self._lock:
            self._stopped = True
            for client in list(self._requests):
                self._drop(client)
            self._lock.notify_all()

    def _work(self, lane: int) -> None:
        """Serve one lane for as long as the server lives; a worker that died is replaced."""
        while not self._stopped:
            with ExitStack() as stack:
                pool = stack.enter_context(worker_pool(1, NICENESS))
                try:
                    pool.submit(simulate, _WARM).result()
                    self._serve(lane, pool)
                except BrokenProcessPool:
                    continue

    def _serve(self, lane: int, pool: ProcessPoolExecutor) -> None:
        ahead = self._ahead[lane]
        while not self._stopped:
            if job := self._next(lane, wait=not ahead):
                try:
                    self._run(*job, pool)
                finally:
                    self._ended()
            elif ahead:
                # Taken off before it is begun: what fails is left to the run that needs it, which says why.
                with suppress(YongwenError, ScenarioError):
                    pool.submit(prepare, ahead.pop(0)).result()

    def _run(self, name: str, place: tuple[Request, RunSpec], hands: int, pool: ProcessPoolExecutor) -> None:
        """Do one run and hand over what comes of it."""
        request, spec = place
        try:
            result: RunResult | YongwenError = pool.submit(simulate, spec, name, hands).result()
        except BrokenProcessPool:
            self._finish(request, WorkerError("a worker process died; perhaps memory ran out"))
            raise
        except YongwenError as error:
            result = error
        except ScenarioError as error:
            result = InputError(str(error))
        except Exception as error:
            result = YongwenError(f"internal error: {type(error).__name__}: {error}")
        self._finish(request, result)

    def _next(self, lane: int, wait: bool) -> tuple[str, tuple[Request, RunSpec], int] | None:
        """Return a run to do and how many threads it has, or None if there is none.

        With `wait` there is none only once the server ends. The first run that a visitor waits for has all
        processors if nobody else wants one: first numbers come soonest that way, and many runs side by side.
        """
        with self._lock:
            if wait:
                self._lock.wait_for(lambda: self._stopped or self._is_open(lane))
            if self._stopped or not self._is_open(lane):
                return None
            name, place = self._turns.next(lane)
            request, _ = place
            is_first = not (request.served or request.bulk or self._running)
            self._all_hands = is_first and self._turns.is_alone(request.client)
            self._running += 1
            return name, place, self._hands if self._all_hands else 1

    def _is_open(self, lane: int) -> bool:
        return not (self._turns.is_empty(lane) or self._all_hands)

    def _ended(self) -> None:
        """Say that a run has ended."""
        with self._lock:
            self._running -= 1
            self._all_hands = False
            self._lock.notify_all()

    def _finish(self, request: Request, result: RunResult | YongwenError) -> None:
        """Hand a result to the visitor whose turn it was, and to all others who wait for the same run."""
        with self._lock:
            self._deliver(request, result)
            if isinstance(result, RunResult):
                if not request.bulk:
                    self._remember(result)
                for other, _ in self._turns.withdraw(result.run_id):
                    self._deliver(other, result)

    def _deliver(self, request: Request, result: RunResult | YongwenError) -> None:
        if request.dropped:
            return
        request.deliveries.put(result)
        request.served = True
        request.missing -= 1
        if request.missing == 0:
            request.deliveries.put(None)

    def _remember(self, result: RunResult) -> RunResult:
        self._cache[result.run_id] = result
        self._cache.move_to_end(result.run_id)
        portraits = [name for name, kept in self._cache.items() if isinstance(kept, Portrait)]
        for name in portraits[: max(0, len(portraits) - PORTRAITS)]:
            del self._cache[name]
        while len(self._cache) > KEPT:
            self._cache.popitem(last=False)
        return result


def rest(took: float, busy: int) -> float:
    """Return the seconds until a page is drawn anew, from what that took and how many visitors wait.

    All pages are drawn by one process: were each drawn anew with every run, thirty of them would keep levers
    that are moved from being heard. What comes meanwhile is delivered at once.
    """
    return min(2.0 * took * busy, LONGEST_REST)


def _drained(deliveries: "SimpleQueue[Delivery]") -> Iterator[Delivery]:
    """Wait for one delivery and yield it with all others that are there."""
    yield deliveries.get()
    with suppress(Empty):
        while True:
            yield deliveries.get_nowait()


@cache
def engine() -> Engine:
    """Return the engine of this server; the first call starts its workers."""
    settings = read_settings()
    expected = plan("baseline", range(1, settings.seeds + 1), settings.scale).runs.values()
    return Engine(settings.processes, list(expected))
