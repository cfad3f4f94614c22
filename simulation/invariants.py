"""What must hold after every quarter. `yongwen run --check` tests it in each."""

import numpy as np

from simulation.accounts import firms_cash
from simulation.errors import InvariantError
from simulation.world import World

TOLERANCE = 1e-9
"""Relative rounding error allowed in sums of money and people."""


def check_invariants(model: World) -> None:
    """Raise `InvariantError` for the first invariant that is broken."""
    for check in (_money_of_firms, _money_of_others, _people, _patents, _signs, _status, _market, _sums):
        check(model)


def _require(holds: bool, model: World, what: str) -> None:
    if not holds:
        raise InvariantError(f"{model.year} Q{model.quarter % 4 + 1}: {what}")


def _near(a: float, b: float, size: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(1.0, abs(size))


def _money_of_firms(model: World) -> None:
    """Each yuan that left the firms' cash entered an account, and the other way round."""
    received = sum(float(model.ledger[name].sum()) for name in model.ledger.dtype.names or ())
    paid_in = sum(float(model.stats[name].sum()) for name in ("grant_money", "vouchers", "rewards"))
    paid_in += model.deal_money * model.scale
    change = firms_cash(model) - model.cash_before
    size = float(model.stats["revenue"].sum())
    _require(
        _near(change, paid_in - received, size),
        model,
        f"firms' cash moved by {change}, the books say {paid_in - received}",
    )


def _money_of_others(model: World) -> None:
    for fund in model.funds:
        _require(
            fund.dry_powder >= -1e-6 and fund.portfolio >= -1e-6,
            model,
            f"fund of city {fund.city} is negative",
        )
        expected = fund.dry_powder_start + fund.private_total - fund.managed_start
        expected += fund.public_total - fund.invested
        what = f"fund of city {fund.city} holds {fund.dry_powder}, its books say {expected}"
        _require(_near(fund.dry_powder, expected, fund.managed), model, what)
    held = float(model.holdings["cost"][: model.holding_count].sum())
    book = sum(fund.portfolio for fund in model.funds)
    _require(_near(held, book, book), model, f"holdings cost {held}, funds' books say {book}")
    for government in model.governments:
        spent = sum(government.spent.values())
        _require(
            _near(spent, government.budget, government.budget),
            model,
            f"{government.name} spent {spent} of {government.budget}",
        )
    bought, sold = float(model.ledger["contracts"].sum()) / model.scale, float(model.contracts_sold.sum())
    _require(_near(bought, sold, bought), model, f"contracts bought {bought}, sold {sold}")


def _people(model: World) -> None:
    total = float(model.talent.stock.sum())
    expected = model.start_stock + model.talent.balance
    _require(
        _near(total, expected, total), model, f"{total} researchers, {expected} by arrivals and departures"
    )
    high, expected = float(model.talent.high_level.sum()), model.talent.high_level_balance
    what = f"{high} high-level people, {expected} by arrivals and departures"
    _require(_near(high, expected, high), model, what)


def take_stock(model: World) -> None:
    """Note, before a quarter, what the quarter's flows will be added to."""
    model.cash_before = firms_cash(model)
    model.stocks_before = _patent_stocks(model)


def _patent_stocks(model: World) -> dict[str, int]:
    firms = model.firms.living
    return {
        "patents held": int(firms["patents"].sum()),
        "filings waiting": int(firms["filed"].sum()) + int(firms["examined"].sum()),
        "universities' patents": sum(university.patents for university in model.universities),
    }


def _patents(model: World) -> None:
    """Patents held are granted less lapsed; filings wait, are granted or refused."""

    def flow(name: str) -> int:
        return round(float(model.stats[name].sum()))

    changes = {
        "patents held": flow("grants") - flow("lapses"),
        "filings waiting": flow("filings") - flow("grants") - flow("refusals"),
        "universities' patents": sum(u.grants - u.lapses for u in model.universities),
    }
    for name, now in _patent_stocks(model).items():
        before, change = model.stocks_before[name], changes[name]
        _require(now == before + change, model, f"{name}: {before} and {change} give {now}")


def _signs(model: World) -> None:
    firms = model.firms.living
    for name in (
        "revenue",
        "rd",
        "knowledge",
        "debt",
        "researchers",
        "filed",
        "examined",
        "patents",
        "equity",
    ):
        _require(bool((firms[name] >= 0).all()), model, f"negative {name}")
    for name in ("scale", "opportunity", "cash", "revenue"):
        _require(bool(np.isfinite(firms[name]).all()), model, f"{name} is not finite")
    _require(bool((model.talent.stock > 0).all()), model, "a city without researchers")
    _require(bool((model.talent.high_level >= 0).all()), model, "negative high-level talent")


def _status(model: World) -> None:
    """Certificates belong to living firms and last at most three years; closed firms hold nothing."""
    firms = model.firms.records
    dead = firms[firms["alive"] == 0]
    _require(
        bool(((firms["certificate"] >= 0) & (firms["certificate"] <= 12)).all()),
        model,
        "certificate beyond three years",
    )
    _require(
        not dead["certificate"].any() and not dead["patents"].any() and not dead["cash"].any(),
        model,
        "a closed firm holds something",
    )
    ids = firms["id"]
    _require(np.unique(ids).size == ids.size, model, "two firms share an id")


def _market(model: World) -> None:
    """Goods and researchers: what is sold equals demand, who is employed equals who wants to be."""
    sold, demand = float(model.stats["revenue"].sum()), float(model.goods.demand[model.bids > 0].sum())
    _require(_near(sold, demand, demand), model, f"sales {sold}, demand {demand}")
    firms = float(model.stats["researchers"].sum()) / model.scale
    employed = firms + sum(u.researchers for u in model.universities)
    _require(
        _near(employed, float(model.talent.employed.sum()), employed),
        model,
        f"{employed} researchers hired, market says {model.talent.employed.sum()}",
    )


def _sums(model: World) -> None:
    """The sum over firms is the indicator."""
    born = model.quarter
    firms = model.firms.living
    firms = firms[firms["birth"] < born]
    for name, value in (
        ("firms", firms.size),
        ("high_tech_enterprises", int((firms["certificate"] > 0).sum())),
        ("tech_smes", int(firms["tech_sme"].sum())),
        ("patents", int(firms["patents"].sum())),
    ):
        _require(
            round(float(model.stats[name].sum())) == value,
            model,
            f"{name}: offices count {model.stats[name].sum()}, firms are {value}",
        )
