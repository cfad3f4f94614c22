"""The population of 2015: firms made up so that every place's published totals hold.

Sizes have a Pareto tail, R&D is zero-inflated and log-normal, patents are skewed; then sums are matched
exactly to the starting values, so that what is random is who has what and not how much there is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from agents.blocks import firm_row, new_block
from agents.compiling import loop, rule
from agents.firm import Kind, Origin
from agents.market_rules import TRADITIONAL_FIELD
from agents.quantiles import unit_shock
from agents.records import FIRM, PLACE
from agents.research_rules import adjust, base_cut, lift, participate, renew_opportunity, size_above_reference
from agents.rows import fixed
from agents.table_rows import copy_row, tile_of
from agents.tables import Table
from agents.tiles import TILE
from simulation import threads
from simulation.capital import EARLY, MAX_TICKET, MIN_TICKET, OLDEST_FOR_FUNDS, rd_share
from simulation.data import StartingValues, load_field_shares
from simulation.fields import fill_up_to, give_fields
from simulation.geography import Geography
from simulation.ordering import ascending
from simulation.randomness import Purpose, child_ids, draws, entity_id, stream, uniform

YI = 1e4
"""Units of 10 000 CNY in 100 million CNY."""

SIZE_TAIL = 1.1
"""Tail exponent of firm revenue (Zhang & Wang 2009; Heinrich & Dai 2016: 1.0-1.5)."""
INDUSTRIAL_SHARE_OF_RD = 0.85
"""Above-scale industry in business R&D (Hangzhou 2015: 198 of about 242; China 2018: 12 955 of 15 234).

Here in that part of it which funds do not pay.
"""
ROOM = 2.0
"""Firms that there is room for relative to those of 2015: more than a run to 2022 usually has."""
WARM_UP_QUARTERS = 16
"""Quarters over which R&D finds its steady state before the run."""
TECHNOLOGY_PARTICIPATION = 0.6
"""Technology firms with R&D (assumption)."""
LARGEST_PART = 0.2
"""Share of firms, the largest, that make up for what a sample misses of the tail."""
MEAN_STAGE = 1.5
"""Mean stage of the rounds before 2015, between early and growth rounds (as later in a run)."""


@dataclass(frozen=True)
class StartingPopulation:
    """Firms and place records of 2015 Q1."""

    firms: Table
    places: np.ndarray


@dataclass(frozen=True)
class PlaceTotals:
    """Totals of one place without the zones inside it, in model units, scaled by the sample share."""

    values: Mapping[str, float]

    def __getitem__(self, quantity: str) -> float:
        return self.values[quantity]


_ADDITIVE = (
    "above_scale_value_added", "industrial_firms", "technology_firms", "tech_smes", "high_tech_enterprises",
    "invention_patents_granted", "incubator_places",
)  # fmt: skip


def patents_at_start(start: StartingValues, place: str, lapse: float) -> float:
    """Return the invention patents in force at the start of 2015, from those at its end."""
    end, granted = (
        start.value(place, name) for name in ("valid_invention_patents", "invention_patents_granted")
    )
    return (end - granted) / (1.0 - lapse)


def place_totals(
    start: StartingValues,
    geography: Geography,
    institutions: Mapping[str, Mapping[str, float]],
    lapse: float,
    venture: np.ndarray,
) -> list[PlaceTotals]:
    """Return each place's own totals: a city's less its zones' and less those of universities and institutes.

    `institutions` gives by place the sums that institutions hold: rd_expenditure, invention_patents_granted,
    patents_start. `lapse` is the yearly share of patents that lapse, `venture` what funds invest a year in
    each place (float64[P], 100m CNY).
    """

    def value(place: str, quantity: str) -> float:
        if quantity == "patents_start":
            return patents_at_start(start, place, lapse)
        return start.value(place, quantity)

    rows = []
    for index, place in enumerate(geography.places):
        zones = [z.id for z in geography.places if z.parent == place.id and z.kind == "zone"]
        values = {}
        for quantity in (*_ADDITIVE, "rd_expenditure", "patents_start"):
            own = value(place.id, quantity) - sum(value(zone, quantity) for zone in zones)
            values[quantity] = own - institutions.get(place.id, {}).get(quantity, 0.0)
        city = place.id if place.kind == "city" else place.parent
        values["participation"] = start.value(city, "industrial_rd_participation")
        values["catalogue_2018"] = start.value(place.id, "hightech_catalogue_2018_share") / 100.0
        values["venture_money"] = float(venture[index])
        rows.append(PlaceTotals(values))
    return rows


def synthesise(
    totals: list[PlaceTotals],
    geography: Geography,
    p: np.void,
    pass_rate: float,
    seed: int,
    scale: float,
    effects: Mapping[str, np.ndarray],
    first_quarter: np.ndarray,
) -> StartingPopulation:
    """Make the firms of 2015 Q1 and the place records whose constants reproduce the totals."""
    places = np.zeros(len(geography.places), dtype=PLACE)
    places["city"] = geography.city_of
    shares = load_field_shares()
    counts = np.array([[round(here[name] * scale) for _, name in _KINDS] for here in totals])
    everyone = Table(FIRM, int(counts.sum()), room=math.ceil(ROOM * counts.sum()))
    sizes = counts.sum(axis=1)
    firsts = (sizes.cumsum() - sizes).tolist()

    def settle(mine: np.ndarray) -> None:
        for index in np.flatnonzero(mine).tolist():
            name, record = geography.places[index].id, places[index : index + 1]
            firms = _newcomers(name, index, record, counts[index].tolist(), seed)
            quarter = scale * float(first_quarter[geography.city_of[index]])
            here = {effect: float(values[index]) for effect, values in effects.items()}
            _size(firms, totals[index], quarter, seed, p)
            give_fields(firms, shares[index], totals[index]["catalogue_2018"], seed)
            _research(firms, record, totals[index], quarter, seed, p)
            _patents(firms, record, totals[index], scale, pass_rate, seed, p, here)
            _status(firms, totals[index], scale, seed, p, here)
            everyone.write(firsts[index], firms)

    threads.each(settle, threads.dealt(sizes))
    return StartingPopulation(everyone, places)


_KINDS = ((Kind.INDUSTRIAL, "industrial_firms"), (Kind.TECHNOLOGY, "technology_firms"))


def _newcomers(name: str, index: int, place: np.ndarray, counts: list[int], seed: int) -> np.ndarray:
    """Return records of a place's firms, so many of each kind, that have no more than `_blank` gives them."""
    firms, begin = np.zeros(sum(counts), dtype=FIRM), 0
    for (kind, _), count in zip(_KINDS, counts, strict=True):
        _blank(firms[begin : begin + count], index, place, kind, seed, name)
        begin += count
    return firms


def _blank(firms: np.ndarray, index: int, place: np.ndarray, kind: Kind, seed: int, name: str) -> None:
    """Give records an identity, a place and an age."""
    firms["id"] = child_ids(entity_id(name, "firm", int(kind)), 0, 0, firms.size)
    firms["place"] = index
    firms["city"] = place["city"]
    firms["kind"] = kind
    firms["origin"] = Origin.INCUMBENT
    firms["alive"] = 1
    mean_age = 40.0 if kind == Kind.INDUSTRIAL else 18.0
    age = -mean_age * np.log(draws(seed, firms["id"], 0, Purpose.START_AGE))
    firms["birth"] = -np.minimum(age, 160.0).astype(np.int16) - 1


def _size(firms: np.ndarray, totals: PlaceTotals, scale: float, seed: int, p: np.void) -> None:
    """Draw yearly revenues: a Pareto tail for industry, a cut log-normal for the others."""
    u = draws(seed, firms["id"], 0, Purpose.START_SIZE)
    industrial = firms["kind"] == Kind.INDUSTRIAL
    threshold = p["above_scale_revenue"]
    total = totals["above_scale_value_added"] * YI / p["value_added_industrial"] * scale
    tail = threshold * _pareto(round(totals["industrial_firms"]), _order(u[industrial]))
    floor = 0.95 * threshold
    if industrial.any():
        tail = floor + (tail - floor) * max(0.02, (total - floor * tail.size) / (tail - floor).sum())
        tail *= total / tail.sum()
    top = float(ndtr(np.log(0.95 * threshold / 250.0) / 1.1))
    ranks = (_order(u[~industrial]) + 0.5) / max(1, int((~industrial).sum()))
    small = 250.0 * np.exp(1.1 * ndtri(ranks * top))
    firms["revenue"][industrial] = 0.25 * tail
    firms["revenue"][~industrial] = 0.25 * small
    firms["cash"] = 0.7 * firms["revenue"] + 10.0


def _order(u: np.ndarray) -> np.ndarray:
    """Return each one's place in the order of `u`: chance decides who is large, not how large."""
    order = np.empty(u.size, dtype=np.int64)
    order[ascending(u)] = np.arange(u.size)
    return order


def _pareto(firms: int, order: np.ndarray) -> np.ndarray:
    """Return sizes over the least of a Pareto law, largest first, for a sample that stands for `firms`.

    The law has so heavy a tail that evenly spread quantiles of a sample miss much of it. If all made up for
    that, the usual firm would be too large; so the largest do, who share what firms of their part have.
    """
    if not order.size:
        return np.zeros(0)
    every, sizes = (
        ((np.arange(count) + 0.5) / count) ** (-1.0 / SIZE_TAIL)
        for count in (max(firms, order.size), order.size)
    )
    share = every.size / sizes.size
    for part in np.split(np.arange(sizes.size), [math.ceil(LARGEST_PART * sizes.size)]):
        if part.size:
            there = every[round(part[0] * share) : round((part[-1] + 1) * share)]
            sizes[part] *= there.sum() / share / sizes[part].sum()
    return np.asarray(sizes[order])


def _research(
    firms: np.ndarray, place: np.ndarray, totals: PlaceTotals, scale: float, seed: int, p: np.void
) -> None:
    """Draw who does R&D and how intensively; match the place's business R&D."""
    firms["opportunity"] = ndtri(draws(seed, firms["id"], 0, Purpose.START_OPPORTUNITY))
    firms["scale"] = np.log(firms["revenue"])
    business = max(0.0, totals["rd_expenditure"]) * YI * scale / 4.0
    above = np.maximum(0.0, firms["scale"] - p["log_reference_size"])
    lifts = np.zeros(firms.size)
    for kind, share in (
        (Kind.INDUSTRIAL, totals["participation"]),
        (Kind.TECHNOLOGY, TECHNOLOGY_PARTICIPATION),
    ):
        signal = (firms["opportunity"] + p["size_participation"] * above)[firms["kind"] == kind]
        place[f"rd_cut_{kind.name.lower()}"] = np.quantile(signal, 1.0 - share) if signal.size else 0.0
    warm_up(firms, Table(FIRM, TILE), seed, place[0], p, lifts)
    _rounds(firms, totals["venture_money"] * YI * scale / 4.0, seed, p)
    business = max(0.0, business - float(firms["venture_rd"].sum()))
    for kind, part in (
        (Kind.INDUSTRIAL, INDUSTRIAL_SHARE_OF_RD),
        (Kind.TECHNOLOGY, 1.0 - INDUSTRIAL_SHARE_OF_RD),
    ):
        suffix = kind.name.lower()
        active = (firms["kind"] == kind) & (firms["does_rd"] == 1)
        # Nobody starts with more R&D than sales and a little credit pay for.
        cap = min(float(p[f"intensity_cap_{suffix}"]), float(p[f"margin_{suffix}"]) + 0.1)
        base = _capped_scale(firms["revenue"][active], lifts[active], business * part, cap)
        own = firms["revenue"][active] * np.minimum(base * lifts[active], cap)
        firms["rd"][active] = own + firms["venture_rd"][active]
        place[f"rd_base_{suffix}"] = base
    place["talent_quality"] = 1.0
    place["exit_pressure"] = 1.0
    growth = 0.10
    firms["knowledge"] = 4.0 * firms["rd"] / (p["depreciation"] + growth)
    ratio = firms["knowledge"] / (4.0 * firms["revenue"]) / p["capital_reference"]
    firms["scale"] = np.log(firms["revenue"] / (1.0 + ratio) ** p["output_elasticity"])


def _rounds(firms: np.ndarray, invested: float, seed: int, p: np.void) -> None:
    """Leave young technology firms, the best first, with what is not yet spent of rounds before 2015.

    As much is left as it takes to spend what funds invest in a quarter.
    """
    young = (firms["kind"] == Kind.TECHNOLOGY) & (firms["birth"] >= -OLDEST_FOR_FUNDS)
    rows = np.flatnonzero(young & (firms["does_rd"] == 1))
    chance = 1.0 / (1.0 + np.exp(-1.5 * (firms["opportunity"][rows] - 1.5)))
    keys = -np.log(draws(seed, firms["id"][rows], 0, Purpose.START_ROUND)) / chance
    rows = rows[ascending(keys)]
    size = p["deal_size"] * p["growth_capital"] * p["ticket_step"] ** (MEAN_STAGE - EARLY)
    size = np.clip(size * firms["revenue"][rows], MIN_TICKET, MAX_TICKET)
    left = draws(seed, firms["id"][rows], 0, Purpose.START_ROUND_SPENT) * size
    taken = fill_up_to(left, invested / float(p["round_burn"]))
    rows, left = rows[taken], left[taken]
    share = float(rd_share(MEAN_STAGE, p))
    firms["for_rd"][rows], firms["for_growth"][rows] = share * left, (1.0 - share) * left
    firms["cash"][rows] += left
    firms["venture_rd"][rows] = p["round_burn"] * firms["for_rd"][rows]


@loop
def warm_up(firms: Any, workbench: Any, seed: int, place: Any, p: Any, lifts: np.ndarray) -> None:
    """Let opportunity, participation and intensity run, so that they start in their steady state.

    Firms are taken to the one tile of the `workbench`, where several are done at once.
    """
    tile, block = tile_of(workbench, 0), new_block()
    for start in range(0, firms.size, TILE):
        size = min(TILE, firms.size - start)
        for k in range(size):
            copy_row(workbench[k], firms[start + k])
        _warm_up(tile, block, size, seed, place, p)
        for k in range(size):
            lifts[start + k] = firm_row(tile, block, k).lift
            firm, done = firms[start + k], workbench[k]
            firm.opportunity, firm.does_rd = done.opportunity, done.does_rd


@loop
def _warm_up(tile: Any, block: Any, size: int, seed: int, place: Any, p: Any) -> None:
    place, p = fixed(place), fixed(p)
    for k in range(size):
        firm = firm_row(tile, block, k)
        firm.does_rd = 1 if firm.opportunity > _threshold(firm, place, p) else 0
        firm.lift = 0.0
    for quarter in range(WARM_UP_QUARTERS):
        for k in range(size):
            firm = firm_row(tile, block, k)
            key = stream(seed, firm.id, 1_000_000 + quarter)
            renew_opportunity(firm, unit_shock(uniform(key, Purpose.OPPORTUNITY)), p)
            participate(firm, 0.0, _threshold(firm, place, p), p)
            small = 4.0 * firm.revenue < p.small_firm_revenue
            moved = adjust(firm.lift, lift(firm, base_cut(firm, place), 0.0, p), small, p)
            firm.lift = moved if firm.does_rd == 1 else 0.0


@rule
def _threshold(firm: Any, place: Any, p: Any) -> float:
    return float(base_cut(firm, place) - p.size_participation * size_above_reference(firm, p))


def _capped_scale(revenue: np.ndarray, lift: np.ndarray, total: float, cap: float) -> float:
    """Return the factor on `lift` with which capped intensities add up to `total` of R&D."""
    if revenue.size == 0:
        return 0.0
    low, high = 0.0, 10.0 * cap / float(np.median(lift))
    for _ in range(60):
        middle = 0.5 * (low + high)
        spent = float((revenue * np.minimum(middle * lift, cap)).sum())
        low, high = (middle, high) if spent < total else (low, middle)
    return 0.5 * (low + high)


def _patents(
    firms: np.ndarray,
    place: np.ndarray,
    totals: PlaceTotals,
    scale: float,
    pass_rate: float,
    seed: int,
    p: np.void,
    effects: Mapping[str, float],
) -> None:
    """Give patents in force and filings under way in proportion to inventive effort, with a skew."""
    field = np.where(firms["field"] < TRADITIONAL_FIELD, 1.0, p["traditional_patenting"])
    effort = field * firms["rd"] ** p["researcher_elasticity"]
    effort = effort * (1.0 + firms["knowledge"] / p["knowledge_unit"]) ** p["knowledge_elasticity"]
    u1, u2 = (
        draws(seed, firms["id"], 0, purpose) for purpose in (Purpose.START_PATENTS, Purpose.START_PATENTS_2)
    )
    skewed = effort * np.exp(0.9 * np.sqrt(-2.0 * np.log(u1)) * np.cos(2.0 * np.pi * u2))
    granted = max(0.0, totals["invention_patents_granted"]) * scale
    stage = granted / (pass_rate * p["examination_hazard"])
    u = float(draws(seed, firms["id"][:1], 0, Purpose.START_PIPELINE)[0]) if firms.size else 0.5
    firms["patents"] = spread_integers(skewed, max(0.0, totals["patents_start"]) * scale, u)
    firms["examined"] = spread_integers(effort, stage * effects["pipeline_examined"], u)
    firms["filed"] = spread_integers(effort, stage * effects["pipeline_filed"], 1.0 - u)
    place["examination_speed"] = 1.0
    place["patent_propensity"] = granted / pass_rate * effects["patent_propensity"]


def spread_integers(weight: np.ndarray, total: float, u: float) -> np.ndarray:
    """Return whole numbers proportional to `weight` that add up to `total` (systematic sampling from `u`)."""
    if weight.size == 0 or weight.sum() <= 0.0:
        return np.zeros(weight.size, dtype=np.int32)
    whole = round(total)
    edges = np.floor(np.cumsum(weight) / weight.sum() * whole * (1.0 - 1e-12) + u)
    return np.diff(np.concatenate(([np.floor(u)], edges))).astype(np.int32)


def _status(
    firms: np.ndarray, totals: PlaceTotals, scale: float, seed: int, p: np.void, effects: Mapping[str, float]
) -> None:
    """Choose certificate holders, registered SMEs and incubator tenants."""
    revenue_year = 4.0 * firms["revenue"]
    intensity = np.divide(firms["rd"], firms["revenue"], out=np.zeros(firms.size), where=firms["revenue"] > 0)
    threshold = np.select([revenue_year <= 5_000.0, revenue_year <= 20_000.0], [0.06, 0.04], 0.03)
    near = np.clip(intensity / threshold, 0.0, 1.0) ** 4
    weight = firms["does_rd"] * near * np.minimum(revenue_year, 100_000.0) ** 0.7
    holders = choose(
        weight,
        totals["high_tech_enterprises"] / (1.0 + effects["high_tech_growth_2015"]) * scale,
        firms["id"],
        seed,
        Purpose.START_CERTIFICATE,
    )
    cohort = draws(seed, firms["id"], 0, Purpose.START_COHORT)
    firms["certificate"][holders] = np.select([cohort < 0.28, cohort < 0.61], [4, 8], 12)[holders]
    gap = 1.0 - intensity / threshold
    firms["relabelled"][holders] = np.clip(gap, 0.0, p["relabel_capacity"])[holders]
    small = revenue_year <= p["sme_revenue_limit"]
    technology = firms["kind"] == Kind.TECHNOLOGY
    readiness = np.where(
        technology, np.where(firms["does_rd"] == 1, 1.0, p["register_without_rd"]), 0.5 * firms["does_rd"]
    )
    members = choose(
        readiness * small,
        totals["tech_smes"] / (1.0 + effects["register_growth_2015"]) * scale,
        firms["id"],
        seed,
        Purpose.START_REGISTER,
    )
    firms["tech_sme"][members] = 1
    young = technology & (firms["birth"] > -int(p["tenancy"]))
    tenants = choose(
        young.astype(float), totals["incubator_places"] * scale * 0.8, firms["id"], seed, Purpose.START_TENANT
    )
    firms["tenant"][tenants] = np.maximum(1, int(p["tenancy"]) + firms["birth"][tenants])


def choose(weight: np.ndarray, count: float, ids: np.ndarray, seed: int, purpose: int) -> np.ndarray:
    """Return rows drawn without replacement, by weight (Efraimidis & Spirakis 2006)."""
    possible = np.flatnonzero(weight > 0.0)
    u = draws(seed, ids[possible], 0, purpose)
    order = ascending(-np.log(u) / weight[possible])
    return possible[order[: min(possible.size, round(count))]]
