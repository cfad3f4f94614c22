"""The order of a tick, as data: what happens in a quarter, in which order, and why."""

from collections.abc import Callable
from dataclasses import dataclass

from simulation import phases
from simulation.world import World


@dataclass(frozen=True)
class Phase:
    """One step of the schedule; `yearly` phases run in the first quarter of a year only."""

    name: str
    summary: str
    run: Callable[[World], None]
    yearly: bool = False


PHASES = (
    Phase(
        "conditions",
        "The outside world moves: GDP growth, national rules, people, venture money elsewhere.",
        phases.conditions,
    ),
    Phase(
        "policy",
        "Governments receive budgets, pay for programmes as far as money goes, and set what reaches firms.",
        phases.policy,
    ),
    Phase("networks", "Firms with R&D keep, lose and find partners.", phases.networks, yearly=True),
    Phase("knowledge", "The knowledge that each city and field can reach is published.", phases.knowledge),
    Phase("plan", "Firms renew ideas, bid for demand, choose R&D within what they can finance.", phases.plan),
    Phase("markets", "Wages clear the market for researchers, prices the markets for goods.", phases.markets),
    Phase("operate", "Firms sell, pay, learn, invent, patent, seek status, live or close.", phases.operate),
    Phase(
        "universities",
        "Universities spend, invent, disclose, license and let researchers found firms.",
        phases.universities,
    ),
    Phase("contracts", "Technology contracts are settled between cities.", phases.contracts),
    Phase(
        "capital",
        "Funds raise money, make deals, sell holdings and return money to partners.",
        phases.capital,
    ),
    Phase("talent", "Graduates arrive, careers end, researchers and high-level talent move.", phases.talent),
    Phase("entry", "Founders, spin-offs, returnees and incubator tenants start firms.", phases.founding),
    Phase(
        "statistics", "Offices publish the quarter's and, at its end, the year's figures.", phases.statistics
    ),
)
