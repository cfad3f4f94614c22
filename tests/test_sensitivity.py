"""Sensitivity: indices with known answers, seeds as a factor, and work that goes on where it stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.parameters import parameters
from calibration import sensitivity
from calibration.sensitivity import (
    CHANCE,
    FIRST_SEED,
    LEVELS,
    TARGETS,
    Outcome,
    Study,
    chosen_parameters,
    plan_morris,
    plan_sobol,
)
from scenarios import ledger as ledgers
from scenarios.ledger import Ledger
from scenarios.scenario import load_scenario
from simulation.cli import main
from simulation.errors import InputError

NAMES = ["drift", "trend_damping", "margin_technology"]
BASELINE = load_scenario("baseline")


def _outcome(study: Study, formula: Callable[[np.ndarray], np.ndarray]) -> Outcome:
    """Return what a made-up model of the points gives: the same for all targets, but the last is constant."""
    values = np.tile(formula(study.points)[:, None], (1, len(TARGETS)))
    values[:, -1] = 7.0
    return Outcome(study, values)


def test_targets_are_all_of_the_policy_in_their_joint_region() -> None:
    assert len(TARGETS) == 13
    assert len({target.id for target in TARGETS}) == 13


def test_morris_finds_the_slopes_of_a_linear_model() -> None:
    study = plan_morris(BASELINE, 6, 0.01, NAMES)
    order = [row.name for row in study.factors]
    slopes = np.array([3.0, -1.0, 0.0, 0.5])
    found = _outcome(study, lambda points: points @ slopes)
    first = found.indices[TARGETS[0].id]
    np.testing.assert_allclose(first["mu_star"], np.abs(slopes), atol=1e-9)
    np.testing.assert_allclose(first["mu"], slopes, atol=1e-9)
    np.testing.assert_allclose(found.shares[0], np.abs(slopes) / 4.5, atol=1e-9)
    assert not found.shares[-1].any()
    assert found.most(2) == order[:2]
    assert list(found.ranking) == [order[0], order[1], CHANCE, order[2]]


def test_sobol_divides_the_variance_of_a_linear_model() -> None:
    study = plan_sobol(BASELINE, 1024, 0.01, NAMES)
    slopes = np.array([2.0, 1.0, 0.0, 1.0])
    found = _outcome(study, lambda points: points @ slopes).indices[TARGETS[0].id]
    expected = slopes**2 / (slopes**2).sum()
    np.testing.assert_allclose(found["S1"], expected, atol=0.05)
    np.testing.assert_allclose(found["ST"], expected, atol=0.05)
    assert (found["ST_conf"][:2] > 0.0).all()


def test_an_interaction_is_in_the_total_index_only() -> None:
    study = plan_sobol(BASELINE, 1024, 0.01, NAMES)
    found = _outcome(study, lambda x: (x[:, 0] - 0.5) * (x[:, 1] - 0.5)).indices[TARGETS[0].id]
    np.testing.assert_allclose(found["S1"], 0.0, atol=0.06)
    np.testing.assert_allclose(found["ST"], [1.0, 1.0, 0.0, 0.0], atol=0.1)


def test_parameters_reach_the_ends_of_their_ranges() -> None:
    study = plan_morris(BASELINE, 8, 0.01, NAMES)
    specs = [spec for _, spec in study.order]
    for name in NAMES:
        row, values = parameters()[name], {spec.parameters[name] for spec in specs}
        assert min(values) == pytest.approx(row.low, rel=1e-3)
        assert max(values) == pytest.approx(row.high, rel=1e-3)
        assert len(values) == LEVELS
    assert all(spec.central for spec in specs)


def test_chance_is_a_factor_that_chooses_the_seed() -> None:
    study = plan_morris(BASELINE, 5, 0.01, NAMES)
    seeds = np.array([spec.seed for _, spec in study.order]).reshape(5, 5)
    chance = study.points[:, -1].reshape(5, 5)
    for trajectory in range(5):
        assert len(set(seeds[trajectory])) == 2
        assert set(seeds[trajectory]) <= {FIRST_SEED + LEVELS * trajectory + level for level in range(LEVELS)}
        changed = np.diff(seeds[trajectory]) != 0
        np.testing.assert_array_equal(changed, np.diff(chance[trajectory]) != 0.0)
    sobol = plan_sobol(BASELINE, 8, 0.01, NAMES)
    rows = np.array([spec.seed for _, spec in sobol.order]).reshape(8, 6)
    assert (rows[:, 0] == rows[:, 1]).all()  # A, and A with another parameter
    assert (rows[:, 4] == rows[:, 5]).all()  # A with the chance of B, and B
    assert len(set(rows[:, 0]) | set(rows[:, 5])) == 16


def test_all_unknown_parameters_are_screened_by_default() -> None:
    free = {row.name for row in parameters().values() if row.prior != "fixed" and row.low < row.high}
    assert {row.name for row in chosen_parameters()} == free
    with pytest.raises(InputError, match="trend_damping"):
        chosen_parameters(["trend_dampin"])


@pytest.mark.parametrize("samples", [0, 7, 12, 2**20])
def test_base_samples_are_powers_of_two(samples: int) -> None:
    with pytest.raises(InputError, match="power of two"):
        plan_sobol(BASELINE, samples, 0.01, NAMES)


def test_work_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = plan_morris(BASELINE, 2, 0.002, NAMES[:1])
    whole = study.run(Ledger(tmp_path), 1)
    lines = (tmp_path / ledgers.FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == 1 + len(study.runs)
    (tmp_path / ledgers.FILE).write_text("".join(lines[:3]), encoding="utf-8")
    made: list[str] = []
    stream = ledgers.stream

    def counted(named: Any, processes: int | None) -> Any:
        made.extend(named)
        return stream(named, processes)

    monkeypatch.setattr(ledgers, "stream", counted)
    again = plan_morris(BASELINE, 2, 0.002, NAMES[:1]).run(Ledger(tmp_path), 1)
    assert len(made) == len(study.runs) - 2
    np.testing.assert_array_equal(again.values, whole.values)


def test_the_command_screens_and_works_out_indices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def gather(runs: dict[str, Any], ledger: Ledger, *_: object) -> None:
        for name, spec in runs.items():
            moved = spec.parameters.get("drift", 0.06) + 1e-3 * (spec.seed % 7)
            ledger.known[name] = np.full(len(ledgers.MEASURES), moved)

    monkeypatch.setattr(sensitivity, "gather", gather)
    command = ["sensitivity", "baseline", "--trajectories", "3", "--samples", "8", "--few", "1", "--quiet",
               "--parameters", ",".join(NAMES), "--out", str(tmp_path / "out")]  # fmt: skip
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--json", "--targets", "tech_smes"])
    found = json.loads(capsys.readouterr().out)
    assert [study["method"] for study in found["studies"]] == ["morris", "sobol"]
    assert [target["id"] for target in found["studies"][0]["targets"]] == ["tech_smes"]
    assert found["most"] == ["drift"]
    assert {"name", "share", "S1", "S1_conf", "ST", "ST_conf"} == set(
        found["studies"][1]["targets"][0]["factors"][0]
    )
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"morris.svg", "sobol.svg", "sensitivity.csv", "sensitivity.json", "manifest.json"} <= files
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--method", "morris", "--force"])
    assert "Morris screening of 3 parameters: 3 trajectories" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit, match="2"):
        main([*command, "--method", "fast"])
    assert "method must be morris or sobol, not 'fast'" in capsys.readouterr().err
