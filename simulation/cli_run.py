"""The commands that simulate: run and rerun."""

from functools import partial
from pathlib import Path

from calibration import fit as fitting
from simulation import rerun as repeat
from simulation import store
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_parameters import overrides
from simulation.cli_progress import counting
from simulation.errors import InputError, YongwenError
from simulation.experiment import MAX_PROCESSES, MAX_RUNS, Ensemble, Experiment, plan
from simulation.figure import save, trajectories
from simulation.report import document, table

FIGURES = ("targets.png", "targets.svg")


def run(
    scenario: str,
    seeds: int,
    first_seed: int,
    scale: float,
    until: int,
    settings: list[str],
    central: bool,
    pairs: int,
    out: Path | None,
    processes: int | None,
    check: bool,
    json: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Simulate an ensemble, write it if asked to, and print its targets."""
    if not 1 <= seeds <= MAX_RUNS:
        raise InputError(f"seeds must be a whole number from 1 to {MAX_RUNS}, not {seeds}")
    if not 0 <= pairs <= MAX_RUNS:
        raise InputError(f"pairs must be a whole number from 0 to {MAX_RUNS}, not {pairs}")
    with explained():
        seed_range = range(first_seed, first_seed + seeds)
        experiment = plan(scenario, seed_range, scale, until, overrides(settings), check, central, pairs)
        if out:
            store.prepare(out, experiment.identity, force)
        ensemble = _simulate(experiment, processes, quiet)
    if out:
        figure = trajectories(ensemble)
        store.write(out, ensemble, {name: partial(save, figure) for name in FIGURES})
    if json:
        print_json(document(ensemble))
    else:
        console = output()
        console.print(table(ensemble, console.width))
    if out and not quiet:
        messages().print(f"tables, figures and manifest are in {out}")


def rerun(run_id: str, results: Path | None, check: bool, json: bool) -> None:
    """Simulate one run again and, where its results are at hand, compare the bits."""
    with explained():
        recorded = repeat.from_results(run_id, results) if results else repeat.from_name(run_id)
        spec = recorded.spec
        numbers = spec.scale, spec.until, spec.parameters
        experiment = plan(spec.scenario, [spec.seed], *numbers, check, spec.central)
        ensemble = _simulate(experiment, 1, quiet=False)
    digest = ensemble.results[0].digest
    if recorded.digest not in {None, digest}:
        raise YongwenError(f"{run_id} gave other values than recorded; that is a defect, please report it")
    if json:
        print_json({**document(ensemble), "digest": digest, "recorded_digest": recorded.digest})
        return
    console = output()
    console.print(table(ensemble, console.width))
    verdict = "the same, bit for bit, as recorded" if recorded.digest else "no record to compare with"
    print(f"{run_id}: SHA-256 of all values {digest} ({verdict})")


def fit(processes: int) -> None:
    """Fit the city effects anew and write them."""
    if not 1 <= processes <= MAX_PROCESSES:
        raise InputError(f"processes must be a whole number from 1 to {MAX_PROCESSES}, not {processes}")
    with explained():
        path = fitting.write(fitting.fit(processes))
    messages().print(f"city effects are in {path}")


def _simulate(experiment: Experiment, processes: int | None, quiet: bool) -> Ensemble:
    with counting(experiment.name, len(experiment.runs) + len(experiment.twins), quiet) as count:
        return experiment.run(processes, lambda _: count())
