"""Name, keep, open and share the draft."""

from typing import Any

import solara

from dashboard.i18n import Texts
from dashboard.parts.controls import Files
from dashboard.sharing import check, decode, encode, renamed
from dashboard.state import Session
from dashboard.views import title_of
from scenarios.scenario import Scenario
from scenarios.source import MAX_BYTES

MOST_SAVED = 12


def words(texts: Texts) -> dict[str, str]:
    """Return the words of the buttons."""
    t = texts
    return {
        "title": t("Title of the scenario"),
        "save": t("Save"),
        "open": t("Open file"),
        "share": t("Share"),
        "link": t("Link"),
        "copy": t("Copy"),
        "copied": t("Copied"),
        "mistakes": t("The scenario cannot be opened:"),
        "close": t("Close"),
    }


def saved_with(saved: tuple[Scenario, ...], scenario: Scenario) -> tuple[Scenario, ...]:
    """Return saved scenarios with one more, in place of one that does the same; the oldest go."""
    others = tuple(one for one in saved if one.content_hash != scenario.content_hash)
    return (*others, scenario)[-MOST_SAVED:]


@solara.component
def Keeping(session: Session) -> None:
    """Show the draft's title and what can be done with it; files are read by the visitor's browser."""
    t = session.texts

    def load(file: dict[str, str]) -> None:
        scenario, mistakes = check(str(file.get("text", "")))
        session.mistakes.set(tuple(map(str, mistakes)))
        if scenario:
            session.draft = scenario

    def restore(codes: list[str]) -> None:
        found = [decode(str(code))[0] for code in codes[:MOST_SAVED]]
        session.saved.set(tuple(scenario for scenario in found if scenario))

    def rename(title: Any) -> None:
        session.draft = renamed(session.draft, str(title))

    def save(title: Any) -> None:
        rename(title)  # it may still be in the field
        session.saved.set(saved_with(session.saved.value, session.draft))

    draft = session.draft
    Files(
        title=title_of(draft, t),
        code=encode(draft),
        saved=[encode(scenario) for scenario in session.saved.value],
        mistakes=list(session.mistakes.value),
        words=words(t),
        largest=MAX_BYTES,
        event_rename=rename,
        event_save=save,
        event_load=load,
        event_restore=restore,
        event_dismiss=lambda _=None: session.mistakes.set(()),
    )
