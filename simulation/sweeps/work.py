"""Computing a part: its runs one after the other, and their tables as the bytes of Parquet files."""

import hashlib
import platform
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agents.parameters import parameters_hash
from scenarios.scenario import FIRST_YEAR
from simulation.branching import leaves_at, run_warm
from simulation.data import data_hash
from simulation.errors import InputError
from simulation.model import InnovationModel
from simulation.posterior import posterior_hash
from simulation.runs import RunResult, code_hash, run_one
from simulation.sweeps import snapshots
from simulation.sweeps.description import Outputs
from simulation.sweeps.planning import VERSIONS, Job, Sweep

_NAME = pa.dictionary(pa.int32(), pa.string())
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Task:
    """A part to compute, and the hashes of the code and data that it is to be computed with."""

    part: int
    jobs: tuple[Job, ...]
    outputs: Outputs
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """A computed part: its tables as files, and how it went."""

    part: int
    runs: int
    files: Mapping[str, bytes]
    failures: tuple[tuple[str, str], ...]  # run id and what went wrong
    seconds: float
    worker: str = field(default_factory=platform.node)


def task(sweep: Sweep, part: int) -> Task:
    """Return a part of a sweep as what a worker needs."""
    versions = tuple(getattr(sweep.fingerprint, key) for key in VERSIONS)
    return Task(part, sweep.parts[part], sweep.description.outputs, versions)


def compute(wanted: Task) -> Done:
    """Simulate the runs of a part and return its tables.

    A run that fails is named among the failures; the others go on.

    Raises
    ------
    InputError
        This worker has other code or data than whoever sent the task.
    """
    posterior = wanted.versions[-1] and posterior_hash()
    if wanted.versions != (code_hash(), data_hash(), parameters_hash(), posterior):
        raise InputError(
            f"the worker on {platform.node()} has another version of the model or its data; install the same"
        )
    begun = perf_counter()
    kept: dict[str, list[pa.Table]] = defaultdict(list)
    failures = []
    with _one_at_a_time:  # histories are kept by process, and threads must not step them together
        for job in wanted.jobs:
            try:
                for name, table in _tables(job, wanted.outputs):
                    kept[name].append(table)
            except Exception as error:  # one bad corner of a design must not stop the others
                failures.append((job.run_id, f"{type(error).__name__}: {error}"))
    files = {name: encode(pa.concat_tables(tables)) for name, tables in kept.items()}
    return Done(wanted.part, len(wanted.jobs), files, tuple(failures), perf_counter() - begun)


def _tables(job: Job, outputs: Outputs) -> Iterator[tuple[str, pa.Table]]:
    """Simulate one run and yield its tables."""
    watch = Watch(job, outputs)
    is_whole = not job.shares or watch.first_quarter < leaves_at(job.spec)
    result = (run_one if is_whole else run_warm)(job.spec, job.run_id, watch)
    yield "indicators", indicator_table(job, result, outputs)
    yield "runs", _with_run(job, {"run_id": pa.array([job.run_id]), "digest": pa.array([result.digest])}, 1)
    for name, tables in watch.found.items():
        yield name, pa.concat_tables(tables)


class Watch:
    """Looks at a model at the end of the years whose agents or networks are kept."""

    def __init__(self, job: Job, outputs: Outputs) -> None:
        self.job, self.outputs = job, outputs
        self.found: dict[str, list[pa.Table]] = defaultdict(list)

    @property
    def first_quarter(self) -> int:
        """Return the number of quarters after which it looks first."""
        years = self.outputs.years
        return 4 * (years[0] - FIRST_YEAR + 1) if years else 4 * 100

    def __call__(self, model: InnovationModel) -> None:
        """Take what is wanted of the quarter that has just ended."""
        year, quarter = divmod(model.quarter, 4)
        year += FIRST_YEAR - 1
        if quarter or year not in self.outputs.years:
            return
        for kind, snapshot in self.outputs.agents.items():
            if year in snapshot.years:
                self._keep(kind, year, snapshots.agents(model, kind, snapshot.columns))
        networks = self.outputs.networks
        if networks and year in networks.years:
            if "cities" in networks.of:
                self._keep("city_links", year, snapshots.city_links(model))
            if "firms" in networks.of:
                self._keep("partners", year, snapshots.partners(model))

    def _keep(self, name: str, year: int, columns: snapshots.Columns) -> None:
        rows = len(next(iter(columns.values())))
        dated = {"year": pa.array(np.full(rows, year, dtype=np.int16)), **columns}
        self.found[name].append(_with_run(self.job, dated, rows))


def _with_run(job: Job, columns: snapshots.Columns, rows: int) -> pa.Table:
    """Return a table whose first columns say which run it is of."""
    return pa.table(
        {
            "point": pa.array(np.full(rows, job.point, dtype=np.int32)),
            "seed": pa.array(np.full(rows, job.spec.seed, dtype=np.int64)),
            **columns,
        }
    )


def indicator_table(job: Job, result: RunResult, outputs: Outputs) -> pa.Table:
    """Return a run's indicators, a row each; what is not defined is left out."""
    wanted = outputs.indicators if outputs.indicators != "all" else result.indicators
    regions = outputs.regions if outputs.regions != "all" else result.regions
    picked = np.ix_(
        range(len(result.years)),
        [result.indicators.index(name) for name in wanted],
        [result.regions.index(name) for name in regions],
    )
    values = result.values[picked] + 0.0  # one zero, not two
    year, indicator, region = np.nonzero(~np.isnan(values))
    columns = {
        "year": pa.array(np.asarray(result.years, dtype=np.int16)[year]),
        "indicator": pa.DictionaryArray.from_arrays(pa.array(indicator.astype(np.int32)), list(wanted)),
        "region": pa.DictionaryArray.from_arrays(pa.array(region.astype(np.int32)), list(regions)),
        "value": pa.array(values[year, indicator, region]),
    }
    return _with_run(job, columns, year.size)


def encode(table: pa.Table) -> bytes:
    """Return a table as a Parquet file: the same table gives the same bytes."""
    table = table.unify_dictionaries().combine_chunks()
    floats = [each.name for each in table.schema if pa.types.is_floating(each.type)]
    others = [each.name for each in table.schema if each.name not in floats]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=others,
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
    )
    return bytes(sink.getvalue())


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()
