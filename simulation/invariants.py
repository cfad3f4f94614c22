"""What must hold after every quarter. `yongwen run --check` tests it in each."""

import numpy as np

from simulation import academia
from simulation.accounts import PROGRAMMES, SUBSIDIES, firms_cash
from simulation.budgets import FOR_FUNDS
from simulation.contracts import academic_share
from simulation.errors import InvariantError
from simulation.world import World

TOLERANCE = 1e-9
"""Relative rounding error allowed in sums of money and people."""


def check_invariants(model: World) -> None:
    """Raise `InvariantError` for the first invariant that is broken."""
    for check in (
        *(_money_of_firms, _money_of_funds, _money_of_governments, _money_of_universities),
        *(_people, _patents, _signs, _status, _market, _sums),
    ):
        check(model)


def _require(holds: bool, model: World, what: str) -> None:
    if not holds:
        raise InvariantError(f"{model.year} Q{model.quarter % 4 + 1}: {what}")


def _near(a: float, b: float, size: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(1.0, abs(size))


def _money_of_firms(model: World) -> None:
    """Each yuan that left the firms' cash entered an account, and the other way round."""
    received = sum(float(model.ledger[name].sum()) for name in model.ledger.dtype.names or ())
    paid_in = sum(float(model.stats[name].sum()) for name in SUBSIDIES)
    paid_in += model.deal_money * model.scale
    change = firms_cash(model) - model.cash_before
    size = float(model.stats["revenue"].sum())
    _require(
        _near(change, paid_in - received, size),
        model,
        f"firms' cash moved by {change}, the books say {paid_in - received}",
    )


def _money_of_funds(model: World) -> None:
    for fund in model.funds:
        _require(
            fund.dry_powder >= -1e-6 and fund.portfolio >= -1e-6,
            model,
            f"fund of city {fund.city} is negative",
        )
        expected = fund.private_paid + fund.public_paid - fund.invested
        what = f"fund of city {fund.city} holds {fund.dry_powder}, its books say {expected}"
        _require(_near(fund.dry_powder, expected, fund.managed), model, what)
    for guidance, fund in zip(model.guidance_funds, model.funds, strict=True):
        expected = guidance.paid_in + guidance.returned - guidance.committed
        what = f"guidance fund of city {guidance.city} holds {guidance.balance}, its books say {expected}"
        _require(_near(guidance.balance, expected, guidance.committed), model, what)
        what = f"guidance fund of city {fund.city} committed {guidance.committed}, got {fund.public_paid}"
        _require(_near(guidance.committed, fund.public_paid, fund.managed) or fund.removed, model, what)
    held = float(model.holdings["cost"][: model.holding_count].sum())
    book = sum(fund.portfolio for fund in model.funds)
    _require(_near(held, book, book), model, f"holdings cost {held}, funds' books say {book}")
    bought, sold = float(model.ledger["contracts"].sum()) / model.scale, float(model.contracts_sold.sum())
    _require(_near(bought, sold, bought), model, f"contracts bought {bought}, sold {sold}")


def _money_of_governments(model: World) -> None:
    """Budgets close; they hold what was raised; what is paid for others is what they got."""
    paid: dict[str, float] = {}
    income = 0.0
    for government in model.governments:
        has, spent = government.budget + government.appropriation, sum(government.spent.values())
        _require(_near(spent, has, has), model, f"{government.name} spent {spent} of {has}")
        _require(government.balance >= 0.0 <= government.arrears, model, f"{government.name} is overdrawn")
        income += has
        for purpose, amount in government.spent.items():
            paid[purpose] = paid.get(purpose, 0.0) + amount
    raised = model.money_before["budgets"] - model.outside["budgets"]
    passed_on = paid.get("transfers", 0.0)
    what = f"governments have {income}, of which {passed_on} from each other; {raised} was raised"
    _require(_near(raised, income - passed_on, income), model, what)
    subsidies = sum(float(model.stats[name].sum()) for name in SUBSIDIES)
    owed = sum(government.arrears for government in model.governments) - model.money_before["arrears"]
    charged = sum(paid.get(name, 0.0) for name in ("grants", *PROGRAMMES.values()))
    charged += owed + paid.get("arrears", 0.0)
    what = f"firms got {subsidies / model.scale} of subsidies, governments were charged {charged}"
    _require(_near(subsidies / model.scale, charged, income), model, what)
    for who, purposes, received in (
        ("universities", ("universities",), sum(u.received for u in model.universities)),
        ("programmes", academia.PROGRAMMES, sum(u.awarded + u.construction for u in model.universities)),
        ("guidance funds", FOR_FUNDS, sum(fund.called for fund in model.guidance_funds)),
    ):
        given = sum(paid.get(purpose, 0.0) for purpose in purposes)
        _require(_near(given, received, income), model, f"{who} got {received}, governments paid {given}")


def _money_of_universities(model: World) -> None:
    """Universities' cash moves by research money and contracts less what they spend."""
    served = np.unique([university.city for university in model.universities]).astype(np.int64)
    share = academic_share(academia.capacity(academia.sizes(model)), model.p)
    income = float((share * model.contracts_sold)[served].sum())
    income += sum(university.resources for university in model.universities)
    spent = model.outside["university_spending"] - model.money_before["university_spending"]
    now = sum(university.cash for university in model.universities)
    before = model.money_before["universities"]
    what = f"universities' cash moved from {before} to {now}, the books say by {income - spent}"
    _require(_near(now - before, income - spent, income), model, what)


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
    model.money_before = {
        "budgets": model.outside["budgets"],
        "university_spending": model.outside["university_spending"],
        "universities": sum(university.cash for university in model.universities),
        "arrears": sum(government.arrears for government in model.governments),
    }


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
        "venture_rd",
        "for_rd",
        "for_growth",
    ):
        _require(bool((firms[name] >= 0).all()), model, f"negative {name}")
    unspent = firms["for_rd"] + firms["for_growth"]
    _require(bool((unspent <= np.maximum(0.0, firms["cash"]) + 1e-6).all()), model, "rounds that are gone")
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
