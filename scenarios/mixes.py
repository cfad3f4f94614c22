"""Mixes of levers as points of a box, for searches: bounds at its sides, neutral values at the origin.

A coordinate z stands for the value ``neutral + z |z| (bound - neutral)``. Amounts act with diminishing
returns and plan values lie low between their bounds, so that equal steps of z weigh more alike than equal
steps of value.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scenarios.levers import LEVERS, Lever
from scenarios.pairing import TRIED
from scenarios.scenario import Bilingual, LeverSetting, Scenario
from simulation.errors import InputError, unknown_name

DIGITS = 3  # of a lever's value in a mix, so that a person can read it
HALF = 0.5  # from this coordinate on a switch is on
INERT = 0.1  # coordinates this close to neutral (one hundredth of the way to the bound) are neutral
ALLOWANCE = 0.005  # share of a tested value by which a lever may be beyond it, for rounding

Values = tuple[float, ...]


@dataclass(frozen=True)
class Space:
    """The levers that a search may set, and those that it may not.

    Attributes
    ----------
    free
        Levers to search over, in the order of the registry.
    fixed
        Values of levers that stay as they are; all others are neutral.
    template
        Scenario whose scopes, starts, ramps and other fields the mixes take over.
    """

    free: tuple[Lever, ...]
    fixed: Mapping[str, float]
    template: Scenario

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """Return the smallest coordinates: -1 where a lever can fall below its neutral value."""
        return np.array([-1.0 if lever.low < lever.neutral else 0.0 for lever in self.free])

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """Return the largest coordinates: 1 where a lever can rise above its neutral value."""
        return np.array([1.0 if lever.high > lever.neutral else 0.0 for lever in self.free])

    @cached_property
    def _switches(self) -> NDArray[np.bool_]:
        return np.array([is_switch(lever) for lever in self.free])

    def snap(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points with what hardly moves a lever taken for neutral, and switches on or off."""
        near = np.where(np.abs(z) < INERT, 0.0, z)
        return np.where(self._switches, np.where(np.abs(z) < HALF, 0.0, np.sign(z)), near)

    def decode(self, z: NDArray[np.float64]) -> Values:
        """Return the values at a point."""
        return tuple(_value(lever, float(at)) for lever, at in zip(self.free, self.snap(z), strict=True))

    def encode(self, values: Values) -> NDArray[np.float64]:
        """Return the point of values within the bounds."""
        return np.array([_coordinate(*pair) for pair in zip(self.free, values, strict=True)])

    @property
    def neutral(self) -> Values:
        """Return the mix that sets no free lever."""
        return tuple(lever.neutral for lever in self.free)

    @property
    def plan(self) -> Values:
        """Return the mix that sets every free lever to its plan value."""
        return tuple(lever.plan for lever in self.free)

    @property
    def strongest(self) -> Values:
        """Return the mix in which every free lever is at the bound beyond its plan value."""
        return tuple(
            lever.low if lever.plan < lever.neutral or lever.high == lever.neutral else lever.high
            for lever in self.free
        )

    def levers(self, values: Values) -> dict[str, float]:
        """Return the levers that a mix moves away from neutral, and the fixed ones."""
        free = {lever.name: value for lever, value in zip(self.free, values, strict=True)}
        moved = {name: value for name, value in free.items() if value != LEVERS[name].neutral} | dict(
            self.fixed
        )
        return {name: moved[name] for name in LEVERS if name in moved}

    def at_bounds(self, values: Values) -> list[str]:
        """Return the free levers that stand at a bound, so that they can do no more."""
        pairs = zip(self.free, values, strict=True)
        return [
            lever.name
            for lever, value in pairs
            if value != lever.neutral and value in {lever.low, lever.high}
        ]

    def scenario(self, values: Values, title: Bilingual | None = None, notes: Sequence[str] = ()) -> Scenario:
        """Return a mix as a scenario; its name follows from what it does."""
        settings = {
            name: self.template.levers.get(name, LeverSetting(value=value)).model_copy(
                update={"value": value}
            )
            for name, value in self.levers(values).items()
        }
        title = title or Bilingual(en="Mix found by search", zh="搜索得到的政策组合")
        mix = self.template.model_copy(
            update={
                "extends": None,
                "title": title,
                "description": title,
                "assumptions": tuple(notes),
                "levers": settings,
            }
        )
        return mix.model_copy(update={"name": f"mix_{mix.content_hash[:12]}"})


def space_of(
    names: Sequence[str], fixed: Mapping[str, float], template: Scenario, known: Mapping[str, Lever] = LEVERS
) -> Space:
    """Return the space of some levers (none named: all of them) less those that are fixed.

    Raises
    ------
    InputError
        A lever is unknown, both free and fixed, or fixed outside its bounds; or none is left to search over.
    """
    for name in (*names, *fixed):
        if name not in known:
            raise unknown_name("lever", name, known)
    for name, value in fixed.items():
        lever = known[name]
        if not lever.low <= value <= lever.high:
            bounds = f"{lever.low:g} to {lever.high:g} ({lever.unit})"
            raise InputError(f"{name} = {value:g} is outside {bounds}")
        if name in names:
            raise InputError(f"{name} stands both among the levers to search over and among the fixed ones")
    free = tuple(
        lever
        for name, lever in known.items()
        if name not in fixed and (not names or name in names) and lever.low < lever.high
    )
    if not free:
        raise InputError("no lever is left to search over: all are fixed")
    return Space(free, dict(fixed), template)


@dataclass(frozen=True)
class Untested:
    """A lever of a mix beyond the values at which levers were tested, alone and all together."""

    lever: Lever
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.lever.name} = {self.value:g} (tested {self.low:g} to {self.high:g})"


def untested(levers: Mapping[str, float]) -> Iterator[Untested]:
    """Yield the levers that stand outside the box between neutral and plan, where the model was tested."""
    for name, value in levers.items():
        lever = LEVERS[name]
        tested = TRIED.get(name, lever.plan)
        low, high = sorted((lever.neutral, tested))
        if not low - ALLOWANCE * abs(low) <= value <= high + ALLOWANCE * abs(high):
            yield Untested(lever, value, low, high)


def is_switch(lever: Lever) -> bool:
    """Tell whether a lever is on or off and nothing between."""
    return any(unit in lever.unit for unit in ("0 or 1", "0/1"))


def _value(lever: Lever, z: float) -> float:
    bound = lever.high if z > 0.0 else lever.low
    value = _rounded(lever.neutral + z * abs(z) * abs(bound - lever.neutral), lever.high - lever.low)
    return min(lever.high, max(lever.low, value))


def _rounded(value: float, span: float) -> float:
    """Return a value with a few digits, but no finer than matters for a lever of that span."""
    if value == 0.0:
        return 0.0
    size = max(math.floor(math.log10(abs(value))), math.floor(math.log10(span)) - 2)
    return round(value, DIGITS - 1 - size)


def _coordinate(lever: Lever, value: float) -> float:
    bound = lever.high if value > lever.neutral else lever.low
    if bound == lever.neutral:
        return 0.0
    part = (value - lever.neutral) / abs(bound - lever.neutral)
    return math.copysign(math.sqrt(abs(part)), part)
