"""Fair turns: who is served when several visitors wait, over several lanes."""

from dashboard.turns import Turns


def _turns(lanes: int, **jobs: int) -> Turns[str]:
    """Return a queue in which each visitor has lined up with some jobs, one a lane in turn."""
    turns: Turns[str] = Turns(lanes)
    for client, count in jobs.items():
        _line_up(turns, client, count)
    return turns


def _line_up(turns: Turns[str], client: str, count: int) -> None:
    turns.come(client)
    for place in range(count):
        turns.add(client, place, f"{client}{place}", client)


def _served(turns: Turns[str], *lanes: int) -> str:
    return "".join(turns.next(lane)[1] for lane in lanes)


def test_everybody_gets_a_first_run_before_anybody_gets_a_second():
    turns = _turns(2, a=8, b=8, c=8, d=8)
    first = _served(turns, 0, 1, 0, 1)
    assert sorted(first) == ["a", "b", "c", "d"], "turns count over both lanes"
    assert sorted(_served(turns, 0, 1, 0, 1)) == ["a", "b", "c", "d"]


def test_a_newcomer_is_served_before_the_rest_of_a_long_wish():
    turns = _turns(1, a=20)
    assert _served(turns, *[0] * 10) == "a" * 10
    _line_up(turns, "b", 3)
    assert _served(turns, *[0] * 6) in {"bababa", "ababab"}


def test_turns_are_neither_saved_up_nor_owed():
    turns = _turns(1, a=50, b=1)
    assert _served(turns, *[0] * 51).count("b") == 1
    _line_up(turns, "b", 10)  # b was away while a had fifty runs
    _line_up(turns, "a", 10)
    assert _served(turns, *[0] * 10).count("a") in {4, 5}


def test_who_changes_a_wish_all_the_time_gets_no_more_than_others():
    turns = _turns(1, calm=20)
    seen = ""
    for _ in range(20):
        turns.drop("hasty")
        _line_up(turns, "hasty", 20)
        seen += turns.next(0)[1][0]
    assert seen.count("h") in {9, 10, 11}


def test_a_run_that_is_done_is_taken_from_all_who_wait_for_it():
    turns: Turns[str] = Turns(2)
    for client in ("a", "b", "c"):
        turns.come(client)
        turns.add(client, 1, "shared", client)
    turns.add("c", 1, "own", "c")
    name, first = turns.next(1)
    assert (name, first) == ("shared", "a")
    assert list(turns.withdraw("shared")) == ["b", "c"]
    assert len(turns) == 1
    assert turns.next(1) == ("own", "c")
    assert turns.is_empty(1)


def test_who_leaves_is_forgotten():
    turns = _turns(2, a=4, b=4)
    turns.leave("a")
    assert len(turns) == 4
    assert _served(turns, 0, 1, 0, 1) == "bbbb"
    assert "a" not in turns._taken


def test_bulk_work_comes_after_all_others_and_does_not_raise_the_level():
    turns = _turns(1, a=3)
    turns.come("z", bulk=True)
    for place in range(40):
        turns.add("z", 0, f"z{place}", "z")
    assert _served(turns, *[0] * 23) == "aaa" + 20 * "z"
    _line_up(turns, "b", 4)
    _line_up(turns, "a", 4)
    assert sorted(_served(turns, *[0] * 8)) == [*"aaaabbbb"], "who comes back owes nothing for the bulk work"
    assert _served(turns, 0) == "z"
    turns.leave("z")
    assert turns.is_empty(0)
