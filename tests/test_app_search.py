"""The page of target search: what is asked, how it is worked out beside others, and what is said of it."""

import csv
import io
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import ipyvuetify as v
import numpy as np
import pytest
import solara
from pretence import Pretence

from dashboard import searching
from dashboard.drafting import set_growth
from dashboard.front import front, printed
from dashboard.i18n import LANGUAGES, Texts
from dashboard.pages.search import Page
from dashboard.reaching import (
    FIRST,
    binding_words,
    headline,
    left_words,
    lever_choice,
    lever_rows,
    mix_rows,
    mixes,
    phase_words,
    request_of,
    target_rows,
    trust_words,
)
from dashboard.searching import DONE, FAILED, STOPPED, Finding, Memory, Pursuit, whole_work, work_of
from dashboard.sharing import check
from dashboard.state import Session, session_context
from dashboard.tables import search_table
from scenarios import ledger, search
from scenarios.ledger import Ledger
from scenarios.levers import LEVERS
from scenarios.scenario import load_scenario
from scenarios.search_runs import TARGET_MEASURES, Bench, Request, find
from scenarios.writing import scenario_text
from simulation.errors import InputError, WorkerError
from simulation.runs import RunResult, RunSpec

BASELINE = load_scenario("baseline")
FORM = {**FIRST, "levers": ["talent_inflow", "guidance_fund"]}
EN = Texts("en")


class PretendedEngine:
    """Makes the runs of the pretended model two at a time, until one fails or `stop` is called after some."""

    def __init__(self, model: Pretence, fail_after: int = 10**9) -> None:
        self.model, self.fail_after, self.asked = model, fail_after, 0
        self.dropped: list[str] = []
        self.on_runs = lambda count: None

    def stream(
        self, client: str, runs: Mapping[str, RunSpec], bulk: bool = False
    ) -> Iterator[list[RunResult]]:
        assert bulk, "a search must not keep others waiting"
        found = list(self.model(runs))
        for at in range(0, len(found), 2):
            self.asked += len(found[at : at + 2])
            if self.asked > self.fail_after:
                raise WorkerError("a worker process died")
            self.on_runs(self.asked)
            yield found[at : at + 2]

    def drop(self, client: str) -> None:
        self.dropped.append(client)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let proposals be made in little time; how good they are is tested elsewhere."""
    monkeypatch.setattr(search, "GENERATIONS", 2)
    monkeypatch.setattr(search, "POPULATION", 8)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch):
    """Return a function that has searches run on the pretended model, without any memory of others."""

    def put(fail_after: int = 10**9, **options) -> PretendedEngine:
        made = PretendedEngine(Pretence(**options), fail_after)
        monkeypatch.setattr(searching, "engine", lambda: made)
        monkeypatch.setattr(searching, "_memory", Memory())
        monkeypatch.setattr(searching, "PAUSE", 0.0)
        monkeypatch.setattr(searching, "worker_pool", ThreadPoolExecutor)  # as good here, and there at once
        return made

    return put


def _request(**form) -> Request:
    return request_of({**FORM, **form}, BASELINE, 1.0, EN)


def _small(**form) -> Request:
    """Return a request of few runs."""
    asked = _request(**form)
    numbers = {"evaluations": 8, "seeds": 4, "check_seeds": 8, "checks": 3}
    return Request(**{**vars(asked), **numbers})


def _pursued(request: Request) -> list[Finding]:
    told: list[Finding] = []
    Pursuit(request, told.append).run()
    return told


@cache
def _found(start: float = 0.95, capped: tuple[str, ...] = (), **form) -> Finding:
    """Return what a search on the pretended model finds, without the app's machinery."""
    request = _small(**form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "stream", Pretence(start, capped))
        answer = find(request, Bench(request, Ledger()))
    return Finding(request, DONE, request.runs, 0.0, answer.search, answer)


# What is asked.


def test_the_form_at_first_asks_for_all_levers_and_targets() -> None:
    request = request_of(FIRST, BASELINE, 1.0, EN)
    assert [lever.name for lever in request.space.free] == list(LEVERS)
    assert [target.id for target in request.targets] == list(TARGET_MEASURES)
    assert request.probability == 0.8
    assert request.budget is None
    offered = [name for chapter in lever_choice(EN) for one in chapter["articles"] for name in one["levers"]]
    assert sorted(offered) == sorted(LEVERS), "every lever stands in one article of the form"


def test_what_is_asked_arrives() -> None:
    asked = _request(probability="62.5", budget="150", targets=["tech_smes"], effort="thorough")
    assert asked.probability == 0.625
    assert asked.budget == 150.0
    assert [lever.name for lever in asked.space.free] == [n for n in LEVERS if n in FORM["levers"]]
    assert [target.id for target in asked.targets] == ["tech_smes"]
    assert (asked.evaluations, asked.check_scale) == (150, 1.0)


def test_no_run_is_larger_than_what_the_server_simulates() -> None:
    request = request_of({**FORM, "effort": "thorough"}, BASELINE, 0.003, EN)
    assert request.scale == request.check_scale == 0.003


def test_outside_conditions_of_the_draft_hold_in_the_search() -> None:
    draft = set_growth(BASELINE, -1.0)
    request = request_of(FORM, draft, 1.0, EN)
    assert request.baseline.conditions == draft.conditions
    assert request.space.scenario(request.space.plan).conditions == draft.conditions
    assert request.identity != _request().identity


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"probability": "0"}, "from 1 to 100"),
        ({"probability": "much"}, "from 1 to 100"),
        ({"probability": "nan"}, "from 1 to 100"),
        ({"budget": "-1"}, "from 0 to 100,000"),
        ({"budget": "inf"}, "from 0 to 100,000"),
        ({"levers": []}, "at least one lever"),
        ({"levers": ["no_such_lever"]}, "at least one lever"),
        ({"targets": None}, "at least one target"),
    ],
)
def test_what_cannot_be_meant_is_told(change, words) -> None:
    for language in LANGUAGES:
        with pytest.raises(InputError) as caught:
            request_of({**FORM, **change}, BASELINE, 1.0, Texts(language))
        assert language == "zh" or words in str(caught.value)


# How it is worked out.


def test_a_search_in_the_app_finds_what_the_command_line_finds(pretended) -> None:
    made = pretended()
    told = _pursued(_small())
    last = told[-1]
    expected = _found()
    assert last.phase == DONE
    assert [one.trial.values for one in last.answer.checked] == [
        one.trial.values for one in expected.answer.checked
    ]
    np.testing.assert_array_equal(
        last.answer.checked[0].check.samples, expected.answer.checked[0].check.samples
    )
    counts = [one.done for one in told]
    assert counts == sorted(counts)
    assert 0.8 * last.request.runs < counts[-1] <= last.request.runs
    tried = [len(one.search.trials) for one in told if one.search]
    assert tried[0] < 8, "the front is shown long before the end"
    assert made.dropped


def test_time_left_falls_with_the_work_that_is_left(pretended) -> None:
    pretended()
    told = [one for one in _pursued(_small()) if one.left_s is not None]
    assert told[-1].left_s == 0.0
    assert all(one.left_s >= 0.0 for one in told)
    request = _small()
    work = 9 * 4 * work_of(0.02) + (12 + 2 + 4 * 8) * work_of(0.1)
    assert whole_work(request) == pytest.approx(work)


def test_a_search_that_is_stopped_keeps_its_front_and_says_that_it_is_not_checked(pretended) -> None:
    made = pretended()
    told: list[Finding] = []
    pursuit = Pursuit(_small(), told.append)
    made.on_runs = lambda count: pursuit.stop() if count >= 30 else None
    pursuit.run()
    last = told[-1]
    assert last.phase == STOPPED
    assert 30 <= made.asked <= 32
    assert last.answer is None
    found = mixes(last)
    assert found
    assert all(mix.checked is None for mix in found)
    assert "not checked" in phase_words(last, EN)
    assert "not checked" in found[0].scenario.title.en
    assert {row["band"] for row in mix_rows(found, EN)} == {"not checked"}


def test_a_failure_is_told_in_words_and_keeps_what_was_found(pretended) -> None:
    pretended(fail_after=40)
    last = _pursued(_small())[-1]
    assert last.phase == FAILED
    assert last.error == "a worker process died"
    assert last.search.trials


def test_runs_of_an_earlier_search_are_not_made_again(pretended) -> None:
    made = pretended()
    _pursued(_small())
    asked = made.asked
    again = _pursued(_small(probability="50"))[-1]
    assert again.phase == DONE
    assert made.asked < 1.7 * asked, "the baseline and the mixes that fill the space are known"


def test_memory_is_bounded_and_keeps_what_was_used_last() -> None:
    memory = Memory(3)
    for name in "abc":
        memory.add(name, np.zeros(1))
    memory.known(["a"])
    memory.add("d", np.zeros(1))
    assert set(memory.known(list("abcd"))) == {"a", "c", "d"}


def test_searches_beyond_a_few_wait_for_their_turn_and_can_be_stopped_there(pretended, monkeypatch) -> None:
    pretended()
    monkeypatch.setattr(searching, "_seats", threading.Semaphore(0))
    monkeypatch.setattr(searching, "GLANCE", 0.01)
    told: list[Finding] = []
    pursuit = Pursuit(_small(), told.append)
    thread = threading.Thread(target=pursuit.run)
    thread.start()
    assert "waits for its turn" in phase_words(Finding(_small()), EN)
    pursuit.stop()
    thread.join(60)
    assert [one.phase for one in told] == ["waiting", STOPPED]
    assert phase_words(told[-1], EN) == "Stopped before the first mixes were tried"


def test_a_newer_search_ends_the_older_one_and_its_news(pretended) -> None:
    pretended()
    session = Session("en")
    session.begin_search(_small())
    older = session.pursuit.peek()
    session.begin_search(_small(probability="50"))
    older.run()
    assert session.pursuit.peek() is not older
    assert session.finding.peek().request.probability == 0.5
    assert session.finding.peek().phase == "waiting"
    session.pursuit.peek().run()
    assert session.finding.peek().phase == DONE
    session.stop_search()
    assert session.finding.peek().phase == DONE


# What is said.


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cheapest_mix_is_named_with_its_band(language) -> None:
    finding = _found(start=0.99)
    texts, found = Texts(language), mixes(finding)
    assert finding.answer.cheapest is not None
    words = headline(finding, found, texts)
    cheapest = next(mix for mix in found if mix.checked is finding.answer.cheapest)
    low, _ = cheapest.checked.interval
    for part in (cheapest.letter, texts.percent(cheapest.shown.probability), texts.percent(low), "80%"):
        assert part in words
    assert binding_words(finding, found, texts) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_mix_exists_the_binding_targets_and_the_shortfall_are_told(language) -> None:
    finding = _found(capped=("tech_smes",), budget="1000")
    texts, found = Texts(language), mixes(finding)
    assert finding.answer.cheapest is None
    best = finding.answer.best
    assert texts.percent(best.check.shortfall) in headline(finding, found, texts)
    lines = binding_words(finding, found, texts)
    assert texts.indicator("tech_smes") in lines[0]
    assert texts.percent(0.0) in lines[0]
    assert any("1,000" in line for line in lines), "the budget is named as a limit"
    assert not any("{" in line for line in (*lines, *trust_words(finding, 1.0, texts)))


def test_a_small_model_is_called_small() -> None:
    finding = _found()
    assert any("small model" in line for line in trust_words(finding, 1.0, EN))
    assert not any("small model" in line for line in trust_words(finding, finding.request.check_scale, EN))


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (20, "less than"), (61, "2 min"), (600, "10 min")]
)
def test_time_left_is_said_in_words(seconds, words) -> None:
    assert words in left_words(seconds, EN)


def test_a_mix_shows_what_it_sets_and_meets_and_can_be_opened_again() -> None:
    mix = mixes(_found())[-1]
    assert len(lever_rows(mix, EN)) == len(mix.levers) == len(mix.scenario.levers)
    rows = target_rows(mix, EN)
    assert len(rows) == len(TARGET_MEASURES)
    chances = [float(row[1].rstrip("%")) for row in rows]
    assert chances == sorted(chances)
    again, mistakes = check(scenario_text(mix.scenario))
    assert mistakes == ()
    assert again.content_hash == mix.scenario.content_hash


@pytest.mark.parametrize("budget", ["", "40"])
def test_every_mark_lies_within_the_drawing_and_can_be_picked(budget) -> None:
    finding = _found(budget=budget)
    found = mixes(finding)
    drawing = front(finding, found, found[0].letter, EN)
    for mix in found:
        assert drawing.count(f'data-pick="{mix.letter}"') == 2
    assert "NaN" not in drawing.replace("nan", "NaN")
    assert ("budget 40" in drawing) is bool(budget)
    text = printed(drawing, "<b>", ["word " * 60], EN)
    assert "<b>" not in text
    assert front(Finding(finding.request), [], "", EN), "a drawing without any trial"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("capped", [(), ("tech_smes",)])
def test_the_page_shows_what_was_found_and_opens_a_mix(language, capped, monkeypatch) -> None:
    went: list[str] = []
    monkeypatch.setattr("solara.routing.Router.push", lambda _, path: went.append(path))
    session, finding = Session(language), _found(capped=capped)
    session.finding.set(finding)

    @solara.component
    def Visit() -> None:
        session_context.provide(session)
        Page()

    box, context = solara.render(Visit(), handle_error=False)
    assert box.children
    buttons = context.find(v.Btn).widgets
    assert len(buttons) == 2
    buttons[1].click()
    [saved] = session.saved.value
    assert saved.content_hash in {mix.scenario.content_hash for mix in mixes(finding)}
    buttons[0].click()
    assert session.draft.content_hash == saved.content_hash
    assert went == ["/lab"]
    context.close()


def test_the_table_holds_the_front_and_every_trial() -> None:
    finding = _found()
    found = mixes(finding)
    lines = list(csv.DictReader(io.StringIO(search_table(finding, found))))
    assert len(lines) == len(found) + len(finding.search.trials)
    first = lines[0]
    assert first["checked"] == "True"
    assert float(first["low"]) <= float(first["probability"]) <= float(first["high"])
    assert float(first["lever_talent_inflow"]) == found[0].levers.get("talent_inflow", 0.0)
    assert {line["mix"] for line in lines if line["checked"] == "False"} >= {mix.letter for mix in found}
