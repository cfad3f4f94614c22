"""The command attribute: how much each lever, article or chapter contributes to a difference."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from scenarios import analysis_store
from scenarios.analysis_store import Analysis
from scenarios.attribution import Attribution, Row, plan_attribution
from scenarios.attribution_figure import waterfalls
from scenarios.comparison import COST, COST_YEARS, Difference
from scenarios.ledger import Ledger
from simulation import store
from simulation.cli_compare import small_number, told
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_parameters import overrides
from simulation.cli_progress import counting
from simulation.experiment import TARGET_YEAR
from simulation.figure import save
from simulation.indicators import INDICATORS
from simulation.report import number, region_name

FIGURES = ("waterfall.png", "waterfall.svg")
SHOWN = 5  # contributions and interactions of each target, unless all are asked for
COLUMNS = ("change", "±", "told", "share")
CAPTION = (
    "Each part is a Shapley value: its mean contribution over the orders in which the parts may be switched "
    "on; the parts add up to the difference. ±: half the 95 % confidence interval, which holds chance and, "
    "where orders are sampled, the sampling; told: whether the interval leaves out zero, each by itself (of "
    "twenty without any effect one is told by chance), or how many more seeds would tell it with 80 % power; "
    "share: of the difference, where that is told; ×: what a pair adds beyond each alone, part of the values "
    "above."
)


def attribute(
    scenario: str,
    to: str,
    by: str | None,
    seeds: int,
    first_seed: int,
    scale: float,
    until: int,
    permutations: int | None,
    interactions: bool,
    settings: list[str],
    processes: int | None,
    out: Path | None,
    members: bool,
    everything: bool,
    json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Run the coalitions, write the attribution if asked to, and print it."""
    with explained():
        plan = plan_attribution(
            scenario,
            to,
            range(first_seed, first_seed + max(0, seeds)),
            scale,
            until,
            by,
            permutations,
            interactions,
            overrides(settings),
        )
        if out:
            store.prepare(out, plan.identity, force)
        with counting("attribute", len(plan.names), quiet) as count:
            found = plan.run(Ledger(out), processes, count, count.expect)
    if out:
        figure, sides = waterfalls(found), [plan.first, plan.last]
        analysis = Analysis("attribution", plan.identity, sides, found.document(), _rows(found))
        analysis_store.write(out, analysis, {name: partial(save, figure) for name in FIGURES})
    if json:
        print_json(found.document())
    else:
        console = output()
        console.print(table(found, members, everything))
        console.print(balance(found), style="dim", highlight=False)
    if out and not quiet:
        messages().print(f"tables, figures and manifest are in {out}")


def balance(found: Attribution) -> str:
    """Return how well the parts add up, and what they rest on."""
    plan = found.plan
    how = (
        f"{plan.orders} orders of {len(plan.players)} for each seed"
        if plan.orders
        else f"all {2 ** len(plan.players)} coalitions for each seed"
    )
    return f"{found.runs:,} runs, {how}; largest gap of the parts' sum to the difference {found.residual:.1g}"


def table(found: Attribution, members: bool = False, everything: bool = False) -> Table:
    """Return the parts of every difference, the largest first; with `everything` also the small ones."""
    plan = found.plan
    year = min(TARGET_YEAR, plan.until)
    view = Table(
        title=f"{year}: {escape(plan.last.name)} less {escape(plan.first.name)}, {len(plan.seeds)} seeds at "
        f"scale {plan.scale:g}",
        caption=CAPTION,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    view.add_column("", min_width=32)
    for heading in COLUMNS:
        view.add_column(heading, justify="right", no_wrap=True)
    shown = len(plan.players) if everything else SHOWN
    for row in found.rows():
        if row.measure.joint or members:
            view.add_row(_title(row))
            view.add_row(*(f"[dim]{fact}[/dim]" for fact in _facts(row)))
            for cells in _lines(row, found, shown):
                view.add_row(*cells)
            view.add_section()
    return view


def _title(row: Row) -> str:
    name = INDICATORS[row.measure.indicator].name_en
    return (
        f"[bold]{name} {COST_YEARS[0]}–{COST_YEARS[-1]}[/bold]"
        if row.measure.id == COST
        else f"[bold]{name}[/bold]"
    )


def _facts(row: Row) -> Iterator[str]:
    """Yield where, in which unit and with which target, and from what to what."""
    goal = f", target {number(row.measure.goal)}" if row.measure.goal is not None else ""
    yield f"{region_name(row.measure.region)}, {row.measure.unit}{goal}"
    yield from ("", "", f"{number(row.first)} → {number(row.last)}")


def _lines(row: Row, found: Attribution, shown: int) -> Iterator[tuple[str, ...]]:
    players = found.plan.players
    for player in row.moving[:shown]:
        part = row.contributions[player]
        yield f"  {players[player].name_en}", *_cells(part), _percent(row.share(part))
    if rest := row.moving[shown:]:
        total = sum(row.contributions[player].difference for player in rest)
        yield f"  {len(rest)} others together", small_number(total, signed=True), "", "", ""
    yield "  [italic]difference[/italic]", *_cells(row.difference), ""
    pairs = sorted(row.interactions.items(), key=lambda item: -abs(item[1].difference))
    for (a, b), part in [pair for pair in pairs if pair[1].told or shown > SHOWN][:shown]:
        yield f"  [dim]{players[a].short} × {players[b].short}[/dim]", *_cells(part), ""


def _cells(part: Difference) -> Iterator[str]:
    yield small_number(part.difference, signed=True)
    yield small_number(part.high - part.difference) if part.high is not None else ""
    yield told(part)


def _percent(share: float) -> str:
    return f"{share:.0%}" if math.isfinite(share) else ""


def _rows(found: Attribution) -> Iterator[Sequence[Any]]:
    document = found.document()
    yield "year", "target_id", "region", "unit", "part", "kind", "value", "low", "high", "told", "share"
    kinds = {player["id"]: player["kind"] for player in document["players"]}
    for row in (*document["targets"], document["fiscal_cost"]):
        about = document["year"], row["id"], row["scope"], row["unit"]
        for name, part in row["contributions"].items():
            yield *about, name, kinds[name], *part.values()
        for pair in row["interactions"]:
            names, *numbers = pair.values()
            yield *about, " x ".join(names), "interaction", *numbers, None
        yield *about, "difference", "difference", *row["difference"].values(), None
