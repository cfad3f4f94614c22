"""Shapley values and interactions of a game with many outcomes, whole or from sampled orders.

A coalition is a bit mask: bit `i` says whether player `i` is in. A game gives each coalition an array, the
value of every outcome. Values of players add up to what all of them make together less what none makes.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Game = Mapping[int, NDArray[np.float64]]
Order = tuple[int, ...]


def exact(game: Game, players: int) -> NDArray[np.float64]:
    """Return the Shapley value of each player (first axis) from the values of all coalitions."""
    return np.array(
        [
            sum(
                _weight(mask, players, 1) * (game[mask | 1 << player] - game[mask])
                for mask in _without(1 << player, players)
            )
            for player in range(players)
        ]
    )


def exact_interactions(game: Game, players: int) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return the Shapley interaction index of each pair: the mean of what both add beyond each alone."""
    return {
        (a, b): sum(
            (
                _weight(mask, players, 2) * beyond(game, mask, a, b)
                for mask in _without(1 << a | 1 << b, players)
            ),
            np.zeros_like(game[0]),
        )
        for a, b in combinations(range(players), 2)
    }


def beyond(game: Game, mask: int, a: int, b: int) -> NDArray[np.float64]:
    """Return what a pair adds to a coalition without it beyond what each adds alone."""
    return game[mask | 1 << a | 1 << b] - game[mask | 1 << a] - game[mask | 1 << b] + game[mask]


def _without(bits: int, players: int) -> Iterator[int]:
    return (mask for mask in range(1 << players) if not mask & bits)


def _weight(mask: int, players: int, joining: int) -> float:
    """Return the share of orders in which exactly `mask` comes before those who join together."""
    size = mask.bit_count()
    return (
        math.factorial(size)
        * math.factorial(players - size - joining)
        / math.factorial(players - joining + 1)
    )


def orders(players: int, count: int, seed: int) -> list[Order]:
    """Return random orders, each followed by its reverse; a larger `count` begins with the same ones."""
    chance = np.random.default_rng([players, seed])
    drawn: list[Order] = []
    while len(drawn) < count:
        order = tuple(int(player) for player in chance.permutation(players))
        drawn += [order, order[::-1]]
    return drawn


def chain(order: Sequence[int]) -> list[int]:
    """Return the coalitions on the way from nobody to everybody."""
    masks = [0]
    for player in order:
        masks.append(masks[-1] | 1 << player)
    return masks


def sampled(game: Game, drawn: Sequence[Order]) -> NDArray[np.float64]:
    """Return each player's mean contribution over orders; they add up exactly along every order."""
    total = np.zeros((len(drawn[0]), *game[0].shape))
    for order in drawn:
        masks = chain(order)
        for player, before, after in zip(order, masks[:-1], masks[1:], strict=True):
            total[player] += game[after] - game[before]
    return total / len(drawn)


def before_pair(order: Order, a: int, b: int) -> int:
    """Return the coalition before `a` in an order from which `b` is taken out.

    Over random orders this is the coalition that a pair, joining as one player, finds: the mean of `beyond`
    at it is the interaction index. Two of the four coalitions that it needs lie on the order's chain.
    """
    ahead = order[: order.index(a)]
    return sum(1 << player for player in ahead if player != b)


def sampled_interaction(game: Game, drawn: Sequence[Order], a: int, b: int) -> NDArray[np.float64]:
    """Return the mean over orders of what a pair adds beyond each alone."""
    terms = [beyond(game, before_pair(order, a, b), a, b) for order in drawn]
    return np.asarray(np.mean(terms, axis=0))
