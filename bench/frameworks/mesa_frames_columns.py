"""The reference model with mesa-frames: firms are the rows of one polars agent set."""

import column_rules as rules
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF
from specification import Columns, Market, Uniforms


class Firms(AgentSetPolars):
    """All firms; the library wants a column `unique_id`, here the number of a firm."""

    def __init__(self, model: "FramesIndustry", start: Columns) -> None:
        super().__init__(model)
        self.add(with_id(pl.DataFrame(start)))
        self.chance = rules.Chance(model.random, model.uniforms)

    def step(self) -> None:
        """Live through a quarter."""
        self.plan()
        self.model.market.clear(rules.by_field(self.agents, "weight"))
        self.operate()
        self.model.history.append(self.close_and_found())

    def plan(self) -> None:
        """First pass."""
        draws = self.chance.columns(rules.PLAN_DRAWS, self.agents, self.model.quarter)
        self.agents = rules.plan(self.agents.with_columns(draws), self.model.quarter)

    def operate(self) -> None:
        """Second pass."""
        draws = self.chance.columns(rules.OPERATE_DRAWS, self.agents, self.model.quarter)
        self.agents = rules.operate(self.agents.with_columns(draws), self.model.market, self.model.quarter)

    def close_and_found(self) -> dict[str, float]:
        """Let firms close, others enter, and return the figures of the quarter."""
        model, filings = self.model, int(self.agents["filings"].sum())
        closed = self.agents.filter(pl.col("closes"))["unique_id"]
        self.discard(closed)
        model.market.publish(rules.by_field(self.agents, "knowledge"))
        technology = int(self.agents["kind"].cast(pl.Int64).sum())
        entrants = rules.founders(model.founded, technology, model.quarter, self.chance)
        figures = rules.report(self.agents, filings, closed.len(), entrants.height)
        self.add(with_id(entrants))
        model.founded += entrants.height
        return figures


class FramesIndustry(ModelDF):
    """The industry."""

    def __init__(self, start: Columns, seed: int, uniforms: Uniforms | None = None) -> None:
        super().__init__(seed)
        self.uniforms, self.quarter, self.founded = uniforms, 0, start["number"].size
        self.market = Market(start)
        self.history: list[dict[str, float]] = []
        self.agents += Firms(self, start)

    def step(self) -> None:
        """Advance by a quarter."""
        self.agents.step()
        self.quarter += 1

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        return rules.by_number(self.get_agents_of_type(Firms).agents)


def with_id(firms: pl.DataFrame) -> pl.DataFrame:
    """Return firms with the column that the library wants."""
    return firms.with_columns(unique_id=pl.col("number"))


build = FramesIndustry
