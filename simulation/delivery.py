"""From levers to what firms, universities, funds and people get: requests, budgets, capacity."""

import math
from typing import Any

import numpy as np

from agents.compiling import loop, rule
from agents.fund import Offer
from agents.records import numbers
from scenarios.levers import LEVERS
from simulation import academia, surroundings
from simulation.budgets import FOR_FUNDS, FOR_LOSSES, allot, fund_universities, open_budgets
from simulation.geography import borders, effective_minutes, halved, hindered
from simulation.indicators import BASE_YEAR
from simulation.operating import YEARLY_CALL
from simulation.policy import LEVER_VALUES, NEUTRAL
from simulation.review import review_targets
from simulation.synthesis import YI
from simulation.world import World, strongest

LARGEST_VOUCHER = 0.5
"""Largest share of a contract's price that vouchers pay (assumption; city rules pay up to half)."""
LARGEST_MATCH = 2.0
"""Highest matching rate of grants relative to the usual one (assumption)."""
CREDIT_YEARS = 3.0
"""Mean running time of programme credit (assumption)."""
_DRAWN = {
    *FOR_FUNDS,
    *FOR_LOSSES,
    *("innovation_vouchers", "certification_reward", "digital_upgrade_subsidy", "frontier_seed_funding"),
}
"""Programmes whose money is paid out when funds and firms draw it, not at once."""

# Levers in the order of LEVER_VALUES.
_NAMES = tuple(LEVERS)
_UNIT_COSTS = np.array([lever.unit_cost * YI / 4.0 for lever in LEVERS.values()])
_AMOUNTS = np.array([lever.amount for lever in LEVERS.values()])
_PAID = np.array([lever.is_paid for lever in LEVERS.values()])
_HIGHEST = np.array([lever.high for lever in LEVERS.values()])


def deliver(model: World) -> None:
    """Let every government plan its quarter and set what reaches each place."""
    planned = model.levers[model.quarter]
    academia.build(model, planned)
    open_budgets(model, planned)
    fund_universities(model)
    if model.quarter % 4 == 0:
        review_targets(model)
    part = allot(model, planned, requests(model, planned))
    _pay_at_once(model)
    levers = _delivered(model, planned, part)
    _integrate(model, levers)
    model.minutes = hindered(model.minutes, model.friction[model.quarter])
    model.platforms = strongest(model.geography, levers["service_platforms"])
    model.overseas = strongest(model.geography, levers["overseas_links"])
    model.entry_ease, model.programme_talent = _support(
        model.support,
        levers,
        model.stats,
        model.programme_credit,
        model.loss_cover,
        1.0 / model.scale,
        model.parameters,
    )
    surroundings.deliver(model, planned, levers, part)
    _set_grants(model)
    _set_offers(model, levers)
    _set_titles(model, levers)


def requests(model: World, levers: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each programme would cost at each place in this quarter (10 000 CNY, float64[P])."""
    wanted = academia.requests(model, levers) | surroundings.requests(model, levers)
    # The strength of a measure costs a city so much, and a part of the city its part by GDP.
    size = np.where(_AMOUNTS, 1.0, model.place_share[:, None])
    costs = (numbers(levers) - NEUTRAL) * size * _UNIT_COSTS
    wanted |= {_NAMES[lever]: costs[:, lever] for lever in np.flatnonzero(costs.any(axis=0)).tolist()}
    if "joint_research_funding" in wanted:
        wanted["joint_research_funding"] *= academia.are_there(model)[model.geography.city_of]
    if levers["talent_inflow"].any():
        wanted["talent_inflow"] = levers["talent_inflow"] * levers["talent_package"] / 4.0
    if model.quarter % 4 == YEARLY_CALL and levers["certification_reward"].any():
        wanted["certification_reward"] = levers["certification_reward"] * (1.2 * model.last_certified)
    if levers["loss_compensation"].any():
        losses = model.seed_losses[model.geography.city_of] * model.place_share
        wanted["loss_compensation"] = levers["loss_compensation"] * losses
    return wanted


def _pay_at_once(model: World) -> None:
    """Pay for the programmes that are delivered as soon as they are paid."""
    city_of = model.geography.city_of
    academic = {name: np.zeros(len(model.geography.cities)) for name in academia.PROGRAMMES}
    for name, money in model.allotted.items():
        if name not in _DRAWN:
            for row, amount in enumerate(money.tolist()):
                government = model.governing[row]
                if amount <= 0.0 or not government:
                    continue
                paid = government.pay(name, amount)
                if name in academic:
                    academic[name][city_of[row]] += paid
                else:
                    model.outside["services"] += paid
    for government, cover in zip(model.governing, model.loss_cover.tolist(), strict=True):
        if government and cover > 0.0:  # the pool stands with banks
            model.outside["banks"] += government.pay("loss_cover", cover)
    academia.carry_out(model, academic)


def _delivered(model: World, levers: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return levers, those that cost money at the strength that is paid for (`part` is float64[P])."""
    if (part == 1.0).all() and not model.shifted:
        return levers
    factor = np.repeat(part[:, None], len(LEVERS), axis=1)
    for name, change in model.shifted.items():
        factor[:, _NAMES.index(name)] *= change
    values = numbers(levers)
    paid_for = np.minimum(_HIGHEST, NEUTRAL + factor * (values - NEUTRAL))
    return np.where(_PAID, paid_for, values).view(LEVER_VALUES)[:, 0]


def _city_sum(model: World, values: np.ndarray) -> np.ndarray:
    return np.bincount(model.geography.city_of, values, len(model.geography.cities))


@rule
def _reach(amount: float, needed: float, most: float) -> float:
    return min(most, amount / max(1.0, needed))


@loop
def _support(
    support: Any, levers: Any, stats: Any, credit: Any, loss_cover: Any, weight: float, parameters: Any
) -> Any:
    """Turn levers that budgets can pay into what reaches a firm, as far as capacity allows.

    Credit of lending programmes is paid back and granted in `credit`. Returns by place what eases entry, and
    the people whom programmes recruit in the quarter.
    """
    p = parameters[0]
    ease, recruited = np.zeros(support.size), np.zeros(support.size)
    for place in range(support.size):
        to, by, last = support[place], levers[place], stats[place]
        to.certification_reward = by.certification_reward
        to.cultivation_reach = _reach(by.firm_cultivation, last.rd_firms * weight, 1.0)
        to.ip_enforcement = by.ip_enforcement
        pledged = by.ip_pledge_lending * (YI * p.pledge_loan_quarters / 4.0)
        to.ip_pledge_reach = _reach(pledged, p.pledge_value * last.patents * weight, 1.0)
        credit[place] *= 1.0 - 0.25 / CREDIT_YEARS
        credit[place] += by.tech_lending * YI / 4.0 + p.pool_leverage * loss_cover[place]
        to.credit_extra = _reach(credit[place], 4.0 * last.rd_registered * weight, 5.0)
        to.mentoring = p.mentoring_effect
        to.leave = by.leave_to_found
        vouchers = by.innovation_vouchers * YI / 4.0
        to.voucher = _reach(vouchers, last.contracts_bought * weight, LARGEST_VOUCHER)
        explorers = last.explorers * weight
        projects = by.frontier_seed_funding * YI / 4.0 / p.frontier_grant
        to.frontier = _reach(min(projects, explorers), explorers, 1.0)
        to.brokerage = p.transaction_cost * by.service_platforms
        ease[place] = min(1.0, by.one_visit_reform + p.autonomy_ease * by.zone_autonomy)
        appeal = min(1.5, math.sqrt(by.talent_package / 50.0))
        recruited[place] = 0.25 * by.talent_inflow * appeal
    return ease, recruited


def _set_grants(model: World) -> None:
    """Set the matching rate that city budgets can pay to winners, relative to the usual rate.

    What a budget holds for grants is paid out: scarce money lowers the rate, plenty raises it up to a limit.
    """
    p = model.p
    asked = _city_sum(model, model.stats["grant_asked"]) / model.scale
    if not asked.any():
        asked = 0.75 * p["grant_coverage"] * p["grant_rate"] * model.firm_rd()
    held = p["grants_share"] * model.city_budgets - _city_sum(model, model.moved) - _arrears_of_grants(model)
    ratio = np.minimum(LARGEST_MATCH, np.maximum(0.0, held) / np.maximum(1.0, asked))
    model.places["grant_ratio"] = ratio[model.geography.city_of]


def _arrears_of_grants(model: World) -> np.ndarray:
    """Return by city what budgets lack of their part for grants because they had to pay arrears."""
    lacking = np.zeros(model.city_budgets.size)
    for government in model.acting:
        if government.spent.get("arrears"):
            share = float(model.p["grants_share"]) * government.budget
            lacking[government.city] += share - government.for_grants(model.p)
    return lacking


def _set_offers(model: World, levers: np.ndarray) -> None:
    """Set what the funds of each city can draw on."""
    cities = len(model.geography.cities)
    offered = {name: _city_sum(model, model.allotted[name]) for name in FOR_FUNDS}
    public = sum(offered.values(), np.zeros(cities))
    angel = offered["angel_coinvestment"]
    savings = _city_sum(model, model.gdp_quarter) * model.p["savings_per_gdp"]
    channel = strongest(model.geography, levers["private_capital_channel"]) * savings
    caps = levers["guidance_share"][:cities]
    compensation, relief = (
        strongest(model.geography, levers[name]) for name in ("loss_compensation", "angel_tax_relief")
    )
    columns = (public, caps, channel, savings, angel, compensation, relief)
    model.offers = [Offer(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _integrate(model: World, levers: np.ndarray) -> None:
    """Ease contact between cities: measures in force bring their full effect over some years."""
    for name, linked in model.linked.items():
        target = strongest(model.geography, levers[name])
        model.linked[name] = np.minimum(target, linked + 0.25 * target / model.p["link_years"])
    delta, near = model.linked["delta_link"], model.linked["hangzhou_link"]
    if delta.any() or near.any():
        wide = np.maximum(delta[:, None], delta[None, :])
        model.minutes = effective_minutes(model.geography.minutes, _ease(model, wide, near))
        model.border = borders(model.geography, model.p, model.p["border_relief"] * wide)
    else:
        model.minutes, model.border = model.geography.minutes, borders(model.geography, model.p)


def _ease(model: World, wide: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the share that integration takes off travel times, with the delta and with Hangzhou."""
    reach = float(model.p["link_reach"])
    hangzhou = model.geography.cities.index("Hangzhou")
    to_hangzhou = np.zeros_like(wide)
    to_hangzhou[:, hangzhou] = to_hangzhou[hangzhou, :] = near
    return np.asarray(1.0 - (1.0 - reach * wide) * (1.0 - reach * to_hangzhou))


def _set_titles(model: World, levers: np.ndarray) -> None:
    """Give the inventors of the pilot institutions their title, and academics their roles in firms."""
    named = model.scenario_spec.pilot_institutions
    titles, seconded = levers["inventor_share"].tolist(), levers["secondment_share"].tolist()
    for university in model.universities:
        if not named or university.name in named:
            university.entitle(titles[university.place])
        university.seconded = seconded[university.place]


def settle_talent(model: World) -> None:
    """Bring high-level talent: those who come anyway, and those whom programmes recruit."""
    p, market, city_of = model.p, model.talent, model.geography.city_of
    # Those who come anyway follow those who are there anyway: recruits draw nobody after them.
    usual = market.high_level - model.programme_stock
    natural = 0.25 * p["high_level_rate"] * model.high_level_drift * usual
    market.depart(0.25 * p["high_level_leave"] * market.high_level)
    model.programme_stock *= 1.0 - 0.25 * p["high_level_leave"]
    market.arrive(natural)
    programme = _city_sum(model, model.programme_talent)
    if programme.any():
        weight = market.high_level[None, :] * halved(model.minutes, float(p["migration_half_life"]))
        np.fill_diagonal(weight, 0.0)
        weight /= weight.sum(axis=1, keepdims=True)
        lost = p["programme_poaching"] * programme @ weight
        lost = np.minimum(lost, 0.5 * market.high_level)
        market.depart(lost)
        market.arrive(programme)
        model.programme_stock += programme - lost
    with_start_ups = p["overseas_team"] * model.overseas_founded
    if with_start_ups.any():
        returned = _city_sum(model, with_start_ups)
        market.arrive(returned)
        model.programme_stock += returned
    if model.year > BASE_YEAR:
        model.brought_in += natural[city_of] * model.place_share + model.programme_talent + with_start_ups
