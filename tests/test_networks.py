"""Who works with whom, and how contact and knowledge fade with distance."""

from typing import Any

import numpy as np
import pytest
from worlds import after_one_quarter, history, scenario, started

from agents.parameters import parameter_record
from simulation.geography import (
    borders,
    collaboration_gravity,
    effective_minutes,
    halved,
    load_geography,
    spillover_kernel,
)
from simulation.model import InnovationModel
from simulation.networks import remap, to_graph, university_code
from simulation.partner_search import (
    NOBODY,
    SLOTS,
    Academia,
    Contacts,
    Rings,
    form_rings,
    gather,
    renew_partners,
)
from simulation.phases import contact_gain

P = parameter_record()[0]
GEOGRAPHY = load_geography()
BORDERS = borders(GEOGRAPHY, P)
CITIES = GEOGRAPHY.cities
PAIRS = np.triu_indices(len(CITIES), 1)


def at(name: str) -> int:
    return CITIES.index(name)


# Distance.


def test_weights_halve_with_every_half_life() -> None:
    np.testing.assert_allclose(halved(np.array([0.0, 60.0, 120.0]), 60.0), [1.0, 0.5, 0.25])


def test_effective_travel_times_spare_the_city_itself() -> None:
    eased = effective_minutes(GEOGRAPHY.minutes, np.full(GEOGRAPHY.minutes.shape, 0.3))
    np.testing.assert_allclose(eased[PAIRS], 0.7 * GEOGRAPHY.minutes[PAIRS])
    np.testing.assert_array_equal(np.diag(eased), np.diag(GEOGRAPHY.minutes))


def test_gravity_is_a_choice_between_cities() -> None:
    mass = np.linspace(1.0, 9.0, len(CITIES))
    gravity = collaboration_gravity(BORDERS, GEOGRAPHY.minutes, mass, P)
    np.testing.assert_allclose(gravity.sum(axis=1), 1.0)
    assert (gravity > 0.0).all()
    heavier = mass.copy()
    heavier[at("Hefei")] *= 3.0
    more = collaboration_gravity(BORDERS, GEOGRAPHY.minutes, heavier, P)
    assert (more[:, at("Hefei")] > gravity[:, at("Hefei")]).all()


def test_gravity_fades_with_time_and_at_provincial_borders() -> None:
    gravity = collaboration_gravity(BORDERS, GEOGRAPHY.minutes, np.ones(len(CITIES)), P)
    near, far = at("Shaoxing"), at("Wenzhou")
    minutes = GEOGRAPHY.minutes[at("Ningbo"), [far, near]]
    ratio = gravity[at("Ningbo"), near] / gravity[at("Ningbo"), far]  # one province, no border between
    assert ratio == pytest.approx(2.0 ** ((minutes[0] - minutes[1]) / P["gravity_half_life"]))
    without = GEOGRAPHY.minutes * 0.0
    border = collaboration_gravity(BORDERS, without, np.ones(len(CITIES)), P)
    assert border[at("Ningbo"), at("Shanghai")] / border[at("Ningbo"), near] == pytest.approx(
        P["border_penalty"]
    )


def test_tacit_knowledge_is_local_and_codified_knowledge_is_not() -> None:
    kernel = spillover_kernel(BORDERS, GEOGRAPHY.minutes, P)
    for inside in (True, False):
        group = GEOGRAPHY.same_province == inside
        order = np.argsort(GEOGRAPHY.minutes[group])
        assert (np.diff(kernel[group][order]) <= 1e-12).all()
    tacit, codified = (
        parameter_record({"codified_share": 0.1})[0],
        parameter_record({"codified_share": 0.5})[0],
    )
    far = at("Hefei"), at("Wenzhou")
    near = at("Hangzhou"), at("Shaoxing")

    def relative(p: np.void) -> float:
        weights = spillover_kernel(BORDERS, GEOGRAPHY.minutes, p)
        return float(weights[far] / weights[near])

    assert relative(tacit) < relative(codified) < 0.5


def test_integration_brings_more_partners_within_reach() -> None:
    np.testing.assert_allclose(contact_gain(started(0.1)), 1.0)
    model = InnovationModel(
        scenario({name: {"value": 1.0, "start": "2015Q1"} for name in ("delta_link", "pilot_latitude")}),
        scale=0.01,
        seed=1,
    )  # without the administrative delay
    model.step()
    soon = contact_gain(model)
    assert model.linked["delta_link"][at("Ningbo")] == pytest.approx(0.25 / P["link_years"])
    for _ in range(int(4 * P["link_years"])):
        model.step()
    gain = contact_gain(model)
    assert (gain >= 1.0).all()
    assert gain[at("Ningbo")] > max(1.03, soon[at("Ningbo")])
    there = at("Ningbo"), at("Shanghai")
    assert model.border[there] == pytest.approx(P["border_penalty"] / (1.0 - P["border_relief"]))
    nearer = 2.0 ** ((GEOGRAPHY.minutes[there] - model.minutes[there]) / P["gravity_half_life"])
    assert 1.0 < nearer / (1.0 - P["border_relief"]) < 1.12  # flows across borders: -5 to +12 %
    assert model.border[at("Hefei"), at("Nanjing")] == P["border_penalty"]
    np.testing.assert_array_equal(model.border[GEOGRAPHY.same_province], 1.0)
    ningbo = model.geography.minutes[at("Ningbo")] - model.minutes[at("Ningbo")]
    assert (np.delete(ningbo, at("Ningbo")) > 0.0).all()
    assert model.minutes[at("Hefei"), at("Nanjing")] == GEOGRAPHY.minutes[at("Hefei"), at("Nanjing")]


# The network that grows.


def links() -> np.ndarray:
    """Return links between two firms of each pair of cities (symmetric) at the end of a run."""
    table = history().model.links[:, : len(CITIES)]
    return table + table.T


def pairs_of_firms() -> np.ndarray:
    firms = history().model.firms.living
    active = np.bincount(firms["city"][firms["does_rd"] == 1], minlength=len(CITIES)).astype(float)
    return np.outer(active, active)


def test_links_are_denser_within_a_province() -> None:
    inside = GEOGRAPHY.same_province[PAIRS]
    found, possible = links()[PAIRS], pairs_of_firms()[PAIRS]
    ratio = found[inside].sum() / possible[inside].sum() / (found[~inside].sum() / possible[~inside].sum())
    assert 3.0 <= ratio <= 9.0  # 6.9 times before controls (Jiang et al. 2017)


def test_links_decay_with_travel_time() -> None:
    density = np.log((links()[PAIRS] + 0.5) / pairs_of_firms()[PAIRS])
    minutes = GEOGRAPHY.minutes[PAIRS]
    for inside in (True, False):
        group = GEOGRAPHY.same_province[PAIRS] == inside
        slope = np.polyfit(minutes[group], density[group], 1)[0]
        assert -np.log(2.0) / 30.0 < slope < -np.log(2.0) / 200.0  # half-lives of 30 to 200 minutes


def test_a_part_of_links_stays_in_the_city_and_a_part_goes_to_universities() -> None:
    table = history().model.links
    local = np.trace(table[:, : len(CITIES)]) / table[:, : len(CITIES)].sum()
    assert 0.25 <= local <= 0.5  # 31 % of joint inventions in 2017
    assert table[:, -1].sum() / table.sum() == pytest.approx(P["university_partner_share"], abs=0.1)


def academia() -> Academia:
    model = started(0.1)
    return Academia(model.university_ids, model.university_fields, model.university_starts)


def renewed(firms: Any, old: np.ndarray, seed: int = 9, quarter: int = 8, rounds: int = 1) -> np.ndarray:
    model = started(0.1)
    known = gather(firms, firms.size)
    contacts = Contacts(np.full(len(CITIES), 0.5), np.cumsum(model.gravity, axis=1))
    rings = form_rings(known, len(CITIES), seed, quarter)
    table = np.full((firms.size, SLOTS), NOBODY, dtype=np.int32)
    links, rows = np.zeros((len(CITIES), len(CITIES) + 1)), (0, firms.size)
    chosen = seed, quarter, contacts, rings, academia(), model.parameters[0], rounds
    renew_partners(firms.copy(), known, rows, old, table, *chosen, links)
    assert links.sum() == (table != NOBODY).sum()
    return table


NONE_YET = np.full((0, SLOTS), NOBODY, dtype=np.int32)


def test_partner_tables_are_valid() -> None:
    firms = started(0.1).firms.records
    table = renewed(firms, NONE_YET, rounds=3)
    assert table.shape == (firms.size, SLOTS)
    assert (table[firms["does_rd"] == 0] == NOBODY).all()
    known = np.where(table == NOBODY, -10 - np.arange(SLOTS)[None, :] - 1000, table)
    assert all(np.unique(row).size == SLOTS for row in known)  # nobody twice
    partners = table[table >= 0]
    assert (firms["does_rd"][partners] == 1).all()
    assert (table != np.arange(firms.size)[:, None]).all()
    assert table.min() >= university_code(len(started(0.1).universities) - 1)


def test_partner_tables_depend_on_keys_and_on_nothing_else() -> None:
    firms = started(0.1).firms.records.copy()
    table = renewed(firms, NONE_YET)
    np.testing.assert_array_equal(renewed(firms, NONE_YET), table)
    assert (renewed(firms, NONE_YET, seed=10) != table).any()
    assert (renewed(firms, NONE_YET, quarter=12) != table).any()

    order = np.random.default_rng(1).permutation(firms.size)
    place = np.empty(firms.size, dtype=np.int64)
    place[order] = np.arange(firms.size)
    shuffled = renewed(firms[order], NONE_YET)[place]
    np.testing.assert_array_equal(np.where(shuffled >= 0, order[shuffled], shuffled), table)


def test_one_firm_less_changes_few_partnerships() -> None:
    firms = started(0.1).firms.records.copy()
    table = renewed(firms, NONE_YET)
    gone = np.flatnonzero((firms["does_rd"] == 1) & (firms["city"] == at("Ningbo")))[5]
    firms["alive"][gone] = 0
    changed = (renewed(firms, NONE_YET) != table).any(axis=1)
    assert changed.sum() < 0.02 * (table != NOBODY).any(axis=1).sum()


def test_partnerships_survive_at_their_rate_and_end_with_the_partner() -> None:
    firms = started(0.1).firms.records.copy()
    old = renewed(firms, NONE_YET, rounds=3)
    new = renewed(firms, old, quarter=12)
    had = old != NOBODY
    kept = (old[:, :, None] == new[:, None, :]).any(axis=2) & had
    assert kept.sum() / had.sum() == pytest.approx(P["link_survival"], abs=0.04)
    partner = int(old[old >= 0][0])
    firms["alive"][partner] = 0
    assert not (renewed(firms, old, quarter=12) == partner).any()


def test_partners_add_to_inventive_output() -> None:
    firms = started(0.1).firms.records[:4].copy()
    firms["does_rd"], firms["alive"], firms["knowledge"] = 1, 1, [99.0, 99.0, 899.0, 0.0]
    firms["city"] = [at("Ningbo"), at("Ningbo"), at("Hangzhou"), at("Wenzhou")]
    table = np.array(
        [[1, NOBODY, NOBODY], [university_code(3), NOBODY, NOBODY], [0, NOBODY, NOBODY], [NOBODY] * 3],
        dtype=np.int32,
    )
    found = np.zeros((len(CITIES), len(CITIES) + 1))
    p = parameter_record({"link_survival": P["link_survival"]})[0].copy()
    p["link_survival"] = 1.0  # all stay, and nobody looks
    known, new = gather(firms, 4), np.full_like(table, NOBODY)
    nobody_looks = Contacts(np.zeros(len(CITIES)), np.ones((len(CITIES), len(CITIES))))
    rings = form_rings(known, len(CITIES), 9, 8)
    renew_partners(firms, known, (0, 4), table, new, 9, 8, nobody_looks, rings, academia(), p, 1, found)
    np.testing.assert_array_equal(new, table)
    equal, academic, weaker, none = firms["partner_gain"]
    assert equal == pytest.approx(P["partner_gain_firm"])
    assert academic == pytest.approx(P["partner_gain_university"])
    assert weaker == pytest.approx(P["partner_gain_firm"] / 3.0)  # a small partner adds less
    assert none == 0.0
    assert found[at("Ningbo"), at("Ningbo")] == 1.0
    assert found[at("Hangzhou"), at("Ningbo")] == 1.0
    assert found[at("Ningbo"), len(CITIES)] == 1.0
    assert found.sum() == 3.0


def rings_of(firms: Any, quarter: int) -> Rings:
    rings: Rings = form_rings(gather(firms, firms.size), len(CITIES), 9, quarter)
    return rings


def test_rings_hold_firms_with_rd_by_city_at_places_drawn_anew_each_year() -> None:
    firms = started(0.1).firms.records
    ring, starts, near = rings_of(firms, 8)
    assert ring.size == (firms["does_rd"] == 1).sum()
    np.testing.assert_array_equal(ring["id"], firms.at("id", ring["row"]))
    np.testing.assert_array_equal(ring["field"], firms.at("field", ring["row"]))
    for city in range(len(CITIES)):
        part = slice(starts[city], starts[city + 1])
        assert (firms.at("city", ring["row"][part]) == city).all()
        places = ring["place"][part] - city
        assert (places < 1.0).all()
        for n, start in enumerate(near[part]):  # where a search for the place n / size begins
            assert start == starts[city] + np.count_nonzero((places * places.size).astype(int) < n)
    assert (np.diff(ring["place"]) > 0.0).all()
    assert (rings_of(firms, 12).firms["row"] != ring["row"]).any()


def test_tables_follow_when_rows_move() -> None:
    table = np.array([[2, NOBODY, -5], [0, 2, NOBODY], [1, 3, -2], [0, NOBODY, NOBODY]], dtype=np.int32)
    moved = np.array([0, -1, 1, 2])  # the second firm has gone
    expected = [[1, NOBODY, -5], [-1, 2, -2], [0, NOBODY, NOBODY]]
    np.testing.assert_array_equal(remap(table, moved), expected)


def test_graph_for_export_has_every_link_between_the_living() -> None:
    model = after_one_quarter(0.1)
    firms, names = model.firms.records, [university.name for university in model.universities]
    graph = to_graph(firms, model.partners, names, CITIES)
    wanted = set()
    for i, row in enumerate(model.partners):
        if firms["alive"][i]:
            for j in row[row != NOBODY]:
                if j >= 0 and not firms["alive"][j]:
                    continue
                other = names[-2 - j] if j < NOBODY else int(firms["id"][j])
                wanted.add(frozenset((int(firms["id"][i]), other)))
    assert {frozenset(edge) for edge in graph.edges} == wanted
    kinds = {data["kind"] for _, data in graph.nodes(data=True)}
    assert kinds == {"firm", "university"}
    assert all(data["city"] in CITIES for _, data in graph.nodes(data=True) if data["kind"] == "firm")
