"""Scenarios at equal public cost: one factor for all levers that cost money, found on a few paired runs.

A scenario that spends more is not better for it. The levers of a scenario that spend money (a budget pays for
them, and zero turns them off) are multiplied by one factor until the scenario costs what is wanted.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from statistics import fmean
from typing import Any

from scenarios.ledger import COST_COLUMN, Advance, Ledger, gather
from scenarios.levers import LEVERS, Lever
from scenarios.scenario import Bilingual, Scenario, load_scenario
from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR
from simulation.runs import RunSpec, run_id

PROBES, PROBE_SCALE = 4, 0.1  # seeds and scale at which costs are looked up while searching
CLOSE = 0.01  # of the budget: near enough
MOST_STEPS = 12
SEARCH = Generator[float, float, "Match"]


@dataclass(frozen=True)
class Match:
    """How a scenario was brought to the budget.

    Attributes
    ----------
    factor
        What its spending levers are multiplied by, None where nothing was to be multiplied.
    cost_before, cost
        Fiscal cost over that of no policy, as written and as matched, 100m CNY over the policy's years.
    reached
        Whether the cost is within 1 % of the budget.
    why
        What stands in the way, empty if nothing does.
    at_bounds
        Levers that the factor pushed to their bounds.
    """

    factor: float | None
    cost_before: float
    cost: float
    reached: bool
    why: str = ""
    at_bounds: tuple[str, ...] = ()


@dataclass(frozen=True)
class SameCost:
    """Scenarios at one cost: the budget, what was found for each, and the scenarios to compare."""

    budget: float
    matches: dict[str, Match]
    scenarios: tuple[str | Scenario, ...]

    def document(self) -> dict[str, Any]:
        """Return the matches as plain data."""
        return {
            "budget": self.budget,
            "scenarios": {name: asdict(match) for name, match in self.matches.items()},
        }


def spends(lever: Lever) -> bool:
    """Tell whether a lever is a programme that a budget pays for, off at zero; terms and budgets are not."""
    return lever.is_paid and lever.neutral == 0.0


def spending(scenario: Scenario) -> dict[str, float]:
    """Return the levers of a scenario that cost money, with their values."""
    return {
        name: item.value
        for name, item in scenario.levers.items()
        if spends(LEVERS[name]) and item.value != 0.0
    }


def has_policy(scenario: Scenario) -> bool:
    """Tell whether any lever acts."""
    return any(item.value != LEVERS[name].neutral for name, item in scenario.levers.items())


def scaled(scenario: Scenario, factor: float) -> Scenario:
    """Return a scenario with its spending levers multiplied by a factor, as far as their bounds allow."""
    values = {name: min(LEVERS[name].high, factor * value) for name, value in spending(scenario).items()}
    levers = {
        name: item.model_copy(update={"value": values.get(name, item.value)})
        for name, item in scenario.levers.items()
    }
    title = Bilingual(en=f"{scenario.title.en} ×{factor:.3g}", zh=f"{scenario.title.zh} ×{factor:.3g}")
    note = f"Spending levers of {scenario.name} are multiplied by {factor:.4g} to meet a budget."
    return scenario.model_copy(
        update={
            "name": f"{scenario.name[:52]}_scaled",
            "title": title,
            "assumptions": (*scenario.assumptions, note),
            "extends": None,
            "levers": levers,
        }
    )


def match_costs(
    scenarios: Sequence[str | Scenario],
    seeds: Sequence[int],
    scale: float,
    budget: float | None = None,
    until: int = TARGET_YEAR,
    processes: int | None = None,
    advance: Advance | None = None,
    central: bool = False,
) -> SameCost:
    """Bring every policy scenario to one fiscal cost.

    Parameters
    ----------
    budget
        Fiscal cost over that of no policy, 100m CNY over the policy's years; None takes what the first
        scenario with a policy costs.

    Raises
    ------
    InputError
        The budget is no positive number, or there is no policy to take it from.
    """
    if budget is not None and not (math.isfinite(budget) and budget > 0.0):
        raise InputError(f"budget must be a positive number of 100m CNY, not {budget:g}")
    loaded = [load_scenario(each) if isinstance(each, str) else each for each in scenarios]
    prober = _Prober(tuple(seeds)[:PROBES], min(scale, PROBE_SCALE), until, central, processes, advance)
    with_policy = [each for each in loaded if has_policy(each)]
    if not with_policy:
        raise InputError("no scenario sets a lever, so there is no cost to make equal")
    before = prober.costs(loaded)
    reference = next(each for each in loaded if each is with_policy[0])
    if budget is None:
        budget = before[loaded.index(reference)]
        if budget <= 0.0:
            raise InputError(
                f"{reference.name} costs nothing, so nothing can be made to cost the same; use --budget"
            )
    searches = {
        each.name: _search(each, cost, budget)
        for each, cost in zip(loaded, before, strict=True)
        if has_policy(each)
    }
    found = prober.answer(searches, {each.name: each for each in loaded})
    return SameCost(budget, found, tuple(_matched(scenarios, loaded, found)))


def _matched(
    scenarios: Sequence[str | Scenario], loaded: Sequence[Scenario], found: dict[str, Match]
) -> Iterator[str | Scenario]:
    for asked, each in zip(scenarios, loaded, strict=True):
        match = found.get(each.name)
        factor = match.factor if match else None
        yield asked if factor is None or factor == 1.0 else scaled(each, factor)


def _search(scenario: Scenario, before: float, budget: float) -> SEARCH:
    """Find the factor by the Illinois rule: yield factors to try, receive what they cost."""
    if abs(before - budget) <= CLOSE * budget:
        return Match(1.0, before, before, reached=True)
    values = spending(scenario)
    if not values:
        return Match(None, before, before, reached=False, why="none of its levers spends money")
    rising = before < budget
    end = max(LEVERS[name].high / value for name, value in values.items()) if rising else 0.0
    at_end = yield end
    if (at_end < budget * (1.0 - CLOSE)) if rising else (at_end > budget * (1.0 + CLOSE)):
        why = (
            "levers at their bounds or budgets used up" if rising else "it costs more without its programmes"
        )
        return Match(end, before, at_end, reached=False, why=why, at_bounds=_at_bounds(values, end))
    ends = {1.0: before - budget, end: at_end - budget}
    factor, cost = end, at_end
    for _ in range(MOST_STEPS):
        if abs(cost - budget) <= CLOSE * budget:
            break
        (a, gap_a), (b, gap_b) = ends.items()
        factor = b - gap_b * (b - a) / (gap_b - gap_a)
        cost = yield factor
        gap = cost - budget
        kept, gap_kept = (a, gap_a) if (gap > 0.0) != (gap_a > 0.0) else (b, gap_b)
        ends = {kept: 0.5 * gap_kept if kept == a else gap_kept, factor: gap}
    reached = abs(cost - budget) <= CLOSE * budget
    why = "" if reached else f"stopped after {MOST_STEPS} steps"
    return Match(factor, before, cost, reached, why, _at_bounds(values, factor))


def _at_bounds(values: dict[str, float], factor: float) -> tuple[str, ...]:
    return tuple(name for name, value in values.items() if factor * value >= LEVERS[name].high > value)


class _Prober:
    """Looks up what scenarios cost over no policy, on the same few seeds; nothing is run twice."""

    def __init__(
        self,
        seeds: tuple[int, ...],
        scale: float,
        until: int,
        central: bool,
        processes: int | None,
        advance: Advance | None,
    ) -> None:
        self._seeds, self._scale, self._until, self._central = seeds, scale, until, central
        self._processes, self._advance = processes, advance
        self._ledger = Ledger()

    def costs(self, scenarios: Sequence[Scenario]) -> list[float]:
        """Return the mean cost of each scenario over no policy."""
        every = [load_scenario("baseline"), *scenarios]
        runs = [[self._run(each, seed) for seed in self._seeds] for each in every]
        gather(dict(chain.from_iterable(runs)), self._ledger, self._processes, self._advance)
        means = [fmean(self._ledger.known[name][COST_COLUMN] for name, _ in row) for row in runs]
        return [mean - means[0] for mean in means[1:]]

    def _run(self, scenario: Scenario, seed: int) -> tuple[str, RunSpec]:
        spec = RunSpec(scenario, seed, self._scale, self._until, central=self._central)
        return run_id(spec), spec

    def answer(self, searches: dict[str, SEARCH], scenarios: dict[str, Scenario]) -> dict[str, Match]:
        """Run all searches side by side, one factor of each at a time."""
        found: dict[str, Match] = {}
        waiting: dict[str, float] = {}
        for name, search in searches.items():
            _advance_search(name, search, None, waiting, found)
        while waiting:
            names = list(waiting)
            costs = self.costs([scaled(scenarios[name], waiting[name]) for name in names])
            waiting.clear()
            for name, cost in zip(names, costs, strict=True):
                _advance_search(name, searches[name], cost, waiting, found)
        return {name: found[name] for name in searches}


def _advance_search(
    name: str, search: SEARCH, cost: float | None, waiting: dict[str, float], found: dict[str, Match]
) -> None:
    """Hand a search the cost it asked for, and note the factor it asks for next or what it found."""
    try:
        waiting[name] = next(search) if cost is None else search.send(cost)
    except StopIteration as stop:
        found[name] = stop.value
