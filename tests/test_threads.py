"""Threads share the work on one world and change no bit of it."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import threads
from simulation.experiment import plan, run_ensemble
from simulation.model import InnovationModel
from simulation.runs import RunResult, RunSpec, run_one

SPEC = RunSpec("full_plan", 5, 0.02, 2022, central=True)


@cache
def alone() -> RunResult:
    return run_one(SPEC)


@pytest.mark.parametrize("number", [2, 3, 20])
def test_any_number_of_threads_gives_the_same_bits(number: int) -> None:
    with threads.threads(number):
        assert run_one(SPEC).digest == alone().digest


def test_every_firm_and_partner_is_the_same() -> None:
    def state() -> InnovationModel:
        model = InnovationModel("full_plan", scale=0.02, seed=3, until=2019)
        model.run()
        return model

    with threads.threads(2):
        shared = state()
    single = state()
    np.testing.assert_array_equal(shared.firms.living, single.firms.living)
    np.testing.assert_array_equal(shared.partners, single.partners)
    np.testing.assert_array_equal(shared.links, single.links)
    np.testing.assert_array_equal(shared.ledger, single.ledger)


def test_a_single_run_has_all_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    real = threads.dealt

    def counted(firms: np.ndarray) -> list[np.ndarray]:
        parts = real(firms)
        used.append(len(parts))
        return parts

    monkeypatch.setattr(threads, "dealt", counted)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    [spec] = plan("baseline", [1], 0.002, 2015, central=True).runs.values()
    run_ensemble("baseline", [1], 0.002, 2015, central=True)
    assert set(used) == {2}
    used.clear()
    run_ensemble("baseline", [1], 0.002, 2015, central=True, processes=1)
    run_ensemble("baseline", [1, 2], 0.002, 2015, central=True, processes=1)
    run_one(spec)
    assert set(used) == {1}


@given(st.lists(st.integers(0, 90_000), min_size=1, max_size=16), st.integers(1, 20))
def test_each_city_goes_to_one_thread_and_work_is_even(firms: list[int], number: int) -> None:
    counts = np.array(firms, dtype=float)
    with threads.threads(number):
        parts = threads.dealt(counts)
    assert (np.sum(parts, axis=0) == 1).all()
    load = [float((counts + 1.0)[part].sum()) for part in parts]
    assert max(load) <= min(load) + counts.max() + 1.0


@given(st.integers(0, 1000), st.integers(1, 20))
def test_rows_are_cut_without_gaps(rows: int, number: int) -> None:
    with threads.threads(number):
        cuts = threads.by_row(rows)
    assert [row for begin, end in cuts for row in range(begin, end)] == list(range(rows))


def test_what_threads_find_is_put_in_order_as_far_as_there_is_room() -> None:
    into = np.full(4, -1)

    def merged(*found: list[int]) -> int:
        rows = []
        for part, begun in zip(found, threads.lists(into, len(found)), strict=True):
            begun[: len(part)] = part
            rows.append(begun[: len(part)])
        return threads.merged(rows, rows, into)

    assert merged([3, 5, 7]) == 3
    assert into.tolist() == [3, 5, 7, -1]
    assert merged([2, 9], [1]) == 3
    assert into.tolist() == [1, 2, 9, -1]
    assert merged([2, 9, 9], [1, 7]) == 4
    assert into.tolist() == [1, 2, 7, 9]


def test_an_error_in_any_part_comes_out() -> None:
    def work(part: int) -> int:
        return 1 // part

    with pytest.raises(ZeroDivisionError):
        threads.each(work, [1, 0])
