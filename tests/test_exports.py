"""Agents and networks for other tools say what the model says."""

import json

import networkx as nx
import pandas as pd
import pytest

from agents.firm import Firm
from simulation.errors import InputError
from simulation.exports import agents_frame, city_graph, firm_graph, geojson, run_to, save_frame, save_graph
from simulation.model import InnovationModel
from simulation.sweeps.snapshots import AGENT_COLUMNS


@pytest.fixture(scope="module")
def model():
    world = InnovationModel(scale=0.01, until=2016, seed=3)
    run_to(world, 2015)
    return world


def test_run_to_stops_at_the_end_of_the_year(model):
    assert (model.quarter, model.year) == (4, 2016)
    for year in (2014, 2017):
        with pytest.raises(InputError, match="year must be from 2015 to 2016"):
            run_to(model, year)


def test_a_frame_has_a_row_for_every_living_firm(model):
    frame = agents_frame(model)
    firms = [firm for firm in model.agents_by_type[Firm] if firm.alive]
    assert frame.id.tolist() == [firm.id for firm in firms]
    assert frame.patents.tolist() == [firm.patents for firm in firms]
    assert tuple(frame) == AGENT_COLUMNS["firms"]
    few = agents_frame(model, "firms", ("place", "rd"))
    assert list(few) == ["id", "place", "rd"]
    assert "Ningbo_HTZ" in set(few.place)


@pytest.mark.parametrize("kind", AGENT_COLUMNS)
def test_all_columns_can_be_had(model, kind):
    frame = agents_frame(model, kind)
    assert len(frame)
    assert not frame.isna().any().any()


def test_unknown_names(model):
    with pytest.raises(InputError, match="unknown kind of agents 'firm'; did you mean firms"):
        agents_frame(model, "firm")
    with pytest.raises(InputError, match="unknown column of firms 'revenu'; did you mean revenue"):
        agents_frame(model, "firms", ("revenu",))


def test_the_network_of_cities_adds_up(model):
    graph = city_graph(model)
    assert graph.nodes["Ningbo"]["name_zh"] == "宁波"
    partners = sum(facts["partners"] for *_, facts in graph.edges(data=True))
    assert partners == pytest.approx(model.links.sum() / model.scale)
    contracts = sum(facts["contracts"] for *_, facts in graph.edges(data=True))
    assert contracts == pytest.approx(model.contract_flow.sum())
    with_rd = sum(facts.get("firms_with_rd", 0.0) for _, facts in graph.nodes(data=True))
    records = model.firms.records
    assert with_rd == pytest.approx(((records["alive"] == 1) & (records["does_rd"] == 1)).sum() / model.scale)


def test_the_network_of_firms_links_those_who_exist(model):
    graph = firm_graph(model)
    kinds = nx.get_node_attributes(graph, "kind")
    assert {node for node in graph if kinds[node] == "firm"} <= set(agents_frame(model).id)
    assert {node for node in graph if kinds[node] == "university"} <= set(
        agents_frame(model, "universities").name
    )
    assert set(nx.get_node_attributes(graph, "field").values()) <= {field.id for field in model.fields}


def test_graphml_comes_back_as_it_was(model, tmp_path):
    for make in (city_graph, firm_graph):
        graph = make(model)
        save_graph(graph, tmp_path / "graph.graphml")
        again = nx.read_graphml(tmp_path / "graph.graphml")
        assert set(again) == {str(node) for node in graph}
        assert again.number_of_edges() == graph.number_of_edges()
        node = next(iter(graph))
        assert again.nodes[str(node)] == graph.nodes[node]


def test_geojson_has_points_and_lines(model, tmp_path):
    save_graph(city_graph(model), tmp_path / "cities.geojson")
    features = json.loads((tmp_path / "cities.geojson").read_text(encoding="utf-8"))["features"]
    points = {each["properties"]["name"]: each for each in features if each["geometry"]["type"] == "Point"}
    assert set(points) == set(model.geography.cities)
    longitude, latitude = points["Shanghai"]["geometry"]["coordinates"]
    assert (120 < longitude < 123, 30 < latitude < 32) == (True, True)
    lines = [each for each in features if each["geometry"]["type"] == "LineString"]
    assert lines
    assert all(each["properties"]["source"] != each["properties"]["target"] for each in lines)
    with pytest.raises(InputError, match="firms have no coordinates"):
        geojson(firm_graph(model))


def test_frames_are_saved_as_their_name_says(model, tmp_path):
    frame = agents_frame(model)
    save_frame(frame, tmp_path / "deep" / "firms.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "deep" / "firms.parquet"), frame)
    save_frame(frame, tmp_path / "firms.csv")
    assert pd.read_csv(tmp_path / "firms.csv").id.tolist() == frame.id.tolist()
    with pytest.raises(InputError, match=r"must end in \.csv, \.parquet"):
        save_frame(frame, tmp_path / "firms.xls")


def test_commands(yongwen, tmp_path):
    quick = ["--year", 2015, "--scale", 0.003]
    code, out, _ = yongwen("agents", "--of", "universities", "--columns", "city,patents", *quick, "--json")
    document = json.loads(out)
    assert (code, document["columns"]) == (0, ["name", "city", "patents"])
    code, out, err = yongwen("agents", "--columns", "city,rd", *quick)
    assert (code, "the first 20 of" in err) == (0, True)
    code, _, err = yongwen("network", "--out", tmp_path / "cities.geojson", *quick)
    assert (code, (tmp_path / "cities.geojson").exists()) == (0, True)
    code, out, _ = yongwen("network", "full_plan", *quick)
    assert (code, "Ningbo" in out) == (0, True)
    code, out, _ = yongwen("network", "--of", "firms", *quick)
    assert (code, "mean degree" in out) == (0, True)
    code, out, _ = yongwen("network", *quick, "--json")
    assert len(json.loads(out)["nodes"]) == 13
    code, out, err = yongwen("network", "--of", "city", *quick)
    assert (code, out, err.count("\n")) == (2, "", 1)
