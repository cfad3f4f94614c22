"""Workshop: a facilitator's room, and the phones of the groups in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import solara
from solara.alias import rv

from dashboard.charts import trajectory
from dashboard.i18n import N_, Texts
from dashboard.parts.controls import Choice, Picker
from dashboard.sharing import encode
from dashboard.state import Session, use_session
from dashboard.views import looks, title_of
from dashboard.workshop import views
from dashboard.workshop.rooms import LONGEST_NAME, NO_ROOM, Room, Stage
from scenarios.scenario import list_scenarios, load_scenario
from simulation.errors import InputError
from simulation.indicators import INDICATORS, REGIONS

STAGES = {Stage.PREDICT: N_("1 Guess"), Stage.REVEAL: N_("2 Reveal"), Stage.BUILD: N_("3 Build and compare")}


@solara.component_vue("../parts/room_keys.vue")
def RoomKeys(
    room: str,
    kept: dict[str, str] | None,
    event_found: Callable[[dict[str, str]], None],
    event_tick: Callable[[Any], None],
) -> None:
    """Keep this browser's keys of rooms, and ask now and then whether the room has changed."""


@solara.component_vue("../parts/small_form.vue")
def SmallForm(
    fields: list[dict[str, Any]], button: str, event_send: Callable[[dict[str, str]], None]
) -> None:
    """Show some fields of text with a button."""


@solara.component_vue("../parts/sketch.vue")
def Sketch(
    about: dict[str, Any], words: dict[str, str], closed: bool, event_guess: Callable[[list[float]], None]
) -> None:
    """Let a path be drawn with a finger, or typed."""


@dataclass(frozen=True)
class Desk:
    """What this browser has to do with a room, and how it acts there."""

    session: Session
    room: Room
    key: str
    origin: str
    act: Callable[[Callable[[], object]], None]

    @property
    def t(self) -> Texts:
        """Return the texts in the visitor's language."""
        return self.session.texts


@solara.component
def Page() -> None:
    """Show the door, the facilitator's desk or a group's, as the address and this browser's key say."""
    session = use_session()
    t = session.texts
    router = solara.use_router()
    named = parse_qs(router.search or "").get("room", [""])[0].upper()
    code = named or session.room.value  # one who comes back from the laboratory is still in the room
    room: solara.Reactive[Room | None] = solara.use_reactive(None)
    key, origin, kept = solara.use_reactive(""), solara.use_reactive(""), solara.use_reactive(None)
    mistake = solara.use_reactive("")

    def refresh(_: Any = None) -> None:
        seen = room.peek()
        if code and views.open_rooms().version(code) != (
            seen.version if seen and seen.code == code else None
        ):
            room.set(views.open_rooms().room(code))

    def found(pair: dict[str, str]) -> None:
        key.set(str(pair.get("key", "")))
        origin.set(str(pair.get("origin", "")))
        refresh()

    def act(action: Callable[[], object]) -> None:
        mistake.set("")
        try:
            action()
        except InputError as error:
            mistake.set(str(error))
        refresh()

    def enter(name: str, own_key: str) -> None:
        kept.set({"room": name, "key": own_key})
        key.set(own_key)
        router.push(f"/workshop?room={name}")

    def leave() -> None:
        session.room.set("")
        router.push("/workshop")

    solara.use_effect(lambda: session.room.set(code), [code])
    solara.use_effect(refresh, [code])
    RoomKeys(room=code, kept=kept.value, event_found=found, event_tick=refresh)
    solara.use_effect(lambda: lambda: session.watched.set(()), [])
    with solara.Div(classes=["yw-workshop"]):
        if mistake.value:
            solara.Error(t(mistake.value))
        here = room.value
        if not code:
            _Door(t, act, enter)
        elif here and here.code == code:
            _Inside(Desk(session, here, key.value, origin.value, act), enter)
        else:
            solara.Text(t(NO_ROOM), classes=["yw-empty"])
            solara.Button(t("Leave"), text=True, small=True, on_click=leave)


@solara.component
def _Inside(desk: Desk, enter: Callable[[str, str], None]) -> None:
    """Show the desk that this browser's key belongs to."""
    rooms, code = views.open_rooms(), desk.room.code
    own = rooms.group_of(code, desk.key) if desk.key else None
    if desk.key and rooms.is_facilitator(code, desk.key):
        _Facilitator(desk)
    elif own is not None:
        _GroupDesk(desk, own)
    else:
        _Join(desk, enter)


def _field(key: str, label: str) -> dict[str, Any]:
    return {"key": key, "label": label, "longest": LONGEST_NAME}


@solara.component
def _Door(t: Texts, act: Callable[[Callable[[], object]], None], enter: Callable[[str, str], None]) -> None:
    """Let a room be opened or found."""
    router = solara.use_router()
    solara.HTML(tag="h1", unsafe_innerHTML=t("Workshop"))
    solara.Text(
        t("Groups guess an outcome on their phones, see it revealed, then build and compare scenarios. "
          "No accounts are needed."),
        classes=["yw-sentence"],
    )  # fmt: skip
    with solara.Div(classes=["yw-doors"]):
        with solara.Div(classes=["yw-card"]):
            solara.HTML(tag="h2", unsafe_innerHTML=t("Open a room"))

            def open_room(values: dict[str, str]) -> None:
                act(lambda: enter(*views.open_rooms().open_room(str(values.get("title", "")))))

            SmallForm(
                fields=[_field("title", t("Title of the workshop"))], button=t("Open"), event_send=open_room
            )
        with solara.Div(classes=["yw-card"]):
            solara.HTML(tag="h2", unsafe_innerHTML=t("Join a room"))

            def go(values: dict[str, str]) -> None:
                router.push(f"/workshop?room={str(values.get('code', '')).strip().upper()[:8]}")

            SmallForm(fields=[_field("code", t("Code of the room"))], button=t("Join"), event_send=go)


@solara.component
def _Join(desk: Desk, enter: Callable[[str, str], None]) -> None:
    """Let a group enter."""
    t, code = desk.t, desk.room.code

    def join(values: dict[str, str]) -> None:
        desk.act(lambda: enter(code, views.open_rooms().join(code, str(values.get("name", "")))))

    with solara.Div(classes=["yw-card"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Join the room {code}", code=code))
        solara.Text(desk.room.title, classes=["yw-sentence"])
        SmallForm(fields=[_field("name", t("Name of your group"))], button=t("Join"), event_send=join)


@solara.component
def _Facilitator(desk: Desk) -> None:
    """Show the room's screen: how to join, what is asked, who has answered, and the outcome."""
    t, room, key = desk.t, desk.room, desk.key
    rooms = views.open_rooms()
    with solara.Div(classes=["yw-head"]):
        rv.Html(tag="h1", children=[room.title])
        Choice(
            t("Stage"),
            [(stage.value, t(words), "") for stage, words in STAGES.items()],
            room.stage.value,
            lambda stage: desk.act(lambda: rooms.move_on(room.code, key, Stage(stage))),
        )
    with solara.Div(classes=["yw-split", "workshop"]):
        with solara.Div(classes=["yw-card"]):
            _Question(desk) if room.stage is Stage.PREDICT else None
            _Outcome(desk, None)
        with solara.Div(classes=["yw-card", "yw-side"]):
            _Invitation(desk)
            _Groups(desk)


@solara.component
def _Question(desk: Desk) -> None:
    """Let the facilitator choose what is to be guessed."""
    t, room = desk.t, desk.room

    def ask(**change: str) -> None:
        now = {"indicator": room.indicator, "region": room.region, "question": room.question, **change}
        desk.act(lambda: views.open_rooms().ask(room.code, desk.key, **now))

    with solara.Div(classes=["yw-tools"]):
        for label, value, options, name in (
            (t("Indicator"), room.indicator, {one: t.indicator(one) for one in INDICATORS}, "indicator"),
            (t("Place"), room.region, {one: t.region(one) for one in reversed(REGIONS)}, "region"),
            (t("Scenario"), room.question,
             {one: title_of(load_scenario(one), t) for one in list_scenarios()}, "question"),
        ):  # fmt: skip
            Picker(
                label=label,
                options=[{"key": one, "name": words} for one, words in options.items()],
                value=value,
                event_choose=lambda chosen, name=name: ask(**{name: chosen}),
            )
    solara.Text(t("Another question deletes the guesses that are there."), classes=["yw-note"])


@solara.component
def _Outcome(desk: Desk, own: int | None) -> None:
    """Show what the stage has to show: the question, the reveal, or the ranking."""
    t, room, session = desk.t, desk.room, desk.session
    question = load_scenario(room.question)
    is_facilitator = own is None
    watched = (question, *(views.unfinished(room.groups) if is_facilitator else ()))
    solara.use_effect(lambda: session.watched.set(watched), [tuple(one.content_hash for one in watched)])
    if room.stage is Stage.BUILD:
        _Ranking(desk, is_facilitator)
        return
    look = next(iter(looks(session, (question,))), None)
    heading = t("{indicator}, {place}, under “{title}”", indicator=t.indicator(room.indicator),
                place=t.region(room.region), title=title_of(question, t))  # fmt: skip
    rv.Html(tag="h2", children=[heading])
    if room.stage is Stage.PREDICT:
        if is_facilitator:
            solara.HTML(unsafe_innerHTML=trajectory(views.question_chart(room, None, t), t, 760, 330))
        return
    if look is None:
        solara.Text(t("The draws are being simulated."), classes=["yw-empty"])
        return
    width = 760 if is_facilitator else 380
    solara.HTML(unsafe_innerHTML=trajectory(views.reveal_chart(room, look, own, t), t, width, 330))
    _Key(title_of(question, t), look.colour, is_facilitator, t)
    solara.Text(
        t("A score of 100 is a guess as near to the draws as their median; 50 is twice as far off."),
        classes=["yw-note"],
    )
    _Table(
        t("Scores"), [t("Rank"), t("Group"), t("Guess for 2022"), t("Score")],
        views.score_rows(room, look.projection, t), t,
    )  # fmt: skip


@solara.component
def _Key(title: str, colour: str, is_facilitator: bool, t: Texts) -> None:
    """Name the lines of the reveal."""
    lines = [(title, colour), (t("guesses"), views.GUESS_COLOUR)]
    lines += [] if is_facilitator else [(t("your guess"), views.OWN_COLOUR)]
    with rv.Html(tag="ul", class_="yw-legend"):
        for words, shade in lines:
            rv.Html(tag="li", children=[rv.Html(tag="i", style_=f"background:{shade}"), words])


@solara.component
def _Ranking(desk: Desk, is_facilitator: bool) -> None:
    """Rank the groups by their best scenario; the facilitator's browser sees to the simulation."""
    t, room, session = desk.t, desk.room, desk.session
    waiting = views.unfinished(room.groups)
    done = views.finished(session, room) if is_facilitator and waiting else {}
    solara.use_effect(
        lambda: desk.act(lambda: views.open_rooms().record(room.code, desk.key, done)) if done else None,
        [tuple(done)],
    )
    rv.Html(tag="h2", children=[t("Groups by their best scenario")])
    _Table(
        t("Groups by their best scenario"),
        [t("Rank"), t("Group"), t("Scenario"), t("Targets met"), t("Mean probability"), t("Public money")],
        views.ranking_rows(room, t), t,
    )  # fmt: skip
    if waiting:
        solara.Text(
            t("{count} scenarios are being simulated.", count=len(waiting)), classes=["yw-note", "busy"]
        )
    solara.Text(
        t(
            "More targets met by the median come first, then a higher mean probability, "
            "then less public money."
        ),
        classes=["yw-note"],
    )


@solara.component
def _Table(label: str, heads: list[str], rows: list[list[str]], t: Texts) -> None:
    with (
        solara.Div(classes=["yw-scroll"]),
        rv.Html(tag="table", class_="yw-table", attributes={"aria-label": label}),
    ):
        with rv.Html(tag="thead"), rv.Html(tag="tr"):
            for head in heads:
                rv.Html(tag="th", children=[head], attributes={"scope": "col"})
        with rv.Html(tag="tbody"):
            for row in rows:
                with rv.Html(tag="tr"):
                    for cell in row:
                        rv.Html(tag="td", children=[cell])
    if not rows:
        solara.Text(t("Nothing yet."), classes=["yw-empty"])


@solara.component
def _Invitation(desk: Desk) -> None:
    """Show how to join: a code, a link and its QR code."""
    t, room = desk.t, desk.room
    link = f"{desk.origin}/workshop?room={room.code}"
    rv.Html(tag="h2", children=[t("Join with the code {code}", code=room.code)])
    if desk.origin:
        solara.HTML(unsafe_innerHTML=views.qr_code(link), classes=["yw-qr"])
        rv.Html(tag="p", children=[link], class_="yw-link")
        if "//127.0.0.1" in link or "//localhost" in link:
            solara.Text(
                t("Phones cannot reach this address. Start the app with --host 0.0.0.0 and open it by this "
                  "machine's address in the network."),
                classes=["yw-note", "warn"],
            )  # fmt: skip


@solara.component
def _Groups(desk: Desk) -> None:
    """List the groups, and what each has done."""
    t, room = desk.t, desk.room
    rv.Html(tag="h2", children=[t("{count} groups", count=len(room.groups))])
    with rv.Html(tag="ul", class_="yw-groups"):
        for group in room.groups:
            done = t("guessed") if group.has_guessed else t("no guess yet")
            words = t("{state}, scenarios: {count}", state=done, count=len(group.submissions))
            rv.Html(tag="li", children=[t("{label}: {name}", label=group.name, name=words)])
    confirm = solara.use_reactive(False)
    if confirm.value:
        solara.Text(t("Everything in the room will be deleted."), classes=["yw-note", "warn"])
        with solara.Div(classes=["yw-row"]):
            solara.Button(
                t("Delete"), small=True, color="error",
                on_click=lambda: desk.act(lambda: views.open_rooms().close(room.code, desk.key)),
            )  # fmt: skip
            solara.Button(t("Keep"), small=True, text=True, on_click=lambda: confirm.set(False))
    else:
        solara.Button(t("Close the room"), text=True, small=True, on_click=lambda: confirm.set(True))


@solara.component
def _GroupDesk(desk: Desk, own: int) -> None:
    """Show a phone what its group can do now."""
    t, room = desk.t, desk.room
    rooms = views.open_rooms()
    group = next((one for one in room.groups if one.id == own), None)
    if group is None:
        return
    rv.Html(tag="h1", children=[t("{label}: {name}", label=room.title, name=group.name)])
    with solara.Div(classes=["yw-card"]):
        _Outcome(desk, own)
        if room.stage is Stage.PREDICT:
            Sketch(
                about=views.sketch(room, t),
                words={
                    "label": t("Draw your guess for 2019 to 2022"),
                    "send": t("Send the guess again") if group.has_guessed else t("Send the guess"),
                },
                closed=False,
                event_guess=lambda values: desk.act(
                    lambda: rooms.guess(room.code, desk.key, tuple(float(value) for value in values))
                ),
            )
            if group.has_guessed:
                solara.Text(t("Your guess has arrived; it is hidden until the reveal."), classes=["yw-note"])
        elif room.stage is Stage.BUILD:
            _Submit(desk, group.submissions)


@solara.component
def _Submit(desk: Desk, submissions: tuple[Any, ...]) -> None:
    """Let a group submit the draft that it has built in the laboratory."""
    t, session, room = desk.t, desk.session, desk.room
    draft = session.draft
    with solara.Div(classes=["yw-row"]):
        with solara.Link("/lab"):
            solara.Button(t("Build in the laboratory"), small=True, outlined=True)
        solara.Button(
            t("Submit “{title}”", title=title_of(draft, t)), small=True, color="primary",
            on_click=lambda: desk.act(lambda: views.open_rooms().submit(room.code, desk.key, encode(draft))),
        )  # fmt: skip
    with rv.Html(tag="ul", class_="yw-groups"):
        for one in submissions:
            state = t("simulated") if one.outcome else t("waiting for the room's screen")
            rv.Html(tag="li", children=[t("{label}: {name}", label=title_of(one.scenario, t), name=state)])
