"""Write the tables of docs/benchmarks.md and its figure from what `compare.py` measured."""

import re
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from outcomes import Results
from tables import machine_table, time_table

from simulation.figure import GRID, HALO, INK, JOINT, MUTED, STYLE, save

DOCS = Path(__file__).resolve().parents[2] / "docs"
COLOURS = {
    "this engine": JOINT,
    "Mesa, one object a firm": "#a1702f",
    "agentpy": "#c4452d",
    "mesa-frames": "#4f8a5b",
    "AMBER": "#7a5195",
    "polars, no framework": "#8a9a5b",
    "full model, this engine": JOINT,
    "full model, Mesa objects": "#a1702f",
}
LAYOUT = {"width": 10.0, "height": 6.2, "dpi": 150}


def write(results: Results) -> None:
    """Replace the tables between their marks, and draw the figure."""
    path = DOCS / "benchmarks.md"
    text = path.read_text(encoding="utf-8")
    for name, table in (("times", time_table(results)), ("machine", machine_table(results))):
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",
            text,
            flags=re.DOTALL,
        )
    path.write_text(text, encoding="utf-8")
    figure = drawn(results)
    for suffix in (".png", ".svg"):
        save(figure, DOCS / "figures" / f"benchmarks{suffix}")


def drawn(results: Results) -> Figure:
    """Return cost against the number of firms, on logarithmic axes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(LAYOUT["width"], LAYOUT["height"]), dpi=LAYOUT["dpi"])
        ax = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.76, top=0.87, bottom=0.1)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ends = [_line(ax, name, results) for name in results.cells]
        _bound(ax, results)
        _labels(ax, [end for end in ends if end])
        ax.set_xlabel("firms", color=MUTED)
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(which="minor", length=0)
        figure.text(0.02, 0.945, "What a firm-quarter costs", fontsize=14, color=INK, weight="bold")
        figure.text(0.02, 0.905, "Nanoseconds of processor time on one core, best year; logarithmic axes. "
                    "Hollow: extrapolated from the size before.", color=MUTED)  # fmt: skip
    return figure


def _line(ax: Axes, name: str, results: Results) -> tuple[float, float, str] | None:
    cells = results.cells[name]
    done = [(cell.count, cell.best_ns) for cell in cells if cell.best_ns is not None]
    if not done:
        return None
    style = "--" if name.startswith("full") else "-"
    width = 2.6 if name == "this engine" else 1.6
    ax.plot(*zip(*done, strict=True), style, color=COLOURS[name], linewidth=width, marker="o", markersize=4.5)
    beyond = [(cell.count, cell.extrapolated_ns) for cell in cells if cell.extrapolated_ns is not None]
    if beyond:
        ax.plot(*zip(done[-1], *beyond, strict=True), ":", color=COLOURS[name], linewidth=1.2)
        ax.plot(*zip(*beyond, strict=True), "o", color=COLOURS[name], fillstyle="none", markersize=4.5)
    count, nanoseconds = (beyond or done)[-1]
    return count, float(nanoseconds), name


def _bound(ax: Axes, results: Results) -> None:
    ax.axhline(results.bound_ns, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    ax.annotate(
        f"memory bound of the records: {results.bound_ns:.0f} ns",
        (ax.get_xlim()[0], results.bound_ns),
        xytext=(6, -11),
        textcoords="offset points",
        color=MUTED,
        fontsize=9,
    )


def _labels(ax: Axes, ends: list[tuple[float, float, str]]) -> None:
    """Name each line at the right edge, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    step = (high / low) ** (1 / 24)
    right, place = ax.get_xlim()[1], low
    for count, nanoseconds, name in sorted(ends, key=lambda end: end[1]):
        place = max(place * step, nanoseconds)
        ax.annotate(
            name,
            (count, nanoseconds),
            xytext=(right * 1.25, place),
            va="center",
            color=COLOURS[name],
            fontsize=10,
            path_effects=HALO,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": COLOURS[name], "linewidth": 0.6, "alpha": 0.6},
        )
