"""The backtest: scores with known answers, rivals, what an inference may see, and the frozen forecasts."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from calibration import backtest, forecasts
from calibration.inference import design
from calibration.members import Setting
from calibration.moments import Moment, error_of, moments
from calibration.rivals import RIVALS, Predictive, predict
from calibration.scores import (
    Score,
    advantage,
    as_observed,
    coverage_of,
    crps_of,
    score,
    skill_of,
    strongest,
    with_skill,
)
from simulation import cli_backtest
from simulation.cli import main
from simulation.data import DataError, Datum
from simulation.errors import InputError
from simulation.experiment import Ensemble, plan
from simulation.geography import load_geography
from simulation.posterior import FOLDER

HEADER = "region,indicator,unit,year,value,source_title,source_url,provenance,confidence,note"
KEYS = ["region", "indicator", "year", "observed", "median", "q05", "q25", "q75", "q95"]


def datum(value: float, region: str = "Ningbo", year: int = 2019) -> Datum:
    return Datum(region, "gdp", "100m_cny", year, value, "", "", "cited", "high", "")


def normal_crps(miss: float, spread: float) -> float:
    z = miss / spread
    return spread * (z * (2.0 * stats.norm.cdf(z) - 1.0) + 2.0 * stats.norm.pdf(z) - 1.0 / math.sqrt(math.pi))


# Scores.


@pytest.mark.parametrize("miss", [0.0, 0.1, -0.3])
def test_the_score_of_a_normal_forecast_is_the_known_one(miss: float) -> None:
    draws = np.exp(0.2 * np.random.default_rng(1).standard_normal(40_000))
    spread = math.hypot(0.2, error_of("cited", "high"))
    found = score(datum(math.exp(miss)), "gdp", draws)
    assert found.crps == pytest.approx(normal_crps(miss, spread), abs=0.003)
    assert math.log(found.quantiles["q95"]) == pytest.approx(1.645 * spread, abs=0.01)


def test_the_score_does_not_reward_small_ensembles() -> None:
    rng = np.random.default_rng(2)
    small = np.mean([crps_of(0.3, rng.standard_normal(5)) for _ in range(4000)])
    assert small == pytest.approx(normal_crps(0.3, 1.0), abs=0.02)


def test_the_score_is_that_of_the_fair_estimator_over_pairs() -> None:
    draws = np.random.default_rng(5).gamma(2.0, size=30)
    pairs = np.abs(draws[:, None] - draws[None, :]).sum() / (30 * 29)
    assert crps_of(1.3, draws) == pytest.approx(np.abs(draws - 1.3).mean() - 0.5 * pairs)


def test_a_forecast_without_spread_still_has_the_error_of_the_observation() -> None:
    logs = as_observed(np.full(20_000, 5.0), datum(5.0))
    assert logs.std() == pytest.approx(error_of("cited", "high"), rel=0.03)
    assert logs.mean() == pytest.approx(math.log(5.0), abs=0.002)


def test_bands_of_a_true_forecast_cover_as_often_as_they_say() -> None:
    rng, spread = np.random.default_rng(3), 0.3
    truths = np.exp(math.hypot(spread, error_of("cited", "high")) * rng.standard_normal(600))
    found = [
        score(datum(value, year=n), "gdp", np.exp(spread * rng.standard_normal(200)))
        for n, value in enumerate(truths)
    ]
    coverage = coverage_of(found)
    assert coverage["50"] == pytest.approx(0.5, abs=0.07)
    assert coverage["90"] == pytest.approx(0.9, abs=0.05)


def _scored(region: str, crps: float, **rivals: float) -> Score:
    return Score(region, "gdp", 2019, 1.0, {}, crps, rivals)


def test_skill_is_over_the_rival_that_is_best_on_the_whole() -> None:
    scores = [_scored("A", 0.1, good=0.2, bad=0.1), _scored("B", 0.3, good=0.2, bad=0.9), _scored("C", 9.0)]
    assert strongest(scores) == "good"
    assert [one.skill for one in with_skill(scores)] == [pytest.approx(0.5), pytest.approx(-0.5), None]
    assert skill_of(scores) == pytest.approx(0.0)
    assert skill_of(scores, "bad") == pytest.approx(0.6)
    assert skill_of(scores[2:]) is None


def test_the_error_of_an_advantage_counts_places_not_series() -> None:
    one = [_scored(region, 0.0, r=gain) for region, gain in zip("ABCD", (0.1, 0.3, -0.1, 0.5), strict=True)]
    mean, error = advantage(one, "r")
    assert mean == pytest.approx(0.2)
    assert error == pytest.approx(np.std([0.1, 0.3, -0.1, 0.5], ddof=1) / 2.0)
    assert advantage(one * 5, "r")[1] == pytest.approx(error)
    assert math.isnan(advantage(one[:1], "r")[1])


# Rivals.


@pytest.mark.parametrize("rival", ["random_walk", "linear_trend"])
def test_steady_growth_is_extrapolated(rival: str) -> None:
    years, logs = np.array([2014.0, 2015.0, 2017.0, 2018.0]), np.array([1.4, 1.5, 1.7, 1.8])
    found = RIVALS[rival](years, logs, 2020)
    assert found.location == pytest.approx(2.0)
    assert found.squares == pytest.approx(0.0, abs=1e-20)


def test_exponential_smoothing_damps_the_trend() -> None:
    two = RIVALS["exponential_smoothing"](np.array([2015.0, 2016.0]), np.array([1.0, 1.1]), 2018)
    growth = 0.1 / 0.9
    assert two.location == pytest.approx(1.1 + growth * (0.9**2 + 0.9**3))
    assert two.freedom == 0
    three = RIVALS["exponential_smoothing"](
        np.array([2015.0, 2016.0, 2017.0]), np.array([1.0, 1.1, 1.3]), 2018
    )
    error = 1.3 - (1.1 + 0.9 * 0.1)
    assert three.squares == pytest.approx(error**2)
    level, growth = 1.19 + 0.8 * error, 0.09 + 0.16 * error
    assert three.location == pytest.approx(level + 0.9 * growth)
    assert three.spread == pytest.approx(1.0)


def test_errors_are_pooled_over_the_places_of_an_indicator() -> None:
    histories = {
        "A": {2015: 0.0, 2016: 0.1, 2017: 0.2},
        "B": {2015: 0.0, 2016: 0.1, 2017: 0.4, 2018: 0.3},
        "C": {2018: 1.0},
    }
    found = predict(histories, "A", 2019)["random_walk"]
    own = predict(histories, "B", 2019)["random_walk"]
    assert found.freedom == own.freedom == 3
    assert found.scale == pytest.approx(own.scale * math.sqrt(4.0 / (4.0 / 3.0)))
    assert predict(histories, "C", 2019) == {}
    assert predict({"A": histories["A"]}, "A", 2019) == {}


@pytest.mark.parametrize("rival", list(RIVALS))
def test_rivals_cover_random_walks_about_as_often_as_they_say(rival: str) -> None:
    rng, inside = np.random.default_rng(4), []
    for _ in range(120):
        paths = 0.1 + np.cumsum(rng.normal(0.08, 0.05, (6, 6)), axis=1)
        histories = {str(n): dict(enumerate(path[:5].tolist(), 2014)) for n, path in enumerate(paths)}
        found: Predictive = predict(histories, "0", 2019)[rival]
        z = abs(paths[0, 5] - found.location) / found.scale
        inside.append(z <= stats.t.ppf(0.95, found.freedom))
    assert 0.78 <= np.mean(inside) <= 0.97


# What is known and what is scored.


def test_what_is_scored_came_after_the_origin_and_is_no_assumption() -> None:
    for origin in (2017, 2018):
        found = backtest.later(backtest.load_later(None), origin)
        assert found
        assert all(one.year > origin and one.provenance != "assumption" for _, one in found)
        assert all("+" not in one.region for _, one in found)
    given = [
        one.year for indicator, one in backtest.later(backtest.load_later(None), 2017) if indicator == "gdp"
    ]
    assert set(given) == {2019}  # growth up to 2018 is given to the model
    assert max(backtest.history("rd_intensity", "Ningbo", 2017)) == 2017


def _inference(monkeypatch: pytest.MonkeyPatch, seen: list) -> None:
    def infer(setting: Setting, members: int, steps: int, wanted: object, **_: object) -> SimpleNamespace:
        seen.append(wanted)
        return SimpleNamespace(posterior=design(3))

    monkeypatch.setattr(backtest, "infer", infer)
    monkeypatch.setattr(backtest, "design", lambda members: design(3))


def test_the_inference_sees_nothing_after_the_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    _inference(monkeypatch, seen)
    sample = backtest.forecast(2017, Setting(0.003, 2018, processes=1))
    assert seen == [moments(until=2017)]
    draws = sample("gdp", "Ningbo", 2018)
    assert draws is not None
    assert draws.shape == (3,)
    assert sample("gdp", "Ningbo", 2019) is None
    scores = backtest.score_all(backtest.later(backtest.load_later(None), 2017), sample, 2017)
    assert {one.year for one in scores} == {2018}
    assert any(len(one.crps_rivals) == len(RIVALS) for one in scores)


def test_a_city_that_is_left_out_is_left_out_with_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Moment, ...]] = []
    _inference(monkeypatch, seen)
    scores = backtest.leave_out_cities(Setting(0.003, 2018, processes=1), cities=["Ningbo"])
    family = {place.id for place in load_geography().places if "Ningbo" in (place.id, place.parent)}
    assert len(family) == 2
    assert not family & {moment.region for moment in seen[0]}
    assert {one.region for one in scores} <= family
    # The stub's posterior is the prior, so nothing was learnt from the other cities.
    assert [one.skill for one in scores] == [pytest.approx(0.0)] * len(scores)


def _file(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_file_of_later_observations_is_read(tmp_path: Path) -> None:
    file = _file(
        tmp_path / "mine.csv",
        "Ningbo,rd_intensity,percent_of_gdp,2021,1.0,made up,,cited,high,",
        "Ningbo,rd_intensity,percent_of_gdp,2016,1.0,made up,,cited,high,",
        "Ningbo,rd_intensity,percent_of_gdp,2024,1.0,made up,,cited,high,",
        "Atlantis,rd_intensity,percent_of_gdp,2021,1.0,made up,,cited,high,",
    )
    [(indicator, found)] = backtest.later(backtest.load_later(file), 2018)
    assert (indicator, found.region, found.year, found.value) == ("rd_intensity", "Ningbo", 2021, 1.0)
    empty = _file(tmp_path / "empty.csv")
    with pytest.raises(InputError, match="no observation of 2019-2022"):
        backtest.later(backtest.load_later(empty), 2018)


# Frozen forecasts.


@pytest.fixture
def frozen(
    tmp_path: Path, made_up: Callable[..., Ensemble], monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Ensemble]:
    """Freeze made-up forecasts where the command looks for them."""
    ensembles = tuple(made_up(seeds=200, scenario=name) for name in forecasts.SCENARIOS)
    forecasts.write(tmp_path, ensembles, "made up")
    monkeypatch.setattr(cli_backtest, "FOLDER", tmp_path)
    return tmp_path, ensembles[0]


def test_frozen_forecasts_are_the_quantiles_of_the_ensemble(frozen: tuple[Path, Ensemble]) -> None:
    folder, ensemble = frozen
    assert forecasts.check(folder) == "made up"
    draws = forecasts.frozen(folder, "baseline")("gdp", "Ningbo", 2021)
    assert draws is not None
    year = ensemble.years.index(2021)
    for name in ("q05", "median", "q95"):
        expected = ensemble.band("gdp", "Ningbo")[name][year]
        assert np.quantile(draws, forecasts.LEVELS[name]) == pytest.approx(expected, rel=5e-3)
    assert forecasts.frozen(folder, "baseline")("gdp", "Ningbo", 2018) is None


def test_freezing_goes_on_where_it_stopped(tmp_path: Path) -> None:
    experiments = [plan(name, [1, 2], 0.002, 2019) for name in forecasts.SCENARIOS]
    first = forecasts.simulate(experiments, tmp_path, 1)
    np.testing.assert_array_equal(first[1].values, experiments[1].run(1).values)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4
    np.save(files[0], np.zeros_like(np.load(files[0])))  # found there, so not done again
    files[-1].unlink()
    again = forecasts.simulate(experiments, tmp_path, 1)
    assert not again[0].values[0].any()
    np.testing.assert_array_equal(again[1].values[1], first[1].values[1])


def test_draws_of_frozen_quantiles_are_those_of_a_normal_distribution() -> None:
    quantiles = stats.norm.ppf(list(forecasts.LEVELS.values()), 3.0, 2.0)
    draws = forecasts.draws_of(quantiles)
    assert draws.mean() == pytest.approx(3.0)
    assert draws.std() == pytest.approx(2.0, rel=0.01)
    assert np.quantile(draws, 0.995) == pytest.approx(stats.norm.ppf(0.995, 3.0, 2.0), rel=0.01)


def test_forecasts_that_were_changed_are_refused(frozen: tuple[Path, Ensemble]) -> None:
    folder, _ = frozen
    file = folder / forecasts.FILE
    file.write_text(file.read_text(encoding="utf-8").replace("0", "1", 1), encoding="utf-8")
    with pytest.raises(DataError, match="not what was frozen"):
        forecasts.check(folder)
    file.unlink()
    with pytest.raises(DataError, match="yongwen backtest freeze"):
        forecasts.check(folder)


@pytest.mark.skipif(not (FOLDER / forecasts.FILE).exists(), reason="no forecasts are shipped yet")
def test_the_shipped_forecasts_are_those_that_were_frozen() -> None:
    assert forecasts.check(FOLDER).startswith("yongwen backtest freeze")
    for scenario in forecasts.SCENARIOS:
        sample = forecasts.frozen(FOLDER, scenario)
        for year in range(2019, 2023):
            assert sample("rd_intensity", "Ningbo+Wenzhou", year) is not None


def test_the_command_scores_the_frozen_forecasts(
    frozen: tuple[Path, Ensemble], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["backtest", "--quiet", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["series", "coverage", "skill"]
    assert list(found["coverage"]) == ["50", "90"]
    for row in found["series"]:
        assert list(row) == [*KEYS, "crps", "crps_rivals", "skill"]
        assert row["q05"] <= row["q25"] <= row["median"] <= row["q75"] <= row["q95"]
    assert json.loads((tmp_path / "out" / "backtest.json").read_text()) == found
    with pytest.raises(SystemExit, match="0"):
        main(command)
    words = " ".join(capsys.readouterr().out.split())
    assert "Frozen forecasts of baseline from 2018" in words
    assert f"{len(found['series'])} observations in" in words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--origin", "2016"], "origin must be one of 2017, 2018, not 2016"),
        (["--members", "3"], "members must be a whole number from 32 to 4096"),
        (["--scenario", "talent_first"], "forecasts are frozen of the scenarios baseline and full_plan"),
        (["--observations", "absent.csv"], "absent.csv: found no such file"),
    ],
)
def test_wrong_words_are_refused(
    frozen: tuple[Path, Ensemble],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["backtest", "--out", str(tmp_path / "out"), *words])
    assert message in capsys.readouterr().err
