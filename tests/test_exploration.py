"""Exploratory projects: who may start one, what it costs, and when inventions come."""

import numpy as np
import pytest
from worlds import scenario

from agents.exploration_rules import exploratory_rd, go_on_exploring, may_explore, start_exploring
from agents.innovation_rules import invention_rate
from agents.parameters import parameter_record
from agents.records import FIRM, PLACE
from agents.research_rules import YOUNG
from simulation.model import InnovationModel
from simulation.synthesis import YI

P = parameter_record()[0]
LENGTH = int(P["frontier_quarters"])


def explorer(**fields: float) -> np.void:
    firm = np.zeros(1, dtype=FIRM)
    for name, value in {"kind": 1, "does_rd": 1, "alive": 1, **fields}.items():
        firm[name] = value
    return firm[0]


def test_projects_are_for_young_technology_firms_with_rd_one_at_a_time() -> None:
    assert may_explore(explorer(), YOUNG, YOUNG)
    assert not may_explore(explorer(), YOUNG + 1, YOUNG)
    for fields in ({"kind": 0}, {"does_rd": 0}, {"exploring": 3}):
        assert not may_explore(explorer(**fields), 2, YOUNG)
    assert may_explore(explorer(exploring=1), 2, YOUNG)  # it ends before the next one starts


def test_the_money_of_a_project_is_spent_on_rd_but_for_what_owners_take() -> None:
    firm = explorer()
    misused = start_exploring(firm, P)
    assert firm["cash"] + misused == pytest.approx(P["frontier_grant"])
    assert misused == pytest.approx(P["grant_misuse"] * P["frontier_grant"])
    assert LENGTH * exploratory_rd(firm, P) == pytest.approx(firm["cash"])
    assert exploratory_rd(explorer(), P) == 0.0


def batches(count: int = 4000) -> np.ndarray:
    """Return the filings of projects, quarter by quarter."""
    found = []
    for u in (np.arange(count) + 0.5) / count:
        firm = explorer(exploring=LENGTH)
        found.append([go_on_exploring(firm, float(u), P) for _ in range(LENGTH)])
    return np.array(found)


def test_few_projects_give_a_batch_of_inventions_at_their_end() -> None:
    filings = batches()
    assert filings[:, :-1].sum() == 0
    spent = (1.0 - P["grant_misuse"]) * P["frontier_grant"]
    assert filings[:, -1].mean() == pytest.approx(P["frontier_yield"] * spent, rel=0.02)
    assert (filings[:, -1] > 0).mean() < P["frontier_success"]
    assert filings[:, -1].var() > 1.5 * filings[:, -1].mean()  # ordinary filings are Poisson


def test_those_who_explore_invent_nothing_else() -> None:
    place = np.ones(1, dtype=PLACE)[0]

    def rate(project: float) -> float:
        firm = explorer(researchers=4.0, rd=40.0, project_rd=project, knowledge=100.0, revenue=100.0)
        return float(invention_rate(firm, place, 0.0, P))

    assert rate(10.0) / rate(0.0) == pytest.approx(0.75 ** P["researcher_elasticity"])
    assert rate(40.0) == 0.0


def test_a_programme_starts_as_many_projects_as_it_can_pay() -> None:
    case = scenario({"frontier_seed_funding": {"value": 4.0, "scope": ["Ningbo"], "start": "2016Q1"}})
    model, usual = (InnovationModel(s, scale=0.2, until=2018, seed=4, check=True) for s in (case, scenario()))
    ningbo = model.geography.members("Ningbo")
    paid = 0.0
    while model.running:
        model.step()
        usual.step()
        paid += model.stats["frontier_money"][ningbo].sum() / model.scale / YI
        assert model.stats["frontier_money"].sum() == model.stats["frontier_money"][ningbo].sum()
    assert paid == pytest.approx(3 * 4.0, rel=0.15)
    firms = model.firms.living
    assert set(firms["exploring"]) == set(range(LENGTH + 1))
    assert (firms["project_rd"] <= firms["rd"] + 1e-9).all()
    assert not usual.firms.living["exploring"].any()
