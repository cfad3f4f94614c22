"""The picture of an attribution: for each target a waterfall from one scenario to the other, for a slide."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill, shorten

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from scenarios.attribution import Attribution, Row
from scenarios.coalitions import CONDITIONS, Player
from scenarios.comparison import COST, COST_YEARS, Difference
from simulation.experiment import TARGET_YEAR
from simulation.figure import GOAL, GRID, HALO, INK, MUTED, STYLE
from simulation.indicators import INDICATORS
from simulation.report import number, region_name

COLUMNS = 5
SHOWN = 5  # bars of a panel, besides all the others together
GAIN, LOSS, OUTSIDE = "#0b6fa4", "#c2571a", "#8a6fb0"
_NUMBERS = {kind: f" Numbers are {kind}s of the policy." for kind in ("article", "chapter")}
FAINT = 0.32  # opacity of what is not told from noise


@dataclass(frozen=True)
class _Bar:
    """A step of a waterfall."""

    label: str
    start: float
    part: Difference
    color: str

    @property
    def end(self) -> float:
        return self.start + self.part.difference


def waterfalls(found: Attribution) -> Figure:
    """Return a panel for each target's joint scope and one for the cost, the largest parts first."""
    rows = [row for row in found.rows() if row.measure.joint]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), dpi=150)
        axes = figure.subplots(-(-(len(rows) + 1) // COLUMNS), COLUMNS).ravel()
        figure.subplots_adjust(left=0.108, right=0.985, top=0.79, bottom=0.045, wspace=1.08, hspace=0.68)
        for ax, row in zip(axes, rows, strict=False):
            _draw(ax, row, found)
        for ax in axes[len(rows) :]:
            ax.set_axis_off()
        _key(axes[len(rows)], found)
        _heading(figure, found)
    return figure


def _bars(row: Row, players: Sequence[Player]) -> list[_Bar]:
    bars: list[_Bar] = []
    level = row.first
    for player in row.moving[:SHOWN]:
        part = row.contributions[player]
        bars.append(_Bar(players[player].name_en, level, part, _color(players[player], part)))
        level = bars[-1].end
    if others := [row.contributions[player].difference for player in row.moving[SHOWN:]]:
        together = Difference(sum(others), None, None, told=False, more_seeds=None, variance_ratio=None)
        bars.append(_Bar(f"{len(others)} others", level, together, MUTED))
    return bars


def _color(player: Player, part: Difference) -> str:
    if player.kind == CONDITIONS:
        return OUTSIDE
    return GAIN if part.difference > 0 else LOSS


def _draw(ax: Axes, row: Row, found: Attribution) -> None:
    bars = _bars(row, found.plan.players)
    last = len(bars) + 1
    room = (SHOWN + 2 - last) / 2  # few bars stand in the middle, as thick as many
    low, high = _limits(row, bars)
    step = high - low
    ax.set_xlim(low - 0.06 * step, high + 0.42 * step)
    ax.set_ylim(last + 0.6 + room, -0.6 - room)
    for y, value in ((0, row.first), (last, row.last)):
        ax.plot(value, y, "o", color=INK, markersize=4.5, zorder=4)
        ax.annotate(
            number(value), (value, y), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5,
            fontweight="bold", path_effects=HALO,
        )  # fmt: skip
    level = row.first
    for y, bar in enumerate(bars, start=1):
        ax.plot([level, level], [y - 1, y + 0.3], color=MUTED, linewidth=0.6, zorder=1)
        _bar(ax, y, bar, 0.02 * step)
        level = bar.end
    ax.plot([level, level], [last - 1, last], color=MUTED, linewidth=0.6, zorder=1)
    _goal(ax, row, low, high)
    labels = [shorten(re.sub(r"^(Art|Ch)\. ", "", bar.label), 28, placeholder="…") for bar in bars]
    ends = [shorten(each.title.en, 26, placeholder="…") for each in (found.plan.first, found.plan.last)]
    ax.set_yticks(range(last + 1), [ends[0], *labels, ends[1]])
    _frame(ax, row, last)


def _bar(ax: Axes, y: int, bar: _Bar, gap: float) -> None:
    part = bar.part
    ax.barh(
        y, part.difference, left=bar.start, height=0.6, color=bar.color, alpha=1.0 if part.told else FAINT,
        linewidth=0, zorder=2,
    )  # fmt: skip
    right = max(bar.start, bar.end)
    if part.low is not None and part.high is not None:
        low, high = bar.start + part.low, bar.start + part.high
        ax.plot([low, high], [y, y], color=INK, linewidth=0.9, zorder=3, solid_capstyle="butt")
        right = max(right, high)
    text = number(part.difference, signed=True) if abs(part.difference) >= 0.1 else f"{part.difference:+.1g}"
    ax.text(right + gap, y, text, va="center", fontsize=8, color=bar.color, path_effects=HALO, zorder=5)


def _limits(row: Row, bars: Sequence[_Bar]) -> tuple[float, float]:
    ends = [row.first, row.last]
    for bar in bars:
        whiskers = [bar.start + end for end in (bar.part.low, bar.part.high) if end is not None]
        ends += [bar.start, bar.end, *whiskers]
    low, high = min(ends), max(ends)
    if not math.isfinite(low + high):  # an indicator that is not defined here
        return 0.0, 1.0
    margin = 0.02 * abs(high) or 1.0
    return (low, high) if high > low else (low - margin, high + margin)


def _goal(ax: Axes, row: Row, low: float, high: float) -> None:
    """Draw the target's line, or an arrow to where it lies outside the panel."""
    goal = row.measure.goal
    if goal is None:
        return
    left, right = ax.get_xlim()
    if left <= goal <= right:
        ax.axvline(goal, color=GOAL, linewidth=1.2, dashes=(4, 2.5), zorder=1.5)
        text, where = f"target {number(goal)}", (goal - left) / (right - left)
    else:
        text = f"target {number(goal)} →" if goal > high else f"← target {number(goal)}"
        where = 1.0 if goal > high else 0.0
    place = "right" if where > 0.6 else "left" if where < 0.4 else "center"
    ax.annotate(
        text, (where, 1), xytext=(0, 2), xycoords="axes fraction", textcoords="offset points", color=GOAL,
        fontsize=8, ha=place, path_effects=HALO,
    )  # fmt: skip


def _frame(ax: Axes, row: Row, last: int) -> None:
    ax.tick_params(length=0, labelsize=8)
    ax.tick_params(axis="y", labelsize=7.7)
    for label in (ax.get_yticklabels()[0], ax.get_yticklabels()[last]):
        label.set_fontweight("bold")
        label.set_color(INK)
    for label in ax.get_yticklabels():
        label.set_parse_math(False)
        label.set_color(INK)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    indicator = INDICATORS[row.measure.indicator]
    name = indicator.name_en.replace(" 000", "\N{NO-BREAK SPACE}000")
    years = f" {COST_YEARS[0]}–{COST_YEARS[-1]}" if row.measure.id == COST else ""
    ax.annotate(
        fill(name + years, 32), (-0.98, 1), xytext=(0, 27), xycoords="axes fraction",
        textcoords="offset points", fontsize=10.5, fontweight="bold", va="bottom",
    )  # fmt: skip
    ax.annotate(
        f"{region_name(row.measure.region)}, {row.measure.unit}", (-0.98, 1), xytext=(0, 14),
        xycoords="axes fraction", textcoords="offset points", color=MUTED, fontsize=9,
    )  # fmt: skip


def _key(ax: Axes, found: Attribution) -> None:
    handles: list[Line2D | Patch] = [
        Patch(color=GAIN, linewidth=0, label="raises"),
        Patch(color=LOSS, linewidth=0, label="lowers"),
        Patch(color=GAIN, alpha=FAINT, linewidth=0, label="pale: not told from noise"),
        Patch(color=MUTED, alpha=FAINT, linewidth=0, label="all the others together"),
        Line2D([], [], color=INK, linewidth=1, label="95 % confidence interval"),
        Line2D([], [], color=GOAL, linewidth=1.3, dashes=(4, 2.5), label=f"target for {TARGET_YEAR}"),
    ]
    if any(player.kind == CONDITIONS for player in found.plan.players):
        handles.insert(2, Patch(color=OUTSIDE, linewidth=0, label="conditions, not policy"))
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(-1.0, 1.3),
        frameon=False,
        fontsize=10,
        labelspacing=0.6,
    )


def _heading(figure: Figure, found: Attribution) -> None:
    plan = found.plan
    last, first = (shorten(each.title.en, 40, placeholder="…") for each in (plan.last, plan.first))
    title = f"What makes the difference in {min(TARGET_YEAR, plan.until)}: {last}, from {first}"
    text = (
        f"Means of {len(plan.seeds)} paired seeds. Each bar is a Shapley value: the mean contribution over "
        "the orders in which the parts may be switched on.\nThe bars of a panel add up to the difference of "
        f"the two scenarios. Axes do not start at zero.{_NUMBERS.get(plan.players[0].kind, '')}"
    )
    figure.text(0.017, 0.962, title, fontsize=20, fontweight="bold", va="center", parse_math=False)
    figure.text(0.017, 0.937, text, fontsize=12, color=MUTED, va="top", linespacing=1.4)
