"""Commands about single agents and networks of one run: agents, network."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, Json, Scale, app

_Scenario = Annotated[str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")]
_Year = Annotated[int, typer.Option(help="Year at whose end the agents are looked at.")]
_Seed = Annotated[int, typer.Option(help="Seed of the run.")]


@app.command(epilog=EXIT_CODES, rich_help_panel="Experiment")
def agents(
    scenario: _Scenario = "baseline",
    of: Annotated[str, typer.Option(help="firms, universities or venture_funds.")] = "firms",
    columns: Annotated[str, typer.Option(help="Columns, separated by commas; all without it.")] = "",
    year: _Year = 2022,
    seed: _Seed = 1,
    scale: Scale = 0.1,
    out: Annotated[Path | None, typer.Option(help="File to write: .csv or .parquet.")] = None,
    json: Json = False,
) -> None:
    """Show or save the single agents of a run: every firm, university or venture fund."""
    from simulation import cli_agents

    cli_agents.agents(scenario, of, columns, year, seed, scale, out, json)


@app.command(epilog=EXIT_CODES, rich_help_panel="Experiment")
def network(
    scenario: _Scenario = "baseline",
    of: Annotated[str, typer.Option(help="cities, or firms and universities one by one: firms.")] = "cities",
    year: _Year = 2022,
    seed: _Seed = 1,
    scale: Scale = 0.1,
    out: Annotated[
        Path | None, typer.Option(help="File to write: .graphml, .geojson (cities) or .csv.")
    ] = None,
    json: Json = False,
) -> None:
    """Show or save who works with whom in a run, for NetworkX, Gephi or a map."""
    from simulation import cli_agents

    cli_agents.network(scenario, of, year, seed, scale, out, json)
