"""Tables to download, as CSV; names of columns are ids, in English, so that programs can read them."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.mapping import mean_flows
from dashboard.reaching import Mix
from dashboard.searching import Finding
from dashboard.views import Look
from scenarios.attribution import Attribution
from scenarios.comparison import Comparison
from scenarios.levers import LEVERS
from scenarios.scenario import FIRST_YEAR
from simulation.collaboration_graph import CENTRALITIES, CollaborationGraph
from simulation.distributions import Distribution
from simulation.experiment import QUANTILES
from simulation.flows import FLOWS
from simulation.geography import load_geography
from simulation.indicators import INDICATORS, cost_of
from simulation.lives import Life
from simulation.report import target_rows

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"


def _text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Write what is not defined as nothing, and keep a spreadsheet from taking a text for a formula."""
    if isinstance(value, float):
        return value if math.isfinite(value) else ""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def as_excel(text: str) -> bytes:
    """Return a table that was written as CSV as an Excel file, with its head held in place."""
    written = io.BytesIO()
    with pd.ExcelWriter(written, engine="openpyxl") as writer:
        _read(text).to_excel(writer, sheet_name="yongwen", index=False, freeze_panes=(1, 0))
    return written.getvalue()


def as_parquet(text: str) -> bytes:
    """Return a table that was written as CSV as a Parquet file."""
    written = io.BytesIO()
    _read(text).to_parquet(written, index=False)
    return written.getvalue()


def _read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def shown_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as a page shows it, in the page's language."""
    return _text(heads, rows)


def board_table(shown: Sequence[Look]) -> str:
    """Return every target in every scope under the scenarios that are shown."""
    head = ("scenario", "target", "region", "year", "unit", *QUANTILES, "goal", "probability", "gap", "draws")

    def rows() -> Iterable[Sequence[Any]]:
        for look in shown:
            for row in target_rows(look.projection.ensemble):
                verdict = row.verdict
                fate = (verdict.goal, verdict.probability, verdict.gap) if verdict else ("", "", "")
                quantiles = [row.at(name, row.years[-1]) for name in QUANTILES]
                where = (look.scenario.name, row.id, row.region, row.years[-1], row.unit)
                yield (*where, *quantiles, *fate, look.projection.draws)

    return _text(head, rows())


def path_table(shown: Sequence[Look], region: str) -> str:
    """Return every indicator of a region, year by year, under the scenarios that are shown."""
    head = ("scenario", "indicator", "region", "year", "unit", *QUANTILES, "draws")

    def rows() -> Iterable[Sequence[Any]]:
        for look in shown:
            ensemble = look.projection.ensemble
            for indicator in ensemble.indicators:
                band = ensemble.band(indicator, region)
                for index, year in enumerate(ensemble.years):
                    where = (look.scenario.name, indicator, region, year, INDICATORS[indicator].unit)
                    values = [float(band[name][index]) for name in QUANTILES]
                    yield (*where, *values, look.projection.draws)

    return _text(head, rows())


def comparison_table(comparison: Comparison, names: dict[str, str]) -> str:
    """Return a comparison, a row for each target, scope and scenario.

    Parameters
    ----------
    names
        Of the scenarios, by the name that they have in the comparison.
    """
    head = (
        *("scenario", "target", "region", "unit", "goal", *QUANTILES, "probability"),
        *("difference", "low", "high", "told"),
    )
    order = ("median", "q05", "q25", "q75", "q95")

    def rows() -> Iterable[Sequence[Any]]:
        for row in comparison.rows:
            for key, outcome in row.outcomes.items():
                found = {name: getattr(outcome, name) for name in order}
                paired = outcome.paired
                gaps = (paired.difference, paired.low, paired.high, paired.told) if paired else ("",) * 4
                where = (
                    names[key],
                    row.target.id,
                    row.region,
                    INDICATORS[row.target.indicator].unit,
                    row.goal,
                )
                yield (*where, *(found[name] for name in QUANTILES), outcome.probability, *gaps)

    return _text(head, rows())


def attribution_table(found: Attribution) -> str:
    """Return what each part contributes to each measure, and the whole difference."""
    head = (
        "scenario",
        "measure",
        "region",
        "unit",
        "part",
        "levers",
        "value",
        "low",
        "high",
        "told",
        "share",
    )

    def rows() -> Iterable[Sequence[Any]]:
        for row in found.rows():
            where = (found.plan.last.name, row.measure.id, row.measure.region, row.measure.unit)
            whole = row.difference
            yield (*where, "difference", "", whole.difference, whole.low, whole.high, whole.told, 1.0)
            for player, part in zip(found.plan.players, row.contributions, strict=True):
                ends = (part.difference, part.low, part.high, part.told, row.share(part))
                yield (*where, player.id, " ".join(player.members), *ends)

    return _text(head, rows())


def flow_table(look: Look) -> str:
    """Return what flows between cities by year, the mean over draws."""
    head = ("scenario", "flow", "unit", "year", "from", "to", "value")
    names = load_geography().cities
    ensemble = look.projection.simulated

    def rows() -> Iterable[Sequence[Any]]:
        for flow in FLOWS:
            mean = mean_flows(ensemble, flow.id)
            for (at, start, end), value in np.ndenumerate(mean) if mean is not None else ():
                where = (look.scenario.name, flow.id, flow.unit, ensemble.years[at])
                yield (*where, names[start], names[end], float(value))

    return _text(head, rows())


def cost_table(look: Look, region: str) -> str:
    """Return what each lever cost in a region, by year, with quantiles over draws."""
    head = ("scenario", "lever", "region", "year", "unit", *QUANTILES, "draws")
    ensemble = look.projection.ensemble

    def rows() -> Iterable[Sequence[Any]]:
        for name in ("fiscal_cost", *(cost_of(name) for name, lever in LEVERS.items() if lever.costs)):
            band = ensemble.band(name, region)
            for at, year in enumerate(ensemble.years):
                values = [float(band[quantile][at]) for quantile in QUANTILES]
                where = (look.scenario.name, name.removeprefix("cost_"), region, year, INDICATORS[name].unit)
                yield (*where, *values, look.projection.draws)

    return _text(head, rows())


def search_table(finding: Finding, mixes: Sequence[Mix]) -> str:
    """Return the mixes of a search's front, then every mix that was tried, with their levers."""
    space = finding.request.space
    names = [lever.name for lever in space.free]
    head = (
        *("mix", "checked", "seeds", "extra_cost", "unit", "probability", "low", "high", "shortfall"),
        *(f"lever_{name}" for name in names),
    )
    unit = INDICATORS["fiscal_cost"].unit

    def rows() -> Iterable[Sequence[Any]]:
        for mix in mixes:
            if mix.checked:
                one = mix.checked.check
                ends = mix.checked.interval
                checked = (one.extra, unit, one.probability, *ends, one.shortfall)
                yield (mix.letter, True, finding.request.check_seeds, *checked, *mix.trial.values)
        letters = {mix.trial.values: mix.letter for mix in mixes}
        for trial in finding.search.trials if finding.search else ():
            tried = (trial.extra, unit, trial.probability, "", "", trial.shortfall)
            yield (letters.get(trial.values, ""), False, finding.request.seeds, *tried, *trial.values)

    return _text(head, rows())


def node_table(graph: CollaborationGraph) -> str:
    """Return every node of the network of collaboration with its partnerships and centralities."""
    head = ("node", "name", "name_zh", "city", "field", "university", "year", "partnerships", *CENTRALITIES)
    return _text(
        head,
        (
            (
                *(node.id, node.name, node.name_zh, node.city, node.field, node.is_university),
                *(graph.year, node.links, *(getattr(node, name) for name in CENTRALITIES)),
            )
            for node in graph.nodes
        ),
    )


def distribution_table(found: Iterable[Distribution]) -> str:
    """Return how firms differ: each measure's summary, and its curve point by point."""
    head = ("year", "place", "measure", "firms", "mean", "median", "gini", "exponent", "value", "share")

    def rows() -> Iterable[Sequence[Any]]:
        for one in found:
            exponent = "" if one.exponent is None else one.exponent
            summary = (one.firms, one.mean, one.median, one.gini, exponent)
            for value, share in zip(one.values, one.share, strict=True):
                yield (one.year, one.place, one.measure, *summary, value, share)

    return _text(head, rows())


def life_table(life: Life) -> str:
    """Return one firm's life by the quarter, money in 10 000 CNY, with what happened to it."""
    happened: dict[int, list[str]] = {}
    for event in life.events:
        happened.setdefault(event.quarter, []).append(event.kind)
    head = ("firm", "city", "field", "origin", "year", "quarter", *life.series, "events")

    def rows() -> Iterable[Sequence[Any]]:
        for at, values in enumerate(zip(*life.series.values(), strict=True), life.first):
            where = (life.id, life.city, life.field, life.origin, FIRST_YEAR + at // 4, at % 4 + 1)
            yield (*where, *values, " ".join(happened.get(at, ())))

    return _text(head, rows())


def study_table(content: dict[str, Any]) -> str:
    """Return the studies of the effect-size laboratory: published band, and the model's estimate."""
    columns = ("id", "lever", "quantity", "role", "estimate", "se", "low", "high", "passed", "source")
    return _text(columns, ([study[name] for name in columns] for study in content["studies"]))
