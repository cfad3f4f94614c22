"""Policy over time: the levers of a scenario at every place and quarter, and what they deliver."""

from functools import cache

import numpy as np

from scenarios.levers import LEVERS
from scenarios.scenario import LeverSetting, Scenario, ScenarioError, quarter_index
from simulation.geography import Geography

CITY_LEVERS = ("fiscal_growth", "guidance_share", "instrument_mix")
"""Levers that only a city government can move."""
ZONE_LEVERS = ("zone_autonomy",)
"""Levers that only the administration of a zone has."""
LEVER_VALUES = np.dtype([(name, "f8") for name in LEVERS])
NEUTRAL = np.array([lever.neutral for lever in LEVERS.values()])
"""Neutral values in the order of LEVER_VALUES."""


@cache
def neutral() -> np.ndarray:
    """Return one record with every lever at its neutral value."""
    record = np.zeros(1, dtype=LEVER_VALUES)
    for name, lever in LEVERS.items():
        record[name] = lever.neutral
    return record


def lever_paths(
    scenario: Scenario, geography: Geography, gdp: np.ndarray, quarters: int, delay: float = 0.0
) -> np.ndarray:
    """Return lever values by quarter and place (LEVER_VALUES[Q, P]).

    Programmes and reforms follow what was decided with a delay; rules hold at once. Latitude for pilots
    shortens the delay, and an autonomous zone has none.

    Parameters
    ----------
    gdp : float64[P]
        GDP of each place without the zones inside it; totals are shared out in proportion to it.
    delay : float
        Mean quarters from a decision to its effect.
    """
    paths = np.repeat(np.repeat(neutral()[None, :], len(geography.places), axis=1), quarters, axis=0)
    for name, setting in scenario.levers.items():
        lever = LEVERS[name]
        rows = scope_rows(setting, geography, name)
        share = gdp[rows] / gdp[rows].sum() if lever.amount else np.ones(len(rows))
        strength = _strength(setting, quarters)
        for row, part in zip(rows, share, strict=True):
            paths[name][:, row] = lever.neutral + (setting.value - lever.neutral) * part * strength
    wait = delay * (1.0 - paths["pilot_latitude"]) * (1.0 - paths["zone_autonomy"])
    for name in scenario.levers:
        if not LEVERS[name].rule and delay > 0.0:
            paths[name] = LEVERS[name].neutral + delayed(paths[name] - LEVERS[name].neutral, wait)
    return paths


def delayed(decided: np.ndarray, wait: np.ndarray) -> np.ndarray:
    """Return what has come into effect of what was decided (float64[Q, P]): a first-order lag.

    Each quarter brings 1/(1 + wait) of what is outstanding, which takes `wait` quarters on average. What is
    taken back ends at once.
    """
    found = np.zeros_like(decided)
    level = np.zeros(decided.shape[1])
    for quarter, goal in enumerate(decided):
        grows = np.abs(goal) > np.abs(level)
        level = np.where(grows & (wait[quarter] > 0.0), level + (goal - level) / (1.0 + wait[quarter]), goal)
        found[quarter] = level
    return found


def scope_rows(setting: LeverSetting, geography: Geography, name: str) -> list[int]:
    """Return the places a lever holds at; raise `ScenarioError` for an unknown one."""
    known = [place.id for place in geography.places]
    if LEVERS[name].place:
        return list(geography.members(LEVERS[name].place))
    rows: list[int] = []
    for place in setting.scope:
        if place == "all":
            rows = list(range(len(known)))
            break
        if place not in known:
            raise ScenarioError(f"{name}: unknown place {place!r} in scope; known: all, {', '.join(known)}")
        rows += [row for row in geography.members(place) if row not in rows]
    if name in CITY_LEVERS and all(geography.places[row].kind == "zone" for row in rows):
        raise ScenarioError(
            f"{name} acts through the city government; name the city in its scope, not the zone alone"
        )
    if name in ZONE_LEVERS:
        rows = [row for row in rows if geography.places[row].kind == "zone"]
        if not rows:
            zones = ", ".join(place.id for place in geography.places if place.kind == "zone")
            raise ScenarioError(f"{name} acts in a zone, and none lies in its scope; zones: {zones}")
    return rows


def _strength(setting: LeverSetting, quarters: int) -> np.ndarray:
    """Return the part of the lever's full strength that holds in each quarter (0-1)."""
    quarter = np.arange(quarters)
    start, end = quarter_index(setting.start), quarter_index(setting.end)
    ramp = np.clip((quarter - start + 1) / (setting.ramp + 1), 0.0, 1.0)
    return np.where((quarter >= start) & (quarter <= end), ramp, 0.0)


def condition_path(scenario: Scenario, name: str, geography: Geography, quarters: int) -> np.ndarray:
    """Return what a condition changes by quarter and city, in parts of one (float64[Q, C])."""
    change = np.zeros((quarters, len(geography.cities)))
    condition = scenario.conditions.get(name)
    if condition is None:
        return change
    quarter = np.arange(quarters)
    active = (quarter >= quarter_index(condition.start)) & (quarter <= quarter_index(condition.end))
    for region in condition.scope:
        cities = {geography.city_of[row] for row in geography.members(region)}
        if not cities:
            raise ScenarioError(f"{name}: unknown region {region!r} in scope")
        for city in cities:
            change[active, city] = condition.change / 100.0
    return change
