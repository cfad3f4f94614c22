"""Whose run is next: fair turns among visitors, whatever lane their runs wait in."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

J = TypeVar("J")


class Turns(Generic[J]):
    """Jobs that wait in lanes, by visitor.

    Each job that is begun is a turn of its visitor, and the visitor with the fewest turns comes next, among
    equals the one who has waited longest. Turns count over all lanes: thirty visitors who wish something at
    the same time each get one job done before any gets a second. A visitor who comes, or comes back, starts
    level with the one served last, so that nobody saves up turns or owes any. Bulk work comes after all
    others, and its turns do not raise that level.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes: list[OrderedDict[str, deque[tuple[str, J]]]] = [OrderedDict() for _ in range(lanes)]
        self._taken: dict[str, int] = {}
        self._bulk: set[str] = set()
        self._level = 0

    def __len__(self) -> int:
        """Return how many jobs wait."""
        return sum(len(jobs) for lane in self._lanes for jobs in lane.values())

    def come(self, client: str, bulk: bool = False) -> None:
        """Let a visitor line up; `bulk` work waits until nobody else does."""
        (self._bulk.add if bulk else self._bulk.discard)(client)
        self._taken[client] = max(self._taken.get(client, 0), self._level)

    def add(self, client: str, place: int, name: str, job: J) -> None:
        """Put a job of a visitor who has come into the lane of a place, any number from 0 on."""
        lane = self._lanes[place % len(self._lanes)]
        lane.setdefault(client, deque()).append((name, job))

    def is_empty(self, lane: int) -> bool:
        """Tell whether nobody waits in a lane."""
        return not self._lanes[lane]

    def is_alone(self, client: str) -> bool:
        """Tell whether nobody waits but, perhaps, this visitor."""
        return all(set(lane) <= {client} for lane in self._lanes)

    def next(self, lane: int) -> tuple[str, J]:
        """Return the name and the job that a lane does next; somebody must wait in it."""
        waiting = self._lanes[lane]
        client = min(waiting, key=lambda one: (one in self._bulk, self._taken[one]))
        found = waiting[client].popleft()
        waiting.move_to_end(client)
        if not waiting[client]:
            del waiting[client]
        if client not in self._bulk:
            self._level = max(self._level, self._taken[client])
        self._taken[client] += 1
        return found

    def withdraw(self, name: str) -> Iterator[J]:
        """Take out and yield all jobs of a name: whoever waits for it, it is done."""
        for lane in self._lanes:
            for client, jobs in list(lane.items()):
                yield from (job for known, job in jobs if known == name)
                lane[client] = deque(one for one in jobs if one[0] != name)
                if not lane[client]:
                    del lane[client]

    def drop(self, client: str) -> None:
        """Take out all jobs of a visitor, who may line up again."""
        for lane in self._lanes:
            lane.pop(client, None)

    def leave(self, client: str) -> None:
        """Forget a visitor."""
        self.drop(client)
        self._taken.pop(client, None)
        self._bulk.discard(client)
