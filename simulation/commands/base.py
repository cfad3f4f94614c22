"""The root of the command line, and options that several commands share."""

from importlib.metadata import version
from typing import Annotated

import typer

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
app.add_typer(scenarios_app, name="scenarios", rich_help_panel="Show")

calibrate_app = typer.Typer(
    help="Infer parameters and city effects from 2015-2018, and show what was learnt.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(calibrate_app, name="calibrate", rich_help_panel="Calibrate")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Scale = Annotated[
    float, typer.Option(help="Share of firms that is simulated, 0.001 to 1, each with its weight.")
]
Settings = Annotated[
    list[str], typer.Option("--set", help="NAME=VALUE of a parameter, instead of what is drawn; repeatable.")
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", help="Scenario whose conditions are laid over it, such as trade_shock; may be repeated."
    ),
]
Central = Annotated[
    bool,
    typer.Option(
        "--central", help="Hold parameters at central values instead of drawing from the posterior."
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Test all invariants after every tick (slower).")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar and no messages.")]
Processes = Annotated[int | None, typer.Option(help="Worker processes; by default one a core.")]
Force = Annotated[bool, typer.Option("--force", help="Replace another experiment's results in --out.")]
FirstSeed = Annotated[int, typer.Option(help="The first seed; the others follow.")]
Until = Annotated[int, typer.Option(help="Last year, 2015 to 2022.")]
MembersToo = Annotated[
    bool, typer.Option("--members", help="Show each city and zone, not only both together.")
]


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
