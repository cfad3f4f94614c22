"""The yearly look of governments at the targets: how far indicators lie behind the path to 2022."""

import math
from collections.abc import Iterator
from functools import cache

from agents.government import Government, Level
from simulation.indicators import BASE_YEAR, TARGET_YEAR, TARGETS, IndicatorTable, Target, goal_of
from simulation.world import World

SERVES = {
    "technology_contract_turnover": ("technology_contract_growth",),
    "valid_invention_patents": ("valid_invention_patents_per_10k",),
    "invention_patents_granted": ("valid_invention_patents_per_10k",),
    "new_firms": ("firm_doubling",),
    "spin_offs": ("firm_doubling",),
}
"""Indicators with a target that programmes serve whose own indicator has none."""
_LOCAL = frozenset((Level.CITY, Level.ZONE))


def review_targets(model: World) -> None:
    """Let each government compare last year's indicators with the targets, once the policy has begun."""
    year = model.year - 1
    for government in model.governments:
        gaps = dict(_gaps(model.table, government, year)) if year > BASE_YEAR else {}
        government.review(gaps)


def _gaps(table: IndicatorTable, government: Government, year: int) -> Iterator[tuple[str, float]]:
    """Yield indicators with a target of a government, and how far each lies behind (share of the target)."""
    for target in TARGETS:
        region = region_of(target, government)
        if region is None:
            continue
        value = table.get(target.indicator, region, year)
        gap = (expected(table, target, region, year) - value) / target.value
        if math.isfinite(gap):
            yield target.indicator, gap


def region_of(target: Target, government: Government) -> str | None:
    """Return where a government looks: its own place, or the joint region if only that has the target."""
    joint = target.regions[0]
    if government.level in _LOCAL:
        if government.name not in target.regions:
            return None
        return government.name if goal_of(target, government.name) is not None else joint
    return joint if government.name in {"Zhejiang", "China"} else None


def expected(table: IndicatorTable, target: Target, region: str, year: int) -> float:
    """Return what an indicator should be in a year: on a line from 2018 to the target, growth at once."""
    if target.kind.startswith("mean yearly growth"):
        return target.value
    before = table.get(target.indicator, region, BASE_YEAR)
    passed = min(1.0, (year - BASE_YEAR) / (TARGET_YEAR - BASE_YEAR))
    return (
        min(target.value, before + passed * (target.value - before))
        if before < target.value
        else target.value
    )


def lag_of(government: Government, indicators: tuple[str, ...]) -> float | None:
    """Return the largest gap of the targets that a programme serves, None if it serves none."""
    gaps = government.gaps
    return max((gaps[name] for name in _served(indicators) if name in gaps), default=None)


@cache
def _served(indicators: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for each in indicators for name in (each, *SERVES.get(each, ())))
