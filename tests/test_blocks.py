"""Firms by the block: the same arithmetic as one by one, and nothing lost on the way in and out."""

import math
import os
import subprocess
import sys
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import pytest
from examples import NATION_2018, P, firm, place, support
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import compiling
from agents.blocks import BLOCK, firm_row, ledger_row, new_block, next_firms, pour, statistics_row
from agents.compiling import rule
from agents.elementary import exp, log
from agents.market_rules import grow
from agents.records import FIRM, LEDGER, STATISTICS
from agents.rows import fixed, putting_back, taking
from simulation import operating, planning

_take_up, _put_back = taking(*FIRM.names), putting_back(*FIRM.names)


@rule
def through_a_block(firms: Any, others: Any) -> None:
    block = new_block()
    for k in range(firms.size):
        _take_up(firm_row(block, k), firms[k])
    for k in range(firms.size):
        _put_back(firm_row(block, k), others[k])


@rule
def grow_in_a_block(firms: Any, u: Any, p: Any) -> None:
    block, p = new_block(), fixed(p)
    for k in range(firms.size):
        _take_up(firm_row(block, k), firms[k])
    for k in range(firms.size):
        grow(firm_row(block, k), 9, u[k], p)
    for k in range(firms.size):
        _put_back(firm_row(block, k), firms[k])


@rule
def add_up(rows: int, times: int, statistics: Any, ledger: Any) -> None:
    block = new_block()
    for _ in range(times):
        for k in range(rows):
            statistics_row(block, k).rd += 1.5
            ledger_row(block, k).banks -= 2.0
    pour(block, statistics, ledger)
    pour(block, statistics, ledger)  # nothing is left


@pytest.fixture
def firms() -> np.ndarray:
    rng = np.random.default_rng(5)
    some = np.zeros(BLOCK, dtype=FIRM)
    for name in FIRM.names or ():
        kind = FIRM[name]
        low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if kind.kind in "iu" else (-1e9, 1e9)
        draw = rng.integers(low, high, BLOCK, dtype=kind, endpoint=True) if kind.kind in "iu" else None
        some[name] = rng.uniform(low, high, BLOCK) if draw is None else draw
    return some


def test_every_number_of_a_firm_comes_back_as_it_was(firms: np.ndarray) -> None:
    others = np.zeros_like(firms)
    through_a_block(firms, others)
    assert (firms == others).all()


def test_rules_give_a_block_the_bits_that_they_give_a_record(firms: np.ndarray) -> None:
    firms["scale"] = np.random.default_rng(1).normal(5.0, 2.0, BLOCK)
    u = np.random.default_rng(2).uniform(size=BLOCK)
    one_by_one = firms.copy()
    for k in range(BLOCK):
        grow(one_by_one[k], 9, u[k], P)
    grow_in_a_block(firms, u, P)
    assert (firms["scale"] == one_by_one["scale"]).all()
    assert (firms == one_by_one).all()


_LOOPS = {
    planning._renew: (7, 3, P),
    planning._choose_rd: (place(), NATION_2018, support(), P),
    operating._sell: (7, 3, place(), support(), P),
    operating._pay_and_learn: (place(), NATION_2018, support(), 1.0, P),
    operating._look_ahead: (place(), support(), P),
    operating._count: (3,),
}


@pytest.mark.skipif(not llvmlite.binding.get_host_cpu_features().get("avx2"), reason="a processor of its own")
@pytest.mark.parametrize("function", _LOOPS, ids=lambda function: function.__name__)
def test_the_compiler_does_several_firms_at_once(function: Any) -> None:
    """A rule with a loop inside, or one that writes to this or that column, would send it back to one."""
    compiled = numba.njit(**{**compiling._OPTIONS, "cache": False})(function.py_func)
    compiled(new_block(), 0, *_LOOPS[function])
    [code] = compiled.inspect_llvm().values()
    assert "vector.body" in code


_BITS = """
import hashlib
import numpy as np
from agents.blocks import BLOCK, new_block
from agents.parameters import parameter_record
from simulation.planning import _renew
block = new_block()
block[:] = np.random.default_rng(3).uniform(0.1, 5.0, block.size)
_renew(block, BLOCK, 7, 3, parameter_record()[0])
print(hashlib.sha256(block.tobytes()).hexdigest())
"""


def test_a_processor_without_wide_registers_gives_the_same_bits() -> None:
    def bits(**settings: str) -> str:
        command = (sys.executable, "-c", _BITS)
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **settings}
        ).stdout

    plain = bits(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert len(plain.strip()) == 64
    assert bits() == plain


def test_what_rows_add_up_is_poured_once() -> None:
    statistics, ledger = np.zeros(len(STATISTICS)), np.zeros(len(LEDGER))
    add_up(BLOCK, 3, statistics, ledger)
    assert statistics[list(STATISTICS.names or ()).index("rd")] == 1.5 * 3 * BLOCK
    assert ledger[list(LEDGER.names or ()).index("banks")] == -2.0 * 3 * BLOCK
    assert np.count_nonzero(statistics) == np.count_nonzero(ledger) == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=200),
)
@settings(max_examples=100, deadline=None)
def test_blocks_hold_each_living_firm_once_and_one_place_each(lives: list[tuple[int, bool]]) -> None:
    some = np.array([firm(place=place, alive=int(alive)) for place, alive in lives], dtype=FIRM)
    rows, start, seen = np.empty(BLOCK, dtype=np.int64), 0, []
    while start < some.size:
        start, size = next_firms(some, start, some.size, rows)
        assert len({int(place) for place in some["place"][rows[:size]]}) <= 1
        seen += rows[:size].tolist()
    assert seen == np.flatnonzero(some["alive"]).tolist()


@given(st.floats(-708.0, 709.0))
@settings(max_examples=1000, deadline=None)
def test_exponential(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=2.0 * 2.0**-52, abs=0.0)


@given(st.floats(1e-307, 1e308))
@settings(max_examples=1000, deadline=None)
def test_logarithm(x: float) -> None:
    assert log(x) == pytest.approx(math.log(x), rel=2.0 * 2.0**-52, abs=0.0)
    assert log(1.0 + 1.0 / x) == pytest.approx(math.log(1.0 + 1.0 / x), rel=2.0 * 2.0**-52, abs=0.0)


def test_beyond_what_doubles_hold_the_exponential_stays_at_the_bound() -> None:
    assert exp(-1e6) == exp(-708.0) > 0.0
    assert exp(1e6) == exp(709.0) < math.inf
    assert (exp(0.0), log(1.0)) == (1.0, 0.0)
