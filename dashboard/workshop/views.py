"""What the workshop's page shows, as data that needs no browser to test."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import segno

from dashboard.charts import Chart, Series
from dashboard.drafting import BASELINE
from dashboard.i18n import Texts
from dashboard.settings import rooms_file
from dashboard.state import Projection, Session
from dashboard.views import Look, chart, title_of
from dashboard.workshop.rooms import GUESSED_YEARS, Group, Outcome, Room, Rooms, Stage
from dashboard.workshop.scoring import guessed_draws, outcome, ranked, score
from scenarios.scenario import Scenario, load_scenario
from simulation.experiment import QUANTILES, goal_of
from simulation.indicators import INDICATORS, TARGETS

GUESS_COLOUR, OWN_COLOUR = "#b07a12", "#c0394d"


@cache
def open_rooms() -> Rooms:
    """Return the rooms of this server."""
    return Rooms(rooms_file())


def qr_code(link: str) -> str:
    """Return a link as a QR code, an SVG text."""
    return str(
        segno.make(link, error="m").svg_inline(scale=5, border=2, dark="#1d2733", light="#fff", omitsize=True)
    )


def question_chart(room: Room, look: Look | None, texts: Texts) -> Chart:
    """Return the chart of what is asked: observations, and the model's bands once it is revealed."""
    shown = [look] if look and room.stage is not Stage.PREDICT else []
    return chart(room.indicator, room.region, _goal(room), shown, texts)


def reveal_chart(room: Room, look: Look, own: int | None, texts: Texts) -> Chart:
    """Return the model's bands with every group's guess as a line; one's own stands out."""
    base = question_chart(room, look, texts)
    guesses = [
        Series(group.name, OWN_COLOUR if group.id == own else GUESS_COLOUR, _line(base.years, group.guess), 0)
        for group in sorted(room.groups, key=lambda group: group.id == own)
        if group.guess
    ]
    return replace(base, series=[*base.series, *guesses])


def _line(years: Sequence[int], guess: Sequence[float]) -> dict[str, Any]:
    """Return a guess as a band without width, not defined before the years that are guessed."""
    known = dict(zip(GUESSED_YEARS, guess, strict=True))
    path = np.array([known.get(year, np.nan) for year in years])
    return dict.fromkeys(QUANTILES, path)


def _goal(room: Room) -> float | None:
    for target in TARGETS:
        if target.indicator == room.indicator and room.region in target.regions:
            return goal_of(target, room.region)
    return None


def score_rows(room: Room, projection: Projection, texts: Texts) -> list[list[str]]:
    """Return the groups with their last year's guess and their score, the best first."""
    draws = guessed_draws(projection.ensemble, room.indicator, room.region)
    item = INDICATORS[room.indicator]
    found = [(score(group.guess, draws), group) for group in room.groups if group.guess]
    return [
        [str(place), group.name, texts.amount(group.guess[-1] if group.guess else 0.0, item), str(points)]
        for place, (points, group) in enumerate(sorted(found, key=lambda pair: -pair[0]), 1)
    ]


def ranking_rows(room: Room, texts: Texts) -> list[list[str]]:
    """Return each group's best scenario, the best group first."""
    return [
        [str(place), group.name, title_of(one.scenario, texts), *_outcome_cells(one.outcome, texts)]
        for place, (group, one) in enumerate(ranked(room.groups), 1)
    ]


def _outcome_cells(found: Outcome | None, texts: Texts) -> list[str]:
    assert found
    cost = texts.amount(found.cost, INDICATORS["fiscal_cost"], signed=True)
    return [f"{found.met} / {len(TARGETS)}", texts.percent(found.probability), cost]


def sketch(room: Room, texts: Texts) -> dict[str, Any]:
    """Return what the sketch of a guess starts from: history, bounds, unit, decimals."""
    drawn = question_chart(room, None, texts)
    history = sorted((year, datum.value) for year, datum in drawn.observed.items())
    values = [value for _, value in history] + ([drawn.goal] if drawn.goal else [])
    top = 2.0 * max(values, default=1.0) or 1.0
    last = history[-1][1] if history else top / 2.0
    return {
        "title": drawn.title,
        "unit": drawn.unit,
        "years": list(GUESSED_YEARS),
        "history": [list(point) for point in history],
        "goal": drawn.goal,
        "high": top,
        "start": last,
        "decimals": INDICATORS[room.indicator].decimals,
    }


def unfinished(groups: Sequence[Group]) -> tuple[Scenario, ...]:
    """Return submitted scenarios whose outcome is not known yet."""
    waiting = [one.scenario for group in groups for one in group.submissions if one.outcome is None]
    return tuple({scenario.content_hash: scenario for scenario in waiting}.values())


def finished(session: Session, room: Room) -> dict[int, Outcome]:
    """Return outcomes of submissions that have been simulated in the meantime."""
    found = {}
    baseline = session.projection(load_scenario(BASELINE))
    if baseline is None or not baseline.complete or baseline.changed:
        return {}
    for group in room.groups:
        for one in group.submissions:
            projection = session.projection(one.scenario) if one.outcome is None else None
            if projection and projection.complete and not projection.changed:
                found[one.id] = outcome(projection.ensemble, baseline.ensemble)
    return found
