"""Mesa's batch_run on the model: two levels of a lever under three seeds, with a data collector.

python docs/examples/batch_run.py
"""

from typing import Any

import mesa
import pandas as pd

from scenarios.scenario import LeverSetting, load_scenario
from simulation.model import InnovationModel


class Observed(InnovationModel):
    """The model with one lever as an argument, and a data collector."""

    def __init__(self, talent_inflow: float = 0.0, **settings: Any) -> None:
        levers = {"talent_inflow": LeverSetting(value=talent_inflow)}
        scenario = load_scenario("baseline").model_copy(update={"levers": levers})
        super().__init__(scenario=scenario, **settings)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "year": "year",
                "firms": lambda model: len(model.firms) / model.scale,
                "researchers": lambda model: float(model.firms.living["researchers"].sum()) / model.scale,
            }
        )

    def step(self) -> None:
        """Advance by a quarter and take note."""
        super().step()
        self.datacollector.collect(self)


def run(scale: float = 0.02, until: int = 2022, processes: int = 1) -> pd.DataFrame:
    """Return researchers at the end by level of the lever, mean and spread over seeds."""
    results = mesa.batch_run(
        Observed,
        parameters={"talent_inflow": [0.0, 12000.0], "seed": [1, 2, 3], "scale": scale, "until": until},
        iterations=1,
        max_steps=4 * (until - 2015 + 1),
        number_processes=processes,
        data_collection_period=-1,
        display_progress=False,
    )
    table: pd.DataFrame = pd.DataFrame(results).groupby("talent_inflow").researchers.agg(["mean", "std"])
    return table


if __name__ == "__main__":
    print(run())
