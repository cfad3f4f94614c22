"""The picture of an ensemble: a small panel for each target, drawn without pyplot so that servers can."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulation.experiment import TARGET_YEAR, Ensemble
from simulation.indicators import INDICATORS
from simulation.report import Row, bands_hold, number, region_name, target_rows, variance_words

COLUMNS = 5
POLICY_START = 2019
INK, MUTED, GRID = "#1f2a33", "#6b7780", "#e3e7ea"
JOINT, BAND_50, BAND_90 = "#1d5f8a", "#9cc2da", "#d7e6ef"
MEMBERS = ("#4f8a5b", "#a1702f")
GOAL = "#c4452d"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}
HALO = [withStroke(linewidth=2.5, foreground="white")]
SVG: dict[Any, Any] = {"svg.fonttype": "path", "svg.hashsalt": "yongwen"}  # letters as shapes, stable ids


def trajectories(ensemble: Ensemble) -> Figure:
    """Return the paths of all targets: median, 50 % and 90 % bands, published values, and the target."""
    panels = _panels(ensemble)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), dpi=150)
        axes = figure.subplots(-(-(len(panels) + 1) // COLUMNS), COLUMNS).ravel()
        figure.subplots_adjust(left=0.035, right=0.955, top=0.82, bottom=0.045, wspace=0.58, hspace=0.52)
        for ax, panel in zip(axes, panels, strict=False):
            _draw(ax, panel)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        _key(axes[len(panels)], ensemble)
        _heading(figure, ensemble, len(panels))
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the path's suffix, without a date: the same figure, the same file."""
    with mpl.rc_context(SVG):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _panels(ensemble: Ensemble) -> list[list[Row]]:
    panels: dict[str, list[Row]] = {}
    for row in target_rows(ensemble):
        panels.setdefault(row.id, []).append(row)
    return list(panels.values())


def _draw(ax: Axes, panel: list[Row]) -> None:
    joint = panel[0]
    members = [row for row in panel[1:] if row.verdict]  # a total's members have no target of their own
    lines = [(joint, JOINT), *zip(members, MEMBERS, strict=False)]
    ax.fill_between(joint.years, joint.band["q05"], joint.band["q95"], color=BAND_90, linewidth=0)
    ax.fill_between(joint.years, joint.band["q25"], joint.band["q75"], color=BAND_50, linewidth=0)
    for row, color in lines[1:]:
        ax.plot(row.years, row.band["median"], color=color, linewidth=1.2)
    ax.plot(joint.years, joint.band["median"], color=JOINT, linewidth=2.4)
    for row, color in lines:
        _observations(ax, row, INK if row is joint else color)
    _frame(ax, joint)
    _name_lines(ax, lines)


def _observations(ax: Axes, row: Row, color: str) -> None:
    for year in row.years:
        if datum := row.observed(year):
            face = "white" if datum.provenance == "assumption" else color
            ax.plot(year, datum.value, "o", markersize=4.2, color=color, markerfacecolor=face, zorder=4)


def _frame(ax: Axes, row: Row) -> None:
    first, last = row.years[0], row.years[-1]
    ax.set_xlim(first - 0.25, last + 0.1)
    low, high = ax.get_ylim()
    low = 0.0 if 0 <= np.nanmin(row.band["q05"], initial=high) < 0.6 * high else low
    if verdict := row.verdict:
        low, high = min(low, verdict.goal), max(high, verdict.goal * 1.08)
        ax.axhline(verdict.goal, color=GOAL, linewidth=1.3, dashes=(4, 2.5), zorder=3)
        ax.annotate(
            f"target {number(verdict.goal)}", (first - 0.2, verdict.goal), xytext=(0, 3),
            textcoords="offset points", color=GOAL, fontsize=9, path_effects=HALO, zorder=5,
        )  # fmt: skip
        ax.annotate(
            f"{verdict.probability:.0%}", (1, 1), xytext=(5, 19), xycoords="axes fraction",
            textcoords="offset points", color=GOAL, fontsize=15, fontweight="bold",
        )  # fmt: skip
    ax.set_ylim(low, high)
    ax.axvline(POLICY_START - 0.5, color=GRID, linewidth=1.2, zorder=0)
    ax.set_xticks(sorted({first, POLICY_START, last}))
    ax.tick_params(length=0, labelsize=9)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    indicator = INDICATORS[row.indicator]
    ax.set_title(fill(indicator.name_en, 23), loc="left", fontsize=10.5, fontweight="bold", pad=21)
    ax.annotate(
        f"{region_name(row.region)}, {indicator.unit}", (0, 1), xytext=(0, 8), xycoords="axes fraction",
        textcoords="offset points", color=MUTED, fontsize=9,
    )  # fmt: skip


def _name_lines(ax: Axes, lines: Sequence[tuple[Row, str]]) -> None:
    """Write each line's region ("both", "Ningbo") at its end, moved apart so far that all can be read."""
    low, high = ax.get_ylim()
    step = 0.11 * (high - low)
    last = [
        (float(row.band["median"][-1]), region_name(row.region).split()[0], color) for row, color in lines
    ]
    ends = sorted(end for end in last if np.isfinite(end[0]))
    heights: list[float] = []
    for end, *_ in ends:
        heights.append(max(end, heights[-1] + step) if heights else end)
    for k in reversed(range(len(heights))):
        ceiling = high if k == len(heights) - 1 else heights[k + 1] - step
        heights[k] = min(heights[k], ceiling)
    for height, (_, name, color) in zip(heights, ends, strict=True):
        ax.annotate(
            name, (lines[0][0].years[-1], height), xytext=(5, 0), textcoords="offset points",
            va="center", color=color, fontsize=9, annotation_clip=False,
        )  # fmt: skip


def _key(ax: Axes, ensemble: Ensemble) -> None:
    handles = [
        Line2D([], [], color=JOINT, linewidth=2.4, label=f"median of {len(ensemble.results)} runs"),
        Patch(color=BAND_50, label="half of the runs (50 % band)"),
        Patch(color=BAND_90, label="nine in ten runs (90 % band)"),
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=5, label="published value"),
        Line2D([], [], color=INK, marker="o", linestyle="", markersize=5, markerfacecolor="white",
               label="assumption"),
        Line2D([], [], color=GOAL, linewidth=1.3, dashes=(4, 2.5), label=f"target for {TARGET_YEAR}"),
        Line2D([], [], color=GRID, linewidth=1.5, label="start of the policy"),
    ]  # fmt: skip
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-0.08, 1.12), frameon=False, fontsize=10.5,
        labelspacing=0.7,
    )  # fmt: skip


def _heading(figure: Figure, ensemble: Ensemble, targets: int) -> None:
    years = f"{ensemble.years[0]}–{ensemble.years[-1]}"
    scenario = ensemble.experiment.name
    title = f"{targets} targets of the Ningbo–Wenzhou zone, {years}: scenario “{scenario}”"
    hold = bands_hold(ensemble.experiment.central)
    text = f"Red percentage: share of the simulated runs that meet the target in {TARGET_YEAR}. {hold}"
    text = "\n".join(filter(None, (text, variance_words(ensemble).strip())))
    figure.text(0.035, 0.962, title, fontsize=20, fontweight="bold", va="center")
    figure.text(0.035, 0.918, text, fontsize=12.5, color=MUTED, va="center")
