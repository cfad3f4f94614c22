"""The versions of the reference model that the benchmarks compare are one model."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from simulation.randomness import Purpose, draws

FOLDER = Path(__file__).resolve().parent.parent / "bench" / "frameworks"
sys.path.insert(0, str(FOLDER))
VERSIONS = {
    "mesa_objects": "mesa",
    "agentpy_objects": "agentpy",
    "polars_columns": "polars",
    "mesa_frames_columns": "mesa_frames",
    "amber_columns": "ambr",
}
SEED, QUARTERS = 7, 12
SEEDS = range(8)
each_version = pytest.mark.parametrize("name", VERSIONS)


def version(name: str) -> ModuleType:
    """Return a version, or skip where its framework is not installed."""
    if name in VERSIONS:
        pytest.importorskip(VERSIONS[name])
    return importlib.import_module(name)


def keyed(purpose: str, numbers: np.ndarray, quarter: int) -> np.ndarray:
    """Return the draws that the engine makes."""
    return draws(SEED, numbers.astype(np.uint64), quarter, Purpose[purpose])


def pair(name: str, count: int = 1000, quarters: int = QUARTERS):
    """Return the engine and another version after the same quarters with the same draws."""
    world = importlib.import_module("specification").start(count, 1)
    models = version("engine").build(world, SEED), version(name).build(world, SEED, keyed)
    for model in models:
        for _ in range(quarters):
            model.step()
    return models


def assert_same(ours, theirs) -> None:
    """Fail where histories or firms differ by more than rounding."""
    for mine, other in zip(ours.history, theirs.history, strict=True):
        assert mine.keys() == other.keys()
        assert mine == pytest.approx(other, rel=1e-7)
    here, there = ours.firms_by_number(), theirs.firms_by_number()
    for column, values in here.items():
        np.testing.assert_allclose(there[column], values, 1e-7, 1e-7, err_msg=column)


@each_version
def test_with_the_same_draws_every_version_gives_the_same_firms(name: str) -> None:
    assert_same(*pair(name))


@pytest.mark.parametrize(
    ("parameter", "factor"),
    [
        ("growth_spread", 1.0 + 1e-6),
        ("user_cost_elasticity", 1.0 + 1e-5),
        ("cash_for_rd", 1.0 + 1e-4),
        ("spillover_elasticity", 3.0),
        ("exit_size_slope", 1.5),
        ("patent_lapse", 1.5),
    ],
)
@pytest.mark.parametrize("name", ["mesa_objects", "polars_columns"])
def test_a_rule_that_differs_slightly_is_noticed(
    name: str, parameter: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison has teeth: the engine reads its parameters elsewhere, so one moves in one alone."""
    constants = importlib.import_module("specification").P
    monkeypatch.setattr(constants, parameter, factor * getattr(constants, parameter))
    ours, theirs = pair(name)
    with pytest.raises(AssertionError):
        assert_same(ours, theirs)


@pytest.mark.parametrize("name", ["mesa_objects", "polars_columns"])
def test_events_happen(name: str) -> None:
    """Agreement says nothing about a rule that never acted."""
    _, model = pair(name)
    for figure in ("filings", "exits", "entrants"):
        assert sum(quarter[figure] for quarter in model.history) > 20
    firms = model.firms_by_number()
    assert (firms["cash"] < 0.0).any()
    young = firms["birth"] > 0
    assert set(np.unique(firms["does_rd"][young])) == {0, 1}
    assert firms["patents"].max() > 10


@pytest.fixture(scope="module")
def engine_moments() -> np.ndarray:
    return moments("engine")


def moments(name: str) -> np.ndarray:
    """Return figures of runs with a version's own chance, a row a seed."""
    world = importlib.import_module("specification").start(1000, 3)
    rows = []
    for seed in SEEDS:
        model = version(name).build(world, seed)
        for _ in range(QUARTERS):
            model.step()
        flows = [sum(quarter[name] for quarter in model.history) for name in ("filings", "exits", "entrants")]
        last = model.history[-1]
        rows.append(
            [*flows, last["rd_firms"], last["patents"], np.log(last["rd"]), np.log(last["knowledge"])]
        )
    return np.array(rows)


@each_version
def test_with_chance_of_their_own_versions_agree_within_noise(name: str, engine_moments: np.ndarray) -> None:
    """Means over seeds lie within four standard errors of their difference."""
    ours, theirs = engine_moments, moments(name)
    error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / len(SEEDS))
    assert (error > 0.0).all()
    np.testing.assert_array_less(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)), 4.0 * error)
