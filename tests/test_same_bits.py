"""Shipped results hold for new code that was shown to give the same bits, and for no other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard import same_bits
from dashboard.shipped import Shipped, read
from simulation import runs
from simulation.errors import InputError
from simulation.experiment import Ensemble, plan


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runs.code_hash()  # kept from now on as it is outside this test
    path = tmp_path / "same_bits.json"
    for module in (runs, same_bits):
        monkeypatch.setattr(module, "SAME_BITS", path)
    return path


@pytest.fixture
def kept() -> Ensemble:
    return plan("baseline", [1, 2], 0.002, 2016, central=True).run()


def test_code_that_gives_the_same_bits_bears_the_name_of_the_older(file: Path, kept: Ensemble) -> None:
    assert runs.code_hash.__wrapped__() == runs.source_hash()
    same_bits.record({"baseline": Shipped(kept, ("the model's code",))}, "older")
    assert runs.code_hash.__wrapped__() == "older"
    file.write_text(json.dumps({"some other source": "older"}))
    assert runs.code_hash.__wrapped__() == runs.source_hash()


def test_code_that_gives_other_bits_is_told_and_not_recorded(file: Path, kept: Ensemble) -> None:
    first, last = kept.results
    values = last.values.copy()
    values[0, 0, 0] = values[0, 0, 0] * (1.0 + 1e-15) + 1e-300
    other = replace(kept, results=(first, replace(last, values=values)))
    with pytest.raises(InputError, match="baseline: bits differ under 1 seeds, the first is 2"):
        same_bits.record({"baseline": Shipped(other, ())}, "older")
    assert not file.exists()


def test_results_under_other_data_prove_nothing(file: Path, kept: Ensemble) -> None:
    with pytest.raises(InputError, match="baseline: the data changed too"):
        same_bits.record({"baseline": Shipped(kept, ("the data", "the model's code"))}, "older")
    assert not file.exists()


def test_a_shipped_run_comes_out_bit_for_bit_today() -> None:
    """One of the runs that the whole record stands for."""
    shipped = read()["full_plan"]
    assert not shipped.changed
    [(name, spec), *_] = shipped.ensemble.experiment.runs.items()
    assert runs.run_one(spec, name).digest == shipped.ensemble.results[0].digest
