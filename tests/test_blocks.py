"""Firms by the tile: the same arithmetic as one by one, and nothing done by those that closed."""

import copy
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import pytest
from examples import NATION_2018, P, firm, place, support
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import compiling
from agents.blocks import end_of_stretch, firm_row, ledger_row, new_block, pour, statistics_row
from agents.compiling import loop
from agents.elementary import exp, log
from agents.market_rules import grow
from agents.records import FIRM, LEDGER, STATISTICS, numbers
from agents.rows import fixed
from agents.table_rows import tile_of
from agents.tables import Table
from agents.tiles import TILE
from simulation import operating, phases, planning, synthesis
from simulation.model import InnovationModel

ROOT = Path(__file__).resolve().parent.parent


@loop
def grow_in_a_tile(firms: Any, u: Any, p: Any) -> None:
    tile, block, p = tile_of(firms, 0), new_block(), fixed(p)
    for k in range(firms.size):
        grow(firm_row(tile, block, k), 9, u[k], p)


@loop
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
    some = np.zeros(TILE, dtype=FIRM)
    for name in FIRM.names or ():
        kind = FIRM[name]
        low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if kind.kind in "iu" else (-1e9, 1e9)
        draw = rng.integers(low, high, TILE, dtype=kind, endpoint=True) if kind.kind in "iu" else None
        some[name] = rng.uniform(low, high, TILE) if draw is None else draw
    return some


def test_rules_give_a_tile_the_bits_that_they_give_a_record(firms: np.ndarray) -> None:
    firms["scale"] = np.random.default_rng(1).normal(5.0, 2.0, TILE)
    u = np.random.default_rng(2).uniform(size=TILE)
    table = Table.of(firms)
    for k in range(TILE):
        grow(firms[k], 9, u[k], P)
    grow_in_a_tile(table, u, P)
    assert (table.copy() == firms).all()


_LOOPS = {
    planning._renew: (7, 3, P),
    planning._choose_rd: (place(), NATION_2018, support(), P),
    operating._sell: (7, 3, place(), support(), P),
    operating._pay_and_learn: (place(), NATION_2018, support(), 1.0, P),
    operating._look_ahead: (place(), support(), P),
    operating._count: (3,),
}


def compiled(function: Any, *kinds: Any) -> str:
    """Return what the compiler makes of a loop over the rows of a tile."""
    fresh = numba.njit(**{**compiling._OPTIONS, "cache": False})(function.py_func)
    fresh.compile(kinds)
    [code] = fresh.inspect_llvm().values()
    return str(code)


@pytest.mark.skipif(not llvmlite.binding.get_host_cpu_features().get("avx2"), reason="a processor of its own")
@pytest.mark.parametrize("function", _LOOPS, ids=lambda function: function.__name__)
def test_the_compiler_does_several_firms_at_once(function: Any) -> None:
    """A rule with a loop inside would send it back to one, columns that it cannot tell apart to four."""
    rows = numba.types.voidptr, numba.typeof(new_block()), numba.intp, numba.intp
    code = compiled(function, *rows, *map(numba.typeof, _LOOPS[function]))
    assert "vector.body" in code
    if llvmlite.binding.get_host_cpu_features().get("avx512f"):
        assert "<8 x double>" in code
        assert "<4 x double>" not in code


@pytest.mark.skipif(not llvmlite.binding.get_host_cpu_features().get("avx2"), reason="a processor of its own")
def test_the_compiler_warms_several_firms_up_at_once() -> None:
    kinds = numba.types.voidptr, numba.typeof(new_block()), numba.intp, numba.intp
    assert "vector.body" in compiled(synthesis._warm_up, *kinds, numba.typeof(place()), numba.typeof(P))


_BITS = """
import hashlib
import numpy as np
from agents.compiling import loop
from agents.blocks import new_block
from agents.parameters import parameter_record
from agents.records import FIRM
from agents.table_rows import tile_of
from agents.tables import Table
from simulation.planning import _renew

@loop
def renew(firms, p):
    _renew(tile_of(firms, 0), new_block(), 0, firms.size, 7, 3, p)

records = np.zeros(32, dtype=FIRM)
for name in FIRM.names:
    draw = np.random.default_rng(3).uniform(0.1, 5.0, 32)
    records[name] = draw
firms = Table.of(records)
renew(firms, parameter_record()[0])
print(hashlib.sha256(firms.memory.tobytes()).hexdigest())
"""


def test_a_processor_without_wide_registers_gives_the_same_bits(tmp_path: Path) -> None:
    script = tmp_path / "bits.py"
    script.write_text(_BITS)

    def bits(**settings: str) -> str:
        command = (sys.executable, str(script))
        return subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        ).stdout

    plain = bits(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert len(plain.strip()) == 64
    assert bits() == plain


def test_what_rows_add_up_is_poured_once() -> None:
    statistics, ledger = np.zeros(len(STATISTICS)), np.zeros(len(LEDGER))
    add_up(TILE, 3, statistics, ledger)
    assert statistics[list(STATISTICS.names or ()).index("rd")] == 1.5 * 3 * TILE
    assert ledger[list(LEDGER.names or ()).index("banks")] == -2.0 * 3 * TILE
    assert np.count_nonzero(statistics) == np.count_nonzero(ledger) == 1


@loop
def stretches(firms: Any) -> np.ndarray:
    """Return where each stretch begins."""
    found, end = np.zeros(firms.size, dtype=np.bool_), 0
    while end < firms.size:
        found[end] = True
        end = end_of_stretch(firms, end, firms.size)
    return found


@given(st.lists(st.integers(0, 3), min_size=1, max_size=200))
@settings(max_examples=100, deadline=None)
def test_a_stretch_is_of_one_place_and_of_one_tile(places: list[int]) -> None:
    begins = stretches(Table.of(np.array([firm(place=where) for where in places], dtype=FIRM)))
    for row, where in enumerate(places):
        assert begins[row] == (row % TILE == 0 or places[row - 1] != where)


def test_closed_firms_do_nothing() -> None:
    """With or without the rows of firms that have closed, a quarter comes out the same, but for rounding."""
    model = InnovationModel("full_plan", scale=0.05, until=2022, seed=5)
    while model.quarter < 23:  # the last quarter before closed firms are dropped
        model.step()
    without = copy.deepcopy(model)
    assert (without.firms.squeeze() == -1).sum() > 100
    for world in (model, without):
        for phase in (phases.conditions, phases.policy, phases.knowledge, phases.plan, phases.markets):
            phase(world)
        phases.operate(world)
    np.testing.assert_array_equal(model.firms.living["id"], without.firms.living["id"])
    for name in FIRM.names or ():
        np.testing.assert_allclose(model.firms.living[name], without.firms.living[name], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(numbers(model.stats), numbers(without.stats), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(numbers(model.ledger), numbers(without.ledger), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(model.knowledge_stock, without.knowledge_stock, rtol=1e-9)
    assert all(np.isfinite(model.firms.records[name]).all() for name in FIRM.names or ())


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
