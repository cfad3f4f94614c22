"""The command split: policy, assumption, interaction and noise in the difference of two runs or scenarios."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from scenarios import analysis_store
from scenarios.analysis_store import Analysis
from scenarios.comparison import COST, COST_YEARS
from scenarios.ledger import Ledger
from scenarios.scenario import load_scenario
from scenarios.split import NOISE, Part, Row, Side, Split, plan_split
from simulation import store
from simulation.cli_compare import small_number, told
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_parameters import overrides
from simulation.cli_progress import counting
from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR
from simulation.indicators import INDICATORS
from simulation.posterior import posterior_hash
from simulation.report import number, region_name
from simulation.rerun import from_name, from_results

SCALE = 0.1
CAPTION = (
    "policy, parameters, conditions: what each changes alone, on the first side; ×: what several change "
    "together beyond that; noise: what the sides' own runs differ by beyond these; where both sides ran on "
    "the paired seeds it is nothing, and ± is that of the whole difference. The parts add up to the "
    "difference. ±: half the 95 % confidence interval over paired seeds; told: whether that leaves out zero, "
    "or how many more seeds would tell it."
)


@dataclass(frozen=True)
class _Named:
    """A side as it was named: what it stands for, and the scale and last year of its results."""

    side: Side
    scale: float | None = None
    until: int | None = None


def split(
    names: tuple[str, str],
    settings: tuple[list[str], list[str]],
    seeds: int,
    first_seed: int,
    scale: float | None,
    until: int | None,
    processes: int | None,
    out: Path | None,
    members: bool,
    json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Run every mix of what two sides differ in, write the split if asked to, and print it."""
    with explained():
        sides = [_named(name, words) for name, words in zip(names, settings, strict=True)]
        first, last = (each.side for each in sides)
        common = first.seeds if first.seeds == last.seeds and len(first.seeds) > 1 else ()
        plan = plan_split(
            first,
            last,
            common or range(first_seed, first_seed + max(0, seeds)),
            _agreed("scale", scale, [each.scale for each in sides]) or SCALE,
            _agreed("until", until, [each.until for each in sides]) or TARGET_YEAR,
        )
        if out:
            store.prepare(out, plan.identity, force)
        with counting("split", len(plan.names), quiet) as count:
            found = plan.run(Ledger(out), processes, count)
    if out:
        scenarios = [side.scenario for side in plan.sides]
        analysis_store.write(out, Analysis("split", plan.identity, scenarios, found.document(), _rows(found)))
    if json:
        print_json(found.document())
    else:
        output().print(table(found, members))
    if out and not quiet:
        messages().print(f"table, document and manifest are in {out}")


def _named(name: str, words: list[str]) -> _Named:
    """Return what a scenario, a run or a folder of results stands for."""
    path = Path(name)
    if not path.is_dir() and "-" not in path.name:
        return _Named(Side(load_scenario(name), overrides(words)))
    if path.suffix in {".yaml", ".yml"}:
        return _Named(Side(load_scenario(name), overrides(words)))
    if words:
        raise InputError(f"{name} has parameters of its own; --set goes with a scenario")
    if path.is_dir():
        manifest = store.read_manifest(path)
        if "scenario_file" not in manifest or not manifest.get("runs"):
            raise InputError(f"{path} holds no results of `yongwen run`")
        spec = from_results(manifest["runs"][0]["run_id"], path).spec
        seeds = tuple(run["seed"] for run in manifest["runs"])
    else:
        spec = from_name(name).spec
        seeds = (spec.seed,)
    scenario = spec.scenario if not isinstance(spec.scenario, str) else load_scenario(spec.scenario)
    central = spec.central and bool(posterior_hash())
    return _Named(Side(scenario, spec.parameters, seeds, central), spec.scale, spec.until)


def _agreed(what: str, asked: Any, own: Sequence[Any]) -> Any:
    """Return the one value that is asked for or that the sides' results have."""
    values = {value for value in (asked, *own) if value is not None}
    if len(values) > 1:
        listed = " and ".join(f"{value:g}" for value in sorted(values))
        raise InputError(f"{what} must be one and the same on both sides, not {listed}")
    return values.pop() if values else None


def table(found: Split, members: bool = False) -> Table:
    """Return the parts of every difference."""
    plan = found.plan
    first, last = (escape(_title(side)) for side in plan.sides)
    view = Table(
        title=f"{min(TARGET_YEAR, plan.until)}: {last} less {first}, {len(plan.seeds)} paired seeds at scale "
        f"{plan.scale:g}",
        caption=CAPTION,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    view.add_column("", min_width=32)
    for heading in ("change", "±", "told"):
        view.add_column(heading, justify="right", no_wrap=True)
    for row in found.rows():
        if row.measure.joint or members:
            years = f" {COST_YEARS[0]}–{COST_YEARS[-1]}" if row.measure.id == COST else ""
            view.add_row(f"[bold]{INDICATORS[row.measure.indicator].name_en}{years}[/bold]")
            where = f"{region_name(row.measure.region)}, {row.measure.unit}"
            view.add_row(
                f"[dim]{where}[/dim]", "", "", f"[dim]{number(row.first)} → {number(row.last)}[/dim]"
            )
            for cells in _lines(row):
                view.add_row(*cells)
            view.add_section()
    return view


def _title(side: Side) -> str:
    own = ", ".join(f"{name}={value:g}" for name, value in side.parameters.items())
    return f"{side.scenario.name} ({own})" if own else side.scenario.name


def _lines(row: Row) -> Iterator[tuple[str, ...]]:
    for part in row.parts:
        yield f"  {part.id.replace(' x ', ' × ')}", *_cells(part)
    yield "  [italic]difference[/italic]", small_number(row.difference, signed=True), "", ""


def _cells(part: Part) -> Iterator[str]:
    value = part.value
    yield small_number(value.difference, signed=True)
    yield small_number(value.high - value.difference) if value.high is not None else ""
    yield told(value) if part.id != NOISE else ""


def _rows(found: Split) -> Iterator[Sequence[Any]]:
    document = found.document()
    yield "year", "target_id", "region", "unit", "part", "value", "low", "high", "told"
    for row in (*document["targets"], document["fiscal_cost"]):
        about = document["year"], row["id"], row["scope"], row["unit"]
        for name, part in row["parts"].items():
            yield *about, name, *part.values()
        yield *about, "difference", row["difference"], None, None, None
