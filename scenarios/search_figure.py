"""The picture of a target search: cost against chance, what each mix achieves, and what it is made of."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from scenarios.comparison import COST_YEARS
from scenarios.ledger import Measure
from scenarios.levers import LEVERS
from scenarios.search_runs import Answer
from scenarios.search_store import letters, strengths
from simulation.figure import GOAL, GRID, HALO, INK, JOINT, MUTED, STYLE
from simulation.indicators import INDICATORS
from simulation.report import bands_hold, number

TRIED, FRONT = "#b9c7d1", "#6f9fbf"
CHANCE = LinearSegmentedColormap.from_list("chance", ["#f6e3dd", "#f3f1ea", "#bcd9c4", "#4f9466"])
STRENGTH = LinearSegmentedColormap.from_list("strength", ["#c2571a", "#f6f7f8", JOINT])


def front_figure(answer: Answer) -> Figure:
    """Return the front of cost against chance, the targets that its mixes meet, and their levers."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), dpi=150)
        top = figure.add_axes((0.05, 0.41, 0.36, 0.41))
        below = figure.add_axes((0.05, 0.085, 0.36, 0.22), sharex=top)
        _chances(top, answer)
        _shortfalls(below, answer)
        _targets(figure.add_axes((0.56, 0.085, 0.145, 0.7)), answer)
        _levers(figure.add_axes((0.845, 0.085, 0.145, 0.7)), answer)
        heading(figure, headline(answer), _made(answer))
    return figure


def _chances(ax: Axes, answer: Answer) -> None:
    wanted = answer.request.probability
    ax.axhline(wanted, color=GOAL, linewidth=1.3, dashes=(4, 2.5), zorder=2)
    _cloud(ax, answer, [trial.probability for trial in answer.search.trials])
    front = answer.search.front
    ax.step(
        [trial.extra for trial in front], [trial.probability for trial in front], where="post", color=FRONT,
        linewidth=1.4, zorder=3,
    )  # fmt: skip
    for letter, one in letters(answer).items():
        low, high = one.interval
        at = one.check.extra
        ax.plot([at, at], [low, high], color=JOINT, linewidth=1.4, zorder=4)
        _mark(ax, letter, at, one.check.probability)
    ax.set_ylim(-0.06, 1.08)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    seeds = answer.request.check_seeds
    text = f"line: as seen in the search; letters: checked with {seeds} fresh seeds, 95 % interval"
    _frame(ax, "Chance that one future meets all targets", text)
    ax.annotate(
        f"asked for: {wanted:.0%}", (1, wanted), xycoords=("axes fraction", "data"), xytext=(-2, 4),
        textcoords="offset points", ha="right", color=GOAL, fontsize=9, path_effects=HALO, zorder=5,
    )  # fmt: skip
    if budget := answer.request.budget:
        ax.axvline(budget, color=MUTED, linewidth=1.0, dashes=(2, 2), zorder=1)
        ax.annotate(
            f"budget {number(budget)}", (budget, 1.06), xytext=(-3, 0), textcoords="offset points",
            ha="right", va="top", rotation=90, color=MUTED, fontsize=8.5,
        )  # fmt: skip
    ax.tick_params(labelbottom=False)


def _shortfalls(ax: Axes, answer: Answer) -> None:
    _cloud(ax, answer, [trial.shortfall for trial in answer.search.trials])
    for letter, one in letters(answer).items():
        _mark(ax, letter, one.check.extra, one.check.shortfall)
    highest = max(trial.shortfall for trial in answer.search.trials)
    ax.set_ylim(-0.06 * highest, 1.08 * highest)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    _frame(ax, "Shortfall of the worst target", "share of its goal by which it is missed, mean of futures")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.set_xlabel(
        f"extra fiscal cost of Ningbo and Wenzhou, {COST_YEARS[0]}–{COST_YEARS[-1]}, 100m CNY", color=MUTED,
        fontsize=10,
    )  # fmt: skip


def _cloud(ax: Axes, answer: Answer, heights: Sequence[float]) -> None:
    costs = [trial.extra for trial in answer.search.trials]
    ax.plot(costs, heights, "o", markersize=4, color=TRIED, markeredgewidth=0, alpha=0.8, zorder=2)


def _mark(ax: Axes, letter: str, x: float, y: float) -> None:
    ax.plot(x, y, "o", markersize=15, color=JOINT, markeredgecolor="white", zorder=6)
    ax.annotate(letter, (x, y), ha="center", va="center_baseline", color="white", fontweight="bold",
                fontsize=9.5, zorder=7)  # fmt: skip


def _frame(ax: Axes, title: str, text: str) -> None:
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, labelsize=9)
    ax.margins(x=0.05)
    ax.set_title(title, loc="left", fontsize=11.5, fontweight="bold", pad=21)
    ax.annotate(
        text,
        (0, 1),
        xytext=(0, 8),
        xycoords="axes fraction",
        textcoords="offset points",
        color=MUTED,
        fontsize=9,
    )


def _targets(ax: Axes, answer: Answer) -> None:
    labels = target_labels(answer.request.targets)
    columns = [answer.base, *(one.check for one in answer.checked)]
    cells = np.column_stack([column.each for column in columns])
    texts = [[f"{value:.0%}".rstrip("%") for value in row] for row in cells]
    grid(ax, labels, ["–", *letters(answer)], cells, texts, CHANCE, (0.0, 1.0))
    grid_title(ax, "Chance of each target, %", "in the check; – is the baseline")


def _levers(ax: Axes, answer: Answer) -> None:
    rows = strengths(answer)
    if not rows:
        ax.set_axis_off()
        return
    cells = np.array(list(rows.values()))
    values = [answer.request.space.levers(one.trial.values) for one in answer.checked]
    texts = [[_short(mix[name]) if name in mix else "" for mix in values] for name in rows]
    labels = [LEVERS[name].name_en if name in LEVERS else name for name in rows]
    grid(ax, labels, list(letters(answer)), cells, texts, STRENGTH, (-1.0, 1.0))
    grid_title(ax, "Levers", "dark: near to a bound")


def _short(value: float) -> str:
    return (
        f"{value / 1000:.3g}k"
        if abs(value) >= 1000
        else f"{value:.3g}"
        if abs(value) >= 1
        else f"{value:.2g}"
    )


def grid(
    ax: Axes,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: np.ndarray,
    texts: Sequence[Sequence[str]],
    colors: Colormap,
    limits: tuple[float, float],
) -> None:
    """Draw a table whose cells are coloured by their values."""
    size = min(9.0, 260.0 / max(1, len(rows)))
    ax.imshow(cells, cmap=colors, vmin=limits[0], vmax=limits[1], aspect="auto")
    middle, half = (limits[0] + limits[1]) / 2.0, (limits[1] - limits[0]) / 2.0
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            dark = (cells[i, j] - middle) / half > 0.62
            ax.text(j, i, text, ha="center", va="center", color="white" if dark else INK, fontsize=size)
    ax.set_xticks(range(len(columns)), columns, fontweight="bold")
    ax.set_yticks(range(len(rows)), rows, fontsize=size)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelcolor=INK)
    for edge in range(1, len(columns)):
        ax.axvline(edge - 0.5, color="white", linewidth=2)
    for edge in range(1, len(rows)):
        ax.axhline(edge - 0.5, color="white", linewidth=2)
    for spine in ax.spines.values():
        spine.set_visible(False)


def grid_title(ax: Axes, title: str, text: str) -> None:
    """Write a title above the names of a table's columns."""
    ax.set_title(title, loc="left", fontsize=11.5, fontweight="bold", pad=38)
    ax.annotate(
        text,
        (0, 1),
        xytext=(0, 25),
        xycoords="axes fraction",
        textcoords="offset points",
        color=MUTED,
        fontsize=9,
    )


def heading(figure: Figure, title: str, text: str) -> None:
    """Write what a figure says above it, and how it was made."""
    figure.text(0.05, 0.955, title, fontsize=19, fontweight="bold", va="center")
    figure.text(0.05, 0.912, text, fontsize=11, color=MUTED, va="center")


def target_labels(targets: Sequence[Measure]) -> list[str]:
    """Return the targets' names, with their scope where two measure the same."""
    names = [INDICATORS[target.indicator].name_en for target in targets]
    places = ["zones" if target.region.endswith("HTZ") else "cities" for target in targets]
    return [
        f"{name} ({place})" if names.count(name) > 1 else name
        for name, place in zip(names, places, strict=True)
    ]


def _made(answer: Answer) -> str:
    request = answer.request
    return (
        f"{len(answer.search.trials)} mixes of {len(request.space.free)} levers tried on {request.seeds} "
        f"paired seeds at scale {request.scale:g}; lettered ones checked at scale {request.check_scale:g}. "
        f"{bands_hold()}"
    )


def headline(answer: Answer) -> str:
    """Return the answer in one sentence."""
    count, wanted = len(answer.request.targets), answer.request.probability
    every = f"all {count} targets" if count > 1 else "the target"
    if one := answer.cheapest:
        name = next(letter for letter, each in letters(answer).items() if each is one)
        return (
            f"Mix {name} meets {every} in {one.check.probability:.0%} of futures, "
            f"for {number(one.check.extra)} (100m CNY) extra"
        )
    return f"No mix that was tried meets {every} with a probability of {wanted:.0%}"
