"""Flows between cities add up to what the yearbook and the markets say."""

import numpy as np
import pytest

from simulation.flows import FLOWS
from simulation.model import InnovationModel
from simulation.runs import RunSpec, run_one

NAMES = [flow.id for flow in FLOWS]


@pytest.fixture(scope="module")
def watched():
    """A small world, with what its markets did summed up by the quarter of 2015 and 2016."""
    model = InnovationModel("full_plan", scale=0.02, until=2016, seed=3)
    sums = {"moved": [], "contracts": [], "venture": []}
    for _ in range(8):
        model.step()
        sums["moved"].append(model.talent.moved.sum())
        sums["contracts"].append(model.contracts_sold.sum() / 1e4)
        sums["venture"].append(model.venture_money.sum() / 1e4)
    return model, {name: np.array(values).reshape(2, 4).sum(axis=1) for name, values in sums.items()}


@pytest.mark.parametrize(
    ("flow", "summed"), [("talent", "moved"), ("contracts", "contracts"), ("capital", "venture")]
)
def test_flows_of_a_year_add_up(watched, flow, summed):
    model, sums = watched
    found = model.flows[:, NAMES.index(flow)]
    np.testing.assert_allclose(found.sum(axis=(1, 2)), sums[summed])
    assert (found >= 0.0).all()


def test_venture_money_ends_where_the_firms_are(watched):
    model, _ = watched
    assert model.flows[:, NAMES.index("capital")].sum() > 0.0
    assert model.flows[1, NAMES.index("capital")].diagonal().sum() > 0.0


def test_partnerships_are_those_of_the_end_of_the_year(watched):
    model, _ = watched
    cities = len(model.geography.cities)
    found = model.flows[1, NAMES.index("collaboration")]
    np.testing.assert_allclose(found * model.scale, model.links[:, :cities])
    assert np.isclose(found.sum() * model.scale, round(found.sum() * model.scale))


def test_nobody_moves_to_where_they_are(watched):
    model, _ = watched
    assert not model.flows[:, NAMES.index("talent")].diagonal(axis1=1, axis2=2).any()


def test_a_run_brings_its_flows():
    result = run_one(RunSpec("baseline", 1, 0.003, 2016))
    assert result.flows.shape[:2] == (2, len(FLOWS))
    assert np.isfinite(result.flows).all()
