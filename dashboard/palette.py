"""Colours: each scenario keeps its own everywhere; they differ for the colour-blind too.

Violet is for assumptions: a baseline under other conditions than those of the data.
"""

from collections.abc import Sequence

from dashboard.drafting import BASELINE, reference_of
from dashboard.state import FULL_PLAN
from scenarios.scenario import Scenario, load_scenario

GREY, BLUE, ACCENT, VIOLET = "#6b7785", "#2f6db5", "#d1495b", "#8368b0"
_OTHERS = ("#2a9d78", "#9c6b4a", "#c98a1b", "#3b8ea5")


def colour_of(scenario: Scenario, draft: Scenario, others: Sequence[Scenario] = ()) -> str:
    """Return a scenario's colour: grey without policy, blue for the full plan, the accent for the draft."""
    key = scenario.content_hash
    if key == load_scenario(BASELINE).content_hash:
        return GREY
    if key == load_scenario(FULL_PLAN).content_hash:
        return BLUE
    if key == reference_of(draft).content_hash:
        return VIOLET
    if key == draft.content_hash:
        return ACCENT
    keys = [other.content_hash for other in others]
    return _OTHERS[keys.index(key) % len(_OTHERS)] if key in keys else _OTHERS[0]
