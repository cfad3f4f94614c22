"""The directory of a sweep: parts as Parquet files, a journal that vouches for them, and a manifest.

::

    manifest.json            what was run, with what, when; written first, so that a killed sweep has one too
    experiment.yaml          the experiment file as it was
    scenarios/NAME.yaml      the scenarios, with `extends` resolved
    points.parquet           a row a point: its scenario and the values of its factors
    TABLE/00012.parquet      the table of a part
    journal.jsonl            a line a finished part: rows, bytes and SHA-256 of its files

Every file is written under another name, flushed to the disk and then moved. A part counts once its line is
in the journal, so a kill at any moment loses the parts in flight and nothing else.
"""

import hashlib
import json
import os
import platform
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from scenarios.writing import scenario_text
from simulation.errors import StorageError
from simulation.store import MANIFEST, PACKAGES, code_version, explained, read_manifest
from simulation.sweeps.planning import VERSIONS, Sweep, plain
from simulation.sweeps.work import Done, digest_of, encode

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

SCHEMA = 1
"""Version of the layout of this directory; one with another version is refused."""
JOURNAL, LOCK, POINTS, EXPERIMENT, SCENARIOS = (
    *("journal.jsonl", "lock", "points.parquet", "experiment.yaml", "scenarios"),
)
_VERSION_WORDS = ("the model's code", "the data", "the parameter table", "the posterior")
_LOST = "what was finished before is kept, and --resume goes on from there"


@dataclass(frozen=True)
class Record:
    """What the journal says about a finished part."""

    part: int
    runs: int
    seconds: float
    files: Mapping[str, Mapping[str, Any]]  # by table: rows, bytes, sha256


class SweepDirectory:
    """A directory of results that is being written; see `opened`."""

    def __init__(self, path: Path, sweep: Sweep) -> None:
        self.path, self.sweep = path, sweep
        self.records: dict[int, Record] = {}
        self.damaged: list[str] = []

    @property
    def waiting(self) -> list[int]:
        """Return the parts that are not finished."""
        return [part for part in range(len(self.sweep.parts)) if part not in self.records]

    def add(self, done: Done) -> None:
        """Write a part down; afterwards nothing can lose it."""
        files = {}
        with explained(self.path, _LOST):
            for table, data in done.files.items():
                write_atomically(part_path(self.path, table, done.part), data)
                files[table] = {"bytes": len(data), "sha256": digest_of(data)}
            entry = {"part": done.part, "runs": done.runs, "seconds": round(done.seconds, 3), "files": files}
            self._note({**entry, "worker": done.worker, "at": _now()})
        self.records[done.part] = Record(done.part, done.runs, done.seconds, files)

    def _note(self, entry: Mapping[str, Any]) -> None:
        with (self.path / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def digest(self) -> str:
        """Return a hash over the bytes of all results."""
        return results_digest(self.path, self.records)

    def close(self, complete: bool) -> None:
        """Say in the manifest when this session ended, and with the last part how the results hash."""
        content = read_manifest(self.path)
        content["sessions"][-1]["ended"] = _now()
        if complete:
            content |= {"finished": content.get("finished") or _now(), "digest": self.digest()}
        write_manifest(self.path, content)

    def begin(self, resume: bool, workers: str) -> None:
        """Write what a new directory starts with, or read what an old one holds."""
        if (self.path / MANIFEST).exists():
            content = known_manifest(self.path)
            _same(self.path, content, self.sweep)
            if not resume:
                raise StorageError(
                    f"{self.path} holds this experiment already; go on with it with --resume, or name another"
                )
            self._read()
        else:
            content = self._new()
        session = {"started": _now(), "workers": workers, "host": socket.gethostname()}
        content["sessions"].append({**session, "code": code_version()})
        write_manifest(self.path, content)

    def _new(self) -> dict[str, Any]:
        own = {LOCK, POINTS, EXPERIMENT, SCENARIOS}  # what a kill before the manifest leaves, and drafts
        names = sorted(path.name for path in self.path.iterdir())
        if strangers := [name for name in names if name not in own and not name.startswith(".")]:
            raise StorageError(f"{self.path} is not empty: it has {strangers[0]}; name another directory")
        write_atomically(self.path / POINTS, encode(points_table(self.sweep)))
        write_atomically(self.path / EXPERIMENT, self.sweep.text.encode())
        for name, scenario in self.sweep.scenarios.items():
            write_atomically(self.path / SCENARIOS / f"{name}.yaml", scenario_text(scenario).encode())
        return {
            "yongwen": version("yongwen"),
            "store": SCHEMA,
            **plain(self.sweep),
            "created": _now(),
            "finished": None,
            "digest": None,
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "machine": {"platform": platform.platform(), "cpus": os.cpu_count()},
            "sessions": [],
        }

    def _read(self) -> None:
        """Take over finished parts whose files are as the journal says, and name the others."""
        _mend(self.path / JOURNAL)
        for record in read_journal(self.path).values():
            wrong = [
                path.relative_to(self.path).as_posix()
                for path, facts in record_files(self.path, record)
                if not _intact(path, facts)
            ]
            self.damaged += wrong
            if not wrong:
                self.records[record.part] = record
        points = encode(points_table(self.sweep))
        if not (self.path / POINTS).exists() or (self.path / POINTS).read_bytes() != points:
            self.damaged.append(POINTS)
            write_atomically(self.path / POINTS, points)


@contextmanager
def opened(path: Path, sweep: Sweep, resume: bool, workers: str) -> Iterator[SweepDirectory]:
    """Open a directory for writing; no other process can do so until it is closed.

    Raises
    ------
    StorageError
        It cannot be written, holds something else, or another process is at work in it.
    """
    if path.exists() and not path.is_dir():
        raise StorageError(f"{path} is a file; results need a directory")
    with explained(path, _LOST):
        path.mkdir(parents=True, exist_ok=True)
    with locked(path):
        directory = SweepDirectory(path, sweep)
        with explained(path, _LOST):
            directory.begin(resume, workers)
        try:
            yield directory
        finally:
            with explained(path, _LOST):
                directory.close(not directory.waiting)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the directory's lock; the system lets go of it when this process ends, however it ends."""
    with explained(path, _LOST):
        handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(handle, path)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()} since {_now()}".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(handle, 200, 0).decode(errors="replace") or "another process"
        raise StorageError(
            f"{path} is being written by {owner}; wait for it, or name another directory"
        ) from error


def known_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a sweep.

    Raises
    ------
    StorageError
        There is none, it is of something else, or of another version of this layout.
    """
    content = read_manifest(path)
    schema = content.get("store")
    if schema is None:
        raise StorageError(f"{path} holds results of another kind, not of a sweep")
    if schema != SCHEMA:
        advice = "run the experiment anew" if schema < SCHEMA else "update yongwen"
        raise StorageError(
            f"{path} has version {schema} of the layout of sweeps, and this yongwen knows version {SCHEMA}: "
            f"{advice} (it was written by yongwen {content['yongwen']})"
        )
    return content


def _same(path: Path, content: Mapping[str, Any], sweep: Sweep) -> None:
    """Refuse to mix the results of two experiments, and say how they differ."""
    mine = plain(sweep)
    if content["experiment"] == mine["experiment"]:
        return
    words = dict(zip(VERSIONS, _VERSION_WORDS, strict=True))
    theirs, own = content["fingerprint"], mine["fingerprint"]
    assert isinstance(own, Mapping)
    changed = [word for key, word in words.items() if theirs.get(key) != own[key]]
    what = " and ".join(changed) or "the experiment file"
    raise StorageError(
        f"{path} holds the results of another experiment: {what} changed since; name another directory"
    )


def read_journal(path: Path) -> dict[int, Record]:
    """Return the last record of each finished part; a line that a kill cut off is left out."""
    try:
        lines = (path / JOURNAL).read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StorageError(f"{path / JOURNAL} cannot be read: {error.strerror}") from error
    records = {}
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):  # a torn line: its part is computed again
            entry = json.loads(line)
            record = Record(entry["part"], entry["runs"], entry["seconds"], entry["files"])
            records[record.part] = record
    return records


def _mend(journal: Path) -> None:
    """Take away the end of a line that a kill cut off, so that the next line does not hang on to it."""
    if journal.exists():
        content = journal.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(journal, whole)


def record_files(path: Path, record: Record) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the files of a part, and what the journal says about each."""
    for table, facts in record.files.items():
        yield part_path(path, table, record.part), facts


def _intact(path: Path, facts: Mapping[str, Any]) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return len(data) == facts["bytes"] and digest_of(data) == facts["sha256"]


def results_digest(path: Path, records: Mapping[int, Record]) -> str:
    """Return the SHA-256 over the hashes of all parts and of the points."""
    digest = hashlib.sha256(digest_of((path / POINTS).read_bytes()).encode())
    for part in sorted(records):
        for table, facts in sorted(records[part].files.items()):
            digest.update(f"{table}/{part} {facts['sha256']}\n".encode())
    return digest.hexdigest()


def points_table(sweep: Sweep) -> pa.Table:
    """Return the points as a table: number, scenario, and a column for each factor."""
    return pa.table(
        {
            "point": pa.array([point.index for point in sweep.points], pa.int32()),
            "scenario": pa.array([point.scenario for point in sweep.points]).dictionary_encode(),
            **{
                name: pa.array([point.values[name] for point in sweep.points], pa.float64())
                for name in sweep.factors
            },
        }
    )


def part_path(path: Path, table: str, part: int) -> Path:
    """Return the file of a table of a part."""
    return path / table / f"{part:05}.parquet"


def write_manifest(path: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest, whole or not at all."""
    write_atomically(path / MANIFEST, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under another name, flush it to the disk, and move it where it belongs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.partial")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
