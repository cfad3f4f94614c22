"""The command effects: published studies repeated inside the model."""

from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from calibration import facts
from calibration.effects.catalogue import STUDIES, chosen
from calibration.effects.laboratory import run as run_studies
from calibration.effects.shipped import (
    HEADER,
    cells,
    document,
    load_results,
    provenance,
    save_results,
    stale_parts,
)
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_progress import counting
from simulation.errors import InputError


def effects(
    study: list[str], seeds: int, first_seed: int, scale: float, processes: int | None, out: Path | None,
    ship: bool, shipped: bool, json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Run studies, or show the shipped results, and print them."""
    if shipped:
        content = load_results()
        wanted = {item.id for item in chosen(study)}
        content["studies"] = [row for row in content["studies"] if row["id"] in wanted]
        if (stale := stale_parts(content)) and not quiet:
            messages().print(f"made before {' and '.join(stale)} changed; run it anew to be sure")
    else:
        content = _made(study, range(first_seed, first_seed + seeds), scale, processes, out, quiet)
    if ship:
        if study or shipped:
            raise InputError("--ship takes all studies, made anew: leave out --study and --shipped")
        save_results(content)
    if json:
        print_json(content)
        return
    output().print(_table(content))
    if content["facts"]:
        output().print(_facts_table(content))


def _made(
    ids: list[str], seeds: range, scale: float, processes: int | None, out: Path | None, quiet: bool
) -> dict[str, Any]:
    """Return the results of studies, with the stylised facts where all of them are asked for."""
    studies = chosen(ids)
    with explained(), counting("effects", len(seeds), quiet) as counter:
        results = run_studies(studies, seeds, scale, processes, out, counter)
    measured = facts.measured(facts.record()) if studies == STUDIES else []
    options = "".join(f" --study {name}" for name in ids)
    command = f"yongwen effects --seeds {len(seeds)} --first-seed {seeds.start} --scale {scale:g}{options}"
    return document(results, measured, provenance(seeds, scale, command))


def _table(content: dict[str, Any]) -> Table:
    held = f"{content['passed']} of {content['of']} held-out studies pass"
    made = content["made"]
    title = f"Virtual studies: {held} ({len(made['seeds'])} seeds, scale {made['scale']:g})"
    view = Table(*HEADER, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    view.columns[0].no_wrap = True
    for row in content["studies"]:
        view.add_row(*cells(row), style=None if row["passed"] or row["role"] != "held out" else "yellow")
    return view


def _facts_table(content: dict[str, Any]) -> Table:
    view = Table(*facts.HEADER, title="Stylised facts, every firm", title_justify="left", box=box.SIMPLE_HEAD)
    for row in content["facts"]:
        fact = next(fact for fact in facts.FACTS if fact.name == row["id"])
        view.add_row(*facts.cells(fact, row["estimate"]))
    return view
