"""Universities that open and close, and what city programmes build at them."""

from pathlib import Path

import numpy as np
import pytest
from reference.compare import assert_same
from reference.model import ReferenceModel
from worlds import scenario

from agents.parameters import parameter_record
from agents.university import University
from scenarios.scenario import PlannedInstitute, ScenarioError, load_scenario
from scenarios.writing import scenario_text
from simulation.cli_scenarios import find_mistakes
from simulation.data import load_new_institutes
from simulation.model import InnovationModel
from simulation.networks import to_graph, university_code
from simulation.partner_search import NOBODY

P = parameter_record()[0]
VALVES = {"name": "Valves", "city": "Wenzhou", "field": "smart_equipment", "year": 2015, "staff": 120}
VALVES |= {"budget": 0.5}
NO_DELAY = {"pilot_latitude": {"value": 1.0, "scope": ["all"], "start": "2015Q1"}}
SEA = VALVES | {"name": "Sea", "city": "Ningbo", "year": 2016}


def planned(*institutes: dict[str, object], share: float = 1.0, start: str = "2015Q1") -> InnovationModel:
    case = scenario({"new_institutes": {"value": share, "start": start}, **NO_DELAY})
    listed = tuple(PlannedInstitute.model_validate(item) for item in institutes)
    return InnovationModel(
        case.model_copy(update={"new_institutes": listed}), scale=0.01, until=2022, seed=4, check=True
    )


def named(model: InnovationModel, name: str) -> University:
    return next(university for university in model.universities if university.name == name)


def steps(model: InnovationModel, quarters: int) -> None:
    for _ in range(quarters):
        model.step()


# New institutes.


def test_the_policy_names_institutes_in_both_cities_from_its_start_on() -> None:
    rows = load_new_institutes()
    assert {row.city for row in rows} == {"Ningbo", "Wenzhou"}
    assert all(2019 <= row.year <= 2022 for row in rows)
    assert all(row.provenance == "assumption" for row in rows)  # nobody published staff and budgets


def test_institutes_open_in_their_year_and_stay_in_the_order_of_cities() -> None:
    model = planned(VALVES, SEA)
    before = len(model.universities)
    model.step()
    assert [plan.name for plan in model.institutes_to_open] == ["Sea"]
    assert len(model.universities) == before + 1
    steps(model, 4)
    assert not model.institutes_to_open
    assert len(model.agents_by_type[University]) == before + 2
    cities = [university.city for university in model.universities]
    assert cities == sorted(cities)
    for city in range(len(model.geography.cities)):
        found = model.university_ids[model.university_starts[city] : model.university_starts[city + 1]]
        assert found.tolist() == [u.identity for u in model.universities if u.city == city]


def test_an_institute_waits_for_the_lever() -> None:
    model = planned(VALVES, start="2016Q3")
    steps(model, 6)
    assert [plan.name for plan in model.institutes_to_open] == ["Valves"]
    model.step()
    assert named(model, "Valves").opened == 6


def test_an_institute_grows_to_the_planned_staff_and_files() -> None:
    model = planned(VALVES, VALVES | {"name": "Half"}, share=0.5)
    wenzhou = model.geography.cities.index("Wenzhou")
    wage = float(model.talent.wage[wenzhou])  # of the day on which it opens
    steps(model, 4)
    young, half = named(model, "Valves"), named(model, "Half")
    assert young.resources == pytest.approx(0.5 * young.full_budget / P["institute_growth_years"])
    steps(model, 11)
    contracts = young.cash
    model.step()
    assert young.resources == half.resources == pytest.approx(0.5 * 0.5 * 1e4 / 4)
    grown = 0.5 * VALVES["staff"] * wage / float(model.talent.wage[young.city])  # dearer staff, fewer heads
    on_contracts = young.staff_share * contracts / float(model.talent.wage[young.city])
    assert young.researchers - on_contracts == pytest.approx(grown)
    steps(model, 16)
    assert young.patents + half.patents > 0
    assert young.cash > 0.0  # contract income


def test_institutes_cost_their_city_what_they_spend() -> None:
    model = planned(VALVES, SEA)
    steps(model, 8)
    spent = dict.fromkeys(range(-1, len(model.geography.cities)), 0.0)
    for item in model.governments:
        spent[item.city] += item.spent.get("new_institutes", 0.0)
    for name in ("Valves", "Sea"):
        institute = named(model, name)
        assert spent.pop(institute.city) == pytest.approx(institute.awarded)
    assert set(spent.values()) == {0.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"city": "Ningbo_HTZ"}, "unknown city 'Ningbo_HTZ', did you mean Ningbo"),
        ({"field": "valves"}, "unknown field 'valves'"),
        ({"name": "Ningbo University"}, "there is one of that name already"),
    ],
)
def test_institutes_that_cannot_be_are_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        planned(VALVES | change)


# Key laboratories.


def with_laboratories(number: float, end: str = "2022Q4") -> InnovationModel:
    setting = {"value": number, "scope": ["Ningbo"], "start": "2015Q1", "end": end}
    return InnovationModel(
        scenario({"key_laboratories": setting, **NO_DELAY}), scale=0.01, until=2022, seed=4, check=True
    )


def test_laboratories_go_where_research_in_the_named_fields_is() -> None:
    model = with_laboratories(12.0)
    model.step()
    hosted = {u.name: len(u.laboratories) for u in model.universities if u.laboratories}
    assert sum(hosted.values()) == 12
    assert {model.geography.cities[named(model, name).city] for name in hosted} == {"Ningbo"}
    materials = named(model, "Ningbo University"), named(model, "Other research institutes of Ningbo")
    per_yuan = [len(u.laboratories) / u.funding_start for u in materials]
    assert per_yuan[0] > 1.5 * per_yuan[1]  # equal sums for research: other fields count half


def test_laboratories_take_time_to_build_and_money_to_run() -> None:
    model = with_laboratories(12.0)
    quarters = int(4 * P["lab_build_years"])
    steps(model, quarters)
    hosts = [u for u in model.universities if u.laboratories]
    assert all(u.awarded == 0.0 for u in hosts)
    built = sum(u.construction for u in hosts)
    assert built == pytest.approx(12 * P["lab_building_cost"] / quarters)
    assert all(u.laboratories == [1.0] * len(u.laboratories) for u in hosts)
    model.step()
    assert sum(u.awarded for u in hosts) == pytest.approx(12 * P["lab_budget"] / 4)
    assert all(u.construction == 0.0 for u in hosts)


def test_a_city_without_money_builds_more_slowly() -> None:
    model = with_laboratories(100.0)
    for government in model.governments:
        government.allot = lambda *_: 0.5  # type: ignore[method-assign]
    for government in model.governments:
        government.delivered = 0.5
    steps(model, 2)
    progress = [progress for university in model.universities for progress in university.laboratories]
    assert progress == pytest.approx([0.25 / P["lab_build_years"]] * 100)


def test_laboratories_close_when_the_policy_ends() -> None:
    model = with_laboratories(12.0, end="2017Q4")
    steps(model, 12)
    assert sum(u.awarded for u in model.universities) > 0.0
    model.step()
    assert not any(u.laboratories for u in model.universities)
    assert sum(u.awarded for u in model.universities) == 0.0


def test_laboratories_raise_research_at_their_hosts() -> None:
    more, usual = with_laboratories(12.0), with_laboratories(0.0)
    steps(more, 24)
    steps(usual, 24)
    host, plain = (named(model, "Ningbo University") for model in (more, usual))
    assert host.researchers > plain.researchers
    assert host.patents > plain.patents
    away, there = (named(model, "Wenzhou University") for model in (more, usual))
    assert away.funding == there.funding


# Closing.


def test_a_university_that_is_removed_acts_no_more_and_leaves_the_books() -> None:
    model = InnovationModel(scale=0.05, until=2016, seed=4, check=True)
    steps(model, 5)
    gone = named(model, "Ningbo University")
    at = model.universities.index(gone)
    after = model.universities[at + 1]
    linked = (model.partners == university_code(at)).sum()
    linked_after = (model.partners == university_code(at + 1)).sum()
    held, researchers = gone.patents, gone.researchers
    table = model.partners.copy()
    gone.remove()
    gone.remove()  # a second time changes nothing
    assert gone not in model.universities
    assert gone not in model.agents_by_type[University]
    assert linked > 0 < linked_after
    assert (model.partners == university_code(at)).sum() == linked_after
    assert ((model.partners == NOBODY) & (table != NOBODY)).sum() == linked
    assert model.universities[at] is after
    graph = to_graph(
        model.firms.records, model.partners, [u.name for u in model.universities], model.geography.cities
    )
    assert "Ningbo University" not in graph
    before = model.stats["patents"].sum() + sum(u.patents for u in model.universities)
    steps(model, 3)
    assert gone.patents == held
    assert gone.researchers == researchers
    assert not model.running or model.quarter == 8
    assert before > 0


def test_a_world_without_one_university_counts_less() -> None:
    whole, less = (InnovationModel(scale=0.02, until=2016, seed=4, check=True) for _ in range(2))
    gone = named(less, "Wenzhou Medical University")
    held = gone.patents
    gone.remove()
    tables = [model.run() for model in (whole, less)]
    patents, personnel, rd = (
        [table.get(name, "Wenzhou", 2015) for table in tables]
        for name in ("valid_invention_patents", "rd_personnel", "rd_expenditure")
    )
    assert patents[1] < patents[0] - 0.8 * held
    assert personnel[1] < personnel[0]
    assert rd[1] < rd[0]


def test_without_any_university_the_world_goes_on() -> None:
    model = InnovationModel(scale=0.01, until=2016, seed=4, check=True)
    for university in list(model.agents_by_type[University]):
        university.remove()
    model.run()
    assert model.universities == []
    assert model.table.get("licences", "YRD", 2016) == 0.0


def test_the_reference_agrees_after_a_university_has_left() -> None:
    arguments = {"scenario": "baseline", "scale": 0.003, "until": 2016, "seed": 6}
    fast, slow = InnovationModel(**arguments, check=True), ReferenceModel(**arguments)
    for quarter in range(8):
        if quarter == 3:
            named(fast, "Fudan University").remove()
            slow.withdraw(named(slow, "Fudan University"))
        fast.step()
        slow.step()
        assert_same(fast, slow)


def test_baseline_plans_nothing() -> None:
    model = InnovationModel(scale=0.01, until=2015, seed=4)
    model.run()
    assert np.array([u.awarded + u.construction + len(u.laboratories) for u in model.universities]).sum() == 0
    assert len(model.institutes_to_open) == len(load_new_institutes())


def test_listed_institutes_survive_being_written_as_a_file(tmp_path: Path) -> None:
    case = planned(VALVES, SEA).scenario_spec
    file = tmp_path / "listed.yaml"
    file.write_text(scenario_text(case), encoding="utf-8")
    assert load_scenario(str(file)).new_institutes == case.new_institutes
    assert load_scenario(str(file)).content_hash == case.content_hash
    without = case.model_copy(update={"new_institutes": ()})
    assert case.content_hash != without.content_hash


BAD = {
    "unknown city": ("city: Wenzhou", "city: Wenzhu", "unknown city 'Wenzhu', did you mean Wenzhou?"),
    "unknown field": ("field: digital", "field: digtal", "unknown field 'digtal', did you mean digital?"),
    "a name twice": ("name: Beacon", "name: Ningbo University", "there is a 'Ningbo University' already"),
    "a year before": ("year: 2020", "year: 2010", "new_institutes.0.year: must be at least 2015"),
    "no staff": ("staff: 50", "staff: 0", "new_institutes.0.staff: must be at least 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_mistakes_in_a_list_of_institutes_are_told_with_their_line(name: str, tmp_path: Path) -> None:
    text = (
        "name: mine\ntitle: {en: Mine, zh: 我的}\ndescription: {en: A try, zh: 尝试}\n"
        "levers: {new_institutes: 1}\nnew_institutes:\n"
        "  - {name: Beacon, city: Wenzhou, field: digital, year: 2020, staff: 50, budget: 0.3}\n"
    )
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    assert find_mistakes(file) == ()
    old, new, message = BAD[name]
    file.write_text(text.replace(old, new), encoding="utf-8")
    mistakes = find_mistakes(file)
    assert len(mistakes) == 1
    assert message in mistakes[0].what
    assert mistakes[0].line == 6
