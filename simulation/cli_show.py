"""The commands that list what there is: plan, indicators and data."""

from dataclasses import asdict
from time import perf_counter
from typing import Any

from rich import box
from rich.table import Table

from simulation.cli_output import explained, output, print_json
from simulation.data import load_observations
from simulation.errors import unknown_name
from simulation.indicators import INDICATORS, Indicator
from simulation.model import InnovationModel
from simulation.runs import RunSpec, settle_in
from simulation.schedule import PHASES, Phase

WARM_UP = 4  # quarters that are not counted: rules are compiled in them


def indicators(json: bool) -> None:
    """List the registry of indicators."""
    if json:
        print_json({"indicators": [_entry(indicator) for indicator in INDICATORS.values()]})
        return
    view = _table("id", "indicator", "unit", "definition")
    for indicator in INDICATORS.values():
        view.add_row(
            indicator.id, f"{indicator.name_en}\n{indicator.name_zh}", indicator.unit, indicator.definition
        )
    output().print(view)


def _entry(indicator: Indicator) -> dict[str, Any]:
    words = {name: getattr(indicator, name) for name in ("id", "name_en", "name_zh", "unit", "definition")}
    return {**words, "observed_as": [series for series, _ in indicator.observed_as]}


def data(region: str | None, indicator: str | None, json: bool) -> None:
    """List observations, with what each rests on."""
    with explained():
        rows = load_observations().all()
    for kind, wanted in (("region", region), ("indicator", indicator)):
        known = dict.fromkeys(getattr(row, kind) for row in rows)
        if wanted is not None and wanted not in known:
            raise unknown_name(kind, wanted, known)
        rows = tuple(row for row in rows if wanted in {None, getattr(row, kind)})
    if json:
        print_json({"observations": [asdict(row) for row in rows]})
        return
    view = _table("region", "indicator", "year", "value", "unit", "rests on", "source")
    for row in rows:
        style = "yellow" if row.provenance == "assumption" else None
        basis = f"{row.provenance}, {row.confidence}"
        view.add_row(
            row.region,
            row.indicator,
            str(row.year),
            f"{row.value:,g}",
            row.unit,
            basis,
            row.source,
            style=style,
        )
    output().print(view)


def plan(scale: float, json: bool) -> None:
    """List the phases of a tick with their mean time."""
    with explained():
        spec = RunSpec("baseline", seed=1, scale=scale)
        mean_ms = _mean_times(spec)
    total = sum(mean_ms.values())
    if json:
        phases = [
            {"phase": p.name, "summary": p.summary, "yearly": p.yearly, "ms_per_quarter": mean_ms[p.name]}
            for p in PHASES
        ]
        print_json({"scale": spec.scale, "ms_per_quarter": total, "phases": phases})
        return
    view = _table("phase", "what happens", "every", title=f"One quarter at scale {spec.scale:g}")
    view.add_column("ms a quarter", justify="right")
    for phase in PHASES:
        pace = "year" if phase.yearly else "quarter"
        view.add_row(phase.name, phase.summary, pace, f"{mean_ms[phase.name]:.2f}")
    view.add_section()
    view.add_row("all", "", "", f"{total:.2f}")
    output().print(view)


class _Stopwatch(InnovationModel):
    """The model, with the time that each phase has taken."""

    spent: dict[str, float]

    def run_phase(self, phase: Phase) -> None:
        """Run a phase as the model does, and take its time."""
        start = perf_counter()
        super().run_phase(phase)
        self.spent[phase.name] += perf_counter() - start


def _mean_times(spec: RunSpec) -> dict[str, float]:
    """Return each phase's mean time in ms over all years but the first, in which the rules are compiled."""
    settle_in()
    model = _Stopwatch(scenario=spec.scenario, seed=spec.seed, scale=spec.scale, until=spec.until)
    quarters = 0
    while model.running:
        if model.quarter <= WARM_UP:
            model.spent = dict.fromkeys((phase.name for phase in PHASES), 0.0)
            quarters = 0
        model.step()
        quarters += 1
    return {name: 1_000 * seconds / quarters for name, seconds in model.spent.items()}


def _table(*columns: str, title: str | None = None) -> Table:
    return Table(*columns, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
