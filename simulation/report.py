"""What an ensemble says about the targets: rows, a table for people and a document for programs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from simulation.data import Datum
from simulation.experiment import QUANTILES, TARGET_YEAR, Ensemble, Verdict
from simulation.indicators import INDICATORS, TARGETS, observed
from simulation.posterior import posterior_hash
from simulation.uncertainty import ESTIMATOR, Share, share_of

BANDS_HOLD = {
    True: "Bands hold chance, outside conditions and drift; parameters stand at their central values.",
    False: "Bands hold chance, outside conditions, drift and the uncertainty of parameters.",
}
"""What the bands of a projection cover, by whether parameters are central; said wherever one is shown."""
CHECKED_YEARS = (2015, 2018)  # shown beside what was observed
FULL_WIDTH = 110  # columns that the whole table needs; a narrower one shows fewer
CHANCE_WIDTH = 120  # the same with the share of chance in the variance

_REGION_NAMES = {
    "Ningbo_HTZ+Wenzhou_HTZ": "both zones",
    "Ningbo_HTZ": "Ningbo zone",
    "Wenzhou_HTZ": "Wenzhou zone",
    "Ningbo+Wenzhou": "both cities",
    "YRD": "delta",
}


class Band(NamedTuple):
    """A central interval, by its two quantiles."""

    name: str
    low: str
    high: str


BANDS = (Band("50 % band", "q25", "q75"), Band("90 % band", "q05", "q95"))


def bands_hold(central: bool | None = None) -> str:
    """Return what bands cover; by default, those of runs that draw from a posterior if one is shipped."""
    return BANDS_HOLD[not posterior_hash() if central is None else central]


def region_name(region: str) -> str:
    """Return a region's name as a person would say it."""
    return _REGION_NAMES.get(region, region)


@dataclass(frozen=True, eq=False)
class Row:
    """The paths of one indicator in one region and, for a target, its verdict."""

    id: str
    indicator: str
    region: str
    years: tuple[int, ...]
    band: dict[str, NDArray[np.float64]]
    verdict: Verdict | None = None
    share: Share | None = None

    @property
    def unit(self) -> str:
        """Return the indicator's unit."""
        return INDICATORS[self.indicator].unit

    def at(self, quantile: str, year: int) -> float:
        """Return a quantile in a year, NaN where there is none."""
        return float(self.band[quantile][self.years.index(year)]) if year in self.years else math.nan

    def observed(self, year: int) -> Datum | None:
        """Return what was published for a year."""
        return observed(self.indicator, self.region, year)

    def document(self) -> dict[str, Any]:
        """Return the row as plain data; None stands for what is not defined."""
        verdict = self.verdict
        years = {}
        for year in self.years:
            datum = self.observed(year)
            quantiles = {name: _finite_or_none(self.at(name, year)) for name in QUANTILES}
            years[str(year)] = {**quantiles, "observed": datum.value if datum else None}
        return {
            "id": self.id,
            "scope": self.region,
            "unit": self.unit,
            "target": verdict.goal if verdict else None,
            "probability": verdict.probability if verdict else None,
            "gap": _finite_or_none(verdict.gap) if verdict else None,
            "years": years,
            "variance": self.share and {"parameters": self.share.parameters, **vars(self.share)},
        }


def target_rows(ensemble: Ensemble) -> Iterator[Row]:
    """Yield a row for each target and each region it is reported for, the joint one first."""
    for target in TARGETS:
        for region in target.regions:
            band = ensemble.band(target.indicator, region)
            verdict = ensemble.verdict(target, region)
            share = share_of(ensemble, target.indicator, region)
            yield Row(target.id, target.indicator, region, ensemble.years, band, verdict, share)


def indicator_rows(ensemble: Ensemble) -> Iterator[Row]:
    """Yield a row for each indicator and each region in which it is defined."""
    for indicator in ensemble.indicators:
        for region in ensemble.regions:
            band = ensemble.band(indicator, region)
            if np.isfinite(band["median"]).any():
                yield Row(indicator, indicator, region, ensemble.years, band)


def document(ensemble: Ensemble) -> dict[str, Any]:
    """Return the ensemble as one JSON document."""
    return {
        "scenario": ensemble.experiment.name,
        "seeds": ensemble.seeds,
        "scale": ensemble.experiment.scale,
        "elapsed_s": round(ensemble.elapsed_s, 3),
        "run_ids": ensemble.run_ids,
        "targets": [row.document() for row in target_rows(ensemble)],
        "indicators": [row.document() for row in indicator_rows(ensemble)],
        "central": ensemble.experiment.central,
        "variance": {"pairs": len(ensemble.twins), "year": TARGET_YEAR, "estimator": ESTIMATOR}
        if ensemble.twins
        else None,
    }


def table(ensemble: Ensemble, width: int) -> Table:
    """Return the targets as a table for a screen of `width` columns."""
    wide = width >= FULL_WIDTH
    years, bands = (CHECKED_YEARS, BANDS) if wide else (CHECKED_YEARS[-1:], BANDS[-1:])
    experiment = ensemble.experiment
    view = Table(
        title=f"{experiment.name}: {len(ensemble.results)} runs at scale {experiment.scale:g}",
        caption="medians; in brackets the published value, with ~ where it is an assumption; "
        "P is the share of runs that meet the target, gap the median less the target. "
        f"{variance_words(ensemble)}{bands_hold(experiment.central)}",
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    view.add_column("", min_width=14)
    chance = ("chance",) if width >= CHANCE_WIDTH and ensemble.twins else ()
    for heading in (*years, TARGET_YEAR, *(band.name for band in bands), *chance, "target", "P", "gap"):
        view.add_column(str(heading), justify="right", no_wrap=True)
    for _, rows in groupby(target_rows(ensemble), key=attrgetter("id")):
        for index, row in enumerate(rows):
            if index == 0:
                view.add_row(f"[bold]{INDICATORS[row.indicator].name_en}[/bold], {row.unit}")
            view.add_row("  " + region_name(row.region), *_cells(row, years, bands, bool(chance)))
    return view


def variance_words(ensemble: Ensemble) -> str:
    """Return what the share of chance is and how well it is known, nothing without twins."""
    shares = [row.share for row in target_rows(ensemble) if row.share]
    if not shares:
        return ""
    chance, error = (float(np.median([vars(each)[name] for each in shares])) for name in ("chance", "error"))
    return (
        f"Of the variance in {TARGET_YEAR} chance makes {chance:.0%} (± {error:.0%}) in the median target, "
        f"parameters the rest (by {len(ensemble.twins)} pairs of runs with equal parameters). "
    )


def _cells(row: Row, years: Sequence[int], bands: Sequence[Band], chance: bool) -> Iterator[str]:
    for year in years:
        datum = row.observed(year)
        mark = "~" if datum and datum.provenance == "assumption" else ""
        yield number(row.at("median", year)) + (f" ({mark}{number(datum.value)})" if datum else "")
    yield number(row.at("median", TARGET_YEAR))
    for band in bands:
        ends = [number(row.at(end, TARGET_YEAR)) for end in (band.low, band.high)]
        yield "–".join(ends) if all(ends) else ""
    if chance:
        yield f"{row.share.chance:.0%}" if row.share else ""
    if verdict := row.verdict:
        yield from (number(verdict.goal), f"{verdict.probability:.0%}", number(verdict.gap, signed=True))


def number(value: float, signed: bool = False) -> str:
    """Return a value with three digits or all digits before the point; nothing if it is not defined."""
    if not math.isfinite(value):
        return ""
    size = abs(value)
    digits = 0 if size >= 100 or size == int(size) else 1 if size >= 10 else 2
    return f"{value:{'+' if signed else ''},.{digits}f}"


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
