"""The command of the effect-size laboratory."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, FirstSeed, Json, Processes, Quiet, Scale, app


@app.command(epilog=EXIT_CODES, rich_help_panel="Calibrate")
def effects(
    study: Annotated[list[str], typer.Option(help="Only this study; may be repeated.")] = [],  # noqa: B006
    seeds: Annotated[int, typer.Option(help="Number of worlds, 2 or more.")] = 20,
    first_seed: FirstSeed = 1,
    scale: Scale = 0.25,
    processes: Processes = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory that keeps findings; those in it are not made again.")
    ] = None,
    ship: Annotated[
        bool, typer.Option("--ship", help="Put the results where docs and app take them.")
    ] = False,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Show the shipped results; run nothing.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Repeat published studies of policies inside the model (some ten minutes)."""
    from simulation import cli_effects

    cli_effects.effects(study, seeds, first_seed, scale, processes, out, ship, shipped, json, quiet)
