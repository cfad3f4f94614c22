"""Which field each firm of 2015 works in, so that revenue by field is as published."""

import numpy as np

from agents.compiling import loop
from agents.firm import Kind
from agents.market_rules import TRADITIONAL_FIELD
from simulation.ordering import ascending
from simulation.randomness import Purpose, draws


def give_fields(firms: np.ndarray, share: np.ndarray, added_2018: float, seed: int) -> None:
    """Give the firms of a place fields, and mark those that the high-tech catalogue of 2018 adds.

    Parameters
    ----------
    share : float64[F]
        Share of each field in the revenue of above-scale industry.
    added_2018
        Share of that revenue that the catalogue adds.
    """
    industrial = firms["kind"] == Kind.INDUSTRIAL
    rows = np.flatnonzero(industrial)
    order = rows[ascending(-firms["revenue"][rows])]
    firms["field"][order] = deal_fields(firms["revenue"][order], share)
    tilt = np.where(np.arange(share.size) == 0, 2.0, 1.0) * np.where(
        np.arange(share.size) < TRADITIONAL_FIELD, 1.5, 1.0
    )
    edges = np.cumsum(share * tilt / (share * tilt).sum())
    u = draws(seed, firms["id"][~industrial], 0, Purpose.START_FIELD)
    firms["field"][~industrial] = np.minimum(np.searchsorted(edges, u), share.size - 1)
    firms["catalogue"] = np.where(firms["field"] < TRADITIONAL_FIELD, 1, 0)
    outside = order[firms["catalogue"][order] == 0]
    wanted = added_2018 * firms["revenue"][rows].sum()
    firms["catalogue"][outside[_added(firms["id"][outside], firms["revenue"][outside], wanted, seed)]] = 2


def _added(ids: np.ndarray, revenue: np.ndarray, wanted: float, seed: int) -> np.ndarray:
    """Return which firms the catalogue adds: their revenue is close to what is wanted, on average that."""
    order = ascending(draws(seed, ids, 0, Purpose.START_CATALOGUE))
    taken = np.zeros(ids.size, dtype=np.bool_)
    taken[order[fill_up_to(revenue[order], wanted)]] = True
    left = np.flatnonzero(~taken)
    if left.size:
        # What is still wanted is less than any firm left; the smallest has the chance that makes up for it.
        last = left[np.argmin(revenue[left])]
        u = draws(seed, ids[last : last + 1], 1, Purpose.START_CATALOGUE)[0]
        taken[last] = u * revenue[last] < wanted - revenue[taken].sum()
    return taken


def deal_fields(revenue: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Deal firms, largest first, to fields so that sums match the shares closely.

    First between high-tech and traditional industry, then among the fields of each: a sample of a dozen firms
    can match the two, if not all eight.
    """
    out = np.zeros(revenue.size, dtype=np.int8)
    fields = np.arange(share.size)
    traditional = fields >= TRADITIONAL_FIELD
    groups = _deal(revenue, np.bincount(traditional, share, 2))
    for group in (0, 1):
        mine, here = groups == group, fields[traditional == group]
        if share[here].sum() > 0.0:
            out[mine] = here[_deal(revenue[mine], share[here] / share[here].sum())]
    return out


@loop
def _deal(revenue: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Deal each firm in turn to the part that lacks most."""
    missing = share * revenue.sum()
    out = np.zeros(revenue.size, dtype=np.int8)
    for i in range(revenue.size):
        part = np.argmax(missing)
        out[i] = part
        missing[part] -= revenue[i]
    return out


@loop
def fill_up_to(amount: np.ndarray, wanted: float) -> np.ndarray:
    """Return which of a list of amounts to take, in order, without going above what is wanted."""
    taken = np.zeros(amount.size, dtype=np.bool_)
    for i in range(amount.size):
        if amount[i] <= wanted:
            taken[i] = True
            wanted -= amount[i]
    return taken
