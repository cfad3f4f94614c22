"""What must always hold, does: over random parameters, seeds and policies; and each check can fail."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from worlds import PILOTS, scenario

from agents.government import Government
from agents.parameters import parameters
from scenarios.levers import LEVERS
from scenarios.scenario import Scenario
from simulation.data import load_places
from simulation.errors import InvariantError
from simulation.indicators import INDICATORS, REGIONS
from simulation.invariants import check_invariants, take_stock
from simulation.model import InnovationModel
from simulation.policy import CITY_LEVERS, ZONE_LEVERS
from simulation.schedule import PHASES
from simulation.schedule import Phase as TickPhase

SCALE = 0.003
FREE = tuple(name for name, row in parameters().items() if row.low < row.high and row.prior != "fixed")
PLACES = tuple(place.id for place in load_places())
QUARTERS = tuple(f"{year}Q{quarter}" for year in (2015, 2016, 2017) for quarter in (1, 2, 3, 4))

MAY_BE_UNDEFINED = {
    *("survival_1", "survival_3", "survival_5"),  # no cohort that old
    *("fund_leverage", "hightech_value_added_share", "industrial_rd_participation", "relabelled_share"),
    "misused_grant_share",
    *("technology_contract_growth", "firm_doubling", "researcher_wage", "network_degree", "productivity"),
    *("entry_rate", "exit_rate", "young_firm_share", "incubator_coverage", "provincial_park_coverage"),
}
"""Ratios whose denominator can be nothing in a small sample, or at a place that has none of it."""
MAY_BE_NEGATIVE = {"technology_contract_growth", "tax_relief", "cost_fiscal_growth"}


def spans() -> st.SearchStrategy[tuple[str, str]]:
    """Return pairs of quarters in order."""
    return st.lists(st.sampled_from(QUARTERS), min_size=2, max_size=2).map(lambda q: (min(q), max(q)))


@st.composite
def lever_settings(draw: Any) -> dict[str, Any]:
    """Return some levers, anywhere in their bounds, with scopes, spans and ramps."""
    chosen: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(list(LEVERS)), max_size=8, unique=True)):
        scope = draw(st.one_of(st.just(["all"]), st.lists(st.sampled_from(PLACES), min_size=1, unique=True)))
        if name in CITY_LEVERS:
            scope = [*scope, "Ningbo"]  # these are refused for a zone alone
        if name in ZONE_LEVERS:
            scope = [*scope, "Wenzhou_HTZ"]  # and these where there is no zone
        start, end = draw(spans())
        lever = LEVERS[name]
        value = round(lever.low + draw(st.integers(0, 100)) / 100 * (lever.high - lever.low), 6)
        ramp = draw(st.integers(0, 8))
        chosen[name] = {"value": value, "scope": scope, "start": start, "end": end, "ramp": ramp}
    return chosen


@st.composite
def scenarios(draw: Any) -> Scenario:
    """Return a random policy, perhaps with a shock to growth."""
    conditions = {}
    if draw(st.booleans()):
        start, end = draw(spans())
        change, scope = draw(st.integers(-20, 20)), draw(st.sampled_from(["YRD", *PLACES]))
        conditions["gdp_growth"] = {"change": change, "scope": [scope], "start": start, "end": end}
    pilots = draw(st.lists(st.sampled_from(PILOTS), unique=True))
    return scenario(draw(lever_settings()), conditions, pilots)


def overrides() -> st.SearchStrategy[dict[str, float]]:
    """Return values of some parameters at quantiles of their priors."""
    quantiles = st.dictionaries(st.sampled_from(FREE), st.floats(1e-4, 1.0 - 1e-4), max_size=20)
    return quantiles.map(lambda chosen: {name: parameters()[name].quantile(u) for name, u in chosen.items()})


@given(case=scenarios(), values=overrides(), seed=st.integers(0, 2**31), years=st.integers(2, 3))
@settings(
    max_examples=int(os.environ.get("YONGWEN_EXAMPLES", "60")),
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
def test_invariants_hold_under_any_parameters_seed_and_policy(
    case: Scenario, values: dict[str, float], seed: int, years: int
) -> None:
    model = InnovationModel(case, scale=SCALE, until=2014 + years, seed=seed, check=True, parameters=values)
    table = model.run()
    for i, name in enumerate(INDICATORS):
        found = table.values[:, i, :]
        defined = np.isfinite(found)
        assert not np.isinf(found).any(), name
        if name not in MAY_BE_UNDEFINED:
            assert defined.all(), (name, [REGIONS[r] for r in np.flatnonzero(~defined.all(axis=0))])
        if name not in MAY_BE_NEGATIVE:
            assert (found[defined] >= 0.0).all(), name
    always = [name != "fund_leverage" and not name.startswith("survival_") for name in INDICATORS]
    assert np.isfinite(table.values[:, always, REGIONS.index("YRD")]).all()


# Each invariant can fail.


def closed_quarter() -> InnovationModel:
    """Return a model in whose sixth quarter everything has happened but the check."""
    model = InnovationModel("guidance_funds", scale=0.01, until=2016, seed=5, check=True)
    for _ in range(5):
        model.step()
    take_stock(model)
    for phase in PHASES:
        if not phase.yearly:
            phase.run(model)
    return model


def test_a_sound_quarter_passes() -> None:
    check_invariants(closed_quarter())


def row(model: InnovationModel, **wanted: int) -> np.ndarray:
    """Return the row of the first firm whose fields have these values."""
    firms = model.firms.records
    fits = np.ones(firms.size, dtype=bool)
    for name, value in wanted.items():
        fits &= firms[name] == value
    return np.flatnonzero(fits)[:1]


def setting(field: str, value: float, **wanted: int) -> Callable[[InnovationModel], None]:
    def change(model: InnovationModel) -> None:
        model.firms.records.put(field, row(model, **wanted), value)

    return change


def adding(field: str, amount: float, **wanted: int) -> Callable[[InnovationModel], None]:
    def change(model: InnovationModel) -> None:
        firms, at = model.firms.records, row(model, **wanted)
        firms.put(field, at, firms.at(field, at) + amount)

    return change


def duplicate(model: InnovationModel) -> None:
    firms = model.firms.records
    firms.put("id", np.array([0]), firms["id"][1])


def raise_demand(model: InnovationModel) -> None:
    model.goods.demand *= 1.01


def move_high_level(model: InnovationModel) -> None:
    model.talent.high_level[0] -= 1e9
    model.talent.high_level[1] += 1e9


def outside(
    name: str, path: Callable[[InnovationModel], Any], amount: float
) -> Callable[[InnovationModel], None]:
    """Return a change of one attribute or one entry of an array of the model."""

    def change(model: InnovationModel) -> None:
        target = path(model)
        if isinstance(target, np.ndarray):
            target[0] += amount
        elif isinstance(target, dict):
            target[name] = target.get(name, 0.0) + amount
        else:
            setattr(target, name, getattr(target, name) + amount)

    return change


def named(model: InnovationModel, name: str) -> Government:
    return next(government for government in model.governments if government.name == name)


LIVE = {"alive": 1}
DEAD = {"alive": 0}
BREAKS: dict[str, tuple[Callable[[InnovationModel], None], str]] = {
    "cash from nowhere": (adding("cash", 1.0, **LIVE), "firms' cash moved by"),
    "cash lost": (adding("cash", -1.0, **LIVE), "firms' cash moved by"),
    "an entry of the books lost": (
        outside("", lambda m: m.ledger["banks"], 5.0), "firms' cash moved by"),
    "a subsidy booked twice": (outside("", lambda m: m.stats["grant_money"], 5.0), "firms' cash moved by"),
    "deals booked and not paid": (outside("deal_money", lambda m: m, 1e4), "firms' cash moved by"),
    "an overdrawn fund": (outside("dry_powder", lambda m: m.funds[0], -1e9), "fund of city 0 is negative"),
    "a holding that no firm got": (outside("portfolio", lambda m: m.funds[0], 10.0), "holdings cost"),
    "holdings above the books": (outside("", lambda m: m.holdings["cost"], 10.0), "holdings cost"),
    "a budget overspent": (outside("gift", lambda m: named(m, "Suzhou").spent, 9.0), "Suzhou spent"),
    "an overdrawn government": (
        outside("balance", lambda m: named(m, "Zhejiang"), -9.0), "Zhejiang is overdrawn"),
    "money that nobody raised": (outside("budgets", lambda m: m.outside, 9e4), "was raised"),
    "a subsidy that no budget is charged with": (
        outside("arrears", lambda m: named(m, "Hefei"), 9e4), "firms got"),
    "a university that is given more": (
        outside("received", lambda m: m.universities[0], 9e4), "universities got"),
    "public money that a fund never got": (
        outside("called", lambda m: m.guidance_funds[5], 9e4), "guidance funds got"),
    "public money that went astray": (outside("public_paid", lambda m: m.funds[5], 9e4), "fund of city 5"),
    "a guidance fund with money from nowhere": (
        outside("balance", lambda m: m.guidance_funds[5], 9e4), "guidance fund of city 5 holds"),
    "a university's cash from nowhere": (
        outside("cash", lambda m: m.universities[0], 9.0), "universities' cash moved"),
    "a contract sold twice": (outside("", lambda m: m.contracts_sold, 3.0), "contracts bought"),
    "a researcher from nowhere": (outside("", lambda m: m.talent.stock, 1.0), "by arrivals and departures"),
    "a departure not booked": (outside("balance", lambda m: m.talent, 1.0), "by arrivals and departures"),
    "a patent not granted": (adding("patents", 1, **LIVE), "patents held"),
    "a grant not held": (outside("", lambda m: m.stats["grants"], 1.0), "patents held"),
    "a filing not booked": (adding("filed", 1, **LIVE), "filings waiting"),
    "negative debt": (setting("debt", -1.0, **LIVE), "negative debt"),
    "negative R&D": (setting("rd", -1.0, **LIVE), "negative rd"),
    "negative knowledge": (setting("knowledge", -1.0, **LIVE), "negative knowledge"),
    "negative equity": (setting("equity", -1.0, **LIVE), "negative equity"),
    "money of a round that is gone": (setting("for_rd", 1e9, **LIVE), "rounds that are gone"),
    "R&D that is no number": (setting("rd", np.nan, **LIVE), "negative rd"),
    "an idea that is no number": (setting("opportunity", np.nan, **LIVE), "opportunity is not finite"),
    "a size beyond bounds": (setting("scale", np.inf, **LIVE), "scale is not finite"),
    "negative high-level talent": (move_high_level, "negative high-level"),
    "high-level talent from nowhere": (
        outside("", lambda m: m.talent.high_level, 1.0), "high-level people"),
    "money of a fund from nowhere": (
        outside("dry_powder", lambda m: m.funds[3], 50.0), "fund of city 3 holds"),
    "a patent that a university never got": (
        outside("patents", lambda m: m.universities[0], 1), "universities' patents"),
    "a certificate of four years": (setting("certificate", 16, **LIVE), "certificate beyond three years"),
    "a certificate without a holder": (setting("certificate", 4, **DEAD), "a closed firm holds something"),
    "patents without a holder": (setting("patents", 2, **DEAD), "a closed firm holds something"),
    "cash without a holder": (setting("cash", 2.0, **DEAD), "a closed firm holds something"),
    "one id twice": (duplicate, "two firms share an id"),
    "goods that nobody sold": (outside("", lambda m: m.stats["revenue"], 1e6), "cash|sales"),
    "demand that nobody serves": (raise_demand, "sales"),
    "researchers who work nowhere": (outside("", lambda m: m.talent.employed, 2.0), "researchers hired"),
    "a university that hires off the books": (
        outside("researchers", lambda m: m.universities[0], 1.0), "researchers hired"),
    "a firm counted twice": (outside("", lambda m: m.stats["firms"], 1.0), "firms: offices count"),
    "a certificate not counted": (
        setting("certificate", 5, certificate=0, alive=1), "high_tech_enterprises: offices count"),
    "a registration not counted": (setting("tech_sme", 1, tech_sme=0, alive=1), "tech_smes: offices count"),
    "patents not counted": (outside("", lambda m: m.stats["patents"], 1.0), "patents: offices count"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_world_is_noticed(name: str) -> None:
    change, message = BREAKS[name]
    model = closed_quarter()
    change(model)
    with pytest.raises(InvariantError, match=message) as error:
        check_invariants(model)
    assert str(error.value).startswith("2016 Q2: ")


class Leaking(InnovationModel):
    """A model in whose second quarter a patent appears while firms operate."""

    def run_phase(self, phase: TickPhase) -> None:
        super().run_phase(phase)
        if phase.name == "operate" and self.quarter == 1:
            self.firms.records["patents"] = self.firms.records["patents"] + (np.arange(self.firms.count) == 0)


def test_the_model_stops_in_the_broken_quarter() -> None:
    model = Leaking(scale=SCALE, until=2016, seed=5, check=True)
    model.step()
    with pytest.raises(InvariantError, match="2015 Q2: patents held"):
        model.step()


def test_without_checks_nothing_is_tested() -> None:
    model = Leaking(scale=SCALE, until=2016, seed=5)
    for _ in range(3):
        model.step()
