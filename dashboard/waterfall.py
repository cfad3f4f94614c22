"""A waterfall: from one scenario's value to another's, the parts one after the other, the largest first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np

from dashboard.charts import FONTS, INK, MUTED
from dashboard.i18n import Texts
from dashboard.palette import VIOLET
from dashboard.views import difference_words
from scenarios.attribution import Attribution, Row
from scenarios.coalitions import CONDITIONS, Player
from scenarios.comparison import Difference, paired_difference
from simulation.indicators import INDICATORS

MOST = 12  # parts that are shown one by one
GAIN, LOSS, POOLED = "#2a7f9e", "#c2571a", "#8d98a3"


@dataclass(frozen=True)
class Step:
    """A part of the difference: where it begins, and how large it is.

    Attributes
    ----------
    note
        The levers that it is made of.
    share
        Of the whole difference; NaN where that is not told from noise.
    """

    name: str
    note: str
    start: float
    part: Difference
    colour: str
    share: float

    @property
    def end(self) -> float:
        """Return where the part ends, and the next one begins."""
        return self.start + self.part.difference

    @property
    def ends(self) -> list[float]:
        """Return all values that a drawing of this part has to show."""
        whiskers = [self.start + each for each in (self.part.low, self.part.high) if each is not None]
        return [self.start, self.end, *whiskers]


@dataclass(frozen=True)
class Waterfall:
    """The steps from `row.first` to `row.last`, and the span of values that holds them."""

    row: Row
    steps: tuple[Step, ...]
    span: tuple[float, float]

    def at(self, value: float) -> float:
        """Return where a value lies, in percent of the width."""
        low, high = self.span
        return 100.0 * (value - low) / (high - low)

    @property
    def goal(self) -> float | None:
        """Return the target if it lies within the span."""
        goal = self.row.measure.goal
        return goal if goal is not None and self.span[0] <= goal <= self.span[1] else None


def waterfall(found: Attribution, column: int, texts: Texts) -> Waterfall | None:
    """Return the waterfall of a measure, None where the measure is not defined in both scenarios."""
    row = list(found.rows())[column]
    if not math.isfinite(row.first + row.last):
        return None
    steps = _steps(found, row, column, texts)
    values = [row.first, row.last, *(value for step in steps for value in step.ends)]
    low, high = min(values), max(values)
    room = 0.5 * (high - low)
    goal = row.measure.goal
    if goal is not None and low - room <= goal <= high + room:
        low, high = min(low, goal), max(high, goal)
    air = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
    return Waterfall(row, steps, (low - air, high + air))


def _steps(found: Attribution, row: Row, column: int, texts: Texts) -> tuple[Step, ...]:
    players = found.plan.players
    shown, others = row.moving[:MOST], row.moving[MOST:]
    if len(others) == 1:
        shown, others = row.moving, []
    level, steps = row.first, []
    for player in shown:
        part = row.contributions[player]
        colour = _colour(players[player], part)
        step = Step(
            _name(players[player], texts), _note(players[player], texts), level, part, colour, row.share(part)
        )
        steps.append(step)
        level = step.end
    if others:
        sums = found.contributions[:, others, column].sum(axis=1)
        part = replace(paired_difference(sums, np.zeros_like(sums)), variance_ratio=None)
        name = texts("{count} others together", count=len(others))
        steps.append(Step(name, "", level, part, POOLED, row.share(part)))
    return tuple(steps)


def _colour(player: Player, part: Difference) -> str:
    if player.kind == CONDITIONS:
        return VIOLET
    return GAIN if part.difference > 0.0 else LOSS


def _name(player: Player, texts: Texts) -> str:
    return player.name_zh if texts.language == "zh" else player.name_en


def _note(player: Player, texts: Texts) -> str:
    """Return the levers of an article; a lever needs no note, and a chapter has too many to name."""
    if player.kind != "article":
        return ""
    names = list(map(texts.lever, player.members))
    return ("、" if texts.language == "zh" else ", ").join(names)


def rows(drawn: Waterfall, titles: Sequence[str], complete: bool, texts: Texts) -> list[dict[str, Any]]:
    """Return the lines of a waterfall as the page shows them: the first scenario, the parts, the last."""
    item = INDICATORS[drawn.row.measure.indicator]
    ends = [
        {
            "kind": "end",
            "name": title,
            "note": "",
            "at": drawn.at(value),
            "value": texts.number(value, item.decimals),
            "share": "",
        }
        for title, value in zip(titles, (drawn.row.first, drawn.row.last), strict=True)
    ]
    return [ends[0], *(_line(drawn, step, complete, texts) for step in drawn.steps), ends[1]]


def _line(drawn: Waterfall, step: Step, complete: bool, texts: Texts) -> dict[str, Any]:
    part = step.part
    low, high = sorted((drawn.at(step.start), drawn.at(step.end)))
    whisker = None
    if part.low is not None and part.high is not None:
        whisker = [drawn.at(step.start + part.low), drawn.at(step.start + part.high)]
    return {
        "kind": "part",
        "name": step.name,
        "note": step.note,
        "left": low,
        "width": high - low,
        "whisker": whisker,
        "end": drawn.at(step.end),
        "colour": step.colour,
        "told": part.told,
        "value": difference_words(part, drawn.row.measure.indicator, texts, complete),
        "share": texts.percent(step.share).replace("-", "−") if math.isfinite(step.share) else "",
    }


def printed(drawn: Waterfall, titles: Sequence[str], heading: str, note: str, texts: Texts) -> str:
    """Return a drawing that stands alone."""
    item = INDICATORS[drawn.row.measure.indicator]
    width, left, right, line, top = 1100, 330, 780, 26, 52
    height = top + line * (len(drawn.steps) + 2) + 34

    def x(value: float) -> float:
        return left + drawn.at(value) / 100.0 * (right - left)

    parts = [
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="20" y="30" font-size="18" font-weight="600" fill="{INK}">{escape(heading)}</text>',
    ]
    if drawn.goal is not None:
        parts.append(
            f'<line x1="{x(drawn.goal):.1f}" x2="{x(drawn.goal):.1f}" y1="{top}" y2="{height - 34}" '
            f'stroke="{INK}" stroke-dasharray="5 4"/>'
        )
    for place, (title, value) in enumerate(zip(titles, (drawn.row.first, drawn.row.last), strict=True)):
        y = top + line * (0.5 + place * (len(drawn.steps) + 1))
        parts.append(
            _words(20, y, title, bold=True)
            + f'<circle cx="{x(value):.1f}" cy="{y}" r="5" fill="{INK}"/>'
            + _words(right + 16, y, texts.number(value, item.decimals), bold=True)
        )
    for place, step in enumerate(drawn.steps, start=1):
        parts.append(_bar(drawn, step, x, top + line * (place + 0.5), right + 16, texts))
    parts.append(_words(20, height - 16, note, colour=MUTED))
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{escape(FONTS)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _bar(drawn: Waterfall, step: Step, x: Any, y: float, right: float, texts: Texts) -> str:
    low, high = sorted((x(step.start), x(step.end)))
    text = (
        _words(20, y, step.name)
        + f'<rect x="{low:.1f}" y="{y - 8}" width="{max(high - low, 1.0):.1f}" height="16" '
        f'fill="{step.colour}" fill-opacity="{1.0 if step.part.told else 0.35}"/>'
    )
    if step.part.low is not None and step.part.high is not None:
        ends = x(step.start + step.part.low), x(step.start + step.part.high)
        text += f'<line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y}" y2="{y}" stroke="{INK}"/>'
    return text + _words(right, y, difference_words(step.part, drawn.row.measure.indicator, texts))


def _words(x: float, y: float, text: str, bold: bool = False, colour: str = INK) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x}" y="{y + 5:.1f}" font-size="13"{weight} fill="{colour}">{escape(text)}</text>'
