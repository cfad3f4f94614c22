"""Search for a visitor which mixes of levers meet the targets, beside the pages, with news while it goes on.

Runs are made by the app's engine as bulk work: they take their turn when nobody else waits. What proposes
mixes takes seconds of a processor, so it runs in a process of its own, which lives as long as the search.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from uuid import uuid4

from dashboard.engine import NICENESS, engine
from dashboard.i18n import N_
from scenarios.ledger import Ledger, Outcomes, outcomes_of
from scenarios.scenario import Scenario
from scenarios.search import Samples, Search, first_trials
from scenarios.search_runs import Answer, Bench, Request, find
from simulation.errors import WorkerError, YongwenError
from simulation.runs import MIN_SCALE, RunSpec
from simulation.workers import worker_pool

AT_ONCE = 2
"""Searches that are under way on a server; others wait for their turn."""
KEPT = 20_000  # outcomes of runs in memory, about 500 bytes each
TOGETHER = 4  # mixes whose runs are asked for at once, so that news come often
PAUSE = 0.4  # seconds between news
GLANCE = 0.2  # seconds between looks at whether the visitor still waits
FIXED = 0.06
"""What a run costs at any scale, as a share of what one of all firms costs: for the time that is left."""

WAITING, BASELINE, TRIALS, CHOOSING, CHECK = "waiting", "baseline", "trials", "choosing", "check"
DONE, STOPPED, FAILED = "done", "stopped", "failed"


@dataclass(frozen=True)
class Effort:
    """How much is run for a search; the fields are those of `scenarios.search_runs.Request`."""

    title: str
    evaluations: int
    seeds: int
    checks: int
    check_seeds: int
    check_scale: float
    scale: float = 0.02

    def numbers(self, largest: float) -> dict[str, Any]:
        """Return these numbers, with no run of a larger share of firms than the server simulates."""
        numbers = {name: value for name, value in vars(self).items() if name != "title"}
        for name in ("scale", "check_scale"):
            numbers[name] = max(min(numbers[name], largest), MIN_SCALE)
        return numbers


EFFORTS = {
    "quick": Effort(N_("Quick look"), 40, 4, 4, 20, 0.1),
    "usual": Effort(N_("Closer look"), 90, 8, 5, 30, 0.25),
    "thorough": Effort(N_("Thorough, as on the command line"), 150, 12, 6, 30, 1.0),
}


@dataclass(frozen=True, eq=False)
class Finding:
    """What is known of a search by now.

    Attributes
    ----------
    done
        Runs that are there.
    left_s
        Seconds that it will still take, about; None while nothing can be said.
    search
        All trials so far.
    answer
        What the check says, at the end.
    """

    request: Request
    phase: str = WAITING
    done: int = 0
    left_s: float | None = None
    search: Search | None = None
    answer: Answer | None = None
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will come."""
        return self.phase in {DONE, STOPPED, FAILED}


class Stopped(Exception):
    """The visitor does not wait for this search any more."""


class Memory:
    """Outcomes of runs by name, shared by all searches of a server; the least recently used go first."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[str, Outcomes] = OrderedDict()

    def add(self, name: str, outcomes: Outcomes) -> None:
        """Remember a run."""
        with self._lock:
            self._kept[name] = outcomes
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def known(self, names: Sequence[str]) -> dict[str, Outcomes]:
        """Return those of the runs that are known."""
        with self._lock:
            found = {name: self._kept[name] for name in names if name in self._kept}
            for name in found:
                self._kept.move_to_end(name)
            return found


_memory = Memory()
_seats = threading.Semaphore(AT_ONCE)


@dataclass(eq=False)
class Pursuit:
    """A search for one visitor: `run` works it out in a thread, `stop` ends it from another one."""

    request: Request
    tell: Callable[["Finding"], object]
    client: str = field(default_factory=lambda: f"search/{uuid4().hex}")
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """End the search soon: runs that wait are dropped, those under way are not waited for."""
        self._stopped.set()
        engine().drop(self.client)

    def check(self) -> None:
        """Raise `Stopped` once nobody waits any more."""
        if self._stopped.is_set():
            raise Stopped

    def run(self) -> None:
        """Search, and tell what is known from time to time, at the end for certain."""
        news = _News(self)
        try:
            news.say()
            with self._seat(), worker_pool(1, NICENESS) as pool:
                pool.submit(first_trials, 4)  # the libraries are loaded while the first runs are made
                answer = find(self.request, _Desk(self.request, Ledger(), pursuit=self, news=news, pool=pool))
            news.say(phase=DONE, left_s=0.0, answer=answer, search=answer.search)
        except Stopped:
            news.say(phase=STOPPED, left_s=None)
        except YongwenError as error:
            news.say(phase=FAILED, left_s=None, error=str(error))
        finally:
            engine().drop(self.client)

    @contextmanager
    def _seat(self) -> Iterator[None]:
        """Wait until few enough other searches are under way."""
        while not _seats.acquire(timeout=GLANCE):
            self.check()
        try:
            yield
        finally:
            _seats.release()


class _News:
    """What is told of a search, not too often, and how long it will take."""

    def __init__(self, pursuit: Pursuit) -> None:
        self._pursuit, self._finding = pursuit, Finding(pursuit.request)
        self._told, self._spent = 0.0, 0.0
        self._began: float | None = None
        self._whole = whole_work(pursuit.request)

    def say(self, **news: Any) -> None:
        """Tell this at once."""
        self._finding = replace(self._finding, **news)
        self._told = monotonic()
        self._pursuit.tell(self._finding)

    def note(self, **news: Any) -> None:
        """Tell this unless something was told just now; then it comes with the next news."""
        self._finding = replace(self._finding, **news)
        if monotonic() - self._told >= PAUSE:
            self.say()

    def count(self, runs: Sequence[RunSpec], known: bool) -> None:
        """Count runs that are there; those that were known from before took no time."""
        work = sum(work_of(spec.scale) for spec in runs)
        if known:
            self._whole -= work
        else:
            self._spent += work
        left = None
        if self._began is not None and self._spent > 0.0:
            pace = (monotonic() - self._began) / self._spent
            left = pace * max(self._whole - self._spent, 0.0)
        self.note(done=self._finding.done + len(runs), left_s=left)

    def start(self) -> None:
        """Start the clock with the first runs that are asked for."""
        self._began = self._began or monotonic()


def work_of(scale: float) -> float:
    """Return what a run costs, relative to others."""
    return FIXED + scale


def whole_work(request: Request) -> float:
    """Return what all runs of a request cost at most."""
    trials = (request.evaluations + 1) * request.seeds
    return trials * work_of(request.scale) + (request.runs - trials) * work_of(request.check_scale)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Desk(Bench):
    """Has the app's engine make the runs, and tells the visitor what goes on."""

    pursuit: Pursuit
    news: _News
    pool: Executor

    def outcomes(
        self, scenarios: Sequence[Scenario], seeds: Sequence[int], scale: float
    ) -> Iterator[Samples]:
        """Yield outcomes by scenario, some scenarios at a time."""
        self.news.say(phase=self._phase(seeds))
        for at in range(0, len(scenarios), TOGETHER):
            yield from super().outcomes(scenarios[at : at + TOGETHER], seeds, scale)

    def _phase(self, seeds: Sequence[int]) -> str:
        if seeds == self.request.base_seeds:
            return BASELINE
        return TRIALS if seeds == self.request.trial_seeds else CHECK

    def gather(self, runs: Mapping[str, RunSpec]) -> None:
        """Make the runs that no search has made before, or raise `Stopped`."""
        self.pursuit.check()
        fresh = {name: spec for name, spec in runs.items() if name not in self.ledger.known}
        known = _memory.known(list(fresh))
        self.ledger.known.update(known)
        self.news.count([fresh[name] for name in known], known=True)
        missing = {name: spec for name, spec in fresh.items() if name not in known}
        self.news.start()
        for results in engine().stream(self.pursuit.client, missing, bulk=True):
            for result in results:
                outcomes = outcomes_of(result)
                self.ledger.known[result.run_id] = outcomes
                _memory.add(result.run_id, outcomes)
            self.news.count([result.spec for result in results], known=False)
            self.pursuit.check()
        self.pursuit.check()

    def think(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in the process of this search."""
        self.news.say(phase=CHOOSING)
        future = self.pool.submit(function, *arguments)
        while not wait([future], GLANCE).done:
            self.pursuit.check()
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise WorkerError("a worker process died; perhaps memory ran out") from error

    def tell(self, search: Search) -> None:
        """Show the trials so far."""
        self.news.note(search=search)
