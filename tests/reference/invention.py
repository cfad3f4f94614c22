"""Knowledge, inventions and patents of a firm."""

import math
from types import SimpleNamespace

from reference.chance import Draws
from reference.research import START_UP_AGE, TRADITIONAL
from simulation.randomness import binomial, poisson


class Invention:
    """How a firm learns and what comes of it."""

    def learn(self) -> None:
        """Perpetual inventory of R&D."""
        self.knowledge += self.rd - 0.25 * self.p.depreciation * self.knowledge

    @property
    def log_productivity(self) -> float:
        """What R&D capital adds to output, in logs."""
        p = self.p
        natural_size = 4.0 * math.exp(self.scale)
        return p.output_elasticity * math.log(1.0 + self.knowledge / (p.capital_reference * natural_size))

    def filings_expected(self, place: SimpleNamespace, log_pool: float) -> float:
        """Expected filings: researchers, knowledge, what can be absorbed of others, partners, field."""
        p = self.p
        if self.researchers <= 0.0:
            return 0.0
        capacity = self.knowledge / (self.knowledge + p.absorption_reference * 4.0 * self.revenue)
        free = self.researchers * (self.rd - self.project_rd) / self.rd
        if free <= 0.0:
            return 0.0
        rate = (free * place.talent_quality) ** p.researcher_elasticity
        rate *= (1.0 + self.knowledge / p.knowledge_unit) ** p.knowledge_elasticity
        rate *= math.exp(log_pool) ** (p.spillover_elasticity * capacity)
        rate *= p.traditional_patenting if self.field >= TRADITIONAL else 1.0
        return place.patent_propensity * rate * (1.0 + self.partner_gain)

    def try_to_explore(self, u: float, support: SimpleNamespace) -> None:
        """A young technology firm without a project may win one; owners take their part of the money."""
        p, stat = self.p, self.model.tallies[self.place]
        if not (self.is_technology_firm and self.does_rd and self.age <= START_UP_AGE and not self.exploring):
            return
        stat.explorers += 1
        if u < support.frontier:
            self.exploring = int(p.frontier_quarters)
            self.cash += (1.0 - p.grant_misuse) * p.frontier_grant
            self.model.ledgers[self.city].owners += p.grant_misuse * p.frontier_grant
            stat.frontier_money += p.frontier_grant

    def explore(self, u: float) -> int:
        """A batch of inventions at the end of the project, with a small chance."""
        p = self.p
        self.exploring -= 1
        batch = p.frontier_yield * (1.0 - p.grant_misuse) * p.frontier_grant / p.frontier_success
        success = self.exploring == 0 and u < p.frontier_success
        return poisson(batch, u / p.frontier_success) if success else 0

    def patent(self, draw: Draws, place: SimpleNamespace) -> None:
        """Filed, under examination, granted or refused, lapsed: each stage from the stock at the start."""
        p, stat = self.p, self.model.tallies[self.place]
        hazard = 0.25 * p.examination_hazard
        decided = binomial(self.examined, hazard * place.examination_speed, draw.uniform("DECISION"))
        granted = binomial(decided, self.model.nation.pass_rate, draw.uniform("GRANT_DECISION"))
        opened = binomial(self.filed, hazard, draw.uniform("EXAMINATION"))
        lapsed = binomial(self.patents, 0.25 * p.patent_lapse, draw.uniform("LAPSE"))
        filings = 0
        if self.does_rd:
            rate = self.filings_expected(place, self.model.log_pool[self.city][self.field])
            filings = poisson(rate, draw.uniform("INVENTION"))
            if self.exploring:
                filings += self.explore(draw.uniform("DISCOVERY"))
        self.filed += filings - opened
        self.examined += opened - decided
        self.patents += granted - lapsed
        stat.filings += filings
        stat.grants += granted
        stat.refusals += decided - granted
        stat.lapses += lapsed
