"""Geography: places, travel times, and how contact and knowledge fade with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from simulation.data import Place, load_places, load_travel_minutes

ACCESS_MINUTES = 40.0
"""Time to and from the stations, on top of the train between two cities (assumption)."""


@dataclass(frozen=True)
class Geography:
    """Cities and zones; arrays follow the order of `places` (cities first).

    Attributes
    ----------
    places : tuple of Place
    cities : tuple of str
    city_of : int64[P]
        City that each place belongs to.
    minutes : float64[C, C]
        Travel time between cities, door to door inside a city.
    same_province : bool[C, C]
    """

    places: tuple[Place, ...]
    cities: tuple[str, ...]
    city_of: np.ndarray
    minutes: np.ndarray
    same_province: np.ndarray

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Names of the places."""
        return tuple(place.id for place in self.places)

    @cached_property
    def places_of(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the places of each city."""
        return tuple(tuple(np.flatnonzero(self.city_of == city).tolist()) for city in range(len(self.cities)))

    def index(self, place: str) -> int:
        """Return the position of a place by its id."""
        return self.ids.index(place)

    def members(self, region: str) -> list[int]:
        """Return the places whose figures add up to a reporting region (``A+B``, a place, or YRD)."""
        if region == "YRD":
            return list(range(len(self.places)))
        rows: list[int] = []
        for part in region.split("+"):
            rows += [i for i, p in enumerate(self.places) if part in (p.id, p.parent)]
        return rows


@cache
def load_geography() -> Geography:
    """Return the geography of the shipped data."""
    places = load_places()
    cities = tuple(p.id for p in places if p.kind == "city")
    city_of = np.array([cities.index(p.id if p.kind == "city" else p.parent) for p in places])
    provinces = [p.province for p in places if p.kind == "city"]
    same = np.array([[a == b for b in provinces] for a in provinces])
    minutes = load_travel_minutes()
    door_to_door = np.where(np.eye(len(cities), dtype=bool), minutes, minutes + ACCESS_MINUTES)
    return Geography(places, cities, city_of, door_to_door, same)


def halved(minutes: np.ndarray, half_life: float) -> np.ndarray:
    """Return weights that halve with every `half_life` minutes of travel."""
    return np.asarray(np.exp2(-minutes / half_life))


def effective_minutes(minutes: np.ndarray, ease: np.ndarray) -> np.ndarray:
    """Return travel times between cities with the share `ease` (0-1) taken off."""
    inside = np.eye(minutes.shape[0], dtype=bool)
    return np.where(inside, minutes, minutes * (1.0 - ease))


def hindered(minutes: np.ndarray, friction: np.ndarray) -> np.ndarray:
    """Return travel times that are longer by the larger share of the two ends (float64[C])."""
    if not friction.any():
        return minutes
    larger = np.where(
        np.abs(friction[:, None]) > np.abs(friction[None, :]), friction[:, None], friction[None, :]
    )
    return np.asarray(minutes * (1.0 + larger))


def borders(geography: Geography, p: Mapping[str, float], relief: np.ndarray | float = 0.0) -> np.ndarray:
    """Return what a provincial border leaves of contact between two cities (float64[C, C]).

    `relief` is the share by which mutual recognition lowers how much denser contact is within a province.
    """
    across = np.minimum(1.0, p["border_penalty"] / (1.0 - np.asarray(relief)))
    return np.where(geography.same_province, 1.0, across)


def spillover_kernel(border: np.ndarray, minutes: np.ndarray, p: Mapping[str, float]) -> np.ndarray:
    """Return the weight of each city's knowledge (column) in what a city (row) can reach.

    Tacit knowledge fades within some 250 km and at provincial borders (Bottazzi & Peri 2003; Jiang et al.
    2017), codified knowledge within some 1 200 km (Keller 2002).
    """
    tacit = halved(minutes, p["tacit_half_life"]) * border
    codified = halved(minutes, p["codified_half_life"])
    share = p["codified_share"]
    return np.asarray((1.0 - share) * tacit + share * codified)


def collaboration_reach(
    border: np.ndarray, minutes: np.ndarray, mass: np.ndarray, p: Mapping[str, float]
) -> np.ndarray:
    """Return the mass of possible partners in each city (column) as seen from a city (row)."""
    weight = mass[None, :] * halved(minutes, p["gravity_half_life"]) * border
    weight.flat[:: weight.shape[0] + 1] *= p["home_bias"]
    return np.asarray(weight)


def collaboration_gravity(
    border: np.ndarray, minutes: np.ndarray, mass: np.ndarray, p: Mapping[str, float]
) -> np.ndarray:
    """Return the chance that a search from a city (row) leads to a city (column); rows sum to one."""
    weight = collaboration_reach(border, minutes, mass, p)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
