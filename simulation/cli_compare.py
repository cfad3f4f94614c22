"""The commands that compare on the same seeds: compare, and levers --variance."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from scenarios import comparison_store
from scenarios.comparison import (
    COST,
    COST_REGION,
    COST_YEARS,
    MORE_SEEDS_CAP,
    Comparison,
    Cost,
    Difference,
    Outcome,
    Plan,
    plan_comparison,
)
from scenarios.comparison_figure import small_multiples
from scenarios.levers import LEVERS
from scenarios.pairing import COMPANIONS, Pairing, measure
from scenarios.same_cost import CLOSE, SameCost, match_costs
from simulation import store
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_progress import counting
from simulation.errors import InputError
from simulation.experiment import MAX_RUNS, TARGET_YEAR
from simulation.figure import save
from simulation.indicators import INDICATORS
from simulation.report import FULL_WIDTH, bands_hold, number, region_name

FIGURES = ("comparison.png", "comparison.svg")
COLUMNS = ("median", "90 % band", "P", "change", "95 % interval", "told", "cost/unit")
ONLY_WIDE = {"90 % band", "95 % interval"}
CAPTION = (
    "P is the share of runs that meet the target; change, the mean over seeds of this scenario less the "
    "first, with its 95 % confidence interval; told, whether that leaves out zero, each by itself (of twenty "
    "without any effect one is told by chance), or how many more seeds would tell it with 80 % power; cost"
    f"/unit, 100m CNY of extra fiscal cost {COST_YEARS[0]}–{COST_YEARS[-1]} for a unit gained."
)


def compare(
    scenarios: list[str],
    seeds: int,
    first_seed: int,
    scale: float,
    until: int,
    processes: int | None,
    out: Path | None,
    members: bool,
    json: bool,
    force: bool,
    quiet: bool,
    equal_budget: bool = False,
    budget: float | None = None,
    central: bool = False,
) -> None:
    """Simulate every scenario on the same seeds, write the comparison if asked to, and print it."""
    if not 1 <= seeds * len(scenarios) <= MAX_RUNS:
        raise InputError(f"seeds must be a whole number from 1 to {MAX_RUNS // len(scenarios)}, not {seeds}")
    with explained():
        seed_range = range(first_seed, first_seed + seeds)
        plan, same = plan_comparison(scenarios, seed_range, scale, until, central), None
        if equal_budget or budget is not None:
            with counting("equal cost", quiet=quiet) as count:
                same = match_costs(scenarios, seed_range, scale, budget, until, processes, count, central)
            plan = plan_comparison(same.scenarios, seed_range, scale, until, central)
        if out:
            store.prepare(out, plan.joint.identity, force)
        comparison = _simulate(plan, processes, quiet)
    if out:
        figure = small_multiples(comparison)
        comparison_store.write(out, comparison, {name: partial(save, figure) for name in FIGURES})
    if json:
        equal = {"equal_budget": same.document()} if same else {}
        print_json({**comparison.document(), **equal})
    else:
        console = output()
        console.print(table(comparison, console.width, members))
        if same:
            console.print(budget_table(same))
    if out and not quiet:
        messages().print(f"tables, figures and manifest are in {out}")


def variance(seeds: int, scale: float, processes: int | None, json: bool) -> None:
    """Run each lever alone and print the ratio of variances, independent over paired seeds."""
    scenarios = 1 + len(LEVERS) + len(COMPANIONS)
    limit = MAX_RUNS // scenarios
    if not 2 <= seeds <= limit:
        raise InputError(f"seeds must be a whole number from 2 to {limit}, not {seeds}")
    with explained(), counting("levers", seeds * scenarios) as count:
        found = measure(range(1, seeds + 1), scale, TARGET_YEAR, processes, lambda _: count())
    if json:
        print_json({"seeds": seeds, "scale": scale, "year": TARGET_YEAR, "levers": list(_pairings(found))})
        return
    view = Table(
        title=f"{TARGET_YEAR}, {region_name(COST_REGION)}: each lever alone at its plan value, {seeds} runs "
        f"at scale {scale:g}",
        caption="Ratio: variance of the difference to the baseline with independent seeds over that with the "
        "same seeds; so many times more runs would an unpaired comparison need.",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    view.add_column("lever")
    view.add_column("indicator")
    for heading in ("change", "95 % interval", "told", "ratio"):
        view.add_column(heading, justify="right", no_wrap=True)
    for pairing in found:
        ratio = pairing.paired.variance_ratio
        cells = *_paired_cells(pairing.paired), f"{ratio:,.0f}" if ratio is not None else ""
        view.add_row(pairing.lever.name, pairing.indicator, *cells)
    output().print(view)


def _pairings(found: Iterable[Pairing]) -> Iterator[dict[str, Any]]:
    for pairing in found:
        yield {"name": pairing.lever.name, "indicator": pairing.indicator, **asdict(pairing.paired)}


def _simulate(plan: Plan, processes: int | None, quiet: bool) -> Comparison:
    with counting("compare", len(plan.joint.runs), quiet) as count:
        return plan.run(processes, lambda _: count())


def budget_table(same: SameCost) -> Table:
    """Return how each scenario was brought to one cost, and what stood in the way."""
    view = Table(
        title=f"Equal public cost: {number(same.budget)} (100m CNY over no policy, "
        f"{COST_YEARS[0]}–{COST_YEARS[-1]})",
        caption="Levers that spend money are multiplied by one factor, found on a few runs; a cost within "
        f"{CLOSE:.0%} of the budget counts as equal. The comparison is between the scenarios so scaled.",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    view.add_column("")
    for heading in ("cost before", "factor", "cost"):
        view.add_column(heading, justify="right", no_wrap=True)
    view.add_column("equal")
    for name, match in same.matches.items():
        bounds = f" (at bounds: {', '.join(match.at_bounds)})" if match.at_bounds else ""
        verdict = f"yes{bounds}" if match.reached else f"no: {match.why}{bounds}"
        factor = f"×{match.factor:.3g}" if match.factor is not None else ""
        view.add_row(name, number(match.cost_before), factor, number(match.cost), verdict)
    return view


def table(comparison: Comparison, width: int, members: bool = False) -> Table:
    """Return the comparison as a table for a screen of `width` columns.

    It has the joint scopes and, with `members`, each city and zone.
    """
    runs, scale = len(comparison.first.results), comparison.first.experiment.scale
    view = Table(
        title=f"{comparison.year}: {runs} runs of each scenario at scale {scale:g}, same seeds",
        caption=f"{CAPTION} {bands_hold(comparison.first.experiment.central)}",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    wide = width >= FULL_WIDTH
    view.add_column("", min_width=2 + max(map(len, comparison.names)) if wide else None)
    shown = [column for column in COLUMNS if wide or column not in ONLY_WIDE]
    for heading in shown:
        view.add_column(heading, justify="right", no_wrap=True)
    for row in comparison.rows:
        if members or row.region == row.target.regions[0]:
            indicator = INDICATORS[row.target.indicator]
            goal = f", target {number(row.goal)}" if row.goal is not None else ""
            view.add_row(f"[bold]{indicator.name_en}[/bold]")
            view.add_row(f"[dim]{region_name(row.region)}, {indicator.unit}{goal}[/dim]")
            for name, outcome in row.outcomes.items():
                cells = dict(zip(COLUMNS, _outcome_cells(outcome), strict=True))
                view.add_row(f"  {name}", *(cells[column] for column in shown))
            view.add_section()
    view.add_row(f"[bold]Fiscal cost {COST_YEARS[0]}–{COST_YEARS[-1]}[/bold]")
    view.add_row(f"[dim]{region_name(COST_REGION)}, {INDICATORS[COST].unit}[/dim]")
    for name, cost in comparison.costs.items():
        cells = dict(zip(COLUMNS, _cost_cells(cost), strict=True))
        view.add_row(f"  {name}", *(cells[column] for column in shown))
    return view


def _outcome_cells(outcome: Outcome) -> Iterator[str]:
    yield number(outcome.median)
    yield _interval(outcome.q05, outcome.q95)
    yield f"{outcome.probability:.0%}" if outcome.probability is not None else ""
    yield from _paired_cells(outcome.paired)
    yield small_number(outcome.cost_per_unit)


def _cost_cells(cost: Cost) -> Iterator[str]:
    yield from (number(cost.median), _interval(cost.q05, cost.q95), "")
    yield from _paired_cells(cost.paired)
    yield ""


def _paired_cells(paired: Difference | None) -> Iterator[str]:
    if paired is None:
        yield from ("", "", "")
        return
    yield small_number(paired.difference, signed=True)
    ends = [small_number(end) for end in (paired.low, paired.high)]
    yield f"({ends[0]}, {ends[1]})" if all(ends) else ""
    yield told(paired)


def told(paired: Difference) -> str:
    """Return in words whether a difference is told from noise, or how many more seeds would tell it."""
    if paired.told:
        return "yes"
    if paired.more_seeds is None:
        return "same" if paired.difference == 0.0 else "?"
    if paired.more_seeds >= MORE_SEEDS_CAP:
        return f">{MORE_SEEDS_CAP:,} seeds"
    return f"+{paired.more_seeds:,} seeds"


def _interval(low: float, high: float) -> str:
    ends = number(low), number(high)
    return "–".join(ends) if all(ends) else ""


def small_number(value: float | None, signed: bool = False) -> str:
    """Return a value as `number` does, but with two digits however small it is."""
    if value is None or not 0.0 < abs(value) < 0.1:
        return number(math.nan if value is None else value, signed)
    return f"{value:{'+' if signed else ''}.2g}"
