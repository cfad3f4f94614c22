"""What stands in a report: the outcome first, then the difference to no new policy, the policy, the method.

Numbers and sentences are those of the app's pages (`dashboard.views`); nothing is worked out here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version

from dashboard.i18n import N_, Texts
from dashboard.palette import colour_of
from dashboard.report.blocks import Block, Bullets, Grid, Heading, Paragraph, Picture, Report
from dashboard.report.figures import panels
from dashboard.state import Projection
from dashboard.views import (
    Look,
    chart,
    difference_words,
    met,
    published,
    region_of,
    sentence,
    target_name,
    target_row,
    title_of,
)
from scenarios.comparison import Comparison, Row
from scenarios.levers import LEVERS
from scenarios.scenario import CONDITIONS, LeverSetting, Scenario
from simulation.experiment import Ensemble, goal_of
from simulation.indicators import INDICATORS, TARGET_YEAR, TARGETS
from simulation.report import bands_hold

_STRONGEST = 5  # differences that the summary names

METHOD = (
    N_("The model is agent-based: every firm, university, institute, fund and government of twelve cities of "
       "the Yangtze River Delta is simulated quarter by quarter from 2015. Levers act on these agents, never "
       "on an indicator."),
    N_("Each draw is one possible course of chance. A probability is the share of draws that meet the "
       "target; it is not a promise. With {draws} draws, a share is known to within some {error} points."),
    N_("Scenarios are compared on the same draws, so that a difference is due to policy and not to chance. "
       "A difference is called told from noise where its 95% interval leaves out zero."),
    N_("The model was fitted to observations of 2015 to 2018. Later observations were not used."),
    N_("What the model cannot show stands in its documentation under limits; there each mechanism has its "
       "source, and what is an assumption is called one."),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Subject:
    """What a report is about: a scenario's draws, those of what it is measured against, and their comparison.

    Attributes
    ----------
    scenario, reference
        The scenario, and no new policy under the same conditions.
    ensembles
        The scenario's, then the reference's where the scenario is another one.
    comparison
        Of the scenario with the reference, by content hash or name as `key` says; None without one.
    """

    scenario: Scenario
    reference: Scenario
    ensembles: tuple[Ensemble, ...]
    comparison: Comparison | None

    @property
    def looks(self) -> list[Look]:
        """Return reference and scenario as pages show them, the scenario last."""
        pairs = zip((self.scenario, self.reference), self.ensembles, strict=False)
        found = [
            Look(one, colour_of(one, self.scenario), Projection(e, e, len(e.results))) for one, e in pairs
        ]
        return found[::-1]


def compose(subject: Subject, texts: Texts, today: date) -> Report:
    """Return the report on a scenario, as of a day."""
    blocks = (
        *_summary(subject, texts, today),
        *_outcomes(subject, texts),
        *_differences(subject, texts),
        *_policy(subject.scenario, texts),
        *_method(subject, texts),
        *_sources(texts),
        *_provenance(subject, texts),
    )
    title = texts("Policy scenario: {title}", title=title_of(subject.scenario, texts))
    foot = texts("Yongwen {version}, {day}", version=version("yongwen"), day=today.isoformat())
    return Report(texts.language, title, blocks, foot)


def _summary(subject: Subject, t: Texts, today: date) -> Iterator[Block]:
    mine = subject.looks[-1]
    yield Heading(t("Policy scenario: {title}", title=title_of(subject.scenario, t)), 0)
    yield Paragraph(
        t("Ningbo–Wenzhou National Independent Innovation Demonstration Zone, projection to {year}; {day}",
          year=TARGET_YEAR, day=today.isoformat()), muted=True,
    )  # fmt: skip
    if described := t.of(subject.scenario.description):
        yield Paragraph(described)
    reached, total = met(mine)
    items = [t("{reached} of {total} targets are met by the median", reached=reached, total=total)]
    if subject.comparison:
        before, _ = met(subject.looks[0])
        items.append(t("Without new policy it would be {reached} of {total}", reached=before, total=total))
        cost = subject.comparison.costs[_key(subject)].paired
        if cost:
            money = t.amount(cost.difference, INDICATORS["fiscal_cost"], signed=True)
            items.append(t("Public money 2019 to 2022: {money}", money=money))
        items += [_told(row, subject, t) for row in _strongest(subject)]
    yield Bullets(items)


def _key(subject: Subject) -> str:
    """Return what the scenario is called in the comparison."""
    assert subject.comparison
    return subject.comparison.names[-1]


def _strongest(subject: Subject) -> list[Row]:
    """Return the targets that the policy moves most, in standard errors, among those told from noise."""
    assert subject.comparison
    found = []
    for row in subject.comparison.rows:
        paired = row.outcomes[_key(subject)].paired
        if row.region == row.target.regions[0] and paired and paired.told and paired.low is not None:
            margin = abs(paired.difference - paired.low)
            found.append((abs(paired.difference) / margin if margin else float("inf"), row))
    return [row for _, row in sorted(found, key=lambda pair: -pair[0])[:_STRONGEST]]


def _told(row: Row, subject: Subject, t: Texts) -> str:
    paired = row.outcomes[_key(subject)].paired
    assert paired
    words = difference_words(paired, row.target.indicator, t)
    unit = t.unit(INDICATORS[row.target.indicator].unit)
    return t("{target}, {place}: {difference} {unit} against no new policy",
             target=target_name(row.target, t), place=t.region(row.region), difference=words,
             unit=unit)  # fmt: skip


def _outcomes(subject: Subject, t: Texts) -> Iterator[Block]:
    shown, mine = subject.looks, subject.looks[-1]
    yield Heading(t("Targets of the policy for {year}", year=TARGET_YEAR))
    yield _board(0, t("Together"), shown, t)
    drawn = [
        replace(chart(one.indicator, one.regions[0], goal_of(one, one.regions[0]), shown, t),
                title=target_name(one, t))
        for one in TARGETS
    ]  # fmt: skip
    holds = t(bands_hold(mine.projection.ensemble.experiment.central))
    words = t("Targets from 2015 to {year}, both cities or both zones together.", year=TARGET_YEAR)
    yield Picture(panels(drawn, t), f"{words} {holds}")
    yield Heading(t("In words"), 2)
    yield Bullets([sentence(target, target.regions[0], mine, t) for target in TARGETS])
    for scope, place in ((1, "Ningbo"), (2, "Wenzhou")):
        yield _board(scope, t.region(place), shown, t)


def _board(scope: int, place: str, shown: list[Look], t: Texts) -> Grid:
    """Return the table of targets; for one city, of those that are set for a city."""
    mine, rows = shown[-1], []
    for target in TARGETS:
        row = target_row(target, region_of(target, scope), mine, shown, t)
        if scope and row["goal"] == "–":
            continue
        named = t.with_unit(row["name"], row["unit"])
        rows.append(
            [named, *(row[key] for key in ("observed", "projection", "wide", "goal", "gap", "percent"))]
        )
    return Grid(
        t("{place}: median and 90% band of {draws} draws; ~ marks an assumption", place=place,
          draws=mine.projection.draws),
        (t("Target"), t("2018"), str(TARGET_YEAR), t("90% band"), t("Goal"), t("Gap"), t("Probability")),
        rows, (0.34, 0.1, 0.11, 0.16, 0.09, 0.1, 0.1),
    )  # fmt: skip


def _differences(subject: Subject, t: Texts) -> Iterator[Block]:
    comparison = subject.comparison
    if comparison is None:
        return
    yield Heading(t("What the policy changes"))
    key, rows = _key(subject), []
    for row in comparison.rows:
        paired = row.outcomes[key].paired
        if paired:
            unit = t.unit(INDICATORS[row.target.indicator].unit)
            rows.append([
                target_name(row.target, t), t.region(row.region), unit,
                difference_words(paired, row.target.indicator, t), t("yes") if paired.told else t("no"),
            ])  # fmt: skip
    yield Grid(
        t("Difference in {year} to {reference}, on the same draws, with 95% interval", year=TARGET_YEAR,
          reference=title_of(subject.reference, t)),
        (t("Target"), t("Place"), t("Unit"), t("Difference"), t("Told from noise")),
        rows, (0.25, 0.15, 0.15, 0.33, 0.12), numeric=3,
    )  # fmt: skip


def _policy(scenario: Scenario, t: Texts) -> Iterator[Block]:
    yield Heading(t("The scenario"))
    if scenario.levers:
        moved = sorted(scenario.levers.items(), key=lambda item: LEVERS[item[0]].article)
        rows = [_lever_row(name, setting, t) for name, setting in moved]
        yield Grid(
            t("Levers that are moved; all others stand as without new policy"),
            (t("Article"), t("Lever"), t("Where"), t("When"), t("Unit"), t("Value"), t("Plan value")),
            rows, (0.07, 0.27, 0.16, 0.16, 0.18, 0.08, 0.08), numeric=5,
        )  # fmt: skip
    else:
        yield Paragraph(t("No lever is moved: this is the baseline."))
    if scenario.conditions:
        items = [
            t("{condition}: {change} {unit}, {start} to {end}", condition=t(CONDITIONS[name].meaning),
              change=t.number(one.change, signed=True), unit=t(CONDITIONS[name].unit), start=one.start,
              end=one.end)
            for name, one in scenario.conditions.items()
        ]  # fmt: skip
        yield Heading(t("Outside conditions (assumptions, not policy)"), 2)
        yield Bullets(items)
    if scenario.assumptions:
        yield Heading(t("Assumptions of the scenario"), 2)
        yield Bullets([t(text) for text in scenario.assumptions])


def _lever_row(name: str, setting: LeverSetting, t: Texts) -> list[str]:
    lever = LEVERS[name]
    where = ("、" if t.language == "zh" else ", ").join(t.region(one) for one in setting.scope)
    return [
        str(lever.article), t.lever(name), where, f"{setting.start}–{setting.end}",
        t.unit(lever.unit), t.number(setting.value), t.number(lever.plan),
    ]  # fmt: skip


def _method(subject: Subject, t: Texts) -> Iterator[Block]:
    draws = len(subject.ensembles[0].results)
    yield Heading(t("How this was computed"))
    error = round(100 * (0.25 / draws) ** 0.5)
    yield Bullets([t(text, draws=draws, error=error) for text in METHOD])
    yield Paragraph(t(bands_hold(subject.ensembles[0].experiment.central)), muted=True)


def _sources(t: Texts) -> Iterator[Block]:
    yield Heading(t("Observations behind the targets"))
    rows = []
    for target in TARGETS:
        for region in target.regions:
            for year, datum in published(target.indicator, region).items():
                value = t.number(datum.value, INDICATORS[target.indicator].decimals)
                rows.append([target_name(target, t), t.region(region), str(year), value, t(datum.provenance),
                             t(datum.confidence), datum.source])  # fmt: skip
    yield Grid(
        t("Values that the projection starts from and is held against"),
        (t("Target"), t("Place"), t("Year"), t("Value"), t("Basis"), t("Confidence"), t("Source")),
        rows, (0.2, 0.13, 0.07, 0.1, 0.1, 0.1, 0.3), numeric=7,
    )  # fmt: skip


def _provenance(subject: Subject, t: Texts) -> Iterator[Block]:
    experiment = subject.ensembles[0].experiment
    seeds = subject.ensembles[0].seeds
    known = {name: value[:12] for name, value in vars(experiment.fingerprint).items() if name != "name"}
    yield Heading(t("To repeat this"))
    yield Bullets([
        t("Yongwen {version}; seeds {first} to {last}; share of firms simulated: {scale}",
          version=version("yongwen"), first=min(seeds), last=max(seeds), scale=f"{experiment.scale:g}"),
        t("Fingerprints: {parts}",
          parts=", ".join(f"{name} {value}" for name, value in known.items() if value)),
        t("The scenario's file and the data can be downloaded from the app; yongwen run FILE repeats it."),
    ])  # fmt: skip
