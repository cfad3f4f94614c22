"""Virtual worlds: micro data by year, and worlds that part ways when a study treats one of them."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from agents.compiling import rule
from agents.innovation_rules import invention_rate
from agents.records import FIRM
from scenarios.scenario import FIRST_YEAR, Bilingual, LeverSetting, Scenario
from simulation.branching import branch
from simulation.geography import load_geography
from simulation.indicators import IndicatorTable
from simulation.model import LAST_YEAR, InnovationModel
from simulation.randomness import Purpose, poisson, stream, uniform
from simulation.runs import settle_in

EVENT = 2016
"""Year at whose start worlds part ways: one year lies before it, seven follow."""
_KEPT = (
    *("id", "birth", "place", "city", "field", "kind", "origin", "scale", "opportunity", "knowledge"),
    *("cash", "equity", "grant", "relabelled", "patents", "certificate", "tech_sme", "tenant", "does_rd"),
)
FLOWS = ("revenue", "rd", "reported", "granted", "filings")
YEAR = np.dtype([*((name, FIRM[name]) for name in _KEPT), *((name, "f8") for name in FLOWS)])
"""A firm at the end of a year, and its flows of the year (money in 10 000 CNY)."""


@rule
def filings_of(
    firms: Any, count: int, places: Any, log_pool: Any, seed: int, quarter: int, p: Any, filed: Any
) -> None:
    """Add to `filed` the invention filings of each firm in a quarter that has just been simulated.

    The records do not keep them; the draw that made them can be made again.
    """
    for i in range(count):
        firm = firms[i]
        if firm.alive == 1 and firm.does_rd == 1:
            rate = invention_rate(firm, places[firm.place], log_pool[firm.city, firm.field], p)
            filed[i] += poisson(rate, uniform(stream(seed, firm.id, quarter), Purpose.INVENTION))


ACADEMIC = ("filings", "disclosures", "licences", "spin_offs")
FUNDS = ("private_paid", "public_paid", "cost_returned", "written_off", "portfolio", "public_share")


@dataclass(frozen=True)
class Panel:
    """What one world leaves, by year.

    Attributes
    ----------
    years : YEAR[N]
        Firms that lived to the end of the year.
    academia : dict of float64[U]
        `ACADEMIC` flows of each university.
    cities : dict of float64[C]
        `FUNDS` of each city's fund, researchers, those whom programmes recruited, links ([C, C + 1]).
    """

    years: Mapping[int, np.ndarray]
    academia: Mapping[int, Mapping[str, np.ndarray]]
    cities: Mapping[int, Mapping[str, np.ndarray]]
    table: IndicatorTable
    model: InnovationModel

    def after(self, past: "Panel") -> "Panel":
        """Return the panel with the years of another one in front that it lacks."""
        return replace(
            self,
            years={**past.years, **self.years},
            academia={**past.academia, **self.academia},
            cities={**past.cities, **self.cities},
        )

    def of(self, year: int, ids: np.ndarray, column: str) -> np.ndarray:
        """Return a column for the firms with these ids, 0 for those that are not there (float64[N])."""
        firms = self.years[year]
        order = np.argsort(firms["id"])
        at = np.minimum(np.searchsorted(firms["id"], ids, sorter=order), firms.size - 1)
        rows = order[at]
        return np.where(firms["id"][rows] == ids, firms[column][rows].astype(float), 0.0)

    def total(self, years: range, ids: np.ndarray, column: str) -> np.ndarray:
        """Return the sum of a column over years for the firms with these ids (float64[N])."""
        return np.asarray(sum(self.of(year, ids, column) for year in years))

    def by_city(self, indicator: str, year: int) -> np.ndarray:
        """Return an indicator by city (float64[C])."""
        return np.array([self.table.get(indicator, city, year) for city in self.model.geography.cities])


Treatment = Callable[[InnovationModel], None]
"""What a study does to a world."""


def observe(model: InnovationModel, until: int, each_year: Treatment | None = None) -> Panel:
    """Run a model to the end of a year and keep its micro data; `each_year` is called before each year."""
    years: dict[int, np.ndarray] = {}
    academia: dict[int, dict[str, np.ndarray]] = {}
    cities: dict[int, dict[str, np.ndarray]] = {}
    flows: dict[str, np.ndarray] = {}
    while model.year <= until:
        year = model.year
        if model.quarter % 4 == 0:
            flows = {name: np.zeros(0) for name in FLOWS}
            academia[year] = {name: np.zeros(len(model.universities)) for name in ACADEMIC}
            if each_year:
                each_year(model)
        model.step()
        _add_quarter(model, flows)
        for name, sums in academia[year].items():
            sums += [getattr(university, name) for university in model.universities]
        if model.quarter % 4 == 0:
            years[year], cities[year] = _year_end(model, flows), _of_cities(model)
    return Panel(years, academia, cities, model.table, model)


def _of_cities(model: InnovationModel) -> dict[str, np.ndarray]:
    found = {name: np.array([getattr(fund, name) for fund in model.funds]) for name in FUNDS}
    return found | {
        "researchers": model.talent.stock.copy(),
        "recruits": model.programme_stock.copy(),
        "links": model.links.copy(),
    }


def _add_quarter(model: InnovationModel, flows: dict[str, np.ndarray]) -> None:
    firms = model.firms.records
    for name, sums in flows.items():
        flows[name] = np.concatenate((sums, np.zeros(firms.size - sums.size)))
    flows["revenue"] += firms["revenue"]
    flows["rd"] += firms["rd"]
    flows["reported"] += firms["rd"] / (1.0 - firms["relabelled"])
    flows["granted"] += firms["grant"] * model.places["grant_ratio"][firms["place"]] * firms["rd"]
    quarter, record = model.quarter - 1, model.parameters[0]
    filed = flows["filings"]
    filings_of(firms, firms.size, model.places, model.log_pool, model.seed, quarter, record, filed)


def _year_end(model: InnovationModel, flows: Mapping[str, np.ndarray]) -> np.ndarray:
    firms = model.firms.records
    rows = np.flatnonzero(firms["alive"])
    end = np.zeros(rows.size, dtype=YEAR)
    for name in _KEPT:
        end[name] = firms[name][rows]
    for name in FLOWS:
        end[name] = flows[name][rows]
    return end


class Lab:
    """The worlds of one seed: as it was, and whatever studies make of it from the start of `EVENT` on.

    All of them share every draw that a treatment does not touch.
    """

    def __init__(self, seed: int, scale: float) -> None:
        settle_in()
        self.seed = seed
        self.scale = scale
        self._made: dict[str, Panel] = {}
        self._snapshot: InnovationModel | None = None

    @cached_property
    def usual(self) -> Panel:
        """The untreated world, all years."""

        def keep(model: InnovationModel) -> None:
            if model.year == EVENT:
                self._snapshot = copy.deepcopy(model)

        return observe(InnovationModel(seed=self.seed, scale=self.scale), LAST_YEAR, keep)

    @cached_property
    def drawn(self) -> np.ndarray:
        """Cities that are treated in this lab: half of them, drawn by chance (bool[C])."""
        cities = len(load_geography().cities)
        order = np.random.default_rng(self.seed).permutation(cities)
        return np.asarray(np.isin(np.arange(cities), order[: cities // 2]))

    @property
    def treated(self) -> tuple[str, ...]:
        """Names of the treated cities."""
        return tuple(np.array(load_geography().cities)[self.drawn].tolist())

    def world(
        self,
        name: str,
        until: int,
        treat: Treatment | None = None,
        each_year: Treatment | None = None,
        scenario: Scenario | None = None,
    ) -> Panel:
        """Return the world of this name, made at the first call: studies share worlds.

        It is as it was up to the start of `EVENT`; then it follows `scenario`, `treat` changes it once and
        `each_year` at the start of every year.
        """
        if name not in self._made:
            past = self.usual  # whose making keeps the snapshot
            assert self._snapshot is not None
            model = branch(self._snapshot, scenario) if scenario else copy.deepcopy(self._snapshot)
            if treat:
                treat(model)
            made = observe(model, until, each_year)
            self._made[name] = made.after(past)
        return self._made[name]

    def under(self, scenario: Scenario, until: int, each_year: Treatment | None = None) -> Panel:
        """Return the world under a scenario."""
        return self.world(scenario.name, until, each_year=each_year, scenario=scenario)


def policy(name: str, scope: tuple[str, ...], **levers: float) -> Scenario:
    """Return a scenario of some levers from the start of `EVENT` on."""
    text = Bilingual(en=f"virtual study: {name}", zh=f"虚拟研究: {name}")
    settings = {
        lever: LeverSetting(value=float(value), scope=scope, start=f"{EVENT}Q1")
        for lever, value in levers.items()
    }
    return Scenario(name=name, title=text, description=text, levers=settings)


def set_nation(model: InnovationModel, first: int, last: int = LAST_YEAR, **values: float) -> None:
    """Give a world of its own national rules from one year to another."""
    nation = model.outlook.nation.copy()
    for name, value in values.items():
        nation[name][first - FIRST_YEAR : last - FIRST_YEAR + 1] = value
    model.outlook = replace(model.outlook, nation=nation)
