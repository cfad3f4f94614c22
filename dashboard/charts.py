"""Charts as SVG texts: paths with bands, and intervals on a line. They need no script in the browser."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from dashboard.i18n import Texts
from simulation.data import Datum
from simulation.indicators import BASE_YEAR
from simulation.report import bands_hold

INK, MUTED, GRID, GOAL = "#1d2733", "#66727f", "#e3e8ed", "#1d2733"
FONTS = "Inter,'Segoe UI',Arial,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Yongwen SC',sans-serif"
Path = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """A scenario's path: its name, its colour and its quantiles over the years."""

    name: str
    colour: str
    band: Mapping[str, Path]
    draws: int


@dataclass(frozen=True)
class Chart:
    """One indicator in one region: scenarios, observations and the goal.

    Attributes
    ----------
    decimals
        Of the numbers shown on points.
    """

    title: str
    years: Sequence[int]
    series: Sequence[Series]
    observed: Mapping[int, Datum]
    goal: float | None
    unit: str = ""
    decimals: int | None = None

    def extent(self) -> tuple[float, float]:
        """Return the lowest and highest value that is drawn, with some air."""
        values = [value for one in self.series for path in one.band.values() for value in path]
        values += [datum.value for datum in self.observed.values()]
        values += [self.goal] if self.goal is not None else []
        finite = [float(value) for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        air = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
        floor = 0.0 if low >= 0.0 else -math.inf
        return max(low - air, floor), high + air


@dataclass(frozen=True)
class Frame:
    """Where years and values lie in a drawing."""

    years: tuple[int, int]
    values: tuple[float, float]
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, chart: Chart, left: float, top: float, right: float, bottom: float) -> "Frame":
        """Return the frame that holds a chart between four edges."""
        return cls((chart.years[0], chart.years[-1]), chart.extent(), left, top, right, bottom)

    @property
    def step(self) -> float:
        """Return the width of a year."""
        return (self.right - self.left) / max(self.years[1] - self.years[0], 1)

    def x(self, year: float) -> float:
        """Return where a year lies."""
        return self.left + (year - self.years[0]) * self.step

    def y(self, value: float) -> float:
        """Return where a value lies."""
        low, high = self.values
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def trajectory(chart: Chart, texts: Texts, width: int = 520, height: int = 260) -> str:
    """Draw paths over the years, with axes, bands, observations, the goal and values on hover."""
    frame = Frame.of(chart, 52, 10, width - 14, height - 24)
    parts = [_title(chart), *_axes(chart, frame, texts)]
    for one in chart.series:
        parts += _band(one, chart.years, frame)
    if chart.goal is not None:
        words = escape(texts("Target {value}", value=texts.number(chart.goal)))
        y = frame.y(chart.goal)
        parts.append(
            f'<line x1="{frame.left}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GOAL}" '
            'stroke-dasharray="6 4" stroke-width="1.4"/>'
            f'<text x="{frame.left + 4}" y="{y - 5:.1f}" class="yw-goal">{words}</text>'
        )
    parts += [
        f'<circle cx="{frame.x(year):.1f}" cy="{frame.y(datum.value):.1f}" r="3.6" fill="{_fill(datum)}" '
        f'stroke="{INK}" stroke-width="1.3"/>'
        for year, datum in chart.observed.items()
    ]
    parts += [_strip(chart, index, frame, texts) for index in range(len(chart.years))]
    return svg(parts, width, height)


def printed(chart: Chart, texts: Texts) -> str:
    """Return a drawing that stands alone: with heading, legend, unit and what the bands hold."""
    width, height, head = 900, 480, 64
    inner = trajectory(chart, texts, width, height).replace("<svg ", f'<svg y="{head}" ', 1)
    marks, x = [], 52.0
    for one in chart.series:
        marks.append(
            f'<rect x="{x:.0f}" y="42" width="12" height="12" rx="3" fill="{one.colour}"/>'
            f'<text x="{x + 18:.0f}" y="53" class="yw-note">{escape(one.name)}</text>'
        )
        x += 40 + sum(13 if ord(character) > 255 else 7 for character in one.name)
    words = texts(
        "Bands: 50% and 90% of {draws} draws.", draws=max((one.draws for one in chart.series), default=0)
    )
    note = f"{words} {texts(bands_hold())}"
    parts = [
        f"<style>text{{font-family:{FONTS}}}.yw-tick{{font-size:12px;fill:{MUTED}}}.yw-goal{{font-size:12px}}"
        f".yw-note{{font-size:13px;fill:{MUTED}}}.yw-strip{{fill:none}}</style>",
        f'<rect width="{width}" height="{height + head + 30}" fill="#fff"/>',
        f'<text x="20" y="28" font-size="18" font-weight="600" fill="{INK}">{escape(chart.title)}'
        f" ({escape(chart.unit)})</text>",
        *marks,
        inner,
        f'<text x="20" y="{height + head + 18}" class="yw-note">{escape(note)}</text>',
    ]
    return svg(parts, width, height + head + 30)


def spark(chart: Chart, width: int = 150, height: int = 40) -> str:
    """Draw the same without axes, for a row of a table."""
    frame = Frame.of(chart, 3, 3, width - 3, height - 3)
    parts = [_title(chart)]
    for one in chart.series:
        parts += _band(one, chart.years, frame)
    if chart.goal is not None:
        y = frame.y(chart.goal)
        parts.append(
            f'<line x1="0" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GOAL}" stroke-dasharray="3 3"/>'
        )
    parts += [
        f'<circle cx="{frame.x(year):.1f}" cy="{frame.y(datum.value):.1f}" r="1.8" fill="{_fill(datum)}" '
        f'stroke="{INK}"/>'
        for year, datum in chart.observed.items()
    ]
    return svg(parts, width, height)


def intervals(
    rows: Sequence[tuple[str, Mapping[str, float]]], goal: float | None, label: str, width: int = 220
) -> str:
    """Draw the last year's 50 and 90 % interval of each scenario on one line each, with the goal.

    Parameters
    ----------
    rows
        Colour and quantiles of each scenario.
    """
    finite = [v for _, band in rows for v in band.values() if math.isfinite(v)]
    finite += [goal] if goal is not None else []
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    air = 0.08 * (high - low) or 1.0
    low, high, step = low - air, high + air, 12
    height = step * len(rows) + 4

    def x(value: float) -> float:
        return 2 + (value - low) / (high - low) * (width - 4)

    parts = [f"<title>{escape(label)}</title>"]
    for index, (colour, band) in enumerate(rows):
        y = 2 + step * (index + 0.5)
        if all(math.isfinite(v) for v in band.values()):
            parts.append(
                f'<line x1="{x(band["q05"]):.1f}" x2="{x(band["q95"]):.1f}" y1="{y}" y2="{y}" '
                f'stroke="{colour}" stroke-width="2.5" stroke-opacity="0.4" stroke-linecap="round"/>'
                f'<line x1="{x(band["q25"]):.1f}" x2="{x(band["q75"]):.1f}" y1="{y}" y2="{y}" '
                f'stroke="{colour}" stroke-width="6" stroke-opacity="0.55" stroke-linecap="round"/>'
                f'<circle cx="{x(band["median"]):.1f}" cy="{y}" r="3.4" fill="{colour}" stroke="#fff"/>'
            )
    if goal is not None:
        parts.append(
            f'<line x1="{x(goal):.1f}" x2="{x(goal):.1f}" y1="0" y2="{height}" stroke="{GOAL}" '
            'stroke-width="1.6" stroke-dasharray="3 2"/>'
        )
    return svg(parts, width, height)


def svg(parts: Iterable[str], width: int, height: float) -> str:
    """Return a drawing of these parts."""
    return (
        f'<svg viewBox="0 0 {width} {height:g}" width="{width}" height="{height:g}" role="img" '
        f'class="yw-svg" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _title(chart: Chart) -> str:
    return f"<title>{escape(chart.title)}</title>"


def _axes(chart: Chart, frame: Frame, texts: Texts) -> list[str]:
    """Draw lines at round values, the years, and where the policy starts."""
    parts = []
    for tick in ticks(*frame.values):
        y = frame.y(tick)
        parts.append(
            f'<line x1="{frame.left}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
            f'<text x="{frame.left - 6}" y="{y + 4:.1f}" text-anchor="end" class="yw-tick">'
            f"{texts.number(tick)}</text>"
        )
    parts += [
        f'<text x="{frame.x(year):.1f}" y="{frame.bottom + 18}" text-anchor="middle" class="yw-tick">'
        f"{year}</text>"
        for year in chart.years
    ]
    start = frame.x(BASE_YEAR + 0.5)
    parts.append(
        f'<line x1="{start:.1f}" x2="{start:.1f}" y1="{frame.top}" y2="{frame.bottom}" '
        f'stroke="{MUTED}" stroke-dasharray="1 3"/>'
    )
    return parts


def _band(one: Series, years: Sequence[int], frame: Frame) -> list[str]:
    """Draw the 90 % and the 50 % band and the median of a scenario."""

    def line(name: str) -> list[tuple[float, float]]:
        pairs = zip(years, one.band[name], strict=True)
        return [(frame.x(year), frame.y(float(v))) for year, v in pairs if math.isfinite(v)]

    def text(points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)

    parts = []
    for low, high, opacity in (("q05", "q95", 0.13), ("q25", "q75", 0.22)):
        outline = [*line(low), *reversed(line(high))]
        parts.append(f'<polygon points="{text(outline)}" fill="{one.colour}" fill-opacity="{opacity}"/>')
    parts.append(
        f'<polyline points="{text(line("median"))}" fill="none" stroke="{one.colour}" '
        'stroke-width="2.2" stroke-linejoin="round" stroke-linecap="round"/>'
    )
    return parts


def _fill(datum: Datum) -> str:
    return "#fff" if datum.provenance == "assumption" else INK


def _strip(chart: Chart, index: int, frame: Frame, texts: Texts) -> str:
    """Return the strip of a year; its title is what the browser shows on hover."""
    year = chart.years[index]
    lines = [str(year)]
    for one in chart.series:
        low, mid, high = (float(one.band[name][index]) for name in ("q05", "median", "q95"))
        if math.isfinite(mid):
            numbers = [texts.number(value, chart.decimals) for value in (mid, low, high)]
            lines.append(f"{one.name}: {numbers[0]} ({numbers[1]} – {numbers[2]})")
    if datum := chart.observed.get(year):
        value = texts.number(datum.value, chart.decimals)
        lines.append(f"{texts('Published')}: {value} ({texts(datum.provenance)})")
    return (
        f'<rect x="{frame.x(year) - frame.step / 2:.1f}" y="{frame.top}" width="{frame.step:.1f}" '
        f'height="{frame.bottom - frame.top}" class="yw-strip">'
        f"<title>{escape(chr(10).join(lines))}</title></rect>"
    )


def ticks(low: float, high: float) -> list[float]:
    """Return about four round numbers within a span."""
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]
