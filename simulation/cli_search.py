"""The command that looks for the cheapest mixes of levers that meet the targets: search."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from scenarios import analysis_store
from scenarios.comparison import COST_YEARS
from scenarios.mixes import space_of
from scenarios.scenario import load_scenario
from scenarios.search_figure import front_figure, headline
from scenarios.search_runs import Answer, Bench, Request, find, targets_of
from scenarios.search_store import analysis, document, letters, mix_files
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_parameters import settings
from simulation.cli_progress import counting
from simulation.cli_resume import ledger_in
from simulation.experiment import number_of_processes
from simulation.figure import save
from simulation.report import number
from simulation.store import Attachment
from simulation.workers import kept_pool

FIGURES = ("search.png", "search.svg")
TEMPLATE = "full_plan"
CAPTION = (
    f"Extra: fiscal cost {COST_YEARS[0]}–{COST_YEARS[-1]} on top of the baseline, 100m CNY. P: share of "
    "futures that meet all targets, in the search and in the check, with its 95 % interval. Shortfall: "
    "share of its goal by which the worst target is missed, mean of all futures. Levers: empty is neutral; "
    "marked ! lies beyond the values at which levers were tested."
)


def search(
    request: Request,
    processes: int | None,
    out: Path | None,
    resume: bool,
    json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Search, check the front, write the mixes if asked to, and print them."""
    with explained():
        ledger = ledger_in(out, request.identity, resume, force)
    workers = number_of_processes(processes)
    with explained(), kept_pool(workers), counting("search", request.runs, quiet) as bar:
        answer = find(request, Bench(request, ledger, processes, bar))
    if out:
        figure = front_figure(answer)
        files: dict[str, Attachment] = {name: partial(save, figure) for name in FIGURES}
        files |= mix_files(answer)
        _forget_mixes(out)
        analysis_store.write(out, analysis(answer), files)
    if json:
        print_json(document(answer))
    else:
        show(answer, output())
    if out and not quiet:
        messages().print(f"mixes as scenario files, figures and manifest are in {out}")


def _forget_mixes(out: Path) -> None:
    """Remove the mixes of an earlier search, of which there may have been more."""
    for old in out.glob("mix_?.yaml"):
        old.unlink()


def request_of(
    levers: str | None, fix: list[str], targets: str | None, conditions: list[str], **numbers: Any
) -> Request:
    """Return a request; `numbers` are its other fields."""
    with explained():
        fixed = settings(fix, "--fix", "LEVER=VALUE", "tech_lending=50")
        space = space_of(_names(levers), fixed, load_scenario("+".join((TEMPLATE, *conditions))))
        return Request(space, targets_of(_names(targets)), **numbers)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def show(answer: Answer, console: Console) -> None:
    """Print what a search found."""
    console.print(f"\n[bold]{headline(answer)}.[/bold]\n", highlight=False)
    for view in (_mixes(answer), _targets(answer), _levers(answer)):
        console.print(view)
    console.print(CAPTION, "\n", highlight=False)
    for line in notes(answer):
        console.print(f"* {line}", highlight=False, markup=False)


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )


def _mixes(answer: Answer) -> Table:
    request = answer.request
    view = _table(
        f"The front, checked with {request.check_seeds} fresh seeds at scale {request.check_scale:g}",
    )
    view.add_column("mix")
    for heading in ("extra", "P, search", "P, check", "95 %", "shortfall"):
        view.add_column(heading, justify="right", no_wrap=True)
    view.add_row("baseline", "0", "", f"{answer.base.probability:.0%}", "", f"{answer.base.shortfall:.1%}")
    for letter, one in letters(answer).items():
        low, high = one.interval
        view.add_row(
            letter, number(one.check.extra), f"{one.trial.probability:.0%}", f"{one.check.probability:.0%}",
            f"{low:.0%}–{high:.0%}", f"{one.check.shortfall:.1%}",
        )  # fmt: skip
    return view


def _targets(answer: Answer) -> Table:
    view = _table("Share of futures that meet each target, in the check")
    view.add_column("target", no_wrap=True, overflow="ellipsis")
    for heading in ("baseline", *letters(answer)):
        view.add_column(heading, justify="right", no_wrap=True)
    columns = [answer.base, *(one.check for one in answer.checked)]
    for k, target in enumerate(answer.request.targets):
        view.add_row(target.id, *(f"{column.each[k]:.0%}" for column in columns))
    return view


def _levers(answer: Answer) -> Table:
    space = answer.request.space
    mixes = [space.levers(one.trial.values) for one in answer.checked]
    view = _table("Levers of the mixes")
    view.add_column("lever", no_wrap=True)
    for letter in letters(answer):
        view.add_column(letter, justify="right", no_wrap=True)
    beyond = [{lever.lever.name for lever in answer.outside(one)} for one in answer.checked]
    for name in dict.fromkeys(name for mix in mixes for name in mix):
        cells = (
            f"{mix[name]:g}{'!' if name in marked else ''}" if name in mix else ""
            for mix, marked in zip(mixes, beyond, strict=True)
        )
        view.add_row(name, *cells)
    return view


def notes(answer: Answer) -> Iterator[str]:
    """Yield what a reader has to know: what binds, what is at its bound, how far to trust the search."""
    request, best = answer.request, answer.best
    if answer.cheapest is None:
        name = next(letter for letter, one in letters(answer).items() if one is best)
        for bound in answer.binding:
            yield (
                f"{bound.target.id} binds: mix {name} meets it in {bound.probability:.0%} of futures, "
                f"its median {number(bound.gap, signed=True)} {bound.target.unit} from the target; "
                f"of all mixes tried, the best one for it reached {bound.most:.0%}"
            )
        if not answer.binding:
            yield f"no target binds by itself: mix {name} fails to meet them all in one future"
        if bounds := request.space.at_bounds(best.trial.values):
            yield f"at their bounds in mix {name}, so that they can do no more: {', '.join(bounds)}"
        if request.budget is not None:
            yield f"the budget of {number(request.budget)} is a limit too: without it more may be possible"
        yield "that no mix was found does not prove that there is none: more --evaluations look further"
    for letter, one in letters(answer).items():
        if beyond := answer.outside(one):
            levers = "; ".join(map(str, beyond))
            yield f"mix {letter} lies outside the region where levers were tested together: {levers}"
    yield from _trust(answer)


def _trust(answer: Answer) -> Iterator[str]:
    request = answer.request
    drop = sum(one.trial.probability - one.check.probability for one in answer.checked) / len(answer.checked)
    yield (
        f"winner's curse: on the average of the mixes, {abs(drop) * 100:.0f} points of probability "
        f"{'less' if drop >= 0.0 else 'more'} in the check than in the search"
    )
    bias = answer.bias
    told = [
        f"{target.id} {mean:+.3g} of {effect:.3g}"
        for target, mean, error, effect in zip(
            request.targets, bias.mean, bias.error, bias.effect, strict=False
        )
        if abs(mean) > 3.0 * error and abs(mean) > 0.1 * abs(effect)
    ]
    what = "; ".join(told) if told else "none that can be told from noise and is above a tenth of the effect"
    yield f"bias of scale {request.scale:g} in the effect of the plan values, full scale less small: {what}"
    cost, chance = answer.prediction_errors
    yield (
        f"the surrogate that proposed mixes was off by {number(cost)} (100m CNY) and {chance * 100:.0f} "
        "points of probability on the average; nothing that it predicts is reported"
    )
