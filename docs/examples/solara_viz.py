"""Mesa's SolaraViz on the model, with sliders for two levers.

solara run docs/examples/solara_viz.py
"""

from typing import Any

import mesa
from mesa.visualization import SolaraViz, make_plot_component

from scenarios.scenario import LeverSetting, load_scenario
from simulation.model import InnovationModel


class Quick(InnovationModel):
    """A small sample of the delta with two levers as arguments."""

    def __init__(
        self, guidance_fund: float = 0.0, talent_inflow: float = 0.0, scale: float = 0.01, seed: int = 1
    ) -> None:
        values = {"guidance_fund": guidance_fund, "talent_inflow": talent_inflow}
        levers = {name: LeverSetting(value=float(value)) for name, value in values.items()}
        scenario = load_scenario("baseline").model_copy(update={"levers": levers})
        super().__init__(scenario=scenario, scale=scale, seed=seed)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "Firms with R&D": lambda model: float(model.firms.living["does_rd"].sum()) / model.scale,
                "Researchers": lambda model: float(model.firms.living["researchers"].sum()) / model.scale,
            }
        )

    def step(self) -> None:
        """Advance by a quarter and take note."""
        super().step()
        self.datacollector.collect(self)


def slider(label: str, high: float, step: float) -> dict[str, Any]:
    """Return a slider that starts at 0, as SolaraViz describes one."""
    return {"type": "SliderFloat", "label": label, "value": 0.0, "min": 0.0, "max": high, "step": step}


SLIDERS: dict[str, Any] = {
    "guidance_fund": slider("Guidance fund, 100m CNY a year", 200.0, 5.0),
    "talent_inflow": slider("Talent, persons a year", 30000.0, 500.0),
}

page = SolaraViz(
    Quick(),
    components=[make_plot_component("Firms with R&D"), make_plot_component("Researchers")],
    model_params=SLIDERS,
    name="yongwen 甬温",
)
