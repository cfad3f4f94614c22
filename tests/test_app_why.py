"""The page of attributions: live numbers, the waterfall, what is shipped."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_runs import install, toy_result

from dashboard import attributing, shipped_attribution
from dashboard.attributing import Answer, Question, answer, shipped_answer
from dashboard.drafting import set_growth, set_lever
from dashboard.i18n import Texts
from dashboard.tables import attribution_table
from dashboard.waterfall import MOST, Waterfall, printed, rows, waterfall
from scenarios.attribution import plan_attribution
from scenarios.ledger import MEASURES, outcomes_of
from scenarios.scenario import load_scenario
from simulation.errors import WorkerError
from simulation.runs import RunResult, RunSpec

BASELINE, FULL = load_scenario("baseline"), load_scenario("full_plan")
TALENT = set_lever(BASELINE, "talent_inflow", value=6000)


class ToyEngine:
    """Delivers runs of the toy two by two, and may fail after some."""

    def __init__(self, fail_after: int = 10**9) -> None:
        self.fail_after = fail_after

    def stream(self, client: str, runs: Mapping[str, RunSpec]) -> Iterator[list[RunResult]]:
        found = [toy_result(spec, name) for name, spec in runs.items()]
        for at in range(0, len(found), 2):
            if at >= self.fail_after:
                raise WorkerError("a worker process died")
            yield found[at : at + 2]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attributions run the toy."""
    install(monkeypatch)


def _asked(monkeypatch: pytest.MonkeyPatch, question: Question, fail_after: int = 10**9) -> list[Answer]:
    monkeypatch.setattr(attributing, "engine", lambda: ToyEngine(fail_after))
    told: list[Answer] = []
    answer(question, "somebody", told.append)
    return told


def test_numbers_come_seed_by_seed_and_end_as_those_of_the_command_line(toy, monkeypatch) -> None:
    told = _asked(monkeypatch, Question(FULL, "article", 6, 0.1))
    seeds = [len(one.attribution.plan.seeds) if one.attribution else 0 for one in told]
    assert seeds[0] == 0
    assert seeds == sorted(seeds)
    assert {2, 3, 4, 5, 6} <= set(seeds)
    assert told[-1].complete
    expected = plan_attribution("full_plan", seeds=range(1, 7), scale=0.1, by="article").run()
    np.testing.assert_array_equal(told[-1].attribution.contributions, expected.contributions)


def test_seeds_that_lack_a_run_do_not_count(toy) -> None:
    plan = plan_attribution("full_plan", seeds=range(1, 5), scale=0.1, by="article")
    known = {name: outcomes_of(toy_result(spec, name)) for name, spec in plan.runs.items()}
    [lost] = [name for (mask, seed), name in plan.names.items() if seed == 2 and mask == 0]
    del known[lost]
    found = plan.so_far(known)
    assert found.plan.seeds == (1, 3, 4)
    assert found.residual < 1e-12
    alone = {name: value for name, value in known.items() if plan.runs[name].seed == 3}
    assert plan.so_far(alone) is None


def test_a_failure_keeps_what_was_found(toy, monkeypatch) -> None:
    told = _asked(monkeypatch, Question(FULL, "article", 6, 0.1), fail_after=150)
    assert told[-1].error == "a worker process died"
    assert len(told[-1].attribution.plan.seeds) == 3
    assert not told[-1].complete


def test_policy_is_measured_against_no_policy_under_the_same_conditions() -> None:
    question = Question(set_growth(TALENT, -1.0), "article", 4, 0.1)
    assert question.reference.conditions == question.scenario.conditions
    assert not question.is_empty
    assert Question(set_growth(BASELINE, -1.0), "article", 4, 0.1).is_empty


# The waterfall.


def _drawn(column: int = 0, language: str = "en") -> Waterfall:
    found = plan_attribution("full_plan", seeds=range(1, 9), scale=0.1, by="article").run()
    return waterfall(found, column, Texts(language))


@pytest.mark.parametrize("column", [0, 5, len(MEASURES) - 1])
def test_steps_lead_from_one_scenario_to_the_other(toy, column) -> None:
    drawn = _drawn(column)
    assert drawn.steps[0].start == drawn.row.first
    for before, after in zip(drawn.steps[:-1], drawn.steps[1:], strict=True):
        assert after.start == before.end
    assert drawn.steps[-1].end == pytest.approx(drawn.row.last, rel=1e-12)
    assert len(drawn.steps) <= MOST + 1


def test_the_largest_parts_come_first_and_the_rest_is_pooled(toy) -> None:
    drawn = _drawn()
    sizes = [abs(step.part.difference) for step in drawn.steps[:MOST]]
    assert sizes == sorted(sizes, reverse=True)
    assert "others together" in drawn.steps[-1].name
    others = drawn.row.moving[MOST:]
    together = sum(drawn.row.contributions[player].difference for player in others)
    assert drawn.steps[-1].part.difference == pytest.approx(together)


def test_everything_drawn_lies_within_the_frame(toy) -> None:
    drawn = _drawn()
    for line in rows(drawn, ("a", "b"), True, Texts("en")):
        places = [line["at"]] if line["kind"] == "end" else [line["left"], line["end"], *line["whisker"]]
        assert all(0.0 <= place <= 100.0 for place in places)


def test_a_goal_is_drawn_where_it_lies_near(toy) -> None:
    drawn = _drawn()
    low, high = drawn.span
    for goal, shown in ((0.5 * (low + high), True), (high + 10.0 * (high - low), False), (None, False)):
        row = replace(drawn.row, measure=replace(drawn.row.measure, goal=goal))
        assert (Waterfall(row, drawn.steps, drawn.span).goal == goal and goal is not None) is shown


def test_text_in_the_printed_waterfall_is_escaped(toy) -> None:
    text = printed(_drawn(), ("<script>", "b"), "<b>", "note", Texts("zh"))
    assert "<script>" not in text
    assert "<b>" not in text
    assert text.count("<rect") == 1 + MOST + 1


def test_what_is_not_defined_has_no_waterfall(toy, monkeypatch) -> None:
    found = plan_attribution("full_plan", seeds=range(1, 4), scale=0.1, by="article").run()
    for game in found.games.values():
        game[0] = np.full_like(game[0], math.nan)
    assert waterfall(found, 0, Texts("en")) is None


def test_the_table_adds_up(toy) -> None:
    found = plan_attribution("full_plan", seeds=range(1, 4), scale=0.1, by="article").run()
    lines = list(csv.DictReader(io.StringIO(attribution_table(found))))
    assert len(lines) == len(MEASURES) * (len(found.plan.players) + 1)
    first = [
        line for line in lines if line["measure"] == MEASURES[0].id and line["region"] == MEASURES[0].region
    ]
    whole = next(float(line["value"]) for line in first if line["part"] == "difference")
    parts = sum(float(line["value"]) for line in first if line["part"] != "difference")
    assert parts == pytest.approx(whole)


# What is shipped.


def test_a_shipped_attribution_comes_back_as_it_was(toy, tmp_path: Path) -> None:
    found = plan_attribution("full_plan", seeds=range(1, 4), scale=0.1, by="article").run()
    path = tmp_path / "some.npz"
    shipped_attribution.write(found, path)
    again = shipped_attribution.read(path)
    assert again.changed == ()
    np.testing.assert_array_equal(again.attribution.contributions, found.contributions)


def test_no_file_no_attribution(tmp_path: Path) -> None:
    assert shipped_attribution.read(tmp_path / "none.npz") is None


def test_the_product_ships_the_articles_of_the_full_plan() -> None:
    ready = shipped_answer(Question(FULL, "article", 4, 0.1))
    assert ready is not None
    assert ready.complete
    assert ready.attribution.residual < 1e-9
    assert shipped_answer(Question(FULL, "lever", 4, 0.1)) is None
    assert shipped_answer(Question(TALENT, "article", 4, 0.1)) is None
