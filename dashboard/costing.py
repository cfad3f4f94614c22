"""What a scenario costs, as data for its page: by lever and year, and against the budgets that pay."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.i18n import Texts
from scenarios.articles import ARTICLES
from scenarios.comparison import COST_YEARS
from scenarios.levers import LEVERS
from simulation.experiment import Ensemble
from simulation.geography import load_geography
from simulation.indicators import INDICATORS, cost_of
from simulation.portrait import Account
from simulation.yearbook import NO_PROGRAMMES

NOTABLE = 0.01  # of a budget: who spends less than this on programmes in every year is not listed
LEAST = 0.005  # 100m CNY: a lever that cost less in all years is not listed


@dataclass(frozen=True)
class LeverCost:
    """What one lever cost in a region: medians by year, and the total with its 90 % band."""

    lever: str
    years: tuple[float, ...]
    total: float
    low: float
    high: float


def lever_costs(ensemble: Ensemble, region: str) -> list[LeverCost]:
    """Return what each lever cost in the years of the policy, the dearest first."""
    at = [ensemble.years.index(year) for year in COST_YEARS if year in ensemble.years]
    found = []
    for name, lever in LEVERS.items():
        if lever.costs and cost_of(name) in ensemble.indicators:
            money = ensemble.replicates(cost_of(name), region)[:, at]
            low, middle, high = np.quantile(money.sum(axis=1), [0.05, 0.5, 0.95]).tolist()
            if high >= LEAST:
                found.append(LeverCost(name, tuple(np.median(money, axis=0).tolist()), middle, low, high))
    return sorted(found, key=lambda cost: -cost.total)


def lever_rows(costs: list[LeverCost], texts: Texts) -> list[dict[str, Any]]:
    """Return the rows of the table by lever."""
    dearest = max((cost.total for cost in costs), default=1.0)
    decimals = INDICATORS["fiscal_cost"].decimals
    rows = []
    for cost in costs:
        article = LEVERS[cost.lever].article
        rows.append(
            {
                "name": texts.lever(cost.lever),
                "note": texts("Article {number}: {title}", number=article, title=texts.of(ARTICLES[article])),
                "cells": [texts.number(value, decimals) for value in cost.years],
                "total": texts.number(cost.total, decimals),
                "band": f"{texts.number(cost.low, decimals)} – {texts.number(cost.high, decimals)}",
                "bar": 100.0 * max(cost.total, 0.0) / max(dearest, 1e-9),
            }
        )
    return rows


@dataclass(frozen=True)
class Budget:
    """What became of a government's money for science and technology in a year, 100m CNY."""

    account: Account
    programmes: float
    grants: float
    other: float

    @classmethod
    def of(cls, account: Account) -> "Budget":
        """Sort what was paid into programmes, grants and all else."""
        grants = account.paid.get("grants", 0.0)
        rest = {*NO_PROGRAMMES, "grants", "arrears"}
        programmes = sum(amount for purpose, amount in account.paid.items() if purpose not in rest)
        other = sum(account.paid.get(purpose, 0.0) for purpose in ("other", "arrears"))
        return cls(account, programmes, grants, other)


def budgets(accounts: tuple[Account, ...]) -> Iterator[Budget]:
    """Yield the budgets of cities and zones that pay for programmes, in the years of the policy."""
    places = [place.id for place in load_geography().places]
    found = [Budget.of(one) for one in accounts if one.level in {"city", "zone"}]
    paying = {one.account.government for one in found if one.programmes > NOTABLE * one.account.budget}
    kept = [one for one in found if one.account.year in COST_YEARS and one.account.government in paying]
    yield from sorted(kept, key=lambda one: (places.index(one.account.government), one.account.year))


def budget_rows(accounts: tuple[Account, ...], texts: Texts) -> list[dict[str, Any]]:
    """Return the rows of the table by government and year."""
    return [
        {
            "place": texts.region(one.account.government),
            "year": str(one.account.year),
            "budget": texts.number(one.account.budget, 1),
            "parts": [
                {"width": 100.0 * amount / max(one.account.budget, 1e-9), "kind": kind}
                for kind, amount in (
                    ("programmes", one.programmes), ("grants", one.grants), ("other", one.other),
                )
            ],
            "cells": [texts.number(amount, 1) for amount in (one.programmes, one.grants, one.other)],
            "delivered": texts.percent(one.account.delivered),
            "short": one.account.delivered < 0.995,
        }
        for one in budgets(accounts)
    ]  # fmt: skip
