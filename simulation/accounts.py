"""Books: what public money was paid for, and sums that must balance."""

from simulation.world import World


def firms_cash(model: World) -> float:
    """Return the cash of all living firms (10 000 CNY, simulated firms)."""
    firms = model.firms.records
    return float(firms["cash"][firms["alive"] == 1].sum())


def pay_subsidies(model: World) -> None:
    """Charge grants, vouchers and rewards of this quarter to the city budgets.

    They were promised from estimates; what a budget cannot cover comes from the general budget.
    """
    weight = 1.0 / model.scale
    for government in model.governments:
        rows = model.geography.members(government.name)
        for purpose in ("grant_money", "vouchers", "rewards"):
            due = float(model.stats[purpose][rows].sum()) * weight
            model.outside["budgets"] -= due - government.pay(purpose, due)


def close_budgets(model: World) -> None:
    """Spend what is left of the quarter's S&T budgets on other services."""
    for government in model.governments:
        model.outside["services"] += government.close()
