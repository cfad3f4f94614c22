"""The commands of the backtest: backtest, backtest freeze."""

import csv
import json as json_text
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from rich import box
from rich.table import Table

from calibration import forecasts
from calibration.backtest import (
    LAST_FORECAST,
    ORIGINS,
    forecast,
    later,
    leave_out_cities,
    load_later,
    score_all,
)
from calibration.members import Setting
from calibration.scores import Sample, Score, advantage, coverage_of, document, skill_of, strongest
from simulation.cli_output import explained, messages, output, print_json
from simulation.cli_progress import counting, counting_steps
from simulation.errors import InputError
from simulation.experiment import plan
from simulation.posterior import FOLDER, load_posterior

SHIPPED = max(ORIGINS)
"""Origin of the shipped posterior and of the frozen forecasts."""
CAPTION = (
    "CRPS: mean score of the logs, lower is better; rivals look at a series alone: random walk with drift, "
    "linear trend, exponential smoothing. Skill: 1 less the ratio to the rival that is best over all series. "
    "Bands and scores hold the error of the observation and of the model."
)
CITY_CAPTION = (
    "Each city's observations of the years that are fitted, by an inference that saw none of the city or of "
    "its zone; skill is over the prior."
)


def backtest(
    origin: int,
    observations: Path | None,
    scenario: str,
    refit: bool,
    cities: bool,
    members: int,
    steps: int,
    setting: Setting,
    out: Path,
    json: bool,
    quiet: bool,
) -> None:
    """Score forecasts of later observations, or of cities that were left out; write and print the scores."""
    if origin not in ORIGINS:
        raise InputError(f"origin must be one of {', '.join(map(str, ORIGINS))}, not {origin}")
    if not 32 <= members <= 4096:
        raise InputError(f"members must be a whole number from 32 to 4096, not {members}")
    with explained(), counting_steps(quiet) as report:
        if cities:
            scores = leave_out_cities(setting, members, steps, progress=report)
            title = "Leave one city out, 2015–2018"
        else:
            wanted = later(load_later(observations), origin)
            if origin == SHIPPED and not refit and (FOLDER / forecasts.FILE).exists():
                sample, title = _frozen(scenario)
            else:
                until = max(datum.year for _, datum in wanted)
                long = Setting(setting.scale, until, setting.folder, setting.processes)
                sample = forecast(origin, long, members, steps, report)
                title = f"Forecasts from {origin} by {members} members at scale {setting.scale:g}"
            scores = score_all(wanted, sample, origin)
    found = document(scores)
    _write(out, scores, found)
    if json:
        print_json(found)
        return
    output().print(table(scores, title, CITY_CAPTION if cities else CAPTION))
    if not quiet:
        messages().print(f"scores are in {out}")


def _frozen(scenario: str) -> tuple[Sample, str]:
    if scenario not in forecasts.SCENARIOS:
        raise InputError(
            f"forecasts are frozen of the scenarios {' and '.join(forecasts.SCENARIOS)}, not of {scenario!r}"
        )
    return forecasts.frozen(FOLDER, scenario), f"Frozen forecasts of {scenario} from {SHIPPED}"


def freeze(seeds: int | None, scale: float, processes: int | None, out: Path, quiet: bool) -> None:
    """Simulate the scenarios under every draw of the posterior, and freeze the forecasts."""
    with explained():
        draws = len(load_posterior())
        number = draws if seeds is None else seeds
        if not 2 <= number <= draws:
            raise InputError(f"seeds must be a whole number from 2 to {draws}, one a draw, not {seeds}")
        seed_range = range(1, number + 1)
        experiments = [plan(scenario, seed_range, scale, LAST_FORECAST) for scenario in forecasts.SCENARIOS]
        with counting("freeze", number * len(experiments), quiet) as count:
            ensembles = forecasts.simulate(experiments, out / "runs", processes, count)
    parts = ensembles[0].experiment.fingerprint
    hashes = {name: getattr(parts, name)[:10] for name in ("posterior", "code", "data", "parameters")}
    made = (
        f"yongwen backtest freeze --seeds {number} --scale {scale:g}; "
        f"{', '.join(f'{name} {value}' for name, value in hashes.items())}; {datetime.now(UTC).date()}"
    )
    digest = forecasts.write(FOLDER, ensembles, made)
    if not quiet:
        messages().print(f"forecasts are in {FOLDER / forecasts.FILE}, SHA-256 {digest}")


def _write(out: Path, scores: list[Score], found: dict[str, object]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "backtest.json").write_text(json_text.dumps(found, indent=1) + "\n", encoding="utf-8")
    with (out / "scores.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        rivals = _rivals(scores)
        about = ["region", "indicator", "year", "observed", "median", "q05", "q25", "q75", "q95", "crps"]
        writer.writerow([*about, *(f"crps_{name}" for name in rivals), "skill"])
        for one in scores:
            row = one.document()
            writer.writerow(
                [*(row[name] for name in about), *(one.crps_rivals.get(name) for name in rivals), one.skill]
            )


def _rivals(scores: Iterable[Score]) -> list[str]:
    return list(dict.fromkeys(name for one in scores for name in one.crps_rivals))


def table(scores: list[Score], title: str, caption: str) -> Table:
    """Return mean scores by indicator and over all, with what the number of series allows to say."""
    rivals = _rivals(scores)
    view = Table(
        title=title,
        caption=f"{caption} {_verdict(scores)}",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    view.add_column("")
    heads = ("n", "in 50 %", "in 90 %", "CRPS", *(name.replace("_", " ") for name in rivals), "skill")
    for heading in heads:
        view.add_column(heading, justify="right")
    for name, group in groupby(sorted(scores, key=attrgetter("indicator")), key=attrgetter("indicator")):
        view.add_row(name, *_cells(list(group), rivals, scores))
    view.add_section()
    view.add_row("all", *_cells(scores, rivals, scores))
    return view


def _cells(some: list[Score], rivals: list[str], scores: list[Score]) -> list[str]:
    coverage = coverage_of(some)
    cells = [str(len(some)), f"{coverage['50']:.0%}", f"{coverage['90']:.0%}"]
    cells.append(f"{sum(one.crps for one in some) / len(some):.3f}")
    for name in rivals:
        known = [one.crps_rivals[name] for one in some if name in one.crps_rivals]
        cells.append(f"{sum(known) / len(known):.3f}" if known else "")
    best = strongest(scores)
    skill = skill_of(some, best) if best else None
    return [*cells, "" if skill is None else f"{skill:+.2f}"]


def _verdict(scores: list[Score]) -> str:
    """Say how much the scores allow to say."""
    rival, regions = strongest(scores), len({one.region for one in scores})
    number = f"{len(scores)} observations in {regions} places"
    if rival is None:
        return f"{number}; no rival has the history to forecast them."
    gain, error = advantage(scores, rival)
    told = "told from" if abs(gain) > 2.0 * error else "not told from"
    return (
        f"{number}: the mean CRPS of the best rival, {rival.replace('_', ' ')}, less the model's is "
        f"{gain:+.3f} ± {error:.3f} (standard error over places), {told} no difference."
    )
