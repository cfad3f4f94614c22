"""The firm as one object: its state, and the two passes of a quarter."""

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mesa

from reference.chance import Draws
from reference.finance import Finance
from reference.invention import Invention
from reference.research import Research
from reference.status import Status
from simulation.randomness import poisson

if TYPE_CHECKING:
    from reference.model import ReferenceModel

EVENT_SHARE = 0.4  # of quarters have a growth event
FUNDABLE_AGE = 40


class ReferenceFirm(Research, Invention, Status, Finance, mesa.Agent):
    """A firm. Attributes are the fields of `agents.records.FIRM`; `partners` holds firms and universities."""

    model: "ReferenceModel"

    def __init__(self, model: "ReferenceModel", **fields: Any) -> None:
        super().__init__(model)
        self.p = model.constants
        self.partners: list[Any] = []
        self.scale = self.opportunity = self.weight = self.revenue = self.rd = self.knowledge = 0.0
        self.researchers = self.cash = self.debt = self.equity = self.grant = self.relabelled = 0.0
        self.partner_gain = self.contracts = self.revenue_year = self.rd_year = 0.0
        self.id = self.place = self.city = self.field = self.birth = self.kind = self.origin = 0
        self.upgraded = self.exploring = 0
        self.project_rd = self.venture_rd = self.for_rd = self.for_growth = 0.0
        self.filed = self.examined = self.patents = self.catalogue = self.certificate = self.tenant = 0
        self.does_rd = self.tech_sme = self.seeks_equity = False
        self.alive = True
        for name, value in fields.items():
            setattr(self, name, value)

    @property
    def age(self) -> int:
        """Quarters since birth."""
        return self.model.quarter - self.birth

    @property
    def is_technology_firm(self) -> bool:
        """Whether it entered the statistics as a technology firm, not as above-scale industry."""
        return self.kind == 1

    def draws(self, quarter: int | None = None) -> Draws:
        """Return the firm's draws of this or another quarter."""
        return Draws(self.model.seed, self.id, self.model.quarter if quarter is None else quarter)

    def is_in_park(self, support: SimpleNamespace) -> bool:
        """Whether zone policy has come to the firm's site, which is one draw for its life."""
        return support.park_from <= self.draws(quarter=0).uniform("SITE") < support.park_to

    def plan(self) -> None:
        """First pass: a new opportunity, a new size, a bid for demand, an R&D budget."""
        model, draw = self.model, self.draws()
        place, support = model.local[self.place], model.supports[self.place]
        self.renew_opportunity(draw.shock("OPPORTUNITY"))
        self.grow(draw.uniform("GROWTH"))
        contribution = self.log_productivity
        self.weight = math.exp(self.scale + contribution)
        model.bids[self.city, self.field] += self.weight
        model.contribution[self.city, self.field] += self.weight * contribution
        if model.quarter % 4 == 0:
            self.win_grant(draw.uniform("GRANT"), support)
        self.choose_rd(place, support)
        model.payroll[self.city] += self.p.wage_share * self.rd
        if self.seeks_equity and self.is_technology_firm and self.age <= FUNDABLE_AGE:
            model.seekers.append(self)

    def grow(self, u: float) -> None:
        """Youth, and in some quarters a Laplace shock; its spread falls with size, its mean growth is nil."""
        p = self.p
        self.scale += 0.25 * p.youth_growth / (1.0 + self.age / 8.0)
        if u < EVENT_SHARE:
            by_size = math.exp(-p.size_volatility * (self.scale - p.log_reference_size))
            yearly = p.growth_spread * min(1.5, by_size)
            spread = yearly / math.sqrt(4.0 * EVENT_SHARE * 2.0)  # a Laplace law has twice its squared spread
            side = 2.0 * u / EVENT_SHARE - 1.0
            self.scale += math.copysign(-spread * math.log(1.0 - abs(side) + 1e-12), side) - spread**2

    def operate(self) -> None:
        """Second pass: sell, pay, learn, invent, seek status, live or close."""
        model, draw = self.model, self.draws()
        place, support = model.local[self.place], model.supports[self.place]
        price = model.goods.price[self.city][self.field]
        self.revenue = self.weight * price
        self.scale += math.log(price)
        self.researchers = self.p.wage_share * self.rd / place.wage
        self.settle(draw, place, support)
        self.report_flows()
        self.join_programme(draw, support)
        self.learn()
        if self.does_rd or self.filed or self.examined or self.patents:
            self.patent(draw, place)
        self.try_to_explore(draw.uniform("PROJECT"), support)
        self.revenue_year += self.revenue
        self.rd_year += self.rd
        self.certificate = max(0, self.certificate - 1)
        if model.is_last_quarter:
            self.apply_for_certificate(draw, place, support)
        self.visit_register(draw.uniform("REGISTRATION"), place, support)
        leavers = 0.25 * self.p.spin_off_rate * self.researchers
        if self.does_rd:
            model.founders += [(self, slot) for slot in range(poisson(leavers, draw.uniform("SPIN_OFF")))]
        if draw.uniform("EXIT") < self.exit_chance(support, place.exit_pressure):
            self.close()
        else:
            self.tenant = max(0, self.tenant - 1)
            self.report_stocks()
            if model.is_last_quarter:
                self.revenue_year = self.rd_year = 0.0

    def report_flows(self) -> None:
        """Tell the statistical office of the place what the quarter brought."""
        p, stat = self.p, self.model.tallies[self.place]
        ratio = p.value_added_technology if self.is_technology_firm else p.value_added_industrial
        added = ratio * self.revenue
        stat.revenue += self.revenue
        stat.value_added += added
        if not self.is_technology_firm or 4.0 * self.revenue >= p.above_scale_revenue:
            stat.industrial_value_added += added
            stat.hightech_value_added += added if self.in_catalogue(self.model.nation) else 0.0
        stat.employees += 4.0 * self.revenue / p.revenue_per_worker
        stat.researchers += self.researchers
        stat.rd += self.rd
        stat.rd_registered += self.rd if self.tech_sme else 0.0

    def in_catalogue(self, nation: SimpleNamespace) -> bool:
        """Whether the firm's output counts as high-tech; the catalogue was widened in 2018."""
        return self.catalogue == 1 or (self.catalogue == 2 and nation.catalogue_widened > 0.0)

    def report_stocks(self) -> None:
        """Be counted at the end of the quarter."""
        stat = self.model.tallies[self.place]
        stat.firms += 1
        stat.rd_firms += self.does_rd
        if self.is_technology_firm:
            stat.technology_firms += 1
        else:
            stat.industrial_firms += 1
            stat.industrial_rd_firms += self.does_rd
        stat.high_tech_enterprises += self.certificate > 0
        stat.tech_smes += self.tech_sme
        stat.young_firms += self.age < 20
        if self.age in (4, 12, 20):
            setattr(stat, f"lived_{self.age // 4}", getattr(stat, f"lived_{self.age // 4}") + 1)
        stat.tenants += self.tenant > 0
        for name in ("knowledge", "patents", "cash", "debt"):
            setattr(stat, name, getattr(stat, name) + getattr(self, name))
        self.model.knowledge_stock[self.city, self.field] += self.knowledge
