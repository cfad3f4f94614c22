"""The page of costs: levers add up to the total, and what budgets are spent on to the budgets."""

import csv
import io

import numpy as np
import pytest

from dashboard.costing import Budget, budget_rows, budgets, lever_costs, lever_rows
from dashboard.i18n import LANGUAGES, Texts
from dashboard.state import Projection
from dashboard.tables import cost_table
from dashboard.views import Look
from scenarios.comparison import COST_YEARS
from scenarios.levers import LEVERS
from scenarios.scenario import load_scenario
from simulation.experiment import Ensemble, plan
from simulation.portrait import Account, PortraitSpec, portray

BOTH = "Ningbo+Wenzhou"


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """Two draws of the full plan in a small world."""
    return plan("full_plan", [1, 2], 0.005).run(1)


@pytest.fixture(scope="module")
def accounts() -> tuple[Account, ...]:
    """The books of one of them."""
    return portray(PortraitSpec("full_plan", 1, 0.005)).accounts


def test_totals_are_sums_over_years_within_each_draw(ensemble: Ensemble) -> None:
    costs = {cost.lever: cost for cost in lever_costs(ensemble, BOTH)}
    at = [ensemble.years.index(year) for year in COST_YEARS]
    spent = ensemble.replicates("cost_talent_inflow", BOTH)[:, at].sum(axis=1)
    assert costs["talent_inflow"].total == pytest.approx(np.median(spent))
    assert costs["talent_inflow"].low <= costs["talent_inflow"].total <= costs["talent_inflow"].high
    order = [cost.total for cost in costs.values()]
    assert order == sorted(order, reverse=True)
    assert all(LEVERS[name].costs for name in costs)


def test_nothing_costs_anything_without_policy() -> None:
    assert lever_costs(plan("baseline", [1, 2], 0.003).run(1), BOTH) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_has_its_article_and_years(ensemble: Ensemble, language: str) -> None:
    rows = lever_rows(lever_costs(ensemble, BOTH), Texts(language))
    assert rows[0]["bar"] == 100.0
    for row in rows:
        assert len(row["cells"]) == len(COST_YEARS)
        assert "{" not in row["note"]


def test_budgets_are_spent_on_something(accounts: tuple[Account, ...]) -> None:
    found = list(budgets(accounts))
    assert {one.account.government for one in found} >= {"Ningbo", "Wenzhou", "Ningbo_HTZ", "Wenzhou_HTZ"}
    for one in found:
        account = one.account
        # Universities' own money comes on top of the budget, and is not among the parts.
        total = one.programmes + one.grants + one.other
        assert total == pytest.approx(account.budget, rel=0.02), account.government
        assert account.year in COST_YEARS


def test_a_budget_that_cannot_pay_says_so(accounts: tuple[Account, ...]) -> None:
    account = Account(
        2020, "Ningbo", "city", 10.0, {"grants": 2.0, "talent_inflow": 5.0, "other": 3.0}, {}, 0.6, 0.0
    )
    before = Account(2018, "Ningbo", "city", 10.0, {"grants": 2.0, "other": 8.0}, {}, 1.0, 0.0)
    [row] = budget_rows((before, account), Texts("en"))
    assert row["delivered"] == "60%"
    assert row["short"]
    assert [part["width"] for part in row["parts"]] == pytest.approx([50.0, 20.0, 30.0])
    assert Budget.of(before).programmes == 0.0
    assert budget_rows((before,), Texts("en")) == []


def test_the_table_holds_every_lever_that_costs(ensemble: Ensemble) -> None:
    look = Look(load_scenario("full_plan"), "#000", Projection(ensemble, ensemble, 2))
    lines = list(csv.DictReader(io.StringIO(cost_table(look, BOTH))))
    names = {line["lever"] for line in lines}
    assert names == {"fiscal_cost", *(name for name, lever in LEVERS.items() if lever.costs)}
