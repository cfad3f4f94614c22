"""Small controls and notes that several pages use."""

from collections.abc import Callable, Sequence
from typing import Any

import solara
from solara.alias import rv

from dashboard.state import use_session
from dashboard.views import Look, title_of


@solara.component_vue("target_table.vue")
def TargetTable(
    label: str,
    heads: list[str],
    rows: list[dict[str, Any]],
    chosen: str,
    event_choose: Callable[[str], None],
) -> None:
    """Show targets as rows; a click chooses one."""


@solara.component_vue("lever_list.vue")
def LeverList(
    chapters: list[dict[str, Any]], words: dict[str, str], event_set: Callable[[dict[str, Any]], None]
) -> None:
    """Show levers by chapter; `event_set` gets the name of a lever and what is changed."""


@solara.component_vue("frame.vue")
def PageLanguage(language: str) -> None:
    """Tell the browser which language the page is in."""


@solara.component_vue("choice.vue")
def ChoiceButtons(
    label: str, options: list[dict[str, str]], value: str, event_choose: Callable[[str], None]
) -> None:
    """Show a row of buttons of which one is pressed."""


@solara.component
def Choice(
    label: str, options: Sequence[tuple[str, str, str]], value: str, on_value: Callable[[str], None]
) -> None:
    """Let one of some options (key, name, colour) be chosen."""
    items = [{"key": key, "name": name, "colour": colour} for key, name, colour in options]
    ChoiceButtons(label=label, options=items, value=value, event_choose=on_value)


@solara.component
def Legend(shown: Sequence[Look]) -> None:
    """Name the scenarios of a chart, and its marks."""
    t = use_session().texts
    with rv.Html(tag="ul", class_="yw-legend"):
        for look in shown:
            dot = rv.Html(tag="i", style_=f"background:{look.colour}")
            rv.Html(tag="li", children=[dot, title_of(look.scenario, t)])
        for kind, words in (("dot", "published"), ("hollow", "assumed"), ("dash", "goal")):
            rv.Html(tag="li", children=[rv.Html(tag="i", class_=kind), t(words)])


@solara.component
def Notes(shown: Sequence[Look]) -> None:
    """Say what bands hold, how many draws there are, and which results are older than the model."""
    t = use_session().texts
    for look in shown:
        if look.projection.changed:
            parts = ", ".join(t(part) for part in look.projection.changed)
            words = t("{title}: older results; changed since: {parts}. New ones are being simulated.",
                      title=title_of(look.scenario, t), parts=parts)  # fmt: skip
            solara.Text(words, classes=["yw-note", "warn"])
        elif not look.projection.complete:
            words = t("{title}: {done} of {wanted} draws are simulated; "
                      "the others are guessed from the baseline.",
                      title=title_of(look.scenario, t), done=look.projection.draws,
                      wanted=look.projection.wanted)  # fmt: skip
            solara.Text(words, classes=["yw-note", "busy"])
    solara.Text(
        t("Bands hold chance, outside conditions and drift; not yet the uncertainty of parameters."),
        classes=["yw-note"],
    )


@solara.component_vue("picker.vue")
def Picker(
    label: str, options: list[dict[str, str]], value: str, event_choose: Callable[[str], None]
) -> None:
    """Let one of many options be chosen from a list that drops down."""


@solara.component_vue("outcomes.vue")
def Outcomes(label: str, heads: list[str], rows: list[dict[str, Any]]) -> None:
    """Show the targets under the draft, one line each."""
