"""Agents and networks as tables: what is kept of a world at the end of a year."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from agents.firm import Kind, Origin
from agents.records import FIRM
from simulation.partner_search import NOBODY
from simulation.world import World

_HIDDEN = {"alive", "revenue_year", "rd_year"}  # true of every row, or a sum that is at its start
AGENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "firms": tuple(name for name in FIRM.names or () if name not in _HIDDEN),
    "universities": (
        *("name", "city", "place", "field", "funding", "cash", "researchers", "inventor_share"),
        *("partner_firms", "patents", "disclosures", "licences", "spin_offs"),
    ),
    "venture_funds": ("city", "place", "dry_powder", "portfolio", "reputation", "invested", "returned"),
}
"""Columns of agents that can be kept; ids, cities, places and fields are given by name."""
_KEYS = {"firms": "id", "universities": "name", "venture_funds": "city"}
_COUNTED = pa.dictionary(pa.int32(), pa.string())
Columns = dict[str, pa.Array]


def agent_columns(kind: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of a table of agents: what tells one from another first."""
    return tuple(dict.fromkeys((_KEYS[kind], *columns)))


def agents(model: World, kind: str, columns: tuple[str, ...]) -> Columns:
    """Return the agents of a kind that are active, a row each."""
    names = agent_columns(kind, columns)
    if kind == "firms":
        records = model.firms.records
        living = records[records["alive"] == 1]
        return {name: _named(model, name, living[name]) for name in names}
    chosen = model.universities if kind == "universities" else model.funds
    active = [agent for agent in chosen if not getattr(agent, "removed", False)]
    return {name: _named(model, name, [getattr(agent, name) for agent in active]) for name in names}


def _named(model: World, column: str, values: Any) -> pa.Array:
    """Return a column, with names in place of the numbers that stand for them."""
    words = _words(model).get(column)
    if words is not None and not (len(values) and isinstance(values[0], str)):
        return pa.DictionaryArray.from_arrays(pa.array(np.asarray(values, dtype=np.int32)), words)
    if column == "name":
        return pa.array(list(values), pa.string()).dictionary_encode()
    return pa.array(np.ascontiguousarray(values))


def _words(model: World) -> dict[str, list[str]]:
    return {
        "city": list(model.geography.cities),
        "place": [place.id for place in model.geography.places],
        "field": [field.id for field in model.fields],
        "kind": [kind.name.lower() for kind in Kind],
        "origin": [origin.name.lower() for origin in Origin],
    }


def city_links(model: World) -> Columns:
    """Return links between cities: partners of firms (universities of all cities as one), and contracts.

    A row is a pair with something between it: `source` has `weight` links to `target`, or buys research from
    it for `weight` 10 000 CNY in the quarter.
    """
    cities = [*model.geography.cities, "universities"]
    found = {"partners": model.links, "contracts": model.contract_flow}
    pairs = [np.nonzero(weights) for weights in found.values()]
    networks = np.repeat(np.arange(len(found)), [sources.size for sources, _ in pairs])
    source, target = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    weight = np.concatenate([weights[pair] for weights, pair in zip(found.values(), pairs, strict=True)])
    return {
        "network": pa.DictionaryArray.from_arrays(pa.array(networks.astype(np.int32)), list(found)),
        "source": pa.DictionaryArray.from_arrays(pa.array(source.astype(np.int32)), cities),
        "target": pa.DictionaryArray.from_arrays(pa.array(target.astype(np.int32)), cities),
        "weight": pa.array(weight.astype(np.float64)),
    }


def partners(model: World) -> Columns:
    """Return each living firm's partners: another living firm by its id, or a university by its name."""
    records, table = model.firms.records, model.partners
    alive = records["alive"] == 1
    chosen = (table != NOBODY) & alive[: table.shape[0], None] & (alive[np.maximum(table, 0)] | (table < 0))
    rows = np.nonzero(chosen)[0]
    codes = table[chosen]
    is_firm = codes >= 0
    ids = np.where(is_firm, records["id"][np.where(is_firm, codes, 0)], 0)
    university = np.where(is_firm, 0, -2 - codes).astype(np.int32)
    return {
        "firm": pa.array(records["id"][rows]),
        "partner": pa.array(ids, mask=~is_firm),
        "university": pa.DictionaryArray.from_arrays(
            pa.array(university, mask=is_firm), [each.name for each in model.universities]
        ),
    }
