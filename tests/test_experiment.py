"""Runs and ensembles: names that repeat, bits that do not depend on processes, workers that go when told."""

import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import weakref
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.parameters import ParameterError
from scenarios.scenario import Scenario, list_scenarios, load_scenario
from scenarios.writing import scenario_text
from simulation import runs
from simulation.errors import InputError, Interrupted, InvariantError
from simulation.experiment import QUANTILES, plan, run_ensemble
from simulation.indicators import TARGETS
from simulation.runs import MAX_SEED, RunSpec, fingerprint, run_id, run_one, spec_of
from simulation.workers import interrupts_held, worker_pool

SMALL = {"scale": 0.01, "until": 2015}


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1}, {"seed": MAX_SEED + 1}, {"seed": "7"}, {"seed": 7.0}, {"seed": True},
        {"scale": 0}, {"scale": -1.0}, {"scale": 1.5}, {"scale": math.nan}, {"scale": "big"},
        {"until": 2014}, {"until": 3000}, {"until": 2020.5},
    ],
)  # fmt: skip
def test_a_wrong_number_is_refused_with_its_range(wrong):
    with pytest.raises(InputError, match=r"from [\d.]+ to [\d.]+, not "):
        RunSpec(**{"scenario": "baseline", "seed": 1, **wrong})


@given(
    seed=st.integers(0, MAX_SEED),
    scale=st.floats(runs.MIN_SCALE, runs.MAX_SCALE),
    until=st.integers(2015, 2022),
)
@settings(deadline=None, max_examples=200)
def test_a_run_is_known_by_its_name_alone(seed, scale, until):
    spec = RunSpec("baseline", seed, scale, until)
    assert spec_of(run_id(spec)) == spec


def test_the_name_changes_with_everything_that_the_outcome_depends_on():
    spec, parts = RunSpec("baseline", 7), fingerprint("baseline")
    specs = [
        spec,
        replace(spec, seed=8),
        replace(spec, scale=0.5),
        replace(spec, until=2021),
        replace(spec, parameters={"a": 1.0}),
        replace(spec, parameters={"a": 2.0}),
        replace(spec, parameters={"b": 1.0}),
    ]
    changed = [replace(parts, **{part: "other"}) for part in ("code", "data", "parameters", "scenario")]
    names = [run_id(each, parts) for each in specs] + [run_id(spec, each) for each in changed]
    assert len(set(names)) == len(names)
    assert run_id(replace(spec, check=True), parts) == names[0]
    ordered, reversed_ = ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0})
    assert run_id(replace(spec, parameters=ordered)) == run_id(replace(spec, parameters=reversed_))


def test_a_scenario_in_memory_is_the_same_run_as_its_file(tmp_path):
    made = Scenario.model_validate(
        {
            "name": "in_memory",
            "title": {"en": "In memory", "zh": "内存"},
            "description": {"en": "No file.", "zh": "无文件。"},
            "levers": {"guidance_fund": {"value": 12.5, "start": "2015Q2", "ramp": 2}, "delta_link": 1},
            "conditions": {"gdp_growth": {"change": -1, "start": "2015Q3", "end": "2016Q4"}},
        }
    )
    file = tmp_path / "any.yaml"
    file.write_text(scenario_text(made), encoding="utf-8")
    assert load_scenario(str(file)) == made
    ensembles = [run_ensemble(which, [1, 2], **SMALL, processes=2) for which in (made, str(file))]
    assert ensembles[0].run_ids == ensembles[1].run_ids
    assert [r.digest for r in ensembles[0].results] == [r.digest for r in ensembles[1].results]
    assert ensembles[0].results[0].digest != run_one(RunSpec("baseline", 1, **SMALL)).digest
    assert ensembles[0].experiment.text == ensembles[1].experiment.text
    assert plan("baseline", [1]).text is None


@pytest.mark.parametrize("name", list_scenarios())
def test_a_scenario_written_and_read_does_the_same(tmp_path, name):
    shipped, file = load_scenario(name), tmp_path / "copy.yaml"
    file.write_text(scenario_text(shipped), encoding="utf-8")
    assert load_scenario(str(file)) == shipped.model_copy(update={"extends": None})


def test_the_source_hash_sees_rules_and_not_the_shell(tmp_path, monkeypatch):
    root = Path(runs.__file__).parent.parent
    for package in ("agents", "scenarios", "simulation"):
        shutil.copytree(root / package, tmp_path / package)
    monkeypatch.setattr(runs, "__file__", str(tmp_path / "simulation" / "runs.py"))
    source_hash = runs.source_hash.__wrapped__
    assert source_hash() == runs.source_hash()

    def change(file: str) -> None:
        with (tmp_path / file).open("a") as text:
            text.write("# changed")

    for file in ("simulation/cli.py", "simulation/store.py", "scenarios/shapley.py", "agents/parameters.csv"):
        change(file)
        assert source_hash() == runs.source_hash(), file
    seen = {source_hash()}
    for file in ("simulation/model.py", "agents/firm.py", "scenarios/levers.py"):
        change(file)
        seen.add(source_hash())
    assert len(seen) == 4


def test_a_fingerprint_names_what_differs():
    parts = fingerprint("baseline")
    assert parts.differences(parts) == []
    assert parts.differences(replace(parts, data="x", scenario="y")) == ["the data", "the scenario"]


@pytest.mark.parametrize(
    "text", ["", "baseline", "baseline-7-1-2022", "baseline-7-1-2022-XYZ", "a-b-1-2022-01234"]
)
def test_what_is_not_a_name_of_a_run_is_refused(text):
    with pytest.raises(InputError, match="not the name of a run"):
        spec_of(text)


def test_the_digest_sees_every_bit_but_not_how_nan_and_zero_are_written(made_up):
    result = made_up(seeds=1).results[0]
    written = result.values.copy()
    written[np.isnan(written)] = -np.nan
    assert replace(result, values=written).digest == result.digest
    written[0, 0, 0] = np.nextafter(written[0, 0, 0], np.inf)
    assert replace(result, values=written).digest != result.digest
    zeros = np.zeros_like(written)
    assert replace(result, values=zeros).digest == replace(result, values=-zeros).digest


def test_processes_and_order_of_seeds_do_not_change_a_bit():
    alone = run_ensemble("baseline", [3, 1, 2], **SMALL, processes=1)
    shared = run_ensemble("baseline", [2, 3, 1, 1], **SMALL, processes=2)
    assert alone.seeds == shared.seeds == [1, 2, 3]
    assert [result.digest for result in alone.results] == [result.digest for result in shared.results]
    assert alone.experiment.identity == shared.experiment.identity
    assert len({result.digest for result in alone.results}) == 3
    assert alone.results[0].digest == run_one(RunSpec("baseline", 1, **SMALL)).digest


def test_progress_hears_of_every_run():
    heard = []
    ensemble = run_ensemble("baseline", range(3), **SMALL, processes=1, progress=heard.append)
    assert sorted(result.run_id for result in heard) == sorted(ensemble.run_ids)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupt_says_how_many_runs_had_finished(processes):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="1 of 8 runs had finished"):
        run_ensemble("baseline", range(8), **SMALL, processes=processes, progress=interrupt)


def test_an_interrupt_that_a_callback_swallows_is_not_lost():
    def swallow(_):
        with suppress(KeyboardInterrupt):  # as a callback of the compiler does
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match="1 of 8 runs had finished"):
        run_ensemble("baseline", range(8), **SMALL, processes=1, progress=swallow)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_finished_model_is_freed(monkeypatch):
    models = []

    class Watched(runs.InnovationModel):
        def __init__(self, **options):
            super().__init__(**options)
            models.append(weakref.ref(self.firms))

    monkeypatch.setattr(runs, "InnovationModel", Watched)
    run_one(RunSpec("baseline", 1, **SMALL))
    assert models[0]() is None


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_in_a_run_reaches_the_caller(processes):
    with pytest.raises(ParameterError, match="no_such_parameter"):
        run_ensemble("baseline", [1, 2], **SMALL, parameters={"no_such_parameter": 1.0}, processes=processes)


@pytest.mark.parametrize("processes", [0, -1, 10_000])
def test_processes_have_a_range(processes):
    with pytest.raises(InputError, match="from 1 to 1024"):
        run_ensemble("baseline", [1], **SMALL, processes=processes)


def test_an_ensemble_needs_a_seed():
    with pytest.raises(InputError, match="seeds"):
        plan("baseline", [])


def test_quantiles_are_those_of_numpy_and_in_order(made_up):
    ensemble = made_up(seeds=21)
    indicator, region = ensemble.indicators[2], ensemble.regions[0]
    replicates = np.array([result.values[:, 2, 0] for result in ensemble.results])
    assert np.array_equal(ensemble.replicates(indicator, region), replicates)
    band = ensemble.band(indicator, region)
    assert list(band) == list(QUANTILES)
    for name, share in QUANTILES.items():
        assert np.array_equal(band[name], np.quantile(replicates, share, axis=0))
    assert np.all(np.diff(list(band.values()), axis=0) >= 0)


def test_probability_and_gap_of_a_target(made_up):
    ensemble = made_up(seeds=5)
    target = TARGETS[0]
    region = target.regions[0]
    j, k = ensemble.indicators.index(target.indicator), ensemble.regions.index(region)
    for result, distance in zip(ensemble.results, (-1.0, 0.0, 2.0, -3.0, 4.0), strict=True):
        result.values[-1, j, k] = target.value + distance
    verdict = ensemble.verdict(target, region)
    assert verdict is not None
    assert (verdict.goal, verdict.probability, verdict.gap) == (target.value, 3 / 5, 0.0)
    assert made_up(until=2021).verdict(target, region) is None


def test_errors_survive_the_way_from_a_worker():
    with worker_pool(1) as pool, pytest.raises(InvariantError, match="money"):
        pool.submit(_break).result()


def _break():
    raise InvariantError("money is not conserved")


def _state_of_worker():
    limits = [
        os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    ]
    return limits, signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_workers_compute_with_one_thread_and_leave_ctrl_c_to_the_parent():
    with worker_pool(1) as pool:
        assert pool.submit(_state_of_worker).result() == (["1"] * 3, True)


def test_an_exception_ends_busy_workers_at_once():
    tasks = []
    with suppress(KeyError), worker_pool(2) as pool:
        with interrupts_held():
            tasks += [pool.submit(time.sleep, 60) for _ in range(8)]
        wait(tasks, timeout=1)
        raise KeyError
    assert all(task.cancelled() or task.exception() for task in tasks)


def test_workers_do_not_outlive_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
        import os, time
        from simulation.workers import worker_pool

        if __name__ == "__main__":
            with worker_pool(1) as pool:
                print(pool.submit(os.getpid).result(), flush=True)
                pool.submit(time.sleep, 60).result()
        """)
    )
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
    for _ in range(200):
        if not _runs(worker):
            return
        time.sleep(0.05)
    pytest.fail("the worker still runs")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:  # a zombie that nobody has waited for has ended as well
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
