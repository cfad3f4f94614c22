"""Virtual studies: estimators find what was put into made-up data, and every study runs in the model."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from agents.parameters import parameters
from calibration.effects import estimators, laboratory
from calibration.effects.catalogue import STUDIES, chosen
from calibration.effects.cities import distances
from calibration.effects.shipped import band, cells, document, effect, load_results
from calibration.effects.study import HELD_OUT, PAIRED, Finding, Study, pool, ratio_of_sums
from calibration.effects.worlds import EVENT, Lab, filings_of, policy, set_nation
from scenarios.levers import LEVERS
from simulation.errors import InputError
from simulation.geography import load_geography
from simulation.model import InnovationModel

RNG = np.random.default_rng


def _study(low: float, high: float, parameter: str = "") -> Study:
    return Study("x", "", "", "", "", low, high, "", lambda lab: Finding((1.0, 1.0)), parameter=parameter)


# Estimators.


def test_difference_in_differences_takes_out_levels_and_the_common_trend() -> None:
    rng, treated = RNG(1), np.arange(400) < 150
    level = rng.normal(size=400) + 2.0 * treated
    before, after = level + rng.normal(0, 0.1, 400), level + 0.7 + 0.3 * treated + rng.normal(0, 0.1, 400)
    assert estimators.difference_in_differences(before, after, treated) == pytest.approx(0.3, abs=0.04)


def test_difference_in_differences_weights_units() -> None:
    before, after = np.zeros(3), np.array([1.0, 3.0, 0.0])
    treated = np.array([True, True, False])
    weight = np.array([3.0, 1.0, 1.0])
    assert estimators.difference_in_differences(before, after, treated, weight) == pytest.approx(1.5)


def test_discontinuity_finds_a_jump_on_a_slope_and_none_where_there_is_none() -> None:
    rng = RNG(2)
    x = rng.uniform(-1, 1, 40_000)
    smooth = 1.0 + 2.0 * x + 0.5 * x**2 + rng.normal(0, 0.3, x.size)
    jump, level = estimators.discontinuity(x, smooth + 0.4 * (x >= 0.0), 0.3)
    assert jump == pytest.approx(0.4, abs=0.03)
    assert level == pytest.approx(1.0, abs=0.03)
    assert estimators.discontinuity(x, smooth, 0.3)[0] == pytest.approx(0.0, abs=0.03)


def test_controls_sharpen_a_discontinuity() -> None:
    rng = RNG(3)
    spread = {True: [], False: []}
    for _ in range(40):
        x, known = rng.uniform(-1, 1, 2_000), rng.normal(0, 3, 2_000)
        y = 0.5 * (x >= 0.0) + known + rng.normal(0, 0.2, x.size)
        for controlled, found in spread.items():
            found.append(estimators.discontinuity(x, y, 0.5, *([known] if controlled else []))[0])
    assert np.std(spread[True]) < 0.2 * np.std(spread[False])
    assert np.mean(spread[True]) == pytest.approx(0.5, abs=0.02)


def test_bunching_counts_the_mass_that_moved_to_the_threshold() -> None:
    rng = RNG(4)
    values = rng.uniform(0.0, 0.06, 120_000)
    movers = (values > 0.026) & (values < 0.03) & (rng.uniform(size=values.size) < 0.5)
    assert estimators.bunching(values, 0.03, 0.0025, (4, 2)) == pytest.approx(0.0, abs=0.1)
    moved = np.where(movers, 0.0301, values)
    in_bins = movers.sum() / (values.size * 0.0025 / 0.06)
    assert estimators.bunching(moved, 0.03, 0.0025, (4, 2)) == pytest.approx(in_bins, abs=0.12)


def test_matching_takes_out_selection() -> None:
    rng = RNG(5)
    x, cell = rng.normal(size=8_000), rng.integers(0, 3, 8_000)
    treated = rng.uniform(size=x.size) < 1.0 / (1.0 + np.exp(-x + 1.0))
    y = 2.0 * x + 5.0 * cell + 0.6 * treated + rng.normal(0, 0.1, x.size)
    naive = y[treated].mean() - y[~treated].mean()
    found = estimators.matched(x[:, None], cell, treated, np.column_stack((y, -y)))
    assert naive > 1.5
    assert found == pytest.approx([0.6, -0.6], abs=0.05)


def test_matching_leaves_out_cells_without_controls() -> None:
    x, cell = np.zeros(3), np.array([0, 0, 1])
    treated, y = np.array([True, False, True]), np.array([[2.0], [1.0], [100.0]])
    assert estimators.matched(x[:, None], cell, treated, y) == pytest.approx([1.0])


def test_gravity_regression_recovers_distance_and_border() -> None:
    rng = RNG(6)
    distance, inside = rng.uniform(50, 500, 3_000), rng.integers(0, 2, 3_000)
    counts = rng.poisson(np.exp(8.0 - 0.9 * np.log(distance) + 1.2 * inside))
    design = np.column_stack((np.log(distance), inside, np.ones(3_000)))
    found = estimators.poisson_regression(counts.astype(float), design)
    assert found == pytest.approx([-0.9, 1.2, 8.0], abs=0.1)


def test_gravity_holds_the_sizes_of_places_fixed() -> None:
    rng = RNG(9)
    place, size = rng.uniform(0, 300, (14, 2)), rng.uniform(0, 3, 14)
    apart = np.linalg.norm(place[:, None] - place, axis=2) + np.eye(14)
    together = (np.arange(14) % 2)[:, None] == np.arange(14) % 2
    mean = np.exp(9.0 - 0.8 * np.log(apart) + 1.5 * together + size[:, None] + size)
    links = np.triu(rng.poisson(mean), 1).astype(float)
    assert estimators.gravity(links + links.T, apart, together) == pytest.approx([-0.8, 1.5], abs=0.05)


def test_two_way_effects_leave_the_slope() -> None:
    rng = RNG(7)
    unit, year = np.repeat(np.arange(50), 6), np.tile(np.arange(6), 50)
    x = rng.normal(size=300) + unit
    y = 0.4 * x + 3.0 * rng.normal(size=50)[unit] + rng.normal(size=6)[year]
    slope = np.linalg.lstsq(estimators.two_way(unit, year, x), y, rcond=None)[0][0]
    assert slope == pytest.approx(0.4)


def test_winsorising_draws_tails_in() -> None:
    values = np.append(np.linspace(0.0, 1.0, 999), 1e6)
    assert estimators.winsorised(values).max() < 1.0


def test_distances_are_those_of_the_map() -> None:
    geography = load_geography()
    km = distances(geography)
    shanghai, ningbo = geography.index("Shanghai"), geography.index("Ningbo")
    assert km[shanghai, ningbo] == pytest.approx(155, abs=15)
    assert (km == km.T).all()
    assert (np.diag(km) == 0.0).all()


# From worlds to verdicts.


def test_ratios_add_up_over_worlds_and_their_error_is_that_of_leaving_one_out() -> None:
    ratio, se = ratio_of_sums([1.0, 2.0, 6.0], [1.0, 1.0, 2.0])
    assert ratio == pytest.approx(9 / 4)
    assert ratio_of_sums([3.0, 3.0], [2.0, 2.0]) == (1.5, 0.0)
    plain = RNG(8).normal(size=30)
    assert ratio_of_sums(plain.tolist(), [1.0] * 30)[1] == pytest.approx(plain.std(ddof=1) / math.sqrt(30))
    assert se > 0.0


def test_a_study_passes_inside_its_band_and_only_if_it_is_precise() -> None:
    study = _study(0.0, 1.0)
    assert study.passes(0.5, 0.2)
    assert not study.passes(1.01, 0.01)
    assert not study.passes(0.5, 0.3)


def test_a_direction_needs_two_standard_errors() -> None:
    assert _study(0.0, math.inf).passes(0.21, 0.1)
    assert not _study(0.0, math.inf).passes(0.19, 0.1)
    assert _study(-math.inf, 0.0).passes(-0.21, 0.1)
    assert not _study(-math.inf, 0.0).passes(0.21, 0.1)


def test_what_was_put_in_does_not_count() -> None:
    results = [pool(_study(0.0, 2.0, name), [Finding((1.0, 1.0))] * 2) for name in ("", "drift")]
    content = document(results, [], {})
    assert [row["passed"] for row in content["studies"]] == [True, True]
    assert (content["passed"], content["of"]) == (1, 1)


def test_either_way_may_be_missing() -> None:
    result = pool(_study(0.0, 2.0), [Finding((1.0, 1.0)), Finding((1.2, 1.0))])
    assert result.paired is None
    assert result.counted[0] == pytest.approx(1.1)


# The catalogue.


def test_studies_are_told_apart_and_enough_of_them_are_held_out() -> None:
    assert len({study.id for study in STUDIES}) == len(STUDIES)
    assert sum(study.role == HELD_OUT for study in STUDIES) >= 12
    assert all(study.low < study.high for study in STUDIES)


@pytest.mark.parametrize("study", [s for s in STUDIES if s.parameter], ids=lambda study: study.id)
def test_what_is_put_in_names_its_parameter(study: Study) -> None:
    assert study.parameter in parameters()


def test_choosing_keeps_the_order_and_hints_at_the_nearest_name() -> None:
    assert chosen([]) == STUDIES
    ids = [STUDIES[3].id, STUDIES[1].id]
    assert [study.id for study in chosen(ids)] == ids[::-1]
    with pytest.raises(InputError, match="did you mean grants_average"):
        chosen(["grant_average"])


# In the model.

SCALE = 0.02


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(1, SCALE)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.id)
def test_every_study_runs_in_a_small_world(study: Study, lab: Lab) -> None:
    found = study.measure(lab)
    counted = found.paired if study.counted == PAIRED else found.one_world
    assert counted is not None
    assert all(math.isfinite(value) for value in counted)


def test_filings_made_again_are_those_that_were_counted() -> None:
    """But for those of firms that closed in the quarter, which leave the records."""
    model = InnovationModel(seed=1, scale=SCALE)
    for quarter in range(6):
        model.step()
        firms, again = model.firms.records, np.zeros(model.firms.count)
        record = model.parameters[0]
        filings_of(firms, firms.size, model.places, model.log_pool, 1, quarter, record, again)
        counted = model.stats["filings"].sum()
        assert 0.97 * counted <= again.sum() <= counted


def test_an_untreated_world_is_the_usual_one(lab: Lab) -> None:
    same = lab.world("nothing done", EVENT + 1)
    for year in (EVENT - 1, EVENT, EVENT + 1):
        assert (same.years[year] == lab.usual.years[year]).all()
    assert same.by_city("new_firms", EVENT + 1) == pytest.approx(lab.usual.by_city("new_firms", EVENT + 1))


def test_a_world_of_other_rules_leaves_the_usual_one_alone(lab: Lab) -> None:
    before = lab.usual.years[EVENT + 1]["rd"].sum()
    treated = lab.world("deduct all", EVENT + 1, lambda model: set_nation(model, EVENT, super_deduction=1.0))
    assert treated.years[EVENT + 1]["rd"].sum() > before
    assert lab.usual.model.outlook.nation["super_deduction"][EVENT + 1 - 2015] < 1.0


def test_cities_are_treated_by_chance_half_of_them() -> None:
    drawn = [Lab(seed, SCALE).treated for seed in range(4)]
    assert len(set(drawn)) > 1
    assert {len(cities) for cities in drawn} == {6}


def test_policies_start_with_the_event() -> None:
    scenario = policy("a_study", ("Ningbo",), one_visit_reform=1.0)
    assert scenario.levers["one_visit_reform"].start == f"{EVENT}Q1"
    assert all(lever in LEVERS for lever in scenario.levers)


def test_the_laboratory_takes_findings_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def examine(seed: int, scale: float, ids: list[str]) -> dict[str, Finding]:
        calls.append(seed)
        return {name: Finding((float(seed), 1.0), (1.0, 2.0)) for name in ids}

    monkeypatch.setattr(laboratory, "examine", examine)
    first = laboratory.run(STUDIES[:2], [1, 2], 0.1, 1, tmp_path)
    again = laboratory.run(STUDIES[:2], [1, 2, 3], 0.1, 1, tmp_path)
    assert calls == [1, 2, 3]
    assert first[0].one_world == (1.5, 0.5)
    assert again[0].one_world is not None
    assert again[0].one_world[0] == 2.0
    assert again[0].paired == (0.5, 0.0)


def test_the_laboratory_refuses_what_gives_no_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 2"):
        laboratory.run(STUDIES[:1], [1], 0.1)
    with pytest.raises(InputError, match=r"scale must be"):
        laboratory.run(STUDIES[:1], [1, 2], 2.0)


# What ships.


def test_the_shipped_results_hold_every_study_and_count_what_is_held_out() -> None:
    content = load_results()
    assert [row["id"] for row in content["studies"]] == [study.id for study in STUDIES]
    held_out = [row for row in content["studies"] if row["role"] == HELD_OUT]
    assert content["of"] == len(held_out)
    assert content["passed"] == sum(row["passed"] for row in held_out)
    for row, study in zip(content["studies"], STUDIES, strict=True):
        assert row["passed"] == study.passes(row["estimate"], row["se"])
        assert (row["role"], row["published"], row["source"]) == (study.role, study.published, study.source)
    assert {"code", "data", "parameters", "seeds", "scale", "command"} <= content["made"].keys()
    json.dumps(content, allow_nan=False)


def test_rows_and_bands_are_readable() -> None:
    row = load_results()["studies"][0]
    assert cells(row)[0] == row["id"]
    assert band({"low": None, "high": 0.0}) == "below 0"
    assert band({"low": 1.5, "high": None}) == "above 1.5"
    assert band({"low": 0.1, "high": 0.4}) == "0.1 to 0.4"
    assert band({"low": None, "high": None}) == "no band"
    assert effect(0.12345, 0.0123) == "0.123 ± 0.012"
    assert effect(-3.21, 1.4) == "-3.2 ± 1.4"
