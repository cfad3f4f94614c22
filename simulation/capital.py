"""The market for venture capital: firms that cannot finance their plans meet funds that look for deals."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from agents.compiling import loop, rule
from agents.table_rows import fetch_number
from agents.venture_rules import receive_round
from simulation.geography import Geography, halved
from simulation.randomness import Purpose, stream, uniform

HOLDING = np.dtype(
    [
        ("firm", "u8"),
        ("cost", "f8"),
        ("revenue", "f8"),  # the firm's revenue at the round
        ("row", "i4"),
        ("fund", "i4"),
        ("rights", "i4"),  # its patents and filings at the round
        ("quarter", "i2"),
        ("stage", "i1"),
    ]
)
"""A round of finance: what a fund holds of a firm, and what the firm was when it got the money."""

SEEKER = np.dtype(
    [
        ("firm", "u8"),
        ("revenue", "f8"),
        ("rd", "f8"),
        ("opportunity", "f8"),
        ("equity", "f8"),
        ("row", "i4"),
        ("rights", "i4"),  # its patents and filings
        ("age", "i4"),  # quarters
        ("city", "i4"),
    ]
)
"""What funds see of a firm that looks for equity, at the end of its quarter."""

SEED, EARLY, GROWTH = 0, 1, 2
NO_ROUND = -1
OLDEST_FOR_FUNDS = 40
"""Quarters of age after which venture funds no longer look at a firm (assumption)."""

MIN_TICKET, MAX_TICKET = 100.0, 10_000.0
"""Smallest and largest round, 10 000 CNY (assumption; Ningbo's angel fund put in 93 a firm, others 1 001)."""
SEED_AGE = 12
"""Quarters of age up to which a firm's first round is a seed round (assumption)."""
ROUND_GAP = 4
"""Quarters between two rounds of a firm at least (assumption)."""
LOCK_UP = 8
"""Quarters before a holding can be sold (assumption)."""


_AHEAD = 16
"""Holdings before its turn at which what is known of a firm is asked for."""


def fund_reach(geography: Geography, minutes: np.ndarray, p: Mapping[str, float]) -> np.ndarray:
    """Return the share of a fund's money (row: its city) that looks for deals in each city (column)."""
    weight = halved(minutes, 90.0)
    weight.flat[:: weight.shape[0] + 1] *= p["local_bias"]
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


@loop
def last_rounds(holdings: Any, count: int, rows: int) -> Any:
    """Return by firm's row the number of the holding from its last round, or NO_ROUND (int32[N])."""
    last = np.full(rows, NO_ROUND, dtype=np.int32)
    for h in range(count):
        if holdings[h].row >= 0:
            last[holdings[h].row] = h
    return last


@rule
def rights(firm: Any) -> int:
    """Return the firm's invention patents and filings."""
    return int(firm.patents + firm.examined + firm.filed)


@rule
def looks_for_equity(firm: Any, age: int) -> bool:
    """Return whether a firm goes to venture funds: a technology firm that is not too old for them."""
    return bool((firm.seeks_equity == 1) & (firm.kind == 1) & (age <= OLDEST_FOR_FUNDS) & (firm.alive == 1))


@rule
def present(firm: Any, age: int, row: int, seeker: Any) -> None:
    """Show funds a firm that looks for equity."""
    seeker.firm, seeker.row, seeker.city, seeker.age = firm.id, row, firm.city, age
    seeker.revenue, seeker.rd, seeker.equity = firm.revenue, firm.rd, firm.equity
    seeker.opportunity, seeker.rights = firm.opportunity, rights(firm)


@rule
def milestone_met(seeker: Any, last: Any, p: Any) -> bool:
    """Return whether the firm has grown or invented since its last round (staging: Gompers 1995)."""
    return bool(seeker.revenue >= (1.0 + p.milestone_growth) * last.revenue or seeker.rights > last.rights)


@rule
def next_stage(seeker: Any, holdings: Any, last: int, quarter: int, p: Any) -> int:
    """Return the stage of the round that funds would talk about with the firm, or NO_ROUND.

    A firm that missed its milestone, or that was sold or listed, gets no more money.
    """
    if last < 0:
        if seeker.equity > 0.0:
            return NO_ROUND
        return SEED if seeker.age <= SEED_AGE else EARLY
    if quarter - holdings[last].quarter < ROUND_GAP or not milestone_met(seeker, holdings[last], p):
        return NO_ROUND
    return min(GROWTH, int(holdings[last].stage) + 1)


@loop
def open_rounds(seekers: Any, holdings: Any, last: Any, quarter: int, p: Any) -> Any:
    """Return the stage of each seeker's next round, NO_ROUND where there is none (int8[S])."""
    stages = np.empty(seekers.size, dtype=np.int8)
    for s in range(seekers.size):
        stages[s] = next_stage(seekers[s], holdings, last[seekers[s].row], quarter, p)
    return stages


@rule
def ticket(seeker: Any, step: float, p: Any) -> float:
    """Return the money that a firm asks for: some quarters of R&D and growth, times the stage's `step`."""
    wish = p.deal_size * (seeker.rd + p.growth_capital * seeker.revenue) * step
    return min(MAX_TICKET, max(MIN_TICKET, wish))


@rule
def rd_share(stage: float, p: Any) -> float:
    """Return the part of a round that is for R&D: the later the stage, the more goes into growth."""
    return float(p.round_rd_share * p.round_rd_step**stage)


@rule
def screening(firm: Any) -> float:
    """Return how well a firm stands funds' screening (0-1): the better its opportunity, the better."""
    return 1.0 / (1.0 + np.exp(-1.5 * (float(firm.opportunity) - 1.5)))


class Requests(NamedTuple):
    """What each firm that looks for equity asks funds for (arrays over seekers)."""

    stages: np.ndarray  # int8: of the round; NO_ROUND where there is none
    standings: np.ndarray  # float64: how well it stands funds' screening
    amounts: np.ndarray  # float64: its ticket


class Market(NamedTuple):
    """What meets in the market for venture capital."""

    demand: np.ndarray  # [C] money asked for in each city (`demand_for_capital`)
    supply: np.ndarray  # [F, C] money of each fund that looks for deals in each city, in this quarter
    powder: np.ndarray  # [F] money that each fund still has; deals are taken from it
    appetite: np.ndarray  # [C] seed rounds that are closed relative to usual (1: as usual)
    weight: float  # firms that one simulated firm stands for


@loop
def requests(seekers: Any, stages: Any, p: Any) -> Any:
    """Return what firms ask for, for a round of `stages`."""
    size = seekers.size
    asked = Requests(stages, np.zeros(size), np.zeros(size))
    steps = np.empty(GROWTH + 1)
    for stage in range(GROWTH + 1):
        steps[stage] = p.ticket_step ** (stage - EARLY)
    for s in range(size):
        if stages[s] != NO_ROUND:
            asked.standings[s] = screening(seekers[s])
            asked.amounts[s] = ticket(seekers[s], steps[stages[s]], p)
    return asked


@loop
def demand_for_capital(seekers: Any, asked: Any, cities: int) -> Any:
    """Return by city the money asked for, each request counted as far as it stands screening (float64[C])."""
    demand = np.zeros(cities)
    for s in range(asked.stages.size):
        if asked.stages[s] != NO_ROUND:
            demand[seekers[s].city] += asked.standings[s] * asked.amounts[s]
    return demand


@loop
def make_deals(
    firms: Any,
    seekers: Any,
    asked: Any,
    seed: int,
    quarter: int,
    market: Any,
    p: Any,
    holdings: Any,
    count: int,
    last: Any,
) -> int:
    """Match seekers with funds; return the number of deals.

    They are written behind the `count` holdings in use, and to `last` (`last_rounds`).

    Parameters
    ----------
    seekers : SEEKER[S]
        Firms that look for equity.
    asked : Requests
        What each seeker asks for.
    """
    demand, supply, powder, appetite, weight = market
    deals, funds = 0, supply.shape[0]
    total = supply.sum(axis=0)
    for s in range(seekers.size):
        seeker, stage, amount = seekers[s], asked.stages[s], asked.amounts[s]
        if count + deals == holdings.size or stage == NO_ROUND:
            continue
        city, key = seeker.city, stream(seed, seeker.firm, quarter)
        offered = total[city] / max(1e-9, demand[city] * weight)
        chance = asked.standings[s] * min(p.deal_rate, offered)
        if stage == SEED:
            chance *= appetite[city]
        if uniform(key, Purpose.DEAL) >= chance:
            continue
        u = uniform(key, Purpose.DEAL_FUND) * total[city]
        fund = 0
        while fund < funds - 1 and u >= supply[fund, city]:
            u -= supply[fund, city]
            fund += 1
        firm = firms[seeker.row]
        if powder[fund] < amount * weight or firm.alive == 0:  # somebody may have removed it since
            continue
        powder[fund] -= amount * weight
        receive_round(firm, amount, rd_share(stage, p))
        last[seeker.row] = count + deals
        holding = holdings[count + deals]
        holding.firm, holding.row, holding.fund = seeker.firm, seeker.row, fund
        holding.cost, holding.quarter, holding.stage = amount * weight, quarter, stage
        holding.revenue, holding.rights = seeker.revenue, seeker.rights
        deals += 1
    return deals


@loop
def match(
    firms: Any,
    seekers: Any,
    holdings: Any,
    count: int,
    last: Any,
    seed: int,
    quarter: int,
    supply: Any,
    powder: Any,
    appetite: Any,
    weight: float,
    parameters: Any,
) -> int:
    """Find out who may have a round and what is asked for, and make deals; return their number."""
    p = parameters[0]
    stages = open_rounds(seekers, holdings, last, quarter, p)
    asked = requests(seekers, stages, p)
    demand = demand_for_capital(seekers, asked, supply.shape[1])
    market = Market(demand, supply, powder, appetite, weight)
    return make_deals(firms, seekers, asked, seed, quarter, market, p, holdings, count, last)


@rule
def exit_skill(public_share: float, p: Any) -> float:
    """Return a fund's rate of exits relative to a private one.

    A parabola in the public share: one if all is private, the most at `public_share_peak` (Brander, Du &
    Hellmann 2010), `public_exit_penalty` if all is public (Li 2023).
    """
    curve = (1.0 - p.public_exit_penalty) / (1.0 - 2.0 * p.public_share_peak)
    return float(1.0 + curve * public_share * (2.0 * p.public_share_peak - public_share))


@rule
def exit_rate(quality: float, stage: int, public_share: float, p: Any) -> float:
    """Return the yearly rate at which a holding is sold or listed, by stage, its quality and fund's skill."""
    return float(p.holding_exit_rate * p.exit_step ** (stage - EARLY) * exit_skill(public_share, p) * quality)


@rule
def exit_quality(firm: Any) -> float:
    """Return how much more often a firm is sold or listed for its opportunity (0-2)."""
    return float(2.0 / (1.0 + np.exp(-firm.opportunity)))


@loop
def _highest_exit_rates(public_share: Any, p: Any) -> Any:
    """Return the most that the exit rate of a holding of each fund can be (float64[F])."""
    highest = np.zeros(public_share.size)
    for fund in range(public_share.size):
        for stage in range(SEED, GROWTH + 1):
            highest[fund] = max(highest[fund], exit_rate(2.0, stage, public_share[fund], p))
    return highest


@loop
def review_holdings(
    firms: Any,
    holdings: Any,
    count: int,
    last: Any,
    seed: int,
    quarter: int,
    public_share: Any,
    parameters: Any,
    books: Any,
    losses: Any,
) -> int:
    """Sell, write off or keep each holding; return how many are kept (moved to the front).

    A holding counts at the stage that its firm has reached. `books` (float64[2, 3, F]) takes, for seed rounds
    and for the others, proceeds, cost of what was sold, and cost of what was written off. `losses`
    (float64[C]) takes private partners' part of seed rounds written off, by the firm's city.
    """
    p = parameters[0]
    kept, highest = 0, _highest_exit_rates(public_share, p)
    for h in range(count):
        if h + _AHEAD < count:
            fetch_number(firms, max(0, holdings[h + _AHEAD].row), "alive")
        holding = holdings[h]
        fund, kind = holding.fund, 0 if holding.stage == SEED else 1
        gone = holding.row < 0
        if not gone:
            gone = firms[holding.row].alive == 0
        if gone:
            books[kind, 2, fund] += holding.cost
            if holding.stage == SEED and holding.row >= 0:
                losses[firms[holding.row].city] += (1.0 - public_share[fund]) * holding.cost
            continue
        if quarter - holding.quarter >= LOCK_UP:
            u = uniform(stream(seed, holding.firm, quarter), Purpose.EXIT_DEAL)
            # Most draws lie above any chance, which spares the power and the exponential.
            is_sold = u < 0.25 * highest[fund]
            if is_sold:
                quality = exit_quality(firms[holding.row])
                stage = holdings[last[holding.row]].stage
                is_sold = u < 0.25 * exit_rate(quality, stage, public_share[fund], p)
            if is_sold:
                books[kind, 0, fund] += p.exit_multiple * holding.cost
                books[kind, 1, fund] += holding.cost
                continue
        if kept != h:
            holdings[kept] = holding
        kept += 1
    return kept
