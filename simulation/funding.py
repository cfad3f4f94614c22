"""What funds do in a quarter: raise money, make deals, sell or write off holdings, pay their partners."""

import numpy as np

from agents.fund import GuidanceFund, Offer, VentureFund
from simulation.budgets import FOR_FUNDS, pay_for
from simulation.capital import HOLDING, demand_for_capital, fund_reach, make_deals, review_holdings
from simulation.world import World


def raise_funds(model: World) -> None:
    """Let each fund find private partners, and its city's guidance fund join as far as money goes."""
    plenty = float(model.outlook.vc_supply[model.quarter // 4])
    for fund, guidance in zip(model.funds, model.guidance_funds, strict=True):
        offer: Offer = model.offers[fund.city]
        private, public = fund.raise_money(offer, guidance.at_hand(offer.public), plenty, model.p)
        model.outside["lps"] -= private
        pay_for(model, fund.city, FOR_FUNDS, guidance.commit(public))


def invest(model: World) -> np.ndarray:
    """Match firms that look for equity with funds; return what each fund invested (float64[F])."""
    firms, p, cities = model.firms.records, model.p, len(model.geography.cities)
    seekers = model.seekers[: model.seeking]
    asked = demand_for_capital(firms, seekers, cities, model.parameters[0])
    reach = fund_reach(model.geography, model.minutes, p)
    supply = np.array([fund.budget(p) for fund in model.funds])[:, None] * reach
    powder = np.array([fund.dry_powder for fund in model.funds])
    before = powder.copy()
    _reserve_holdings(model, seekers.size)
    model.deals = make_deals(
        firms,
        seekers,
        model.seed,
        model.quarter,
        asked,
        supply,
        powder,
        1.0 / model.scale,
        model.parameters[0],
        model.holdings[model.holding_count :],
    )
    model.holding_count += model.deals
    invested = before - powder
    model.deal_money = float(invested.sum())
    return np.asarray(invested)


def _reserve_holdings(model: World, room: int) -> None:
    if model.holding_count + room > model.holdings.size:
        grown = np.zeros(2 * model.holdings.size + room, dtype=HOLDING)
        grown[: model.holdings.size] = model.holdings
        model.holdings = grown


def review(model: World, invested: np.ndarray) -> None:
    """Sell or write off holdings, book the quarter, and pass on what partners get."""
    proceeds, cost, lost = (np.zeros(len(model.funds)) for _ in range(3))
    model.holding_count = review_holdings(
        model.firms.records,
        model.holdings,
        model.holding_count,
        model.seed,
        model.quarter,
        np.array([fund.public_share for fund in model.funds]),
        model.parameters[0],
        proceeds,
        cost,
        lost,
    )
    quarter = zip(invested.tolist(), proceeds.tolist(), cost.tolist(), lost.tolist(), strict=True)
    for fund, (spent, received, paid, written_off) in zip(model.funds, quarter, strict=True):
        public = fund.settle(spent, received, paid, written_off)
        sold = fund.run_off(model.p)
        model.outside["markets"] -= received + sold
        _pay_partners(model, fund, received + sold - public, public, written_off)


def _pay_partners(model: World, fund: VentureFund, private: float, public: float, lost: float) -> None:
    guidance: GuidanceFund = model.guidance_funds[fund.city]
    model.outside["lps"] += private
    guidance.receive(public, fund.public_share * lost)
    if guidance.removed:
        model.outside["treasury"] += guidance.close()


def wind_up(model: World) -> None:
    """Wind up funds that were taken out of the model: what they hold is sold at cost."""
    for number, fund in enumerate(model.funds):
        if fund.removed and fund.managed > 0.0:
            kept = model.holdings[: model.holding_count]
            kept = kept[kept["fund"] != number]
            model.holdings[: kept.size] = kept
            model.holding_count = kept.size
            model.outside["markets"] -= fund.legacy + fund.portfolio
            private, public = fund.wind_up()
            _pay_partners(model, fund, private, public, 0.0)
