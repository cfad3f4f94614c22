"""Books: what public money was paid for, and sums that must balance."""

import numpy as np

from agents.government import Government, Level
from simulation.world import World

PROGRAMMES = {
    "vouchers": "innovation_vouchers",
    "rewards": "certification_reward",
    "park_refunds": "park_refunds",
    "upgrade_subsidies": "digital_upgrade_subsidy",
    "frontier_money": "frontier_seed_funding",
}
"""What is charged when firms received it: the statistic, and what governments call it in their books."""
SUBSIDIES = ("grant_money", *PROGRAMMES)
"""Public money that firms receive: statistics of the quarter by place."""


def firms_cash(model: World) -> float:
    """Return the cash of all living firms (10 000 CNY, simulated firms)."""
    firms = model.firms.records
    return float(firms["cash"][firms["alive"] == 1].sum())


def pay_subsidies(model: World) -> None:
    """Charge what firms received in this quarter to the budgets of cities and zones.

    They were promised from estimates; what a budget cannot cover is borrowed and paid from the next one.
    Grants are one scheme a city, to which the city and its zone contribute in proportion to their budgets.
    """
    weight = 1.0 / model.scale
    for purpose, programme in PROGRAMMES.items():
        for row, money in enumerate(model.stats[purpose].tolist()):
            if money:
                _charge(model, model.governing[row], programme, money * weight)
    grants = (np.bincount(model.geography.city_of, model.stats["grant_money"]) * weight).tolist()
    budgets = model.city_budgets.tolist()
    for government in model.acting:
        city = government.city
        if city >= 0 and budgets[city] > 0.0:
            _charge(model, government, "grants", grants[city] * government.budget / budgets[city])


def _charge(model: World, government: Government | None, purpose: str, due: float) -> None:
    assert government is not None, f"{purpose} were promised where no government acts"
    owed = due - government.pay(purpose, due)
    if owed > 0.0:
        government.owe(owed)
        model.outside["banks"] -= owed


def close_budgets(model: World) -> None:
    """Spend what is left of the quarter's S&T budgets on other services."""
    for government in model.acting:
        model.outside["services"] += government.close()


def note_forgone_tax(model: World) -> None:
    """Note the corporate income tax that certificates and the super-deduction cost the nation."""
    nation = Level.NATION
    for government in model.acting:
        if government.level is nation:
            government.forgo("tax_relief", float(model.stats["tax_relief"].sum()) / model.scale)
