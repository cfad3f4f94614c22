"""The state of the world: what the phases of a quarter read and move on.

`simulation.initial` fills it, `simulation.phases` and their helpers change it, and
`simulation.model.InnovationModel` is one. Letters in brackets: P places, C cities, F fields, Q quarters, N
firms. Money in 10 000 CNY, flows a quarter.
"""

from typing import Any

import mesa
import numpy as np

from agents.compiling import loop
from agents.fund import GuidanceFund, Offer, VentureFund
from agents.government import Government
from agents.parameters import Parameters
from agents.population import RecordPopulation
from agents.university import University
from scenarios.scenario import FIRST_YEAR, PlannedInstitute, Scenario
from simulation.data import County, Field, StartingValues
from simulation.geography import Geography
from simulation.indicators import IndicatorTable
from simulation.markets import GoodsMarket, TalentMarket
from simulation.outlook import Outlook
from simulation.randomness import draw_many


class World(mesa.Model):
    """Everything that a quarter starts from and leaves behind."""

    # What a run is.
    seed: int
    scale: float  # share of firms simulated; each stands for 1/scale firms
    until: int
    check: bool
    scenario_spec: Scenario
    parameters: np.ndarray  # one record, for compiled rules
    p: Parameters  # the same values, for Python
    quarter: int  # from 0, the first quarter of 2015

    # The outside, the map, policy.
    geography: Geography
    fields: tuple[Field, ...]
    start: StartingValues
    outlook: Outlook
    nation: np.void  # NATION of the year
    pass_rate: float
    growth: np.ndarray  # [C] nominal GDP growth of the quarter
    first_quarter: np.ndarray  # [C] first quarter's flow relative to the mean quarter of 2015
    friction: np.ndarray  # [Q, C] what conditions add to travel times, share
    founder_change: np.ndarray  # [Q, C] what conditions add to founders, share
    minutes: np.ndarray  # [C, C] effective travel times
    border: np.ndarray  # [C, C] what provincial borders leave of contact
    linked: dict[str, np.ndarray]  # by lever: integration that measures have brought so far (0-1), each [C]
    levers: np.ndarray  # LEVER_VALUES[Q, P]
    support: np.ndarray  # SUPPORT[P]
    offers: list[Offer]  # [C]
    entry_ease: np.ndarray  # [P]
    platforms: np.ndarray  # [C] strength of service platforms (0-1)
    overseas: np.ndarray  # [C] strength of links to knowledge from outside the delta (0-1)
    programme_credit: np.ndarray  # [P] lending programmes' stock of credit
    programme_talent: np.ndarray  # [P] people recruited in the quarter
    programme_stock: np.ndarray  # [C] what programmes have added to high-level talent, and taken elsewhere
    place_effects: dict[str, np.ndarray]  # fitted effects, each [P]
    drift: dict[str, np.ndarray]  # each [P], log points in the first year
    trend_step: float
    high_level_drift: np.ndarray  # [C]
    contract_registration: np.ndarray  # [P] registered share relative to 2015

    # Agents and places.
    places: np.ndarray  # PLACE[P]
    firms: RecordPopulation
    universities: list[University]
    university_ids: np.ndarray
    university_fields: np.ndarray
    university_starts: np.ndarray  # [C + 1]
    institutes_to_open: list[PlannedInstitute]  # institutes that policy may still open
    institutes_opened: set[str]  # by name, those that it has opened
    funds: list[VentureFund]  # [C]
    guidance_funds: list[GuidanceFund]  # [C]
    acting: list[Government]  # who opened books in the quarter
    governing: list[Government | None]  # [P] who answers for a place
    city_budgets: np.ndarray  # [C] S&T budget of the city and its zone
    allotted: dict[str, np.ndarray]  # by programme, [P] money put aside in the quarter
    shifted: dict[str, np.ndarray]  # by programme, [P] factor of its money by coordination
    moved: np.ndarray  # [P] grant money moved to other instruments
    loss_cover: np.ndarray  # [P] of it, money that covers losses on technology loans
    counties: dict[str, list[County]]
    platform_draws: dict[str, tuple[np.uint64, np.uint64]]
    place_share: np.ndarray  # [P] part of the city's GDP
    field_shares: np.ndarray  # [P, F] fields of entrants
    patent_propensity: np.ndarray  # [P] before drift
    incubator_places: np.ndarray  # [P]
    places_added: np.ndarray  # [C] incubator places that policy added since the start
    park_start: np.ndarray  # [P] share of firms inside a park in 2015
    park_built: np.ndarray  # [P] the same with the parks that policy has added
    platforms_funded: list[tuple[np.ndarray, np.ndarray]]  # by quarter: parks and incubators, each [C]
    overseas_founded: np.ndarray  # [P] start-ups from incubators abroad, in the quarter
    cluster_fields: np.ndarray  # bool[F] fields on which support may be focused
    cluster: np.ndarray  # [C, F] strength of the focus
    foreign_knowledge: np.ndarray  # [C, F] log points that international parks add to accessible knowledge

    # Markets.
    goods: GoodsMarket
    bids: np.ndarray  # [C, F]
    contribution: np.ndarray  # [C, F] log productivity weighted by bids
    talent: TalentMarket
    payroll: np.ndarray  # [C]
    start_stock: float
    gdp_start: np.ndarray  # [P] a year
    gdp_rest: np.ndarray  # [P] value added outside the simulated firms
    gdp_quarter: np.ndarray  # [P]
    productivity_start: np.ndarray | None

    # Knowledge, partners, contracts.
    knowledge_stock: np.ndarray  # [C, F]
    pool_start: np.ndarray | None
    log_pool: np.ndarray  # [C, F] accessible knowledge relative to 2015
    rd_mass: np.ndarray  # [C]
    gravity: np.ndarray  # [C, C] where searches for partners lead
    partners: np.ndarray  # int32[N, SLOTS]
    links: np.ndarray  # [C, C + 1]
    contracts_sold: np.ndarray  # [C]
    contract_flow: np.ndarray  # [C, C] from buyers to sellers
    turnover_start: np.ndarray  # [P]
    registered_share: np.ndarray | None  # [P]

    # Venture capital.
    seekers: np.ndarray
    seeking: int
    holdings: np.ndarray  # HOLDING[...], of which holding_count are in use
    holding_count: int
    deals: int
    deal_money: float
    venture_money: np.ndarray  # [P] that firms got in the quarter
    seed_rounds: np.ndarray  # [P]
    invested: np.ndarray  # [C, C] venture money of the quarter, from funds to firms
    seed_interest: np.ndarray  # [C] rise of seed rounds from compensation and tax relief
    seed_losses: np.ndarray  # [C] private partners' part of seed rounds written off in the quarter
    seed_record: np.ndarray  # seed rounds since the start: proceeds, cost of what was sold, written off

    # Births.
    founders: np.ndarray
    spun_off: int
    leave_due: np.ndarray  # [C] firms that leave adds, not yet founded
    births: list[np.ndarray]  # by quarter: simulated firms born, each [P]

    # Books and statistics.
    stats: np.ndarray  # STATISTICS[P]
    ledger: np.ndarray  # LEDGER[C]
    outside: dict[str, float]  # what outside accounts received since the start
    cash_before: float
    stocks_before: dict[str, int]
    money_before: dict[str, float]
    last_certified: np.ndarray  # [P]
    brought_in: np.ndarray  # [P] high-level talent since 2019
    year_sums: np.ndarray  # [figures, P] flows of the year so far
    contracts_first: np.ndarray  # [P] registered contracts of the year's first quarter
    base_sums: dict[str, dict[str, float]]
    table: IndicatorTable
    flows: np.ndarray  # [years, flows, C, C] (`simulation.flows`)

    @property
    def year(self) -> int:
        """Calendar year of the quarter at hand."""
        return FIRST_YEAR + self.quarter // 4

    @property
    def governments(self) -> list[Government]:
        """Governments that act: the nation, provinces, cities, zones."""
        return list(super().agents_by_type.get(Government, ()))

    def own(self, totals: np.ndarray) -> np.ndarray:
        """Return totals by place with the zones' parts taken out of their cities (float64[P])."""
        own = totals.copy()
        for row, place in enumerate(self.geography.places):
            if place.kind == "zone":
                own[self.geography.index(place.parent)] -= totals[row]
        return own

    def firm_rd(self) -> np.ndarray:
        """Return the firms' R&D by city in the last quarter (10 000 CNY, float64[C])."""
        firms = self.firms.records
        money = firms["rd"] * firms["alive"]
        return np.asarray(np.bincount(firms["city"], money, len(self.geography.cities)) / self.scale)

    def productivity(self) -> np.ndarray:
        """Return mean log contribution of R&D capital to output by city, weighted by bids (float64[C])."""
        return np.asarray(self.contribution.sum(axis=1) / np.maximum(1e-9, self.bids.sum(axis=1)))

    def relative_productivity(self) -> np.ndarray:
        """Return the change of mean log productivity by city since the first quarter (float64[C])."""
        now = self.productivity()
        if self.productivity_start is None:
            self.productivity_start = now
        return np.asarray(now - self.productivity_start)

    def drawn(self, identities: np.ndarray, purposes: np.ndarray) -> list[list[float]]:
        """Return agents' draws of this quarter (rows) for several purposes (columns) at once."""
        values: list[list[float]] = draw_many(self.seed, identities, self.quarter, purposes).tolist()
        return values


def strongest(geography: Geography, values: np.ndarray) -> np.ndarray:
    """Return the largest of a city's values by place, 0 at least (float64[P] to float64[C])."""
    return np.asarray(_largest(geography.city_of, values, len(geography.cities)))


@loop
def _largest(city_of: Any, values: Any, cities: int) -> Any:
    largest = np.zeros(cities)
    for place in range(values.size):
        largest[city_of[place]] = max(largest[city_of[place]], values[place])
    return largest
