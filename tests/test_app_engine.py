"""The app's engine: cached runs, fair turns, the newest wish of a visitor counts, failures are told."""

import threading
import time
from collections.abc import Iterator

import pytest

from dashboard.engine import LONGEST_REST, Engine, Request, rest
from simulation.errors import YongwenError
from simulation.experiment import plan
from simulation.portrait import Portrait, PortraitSpec
from simulation.runs import RunResult, RunSpec, run_one

SCALE = 0.002


def _runs(scenario: str, seeds: range) -> dict[str, RunSpec]:
    return dict(plan(scenario, seeds, SCALE, 2016).runs)


def _all(batches: Iterator[list[RunResult]]) -> list[RunResult]:
    return [result for batch in batches for result in batch]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine(1)
    yield made
    made.stop()


def test_runs_are_those_of_the_command_line(engine: Engine) -> None:
    runs = _runs("baseline", range(1, 4))
    found = _all(engine.stream("a", runs))
    assert {result.run_id for result in found} == set(runs)
    expected = {name: run_one(spec, name).digest for name, spec in runs.items()}
    assert {result.run_id: result.digest for result in found} == expected


def test_known_runs_are_not_simulated_again(engine: Engine) -> None:
    runs = _runs("baseline", range(11, 13))
    first = _all(engine.stream("a", runs))
    again = _all(engine.stream("b", runs))
    assert {id(result) for result in first} == {id(result) for result in again}


def test_a_newer_wish_ends_the_older_one(engine: Engine) -> None:
    old = engine.stream("a", _runs("baseline", range(100, 130)))
    started = next(old)
    new = _runs("full_plan", range(100, 102))
    found = _all(engine.stream("a", new))
    assert {result.run_id for result in found} == set(new)
    assert len(started) + len(_all(old)) < 30
    assert engine.waiting() == 0


def test_visitors_take_turns(engine: Engine) -> None:
    many = engine.stream("many", _runs("baseline", range(200, 230)))
    next(many)
    few = _runs("baseline", range(300, 303))
    assert len(_all(engine.stream("few", few))) == 3
    assert engine.waiting() > 15, "three runs of a newcomer need not wait for thirty of another visitor"
    engine.drop("many")
    assert engine.waiting() == 0


def test_bulk_work_waits_until_nobody_else_does_and_is_not_kept(engine: Engine) -> None:
    bulk = engine.stream("bulk", _runs("baseline", range(400, 430)), bulk=True)
    done = len(next(bulk))
    few = _runs("baseline", range(500, 506))
    assert len(_all(engine.stream("few", few))) == 6
    assert engine.waiting() >= 30 - done - 2, "six runs of a visitor go before all that is left"
    assert set(few) <= set(engine._cache)
    assert not {name for name, result in engine._cache.items() if 400 <= result.spec.seed < 430}
    assert len(_all(bulk)) == 30 - done
    assert engine.waiting() == 0


def test_what_is_hastened_is_there_for_who_asks(engine: Engine) -> None:
    runs = _runs("baseline", range(600, 604))
    old = engine.stream("a", _runs("baseline", range(610, 640)))
    next(old)
    engine.hasten("a", runs)
    assert len(_all(old)) < 29
    assert {result.run_id for result in _all(engine.stream("a", runs))} == set(runs)
    assert engine.waiting() == 0


def test_a_failed_run_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = RunSpec("no_such_scenario", 1, SCALE, 2016)
    with pytest.raises(YongwenError, match="no_such_scenario"):
        _all(engine.stream("a", {"broken": spec}))
    assert _all(engine.stream("a", _runs("baseline", range(1, 2))))


def test_portraits_are_made_in_the_worker_and_only_a_few_are_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.engine.PORTRAITS", 1)
    specs = {f"portrait-{seed}": PortraitSpec("baseline", seed, SCALE, 2016) for seed in (1, 2)}
    found = _all(engine.stream("a", specs))
    assert all(isinstance(result, Portrait) for result in found)
    assert [name for name in engine._cache if name.startswith("portrait")] == ["portrait-2"]


class Idle(Engine):
    """An engine without workers."""

    def _work(self, lane: int) -> None:
        pass


def test_the_first_run_that_a_single_visitor_waits_for_has_all_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    engine = Idle(2)
    engine.hasten("a", _runs("baseline", range(4)))
    name, (request, spec), hands = taken(engine, 0)
    assert hands == 2
    assert engine._next(1, wait=False) is None, "the other lane leaves its processor to that run"
    engine._finish(request, run_one(spec, name))
    engine._ended()
    assert [taken(engine, lane)[-1] for lane in (0, 1)] == [1, 1], "all others run side by side"
    engine._ended()
    engine.hasten("b", _runs("baseline", range(10, 14)))
    assert taken(engine, 1)[-1] == 1, "another run is under way"


def test_with_several_visitors_runs_are_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    engine = Idle(2)
    for client, first in (("a", 20), ("b", 30)):
        engine.hasten(client, _runs("baseline", range(first, first + 4)))
    assert [taken(engine, lane)[-1] for lane in (0, 1)] == [1, 1]


def taken(engine: Engine, lane: int) -> tuple[str, tuple[Request, RunSpec], int]:
    job = engine._next(lane, wait=False)
    assert job is not None
    return job


def test_pages_rest_the_longer_the_more_visitors_wait() -> None:
    assert rest(0.1, 0) == 0.0
    assert rest(0.1, 1) < rest(0.1, 30) < rest(0.3, 30) == LONGEST_REST


def test_a_newer_wish_ends_the_rest(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.engine.rest", lambda took, busy: 1e6)
    old = engine.stream("a", _runs("baseline", range(400, 420)))
    next(old)
    resting = threading.Thread(target=_all, args=(old,), daemon=True)
    resting.start()
    engine.drop("a")
    resting.join(60.0)
    assert not resting.is_alive()


def test_histories_are_simulated_while_nobody_waits() -> None:
    """A failure there is left to the run that needs the history."""
    expected = [RunSpec("no_such_scenario", 2, SCALE, 2019), RunSpec("baseline", 1, SCALE, 2019)]
    prepared = Engine(1, expected)
    try:
        for _ in range(600):
            if not prepared._ahead[0]:
                break
            time.sleep(0.1)
        assert prepared._ahead == [[]]
        [(name, spec)] = plan("full_plan", [1], SCALE, 2019).runs.items()
        [found] = _all(prepared.stream("a", {name: spec}))
        assert found.digest == run_one(spec, name).digest
    finally:
        prepared.stop()


def test_who_waits_goes_before_what_nobody_asked_for() -> None:
    many = list(plan("baseline", range(1, 9), SCALE, 2019).runs.values())
    busy = Engine(1, many)
    try:
        assert len(_all(busy.stream("a", _runs("baseline", range(50, 52))))) == 2
        assert busy._ahead[0], "two runs of a visitor need not wait for all histories"
    finally:
        busy.stop()
