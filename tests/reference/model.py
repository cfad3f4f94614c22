"""The quarter of the reference model, from a world that the fast model set up."""

import math
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

import agents.university
from agents.government import Government
from agents.records import FIRM, LEDGER, STATISTICS
from reference import births, capital, distance, partners
from reference.chance import Draws
from reference.firm import ReferenceFirm
from reference.markets import ReferenceGoods, ReferenceTalent
from simulation import academia, delivery, yearbook
from simulation.effects import FITTED_YEARS
from simulation.indicators import FIRST_YEAR
from simulation.model import InnovationModel

_REPLACED = {"firms", "partners", "goods", "talent", "holdings", "holding_count", "seekers", "founders"}
"""State of the fast model that has another form here."""


class ReferenceModel(mesa.Model):
    """The model with one Mesa object per firm; arguments are those of `InnovationModel`.

    `places`, `support`, `stats` and `ledger` are the boards through which the shared parts (what governments
    deliver, the yearbook) see firms; rules read and write plain copies of their rows.
    """

    def __init__(self, **arguments: Any) -> None:
        world = InnovationModel(**arguments)
        super().__init__(rng=world.seed)
        for name in vars(world).keys() - vars(self).keys() - _REPLACED:
            setattr(self, name, getattr(world, name))
        self.world = world
        self.constants = SimpleNamespace(**self.p)
        self.cities = range(len(self.geography.cities))
        self.kinds_of_field = range(len(self.fields))
        self.goods = ReferenceGoods(world.goods.demand)
        self.talent = ReferenceTalent.like(world.talent)
        self.rd_mass, self.gravity = world.rd_mass.tolist(), world.gravity.tolist()
        self.partners = np.empty((0, partners.SLOTS), dtype=np.int32)  # firms hold their own
        self.holdings: list[capital.Holding] = []
        self.pool_start: distance.Matrix | None = None
        self.productivity_start: list[float] | None = None
        self._take_firms(world)

    def _take_firms(self, world: InnovationModel) -> None:
        records = world.firms.living
        names = [name for name in FIRM.names or () if name != "alive"]
        firms = []
        for record in records:
            fields = {name: record[name].item() for name in names}
            fields |= {name: bool(fields[name]) for name in ("does_rd", "tech_sme", "seeks_equity")}
            firms.append(ReferenceFirm(self, unique_id=fields["id"], **fields))
        for firm, row in zip(firms, world.partners.tolist(), strict=True):
            firm.partners = [
                firms[code] if code >= 0 else self.universities[-2 - code] for code in row if code != -1
            ]

    @property
    def firms(self) -> Any:
        """The firms, oldest row first (an AgentSet)."""
        return self.agents_by_type[ReferenceFirm]

    @property
    def governments(self) -> list[Government]:
        """The governments, which are ordinary objects in both models."""
        return self.world.governments

    @property
    def year(self) -> int:
        """Calendar year of this quarter."""
        return FIRST_YEAR + self.quarter // 4

    @property
    def is_last_quarter(self) -> bool:
        """Whether the yearly call is answered in this quarter."""
        return self.quarter % 4 == 3

    def step(self) -> None:
        """Advance by one quarter."""
        self.move_outside_world()
        delivery.deliver(self)
        if self.quarter % 4 == 0:
            partners.renew_networks(self)
        self.log_pool = distance.log_pools(self)
        self.open_books()
        self.firms.do("plan")
        self.clear_markets()
        self.firms.do("operate")
        self.post_figures()
        self.run_universities()
        distance.settle_contracts(self)
        capital.run_funds(self)
        self.move_people()
        births.found_firms(self)
        self.post_figures()
        yearbook.publish(self)
        self.quarter += 1
        self.running = self.year <= self.until

    def move_outside_world(self) -> None:
        """GDP, national rules and fitted trends."""
        growth = self.outlook.growth[self.quarter].tolist()
        self.growth = growth
        self.nation = plain(self.outlook.nation[self.quarter // 4])
        self.pass_rate = self.nation.pass_rate
        if self.quarter > 0:
            mean = self.productivity().tolist()
            self.productivity_start = self.productivity_start or mean
            gains = [now - then for now, then in zip(mean, self.productivity_start, strict=True)]
            self.goods.advance(growth, gains, self.constants)
        quality = self.talent.quality(self.constants.talent_quality_elasticity)
        for row, city in enumerate(self.geography.city_of):
            self.places["talent_quality"][row] = quality[city]
            if self.quarter > 0:
                self.gdp_rest[row] *= 1.0 + growth[city]
        self.follow_trends()

    def follow_trends(self) -> None:
        """What is fitted to 2015-18 follows its trend; later the trend fades and a random walk sets in."""
        damping, years = self.constants.trend_damping, self.quarter / 4.0
        late = max(0.0, years - FITTED_YEARS)
        trend_years = min(years, FITTED_YEARS) - (1.0 - damping**late) / math.log(damping)
        self.trend_step = 0.25 * damping**late
        self.contract_registration = np.ones(self.places.size)
        for row, place in enumerate(self.places):
            fitted = {name: float(values[row]) for name, values in self.place_effects.items()}
            drift = {name: math.sqrt(late) * float(values[row]) for name, values in self.drift.items()}

            def factor(trend: str, by: dict[str, float] = fitted, off: dict[str, float] = drift) -> float:
                return math.exp(trend_years * by[trend] + off[trend])

            place["rd_climate"] = trend_years * fitted["rd_trend"] + drift["rd_trend"]
            place["certification_push"] = fitted["certification_push"] * factor("certification_trend")
            place["registration_rate"] = fitted["registration_rate"] * factor("registration_trend")
            place["patent_propensity"] = self.patent_propensity[row] * math.exp(drift["patent_propensity"])
            self.contract_registration[row] = factor("contract_trend")
        self.high_level_drift = np.exp(math.sqrt(late) * self.drift["high_level_rate"][self.cities])

    def open_books(self) -> None:
        """Write out what firms read in this quarter, and clear what they write on."""
        self.local = [plain(row) for row in self.places]
        self.supports = [plain(row) for row in self.support]
        self.tallies = [_zeros(STATISTICS) for _ in self.places]
        self.ledgers = [_zeros(LEDGER) for _ in self.cities]
        shape = self.knowledge_stock.shape
        self.bids, self.contribution = np.zeros(shape), np.zeros(shape)
        self.payroll = [0.0 for _ in self.cities]
        self.seekers: list[ReferenceFirm] = []
        self.founders: list[tuple[ReferenceFirm, int]] = []

    @property
    def knowledge_last(self) -> np.ndarray:
        """Knowledge stocks by city and field at the end of the last quarter."""
        return self.knowledge_stock

    def clear_markets(self) -> None:
        """Prices and wages."""
        self.goods.clear(self.bids)
        payroll = [money / self.scale for money in self.payroll]
        for university in self.universities:
            payroll[university.city] += university.payroll()
        self.talent.clear(payroll, self.constants.labour_supply_elasticity)
        for row, city in enumerate(self.geography.city_of):
            self.places["wage"][row] = self.local[row].wage = float(self.talent.wage[city])
        self.knowledge_stock = np.zeros_like(self.knowledge_stock)

    def run_universities(self) -> None:
        """Universities are plain Python in both models; each acts in turn."""
        quality = self.talent.quality(self.constants.talent_quality_elasticity)
        for university in self.universities:
            _, wages, purchases = university.spend(float(self.talent.wage[university.city]))
            self.outside["university_spending"] += wages + purchases
            draw = Draws(self.seed, int(university.identity), self.quarter)
            drawn = university_draws(draw)
            university.invent(self.pass_rate, quality[university.city], drawn, self.p)
            university.transfer(self.supports[university.place].leave, self.scale, drawn, self.p)
            university.grow(self.p)

    def move_people(self) -> None:
        """Graduates follow universities and researchers; then programmes bring high-level talent."""
        p, stock = self.constants, self.talent.stock.tolist()
        funding = [sum(u.size for u in self.universities if u.city == city) for city in self.cities]
        graduates = []
        for city in self.cities:
            share = 0.3 * funding[city] / max(1e-9, sum(funding)) + 0.7 * stock[city] / sum(stock)
            trend = self.trend_step * float(self.place_effects["talent_trend"][city]) * stock[city]
            graduates.append(0.25 * p.graduate_rate * self.start_stock * share + trend)
        self.talent.pass_quarter(self.minutes.tolist(), self.growth, graduates, p)
        delivery.settle_talent(self)

    def post_figures(self) -> None:
        """Write what firms reported on the boards that the shared parts read."""
        for board, rows in ((self.stats, self.tallies), (self.ledger, self.ledgers)):
            for name in board.dtype.names or ():
                board[name] = [getattr(row, name) for row in rows]

    # What the shared parts ask of a model.

    def withdraw(self, university: agents.university.University) -> None:
        """Let a university act no more."""
        academia.withdraw(self, university)
        for firm in self.firms:
            firm.partners = [None if partner is university else partner for partner in firm.partners]

    def own(self, totals: np.ndarray) -> np.ndarray:
        """Return totals by place with the zones' parts taken out of their cities."""
        zones = [(row, place) for row, place in enumerate(self.geography.places) if place.kind == "zone"]
        own = totals.copy()
        for row, place in zones:
            own[self.geography.index(place.parent)] -= totals[row]
        return own

    def productivity(self) -> np.ndarray:
        """Return by city the mean log contribution of R&D capital, weighted by bids."""
        cities = zip(self.contribution.tolist(), self.bids.tolist(), strict=True)
        return np.array([sum(added) / sum(bids) for added, bids in cities])

    def firm_rd(self) -> np.ndarray:
        """Return the R&D of firms by city in the last quarter."""
        total = np.zeros(len(self.cities))
        for firm in self.firms:
            total[firm.city] += firm.rd / self.scale
        return total


def plain(record: np.void) -> SimpleNamespace:
    """Return a record as an object with Python floats."""
    return SimpleNamespace(**dict(zip(record.dtype.names, record.item(), strict=True)))


def _zeros(layout: np.dtype[Any]) -> SimpleNamespace:
    return SimpleNamespace(**dict.fromkeys(layout.names, 0.0))


def university_draws(draw: Draws) -> agents.university.Draws:
    """Return what a university draws in a quarter."""
    purposes = {name: name.upper() for name in agents.university.Draws._fields}
    purposes |= {"grant": "GRANT_DECISION", "channel": "LICENCE_CHANNEL"}
    return agents.university.Draws(**{name: draw.uniform(purpose) for name, purpose in purposes.items()})
