"""Books: what public money was paid for, and sums that must balance."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulation.model import InnovationModel


def firms_cash(model: "InnovationModel") -> float:
    """Return the cash of all living firms (10 000 CNY, simulated firms)."""
    firms = model.firms.records
    return float(firms["cash"][firms["alive"] == 1].sum())


def pay_subsidies(model: "InnovationModel") -> None:
    """Charge grants, vouchers and rewards of this quarter to the city budgets.

    They were promised from estimates; what a budget cannot cover comes from the general budget.
    """
    weight = 1.0 / model.scale
    for government in model.governments:
        rows = model.geography.members(government.name)
        for purpose in ("grant_money", "vouchers", "rewards"):
            due = float(model.stats[purpose][rows].sum()) * weight
            model.outside["budgets"] -= due - government.pay(purpose, due)


def close_budgets(model: "InnovationModel") -> None:
    """Spend what is left of the quarter's S&T budgets on other services."""
    for government in model.governments:
        model.outside["services"] += government.close()


def productivity(model: "InnovationModel") -> np.ndarray:
    """Return mean log contribution of R&D capital to output by city, weighted by bids for demand."""
    return np.asarray(model.contribution.sum(axis=1) / model.bids.sum(axis=1))
