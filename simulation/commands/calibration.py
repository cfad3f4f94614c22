"""Commands of the inference: calibrate run, check, status."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, Json, Processes, Quiet, Scale, calibrate_app

Members = Annotated[int, typer.Option(help="Members of the ensemble, 32 to 4096.")]
Steps = Annotated[int, typer.Option(help="Steps in which the observations are taken up, 1 to 16.")]
Ship = Annotated[bool, typer.Option("--ship", help="Put the result where projections take it from.")]
Folder = Annotated[Path, typer.Option("--out", help="Directory; runs that it holds are not done again.")]


@calibrate_app.command("run", epilog=EXIT_CODES)
def calibrate_run(
    members: Members = 256,
    steps: Steps = 4,
    scale: Scale = 1.0,
    processes: Processes = None,
    out: Folder = Path("results/calibration"),
    ship: Ship = False,
    quiet: Quiet = False,
) -> None:
    """Infer the posterior of parameters and city effects (some 1300 runs; goes on where it was stopped)."""
    from simulation import cli_calibrate

    cli_calibrate.run(members, steps, scale, processes, out, ship, quiet)


@calibrate_app.command("check", epilog=EXIT_CODES)
def calibrate_check(
    truths: Annotated[int, typer.Option(help="Made-up truths, 2 to 1000.")] = 10,
    members: Members = 128,
    steps: Steps = 4,
    scale: Scale = 0.05,
    processes: Processes = None,
    out: Folder = Path("results/calibration"),
    ship: Ship = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Test the inference on made-up observations of known unknowns (simulation-based calibration)."""
    from simulation import cli_calibrate

    cli_calibrate.check(truths, members, steps, scale, processes, out, ship, json, quiet)


@calibrate_app.command("rival", epilog=EXIT_CODES)
def calibrate_rival(
    members: Members = 128,
    steps: Steps = 4,
    scale: Scale = 0.05,
    processes: Processes = None,
    out: Folder = Path("results/calibration"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the inference beside regression-adjusted ABC with as many runs (some 1300 in all)."""
    from simulation import cli_calibrate

    cli_calibrate.rival(members, steps, scale, processes, out, json, quiet)


@calibrate_app.command("status", epilog=EXIT_CODES)
def calibrate_status(
    out: Annotated[Path | None, typer.Option(help="Directory for a figure of each diagnostic.")] = None,
    json: Json = False,
) -> None:
    """Show how the shipped posterior was made, whether it is up to date, and what it learnt."""
    from simulation import cli_calibrate

    cli_calibrate.status(json, out)
