"""The picture of a comparison: a small panel for each target with a line for each scenario, for a slide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill, shorten

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from scenarios.comparison import Comparison, Outcome, Row
from scenarios.scenario import load_scenario
from simulation.experiment import TARGET_YEAR, Ensemble
from simulation.figure import GOAL, GRID, HALO, INK, MUTED, STYLE
from simulation.indicators import BASE_YEAR, INDICATORS
from simulation.report import bands_hold, number, region_name

COLUMNS = 5
FIRST = "#59636b"
OTHERS = ("#0b6fa4", "#c2571a", "#3f8f4f", "#8b4fa3", "#9c7a00")  # told apart by colour-blind readers too
LABEL_STEP = 0.21  # of a panel's height, between two labels of two lines each


def small_multiples(comparison: Comparison) -> Figure:
    """Return the joint paths of all targets: medians, 50 % bands, and the target.

    A scenario that is not told from the first is a thin line without band and label, so that what differs
    can be read.
    """
    rows = [row for row in comparison.rows if row.region == row.target.regions[0]]
    looks = _looks(comparison)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), dpi=150)
        axes = figure.subplots(-(-(len(rows) + 1) // COLUMNS), COLUMNS).ravel()
        figure.subplots_adjust(left=0.035, right=0.925, top=0.8, bottom=0.045, wspace=0.92, hspace=0.52)
        for ax, row in zip(axes, rows, strict=False):
            _draw(ax, row, comparison, looks)
        for ax in axes[len(rows) :]:
            ax.set_axis_off()
        _key(axes[len(rows)], looks)
        _heading(figure, comparison)
    return figure


@dataclass(frozen=True)
class _Look:
    """How a scenario appears in every panel."""

    title: str
    color: str


def _looks(comparison: Comparison) -> dict[str, _Look]:
    scenarios = [ensemble.experiment.scenario for ensemble in comparison.ensembles]
    titles = [(load_scenario(each) if isinstance(each, str) else each).title.en for each in scenarios]
    named = zip(comparison.names, titles, (FIRST, *OTHERS), strict=False)
    return {name: _Look(shorten(title, 34, placeholder="…"), color) for name, title, color in named}


def _stands_out(outcome: Outcome) -> bool:
    """Tell whether a scenario is the first one, or differs from it as far as can be told."""
    paired = outcome.paired
    return paired is None or paired.told or (paired.low is None and paired.difference != 0.0)


def _draw(ax: Axes, row: Row, comparison: Comparison, looks: Mapping[str, _Look]) -> None:
    labels = []
    for ensemble in comparison.ensembles:
        name = ensemble.experiment.name
        look, outcome = looks[name], row.outcomes[name]
        years, band = _shown(ensemble, row)
        if not _stands_out(outcome):
            ax.plot(years, band["median"], color=look.color, linewidth=0.9, zorder=2)
            continue
        ax.fill_between(years, band["q25"], band["q75"], color=look.color, alpha=0.16, linewidth=0)
        ax.plot(years, band["median"], color=look.color, linewidth=2.0, zorder=3)
        chance = "" if outcome.probability is None else f" ({outcome.probability:.0%})"
        text = f"{shorten(look.title, 21, placeholder='…')}\n{number(outcome.median)}{chance}"
        labels.append((outcome.median, text, look.color))
    _frame(ax, row, years)
    _label(ax, years[-1], labels)


def _shown(ensemble: Ensemble, row: Row) -> tuple[list[int], dict[str, np.ndarray]]:
    """Return the years from the last one before the policy on, in which scenarios can differ."""
    start = ensemble.years.index(BASE_YEAR) if BASE_YEAR in ensemble.years[:-1] else 0
    band = ensemble.band(row.target.indicator, row.region)
    return list(ensemble.years[start:]), {name: path[start:] for name, path in band.items()}


def _frame(ax: Axes, row: Row, years: Sequence[int]) -> None:
    low, high = ax.get_ylim()
    if row.goal is not None:
        margin = 0.06 * (max(high, row.goal) - min(low, row.goal))
        low, high = min(low, row.goal - margin), max(high, row.goal + margin)
        ax.axhline(row.goal, color=GOAL, linewidth=1.3, dashes=(4, 2.5), zorder=4)
        ax.annotate(
            f"target {number(row.goal)}", (years[0], row.goal), xytext=(1, 3), textcoords="offset points",
            color=GOAL, fontsize=9, path_effects=HALO, zorder=5,
        )  # fmt: skip
    ax.set_ylim(low, high)
    ax.set_xlim(years[0] - 0.1, years[-1] + 0.1)
    ax.set_xticks(sorted({years[0], years[-1]}))
    ax.tick_params(length=0, labelsize=9)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    indicator = INDICATORS[row.target.indicator]
    ax.set_title(fill(indicator.name_en, 26), loc="left", fontsize=10.5, fontweight="bold", pad=21)
    ax.annotate(
        f"{region_name(row.region)}, {indicator.unit}", (0, 1), xytext=(0, 8), xycoords="axes fraction",
        textcoords="offset points", color=MUTED, fontsize=9,
    )  # fmt: skip


def _label(ax: Axes, year: int, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's last value at its end, moved apart so far that all can be read."""
    low, high = ax.get_ylim()
    ordered = sorted(end for end in ends if np.isfinite(end[0]))
    step = min(LABEL_STEP, 1.1 / max(1, len(ordered))) * (high - low)
    heights: list[float] = []
    for value, *_ in ordered:
        heights.append(max(value, heights[-1] + step) if heights else value)
    for k in reversed(range(len(heights))):
        ceiling = high - 0.35 * step if k == len(heights) - 1 else heights[k + 1] - step
        heights[k] = min(heights[k], ceiling)
    for height, (value, text, color) in zip(heights, ordered, strict=True):
        ax.annotate(
            text, (year, value), xytext=(year + 0.35, height), textcoords="data", va="center", color=color,
            fontsize=8.5, linespacing=1.05, annotation_clip=False, parse_math=False,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 2, "shrinkB": 0,
                        "relpos": (0.0, 0.5)},
        )  # fmt: skip


def _key(ax: Axes, looks: Mapping[str, _Look]) -> None:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=look.color, linewidth=2.4, label=look.title) for look in looks.values()
    ]
    first = next(iter(looks.values())).title
    handles += [
        Patch(color=FIRST, alpha=0.2, linewidth=0, label="half of the runs (50 % band)"),
        Line2D([], [], color=MUTED, linewidth=0.9, label=f"thin: not told from “{first}”"),
        Line2D([], [], color=GOAL, linewidth=1.3, dashes=(4, 2.5), label=f"target for {TARGET_YEAR}"),
    ]
    legend = ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-0.08, 1.25), frameon=False, fontsize=10.5,
        labelspacing=0.55,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
        text.set_color(INK)


def _heading(figure: Figure, comparison: Comparison) -> None:
    years, _ = _shown(comparison.first, comparison.rows[0])
    scenarios, runs = len(comparison.names), len(comparison.first.results)
    title = f"{scenarios} scenarios for the Ningbo–Wenzhou zone, {years[0]}–{years[-1]}"
    text = (
        f"Medians of {runs} runs on the same seeds; at the lines' ends {comparison.year}, and in brackets "
        f"the share of runs that meet the target.\n{bands_hold(comparison.first.experiment.central)}"
    )
    figure.text(0.035, 0.962, title, fontsize=20, fontweight="bold", va="center")
    figure.text(0.035, 0.937, text, fontsize=12, color=MUTED, va="top", linespacing=1.4)
