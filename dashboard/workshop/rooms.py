"""Rooms of a workshop, kept in SQLite: who is in, what each group guessed and submitted.

A facilitator and each group hold a key that only their own browsers know; the database has its hash. Nobody
else can act for them. Rooms expire, and everything in them is then deleted.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from time import time

from dashboard.i18n import N_
from dashboard.sharing import decode
from scenarios.scenario import Scenario, list_scenarios
from simulation.errors import InputError
from simulation.indicators import INDICATORS, REGIONS, TARGET_YEAR

HOURS = 48
MOST_ROOMS, MOST_GROUPS, MOST_SUBMISSIONS = 200, 40, 20
LONGEST_NAME = 40
GUESSED_YEARS = tuple(range(2019, TARGET_YEAR + 1))
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without those that are taken for one another
_CODE_LENGTH, _LARGEST = 5, 1e12

NO_ROOM = N_("There is no room of this code; rooms close after two days.")
NAMELESS = N_("A name is needed.")
NAME_TAKEN = N_("A group of this name is in the room already; take another one.")
ROOM_FULL = N_("The room is full.")
TOO_MANY_ROOMS = N_("Too many rooms are open; they close after two days.")
TOO_MANY_SCENARIOS = N_("Your group has submitted as many scenarios as a room takes.")
NO_GUESS = N_("A guess needs a number for each year.")
GUESSES_CLOSED = N_("The outcome has been revealed; guesses are closed.")
FACILITATOR_ONLY = N_("Only the facilitator of the room can do that.")
NOT_JOINED = N_("This browser has not joined the room.")

_SCHEMA = """
create table if not exists rooms (
    code text primary key, key text not null, title text not null, expires real not null,
    stage text not null, indicator text not null, region text not null, question text not null,
    version integer not null
);
create table if not exists groups (
    id integer primary key, room text not null references rooms(code) on delete cascade,
    key text not null, name text not null, guess text, unique (room, name)
);
create table if not exists submissions (
    id integer primary key, grp integer not null references groups(id) on delete cascade,
    scenario text not null, met integer, probability real, cost real
);
"""


class Stage(StrEnum):
    """What a room is doing; only the facilitator moves it on."""

    PREDICT = "predict"
    REVEAL = "reveal"
    BUILD = "build"


@dataclass(frozen=True)
class Outcome:
    """How a scenario stands, over the targets of both cities together.

    Attributes
    ----------
    met
        Targets that the median meets.
    probability
        Mean probability of meeting a target.
    cost
        Public money of 2019 to 2022 beyond that of no new policy, 100m CNY.
    """

    met: int
    probability: float
    cost: float


@dataclass(frozen=True)
class Submission:
    """A scenario that a group has submitted; its outcome once it is simulated."""

    id: int
    scenario: Scenario
    outcome: Outcome | None


@dataclass(frozen=True)
class Group:
    """A group as everybody sees it; its guess is hidden until the reveal."""

    id: int
    name: str
    has_guessed: bool
    guess: tuple[float, ...] | None
    submissions: tuple[Submission, ...]


@dataclass(frozen=True)
class Room:
    """A room as everybody sees it.

    Attributes
    ----------
    question
        The scenario whose outcome is guessed: `indicator` in `region`.
    version
        Rises with every change.
    """

    code: str
    title: str
    stage: Stage
    indicator: str
    region: str
    question: str
    version: int
    groups: tuple[Group, ...]


class Rooms:
    """All rooms of a server."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as rooms:
            rooms.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are kept together or not at all."""
        rooms = sqlite3.connect(self._file, timeout=10.0)
        try:
            rooms.execute("pragma foreign_keys = on")
            rooms.execute("pragma journal_mode = wal")
            with rooms:
                yield rooms
        except sqlite3.Error as error:
            raise InputError(f"the workshop's file {self._file} cannot be used: {error}") from error
        finally:
            rooms.close()

    def open_room(self, title: str) -> tuple[str, str]:
        """Open a room and return its code and the facilitator's key."""
        key = secrets.token_urlsafe(18)
        with self._open() as rooms:
            rooms.execute("delete from rooms where expires < ?", (time(),))
            if rooms.execute("select count(*) from rooms").fetchone()[0] >= MOST_ROOMS:
                raise InputError(TOO_MANY_ROOMS)
            code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
            values = (code, _hash(key), _name(title), time() + HOURS * 3600, Stage.PREDICT)
            question = ("rd_intensity", "Ningbo+Wenzhou", "full_plan")
            rooms.execute("insert into rooms values (?, ?, ?, ?, ?, ?, ?, ?, 0)", (*values, *question))
        return code, key

    def join(self, code: str, name: str) -> str:
        """Join a room as a new group and return the group's key."""
        key, name = secrets.token_urlsafe(18), _name(name)
        with self._open() as rooms:
            _known(rooms, code)
            names = {row[0] for row in rooms.execute("select name from groups where room = ?", (code,))}
            if name in names:
                raise InputError(NAME_TAKEN)
            if len(names) >= MOST_GROUPS:
                raise InputError(ROOM_FULL)
            values = (code, _hash(key), name)
            rooms.execute("insert into groups (room, key, name) values (?, ?, ?)", values)
            _touch(rooms, code)
        return key

    def is_facilitator(self, code: str, key: str) -> bool:
        """Tell whether a key is that of the room's facilitator."""
        with self._open() as rooms:
            row = rooms.execute("select key from rooms where code = ?", (code,)).fetchone()
        return row is not None and secrets.compare_digest(row[0], _hash(key))

    def group_of(self, code: str, key: str) -> int | None:
        """Return the group that a key belongs to, None if it is none of the room's."""
        with self._open() as rooms:
            return _group(rooms, code, key)

    def ask(self, code: str, key: str, indicator: str, region: str, question: str) -> None:
        """Set what is to be guessed; guesses of the question before are deleted."""
        if indicator not in INDICATORS or region not in REGIONS or question not in list_scenarios():
            raise InputError(f"there is no {indicator!r} in {region!r} under {question!r}")
        with self._facilitating(code, key) as rooms:
            values = (indicator, region, question, Stage.PREDICT, code)
            rooms.execute(
                "update rooms set indicator = ?, region = ?, question = ?, stage = ? where code = ?", values
            )
            rooms.execute("update groups set guess = null where room = ?", (code,))

    def move_on(self, code: str, key: str, stage: Stage) -> None:
        """Set what the room is doing."""
        with self._facilitating(code, key) as rooms:
            rooms.execute("update rooms set stage = ? where code = ?", (stage, code))

    def close(self, code: str, key: str) -> None:
        """Delete a room and everything in it."""
        with self._facilitating(code, key) as rooms:
            rooms.execute("delete from rooms where code = ?", (code,))

    def guess(self, code: str, key: str, values: tuple[float, ...]) -> None:
        """Take in a group's guess, a value for each of `GUESSED_YEARS`; the last before the reveal counts."""
        if len(values) != len(GUESSED_YEARS) or not all(abs(value) < _LARGEST for value in values):
            raise InputError(NO_GUESS)
        with self._open() as rooms:
            group = _own_group(rooms, code, key)
            stage = rooms.execute("select stage from rooms where code = ?", (code,)).fetchone()[0]
            if stage != Stage.PREDICT:
                raise InputError(GUESSES_CLOSED)
            rooms.execute("update groups set guess = ? where id = ?", (json.dumps(values), group))
            _touch(rooms, code)

    def submit(self, code: str, key: str, scenario: str) -> None:
        """Take in a group's scenario, as a link has it."""
        found, mistakes = decode(scenario)
        if found is None:
            raise InputError(str(mistakes[0]))
        with self._open() as rooms:
            group = _own_group(rooms, code, key)
            count = rooms.execute("select count(*) from submissions where grp = ?", (group,)).fetchone()[0]
            if count >= MOST_SUBMISSIONS:
                raise InputError(TOO_MANY_SCENARIOS)
            rooms.execute("insert into submissions (grp, scenario) values (?, ?)", (group, scenario))
            _touch(rooms, code)

    def record(self, code: str, key: str, outcomes: Mapping[int, Outcome]) -> None:
        """Keep outcomes of submissions, by id, that the facilitator's browser saw simulated."""
        with self._facilitating(code, key) as rooms:
            rooms.executemany(
                "update submissions set met = ?, probability = ?, cost = ? where id = ? and grp in "
                "(select id from groups where room = ?)",
                [(one.met, one.probability, one.cost, number, code) for number, one in outcomes.items()],
            )

    def version(self, code: str) -> int | None:
        """Return the version of a room, None if there is no such room; cheap enough to ask every second."""
        with self._open() as rooms:
            row = rooms.execute(
                "select version from rooms where code = ? and expires > ?", (code, time())
            ).fetchone()
        return row[0] if row else None

    def room(self, code: str) -> Room | None:
        """Return a room, None if there is none of that code or it has expired."""
        with self._open() as rooms:
            row = rooms.execute(
                "select title, stage, indicator, region, question, version from rooms "
                "where code = ? and expires > ?", (code, time()),
            ).fetchone()  # fmt: skip
            if row is None:
                return None
            groups = tuple(_groups(rooms, code, is_revealed=row[1] != Stage.PREDICT))
        title, stage, indicator, region, question, version = row
        return Room(code, title, Stage(stage), indicator, region, question, version, groups)

    @contextmanager
    def _facilitating(self, code: str, key: str) -> Iterator[sqlite3.Connection]:
        if not self.is_facilitator(code, key):
            raise InputError(FACILITATOR_ONLY)
        with self._open() as rooms:
            yield rooms
            _touch(rooms, code)


def _groups(rooms: sqlite3.Connection, code: str, is_revealed: bool) -> Iterator[Group]:
    query = "select id, name, guess from groups where room = ? order by id"
    for number, name, guess in rooms.execute(query, (code,)).fetchall():
        query = "select id, scenario, met, probability, cost from submissions where grp = ? order by id"
        rows = rooms.execute(query, (number,))
        submissions = tuple(
            Submission(row[0], found, None if row[2] is None else Outcome(*row[2:]))
            for row in rows
            if (found := _scenario(row[1]))
        )
        shown = tuple(json.loads(guess)) if guess and is_revealed else None
        yield Group(number, name, guess is not None, shown, submissions)


@lru_cache(maxsize=2_048)
def _scenario(text: str) -> Scenario | None:
    return decode(text)[0]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _name(text: str) -> str:
    name = " ".join(text.split())[:LONGEST_NAME]
    if not name:
        raise InputError(NAMELESS)
    return name


def _known(rooms: sqlite3.Connection, code: str) -> None:
    row = rooms.execute("select 1 from rooms where code = ? and expires > ?", (code, time())).fetchone()
    if row is None:
        raise InputError(NO_ROOM)


def _group(rooms: sqlite3.Connection, code: str, key: str) -> int | None:
    row = rooms.execute("select id from groups where room = ? and key = ?", (code, _hash(key))).fetchone()
    return row[0] if row else None


def _own_group(rooms: sqlite3.Connection, code: str, key: str) -> int:
    _known(rooms, code)
    group = _group(rooms, code, key)
    if group is None:
        raise InputError(NOT_JOINED)
    return group


def _touch(rooms: sqlite3.Connection, code: str) -> None:
    rooms.execute("update rooms set version = version + 1 where code = ?", (code,))
