"""The command that puts scenarios to the test in many futures: robust."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from scenarios import analysis_store
from scenarios.analysis_store import Analysis
from scenarios.robustness import Robustness, plan_robustness
from scenarios.robustness_figure import robustness_figure, telling
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_progress import counting
from simulation.cli_resume import ledger_in
from simulation.experiment import number_of_processes
from simulation.figure import save
from simulation.report import FULL_WIDTH, number
from simulation.workers import kept_pool

FIGURES = ("robustness.png", "robustness.svg")
TOLD = 4  # conditions of failure that are printed for each scenario
CAPTION = (
    "Meets: share of futures that meet all targets, with its 95 % interval. Attains: mean over targets of "
    "how much of its goal each reaches, at most all of it, in percent; worst is the least of all. Regret: "
    "what the best of these scenarios attains in the same future beyond it, in points. Best: share of "
    "futures in which none attains more. Cost is not in the regret: who spends more is not better for it."
)


def robust(
    scenarios: list[str],
    designs: int,
    scale: float,
    first_seed: int,
    targets: str | None,
    processes: int | None,
    out: Path | None,
    resume: bool,
    json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Run scenarios in many futures, write the results if asked to, and print them."""
    wanted = [name.strip() for name in (targets or "").split(",") if name.strip()]
    with explained():
        trials = plan_robustness(scenarios, designs, scale, first_seed, wanted)
        ledger = ledger_in(out, trials.identity, resume, force)
        with (
            kept_pool(number_of_processes(processes)),
            counting("robust", len(trials.scenarios) * designs, quiet) as bar,
        ):
            found = trials.run(ledger, processes, bar)
    document = found.document()
    if out:
        figure = robustness_figure(found)
        written = Analysis("robustness", trials.identity, trials.scenarios, document, found.table(), True)
        analysis_store.write(out, written, {name: partial(save, figure) for name in FIGURES})
    if json:
        print_json(document)
    else:
        show(found, output())
    if out and not quiet:
        messages().print(f"tables, figures and manifest are in {out}")


def show(found: Robustness, console: Console) -> None:
    """Print how scenarios did, and when they fail."""
    console.print(_table(found, console.width >= FULL_WIDTH))
    console.print(CAPTION, "\n", highlight=False)
    for line in notes(found):
        console.print(line, highlight=False, markup=False)


def _table(found: Robustness, wide: bool) -> Table:
    trials = found.trials
    title = f"{len(trials.futures)} futures at scale {trials.scale:g}, {len(trials.targets)} targets"
    view = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    view.add_column("scenario", no_wrap=True)
    headings = ["meets", "95 %", "attains", "worst", "regret", "90 %", "most", "best", "cost"]
    only_wide = {"95 %", "worst", "90 %"}
    shown = [heading for heading in headings if wide or heading not in only_wide]
    for heading in shown:
        view.add_column(heading, justify="right", no_wrap=True)
    for name, row in found.rows.items():
        cells = dict(
            zip(
                headings,
                (
                    f"{row.meets:.0%}", f"{row.low:.0%}–{row.high:.0%}", f"{row.attainment:.1f}",
                    f"{row.worst:.1f}", f"{row.regret:.1f}", f"{row.regret_90:.1f}", f"{row.regret_most:.1f}",
                    f"{row.best:.0%}", number(row.cost),
                ),
                strict=True,
            )
        )  # fmt: skip
        view.add_row(name, *(cells[heading] for heading in shown))
    return view


def notes(found: Robustness) -> Iterator[str]:
    """Yield in words which scenario is regretted least, and when each one fails."""
    yield f"least regret at worst: {found.minimax}"
    for name, failures in found.failures.items():
        told = telling(failures)[:TOLD]
        for one in told:
            box, what = one.box, one.target.id if one.target else "all targets together"
            assert box is not None
            yield (
                f"* {name} fails {what} when {box}: {box.density:.0%} of such futures fail (of all, "
                f"{box.usual:.0%}), which are {box.coverage:.0%} of the failures"
            )
        if not told:
            together = failures[0].share
            yield f"* {name} fails in {together:.0%} of futures; no few conditions tell which"
    yield "Coverage and density are of futures that had no part in finding the conditions."
