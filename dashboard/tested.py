"""Where the model was tested: how far each lever has been moved in tests and in shipped scenarios.

Tests run each lever alone at a value, and shipped scenarios set some together; between neutral and the
furthest of these values the model's answers were looked at. Beyond them it extrapolates.
"""

from functools import cache

from scenarios.levers import LEVERS
from scenarios.pairing import COMPANIONS, TRIED
from scenarios.scenario import Scenario, list_scenarios, load_scenario


@cache
def tested_region() -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest value of each lever that was tested."""
    values = {name: [lever.neutral, TRIED.get(name, lever.plan)] for name, lever in LEVERS.items()}
    for companions in COMPANIONS.values():
        for name, value in companions.items():
            values[name].append(value)
    for shipped in map(load_scenario, list_scenarios()):
        for name, setting in shipped.levers.items():
            values[name].append(setting.value)
    return {name: (min(found), max(found)) for name, found in values.items()}


def untested(scenario: Scenario) -> tuple[str, ...]:
    """Return the levers that a scenario moves further than any test did."""
    region = tested_region()
    return tuple(
        name
        for name, setting in scenario.levers.items()
        if not region[name][0] <= setting.value <= region[name][1]
    )
