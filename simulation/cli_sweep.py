"""The commands of experiments at scale: sweep, query, export."""

import csv
import json as json_format
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich import box
from rich.table import Table

from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_progress import counting
from simulation.errors import InputError
from simulation.experiment import number_of_processes
from simulation.sweeps.executors import local, on_cluster
from simulation.sweeps.planning import Sweep, load_sweep, plain
from simulation.sweeps.results import Results
from simulation.sweeps.running import estimate, run_sweep

SHOWN_ROWS = 50
_HOUR, _MINUTE = 3600, 60


def sweep(
    file: Path,
    out: Path | None,
    resume: bool,
    processes: int | None,
    cluster: str | None,
    dry_run: bool,
    json: bool,
    quiet: bool,
) -> None:
    """Run an experiment file into a directory, or say what that would take."""
    if processes is not None and cluster is not None:
        raise InputError("give --processes or --cluster, not both")
    workers = number_of_processes(processes)
    with explained():
        planned = load_sweep(file)
        if dry_run:
            _show_estimate(planned, workers, json)
            return
        if out is None:
            raise InputError("a sweep needs --out, the directory for its results (--dry-run needs none)")
        execute = local(workers) if cluster is None else on_cluster(cluster)
        where = f"{workers} processes" if cluster is None else f"Dask at {cluster}"
        with counting(planned.description.name, planned.runs, quiet) as count:
            report = run_sweep(
                *(planned, out, execute, where, resume),
                progress=count.add,
                warn=lambda text: messages().print(f"yongwen: {text}"),
            )
    if json:
        print_json(
            {
                **plain(planned),
                "out": str(out),
                "computed": report.computed,
                "damaged": list(report.damaged),
                "seconds": round(report.seconds, 3),
                "digest": report.digest,
            }
        )
    elif not quiet:
        kept = report.runs - report.computed
        before = f", {kept} of them from before" if kept else ""
        print(f"{report.runs} runs are in {out}{before}; SHA-256 of all results {report.digest}")


def _show_estimate(planned: Sweep, workers: int, json: bool) -> None:
    found = estimate(planned, workers)
    if json:
        print_json({**plain(planned), **asdict(found), "processes": workers})
        return
    points, seeds = len(planned.points), len(planned.description.seed_list)
    print(
        f"{planned.description.name}: {points} points x {seeds} seeds = {found.runs} runs in {found.parts} "
        f"parts; about {_duration(found.seconds)} on {workers} processes and {_size(found.bytes)} on disk "
        "(measured on three runs here)"
    )


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{math.ceil(seconds)} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} h"


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def query(directory: Path, sql: str | None, json: bool, csv_too: bool) -> None:
    """Answer a question in SQL about a sweep's results, or list their tables."""
    results = Results(directory)
    if not results.complete:
        done = sum(record.runs for record in results.records.values())
        messages().print(f"yongwen: not complete: {done} of {results.manifest['runs']} runs are there")
    if sql is None:
        sql = (
            "select table_name as \"table\", string_agg(column_name || ' ' || lower(data_type), ', ' "
            "order by column_index) as columns from duckdb_columns() where not internal group by 1 order by 1"
        )
    found = results.query(sql)
    if json:
        print(json_format.dumps([_plain(row) for row in found.to_pylist()], ensure_ascii=False, default=str))
    elif csv_too:
        writer = csv.writer(sys.stdout)
        writer.writerow(found.column_names)
        writer.writerows(row.values() for row in found.to_pylist())
    else:
        _show(found)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }


def _show(found: pa.Table) -> None:
    view = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for field in found.schema:
        is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        view.add_column(field.name, justify="right" if is_number else "left", overflow="fold")
    for row in found.slice(0, SHOWN_ROWS).to_pylist():
        cells = (f"{value:.6g}" if isinstance(value, float) else str(value) for value in row.values())
        view.add_row(*cells)
    output().print(view)
    if found.num_rows > SHOWN_ROWS:
        messages().print(f"the first {SHOWN_ROWS} of {found.num_rows:,} rows; --csv or --json print all")


def export(
    directory: Path, csv_file: Path | None, excel: Path | None, netcdf: Path | None, table: str
) -> None:
    """Write the results of a sweep for other programs."""
    if not any((csv_file, excel, netcdf)):
        raise InputError("name at least one of --csv FILE, --excel FILE and --netcdf FILE")
    results = Results(directory)
    if csv_file:
        results.save_csv(csv_file, table)
    if excel:
        results.save_excel(excel)
    if netcdf:
        results.save_netcdf(netcdf)
    for path in (csv_file, excel, netcdf):
        if path:
            messages().print(f"{path} is written")
