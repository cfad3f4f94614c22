"""Rows and sentences of the page about trust, from what ships and from the projection at hand."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from calibration.coverage import Coverage
from calibration.diagnostics import Fit, Learnt
from calibration.scores import Score, skill_of
from dashboard.i18n import N_, Texts
from scenarios.scenario import FIRST_YEAR
from simulation.experiment import Ensemble
from simulation.geography import load_geography
from simulation.indicators import BASE_YEAR, INDICATORS, observed

VERDICTS = {
    "identified": N_("identified"),
    "partly": N_("partly identified"),
    "not identified": N_("not identified"),
    "silent": N_("silent: shows nothing before 2019"),
}
GROUPS = {
    "all": N_("all unknowns"),
    "parameters": N_("parameters"),
    "city effects": N_("effects of places"),
    "learnt from the data": N_("those that the data tell something of"),
}
"""Groups of unknowns in simulation-based calibration."""
ROLES = {"held out": N_("held out"), "fitted": N_("fitted"), "put in": N_("put in as an input")}


def fit_rows(ensemble: Ensemble, texts: Texts) -> list[list[str]]:
    """Return, by indicator, how the draws of the projection meet what was published for 2015 to 2018."""
    rows = []
    for name in ensemble.indicators:
        pairs = list(_pairs(ensemble, name))
        if not pairs:
            continue
        misses = [abs(median / value - 1.0) for value, low, median, high, _ in pairs if value]
        inside = [low <= value <= high for value, low, median, high, _ in pairs]
        assumed = sum(is_assumed for *_, is_assumed in pairs)
        rows.append(
            [
                texts.indicator(name),
                str(len(pairs)),
                str(assumed),
                texts.percent(float(np.median(misses))),
                texts.percent(float(max(misses))),
                texts.percent(float(np.mean(inside))),
            ]
        )
    return rows


def _pairs(ensemble: Ensemble, name: str) -> list[tuple[float, float, float, float, bool]]:
    found = []
    for place in load_geography().places:
        band = ensemble.band(name, place.id)
        for year in range(FIRST_YEAR, BASE_YEAR + 1):
            datum = observed(name, place.id, year)
            at = ensemble.years.index(year)
            low, median, high = (float(band[each][at]) for each in ("q05", "median", "q95"))
            if datum is not None and datum.value and math.isfinite(low + median + high):
                found.append((datum.value, low, median, high, datum.provenance == "assumption"))
    return found


def moment_rows(found: Sequence[Fit], texts: Texts) -> list[list[str]]:
    """Return, by indicator, how the posterior predicts the moments that it was fitted to."""
    rows = []
    for name in dict.fromkeys(one.indicator for one in found):
        mine = [one for one in found if one.indicator == name]
        misses = [abs(one.median / one.observed - 1.0) for one in mine]
        rows.append(
            [
                texts.indicator(name) if name in INDICATORS else name.replace("_", " "),
                str(len(mine)),
                str(sum(one.provenance == "assumption" for one in mine)),
                texts.percent(float(np.median(misses))),
                texts.percent(float(max(misses))),
                texts.percent(float(np.mean([one.inside for one in mine]))),
            ]
        )
    return rows


def learnt_rows(found: Sequence[Learnt], texts: Texts) -> list[list[str]]:
    """Return what was learnt of each unknown, the best known first."""
    ordered = sorted(found, key=lambda one: -one.contraction)
    return [
        [
            one.name,
            texts.region(one.place) if one.place else "",
            f"{one.prior_median:.3g}",
            f"{one.median:.3g}",
            f"{one.q05:.3g} – {one.q95:.3g}",
            texts.percent(max(0.0, one.contraction)),
            texts(VERDICTS.get(one.verdict, one.verdict)),
        ]
        for one in ordered
    ]


def coverage_rows(found: Sequence[Coverage], texts: Texts) -> list[list[str]]:
    """Return, by group of unknowns, how often bands held values that were known."""
    return [
        [
            texts(GROUPS.get(one.group, one.group)),
            texts.number(one.number),
            texts.percent(one.in_50),
            texts.percent(one.in_90),
            f"{one.p_value:.2f}",
        ]
        for one in found
    ]


def study_rows(content: dict[str, Any], texts: Texts) -> list[dict[str, Any]]:
    """Return each study: the published band, and what the same study finds in the model."""
    return [
        {
            "name": study["id"].replace("_", " "),
            "note": f"{study['lever']}: {study['quantity']}",
            "source": study["source"],
            "role": texts(ROLES.get(study["role"], study["role"])),
            "held": study["role"] == "held out",
            "passed": bool(study["passed"]),
            "verdict": texts("within the band") if study["passed"] else texts("outside the band"),
            "published": _band(study),
            "model": f"{study['estimate']:.3g} ± {study['se']:.2g}",
            **_bar(study),
        }
        for study in content["studies"]
    ]


def _band(study: dict[str, Any]) -> str:
    low, high = study["low"], study["high"]
    if low is None and high is None:
        return str(study["published"])
    if low is None or high is None:
        return f"≤ {high:g}" if low is None else f"≥ {low:g}"
    return f"{low:g} – {high:g}"


def _bar(study: dict[str, Any]) -> dict[str, Any]:
    """Return where band, estimate and nothing lie, in percent of a line that holds them all."""
    reach = 1.96 * study["se"]
    ends = [study["estimate"] - reach, study["estimate"] + reach, 0.0]
    ends += [study[end] for end in ("low", "high") if study[end] is not None]
    low, high = min(ends), max(ends)
    air = 0.06 * (high - low) or 1.0
    low, high = low - air, high + air

    def at(value: float) -> float:
        return 100.0 * (value - low) / (high - low)

    left = 0.0 if study["low"] is None else at(study["low"])
    right = 100.0 if study["high"] is None else at(study["high"])
    return {
        "band": [left, right - left] if (study["low"], study["high"]) != (None, None) else None,
        "zero": at(0.0),
        "estimate": at(study["estimate"]),
        "whisker": [
            at(study["estimate"] - reach),
            at(study["estimate"] + reach) - at(study["estimate"] - reach),
        ],
    }


def score_rows(scores: Sequence[Score], texts: Texts) -> list[list[str]]:
    """Return each forecast beside what was observed."""
    return [
        [
            texts.indicator(one.indicator),
            texts.region(one.region),
            str(one.year),
            texts.number(one.observed, INDICATORS[one.indicator].decimals),
            texts.number(one.quantiles["median"], INDICATORS[one.indicator].decimals),
            " – ".join(
                texts.number(one.quantiles[end], INDICATORS[one.indicator].decimals) for end in ("q05", "q95")
            ),
            texts("inside") if one.inside("q05", "q95") else texts("outside"),
            texts.number(one.skill, 2, signed=True) if one.skill is not None else "–",
        ]
        for one in scores
    ]


def score_sentence(scores: Sequence[Score], texts: Texts) -> str:
    """Say how the forecasts did as a whole."""
    held = {
        level: texts.percent(float(np.mean([one.inside(*ends) for one in scores])))
        for level, ends in {"half": ("q25", "q75"), "wide": ("q05", "q95")}.items()
    }
    words = texts(
        "{count} observations after {year}: {half} lie in the 50% band and {wide} in the 90% band.",
        count=len(scores), year=BASE_YEAR, **held,
    )  # fmt: skip
    skill = skill_of(scores)
    if skill is None:
        return words
    return words + texts.gap + texts(
        "Skill over the best naive forecast: {skill} (1 is perfect, 0 is no better, below 0 is worse).",
        skill=texts.number(skill, 2, signed=True),
    )  # fmt: skip
