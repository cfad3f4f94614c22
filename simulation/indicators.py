"""The registry of indicators and targets: what is measured, how, and in which unit.

Every indicator is a formula over the yearbook of a region: sums over its places of what statistical offices
would count (`simulation.yearbook`). Tables, charts, documentation and app read this registry.
"""

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

import numpy as np

from scenarios.levers import LEVERS
from scenarios.scenario import FIRST_YEAR
from simulation.data import Datum, Observations, data_dir, load_observations
from simulation.geography import load_geography

Sums = Mapping[str, float]
BASE_YEAR = 2018
"""The last year before the policy: growth and doubling are measured from it."""
TARGET_YEAR = 2022


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes
    ----------
    formula : callable
        From the region's sums of the year and of the base year to the value.
    observed_as : tuple of (str, float)
        Observed series that measure the same thing, with the factor to this unit, best first.
    """

    id: str
    name_en: str
    name_zh: str
    unit: str
    definition: str
    formula: Callable[[Sums, Sums], float]
    observed_as: tuple[tuple[str, float], ...] = ()
    decimals: int = 1


def _ratio(top: str, bottom: str, factor: float = 1.0) -> Callable[[Sums, Sums], float]:
    def formula(now: Sums, base: Sums) -> float:
        return factor * now[top] / now[bottom] if now[bottom] else math.nan

    return formula


def _sum(name: str, factor: float = 1.0) -> Callable[[Sums, Sums], float]:
    def formula(now: Sums, base: Sums) -> float:
        return factor * now[name]

    return formula


def _growth(now: float, before: float, years: float) -> float:
    """Return mean growth a year in percent; not defined where there was nothing to grow from."""
    return 100.0 * (now / before) ** (1.0 / years) - 100.0 if before > 0.0 else math.nan


def _contract_growth(now: Sums, base: Sums) -> float:
    years = now["year"] - base["year"]
    if years <= 0:
        return _growth(now["contracts_last"], now["contracts_first"], 0.75)
    return _growth(now["contracts"], base["contracts"], years)


def _doubling(now: Sums, base: Sums) -> float:
    before = base["tech_smes"] + base["high_tech_enterprises"]
    return (now["tech_smes"] + now["high_tech_enterprises"]) / before if before else math.nan


def _reported_share(now: Sums, base: Sums) -> float:
    return 100.0 * (1.0 - now["rd_firms_money"] / now["rd_reported"]) if now["rd_reported"] else math.nan


_INDICATORS = (
    Indicator("rd_intensity", "R&D intensity", "研发投入强度", "percent", "R&D expenditure of firms, universities and institutes over GDP; statistical R&D, without relabelled spending; GDP of the vintage first published.",
              _ratio("rd", "gdp", 100.0), (("rd_intensity", 1.0),), 2),
    Indicator("rd_expenditure", "R&D expenditure", "研发经费", "100m CNY", "R&D expenditure of firms, universities and institutes in the year.", _sum("rd"), (("rd_expenditure", 1.0),)),
    Indicator("gdp", "GDP", "地区生产总值", "100m CNY", "Value added of the simulated firms and of the rest of the economy, nominal.", _sum("gdp"), (("gdp", 1.0),), 0),
    Indicator("rd_personnel", "R&D personnel", "研发人员全时当量", "person-years", "Researchers and staff in full-time equivalents, mean of the year.", _sum("rd_personnel"),
              (("rd_personnel_fte", 1.0),), 0),
    Indicator("rd_personnel_per_10k", "R&D personnel per 10 000 employed", "每万名从业人员中研发人员", "person-years per 10k", "R&D personnel in full-time equivalents per 10 000 employed persons.",
              _ratio("rd_personnel", "employed")),
    Indicator("invention_patents_granted", "Invention patents granted", "发明专利授权量", "patents", "Invention patents granted in the year to firms, universities and institutes.", _sum("grants"),
              (("invention_patents_granted", 1.0),), 0),
    Indicator("valid_invention_patents", "Valid invention patents", "有效发明专利", "patents", "Invention patents in force at the end of the year.", _sum("patents"),
              (("valid_invention_patents", 1.0),), 0),
    Indicator("valid_invention_patents_per_10k", "Valid invention patents per 10 000 residents", "每万人发明专利拥有量", "patents per 10k", "Invention patents in force per 10 000 residents.",
              _ratio("patents", "population"), (("valid_invention_patents_per_10k", 1.0),)),
    Indicator("hightech_value_added_share", "High-tech share of value added", "高新技术产业增加值占比", "percent", "Value added of above-scale industrial firms in the high-tech catalogue over that of all above-scale industry; the catalogue was widened in 2018.",
              _ratio("hightech_value_added", "industrial_value_added", 100.0), (("hightech_value_added_share", 1.0),)),
    Indicator("technology_contract_turnover", "Technology contract turnover", "技术合同成交额", "100m CNY", "Registered technology contracts sold in the year.", _sum("contracts"),
              (("technology_contract_turnover", 1.0),)),
    Indicator("technology_contract_growth", "Growth of technology contracts", "技术合同年均增长", "percent per year", "Mean yearly growth of registered technology contracts since 2018; up to 2018 the growth within the year.",
              _contract_growth),
    Indicator("tech_smes", "Technology-based SMEs", "科技型中小企业", "firms", "Firms on the provincial register of technology-based SMEs at the end of the year (a stock).", _sum("tech_smes"),
              (("tech_smes_stock", 1.0),), 0),
    Indicator("high_tech_enterprises", "High-tech enterprises", "高新技术企业", "firms", "Firms with a valid high-tech certificate at the end of the year.", _sum("high_tech_enterprises"),
              (("high_tech_enterprises_valid_stock", 1.0), ("high_tech_enterprises_stock", 1.0)), 0),
    Indicator("high_level_talent", "High-level talent brought in", "引进高层次人才", "persons", "High-level innovation and entrepreneurship talent that came since 2019, by programmes or on its own.", _sum("brought_in"), (), 0),
    Indicator("innovation_capital", "Innovation capital", "投向科创的民间资本和创投资金", "100m CNY", "Capital managed by venture and guidance funds of the city: what is not invested yet and the cost of what is held.", _sum("innovation_capital"), (), 0),
    Indicator("firm_doubling", "Technology firms relative to 2018", "科技企业倍增", "ratio", "Technology-based SMEs and high-tech enterprises relative to 2018.", _doubling, (), 2),
    Indicator("incubator_coverage", "Counties with a provincial incubator", "孵化器县域覆盖率", "percent", "Counties and districts with a provincial-level incubator or makerspace.", _ratio("incubator_counties", "counties", 100.0), (), 0),
    Indicator("provincial_park_coverage", "Industrial counties with a provincial park", "高新园区覆盖率", "percent", "Large industrial counties with a provincial high-tech park.",
              _ratio("park_counties", "industrial_counties", 100.0), (), 0),
    Indicator("productivity", "Productivity from R&D", "研发全要素生产率", "index", "Contribution of R&D capital to output, weighted by revenue (exp of the mean log).", lambda now, base: math.exp(now["log_productivity"] / now["revenue"]) if now["revenue"] else math.nan, (), 3),
    Indicator("employment", "Employment of simulated firms", "企业从业人员", "persons", "Employees of above-scale industry and technology firms, mean of the year.", _sum("employees"), (), 0),
    Indicator("firms", "Firms", "企业数", "firms", "Above-scale industrial firms and technology firms at the end of the year.", _sum("firms"), (), 0),
    Indicator("new_firms", "New technology firms", "新设科技企业", "firms", "Technology firms born in the year.", _sum("entrants"), (), 0),
    Indicator("entry_rate", "Entry rate", "进入率", "percent", "Firms born in the year over firms at its end.", _ratio("entrants", "firms", 100.0)),
    Indicator("exit_rate", "Exit rate", "退出率", "percent", "Firms closed in the year over firms at its end.", _ratio("exits", "firms", 100.0)),
    *(Indicator(f"survival_{years}", f"Survival over {years} year{'s' if years > 1 else ''}", f"{years}年存活率", "percent",
                f"Of the firms born {4 * years} quarters before each quarter of the year, those that live: four quarterly cohorts.",
                _ratio(f"lived_{years}", f"cohort_{years}", 100.0)) for years in (1, 3, 5)),
    Indicator("young_firm_share", "Share of young firms", "五年内企业占比", "percent", "Firms under five years of age.", _ratio("young_firms", "firms", 100.0)),
    Indicator("industrial_rd_participation", "Industrial firms with R&D", "有研发活动的规上企业占比", "percent", "Share of above-scale industrial firms that do R&D.",
              _ratio("industrial_rd_firms", "industrial_firms", 100.0), (("industrial_firms_with_rd_share", 1.0),)),
    Indicator("incubated_firms", "Firms in incubators", "在孵企业", "firms", "Technology firms that rent a place in an incubator or makerspace at the end of the year.", _sum("tenants"), (), 0),
    Indicator("spin_offs", "Spin-offs", "衍生企业", "firms", "Firms founded in the year by researchers of firms and universities.", _sum("spin_offs"), (), 0),
    Indicator("licences", "Licences", "专利许可", "licences", "Patents of universities and institutes licensed or transferred in the year.", _sum("licences"), (), 0),
    Indicator("office_licences", "Licences by transfer offices", "机构促成的专利许可", "licences", "Licences of universities and institutes whose licensee the institution's transfer office found.", _sum("office_licences"), (), 0),
    Indicator("fund_leverage", "Fund leverage", "基金杠杆", "private yuan per public yuan", "Private over public money raised by the region's funds in the year (gross, not causal).", _ratio("raised_private", "raised_public"), (), 2),
    Indicator("venture_investment", "Venture investment", "创业投资额", "100m CNY", "Money that firms of the region got from venture funds in the year.", _sum("venture_money")),
    Indicator("seed_rounds", "Seed rounds", "种子轮融资", "rounds", "First rounds of venture money for firms of up to three years of age, in the year.", _sum("seed_rounds"), (), 0),
    Indicator("network_degree", "Partners per firm with R&D", "合作伙伴数", "partners", "Partners that a firm with R&D keeps, on average.", _ratio("links", "rd_firms"), (), 2),
    Indicator("network_centrality", "Centrality in the collaboration network", "合作网络中心度", "share", "Eigenvector centrality of the city in the network of collaboration between cities (sums to one).", _sum("centrality"), (), 3),
    Indicator("rd_gini", "Inequality of R&D between cities", "城市研发基尼系数", "Gini", "Gini coefficient of R&D expenditure over the cities of the region.", _sum("rd_gini"), (), 3),
    Indicator("relabelled_share", "Relabelled share of reported R&D", "研发费用虚报占比", "percent", "Part of the R&D that firms report to the tax office which is other spending.", _reported_share),
    Indicator("grants_paid", "R&D grants", "研发补助", "100m CNY", "City grants that match firms' R&D, paid in the year.", _sum("grant_money")),
    Indicator("misused_grant_share", "Misused share of grants", "补助挪用占比", "percent", "Part of the R&D grants that owners took for other ends.", _ratio("grant_misused", "grant_money", 100.0)),
    Indicator("tax_relief", "Tax relief", "税收优惠", "100m CNY", "Corporate income tax forgone through the super-deduction and reduced rates.", _sum("tax_relief")),
    Indicator("fiscal_cost", "Fiscal cost of programmes", "财政支出", "100m CNY", "City S&T money spent in the year on grants, funds, vouchers, rewards, talent and other programmes, without other services.", _sum("fiscal_cost")),
    Indicator("researcher_wage", "Researchers' wage", "研发人员工资", "10k CNY a year", "Yearly wage that clears the local market for researchers, mean over researchers.", _ratio("wage_bill", "rd_personnel"), (), 2),
)  # fmt: skip


def cost_of(lever: str) -> str:
    """Return the id of the indicator that holds what a lever costs."""
    return f"cost_{lever}"


_COSTS = tuple(
    Indicator(
        cost_of(lever.name), f"Cost of {lever.name_en[0].lower() + lever.name_en[1:]}", f"{lever.name_zh}支出", "100m CNY",
        f"Public money spent or forgone in the year for the lever `{lever.name}`, by the city or zone that pays.",
        _sum(cost_of(lever.name)), (), 2,
    )
    for lever in LEVERS.values()
    if lever.costs
)  # fmt: skip

INDICATORS: Mapping[str, Indicator] = MappingProxyType({item.id: item for item in (*_INDICATORS, *_COSTS)})

REGIONS: tuple[str, ...] = (
    *(place.id for place in load_geography().places),
    "Ningbo_HTZ+Wenzhou_HTZ",
    "Ningbo+Wenzhou",
    "YRD",
)


@dataclass(frozen=True)
class Target:
    """A target of the policy for 2022; met when the value is at least `value`."""

    id: str
    regions: tuple[str, ...]
    indicator: str
    unit: str
    value: float
    kind: str
    article: int
    direction: str = "at least"


_TARGET_INDICATOR = {
    "zone_rd_intensity": "rd_intensity",
    "zone_invention_patents_per_10k": "valid_invention_patents_per_10k",
    "zone_hightech_value_added_share": "hightech_value_added_share",
    "zone_technology_contract_growth": "technology_contract_growth",
    "city_rd_intensity": "rd_intensity",
    "city_rd_personnel_per_10k": "rd_personnel_per_10k",
}


def _read_targets() -> tuple[Target, ...]:
    zones = ("Ningbo_HTZ+Wenzhou_HTZ", "Ningbo_HTZ", "Wenzhou_HTZ")
    cities = ("Ningbo+Wenzhou", "Ningbo", "Wenzhou")
    targets = []
    with (data_dir() / "targets.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row["target"]
            targets.append(
                Target(
                    name, zones if name.startswith("zone_") else cities, _TARGET_INDICATOR.get(name, name), row["unit"],
                    float(row["target_2022"]), row["kind"], int(row["article"]),
                )
            )  # fmt: skip
    return tuple(targets)


TARGETS: tuple[Target, ...] = _read_targets()
"""Each target with its joint scope first; the members of a scope are reported beside it."""


TOTALS = {"firms", "persons", "100 million yuan"}  # units of targets that members reach together


def goal_of(target: Target, region: str) -> float | None:
    """Return what a region has to reach: a total binds the joint scope only, a ratio each member too."""
    is_joint = region == target.regions[0]
    return target.value if is_joint or target.unit not in TOTALS else None


@dataclass
class IndicatorTable:
    """Values of all indicators: float64[years, indicators, regions], NaN where not defined or not yet known."""

    values: np.ndarray
    years: tuple[int, ...]
    indicators: tuple[str, ...]
    regions: tuple[str, ...]

    @classmethod
    def empty(cls, until: int) -> "IndicatorTable":
        """Return a table of NaN for the years from 2015 to `until`."""
        years = tuple(range(FIRST_YEAR, until + 1))
        shape = (len(years), len(INDICATORS), len(REGIONS))
        return cls(np.full(shape, np.nan), years, tuple(INDICATORS), REGIONS)

    def get(self, indicator: str, region: str, year: int) -> float:
        """Return one value."""
        at = self.years.index(year), _positions(self.indicators)[indicator], _positions(self.regions)[region]
        return float(self.values[at])


@cache
def _positions(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: position for position, name in enumerate(names)}


_NOT_COMPARABLE = {("Ningbo", "high_tech_enterprises_stock", 2016): "cumulative, not the valid stock"}
"""Observations that measure something else than their series (data/sources.md)."""


_WORST_LAST = ("cited", "computed", "unverified", "assumption")
_ADDITIVE = ("rd_expenditure", "gdp", "rd_personnel", "invention_patents_granted", "valid_invention_patents")
_ADDITIVE_COUNTS = ("technology_contract_turnover", "tech_smes", "high_tech_enterprises")


@cache
def observed(indicator: str, region: str, year: int) -> Datum | None:
    """Return the observation of an indicator in the indicator's own unit, or None.

    For regions that belong together a total is the sum of the members where each has one; the sum has the
    weakest provenance of its parts.
    """
    if "+" in region:
        return _sum_of_members(indicator, region, year)
    return observed_among(load_observations(), indicator, region, year)


def observed_among(observations: Observations, indicator: str, region: str, year: int) -> Datum | None:
    """Return the same from any observations, of a region of its own."""
    for name, factor in INDICATORS[indicator].observed_as:
        datum = observations.get(region, name, year)
        if datum is not None and (region, name, year) not in _NOT_COMPARABLE:
            unit = INDICATORS[indicator].unit
            thousands = datum.unit.startswith("10k_person") and unit == "person-years"
            return replace(datum, value=datum.value * factor * (1e4 if thousands else 1.0), unit=unit)
    return None


def _sum_of_members(indicator: str, region: str, year: int) -> Datum | None:
    members = [observed(indicator, part, year) for part in region.split("+")]
    known = [datum for datum in members if datum is not None]
    if indicator not in _ADDITIVE + _ADDITIVE_COUNTS or len(known) < len(members):
        return None
    weakest = max(known, key=lambda datum: _WORST_LAST.index(datum.provenance))
    total = sum(datum.value for datum in known)
    return replace(weakest, region=region, value=total, note=f"sum of {region.replace('+', ' and ')}")
