"""What a visitor sees at once: the page's frame, and the target board from shipped results, as plain HTML.

A browser takes seconds to load and start the app. Until then it shows this, which the server sends with the
page itself and which the app replaces. It holds both languages; a line of script keeps the visitor's.
"""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import solara.server.settings as server
from jinja2 import Environment, FileSystemLoader

from dashboard.charts import trajectory
from dashboard.drafting import BASELINE
from dashboard.i18n import LANGUAGES, Texts
from dashboard.state import FULL_PLAN, Session
from dashboard.views import (
    Look,
    chart,
    looks,
    met,
    notes_of,
    region_of,
    sentence,
    target_heads,
    target_row,
    title_of,
)
from scenarios.scenario import load_scenario
from simulation.experiment import TARGET_YEAR
from simulation.indicators import TARGETS
from simulation.report import bands_hold

logger = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent


def painted_at_once(
    read_root: Callable[..., Any], titles: Mapping[str, str], style: Path
) -> Callable[..., Any]:
    """Return Solara's maker of a page's HTML, which sends the first paint along.

    Parameters
    ----------
    titles
        Titles of pages (messages) by path.
    style
        The app's style sheet.
    """
    known = {path.strip("/") for path in titles}
    # Addresses are a visitor's to choose, so only pages that there are, under few roots, are kept.
    painted = lru_cache(maxsize=4 * len(known))(lambda path, root: _first_paint(titles, style, path, root))

    def read(path: str, root_path: str = "", *more: Any, ssg_data: Any = None, **named: Any) -> Any:
        page, first = path.strip("/"), ssg_data
        if first is None and page in known:
            try:
                first = painted(page, root_path)
            except Exception:  # the app itself may still work
                logger.exception("the first paint failed")
        return read_root(path, root_path, *more, ssg_data=first, **named)

    return read


def _first_paint(titles: Mapping[str, str], style: Path, path: str, root: str) -> dict[str, Any]:
    """Return what Solara puts into a page before the app has started (html, styles, metas and title)."""
    template = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True).get_template("first_paint.html")
    languages = [_language(code, titles, path) for code in LANGUAGES]
    html = template.render(languages=languages, codes=list(LANGUAGES), root=root)
    styles = [f"<style>{style.read_text(encoding='utf-8')}</style>"]
    return {"html": html, "styles": styles, "metas": [], "title": server.theme.title}


def _language(code: str, titles: Mapping[str, str], path: str) -> dict[str, Any]:
    t = Texts(code)
    links = [
        {"path": known.strip("/"), "title": t(title), "here": known.strip("/") == path}
        for known, title in titles.items()
    ]
    return {
        "code": code,
        "links": links,
        "others": LANGUAGES,
        "wait": t("The page is getting ready."),
        "board": _board(code) if path == "" else None,
    }


def _board(code: str) -> dict[str, Any] | None:
    """Return the target board of the shipped results; None without any."""
    session = Session(code)
    t, target = session.texts, TARGETS[0]
    shown = looks(session, (load_scenario(BASELINE), load_scenario(FULL_PLAN)))
    if not shown:
        return None
    look, region = shown[-1], region_of(target, 0)
    verdict = look.projection.ensemble.verdict(target, region)
    drawn = chart(target.indicator, region, verdict.goal if verdict else None, shown, t)
    reached, total = met(look)
    return {
        "heading": t("Targets of the policy for {year}", year=TARGET_YEAR),
        "summary": t("{reached} of {total} targets are met by the median", reached=reached, total=total),
        "label": t("Targets"),
        "heads": target_heads(t),
        "rows": [target_row(one, region_of(one, 0), look, shown, t) for one in TARGETS],
        "scenarios": [_scenario(one, look, t) for one in shown],
        "title": drawn.title,
        "figure": trajectory(drawn, t, 440, 250),
        "sentences": [sentence(target, region, one, t) for one in shown],
        "notes": [*notes_of(shown, t), (t(bands_hold()), "")],
        "places": [t("Together"), t.region("Ningbo"), t.region("Wenzhou")],
        "buttons": ["CSV", "Excel", "Parquet", t("Report (PDF)"), t("Report (Word)")],
        "marks": {"dot": t("published"), "hollow": t("assumed"), "dash": t("goal")},
    }


def _scenario(one: Look, chosen: Look, texts: Texts) -> dict[str, Any]:
    return {"title": title_of(one.scenario, texts), "colour": one.colour, "chosen": one is chosen}
