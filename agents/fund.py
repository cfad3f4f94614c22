"""Funds: venture funds raise money and look for deals; guidance funds bring the public part."""

import math
from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np

THINNEST = 0.25
"""Depth of the market, 1 where half of the teams close alone, below which it matters no more (assumption)."""


@dataclass(slots=True)
class Offer:
    """What the funds of a city can draw on in this quarter, 10 000 CNY.

    Attributes
    ----------
    public : float
        Public money that the budget holds for funds.
    cap : float
        Public share of a fund that takes public money.
    channel : float
        Private savings that a policy steers to the fund.
    savings : float
        Private savings of the city.
    angel : float
        Part of the public money that is for seed rounds.
    compensation : float
        Share of private partners' losses on seed rounds of the city's firms that it makes good (0-1).
    relief : float
        Part of a seed investment in the city's firms that angels may deduct from taxable gains (0-1).
    """

    public: float
    cap: float
    channel: float
    savings: float
    angel: float = 0.0
    compensation: float = 0.0
    relief: float = 0.0


def closing_shares(depth: float, cap: float, p: Any) -> tuple[float, float]:
    """Return which part of the teams that try to raise a fund succeed: alone, and with a public cornerstone.

    Private partners offer each team a random part of the smallest size at which its fund can work: lognormal,
    its median rising with the depth of the market. A team closes if that and the public share make a whole.
    """
    spread = float(p["partner_spread"])
    median = float(p["partner_depth"]) * math.log(max(THINNEST, depth))

    def above(part: float) -> float:
        return 0.5 * math.erfc((math.log(part) - median) / (spread * math.sqrt(2.0)))

    return above(1.0), above(1.0 - cap)


def seed_gain(offer: Offer, returned: float, lost: float, p: Any) -> float:
    """Return how much compensation and tax relief raise the expected return of seed money, relative to it.

    Partners expect what seed rounds of the delta have done so far: `returned` a yuan that was closed, and the
    share `lost`. Only angels, a part of the partners, get the relief, at the tax rate on gains.
    """
    relief = offer.relief * float(p["gains_tax"] * p["angel_share"])
    return (offer.compensation * lost + relief) / returned if returned > 0.0 else 0.0


class VentureFund(mesa.Agent):
    """The venture funds of one city as one agent, with the accounts of private and of public partners.

    Money in 10 000 CNY. Deals and holdings are matched in `simulation.capital`. Of dry powder, `seed_purse`
    was raised for seed rounds; `seed_interest` is the part by which partners give more for them than usual.

    Parameters
    ----------
    managed : float
        Capital under management at the start, all private; `dry_share` of it is not invested.
    """

    def __init__(
        self, model: Any, city: int, place: int, identity: np.uint64, managed: float, dry_share: float
    ) -> None:
        super().__init__(model)
        self.city = city
        self.place = place
        self.identity = identity
        self.dry_powder = dry_share * managed
        self.legacy = managed - self.dry_powder
        self.portfolio = 0.0
        self.private_paid = self.dry_powder
        self.public_paid = 0.0
        self.private_returned = self.public_returned = 0.0
        self.raised_private = self.raised_public = 0.0
        self.invested = self.returned = self.cost_returned = self.written_off = 0.0
        self.reputation = 1.0
        self.pace = self.dry_powder / float(model.p["target_cover"])
        self.seed_pace = 0.0
        self.seed_purse = 0.0
        self.seed_interest = 0.0
        self.removed = False

    @property
    def managed(self) -> float:
        """Capital under management: dry powder and the cost of what is held."""
        return self.dry_powder + self.legacy + self.portfolio

    @property
    def public_share(self) -> float:
        """Part of the money paid in that is public; holdings from before 2015 are private."""
        total = self.public_paid + self.private_paid
        return self.public_paid / total if total > 0.0 else 0.0

    def usual_commitments(self, channel: float, supply: float, p: Any) -> tuple[float, float]:
        """Return what private partners commit without public money, and what they would if deals abounded.

        They commit more when money is plentiful outside (`supply`, 2015 = 1) and after good returns, and less
        the longer uninvested money would last at the pace of deals. `channel` is steered to the fund.
        """
        cover = self.dry_powder / max(self.pace, 1e-9)
        scarcity = (float(p["target_cover"]) / max(cover, 1e-9)) ** float(p["scarcity_elasticity"])
        private = self.managed - self.public_share * (self.dry_powder + self.portfolio)
        usual = 0.25 * float(p["fund_capital_rate"]) * private * supply
        channel += self.seed_interest * self.seed_pace
        returns = self.reputation ** float(p["return_elasticity"])
        return usual * min(2.0, max(0.2, scarcity)) * returns + channel, usual * returns + channel

    def raise_money(self, offer: Offer, public: float, supply: float, p: Any) -> tuple[float, float]:
        """Raise commitments in this quarter; return (private, public), the latter at most `public`.

        What partners commit without public money tells, with the depth of the market, how many teams tried.
        A public cornerstone lets further teams close, whose private partners would have left with their
        money; teams that close anyway also take it and then need fewer private partners. So public money
        brings private money in where many teams just fail, and displaces it where most succeed.
        """
        if self.removed:
            return 0.0, 0.0
        private, eager = self.usual_commitments(offer.channel, supply, p)
        committed = 0.0
        if public > 0.0:
            depth = eager / max(1e-9, float(p["fund_reachable_share"]) * offer.savings)
            alone, helped = closing_shares(depth, offer.cap, p)
            closed = private / alone * helped
            served = min(1.0, public / max(1e-9, offer.cap * closed))
            private += served * ((1.0 - offer.cap) * closed - private)
            committed = min(public, served * offer.cap * closed)
            self.seed_purse += offer.angel / max(1e-9, offer.public) * committed / offer.cap
        self.raised_private, self.raised_public = private, committed
        self.dry_powder += private + committed
        self.private_paid += private
        self.public_paid += committed
        return private, committed

    def budget(self, p: Any) -> float:
        """Return the money for deals in this quarter."""
        return 0.25 * float(p["fund_deployment"]) * self.dry_powder

    def spend_seed_purse(self, p: Any) -> float:
        """Spend this quarter's part of the purse; return the seed rounds that it allows relative to usual."""
        spent = 0.25 * float(p["fund_deployment"]) * self.seed_purse
        self.seed_purse -= spent
        return 1.0 + spent / max(spent, self.seed_pace, 1e-9)

    def run_off(self, p: Any) -> float:
        """Sell a part of the holdings from before 2015; return the proceeds, which go to private partners."""
        sold = 0.25 * float(p["holding_exit_rate"]) * self.legacy
        self.legacy -= sold
        self.private_returned += sold
        return sold

    def settle(self, invested: float, seeds: float, proceeds: float, cost: float, lost: float) -> float:
        """Book a quarter's deals (`seeds`: those in seed rounds), sales and losses.

        Reputation follows the return on what was closed. Returns public partners' part of the proceeds.
        """
        self.dry_powder -= invested
        self.pace += 0.25 * (4.0 * invested - self.pace)
        self.seed_pace += 0.25 * (seeds - self.seed_pace)
        self.portfolio += invested - cost - lost
        self.invested += invested
        self.returned += proceeds
        self.cost_returned += cost
        self.written_off += lost
        closed = self.cost_returned + self.written_off
        if closed > 0.0:
            self.reputation = max(0.3, self.returned / closed) / 1.5
        public = self.public_share * proceeds
        self.public_returned += public
        self.private_returned += proceeds - public
        return public

    def wind_up(self) -> tuple[float, float]:
        """Sell everything at cost and return all money; return what (private, public) partners get."""
        public = self.public_share * (self.dry_powder + self.portfolio)
        private = self.managed - public
        self.private_returned += private
        self.public_returned += public
        self.private_paid = self.public_paid = self.invested = 0.0
        self.dry_powder = self.legacy = self.portfolio = self.pace = 0.0
        self.raised_private = self.raised_public = self.seed_pace = self.seed_purse = 0.0
        return private, public

    def remove(self) -> None:
        """Take the fund out of the model: it raises and invests no more and is wound up in this quarter."""
        self.removed = True
        super().remove()


class GuidanceFund(mesa.Agent):
    """A city's guidance fund: a fund of funds that joins the city's venture funds as their public partner.

    Money in 10 000 CNY. It calls public money when funds close, and commits again what comes back.

    Attributes
    ----------
    balance : float
        Money that came back and is not yet committed again.
    called : float
        Money called from the budget in this quarter.
    paid_in, committed, returned, lost : float
        Sums since the start: called from the budget net of what went back, paid to funds, received from them,
        its part of what they wrote off.
    """

    def __init__(self, model: Any, city: int, place: int) -> None:
        super().__init__(model)
        self.city = city
        self.place = place
        self.balance = self.called = 0.0
        self.paid_in = self.committed = self.returned = self.lost = 0.0
        self.removed = False

    def at_hand(self, offered: float) -> float:
        """Return what it can commit in this quarter, of `offered` money and its own."""
        return 0.0 if self.removed else self.balance + offered

    def commit(self, amount: float) -> float:
        """Pay `amount` to funds, its own money first; return what it calls from the budget."""
        own = min(amount, self.balance)
        self.balance -= own
        self.committed += amount
        self.called = amount - own
        self.paid_in += self.called
        return self.called

    def receive(self, proceeds: float, lost: float) -> None:
        """Book what funds paid back, and its part of their losses."""
        self.balance += proceeds
        self.returned += proceeds
        self.lost += lost

    def close(self) -> float:
        """Pay back to the treasury what is left; return it."""
        left, self.balance = self.balance, 0.0
        self.paid_in -= left
        return left

    def remove(self) -> None:
        """Take the guidance fund out of the model: it commits no more; what it gets goes to the treasury."""
        self.removed = True
        super().remove()
