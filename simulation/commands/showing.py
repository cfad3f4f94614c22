"""Commands that show what there is: plan, indicators, data, levers, scenarios."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, Json, Scale, app, scenarios_app


@app.command(epilog=EXIT_CODES, rich_help_panel="Show")
def plan(scale: Scale = 1.0, json: Json = False) -> None:
    """Show the phases of a tick: what each does and how long it takes here."""
    from simulation import cli_show

    cli_show.plan(scale, json)


@app.command(epilog=EXIT_CODES, rich_help_panel="Show")
def indicators(json: Json = False) -> None:
    """List the indicators with their units and definitions."""
    from simulation import cli_show

    cli_show.indicators(json)


@app.command(epilog=EXIT_CODES, rich_help_panel="Show")
def data(
    region: Annotated[str | None, typer.Argument(help="Only this region.")] = None,
    indicator: Annotated[str | None, typer.Option(help="Only this indicator.")] = None,
    json: Json = False,
) -> None:
    """List the observations with their sources; assumptions are marked."""
    from simulation import cli_show

    cli_show.data(region, indicator, json)


@app.command(epilog=EXIT_CODES, rich_help_panel="Show")
def levers(
    variance: Annotated[
        bool,
        typer.Option("--variance", help="Run each lever alone and report what pairing by seed is worth."),
    ] = False,
    seeds: Annotated[int, typer.Option(help="Number of runs of each lever, with --variance.")] = 10,
    scale: Annotated[float, typer.Option(help="Share of firms that is simulated, with --variance.")] = 0.1,
    processes: Annotated[int | None, typer.Option(help="Worker processes, with --variance.")] = None,
    json: Json = False,
) -> None:
    """List what a planner can set: bounds, plan values, mechanisms, budgets."""
    if variance:
        from simulation import cli_compare

        cli_compare.variance(seeds, scale, processes, json)
    else:
        from simulation import cli_scenarios

        cli_scenarios.levers(json)


@scenarios_app.command("list", epilog=EXIT_CODES)
def scenarios_list(json: Json = False) -> None:
    """List the scenarios of the catalogue."""
    from simulation import cli_scenarios

    cli_scenarios.list_all(json)


@scenarios_app.command("show", epilog=EXIT_CODES)
def scenarios_show(
    name: Annotated[str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")],
    json: Json = False,
) -> None:
    """Show a scenario's text, levers, conditions and assumptions."""
    from simulation import cli_scenarios

    cli_scenarios.show(name, json)


@scenarios_app.command("check", epilog=EXIT_CODES)
def scenarios_check(
    file: Annotated[Path, typer.Argument(help="Path of a .yaml file.")], json: Json = False
) -> None:
    """Check a scenario file and print every mistake with its line."""
    from simulation import cli_scenarios

    cli_scenarios.check(file, json)


@scenarios_app.command("new", epilog=EXIT_CODES)
def scenarios_new(
    name: Annotated[str, typer.Argument(help="Name of the scenario; NAME.yaml must not exist yet.")],
) -> None:
    """Write a commented template to fill in."""
    from simulation import cli_scenarios

    cli_scenarios.new(name)


@scenarios_app.command("schema", epilog=EXIT_CODES)
def scenarios_schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from simulation import cli_scenarios

    cli_scenarios.schema()
