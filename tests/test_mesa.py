"""Mesa's documented examples on this model: agent sets, data collection, batch runs, extensions.

They hold on both lines that are supported: Mesa 3.3 (Python 3.11) and the newest Mesa 3.
"""

import gc
import inspect
import math
import warnings
import weakref

import mesa
import numpy as np
import pandas as pd
import pytest
from worlds import after_one_quarter

from agents.firm import Firm, Kind
from agents.fund import GuidanceFund, VentureFund
from agents.government import Government
from agents.university import University
from simulation.model import InnovationModel

SCALE = 0.02
NEWER_MESA = hasattr(mesa.Model, "run_for")
newer_mesa = pytest.mark.skipif(not NEWER_MESA, reason="Mesa 3.3 has no event queue")


@pytest.fixture(scope="module")
def model():
    """Return a model that tests only look at."""
    world = InnovationModel(scale=SCALE, until=2016, seed=1)
    world.step()
    return world


@pytest.fixture
def fresh():
    """Return a model that a test may change."""
    return InnovationModel(scale=SCALE, until=2016, seed=1)


@pytest.fixture(scope="module")
def firms(model):
    return model.agents_by_type[Firm]


class Observed(InnovationModel):
    """The model with a data collector, as Mesa's tutorial builds one."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "year": "year",
                "firms": lambda model: len(model.firms),
                "research": [self.total_rd, [2.0]],
                "closed": self.closed,
            },
            agent_reporters={"kind": lambda agent: type(agent).__name__},
            agenttype_reporters={
                Firm: {
                    "revenue": "revenue",
                    "intensity": lambda firm: firm.rd_intensity,
                    "doubled": [lambda firm, factor: factor * firm.rd, [2.0]],
                },
                Government: {"budget": "budget"},
            },
        )

    def total_rd(self, factor):
        return factor * float(self.firms.living["rd"].sum())

    def closed(self):
        return int(self.stats["exits"].sum())

    def step(self):
        super().step()
        self.datacollector.collect(self)


class Watched(InnovationModel):
    """The model with a small data collector, for batches."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.datacollector = mesa.DataCollector(
            model_reporters={"year": "year", "firms": lambda model: len(model.firms), "key": "seed"},
            agent_reporters={"city": "city"},
        )

    def step(self):
        super().step()
        self.datacollector.collect(self)


class Inspector(mesa.Agent):
    """An agent of a user: every quarter it fines one firm of its city."""

    def __init__(self, model, city):
        super().__init__(model)
        self.city = city
        self.fined = []

    def step(self):
        local = self.model.agents_by_type[Firm].select(lambda firm: firm.city == self.city)
        firm = self.random.choice(list(local))
        firm.cash -= 1.0
        self.fined.append(firm)


def others(model):
    """Return the agents that are no firms."""
    return [*model.universities, *model.funds, *model.guidance_funds, *model.governments]


# The registry of agents.


def test_all_agents_are_mesa_agents(model):
    kinds = {Firm: model.firms, University: model.universities, VentureFund: model.funds,
             GuidanceFund: model.guidance_funds, Government: model.governments}  # fmt: skip
    assert set(model.agent_types) == set(model.agents_by_type) == set(kinds)
    for kind, members in kinds.items():
        assert len(model.agents_by_type[kind]) == len(members) > 0
    assert len(model.agents) == sum(len(members) for members in kinds.values())
    assert all(isinstance(agent, mesa.Agent) for agent in model.agents)
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)
    assert {agent.model for agent in model.agents} == {model}


def test_ids_of_firms_are_those_of_their_records(firms, model):
    assert [firm.unique_id for firm in firms] == model.firms.living["id"].tolist()


def test_looking_at_agents_changes_no_outcome():
    looked, alone = (InnovationModel(scale=SCALE, until=2016, seed=5) for _ in range(2))
    while looked.running:
        looked.agents.shuffle_do("step")
        looked.step()
    alone.run()
    assert np.array_equal(looked.firms.records, alone.firms.records)
    assert np.array_equal(looked.table.values, alone.table.values, equal_nan=True)


def test_a_set_that_is_held_follows_the_model(fresh):
    everyone, firms = fresh.agents, fresh.agents_by_type[Firm]
    before = set(firms)
    while fresh.quarter < 5:
        fresh.step()
    assert set(firms) != before
    assert {firm.unique_id for firm in firms} == set(fresh.firms.living["id"].tolist())
    assert len(everyone) == len(fresh.agents) == len(firms) + len(others(fresh))
    assert everyone is fresh.agents


def test_the_registry_cannot_be_replaced(fresh):
    with pytest.raises(AttributeError, match=r"model\.agents"):
        fresh.agents = []


# Agent sets: select, get, set, agg, do, map, group, sort, shuffle.


def test_select(model, firms):
    large = firms.select(lambda firm: firm.revenue > 5_000.0)
    assert 0 < len(large) < len(firms)
    assert len(large) == int((model.firms.living["revenue"] > 5_000.0).sum())
    assert len(firms.select(at_most=10)) == 10
    assert len(firms.select(at_most=0.25)) == len(firms) // 4
    assert list(firms.select(at_most=10)) == list(firms)[:10]
    assert set(model.agents.select(agent_type=University)) == set(model.universities)
    both = model.agents.select(lambda agent: agent.city == 0, agent_type=Firm, at_most=3)
    assert [type(agent) for agent in both] == [Firm] * 3
    copied = firms.select()
    copied.select(lambda firm: firm.kind == Kind.INDUSTRIAL, inplace=True)
    assert 0 < len(copied) < len(firms)


def test_get_and_set(fresh):
    firms = fresh.agents_by_type[Firm]
    assert firms.get("revenue") == fresh.firms.living["revenue"].tolist()
    pairs = firms.get(["city", "rd"])
    assert pairs == [list(pair) for pair in fresh.firms.living[["city", "rd"]].tolist()]
    with pytest.raises(AttributeError, match="revenue"):
        fresh.agents.get("revenue")
    filled = fresh.agents.get("revenue", handle_missing="default", default_value=math.nan)
    assert np.isnan(filled).sum() == len(fresh.agents) - len(firms)
    firms.set("grant", 0.25).set("mood", "good")
    assert set(fresh.firms.living["grant"]) == {0.25}
    assert set(firms.get("mood")) == {"good"}


def test_agg(model, firms):
    rd = model.firms.living["rd"]
    assert firms.agg("rd", sum) == pytest.approx(rd.sum())
    assert firms.agg("rd", [min, max, np.median]) == [rd.min(), rd.max(), np.median(rd)]
    assert model.agents_by_type[Government].select(lambda g: g.place >= 0).agg("budget", min) > 0.0


def test_do_and_shuffle_do(fresh):
    firms = fresh.agents_by_type[Firm]

    def invest_more(firm, factor):
        firm.rd *= factor

    before = fresh.firms.living["rd"]
    assert firms.do(invest_more, factor=2.0) is firms
    assert np.array_equal(fresh.firms.living["rd"], 2.0 * before)
    visited = []
    firms.shuffle_do(visited.append)
    assert visited != list(firms)
    assert set(visited) == set(firms)
    fresh.agents.do("step")  # agents of this model act in phases; the method is there and does nothing
    assert np.array_equal(fresh.firms.living["rd"], 2.0 * before)


def test_map(model, firms):
    ages = firms.map(lambda firm, now: now - firm.birth, model.quarter)
    assert ages == (model.quarter - model.firms.living["birth"].astype(int)).tolist()
    relative = model.agents_by_type[University].map("reward", model.p)
    assert len(relative) == len(model.universities)
    assert min(relative) > 0.0


def test_groupby(model, firms):
    by_city = firms.groupby("city")
    living = model.firms.living
    assert by_city.count() == {city: int((living["city"] == city).sum()) for city in set(living["city"])}
    mean = by_city.agg("revenue", np.mean)
    assert mean[0] == pytest.approx(living["revenue"][living["city"] == 0].mean())
    assert by_city.map(len) == by_city.count()
    largest = firms.groupby(lambda firm: firm.place_name, result_type="list")
    assert {name for name, _ in largest} <= {place.id for place in model.geography.places}
    per_kind = model.agents.groupby(type).count()
    assert per_kind == {kind: len(members) for kind, members in model.agents_by_type.items()}


def test_sort_and_shuffle(model, firms):
    revenue = np.sort(model.firms.living["revenue"])
    assert firms.sort("revenue").get("revenue") == revenue[::-1].tolist()
    assert firms.sort(lambda firm: firm.revenue, ascending=True).get("revenue") == revenue.tolist()
    order = list(firms)
    mixed = firms.shuffle()
    assert list(mixed) != order
    assert set(mixed) == set(order)
    assert list(firms) == order
    mixed.shuffle(inplace=True)
    assert set(mixed) == set(order)


def test_a_set_is_a_set_and_a_sequence(model, firms):
    first, *_ = firms
    assert first in firms
    assert first not in model.agents_by_type[University]
    chosen = firms.select(at_most=5)
    chosen.discard(first)
    assert len(chosen) == 4
    chosen.add(first)
    chosen.remove(next(iter(chosen)))
    assert len(chosen & firms) == 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # of indexing, from Mesa 3.4 on
        assert firms[0] is first
        assert firms[-3:] == list(firms)[-3:]
        assert firms[1].unique_id == int(model.firms.living["id"][1])
    if hasattr(firms, "to_list"):
        assert firms.to_list() == list(firms)


def test_random_order_depends_on_the_seed_alone():
    orders = [
        InnovationModel(scale=SCALE, until=2015, seed=seed).agents.shuffle().get("unique_id")[:20]
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


# Leaving the model.


def test_a_firm_can_be_removed(fresh):
    firm = next(iter(fresh.agents_by_type[Firm]))
    everyone = fresh.agents
    before = len(everyone)
    firm.remove()
    assert len(everyone) == before - 1 == len(fresh.agents)
    assert firm not in everyone
    assert firm not in fresh.agents_by_type[Firm]
    assert firm.unique_id not in fresh.firms.living["id"]
    fresh.step()
    assert firm not in fresh.agents
    assert firm.unique_id not in fresh.firms.living["id"]


def test_firms_can_be_removed_by_a_rule(fresh):
    small = fresh.agents_by_type[Firm].select(lambda firm: firm.revenue < 20.0)
    count, before = len(small), len(fresh.firms)
    assert count > 10
    small.do("remove")
    assert len(fresh.firms) == before - count
    fresh.run()
    assert np.isfinite(fresh.table.get("rd_expenditure", "YRD", 2016))


def test_all_agents_can_be_removed(fresh):
    fresh.remove_all_agents()
    assert len(fresh.agents) == len(fresh.firms) == 0
    assert all(len(members) == 0 for members in fresh.agents_by_type.values())


def test_a_removed_government_no_longer_acts(fresh):
    zone, province, nation = (
        next(agent for agent in fresh.agents_by_type[Government] if agent.name == name)
        for name in ("Ningbo_HTZ", "Anhui", "China")
    )
    fresh.step()
    before = [university.funding_spent for university in fresh.universities]
    place, budget = zone.place, zone.budget
    for agent in (zone, province):
        agent.remove()
    fresh.step()
    assert zone not in fresh.governments
    assert zone.budget == budget
    city = fresh.governing[place]
    assert city.name == "Ningbo"
    assert city.budget == fresh.city_budgets[city.city]
    share = fresh.p["national_research_share"]
    for university, was in zip(fresh.universities, before, strict=True):
        part = share if fresh.geography.places[university.city].province == "Anhui" else 1.0
        assert university.funding_spent == pytest.approx(part * university.planned, rel=0.05)
        assert university.funding_spent == pytest.approx(part * was, rel=0.05)
    nation.remove()
    city.remove()
    fresh.step()
    assert fresh.governing[place] is fresh.governing[city.place] is None
    assert fresh.places["grant_ratio"][city.place] == 0.0
    fresh.run()
    assert np.isfinite(fresh.table.get("rd_expenditure", "YRD", 2016))


def test_a_firm_that_a_user_adds_is_an_agent(fresh):
    everyone = fresh.agents
    row = fresh.firms.records[:1].copy()
    row["id"] = 12345
    fresh.firms.append(row)
    assert fresh.firms.view(12345) in fresh.agents
    assert fresh.firms.view(12345) in everyone


# Extensions.


def test_agents_of_a_user_live_in_the_model(fresh):
    inspectors = Inspector.create_agents(fresh, 3, [0, 1, 1])
    assert set(inspectors) == set(fresh.agents_by_type[Inspector])
    assert len(fresh.agents) == len(fresh.firms) + len(others(fresh)) + 3
    ids = [agent.unique_id for agent in fresh.agents]
    assert len(set(ids)) == len(ids)
    cash = fresh.firms.living["cash"].sum()
    fresh.agents_by_type[Inspector].shuffle_do("step")
    assert fresh.firms.living["cash"].sum() == pytest.approx(cash - 3.0)
    assert {firm.city for agent in inspectors for firm in agent.fined} == {0, 1}
    next(iter(inspectors)).remove()
    assert len(fresh.agents_by_type[Inspector]) == 2


def test_a_model_can_be_given_another_step():
    class Inspected(InnovationModel):
        def __init__(self, **settings):
            super().__init__(**settings)
            Inspector(self, city=3)

        def step(self):
            self.agents_by_type[Inspector].do("step")
            super().step()

    model = Inspected(scale=SCALE, until=2015, seed=1)
    model.run_model()
    (inspector,) = model.agents_by_type[Inspector]
    assert (model.steps, model.quarter, len(inspector.fined)) == (4, 4, 4)
    assert not model.running


# Collecting data.


def test_data_collection():
    model = Observed(scale=SCALE, until=2015, seed=2)
    model.run()
    collected = model.datacollector
    series = collected.get_model_vars_dataframe()
    assert series["year"].tolist() == [2015, 2015, 2015, 2016]
    assert series["firms"].iloc[-1] == len(model.firms)
    assert series["research"].iloc[-1] == pytest.approx(2.0 * model.firms.living["rd"].sum())
    assert series["closed"].sum() > 0

    agents = collected.get_agent_vars_dataframe()
    assert agents.index.names == ["Step", "AgentID"]
    assert agents.loc[4].value_counts("kind").to_dict() == {
        kind.__name__: len(members) for kind, members in model.agents_by_type.items()
    }
    firms = collected.get_agenttype_vars_dataframe(Firm)
    last = firms.loc[4].loc[model.firms.living["id"].tolist()]
    assert last["revenue"].tolist() == model.firms.living["revenue"].tolist()
    assert last["doubled"].tolist() == (2.0 * model.firms.living["rd"]).tolist()
    assert len(firms.loc[1]) != len(firms.loc[4])
    assert len(collected.get_agenttype_vars_dataframe(Government)) == 4 * len(model.governments)


def batch(processes: int) -> pd.DataFrame:
    """Run two scales under two seeds, in the way of the Mesa at hand."""
    settings = {"scale": [SCALE, 2 * SCALE], "until": 2015}
    replicates = {}
    if "rng" in inspect.signature(mesa.batch_run).parameters:
        replicates["rng"] = [1, 2]
    else:
        settings["seed"] = [1, 2]
    runs = mesa.batch_run(Watched, settings, number_processes=processes, display_progress=False, **replicates)
    return pd.DataFrame(runs)


def test_batch_run_gives_the_same_on_one_process_and_on_two():
    columns = ["key", "scale", "AgentID", "city", "year", "firms"]
    one, two = (batch(processes)[columns].sort_values(columns, ignore_index=True) for processes in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    runs = one.groupby(["key", "scale"])
    assert runs.ngroups == 4
    assert runs["firms"].nunique().tolist() == [1] * 4
    assert runs["firms"].first().nunique() == 4
    assert runs["AgentID"].nunique().tolist() == runs.size().tolist()
    if NEWER_MESA:  # Mesa 3.3 lists the agents of the step before the last
        assert (runs.size() == runs["firms"].first() + len(others(after_one_quarter(SCALE)))).all()


@pytest.mark.filterwarnings("ignore:The `iterations`:DeprecationWarning")
def test_iterations_of_a_batch_differ_without_a_seed():
    runs = mesa.batch_run(Watched, {"scale": SCALE, "until": 2015}, iterations=2, display_progress=False)
    keys = pd.DataFrame(runs).groupby("RunId")["key"].unique()
    assert [len(key) for key in keys] == [1, 1]
    assert keys[0] != keys[1]


# Seeds, versions, memory.


def first_draws(**keys) -> list[float]:
    model = InnovationModel(scale=SCALE, until=2015, **keys)
    model.step()
    return model.firms.records["opportunity"].tolist()


def test_both_names_of_the_seed_give_the_same():
    assert first_draws(seed=7) == first_draws(rng=7) == first_draws(rng=np.int64(7)) != first_draws(seed=8)
    assert first_draws(rng=np.random.default_rng(7)) == first_draws(rng=np.random.default_rng(7))
    assert first_draws(rng=[1, 2]) == first_draws(rng=np.random.SeedSequence([1, 2]))


def test_a_fresh_seed_is_kept():
    models = [InnovationModel(scale=SCALE, until=2015) for _ in range(2)]
    assert models[0].seed != models[1].seed
    for model in models:
        model.step()
    assert models[0].firms.records["opportunity"].tolist() == first_draws(seed=models[0].seed)


@pytest.mark.parametrize("keys", [{"seed": 1, "rng": 1}, {"seed": -1}, {"seed": 2**63}])
def test_a_seed_that_cannot_be_is_refused(keys):
    with pytest.raises(ValueError, match="seed"):
        InnovationModel(scale=SCALE, **keys)


def test_largest_seed():
    assert first_draws(seed=2**63 - 1) != first_draws(seed=2**63 - 2)


def test_nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Observed(scale=SCALE, until=2015, seed=1)
        model.run()
        model.agents.select(agent_type=Firm).shuffle().do("step").groupby("city").count()
        next(iter(model.agents)).remove()


def test_a_model_that_nobody_needs_is_forgotten():
    model = InnovationModel(scale=SCALE, until=2015, seed=1)
    model.step()
    forgotten = weakref.ref(model), weakref.ref(next(iter(model.agents)))
    del model
    gc.collect()
    assert [reference() for reference in forgotten] == [None, None]


@newer_mesa
def test_time_and_events_of_newer_mesa(fresh):
    seen = []

    def remember():
        seen.append((fresh.time, fresh.quarter))

    fresh.schedule_event(remember, at=2.5)
    fresh.run_for(3)
    assert (fresh.time, fresh.steps, fresh.quarter) == (3.0, 3, 3)
    assert seen == [(2.5, 2)]
    assert fresh.scenario.model is fresh
