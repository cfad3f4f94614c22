"""The command that writes a report."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, FirstSeed, Force, Processes, Quiet, Scale, With, app


@app.command(epilog=EXIT_CODES, rich_help_panel="Project")
def report(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")],
    out: Annotated[Path, typer.Option(help="File to write, ending in .pdf or .docx.")],
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    with_: With = None,
    seeds: Annotated[int, typer.Option(help="Number of paired runs.")] = 20,
    first_seed: FirstSeed = 1,
    scale: Scale = 1.0,
    processes: Processes = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a report on a scenario, against no new policy: figures, tables, method and sources."""
    from simulation import cli_report

    name = "+".join((scenario, *(with_ or ())))
    cli_report.write(name, out, language, seeds, first_seed, scale, processes, force, quiet)
