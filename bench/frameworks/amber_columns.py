"""The reference model with AMBER (package `ambr`): firms are the rows of the model's polars table."""

import ambr
import column_rules as rules
import polars as pl
from specification import Columns, Market, Uniforms


class AmberIndustry(ambr.Model):
    """The industry, in the vectorized lane."""

    def __init__(self, start: Columns, seed: int, uniforms: Uniforms | None = None) -> None:
        super().__init__({"seed": seed})
        self.quarter, self.founded = 0, start["number"].size
        self.market = Market(start)
        self.history: list[dict[str, float]] = []
        self.chance = rules.Chance(self.rng, uniforms)
        firms = pl.DataFrame(start)
        # add_agents goes through Python lists: too much memory for millions at once.
        self.agents_df = firms.with_columns(id=pl.col("number"), step=pl.lit(0, dtype=pl.Int64))

    def step_vectorized(self) -> None:
        """Advance by a quarter."""
        draws = self.chance.columns(rules.PLAN_DRAWS, self.agents_df, self.quarter)
        planned = rules.plan(self.agents_df.with_columns(draws), self.quarter)
        self.write(planned, ("opportunity", "scale", "weight", "does_rd", "rd", "researchers"))
        self.market.clear(rules.by_field(self.agents_df, "weight"))
        draws = self.chance.columns(rules.OPERATE_DRAWS, self.agents_df, self.quarter)
        done = rules.operate(self.agents_df.with_columns(draws), self.market, self.quarter)
        changed = ("revenue", "scale", "knowledge", "cash", "filed", "patents", "filings", "closes")
        self.write(done, changed)
        self.close_and_found()
        self.quarter += 1

    def write(self, firms: pl.DataFrame, columns: tuple[str, ...]) -> None:
        """Write columns back through the view of all agents."""
        self.agents.set(**{name: firms[name] for name in columns})

    def close_and_found(self) -> None:
        """Let firms close, others enter, and report."""
        before, filings = self.agents_df.height, int(self.agents_df["filings"].sum())
        self.agents_df = self.agents_df.filter(~pl.col("closes"))
        survivors = self.agents_df
        self.market.publish(rules.by_field(survivors, "knowledge"))
        technology = int(survivors["kind"].cast(pl.Int64).sum())
        entrants = rules.founders(self.founded, technology, self.quarter, self.chance)
        exits = before - survivors.height
        self.history.append(rules.report(survivors, filings, exits, entrants.height))
        if entrants.height:
            self.add_agents(entrants.height, **entrants.to_dict())
        self.founded += entrants.height

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        return rules.by_number(self.agents_df)

    def step(self) -> None:
        """Advance by a quarter outside `run`, with the library's own bookkeeping."""
        self.run_step()


build = AmberIndustry
