"""Results on disk: a directory with tables, figures and a manifest that says where every number comes from.

All files are first written to a hidden directory and then moved, the manifest last: a directory with a
manifest is complete, and a failure while writing leaves what was there before.
"""

import csv
import errno
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulation.errors import StorageError
from simulation.experiment import QUANTILES, Ensemble
from simulation.indicators import INDICATORS
from simulation.runs import RunResult

MANIFEST, RUNS, SUMMARY, SCENARIO = "manifest.json", "runs.parquet", "summary.csv", "scenario.yaml"
PACKAGES = ("mesa", "numpy", "numba", "scipy", "networkx", "pandas", "pyarrow")
_NAME = pa.dictionary(pa.int32(), pa.string())
_SCHEMA = pa.schema(
    [
        ("run_id", _NAME),
        ("seed", pa.int64()),
        ("year", pa.int16()),
        ("indicator", _NAME),
        ("region", _NAME),
        ("value", pa.float64()),
    ]
)

Attachment = Callable[[Path], object]


def prepare(directory: Path, experiment: str, force: bool = False) -> None:
    """Check, before the runs take their time, that their results can be written.

    Parameters
    ----------
    experiment
        Identity of the experiment. Its own earlier results may be replaced, those of another only by `force`.

    Raises
    ------
    StorageError
        The path is a file, cannot be written, or holds the results of another experiment.
    """
    if directory.exists() and not directory.is_dir():
        raise StorageError(f"{directory} is a file; results need a directory")
    _try_to_write(directory)
    if (directory / MANIFEST).exists() and not force:
        try:
            same = read_manifest(directory).get("experiment") == experiment
        except StorageError:
            same = False
        if not same:
            raise StorageError(
                f"{directory} holds the results of another experiment; name another directory, "
                "or replace them with --force"
            )


def _try_to_write(directory: Path) -> None:
    existing = directory.absolute()
    while not existing.exists():
        existing = existing.parent
    with explained(directory), tempfile.TemporaryDirectory(dir=existing, prefix=".yongwen-"):
        pass


def prepare_file(path: Path, force: bool = False) -> None:
    """Check, before the runs take their time, that one file can be written.

    Raises
    ------
    StorageError
        The file exists and is not to be replaced, or its directory cannot be written.
    """
    if path.is_dir() or (path.exists() and not force):
        kind = "is a directory" if path.is_dir() else "exists; --force replaces it"
        raise StorageError(f"{path} {kind}")
    _try_to_write(path.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write one file, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def write(directory: Path, ensemble: Ensemble, attachments: Mapping[str, Attachment] | None = None) -> None:
    """Write an ensemble as ``runs.parquet``, ``summary.csv``, ``manifest.json`` and `attachments` by name.

    Raises
    ------
    StorageError
        The disk is full or the directory cannot be written; what was there before is still there.
    """
    with explained(directory), staged(directory) as stage:
        write_runs(stage / RUNS, ensemble)
        _write_summary(stage / SUMMARY, ensemble)
        if (scenario := ensemble.experiment.text) is not None:
            (stage / SCENARIO).write_text(scenario, encoding="utf-8")
        for name, save in (attachments or {}).items():
            save(stage / name)
        text = json.dumps(manifest(ensemble), indent=1, ensure_ascii=False)
        (stage / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a directory of results."""
    path = directory / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"{directory} holds no results: no {MANIFEST} ({error.strerror})") from error
    except ValueError as error:
        raise StorageError(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict) or "yongwen" not in content:
        raise StorageError(f"{path} is no manifest of yongwen")
    return content


def manifest(ensemble: Ensemble) -> dict[str, Any]:
    """Return what is needed to trace and to repeat every number of an ensemble."""
    experiment = ensemble.experiment
    finished = datetime.now(UTC)
    return {
        "yongwen": version("yongwen"),
        "code": code_version(),
        "experiment": experiment.identity,
        "fingerprint": asdict(experiment.fingerprint),
        "scenario": experiment.name,
        "scenario_file": None if experiment.text is None else SCENARIO,
        "scale": experiment.scale,
        "until": experiment.until,
        "parameters": dict(experiment.parameters),
        "seeds": ensemble.seeds,
        "runs": [_record(result) for result in ensemble.results],
        "twins": [_record(result) for result in ensemble.twins],
        "started": (finished - timedelta(seconds=ensemble.elapsed_s)).isoformat(timespec="seconds"),
        "finished": finished.isoformat(timespec="seconds"),
        "elapsed_s": round(ensemble.elapsed_s, 3),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "machine": {"platform": platform.platform(), "cpus": os.cpu_count()},
    }


def _record(result: RunResult) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "seed": result.spec.seed,
        "checked": result.spec.check,
        "seconds": round(result.seconds, 3),
        "digest": result.digest,
    }


def code_version() -> str | None:
    """Return git's description of the source tree, None outside a repository."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--tags"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def write_runs(path: Path, ensemble: Ensemble) -> None:
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for result in ensemble.results:
            writer.write_table(_long(result))


def _long(result: RunResult) -> pa.Table:
    years, indicators, regions = (axis.ravel() for axis in np.indices(result.values.shape, dtype=np.int32))
    run = np.zeros_like(years)
    columns = [
        pa.DictionaryArray.from_arrays(run, [result.run_id]),
        pa.array(np.full(run.size, result.spec.seed, dtype=np.int64)),
        pa.array(np.asarray(result.years, dtype=np.int16)[years]),
        pa.DictionaryArray.from_arrays(indicators, list(result.indicators)),
        pa.DictionaryArray.from_arrays(regions, list(result.regions)),
        pa.array(result.values.ravel()),
    ]
    return pa.Table.from_arrays(columns, schema=_SCHEMA)


def _write_summary(path: Path, ensemble: Ensemble) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["year", "indicator", "region", "unit", *QUANTILES])
        for j, indicator in enumerate(ensemble.indicators):
            unit = INDICATORS[indicator].unit
            for k, region in enumerate(ensemble.regions):
                for year, quantiles in zip(ensemble.years, ensemble.quantiles[:, :, j, k].T, strict=True):
                    if np.isfinite(quantiles).any():
                        writer.writerow([year, indicator, region, unit, *quantiles.tolist()])


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """Yield a hidden directory whose files become those of `directory`, all of them or none."""
    is_new = not directory.exists()
    missing = [parent for parent in directory.absolute().parents if not parent.exists()]
    home = directory.absolute().parent if is_new else directory
    stage = home / f".{directory.absolute().name}.partial-{os.getpid()}"
    try:
        stage.mkdir(parents=True)
        yield stage
        if is_new:
            stage.replace(directory)
        else:
            _move_files(stage, directory)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        with suppress(OSError):
            for parent in missing:
                parent.rmdir()
        raise
    shutil.rmtree(stage, ignore_errors=True)


def _move_files(stage: Path, directory: Path) -> None:
    """Move files into a directory that may hold older ones; while it lacks a manifest it is incomplete."""
    for name in (MANIFEST, SCENARIO):
        (directory / name).unlink(missing_ok=True)
    for path in sorted(stage.iterdir(), key=lambda path: path.name == MANIFEST):
        path.replace(directory / path.name)


@contextmanager
def explained(directory: Path, consequence: str = "nothing was written") -> Iterator[None]:
    """Turn the system's errors while results are written into one that says why, and what it means."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "no space is left on the disk",
            errno.EDQUOT: "the disk quota is used up",
            errno.EACCES: "permission is denied",
            errno.EPERM: "permission is denied",
            errno.EROFS: "the disk is read-only",
            errno.ENOTDIR: "part of the path is a file",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        message = f"results cannot be written to {directory}: {reason}; {consequence}"
        raise StorageError(message) from error
