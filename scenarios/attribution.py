"""How much each lever contributes to a difference between two scenarios: Shapley values over paired seeds.

Every seed is a game of its own: its coalitions are runs under that seed, and its values add up to its
difference, exactly. With many players each seed draws orders of its own, so that the spread over seeds holds
both chance and the orders, and the interval of a mean over seeds is honest about both.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios import shapley
from scenarios.coalitions import FEW, Player, coalition, players
from scenarios.comparison import Difference, paired_difference
from scenarios.ledger import MEASURES, Advance, Ledger, Measure, Outcomes, check_seeds, defined, gather
from scenarios.scenario import Scenario, load_scenario
from simulation.errors import InputError
from simulation.experiment import TARGET_YEAR
from simulation.runs import Fingerprint, RunSpec, fingerprint, run_id

ORDERS = 2  # for each seed, unless told otherwise
STRONGEST = 4  # players whose pairs are looked at where not all coalitions are run
Pair = tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """An attribution before it is run.

    Attributes
    ----------
    orders
        Orders of the players for each seed, 0 where all coalitions are run.
    """

    first: Scenario
    last: Scenario
    players: tuple[Player, ...]
    seeds: tuple[int, ...]
    scale: float
    until: int
    parameters: Mapping[str, float]
    orders: int
    pairs: bool

    @property
    def identity(self) -> str:
        """Return a hash of what is asked, without how many seeds and orders answer it."""
        asked = [
            *map(fingerprint, (self.first, self.last)),
            self.scale,
            self.until,
            self.parameters,
            self.players,
        ]
        return hashlib.sha256(repr(["attribution", *asked]).encode()).hexdigest()[:16]

    def drawn(self, seed: int) -> list[shapley.Order]:
        """Return the orders of a seed."""
        return shapley.orders(len(self.players), self.orders, seed)

    @cached_property
    def names(self) -> dict[tuple[int, int], str]:
        """Return the name of each run by coalition and seed, as far as single players need them."""
        everyone = range(1 << len(self.players))
        return self._named(
            {
                seed: {mask for order in self.drawn(seed) for mask in shapley.chain(order)}
                if self.orders
                else everyone
                for seed in self.seeds
            }
        )

    def names_of_pairs(self, pairs: Sequence[Pair]) -> dict[tuple[int, int], str]:
        """Return the names of the runs that interactions of pairs need."""
        if not self.orders:
            return {}
        return self._named({seed: set(self._around(seed, pairs)) for seed in self.seeds})

    def _around(self, seed: int, pairs: Sequence[Pair]) -> Iterator[int]:
        for order in self.drawn(seed):
            for a, b in pairs:
                before = shapley.before_pair(order, a, b)
                yield from (before, before | 1 << a, before | 1 << b, before | 1 << a | 1 << b)

    def _named(self, wanted: Mapping[int, Any]) -> dict[tuple[int, int], str]:
        return {
            (mask, seed): run_id(self.spec(mask, seed), self._fingerprint(mask))
            for seed, masks in wanted.items()
            for mask in sorted(masks)
        }

    def spec(self, mask: int, seed: int) -> RunSpec:
        """Return the run of a coalition under a seed."""
        return RunSpec(self._mix(mask), seed, self.scale, self.until, self.parameters)

    @cached_property
    def _mixes(self) -> dict[int, tuple[Scenario, Fingerprint]]:
        return {}

    def _mix(self, mask: int) -> Scenario:
        if mask not in self._mixes:
            members = [player for index, player in enumerate(self.players) if mask >> index & 1]
            mix = coalition(self.first, self.last, members, len(self.players))
            self._mixes[mask] = mix, fingerprint(mix)
        return self._mixes[mask][0]

    def _fingerprint(self, mask: int) -> Fingerprint:
        self._mix(mask)
        return self._mixes[mask][1]

    def run(
        self,
        ledger: Ledger | None = None,
        processes: int | None = None,
        advance: Advance | None = None,
        expect: Callable[[int], object] | None = None,
    ) -> "Attribution":
        """Run the coalitions, sharing what `ledger` knows, and return what each player contributes.

        With `pairs`, interactions of the strongest players follow in a second round; `expect` then hears of
        how many runs there are in all.
        """
        ledger = ledger or Ledger()
        gather(self.runs, ledger, processes, advance)
        found = Attribution(self, self._games(self.names, ledger.known), (), len(self.names))
        if not self.pairs:
            return found
        pairs = tuple(combinations(sorted(found.strongest), 2))
        more = {key: name for key, name in self.names_of_pairs(pairs).items() if key not in self.names}
        if expect:
            expect(len(self.names) + len(more))
        gather({name: self.spec(*key) for key, name in more.items()}, ledger, processes, advance)
        names = {**self.names, **more}
        return Attribution(self, self._games(names, ledger.known), pairs, len(names))

    @cached_property
    def runs(self) -> dict[str, RunSpec]:
        """Return the runs that single players need, by name and seed by seed, for whoever runs them."""
        return {name: self.spec(*key) for key, name in self.names.items()}

    def so_far(self, known: Mapping[str, Outcomes]) -> "Attribution | None":
        """Return what the outcomes of runs say by now: over the seeds of which all runs are known.

        Single players only; None as long as there are fewer than two such seeds, since errors come from
        their spread.
        """
        lacking = {seed for (_, seed), name in self.names.items() if name not in known}
        seeds = tuple(seed for seed in self.seeds if seed not in lacking)
        if len(seeds) < 2:
            return None
        names = {key: name for key, name in self.names.items() if key[1] not in lacking}
        part = replace(self, seeds=seeds, pairs=False)
        return Attribution(part, part._games(names, known), (), len(names))

    def _games(
        self, names: Mapping[tuple[int, int], str], known: Mapping[str, Outcomes]
    ) -> dict[int, shapley.Game]:
        games: dict[int, dict[int, NDArray[np.float64]]] = {seed: {} for seed in self.seeds}
        for (mask, seed), name in names.items():
            games[seed][mask] = known[name]
        return dict(games)


def plan_attribution(
    scenario: str | Scenario,
    to: str | Scenario = "baseline",
    seeds: Sequence[int] = range(1, 21),
    scale: float = 0.1,
    until: int = TARGET_YEAR,
    by: str | None = None,
    orders: int | None = None,
    pairs: bool = False,
    parameters: Mapping[str, float] | None = None,
) -> Plan:
    """Describe how the difference of `scenario` to another one is attributed, checking all that can be.

    Parameters
    ----------
    by
        What levers are grouped by: lever, article or chapter; None chooses by their number.
    orders
        Orders of the players for each seed, an even number; 0 runs all coalitions; None chooses by the number
        of players.
    pairs
        Whether interactions of pairs are wanted.
    """
    first, last = (load_scenario(each) if isinstance(each, str) else each for each in (to, scenario))
    found = players(first, last, by)
    if orders is None:
        orders = 0 if len(found) <= FEW else ORDERS
    if orders % 2 or orders < 0:
        raise InputError(f"orders come in pairs, each with its reverse: give an even number, not {orders}")
    each_seed = orders * (len(found) - 1) + 2 if orders else 2 ** len(found)
    check_seeds(seeds, each_seed * len(seeds))
    plan = Plan(first, last, found, tuple(seeds), scale, until, parameters or {}, orders, pairs)
    for mask in (0, -1 % (1 << len(found))):
        plan.spec(mask, plan.seeds[0])  # refuses wrong scales, years and seeds
    return plan


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each player contributes to each measure, by seed.

    Attributes
    ----------
    pairs
        Players, by position, whose interaction was measured.
    runs
        How many runs it rests on.
    """

    plan: Plan
    games: Mapping[int, shapley.Game]
    pairs: tuple[Pair, ...]
    runs: int

    @property
    def _everyone(self) -> int:
        return (1 << len(self.plan.players)) - 1

    @cached_property
    def first(self) -> NDArray[np.float64]:
        """Return the first scenario's outcomes, indexed [seed, measure]."""
        return np.array([self.games[seed][0] for seed in self.plan.seeds])

    @cached_property
    def last(self) -> NDArray[np.float64]:
        """Return the last scenario's outcomes, indexed [seed, measure]."""
        return np.array([self.games[seed][self._everyone] for seed in self.plan.seeds])

    @cached_property
    def contributions(self) -> NDArray[np.float64]:
        """Return the Shapley values, indexed [seed, player, measure]."""
        plan = self.plan
        return np.array(
            [
                shapley.sampled(self.games[seed], plan.drawn(seed))
                if plan.orders
                else shapley.exact(self.games[seed], len(plan.players))
                for seed in plan.seeds
            ]
        )

    @cached_property
    def interactions(self) -> dict[Pair, NDArray[np.float64]]:
        """Return what pairs add beyond what each adds alone, indexed [seed, measure]."""
        plan = self.plan
        if not plan.orders:
            every = [shapley.exact_interactions(self.games[seed], len(plan.players)) for seed in plan.seeds]
            return (
                {pair: np.array([found[pair] for found in every]) for pair in every[0]} if self.pairs else {}
            )
        return {
            pair: np.array(
                [
                    shapley.sampled_interaction(self.games[seed], plan.drawn(seed), *pair)
                    for seed in plan.seeds
                ]
            )
            for pair in self.pairs
        }

    @cached_property
    def residual(self) -> float:
        """Return the largest relative gap, over seeds and measures, between the sum and the difference."""
        gap = np.abs(self.contributions.sum(axis=1) - (self.last - self.first))
        size = np.maximum(np.maximum(np.abs(self.first), np.abs(self.last)), np.finfo(float).tiny)
        relative = gap / size
        return float(np.nanmax(relative)) if np.isfinite(relative).any() else 0.0

    @cached_property
    def strongest(self) -> list[int]:
        """Return the players with the largest share of all contributions, averaged over measures."""
        size = np.abs(self.contributions.mean(axis=0))
        with np.errstate(invalid="ignore"):
            share = np.nan_to_num(size / size.sum(axis=0)).mean(axis=1)
        return np.argsort(-share, kind="stable")[:STRONGEST].tolist()

    def rows(self) -> Iterator["Row"]:
        """Yield every measure with what each player contributes to it."""
        for column, measure in enumerate(MEASURES):
            yield Row(
                measure,
                float(self.first[:, column].mean()),
                float(self.last[:, column].mean()),
                _mean(self.last[:, column] - self.first[:, column]),
                tuple(_mean(values) for values in self.contributions[:, :, column].T),
                {pair: _mean(values[:, column]) for pair, values in self.interactions.items()},
            )

    def document(self) -> dict[str, Any]:
        """Return the attribution as one JSON document."""
        plan = self.plan
        *targets, cost = (self._row_document(row) for row in self.rows())
        return {
            "scenario": plan.last.name,
            "to": plan.first.name,
            "method": "permutations" if plan.orders else "exact",
            "permutations": plan.orders,
            "seeds": list(plan.seeds),
            "scale": plan.scale,
            "year": min(TARGET_YEAR, plan.until),
            "parameters": dict(plan.parameters),
            "runs": self.runs,
            "residual": self.residual,
            "players": [
                {
                    "id": p.id,
                    "kind": p.kind,
                    "name_en": p.name_en,
                    "name_zh": p.name_zh,
                    "members": list(p.members),
                }
                for p in plan.players
            ],
            "targets": targets,
            "fiscal_cost": cost,
        }

    def _row_document(self, row: "Row") -> dict[str, Any]:
        ids = [player.id for player in self.plan.players]
        return {
            "id": row.measure.id,
            "scope": row.measure.region,
            "unit": row.measure.unit,
            "target": row.measure.goal,
            "first": defined(row.first),
            "last": defined(row.last),
            "difference": estimate(row.difference),
            "contributions": {
                name: {**estimate(part), "share": defined(row.share(part))}
                for name, part in zip(ids, row.contributions, strict=True)
            },
            "interactions": [
                {"players": [ids[a], ids[b]], **estimate(found)} for (a, b), found in row.interactions.items()
            ],
        }


@dataclass(frozen=True)
class Row:
    """One measure: both scenarios' means, their difference, and the parts of it, by player."""

    measure: Measure
    first: float
    last: float
    difference: Difference
    contributions: tuple[Difference, ...]
    interactions: Mapping[Pair, Difference]

    @property
    def moving(self) -> list[int]:
        """Return the players that contribute anything, from the largest to the smallest, of either sign."""
        sizes = {player: abs(part.difference) for player, part in enumerate(self.contributions)}
        return sorted((player for player in sizes if sizes[player] > 0.0), key=lambda player: -sizes[player])

    def share(self, part: Difference) -> float:
        """Return a contribution's share of the difference, NaN where that is not told from noise."""
        told = self.difference.told and self.difference.difference
        return part.difference / self.difference.difference if told else float("nan")


def _mean(values: NDArray[np.float64]) -> Difference:
    return replace(paired_difference(values, np.zeros_like(values)), variance_ratio=None)


def estimate(found: Difference) -> dict[str, Any]:
    """Return a mean with its interval as plain data."""
    ends = {"value": found.difference, "low": found.low, "high": found.high}
    return {**{name: defined(value) for name, value in ends.items()}, "told": found.told}
