"""Shapley values: games whose answer is known, the axioms, and estimates from sampled orders."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.comparison import paired_difference
from scenarios.shapley import (
    before_pair,
    beyond,
    chain,
    exact,
    exact_interactions,
    orders,
    sampled,
    sampled_interaction,
)

PLAYERS = 4
values = st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=2**PLAYERS, max_size=2**PLAYERS).map(
    lambda drawn: {mask: np.array([value]) for mask, value in enumerate(drawn)}
)


def made_up(players: int, seed: int = 3) -> dict[int, np.ndarray]:
    """Return a game with two outcomes and effects of every order."""
    chance = np.random.default_rng(seed)
    return {mask: chance.normal(size=2) * mask.bit_count() for mask in range(1 << players)}


def test_one_left_glove_is_worth_four_of_the_two_right_ones() -> None:
    game = {mask: np.array(float(mask & 1 and mask & 6 != 0)) for mask in range(8)}
    np.testing.assert_allclose(exact(game, 3), [2 / 3, 1 / 6, 1 / 6])


def test_an_interaction_is_shared_alike_and_found_as_one() -> None:
    game = {mask: np.array(3.0 * (mask & 1) + 5.0 * (mask & 3 == 3) + (mask >> 2 & 1)) for mask in range(8)}
    np.testing.assert_allclose(exact(game, 3), [5.5, 2.5, 1.0])
    found = exact_interactions(game, 3)
    assert {pair: float(value) for pair, value in found.items()} == pytest.approx(
        {(0, 1): 5.0, (0, 2): 0.0, (1, 2): 0.0}
    )


@given(values)
def test_values_add_up_to_what_all_make_together(game: dict[int, np.ndarray]) -> None:
    np.testing.assert_allclose(exact(game, PLAYERS).sum(axis=0), game[15] - game[0], atol=1e-9)
    for order in orders(PLAYERS, 2, seed=1):
        np.testing.assert_allclose(sampled(game, [order]).sum(axis=0), game[15] - game[0], atol=1e-9)


@given(values)
def test_who_changes_nothing_gets_nothing(game: dict[int, np.ndarray]) -> None:
    idle = {mask: game[mask & ~2] for mask in game}
    np.testing.assert_allclose(exact(idle, PLAYERS)[1], 0.0, atol=1e-9)
    np.testing.assert_array_equal(sampled(idle, orders(PLAYERS, 4, seed=2))[1], 0.0)
    for pair, found in exact_interactions(idle, PLAYERS).items():
        assert 1 not in pair or abs(found[0]) < 1e-9


@given(values)
def test_who_changes_the_same_gets_the_same(game: dict[int, np.ndarray]) -> None:
    def swapped(mask: int) -> int:
        return mask & ~5 | (mask & 1) << 2 | mask >> 2 & 1

    alike = {mask: (game[mask] + game[swapped(mask)]) / 2 for mask in game}
    found = exact(alike, PLAYERS)
    np.testing.assert_allclose(found[0], found[2], atol=1e-9)


@given(values, values, st.floats(-3, 3))
def test_values_of_a_sum_of_games_are_the_sum_of_values(
    game: dict[int, np.ndarray], other: dict[int, np.ndarray], factor: float
) -> None:
    both = {mask: game[mask] + factor * other[mask] for mask in game}
    expected = exact(game, PLAYERS) + factor * exact(other, PLAYERS)
    np.testing.assert_allclose(exact(both, PLAYERS), expected, atol=1e-6)


def test_all_orders_together_are_exact() -> None:
    game = made_up(PLAYERS)
    every = list(permutations(range(PLAYERS)))
    np.testing.assert_allclose(sampled(game, every), exact(game, PLAYERS), atol=1e-12)
    for pair, found in exact_interactions(game, PLAYERS).items():
        np.testing.assert_allclose(sampled_interaction(game, every, *pair), found, atol=1e-12)


def test_orders_come_with_their_reverse_and_more_begin_with_the_same() -> None:
    few, many = orders(7, 2, seed=5), orders(7, 6, seed=5)
    assert many[:2] == few
    assert all(sorted(order) == list(range(7)) for order in many)
    assert [order[::-1] for order in many[::2]] == many[1::2]
    assert orders(7, 2, seed=6) != few


def test_reverse_orders_narrow_what_interactions_blur() -> None:
    """With interactions of pairs only, an order and its reverse are exact; single orders are not."""
    chance = np.random.default_rng(4)
    pairs = {pair: chance.normal() for pair in combinations(range(6), 2)}
    game = {
        mask: np.array(sum(value for (a, b), value in pairs.items() if mask >> a & 1 and mask >> b & 1))
        for mask in range(64)
    }
    order, reverse = orders(6, 2, seed=9)
    np.testing.assert_allclose(sampled(game, [order, reverse]), exact(game, 6), atol=1e-12)
    assert np.abs(sampled(game, [order]) - exact(game, 6)).max() > 0.1


@settings(deadline=None)
@given(st.permutations(range(6)), st.integers(0, 5), st.integers(0, 5))
def test_two_of_the_four_coalitions_of_a_pair_lie_on_the_chain(order: list[int], a: int, b: int) -> None:
    if a == b:
        return
    before = before_pair(tuple(order), a, b)
    assert not before & (1 << a | 1 << b)
    four = {before, before | 1 << a, before | 1 << b, before | 1 << a | 1 << b}
    assert len(four & set(chain(order))) >= 2


def test_sampled_interactions_are_unbiased() -> None:
    game = made_up(5)
    truth = exact_interactions(game, 5)[1, 3]
    draws = np.array([sampled_interaction(game, orders(5, 2, seed), 1, 3) for seed in range(3_000)])
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - truth) < 4 * error).all()
    assert (error < 0.1).all()
    assert beyond(game, 0, 1, 3) == pytest.approx(game[10] - game[2] - game[8])


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Each seed has a game of its own and orders of its own; the truth is the mean game's value."""
    mean, chance = made_up(5), np.random.default_rng(8)
    truth, hits, tries = exact(mean, 5), 0, 400
    for attempt in range(tries):
        contributions = []
        for seed in range(8):
            game = {mask: value + chance.normal(size=2) for mask, value in mean.items()}
            contributions.append(sampled(game, orders(5, 2, 1_000 * attempt + seed)))
        drawn = np.array(contributions)
        for player in range(5):
            found = paired_difference(drawn[:, player, 0], np.zeros(8))
            hits += found.low <= truth[player, 0] <= found.high
    assert hits / (5 * tries) == pytest.approx(0.95, abs=0.02)
