"""What fades with distance: contact, knowledge, and where technology contracts go."""

import math
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from simulation.contracts import sold_by_place

if TYPE_CHECKING:
    from reference.model import ReferenceModel

Matrix = list[list[float]]


def fading(minutes: float, half_life: float) -> float:
    """Return a weight that halves with every `half_life` minutes."""
    return 0.5 ** (minutes / half_life)


def border(model: "ReferenceModel", a: int, b: int, eased: bool = True) -> float:
    """Return what a provincial border leaves of contact."""
    if model.geography.same_province[a][b]:
        return 1.0
    linked = max(float(model.linked["delta_link"][city]) for city in (a, b)) if eased else 0.0
    return min(1.0, model.constants.border_penalty / (1.0 - model.constants.border_relief * linked))


def contact(model: "ReferenceModel", minutes: Matrix, eased: bool = True) -> Matrix:
    """Return the mass of possible partners in each city as seen from each city (rows)."""
    p = model.constants

    def seen(a: int, b: int) -> float:
        home = p.home_bias if a == b else 1.0
        return (
            model.rd_mass[b] * fading(minutes[a][b], p.gravity_half_life) * border(model, a, b, eased) * home
        )

    return [[seen(a, b) for b in model.cities] for a in model.cities]


def normalised(matrix: Matrix) -> Matrix:
    """Return a matrix whose rows sum to one."""
    return [[value / sum(row) for value in row] for row in matrix]


def log_pools(model: "ReferenceModel") -> Matrix:
    """Return log accessible knowledge by city and field, relative to the first quarter."""
    p = model.constants
    pools = [[_pool(model, city, field, p) for field in model.kinds_of_field] for city in model.cities]
    model.pool_start = model.pool_start or pools
    pairs = zip(pools, model.pool_start, strict=True)
    abroad = [p.overseas_pool * float(strength) for strength in model.overseas]
    logs = [
        [math.log(now / then + more) for now, then in zip(*rows, strict=True)]
        for more, rows in zip(abroad, pairs, strict=True)
    ]
    return [
        [log + float(foreign) for log, foreign in zip(*rows, strict=True)]
        for rows in zip(logs, model.foreign_knowledge, strict=True)
    ]


def _pool(model: "ReferenceModel", city: int, field: int, p: SimpleNamespace) -> float:
    """Knowledge of all cities and fields: tacit and codified parts fade at their own pace."""
    reached = 0.0
    for other, origin in product(model.cities, model.kinds_of_field):
        minutes = float(model.minutes[city][other])
        tacit = fading(minutes, p.tacit_half_life) * border(model, city, other)
        codified = fading(minutes, p.codified_half_life)
        share = p.codified_share * codified + (1.0 - p.codified_share) * tacit
        use = 1.0 if origin == field else p.field_proximity
        reached += share * use * float(model.knowledge_last[other, origin])
    near = fading(float(model.minutes[city][city]), p.tacit_half_life)
    far = fading(float(model.minutes[city][city]), p.codified_half_life)
    home = (1.0 - p.codified_share) * near + p.codified_share * far
    focus = p.cluster_spillover * float(model.cluster[city, field])
    reached += focus * home * float(model.knowledge_last[city, field])
    return reached / model.scale + 1.0


def settle_contracts(model: "ReferenceModel") -> None:
    """Pay the sellers of technology: firms' cities by gravity with a home bias, and universities."""
    p = model.constants
    bought = [ledger.contracts / model.scale for ledger in model.ledgers]
    flow = np.zeros((len(bought), len(bought)))
    capable = [capacity_of_universities(model, city) for city in model.cities]
    able = [1.0 - p.contract_university + p.contract_university * more for more in capable]
    drawn = [_pull_on(model, a, able) for a in model.cities]
    for a, b in product(model.cities, model.cities):
        elsewhere = sum(chance for city, chance in enumerate(model.gravity[a]) if city != a)
        away = (1.0 - p.contract_home) * model.gravity[a][b] / elsewhere
        flow[a, b] = bought[a] * (p.contract_home if a == b else away) * able[b] / drawn[a]
    model.contract_flow = flow
    sold = flow.sum(axis=0).tolist()
    model.contracts_sold = np.array(sold)
    model.outside["services"] += sum(sold)
    for university in model.universities:
        city = university.city
        peers = sum(peer.size for peer in model.universities if peer.city == city)
        academic = p.contract_university * capable[city] / able[city]
        income = academic * sold[city] * university.size / peers
        university.cash += income
        model.outside["services"] -= income
    if model.registered_share is None:  # offices registered the turnover of 2015
        model.registered_share = model.turnover_start / (4.0 * np.maximum(1.0, sold_by_place(model)))


def capacity_of_universities(model: "ReferenceModel", city: int) -> float:
    """Return a city's universities' money for research relative to that without programmes."""
    members = [university for university in model.universities if university.city == city]
    usual = sum(university.funding for university in members)
    return sum(university.funding + university.awarded for university in members) / usual if usual else 1.0


def _pull_on(model: "ReferenceModel", a: int, able: list[float]) -> float:
    """Return the mean of what sellers are able to do, as a city's buyers meet them."""
    home = model.constants.contract_home
    others = [b for b in model.cities if b != a]
    away = sum(model.gravity[a][b] * able[b] for b in others) / sum(model.gravity[a][b] for b in others)
    return home * able[a] + (1.0 - home) * away
