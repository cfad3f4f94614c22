"""How firms are born."""

import dataclasses

import numpy as np
import pytest
from worlds import history

from agents.firm import Kind, Origin
from agents.parameters import parameter_record
from agents.records import FIRM
from agents.tables import Table
from simulation.data import load_field_shares
from simulation.entry import (
    LEAVE_SLOT,
    EntryConditions,
    corporate_spin_offs,
    entrants,
    first_leave,
    parents_on_leave,
    university_spin_offs,
)
from simulation.geography import load_geography

P = parameter_record()[0]
NAMES = tuple(place.id for place in load_geography().places)
FIELDS = load_field_shares()
PLACES = history().model.places
LEAVE = np.full(len(NAMES), 0.5)
ORDINARY = EntryConditions(
    technology_firms=np.full(len(NAMES), 400.0),
    relative_wage=np.ones(len(NAMES)),
    ease=np.zeros(len(NAMES)),
    high_level=np.full(len(NAMES), 600.0),
    vacancies=np.full(len(NAMES), 10.0),
    overseas=np.zeros(len(NAMES)),
    change=np.zeros(len(NAMES)),
    projects=np.zeros(len(NAMES)),
)


def born(quarter: int = 3, scale: float = 1.0, **changed: float) -> np.ndarray:
    changes = {name: np.full(len(NAMES), value) for name, value in changed.items()}
    conditions = dataclasses.replace(ORDINARY, **changes)
    return entrants(conditions, FIELDS, PLACES, NAMES, 1, quarter, P, scale)


def expected(**changed: float) -> float:
    """Return the mean number of independent founders a quarter, over many quarters."""
    counts = [(born(q, 1.0, **changed)["origin"] == Origin.INDEPENDENT).sum() for q in range(40)]
    return float(np.mean(counts))


@pytest.mark.parametrize(
    "changed",
    [
        {"technology_firms": 520.0},
        {"change": 0.4},
        {"projects": 40.0},
        {"ease": 1.0},
        {"high_level": 2000.0},
        {"relative_wage": 0.5},
    ],
)
def test_when_a_rate_rises_those_who_come_anyway_stay_the_same(changed: dict[str, float]) -> None:
    before, after = born(), born(3, 1.0, **changed)
    assert after.size > before.size
    kept = after[np.isin(after["id"], before["id"])]
    assert kept.size == before.size
    np.testing.assert_array_equal(np.sort(kept, order="id"), np.sort(before, order="id"))


def test_entry_follows_firms_ease_and_wages() -> None:
    usual = 0.25 * P["entry_rate"] * 400.0 * len(NAMES) - P["incubator_diversion"] * 2.5 * len(NAMES)
    assert expected() == pytest.approx(usual, rel=0.05)
    assert expected(vacancies=0.0, ease=1.0) / expected(vacancies=0.0) == pytest.approx(
        np.exp(P["entry_ease_gain"]), rel=0.03
    )
    assert expected(relative_wage=1.5) < expected()


def test_incubators_divert_part_of_those_who_would_found_a_firm_anyway() -> None:
    filled = (born(vacancies=200.0)["origin"] == Origin.INCUBATOR).sum()
    assert filled == pytest.approx(0.25 * 200.0 * len(NAMES), rel=0.15)
    lost = expected(vacancies=0.0) - expected(vacancies=10.0)
    assert lost == pytest.approx(P["incubator_diversion"] * 2.5 * len(NAMES), rel=0.35)
    assert expected(vacancies=1e6 / len(NAMES)) == 0.0


def test_what_a_new_firm_is() -> None:
    firms = born(vacancies=200.0, high_level=5000.0)
    assert np.unique(firms["id"]).size == firms.size
    assert (firms["kind"] == Kind.TECHNOLOGY).all()
    assert (firms["alive"] == 1).all()
    assert (firms["birth"] == 3).all()
    np.testing.assert_array_equal(firms["city"], load_geography().city_of[firms["place"]])
    np.testing.assert_allclose(firms["cash"], P["entrant_cash"] * np.exp(firms["scale"]))
    housed = firms["origin"] == Origin.INCUBATOR
    assert (firms["tenant"][housed] == P["tenancy"]).all()
    assert not firms["tenant"][~housed].any()
    assert not firms["certificate"].any()
    assert not firms["patents"].any()
    assert (firms["does_rd"] == (firms["opportunity"] > PLACES["rd_cut_technology"][firms["place"]])).all()


def test_sizes_and_fields_of_new_firms() -> None:
    firms = np.concatenate([born(quarter, technology_firms=4000.0) for quarter in range(40)])
    assert firms["scale"].mean() == pytest.approx(np.log(P["entrant_revenue"]), abs=0.02)
    assert firms["scale"].std() == pytest.approx(P["entrant_revenue_spread"], rel=0.02)
    mix = np.bincount(firms["field"], minlength=FIELDS.shape[1]) / firms.size
    np.testing.assert_allclose(mix, FIELDS.mean(axis=0), atol=0.006)


def test_returnees_have_better_ideas() -> None:
    firms = np.concatenate([born(quarter, high_level=5000.0) for quarter in range(20)])
    returnee = firms["origin"] == Origin.RETURNEE
    lead = firms["opportunity"][returnee].mean() - firms["opportunity"][~returnee].mean()
    assert lead == pytest.approx(P["spin_off_quality"], abs=0.1)


def test_a_sample_has_its_share_of_returnees() -> None:
    # Firms in the conditions are simulated ones; talent counts persons.
    def returnees(scale: float) -> int:
        firms = np.concatenate([born(quarter, scale, high_level=9000.0) for quarter in range(40)])
        return int((firms["origin"] == Origin.RETURNEE).sum())

    assert returnees(0.1) == pytest.approx(0.1 * returnees(1.0), rel=0.15)


def test_corporate_spin_offs_take_the_place_and_field_of_their_parent() -> None:
    mothers = np.zeros(50, dtype=FIRM)
    mothers["id"] = np.arange(100, 150)
    mothers["place"] = np.arange(50) % len(NAMES)
    mothers["field"] = np.arange(50) % FIELDS.shape[1]
    mothers = Table.of(mothers)
    parents = np.array([3, 17, 40])
    firms = corporate_spin_offs(mothers, parents, PLACES, 1, 6, P)
    np.testing.assert_array_equal(firms["place"], mothers["place"][parents])
    np.testing.assert_array_equal(firms["field"], mothers["field"][parents])
    assert (firms["origin"] == Origin.CORPORATE_SPIN_OFF).all()
    alone = corporate_spin_offs(mothers, parents[1:2], PLACES, 1, 6, P)
    np.testing.assert_array_equal(alone, firms[1:2])  # who else spins off changes nothing
    assert corporate_spin_offs(mothers, parents[:0], PLACES, 1, 6, P).size == 0


def test_several_founders_leave_one_firm() -> None:
    mothers = np.zeros(9, dtype=FIRM)
    mothers["id"] = np.arange(100, 109)
    mothers = Table.of(mothers)
    firms = corporate_spin_offs(mothers, np.array([2, 2, 2, 5]), PLACES, 1, 6, P)
    assert np.unique(firms["id"]).size == 4
    fewer = corporate_spin_offs(mothers, np.array([2, 5]), PLACES, 1, 6, P)
    np.testing.assert_array_equal(fewer, firms[[0, 3]])  # those who come anyway stay the same
    on_leave = corporate_spin_offs(mothers, np.array([2]), PLACES, 1, 6, P, first_slot=LEAVE_SLOT)
    assert on_leave["id"][0] not in firms["id"]


def with_researchers(count: int) -> np.ndarray:
    """Return firms with R&D at one place, half of them with nine times the researchers."""
    firms = np.zeros(count, dtype=FIRM)
    firms["id"], firms["place"], firms["city"] = np.arange(1, count + 1), 5, 5
    firms["alive"] = firms["does_rd"] = 1
    firms["researchers"] = np.where(np.arange(count) % 2, 9.0, 1.0)
    return firms


def test_each_researcher_is_as_likely_as_another_to_take_leave() -> None:
    firms, numbers = with_researchers(2_000), np.zeros(12, dtype=np.int64)
    numbers[5] = 20
    table = Table.of(firms)
    chosen = [parents_on_leave(table, LEAVE, numbers, 1, quarter) for quarter in range(40)]
    assert all(np.unique(rows).size == 20 for rows in chosen)
    assert (np.concatenate(chosen) % 2).mean() == pytest.approx(0.9, abs=0.03)


def test_who_takes_leave_does_not_depend_on_the_order_of_firms_or_on_how_many_do() -> None:
    firms, few, many = with_researchers(300), *(np.zeros(12, dtype=np.int64) for _ in range(2))
    few[5], many[5] = 4, 9
    firms["alive"][:5] = 0

    def chosen(records: np.ndarray, numbers: np.ndarray) -> set[int]:
        return set(records["id"][parents_on_leave(Table.of(records), LEAVE, numbers, 1, 7)].tolist())

    assert chosen(firms, few) == chosen(firms[::-1].copy(), few)
    assert chosen(firms, few) < chosen(firms, many)
    assert not chosen(firms, many) & {1, 2, 3, 4, 5}


def test_leave_starts_anywhere_between_two_founders() -> None:
    first = np.array([first_leave(NAMES, seed) for seed in range(200)])
    assert first.min() > 0.0
    assert first.max() < 1.0
    assert first.mean() == pytest.approx(0.5, abs=0.02)


def test_university_spin_offs_take_the_place_and_field_of_the_university() -> None:
    universities = history().model.universities
    before = [university.spin_offs for university in universities]
    try:
        for index, university in enumerate(universities):
            university.spin_offs = index % 3
        firms = university_spin_offs(universities, PLACES, 1, 6, P)
        assert firms.size == sum(university.spin_offs for university in universities)
        wanted = [(u.place, u.field) for u in universities for _ in range(u.spin_offs)]
        assert list(zip(firms["place"], firms["field"], strict=True)) == wanted
        assert np.unique(firms["id"]).size == firms.size
    finally:
        for university, count in zip(universities, before, strict=True):
            university.spin_offs = count


def test_all_five_origins_occur_in_a_run() -> None:
    firms = history().living[-1]
    assert set(np.unique(firms["origin"])) == set(Origin)
    newborn = firms[firms["birth"] >= 0]
    independent = (newborn["origin"] == Origin.INDEPENDENT).mean()
    assert 0.3 < independent < 0.9


def test_entry_rate_lies_in_the_published_range() -> None:
    model = history().model
    new, technology = (sum(model.table.get(name, "YRD", year) for year in range(2016, 2019))
                       for name in ("new_firms", "firms"))  # fmt: skip
    assert 0.08 <= new / technology <= 0.15
