"""What a firm wants to spend on R&D, and what it can."""

import math
from types import SimpleNamespace

TRADITIONAL = 5  # fields from here on are traditional
STANDARD_B_INDEX = (1.0 - 0.25 * (1.0 + 0.5)) / (1.0 - 0.25)
START_UP_AGE = 24


class Research:
    """The R&D decision of a firm."""

    def renew_opportunity(self, shock: float) -> None:
        """An autoregressive process that keeps variance one; `opportunity_memory` is what a year leaves."""
        memory = self.p.opportunity_memory**0.25
        self.opportunity = memory * self.opportunity + math.sqrt(1.0 - memory**2) * shock

    def win_grant(self, u: float, support: SimpleNamespace) -> None:
        """A programme matches this year's R&D of some firms: with patents, in parks, in favoured fields."""
        chance = self.p.grant_coverage * (1.0 if self.patents else 0.5)
        chance *= float(support.focus[self.field]) * (1.0 + support.park_priority * self.is_in_park(support))
        self.grant = self.p.grant_rate if self.does_rd and u < chance else 0.0

    @property
    def margin(self) -> float:
        """Operating surplus before R&D over revenue, on average."""
        return self.p.margin_technology if self.is_technology_firm else self.p.margin_industrial

    def tax_rate(self, profit_year: float) -> float:
        """Certified firms pay the reduced rate, firms with little profit the small one."""
        nation = self.model.nation
        if self.certificate:
            return nation.hte_cit_rate
        return nation.small_profit_rate if profit_year <= nation.small_profit_limit else nation.cit_rate

    @property
    def extra_deduction(self) -> float:
        """Share of R&D deducted on top of its full amount."""
        nation = self.model.nation
        return nation.super_deduction_sme if self.tech_sme else nation.super_deduction

    def incentive(self, place: SimpleNamespace, support: SimpleNamespace) -> float:
        """Log effect of local conditions, protection and the user cost of R&D."""
        p = self.p
        rate = self.tax_rate(4.0 * (self.margin * self.revenue - self.rd))
        b_index = (1.0 - rate * (1.0 + self.extra_deduction)) / (1.0 - rate)
        grant = self.grant * place.grant_ratio * (1.0 - p.grant_misuse)
        user_cost = b_index / STANDARD_B_INDEX * (1.0 - grant)
        return (
            place.rd_climate
            + p.appropriability_gain * support.ip_enforcement
            + p.upgrade_readiness * (self.upgraded == 1)
            - p.user_cost_elasticity * math.log(user_cost)
        )

    @property
    def excess_size(self) -> float:
        """Log size above the smallest above-scale firm."""
        return max(0.0, self.scale - self.p.log_reference_size)

    def decide_participation(self, incentive: float, cut: float) -> None:
        """Sunk cost: between the two ends of the band a firm goes on as it did."""
        p = self.p
        distance = self.opportunity + incentive / p.opportunity_spread - cut
        distance += p.size_participation * self.excess_size
        if self.does_rd and distance < -p.sunk_cost_band:
            self.does_rd = False
            self.rd = 0.0
        elif not self.does_rd and distance > p.sunk_cost_band:
            self.does_rd = True

    def wished_intensity(self, place: SimpleNamespace, incentive: float, cut: float) -> float:
        """R&D to revenue that the firm would choose if nothing held it back."""
        p = self.p
        if self.is_technology_firm:
            base, cap, spread = (
                place.rd_base_technology,
                p.intensity_cap_technology,
                p.opportunity_spread_technology,
            )
        else:
            base, cap, spread = place.rd_base_industrial, p.intensity_cap_industrial, p.opportunity_spread
        spread *= math.exp(-p.size_volatility * self.excess_size)
        by_field = p.traditional_rd if self.field >= TRADITIONAL else 1.0
        return min(cap, by_field * base * math.exp(spread * (self.opportunity - cut) + incentive))

    def credit_room(self, support: SimpleNamespace) -> float:
        """New debt that banks would grant: a line that opens after three years, patents, programmes."""
        p = self.p
        mature = 1.0 if self.age >= 12 else 0.3
        limit = mature * p.credit_line * 4.0 * self.revenue
        limit += p.pledge_value * support.ip_pledge_reach * self.patents
        if self.tech_sme:
            limit += support.credit_extra * 4.0 * self.rd
        return max(0.0, limit - self.debt)

    def choose_rd(self, place: SimpleNamespace, support: SimpleNamespace) -> None:
        """Step towards the wished intensity as far as money goes; look for equity where it does not."""
        p = self.p
        incentive = self.incentive(place, support)
        cut = place.rd_cut_technology if self.is_technology_firm else place.rd_cut_industrial
        self.decide_participation(incentive, cut)
        self.seeks_equity = False
        own = self.rd - self.project_rd - self.venture_rd
        self.project_rd = self.venture_rd = 0.0
        if not self.does_rd:
            self.exploring = 0
            self.for_rd, self.for_growth = 0.0, self.venture_money
            return
        wished = self.wished_intensity(place, incentive, cut)
        small = 4.0 * self.revenue < p.small_firm_revenue
        a_year = p.adjustment_small if small else p.adjustment_large
        speed = 1.0 - (1.0 - a_year) ** 0.25
        now = own / self.revenue or 0.5 * wished  # those who start do so half-way
        planned = self.revenue * (now + speed * (wished - now))
        income = self.margin * self.revenue - p.overhead - 0.25 * p.interest * self.debt
        savings = p.cash_for_rd * max(0.0, self.cash - self.venture_money)
        affordable = income + savings + p.credit_for_rd * self.credit_room(support)
        start_up = self.age <= START_UP_AGE and self.opportunity > p.ambition
        self.seeks_equity = planned > affordable or (start_up and self.cash < 4.0 * self.revenue)
        if self.exploring:
            self.project_rd = (1.0 - p.grant_misuse) * p.frontier_grant / p.frontier_quarters
        self.venture_rd = p.round_burn * self.for_rd
        self.for_rd *= 1.0 - p.round_burn
        self.rd = max(0.0, min(planned, affordable)) + self.project_rd + self.venture_rd
