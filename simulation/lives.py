"""The lives of single firms, from quarter to quarter: what they are, do, get, and how they end.

Firms are picked from a run that has ended, one story each, and are then watched in the same run again: it
takes the same course.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from agents.firm import Kind, Origin
from simulation.world import World

SERIES = (
    *("revenue", "rd", "researchers", "knowledge", "cash", "debt", "equity"),
    *(
        "patents",
        "certificate",
        "tech_sme",
        "tenant",
        "does_rd",
        "exploring",
        "upgraded",
        "relabelled",
        "alive",
    ),
)
"""Fields of a firm's record that are kept by the quarter."""
MOST_PER_STORY = 3
HOME = ("Ningbo", "Wenzhou")


@dataclass(frozen=True)
class Event:
    """Something that happened to a firm in a quarter (from 0, the first of 2015)."""

    quarter: int
    kind: str
    amount: float = 0.0


@dataclass(frozen=True, eq=False)
class Life:
    """One firm from its first to its last quarter in the run.

    Attributes
    ----------
    first
        Quarter of the first values in `series`.
    series
        Values by quarter, by field of the record, and the number of `holdings` of funds and of `partners`.
    """

    id: str
    story: str
    city: str
    field: int
    is_industrial: bool
    origin: str
    birth: int
    first: int
    series: dict[str, list[float]]
    events: tuple[Event, ...]


Rank = Callable[[np.ndarray], np.ndarray]


def _backed(firms: np.ndarray) -> np.ndarray:
    return (firms["equity"] > 0.0) & (firms["birth"] >= 0)


def _of(origin: Origin) -> Rank:
    return lambda firms: np.where(
        (firms["origin"] == origin) & (firms["does_rd"] == 1), firms["knowledge"], -1.0
    )


LIVING: dict[str, Rank] = {
    "venture_backed": lambda firms: np.where(_backed(firms), firms["revenue"], -1.0),
    "university_spin_off": _of(Origin.UNIVERSITY_SPIN_OFF),
    "corporate_spin_off": _of(Origin.CORPORATE_SPIN_OFF),
    "returnee": _of(Origin.RETURNEE),
    "incubator": _of(Origin.INCUBATOR),
    "inventor": lambda firms: np.where(firms["kind"] == Kind.TECHNOLOGY, firms["patents"], -1.0),
    "upgraded": lambda firms: np.where(firms["upgraded"] > 0, firms["revenue"], -1.0),
    "relabelling": lambda firms: np.where(firms["certificate"] > 0, firms["relabelled"], -1.0),
    "industrial": lambda firms: np.where(firms["kind"] == Kind.INDUSTRIAL, firms["revenue"], -1.0),
}
GONE: dict[str, Rank] = {
    "venture_failed": lambda firms: np.where(_backed(firms), firms["equity"], -1.0),
    "young_failed": lambda firms: np.where(
        (firms["birth"] >= 0) & (firms["does_rd"] == 1), firms["knowledge"], -1.0
    ),
    "certified_failed": lambda firms: np.where(firms["certificate"] > 0, firms["revenue"], -1.0),
}
"""How firms are ranked for each story; below nothing, a firm has no part in it."""


def pick(model: World, gone: np.ndarray) -> dict[int, str]:
    """Return firms by id with their stories: the first ones of each, Ningbo and Wenzhou first."""
    living = model.firms.living
    chosen: dict[int, str] = {}
    for stories, firms in ((LIVING, living), (GONE, gone)):
        home = np.isin(firms["city"], [model.geography.cities.index(city) for city in HOME])
        for story, rank in stories.items():
            chosen |= dict.fromkeys(_best(firms, rank(firms), home, set(chosen)), story)
    return chosen


def _best(firms: np.ndarray, rank: np.ndarray, home: np.ndarray, taken: set[int]) -> list[int]:
    order = np.lexsort((firms["id"], -rank, ~home))
    found = (int(firms["id"][row]) for row in order if rank[row] > 0.0)
    return [
        identity
        for identity, _ in zip(
            (one for one in found if one not in taken), range(MOST_PER_STORY), strict=False
        )
    ]


class Diary:
    """Watches firms and writes down their quarters."""

    def __init__(self, chosen: dict[int, str]) -> None:
        self.chosen = chosen
        self._ids = np.array(sorted(chosen), dtype=np.uint64)
        self._about: dict[int, np.void] = {}
        self._lines: dict[int, list[list[float]]] = {one: [] for one in chosen}
        self._first: dict[int, int] = {}

    def note(self, model: World) -> None:
        """Write down the quarter that has just ended."""
        quarter = model.quarter - 1
        firms = model.firms.records
        held = model.holdings["firm"][: model.holding_count]
        for row in np.flatnonzero(np.isin(firms["id"], self._ids)):
            firm, identity = firms[row], int(firms["id"][row])
            lines = self._lines[identity]
            if lines and lines[-1][SERIES.index("alive")] == 0.0:
                continue
            self._first.setdefault(identity, quarter)
            self._about[identity] = firm.copy()
            partners = int((model.partners[row] != -1).sum()) if row < len(model.partners) else 0
            own = [float(firm[name]) for name in SERIES]
            lines.append([*own, float((held == identity).sum()), float(partners)])

    def lives(self, model: World) -> tuple[Life, ...]:
        """Return the lives in the order of their stories."""
        order = {story: at for at, story in enumerate((*LIVING, *GONE))}
        found = [self._life(model, identity) for identity in self.chosen if self._lines[identity]]
        return tuple(sorted(found, key=lambda life: (order[life.story], life.id)))

    def _life(self, model: World, identity: int) -> Life:
        firm = self._about[identity]
        names = (*SERIES, "holdings", "partners")
        columns = zip(*self._lines[identity], strict=True)
        series = {name: list(values) for name, values in zip(names, columns, strict=True)}
        first = self._first[identity]
        return Life(
            id=f"{identity:016x}",
            story=self.chosen[identity],
            city=model.geography.cities[int(firm["city"])],
            field=int(firm["field"]),
            is_industrial=int(firm["kind"]) == Kind.INDUSTRIAL,
            origin=Origin(int(firm["origin"])).name.lower(),
            birth=int(firm["birth"]),
            first=first,
            series=series,
            events=tuple(sorted(events(series, first, int(firm["birth"])), key=lambda each: each.quarter)),
        )


_SWITCHES = {
    "certificate": ("certified", "certificate_ended"),
    "tech_sme": ("registered", "struck_off"),
    "tenant": ("moved_in", "moved_out"),
    "does_rd": ("began_rd", "stopped_rd"),
    "exploring": ("project_began", "project_ended"),
    "upgraded": ("upgraded", ""),
    "relabelled": ("relabels", "relabels_no_more"),
}
"""What it means when a field of the record leaves zero, and when it returns to it."""


def events(series: dict[str, list[float]], first: int, birth: int) -> Iterator[Event]:
    """Yield what happened, read from a firm's values quarter by quarter."""
    if birth >= 0:
        yield Event(birth, "founded")
    alive = series["alive"]
    for name, (begins, ends) in _SWITCHES.items():
        for at, (before, now) in enumerate(zip([0.0, *series[name]], series[name], strict=False)):
            known_before = at == 0 and birth < 0
            if (
                alive[at]
                and not known_before
                and (before > 0.0) != (now > 0.0)
                and (kind := begins if now > 0.0 else ends)
            ):
                yield Event(first + at, kind)
    for at in range(len(alive)):
        equity, holdings, patents = (
            series[name][max(at - 1, 0) : at + 1] for name in ("equity", "holdings", "patents")
        )
        start = 0.0 if at == 0 and birth >= 0 else equity[0]
        if equity[-1] > start:
            yield Event(first + at, "venture_round", equity[-1] - start)
        if alive[at] and holdings[-1] < holdings[0]:
            yield Event(first + at, "fund_sold", holdings[0] - holdings[-1])
        if patents[-1] > 0.0 and at > 0 and max(series["patents"][:at]) == 0.0:
            yield Event(first + at, "first_patent")
        if not alive[at]:
            yield Event(first + at, "closed")
