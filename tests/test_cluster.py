"""A sweep on a Dask cluster: the same bytes as here, also when a worker dies midway."""

import os
import signal

import pytest
from distributed import LocalCluster

from simulation.errors import InputError
from simulation.sweeps import executors
from simulation.sweeps.executors import local, on_cluster
from simulation.sweeps.planning import load_sweep
from simulation.sweeps.running import run_sweep

TEXT = """\
name: cluster
seeds: 12
scale: 0.002
until: 2016
outputs: {indicators: [rd_intensity, tech_smes], networks: {of: [firms], years: [2016]}}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    file = tmp_path_factory.mktemp("cluster") / "cluster.yaml"
    file.write_text(TEXT)
    return load_sweep(file)


@pytest.fixture(scope="module")
def cluster():
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "memory_limit": "1GiB"}
    with LocalCluster(**settings, silence_logs=50) as cluster:
        yield cluster


def test_a_worker_killed_midway_changes_no_byte(sweep, cluster, tmp_path):
    here = run_sweep(sweep, tmp_path / "here", local(1))
    victims = [worker.pid for worker in cluster.workers.values()][:1]
    killed = []

    def kill_one(runs):
        if runs and victims:
            killed.append(victims.pop())
            os.kill(killed[0], signal.SIGKILL)

    there = run_sweep(sweep, tmp_path / "there", on_cluster(cluster.scheduler_address), progress=kill_one)
    assert killed
    assert there.digest == here.digest
    for path in (tmp_path / "here").glob("*/*.parquet"):
        other = tmp_path / "there" / path.relative_to(tmp_path / "here")
        assert other.read_bytes() == path.read_bytes()


def test_a_cluster_gets_a_few_parts_at_a_time(sweep, cluster, tmp_path, monkeypatch):
    """Neither tasks nor results pile up: what is sent follows what has come."""
    sent, come, ahead = [], [], []

    def watched(tasks):
        for task in tasks:
            sent.append(task.part)
            ahead.append(len(sent) - len(come))
            yield task

    monkeypatch.setattr(executors, "iter", watched, raising=False)
    execute = on_cluster(cluster.scheduler_address)
    run_sweep(sweep, tmp_path / "out", execute, progress=lambda runs: come.extend([0] * runs))
    assert len(sent) == len(sweep.parts) == len(come)
    assert max(ahead) <= 2 * executors.AHEAD + 1


def test_an_address_without_a_scheduler(sweep, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_CONNECT_S", 0.5)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run_sweep(sweep, tmp_path / "out", on_cluster("tcp://127.0.0.1:9"))
    assert run_sweep(sweep, tmp_path / "out", local(1), resume=True).computed == 12
