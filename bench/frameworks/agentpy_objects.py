"""The reference model with agentpy: one object a firm, in an agent list."""

from typing import Any

import agentpy
from object_rules import FirmRules, IndustryRules, by_number, states
from specification import Columns, Uniforms


class AgentpyFirm(FirmRules, agentpy.Agent):
    """A firm."""

    def setup(self, state: dict[str, Any]) -> None:
        """Take the state."""
        self.take_state(state)


class AgentpyIndustry(IndustryRules, agentpy.Model):
    """All firms, in one agent list."""

    def setup(self) -> None:
        """Make the firms of the start."""
        start = self.p.start
        self.take_start(start, self.p.uniforms)
        firms = agentpy.AttrIter(states(start))
        self.firms = agentpy.AgentList(self, start["number"].size, AgentpyFirm, state=firms)

    def step(self) -> None:
        """Advance by a quarter."""
        self.open_quarter()
        self.firms.plan()
        self.clear_market()
        self.firms.operate()
        before = len(self.firms)
        self.firms = self.firms.select(self.firms.alive)
        survivors = list(self.firms)
        entrants = self.founders(sum(self.firms.kind))
        self.close_quarter(survivors, before - len(survivors), len(entrants))
        self.firms.extend(AgentpyFirm(self, state=state) for state in entrants)

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        return by_number(self.firms)


def build(start: Columns, seed: int, uniforms: Uniforms | None = None) -> AgentpyIndustry:
    """Return the model, set up but not run."""
    model = AgentpyIndustry({"start": start, "uniforms": uniforms, "seed": seed})
    model.sim_setup(steps=None, seed=seed)
    return model
