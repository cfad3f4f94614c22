"""Split a difference into policy, assumption, interaction and noise.

Two sides may differ in policy (levers and what belongs to them), in parameters and in conditions. Every mix
of these factors is run under the same seeds. A factor's part is what it changes alone, on the first side; an
interaction is what a set of factors adds beyond all its smaller sets (the set's Harsanyi dividend), so the
parts of a seed add up to its difference exactly. What the sides' own runs differ by beyond that is noise.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.attribution import estimate
from scenarios.coalitions import CONDITIONS, coalition, players
from scenarios.comparison import Difference, paired_difference
from scenarios.ledger import MEASURES, Advance, Ledger, Measure, check_seeds, defined, gather
from scenarios.scenario import Scenario
from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR
from simulation.runs import RunSpec, fingerprint, run_id

POLICY, PARAMETERS, INTERACTION, NOISE = "policy", "parameters", "interaction", "noise"
FACTORS = (POLICY, PARAMETERS, CONDITIONS)
Factors = frozenset[str]


@dataclass(frozen=True)
class Side:
    """A scenario with its parameters and, where it was already run, the seeds of those runs.

    `central` sides hold what they do not set at central values, others draw it from the posterior.
    """

    scenario: Scenario
    parameters: Mapping[str, float]
    seeds: tuple[int, ...] = ()
    central: bool = False

    @property
    def assumptions(self) -> tuple[Mapping[str, float], bool]:
        """Return what a side assumes of parameters."""
        return self.parameters, self.central


@dataclass(frozen=True)
class Plan:
    """A split before it is run."""

    first: Side
    last: Side
    factors: tuple[str, ...]
    seeds: tuple[int, ...]
    scale: float
    until: int

    @property
    def identity(self) -> str:
        """Return a hash of what is asked, without how many seeds answer it."""
        sides = [
            (fingerprint(s.scenario, s.central), sorted(s.parameters.items()), s.seeds) for s in self.sides
        ]
        return hashlib.sha256(repr(["split", sides, self.scale, self.until]).encode()).hexdigest()[:16]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return the first and the last side."""
        return self.first, self.last

    @property
    def mixes(self) -> list[Factors]:
        """Return every set of factors, small ones first."""
        sizes = range(len(self.factors) + 1)
        return [frozenset(chosen) for size in sizes for chosen in combinations(self.factors, size)]

    def spec(self, mix: Factors, seed: int) -> RunSpec:
        """Return the run of the first side with some factors taken from the last."""
        side = self.last if PARAMETERS in mix else self.first
        return RunSpec(
            self._scenario(mix), seed, self.scale, self.until, side.parameters, central=side.central
        )

    def _scenario(self, mix: Factors) -> Scenario:
        if not {POLICY, CONDITIONS} & set(self.factors):
            return self.first.scenario
        every = players(self.first.scenario, self.last.scenario, "lever")
        chosen = [each for each in every if (CONDITIONS if each.kind == CONDITIONS else POLICY) in mix]
        return coalition(self.first.scenario, self.last.scenario, chosen, len(every))

    @cached_property
    def names(self) -> dict[tuple[Factors, int], str]:
        """Return the name of every run, by mix and seed; the sides' own seeds included."""
        wanted = {(mix, seed) for mix in self.mixes for seed in self.seeds}
        wanted |= {(frozenset(), seed) for seed in self.first.seeds}
        wanted |= {(frozenset(self.factors), seed) for seed in self.last.seeds}
        ordered = sorted(wanted, key=lambda key: (key[1], sorted(key[0])))
        return {key: run_id(self.spec(*key)) for key in ordered}

    def run(
        self, ledger: Ledger | None = None, processes: int | None = None, advance: Advance | None = None
    ) -> "Split":
        """Run every mix under every seed, sharing what `ledger` knows."""
        ledger = ledger or Ledger()
        gather({name: self.spec(*key) for key, name in self.names.items()}, ledger, processes, advance)
        return Split(self, {key: ledger.known[name] for key, name in self.names.items()})


def plan_split(first: Side, last: Side, seeds: Sequence[int], scale: float, until: int = TARGET_YEAR) -> Plan:
    """Describe a split, checking all that can be.

    Raises
    ------
    InputError
        The sides do not differ.
    """
    kinds = set()
    if first.assumptions != last.assumptions:
        kinds.add(PARAMETERS)
    try:
        every = players(first.scenario, last.scenario, "lever")
    except InputError:
        every = ()
    kinds |= {CONDITIONS if each.kind == CONDITIONS else POLICY for each in every}
    own = first.seeds != last.seeds
    if not kinds and not own:
        raise InputError("both sides have the same levers, conditions and parameters: nothing to split")
    factors = tuple(factor for factor in FACTORS if factor in kinds)
    check_seeds(seeds, 2 ** len(factors) * len(seeds) + len(first.seeds) + len(last.seeds))
    plan = Plan(first, last, factors, tuple(seeds), scale, until)
    plan.spec(frozenset(), plan.seeds[0])
    return plan


@dataclass(frozen=True)
class Part:
    """One part of a difference; noise has no interval of its own."""

    id: str
    value: Difference


@dataclass(frozen=True)
class Row:
    """One measure of both sides, their difference and its parts."""

    measure: Measure
    first: float
    last: float
    parts: tuple[Part, ...]

    @property
    def difference(self) -> float:
        """Return the difference of the sides' means."""
        return self.last - self.first


@dataclass(frozen=True, eq=False)
class Split:
    """The outcomes of all mixes, and what they say."""

    plan: Plan
    outcomes: Mapping[tuple[Factors, int], NDArray[np.float64]]

    def of(self, mix: Factors, seeds: Sequence[int]) -> NDArray[np.float64]:
        """Return the outcomes of a mix, indexed [seed, measure]."""
        return np.array([self.outcomes[mix, seed] for seed in seeds])

    @cached_property
    def dividends(self) -> dict[Factors, NDArray[np.float64]]:
        """Return what each set of factors adds beyond its smaller sets, indexed [seed, measure]."""
        found: dict[Factors, NDArray[np.float64]] = {}
        start = self.of(frozenset(), self.plan.seeds)
        for mix in self.plan.mixes[1:]:
            smaller = sum((part for inner, part in found.items() if inner < mix), np.zeros_like(start))
            found[mix] = self.of(mix, self.plan.seeds) - start - smaller
        return found

    @cached_property
    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means of the two sides over their own seeds, or over the paired ones."""
        plan = self.plan
        first = self.of(frozenset(), plan.first.seeds or plan.seeds)
        last = self.of(frozenset(plan.factors), plan.last.seeds or plan.seeds)
        return first.mean(axis=0), last.mean(axis=0)

    def rows(self) -> Iterator[Row]:
        """Yield every measure with its parts: factors, interactions, all interactions together, noise."""
        first, last = self.sides
        for column, measure in enumerate(MEASURES):
            parts = [Part(_label(mix), _mean(part[:, column])) for mix, part in self.dividends.items()]
            several = [part[:, column] for mix, part in self.dividends.items() if len(mix) > 1]
            if len(several) > 1:
                parts.append(Part(INTERACTION, _mean(np.sum(several, axis=0))))
            effects = sum(part[:, column].mean() for part in self.dividends.values())
            parts.append(Part(NOISE, self._noise(column, float(last[column] - first[column] - effects))))
            yield Row(measure, float(first[column]), float(last[column]), tuple(parts))

    def _noise(self, column: int, rest: float) -> Difference:
        """Return what is left; where both sides ran on the paired seeds, only how sure the difference is."""
        plan = self.plan
        if plan.first.seeds or plan.last.seeds:
            return Difference(rest, None, None, told=False, more_seeds=None, variance_ratio=None)
        first, last = self.of(frozenset(), plan.seeds), self.of(frozenset(plan.factors), plan.seeds)
        whole = _mean(last[:, column] - first[:, column])
        margin = None if whole.high is None else whole.high - whole.difference
        return replace(
            whole, difference=0.0, low=margin and -margin, high=margin, told=False, more_seeds=None
        )

    @cached_property
    def residual(self) -> float:
        """Return the largest relative gap between the parts' sum and the paired difference."""
        seeds = self.plan.seeds
        first, last = self.of(frozenset(), seeds), self.of(frozenset(self.plan.factors), seeds)
        total = sum(self.dividends.values(), np.zeros_like(first))
        relative = np.abs(total - (last - first)) / np.maximum(np.abs(first), np.finfo(float).tiny)
        return float(np.nanmax(relative)) if np.isfinite(relative).any() else 0.0

    def document(self) -> dict[str, Any]:
        """Return the split as one JSON document."""
        plan = self.plan
        *targets, cost = map(_document, self.rows())
        return {
            "first": _side(plan.first),
            "last": _side(plan.last),
            "factors": list(plan.factors),
            "seeds": list(plan.seeds),
            "scale": plan.scale,
            "year": min(TARGET_YEAR, plan.until),
            "runs": len(plan.names),
            "residual": self.residual,
            "targets": targets,
            "fiscal_cost": cost,
        }


def _label(mix: Factors) -> str:
    return " x ".join(factor for factor in FACTORS if factor in mix)


def _mean(values: NDArray[np.float64]) -> Difference:
    return replace(paired_difference(values, np.zeros_like(values)), variance_ratio=None)


def _side(side: Side) -> dict[str, Any]:
    return {
        "scenario": side.scenario.name,
        "parameters": dict(side.parameters),
        "seeds": list(side.seeds) or None,
    }


def _document(row: Row) -> dict[str, Any]:
    return {
        "id": row.measure.id,
        "scope": row.measure.region,
        "unit": row.measure.unit,
        "first": defined(row.first),
        "last": defined(row.last),
        "difference": defined(row.difference),
        "parts": {part.id: estimate(part.value) for part in row.parts},
    }
