"""Firm rules on exploratory projects: public seed money for research whose result is late and uncertain."""

from typing import Any

from agents.compiling import rule
from agents.quantiles import poisson


@rule
def may_explore(firm: Any, age: int, youth: int) -> bool:
    """Return whether the programme is open to the firm: young, a technology firm, doing R&D, one project.

    A project that ends in this quarter does not stand in the way of the next.
    """
    return bool((firm.kind == 1) & (firm.does_rd == 1) & (age <= youth) & (firm.exploring <= 1))


@rule
def start_exploring(firm: Any, p: Any) -> float:
    """Take the money of a project; return the part that owners take for other ends (Boeing & Peters 2024)."""
    misused = float(p.grant_misuse * p.frontier_grant)
    firm.cash += p.frontier_grant - misused
    firm.exploring = int(p.frontier_quarters)
    return misused


@rule
def exploratory_rd(firm: Any, p: Any) -> float:
    """Return the R&D that a running project adds to a quarter."""
    if firm.exploring == 0:
        return 0.0
    return float((1.0 - p.grant_misuse) * p.frontier_grant / p.frontier_quarters)


@rule
def go_on_exploring(firm: Any, u: float, p: Any) -> int:
    """Work on the project for a quarter; return the inventions filed at its end.

    Most projects give nothing, a few a batch of inventions: on average what other R&D gives, but later and
    less surely.
    """
    firm.exploring -= 1
    if firm.exploring > 0 or u >= p.frontier_success:
        return 0
    spent = (1.0 - p.grant_misuse) * p.frontier_grant
    return poisson(p.frontier_yield * spent / p.frontier_success, u / p.frontier_success)
