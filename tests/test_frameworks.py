"""The versions of the reference model that the benchmarks compare are one model."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

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
    ours, theirs = pair(name, count=700, quarters=6)
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


def cells() -> list[Any]:
    cell = importlib.import_module("timing").Cell
    return [
        cell(1000, best_ns=12_345.6, median_ns=15_000.0, seconds_a_year=0.06, before_mib=200, peak_mib=203),
        cell(10**4, best_ns=987.4, median_ns=1004.0, seconds_a_year=5.0, before_mib=203, peak_mib=240),
    ]


def test_a_version_stops_before_it_takes_too_long_or_too_much() -> None:
    timing = importlib.import_module("timing")
    last = cells()[1]
    assert timing.foreseen(last, 10**5, 60.0) == ""
    assert timing.foreseen(last, 10**6, 60.0) == "time"
    last.peak_mib = 203.0 + timing.LIMIT_MIB / 9.0
    assert timing.foreseen(last, 10**5, 60.0) == "memory"
    stopped = timing.Cell(10**5, stopped="time")
    assert timing.foreseen(stopped, 10**6, 60.0) == "time"


def test_growing_measures_each_size_until_it_stops(capsys: pytest.CaptureFixture[str]) -> None:
    timing = importlib.import_module("timing")
    found = timing.growing(version("engine").build, [1000, 2000, 4000], seconds=0.0, limit=1e-9, most=3)
    assert [cell.stopped for cell in found] == ["", "time", "time"]
    assert found[0].best_ns is not None
    assert 0.0 < found[0].best_ns <= found[0].median_ns
    assert [cell.extrapolated_ns for cell in found[1:]] == [found[0].best_ns] * 2
    assert len(capsys.readouterr().out.splitlines()) == 3


def results() -> Any:
    """Return made-up results of two versions."""
    module = importlib.import_module("outcomes")
    cell = importlib.import_module("timing").Cell
    rows = {
        "this engine": cells(),
        "agentpy": [cell(1000, stopped="time", extrapolated_ns=14_000.0), cell(10**4, stopped="memory")],
    }
    return module.Results(
        machine={"processor": "made up"},
        bandwidth={"triad": 10.0, "update": 16.0},
        record_bytes=200,
        full_scale=200_000,
        limit_s=60.0,
        cells=rows,
        missing=["AMBER (package ambr)"],
        versions={"numba": "9.9"},
    )


def test_the_tables_say_what_was_measured_and_what_was_not() -> None:
    tables = importlib.import_module("tables")
    times = tables.time_table(results())
    assert "| firms | 10³ | 10⁴ |" in times
    assert "| this engine | 12 300 (15 000) | 987 (1 000) |" in times
    assert "| agentpy | *≈ 14 000* | memory |" in times
    machine = tables.machine_table(results())
    assert "| bound by memory | **50 ns a firm-quarter** |" in machine
    assert "| not installed | AMBER (package ambr) |" in machine


def test_a_framework_that_is_not_installed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("outcomes")
    monkeypatch.setattr(module, "VERSIONS", (module.Version("gone", "gone", ("no-such-framework",)),))
    monkeypatch.setattr(module.bandwidth, "measured", lambda: {"triad": 1.0, "update": 1.0})
    found = module.run((1000,), only=[], seconds=0.0, limit=1.0)
    assert found.missing == ["gone (package no-such-framework)"]
    assert not found.cells


def test_the_full_model_is_measured_up_to_every_firm() -> None:
    module = importlib.import_module("outcomes")
    full = module.full_model.FULL_SCALE
    assert module.full_sizes((1000, 10**6, 10**7)) == ((1000, full), (10**6, 10**7))
    assert module.full_sizes((1000,)) == ((1000,), ())


def test_the_page_gets_tables_and_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = importlib.import_module("page")
    (tmp_path / "figures").mkdir()
    text = "before\n<!-- times -->\nold\n<!-- end of times -->\n<!-- machine -->\n<!-- end of machine -->\n"
    (tmp_path / "benchmarks.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(page, "DOCS", tmp_path)
    page.write(results())
    written = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "\nold\n" not in written
    assert written.startswith("before\n<!-- times -->\n| firms |")
    assert "| processor | made up |" in written
    for suffix in ("png", "svg"):
        assert (tmp_path / "figures" / f"benchmarks.{suffix}").stat().st_size > 5000
