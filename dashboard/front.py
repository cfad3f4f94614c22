"""The front of a search as an SVG text: cost against chance, and against how far targets are missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from dashboard.charts import FONTS, GOAL, GRID, INK, MUTED, svg, ticks
from dashboard.i18n import Texts
from dashboard.reaching import MONEY, Mix, money
from dashboard.searching import Finding
from scenarios.comparison import COST_YEARS
from scenarios.search import Trial

TRIED, LINE, MARK, CHOSEN = "#b9c7d1", "#6f9fbf", "#2f6db5", "#d1495b"
WIDTH, LEFT, RIGHT = 720, 46, 14
CHANCES, SHORT = (30.0, 190.0), (236.0, 326.0)  # where the two drawings lie, from top to bottom
HEIGHT = 366


@dataclass(frozen=True)
class _Panel:
    """Where costs and shares lie in one of the drawings."""

    costs: tuple[float, float]
    most: float
    top: float
    bottom: float

    def x(self, cost: float) -> float:
        low, high = self.costs
        return LEFT + (cost - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, share: float) -> float:
        return self.bottom - share / self.most * (self.bottom - self.top)


def front(finding: Finding, mixes: Sequence[Mix], chosen: str, texts: Texts) -> str:
    """Draw all trials, the front, and its mixes as letters that can be picked."""
    trials = finding.search.trials if finding.search else ()
    shown = [mix.shown for mix in mixes]
    costs = _span([trial.extra for trial in (*trials, *shown)])
    highest = max((trial.shortfall for trial in (*trials, *shown)), default=0.0)
    above, below = _Panel(costs, 1.0, *CHANCES), _Panel(costs, 1.08 * highest or 1.0, *SHORT)
    t = texts
    title = t("Cost against the probability that all targets are met")
    parts = [
        f"<title>{escape(title)}</title>",
        *_axes(above, t("Probability that one and the same future meets all targets"), t),
        *_axes(
            below, t("Shortfall: share of its goal by which the worst target is missed, mean of futures"), t
        ),
        *_costs(below, t),
        *_wishes(above, below, finding, t),
        *(_dot(above, trial, trial.probability) for trial in trials),
        *(_dot(below, trial, trial.shortfall) for trial in trials),
    ]
    if finding.search:
        line = finding.search.front
        parts.append(_steps(above, [(one.extra, one.probability) for one in line], costs[1]))
        parts.append(_steps(below, [(one.extra, one.shortfall) for one in line], costs[1]))
    for mix in mixes:
        parts += _letter(above, below, mix, mix.letter == chosen, t)
    return svg(parts, WIDTH, HEIGHT)


def _span(costs: Sequence[float]) -> tuple[float, float]:
    low, high = min((0.0, *costs)), max((0.0, *costs))
    air = 0.04 * (high - low) or 1.0
    return low - air, high + air


def _axes(panel: _Panel, heading: str, texts: Texts) -> list[str]:
    parts = [f'<text x="{LEFT}" y="{panel.top - 12}" class="yw-goal">{escape(heading)}</text>']
    for tick in ticks(0.0, panel.most):
        y = panel.y(tick)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" class="yw-tick">'
            f"{texts.percent(tick)}</text>"
        )
    return parts


def _costs(panel: _Panel, texts: Texts) -> list[str]:
    parts = [
        f'<text x="{panel.x(tick):.1f}" y="{panel.bottom + 17}" text-anchor="middle" class="yw-tick">'
        f"{texts.number(tick, 0)}</text>"
        for tick in ticks(*panel.costs)
    ]
    words = texts(
        "extra public money of both cities {first} to {last}, {unit}",
        first=COST_YEARS[0],
        last=COST_YEARS[-1],
        unit=texts.unit(MONEY),
    )
    x = WIDTH - RIGHT
    parts.append(
        f'<text x="{x}" y="{panel.bottom + 34}" text-anchor="end" class="yw-tick">{escape(words)}</text>'
    )
    return parts


def _wishes(above: _Panel, below: _Panel, finding: Finding, texts: Texts) -> list[str]:
    """Draw the probability that is asked for, and the budget."""
    request = finding.request
    y = above.y(request.probability)
    words = escape(texts("asked for: {chance}", chance=texts.percent(request.probability)))
    parts = [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GOAL}" '
        'stroke-dasharray="6 4" stroke-width="1.4"/>'
        f'<text x="{LEFT + 4}" y="{y - 5:.1f}" class="yw-goal">{words}</text>'
    ]
    budget = request.budget
    if budget is not None and above.costs[0] <= budget <= above.costs[1]:
        x, amount = above.x(budget), escape(texts("budget {amount}", amount=money(budget, texts)))
        side = "end" if x > WIDTH / 2 else "start"
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{above.top}" y2="{below.bottom}" stroke="{MUTED}" '
            f'stroke-dasharray="2 3"/>'
            f'<text x="{x + (-5 if side == "end" else 5):.1f}" y="{above.bottom - 6}" '
            f'text-anchor="{side}" class="yw-tick">{amount}</text>'
        )
    return parts


def _dot(panel: _Panel, trial: Trial, share: float) -> str:
    return f'<circle cx="{panel.x(trial.extra):.1f}" cy="{panel.y(share):.1f}" r="3" fill="{TRIED}"/>'


def _steps(panel: _Panel, points: Sequence[tuple[float, float]], end: float) -> str:
    """Draw what can be had for each cost: the last point's share holds until the next one's cost."""
    path = ""
    for place, (cost, share) in enumerate(points):
        following = points[place + 1][0] if place + 1 < len(points) else end
        start = "M" if place == 0 else "L"
        path += f"{start}{panel.x(cost):.1f} {panel.y(share):.1f}H{panel.x(following):.1f}"
    return f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.4"/>' if path else ""


def _letter(above: _Panel, below: _Panel, mix: Mix, is_chosen: bool, texts: Texts) -> list[str]:
    shown, colour = mix.shown, CHOSEN if is_chosen else MARK
    words = texts("Mix {mix}: {chance} for {cost}", mix=mix.letter, chance=texts.percent(shown.probability),
                  cost=money(shown.extra, texts))  # fmt: skip
    parts = []
    if mix.checked:
        low, high = mix.checked.interval
        x = above.x(shown.extra)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{above.y(low):.1f}" y2="{above.y(high):.1f}" '
            f'stroke="{colour}" stroke-width="1.6"/>'
        )
    for panel, share in ((above, shown.probability), (below, shown.shortfall)):
        x, y = panel.x(shown.extra), panel.y(share)
        parts.append(
            f'<g class="yw-pick" data-pick="{mix.letter}"><title>{escape(words)}</title>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{colour}" stroke="#fff"/>'
            f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11" font-weight="600" '
            f'fill="#fff">{mix.letter}</text></g>'
        )
    return parts


def printed(drawing: str, title: str, notes: Sequence[str], texts: Texts) -> str:
    """Return a drawing that stands alone, with a heading and notes."""
    head, line = 44, 18
    longest = 60 if texts.language == "zh" else 115  # characters
    notes = [part for note in notes for part in _broken(note, longest)]
    height = head + HEIGHT + line * len(notes) + 14
    inner = drawing.replace("<svg ", f'<svg y="{head}" ', 1)
    parts = [
        f"<style>text{{font-family:{FONTS}}}.yw-tick{{font-size:11px;fill:{MUTED}}}.yw-goal{{font-size:12px}}"
        f".yw-note{{font-size:11px;fill:{MUTED}}}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="20" y="26" font-size="16" font-weight="600" fill="{INK}">{escape(title)}</text>',
        inner,
        *(
            f'<text x="20" y="{head + HEIGHT + line * (place + 1)}" class="yw-note">{escape(note)}</text>'
            for place, note in enumerate(notes)
        ),
    ]
    return svg(parts, WIDTH, height)


def _broken(text: str, longest: int) -> list[str]:
    """Return a text in lines; Chinese, which has no spaces, breaks anywhere."""
    if " " not in text:
        return [text[at : at + longest] for at in range(0, len(text), longest)]
    return wrap(text, longest)
