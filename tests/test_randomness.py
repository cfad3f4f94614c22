"""Chance: keyed draws are uniform and independent, and quantile functions are what they claim to be.

All seeds are fixed, so that a test passes always or never.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from agents.quantiles import FEW, list_steps, look_up
from simulation.model import InnovationModel
from simulation.randomness import (
    Purpose,
    binomial,
    child_id,
    child_ids,
    draw,
    draw_many,
    draws,
    entity_id,
    mix,
    normal_quantile,
    normal_quantiles,
    poisson,
    uniform,
)

N = 200_000
IDS = np.arange(N, dtype=np.uint64)
SURE = 1e-4
"""Level of the tests of fit: they are fixed, so this is how good a fit the draws must show."""
PURPOSES = [int(purpose) for purpose in Purpose]
UNIT = st.floats(1e-9, 1.0 - 1e-9)


def over(key: str) -> np.ndarray:
    """Return many draws that differ in one component of their key only."""
    entity = np.uint64(12345)
    if key == "entity":
        return draws(1, IDS, 3, Purpose.GROWTH)
    if key == "distant entity":
        return draws(1, child_ids(entity, 0, 0, N), 3, Purpose.GROWTH)
    if key == "seed":
        return np.array([draw(seed, entity, 3, 3) for seed in range(20_000)])
    if key == "quarter":
        return np.array([draw(1, entity, quarter, 3) for quarter in range(20_000)])
    return draw_many(1, np.array([entity], dtype=np.uint64), 3, np.arange(20_000))[0]


KEYS = ("entity", "distant entity", "seed", "quarter", "purpose")


@pytest.mark.parametrize("key", KEYS)
def test_draws_are_uniform(key):
    u = over(key)
    assert 0.0 < u.min() < u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > SURE
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > SURE
    low_digits = (u * 2.0**45).astype(np.uint64) & np.uint64(255)
    assert stats.chisquare(np.bincount(low_digits.astype(int), minlength=256)).pvalue > SURE


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("lag", [1, 2, 4, 8, 56])
def test_neighbours_are_independent(key, lag):
    u = over(key)
    assert_independent(u[:-lag], u[lag:])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_purposes_are_independent(purpose):
    u = draws(7, IDS[:50_000], 5, purpose)
    for other in PURPOSES[PURPOSES.index(purpose) + 1 :]:
        assert abs(correlation(u, draws(7, IDS[:50_000], 5, other))) < 5.0 / math.sqrt(u.size)


def test_quarters_and_seeds_are_independent():
    u = draws(7, IDS, 5, Purpose.EXIT)
    for other in (
        draws(7, IDS, 6, Purpose.EXIT),
        draws(8, IDS, 5, Purpose.EXIT),
        draws(5, IDS, 7, Purpose.EXIT),
    ):
        assert_independent(u, other)


def assert_independent(u: np.ndarray, v: np.ndarray) -> None:
    cells = np.histogram2d(u, v, bins=16, range=((0, 1), (0, 1)))[0]
    assert stats.chisquare(cells.ravel()).pvalue > SURE
    assert abs(correlation(u, v)) < 4.0 / math.sqrt(u.size)


def correlation(u: np.ndarray, v: np.ndarray) -> float:
    return float(np.corrcoef(u, v)[0, 1])


@pytest.mark.parametrize("component", ["seed", "entity", "quarter", "purpose"])
def test_one_bit_of_the_key_turns_half_the_bits_of_the_draw(component):
    bits = 32 if component in ("seed", "entity") else 8
    flips = np.zeros(bits)

    def digits(seed: int, entity: int, quarter: int, purpose: int) -> int:
        return int(draw(seed, np.uint64(entity), quarter, purpose) * 2**52)

    for sample, bit in itertools.product(range(300), range(bits)):
        key = {
            "seed": sample,
            "entity": 1000 * sample + 1,
            "quarter": sample % 64,
            "purpose": sample % 50 + 1,
        }
        changed = key | {component: key[component] ^ (1 << bit)}
        flips[bit] += (digits(**key) ^ digits(**changed)).bit_count()
    assert np.abs(flips / 300 - 26.0).max() < 1.1  # of 52 bits; five standard errors


def test_a_draw_depends_on_its_key_alone():
    order = np.random.default_rng(1).permutation(1000)
    u = draws(7, IDS[:1000], 5, Purpose.EXIT)
    assert np.array_equal(draws(7, IDS[:1000][order], 5, Purpose.EXIT), u[order])
    assert np.array_equal(draws(7, IDS[:10], 5, Purpose.EXIT), u[:10])
    assert [draw(7, entity, 5, int(Purpose.EXIT)) for entity in IDS[:10]] == u[:10].tolist()
    assert draw_many(7, IDS[4:5], 5, np.array([13, 3, 13]))[0].tolist() == [u[4], draw(7, IDS[4], 5, 3), u[4]]


def test_draws_are_those_of_every_release():
    """Written down once: draws are part of results, and these came from plain Python integers."""

    def scrambled(z: int) -> int:
        z = (z + 0x9E3779B97F4A7C15) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    assert mix(np.uint64(0)) == scrambled(0) == 0xE220A8397B1DCDAF  # first output of SplitMix64 from 0
    for seed, entity, quarter, purpose in [(0, 0, 0, 1), (7, 2**64 - 1, 31, 13), (2**32 - 1, 12345, 8, 27)]:
        key = scrambled(scrambled(scrambled(seed) ^ entity) ^ quarter)
        expected = scrambled(key ^ (purpose * 0x9E3779B97F4A7C15 % 2**64)) / 2**64
        assert draw(seed, np.uint64(entity), quarter, purpose) == pytest.approx(expected, abs=1e-15)


def key_of(bits: int, purpose: int) -> np.uint64:
    """Return the key that scrambles to `bits`: every step of the scrambling is undone."""

    def unshifted(x: int, shift: int) -> int:
        out = x
        for _ in range(64 // shift):
            out = x ^ (out >> shift)
        return out

    x = unshifted(bits, 31) * pow(0x94D049BB133111EB, -1, 2**64) % 2**64
    x = unshifted(x, 27) * pow(0xBF58476D1CE4E5B9, -1, 2**64) % 2**64
    x = (unshifted(x, 30) - 0x9E3779B97F4A7C15) % 2**64
    return np.uint64(x ^ (purpose * 0x9E3779B97F4A7C15 % 2**64))


@pytest.mark.parametrize("bits", [0, 1, 2**63, 2**64 - 2**12])
def test_a_draw_is_its_key_scrambled(bits):
    assert uniform(key_of(bits, 5), 5) == pytest.approx((bits + 0.5) / 2**64, abs=2.0**-52)


def test_the_largest_and_the_smallest_draw_lie_inside_the_unit_interval():
    assert 0.0 < uniform(key_of(0, 5), 5) < uniform(key_of(2**64 - 1, 5), 5) < 1.0


# Identities.


def test_a_million_children_have_ids_of_their_own():
    parents = [entity_id(name, "entry", kind) for name in ("Ningbo", "Wenzhou", "Hefei") for kind in range(4)]
    parents += child_ids(parents[0], 99, 0, 38).tolist()
    ids = np.concatenate([child_ids(np.uint64(p), quarter, 0, 640) for p in parents for quarter in range(32)])
    assert ids.size > 1_000_000
    assert np.unique(ids).size == ids.size
    assert not np.isin(np.array(parents, dtype=np.uint64), ids).any()


def test_a_child_is_known_by_parent_quarter_and_slot():
    assert child_ids(np.uint64(9), 4, 10, 5).tolist() == [
        child_id(np.uint64(9), 4, slot) for slot in range(10, 15)
    ]
    more, fewer = child_ids(np.uint64(9), 4, 0, 8), child_ids(np.uint64(9), 4, 0, 5)
    assert np.array_equal(more[:5], fewer)


def test_entities_of_the_model_have_ids_of_their_own():
    model = InnovationModel(scale=0.02, until=2015, seed=1)
    ids = [agent.identity for agent in (*model.universities, *model.funds)]
    ids += [identity for pair in model.platform_draws.values() for identity in pair]
    ids += [entity_id(p.id, "entry", kind) for p in model.geography.places for kind in range(6)]
    ids += model.firms.records["id"].tolist()
    assert len({int(identity) for identity in ids}) == len(ids)


def test_ids_of_words_depend_on_every_word():
    spellings = [
        ("Ningbo",),
        ("Ning", "bo"),
        ("bo", "Ning"),
        ("Ningbo", 0),
        ("Ningbo", 1),
        ("宁波",),
    ]
    assert len({int(entity_id(*words)) for words in spellings}) == len(spellings)


# Quantile functions.


def test_normal_quantiles_are_those_of_scipy():
    u = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 20_001), np.geomspace(1e-15, 1e-6, 50)])
    exact = stats.norm.ppf(u)
    assert np.allclose(normal_quantiles(u), exact, rtol=2e-9, atol=1e-12)
    assert normal_quantile(0.5) == 0.0
    assert np.allclose(
        normal_quantiles(1.0 - u[::500]), stats.norm.ppf(1.0 - u[::500]), rtol=2e-9, atol=1e-12
    )


def test_normal_draws_are_normal():
    assert stats.kstest(normal_quantiles(draws(3, IDS, 1, Purpose.OPPORTUNITY)), "norm").pvalue > SURE


@given(rate=st.floats(1e-6, 500.0), u=UNIT)
@settings(deadline=None, derandomize=True, max_examples=500)
def test_poisson_counts_are_exact_up_to_a_mean_of_500(rate, u):
    count = poisson(rate, u)
    # P(N < count) < u <= P(N <= count), up to rounding.
    assert stats.poisson.cdf(count, rate) >= u - 1e-12
    assert count == 0 or stats.poisson.cdf(count - 1, rate) < u + 1e-12


@given(rate=st.floats(500.0, 1e5), u=st.floats(1e-4, 1.0 - 1e-4))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_poisson_counts_of_large_rates_are_off_by_one_at_most(rate, u):
    assert abs(poisson(rate, u) - stats.poisson.ppf(u, rate)) <= 1


@given(n=st.integers(1, 5_000), share=st.floats(1e-6, 0.999), u=UNIT)
@settings(deadline=None, derandomize=True, max_examples=500)
def test_binomial_counts_are_exact_up_to_a_variance_of_30(n, share, u):
    if n * share * (1.0 - share) > 30.0:
        n = int(29.9 / (share * (1.0 - share)))
    count = binomial(n, share, u)
    assert stats.binom.cdf(count, n, share) >= u - 1e-10
    assert count == 0 or stats.binom.cdf(count - 1, n, share) < u + 1e-10


@given(
    n=st.integers(0, FEW + 3), share=st.one_of(st.floats(1e-6, 1.0), st.sampled_from([0.0, 0.5, 1.0])), u=UNIT
)
@settings(deadline=None, derandomize=True, max_examples=1000)
def test_counts_that_are_looked_up_are_those_that_are_worked_out(n, share, u):
    steps = np.empty((FEW + 1, FEW + 1))
    list_steps(share, steps)
    assert look_up(n, share, u, steps) == binomial(n, share, u)


@pytest.mark.parametrize("rate", [0.01, 0.7, 5.0, 29.9, 31.0, 400.0])
def test_poisson_counts_have_mean_and_variance_equal(rate):
    counts = np.array([poisson(rate, u) for u in draws(2, IDS[:40_000], 1, Purpose.INVENTION)])
    error = math.sqrt(rate / counts.size)
    assert counts.mean() == pytest.approx(rate, abs=4 * error)
    assert counts.var() == pytest.approx(rate, abs=6 * rate * math.sqrt(2.0 / counts.size) + 4 * error)


@pytest.mark.parametrize(
    ("n", "share"), [(1, 0.3), (20, 0.05), (100, 0.5), (333, 0.7), (5_000, 0.4), (40, 0.97), (333, 0.9)]
)
def test_binomial_counts_have_the_mean_and_the_variance(n, share):
    counts = np.array([binomial(n, share, u) for u in draws(2, IDS[:40_000], 1, Purpose.LAPSE)])
    variance = n * share * (1.0 - share)
    error = math.sqrt(variance / counts.size)
    assert counts.mean() == pytest.approx(n * share, abs=4 * error + 1e-9)
    assert counts.var() == pytest.approx(variance, rel=0.05)
    assert counts.min() >= 0
    assert counts.max() <= n


@example(u=1e-9, rates=[21.0, 31.0])
@example(u=0.999, rates=[30.0, 30.01])
@given(u=UNIT, rates=st.lists(st.floats(0.0, 500.0), min_size=2, max_size=20))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_poisson_counts_never_fall_when_the_rate_rises(u, rates):
    counts = [poisson(rate, u) for rate in sorted(rates)]
    assert counts == sorted(counts)


@given(rate=st.floats(0.0, 100.0), us=st.lists(UNIT, min_size=2, max_size=20), n=st.integers(0, 400))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_counts_never_fall_when_the_draw_rises(rate, us, n):
    ordered = sorted(us)
    for counts in ([poisson(rate, u) for u in ordered], [binomial(n, rate / 100.0, u) for u in ordered]):
        assert counts == sorted(counts)


@given(n=st.integers(0, 10**6), share=st.floats(0.0, 1.0), u=st.floats(2.0**-53, 1.0 - 2.0**-53))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_counts_stay_within_their_bounds(n, share, u):
    assert 0 <= binomial(n, share, u) <= n
    assert poisson(share * n / 1e4, u) >= 0


def test_counts_at_the_ends():
    assert poisson(0.0, 0.999) == poisson(-1.0, 0.999) == 0
    assert binomial(0, 0.5, 0.999) == binomial(10, 0.0, 0.999) == binomial(-3, 0.5, 0.5) == 0
    assert binomial(10, 1.0, 0.001) == 10


@pytest.mark.parametrize("u", [2.0**-54, 1.0 - 2.0**-53])
def test_the_most_extreme_draws_mean_something(u):
    assert math.isfinite(normal_quantile(u))
    assert poisson(0.1, u) <= 20
    assert binomial(100, 0.05, u) <= 60
    assert binomial(333, 0.9, u) >= 230
    assert poisson(20.0, u) <= 80
