"""A firm's money: what a quarter brings and costs, credit, owners, growth, and whether it goes on."""

import math
from types import SimpleNamespace

from reference.chance import Draws
from reference.research import TRADITIONAL


class Finance:
    """The accounts of a firm. What leaves its cash enters the ledger of its city, and the other way round."""

    def settle(self, draw: Draws, place: SimpleNamespace, support: SimpleNamespace) -> None:
        """Pay for the quarter: costs, R&D, taxes, interest; then loans, dividends and growth."""
        p, ledger, stat = self.p, self.model.ledgers[self.city], self.model.tallies[self.place]
        noise = p.margin_spread * draw.shock("MARGIN")
        surplus = (self.margin + noise) * self.revenue - p.overhead
        reported = self.rd / (1.0 - self.relabelled)
        tax = self.tax_on(surplus, reported)
        interest = 0.25 * p.interest * self.debt
        granted = self.grant * place.grant_ratio * self.rd
        misused = p.grant_misuse * granted
        price = (1.0 - support.voucher) - (1.0 - support.voucher) * support.brokerage
        contract = self.contracts * self.rd / price**p.voucher_response
        voucher = support.voucher * contract
        wages = p.wage_share * self.rd

        refund = support.park_refund * tax if self.is_in_park(support) else 0.0
        self.cash += surplus + granted + voucher + refund - misused - self.rd - tax - interest
        ledger.customers -= self.revenue
        ledger.suppliers += (self.revenue - surplus - contract) + (self.rd - wages)
        ledger.contracts += contract
        ledger.households += wages
        ledger.treasury += tax
        self.bear_losses()
        ledger.banks += interest - self.use_credit(support)
        ledger.owners += misused + self.pay_dividend()
        ledger.suppliers += self.expand()

        nation = self.model.nation
        stat.tax_relief += nation.cit_rate * max(0.0, surplus - self.rd) - tax
        stat.rd_reported += reported
        stat.grant_asked += self.grant * self.rd
        stat.grant_money += granted
        stat.grant_misused += misused
        stat.contracts_bought += contract
        stat.vouchers += voucher
        stat.park_refunds += refund

    def join_programme(self, draw: Draws, support: SimpleNamespace) -> None:
        """Smart upgrading of traditional industry: some would do it anyway, the subsidy adds others."""
        p, stat = self.p, self.model.tallies[self.place]
        if self.is_technology_firm or self.field < TRADITIONAL or self.upgraded:
            return
        stat.upgradable += self.revenue
        cost = p.upgrade_cost * 4.0 * self.revenue
        subsidy = support.upgrade_subsidy * cost
        u = draw.uniform("UPGRADE")
        if u >= support.upgrade_rate / 4.0:
            return
        if u >= support.upgrade_extra / 4.0:
            self.upgraded = 2
            self.cash += subsidy
        elif self.cash >= cost - subsidy:
            self.upgraded = 1
            self.cash -= cost - subsidy
            self.scale += p.upgrade_gain
            self.model.ledgers[self.city].suppliers += cost
            if self.draws(quarter=0).uniform("UPGRADE_TRAIT") < p.upgrade_hightech:
                self.catalogue = 1
        else:
            return
        stat.upgrade_subsidies += subsidy

    def tax_on(self, surplus: float, reported: float) -> float:
        """Income tax of the quarter; reported R&D is deducted with its extra share."""
        taxable = max(0.0, surplus - (1.0 + self.extra_deduction) * reported)
        return self.tax_rate(4.0 * (surplus - reported)) * taxable

    def use_credit(self, support: SimpleNamespace) -> float:
        """Borrow to pay, or repay from plenty; return new loans less repayments."""
        if self.cash < 0.0:
            loan = min(-self.cash, self.credit_room(support))
        else:
            spare = max(0.0, self.cash - self.venture_money - self.p.cash_buffer * self.revenue)
            loan = -min(self.debt, 0.5 * spare)
        self.cash += loan
        self.debt += loan
        return loan

    def pay_dividend(self) -> float:
        """Owners take part of plenty, unless there is debt; with venture money it goes into growth."""
        spare = self.cash - self.venture_money - self.p.cash_target * self.revenue
        if spare <= 0.0 or self.debt > 0.0:
            return 0.0
        if self.equity > 0.0:
            self.for_growth += self.p.payout * spare
            return 0.0
        self.cash -= self.p.payout * spare
        return self.p.payout * spare

    @property
    def venture_money(self) -> float:
        """What is left of rounds, for R&D and for growth."""
        return self.for_rd + self.for_growth

    def bear_losses(self) -> None:
        """Once own cash is gone, both parts of what rounds left shrink alike."""
        if max(0.0, self.cash) < self.venture_money:
            left = max(0.0, self.cash) / self.venture_money
            self.for_rd, self.for_growth = left * self.for_rd, left * self.for_growth

    def expand(self) -> float:
        """A venture-backed firm spends part of what is for growth."""
        spent = self.p.round_burn * self.for_growth
        self.for_growth -= spent
        self.cash -= spent
        self.scale += self.p.expansion_return * min(1.0, spent / (4.0 * self.revenue))
        return spent

    def exit_chance(self, support: SimpleNamespace, pressure: float) -> float:
        """Chance to close in this quarter: by age, size, coaching, and whether the firm can pay."""
        p = self.p
        by_age = (  # in the n-th quarter after birth
            (4, p.exit_hazard_1),
            (8, p.exit_hazard_2),
            (12, p.exit_hazard_3),
            (28, p.exit_hazard_4_7),
            (float("inf"), p.exit_hazard_later),
        )
        hazard = pressure * next(yearly for last, yearly in by_age if self.age <= last)
        hazard *= min(1.2, math.exp(p.exit_size_slope * (p.log_reference_size_small - self.scale)))
        if self.tenant:
            hazard *= 1.0 - support.mentoring
        if self.cash < 0.0:
            hazard += p.insolvency
        return min(1.0, hazard / 4.0)

    def close(self) -> None:
        """Leave: cash goes to the owners, what is owed to the suppliers, patents lapse, filings end."""
        ledger, stat = self.model.ledgers[self.city], self.model.tallies[self.place]
        if self.cash < 0.0:
            ledger.suppliers += self.cash
        else:
            ledger.owners += self.cash
        stat.exits += 1
        stat.lapses += self.patents
        stat.refusals += self.filed + self.examined
        self.alive = False
        self.remove()
