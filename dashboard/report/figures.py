"""Figures of a report: drawn by matplotlib without pyplot, with Chinese letters as shapes."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from dashboard.charts import Chart
from dashboard.i18n import Texts
from dashboard.report.fonts import FILE
from simulation.figure import GOAL, GRID, INK, MUTED, POLICY_START
from simulation.indicators import TARGET_YEAR

COLUMNS, DPI = 3, 200
_FACE = FontProperties(fname=str(FILE)).get_name()
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


def panels(charts: Sequence[Chart], texts: Texts) -> bytes:
    """Return small charts beside one another, a target each, as PNG."""
    if all(font.name != _FACE for font in fontManager.ttflist):
        fontManager.addfont(str(FILE))
    rows = -(-(len(charts) + 1) // COLUMNS)
    with mpl.rc_context({**_STYLE, "font.family": [_FACE]}):
        figure = Figure(figsize=(7.6, 1.95 * rows), dpi=DPI, layout="constrained")
        axes = list(figure.subplots(rows, COLUMNS).ravel())
        for ax, chart in zip(axes, charts, strict=False):
            _draw(ax, chart, texts)
        _key(axes[len(charts)], charts[0], texts)
        for ax in axes[len(charts) :]:
            ax.set_axis_off()
        written = BytesIO()
        figure.savefig(written, format="png")
    return written.getvalue()


def _draw(ax: Axes, chart: Chart, texts: Texts) -> None:
    years = list(chart.years)
    for one in chart.series:
        for low, high, opacity in (("q05", "q95", 0.13), ("q25", "q75", 0.22)):
            ax.fill_between(
                years, one.band[low], one.band[high], color=one.colour, alpha=opacity, linewidth=0
            )
        ax.plot(years, one.band["median"], color=one.colour, linewidth=1.6)
    for year, datum in chart.observed.items():
        face = "white" if datum.provenance == "assumption" else INK
        ax.plot(year, datum.value, "o", markersize=3.2, color=INK, markerfacecolor=face, zorder=4)
    if chart.goal is not None:
        ax.axhline(chart.goal, color=GOAL, linewidth=1.0, dashes=(4, 2.5), zorder=3)
    bottom, top = chart.extent()
    ax.set_ylim(bottom, top)
    ax.axvline(POLICY_START - 0.5, color=GRID, linewidth=1.0, zorder=0)
    ax.set_xticks(sorted({years[0], POLICY_START, years[-1]}))
    ax.tick_params(length=0, labelsize=7)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.number(value)))
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_title(f"{chart.title}\n", loc="left", fontsize=8.2, color=INK)
    ax.annotate(
        chart.unit, (0, 1), xytext=(0, 4), xycoords="axes fraction", textcoords="offset points",
        color=MUTED, fontsize=7,
    )  # fmt: skip


def _key(ax: Axes, chart: Chart, texts: Texts) -> None:
    dot: dict[str, Any] = {"color": INK, "marker": "o", "linestyle": "", "markersize": 3.5}
    handles = [
        *(Line2D([], [], color=one.colour, linewidth=1.8, label=one.name) for one in chart.series),
        Patch(color=MUTED, alpha=0.45, linewidth=0, label=texts("50% of draws")),
        Patch(color=MUTED, alpha=0.2, linewidth=0, label=texts("90% of draws")),
        Line2D([], [], label=texts("published"), **dot),
        Line2D([], [], markerfacecolor="white", label=texts("assumed"), **dot),
        Line2D([], [], color=GOAL, linewidth=1.0, dashes=(4, 2.5),
               label=texts("Target for {year}", year=TARGET_YEAR)),
    ]  # fmt: skip
    ax.legend(handles=handles, loc="center left", frameon=False, fontsize=8, labelspacing=0.6)
    ax.set_xlim(0, 1)
    ax.set_yticks(np.empty(0))
