"""The frame around every page: routes, navigation, language, style, and the simulation behind the pages."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import reacton
import solara
import solara.lab
import solara.server.server as pages_server
import solara.server.settings as server
from solara.alias import rv

from dashboard.engine import engine
from dashboard.first_paint import painted_at_once
from dashboard.i18n import LANGUAGES, N_
from dashboard.pages import (
    board,
    compare,
    confidence,
    cost,
    delta,
    firms,
    lab,
    network,
    search,
    sources,
    trajectories,
    why,
    workshop,
)
from dashboard.parts.controls import PageLanguage
from dashboard.sharing import decode
from dashboard.state import Session, session_context, use_session
from simulation.errors import YongwenError

# `solara run app.py` knows nothing of these: no request leaves the machine, pages of vanished browsers go.
server.telemetry.mixpanel_enable = False
server.theme.show_banner = False
server.theme.title = "甬温 Yongwen"
server.kernel.cull_timeout = "30m"
server.assets.extra_locations = [*server.assets.extra_locations, "pylopdf_fonts_zh_cn"]
logger = logging.getLogger(__name__)
STYLE = Path(__file__).with_name("style.css")


@dataclass(frozen=True)
class PageInfo:
    """A page: its path, its title (a message) and its component."""

    path: str
    title: str
    component: Callable[[], Any]


PAGES = (
    PageInfo("/", N_("Targets"), board.Page),
    PageInfo("lab", N_("Laboratory"), lab.Page),
    PageInfo("trajectories", N_("Trajectories"), trajectories.Page),
    PageInfo("compare", N_("Compare"), compare.Page),
    PageInfo("why", N_("Why"), why.Page),
    PageInfo("search", N_("What would it take"), search.Page),
    PageInfo("map", N_("Map"), delta.Page),
    PageInfo("network", N_("Network"), network.Page),
    PageInfo("firms", N_("Firms"), firms.Page),
    PageInfo("cost", N_("Cost"), cost.Page),
    PageInfo("confidence", N_("Confidence"), confidence.Page),
    PageInfo("sources", N_("Sources"), sources.Page),
    PageInfo("workshop", N_("Workshop"), workshop.Page),
)


def _first_language(search: str) -> str:
    """Return the language of the address, or of the visitor's browser; Chinese where neither says."""
    named = parse_qs(search).get("lang", [""])[0]
    if named in LANGUAGES:
        return named
    headers = solara.lab.headers.value or {}
    accepted = ",".join(headers.get("accept-language", [])).lower()
    positions = {code: accepted.find(code) for code in LANGUAGES}
    found = {code: at for code, at in positions.items() if at >= 0}
    return min(found, key=lambda code: found[code]) if found else "zh"


def _welcome(search: str) -> Session:
    """Return a new visitor's session, with the scenario of the link that led here."""
    session = Session(_first_language(search), engine().hasten)
    if code := parse_qs(search).get("s", [""])[0]:
        scenario, mistakes = decode(code)
        if scenario:
            session.draft = scenario
        session.mistakes.set(tuple(map(str, mistakes)))
    return session


@solara.component
def Layout(children: list[solara.Element] | None = None) -> None:
    """Show the page that the address names, inside the frame."""
    router = solara.use_router()
    session = solara.use_memo(lambda: _welcome(router.search or ""), [])
    session_context.provide(session)
    solara.Style(STYLE)
    PageLanguage(language=session.language.value)
    _Simulation()
    _Searching()
    with solara.Div(
        classes=["yw-app", f"yw-{session.language.value}"], attributes={"lang": session.language.value}
    ):
        _Bar()
        _Failure()
        _Guarded(children or [])


@solara.component
def _Bar() -> None:
    session = use_session()
    t = session.texts
    router = solara.use_router()
    solara.Title(t("Yongwen: policy laboratory"))
    with rv.Html(tag="header", class_="yw-bar"):
        solara.HTML(tag="div", classes=["yw-brand"], unsafe_innerHTML="<b>甬温</b> Yongwen")
        with rv.Html(tag="nav", class_="yw-nav"):
            for page in PAGES:
                here = router.parts[0] == page.path.strip("/")
                with solara.Link(page.path if page.path == "/" else f"/{page.path}"):
                    rv.Html(tag="span", children=[t(page.title)], class_="here" if here else "")
        _Progress()
        with solara.Div(classes=["yw-languages"]):
            for code, name in LANGUAGES.items():
                solara.Button(
                    name, text=True, small=True, on_click=lambda code=code: session.language.set(code),
                    classes=["here"] if code == session.language.value else [],
                )  # fmt: skip


@solara.component
def _Guarded(children: list[solara.Element]) -> None:
    """Show the page; one that fails says so, and the rest of the app and the draft stay as they are."""
    t = use_session().texts
    failure, clear = reacton.use_exception()
    if failure is None:
        rv.Html(tag="main", children=children, class_="yw-main")
        return
    logger.error("a page failed", exc_info=failure)
    with rv.Html(tag="main", class_="yw-main"):
        solara.Error(
            t("This page could not be shown. Your scenario is kept.") + f" ({type(failure).__name__})"
        )
        solara.Button(t("Try again"), on_click=clear)


@solara.component
def _Progress() -> None:
    """Say how far the simulation of the draft is."""
    session = use_session()
    t = session.texts
    projection = session.projection(session.draft)
    if projection is None:
        solara.Text(t("first draw is running"), classes=["yw-progress", "busy"])
    elif projection.changed:
        solara.Text(t("older results; new ones are being simulated"), classes=["yw-progress", "busy"])
    elif not projection.complete:
        words = t("{done} of {wanted} draws", done=projection.draws, wanted=projection.wanted)
        solara.Text(words, classes=["yw-progress", "busy"])
    else:
        solara.Text(t("{done} draws", done=projection.draws), classes=["yw-progress"])


@solara.component
def _Failure() -> None:
    session = use_session()
    if session.failure.value:
        solara.Error(session.failure.value)


@solara.component
def _Simulation() -> None:
    """Simulate what the visitor looks at; a change drops what is left of the older work."""
    session = use_session()
    keys = session.seeds.value, *(scenario.content_hash for scenario in session.wanted)

    def simulate() -> None:
        session.failure.set("")
        try:
            for results in engine().stream(session.client, session.missing()):
                session.add(results)
        except YongwenError as error:
            session.failure.set(str(error))

    def leave() -> Callable[[], None]:
        return lambda: engine().drop(session.client)

    solara.lab.use_task(simulate, dependencies=[keys])
    solara.use_effect(leave, [])
    solara.Div(style={"display": "none"})


@solara.component
def _Searching() -> None:
    """Work out the visitor's search, on whichever page; it ends with the visit."""
    session = use_session()
    pursuit = session.pursuit.value

    def search_on() -> None:
        if pursuit:
            pursuit.run()

    solara.lab.use_task(search_on, dependencies=[pursuit.client if pursuit else ""])
    solara.use_effect(lambda: session.stop_search, [])
    solara.Div(style={"display": "none"})


routes = [
    solara.Route(page.path, component=page.component, label=page.title, layout=Layout if index == 0 else None)
    for index, page in enumerate(PAGES)
]

# A browser needs seconds to start the app; meanwhile it shows what came with the page.
pages_server.read_root = painted_at_once(
    pages_server.read_root, {page.path: page.title for page in PAGES}, STYLE
)
