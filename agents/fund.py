"""Venture funds: they raise money from private and public partners and look for deals."""

from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np


@dataclass(frozen=True)
class Offer:
    """What a fund of a city can draw on in this quarter, 10 000 CNY.

    Attributes
    ----------
    public : float
        Public money on offer.
    cap : float
        Largest public share.
    channel : float
        Private savings that a policy steers to the fund.
    reachable : float
        Private savings that technology funds could win at most.
    """

    public: float
    cap: float
    channel: float
    reachable: float


class VentureFund(mesa.Agent):
    """The venture funds of one city as one agent: money of private and of public partners side by side.

    Money in 10 000 CNY. Deals and holdings are matched in `simulation.capital`.

    Parameters
    ----------
    managed : float
        Capital under management at the start; `dry_share` of it is not invested.
    """

    def __init__(
        self, model: Any, city: int, place: int, identity: np.uint64, managed: float, dry_share: float
    ) -> None:
        super().__init__(model)
        self.city = city
        self.place = place
        self.identity = identity
        self.dry_powder = dry_share * managed
        self.dry_powder_start = self.dry_powder
        self.legacy = managed - self.dry_powder
        self.portfolio = 0.0
        self.public_powder = 0.0
        self.public_total = 0.0
        self.private_total = managed
        self.managed_start = managed
        self.raised_private = self.raised_public = 0.0
        self.invested = self.returned = self.cost_returned = self.written_off = 0.0
        self.reputation = 1.0
        self.pace = self.dry_powder / float(model.p["target_cover"])

    @property
    def managed(self) -> float:
        """Capital under management: dry powder and the cost of what is held."""
        return self.dry_powder + self.legacy + self.portfolio

    @property
    def public_share(self) -> float:
        """Part of commitments that came from the public purse."""
        total = self.public_total + self.private_total
        return self.public_total / total if total > 0.0 else 0.0

    def raise_money(self, offer: Offer, supply: float, p: Any) -> tuple[float, float]:
        """Raise commitments in this quarter; return (private, public).

        Private partners commit more when money is plentiful outside (`supply`, 2015 = 1) and after good
        returns, and less the longer uninvested money would last at the pace of deals. Public money is paid
        only as far as private partners keep it below the cap. What they would give anyway counts towards
        it; for the rest the fund must win further partners, as far as private savings reach and they
        accept. So where private money is plentiful public money adds little and later displaces some, and
        where it is scarce it brings more in.
        """
        cover = self.dry_powder / max(self.pace, 1e-9)
        scarcity = (float(p["target_cover"]) / max(cover, 1e-9)) ** float(p["scarcity_elasticity"])
        usual = 0.25 * float(p["fund_capital_rate"]) * self.managed * supply
        private = usual * min(2.0, max(0.2, scarcity)) * self.reputation ** float(p["return_elasticity"])
        private += offer.channel
        needed = offer.public * (1.0 - offer.cap) / offer.cap
        left = max(0.0, offer.reachable - private) * min(1.0, scarcity)
        private += min(max(0.0, needed - private), left)
        public = min(offer.public, private * offer.cap / (1.0 - offer.cap))
        self.raised_private, self.raised_public = private, public
        self.dry_powder += private + public
        self.private_total += private
        self.public_total += public
        return private, public

    def budget(self, p: Any) -> float:
        """Return the money for deals in this quarter."""
        return 0.25 * float(p["fund_deployment"]) * self.dry_powder

    def run_off(self, p: Any) -> float:
        """Sell a part of the holdings from before 2015; return the proceeds, which go to the partners."""
        sold = 0.25 * float(p["holding_exit_rate"]) * self.legacy
        self.legacy -= sold
        return sold

    def settle(self, invested: float, proceeds: float, cost: float, lost: float) -> None:
        """Book a quarter's deals, sales and losses; reputation follows the return on what was closed."""
        self.dry_powder -= invested
        self.pace += 0.25 * (4.0 * invested - self.pace)
        self.portfolio += invested - cost - lost
        self.invested += invested
        self.returned += proceeds
        self.cost_returned += cost
        self.written_off += lost
        closed = self.cost_returned + self.written_off
        if closed > 0.0:
            self.reputation = max(0.3, self.returned / closed) / 1.5
