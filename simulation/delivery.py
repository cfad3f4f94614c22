"""From levers to what firms, universities, funds and people get: requests, budgets, capacity."""

from typing import TYPE_CHECKING

import numpy as np

from agents.fund import Offer
from agents.government import Government
from scenarios.levers import LEVERS
from simulation.firm_tick import YEARLY_CALL
from simulation.geography import effective_minutes, halved
from simulation.synthesis import YI

if TYPE_CHECKING:
    from simulation.model import InnovationModel

LARGEST_VOUCHER = 0.5
"""Largest share of a contract's price that vouchers pay (assumption; city rules pay up to half)."""
CREDIT_YEARS = 3.0
"""Mean running time of programme credit (assumption)."""


def deliver(model: "InnovationModel") -> None:
    """Let every city government plan its quarter and set what reaches each place."""
    levers = model.levers[model.quarter]
    model.minutes = eased_minutes(model, levers)
    model.entry_ease = np.zeros(levers.size)
    model.offers = []
    model.programme_talent = np.zeros(levers.size)
    for government in model.governments:
        rows = model.geography.members(government.name)
        budget = float(model.outlook.fiscal[model.quarter // 4, government.city]) / 4.0
        government.receive(budget, float(levers["fiscal_growth"][rows[0]]))
        model.outside["budgets"] -= government.budget
        part = government.allot(requests(model, levers, rows), model.p)
        _pay_programmes(model, government, levers, rows, part)
        for row in rows:
            _support(model, levers, row, part)
        _grants(model, government, rows)
        model.offers.append(_offer(model, levers, rows, part))
    _universities(model, levers)


def requests(model: "InnovationModel", levers: np.ndarray, rows: list[int]) -> dict[str, float]:
    """Return what each programme of a city would cost in this quarter (10 000 CNY)."""
    wanted = {}
    for name, lever in LEVERS.items():
        if lever.unit_cost:
            # The strength of a measure counts once a city, an amount at each place that has a part of it.
            size = levers[name][rows].sum() if lever.amount else levers[name][rows].max()
            wanted[name] = float(size) * lever.unit_cost * YI / 4.0
    wanted["talent_inflow"] = (
        float((levers["talent_inflow"][rows] * levers["talent_package"][rows]).sum()) / 4.0
    )
    if model.quarter % 4 == YEARLY_CALL:
        expected = 1.2 * model.last_certified[rows]
        wanted["certification_reward"] = float((levers["certification_reward"][rows] * expected).sum())
    return {name: amount for name, amount in wanted.items() if amount > 0.0}


def _pay_programmes(
    model: "InnovationModel", government: Government, levers: np.ndarray, rows: list[int], part: float
) -> None:
    """Pay what is spent at once; funds, grants, vouchers and rewards are paid when they are drawn."""
    later = {"guidance_fund", "angel_coinvestment", "innovation_vouchers", "certification_reward"}
    for name, amount in requests(model, levers, rows).items():
        if name not in later:
            model.outside["services"] += government.pay(name, part * amount)


def _support(model: "InnovationModel", levers: np.ndarray, row: int, part: float) -> None:
    p, support = model.p, model.support[row]
    weight = 1.0 / model.scale
    last = model.stats[row]
    support["certification_reward"] = levers["certification_reward"][row] * part
    coached = levers["firm_cultivation"][row] * part
    support["cultivation_reach"] = min(1.0, coached / max(1.0, float(last["rd_firms"]) * weight))
    support["ip_enforcement"] = levers["ip_enforcement"][row] * part
    pledged = levers["ip_pledge_lending"][row] * part * YI * p["pledge_loan_quarters"] / 4.0
    support["ip_pledge_reach"] = min(
        1.0, pledged / max(1.0, float(p["pledge_value"]) * float(last["patents"]) * weight)
    )
    stock = (
        model.programme_credit[row] * (1.0 - 0.25 / CREDIT_YEARS)
        + levers["tech_lending"][row] * part * YI / 4.0
    )
    model.programme_credit[row] = stock
    support["credit_extra"] = min(5.0, stock / max(1.0, 4.0 * float(last["rd_registered"]) * weight))
    support["mentoring"] = p["mentoring_effect"]
    support["leave"] = levers["leave_to_found"][row]
    vouchers = levers["innovation_vouchers"][row] * part * YI / 4.0
    support["voucher"] = min(LARGEST_VOUCHER, vouchers / max(1.0, float(last["contracts_bought"]) * weight))
    model.entry_ease[row] = levers["one_visit_reform"][row] * part
    new = 0.25 * (
        p["incubator_growth"] * model.incubator_places[row] + levers["incubator_places"][row] * part
    )
    model.incubator_places[row] += new
    recruits = 0.25 * levers["talent_inflow"][row] * part
    model.programme_talent[row] = recruits * min(1.5, (levers["talent_package"][row] / 50.0) ** 0.5)


def _grants(model: "InnovationModel", government: Government, rows: list[int]) -> None:
    """Set which part of the grants that firms won the budget can pay."""
    p = model.p
    asked = float(model.stats["grant_asked"][rows].sum()) / model.scale
    if asked == 0.0:
        asked = 0.75 * float(p["grant_coverage"] * p["grant_rate"]) * model.firm_rd(rows)
    ratio = min(1.0, float(p["grants_share"]) * government.budget / max(1.0, asked))
    model.places["grant_ratio"][rows] = ratio


def _offer(model: "InnovationModel", levers: np.ndarray, rows: list[int], part: float) -> Offer:
    public = float((levers["guidance_fund"] + levers["angel_coinvestment"])[rows].sum()) * part * YI / 4.0
    share = float(levers["private_capital_channel"][rows].max())
    savings = float(model.gdp_quarter[rows].sum()) * float(model.p["savings_per_gdp"])
    reachable = savings * float(model.p["fund_reachable_share"])
    return Offer(public, float(levers["guidance_share"][rows].min()), share * savings, reachable)


def eased_minutes(model: "InnovationModel", levers: np.ndarray) -> np.ndarray:
    """Return effective travel times between cities after the integration measures of this quarter."""
    cities = len(model.geography.cities)
    reach = float(model.p["link_reach"])
    delta = np.array([levers["delta_link"][model.geography.members(c)].max() for c in model.geography.cities])
    near = np.array(
        [levers["hangzhou_link"][model.geography.members(c)].max() for c in model.geography.cities]
    )
    ease = reach * np.maximum(delta[:, None], delta[None, :])
    hangzhou = model.geography.cities.index("Hangzhou")
    to_hangzhou = np.zeros((cities, cities))
    to_hangzhou[:, hangzhou] = to_hangzhou[hangzhou, :] = reach * near
    return effective_minutes(model.geography.minutes, 1.0 - (1.0 - ease) * (1.0 - to_hangzhou))


def _universities(model: "InnovationModel", levers: np.ndarray) -> None:
    """Give the inventors of the pilot institutions their title."""
    named = model.scenario_spec.pilot_institutions
    for university in model.universities:
        if not named or university.name in named:
            university.inventor_share = float(levers["inventor_share"][university.place])


def settle_talent(model: "InnovationModel") -> None:
    """Bring high-level talent: those who come anyway, and those whom programmes recruit."""
    p, market = model.p, model.talent
    city_of = model.geography.city_of
    weight = market.high_level[None, :] * halved(model.minutes, float(p["migration_half_life"]))
    np.fill_diagonal(weight, 0.0)
    weight /= weight.sum(axis=1, keepdims=True)
    leaving = 0.25 * p["high_level_leave"] * market.high_level
    market.depart(leaving)
    for row, city in enumerate(city_of):
        natural = 0.25 * float(p["high_level_rate"]) * market.high_level[city] * model.place_share[row]
        programme = float(model.programme_talent[row])
        market.settle(int(city), natural, 0.0, weight[city])
        if programme > 0.0:
            market.settle(int(city), programme, float(p["programme_poaching"]), weight[city])
        if model.year >= 2019:
            model.brought_in[row] += natural + programme
