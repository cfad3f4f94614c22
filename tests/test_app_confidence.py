"""The page about trust: it shows what ships as it is, and copes with what is missing."""

from pathlib import Path

import numpy as np
import pytest

from calibration.coverage import Coverage
from calibration.diagnostics import Fit, Learnt
from calibration.scores import Score
from dashboard import evidence, tested
from dashboard.drafting import set_lever
from dashboard.evidence import Found
from dashboard.i18n import LANGUAGES, Texts
from dashboard.trust import (
    GROUPS,
    coverage_rows,
    fit_rows,
    learnt_rows,
    moment_rows,
    score_rows,
    score_sentence,
    study_rows,
)
from scenarios.levers import LEVERS
from scenarios.scenario import list_scenarios, load_scenario
from simulation.errors import InputError
from simulation.experiment import plan

EN = Texts("en")
BASELINE = load_scenario("baseline")


def test_what_is_missing_is_told() -> None:
    def fails() -> int:
        raise InputError("there is none")

    assert evidence._read(fails) == Found(None, "there is none")
    assert evidence._read(lambda: 3) == Found(3)
    assert evidence._read(lambda: Path("/no/such/file").read_text()).value is None


def test_the_fit_counts_what_was_published(made_up) -> None:
    ensemble = plan("baseline", [1, 2, 3], 0.003).run(1)
    rows = fit_rows(ensemble, EN)
    assert len(rows) > 5
    for _, values, assumed, *shares in rows:
        assert 0 <= int(assumed) <= int(values)
        assert all(share.endswith("%") for share in shares)


def test_a_posterior_that_hits_has_no_misses() -> None:
    fits = [
        Fit("Ningbo", "gdp", year, 100.0, 0.05, "cited", "high", 50.0, 90.0, 200.0, 95.0, value, 105.0)
        for year, value in ((2016, 100.0), (2017, 110.0))
    ]
    [row] = moment_rows(fits, EN)
    assert row[1:] == ["2", "0", "5%", "10%", "100%"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknowns_have_their_verdict_the_best_known_first(language: str) -> None:
    texts = Texts(language)
    found = [
        Learnt("", "home_bias", 3.0, 1.0, 2.9, 5.0, 0.1, 3, "not identified"),
        Learnt("Ningbo", "rd_trend", 0.0, -0.1, 0.0, 0.1, 0.9, 4, "identified"),
    ]
    rows = learnt_rows(found, texts)
    assert [row[0] for row in rows] == ["rd_trend", "home_bias"]
    assert rows[1][-1] == texts("not identified")
    assert rows[0][1] == texts.region("Ningbo")


def test_coverage_is_told_as_it_came_out() -> None:
    found = [Coverage("city effects", 1608, 0.474, 0.877, 0.0911, "1 2 3", "yongwen calibrate check")]
    assert coverage_rows(found, EN) == [["effects of places", "1,608", "47%", "88%", "0.09"]]
    shipped = evidence.coverage().value
    assert shipped is not None
    assert {one.group for one in shipped} <= set(GROUPS)
    assert len({tuple(row) for row in coverage_rows(shipped, Texts("zh"))}) == len(shipped)


def _study(**change: object) -> dict[str, object]:
    about = {"id": "a_b", "lever": "grants", "quantity": "yuan", "source": "S", "published": "0.1"}
    return {
        **about,
        "estimate": 0.1,
        "se": 0.01,
        "low": 0.0,
        "high": 0.2,
        "role": "held out",
        "passed": True,
        **change,
    }


def test_bands_and_estimates_lie_where_they_are() -> None:
    inside, above, open_ended = study_rows(
        {"studies": [_study(), _study(estimate=0.5, passed=False), _study(low=None, high=None)]}, EN
    )
    assert inside["band"][0] < inside["estimate"] < sum(inside["band"])
    assert above["estimate"] > sum(above["band"])
    assert above["verdict"] == "outside the band"
    assert open_ended["band"] is None
    for row in (inside, above, open_ended):
        for place in (row["estimate"], row["zero"], row["whisker"][0], sum(row["whisker"])):
            assert 0.0 <= place <= 100.0


def test_effects_that_ship_are_counted_as_they_are() -> None:
    content = evidence.effects().value
    assert content is not None
    rows = study_rows(content, EN)
    held = [row for row in rows if row["held"]]
    assert (sum(row["passed"] for row in held), len(held)) == (content["passed"], content["of"])


def test_forecasts_are_told_as_they_came_out() -> None:
    bands = {"q05": 1.0, "q25": 2.0, "median": 3.0, "q75": 4.0, "q95": 5.0}
    scores = [
        Score("Ningbo", "gdp", 2019, observed, bands, 0.1, {"drift": 0.2}, 0.5)
        for observed in (3.0, 4.5, 9.0)
    ]
    words = score_sentence(scores, EN)
    assert "33% lie in the 50% band and 67% in the 90% band" in words
    assert "+0.50" in words
    assert [row[6] for row in score_rows(scores, EN)] == ["inside", "inside", "outside"]


def test_parameters_of_which_the_data_say_nothing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Learnt("", "a", 1.0, 1.0, 1.0, 1.0, 0.0, 0, "silent"),
        Learnt("Ningbo", "b", 1, 1, 1, 1, 0.9, 1, "identified"),
    ]
    monkeypatch.setattr(evidence, "learnt", lambda: Found(found))
    assert evidence.verdicts() == {"a": "silent"}
    monkeypatch.setattr(evidence, "learnt", lambda: Found(None, "none"))
    assert evidence.verdicts() == {}


# Where the model was tested.


def test_shipped_scenarios_lie_within_what_was_tested() -> None:
    for name in list_scenarios():
        assert tested.untested(load_scenario(name)) == ()


@pytest.mark.parametrize("name", list(LEVERS))
def test_a_lever_at_its_plan_was_tested(name: str) -> None:
    low, high = tested.tested_region()[name]
    assert low <= LEVERS[name].neutral <= high
    assert low <= LEVERS[name].plan <= high


def test_what_no_test_reached_is_told() -> None:
    draft = set_lever(set_lever(BASELINE, "guidance_fund", value=200), "talent_inflow", value=500)
    assert tested.untested(draft) == ("guidance_fund",)
    assert np.isfinite(tested.tested_region()["guidance_fund"]).all()
