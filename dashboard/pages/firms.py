"""Firms: how they differ, and the life of one of them, from one run."""

from typing import Any

import solara

from dashboard.i18n import N_, Texts
from dashboard.pages.network import field_names
from dashboard.palette import PLACES
from dashboard.parts.controls import Picker, PlainTable, TableDownloads
from dashboard.parts.scenario_choice import ScenarioChoice, use_scenario_choice
from dashboard.portraits import SEED, use_portrait
from dashboard.state import use_session
from dashboard.tables import distribution_table, life_table
from dashboard.tails import lifeline, tails
from scenarios.scenario import FIRST_YEAR
from simulation.distributions import MEASURES, Distribution
from simulation.lives import Event, Life
from simulation.portrait import Portrait
from simulation.synthesis import YI

MEASURE_NAMES = {
    "revenue": N_("Sales a year, 100m CNY"),
    "rd_intensity": N_("R&D to sales, percent"),
    "patents": N_("Invention patents in force"),
}
STORIES = {
    "venture_backed": N_("Backed by venture funds"),
    "university_spin_off": N_("Spin-off of a university"),
    "corporate_spin_off": N_("Spin-off of a firm"),
    "returnee": N_("Founded by a returnee"),
    "incubator": N_("Born in an incubator"),
    "inventor": N_("Many patents"),
    "upgraded": N_("Upgraded its plant"),
    "relabelling": N_("Relabels spending as R&D"),
    "industrial": N_("Large manufacturer"),
    "venture_failed": N_("Had venture money and failed"),
    "young_failed": N_("Failed young"),
    "certified_failed": N_("Failed with a certificate"),
}
ORIGINS = {
    "incumbent": N_("older than 2015"),
    "independent": N_("independent founders"),
    "corporate_spin_off": N_("founders from a firm"),
    "university_spin_off": N_("founders from a university"),
    "returnee": N_("a founder from abroad"),
    "incubator": N_("founders in an incubator"),
}
EVENTS = {
    "founded": N_("Founded"),
    "venture_round": N_("Venture round: {amount}"),
    "fund_sold": N_("A fund sells its holding"),
    "first_patent": N_("First invention patent granted"),
    "certified": N_("Certified as a high-tech enterprise"),
    "certificate_ended": N_("The certificate ends"),
    "registered": N_("On the register of technology-based SMEs"),
    "struck_off": N_("Off the register"),
    "moved_in": N_("Moves into an incubator"),
    "moved_out": N_("Leaves the incubator"),
    "began_rd": N_("Begins R&D"),
    "stopped_rd": N_("Stops R&D"),
    "project_began": N_("Begins an exploratory project"),
    "project_ended": N_("The project ends"),
    "upgraded": N_("Smart upgrading of the plant"),
    "relabels": N_("Reports other spending as R&D"),
    "relabels_no_more": N_("Reports R&D as it is"),
    "closed": N_("Closes"),
}
LINES = {
    "revenue": (N_("Sales a quarter, million CNY"), 100.0),
    "rd": (N_("R&D a quarter, million CNY"), 100.0),
    "researchers": (N_("Researchers"), 1.0),
    "patents": (N_("Invention patents in force"), 1.0),
    "cash": (N_("Cash, million CNY"), 100.0),
    "debt": (N_("Debt, million CNY"), 100.0),
}
"""What is drawn of a firm, and what it is divided by (the model's unit is 10 000 CNY)."""
MARKED = {"venture_round", "certified", "fund_sold", "closed", "upgraded"}


@solara.component
def Page() -> None:
    """Let a scenario and a firm be chosen, and show distributions and the firm's life."""
    session = use_session()
    t = session.texts
    choice = use_scenario_choice(session)
    sitting = use_portrait(session, choice.scenario, "firms")
    chosen = solara.use_reactive("")
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Firms"))
        ScenarioChoice(choice)
    if sitting.error:
        solara.Error(sitting.error)
    elif sitting.portrait is None:
        solara.Text(t("One run is being looked at closely; this takes some seconds."), classes=["yw-empty"])
    else:
        _Distributions(sitting.portrait, t)
        lives = sitting.portrait.lives
        life = next((one for one in lives if one.id == chosen.value), lives[0] if lives else None)
        if life:
            _Life(sitting.portrait, life, chosen, t)
        words = t("One draw (seed {seed}); these firms are simulated, none of them exists.", seed=SEED)
        solara.Text(words, classes=["yw-note"])


@solara.component
def _Distributions(portrait: Portrait, t: Texts) -> None:
    first, last = (end(one.year for one in portrait.distributions) for end in (min, max))
    now = [one for one in portrait.distributions if one.year == last]
    with solara.Div(classes=["yw-card"]):
        heading = t("How firms differ, {year}: share of firms that reach a value", year=last)
        solara.HTML(tag="h2", unsafe_innerHTML=heading)
        with solara.Div(classes=["yw-thirds"]):
            for measure in MEASURES:
                shown = [one for one in now if one.measure == measure]
                if shown:
                    title = t(MEASURE_NAMES[measure])
                    with solara.Div():
                        solara.HTML(tag="h4", unsafe_innerHTML=title)
                        solara.HTML(tag="div", unsafe_innerHTML=tails(shown, title, t))
        PlainTable(
            label=heading,
            heads=[
                t("Measure"), t("Place"), t("Firms"), t("Mean"), t("Median"), t("Gini"),
                t("Tail exponent"), t("Tail exponent in {year}", year=first),
            ],
            rows=[_shape(one, portrait, t) for one in now],
            colours=[PLACES[one.place] for one in now],
        )  # fmt: skip
        TableDownloads("firms", lambda: distribution_table(portrait.distributions))
        solara.Text(
            t("Only firms for which the measure is above nothing. The exponent is that of a power law for "
              "the largest 5 % (Hill); near 1 is Zipf's law."),
            classes=["yw-note"],
        )  # fmt: skip


def _shape(one: Distribution, portrait: Portrait, t: Texts) -> list[str]:
    same = (one.place, one.measure)
    before = next(each for each in portrait.distributions if (each.place, each.measure) == same)
    exponents = [t.number(each.exponent, 2) if each.exponent else "–" for each in (one, before)]
    figures = [t.number(one.firms, 0), t.number(one.mean), t.number(one.median), t.number(one.gini, 2)]
    return [t(MEASURE_NAMES[one.measure]), t.region(one.place), *figures, *exponents]


@solara.component
def _Life(portrait: Portrait, life: Life, chosen: solara.Reactive[str], t: Texts) -> None:
    quarters = 4 * len(portrait.years)
    marks = [event.quarter for event in life.events if event.kind in MARKED]
    with solara.Div(classes=["yw-card"]):
        with solara.Div(classes=["yw-head"]):
            solara.HTML(tag="h2", unsafe_innerHTML=t("The life of one firm"))
            Picker(
                label=t("Firm"),
                options=[{"key": one.id, "name": firm_name(one, t)} for one in portrait.lives],
                value=life.id,
                event_choose=chosen.set,
            )
        solara.Text(about(life, t), classes=["yw-sentence"])
        with solara.Div(classes=["yw-life"]):
            with solara.Div(classes=["yw-lines"]):
                for name, (title, unit) in LINES.items():
                    values = [value / unit for value in life.series[name]]
                    with solara.Div():
                        solara.HTML(tag="h4", unsafe_innerHTML=t(title))
                        drawn = lifeline(values, life.first, quarters, marks, t(title))
                        solara.HTML(tag="div", unsafe_innerHTML=drawn)
            PlainTable(
                label=t("The life of one firm"),
                heads=[t("Quarter"), t("What happens")],
                rows=[[quarter_name(event.quarter), event_words(event, t)] for event in life.events],
                colours=[],
            )
        TableDownloads(f"firm-{life.id}", lambda: life_table(life))


def firm_name(life: Life, t: Texts) -> str:
    """Return how a firm is called: its story, its city and the end of its id."""
    return t(
        "{story}: {place}, {id}", story=t(STORIES[life.story]), place=t.region(life.city), id=life.id[-4:]
    )


def about(life: Life, t: Texts) -> str:
    """Say in a sentence what a firm is."""
    kind = t("Industrial firm") if life.is_industrial else t("Technology firm")
    end = t("It closes in {quarter}.", quarter=quarter_name(life.first + len(life.series["alive"]) - 1))
    words = t(
        "{kind} in {city}, {field}; {origin}.",
        kind=kind,
        city=t.region(life.city),
        field=field_names(t)[life.field],
        origin=t(ORIGINS[life.origin]),
    )
    rounds = sum(event.kind == "venture_round" for event in life.events)
    partners = max(life.series["partners"])
    words += t.gap + t("Venture rounds: {rounds}; most partners at a time: {partners}.",
                     rounds=rounds, partners=f"{partners:.0f}")  # fmt: skip
    return words if life.series["alive"][-1] else words + t.gap + end


def quarter_name(quarter: int) -> str:
    """Return a quarter's name from its number."""
    return f"{FIRST_YEAR + quarter // 4} Q{quarter % 4 + 1}"


def event_words(event: Event, t: Texts) -> str:
    """Say what happened."""
    values: dict[str, Any] = {}
    if event.kind == "venture_round":
        values["amount"] = t("{amount} million CNY", amount=t.number(event.amount / YI * 100.0))
    return t(EVENTS[event.kind], **values)
