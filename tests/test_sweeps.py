"""Sweeps on disk: the same bytes whatever happens on the way, and nothing lost that was finished."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from agents.firm import Firm
from simulation.errors import InputError, Interrupted, StorageError
from simulation.runs import new_model, run_one
from simulation.sweeps import directory as directories
from simulation.sweeps import work
from simulation.sweeps.directory import JOURNAL, MANIFEST, locked, part_path, read_journal
from simulation.sweeps.executors import local
from simulation.sweeps.planning import VERSIONS, load_sweep
from simulation.sweeps.results import Results
from simulation.sweeps.running import FailedRuns, run_sweep

TEXT = """\
name: tiny
scenarios: [baseline, full_plan]
seeds: 2
scale: 0.003
until: 2019
factors:
  talent_inflow: {low: 0, high: 12000}
  drift: {}
design: {kind: sobol, points: 2}
outputs:
  indicators: [rd_intensity, tech_smes, fiscal_cost]
  agents:
    firms: {columns: [city, field, kind, revenue, rd], years: [2018]}
    universities: {columns: [city, researchers], years: [2019]}
    venture_funds: {columns: [dry_powder], years: [2019]}
  networks: {of: [cities, firms], years: [2019]}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "tiny.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sweep(file):
    return load_sweep(file)


@pytest.fixture(scope="module")
def whole(sweep, tmp_path_factory):
    """Return the report of a sweep that nothing disturbed."""
    return run_sweep(sweep, tmp_path_factory.mktemp("whole") / "out", local(1))


@pytest.fixture(scope="module")
def finished(sweep):
    """Return all parts, by number."""
    return {part: work.compute(work.task(sweep, part)) for part in range(len(sweep.parts))}


@pytest.fixture
def replay(finished):
    """Return an executor that has its results already, and can stop as a kill would."""

    def make(stop_after=None, order=lambda tasks: tasks, error=KeyboardInterrupt):
        def execute(tasks):
            for count, task in enumerate(order(tasks)):
                if count == stop_after:
                    raise error
                yield finished[task.part]

        return execute

    return make


def files(path: Path) -> dict[str, bytes]:
    """Return the bytes of all results."""
    return {str(each.relative_to(path)): each.read_bytes() for each in path.glob("*/*.parquet")}


# The same bytes.


def test_order_and_interruptions_change_no_byte(sweep, whole, replay, tmp_path):
    draws = random.Random(4)
    for attempt in range(20):
        stop = draws.randrange(len(sweep.parts))
        execute = replay(stop, lambda tasks: draws.sample(tasks, len(tasks)))
        with suppress(Interrupted):
            run_sweep(sweep, tmp_path, execute, resume=attempt > 0)
    report = run_sweep(sweep, tmp_path, replay(), resume=True)
    assert report.digest == whole.digest
    assert files(tmp_path) == files(whole.directory)


def test_processes_change_no_byte(sweep, whole, tmp_path):
    report = run_sweep(sweep, tmp_path, local(2))
    assert report.digest == whole.digest
    assert files(tmp_path) == files(whole.directory)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are needed")
def test_a_killed_sweep_goes_on_with_the_same_bytes(file, whole, tmp_path):
    command = [sys.executable, "-m", "simulation.cli", "sweep", str(file), "--out", str(tmp_path / "out")]
    command += ["--resume", "--processes", "1", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    while process.poll() is None and len(read_journal(tmp_path / "out")) < 2:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = len(read_journal(tmp_path / "out"))
    assert kept >= 2
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(ended.stdout)
    assert (document["digest"], document["computed"]) == (whole.digest, document["runs"] - kept)
    assert files(tmp_path / "out") == files(whole.directory)
    assert len(json.loads((tmp_path / "out" / MANIFEST).read_text())["sessions"]) == 2


@pytest.mark.parametrize("left", ["draft", "torn line", "unrecorded part"])
def test_what_a_kill_leaves_does_no_harm(sweep, whole, replay, tmp_path, left):
    with pytest.raises(Interrupted, match=r"3 of 8 runs are kept in .* --resume goes on"):
        run_sweep(sweep, tmp_path, replay(stop_after=3))
    if left == "draft":
        (tmp_path / "indicators" / ".00003.parquet.partial").write_bytes(b"PAR1")
    elif left == "torn line":
        with (tmp_path / JOURNAL).open("a") as journal:
            journal.write('{"part": 3, "ru')
    else:
        part_path(tmp_path, "indicators", 3).write_bytes(b"half of it")
    report = run_sweep(sweep, tmp_path, replay(), resume=True)
    assert (report.digest, report.computed) == (whole.digest, sweep.runs - 3)
    again = run_sweep(sweep, tmp_path, replay(), resume=True)
    assert (again.digest, again.computed, again.damaged) == (whole.digest, 0, ())


def test_a_kill_before_the_manifest_is_a_fresh_start(sweep, whole, replay, tmp_path):
    (tmp_path / ".points.parquet.partial").write_bytes(b"PA")
    (tmp_path / "experiment.yaml").write_text("name")
    assert run_sweep(sweep, tmp_path, replay()).digest == whole.digest


# Damage and refusals.


def test_damaged_parts_are_named_and_made_again(sweep, whole, replay, tmp_path):
    run_sweep(sweep, tmp_path, replay())
    damaged = part_path(tmp_path, "firms", 2)
    content = bytearray(damaged.read_bytes())
    content[100] ^= 1
    damaged.write_bytes(content)
    part_path(tmp_path, "indicators", 5).unlink()
    with pytest.raises(StorageError, match=r"00005\.parquet is missing or damaged"):
        Results(tmp_path).table("indicators")
    told = []
    report = run_sweep(sweep, tmp_path, replay(), resume=True, warn=told.append)
    assert report.damaged == ("firms/00002.parquet", "indicators/00005.parquet")
    assert [text.partition(" ")[0] for text in told] == list(report.damaged)
    assert (report.computed, report.digest) == (2, whole.digest)


def test_a_second_process_is_refused(sweep, replay, tmp_path):
    with locked(tmp_path), pytest.raises(StorageError, match=f"is being written by process {os.getpid()} on"):
        run_sweep(sweep, tmp_path, replay())
    run_sweep(sweep, tmp_path, replay())


def test_finished_results_are_not_overwritten(sweep, replay, tmp_path):
    run_sweep(sweep, tmp_path, replay())
    with pytest.raises(StorageError, match="holds this experiment already; go on with it with --resume"):
        run_sweep(sweep, tmp_path, replay())


def test_another_experiment_is_refused(sweep, replay, file, tmp_path):
    run_sweep(sweep, tmp_path, replay())
    other = file.with_name("other.yaml")
    other.write_text(TEXT.replace("seeds: 2", "seeds: 3"))
    with pytest.raises(StorageError, match="another experiment: the experiment file changed"):
        run_sweep(load_sweep(other), tmp_path, replay(), resume=True)


def _edit(path, **changes):
    content = json.loads((path / MANIFEST).read_text())
    (path / MANIFEST).write_text(json.dumps({**content, **changes}))


def test_results_of_other_code_are_not_mixed(sweep, replay, tmp_path):
    run_sweep(sweep, tmp_path, replay())
    _edit(tmp_path, experiment="0" * 16, fingerprint={**_manifest(tmp_path)["fingerprint"], "code": "0"})
    with pytest.raises(StorageError, match="the model's code changed since"):
        run_sweep(sweep, tmp_path, replay(), resume=True)


def _manifest(path):
    return json.loads((path / MANIFEST).read_text())


@pytest.mark.parametrize(("schema", "advice"), [(0, "run the experiment anew"), (2, "update yongwen")])
def test_another_layout_is_refused(sweep, replay, tmp_path, schema, advice):
    run_sweep(sweep, tmp_path, replay())
    _edit(tmp_path, store=schema)
    for use in (lambda: run_sweep(sweep, tmp_path, replay(), resume=True), lambda: Results(tmp_path)):
        with pytest.raises(StorageError, match=f"version {schema} of the layout.*{advice}"):
            use()


def test_other_directories_are_left_alone(sweep, replay, tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(StorageError, match=r"is not empty: it has thesis\.docx"):
        run_sweep(sweep, tmp_path, replay())
    with pytest.raises(StorageError, match="is a file"):
        run_sweep(sweep, tmp_path / "thesis.docx", replay())
    with pytest.raises(StorageError, match="no manifest"):
        Results(tmp_path)


def test_a_full_disk_keeps_what_was_finished(sweep, whole, replay, tmp_path, monkeypatch):
    write = directories.write_atomically

    def full(path, data):
        if path == part_path(tmp_path, "indicators", 4):
            raise OSError(errno.ENOSPC, "full")
        write(path, data)

    monkeypatch.setattr(directories, "write_atomically", full)
    with pytest.raises(StorageError, match="no space is left on the disk; what was finished before is kept"):
        run_sweep(sweep, tmp_path, replay())
    monkeypatch.undo()
    report = run_sweep(sweep, tmp_path, replay(), resume=True)
    assert (report.computed, report.digest) == (sweep.runs - 4, whole.digest)


def test_a_run_that_fails_does_not_stop_the_others(sweep, whole, tmp_path, monkeypatch):
    simulate = work.run_warm

    def fails(spec, name, watch):
        if spec.seed == 2:
            raise ZeroDivisionError("at a bad corner")
        return simulate(spec, name, watch)

    monkeypatch.setattr(work, "run_warm", fails)
    with pytest.raises(FailedRuns, match=r"4 of 8 runs failed, the first: \S+ \(ZeroDivisionError: at a bad"):
        run_sweep(sweep, tmp_path, local(1))
    assert len(read_journal(tmp_path)) == 4
    monkeypatch.undo()
    report = run_sweep(sweep, tmp_path, local(1), resume=True)
    assert (report.computed, report.digest) == (4, whole.digest)


def test_a_worker_with_other_code_refuses(sweep):
    task = work.task(sweep, 0)
    assert len(task.versions) == len(VERSIONS)
    with pytest.raises(InputError, match="another version of the model"):
        work.compute(work.Task(0, task.jobs, task.outputs, ("0", *task.versions[1:])))


# What is kept is what the model did.


def test_indicators_are_those_of_single_runs(sweep, whole):
    results = Results(whole.directory)
    runs = results.to_pandas("runs").set_index(["point", "seed"])
    values = results.to_xarray()
    for part in (0, len(sweep.parts) - 1):
        job = sweep.parts[part][0]
        alone = run_one(job.spec)
        assert tuple(runs.loc[job.point, job.spec.seed]) == (alone.run_id, alone.digest)
        for name in ("rd_intensity", "tech_smes", "fiscal_cost"):
            kept = values[name].sel(point=job.point, seed=job.spec.seed, region=list(alone.regions))
            np.testing.assert_array_equal(kept, alone.values[:, alone.indicators.index(name), :])


@pytest.fixture(scope="module")
def model(sweep):
    """Return the model of the last run, at the end of 2018."""
    spec = sweep.parts[-1][0].spec
    world = new_model(spec)
    while world.year < 2019:
        world.step()
    return world


def _of_last(sweep, whole, table):
    job = sweep.parts[-1][0]
    frame = Results(whole.directory).to_pandas(table)
    return frame[(frame.point == job.point) & (frame.seed == job.spec.seed)]


def test_agents_are_those_of_the_model(sweep, whole, model):
    kept = _of_last(sweep, whole, "firms")
    firms = [firm for firm in model.agents_by_type[Firm] if firm.alive]
    assert kept.id.tolist() == [firm.id for firm in firms]
    assert kept.revenue.tolist() == [firm.revenue for firm in firms]
    assert kept.city.tolist() == [firm.city_name for firm in firms]
    assert set(kept.kind) == {"industrial", "technology"}
    assert set(kept.year) == {2018}
    while model.year < 2020:
        model.step()
    universities = _of_last(sweep, whole, "universities")
    assert universities.researchers.tolist() == [each.researchers for each in model.universities]
    assert _of_last(sweep, whole, "venture_funds").dry_powder.tolist() == [f.dry_powder for f in model.funds]
    links = _of_last(sweep, whole, "city_links")
    assert links[links.network == "partners"].weight.sum() == model.links.sum()
    assert links[links.network == "contracts"].weight.sum() == pytest.approx(model.contract_flow.sum())
    partners = _of_last(sweep, whole, "partners")
    assert (partners.partner.notna() ^ partners.university.notna()).all()
    living = {firm.id for firm in model.agents_by_type[Firm] if firm.alive}
    assert {*partners.firm, *partners.partner.dropna()} <= living


def test_looking_at_a_run_changes_nothing(sweep):
    job = sweep.parts[-1][0]
    seen = []
    watched = run_one(job.spec, watch=lambda model: seen.append(model.quarter))
    assert watched.digest == run_one(job.spec).digest
    assert seen == list(range(21))


def test_runs_that_share_a_history_are_seen_alike(file):
    """Snapshots of a run that branches off are those of the same run simulated from the start."""
    text = TEXT.replace("drift: {}", "tech_lending: {}").replace("years: [2018]", "years: [2018, 2019]")
    shared = file.with_name("shared.yaml")
    shared.write_text(text)
    sweep = load_sweep(shared)
    job = sweep.parts[-1][0]
    assert job.shares
    alone = work.Job(job.point, job.run_id, job.spec, shares=False)
    outputs = sweep.description.outputs
    task = work.task(sweep, 0)
    together = work.compute(work.Task(0, (job,), outputs, task.versions)).files
    assert together == work.compute(work.Task(0, (alone,), outputs, task.versions)).files


def test_the_manifest_traces_every_number(sweep, whole):
    content = _manifest(whole.directory)
    assert content["store"] == directories.SCHEMA
    assert content["digest"] == whole.digest
    assert content["seeds"] == [1, 2]
    assert content["fingerprint"]["code"] == sweep.fingerprint.code
    assert content["packages"].keys() >= {"numpy", "pyarrow"}
    assert content["sessions"][0].keys() >= {"started", "ended", "host"}
    assert (whole.directory / "experiment.yaml").read_text() == TEXT
    assert load_names(whole.directory / "scenarios") == {"baseline.yaml", "full_plan.yaml"}
    assert pq.read_table(part_path(whole.directory, "runs", 0)).num_rows == len(sweep.parts[0])


def load_names(folder):
    return {path.name for path in folder.iterdir()}


# The command line.


def test_dry_run_says_what_it_would_take(yongwen, file, tmp_path):
    code, out, _ = yongwen("sweep", file, "--dry-run", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["runs"], document["points"], document["parts"]) == (8, 4, 8)
    assert document["seconds"] > 0
    assert document["bytes"] > 1000
    code, out, _ = yongwen("sweep", file, "--dry-run")
    assert out.startswith("tiny: 4 points x 2 seeds = 8 runs in 8 parts; about ")


def test_sweep_says_how_its_results_hash(yongwen, file, whole, tmp_path):
    code, out, err = yongwen("sweep", file, "--out", tmp_path / "out", "--processes", 1, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["digest"] == whole.digest
    code, out, err = yongwen("sweep", file, "--out", tmp_path / "out", "--processes", 1)
    assert (code, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "needs --out"),
        (["--out", "x", "--processes", "2", "--cluster", "tcp://a:1"], "not both"),
        (["--out", "x", "--processes", "0"], "processes must be"),
    ],
)
def test_wrong_options(yongwen, file, words, what):
    code, out, err = yongwen("sweep", file, *words)
    assert (code, out) == (2, "")
    assert what in err
