"""Rooms of a workshop: keys, limits, what is hidden until the reveal, scores and ranks."""

import numpy as np
import pytest

from dashboard.drafting import set_lever
from dashboard.i18n import Texts
from dashboard.sharing import encode
from dashboard.state import Projection
from dashboard.views import Look
from dashboard.workshop import rooms as module
from dashboard.workshop import views
from dashboard.workshop.rooms import GUESSED_YEARS, Outcome, Rooms, Stage
from dashboard.workshop.scoring import outcome, ranked, score
from scenarios.scenario import load_scenario
from simulation.errors import InputError

BASELINE = load_scenario("baseline")
GUESS = (2.5, 2.6, 2.7, 2.8)
CODE = encode(set_lever(BASELINE, "guidance_fund", value=20))


@pytest.fixture
def rooms(tmp_path) -> Rooms:
    return Rooms(tmp_path / "deep" / "workshop.sqlite")


@pytest.fixture
def opened(rooms) -> tuple[str, str]:
    return rooms.open_room("Ningbo, spring")


def test_a_room_outlives_the_server(rooms, opened, tmp_path):
    code, key = opened
    group = rooms.join(code, "East")
    rooms.guess(code, group, GUESS)
    rooms.submit(code, group, CODE)
    again = Rooms(tmp_path / "deep" / "workshop.sqlite")
    room = again.room(code)
    assert (room.title, [one.name for one in room.groups]) == ("Ningbo, spring", ["East"])
    assert room.groups[0].submissions[0].scenario.levers["guidance_fund"].value == 20
    assert again.is_facilitator(code, key)
    assert again.group_of(code, group) == room.groups[0].id


def test_guesses_are_hidden_until_the_reveal_and_closed_after_it(rooms, opened):
    code, key = opened
    group = rooms.join(code, "East")
    rooms.guess(code, group, GUESS)
    before = rooms.room(code).groups[0]
    assert (before.has_guessed, before.guess) == (True, None)
    rooms.move_on(code, key, Stage.REVEAL)
    assert rooms.room(code).groups[0].guess == GUESS
    with pytest.raises(InputError, match="guesses are closed"):
        rooms.guess(code, group, GUESS)


def test_another_question_deletes_the_guesses(rooms, opened):
    code, key = opened
    rooms.guess(code, rooms.join(code, "East"), GUESS)
    rooms.ask(code, key, "tech_smes", "Ningbo", "baseline")
    room = rooms.room(code)
    assert (room.indicator, room.region, room.groups[0].has_guessed) == ("tech_smes", "Ningbo", False)


def test_nobody_acts_for_another(rooms, opened):
    code, key = opened
    other, other_key = rooms.open_room("Another")
    group = rooms.join(code, "East")
    for wrong in (group, other_key, "", "x" * 500, "' or 1=1 --"):
        with pytest.raises(InputError, match="facilitator"):
            rooms.move_on(code, wrong, Stage.REVEAL)
        with pytest.raises(InputError, match="facilitator"):
            rooms.close(code, wrong)
        with pytest.raises(InputError, match="facilitator"):
            rooms.record(code, wrong, {})
    for wrong in (key, other_key, "", rooms.join(other, "West")):
        with pytest.raises(InputError, match="not joined"):
            rooms.guess(code, wrong, GUESS)
        with pytest.raises(InputError, match="not joined"):
            rooms.submit(code, wrong, CODE)
    submission = _submitted(rooms, other, rooms.join(other, "North"))
    rooms.record(code, key, {submission: Outcome(1, 0.5, 2.0)})  # of another room: left alone
    assert all(one.outcome is None for group in rooms.room(other).groups for one in group.submissions)


def _submitted(rooms: Rooms, code: str, key: str) -> int:
    rooms.submit(code, key, CODE)
    own = rooms.group_of(code, key)
    return next(one for one in rooms.room(code).groups if one.id == own).submissions[-1].id


def test_keys_are_not_kept(rooms, opened, tmp_path):
    code, key = opened
    group = rooms.join(code, "East")
    held = b"".join(path.read_bytes() for path in (tmp_path / "deep").iterdir())
    assert key.encode() not in held
    assert group.encode() not in held


def test_rooms_expire(rooms, opened, monkeypatch):
    code, _ = opened
    rooms.join(code, "East")
    now = module.time()
    monkeypatch.setattr(module, "time", lambda: now + 49 * 3600)
    assert rooms.room(code) is None
    assert rooms.version(code) is None
    with pytest.raises(InputError, match="no room"):
        rooms.join(code, "West")
    rooms.open_room("The next one")
    monkeypatch.setattr(module, "time", lambda: now)
    assert rooms.room(code) is None  # gone, not only hidden


def test_what_a_room_takes_is_limited(rooms, opened, monkeypatch):
    code, _ = opened
    monkeypatch.setattr(module, "MOST_GROUPS", 2)
    monkeypatch.setattr(module, "MOST_SUBMISSIONS", 1)
    key = rooms.join(code, "  East \n side " + "x" * 100)
    assert rooms.room(code).groups[0].name == ("East side " + "x" * 100)[:40]
    rooms.submit(code, key, CODE)
    with pytest.raises(InputError, match="as many scenarios"):
        rooms.submit(code, key, CODE)
    with pytest.raises(InputError, match="damaged"):
        rooms.submit(code, key, "nonsense")
    rooms.join(code, "West")
    with pytest.raises(InputError, match="full"):
        rooms.join(code, "North")
    with pytest.raises(InputError, match="name is needed"):
        rooms.join(code, "   ")
    for bad in (GUESS[:3], (*GUESS[:3], float("nan")), (*GUESS[:3], float("inf"))):
        with pytest.raises(InputError, match="number for each year"):
            rooms.guess(code, key, bad)


def test_two_groups_of_one_name_are_refused(rooms, opened):
    rooms.join(opened[0], "East")
    with pytest.raises(InputError, match="already"):
        rooms.join(opened[0], "East")


def test_every_change_is_seen(rooms, opened):
    code, key = opened
    seen = [rooms.version(code)]
    group = rooms.join(code, "East")
    seen.append(rooms.version(code))
    rooms.guess(code, group, GUESS)
    seen.append(rooms.version(code))
    rooms.move_on(code, key, Stage.BUILD)
    seen.append(rooms.version(code))
    assert seen == sorted(set(seen))
    rooms.close(code, key)
    assert rooms.version(code) is None


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "bad").write_text("not a database, but long enough to be looked at as one" * 50)
    with pytest.raises(InputError, match="cannot be used"):
        Rooms(tmp_path / "bad")


def test_the_median_scores_best():
    draws = np.random.default_rng(1).normal(10.0, 1.0, (200, len(GUESSED_YEARS)))
    middle = np.median(draws, axis=0)
    assert score(middle, draws) == 100
    assert 100 > score(middle + 1.0, draws) > score(middle + 3.0, draws) > score(middle - 30.0, draws) >= 0
    assert score(np.ones(4), np.ones((5, 4))) == 100


def test_groups_are_ranked_by_their_best_scenario(rooms, opened):
    code, key = opened
    east, west, north = (rooms.join(code, name) for name in ("East", "West", "North"))
    one, two = _submitted(rooms, code, east), _submitted(rooms, code, east)
    three = _submitted(rooms, code, west)
    _submitted(rooms, code, north)  # not simulated yet
    rooms.record(
        code, key, {one: Outcome(5, 0.4, 9.0), two: Outcome(8, 0.6, 50.0), three: Outcome(8, 0.6, 40.0)}
    )
    found = ranked(rooms.room(code).groups)
    assert [(group.name, submission.id) for group, submission in found] == [("West", three), ("East", two)]
    assert len(views.unfinished(rooms.room(code).groups)) == 1
    rows = views.ranking_rows(rooms.room(code), Texts("zh"))
    assert [row[:2] for row in rows] == [["1", "West"], ["2", "East"]]


def test_an_outcome_counts_targets_and_added_money(made_up):
    plain, plan = made_up(6), made_up(6, "full_plan")
    same = outcome(plain, plain)
    assert same.cost == 0.0
    assert 0 <= same.met <= 13
    assert 0.0 <= outcome(plan, plain).probability <= 1.0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_reveal_shows_the_model_and_every_guess(rooms, opened, made_up, language):
    code, key = opened
    for name in ("East", "West <b>"):
        rooms.guess(code, rooms.join(code, name), GUESS)
    ensemble = made_up(6)
    look = Look(BASELINE, "#123456", Projection(ensemble, ensemble, 6))
    texts = Texts(language)
    assert views.question_chart(rooms.room(code), look, texts).series == []
    rooms.move_on(code, key, Stage.REVEAL)
    room = rooms.room(code)
    drawn = views.reveal_chart(room, look, room.groups[0].id, texts)
    assert [one.name for one in drawn.series[1:]] == ["West <b>", "East"]
    assert len(views.score_rows(room, look.projection, texts)) == 2
    assert views.sketch(room, texts)["high"] > 0


def test_a_link_becomes_a_qr_code():
    assert views.qr_code("http://192.0.2.1:8765/workshop?room=ABCDE").startswith("<svg")
