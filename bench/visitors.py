"""Visitors of the app without a browser: they speak with the server as its pages do, and note what they see.

A page of Solara is a tree of widgets that the server describes over one connection: `comm_open` brings a new
widget's state, `comm_msg` a change, and an event of a component goes back as a custom message.
"""

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 600.0  # seconds
STEPS = {"guidance_fund": 1.0, "talent_inflow": 200.0, "angel_coinvestment": 1.0}
"""Levers that the visitors move, with the step between two visitors' values."""

State = dict[str, Any]


def wish(number: int, turn: int) -> tuple[str, float]:
    """Return what a visitor moves in a turn; no other visitor ever sets the same."""
    lever = list(STEPS)[turn % len(STEPS)]
    return lever, STEPS[lever] * (1.0 + number + 0.01 * turn)


class Visitor:
    """One visitor with a page open."""

    def __init__(self, number: int, address: str) -> None:
        self.number, self._address = number, address
        self.widgets: dict[str, State] = {}
        self.errors: list[str] = []
        self._waits: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._page: str = uuid4().hex
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, path: str) -> float:
        """Open a page in English; return the seconds until the server has described it."""
        clock = asyncio.get_running_loop().time
        start = clock()
        cookie = await asyncio.to_thread(self._fetch)
        kernel = f"ws{self._address.removeprefix('http')}/jupyter/api/kernels/{uuid4()}"
        self._line: ClientConnection = await connect(
            f"{kernel}/channels?session_id={self._page}",
            additional_headers={"Cookie": cookie, "Accept-Language": "en"},
            max_size=None,
            ping_interval=None,  # a busy machine may answer late
        )
        self._tasks.append(asyncio.create_task(self._listen()))
        control = uuid4().hex
        await self._send("comm_open", {"comm_id": control, "target_name": "solara.control", "data": {}})
        wanted = {"method": "run", "args": {"path": path, "appName": None, "dark": False, "themes": {}}}
        await self._send("comm_msg", {"comm_id": control, "data": wanted})
        await self.until(lambda: self.find("language"))
        return clock() - start

    def _fetch(self) -> str:
        with urllib.request.urlopen(self._address, timeout=PATIENCE) as answer:
            answer.read()
            return str(answer.headers["Set-Cookie"] or "").split(";", 1)[0]

    async def _send(self, kind: str, content: State) -> None:
        header = {
            "msg_id": uuid4().hex,
            "msg_type": kind,
            "session": self._page,
            "username": "",
            "version": "5.3",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self._line.send(json.dumps({**message, "channel": "shell", "buffers": []}))

    async def _listen(self) -> None:
        """Take in what the server says; who waits when the line breaks is told."""
        try:
            await self._take_in()
        except ConnectionClosed as error:
            self.errors.append(str(error))
        for _, future in self._waits:
            if not future.done():
                future.set_exception(ConnectionError(f"visitor {self.number}: the server hung up"))

    async def _take_in(self) -> None:
        async for raw in self._line:
            if isinstance(raw, bytes):  # a message with buffers: pictures and the like
                continue
            message = json.loads(raw)
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "comm_open":
                self.widgets[content["comm_id"]] = dict(content["data"].get("state", {}))
            elif kind == "comm_msg" and content["data"].get("method") == "update":
                self.widgets.setdefault(content["comm_id"], {}).update(content["data"]["state"])
            elif kind == "comm_close":
                self.widgets.pop(content["comm_id"], None)
            elif kind == "error":
                self.errors.append(str(content.get("evalue")))
            self._look()

    def _look(self) -> None:
        """Let those go on who wait for what the last message brought; the next one may take it away."""
        for wait in list(self._waits):
            test, future = wait
            if not future.done() and (found := test()):
                future.set_result(found)
                self._waits.remove(wait)

    async def until(self, test: Callable[[], Any]) -> Any:
        """Wait for something to be seen, if only for a moment, and return it."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waits.append((test, future))
        self._look()
        return await asyncio.wait_for(future, PATIENCE)

    def find(self, *names: str) -> State | None:
        """Return the newest widget that has all of these properties."""
        return next((state for _, state in self._with(names)), None)

    def _with(self, names: tuple[str, ...]) -> Iterator[tuple[str, State]]:
        known = reversed(list(self.widgets.items()))
        return ((key, state) for key, state in known if all(name in state for name in names))

    async def tell(
        self, names: tuple[str, ...], event: str, data: Any, which: Callable[[State], bool] = bool
    ) -> None:
        """Send an event from the newest widget that has all of these properties and is the right one."""
        keys = await self.until(lambda: [key for key, state in self._with(names) if which(state)])
        message = {"method": "custom", "content": {"event": event, "data": data}}
        await self._send("comm_msg", {"comm_id": keys[0], "data": message})

    def says(self, words: str) -> bool:
        """Tell whether some text on the page holds these words."""
        return any(words in child for state in self.widgets.values() for child in _texts(state))

    async def leave(self) -> None:
        """Close the page."""
        await self._line.close()
        for task in self._tasks:
            task.cancel()

    async def see_board(self) -> float:
        """Open the target board; return the seconds until it has numbers."""
        clock = asyncio.get_running_loop().time
        start = clock()
        await self.open("/")
        await self.until(lambda: (table := self.find("rows", "chosen")) and table["rows"][0]["projection"])
        return clock() - start

    @property
    def differences(self) -> list[str]:
        """Return what the laboratory says of each target's difference to no new policy."""
        tables = (state for _, state in self._with(("rows", "heads")))
        rows: list[State] = next((one["rows"] for one in tables if "difference" in str(one["rows"][:1])), [])
        return [row["difference"] for row in rows]

    async def move(self, turn: int) -> tuple[float, float]:
        """Move a lever; return the seconds until the server has taken it in, and until first numbers."""
        clock = asyncio.get_running_loop().time
        (lever, value), start = wish(self.number, turn), clock()
        await self.tell(("chapters",), "set", {"name": lever, "value": value})
        await self.until(lambda: self._has_moved(lever, value) and not any(self.differences))
        told = clock() - start
        await self.until(lambda: any(self.differences))
        return told, clock() - start

    def _has_moved(self, name: str, value: float) -> bool:
        chapters = (self.find("chapters") or {}).get("chapters", [])
        levers = (lever for chapter in chapters for one in chapter["articles"] for lever in one["levers"])
        return any(lever["name"] == name and lever["value"] == value for lever in levers)

    async def finish(self, draws: int) -> None:
        """Wait for all draws of the draft."""
        await self.until(lambda: self.says(f"{draws} draws") and not self.says(f"of {draws} draws"))


def _texts(state: State) -> Iterator[str]:
    children = state.get("children", [])
    yield from (child for child in children if isinstance(child, str))
    yield str(state.get("text", ""))


class Guest(Visitor):
    """Somebody in a workshop: the facilitator or a group."""

    key = ""

    async def sit_down(self, action: Callable[[], Any]) -> None:
        """Do what gives this browser a key, and show the key as a page does."""
        await action()
        pair = await self.until(lambda: (self.find("room", "kept") or {}).get("kept"))
        self.room, self.key = pair["room"], pair["key"]
        await self._show_key()
        self._tasks.append(asyncio.create_task(self._tick()))

    async def _show_key(self) -> None:
        found = {"room": self.room, "key": self.key, "origin": self._address}
        await self.tell(("room", "kept"), "found", found)

    async def _tick(self) -> None:
        """Ask now and then whether the room has changed, as a page does."""
        while True:
            await asyncio.sleep(1.5)
            await self.tell(("room", "kept"), "tick", None)

    async def open_room(self) -> str:
        """Open a room as its facilitator and return its code."""
        await self.open("/workshop")
        await self.sit_down(lambda: self.tell(("fields",), "send", {"title": "Load"}, _asks("title")))
        await self.until(lambda: self.says("Join with the code"))
        return self.room

    async def join(self, room: str, code: str) -> float:
        """Join a room with a scenario at hand; return the seconds until a guess can be made."""
        clock = asyncio.get_running_loop().time
        start = clock()
        await self.open(f"/workshop?room={room}&s={code}")
        self.room = room
        await self.until(lambda: self.find("room", "kept"))
        await self._show_key()
        await self.sit_down(
            lambda: self.tell(("fields",), "send", {"name": f"Group {self.number + 1}"}, _asks("name"))
        )
        await self.until(lambda: self.find("about"))
        return clock() - start

    async def guess(self) -> float:
        """Guess; return the seconds until the server has it."""
        clock = asyncio.get_running_loop().time
        start = clock()
        await self.tell(("about",), "guess", [2.5, 2.6, 2.7, 2.8 + 0.02 * self.number])
        await self.until(lambda: self.says("Your guess has arrived"))
        return clock() - start

    async def stage(self, stage: str) -> None:
        """Move the room on, as its facilitator."""
        await self.tell(("options",), "choose", stage, lambda one: "reveal" in str(one["options"]))

    async def submit(self) -> float:
        """Submit the scenario at hand; return the seconds until the server has it."""
        clock = asyncio.get_running_loop().time
        start = clock()
        await self.tell(("children", "color"), "click", {}, lambda one: "Submit" in str(one["children"]))
        await self.until(lambda: self.says("waiting for the room's screen") or self.says("simulated"))
        return clock() - start

    async def sees(self, words: str) -> float:
        """Return the seconds until the page says something."""
        clock = asyncio.get_running_loop().time
        start = clock()
        await self.until(lambda: self.says(words))
        return clock() - start


def _asks(field: str) -> Callable[[State], bool]:
    return lambda form: form["fields"][0]["key"] == field


async def together(
    visitors: Sequence[Any], act: Callable[[Any], Awaitable[Any]], apart: float = 0.0
) -> list[Any]:
    """Let all visitors act at the same time, or one every `apart` seconds."""

    async def later(place: int, visitor: Any) -> Any:
        await asyncio.sleep(apart * place)
        return await act(visitor)

    return await asyncio.gather(*(later(place, visitor) for place, visitor in enumerate(visitors)))
