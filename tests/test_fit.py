"""The fit of city effects: its moments, its steps, its file."""

import math
from pathlib import Path

import pytest

from calibration import fit
from calibration import moments as moments_module
from calibration.fit import Effects, goals, step, write
from calibration.moments import FIT_YEARS
from calibration.priors import EFFECT_PRIORS
from simulation import effects as effects_module
from simulation.data import Observations, load_observations, load_places
from simulation.effects import EFFECTS, load_effects
from simulation.indicators import INDICATORS, observed

PLACES = [place.id for place in load_places()]
MEASURED = {
    "rd_trend": ("rd_intensity", (2016, 2017, 2018)),
    "talent_trend": ("rd_personnel", (2017, 2018)),
    "contract_trend": ("technology_contract_turnover", (2017, 2018)),
    "certification_push": ("high_tech_enterprises", (2016, 2017)),
    "registration_rate": ("tech_smes", (2015,)),
    "registration_trend": ("tech_smes", (2018,)),
    "pipeline_examined": ("invention_patents_granted", (2015,)),
    "pipeline_filed": ("invention_patents_granted", (2016, 2017)),
    "patent_propensity": ("invention_patents_granted", (2018,)),
}
"""Effects that rise when the model shows too little, with where it shows."""
Moments = dict[tuple[str, str, int], float]


# Moments.


def test_moments_are_of_the_years_up_to_2018() -> None:
    wanted = goals()
    assert FIT_YEARS == (2015, 2016, 2017, 2018)
    assert {year for _, _, year in wanted} <= set(FIT_YEARS)
    assert {place for place, _, _ in wanted} == set(PLACES)
    assert {indicator for _, indicator, _ in wanted} <= set(INDICATORS)
    assert all(math.isfinite(value) and value > 0.0 for value in wanted.values())


def test_moments_do_not_see_what_was_observed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def watched(indicator: str, region: str, year: int):  # type: ignore[no-untyped-def]
        asked.append(year)
        return observed(indicator, region, year)

    early = Observations(tuple(datum for datum in load_observations().all() if datum.year <= 2018))
    before = goals()
    monkeypatch.setattr(moments_module, "observed", watched)
    monkeypatch.setattr(moments_module, "load_observations", lambda: early)
    assert goals() == before
    assert max(asked) == 2018


def test_moments_are_the_observations_where_there_are_any() -> None:
    wanted = goals()
    for (place, indicator, year), value in wanted.items():
        datum = observed(indicator, place, year)
        if datum is not None:
            assert value == datum.value
    assert ("Ningbo", "rd_intensity", 2018) in wanted
    assert ("Hangzhou", "invention_patents_granted", 2018) in wanted


# Steps, on models that are made up.


def toy(goals: Moments, factor: float = 1.0) -> Moments:
    return {(place, name, year): factor * goals.get((place, name, year), 1.0)
            for place in PLACES for name in INDICATORS for year in FIT_YEARS}  # fmt: skip


def goals_everywhere() -> Moments:
    names = {name for name, _ in MEASURED.values()}
    return {(place, name, year): 100.0 for place in PLACES for name in names for year in FIT_YEARS}


def test_nothing_moves_when_the_model_meets_its_goals() -> None:
    effects: Effects = {}
    assert step(effects, goals_everywhere(), toy(goals_everywhere()), 0.7) == 0.0
    assert all(value == EFFECTS[name][0] for (_, name), value in effects.items())


@pytest.mark.parametrize("effect", MEASURED)
@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_miss_moves_the_effect_against_it(effect: str, factor: float) -> None:
    indicator, years = MEASURED[effect]
    model = toy(goals_everywhere())
    for year in years:
        model["Hefei", indicator, year] *= factor
    effects: Effects = {}
    distance = step(effects, goals_everywhere(), model, 0.7)
    assert distance > 0.0
    default = EFFECTS[effect][0]
    assert (effects["Hefei", effect] > default) == (factor < 1.0)
    assert effects["Hefei", effect] != default
    assert effects["Suzhou", effect] == default


def test_a_register_or_a_stock_that_starts_too_high_gets_more_growth_in_2015() -> None:
    model = toy(goals_everywhere())
    model["Hefei", "high_tech_enterprises", 2015] *= 1.1  # at the end of the year: start lower
    effects: Effects = {}
    step(effects, goals_everywhere(), model, 0.7)
    assert effects["Hefei", "high_tech_growth_2015"] > EFFECTS["high_tech_growth_2015"][0]


def test_effects_stay_within_their_bounds() -> None:
    effects: Effects = {}
    for factor in (1e-6, 1e6):
        for _ in range(20):
            step(effects, goals_everywhere(), toy(goals_everywhere(), factor), 0.7)
        for (_, name), value in effects.items():
            assert EFFECT_PRIORS[name].low <= value <= EFFECT_PRIORS[name].high
    assert effects["Hefei", "rd_trend"] == EFFECT_PRIORS["rd_trend"].low


def test_places_without_a_goal_keep_the_default() -> None:
    wanted = {key: value for key, value in goals_everywhere().items() if key[0] != "Zhoushan"}
    effects: Effects = {}
    step(effects, wanted, toy(wanted, 0.5), 0.7)
    assert not any(place == "Zhoushan" for place, _ in effects)
    zones = {place for place, name in effects if name == "talent_trend"}
    assert "Ningbo_HTZ" not in zones  # talent is a stock of cities


def test_steps_lead_to_the_goals_of_a_model_that_answers_its_effects() -> None:
    wanted = {key: value for key, value in goals_everywhere().items() if key[1] == "rd_intensity"}
    effects: Effects = {}

    def answer() -> Moments:
        model = toy(wanted)
        for place in PLACES:
            trend = effects.get((place, "rd_trend"), 0.0)
            for year in FIT_YEARS:
                model[place, "rd_intensity", year] = 80.0 * math.exp(trend * (year - 2014.5))
        return model

    distances = [step(effects, wanted, answer(), 0.7) for _ in range(12)]
    assert distances[-1] < 0.5 * distances[0]
    assert distances[-1] == pytest.approx(distances[-2], abs=1e-4)
    assert 0.05 < effects["Hefei", "rd_trend"] < 0.12


# The file.


def test_what_is_written_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fit, effects_module):
        monkeypatch.setattr(module, "data_dir", lambda: tmp_path)
    effects = {
        (place, name): 0.123456789 * (i + 1) for i, name in enumerate(EFFECT_PRIORS) for place in PLACES
    }
    load_effects.cache_clear()
    try:
        assert write(effects) == tmp_path / "city_effects.csv"
        read = load_effects()
    finally:
        load_effects.cache_clear()
    assert set(read) == set(effects)
    for key, value in effects.items():
        assert read[key] == pytest.approx(value, rel=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["city_effects.csv"]


def test_the_shipped_file_is_whole_and_within_bounds() -> None:
    shipped = load_effects()
    assert {place for place, _ in shipped} == set(PLACES)
    for (place, name), value in shipped.items():
        assert EFFECT_PRIORS[name].low <= value <= EFFECT_PRIORS[name].high, (place, name)
    for city in ("Ningbo", "Wenzhou", "Hangzhou"):
        fitted = {name for place, name in shipped if place == city}
        assert fitted >= set(MEASURED) - {"contract_trend"}  # nobody published Wenzhou's turnover
