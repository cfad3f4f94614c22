"""Policy over time: the levers of a scenario at every place and quarter, and what they deliver."""

from functools import cache

import numpy as np

from scenarios.levers import LEVERS
from scenarios.scenario import LeverSetting, Scenario, ScenarioError, quarter_index
from simulation.geography import Geography

CITY_LEVERS = ("fiscal_growth", "guidance_share")
"""Levers that only a city government can move."""
LEVER_VALUES = np.dtype([(name, "f8") for name in LEVERS])


@cache
def neutral() -> np.ndarray:
    """Return one record with every lever at its neutral value."""
    record = np.zeros(1, dtype=LEVER_VALUES)
    for name, lever in LEVERS.items():
        record[name] = lever.neutral
    return record


def lever_paths(scenario: Scenario, geography: Geography, gdp: np.ndarray, quarters: int) -> np.ndarray:
    """Return lever values by quarter and place (LEVER_VALUES[Q, P]).

    Parameters
    ----------
    gdp : float64[P]
        GDP of each place without the zones inside it; totals are shared out in proportion to it.
    """
    paths = np.repeat(np.repeat(neutral()[None, :], len(geography.places), axis=1), quarters, axis=0)
    for name, setting in scenario.levers.items():
        lever = LEVERS[name]
        rows = scope_rows(setting, geography, name)
        share = gdp[rows] / gdp[rows].sum() if lever.amount else np.ones(len(rows))
        strength = _strength(setting, quarters)
        for row, part in zip(rows, share, strict=True):
            paths[name][:, row] = lever.neutral + (setting.value - lever.neutral) * part * strength
    return paths


def scope_rows(setting: LeverSetting, geography: Geography, name: str) -> list[int]:
    """Return the places a lever holds at; raise `ScenarioError` for an unknown one."""
    known = [place.id for place in geography.places]
    rows: list[int] = []
    for place in setting.scope:
        if place == "all":
            return list(range(len(known)))
        if place not in known:
            raise ScenarioError(f"{name}: unknown place {place!r} in scope; known: all, {', '.join(known)}")
        rows += [row for row in geography.members(place) if row not in rows]
    if name in CITY_LEVERS and all(geography.places[row].kind == "zone" for row in rows):
        raise ScenarioError(
            f"{name} acts through the city government; name the city in its scope, not the zone alone"
        )
    return rows


def _strength(setting: LeverSetting, quarters: int) -> np.ndarray:
    """Return the part of the lever's full strength that holds in each quarter (0-1)."""
    quarter = np.arange(quarters)
    start, end = quarter_index(setting.start), quarter_index(setting.end)
    ramp = np.clip((quarter - start + 1) / (setting.ramp + 1), 0.0, 1.0)
    return np.where((quarter >= start) & (quarter <= end), ramp, 0.0)


def growth_change(scenario: Scenario, geography: Geography, quarters: int) -> np.ndarray:
    """Return the scenario's change of nominal GDP growth by quarter and city (points a year / 100)."""
    change = np.zeros((quarters, len(geography.cities)))
    condition = scenario.conditions.get("gdp_growth")
    if condition is None:
        return change
    quarter = np.arange(quarters)
    active = (quarter >= quarter_index(condition.start)) & (quarter <= quarter_index(condition.end))
    for region in condition.scope:
        cities = {geography.city_of[row] for row in geography.members(region)}
        if not cities:
            raise ScenarioError(f"gdp_growth: unknown region {region!r} in scope")
        for city in cities:
            change[active, city] = condition.change / 100.0
    return change
