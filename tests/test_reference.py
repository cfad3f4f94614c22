"""The fast model against the same rules in plain Python with one Mesa object per firm."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import mesa
import numpy as np
import pytest
from reference.capital import Holding
from reference.compare import assert_same
from reference.firm import ReferenceFirm
from reference.model import ReferenceModel

from agents.firm import Origin
from scenarios.levers import LEVERS
from scenarios.scenario import Bilingual, Condition, LeverSetting, PlannedInstitute, Scenario
from simulation.model import InnovationModel

SETTINGS = {
    **{"guidance_fund": 90.0, "guidance_share": 0.4},
    **{"joint_research_funding": 50.0, "secondment_share": 0.3},
    **{"talent_package": 80.0, "firm_cultivation": 10_000.0},
}
"""Levers whose plan is neutral, or too little to be seen among a few hundred firms."""
EVERY_LEVER = Scenario(
    name="every_lever",
    title=Bilingual(en="Every lever", zh="所有杠杆"),
    description=Bilingual(en="All levers from 2015 on, and a slump.", zh="2015年起启用所有杠杆,并遇衰退。"),
    levers={
        name: LeverSetting(value=SETTINGS.get(name, lever.plan), scope=("all",), start="2015Q2", ramp=2)
        for name, lever in LEVERS.items()
    },
    conditions={
        "gdp_growth": Condition(change=-4.0, start="2016Q1", end="2016Q4"),
        "contacts": Condition(change=80.0, scope=("Ningbo", "Wenzhou"), start="2015Q4", end="2016Q3"),
        "entry": Condition(change=-30.0, start="2016Q2", end="2016Q4"),
    },
    new_institutes=(
        PlannedInstitute(
            name="Bund Institute", city="Shanghai", field="digital", year=2016, staff=900, budget=4
        ),
        PlannedInstitute(
            name="Sea Institute", city="Zhoushan", field="textiles", year=2017, staff=50, budget=9
        ),
    ),
)
RESTLESS = {
    **{"spin_off_rate": 0.004, "university_spin_off_rate": 0.1, "returnee_rate": 0.04, "link_survival": 0.5},
    **{"search_rate": 0.6, "holding_exit_rate": 0.16, "grant_coverage": 0.5, "incubator_growth": 0.15},
}
"""Parameters near the end of their ranges that make rare events less rare."""

WORLDS: dict[str, dict[str, Any]] = {
    "baseline": {"scenario": "baseline", "scale": 0.004, "until": 2017, "seed": 3},
    "another seed": {"scenario": "baseline", "scale": 0.003, "until": 2017, "seed": 2**40 + 1},
    "every lever": {"scenario": EVERY_LEVER, "scale": 0.004, "until": 2018, "seed": 11},
    "restless": {"scenario": "baseline", "scale": 0.01, "until": 2018, "seed": 5, "parameters": RESTLESS},
    "policy from 2019": {"scenario": "guidance_funds", "scale": 0.002, "until": 2020, "seed": 1},
    "pilot": {"scenario": "ownership_pilot", "scale": 0.003, "until": 2020, "seed": 8},
}
FLOWS = ("exits", "certified", "rewards", "grant_misused", "vouchers", "refusals", "lapses", "tax_relief")
STATES = ("debt", "equity", "grant", "relabelled", "certificate", "tenant", "seeks_equity",
          "venture_rd", "for_growth")  # fmt: skip


def run_together(fast: InnovationModel, slow: ReferenceModel) -> None:
    """Step both to the end and compare them after every quarter."""
    while fast.running:
        fast.step()
        slow.step()
        assert_same(fast, slow)


@pytest.mark.parametrize("world", WORLDS)
def test_the_fast_model_and_the_reference_give_the_same_trajectory(world: str) -> None:
    """After every quarter: firms, partners, holdings, books, prices, wages, other agents, indicators."""
    fast, slow = InnovationModel(**WORLDS[world], check=True), ReferenceModel(**WORLDS[world])
    run_together(fast, slow)
    assert not slow.running
    assert np.isfinite(slow.table.values).any()


@pytest.fixture(scope="module")
def happened() -> Counter[str]:
    """Count what happens in the two busiest worlds."""
    events: Counter[str] = Counter()
    for world in ("every lever", "restless"):
        model = ReferenceModel(**WORLDS[world])
        while model.running:
            before = {firm: (list(firm.partners), firm.tech_sme, firm.does_rd) for firm in model.firms}
            held = set(model.holdings)
            model.step()
            events.update(_of_firms(model, before))
            events.update(_of_funds(model, held))
            events.update(name for name in FLOWS if model.stats[name].sum() > 0.0)
    return events


def _of_firms(model: ReferenceModel, before: dict[ReferenceFirm, tuple[Any, ...]]) -> Iterator[str]:
    for firm in model.firms:
        if firm not in before:
            yield f"born: {Origin(firm.origin).name}"
            continue
        partners, registered, did_rd = before[firm]
        yield from (event for event in STATES if getattr(firm, event) > 0)
        if firm.cash < 0.0:
            yield "cannot pay"
        if firm.partners != partners:
            yield "partners found" if set(firm.partners) - set(partners) else "partners lost"
        if firm.tech_sme != registered:
            yield "joins the register" if firm.tech_sme else "leaves the register"
        if firm.does_rd != did_rd:
            yield "starts R&D" if firm.does_rd else "stops R&D"


def _of_funds(model: ReferenceModel, held: set[Holding]) -> Iterator[str]:
    for holding in held - set(model.holdings):
        yield "holding sold" if holding.firm.alive else "holding written off"
    if set(model.holdings) - held:
        yield "deals"


@pytest.mark.parametrize(
    "event",
    [
        *(*FLOWS, *STATES, "cannot pay", "partners found", "partners lost"),
        *("joins the register", "leaves the register", "starts R&D", "stops R&D"),
        *("deals", "holding sold", "holding written off"),
        *(f"born: {origin.name}" for origin in Origin if origin != Origin.INCUMBENT),
    ],
)
def test_the_compared_worlds_exercise_every_kind_of_event(happened: Counter[str], event: str) -> None:
    """Agreement says nothing about a rule that never acted."""
    assert happened[event] > 0


@pytest.mark.parametrize(
    ("parameter", "factor"),
    [
        ("growth_spread", 1.0 + 1e-6),
        ("user_cost_elasticity", 1.0 + 1e-6),
        ("credit_line", 1.0 + 1e-4),
        ("spillover_elasticity", 1.5),
        ("relabel_capacity", 0.9),
        ("exit_size_slope", 1.2),
        ("field_proximity", 1.2),
        ("deal_size", 1.0 + 1e-6),
        ("entry_wage_elasticity", 1.5),
    ],
)
def test_a_rule_that_differs_slightly_is_noticed(parameter: str, factor: float) -> None:
    """The comparison has teeth: one constant of one rule moved in the reference alone breaks it."""
    fast, slow = InnovationModel(**WORLDS["every lever"]), ReferenceModel(**WORLDS["every lever"])
    setattr(slow.constants, parameter, factor * getattr(slow.constants, parameter))
    with pytest.raises(AssertionError):
        run_together(fast, slow)


def test_reference_firms_are_ordinary_mesa_agents() -> None:
    """One object per firm, registered with the model, gone from it after closing."""
    model = ReferenceModel(**WORLDS["baseline"])
    before = set(model.firms)
    model.step()
    after = model.agents_by_type[ReferenceFirm]
    gone = before - set(after)
    assert all(isinstance(firm, mesa.Agent) and firm.alive for firm in after)
    assert len(gone) == model.stats["exits"].sum() > 0
    assert not any(firm.alive for firm in gone)
    assert len(after) == len(before) - len(gone) + model.stats["entrants"].sum()
