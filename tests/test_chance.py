"""Common random numbers: what a seed fixes, and how far a change of policy or of one firm can reach.

What holds, and is shown here:

1. A run is a function of scenario, scale and seed: the same bits on any number of processes, in any order.
2. Policy of 2019 changes nothing before 2019, and inert policy changes nothing at all.
3. Draws never change: the technological opportunity of every firm is the same in all scenarios for as long
   as the firm lives in them, and of two sets of founders of a place and quarter one contains the other.
4. In the quarter in which policy starts in one city, firms elsewhere do not change. Two kinds of levers reach
   them at once because they are about contact: better links change partners, and funds invest across cities.
   All others follow through what is published (prices, wages, pools of knowledge) a quarter later.
5. One more firm touches its own city; others follow a quarter later.
6. The order of records is of no consequence but for the rounding of sums.
"""

import hashlib
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from ruamel.yaml import YAML
from update_golden import GOLDEN, compute, environment

from agents.firm import Origin
from agents.records import FIRM
from scenarios.levers import LEVERS
from scenarios.pairing import COMPANIONS
from scenarios.scenario import LeverSetting, Scenario
from simulation.experiment import plan, stream
from simulation.model import InnovationModel

SCALE = 0.03
SEED = 3
POLICY = 16
"""First quarter of 2019, counted from the start."""
STRANGER = 987654321
DRAWN_COUNTS = (Origin.INDEPENDENT, Origin.RETURNEE, Origin.INCUBATOR)
"""Origins whose number at a place is one draw."""

ROUND = {"cash", "equity", "for_rd", "for_growth"}
"""What a round of venture money changes."""
CONTACT = {"partner_gain", "contracts", "filed", *ROUND}
"""What partners, knowledge within reach and deals decide in the same quarter."""
REACH_AT_ONCE = {
    "hangzhou_link": CONTACT,
    "delta_link": CONTACT,
    "angel_coinvestment": ROUND,
    "private_capital_channel": ROUND,
    "guidance_fund": ROUND,
    "guidance_share": ROUND,
    "instrument_mix": ROUND,
    "fiscal_growth": ROUND,
    "loss_compensation": ROUND,
    "angel_tax_relief": ROUND,
}
"""Fields of firms elsewhere that a lever can change in its first quarter; others: none."""


def scenario(**levers: LeverSetting) -> Scenario:
    text = {"en": "made up", "zh": "虚构"}
    return Scenario(name="made_up", title=text, description=text, levers=levers)


def in_wenzhou(name: str) -> Scenario:
    """Return a scenario in which one lever is moved in Wenzhou from 2019 on."""

    def setting(value: float) -> LeverSetting:
        return LeverSetting(value=value, scope=("Wenzhou",), start="2019Q1")

    lever = LEVERS[name]
    levers = {name: setting(lever.plan if lever.plan != lever.neutral else lever.high)}
    if name == "guidance_share":
        levers[name] = setting(lever.low)
    for other, value in COMPANIONS.get(name, {}).items():  # it has a meaning beside these only
        levers[other] = setting(value)
    return scenario(**levers)


def state(model: InnovationModel) -> str:
    """Return a hash of what agents and markets are at the moment and of what was published."""
    digest = hashlib.sha256()
    firms = model.firms.living
    arrays = [firms[name] for name in FIRM.names]
    arrays += [model.partners, model.holdings[: model.holding_count]["cost"], model.goods.demand]
    arrays += [model.talent.stock, model.talent.high_level, model.talent.wage, model.table.values]
    arrays += [model.stats[name] for name in model.stats.dtype.names]
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    for agent in (*model.universities, *model.funds, *model.guidance_funds, *model.governments):
        numbers = {name: value for name, value in vars(agent).items() if isinstance(value, int | float)}
        digest.update(repr(sorted(numbers.items())).encode())
    return digest.hexdigest()


class Recorded:
    """A run with its state after every quarter, and its firms after every quarter from 2019 on."""

    def __init__(self, what: Scenario) -> None:
        model = InnovationModel(scenario=what, scale=SCALE, until=2020, seed=SEED)
        self.firms: dict[int, np.ndarray] = {}
        self.states: list[str] = []
        while model.running:
            model.step()
            self.states.append(state(model))
            if model.quarter > POLICY:
                self.firms[model.quarter - 1] = model.firms.living
        self.cities = model.geography.cities


@cache
def recorded(lever: str | None = None) -> Recorded:
    return Recorded(scenario() if lever is None else in_wenzhou(lever))


def both(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the records of the firms that live in both, in the same order."""
    ids, rows_a, rows_b = np.intersect1d(a["id"], b["id"], return_indices=True)
    assert ids.size
    return a[rows_a], b[rows_b]


def changed_fields(a: np.ndarray, b: np.ndarray) -> set[str]:
    return {name for name in FIRM.names if not np.array_equal(a[name], b[name])}


def where(lever: str) -> str:
    """Return the city in which `in_wenzhou` moves a lever: Wenzhou, or the only one where it acts."""
    return LEVERS[lever].place or "Wenzhou"


def elsewhere(firms: np.ndarray, city: str = "Wenzhou") -> np.ndarray:
    return firms[firms["city"] != recorded().cities.index(city)]


# 1. A run is a function of its seed.


@pytest.fixture(scope="module")
def small_experiment():
    return plan("baseline", [3, 1, 2], scale=0.02, until=2016)


def digests(runs) -> dict[int, str]:
    return {result.spec.seed: result.digest for result in runs}


def test_processes_and_order_do_not_change_a_bit(small_experiment):
    runs = small_experiment.runs
    one = digests(stream(runs, processes=1))
    assert len(set(one.values())) == 3
    assert digests(stream(dict(reversed(runs.items())), processes=1)) == one
    assert digests(small_experiment.run(processes=2).results) == one


def test_debug_mode_does_not_change_a_bit(small_experiment):
    checked = {name: replace(spec, check=True) for name, spec in small_experiment.runs.items()}
    assert digests(stream(checked, processes=1)) == digests(stream(small_experiment.runs, processes=1))


def test_models_side_by_side_do_not_disturb_each_other():
    together = [InnovationModel(scale=0.02, until=2015, seed=seed) for seed in (1, 2, 1)]
    for _ in range(4):
        for model in together:
            model.step()
    states = [state(model) for model in together]
    assert states[0] == states[2] != states[1]


# 2. Policy before it starts, and policy that does nothing.


@pytest.mark.parametrize("lever", LEVERS)
def test_policy_of_2019_changes_nothing_before_2019(lever):
    assert recorded(lever).states[:POLICY] == recorded().states[:POLICY]
    assert recorded(lever).states[-1] != recorded().states[-1]


def test_levers_set_to_neutral_change_nothing():
    neutral = {
        name: LeverSetting(value=lever.neutral, scope=("all",), start="2015Q1")
        for name, lever in LEVERS.items()
    }
    assert Recorded(scenario(**neutral)).states == recorded().states


def test_policy_that_starts_after_the_run_changes_nothing():
    late = {
        name: LeverSetting(value=lever.high, scope=("all",), start="2021Q1") for name, lever in LEVERS.items()
    }
    assert Recorded(scenario(**late)).states == recorded().states


# 3. Draws never change.


@pytest.mark.parametrize("lever", LEVERS)
def test_opportunity_is_the_same_under_every_policy(lever):
    for quarter, ours in recorded().firms.items():
        a, b = both(ours, recorded(lever).firms[quarter])
        assert a.size > 0.95 * ours.size
        assert np.array_equal(a["opportunity"], b["opportunity"])


@pytest.mark.parametrize(
    "lever",
    ["one_visit_reform", "incubator_places", "talent_inflow", "overseas_incubation", "fiscal_growth"],
)
def test_of_two_sets_of_founders_one_contains_the_other(lever):
    differences = 0
    for quarter in recorded().firms:
        ours, theirs = (founders(run.firms[quarter], quarter) for run in (recorded(), recorded(lever)))
        for group in ours.keys() | theirs.keys():
            a, b = ours.get(group, set()), theirs.get(group, set())
            assert a <= b or b <= a
            differences += a != b
    assert (differences > 0) == (lever != "fiscal_growth")


def founders(firms: np.ndarray, quarter: int) -> dict[tuple[int, int], set[int]]:
    """Return the ids of new firms by place and origin."""
    groups: dict[tuple[int, int], set[int]] = {}
    for firm in firms[(firms["birth"] == quarter) & np.isin(firms["origin"], DRAWN_COUNTS)]:
        groups.setdefault((int(firm["place"]), int(firm["origin"])), set()).add(int(firm["id"]))
    return groups


# 4. How far policy reaches in its first quarter.


@pytest.mark.parametrize("lever", LEVERS)
def test_firms_elsewhere_do_not_feel_the_first_quarter_of_policy(lever):
    ours, theirs = (elsewhere(run.firms[POLICY], where(lever)) for run in (recorded(), recorded(lever)))
    if lever not in ("talent_inflow", "talent_package"):  # poaching takes founders from other cities at once
        assert np.array_equal(ours["id"], theirs["id"])
    assert changed_fields(*both(ours, theirs)) <= REACH_AT_ONCE.get(lever, set())


def test_policy_travels_by_what_is_published():
    changes = [
        changed_fields(*both(elsewhere(firms), elsewhere(recorded("ip_enforcement").firms[quarter])))
        for quarter, firms in recorded().firms.items()
    ]
    assert changes[0] == set()
    assert "researchers" in changes[1]  # through wages, after researchers moved
    assert all("opportunity" not in change for change in changes)


# 5. One more firm.


def with_a_stranger(does_rd: bool, city: str = "Hangzhou") -> tuple[InnovationModel, InnovationModel]:
    """Return a model, and the same with one more technology firm in a city."""
    plain, other = (InnovationModel(scale=SCALE, until=2015, seed=SEED) for _ in range(2))
    firms = other.firms.records
    here = firms["city"] == other.geography.cities.index(city)
    row = firms[here & (firms["kind"] == 1) & (firms["does_rd"] == does_rd)][:1].copy()
    row["id"] = STRANGER
    if not does_rd:
        row["knowledge"], row["opportunity"] = 0.0, -3.0
    other.firms.append(row)
    return plain, other


@pytest.mark.parametrize("does_rd", [False, True])
def test_one_more_firm_touches_its_own_city_only(does_rd):
    plain, other = with_a_stranger(does_rd)
    plain.step()
    other.step()
    ours, theirs = plain.firms.living, other.firms.living
    assert {*theirs["id"].tolist()} - {*ours["id"].tolist()} == {STRANGER}
    assert "revenue" in changed_fields(*both(ours, theirs))  # its rivals
    # A newcomer with R&D can be found as a partner, and only so it touches other cities at once.
    at_once = {"partner_gain", "contracts", "filed"} if does_rd else set()
    assert changed_fields(*both(elsewhere(ours, "Hangzhou"), elsewhere(theirs, "Hangzhou"))) <= at_once
    plain.step()
    other.step()
    later = both(elsewhere(plain.firms.living, "Hangzhou"), elsewhere(other.firms.living, "Hangzhou"))
    assert np.array_equal(later[0]["opportunity"], later[1]["opportunity"])
    assert ("researchers" in changed_fields(*later)) == does_rd  # wages, after researchers moved


def partner_ids(model: InnovationModel) -> dict[int, list[int]]:
    """Return whom each firm works with, by ids (universities by their codes)."""
    ids = model.firms.records["id"].tolist()
    return {
        ids[row]: [ids[partner] if partner >= 0 else partner for partner in partners]
        for row, partners in enumerate(model.partners.tolist())
    }


def test_a_newcomer_is_found_by_those_next_to_it_only():
    plain, other = with_a_stranger(does_rd=True)
    plain.step()
    other.step()
    ours, theirs = partner_ids(plain), partner_ids(other)
    moved = [firm for firm in ours if firm in theirs and ours[firm] != theirs[firm]]
    assert len(moved) <= 3


# 6. The order of records.


def test_the_order_of_firms_is_of_no_consequence():
    plain, mixed = (InnovationModel(scale=SCALE, until=2016, seed=SEED) for _ in range(2))
    count = mixed.firms.count
    order = np.random.default_rng(1).permutation(count)
    new_row = np.argsort(order)
    mixed.firms.table.write(0, mixed.firms.records[order])
    mixed.firms.changed()
    partners = mixed.partners[order]
    mixed.partners = np.where(partners >= 0, new_row[np.maximum(partners, 0)], partners).astype(np.int32)
    for quarter in range(8):
        plain.step()
        mixed.step()
        a, b = (np.sort(model.firms.living, order="id") for model in (plain, mixed))
        assert np.array_equal(a["id"], b["id"])
        # Sums of the first quarter differ by rounding; feedback makes a little more of it.
        tolerance = 1e-12 if quarter == 0 else 1e-9
        for name in FIRM.names:
            assert np.allclose(a[name], b[name], rtol=tolerance, atol=1e-9 if name == "cash" else 0.0), name


# 7. Outcomes written down: a change of them is seen, and they are the same on every supported Python.


@pytest.fixture(scope="module")
def golden():
    return YAML(typ="safe").load(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now():
    return compute()


def test_outcomes_are_those_written_down(golden, now):
    """If a change of outcomes is meant, run `python tests/update_golden.py` and say so in the message."""
    assert [run["scenario"] for run in now["runs"]] == [run["scenario"] for run in golden["runs"]]
    for new, old in zip(now["runs"], golden["runs"], strict=True):
        assert new["values"].keys() == old["values"].keys()
        for indicator, regions in new["values"].items():
            for region, years in regions.items():
                for year, value in years.items():
                    expected = old["values"][indicator][region][year]
                    assert math.isclose(value, expected, rel_tol=1e-9), (indicator, region, year)


def test_outcomes_are_the_same_bit_for_bit(golden, now):
    here = environment()
    if golden["environment"] != here:
        pytest.skip(f"bits were written down for {golden['environment']}, this is {here}")
    assert [run["digest"] for run in now["runs"]] == [run["digest"] for run in golden["runs"]]
