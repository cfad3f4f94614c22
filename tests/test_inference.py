"""Inference: moments, priors, the step of the smoother, the shipped posterior."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from agents.parameters import parameters
from calibration.coverage import coverage, rank
from calibration.diagnostics import entangled, fits, learnt, read_fits, read_learnt, to_posterior, write_table
from calibration.diagnostics_figure import diagnostic_figures
from calibration.inference import Inference, assimilate, design, infer, which_answer
from calibration.members import Member, Setting, simulate
from calibration.moments import ASSUMED_ERROR, MODEL_ERROR, error_of, moments
from calibration.priors import EFFECT_PRIORS, WIDEST, decode, silent_parameters, unknowns
from calibration.rival import adjusted
from simulation.cli import app
from simulation.data import DataError
from simulation.effects import EFFECTS
from simulation.figure import save
from simulation.posterior import load_posterior, save_posterior

TINY = Setting(scale=0.01, until=2015, processes=1)


# Moments.


def test_moments_are_observations_up_to_2018_with_an_error() -> None:
    wanted = moments()
    assert len({m.key for m in wanted}) == len(wanted)
    assert max(m.year for m in wanted) == 2018
    assert all(m.value > 0.0 and m.error > MODEL_ERROR for m in wanted)
    assert {m.year for m in moments(until=2017)} == {2015, 2016, 2017}


def test_what_is_assumed_is_trusted_less_than_what_is_cited() -> None:
    assert error_of("cited", "high") < error_of("unverified", "medium") < error_of("assumption", "low")
    assert error_of("assumption", "low") == pytest.approx(np.hypot(ASSUMED_ERROR, MODEL_ERROR))
    filled = {m.key: m for m in moments()}["Zhoushan", "tech_smes", 2018]
    assert filled.provenance == "assumption"


# Priors.


@given(st.floats(-6.0, 6.0))
def test_unknowns_stay_inside_their_range(z: float) -> None:
    chosen, effects = decode(np.full(len(unknowns()), z))
    for name, value in chosen.items():
        assert parameters()[name].low <= value <= parameters()[name].high
    for (_, name), value in effects.items():
        assert EFFECT_PRIORS[name].low <= value <= EFFECT_PRIORS[name].high


def test_the_middle_of_the_prior_is_the_table_and_the_defaults() -> None:
    chosen, effects = decode(np.zeros(len(unknowns())))
    for name, value in chosen.items():
        row = parameters()[name]
        middle = 0.5 * (row.low + row.high) if row.prior == "uniform" else row.central
        assert value == pytest.approx(middle)
    for (_, name), value in effects.items():
        assert value == pytest.approx(EFFECTS[name][0])


def test_fixed_parameters_are_not_unknown() -> None:
    names = {unknown.name for unknown in unknowns() if not unknown.place}
    assert names == {row.name for row in parameters().values() if row.prior != "fixed" and row.low < row.high}


def test_parameters_of_policy_are_silent_and_those_of_the_economy_are_not() -> None:
    silent = silent_parameters()
    assert {"ownership_elasticity", "voucher_response"} <= silent
    assert not {"patent_lapse", "user_cost_elasticity", "entry_rate"} & silent


def test_the_design_is_standard_normal_and_repeatable() -> None:
    members = design(256)
    np.testing.assert_array_equal(members, design(256))
    assert np.abs(members.mean(axis=0)).max() < 0.05
    assert np.abs(members.std(axis=0) - 1.0).max() < 0.06
    correlation = np.corrcoef(members.T)
    assert np.abs(correlation[np.triu_indices_from(correlation, 1)]).max() < 5.0 / 16.0
    assert np.abs(members).max() <= WIDEST


# The smoother.


def smoothed(steps: int, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return members and errors after smoothing a linear model y = G x of three unknowns."""
    rng = np.random.default_rng(3)
    linear = np.array([[1.0, 0.0, 0.0], [0.5, 1.0, 0.0]])
    goal, error = np.array([0.8, -0.4]), np.array([0.3, 0.5])
    members = rng.standard_normal((count, 3))
    answers = np.array([[True, True], [True, True], [False, False]])
    for _ in range(steps):
        members = assimilate(members, members @ linear.T, goal, error, float(steps), answers, rng)
    precision = np.eye(3) + linear.T @ np.diag(error**-2.0) @ linear
    covariance = np.linalg.inv(precision)
    exact = covariance @ linear.T @ np.diag(error**-2.0) @ goal
    np.testing.assert_allclose(members.mean(axis=0), exact, atol=0.05)
    return members, covariance


@pytest.mark.parametrize("steps", [1, 4])
def test_the_smoother_gives_the_exact_posterior_of_a_linear_model(steps: int) -> None:
    members, covariance = smoothed(steps)
    np.testing.assert_allclose(np.cov(members.T), covariance, atol=0.06)


def test_an_unknown_without_moments_keeps_its_prior() -> None:
    rng = np.random.default_rng(1)
    members = np.clip(rng.standard_normal((100, 2)), -WIDEST, WIDEST)
    answers = np.array([[True], [False]])
    goal, error = np.array([2.0]), np.array([0.1])
    moved = assimilate(members, members[:, :1].copy(), goal, error, 1.0, answers, rng)
    np.testing.assert_array_equal(moved[:, 1], members[:, 1])
    assert abs(moved[:, 0].mean() - 2.0) < 0.1


def test_a_parameter_answers_to_what_it_moves_and_not_to_noise() -> None:
    wanted, prior = moments(), design(256)
    rng = np.random.default_rng(5)
    names = [unknown.name for unknown in unknowns()]
    lapse = names.index("patent_lapse")
    predicted = rng.standard_normal((256, len(wanted)))
    predicted[:, 7] += 2.0 * prior[:, lapse]
    predicted[:, 9] += 5.0 * prior[:, names.index("ownership_elasticity")]
    answers = which_answer(wanted, prior, predicted)
    assert np.flatnonzero(answers[lapse]).tolist() == [7]
    assert not answers[names.index("ownership_elasticity")].any()
    for row, unknown in zip(answers, unknowns(), strict=True):
        if unknown.place == "Wuxi":
            assert {wanted[i].region for i in np.flatnonzero(row)} <= {"Wuxi"}


# Running it.


def test_members_are_kept_and_taken_up_again(tmp_path: Path) -> None:
    setting = Setting(TINY.scale, TINY.until, tmp_path, 1)
    members = [Member(z, 5) for z in design(32)[:2]]
    first = simulate(members, setting)
    kept = sorted(tmp_path.glob("*.npy"))
    assert len(kept) == 2
    kept[0].write_bytes(b"damaged")
    stamp = kept[1].stat().st_mtime_ns
    again = simulate(members, setting)
    assert kept[1].stat().st_mtime_ns == stamp
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_rival_comes_near_the_exact_posterior_of_a_linear_model() -> None:
    rng = np.random.default_rng(4)
    slopes = rng.normal(size=(3, 8))
    error, goal = np.full(8, 0.5), rng.normal(size=8)
    members = rng.standard_normal((4000, 3))
    found = adjusted(members, members @ slopes, goal, error, 4000)
    exact = np.linalg.inv(np.eye(3) + slopes @ slopes.T / 0.25)
    np.testing.assert_allclose(found.mean(axis=0), exact @ slopes @ goal / 0.25, atol=0.08)
    np.testing.assert_allclose(found.std(axis=0), np.sqrt(np.diag(exact)), rtol=0.2)


@pytest.fixture(scope="module")
def small() -> Inference:
    """Return an inference on what was observed in 2015 of a tiny world."""
    return infer(TINY, members=32, steps=2, wanted=moments(until=2015))


def test_an_inference_comes_nearer_to_what_was_observed(small: Inference) -> None:
    assert small.posterior.shape == small.prior.shape
    assert small.mismatch[-1] < 0.7 * small.mismatch[0]


def test_diagnostics_read_back_what_was_written(small: Inference, tmp_path: Path) -> None:
    for rows, read in ((learnt(small), read_learnt), (fits(small), read_fits)):
        write_table(tmp_path / "table.csv", rows)
        back = read(tmp_path / "table.csv")
        assert [str(row)[:30] for row in back] == [str(row)[:30] for row in rows]
    verdicts = {item.name: item.verdict for item in learnt(small) if not item.place}
    assert verdicts["ownership_elasticity"] == "silent"
    assert all(abs(r) >= 0.5 for _, _, r in entangled(small))


def test_each_diagnostic_has_a_figure(small: Inference, tmp_path: Path) -> None:
    posterior = to_posterior(small, {"steps": 2})
    ranks = [coverage("all", np.linspace(0.0, 1.0, 200))]
    figures = diagnostic_figures(posterior, learnt(small), fits(small), ranks)
    assert list(figures) == ["convergence", "predictive", "contraction", "pairs", "ranks"]
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert "ranks" not in diagnostic_figures(posterior, learnt(small), fits(small), [])


def test_what_ships_is_whole_and_can_be_drawn(tmp_path: Path) -> None:
    posterior = load_posterior()
    assert not posterior.missing
    assert np.isfinite(posterior.values).all()
    found = CliRunner().invoke(app, ["calibrate", "status", "--out", str(tmp_path / "new"), "--json"])
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert document["draws"] == len(posterior)
    assert not {"the data", "the parameter table"} & set(document["stale"])
    assert {path.name for path in (tmp_path / "new").glob("*.svg")} >= {"calibration_convergence.svg"}


def test_draws_are_saved_and_loaded(small: Inference, tmp_path: Path) -> None:
    path = tmp_path / "draws.npz"
    save_posterior(to_posterior(small, {"steps": 2}), path)
    posterior = load_posterior(path)
    assert len(posterior) == 32
    assert posterior.provenance["steps"] == 2
    assert posterior.draw(0) == posterior.draw(32)
    chosen, effects = posterior.draw(3)
    expected, expected_effects = decode(small.posterior[3])
    assert chosen == pytest.approx(expected, rel=1e-5)
    assert effects == pytest.approx(expected_effects, rel=1e-5, abs=1e-7)


def test_a_missing_or_damaged_posterior_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no absent\.npz; make it with: yongwen calibrate run"):
        load_posterior(tmp_path / "absent.npz")
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"broken\.npz is damaged"):
        load_posterior(tmp_path / "broken.npz")


# Coverage.


def test_uniform_ranks_are_covered_and_narrow_draws_are_not() -> None:
    rng = np.random.default_rng(2)
    right = coverage("all", rng.uniform(size=5000))
    assert right.in_50 == pytest.approx(0.5, abs=0.03)
    assert right.in_90 == pytest.approx(0.9, abs=0.02)
    assert right.p_value > 0.001
    wrong = coverage("all", rng.beta(0.4, 0.4, size=5000))
    assert wrong.in_90 < 0.8
    assert wrong.p_value < 1e-6


def test_the_rank_is_the_share_of_draws_below_the_truth(small: Inference) -> None:
    np.testing.assert_array_equal(rank(small, np.full(small.posterior.shape[1], 9.0)), 1.0)
    np.testing.assert_array_equal(rank(small, np.full(small.posterior.shape[1], -9.0)), 0.0)
