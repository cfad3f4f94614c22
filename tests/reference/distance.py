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


def border(model: "ReferenceModel", a: int, b: int) -> float:
    """Return what a provincial border leaves of contact."""
    return 1.0 if model.geography.same_province[a][b] else model.constants.border_penalty


def contact(model: "ReferenceModel", minutes: Matrix) -> Matrix:
    """Return the mass of possible partners in each city as seen from each city (rows)."""
    p = model.constants

    def seen(a: int, b: int) -> float:
        home = p.home_bias if a == b else 1.0
        return model.rd_mass[b] * fading(minutes[a][b], p.gravity_half_life) * border(model, a, b) * home

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
    return [[math.log(now / then) for now, then in zip(*rows, strict=True)] for rows in pairs]


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
    return reached / model.scale + 1.0


def settle_contracts(model: "ReferenceModel") -> None:
    """Pay the sellers of technology: firms' cities by gravity with a home bias, and universities."""
    p = model.constants
    bought = [ledger.contracts / model.scale for ledger in model.ledgers]
    sold = [0.0] * len(bought)
    for a, b in product(model.cities, model.cities):
        elsewhere = sum(chance for city, chance in enumerate(model.gravity[a]) if city != a)
        away = (1.0 - p.contract_home) * model.gravity[a][b] / elsewhere
        sold[b] += bought[a] * (p.contract_home if a == b else away)
    model.contracts_sold = np.array(sold)
    model.outside["services"] += sum(sold)
    for university in model.universities:
        peers = sum(peer.funding for peer in model.universities if peer.city == university.city)
        income = p.contract_university * sold[university.city] * university.funding / peers
        university.cash += income
        model.outside["services"] -= income
    if model.registered_share is None:  # offices registered the turnover of 2015
        model.registered_share = model.turnover_start / (4.0 * np.maximum(1.0, sold_by_place(model)))
