"""The reference model with Mesa: one object a firm."""

from typing import Any

import mesa
from object_rules import FirmRules, IndustryRules, by_number, states
from specification import Columns, Uniforms


class MesaFirm(FirmRules, mesa.Agent):
    """A firm."""

    def __init__(self, model: "MesaIndustry", state: dict[str, Any]) -> None:
        super().__init__(model)
        self.take_state(state)


class MesaIndustry(IndustryRules, mesa.Model):
    """All firms, in Mesa's own agent set."""

    def __init__(self, start: Columns, seed: int, uniforms: Uniforms | None = None) -> None:
        super().__init__(rng=seed)
        self.take_start(start, uniforms)
        MesaFirm.create_agents(self, start["number"].size, states(start))

    def step(self) -> None:
        """Advance by a quarter."""
        self.open_quarter()
        self.agents.do("plan")
        self.clear_market()
        self.agents.do("operate")
        before = len(self.agents)
        self.agents.select(lambda firm: not firm.alive).do("remove")
        survivors = list(self.agents)
        entrants = self.founders(sum(firm.kind for firm in survivors))
        self.close_quarter(survivors, before - len(survivors), len(entrants))
        for state in entrants:
            MesaFirm(self, state)

    def firms_by_number(self) -> Columns:
        """Return the state of the living firms."""
        return by_number(self.agents)


build = MesaIndustry
