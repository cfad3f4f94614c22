"""The market for technology contracts: who sells what firms buy, and what of it is registered."""

from collections.abc import Mapping

import numpy as np

from simulation.academia import capacity, sizes
from simulation.world import World


def settle_contracts(model: World) -> None:
    """Pay sellers of technology for the contracts that firms bought in this quarter.

    Contracts go to cities by gravity with a home bias; universities sell a part, by their size.
    """
    p = model.p
    bought = model.ledger["contracts"] / model.scale
    size = sizes(model)
    capable = capacity(size)
    flow = contract_shares(model, attraction(capable, p)) * bought[:, None]
    sold = flow.sum(axis=0)
    model.contract_flow = flow
    academic = [0.0] * sold.size
    for_academia, together = (academic_share(capable, p) * sold).tolist(), size[1].tolist()
    for university in model.universities:
        city = university.city
        if together[city] <= 0.0:  # all its universities are new and without money yet
            continue
        income = for_academia[city] * university.size / together[city]
        university.cash += income
        academic[city] += income
    model.outside["services"] += float((sold - academic).sum())
    model.contracts_sold = sold
    if model.registered_share is None:
        model.registered_share = model.turnover_start / (4.0 * np.maximum(1.0, sold_by_place(model)))


def sold_by_place(model: World) -> np.ndarray:
    """Return contracts sold by place: a city's sellers share by their knowledge stock."""
    knowledge = model.stats["knowledge"]
    city_of = model.geography.city_of
    share = knowledge / np.maximum(1e-9, np.bincount(city_of, knowledge))[city_of]
    return np.asarray(model.contracts_sold[city_of] * share)


def registered_contracts(model: World) -> np.ndarray:
    """Return the turnover of registered contracts by place in this quarter (10 000 CNY).

    Sellers register a share of their contracts; it was set to the turnover of 2015 and moves with a fitted
    trend (registration follows incentives).
    """
    return np.asarray(sold_by_place(model) * model.registered_share * model.contract_registration)


def attraction(capable: np.ndarray, p: Mapping[str, float]) -> np.ndarray:
    """Return what a city's sellers can do, relative to what they could without programmes at universities."""
    return np.asarray(1.0 + p["contract_university"] * (capable - 1.0))


def academic_share(capable: np.ndarray, p: Mapping[str, float]) -> np.ndarray:
    """Return the part of what a city sells that its universities sell (float64[C])."""
    return np.asarray(p["contract_university"] * capable / attraction(capable, p))


def contract_shares(model: World, attracts: np.ndarray) -> np.ndarray:
    """Return where the contracts of each city (row) are bought (columns; rows sum to one).

    Cities whose sellers can do more than usual (`attracts` above 1) win contracts from the others.
    """
    away = model.gravity.copy()
    away.flat[:: away.shape[0] + 1] = 0.0
    away /= away.sum(axis=1, keepdims=True)
    home = np.eye(away.shape[0])
    shares = np.asarray(model.p["contract_home"] * home + (1.0 - model.p["contract_home"]) * away)
    if (attracts != 1.0).any():
        shares = shares * attracts
        shares /= shares.sum(axis=1, keepdims=True)
    return shares
