"""How sure are we: fit, what the data say about parameters, published effects, forecasts, all as they are."""

from collections.abc import Callable, Sequence

import solara

from calibration.scores import Score
from dashboard import evidence
from dashboard.drafting import BASELINE
from dashboard.i18n import N_, Texts
from dashboard.parts.controls import Choice, Notes, PlainTable, SearchTable, StudyList, TableDownloads
from dashboard.state import Session, use_session
from dashboard.tables import shown_table, study_table
from dashboard.trust import (
    VERDICTS,
    coverage_rows,
    fit_rows,
    learnt_rows,
    moment_rows,
    score_rows,
    score_sentence,
    study_rows,
)
from dashboard.views import looks
from scenarios.scenario import load_scenario
from simulation.indicators import BASE_YEAR

TABS = {
    "fit": N_("Fit to 2015–2018"),
    "unknowns": N_("What the data say"),
    "effects": N_("Published effects"),
    "backtest": N_("Forecasts against observations"),
}


@solara.component
def Page() -> None:
    """Show one kind of evidence."""
    session = use_session()
    t = session.texts
    tab = solara.use_reactive("fit")
    parts: dict[str, Callable[[Session], solara.Element]] = {
        "fit": _Fit,
        "unknowns": _Unknowns,
        "effects": _Effects,
        "backtest": _Backtest,
    }
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("How sure are we?"))
        Choice(t("Evidence"), [(key, t(name), "") for key, name in TABS.items()], tab.value, tab.set)
    with solara.Div(classes=["yw-card"]):
        parts[tab.value](session)


def _tab(t: Texts, number: int) -> str:
    return t(list(TABS.values())[number])


@solara.component
def _Missing(what: str, reason: str) -> None:
    solara.Text(what, classes=["yw-empty"])
    if reason:
        solara.Text(reason, classes=["yw-note"])


@solara.component
def _FitTable(label: str, rows: list[list[str]], name: str, t: Texts) -> None:
    heads = [
        t("Indicator"), t("Values"), t("of them assumed"), t("Median miss"), t("Largest miss"),
        t("Inside the 90% band"),
    ]  # fmt: skip
    PlainTable(label=label, heads=heads, rows=rows, colours=[])
    TableDownloads(name, lambda: shown_table(heads, rows))


@solara.component
def _Fit(session: Session) -> None:
    t = session.texts
    shown = looks(session, (load_scenario(BASELINE),))
    if found := evidence.fits().value:
        solara.HTML(tag="h2", unsafe_innerHTML=t("What the posterior was fitted to"))
        _FitTable(t("What the posterior was fitted to"), moment_rows(found, t), "fit-moments", t)
        solara.Text(t("Bands are widened by the error of observations."), classes=["yw-note"])
    solara.HTML(tag="h2", unsafe_innerHTML=t("Everything that was published for 2015 to 2018"))
    if not shown:
        solara.Text(t("The first results are on their way."), classes=["yw-empty"])
        return
    ensemble = shown[0].projection.ensemble
    _FitTable(t("Everything that was published for 2015 to 2018"), fit_rows(ensemble, t), "fit-published", t)
    solara.Text(
        t("The baseline's draws beside all places and years; a miss is the distance of the median. The model "
          "was fitted to a part of these values, so a good fit is no test of its forecasts."),
        classes=["yw-note"],
    )  # fmt: skip
    Notes(shown)


@solara.component
def _Unknowns(session: Session) -> None:
    t = session.texts
    found = evidence.learnt()
    if found.value is None:
        _Missing(
            t("No posterior ships with this version: parameters stand at their central values, and bands do "
              "not hold their uncertainty."),
            "",
        )  # fmt: skip
        return
    counts = ", ".join(
        f"{t(name)}: {sum(one.verdict == key for one in found.value)}" for key, name in VERDICTS.items()
    )
    solara.Text(
        t(
            "Of {count} unknowns the data of 2015 to 2018 say: {counts}.",
            count=len(found.value),
            counts=counts,
        ),
        classes=["yw-sentence"],
    )
    heads = [
        t("Parameter"), t("Place"), t("Median before"), t("Median after"), t("90% band after"), t("Learnt"),
        t("Verdict"),
    ]  # fmt: skip
    untold = [t(VERDICTS[one]) for one in evidence.UNTOLD]
    SearchTable(_tab(t, 1), heads, learnt_rows(found.value, t), "unknowns", untold)
    solara.Text(
        t("Learnt: 1 less posterior over prior variance. What the data do not identify keeps its prior."),
        classes=["yw-note"],
    )
    _Coverage(t)


@solara.component
def _Coverage(t: Texts) -> None:
    """Show whether the inference finds unknowns that are known."""
    found = evidence.coverage().value
    if not found:
        return
    title = t("Does the inference find what is known?")
    heads = [
        t("Unknowns"), t("Values"), t("True value inside the 50% band"), t("inside the 90% band"),
        t("Test of even ranks, p"),
    ]  # fmt: skip
    rows = coverage_rows(found, t)
    solara.HTML(tag="h2", unsafe_innerHTML=title)
    PlainTable(label=title, heads=heads, rows=rows, colours=[])
    TableDownloads("coverage", lambda: shown_table(heads, rows))
    solara.Text(
        t("Unknowns are drawn from the prior, the model makes observations of them, and the inference finds "
          "them again (simulation-based calibration). Were it perfect, half of the true values would lie in "
          "the 50% bands and nine tenths in the 90% bands. Made by: {command}", command=found[0].command),
        classes=["yw-note"],
    )  # fmt: skip


@solara.component
def _Effects(session: Session) -> None:
    t = session.texts
    found = evidence.effects()
    if found.value is None:
        _Missing(t("No results of the effect-size laboratory ship with this version."), found.reason)
        return
    content = found.value
    solara.Text(
        t("Published studies are repeated inside the model with their own estimators. Of {of} effects that "
          "were held out, {passed} fall within the published band.",
          of=content["of"], passed=content["passed"]),
        classes=["yw-sentence"],
    )  # fmt: skip
    if changed := evidence.effects_changed():
        words = t("Made with an older version; changed since: {parts}.", parts=", ".join(map(t, changed)))
        solara.Text(words, classes=["yw-note", "warn"])
    StudyList(
        label=_tab(t, 2),
        words={
            "published": t("published band"), "model": t("model, with 95% interval"), "zero": t("no effect"),
        },
        rows=study_rows(content, t),
    )  # fmt: skip
    TableDownloads("effects", lambda: study_table(content))
    solara.Text(t("Texts of studies stand in the language in which they were recorded."), classes=["yw-note"])


@solara.component
def _Backtest(session: Session) -> None:
    t = session.texts
    found = solara.use_memo(evidence.backtest, [])
    if found.value is None:
        _Missing(t("No frozen forecasts ship with this version."), found.reason)
        return
    _Scores(found.value, t)


@solara.component
def _Scores(scores: Sequence[Score], t: Texts) -> None:
    solara.Text(score_sentence(scores, t), classes=["yw-sentence"])
    heads = [
        t("Indicator"), t("Place"), t("Year"), t("Observed"), t("Median forecast"), t("90% band"),
        t("Observation"), t("Skill"),
    ]  # fmt: skip
    SearchTable(_tab(t, 3), heads, score_rows(scores, t), "forecasts", [t("outside")])
    solara.Text(
        t("The forecasts come from an inference that saw no observation after {year}. Places share one "
          "economy, so a year of good scores is weak evidence.", year=BASE_YEAR),
        classes=["yw-note"],
    )  # fmt: skip
