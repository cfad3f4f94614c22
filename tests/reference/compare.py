"""Comparing the fast model with the reference after a quarter."""

from typing import Any

import mesa
import numpy as np

from agents.records import FIRM
from reference.model import ReferenceModel
from reference.partners import identity
from simulation.model import InnovationModel
from simulation.partner_search import NOBODY

RELATIVE, ABSOLUTE = 1e-9, 1e-9


def assert_same(fast: InnovationModel, slow: ReferenceModel) -> None:
    """Fail on the first part of the two states that differs; counts exactly, amounts within rounding."""
    firms = fast.firms.living
    objects = list(slow.firms)
    assert [firm.id for firm in objects] == firms["id"].tolist(), "other firms live"
    for name in (name for name in FIRM.names or () if name != "id"):
        _same(f"firms' {name}", firms[name], [getattr(firm, name) for firm in objects])
    assert _partners_of(fast) == [
        [identity(partner) for partner in firm.partners if partner is not None] for firm in objects
    ]
    for name in ("stats", "ledger", "places", "support"):
        for column in getattr(fast, name).dtype.names:
            _same(f"{name} {column}", getattr(fast, name)[column], getattr(slow, name)[column])
    for name in ("demand", "price"):
        _same(name, getattr(fast.goods, name), getattr(slow.goods, name))
    for name in ("stock", "high_level", "wage", "outside_wage", "employed", "balance", "high_level_balance"):
        _same(name, getattr(fast.talent, name), getattr(slow.talent, name))
    for name in ("log_pool", "links", "gravity", "minutes", "gdp_rest", "gdp_quarter", "contracts_sold",
                 "flows"):  # fmt: skip
        _same(name, getattr(fast, name), getattr(slow, name))
    for account, amount in fast.outside.items():
        np.testing.assert_allclose(slow.outside[account], amount, RELATIVE, 1e-3, err_msg=account)
    for name in ("universities", "funds", "guidance_funds", "governments"):
        for one, other in zip(getattr(fast, name), getattr(slow, name), strict=True):
            assert _figures(one).keys() == _figures(other).keys()
            for figure, value in _figures(one).items():
                _same(f"{name} {figure}", value, _figures(other)[figure])
    assert fast.deals == slow.deals
    _same_holdings(fast, slow)
    _same("indicators", fast.table.values, slow.table.values)


def _same(what: str, fast: Any, slow: Any) -> None:
    fast, slow = np.asarray(fast), np.asarray(slow)
    if fast.dtype.kind in "iu":
        np.testing.assert_array_equal(slow.astype(fast.dtype), fast, err_msg=what)
    else:
        np.testing.assert_allclose(slow, fast, RELATIVE, ABSOLUTE, err_msg=what)


def _partners_of(fast: InnovationModel) -> list[list[int]]:
    """Return the stable ids of each living firm's partners, in order."""
    firms, universities = fast.firms.records, fast.universities
    table = np.full((firms.size, fast.partners.shape[1]), NOBODY)  # firms born since have none
    table[: fast.partners.shape[0]] = fast.partners
    return [
        [
            int(firms["id"][code]) if code >= 0 else int(universities[-2 - code].identity)
            for code in row
            if code != NOBODY
        ]
        for row in table[firms["alive"] == 1].tolist()
    ]


def _figures(agent: mesa.Agent) -> dict[str, float]:
    """Return what a university, a fund or a government keeps in numbers, but not the number Mesa gave it."""
    kept = {name: value for name, value in vars(agent).items() if name != "unique_id"}
    kept |= {f"spent on {purpose}": amount for purpose, amount in kept.get("spent", {}).items()}
    return {name: value for name, value in kept.items() if isinstance(value, int | float)}


def _same_holdings(fast: InnovationModel, slow: ReferenceModel) -> None:
    held = fast.holdings[: fast.holding_count]
    numbers = {fund: number for number, fund in enumerate(slow.funds)}
    assert [(h.firm.id, numbers[h.fund], h.quarter) for h in slow.holdings] == [
        (int(h["firm"]), int(h["fund"]), int(h["quarter"])) for h in held
    ]
    for column in ("cost", "stage", "revenue", "rights"):
        _same(f"holdings' {column}", held[column], [getattr(h, column) for h in slow.holdings])
    for name in ("venture_money", "seed_rounds", "seed_interest", "seed_losses", "seed_record"):
        _same(name, getattr(fast, name), getattr(slow, name))
