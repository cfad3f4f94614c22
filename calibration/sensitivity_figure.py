"""The picture of a sensitivity analysis: what each parameter moves, target by target."""

from textwrap import fill

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.sensitivity import CHANCE, TARGETS, Outcome
from simulation.figure import BAND_50, GOAL, GRID, INK, JOINT, MUTED, STYLE
from simulation.indicators import INDICATORS

SHOWN = 25


def sensitivity_figure(outcome: Outcome) -> Figure:
    """Return the share of each factor in the sizes of all targets' effects, the largest factors first."""
    names = [name for name in outcome.ranking if name != CHANCE][:SHOWN]
    rows = [*names, CHANCE]
    at = [outcome.study.names.index(name) for name in rows]
    shares = outcome.shares[:, at].T
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 4.2 + 0.27 * len(rows)), dpi=150)
        top, bottom = 1.0 - 2.9 / figure.get_figheight(), 0.6 / figure.get_figheight()
        _tiles(figure.add_axes((0.2, bottom, 0.52, top - bottom)), rows, shares)
        _bars(figure.add_axes((0.76, bottom, 0.21, top - bottom)), rows, shares.mean(axis=1))
        _heading(figure, outcome)
    return figure


def _tiles(ax: Axes, rows: list[str], shares: np.ndarray) -> None:
    ax.imshow(shares, cmap="Blues", aspect="auto", vmin=0.0, vmax=max(0.05, float(shares.max())))
    limit = 0.6 * float(shares.max())
    for row, column in zip(*np.nonzero(shares >= 0.01), strict=True):
        share = shares[row, column]
        color = "white" if share > limit else INK
        ax.text(column, row, f"{100.0 * share:.0f}", ha="center", va="center", fontsize=8.5, color=color)
    ax.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
    labels = [fill(_label(column), 20) for column in range(len(TARGETS))]
    ax.set_xticks(range(len(TARGETS)), labels, rotation=55, ha="left", rotation_mode="anchor")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _label(column: int) -> str:
    target = TARGETS[column]
    place = "zones" if target.region.endswith("HTZ") else "cities"
    return f"{INDICATORS[target.indicator].name_en} ({place})"


def _bars(ax: Axes, rows: list[str], mean: np.ndarray) -> None:
    colors = [GOAL if name == CHANCE else JOINT for name in rows]
    ax.barh(range(len(rows)), 100.0 * mean, color=colors, height=0.7)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks([])
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.set_xlabel("mean over targets, %", color=MUTED)


def _heading(figure: Figure, outcome: Outcome) -> None:
    study, height = outcome.study, figure.get_figheight()
    morris = study.method == "morris"
    title = "Which parameters move the targets" if morris else "What the variance of the targets is made of"
    share = "Share of a target’s total in percent" if morris else "Share of a target’s variance"
    how = (
        f"Morris screening: mean size of what a parameter changes over its range, {study.size} trajectories"
        if morris
        else f"Sobol’ total indices, base sample {study.size}"
    )
    text = (
        f"{share}. {how}; scenario {study.scenario.name}, scale {study.scale:g}, 2022. Chance: another seed."
    )
    figure.text(0.035, 1.0 - 0.4 / height, title, fontsize=20, fontweight="bold", va="center")
    figure.text(0.035, 1.0 - 0.75 / height, text, fontsize=12, color=MUTED, va="center")


def indices_figure(outcome: Outcome) -> Figure:
    """Return first-order and total Sobol' indices with 95 % intervals, a panel a target."""
    columns = 5
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(16, 9), dpi=150)
        axes = figure.subplots(-(-len(TARGETS) // columns), columns, sharex=True).ravel()
        figure.subplots_adjust(left=0.13, right=0.985, top=0.8, bottom=0.06, wspace=0.12, hspace=0.42)
        for column, ax in enumerate(axes):
            if column < len(TARGETS):
                _indices(ax, outcome, column, named=column % columns == 0)
            else:
                ax.set_axis_off()
        _heading(figure, outcome)
        figure.text(
            0.035, 1.0 - 1.05 / 9, "Dark: alone (first order); light: with interactions (total); line: 95 %.",
            fontsize=12, color=MUTED, va="center",
        )  # fmt: skip
    return figure


def _indices(ax: Axes, outcome: Outcome, column: int, named: bool) -> None:
    names = outcome.study.names
    found = outcome.indices[TARGETS[column].id]
    rows = np.arange(len(names))
    ax.barh(rows, found["ST"], color=BAND_50, height=0.75)
    ax.barh(rows, np.maximum(0.0, found["S1"]), color=JOINT, height=0.38)
    ax.errorbar(found["ST"], rows, xerr=found["ST_conf"], fmt="none", ecolor=INK, elinewidth=0.9)
    ax.set_yticks(rows, [name.replace("_", " ") for name in names] if named else [""] * len(names))
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0.0, 1.1)
    ax.tick_params(length=0, labelsize=9)
    ax.set_title(fill(_label(column), 30), loc="left", fontsize=10, fontweight="bold")
    if not found["ST"].any():
        ax.text(0.05, len(names) / 2.0 - 0.5, "the same in all runs", va="center", fontsize=9, color=MUTED)
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
