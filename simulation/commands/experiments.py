"""Commands of experiments at scale: sweep, query, export."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, Json, Processes, Quiet, app

_Directory = Annotated[Path, typer.Argument(help="Directory of a sweep's results.")]


@app.command(epilog=EXIT_CODES, rich_help_panel="Experiment")
def sweep(
    file: Annotated[Path, typer.Argument(help="Experiment file (.yaml).")],
    out: Annotated[Path | None, typer.Option(help="Directory for the results.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what the directory holds, if it holds anything.")
    ] = False,
    processes: Processes = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many runs, how long, how much disk.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run an experiment file: points x seeds, streamed into a directory that a kill cannot spoil."""
    from simulation import cli_sweep

    cli_sweep.sweep(file, out, resume, processes, cluster, dry_run, json, quiet)


@app.command(epilog=EXIT_CODES, rich_help_panel="Experiment")
def query(
    directory: _Directory,
    sql: Annotated[
        str | None, typer.Argument(help="A question in SQL; without one the tables are listed.")
    ] = None,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
) -> None:
    """Ask the results of a sweep in SQL (DuckDB): tables indicators, points, runs, and results of all."""
    from simulation import cli_sweep

    cli_sweep.query(directory, sql, json, csv)


@app.command(epilog=EXIT_CODES, rich_help_panel="Experiment")
def export(
    directory: _Directory,
    csv: Annotated[Path | None, typer.Option(help="Write a table as CSV to this file.")] = None,
    excel: Annotated[Path | None, typer.Option(help="Write a workbook (.xlsx).")] = None,
    netcdf: Annotated[Path | None, typer.Option(help="Write labelled arrays (.nc).")] = None,
    table: Annotated[str, typer.Option(help="Table for --csv.")] = "results",
) -> None:
    """Write the results of a sweep for other programs: CSV, Excel, NetCDF."""
    from simulation import cli_sweep

    cli_sweep.export(directory, csv, excel, netcdf, table)
