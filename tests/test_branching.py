"""Branches: a world that leaves a common history is bit for bit the one simulated from the start."""

import copy
import random
import weakref
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from worlds import COMPANIONS, PILOTS, SEED, scenario

from agents import tables
from agents.population import RecordPopulation
from scenarios.levers import LEVERS
from scenarios.scenario import Scenario, list_scenarios, load_scenario
from simulation import branching
from simulation.branching import NEVER, Histories, batches, branch, parting, run_warm
from simulation.errors import InputError
from simulation.experiment import stream
from simulation.model import InnovationModel
from simulation.runs import RunSpec, run_id, run_one

SCALE = 0.005
POLICY = 16  # quarters from 2015 to 2019
LATE = "2017Q3"  # a start of policy other than the usual one


def from_the_start(what: Scenario, until: int = 2020) -> InnovationModel:
    model = InnovationModel(scenario=what, scale=SCALE, until=until, seed=SEED)
    model.run()
    return model


@cache
def history(quarter: int, until: int = 2020) -> InnovationModel:
    """Return a world without policy; it must not be stepped."""
    model = InnovationModel(scale=SCALE, until=until, seed=SEED)
    while model.quarter < quarter:
        model.step()
    return model


def differences(a: InnovationModel, b: InnovationModel) -> list[str]:
    """Return in which parts of their state two worlds are not the same."""
    mine, theirs = dict(_leaves(a, "")), dict(_leaves(b, ""))
    return sorted(where for where in mine.keys() | theirs.keys() if mine.get(where) != theirs.get(where))


def _leaves(part: Any, where: str) -> Iterator[tuple[str, bytes | str]]:
    """Yield every number and array of a world with the way to it."""
    if isinstance(part, RecordPopulation):
        living = part.living  # by field: bytes between the fields are left to chance
        yield from ((f"{where}.{name}", living[name].tobytes()) for name in living.dtype.names or ())
    elif isinstance(part, np.random.Generator):
        yield where, repr(part.bit_generator.state)
    elif isinstance(part, random.Random):
        yield where, repr(part.getstate())
    elif isinstance(part, np.ndarray | np.generic):
        yield where, part.tobytes()
    elif isinstance(part, dict | list | tuple):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _leaves(value, f"{where}.{key}")
    elif _is_ours(part):
        yield from _leaves({name: each for name, each in vars(part).items() if name not in _LEFT_OUT}, where)
    elif part is None or isinstance(part, int | float | str):
        yield where, repr(part)


_LEFT_OUT = {"model", "scenario_spec", "_agents", "_all_agents", "_agents_by_type"}


def _is_ours(part: Any) -> bool:
    return type(part).__module__.startswith(("agents.", "simulation.")) and hasattr(part, "__dict__")


def one_lever(name: str, start: str = LATE) -> Scenario:
    lever = LEVERS[name]
    value = lever.plan if lever.plan != lever.neutral else lever.high
    levers = {**COMPANIONS.get(name, {}), name: value}
    settings = {each: {"value": value, "start": start} for each, value in levers.items()}
    return scenario(settings, pilot_institutions=PILOTS if name == "inventor_share" else ())


# --- The same bits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list_scenarios())
def test_a_shipped_scenario_may_branch_when_its_policy_starts(name):
    what = load_scenario(name)
    quarter = min(POLICY, parting(load_scenario("baseline"), what))
    model = branch(history(quarter), what)
    assert model.quarter == quarter
    model.run()
    assert differences(model, from_the_start(what)) == []


@pytest.mark.parametrize("name", LEVERS)
def test_every_lever_alone_may_branch_at_any_quarter(name):
    what = one_lever(name)
    model = branch(history(10), what)
    model.run()
    assert differences(model, from_the_start(what)) == []
    assert not np.array_equal(model.table.values, history(24).table.values, equal_nan=True)


@pytest.mark.parametrize("quarter", [2, 3, 9])
def test_conditions_may_set_in_at_any_quarter(quarter):
    year, part = divmod(quarter, 4)
    start = f"{2015 + year}Q{part + 1}"
    what = scenario(conditions={"gdp_growth": {"change": -3, "start": start, "end": "2018Q2"}})
    model = branch(history(quarter), what)
    model.run()
    assert differences(model, from_the_start(what)) == []


@pytest.mark.parametrize(
    "condition", [{"contacts": {"change": 80}}, {"entry": {"change": -40}}], ids=["contacts", "entry"]
)
def test_contacts_and_entry_may_change_on_a_branch(condition):
    span = {"start": "2017Q3", "end": "2018Q2"}
    what = scenario(conditions={name: {**change, **span} for name, change in condition.items()})
    model = branch(history(10), what)
    model.run()
    assert differences(model, from_the_start(what)) == []


def test_a_branch_has_clusters_of_its_own():
    focus = {"cluster_focus": {"value": 1.0, "start": "2017Q3"}}
    what = scenario(focus, cluster_fields=["digital"])
    model = branch(history(10), what)
    model.run()
    assert differences(model, from_the_start(what)) == []


def test_the_differences_are_seen():
    a, b = (copy.deepcopy(history(2)) for _ in range(2))
    assert differences(a, b) == []
    a.universities[3].funding += 1.0
    firms = b.firms.records
    seventh = np.flatnonzero(firms["alive"])[7:8]
    firms.put("cash", seventh, firms.at("cash", seventh) + 1.0)
    b.talent.stock[0] *= 2.0
    b.rng.random()
    found = [".firms.cash", ".rng", ".talent.stock", ".universities.3.funding"]
    assert differences(a, b) == found


# --- Worlds of their own --------------------------------------------------------------------------------


def test_a_branch_and_its_origin_do_not_touch_each_other():
    origin = copy.deepcopy(history(4, until=2016))
    twin = branch(origin, load_scenario("baseline"))
    untouched = copy.deepcopy(origin)
    twin.run()
    assert differences(origin, untouched) == []
    origin.run()
    assert differences(origin, twin) == []


def test_agents_of_a_branch_are_its_own():
    origin = copy.deepcopy(history(4, until=2016))
    before = [agent.unique_id for agent in origin.agents]
    twin = branch(origin, load_scenario("baseline"))
    assert [agent.unique_id for agent in twin.agents] == before
    assert all(agent.model is twin for agent in twin.agents)
    assert not set(map(id, origin.agents)) & set(map(id, twin.agents))
    shuffled = [[agent.unique_id for agent in model.agents.shuffle()] for model in (origin, twin)]
    assert shuffled[0] == shuffled[1] != before
    firm = next(iter(twin.agents_by_type[origin.firms.view_type]))
    cash = firm.cash
    firm.cash += 5.0
    assert origin.firms.view(firm.unique_id).cash == cash
    firm.remove()
    assert len(twin.agents) == len(origin.agents) - 1
    for model in (origin, twin):
        model.step()
    newest = [type(model.funds[0])(model, 0, 0, np.uint64(1), 1.0, 0.5).unique_id for model in (origin, twin)]
    assert newest[0] == newest[1] not in before


def test_a_scenario_whose_past_is_another_is_refused():
    early = scenario({"delta_link": {"value": 1, "start": "2016Q2"}})
    with pytest.raises(InputError, match=r"baseline at 2016Q3: they differ from 2016Q2 on"):
        branch(history(6, until=2016), early)
    at_once = scenario(conditions={"gdp_growth": {"change": 1, "start": "2015Q2", "end": "2016Q1"}})
    with pytest.raises(InputError, match="2015Q2"):  # the state at the start depends on growth in 2015Q2
        branch(history(0, until=2016), at_once)


def test_scenarios_part_where_their_first_difference_starts():
    nothing, plan = load_scenario("baseline"), load_scenario("full_plan")
    assert parting(nothing, nothing) == parting(plan, plan) == NEVER
    assert parting(nothing, plan) == parting(plan, nothing) == POLICY
    assert parting(nothing, nothing.model_copy(update={"name": "another", "assumptions": ("?",)})) == NEVER
    late = scenario({"delta_link": {"value": 1, "start": "2021Q3"}})
    assert parting(nothing, late) == 26
    assert parting(late, scenario({"delta_link": {"value": 0.5, "start": "2020Q2"}})) == 21
    shared = {"tech_lending": {"value": 9, "start": "2016Q1"}}
    assert parting(scenario(shared), scenario({**shared, "delta_link": 1})) == POLICY
    pilots = scenario(shared, pilot_institutions=PILOTS)
    assert parting(scenario(shared), pilots) == 4
    shock = {"gdp_growth": {"change": -1, "start": "2018Q4", "end": "2019Q4"}}
    assert parting(late, scenario({"delta_link": {"value": 1, "start": "2021Q3"}}, shock)) == 15


# --- Batches, histories and streams ---------------------------------------------------------------------


@pytest.fixture
def specs():
    """Return named runs of three seeds, short ones: policy starts in 2015, 2016 and never."""
    cases = ["baseline", *(one_lever("tech_lending", start) for start in ("2015Q1", "2015Q2", "2016Q2"))]
    made = [RunSpec(case, seed, SCALE, 2016) for case in cases for seed in (1, 2, 3)]
    return {run_id(spec): spec for spec in made}


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stream_gives_each_run_as_if_it_were_alone(specs, processes):
    found = {result.run_id: result for result in stream(specs, processes)}
    assert set(found) == set(specs)
    for name, spec in specs.items():
        alone = run_one(spec, name)
        assert (found[name].digest, found[name].spec) == (alone.digest, spec)


@pytest.fixture
def stepped(monkeypatch):
    """Return the names of the phases that models run from now on."""
    names = []
    step = InnovationModel.run_phase
    monkeypatch.setattr(
        InnovationModel, "run_phase", lambda self, phase: (names.append(phase.name), step(self, phase))
    )
    return names


def test_what_was_prepared_is_not_simulated_again(stepped):
    histories = Histories()
    histories.prepare(RunSpec("baseline", SEED, SCALE, 2019))
    assert stepped.count("operate") == POLICY
    spec = RunSpec("full_plan", SEED, SCALE, 2019)
    found = histories.run(spec)
    assert stepped.count("operate") == POLICY + 4
    assert found.digest == run_one(spec).digest


def test_a_stream_simulates_a_history_once_for_each_seed(stepped):
    cases = ["baseline", *(one_lever(name, "2016Q1") for name in ("tech_lending", "delta_link"))]
    made = [RunSpec(case, seed, SCALE, 2016) for case in cases for seed in (1, 2)]
    assert len(list(stream({run_id(spec): spec for spec in made}, processes=1))) == 6
    history_and_branches = 4 + 3 * 4
    assert stepped.count("operate") == 2 * history_and_branches


def test_batches_hold_one_world_each_and_keep_processes_busy(specs):
    for processes in (1, 2, 3, 8, 100):
        found = batches(specs, processes)
        assert sorted(name for batch in found for name, _ in batch) == sorted(specs)
        assert all(len({branching.world_of(spec) for _, spec in batch}) == 1 for batch in found)
        assert len(found) >= min(len(specs), 2 * processes if processes > 1 else 3)
    assert len(batches(specs, 1)) == 3
    many = {f"{n}": RunSpec("baseline", 1, SCALE) for n in range(100)}
    assert max(map(len, batches(many, 1))) <= 16


def test_histories_are_kept_within_their_memory_and_used_again():
    spec = RunSpec(one_lever("tech_lending", "2016Q1"), 1, SCALE, 2016)
    histories = Histories()
    first, again = histories.run(spec), histories.run(spec)
    assert first.digest == again.digest == run_one(spec).digest == run_warm(spec).digest
    [(key, kept)] = histories._kept.items()
    assert key[1] == kept.quarter == 4
    bytes_of_one = branching.size(kept)
    small = Histories(int(2.5 * bytes_of_one))
    for seed in (1, 2, 3, 2, 4):
        small.run(RunSpec("baseline", seed, SCALE, 2016))
    assert [key[0][0] for key in small._kept] == [2, 4]
    tiny = Histories(1)
    assert tiny.run(spec).digest == first.digest
    assert len(tiny._kept) == 1


def test_histories_that_are_dropped_leave_no_memory():
    tiny = Histories(1)
    tiny.run(RunSpec("baseline", 1, SCALE, 2016))
    [dropped] = tiny._kept.values()
    records = weakref.ref(dropped.firms)
    del dropped
    tiny.run(RunSpec("baseline", 2, SCALE, 2016))  # the collector has been told to pass over the first
    assert records() is None


def test_a_finished_run_leaves_the_memory_of_its_firms_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    spare: list[np.ndarray] = []
    monkeypatch.setattr(tables, "_spare", spare)
    run_one(RunSpec("baseline", 1, scale=0.003, until=2015, central=True))
    [memory] = spare
    model = InnovationModel(seed=2, scale=0.003, until=2015)
    assert model.firms.table.memory is memory
    assert not spare
