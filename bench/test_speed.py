"""How long things take. Nothing here asserts a time; `report.py` prints the summary."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from measure import (
    COMMANDS,
    FULL,
    SAME_WORLD,
    TINY,
    ReferenceModel,
    as_branches,
    compared,
    each_alone,
    firm_quarters,
    known_seed,
    phases,
    python,
    run,
)

from simulation.model import InnovationModel
from simulation.schedule import PHASES, Phase
from simulation.threads import threads


def _time_run(benchmark: Any, kind: Callable[..., Any], arguments: dict[str, Any], rounds: int) -> None:
    benchmark.pedantic(run, setup=lambda: ((kind(**arguments),), {}), rounds=rounds)


@pytest.mark.benchmark(group="a run, one process")
def test_full_scale_run(benchmark: Any) -> None:
    """About 200 000 firms, 32 quarters."""
    benchmark.extra_info["ns a firm-quarter:"] = firm_quarters(**FULL)
    _time_run(benchmark, InnovationModel, FULL, rounds=5)


@pytest.mark.benchmark(group="a run, one process")
def test_full_scale_run_on_threads(benchmark: Any) -> None:
    """The same run on as many threads as there are cores."""
    benchmark.extra_info["ns a firm-quarter:"] = firm_quarters(**FULL)
    with threads(os.cpu_count() or 1):
        _time_run(benchmark, InnovationModel, FULL, rounds=5)


@pytest.mark.benchmark(group="a run, one process")
def test_fixed_cost(benchmark: Any) -> None:
    """About 200 firms, 32 quarters: what a quarter costs however few firms there are."""
    benchmark.extra_info["ms a quarter:"] = 32
    _time_run(benchmark, InnovationModel, TINY, rounds=10)


@pytest.mark.benchmark(group="the same world, 20 000 firms, 4 quarters")
def test_same_world(benchmark: Any) -> None:
    """The model of records."""
    benchmark.extra_info["ns a firm-quarter:"] = firm_quarters(**SAME_WORLD)
    _time_run(benchmark, InnovationModel, SAME_WORLD, rounds=10)


@pytest.mark.benchmark(group="the same world, 20 000 firms, 4 quarters")
def test_mesa_objects(benchmark: Any) -> None:
    """The reference model: one Mesa object per firm, same rules, same draws, same trajectory."""
    benchmark.extra_info["ns a firm-quarter:"] = firm_quarters(**SAME_WORLD)
    _time_run(benchmark, ReferenceModel, SAME_WORLD, rounds=3)


@pytest.mark.benchmark(group="five scenarios of a seed, full scale")
@pytest.mark.parametrize("way", [each_alone, as_branches])
def test_compare(benchmark: Any, way: Callable[[Any], None]) -> None:
    """The usual comparison, for one seed."""
    benchmark.pedantic(way, args=(compared(1.0),), rounds=3)


@pytest.mark.benchmark(group="one more scenario of a known seed")
@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_one_more_scenario(benchmark: Any, scale: float) -> None:
    """What a warm worker does when a slider moves."""
    histories, (_, spec) = known_seed(scale), compared(scale)[-1]
    benchmark.pedantic(histories.run, args=(spec,), rounds=5)


@pytest.mark.benchmark(group="set-up")
@pytest.mark.parametrize("arguments", [FULL, TINY], ids=["full scale", "tiny"])
def test_set_up(benchmark: Any, arguments: dict[str, Any]) -> None:
    """Synthesis of the population and the world of 2015."""
    benchmark.pedantic(InnovationModel, kwargs=arguments, rounds=5)


@pytest.mark.benchmark(group="start")
@pytest.mark.parametrize("command", COMMANDS)
def test_start(benchmark: Any, command: str) -> None:
    """A fresh interpreter, with its start."""
    benchmark.pedantic(python, args=(COMMANDS[command],), rounds=5)


@pytest.fixture(scope="module")
def live() -> Iterator[tuple[InnovationModel, Phase]]:
    """Return full-scale runs that go on from benchmark to benchmark."""
    return phases(**FULL)


@pytest.mark.benchmark(group="a phase of a quarter, full scale")
@pytest.mark.parametrize("wanted", PHASES, ids=lambda phase: phase.name)
def test_phase(benchmark: Any, live: Iterator[tuple[InnovationModel, Phase]], wanted: Phase) -> None:
    """One phase in the course of a run; the phases between are run untimed."""

    def advance() -> tuple[tuple[InnovationModel], dict[str, Any]]:
        for model, phase in live:
            if phase is wanted:
                return (model,), {}
            phase.run(model)
        raise AssertionError("a model never ends here")

    benchmark.pedantic(wanted.run, setup=advance, rounds=4)
