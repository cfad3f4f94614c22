"""City effects: what the mechanisms do not explain, fitted to 2015-2018 and kept in one file.

``city_effects.csv`` holds place, effect, value. ``yongwen fit`` makes it anew (`calibration.fit`).
"""

import csv
import math
from collections.abc import Mapping
from functools import cache

import numpy as np

from simulation.data import DataError, Place, data_dir
from simulation.randomness import Purpose, draw, entity_id, normal_quantile

EFFECTS: Mapping[str, tuple[float, str]] = {
    "rd_trend": (0.0, "log points a year of wished R&D intensity"),
    "certification_push": (0.5, "share of eligible firms that try for a certificate in a year"),
    "certification_trend": (0.0, "log points a year of certification_push"),
    "registration_rate": (0.25, "hazard a year of joining the register of technology SMEs"),
    "registration_trend": (0.0, "log points a year of registration_rate"),
    "patent_propensity": (1.0, "filings relative to a steady pipeline"),
    "pipeline_filed": (1.0, "filings that wait in 2015 relative to a steady pipeline"),
    "pipeline_examined": (1.0, "filings under examination in 2015 relative to a steady pipeline"),
    "high_tech_growth_2015": (0.12, "growth of certified firms during 2015"),
    "register_growth_2015": (0.3, "growth of registered technology SMEs during 2015"),
    "talent_trend": (0.01, "extra growth a year of the stock of researchers"),
    "contract_trend": (0.1, "log points a year of the registered share of contracts"),
}
"""Name of each effect: default and meaning."""


@cache
def load_effects() -> Mapping[tuple[str, str], float]:
    """Return the fitted effects by place and name."""
    path = data_dir() / "city_effects.csv"
    effects = {}
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if row["effect"] not in EFFECTS:
                raise DataError(
                    f"{path.name}, line {line}: unknown effect {row['effect']!r}; known: {', '.join(EFFECTS)}"
                )
            try:
                effects[row["place"], row["effect"]] = float(row["value"])
            except ValueError as error:
                raise DataError(f"{path.name}, line {line}: value {row['value']!r} is no number") from error
    return effects


def place_effects(
    effects: Mapping[tuple[str, str], float], places: tuple[Place, ...]
) -> dict[str, np.ndarray]:
    """Return each effect by place (float64[P]); a zone without its own takes its city's."""
    table = {}
    for name, (default, _) in EFFECTS.items():
        values = [
            effects.get((place.id, name), effects.get((place.parent, name), default)) for place in places
        ]
        table[name] = np.array(values)
    return table


def damped_years(years: float, fitted: float, damping: float) -> float:
    """Return years of trend: full ones while the trend was fitted, then fading by `damping` a year.

    A fitted trend is not carried on for ever (damped trend, Gardner & McKenzie 1985).
    """
    if years <= fitted:
        return years
    return fitted + (1.0 - damping ** (years - fitted)) / -math.log(damping)


FITTED_YEARS = 4.0
"""Years from the start of 2015 to the end of what is fitted, 2018."""
DRIFTING = (
    *("rd_trend", "certification_trend", "registration_trend", "contract_trend", "patent_propensity"),
    "high_level_rate",
)
"""Effects that may drift once they are no longer fitted, and the rate at which high-level talent comes."""
SHARED_DRIFT = 0.5
"""Part of the variance of drift that all places share (assumption)."""


def drifts(places: tuple[Place, ...], seed: int, spread: float) -> dict[str, np.ndarray]:
    """Return how far each effect drifts by place in the first year after 2018 (log points, float64[P]).

    What was fitted will not stay so for ever: it wanders off at random, with a spread that grows with the
    square root of time. Each replicate draws its own; scenarios under one seed share it.
    """

    def normal(*words: str) -> float:
        return float(normal_quantile(draw(seed, entity_id("drift", *words), 0, int(Purpose.CONDITION))))

    table = {}
    for name in DRIFTING:
        common = SHARED_DRIFT**0.5 * normal(name)
        own = (1.0 - SHARED_DRIFT) ** 0.5
        # A zone drifts with its city.
        table[name] = spread * np.array([common + own * normal(name, p.parent or p.id) for p in places])
    return table
