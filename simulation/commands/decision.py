"""Commands that look for good policies: search, robust."""

from pathlib import Path
from typing import Annotated

import typer

from simulation.commands.base import EXIT_CODES, FirstSeed, Force, Json, Processes, Quiet, With, app


@app.command(epilog=EXIT_CODES, rich_help_panel="Decide")
def search(
    probability: Annotated[
        float, typer.Option(help="With which all targets shall be met in one and the same future.")
    ] = 0.8,
    budget: Annotated[
        float | None,
        typer.Option(
            help="Most that a mix may add to fiscal cost over 2019-2022, in 100m CNY; by default no limit."
        ),
    ] = None,
    levers: Annotated[
        str | None, typer.Option(help="Levers to set, by name with commas; by default all.")
    ] = None,
    fix: Annotated[list[str], typer.Option(help="LEVER=VALUE that stays as it is; repeatable.")] = [],  # noqa: B006
    targets: Annotated[
        str | None, typer.Option(help="Targets to meet, by id with commas; by default all.")
    ] = None,
    with_: With = None,
    evaluations: Annotated[int, typer.Option(help="Mixes to try.")] = 150,
    seeds: Annotated[int, typer.Option(help="Paired seeds on which each mix is tried.")] = 12,
    scale: Annotated[
        float, typer.Option(help="Share of firms that is simulated in a trial, 0.001 to 1.")
    ] = 0.02,
    checks: Annotated[int, typer.Option(help="Mixes of the front that are checked.")] = 6,
    check_seeds: Annotated[int, typer.Option(help="Fresh seeds of the check.")] = 30,
    check_scale: Annotated[float, typer.Option(help="Share of firms in the check and the baseline.")] = 1.0,
    first_seed: FirstSeed = 1,
    processes: Processes = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for mixes and figures; a stopped search goes on from there."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the search that was stopped in --out.")
    ] = False,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Find the cheapest mixes of levers that meet all targets with a given probability."""
    from simulation import cli_search

    request = cli_search.request_of(
        levers, fix, targets, with_ or [], probability=probability, budget=budget, evaluations=evaluations,
        seeds=seeds, scale=scale, checks=checks, check_seeds=check_seeds, check_scale=check_scale,
        first_seed=first_seed,
    )  # fmt: skip
    cli_search.search(request, processes, out, resume, json, force, quiet)


@app.command(epilog=EXIT_CODES, rich_help_panel="Decide")
def robust(
    scenarios: Annotated[
        list[str],
        typer.Argument(help="One to six scenarios, by name or .yaml file; one is set against the baseline."),
    ],
    designs: Annotated[
        int, typer.Option(help="Futures: draws of uncertain parameters, conditions and chance.")
    ] = 256,
    scale: Annotated[
        float, typer.Option(help="Share of firms that is simulated, 0.001 to 1, each with its weight.")
    ] = 0.05,
    first_seed: FirstSeed = 1,
    targets: Annotated[
        str | None, typer.Option(help="Targets that count, by id with commas; by default all.")
    ] = None,
    processes: Processes = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for tables and figures; what was stopped goes on from there."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was stopped in --out.")] = False,
    json: Json = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Put scenarios to the test in many futures: regret, and the conditions under which each fails."""
    from simulation import cli_robust

    cli_robust.robust(
        scenarios, designs, scale, first_seed, targets, processes, out, resume, json, force, quiet
    )
