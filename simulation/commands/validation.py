"""Commands that put the model to the test: backtest, sensitivity, scales."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, FirstSeed, Force, Json, Processes, Quiet, Scale, app

backtest_app = typer.Typer(
    help="Score forecasts against later observations and naive rivals; freeze the forecasts that ship.",
    epilog=EXIT_CODES,
)
app.add_typer(backtest_app, name="backtest", rich_help_panel="Calibrate")


@backtest_app.callback(invoke_without_command=True)
def backtest(
    context: typer.Context,
    origin: Annotated[int, typer.Option(help="Last year that is known: 2018 or 2017.")] = 2018,
    observations: Annotated[
        Path | None,
        typer.Option(help="File of later observations, in the format of calibration/data/observations.csv."),
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="Scenario of the frozen forecasts, baseline or full_plan.")
    ] = "baseline",
    refit: Annotated[
        bool, typer.Option("--refit", help="Infer anew instead of taking the forecasts that ship.")
    ] = False,
    cities: Annotated[
        bool, typer.Option("--leave-out-cities", help="Score each city by an inference without it (long).")
    ] = False,
    members: Annotated[int, typer.Option(help="Members of an inference, 32 to 4096.")] = 128,
    steps: Annotated[int, typer.Option(help="Steps in which observations are taken up.")] = 4,
    scale: Scale = 0.1,
    processes: Processes = None,
    out: Annotated[
        Path, typer.Option(help="Directory of scores and runs; runs that it holds are not done again.")
    ] = Path("results/backtest"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score forecasts against later observations and naive rivals; freeze the forecasts that ship."""
    if context.invoked_subcommand:
        return
    from calibration.members import Setting
    from simulation import cli_backtest

    setting = Setting(scale, 2018, out / "members", processes)
    cli_backtest.backtest(
        origin, observations, scenario, refit, cities, members, steps, setting, out, json, quiet
    )


@backtest_app.command(epilog=EXIT_CODES)
def freeze(
    seeds: Annotated[int | None, typer.Option(help="Draws of the posterior; by default all.")] = None,
    scale: Scale = 1.0,
    processes: Processes = None,
    out: Annotated[
        Path, typer.Option(help="Directory of runs; those that it holds are not done again.")
    ] = Path("results/backtest"),
    quiet: Quiet = False,
) -> None:
    """Simulate 2019-2022 under every draw, and put forecasts and their SHA-256 beside the posterior."""
    from simulation import cli_backtest

    cli_backtest.freeze(seeds, scale, processes, out, quiet)


@app.command(epilog=EXIT_CODES, rich_help_panel="Calibrate")
def sensitivity(
    scenario: Annotated[
        str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")
    ] = "full_plan",
    method: Annotated[
        str, typer.Option(help="morris: screening only; sobol: indices of the parameters that it finds too.")
    ] = "sobol",
    trajectories: Annotated[int, typer.Option(help="Paths of the screening.")] = 10,
    samples: Annotated[int, typer.Option(help="Base sample of the indices, a power of two.")] = 64,
    few: Annotated[int, typer.Option(help="Parameters that indices are worked out for.")] = 8,
    parameters: Annotated[
        str | None, typer.Option(help="Parameters to vary, by name with commas; by default all with a prior.")
    ] = None,
    targets: Annotated[
        str | None, typer.Option(help="Targets to show, by id with commas; by default all.")
    ] = None,
    scale: Scale = 0.05,
    processes: Processes = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for tables and figures; a stopped run goes on from there.")
    ] = None,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Tell which parameters move the targets: Morris screening, then Sobol indices with their errors."""
    from simulation import cli_sensitivity

    cli_sensitivity.sensitivity(
        scenario, method, trajectories, samples, few, parameters, targets, scale, processes, out, json,
        force, quiet,
    )  # fmt: skip


@app.command(epilog=EXIT_CODES, rich_help_panel="Calibrate")
def scales(
    scenario: Annotated[
        str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")
    ] = "baseline",
    seeds: Annotated[int, typer.Option(help="Number of paired seeds.")] = 20,
    first_seed: FirstSeed = 1,
    at: Annotated[str | None, typer.Option(help="Scales, with commas; by default 0.1,0.25.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show what agrees too.")] = False,
    processes: Processes = None,
    out: Annotated[Path | None, typer.Option(help="Directory for a figure and all numbers.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell whether samples of firms give the results of all firms, within sampling error."""
    from simulation import cli_scales

    cli_scales.scales(scenario, seeds, first_seed, at, everything, processes, out, json, quiet)
