"""What funds do in a quarter: raise money, make deals, sell or write off holdings, pay their partners."""

import numpy as np

from agents.fund import GuidanceFund, Offer, VentureFund, seed_gain
from simulation.budgets import FOR_FUNDS, FOR_LOSSES, pay_for
from simulation.capital import HOLDING, SEED, last_rounds, match, review_holdings
from simulation.world import World


def raise_funds(model: World, reach: np.ndarray) -> None:
    """Let each fund find private partners, and its city's guidance fund join as far as money goes."""
    plenty = float(model.outlook.vc_supply[model.quarter // 4])
    proceeds, cost, lost = model.seed_record.tolist()
    closed = max(1e-9, cost + lost)
    returned, lost = proceeds / closed, lost / closed
    gains = [seed_gain(offer, returned, lost, model.p) for offer in model.offers]
    model.seed_interest = float(model.p["seed_supply_elasticity"]) * np.array(gains)
    interest = (reach @ model.seed_interest).tolist()
    for fund, guidance in zip(model.funds, model.guidance_funds, strict=True):
        offer: Offer = model.offers[fund.city]
        fund.seed_interest = interest[fund.city]
        private, public = fund.raise_money(offer, guidance.at_hand(offer.public), plenty, model.p)
        model.outside["lps"] -= private
        called = guidance.commit(public)
        if offer.public > 0.0:
            pay_for(model, fund.city, FOR_FUNDS, called)


def invest(model: World, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Match firms that look for equity with funds.

    Returns what each fund invested, in all and in seed rounds, and firms' last rounds (`last_rounds`).
    """
    firms, p = model.firms.records, model.p
    seekers = model.seekers[: model.seeking]
    supply = np.array([fund.budget(p) for fund in model.funds])[:, None] * reach
    appetite = np.array([fund.spend_seed_purse(p) for fund in model.funds]) @ supply
    appetite *= (1.0 + model.seed_interest) / np.maximum(1e-9, supply.sum(axis=0))
    powder = np.array([fund.dry_powder for fund in model.funds])
    before = powder.copy()
    _reserve_holdings(model, seekers.size)
    last = last_rounds(model.holdings, model.holding_count, firms.size)
    model.deals = match(
        firms,
        seekers,
        model.holdings,
        model.holding_count,
        last,
        model.seed,
        model.quarter,
        supply,
        powder,
        appetite,
        1.0 / model.scale,
        model.parameters,
    )
    made = model.holdings[model.holding_count : model.holding_count + model.deals]
    model.holding_count += model.deals
    model.deal_money = float((before - powder).sum())
    seeds = made[made["stage"] == SEED]
    _forgo_tax(model, seeds)
    model.venture_money = np.bincount(firms.at("place", made["row"]), made["cost"], model.places.size)
    model.invested = _between_cities(model, made)
    rounds = np.bincount(firms.at("place", seeds["row"]), minlength=model.places.size)
    model.seed_rounds = rounds / model.scale
    return before - powder, np.bincount(seeds["fund"], seeds["cost"], len(model.funds)), last


def _between_cities(model: World, made: np.ndarray) -> np.ndarray:
    """Return the money of deals from the cities of funds (rows) to those of firms (float64[C, C])."""
    cities = len(model.geography.cities)
    home = np.array([fund.city for fund in model.funds])[made["fund"]]
    pair = home * cities + model.firms.records.at("city", made["row"])
    return np.bincount(pair, made["cost"], cities**2).reshape(cities, cities)


def _forgo_tax(model: World, seeds: np.ndarray) -> None:
    """Note the tax that angels save on this quarter's seed rounds of firms in cities that grant relief."""
    if not any(offer.relief > 0.0 for offer in model.offers):
        return
    rate = float(model.p["gains_tax"] * model.p["angel_share"])
    private = 1.0 - np.array([fund.public_share for fund in model.funds])[seeds["fund"]]
    cities = model.firms.records.at("city", seeds["row"])
    invested = np.bincount(cities, seeds["cost"] * private, len(model.offers)).tolist()
    for city, offer in enumerate(model.offers):
        government = model.governing[city]
        if offer.relief > 0.0 and government:
            forgone = offer.relief * rate * invested[city]
            government.forgo("angel_tax_relief", forgone)
            model.outside["treasury"] -= forgone
            model.outside["lps"] += forgone


def _reserve_holdings(model: World, room: int) -> None:
    if model.holding_count + room > model.holdings.size:
        grown = np.zeros(2 * model.holdings.size + room, dtype=HOLDING)
        grown[: model.holdings.size] = model.holdings
        model.holdings = grown


def review(model: World, invested: np.ndarray, seeds: np.ndarray, last: np.ndarray) -> None:
    """Sell or write off holdings, book the quarter, and pass on what partners get."""
    books, losses = np.zeros((2, 3, len(model.funds))), np.zeros(len(model.offers))
    model.holding_count = review_holdings(
        model.firms.records,
        model.holdings,
        model.holding_count,
        last,
        model.seed,
        model.quarter,
        np.array([fund.public_share for fund in model.funds]),
        model.parameters,
        books,
        losses,
    )
    quarter = zip(invested.tolist(), seeds.tolist(), *books.sum(axis=0).tolist(), strict=True)
    for fund, figures in zip(model.funds, quarter, strict=True):
        public = fund.settle(*figures)
        sold = fund.run_off(model.p)
        _, _, received, _, lost = figures
        model.outside["markets"] -= received + sold
        _pay_partners(model, fund, received + sold - public, public, lost)
    for city, offer in enumerate(model.offers):
        if offer.compensation > 0.0:
            due = offer.compensation * float(losses[city])
            model.outside["lps"] += pay_for(model, city, FOR_LOSSES, due)
    model.seed_losses = losses
    model.seed_record += books[0].sum(axis=1)


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
