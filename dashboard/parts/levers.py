"""The levers as the laboratory shows them, made of the registry."""

import math
from functools import cache, lru_cache
from typing import Any

from dashboard.i18n import Texts
from scenarios.articles import ARTICLES, CHAPTERS
from scenarios.levers import LEVERS, Lever
from scenarios.scenario import DEFAULT_SCOPE, LAST_YEAR, LeverSetting, Scenario
from simulation.data import load_places
from simulation.experiment import TARGET_YEAR
from simulation.policy import CITY_LEVERS, ZONE_LEVERS

_STARTS = [f"{year}Q{quarter}" for year in range(2015, TARGET_YEAR + 1) for quarter in range(1, 5)]
_FOREVER = f"{LAST_YEAR}Q4"
_RAMPS = list(range(0, 13))
_STEPS = 100  # of a slider, about


@cache
def scopes() -> tuple[str, ...]:
    """Return where a lever may hold: both cities, one place, everywhere."""
    home = "+".join(DEFAULT_SCOPE)
    places = [place.id for place in load_places()]
    first = [place for place in places if place.split("_")[0] in DEFAULT_SCOPE]
    return (home, *first, *(place for place in places if place not in first), "all")


def words(texts: Texts) -> dict[str, str]:
    """Return the words around the levers."""
    t = texts
    return {
        "neutral": t("Neutral"),
        "plan": t("Plan"),
        "more": t("Explanation, place and time"),
        "touches": t("Touches"),
        "cost": t("Paid by"),
        "evidence": t("Evidence"),
        "scope": t("Place"),
        "start": t("From"),
        "end": t("To"),
        "ramp": t("Quarters to full strength"),
        "reset": t("Back to neutral"),
    }


def chapters(scenario: Scenario, texts: Texts) -> list[dict[str, Any]]:
    """Return all levers by chapter and article, with their values in a scenario."""
    found = []
    for number, chapter in enumerate(CHAPTERS, 1):
        articles: list[dict[str, Any]] = []
        for article in chapter.articles:
            levers = [lever for lever in LEVERS.values() if lever.article == article]
            title = f"{texts('Article {number}', number=article)}  {texts.of(ARTICLES[article])}"
            if levers:
                shown = [_lever(lever, scenario, texts) for lever in levers]
                articles.append({"number": article, "title": title, "levers": shown})
        if articles:
            moved = sum(lever["moved"] for article in articles for lever in article["levers"])
            heading = f"{number}  {texts.of(chapter.title)}"
            found.append({"title": heading, "articles": articles, "moved": moved})
    return found


def _lever(lever: Lever, scenario: Scenario, texts: Texts) -> dict[str, Any]:
    setting = scenario.levers.get(lever.name) or LeverSetting(value=lever.neutral)
    return {
        "name": lever.name,
        "title": texts.lever(lever.name),
        "unit": texts.unit(lever.unit),
        "low": lever.low,
        "high": lever.high,
        "step": _step(lever),
        "value": setting.value,
        "neutral": lever.neutral,
        "plan": lever.plan,
        "neutral_text": texts.number(lever.neutral),
        "plan_text": texts.number(lever.plan),
        "moved": lever.name in scenario.levers and setting.value != lever.neutral,
        "mechanism": texts(lever.mechanism),
        "touches": texts(lever.touches),
        "evidence": texts(lever.evidence),
        "cost": _cost(lever, texts),
        **_time_and_place(lever.name, setting, texts),
    }


@cache
def _offered(name: str) -> tuple[str, ...]:
    """Return the scopes in which a lever can hold."""
    return tuple(scope for scope in scopes() if _may_hold(name, scope))


@lru_cache(maxsize=1_024)  # visitors may combine places at will
def _scope_name(scope: str, texts: Texts) -> str:
    return " + ".join(texts.region(place) for place in _parts(scope))


def _may_hold(name: str, scope: str) -> bool:
    """Return whether a lever can hold in a scope: some need a city, others a zone in it."""
    if name in CITY_LEVERS:
        return not scope.endswith("_HTZ")
    zones = [place for place in load_places() if place.kind == "zone"]
    with_zone = {"all", *(place.id for place in zones), *(place.parent for place in zones)}
    return name not in ZONE_LEVERS or not with_zone.isdisjoint(_parts(scope))


def _time_and_place(name: str, setting: LeverSetting, texts: Texts) -> dict[str, Any]:
    """Return where and when a lever holds, and what may be chosen."""
    scope = "+".join(setting.scope)
    offered = _offered(name)
    offered = offered if scope in offered else (scope, *offered)
    ends = [quarter for quarter in (*_STARTS, _FOREVER) if quarter >= setting.start]
    return {
        "scope": scope,
        "scopes": [{"id": one, "name": _scope_name(one, texts)} for one in offered],
        "start": setting.start,
        "starts": sorted({*(q for q in _STARTS if q <= setting.end), setting.start}),
        "end": setting.end,
        "ends": sorted({*ends, setting.end}),
        "ramp": setting.ramp,
        "ramps": sorted({*_RAMPS, setting.ramp}),
    }


def _parts(scope: str) -> list[str]:
    return scope.split("+")


def _cost(lever: Lever, texts: Texts) -> str:
    if not lever.unit_cost:
        return texts(lever.budget) if lever.budget != "none" else texts("costs nothing")
    price = texts.number(lever.unit_cost)
    return texts("{budget}: {price} 100m CNY a year per unit", budget=texts(lever.budget), price=price)


def _step(lever: Lever) -> float:
    """Return the step of a slider: a round number, at most a hundredth of the span."""
    raw = (lever.high - lever.low) / _STEPS
    power = 10.0 ** math.floor(math.log10(raw))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= raw)
