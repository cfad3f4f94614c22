"""Chance: counter-based streams.

A draw is a function of (seed, stable entity id, quarter, purpose) and of nothing else: not of the order of
agents, the number of processes or the draws of anybody else. Two scenarios under one seed therefore share
every draw that the policy does not touch (common random numbers). The hash is the finaliser of SplitMix64
(Steele, Lea & Flood 2014), applied once per key component.
"""

from enum import IntEnum
from functools import cache

import numpy as np

from agents.compiling import loop, rule
from agents.quantiles import binomial, normal_quantile, poisson

__all__ = ["Purpose", "binomial", "child_id", "child_ids", "draw", "draw_many", "draws", "entity_id", "mix",
           "normal_quantile", "normal_quantiles", "poisson", "stream", "uniform"]  # fmt: skip

Key = int | np.uint64

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-52


class Purpose(IntEnum):
    """What a draw is for. Numbers are part of the results: append, never renumber."""

    OPPORTUNITY = 1
    GROWTH = 3
    MARGIN = 4
    GRANT = 6
    INVENTION = 7
    EXAMINATION = 8
    DECISION = 9
    LAPSE = 10
    CERTIFICATION = 11
    REGISTRATION = 12
    EXIT = 13
    SPIN_OFF = 14
    DEAL = 15
    DEAL_FUND = 16
    EXIT_DEAL = 17
    RELABEL = 18
    ENTRY = 19
    ENTRANT_FIELD = 20
    ENTRANT_SIZE = 21
    ENTRANT_QUALITY = 23
    LINK_SEARCH = 27
    LINK_CITY = 28
    LINK_KIND = 29
    LINK_PARTNER = 30
    LINK_ACCEPT = 31
    LINK_SURVIVAL = 32
    DISCLOSURE = 33
    LICENCE = 34
    CONDITION = 35
    PLATFORM = 40
    CONSORTIUM = 60
    SECONDMENT = 61
    ACADEMIC_PARTNER = 62
    LICENCE_CHANNEL = 63
    GRANT_DECISION = 43
    START_SIZE = 44
    START_FIELD = 45
    START_OPPORTUNITY = 46
    START_PATENTS = 48
    START_PATENTS_2 = 49
    START_CERTIFICATE = 50
    START_COHORT = 51
    START_REGISTER = 52
    START_AGE = 53
    START_TENANT = 54
    START_CATALOGUE = 55
    START_PIPELINE = 56
    LINK_RING = 57
    LEAVE = 70
    SITE = 71
    UPGRADE = 72
    UPGRADE_TRAIT = 73
    PROJECT = 80
    DISCOVERY = 81
    START_ROUND = 82
    START_ROUND_SPENT = 83


@rule
def mix(z: Key) -> np.uint64:
    """Scramble 64 bits (the SplitMix64 finaliser)."""
    x = np.uint64(z) + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@rule
def stream(seed: int, entity: Key, quarter: int) -> np.uint64:
    """Return the key of one entity's draws in one quarter."""
    return mix(mix(mix(np.uint64(seed)) ^ np.uint64(entity)) ^ np.uint64(quarter))


@rule
def uniform(key: np.uint64, purpose: int) -> float:
    """Return the uniform draw in (0, 1) that `key` gives for `purpose`."""
    bits = mix(key ^ (np.uint64(purpose) * _GOLDEN))
    return (float(bits >> np.uint64(12)) + 0.5) * _TO_UNIT


@rule
def draw(seed: int, entity: np.uint64, quarter: int, purpose: int) -> float:
    """Return one uniform draw; from Python, `entity` must be a `numpy.uint64`."""
    return uniform(stream(seed, entity, quarter), purpose)


@loop
def draw_many(seed: int, entities: np.ndarray, quarter: int, purposes: np.ndarray) -> np.ndarray:
    """Return each entity's uniform draws for several purposes (uint64[N], int64[K] to float64[N, K])."""
    out = np.empty((entities.size, purposes.size))
    for i in range(entities.size):
        key = stream(seed, entities[i], quarter)
        for k in range(purposes.size):
            out[i, k] = uniform(key, purposes[k])
    return out


@rule
def child_id(parent: Key, quarter: int, slot: int) -> np.uint64:
    """Return the stable id of the entity that `parent` brings forth in `quarter` at place `slot`."""
    return mix(mix(mix(np.uint64(parent)) ^ np.uint64(quarter)) + np.uint64(slot))


@cache
def entity_id(*words: str | int) -> np.uint64:
    """Return a stable 64-bit id from words, for agents that are not born in the model."""
    key = np.uint64(0)
    for word in words:
        number = word if isinstance(word, int) else int.from_bytes(word.encode()[:64], "little")
        while True:
            key = np.uint64(mix(key ^ np.uint64(number & 0xFFFFFFFFFFFFFFFF)))
            number >>= 64
            if not number:
                break
    return key


def draws(seed: int, entities: np.ndarray, quarter: int, purpose: int) -> np.ndarray:
    """Return one uniform draw for each entity (uint64[N] to float64[N])."""
    # A plain int: numba takes milliseconds to recognise a member of an enumeration.
    drawn: np.ndarray = _draws(seed, entities, quarter, int(purpose))
    return drawn


@loop
def _draws(seed: int, entities: np.ndarray, quarter: int, purpose: int) -> np.ndarray:
    out = np.empty(entities.size)
    for i in range(entities.size):
        out[i] = uniform(stream(seed, entities[i], quarter), purpose)
    return out


@loop
def normal_quantiles(u: np.ndarray) -> np.ndarray:
    """Return the standard normal quantiles of an array."""
    out = np.empty(u.size)
    for i in range(u.size):
        out[i] = normal_quantile(u[i])
    return out


@loop
def child_ids(parent: np.uint64, quarter: int, first: int, count: int) -> np.ndarray:
    """Return the ids of `count` children of `parent` born in `quarter`, from slot `first` on (uint64[N])."""
    out = np.empty(count, dtype=np.uint64)
    for i in range(count):
        out[i] = child_id(parent, quarter, first + i)
    return out
