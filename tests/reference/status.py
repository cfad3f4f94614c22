"""A firm's status: the high-tech certificate and the register of technology-based SMEs."""

from types import SimpleNamespace

from reference.chance import Draws

CERTIFICATE_QUARTERS = 12


class Status:
    """Applications of a firm, and how it gets past thresholds."""

    @property
    def threshold(self) -> float:
        """R&D to sales that a certificate asks for in the firm's sales class."""
        nation = self.model.nation
        if self.revenue_year > 20_000.0:
            return nation.threshold_large
        return nation.threshold_medium if self.revenue_year > 5_000.0 else nation.threshold_small

    @property
    def certificate_value(self) -> float:
        """Three years of the lower tax rate at this year's profit, and a name."""
        nation = self.model.nation
        profit = self.margin * self.revenue_year - self.rd_year
        rate = nation.small_profit_rate if profit <= nation.small_profit_limit else nation.cit_rate
        saved = max(0.0, rate - nation.hte_cit_rate) * max(0.0, profit)
        return 3.0 * saved + self.p.certificate_prestige

    def coached(self, support: SimpleNamespace) -> float:
        """Chance to be coached, by a programme or in a park; favoured fields get more of it."""
        missed = 1.0 - support.cultivation_reach
        missed *= 1.0 - support.park_coaching if self.is_in_park(support) else 1.0
        return min(1.0, (1.0 - missed) * float(support.focus[self.field]))

    def apply_for_certificate(self, draw: Draws, place: SimpleNamespace, support: SimpleNamespace) -> None:
        """Answer the yearly call; firms below the threshold report other spending as R&D if they can."""
        p, stat = self.p, self.model.tallies[self.place]
        if self.certificate:
            return
        self.relabelled = 0.0
        if not self.does_rd or self.age < 4 or self.revenue_year <= 0.0:
            return
        missing = max(0.0, 1.0 - self.rd_year / self.revenue_year / self.threshold)
        # How far a firm would go is a trait: one draw for its life.
        if missing > p.relabel_capacity * self.draws(quarter=0).uniform("RELABEL"):
            return
        value = self.certificate_value + support.certification_reward
        chance = place.certification_push * value / (value + p.application_cost)
        chance = min(1.0, chance * (1.0 + p.coaching_gain * self.coached(support)))
        if not self.patents:
            chance *= p.pass_without_patent
        if draw.uniform("CERTIFICATION") >= chance:
            return
        self.certificate = CERTIFICATE_QUARTERS
        self.relabelled = missing
        self.cash += support.certification_reward
        stat.certified += 1
        stat.rewards += support.certification_reward

    def visit_register(self, u: float, place: SimpleNamespace, support: SimpleNamespace) -> None:
        """Join the register, or be struck off at a review once too large or idle."""
        p, revenue = self.p, 4.0 * self.revenue
        idle_industry = not self.is_technology_firm and not self.does_rd
        if self.tech_sme:
            misplaced = idle_industry or revenue > 1.5 * p.sme_revenue_limit
            self.tech_sme = not (misplaced and u < 0.25 * p.register_review)
        elif not idle_industry and revenue <= p.sme_revenue_limit:
            rate = place.registration_rate * (1.0 + p.coaching_gain * self.coached(support))
            rate *= 1.0 if self.does_rd else p.register_without_rd
            self.tech_sme = u < 0.25 * rate
