"""Commands that explain differences: compare, attribute, split."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import (
    EXIT_CODES,
    Central,
    FirstSeed,
    Force,
    Json,
    MembersToo,
    Processes,
    Quiet,
    Scale,
    Settings,
    Until,
    With,
    app,
)


@app.command(epilog=EXIT_CODES, rich_help_panel="Explain")
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(help="Two to six scenarios, by name or .yaml file; differences are to the first."),
    ],
    seeds: Annotated[int, typer.Option(help="Number of runs of each scenario.")] = 20,
    with_: With = None,
    first_seed: FirstSeed = 1,
    scale: Scale = 1.0,
    until: Until = 2022,
    processes: Processes = None,
    out: Annotated[Path | None, typer.Option(help="Directory for tables, figures and the manifest.")] = None,
    members: MembersToo = False,
    equal_budget: Annotated[
        bool,
        typer.Option(
            "--equal-budget", help="Scale what spends money until all cost as much as the first policy."
        ),
    ] = False,
    budget: Annotated[
        float | None,
        typer.Option(help="Scale to this cost over no policy instead, 100m CNY 2019-2022."),
    ] = None,
    central: Central = False,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Compare scenarios on the same seeds: outcomes, differences, what they cost."""
    from simulation import cli_compare

    scenarios = ["+".join((scenario, *(with_ or ()))) for scenario in scenarios]
    cli_compare.compare(
        scenarios, seeds, first_seed, scale, until, processes, out, members, json, force, quiet, equal_budget,
        budget, central,
    )  # fmt: skip


@app.command(epilog=EXIT_CODES, rich_help_panel="Explain")
def attribute(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")],
    to: Annotated[str, typer.Option(help="Scenario that it is compared with.")] = "baseline",
    by: Annotated[
        str | None,
        typer.Option(help="Parts: lever, article or chapter; by default levers if they are few."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of paired seeds.")] = 20,
    first_seed: FirstSeed = 1,
    scale: Annotated[
        float, typer.Option(help="Share of firms that is simulated, 0.001 to 1, each with its weight.")
    ] = 0.1,
    until: Until = 2022,
    permutations: Annotated[
        int | None,
        typer.Option(help="Orders of the parts for each seed, an even number; 0 runs all coalitions."),
    ] = None,
    interactions: Annotated[
        bool,
        typer.Option("--interactions", help="Measure what the strongest pairs add together (more runs)."),
    ] = False,
    settings: Settings = [],  # noqa: B006 - typer copies it
    processes: Processes = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for tables and figures; a stopped run goes on from there.")
    ] = None,
    members: MembersToo = False,
    everything: Annotated[bool, typer.Option("--all", help="Show small parts too.")] = False,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Attribute the difference of two scenarios to levers, articles or chapters, by Shapley values."""
    from simulation import cli_attribute

    cli_attribute.attribute(
        scenario, to, by, seeds, first_seed, scale, until, permutations, interactions, settings, processes,
        out, members, everything, json, force, quiet,
    )  # fmt: skip


@app.command(epilog=EXIT_CODES, rich_help_panel="Explain")
def split(
    first: Annotated[str, typer.Argument(help="A scenario, a .yaml file, a run's name, or its results.")],
    last: Annotated[str, typer.Argument(help="What it is compared with, of any of these kinds.")],
    settings: Settings = [],  # noqa: B006 - typer copies it
    settings_first: Annotated[
        list[str], typer.Option("--set-first", help="NAME=VALUE as --set, for the first side.")
    ] = [],  # noqa: B006
    seeds: Annotated[int, typer.Option(help="Number of paired seeds.")] = 20,
    first_seed: FirstSeed = 1,
    scale: Annotated[
        float | None,
        typer.Option(help="Share of firms that is simulated; by default 0.1, or that of results."),
    ] = None,
    until: Annotated[int | None, typer.Option(help="Last year, 2015 to 2022.")] = None,
    processes: Processes = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for the table; a stopped run goes on from there.")
    ] = None,
    members: MembersToo = False,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Split the difference of two runs or scenarios into policy, assumption, interaction and noise."""
    from simulation import cli_split

    cli_split.split(
        (first, last), (settings_first, settings), seeds, first_seed, scale, until, processes, out, members,
        json, force, quiet,
    )  # fmt: skip
