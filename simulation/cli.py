"""The command line: ``yongwen run``, ``compare``, ``scenarios``, ``levers`` and the others below.

Results go to standard output; progress, messages and errors to standard error. Commands import what they
need when they are called, so that ``yongwen --help`` does not load the model.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from simulation.errors import YongwenError

EXIT_CODES = (
    "Exit codes: 0 done, 1 internal error, 2 wrong input, 3 invariant failed (--check), 130 interrupted."
)
INTERRUPTED = 130

app = typer.Typer(
    name="yongwen",
    help="Agent-based simulation of regional innovation in the Yangtze River Delta.",
    epilog=EXIT_CODES,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

scenarios_app = typer.Typer(
    help="List, show, check and begin scenarios.", epilog=EXIT_CODES, no_args_is_help=True
)
app.add_typer(scenarios_app, name="scenarios")

calibrate_app = typer.Typer(
    help="Infer parameters and city effects from 2015-2018, and show what was learnt.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(calibrate_app, name="calibrate")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Scale = Annotated[
    float, typer.Option(help="Share of firms that is simulated, 0.001 to 1, each with its weight.")
]
Settings = Annotated[
    list[str], typer.Option("--set", help="NAME=VALUE of a parameter, instead of the table's; repeatable.")
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", help="Scenario whose conditions are laid over it, such as trade_shock; may be repeated."
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Test all invariants after every tick (slower).")]


def _print_version(value: bool) -> None:
    if value:
        print(f"yongwen {version('yongwen')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,
) -> None:
    pass


@app.command(epilog=EXIT_CODES)
def run(
    scenario: Annotated[
        str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")
    ] = "baseline",
    seeds: Annotated[int, typer.Option(help="Number of runs.")] = 20,
    with_: With = None,
    first_seed: Annotated[int, typer.Option(help="Seed of the first run; the others follow.")] = 1,
    scale: Scale = 1.0,
    until: Annotated[int, typer.Option(help="Last year, 2015 to 2022.")] = 2022,
    settings: Settings = [],  # noqa: B006 - typer copies it
    out: Annotated[Path | None, typer.Option(help="Directory for tables, figures and the manifest.")] = None,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    check: Check = False,
    json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another experiment's results in --out.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Project every target of the policy under a scenario, with bands and probabilities."""
    from simulation import cli_run

    scenario = "+".join((scenario, *(with_ or ())))
    cli_run.run(
        scenario, seeds, first_seed, scale, until, settings, out, processes, check, json, force, quiet
    )


@app.command(epilog=EXIT_CODES)
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


@app.command(epilog=EXIT_CODES)
def plan(scale: Scale = 1.0, json: Json = False) -> None:
    """Show the phases of a tick: what each does and how long it takes here."""
    from simulation import cli_show

    cli_show.plan(scale, json)


@app.command(epilog=EXIT_CODES)
def indicators(json: Json = False) -> None:
    """List the indicators with their units and definitions."""
    from simulation import cli_show

    cli_show.indicators(json)


@app.command(epilog=EXIT_CODES)
def data(
    region: Annotated[str | None, typer.Argument(help="Only this region.")] = None,
    indicator: Annotated[str | None, typer.Option(help="Only this indicator.")] = None,
    json: Json = False,
) -> None:
    """List the observations with their sources; assumptions are marked."""
    from simulation import cli_show

    cli_show.data(region, indicator, json)


@app.command(epilog=EXIT_CODES)
def fit(
    processes: Annotated[int, typer.Option(help="Worker processes.")] = 2,
) -> None:
    """Fit the city effects to 2015-2018 anew and write them to the data folder (some minutes)."""
    from simulation import cli_run

    cli_run.fit(processes)


Members = Annotated[int, typer.Option(help="Members of the ensemble, 32 to 4096.")]
Steps = Annotated[int, typer.Option(help="Steps in which the observations are taken up, 1 to 16.")]
Ship = Annotated[bool, typer.Option("--ship", help="Put the result where projections take it from.")]
Folder = Annotated[Path, typer.Option("--out", help="Directory; runs that it holds are not done again.")]


@calibrate_app.command("run", epilog=EXIT_CODES)
def calibrate_run(
    members: Members = 256,
    steps: Steps = 4,
    scale: Scale = 1.0,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Folder = Path("results/calibration"),
    ship: Ship = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
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
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Folder = Path("results/calibration"),
    ship: Ship = False,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Test the inference on made-up observations of known unknowns (simulation-based calibration)."""
    from simulation import cli_calibrate

    cli_calibrate.check(truths, members, steps, scale, processes, out, ship, json, quiet)


@calibrate_app.command("status", epilog=EXIT_CODES)
def calibrate_status(json: Json = False) -> None:
    """Show how the shipped posterior was made, whether it is up to date, and what it learnt."""
    from simulation import cli_calibrate

    cli_calibrate.status(json)


@app.command(epilog=EXIT_CODES)
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(help="Two to six scenarios, by name or .yaml file; differences are to the first."),
    ],
    seeds: Annotated[int, typer.Option(help="Number of runs of each scenario.")] = 20,
    with_: With = None,
    first_seed: Annotated[int, typer.Option(help="Seed of the first run; the others follow.")] = 1,
    scale: Scale = 1.0,
    until: Annotated[int, typer.Option(help="Last year, 2015 to 2022.")] = 2022,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for tables, figures and the manifest.")] = None,
    members: Annotated[
        bool, typer.Option("--members", help="Show each city and zone, not only both together.")
    ] = False,
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
    json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another experiment's results in --out.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Compare scenarios on the same seeds: outcomes, differences, what they cost."""
    from simulation import cli_compare

    scenarios = ["+".join((scenario, *(with_ or ()))) for scenario in scenarios]
    cli_compare.compare(
        scenarios, seeds, first_seed, scale, until, processes, out, members, json, force, quiet, equal_budget,
        budget,
    )  # fmt: skip


@app.command(epilog=EXIT_CODES)
def attribute(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of a .yaml file.")],
    to: Annotated[str, typer.Option(help="Scenario that it is compared with.")] = "baseline",
    by: Annotated[
        str | None,
        typer.Option(help="Parts: lever, article or chapter; by default levers if they are few."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of paired seeds.")] = 20,
    first_seed: Annotated[int, typer.Option(help="The first seed; the others follow.")] = 1,
    scale: Annotated[
        float, typer.Option(help="Share of firms that is simulated, 0.001 to 1, each with its weight.")
    ] = 0.1,
    until: Annotated[int, typer.Option(help="Last year, 2015 to 2022.")] = 2022,
    permutations: Annotated[
        int | None,
        typer.Option(help="Orders of the parts for each seed, an even number; 0 runs all coalitions."),
    ] = None,
    interactions: Annotated[
        bool,
        typer.Option("--interactions", help="Measure what the strongest pairs add together (more runs)."),
    ] = False,
    settings: Settings = [],  # noqa: B006 - typer copies it
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for tables and figures; a stopped run goes on from there.")
    ] = None,
    members: Annotated[
        bool, typer.Option("--members", help="Show each city and zone, not only both together.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show small parts too.")] = False,
    json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another experiment's results in --out.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Attribute the difference of two scenarios to levers, articles or chapters, by Shapley values."""
    from simulation import cli_attribute

    cli_attribute.attribute(
        scenario, to, by, seeds, first_seed, scale, until, permutations, interactions, settings, processes,
        out, members, everything, json, force, quiet,
    )  # fmt: skip


@app.command(epilog=EXIT_CODES)
def split(
    first: Annotated[str, typer.Argument(help="A scenario, a .yaml file, a run's name, or its results.")],
    last: Annotated[str, typer.Argument(help="What it is compared with, of any of these kinds.")],
    settings: Settings = [],  # noqa: B006 - typer copies it
    settings_first: Annotated[
        list[str], typer.Option("--set-first", help="NAME=VALUE as --set, for the first side.")
    ] = [],  # noqa: B006
    seeds: Annotated[int, typer.Option(help="Number of paired seeds.")] = 20,
    first_seed: Annotated[int, typer.Option(help="The first seed; the others follow.")] = 1,
    scale: Annotated[
        float | None,
        typer.Option(help="Share of firms that is simulated; by default 0.1, or that of results."),
    ] = None,
    until: Annotated[int | None, typer.Option(help="Last year, 2015 to 2022.")] = None,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for the table; a stopped run goes on from there.")
    ] = None,
    members: Annotated[
        bool, typer.Option("--members", help="Show each city and zone, not only both together.")
    ] = False,
    json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another experiment's results in --out.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Split the difference of two runs or scenarios into policy, assumption, interaction and noise."""
    from simulation import cli_split

    cli_split.split(
        (first, last), (settings_first, settings), seeds, first_seed, scale, until, processes, out, members,
        json, force, quiet,
    )  # fmt: skip


@app.command("app", epilog=EXIT_CODES)
def app_command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in the network join.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8765,
    scale: Scale = 1.0,
    seeds: Annotated[int, typer.Option(help="Draws of each scenario, 2 to 200.")] = 20,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
) -> None:
    """Start the app: a policy laboratory in the browser, in Chinese and English."""
    from simulation import cli_app

    cli_app.serve(host, port, scale, seeds, processes)


@app.command(epilog=EXIT_CODES)
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
    first_seed: Annotated[int, typer.Option(help="The first seed; the others follow.")] = 1,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for mixes and figures; a stopped search goes on from there."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the search that was stopped in --out.")
    ] = False,
    json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another experiment's results in --out.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Find the cheapest mixes of levers that meet all targets with a given probability."""
    from simulation import cli_search

    request = cli_search.request_of(
        levers, fix, targets, with_ or [], probability=probability, budget=budget, evaluations=evaluations,
        seeds=seeds, scale=scale, checks=checks, check_seeds=check_seeds, check_scale=check_scale,
        first_seed=first_seed,
    )  # fmt: skip
    cli_search.search(request, processes, out, resume, json, force, quiet)


@app.command(epilog=EXIT_CODES)
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
    first_seed: Annotated[int, typer.Option(help="The first seed; the others follow.")] = 1,
    targets: Annotated[
        str | None, typer.Option(help="Targets that count, by id with commas; by default all.")
    ] = None,
    processes: Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for tables and figures; what was stopped goes on from there."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was stopped in --out.")] = False,
    json: Json = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace another experiment's results in --out.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")] = False,
) -> None:
    """Put scenarios to the test in many futures: regret, and the conditions under which each fails."""
    from simulation import cli_robust

    cli_robust.robust(
        scenarios, designs, scale, first_seed, targets, processes, out, resume, json, force, quiet
    )


@app.command(epilog=EXIT_CODES)
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; an error a user can act on is one line on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    sys.exit(_exit_code([word for word in words if word != "--debug"], debug))


def _exit_code(words: list[str], debug: bool) -> int:
    message = ""
    try:
        code: int = app(words, prog_name="yongwen", standalone_mode=False) or 0
        sys.stdout.flush()
    except YongwenError as error:
        code, message = error.exit_code, str(error)
    except typer.TyperException as error:  # empty where the help was printed instead
        code, message = error.exit_code, error.format_message()
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if debug:
            raise
        code, message = 1, f"internal error: {type(error).__name__}: {error} (--debug shows the traceback)"
    if code == INTERRUPTED:
        message = message or "stopped"
    if message:
        print("yongwen: " + " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
