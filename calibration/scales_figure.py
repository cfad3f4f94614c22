"""The picture of a comparison of scales: what samples of firms differ by from all firms, by target."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.scales import Row, Scales
from simulation.figure import GOAL, GRID, INK, JOINT, MEMBERS, MUTED, STYLE
from simulation.indicators import INDICATORS, TARGETS
from simulation.report import region_name

COLORS = (JOINT, MEMBERS[1], MEMBERS[0], MUTED)
APART = 0.22
"""Of the height of a row, between two scales; less where there are many."""
TWO_SIDES = 1.96


def scales_figure(found: Scales) -> Figure:
    """Return the paired difference to full scale of each target, and of whatever differs, at each scale."""
    rows = [row for row in found.rows if row.mean and _is_shown(row)]
    with mpl.rc_context(STYLE):
        height = 2.2 + 0.42 * len(rows)
        figure = Figure(figsize=(13, height), dpi=150)
        ax = figure.add_axes((0.36, 0.85 / height, 0.61, 1.0 - 2.2 / height))
        scales = list(found.rows[0].differences)
        apart = min(APART, 0.7 / len(scales))
        for place, (scale, color) in enumerate(zip(scales, cycle(COLORS), strict=False)):
            _points(ax, rows, scale, apart * (place - 0.5 * (len(scales) - 1)), color)
        ax.set_yticks(range(len(rows)), [_name(row) for row in rows])
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.axvline(0.0, color=INK, linewidth=0.9)
        ax.grid(axis="x", color=GRID, linewidth=0.7)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("difference to full scale, % of its mean, with 95 % interval", color=MUTED)
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False)
        _heading(figure, found, height)
    return figure


def _is_shown(row: Row) -> bool:
    """Tell whether a row is a target of both cities or zones, or differs at some scale."""
    targets = {(target.indicator, target.regions[0]) for target in TARGETS}
    return (row.indicator, row.region) in targets or not all(each.agrees for each in row.differences.values())


def _name(row: Row) -> str:
    return f"{INDICATORS[row.indicator].name_en}, {region_name(row.region)}"


def _points(ax: Axes, rows: Sequence[Row], scale: float, below: float, color: str) -> None:
    for at, row in enumerate(rows):
        each, y = row.differences[scale], at + below
        middle, reach = (100.0 * value / row.mean for value in (each.difference, TWO_SIDES * each.error))
        label = f"one firm in {1.0 / scale:g}" if at == 0 else None
        ax.plot([middle - reach, middle + reach], [y, y], color=color, linewidth=1.6)
        ax.plot(middle, y, "o" if each.agrees else "D", color=color, markersize=6, label=label)
        if not each.agrees:
            ax.plot(middle, y, "o", markersize=13, markerfacecolor="none", markeredgecolor=GOAL)


def _heading(figure: Figure, found: Scales, height: float) -> None:
    differ = sum(not each.agrees for row in found.rows for each in row.differences.values())
    count = len(found.rows) * len(found.rows[0].differences)
    text = (
        f"{found.full.experiment.name}, {found.full.years[-1]}, {len(found.full.results)} paired seeds; of "
        f"{count} comparisons {differ} {'is' if differ == 1 else 'are'} too large for chance (ringed)"
    )
    title = "Do samples of firms give the results of all firms?"
    figure.text(0.02, 1.0 - 0.35 / height, title, fontsize=18, fontweight="bold", va="center")
    figure.text(0.02, 1.0 - 0.75 / height, text, fontsize=11.5, color=MUTED, va="center")
