"""Charts of how firms differ and how one of them lives, as SVG texts."""

import math
from collections.abc import Sequence
from html import escape

from dashboard.charts import GRID, INK, MUTED, svg, ticks
from dashboard.i18n import Texts
from dashboard.palette import PLACES
from scenarios.scenario import FIRST_YEAR
from simulation.distributions import Distribution

WIDTH, HEIGHT = 420, 250


def tails(shown: Sequence[Distribution], title: str, texts: Texts) -> str:
    """Draw the share of firms that reach each value, both axes in powers of ten."""
    left, top, right, bottom = 50.0, 10.0, WIDTH - 12.0, HEIGHT - 26.0
    lows = [one.values[0] for one in shown]
    span = math.log10(max(min(lows), 1e-6)), math.log10(max(one.values[-1] for one in shown) * 1.0001)
    depth = min(math.log10(share) for one in shown for share in one.share if share > 0.0)

    def x(value: float) -> float:
        return left + (math.log10(value) - span[0]) / max(span[1] - span[0], 1e-9) * (right - left)

    def y(share: float) -> float:
        return top + math.log10(share) / min(depth, -0.5) * (bottom - top)

    parts = [f"<title>{escape(title)}</title>"]
    for power in range(math.ceil(span[0]), math.floor(span[1]) + 1):
        at = x(10.0**power)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}" stroke="{GRID}"/>'
            f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle" class="yw-tick">'
            f"{10.0**power:,g}</text>"
        )
    for power in range(math.floor(depth), 1):
        at = y(10.0**power)
        if at <= bottom + 1.0:
            parts.append(
                f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="{GRID}"/>'
                f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end" class="yw-tick">'
                f"{100.0 * 10.0**power:g}%</text>"
            )
    for one in shown:
        points = " ".join(
            f"{x(value):.1f},{y(share):.1f}"
            for value, share in zip(one.values, one.share, strict=True)
            if share > 0.0
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{PLACES[one.place]}" stroke-width="2.2">'
            f"<title>{escape(texts.region(one.place))}</title></polyline>"
        )
    return svg(parts, WIDTH, HEIGHT)


def lifeline(values: Sequence[float], first: int, quarters: int, marks: Sequence[int], title: str) -> str:
    """Draw one figure of a firm by the quarter, with marks at the quarters of events."""
    width, height = 420, 128
    left, top, right, bottom = 50.0, 8.0, width - 10.0, height - 20.0
    most, least = max(*values, 0.0), min(*values, 0.0)
    step, span = (right - left) / quarters, (most - least) or 1.0

    def y(value: float) -> float:
        return bottom - (value - least) / span * (bottom - top)

    parts = [f"<title>{escape(title)}</title>"]
    for tick in ticks(least, least + span):
        parts.append(
            f'<line x1="{left}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="{GRID}"/>'
            f'<text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end" class="yw-tick">'
            f"{tick:,g}</text>"
        )
    for year in range(0, quarters, 4):
        parts.append(
            f'<text x="{left + (year + 2) * step:.1f}" y="{bottom + 15}" text-anchor="middle" '
            f'class="yw-tick">{FIRST_YEAR + year // 4}</text>'
        )
    parts += [
        f'<line x1="{left + (at + 0.5) * step:.1f}" x2="{left + (at + 0.5) * step:.1f}" y1="{top}" '
        f'y2="{bottom}" stroke="{MUTED}" stroke-dasharray="2 3"/>'
        for at in marks
    ]
    points = " ".join(
        f"{left + (first + at + 0.5) * step:.1f},{y(value):.1f}" for at, value in enumerate(values)
    )
    parts.append(f'<polyline points="{points}" fill="none" stroke="{INK}" stroke-width="2"/>')
    return svg(parts, width, height)
