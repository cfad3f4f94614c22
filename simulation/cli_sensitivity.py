"""The command sensitivity: Morris screening, then Sobol' indices of the parameters that matter most."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from calibration.sensitivity import (
    CHANCE,
    METHODS,
    TARGETS,
    Outcome,
    Study,
    chosen_parameters,
    plan_morris,
    plan_sobol,
)
from calibration.sensitivity_figure import indices_figure, sensitivity_figure
from scenarios import analysis_store
from scenarios.analysis_store import Analysis
from scenarios.ledger import Ledger
from scenarios.scenario import load_scenario
from simulation import store
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_progress import counting
from simulation.errors import InputError, unknown_name
from simulation.experiment import TARGET_YEAR
from simulation.figure import save
from simulation.indicators import INDICATORS

SHOWN, NAMED = 15, 3
MORRIS = (
    "Size: mean absolute change over the parameter's range (mu*), as a share of that of all factors, mean "
    "over targets. Chance is what another seed changes. City effects are held, parameters range over priors."
)
SOBOL = (
    "Share of a target's variance: S1 alone, ST with all interactions, ± half the 95 % interval. "
    "Only these parameters and chance vary; the others stand at central values."
)


def sensitivity(
    scenario: str,
    method: str,
    trajectories: int,
    samples: int,
    few: int,
    names: str | None,
    targets: str | None,
    scale: float,
    processes: int | None,
    out: Path | None,
    json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Screen all unknown parameters, work out Sobol' indices of the few that matter; write and print both."""
    if method not in METHODS:
        raise InputError(f"method must be {' or '.join(METHODS)}, not {method!r}")
    if few < 1:
        raise InputError(f"few must be a whole number of at least 1, not {few}")
    named = _words(names)
    with explained():
        shown = _targets(_words(targets))
        chosen_parameters(named)
        what = load_scenario(scenario)
        screening = plan_morris(what, trajectories, scale, named)
        if out:
            store.prepare(out, screening.identity, force)
        ledger = Ledger(out)
        found = [_run(screening, ledger, processes, quiet)]
        if method == "sobol":
            indices = plan_sobol(what, samples, scale, found[0].most(few))
            found.append(_run(indices, ledger, processes, quiet))
    document = _document(found, shown)
    if out:
        _write(out, found, document)
    if json:
        print_json(document)
    else:
        console = output()
        console.print(_screening(found[0], shown))
        for outcome in found[1:]:
            console.print(_indices(outcome, shown))
    if out and not quiet:
        messages().print(f"tables, figures and manifest are in {out}")


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _targets(names: Sequence[str]) -> list[int]:
    known = [target.id for target in TARGETS]
    for name in names:
        if name not in known:
            raise unknown_name("target", name, known)
    return [row for row, name in enumerate(known) if not names or name in names]


def _run(study: Study, ledger: Ledger, processes: int | None, quiet: bool) -> Outcome:
    with counting(study.method, len(study.runs), quiet) as count:
        return study.run(ledger, processes, count)


def _document(found: Sequence[Outcome], shown: Sequence[int]) -> dict[str, Any]:
    studies = [outcome.document() for outcome in found]
    for study in studies:
        study["targets"] = [study["targets"][row] for row in shown]
    first = found[0].study
    seeds = sorted({spec.seed for outcome in found for spec in outcome.study.runs.values()})
    return {
        "scenario": first.scenario.name,
        "scale": first.scale,
        "year": TARGET_YEAR,
        "runs": sum(study["runs"] for study in studies),
        "seeds": len(seeds),
        "most": found[-1].most(5),
        "studies": studies,
    }


def _write(out: Path, found: Sequence[Outcome], document: dict[str, Any]) -> None:
    first = found[0].study
    figures = {f"{outcome.study.method}.{kind}": outcome for outcome in found for kind in ("png", "svg")}
    attachments = {
        name: partial(
            save, sensitivity_figure(outcome) if name.startswith("morris") else indices_figure(outcome)
        )
        for name, outcome in figures.items()
    }
    rows = list(_rows(document))
    analysis_store.write(
        out, Analysis("sensitivity", first.identity, [first.scenario], document, rows, True), attachments
    )


def _rows(document: dict[str, Any]) -> Iterator[list[Any]]:
    yield ["method", "target_id", "region", "factor", "share", "index", "value"]
    for study in document["studies"]:
        for target in study["targets"]:
            for factor in target["factors"]:
                about = [study["method"], target["id"], target["scope"], factor["name"], factor["share"]]
                for name in factor.keys() - {"name", "share"}:
                    yield [*about, name, factor[name]]


def _screening(outcome: Outcome, shown: Sequence[int]) -> Table:
    study = outcome.study
    view = _framed(
        f"Morris screening of {len(study.factors)} parameters: {study.size} trajectories, "
        f"{len(study.runs):,} runs of {study.scenario.name} at scale {study.scale:g}, {TARGET_YEAR}",
        MORRIS,
    )
    for heading in ("factor", "size", "moves most"):
        view.add_column(heading, justify="right" if heading == "size" else "left")
    names = outcome.most(SHOWN)
    for name in [*names, CHANCE]:
        column = study.names.index(name)
        order = sorted(shown, key=lambda row: -outcome.shares[row, column])[:NAMED]
        moves = ", ".join(f"{_label(row)} {outcome.shares[row, column]:.0%}" for row in order)
        view.add_row(name, f"{outcome.ranking[name]:.1%}", moves)
    return view


def _indices(outcome: Outcome, shown: Sequence[int]) -> Table:
    study = outcome.study
    view = _framed(f"Sobol' indices: base sample {study.size}, {len(study.runs):,} runs", SOBOL)
    view.add_column("target")
    for heading in ("factor", "S1", "ST"):
        view.add_column(heading, justify="left" if heading == "factor" else "right")
    for row in shown:
        found = outcome.indices[TARGETS[row].id]
        order = sorted(range(len(study.names)), key=lambda column: -found["ST"][column])[:NAMED]
        for place, column in enumerate(order):
            cells = (
                f"{found[name][column]:.2f} ± {found[f'{name}_conf'][column]:.2f}" for name in ("S1", "ST")
            )
            view.add_row("" if place else _label(row), study.names[column], *cells)
        view.add_section()
    return view


def _label(row: int) -> str:
    place = "zones" if TARGETS[row].region.endswith("HTZ") else "cities"
    return f"{INDICATORS[TARGETS[row].indicator].name_en} ({place})"


def _framed(title: str, caption: str) -> Table:
    return Table(
        title=title, caption=caption, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD,
        pad_edge=False,
    )  # fmt: skip
