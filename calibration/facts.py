"""Stylised facts: what one full-scale run says about them, beside what was published.

    python -m calibration.facts          prints the table

Bands come from the published evidence. A fact is *fitted* if the same evidence set a parameter, a city effect
or the starting population: that it holds is no test of the model. The others are *held out*. Facts about the
effect of a policy need a treated and an untreated run and are not measured here.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rich.table import Table
from scipy.optimize import brentq
from scipy.special import gammaln

from agents.firm import Kind
from calibration.effects.cities import distances
from calibration.effects.estimators import bunching, gravity
from simulation.cli_output import output
from simulation.model import InnovationModel

SEED = 1
LAST_YEAR = 2018
"""Last year of the run: facts are about the years before the policy."""
PROVINCES_OF_PARTICIPATION = ("Zhejiang", "Jiangsu")
BINS = 20
TOP = 0.02
"""Part of firms, the largest, that the tail exponent is measured on."""
LARGE = 20_000.0
"""Sales a year (10 000 CNY) from which a holder belongs to the largest class of the certificate rules."""


@dataclass(frozen=True)
class History:
    """What a run leaves for the facts.

    Attributes
    ----------
    hazard : float64[A]
        Chance a quarter that a technology firm closes, by its age in quarters.
    years : tuple of FIRM[N]
        The firms at the end of each year.
    """

    model: InnovationModel
    hazard: np.ndarray
    years: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Fact:
    """One fact; `low` and `high` bound what counts as met, and are infinite where there is no band.

    Attributes
    ----------
    used : bool
        Whether the evidence also set a parameter, a city effect or the starting population.
    """

    name: str
    published: str
    low: float
    high: float
    used: bool
    source: str
    measure: Callable[[History], float]

    def holds(self, value: float) -> bool | None:
        """Return whether a value lies inside the band, or None where there is none."""
        if math.isinf(self.low) and math.isinf(self.high):
            return None
        return self.low <= value <= self.high


def record(
    seed: int = SEED, scale: float = 1.0, effects: Mapping[tuple[str, str], float] | None = None
) -> History:
    """Run the baseline to the end of `LAST_YEAR` and keep what the facts are measured on."""
    model = InnovationModel(seed=seed, scale=scale, until=LAST_YEAR, effects=effects)
    exposed, closed = np.zeros(400), np.zeros(400)
    years = []
    while model.running:
        before = model.firms.living
        model.step()
        after = model.firms.living
        before = before[before["kind"] == Kind.TECHNOLOGY]
        age = model.quarter - before["birth"] - 1
        gone = ~np.isin(before["id"], after["id"])
        exposed += np.bincount(age, minlength=exposed.size)
        closed += np.bincount(age[gone], minlength=closed.size)
        if model.quarter % 4 == 0:
            years.append(after)
    hazard = np.divide(closed, exposed, out=np.full(exposed.size, np.nan), where=exposed > 0.0)
    return History(model, hazard, tuple(years))


# Births and deaths. A firm's first full quarter has age one.


def exit_in_year(first: int, last: int) -> Callable[[History], float]:
    """Return a measure: mean share of firms that close in a year of life, from year `first` to `last`."""

    def measure(history: History) -> float:
        quarterly = history.hazard[4 * first - 3 : 4 * last + 1]
        return 1.0 - float(np.nanprod(1.0 - quarterly)) ** (1.0 / (last - first + 1))

    return measure


def five_year_survival(history: History) -> float:
    """Return the share of new firms that live for five years at the hazards of the run."""
    return float(np.prod(1.0 - history.hazard[1:21]))


def overall_exit(history: History) -> float:
    """Return firms closed in the last year over firms at its end, in all cities."""
    return history.model.table.get("exit_rate", "YRD", LAST_YEAR) / 100.0


# Firms from year to year.


def _pairs(history: History) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield above-scale industrial firms at the end of one year and, the same firms, of the next."""
    for old, new in pairwise(history.years):
        _, rows, later = np.intersect1d(old["id"], new["id"], return_indices=True)
        before, after = old[rows], new[later]
        industrial = before["kind"] == Kind.INDUSTRIAL
        yield before[industrial], after[industrial]


def does_rd_after(did_rd: int) -> Callable[[History], float]:
    """Return a measure: share of industrial firms with R&D a year after they did (1) or did not (0)."""

    def measure(history: History) -> float:
        now = [after["does_rd"][before["does_rd"] == did_rd] for before, after in _pairs(history)]
        return float(np.concatenate(now).mean())

    return measure


def rd_participation(history: History) -> float:
    """Return the share of industrial firms with R&D in Zhejiang and Jiangsu at the end of the run."""
    places = history.model.geography.places
    inside = np.array([place.province in PROVINCES_OF_PARTICIPATION for place in places])
    firms = history.years[-1]
    firms = firms[(firms["kind"] == Kind.INDUSTRIAL) & inside[firms["place"]]]
    return float(firms["does_rd"].mean())


def _growth(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return log revenue and log growth, less its mean of the year, of industrial firms."""
    sizes, rates = [], []
    for before, after in _pairs(history):
        growth = np.log(after["revenue"] / before["revenue"])
        sizes.append(np.log(before["revenue"]))
        rates.append(growth - growth.mean())
    return np.concatenate(sizes), np.concatenate(rates)


def _by_size(history: History) -> Iterator[tuple[float, np.ndarray]]:
    """Yield mean log size and growth rates of equally many firms, from small to large."""
    size, growth = _growth(history)
    for rows in np.array_split(np.argsort(size), BINS):
        yield float(size[rows].mean()), growth[rows]


def growth_shape(history: History) -> float:
    """Return the Subbotin exponent of growth, each rate over the spread at its size (1 Laplace, 2 normal)."""
    rates = np.concatenate([growth / growth.std() for _, growth in _by_size(history)])
    return subbotin_shape(rates)


def subbotin_shape(x: np.ndarray) -> float:
    """Return the exponent at which a Subbotin law has the sample's ratio of E x^2 to (E |x|)^2."""
    ratio = float(np.mean(x**2) / np.mean(np.abs(x)) ** 2)

    def excess(b: float) -> float:
        return float(np.exp(gammaln(1.0 / b) + gammaln(3.0 / b) - 2.0 * gammaln(2.0 / b))) - ratio

    return float(brentq(excess, 0.3, 10.0))


def size_volatility(history: History) -> float:
    """Return the slope of the log spread of growth on log size."""
    points = [(size, math.log(growth.std())) for size, growth in _by_size(history)]
    return _slope(*np.array(points).T)


def tail_exponent(name: str) -> Callable[[History], float]:
    """Return a measure: tail exponent (Hill 1975) of a quantity over the largest of firms that have it."""

    def measure(history: History) -> float:
        values = history.years[-1][name].astype(float)
        values = values[values > 0.0]
        largest = values[values >= np.quantile(values, 1.0 - TOP)]
        return 1.0 / float(np.mean(np.log(largest / largest.min())))

    return measure


# Cities.


def _cities(history: History, indicator: str) -> np.ndarray:
    model = history.model
    return np.array([model.table.get(indicator, city, LAST_YEAR) for city in model.geography.cities])


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(x, y, 1)[0])


def grants_on_rd(history: History) -> float:
    """Return the slope of log invention grants on log R&D over cities."""
    rd, grants = _cities(history, "rd_expenditure"), _cities(history, "invention_patents_granted")
    return _slope(np.log(rd), np.log(grants))


def grants_per_rd(history: History) -> float:
    """Return invention grants per 100 million CNY of R&D in all cities."""
    rd, grants = _cities(history, "rd_expenditure"), _cities(history, "invention_patents_granted")
    return float(grants.sum() / rd.sum())


def rd_on_gdp(history: History) -> float:
    """Return the slope of log R&D on log GDP over cities."""
    return _slope(np.log(_cities(history, "gdp")), np.log(_cities(history, "rd_expenditure")))


def rd_gini(history: History) -> float:
    """Return the Gini coefficient of R&D over cities."""
    return history.model.table.get("rd_gini", "YRD", LAST_YEAR)


def shanghai_share(history: History) -> float:
    """Return Shanghai's share of the R&D of all cities."""
    rd = _cities(history, "rd_expenditure")
    return float(rd[history.model.geography.cities.index("Shanghai")] / rd.sum())


def within_provinces(per_firm: bool) -> Callable[[History], float]:
    """Return a measure: links between two cities of one province over those of two provinces.

    `per_firm` divides a pair's links by the possible pairs of firms with R&D.
    """

    def measure(history: History) -> float:
        geography, firms = history.model.geography, history.years[-1]
        cities = len(geography.cities)
        links = history.model.links[:, :cities]
        if per_firm:
            active = np.bincount(firms["city"][firms["does_rd"] == 1], minlength=cities)
            links = links / np.outer(active, active)
        apart = ~np.eye(cities, dtype=bool)
        same = geography.same_province
        return float(links[same & apart].mean() / links[~same].mean())

    return measure


def links_on_distance(history: History) -> float:
    """Return the elasticity of links between cities to distance: gravity with effects of both cities."""
    geography = history.model.geography
    links = history.model.links[:, : len(geography.cities)]
    return float(gravity(links + links.T, distances(geography), geography.same_province)[0])


# Certificates.


def _holders(history: History) -> np.ndarray:
    firms = history.years[-1]
    return firms[firms["certificate"] > 0]


def relabelled(history: History) -> float:
    """Return the relabelled share of reported R&D among large certificate holders."""
    holders = _holders(history)
    large = holders[4.0 * holders["revenue"] > LARGE]
    return 1.0 - float(large["rd"].sum() / (large["rd"] / (1.0 - large["relabelled"])).sum())


def bunching_at_threshold(history: History) -> float:
    """Return the excess mass of large firms' reported R&D to sales just above the certificate's threshold."""
    firms = np.concatenate(history.years)
    firms = firms[(firms["does_rd"] == 1) & (4.0 * firms["revenue"] > LARGE)]
    intensity = firms["rd"] / (1.0 - firms["relabelled"]) / firms["revenue"]
    return bunching(intensity, float(history.model.nation["threshold_large"]), 0.0025, (4, 2))


def holders_revenue(history: History) -> float:
    """Return the mean yearly revenue of certificate holders in 100 million CNY."""
    return 4.0 * float(_holders(history)["revenue"].mean()) / 1e4


_NONE = (-math.inf, math.inf)
_SAIC = "SAIC 2013, registered firms of China"
_DELTA = "delta cities, computed from the observations"

FACTS = (
    Fact("exit in year 1 of life", "0.016", 0.01, 0.03, True, _SAIC, exit_in_year(1, 1)),
    Fact("exit in year 2", "0.063", *_NONE, True, _SAIC, exit_in_year(2, 2)),
    Fact("exit in year 3", "0.095", 0.08, 0.11, True, _SAIC, exit_in_year(3, 3)),
    Fact("exit after year 7, a year", "< 0.08", 0.0, 0.08, True, _SAIC, exit_in_year(8, 20)),
    Fact("five-year survival", "0.69", 0.62, 0.75, True, _SAIC, five_year_survival),
    Fact("overall exit, a year", "0.06–0.10", 0.06, 0.105, True, "registered firms of China", overall_exit),
    Fact("R&D: stay, a year", "0.83", 0.80, 0.92, True, "Máñez et al. 2009; Peters 2008", does_rd_after(1)),
    Fact("R&D: start, a year", "0.08", 0.05, 0.12, True, "Máñez et al. 2009; Peters 2008", does_rd_after(0)),
    Fact("R&D: share of industrial firms, Zhejiang and Jiangsu", "0.40; 0.43", 0.36, 0.47, False,
         "provincial yearbooks 2018 (unverified), ± 10 %", rd_participation),
    Fact("size: tail exponent", "1.0–1.5", 0.9, 1.5, True,
         "Zhang & Wang 2009; Heinrich & Dai 2016", tail_exponent("revenue")),
    Fact("patents held: tail exponent", "none in the evidence", *_NONE, False, "", tail_exponent("patents")),
    Fact("growth: Subbotin shape", "1.0", 0.7, 1.3, True, "Zou 2019", growth_shape),
    Fact("growth: size–volatility slope", "-0.15", -0.25, -0.05, True,
         "Zou 2019 (sign); the size is judgement", size_volatility),
    Fact("ln grants on ln R&D, cities", "0.80", 0.60, 1.00, True, _DELTA, grants_on_rd),
    Fact("invention grants per 100m CNY of R&D", "20", 14.0, 32.0, True,
         "provinces of the delta, computed", grants_per_rd),
    Fact("ln R&D on ln GDP, cities", "1.26", 1.15, 1.36, True, _DELTA, rd_on_gdp),
    Fact("R&D Gini over cities", "0.48", 0.42, 0.54, True, "16 cities; the model has 12", rd_gini),
    Fact("Shanghai's share of R&D", "0.28", 0.24, 0.32, True, "16 cities; the model has 12", shanghai_share),
    Fact("links of two cities, same over other province", "6.9", 5.0, 9.0, True,
         "co-patents, Jiang et al. 2017", within_provinces(per_firm=False)),
    Fact("the same per possible pair of firms", "6.9", 5.0, 9.0, True,
         "co-patents, Jiang et al. 2017", within_provinces(per_firm=True)),
    Fact("links of two cities: elasticity to distance", "-0.8", -1.5, -0.3, False,
         "Scherngell & Hu 2011; Jiang et al. 2017, reading", links_on_distance),
    Fact("relabelled share of R&D, large certificate holders", "0.24", 0.18, 0.30, True,
         "Chen, Liu, Suárez Serrato & Xu 2021", relabelled),
    Fact("reported R&D of large firms at the threshold, excess mass", "> 0", 0.0, math.inf, True,
         "Chen, Liu, Suárez Serrato & Xu 2021", bunching_at_threshold),
    Fact("mean revenue of certificate holders, 100m CNY", "2.26", *_NONE, False,
         "high-tech enterprises of China 2018", holders_revenue),
)  # fmt: skip


def measured(history: History) -> list[tuple[Fact, float]]:
    """Return every fact with the value that a run gives it."""
    return [(fact, fact.measure(history)) for fact in FACTS]


def cells(fact: Fact, value: float) -> tuple[str, ...]:
    """Return a row of the table, as text."""
    holds = fact.holds(value)
    band = f"above {fact.low:g}" if math.isinf(fact.high) else f"{fact.low:g} to {fact.high:g}"
    band = "" if holds is None else band
    verdict = {None: "no band", True: "yes", False: "no"}[holds]
    use = "fitted" if fact.used else "held out"
    return fact.name, f"{value:.3g}", fact.published, band, verdict, use, fact.source


HEADER = ("fact", "model", "published", "band", "inside", "use", "evidence")


def main() -> None:
    """Print the table."""
    table = Table(*HEADER, title=f"Baseline, seed {SEED}, every firm, to {LAST_YEAR}", title_justify="left")
    for fact, value in measured(record()):
        table.add_row(*cells(fact, value))
    output().print(table)


if __name__ == "__main__":
    main()
