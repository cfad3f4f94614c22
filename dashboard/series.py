"""What the series of the data are called: the indicator that they measure, or a name of their own."""

import csv
from functools import cache
from pathlib import Path

from dashboard.i18n import Texts
from scenarios.scenario import Bilingual
from simulation.indicators import INDICATORS

FILE = Path(__file__).with_name("series.csv")


def series_name(name: str, t: Texts) -> str:
    """Return a series' name in the language of the texts; one without a name is called by its id."""
    if indicator := _measured().get(name):
        return t.indicator(indicator)
    own = own_names().get(name)
    return t.of(own) if own else name.replace("_", " ")


@cache
def own_names() -> dict[str, Bilingual]:
    """Return the names of series that are no indicators, by id (`series.csv`)."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: Bilingual(en=row["en"], zh=row["zh"]) for row in csv.DictReader(file)}


@cache
def _measured() -> dict[str, str]:
    """Return the indicator that each series measures."""
    ids = {one.id: one.id for one in INDICATORS.values()}
    return {series: one.id for one in INDICATORS.values() for series, _ in one.observed_as} | ids
