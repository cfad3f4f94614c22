"""The picture of a test of robustness: what scenarios attain across futures, their regret, when they fail."""

from textwrap import fill

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scenarios.comparison_figure import FIRST, OTHERS
from scenarios.robustness import Failure, Robustness
from scenarios.search_figure import CHANCE, grid, grid_title, heading, target_labels
from simulation.figure import GRID, INK, MUTED, STYLE

COLORS = (FIRST, *OTHERS)
TEXTS = 3  # conditions of failure that fit for each scenario


def robustness_figure(found: Robustness) -> Figure:
    """Return regrets, the chance of each target, and when scenarios fail."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), dpi=150)
        _regrets(figure.add_axes((0.05, 0.12, 0.22, 0.66)), found)
        _chances(figure.add_axes((0.45, 0.12, 0.03 + 0.03 * len(found.names), 0.66)), found)
        _failures(figure.add_axes((0.72, 0.12, 0.27, 0.66)), found)
        futures, scale = len(found.trials.futures), found.trials.scale
        row = found.rows[found.minimax]
        title = f"{found.minimax} has the least regret at worst: {row.regret_most:.1f} points of attainment"
        text = (
            f"{len(found.names)} scenarios in the same {futures} futures at scale {scale:g}: draws of all "
            "uncertain parameters, of conditions and of chance."
        )
        heading(figure, title, text)
    return figure


def _regrets(ax: Axes, found: Robustness) -> None:
    for k, (name, color) in enumerate(zip(found.names, COLORS, strict=False)):
        regret = np.sort(found.regret[k])
        share = np.arange(1, len(regret) + 1) / len(regret)
        ax.step([0.0, *regret], [0.0, *share], where="post", color=color, linewidth=2.2, label=name)
        ax.plot(regret[-1], 1.0, "o", markersize=6, color=color, markeredgecolor="white", zorder=5)
    ax.set_ylim(0.0, 1.03)
    ax.set_xlim(left=0.0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.grid(color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(length=0, labelsize=9)
    ax.set_xlabel("regret, points of attainment; the dot is the largest", color=MUTED, fontsize=10)
    legend = ax.legend(loc="lower right", frameon=False, fontsize=10)
    for text in legend.get_texts():
        text.set_parse_math(False)
        text.set_color(INK)
    grid_title(ax, "Regret", "share of futures in which it is at most so large")


def _chances(ax: Axes, found: Robustness) -> None:
    rows = ["all together", *target_labels(found.trials.targets)]
    cells = np.array([[row.meets, *row.each] for row in found.rows.values()]).T
    texts = [[f"{100.0 * value:.0f}" for value in row] for row in cells]
    columns = [str(k + 1) for k in range(len(found.names))]
    grid(ax, rows, columns, cells, texts, CHANCE, (0.0, 1.0))
    names = "  ".join(f"{k + 1} {name}" for k, name in enumerate(found.names))
    grid_title(ax, "Share of futures that meet each target, %", fill(names, 64))


def _failures(ax: Axes, found: Robustness) -> None:
    ax.set_axis_off()
    grid_title(ax, "When they fail", "found in two thirds of the futures, judged in the rest")
    step = 1.0 / len(found.names)
    for k, (name, color) in enumerate(zip(found.names, COLORS, strict=False)):
        ax.text(0.0, 1.0 - k * step, name, color=color, fontsize=11, fontweight="bold", va="top",
                parse_math=False)  # fmt: skip
        lines = [_words(one) for one in telling(found.failures[name])[:TEXTS]] or [
            "nothing simple explains it"
        ]
        ax.text(0.0, 0.955 - k * step, "\n".join(lines), fontsize=8.5, color=INK, va="top", linespacing=1.3,
                parse_math=False)  # fmt: skip


def telling(failures: tuple[Failure, ...]) -> list[Failure]:
    """Return the failures that some conditions explain better than luck, those that explain most first."""
    found = [one for one in failures if one.box and one.box.holds]
    return sorted(found, key=lambda one: (one.target is not None, one.box.luck if one.box else 1.0))


def _words(one: Failure) -> str:
    assert one.box is not None
    what = one.target.id if one.target else "all targets together"
    record = (
        f"{one.box.density:.0%} fail there, {one.box.usual:.0%} usually; {one.box.coverage:.0%} of failures"
    )
    return fill(f"{what}: when {one.box} ({record})", 68, subsequent_indent="   ")
