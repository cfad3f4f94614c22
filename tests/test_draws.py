"""Projections that draw their parameters from a posterior: one draw a replicate, and what makes its band."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenarios.scenario import load_scenario
from scenarios.split import PARAMETERS, Side, plan_split
from simulation import posterior as shipped
from simulation import store
from simulation.branching import Histories, leaves_at, world_of
from simulation.cli import main
from simulation.errors import InputError
from simulation.experiment import plan, run_ensemble
from simulation.model import InnovationModel
from simulation.posterior import DRAWS, Posterior, draw_of, load_posterior, posterior_hash, save_posterior
from simulation.report import BANDS_HOLD, bands_hold, document, target_rows
from simulation.rerun import from_name, from_results
from simulation.runs import MAX_SEED, RunSpec, run_id, run_one
from simulation.uncertainty import share

SMALL = {"scale": 0.005, "until": 2016}
NAMES = (("", "margin_technology"), ("Ningbo", "certification_push"))


def _forget() -> None:
    load_posterior.cache_clear()
    posterior_hash.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty folder of the shipped posterior."""
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "posterior")
    (tmp_path / "posterior").mkdir()
    _forget()
    yield tmp_path / "posterior"
    _forget()


@pytest.fixture
def drawn(folder: Path) -> Posterior:
    """Ship a posterior of three draws."""
    return _ship(folder, 0.12)


def _ship(folder: Path, first: float) -> Posterior:
    values = np.array([[first, 0.1], [0.15, 0.9], [0.2, 2.0]], dtype=np.float32)
    made = Posterior(NAMES, values, {"made": "up"})
    save_posterior(made, folder / DRAWS)
    _forget()
    return made


def _by_hand(seed: int, index: int, posterior: Posterior) -> np.ndarray:
    chosen, effects = posterior.draw(index)
    model = InnovationModel(seed=seed, parameters=chosen, effects=effects, **SMALL)
    return model.run().values


@pytest.mark.parametrize(("seed", "index"), [(1, 0), (3, 2), (4, 0), (0, 2)])
def test_a_seed_has_the_draw_that_belongs_to_it(drawn: Posterior, seed: int, index: int) -> None:
    values = run_one(RunSpec("baseline", seed, **SMALL)).values
    np.testing.assert_array_equal(values, _by_hand(seed, index, drawn))
    assert (values != run_one(RunSpec("baseline", seed, central=True, **SMALL)).values).any()


def test_a_parameter_that_is_set_takes_the_place_of_the_drawn_one(drawn: Posterior) -> None:
    chosen, effects = drawn.draw(0)
    model = InnovationModel(
        seed=1, parameters={**chosen, "margin_technology": 0.18}, effects=effects, **SMALL
    )
    run = run_one(RunSpec("baseline", 1, parameters={"margin_technology": 0.18}, **SMALL))
    np.testing.assert_array_equal(run.values, model.run().values)


def test_without_a_posterior_runs_are_central_and_named_as_such(folder: Path) -> None:
    spec = RunSpec("baseline", 2, **SMALL)
    central = replace(spec, central=True)
    assert draw_of(2) == ({}, None)
    assert run_id(spec) == run_id(central)
    assert run_one(spec).digest == run_one(central).digest
    assert plan("baseline", [1, 2], pairs=2).twins == {}
    assert bands_hold() == BANDS_HOLD[True]


def test_the_name_of_a_run_holds_the_posterior(folder: Path) -> None:
    spec = RunSpec("baseline", 2, **SMALL)
    central = run_id(replace(spec, central=True))
    names = [central]
    for first in (0.12, 0.13):
        _ship(folder, first)
        names.append(run_id(spec))
        assert run_id(replace(spec, central=True)) == central
    assert len(set(names)) == 3


def test_branches_share_the_history_of_their_draw(drawn: Posterior) -> None:
    histories = Histories()
    for seed in (1, 2):
        spec = RunSpec("full_plan", seed, scale=0.005, until=2019)
        assert leaves_at(spec) > 2
        assert histories.run(spec).digest == run_one(spec).digest
    assert world_of(spec) != world_of(replace(spec, central=True))


def test_a_run_is_repeated_with_its_draw(drawn: Posterior) -> None:
    for central in (False, True):
        spec = RunSpec("baseline", 2, central=central, **SMALL)
        assert from_name(run_id(spec)).spec == spec


def test_results_are_repeated_until_the_posterior_changes(folder: Path, tmp_path: Path) -> None:
    _ship(folder, 0.12)
    ensemble = plan("baseline", [1, 2], pairs=1, **SMALL).run(1)
    store.write(tmp_path / "out", ensemble)
    for result in (*ensemble.results, *ensemble.twins):
        recorded = from_results(result.run_id, tmp_path / "out")
        assert run_one(recorded.spec).digest == recorded.digest == result.digest
    _ship(folder, 0.13)
    with pytest.raises(InputError, match="the posterior changed"):
        from_results(ensemble.run_ids[0], tmp_path / "out")


def test_results_at_central_values_outlive_a_posterior(folder: Path, tmp_path: Path) -> None:
    ensemble = run_ensemble("baseline", [1], processes=1, **SMALL)
    store.write(tmp_path / "out", ensemble)
    _ship(folder, 0.12)
    spec = from_results(ensemble.run_ids[0], tmp_path / "out").spec
    assert run_one(spec).digest == ensemble.results[0].digest


def test_twins_differ_by_chance_alone_and_are_no_replicates(drawn: Posterior) -> None:
    ensemble = plan("baseline", [1, 2, 5], pairs=2, **SMALL).run(1)
    assert ensemble.seeds == [1, 2, 5]
    assert [twin.spec.seed for twin in ensemble.twins] == [4, 5]
    assert [draw_of(seed) for seed in (1, 2)] == [draw_of(twin.spec.seed) for twin in ensemble.twins]
    assert len(ensemble.values) == 3
    last = plan("baseline", [MAX_SEED], pairs=1).twins.values()
    assert [draw_of(spec.seed) for spec in last] == [draw_of(MAX_SEED)]


def test_the_share_of_chance_is_that_of_made_up_values() -> None:
    rng = np.random.default_rng(5)
    parameters = rng.normal(0.0, 3.0, 4000)
    found = share(parameters + rng.normal(size=4000), parameters + rng.normal(size=4000))
    assert found is not None
    assert found.chance == pytest.approx(0.1, abs=4.0 * found.error)
    assert found.chance + found.parameters == 1.0
    only = share(rng.normal(size=4000), rng.normal(size=4000))
    assert only is not None
    assert only.chance == pytest.approx(1.0, abs=0.1)
    assert share(parameters, parameters) == share(parameters, parameters[:2])
    assert share(np.ones(5), np.ones(5)) is None
    assert share(parameters, parameters[:1]) is None


def test_the_error_of_a_share_is_its_spread() -> None:
    rng = np.random.default_rng(6)
    found = []
    for _ in range(400):
        parameters = rng.normal(0.0, 2.0, 20)
        one = share(parameters + rng.normal(size=20), parameters[:8] + rng.normal(size=8))
        assert one is not None
        found.append((one.chance, one.error))
    chances, errors = np.array(found).T
    assert np.median(errors) == pytest.approx(chances.std(), rel=0.35)


def test_run_says_what_its_bands_hold(drawn: Posterior, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", "--seeds", "3", "--pairs", "2", "--scale", "0.003", "--processes", "1", "--quiet"]
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert not found["central"]
    assert found["variance"]["pairs"] == 2
    shares = [row["variance"] for row in found["targets"] if row["variance"]]
    assert shares
    assert all(0.0 <= each["chance"] <= 1.0 and each["error"] >= 0.0 for each in shares)
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--json", "--central"])
    held = json.loads(capsys.readouterr().out)
    assert held["central"]
    assert held["variance"] is None
    with pytest.raises(SystemExit, match="0"):
        main(command)
    words = " ".join(capsys.readouterr().out.split())
    assert BANDS_HOLD[False] in words
    assert "pairs of runs with equal parameters" in words


def test_the_document_of_drawn_runs_names_the_estimator(drawn: Posterior) -> None:
    ensemble = plan("baseline", [1, 2, 3], scale=0.003, until=2022, pairs=2).run(1)
    assert "equal parameters" in document(ensemble)["variance"]["estimator"]
    row = next(target_rows(ensemble))
    assert row.document()["variance"].keys() == {"parameters", "chance", "error"}


def test_a_split_counts_drawn_against_central_as_parameters(drawn: Posterior) -> None:
    baseline = load_scenario("baseline")
    asked = plan_split(Side(baseline, {}, central=True), Side(baseline, {}), [1, 2], 0.005, 2016)
    assert asked.factors == (PARAMETERS,)
    assert [asked.spec(frozenset(mix), 1).central for mix in ((), (PARAMETERS,))] == [True, False]
