"""Portraits: networks, distributions, lives and books agree with the run that they show."""

import csv
import io

import networkx as nx
import numpy as np
import pytest

from dashboard.i18n import LANGUAGES, Texts
from dashboard.pages import firms, network
from dashboard.tables import distribution_table, life_table, node_table
from dashboard.tails import lifeline, tails
from simulation.collaboration_graph import centralities, tie_matrix
from simulation.distributions import hill
from simulation.lives import GONE, LIVING, Diary, events
from simulation.model import InnovationModel
from simulation.portrait import Portrait, PortraitSpec, portray
from simulation.runs import RunSpec, new_model, run_one

SPEC = {"scenario": "full_plan", "seed": 2, "scale": 0.01, "until": 2019}


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    """The portrait of a small run."""
    return portray(PortraitSpec(**SPEC))


@pytest.fixture(scope="module")
def world() -> InnovationModel:
    """The same world at the end of 2019."""
    model = new_model(RunSpec(**SPEC))
    model.run()
    return model


def test_a_portrait_is_of_the_run_that_it_shows(portrait: Portrait) -> None:
    assert portrait.digest == run_one(RunSpec(**SPEC)).digest


def test_ties_add_up_to_partnerships(world: InnovationModel) -> None:
    ties = tie_matrix(world)
    np.testing.assert_array_equal(ties, ties.T)
    alive = world.firms.records["alive"][: len(world.partners)] == 1
    partnerships = (world.partners[alive] != -1).sum()
    assert ties.sum() * world.scale == pytest.approx(2 * partnerships)
    groups = len(world.geography.cities) * len(world.fields)
    academic = (world.partners[alive] < -1).sum()
    assert ties[:groups, groups:].sum() * world.scale == pytest.approx(academic)
    assert not ties[groups:, groups:].any()


def test_centralities_are_those_of_the_field() -> None:
    star = np.zeros((5, 5))
    star[0, 1:] = star[1:, 0] = 2.0
    found = centralities(star)
    assert found["degree"] == pytest.approx([0.5, *[0.125] * 4])
    assert found["betweenness"] == pytest.approx([1.0, 0.0, 0.0, 0.0, 0.0])
    expected = nx.eigenvector_centrality_numpy(nx.star_graph(4))
    shares = np.array(list(expected.values())) / sum(expected.values())
    assert found["eigenvector"] == pytest.approx(shares.tolist())


def test_strong_ties_make_short_ways() -> None:
    chain = np.zeros((3, 3))
    chain[0, 1] = chain[1, 0] = chain[1, 2] = chain[2, 1] = 10.0
    chain[0, 2] = chain[2, 0] = 1.0
    assert centralities(chain)["betweenness"][1] == 1.0


def test_who_has_no_tie_is_left_out(portrait: Portrait) -> None:
    for graph in portrait.networks:
        assert min(node.links for node in graph.nodes) > 0.0
        assert sum(node.degree for node in graph.nodes) == pytest.approx(1.0)
        strengths = [tie[2] for tie in graph.ties]
        assert strengths == sorted(strengths, reverse=True)
    assert [graph.year for graph in portrait.networks] == [2018, 2019]


def test_the_tail_of_a_power_law_is_found() -> None:
    drawn = np.sort(np.random.default_rng(1).pareto(1.5, 20_000) + 1.0)
    assert hill(drawn) == pytest.approx(1.5, rel=0.1)
    assert hill(drawn[:100]) is None


def test_distributions_describe_the_firms(portrait: Portrait, world: InnovationModel) -> None:
    living = world.firms.living
    found = next(
        one
        for one in portrait.distributions
        if (one.year, one.place, one.measure) == (2019, "YRD", "patents")
    )
    patents = living["patents"][living["patents"] > 0]
    assert found.firms == pytest.approx(patents.size / world.scale)
    assert found.mean == pytest.approx(patents.mean())
    assert found.share[0] == 1.0
    assert found.share == tuple(sorted(found.share, reverse=True))
    for value, share in zip(found.values, found.share, strict=True):
        assert share == pytest.approx((patents >= value).mean())


def test_stories_are_true(portrait: Portrait) -> None:
    assert {life.story for life in portrait.lives} <= {*LIVING, *GONE}
    for life in portrait.lives:
        survives = bool(life.series["alive"][-1])
        assert survives is (life.story in LIVING)
        if life.story in {"venture_backed", "venture_failed"}:
            assert any(event.kind == "venture_round" for event in life.events)
        if life.story == "university_spin_off":
            assert life.origin == "university_spin_off"
        if not survives:
            assert life.events[-1].kind == "closed"
    homes = {life.city for life in portrait.lives}
    assert {"Ningbo", "Wenzhou"} <= homes


def test_a_life_ends_where_the_world_has_it(portrait: Portrait, world: InnovationModel) -> None:
    records = world.firms.living
    row = {f"{int(identity):016x}": at for at, identity in enumerate(records["id"])}
    for life in portrait.lives:
        if life.series["alive"][-1]:
            firm = records[row[life.id]]
            for name in ("revenue", "cash", "patents", "researchers"):
                assert life.series[name][-1] == float(firm[name])
            assert len(life.series["revenue"]) == 20 - life.first


def test_events_are_read_from_values() -> None:
    quiet = dict.fromkeys(
        ("certificate", "tech_sme", "tenant", "does_rd", "exploring", "upgraded", "relabelled"), [0.0] * 4
    )
    series = {**quiet, "alive": [1, 1, 1, 0], "equity": [0.0, 50.0, 50.0, 50.0], "holdings": [0, 1, 0, 0],
              "patents": [0, 0, 2, 2]}  # fmt: skip
    series["certificate"] = [0.0, 12.0, 11.0, 10.0]
    found = [(event.quarter, event.kind, event.amount) for event in events(series, 4, 4)]
    assert sorted(found) == sorted(
        [(4, "founded", 0.0), (5, "certified", 0.0), (5, "venture_round", 50.0), (6, "fund_sold", 1.0),
         (6, "first_patent", 0.0), (7, "closed", 0.0)]
    )  # fmt: skip


def test_what_a_firm_was_before_the_run_is_no_event() -> None:
    series = {name: [1.0, 1.0] for name in ("certificate", "tech_sme", "tenant", "does_rd", "exploring")}
    series |= {
        name: [5.0, 5.0] for name in ("upgraded", "relabelled", "equity", "holdings", "patents", "alive")
    }
    assert list(events(series, 0, -8)) == []


def test_a_diary_stops_at_the_end_of_a_life(world: InnovationModel) -> None:
    diary = Diary({int(world.firms.living["id"][0]): "industrial"})
    diary.note(world)
    [life] = diary.lives(world)
    assert life.first == 19
    assert len(life.series["alive"]) == 1


def test_what_governments_pay_is_what_they_have(portrait: Portrait) -> None:
    assert {account.year for account in portrait.accounts} == set(range(2015, 2020))
    for account in portrait.accounts:
        if account.level in {"city", "zone"}:
            assert sum(account.paid.values()) >= account.budget - 1e-6
            assert 0.0 <= account.delivered <= 1.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_words_for_everything(portrait: Portrait, language: str) -> None:
    texts = Texts(language)
    for life in portrait.lives:
        assert "{" not in firms.about(life, texts) + firms.firm_name(life, texts)
        assert all("{" not in firms.event_words(event, texts) for event in life.events)
    assert set(firms.STORIES) == {*LIVING, *GONE}
    drawn = network.drawn(portrait.networks[-1], "eigenvector", texts)
    assert len(drawn["nodes"]) == len(portrait.networks[-1].nodes)
    assert all(0 <= node["x"] <= network.SIZE and 0 <= node["y"] <= network.SIZE for node in drawn["nodes"])
    sizes = [drawn["nodes"][row["node"]]["r"] for row in drawn["rows"]]
    assert sizes == sorted(sizes, reverse=True)


def test_charts_hold_their_lines(portrait: Portrait) -> None:
    shown = [one for one in portrait.distributions if one.measure == "revenue" and one.year == 2019]
    assert tails(shown, "<b>", Texts("en")).count("<polyline") == len(shown)
    assert "<b>" not in tails(shown, "<b>", Texts("en"))
    assert lifeline([0.0, 0.0], 3, 20, [4], "title").count("stroke-dasharray") == 1


def read(text: str) -> list[dict[str, str]]:
    """Return the rows of a table to download."""
    return list(csv.DictReader(io.StringIO(text)))


def test_tables_hold_the_whole_portrait(portrait: Portrait) -> None:
    graph = portrait.networks[-1]
    nodes = read(node_table(graph))
    assert [row["node"] for row in nodes] == [node.id for node in graph.nodes]
    assert sum(float(row["degree"]) for row in nodes) == pytest.approx(1.0)
    curves = read(distribution_table(portrait.distributions))
    assert len(curves) == sum(len(one.values) for one in portrait.distributions)
    assert {row["place"] for row in curves} == {one.place for one in portrait.distributions}
    life = max(portrait.lives, key=lambda one: len(one.events))
    quarters = read(life_table(life))
    assert [float(row["revenue"]) for row in quarters] == life.series["revenue"]
    told = sum(len(row["events"].split()) for row in quarters)
    assert told == sum(0 <= event.quarter - life.first < len(quarters) for event in life.events)
