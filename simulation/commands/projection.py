"""Commands that project one scenario: run, rerun, fit; and the app."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import (
    EXIT_CODES,
    Central,
    Check,
    FirstSeed,
    Force,
    Json,
    Processes,
    Quiet,
    Scale,
    Settings,
    Until,
    With,
    app,
)


@app.command(epilog=EXIT_CODES, rich_help_panel="Project")
def run(
    scenario: Annotated[
        str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")
    ] = "baseline",
    seeds: Annotated[int, typer.Option(help="Number of runs.")] = 20,
    with_: With = None,
    first_seed: FirstSeed = 1,
    scale: Scale = 1.0,
    until: Until = 2022,
    settings: Settings = [],  # noqa: B006 - typer copies it
    central: Central = False,
    pairs: Annotated[
        int, typer.Option(help="Runs repeated with equal parameters, to tell chance from parameters.")
    ] = 8,
    out: Annotated[Path | None, typer.Option(help="Directory for tables, figures and the manifest.")] = None,
    processes: Processes = None,
    check: Check = False,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Project every target of the policy under a scenario, with bands and probabilities."""
    from simulation import cli_run

    scenario = "+".join((scenario, *(with_ or ())))
    cli_run.run(
        scenario, seeds, first_seed, scale, until, settings, central, pairs, out, processes, check, json,
        force, quiet,
    )  # fmt: skip


@app.command(epilog=EXIT_CODES, rich_help_panel="Project")
def rerun(
    run_id: Annotated[str, typer.Argument(help="Name of a run, such as baseline-7-1-2022-3f9c01ab42.")],
    results: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Directory of its results; needed for scenario files and own parameters."
        ),
    ] = None,
    check: Check = False,
    json: Json = False,
) -> None:
    """Repeat one run bit for bit, or say why it cannot be the same."""
    from simulation import cli_run

    cli_run.rerun(run_id, results, check, json)


@app.command(epilog=EXIT_CODES, rich_help_panel="Project")
def fit(
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 2,
) -> None:
    """Fit the city effects to 2015-2018 anew and write them to the data folder (some minutes)."""
    from simulation import cli_run

    cli_run.fit(processes)


@app.command("app", epilog=EXIT_CODES, rich_help_panel="Project")
def app_command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in the network join.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8765,
    scale: Scale = 1.0,
    seeds: Annotated[int, typer.Option(help="Draws of each scenario, 2 to 200.")] = 20,
    processes: Processes = None,
) -> None:
    """Start the app: a policy laboratory in the browser, in Chinese and English."""
    from simulation import cli_app

    cli_app.serve(host, port, scale, seeds, processes)
