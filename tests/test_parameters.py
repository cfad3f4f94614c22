"""The table of parameters: complete, used, and safe to override."""

import copy
import itertools
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import agents
import simulation
from agents import parameters as module
from agents.parameters import BASES, DERIVED, PRIORS, ParameterError, Parameters, parameter_record, parameters
from simulation.model import InnovationModel

TABLE = parameters()
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for package in (agents, simulation)
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py"))
)
ACCESS = re.compile(r'\b(?:model\.|self\.)?p(?:\.([a-z][a-z0-9_]*)\b(?!\()|\["([a-z0-9_]+)"\])')
PATTERNS = (r'\bp\[f"([a-z_]+)\{', r"_quarterly\(\"([a-z_]+)\"\)")


@pytest.mark.parametrize("name", TABLE)
def test_rows_are_complete(name: str) -> None:
    row = TABLE[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert row.low <= row.central <= row.high
    assert all(text.strip() for text in (row.unit, row.source, row.mechanism))
    assert row.basis in BASES
    assert row.prior in PRIORS
    assert row.prior != "lognormal" or row.low > 0.0
    assert (row.low == row.high) <= (row.prior == "fixed")


def is_used(name: str) -> bool:
    """Tell whether rules read the parameter, by its name or by a name that is put together."""
    if re.search(rf'\bp\.{name}\b|\["{name}"\]|_quarterly\("{name}"\)|"{name}"', SOURCE):
        return True
    return any(name.startswith(prefix) for prefix in re.findall(PATTERNS[0], SOURCE))


def test_every_parameter_is_used() -> None:
    assert [name for name in TABLE if not is_used(name)] == []


def test_every_parameter_that_rules_use_is_in_the_table() -> None:
    used = {a or b for a, b in ACCESS.findall(SOURCE)}
    places = {
        "id",
        "kind",
        "parent",
        "province",
        "name",
        "lat",
        "lon",
        "year",
        "summary",
        "run",
        "yearly",
        "csv",
    }
    assert len(used) > 100
    assert used - set(TABLE) - set(DERIVED) - places == set()


@pytest.mark.parametrize("name", TABLE)
def test_quantiles_rise_from_low_to_high_through_the_centre(name: str) -> None:
    row = TABLE[name]
    quantiles = [row.quantile(u) for u in (1e-9, 0.02, 0.05, 0.25, 0.5, 0.75, 0.95, 0.98, 1.0 - 1e-9)]
    assert all(row.low <= value <= row.high for value in quantiles)
    assert all(a <= b for a, b in itertools.pairwise(quantiles))
    if row.prior == "fixed":
        assert set(quantiles) == {row.central}
    elif row.prior == "uniform":
        assert quantiles[4] == pytest.approx((row.low + row.high) / 2)
    else:
        assert quantiles[4] == pytest.approx(row.central)
        assert quantiles[2] == pytest.approx(row.low, abs=1e-3 * (row.high - row.low))
        assert quantiles[6] == pytest.approx(row.high, abs=1e-3 * (row.high - row.low))


def test_the_record_has_central_values_and_overrides() -> None:
    record = parameter_record({"depreciation": 0.2})[0]
    assert record["depreciation"] == 0.2
    for name, row in TABLE.items():
        if name != "depreciation":
            assert record[name] == row.central


def test_derived_constants_follow_their_parameters() -> None:
    record = parameter_record({"adjustment_small": 0.5, "opportunity_memory": 0.8})[0]
    assert (1.0 - record["speed_small"]) ** 4 == pytest.approx(0.5)
    assert record["opportunity_keep"] ** 4 == pytest.approx(0.8)
    assert record["opportunity_keep"] ** 2 + record["opportunity_noise"] ** 2 == pytest.approx(1.0)


def test_unknown_parameters_get_the_nearest_name() -> None:
    with pytest.raises(
        ParameterError, match=r"unknown parameter 'depreciatoin'; did you mean depreciation\?"
    ):
        parameter_record({"depreciatoin": 0.1})
    with pytest.raises(ParameterError, match=r"unknown parameter 'qqq'$"):
        parameter_record({"qqq": 0.1})


@pytest.mark.parametrize("value", [-0.1, 0.31, float("nan"), float("inf")])
def test_values_outside_the_range_are_refused(value: float) -> None:
    with pytest.raises(ParameterError, match=r"depreciation = .* is outside 0\.1 to 0\.3 \(share a year\)"):
        parameter_record({"depreciation": value})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "depreciation,δ,share a year,0.1",
            "depreciation,δ,share a year,0.2",
            "needs low <= central <= high",
        ),
        ("depreciation,δ,share a year,0.1", "depreciation,δ,share a year,x", "line .*could not convert"),
        ("0.3,normal,evidence,Hall 2007", "0.3,beta,evidence,Hall 2007", "depreciation needs .* a prior of"),
        ("0.3,normal,evidence,Hall 2007", "0.3,normal,rumour,Hall 2007", "depreciation needs .* a basis of"),
    ],
)
def test_a_damaged_row_is_named(
    old: str, new: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(module._PATH).read_text(encoding="utf-8")
    assert old in text
    damaged = tmp_path / "parameters.csv"
    damaged.write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(module, "_PATH", damaged)
    with pytest.raises(ParameterError, match=message):
        module._read()


def test_the_record_can_be_read_by_rules() -> None:
    record = parameter_record()
    assert record.shape == (1,)
    assert all(record.dtype[name] == np.float64 for name in record.dtype.names or ())


def test_python_and_rules_read_the_same_values() -> None:
    array = parameter_record({"depreciation": 0.2})
    values = Parameters(array[0])
    assert values == {name: float(array[name][0]) for name in array.dtype.names or ()}
    assert all(type(value) is float for value in values.values())
    values["depreciation"] = 0.1
    assert values["depreciation"] == array["depreciation"][0] == 0.1
    values.update({"depreciation": 0.15})
    assert values["depreciation"] == array["depreciation"][0] == 0.15


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_what_is_set_in_a_copy_of_a_model_stays_there(
    duplicate: Callable[[InnovationModel], InnovationModel],
) -> None:
    model = InnovationModel(scale=0.001, seed=1)
    twin = duplicate(model)
    twin.p["mentoring_effect"] = 0.25
    assert twin.parameters["mentoring_effect"][0] == 0.25
    assert model.p["mentoring_effect"] == model.parameters["mentoring_effect"][0] != 0.25
