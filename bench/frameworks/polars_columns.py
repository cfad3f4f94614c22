"""The reference model on a bare polars frame: what the column rules cost without a framework around them."""

import column_rules as rules
import numpy as np
import polars as pl
from specification import Columns, Market, Uniforms


class PolarsIndustry:
    """The industry."""

    def __init__(self, start: Columns, seed: int, uniforms: Uniforms | None = None) -> None:
        self.quarter, self.founded = 0, start["number"].size
        self.market = Market(start)
        self.history: list[dict[str, float]] = []
        self.chance = rules.Chance(np.random.default_rng(seed), uniforms)
        self.firms = pl.DataFrame(start)

    def step(self) -> None:
        """Advance by a quarter."""
        planned = rules.plan(self.drawn(self.firms, rules.PLAN_DRAWS), self.quarter)
        self.market.clear(rules.by_field(planned, "weight"))
        done = rules.operate(self.drawn(planned, rules.OPERATE_DRAWS), self.market, self.quarter)
        survivors = done.filter(~pl.col("closes")).select(self.firms.columns)
        self.market.publish(rules.by_field(survivors, "knowledge"))
        technology = int(survivors["kind"].cast(pl.Int64).sum())
        entrants = rules.founders(self.founded, technology, self.quarter, self.chance)
        exits = done.height - survivors.height
        filings = int(done["filings"].sum())
        self.history.append(rules.report(survivors, filings, exits, entrants.height))
        self.firms = pl.concat([survivors, entrants])
        self.founded += entrants.height
        self.quarter += 1

    def drawn(self, firms: pl.DataFrame, purposes: tuple[str, ...]) -> pl.DataFrame:
        """Return firms with a column of draws for each purpose."""
        return firms.with_columns(self.chance.columns(purposes, firms, self.quarter))

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        return rules.by_number(self.firms)


build = PolarsIndustry
