"""The commands of the inference: calibrate run, calibrate status, calibrate check."""

import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from agents.parameters import parameters_hash
from calibration.coverage import COVERAGE, Coverage, check_coverage, read_coverage, write_coverage
from calibration.diagnostics import (
    MOMENTS,
    UNKNOWNS,
    fits,
    learnt,
    read_fits,
    read_learnt,
    to_posterior,
    write_table,
)
from calibration.diagnostics_figure import diagnostic_figures
from calibration.inference import infer
from calibration.members import Setting
from calibration.rival import Method, side_by_side
from simulation.cli_output import explained, messages, output, print_json, ready_folder
from simulation.cli_progress import counting_steps
from simulation.data import data_hash
from simulation.errors import InputError
from simulation.figure import save
from simulation.posterior import DRAWS, FOLDER, Posterior, load_posterior, save_posterior
from simulation.runs import code_hash


def run(
    members: int, steps: int, scale: float, processes: int | None, out: Path, ship: bool, quiet: bool
) -> None:
    """Infer the posterior and write it to `out`; with `ship`, put it where projections take it from."""
    _require_ensemble(members, steps)
    setting = Setting(scale, 2018, out / "members", processes)
    with explained(), counting_steps(quiet) as report:
        ready_folder(out)
        result = infer(setting, members, steps, progress=report)
    made = {
        "method": "ES-MDA with local analysis",
        "members": members,
        "steps": steps,
        "scale": scale,
        "moments": len(result.wanted),
        "code": code_hash(),
        "data": data_hash(),
        "parameters": parameters_hash(),
        "made": datetime.now(UTC).date().isoformat(),
        "command": f"yongwen calibrate run --members {members} --steps {steps} --scale {scale:g} --ship",
    }
    save_posterior(to_posterior(result, made), out / DRAWS)
    write_table(out / UNKNOWNS, learnt(result))
    write_table(out / MOMENTS, fits(result))
    if ship:
        FOLDER.mkdir(exist_ok=True)
        for name in (DRAWS, UNKNOWNS, MOMENTS):
            shutil.copyfile(out / name, FOLDER / name)
    if not quiet:
        show = " ".join(f"{m:.2f}" for m in result.mismatch)
        messages().print(f"mean squared standardised miss, prior to posterior: {show}")
        messages().print(f"draws and tables are in {FOLDER if ship else out}")


def _require_ensemble(members: int, steps: int) -> None:
    if not 32 <= members <= 4096:
        raise InputError(f"members must be a whole number from 32 to 4096, not {members}")
    if not 1 <= steps <= 16:
        raise InputError(f"steps must be a whole number from 1 to 16, not {steps}")


def check(
    truths: int, members: int, steps: int, scale: float, processes: int | None, out: Path, ship: bool,
    json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Test the inference on made-up observations with known unknowns; print and keep the coverage."""
    if not 2 <= truths <= 1000:
        raise InputError(f"truths must be a whole number from 2 to 1000, not {truths}")
    _require_ensemble(members, steps)
    setting = Setting(scale, 2018, out / "members", processes)
    with explained(), counting_steps(quiet) as report:
        ready_folder(out)
        found = check_coverage(truths, members, steps, setting, progress=report)
    write_coverage(out / COVERAGE, found)
    if ship:
        shutil.copyfile(out / COVERAGE, FOLDER / COVERAGE)
    if json:
        print_json({"coverage": [_coverage_row(item) for item in found]})
    else:
        output().print(_coverage_table(found))


def rival(
    members: int, steps: int, scale: float, processes: int | None, out: Path, json: bool, quiet: bool
) -> None:
    """Run the inference and its rival at the same cost, and print what they find side by side."""
    _require_ensemble(members, steps)
    setting = Setting(scale, 2018, out / "members", processes)
    with explained(), counting_steps(quiet) as report:
        ready_folder(out)
        methods = side_by_side(members, steps, setting, report)
    if json:
        print_json({"scale": scale, "methods": [vars(method) for method in methods]})
    else:
        output().print(_methods_table(methods))


def status(json: bool, out: Path | None = None) -> None:
    """Print how the shipped posterior was made, whether it is up to date, and what it learnt.

    Figures of it go to `out`.
    """
    with explained():
        posterior = load_posterior()
        known, moments = read_learnt(FOLDER / UNKNOWNS), read_fits(FOLDER / MOMENTS)
        coverage = read_coverage(FOLDER / COVERAGE) if (FOLDER / COVERAGE).exists() else []
        if out is not None:
            _draw(out, diagnostic_figures(posterior, known, moments, coverage))
    made, stale = posterior.provenance, stale_parts(posterior)
    verdicts = Counter(item.verdict for item in known if not item.place)
    effects = Counter(item.verdict for item in known if item.place)
    inside = sum(item.inside for item in moments)
    if json:
        print_json(
            {
                **made,
                "draws": len(posterior),
                "stale": stale,
                "later_parameters": posterior.missing,
                "verdicts": {"parameters": verdicts, "effects": effects},
                "moments_inside": {"inside": inside, "of": len(moments)},
                "unknowns": [vars(item) for item in known],
                "fits": [vars(item) | {"miss": item.miss, "inside": item.inside} for item in moments],
                "coverage": [_coverage_row(item) for item in coverage],
            }
        )
        return
    view = _plain("Posterior of parameters and city effects")
    view.add_row("method", f"{made['method']}, {made['steps']} steps of {made['members']} members")
    view.add_row("made", f"{made['made']}, at scale {made['scale']:g}: {made['command']}")
    view.add_row("up to date", "yes" if not stale else f"no: {' and '.join(stale)} changed since")
    view.add_row("mean squared miss", " → ".join(f"{m:.2f}" for m in made["mismatch"]))
    view.add_row("moments inside 90 %", f"{inside} of {len(moments)}")
    view.add_row("parameters", ", ".join(f"{n} {verdict}" for verdict, n in verdicts.most_common()))
    view.add_row("city effects", ", ".join(f"{n} {verdict}" for verdict, n in effects.most_common()))
    view.add_row("told apart badly", "; ".join(f"{a} / {b} ({r:+.2f})" for a, b, r in made["entangled"][:6]))
    output().print(view)
    output().print(_learnt_table(known))
    output().print(_misses_table(moments))
    if coverage:
        output().print(_coverage_table(coverage))


def _draw(out: Path, figures: dict[str, Figure]) -> None:
    ready_folder(out)
    for name, figure in figures.items():
        for kind in ("png", "svg"):
            save(figure, out / f"calibration_{name}.{kind}")
    messages().print(f"figures are in {out}: {', '.join(figures)}")


def stale_parts(posterior: Posterior) -> list[str]:
    """Name what has changed since the posterior was made."""
    now = {"code": code_hash(), "data": data_hash(), "parameters": parameters_hash()}
    words = {"code": "the model's code", "data": "the data", "parameters": "the parameter table"}
    return [words[part] for part, value in now.items() if posterior.provenance.get(part) != value]


def _learnt_table(known: list[Any]) -> Table:
    """Return what was learnt of parameters, most first; silent ones are left out."""
    view = _framed(
        "Parameters: prior and posterior", "parameter", "prior", "posterior", "90 %", "contraction", ""
    )
    told = [item for item in known if not item.place and item.verdict in ("identified", "partly")]
    for item in sorted(told, key=lambda item: -item.contraction):
        band = f"{item.q05:.3g} – {item.q95:.3g}"
        cells = f"{item.prior_median:.3g}", f"{item.median:.3g}", band, f"{item.contraction:.2f}"
        view.add_row(item.name, *cells, item.verdict)
    return view


def _misses_table(moments: list[Any]) -> Table:
    view = _framed(
        "Moments outside the 90 % band", "place", "indicator", "year", "observed", "median", "miss"
    )
    for item in sorted(moments, key=lambda item: -abs(item.miss)):
        if not item.inside:
            cells = str(item.year), f"{item.observed:.4g}", f"{item.median:.4g}", f"{item.miss:+.1f}"
            view.add_row(item.region, item.indicator, *cells)
    return view


def _coverage_table(found: list[Coverage]) -> Table:
    view = _framed(
        "Coverage of known unknowns by the inference",
        "unknowns",
        "number",
        "in 50 %",
        "in 90 %",
        "rank test p",
    )
    for item in found:
        cells = f"{item.number:,}", f"{item.in_50:.0%}", f"{item.in_90:.0%}", f"{item.p_value:.3f}"
        view.add_row(item.group, *cells)
    view.caption = found[0].command
    return view


def _methods_table(methods: tuple[Method, ...]) -> Table:
    view = _framed(
        "Two inferences at the same cost", "method", "runs", "mean squared miss", "inside 90 %", "contraction"
    )
    for item in methods:
        miss, inside = f"{item.before:.2f} → {item.after:.2f}", f"{item.inside} of {item.moments}"
        view.add_row(item.name, f"{item.runs:,}", miss, inside, f"{item.contraction:.2f}")
    return view


def _coverage_row(item: Coverage) -> dict[str, Any]:
    return vars(item)


def _plain(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)


def _framed(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
