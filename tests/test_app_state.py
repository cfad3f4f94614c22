"""The app's parts that need no browser: drafts, history, texts, shipped results, pages in both languages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import ipyvuetify as v
import numpy as np
import pytest
import solara

from dashboard import messages, shipped
from dashboard.charts import spark, trajectory
from dashboard.drafting import (
    History,
    reference_of,
    reset_lever,
    set_growth,
    set_lever,
    simple_growth,
)
from dashboard.estimate import completed
from dashboard.i18n import LANGUAGES, Texts, typeset
from dashboard.parts.levers import chapters
from dashboard.settings import SCALE, SEEDS, read_settings
from dashboard.shell import PAGES, _Guarded
from dashboard.state import MOST_DRAWS, Session, session_context
from dashboard.views import chart, likelihood, looks, sentence, target_row
from scenarios.articles import ARTICLES, CHAPTERS
from scenarios.levers import LEVERS
from scenarios.scenario import Scenario, load_scenario
from simulation.data import load_observations
from simulation.errors import InputError
from simulation.experiment import plan
from simulation.indicators import INDICATORS, TARGETS
from simulation.policy import CITY_LEVERS
from simulation.runs import RunResult, RunSpec

BASELINE = load_scenario("baseline")
each_language = pytest.mark.parametrize("language", LANGUAGES)


class IdleEngine:
    """Simulates nothing, so that pages show what they show before their first results."""

    def stream(self, client: str, runs: Mapping[str, RunSpec]) -> Iterator[list[RunResult]]:
        return iter(())

    def drop(self, client: str) -> None:
        pass


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A visitor of a small server, with three draws of the baseline and of a draft."""
    monkeypatch.setenv(SCALE, "0.003")
    monkeypatch.setenv(SEEDS, "3")
    for module in ("dashboard.attributing", "dashboard.pages.why", "dashboard.portraits"):
        monkeypatch.setattr(f"{module}.engine", IdleEngine)
    found = Session("en")
    found.draft = set_lever(BASELINE, "talent_inflow", value=6000)
    found.add(drawn(BASELINE))
    found.add(drawn(found.draft))
    return found


_DRAWN: dict[str, list[RunResult]] = {}


def drawn(scenario: Scenario) -> list[RunResult]:
    """Return three small runs, made once."""
    key = scenario.content_hash
    if key not in _DRAWN:
        _DRAWN[key] = list(plan(scenario, range(1, 4), 0.003).run(1).results)
    return list(_DRAWN[key])


# Drafts.


def test_a_lever_set_back_leaves_no_trace() -> None:
    moved = set_lever(BASELINE, "guidance_fund", value=20)
    assert moved.content_hash != BASELINE.content_hash
    assert set_lever(moved, "guidance_fund", value=0).content_hash == BASELINE.content_hash
    assert reset_lever(moved, "guidance_fund").content_hash == BASELINE.content_hash


def test_values_stay_within_bounds() -> None:
    assert set_lever(BASELINE, "guidance_fund", value=1e9).levers["guidance_fund"].value == 200


def test_title_takes_the_pilot_institutions_of_the_plan() -> None:
    moved = set_lever(BASELINE, "inventor_share", value=0.7)
    assert moved.pilot_institutions == load_scenario("full_plan").pilot_institutions
    assert reset_lever(moved, "inventor_share").pilot_institutions == ()


def test_history_goes_back_and_forth() -> None:
    one, two = (set_lever(BASELINE, "guidance_fund", value=value) for value in (1, 2))
    history = History(BASELINE).then(one).then(two)
    assert history.undone().present == one
    assert history.undone().undone().undone().present == BASELINE
    assert history.undone().redone() == history
    assert history.undone().then(BASELINE).future == ()
    assert history.then(two) == history


# Conditions are no policy.


def test_a_draft_under_conditions_is_measured_against_no_policy_under_them() -> None:
    draft = set_growth(set_lever(BASELINE, "guidance_fund", value=20), -1.0)
    reference = reference_of(draft)
    assert reference.levers == {}
    assert reference.conditions == draft.conditions
    assert reference_of(set_growth(draft, 0.0)) == BASELINE
    assert simple_growth(draft) == -1.0
    assert simple_growth(BASELINE) == 0.0


def test_conditions_of_a_file_that_the_slider_cannot_show_are_left_alone() -> None:
    draft = set_growth(BASELINE, -1.0)
    narrow = draft.conditions["gdp_growth"].model_copy(update={"scope": ("Ningbo",)})
    assert simple_growth(draft.model_copy(update={"conditions": {"gdp_growth": narrow}})) is None


def test_both_baselines_are_simulated_under_conditions(session: Session) -> None:
    session.draft = set_growth(session.draft, -1.0)
    assert BASELINE in session.wanted
    assert reference_of(session.draft) in session.wanted
    shown = looks(session, (BASELINE, session.draft))
    assert [look.scenario for look in shown] == [BASELINE]


# The registry.


def test_every_lever_has_its_place() -> None:
    shown = [lever["name"] for chapter in chapters(BASELINE, Texts("en")) for article in chapter["articles"]
             for lever in article["levers"]]  # fmt: skip
    assert sorted(shown) == sorted(LEVERS)


def test_every_article_stands_in_one_chapter() -> None:
    assert [article for chapter in CHAPTERS for article in chapter.articles] == list(ARTICLES)


# Languages.


def test_texts_of_the_app_are_translated() -> None:
    assert messages.untranslated("zh", messages.in_code()) == []


def test_a_new_draft_is_hastened_and_a_new_title_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SEEDS, "3")
    asked: list[tuple[str, list[str]]] = []
    visitor = Session("en", lambda client, runs: asked.append((client, list(runs))))
    visitor.draft = set_lever(BASELINE, "talent_inflow", value=6000)
    [(client, runs)] = asked
    assert client == visitor.client
    assert runs == list(visitor.missing())
    visitor.draft = visitor.draft.model_copy(update={"name": "another"})
    assert len(asked) == 1


@each_language
def test_placeholders_survive_translation(language: str) -> None:
    for message in messages.in_code():
        fields = set(re.findall(r"\{(\w+)\}", message))
        assert set(re.findall(r"\{(\w+)\}", Texts(language)(message))) == fields, message


def test_numbers_take_their_local_form() -> None:
    zh, en = Texts("zh"), Texts("en")
    assert (en.number(1234567.0), zh.number(1234567.0)) == ("1,234,567", "123.5万")
    assert (en.number(-0.04, 2, signed=True), en.number(0.04, 2, signed=True)) == ("−0.04", "+0.04")
    assert en.number(float("nan")) == "–"
    assert en.number(-0.0001, 2, signed=True) == "0.00"
    assert zh.number(34727.0, 0) == "34,727"


def test_likelihood_has_words_for_all_probabilities() -> None:
    words = [likelihood(p, Texts("en")) for p in (1.0, 0.8, 0.5, 0.1, 0.0)]
    assert words == ["almost surely", "probably", "perhaps", "probably not", "almost surely not"]


# Results.


def test_shipped_results_carry_their_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    ensembles = tuple(plan(name, range(1, 3), 0.002).run(1) for name in ("baseline", "full_plan"))
    shipped.write(ensembles, path)
    found = shipped.read(path)
    assert list(found) == ["baseline", "full_plan"]
    for ensemble, item in zip(ensembles, found.values(), strict=True):
        assert item.changed == ()
        assert [r.digest for r in item.ensemble.results] == [r.digest for r in ensemble.results]


def test_older_shipped_results_say_what_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.npz"
    ensemble = plan("baseline", range(1, 3), 0.002).run(1)
    fingerprint = ensemble.experiment.fingerprint
    object.__setattr__(fingerprint, "code", "0" * 64)
    shipped.write((ensemble,), path)
    assert shipped.read(path)["baseline"].changed == ("the model's code",)


def test_the_product_ships_results() -> None:
    assert set(shipped.read()) == set(shipped.SCENARIOS)


def test_no_file_no_results(tmp_path: Path) -> None:
    assert shipped.read(tmp_path / "none.npz") == {}


def test_comparison_uses_the_draws_of_both(session: Session) -> None:
    comparison = session.comparison(BASELINE, session.draft.model_copy(update={"name": "draft"}))
    assert comparison is not None
    assert comparison.first.seeds == [1, 2, 3]
    assert session.comparison(BASELINE, set_lever(BASELINE, "guidance_fund", value=3)) is None


def test_runs_that_are_there_are_not_asked_for(session: Session) -> None:
    named = {spec.scenario.content_hash for spec in session.missing().values()}  # type: ignore[union-attr]
    assert BASELINE.content_hash not in named
    assert session.draft.content_hash not in named


def test_results_nobody_looks_at_are_dropped(session: Session) -> None:
    old = session.draft.content_hash
    session.draft = set_lever(BASELINE, "guidance_fund", value=3)
    session.add([])
    assert old not in session.results.value


def test_more_draws_are_simulated_on_demand(session: Session) -> None:
    assert session.more_draws == 6
    session.seeds.set(session.more_draws)
    wanted = {(spec.scenario.content_hash, spec.seed) for spec in session.missing().values()}  # type: ignore[union-attr]
    key = session.draft.content_hash
    assert {seed for scenario, seed in wanted if scenario == key} == {4, 5, 6}
    projection = session.projection(session.draft)
    assert projection is not None
    assert not projection.complete
    session.seeds.set(MOST_DRAWS)
    assert session.more_draws is None


@each_language
def test_every_target_has_a_row_and_a_sentence(session: Session, language: str) -> None:
    texts = Texts(language)
    shown = looks(session, (BASELINE, session.draft))
    assert [look.scenario for look in shown] == [BASELINE, session.draft]
    for target in TARGETS:
        for region in target.regions:
            row = target_row(target, region, shown[1], shown, texts)
            assert row["chart"].startswith("<svg")
            words = sentence(target, region, shown[1], texts)
            assert "{" not in words
            median = shown[1].projection.ensemble.band(target.indicator, region)["median"][-1]
            assert texts.amount(float(median), INDICATORS[target.indicator]) in words
            assert row["projection"] == texts.number(float(median), INDICATORS[target.indicator].decimals)


def test_text_in_a_chart_is_escaped(session: Session) -> None:
    shown = looks(session, (session.draft,))
    drawn = chart("rd_intensity", "Ningbo", 3.0, shown, Texts("en"))
    evil = drawn.__class__("<script>", drawn.years, drawn.series, drawn.observed, 3.0)
    assert "<script>" not in trajectory(evil, Texts("en")) + spark(evil)


# Pages.


@each_language
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_pages_render(session: Session, page: object, language: str) -> None:
    @solara.component
    def Visit() -> None:
        session_context.provide(session)
        page.component()  # type: ignore[attr-defined]

    session.language.value = language
    box, context = solara.render(Visit(), handle_error=False)
    assert box.children
    context.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_pages_render_while_the_draft_changes(
    session: Session, page: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may take in a lever between any two readings of the draft."""

    @solara.component
    def Visit() -> None:
        session_context.provide(session)
        page.component()  # type: ignore[attr-defined]

    before, after = session.draft, set_lever(BASELINE, "guidance_fund", value=20)
    for readings in range(1, 12):
        drafts = chain(repeat(before, readings), repeat(after))
        monkeypatch.setattr(Session, "draft", property(lambda _, drafts=drafts: next(drafts)))
        _box, context = solara.render(Visit(), handle_error=False)
        context.close()


def test_a_page_that_fails_says_so_and_can_be_tried_again(session: Session) -> None:
    fails = [True]

    @solara.component
    def Page() -> None:
        if fails[0]:
            raise KeyError("lost")
        solara.Text("all is well")

    @solara.component
    def Visit() -> None:
        session_context.provide(session)
        _Guarded([Page()])

    _, context = solara.render(Visit(), handle_error=False)
    assert "could not be shown" in str(context.find(v.Alert).widget.children)
    fails[0] = False
    context.find(v.Btn, children=["Try again"]).widget.click()
    assert not context.find(v.Alert).widgets
    assert context.find(v.Html, tag="main").widget.children
    context.close()


@pytest.mark.parametrize("text", ["2", "0", "many", "nan"])
def test_settings_out_of_range_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(SCALE, text)
    with pytest.raises(InputError, match=f"{SCALE} must be a number from 0.001 to 1"):
        read_settings()


def test_draws_to_come_are_guessed_from_the_baseline(session: Session) -> None:
    reference = plan(BASELINE, range(1, 4), 0.003).run(1)
    whole = plan(session.draft, range(1, 4), 0.003).run(1)
    first = replace(whole, results=whole.results[:1])
    guess = completed(first, reference)
    assert guess.seeds == [1, 2, 3]
    assert guess.results[0] is whole.results[0]
    year, indicator = whole.years.index(2022), whole.indicators.index("high_level_talent")
    region = whole.regions.index("Ningbo+Wenzhou")
    cells = guess.values[:, year, indicator, region], whole.values[:, year, indicator, region]
    np.testing.assert_allclose(*cells, rtol=0.2)
    np.testing.assert_array_equal(guess.values[:, 0], whole.values[:, 0])  # before the policy


def test_what_only_a_city_can_set_is_not_offered_for_a_zone() -> None:
    levers = {
        lever["name"]: [place["id"] for place in lever["scopes"]]
        for chapter in chapters(BASELINE, Texts("en"))
        for article in chapter["articles"]
        for lever in article["levers"]
    }
    for name, places in levers.items():
        assert ("Ningbo_HTZ" in places) == (name not in CITY_LEVERS)
        assert places[0] == "Ningbo+Wenzhou"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("甬温:政策实验室", "甬温：政策实验室"),
        ("{title}:{place}达{goal},实现({share}的模拟)", "{title}：{place}达{goal}，实现（{share}的模拟）"),
        ("研发投入强度(%)", "研发投入强度（%）"),
        ("共1,234家,见 http://a.b:80/x", "共1,234家，见 http://a.b:80/x"),
        ("{value:.1f} (R&D): 5,0", "{value:.1f} (R&D): 5,0"),
    ],
)
def test_chinese_is_printed_with_wide_punctuation(written, printed):
    assert typeset(written) == printed


def test_places_outside_the_model_have_names_in_both_languages():
    regions = {datum.region for datum in load_observations().all()}
    assert [name for name in regions if re.search("[A-Za-z]", Texts("zh").region(name))] == []
    assert [name for name in regions if "_" in Texts("en").region(name)] == []
    assert Texts("zh").region("Hangzhou__Jinhua") == "杭州–金华"
