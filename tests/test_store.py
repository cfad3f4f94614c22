"""Results on disk: complete or absent, never half-written, never over another experiment's."""

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation import store
from simulation.errors import StorageError

FILES = {"manifest.json", "runs.parquet", "summary.csv"}


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_every_value_comes_back_and_the_summary_is_its_quantiles(made_up, tmp_path):
    ensemble = made_up()
    store.write(tmp_path / "results", ensemble)
    runs = pd.read_parquet(tmp_path / "results" / "runs.parquet")
    assert len(runs) == ensemble.values.size
    assert np.array_equal(runs["value"].to_numpy(), ensemble.values.ravel(), equal_nan=True)
    row = runs.iloc[ensemble.values[0].size + 1]
    assert (row["run_id"], row["seed"]) == (ensemble.run_ids[1], ensemble.seeds[1])
    assert (row["year"], row["indicator"], row["region"]) == (
        ensemble.years[0],
        ensemble.indicators[0],
        ensemble.regions[1],
    )
    summary = pd.read_csv(tmp_path / "results" / "summary.csv")
    by_group = runs.groupby(["year", "indicator", "region"], observed=True)["value"]
    expected = by_group.quantile(0.95).rename("expected").reset_index()
    joined = summary.merge(expected, on=["year", "indicator", "region"])
    assert len(joined) == len(summary) == np.isfinite(ensemble.values[0]).sum()
    assert np.allclose(joined["q95"], joined["expected"], rtol=1e-12)


def test_the_manifest_traces_every_run(made_up, tmp_path):
    ensemble = made_up()
    store.write(tmp_path / "results", ensemble)
    manifest = store.read_manifest(tmp_path / "results")
    assert [run["run_id"] for run in manifest["runs"]] == ensemble.run_ids
    assert [run["digest"] for run in manifest["runs"]] == [result.digest for result in ensemble.results]
    assert manifest["experiment"] == ensemble.experiment.identity
    assert manifest["fingerprint"]["data"] == ensemble.experiment.fingerprint.data
    assert manifest["packages"]["numpy"] == np.__version__
    assert str(Path.home()) not in json.dumps(manifest)
    assert str(tmp_path) not in json.dumps(manifest)


def test_attachments_are_part_of_the_results(made_up, tmp_path):
    store.write(tmp_path / "results", made_up(), {"note.txt": lambda path: path.write_text("hello")})
    assert names(tmp_path / "results") == FILES | {"note.txt"}
    assert names(tmp_path) == {"results"}


def test_another_experiment_is_refused_and_the_same_one_replaced(made_up, tmp_path):
    ensemble, other = made_up(), made_up(seeds=6)
    store.write(tmp_path, ensemble)
    store.prepare(tmp_path, ensemble.experiment.identity)
    with pytest.raises(StorageError, match="another experiment"):
        store.prepare(tmp_path, other.experiment.identity)
    store.prepare(tmp_path, other.experiment.identity, force=True)
    store.write(tmp_path, other)
    assert store.read_manifest(tmp_path)["seeds"] == other.seeds
    assert names(tmp_path) == FILES


def test_a_foreign_manifest_is_not_overwritten(made_up, tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(StorageError, match="another experiment"):
        store.prepare(tmp_path, made_up().experiment.identity)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("file", "is a file"),
        ("file/results", "part of the path is a file"),
        ("/proc/yongwen/results", "cannot be written"),
    ],
)
def test_a_place_that_cannot_hold_results_is_refused_before_the_runs(made_up, tmp_path, path, reason):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(StorageError, match=reason):
        store.prepare(tmp_path / path, made_up().experiment.identity)
    assert names(tmp_path) == {"file"}


def test_preparing_leaves_nothing_behind(made_up, tmp_path):
    store.prepare(tmp_path / "a" / "b", made_up().experiment.identity)
    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.ENOSPC, "no space is left"), (errno.EACCES, "permission is denied"), (errno.EROFS, "read-only")],
)
@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_while_writing_leaves_what_was_there(made_up, tmp_path, code, reason, exists):
    home = tmp_path / "a" / "results"
    if exists:
        store.write(home, made_up(seeds=2))
        before = {path.name: path.read_bytes() for path in home.iterdir()}

    def fail(path: Path) -> None:
        path.write_text("half a")
        raise OSError(code, os.strerror(code))

    with pytest.raises(StorageError, match=reason):
        store.write(home, made_up(), {"picture.png": fail})
    if exists:
        assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    else:
        assert names(tmp_path) == set()


def test_a_full_disk_is_one_clear_error(made_up, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        with pytest.raises(StorageError, match="no space is left"):
            store.write(disk / "results", made_up())
        assert names(disk) == set()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_interrupt_while_writing_leaves_nothing(made_up, tmp_path):
    def interrupt(path: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(tmp_path / "results", made_up(), {"picture.png": interrupt})
    assert names(tmp_path) == set()


@pytest.mark.parametrize(("text", "reason"), [(None, "no results"), ("{", "damaged"), ("[1]", "no manifest")])
def test_a_missing_or_damaged_manifest_is_explained(tmp_path, text, reason):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StorageError, match=reason):
        store.read_manifest(tmp_path)
