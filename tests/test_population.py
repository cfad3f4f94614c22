"""Record populations and their views: a firm reads and writes its row, however rows move."""

import copy
import pickle

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.firm import Firm
from agents.population import RecordAgent, RecordPopulation, RemovedAgentError
from agents.records import FIRM
from simulation.model import InnovationModel

SCALE = 0.02
SHOP = np.dtype([("id", "u8"), ("stock", "f8"), ("staff", "i4"), ("alive", "i1")])


class Shop(RecordAgent):
    """An agent kind of the tests' own."""

    layout = SHOP

    @property
    def stock_per_head(self) -> float:
        return self.stock / self.staff


def shops(count: int, first_id: int = 1) -> np.ndarray:
    rows = np.zeros(count, dtype=SHOP)
    rows["id"] = np.arange(first_id, first_id + count)
    rows["stock"] = 10.0 * rows["id"]
    rows["staff"], rows["alive"] = 2, 1
    return rows


@pytest.fixture
def population():
    return RecordPopulation(mesa.Model(rng=1), Shop, shops(5))


@pytest.fixture
def model():
    return InnovationModel(scale=SCALE, until=2016, seed=3)


def first_firm(model: InnovationModel) -> Firm:
    return model.firms.view(int(model.firms.records["id"][0]))


def test_every_field_of_a_firm_reads_and_writes_its_record(model):
    firm, firms, row = first_firm(model), model.firms.records, np.array([0])
    for name in FIRM.names:
        assert getattr(firm, name) == firms.at(name, row) == firm.record[name]
        assert type(getattr(firm, name)) in (int, float)
        if name not in ("id", "alive"):
            setattr(firm, name, 3)
            assert firms.at(name, row) == 3
            firms.put(name, row, 5)
            assert getattr(firm, name) == 5


def test_the_firm_declares_its_fields_with_their_types():
    kinds = {"i": int, "u": int, "f": float}
    declared = {name: kind for name, kind in Firm.__annotations__.items() if name != "layout"}
    assert declared == {name: kinds[FIRM[name].kind] for name in FIRM.names}


def test_fields_are_offered_for_completion(model):
    assert set(FIRM.names) <= set(dir(first_firm(model)))
    assert Firm.revenue.__doc__ == "Field `revenue` of the record."


def test_what_a_firm_derives_follows_its_record(model):
    firm = first_firm(model)
    firm.revenue, firm.rd, firm.certificate, firm.kind = 100.0, 4.0, 0, 1
    assert firm.rd_intensity == pytest.approx(0.04)
    assert not firm.certified
    assert not firm.above_scale
    firm.certificate, firm.revenue = 2, 500.0  # a quarter: 20m CNY a year
    assert firm.certified
    assert firm.above_scale
    firm.revenue = 0.0
    assert firm.rd_intensity == 0.0
    zone = next(i for i, place in enumerate(model.geography.places) if place.kind == "zone")
    firm.place, firm.city = zone, model.geography.city_of[zone]
    assert firm.place_name == model.geography.places[zone].id
    assert firm.city_name == model.geography.places[zone].parent


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("id", 7, AttributeError),
        ("alive", 0, AttributeError),
        ("certificate", 1_000, OverflowError),
        ("revenue", "much", ValueError),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_changes_nothing(model, name, value, error):
    firm = first_firm(model)
    before = firm.record
    with pytest.raises(error):
        setattr(firm, name, value)
    assert firm.record == before


@pytest.mark.parametrize("name", ["model", "random", "record"])
def test_a_field_that_would_hide_an_attribute_is_refused(name):
    with pytest.raises(TypeError, match=f"Bad: field '{name}'"):
        type("Bad", (RecordAgent,), {"layout": np.dtype([("id", "u8"), (name, "f8"), ("alive", "i1")])})


def test_the_view_of_a_firm_is_one_object(model):
    firm, twin = first_firm(model), first_firm(model)
    assert firm is twin
    assert len({firm, twin}) == 1
    assert firm in model.agents
    assert [other for other in model.agents if other.unique_id == firm.unique_id] == [firm]
    firm.nickname = "the first"
    model.step()
    assert first_firm(model).nickname == "the first"


def test_a_firm_says_who_it_is(model):
    firm = first_firm(model)
    assert repr(firm) == f"Firm(id={firm.unique_id}, {firm.place_name}, industrial)"
    firm.remove()
    assert repr(firm) == f"Firm(id={firm.unique_id}, removed)"


def test_a_removed_agent_leaves_its_row_alone_and_says_so(population):
    shop, neighbour = population.view(2), population.view(3)
    shop.remove()
    population.squeeze()
    for touch in (
        lambda: shop.stock,
        lambda: setattr(shop, "stock", 9.0),
        lambda: shop.record,
        lambda: shop.row,
        lambda: shop.stock_per_head,
        lambda: population.view(2),
    ):
        with pytest.raises(RemovedAgentError, match="Shop 2 has left the model"):
            touch()
    assert not shop.is_in_model
    assert hash(shop) == hash(shop)
    assert neighbour.row == 1
    assert neighbour.stock == 30.0
    shop.remove()  # as with any Mesa agent, nothing happens
    assert len(population) == 4


def test_removal_empties_the_record(population):
    population.view(4).remove()
    left = population.records[3]
    assert (left["id"], left["stock"], left["staff"], left["alive"]) == (4, 0.0, 0, 0)
    assert population.living["id"].tolist() == [1, 2, 3, 5]


def test_a_firm_that_closes_in_the_run_is_gone_for_its_view(model):
    firms = {firm.unique_id: firm for firm in model.agents_by_type[Firm]}
    before = model.agents_by_type[Firm]
    model.run()
    closed = firms.keys() - set(model.firms.living["id"].tolist())
    assert len(closed) > 50
    for identity in closed:
        assert firms[identity] not in before
        with pytest.raises(RemovedAgentError, match=f"Firm {identity} has left"):
            _ = firms[identity].revenue


def test_views_survive_the_yearly_squeeze(model):
    everyone = list(model.agents_by_type[Firm])
    last = max(everyone, key=lambda firm: firm.row)
    old_row = last.row
    while model.quarter < 5:
        model.step()
    survivors = [firm for firm in everyone if firm.is_in_model]
    assert last in survivors
    assert last.row < old_row
    ids = model.firms.records["id"]
    assert all(ids[firm.row] == firm.unique_id for firm in survivors)
    assert len(model.firms) == len(model.agents_by_type[Firm])


def test_views_survive_growth_of_the_table(population):
    shop, size = population.view(5), population.table.room
    population.append(shops(2 * size, first_id=100))
    assert population.table.room > size
    shop.stock = 77.0
    assert population.records["stock"][4] == 77.0
    assert population.view(100 + size).stock == 10.0 * (100 + size)


def test_the_squeeze_says_where_each_row_went(population):
    for identity in (1, 4):
        population.remove(identity)
    assert population.squeeze().tolist() == [-1, 0, 1, -1, 2]
    assert population.records["id"].tolist() == [2, 3, 5]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copied_model_has_its_own_firms_and_the_same_future(model, duplicate):
    model.step()
    watched = len(model.agents)
    twin = duplicate(model)
    ours, theirs = first_firm(model), first_firm(twin)
    assert ours is not theirs
    assert len(twin.agents) == watched
    model.run()
    twin.run()
    assert np.array_equal(model.firms.records, twin.firms.records)
    assert len(twin.agents) == len(model.agents)
    theirs.cash += 1.0
    assert theirs.cash == ours.cash + 1.0


actions = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["remove", "close"]), st.integers(0, 10**6)),
        st.tuples(st.just("write"), st.integers(0, 10**6)),
        st.tuples(st.sampled_from(["squeeze", "show", "read"]), st.just(0)),
    ),
    max_size=40,
)


@given(actions)
@settings(deadline=None, derandomize=True, max_examples=300)
def test_whatever_happens_views_and_records_agree(steps):
    model = mesa.Model(rng=1)
    population = RecordPopulation(model, Shop, shops(3))
    expected = {identity: 10.0 * identity for identity in (1, 2, 3)}
    newest = 3
    views = {identity: population.view(identity) for identity in expected}
    for action, number in steps:
        chosen = sorted(expected)[number % len(expected)] if expected else None
        if action == "append":
            population.append(shops(number, newest + 1))
            expected |= {i: 10.0 * i for i in range(newest + 1, newest + number + 1)}
            newest += number
        elif action == "remove" and chosen:
            population.view(chosen).remove()
            del expected[chosen]
        elif action == "close" and chosen:  # as rules do: in the record, not through a view
            population.table.put("alive", np.array([population.row_of(chosen)]), 0)
            population.changed()
            del expected[chosen]
        elif action == "write" and chosen:
            population.view(chosen).stock = float(number)
            expected[chosen] = float(number)
        elif action == "squeeze":
            population.squeeze()
        elif action == "show":
            population.show()
            assert {shop.unique_id for shop in model.agents} == set(expected)
        else:
            views |= {identity: population.view(identity) for identity in expected}
    assert dict(population.living[["id", "stock"]].tolist()) == expected
    population.show()
    assert {shop.unique_id for shop in model.agents} == set(expected)
    for identity, view in views.items():
        assert view.is_in_model == (identity in expected)
        if identity in expected:
            assert population.view(identity) is view
            assert view.stock == expected[identity]
