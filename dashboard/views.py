"""What pages show of results: rows, charts and plain sentences, as data that needs no browser to test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.charts import Chart, Series, spark
from dashboard.i18n import N_, Texts
from dashboard.palette import colour_of
from dashboard.state import Projection, Session
from scenarios.comparison import Difference
from scenarios.scenario import Scenario
from simulation.data import Datum
from simulation.experiment import TARGET_YEAR, Verdict
from simulation.indicators import BASE_YEAR, INDICATORS, TARGETS, Target, observed

LAST_OBSERVED = BASE_YEAR
MOST_TO_ASK_FOR = 1_000  # draws beyond which a difference is too small to matter
SCOPES = 3  # a target's regions: both together, Ningbo, Wenzhou


@dataclass(frozen=True, eq=False)
class Look:
    """A scenario with its colour and what is known of it."""

    scenario: Scenario
    colour: str
    projection: Projection


def looks(session: Session, scenarios: Sequence[Scenario]) -> list[Look]:
    """Return those of the scenarios of which something is known, each once."""
    unique = {scenario.content_hash: scenario for scenario in scenarios}.values()
    found = []
    for scenario in unique:
        if projection := session.projection(scenario):
            colour = colour_of(scenario, session.draft, session.compared.value)
            found.append(Look(scenario, colour, projection))
    return found


def title_of(scenario: Scenario, texts: Texts) -> str:
    """Return a scenario's title, or its name where it has none."""
    return texts.of(scenario.title) or scenario.name


def chart(indicator: str, region: str, goal: float | None, shown: Sequence[Look], texts: Texts) -> Chart:
    """Return the chart of an indicator in a region."""
    years = shown[0].projection.ensemble.years if shown else range(2015, TARGET_YEAR + 1)
    series = [
        Series(
            title_of(look.scenario, texts),
            look.colour,
            look.projection.ensemble.band(indicator, region),
            look.projection.draws,
        )
        for look in shown
    ]
    title = texts("{indicator}, {place}", indicator=texts.indicator(indicator), place=texts.region(region))
    found = published(indicator, region)
    item = INDICATORS[indicator]
    return Chart(title, tuple(years), series, found, goal, texts.unit(item.unit), item.decimals)


def published(indicator: str, region: str) -> dict[int, Datum]:
    """Return what was published for the years before the policy."""
    data = {year: _observed(indicator, region, year) for year in range(2015, LAST_OBSERVED + 1)}
    return {year: datum for year, datum in data.items() if datum is not None}


def _observed(indicator: str, region: str, year: int) -> Datum | None:
    """Return an observation; for both cities together R&D intensity is worked out from their sums."""
    if indicator != "rd_intensity" or "+" not in region:
        return observed(indicator, region, year)
    spent, gdp = observed("rd_expenditure", region, year), observed("gdp", region, year)
    if spent is None or gdp is None:
        return None
    return replace(spent, indicator="rd_intensity", unit="percent", value=100.0 * spent.value / gdp.value)


def region_of(target: Target, scope: int) -> str:
    """Return the region of a target for a scope: 0 both together, 1 Ningbo, 2 Wenzhou."""
    return target.regions[scope]


def target_heads(texts: Texts) -> list[str]:
    """Return the heads of the target board."""
    t = texts
    return [
        t("Target"), t("2015 to 2022"), t("2018"), str(TARGET_YEAR), t("50% and 90% band"), t("Goal"),
        t("Gap"), t("Probability"),
    ]  # fmt: skip


def target_row(
    target: Target, region: str, look: Look, shown: Sequence[Look], texts: Texts
) -> dict[str, Any]:
    """Return a row of the target board, as the table shows it."""
    item = INDICATORS[target.indicator]
    ensemble = look.projection.ensemble
    verdict = ensemble.verdict(target, region)
    at = ensemble.years.index(TARGET_YEAR)
    band = {name: float(path[at]) for name, path in ensemble.band(target.indicator, region).items()}

    def number(value: float, signed: bool = False) -> str:
        return texts.number(value, item.decimals, signed)

    known = published(target.indicator, region)
    latest = known.get(LAST_OBSERVED)
    drawn = chart(target.indicator, region, verdict.goal if verdict else None, shown, texts)
    return {
        "id": target.id,
        "name": target_name(target, texts),
        "unit": texts.unit(item.unit),
        "chart": spark(drawn),
        "observed": (("~" if latest.provenance == "assumption" else "") + number(latest.value))
        if latest
        else "–",
        "projection": number(band["median"]),
        "colour": look.colour,
        "half": f"{number(band['q25'])} – {number(band['q75'])}",
        "wide": f"{number(band['q05'])} – {number(band['q95'])}",
        "goal": number(verdict.goal) if verdict else "–",
        "gap": number(verdict.gap, signed=True) if verdict else "–",
        "chance": verdict.probability if verdict else None,
        "percent": texts.percent(verdict.probability) if verdict else "",
        "mood": mood_of(verdict.probability if verdict else None),
    }


def target_name(target: Target, texts: Texts) -> str:
    """Return the name of a target; indicators with targets for zones and for cities have two."""
    return texts(TARGET_NAMES.get(target.id, "")) or texts.indicator(target.indicator)


def mood_of(probability: float | None) -> str:
    """Return how a target stands: met, open or missed."""
    if probability is None:
        return ""
    return "met" if probability >= 0.75 else "open" if probability >= 0.25 else "missed"


TARGET_NAMES = {
    "zone_rd_intensity": N_("R&D intensity of the zones"),
    "zone_invention_patents_per_10k": N_("Invention patents of the zones"),
    "zone_hightech_value_added_share": N_("High-tech share of the zones"),
    "zone_technology_contract_growth": N_("Growth of contracts of the zones"),
    "city_rd_intensity": N_("R&D intensity of the cities"),
    "city_rd_personnel_per_10k": N_("R&D personnel of the cities"),
}


def likelihood(probability: float, texts: Texts) -> str:
    """Return a probability in words."""
    for least, words in (
        (0.95, N_("almost surely")),
        (0.75, N_("probably")),
        (0.25, N_("perhaps")),
        (0.05, N_("probably not")),
    ):
        if probability >= least:
            return texts(words)
    return texts("almost surely not")


def sentence(target: Target, region: str, look: Look, texts: Texts) -> str:
    """Say in words how a target stands under a scenario."""
    ensemble, item = look.projection.ensemble, INDICATORS[target.indicator]
    at = ensemble.years.index(TARGET_YEAR)
    band = ensemble.band(target.indicator, region)
    values = {name: texts.amount(float(path[at]), item) for name, path in band.items()}
    verdict = ensemble.verdict(target, region)
    where = {
        "place": texts.region(region),
        "title": title_of(look.scenario, texts),
        "indicator": texts.indicator(target.indicator),
        "median": values["median"],
        "low": values["q05"],
        "high": values["q95"],
        "year": TARGET_YEAR,
    }
    if verdict is None:
        return texts(
            "{title}: {indicator} in {place} comes to {median} in {year} (90% of draws: {low} to {high}). "
            "The policy sets no target for {place} alone.",
            **where,
        )
    return texts(
        "{title}: {indicator} in {place} comes to {median} in {year} (90% of draws: {low} to {high}). "
        "The target is {goal}; it is {likely} met ({percent} of draws), and the median is {gap} of it.",
        **where,
        goal=texts.amount(verdict.goal, item),
        likely=likelihood(verdict.probability, texts),
        percent=texts.percent(verdict.probability),
        gap=_gap(verdict, target, texts),
    )


def _gap(verdict: Verdict, target: Target, texts: Texts) -> str:
    item = INDICATORS[target.indicator]
    distance = texts.amount(abs(verdict.gap), item)
    if verdict.gap >= 0:
        return texts("{distance} above", distance=distance)
    return texts("{distance} short", distance=distance)


def notes_of(shown: Sequence[Look], texts: Texts) -> list[tuple[str, str]]:
    """Return which results are older than the model, or not all there yet, each with its kind."""
    found = []
    for look in shown:
        title, projection = title_of(look.scenario, texts), look.projection
        if projection.changed:
            parts = ", ".join(texts(part) for part in projection.changed)
            words = texts("{title}: older results; changed since: {parts}. New ones are being simulated.",
                          title=title, parts=parts)  # fmt: skip
            found.append((words, "warn older"))
        elif not projection.complete:
            words = texts("{title}: {done} of {wanted} draws are simulated; "
                          "the others are guessed from the baseline.",
                          title=title, done=projection.draws, wanted=projection.wanted)  # fmt: skip
            found.append((words, "busy"))
    return found


def difference_words(paired: Difference, indicator: str, texts: Texts, complete: bool = True) -> str:
    """Say how a scenario differs from another one, and whether that can be told from noise.

    While draws are missing, nothing is said about how many more there should be.
    """
    item = INDICATORS[indicator]
    if not math.isfinite(paired.difference):
        return texts("not defined")
    decimals = _enough_decimals(paired, item.decimals)
    size = texts.number(paired.difference, decimals, signed=True)
    if paired.low is None or paired.high is None:
        return texts("{size} in a single draw", size=size)
    low, high = (texts.number(end, decimals, signed=True) for end in (paired.low, paired.high))
    if paired.told:
        return texts("{size} ({low} to {high})", size=size, low=low, high=high)
    if paired.more_seeds is None:
        return texts("no difference")
    if not complete or paired.more_seeds > MOST_TO_ASK_FOR:
        words = N_("{size}, not told from noise") if complete else N_("{size}, not told from noise so far")
        return texts(words, size=size)
    return texts("{size}, not told from noise; {more} more draws might", size=size, more=paired.more_seeds)


def _enough_decimals(paired: Difference, decimals: int) -> int:
    """Return decimals that show a small difference by two digits, at most four."""
    size = abs(paired.difference)
    if not paired.told or size == 0.0:
        return decimals
    return max(decimals, min(4, 1 - math.floor(math.log10(size))))


def met(look: Look, scope: int = 0) -> tuple[int, int]:
    """Return how many targets the median meets, and how many there are."""
    ensemble = look.projection.ensemble
    verdicts = [ensemble.verdict(target, region_of(target, scope)) for target in TARGETS]
    set_ones = [verdict for verdict in verdicts if verdict is not None]
    return sum(verdict.gap >= 0 for verdict in set_ones), len(set_ones)
