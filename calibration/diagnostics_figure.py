"""Pictures of what an inference says about itself, one for each diagnostic of ``calibrate status``."""

from collections.abc import Sequence
from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.coverage import BINS, Coverage
from calibration.diagnostics import PAIR, SOME, WELL, Fit, Learnt
from simulation.figure import BAND_50, BAND_90, GOAL, GRID, INK, JOINT, MUTED, STYLE
from simulation.posterior import Posterior

_SHOWN = 30
_WORTH_SHOWING = 0.02
_WIDTH = 11.0


def diagnostic_figures(
    posterior: Posterior, known: list[Learnt], moments: list[Fit], coverage: list[Coverage]
) -> dict[str, Figure]:
    """Return a figure for each diagnostic, by the name of its file.

    Parameters
    ----------
    known, moments, coverage
        The tables that ship beside the draws; without coverage there is no figure of ranks.
    """
    with mpl.rc_context(STYLE):
        figures = {
            "convergence": _convergence(posterior.provenance["mismatch"]),
            "predictive": _predictive(moments),
            "contraction": _contraction(known),
            "pairs": _pairs(posterior, known),
        }
        if coverage:
            figures["ranks"] = _ranks(coverage)
    return figures


def _page(height: float, title: str, text: str) -> Figure:
    figure = Figure(figsize=(_WIDTH, height), dpi=130)
    figure.text(0.03, 1.0 - 0.3 / height, title, fontsize=15, fontweight="bold", va="center")
    figure.text(0.03, 1.0 - 0.62 / height, text, fontsize=10, color=MUTED, va="center")
    return figure


def _panel(figure: Figure, left: float, right: float, low: float = 0.7) -> Axes:
    """Return axes between two shares of the width, below the heading and `low` inches above the foot."""
    height = figure.get_figheight()
    ax = figure.add_axes((left, low / height, right - left, (height - 1.1 - low) / height))
    ax.set_axisbelow(True)
    return ax


def _convergence(mismatch: Sequence[float]) -> Figure:
    figure = _page(
        4.2,
        "Convergence: the miss falls to the size of the errors",
        "Mean squared miss of the moments in standard errors, of the prior and after each step (log).",
    )
    ax = _panel(figure, 0.08, 0.97)
    names = ["prior", *(f"after step {n}" for n in range(1, len(mismatch)))]
    ax.axhline(1.0, color=GOAL, linewidth=1.2)
    ax.text(-0.15, 1.0, "1: as large as the errors", color=GOAL, va="top")
    ax.plot(names, mismatch, color=JOINT, linewidth=2.0, marker="o")
    for at, value in enumerate(mismatch):
        ax.annotate(f"{value:.2f}", (at, value), (0, 8), textcoords="offset points", ha="center")
    ax.set_yscale("log")
    ax.set_ylim(min(0.5, *mismatch) / 1.3, 1.6 * max(mismatch))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.grid(axis="y", color=GRID)
    return figure


def _predictive(moments: list[Fit]) -> Figure:
    """Draw each moment's bands relative to what was observed, sorted by the posterior's miss."""
    rows = sorted(moments, key=lambda item: item.median / item.observed)
    inside = sum(item.inside for item in rows)
    figure = _page(
        4.8,
        "Posterior predictive check: model over observation",
        f"Each of {len(rows)} moments of 2015–2018 with its 90 % bands, sorted; {inside} observations lie "
        "inside the posterior’s band with their error.",
    )
    ax = _panel(figure, 0.08, 0.97)
    at = np.arange(len(rows))
    observed = np.array([item.observed for item in rows])

    def ratio(name: str) -> np.ndarray:
        return np.array([getattr(item, name) for item in rows]) / observed

    ax.vlines(at, ratio("prior_q05"), ratio("prior_q95"), color=BAND_90, linewidth=2.2, label="prior, 90 %")
    ax.vlines(at, ratio("q05"), ratio("q95"), color=JOINT, linewidth=1.4, label="posterior, 90 %")
    missed = np.array([not item.inside for item in rows])
    ax.plot(at[~missed], ratio("median")[~missed], ".", color=INK, markersize=4, label="posterior median")
    ax.plot(at[missed], ratio("median")[missed], ".", color=GOAL, markersize=6, label="observation outside")
    ax.axhline(1.0, color=MUTED, linewidth=0.8)
    ax.set_yscale("log")
    ax.set_ylim(0.33, 3.0)
    ticks = (0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.5)
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
    ax.minorticks_off()
    ax.set_xlim(-2, len(rows) + 1)
    ax.set_xlabel("moments, sorted by the posterior median over the observation", color=MUTED)
    ax.grid(axis="y", color=GRID)
    ax.legend(frameon=False, ncols=4, loc="upper left")
    return figure


def _contraction(known: list[Learnt]) -> Figure:
    """Draw how much of the prior's variance went, for parameters and, by kind, for city effects."""
    parameters = sorted((item for item in known if not item.place), key=lambda item: -item.contraction)
    told = [item for item in parameters if item.contraction >= _WORTH_SHOWING][:_SHOWN]
    effects = sorted({item.name for item in known if item.place})
    silent = sum(item.verdict == "silent" for item in parameters)
    figure = _page(
        1.9 + 0.27 * max(len(told), len(effects)),
        "Contraction: what 2015–2018 say about each unknown",
        f"1 less posterior over prior variance. Left: parameters from {_WORTH_SHOWING:g} on, of "
        f"{len(parameters)} ({silent} show nothing before 2019). Right: city effects, a point a place.",
    )
    left, right = _panel(figure, 0.24, 0.52), _panel(figure, 0.72, 0.97)
    left.barh([item.name for item in told], [item.contraction for item in told], color=JOINT, height=0.7)
    for row, name in enumerate(effects):
        values = [item.contraction for item in known if item.place and item.name == name]
        right.plot(values, np.full(len(values), row), "o", color=JOINT, alpha=0.5, markersize=5)
    right.set_yticks(range(len(effects)), effects)
    for ax, rows in ((left, len(told)), (right, len(effects))):
        ax.set_ylim(rows - 0.4, -0.6)
        ax.set_xlim(-0.1, 1.02)
        ax.axvspan(SOME, WELL, color=BAND_90, alpha=0.5, linewidth=0, zorder=0)
        ax.axvspan(WELL, 1.02, color=BAND_50, alpha=0.5, linewidth=0, zorder=0)
        ax.tick_params(axis="y", length=0, labelsize=8.5)
        ax.set_xlabel("shaded: partly and well identified", color=MUTED)
    return figure


def _pairs(posterior: Posterior, known: list[Learnt]) -> Figure:
    """Draw how unknowns that were learnt go together in the posterior, those in the closest pairs."""
    verdicts = {(item.place, item.name): item for item in known}
    learnt = [k for k, name in enumerate(posterior.names) if verdicts[name].contraction >= SOME]
    correlation = np.corrcoef(posterior.values[:, learnt].T)
    close = np.abs(correlation - np.eye(len(learnt)))
    chosen = np.sort(np.argsort(-close.max(axis=1))[:_SHOWN])
    names = [" ".join(part for part in reversed(posterior.names[learnt[at]]) if part) for at in chosen]
    figure = _page(
        8.6,
        "Pairs that the data cannot tell apart",
        f"Correlation of draws, the {len(chosen)} of {len(learnt)} learnt unknowns that are closest to "
        f"another; numbers from {PAIR:g} on.",
    )
    ax = _panel(figure, 0.25, 0.91, low=2.0)
    shown = correlation[np.ix_(chosen, chosen)]
    image = ax.imshow(shown, cmap="RdBu_r", vmin=-1.0, vmax=1.0, aspect="auto")
    for row, column in zip(*np.nonzero(np.triu(np.abs(shown), 1) >= PAIR), strict=True):
        label = f"{shown[row, column]:.1f}".replace("0.", ".")
        ax.text(column, row, label, ha="center", va="center", fontsize=7)
    ax.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=7.5)
    ax.set_yticks(range(len(names)), names, fontsize=7.5)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure.colorbar(image, cax=figure.add_axes((0.93, 0.35, 0.012, 0.4)))
    return figure


def _ranks(coverage: list[Coverage]) -> Figure:
    figure = _page(
        3.6,
        "Simulation-based calibration: ranks of the truth among draws",
        "Unknowns drawn from the prior and found again; even bars are right. Band: 90 % of even ranks.",
    )
    edges = np.linspace(0.06, 1.0, len(coverage) + 1)
    for item, (left, right) in zip(coverage, pairwise(edges), strict=True):
        ax = _panel(figure, left, right - 0.045, low=0.75)
        share = np.array([int(n) for n in item.ranks.split()]) / item.number
        reach = 1.645 * np.sqrt(0.1 * 0.9 / item.number)
        ax.axhspan(1.0 / BINS - reach, 1.0 / BINS + reach, color=BAND_90, linewidth=0)
        ax.bar((np.arange(BINS) + 0.5) / BINS, share, width=0.9 / BINS, color=JOINT)
        ax.set_title(f"{item.group} ({item.number:,})", loc="left", fontsize=10, fontweight="bold")
        ax.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
        ax.set_xlabel(f"in 50 %: {item.in_50:.0%}, in 90 %: {item.in_90:.0%}", color=MUTED)
        ax.set_ylim(0.0, max(0.2, 1.1 * share.max()))
    return figure
