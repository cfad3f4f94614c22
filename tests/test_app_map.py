"""The map of the delta as data: places, layers, flows."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import pytest

from dashboard import shipped
from dashboard.i18n import LANGUAGES, Texts
from dashboard.mapping import (
    HEIGHT,
    MOST_FLOWS,
    WIDTH,
    arrows,
    by_city,
    cities,
    graticule,
    layer,
    mean_flows,
    totals,
)
from dashboard.state import Projection
from dashboard.tables import flow_table
from dashboard.views import Look
from scenarios.scenario import load_scenario
from simulation.experiment import Ensemble, plan
from simulation.flows import FLOWS
from simulation.geography import load_geography
from simulation.indicators import INDICATORS

EN = Texts("en")
TALENT = next(flow for flow in FLOWS if flow.id == "talent")


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """Two draws of a small world."""
    return plan("baseline", [1, 2], 0.003).run(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_cities_lie_where_they_are(language: str) -> None:
    found = {city["id"]: city for city in cities(Texts(language))}
    assert len(found) == len(load_geography().cities)
    assert all(0 < city["x"] < WIDTH and 0 < city["y"] < HEIGHT for city in found.values())
    assert found["Shanghai"]["x"] > found["Suzhou"]["x"] > found["Nanjing"]["x"] > found["Hefei"]["x"]
    assert found["Nanjing"]["y"] < found["Hangzhou"]["y"] < found["Ningbo"]["y"] < found["Wenzhou"]["y"]


def test_the_map_is_true_to_scale() -> None:
    found = {city["id"]: city for city in cities(EN)}
    places = {place.id: place for place in load_geography().places}

    def ratio(a: str, b: str) -> float:
        one, two = places[a], places[b]
        mean = math.radians((one.lat + two.lat) / 2.0)
        far = math.hypot((one.lon - two.lon) * math.cos(mean), one.lat - two.lat)
        return math.hypot(found[a]["x"] - found[b]["x"], found[a]["y"] - found[b]["y"]) / far

    assert ratio("Shanghai", "Hefei") == pytest.approx(ratio("Ningbo", "Wenzhou"), rel=0.03)


def test_the_graticule_has_whole_degrees() -> None:
    names = [line["name"] for line in graticule()]
    assert {"28°N", "32°N", "118°E", "122°E"} <= set(names)


def test_values_of_cities_are_medians_over_draws(ensemble: Ensemble) -> None:
    found = by_city(ensemble, "rd_intensity")
    at = load_geography().cities.index("Ningbo")
    np.testing.assert_array_equal(found[:, at], ensemble.band("rd_intensity", "Ningbo")["median"])


def test_what_is_not_defined_has_no_colour() -> None:
    drawn = layer(np.array([[1.0, math.nan], [3.0, 2.0]]), INDICATORS["rd_intensity"], EN)
    assert drawn["values"] == [[1.0, None], [3.0, 2.0]]
    assert drawn["text"][0] == ["1.00", "–"]
    assert drawn["ends"] == ["1.00", "3.00"]


def test_changes_have_a_scale_with_nothing_in_the_middle() -> None:
    drawn = layer(np.array([[-1.0, 3.0]]), INDICATORS["gdp"], EN, is_change=True)
    assert drawn["ends"] == ["−3", "+3"]
    assert drawn["diverging"]


def test_arrows_are_the_largest_flows_of_the_draws(ensemble: Ensemble) -> None:
    mean = mean_flows(ensemble, "talent")
    assert mean is not None
    found = arrows(mean, TALENT, EN)
    assert len(found) == MOST_FLOWS
    sizes = [max(map(abs, flow["values"])) for flow in found]
    assert sizes == sorted(sizes, reverse=True)
    first = found[0]
    expected = np.mean([r.flows[:, 2, first["from"], first["to"]] for r in ensemble.results], axis=0)
    np.testing.assert_allclose(first["values"], expected, atol=1e-5)


def test_a_partnership_is_drawn_once(ensemble: Ensemble) -> None:
    mean = mean_flows(ensemble, "collaboration")
    assert mean is not None
    np.testing.assert_array_equal(mean, mean.transpose(0, 2, 1))
    pairs = [(flow["from"], flow["to"]) for flow in arrows(mean, FLOWS[0], EN)]
    assert all(a < b for a, b in pairs)
    assert len(pairs) == len(set(pairs))


def test_totals_leave_out_what_stays_at_home() -> None:
    count = len(load_geography().cities)
    values = np.ones((1, count, count))
    found = totals(values, TALENT, 1, EN, is_change=False)
    assert found["incoming"][0] == [str(count - 1)] * count
    assert totals(None, TALENT, 2, EN, is_change=False)["outgoing"] == [["–"] * count] * 2


def test_the_table_holds_every_flow(ensemble: Ensemble) -> None:
    look = Look(load_scenario("baseline"), "#000", Projection(ensemble, ensemble, 2))
    lines = list(csv.DictReader(io.StringIO(flow_table(look))))
    assert len(lines) == len(FLOWS) * len(ensemble.years) * len(load_geography().cities) ** 2


def test_shipped_results_bring_the_mean_of_their_flows(ensemble: Ensemble, tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    shipped.write((ensemble,), path)
    again = mean_flows(shipped.read(path)["baseline"].ensemble, "talent")
    np.testing.assert_allclose(again, mean_flows(ensemble, "talent"), rtol=1e-5)
