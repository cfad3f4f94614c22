"""Colours: each scenario keeps its own everywhere; they differ for the colour-blind too.

Numbers are written in them, so each stands out from white, paper and a chosen row by 4.5 to 1 at least.
Violet is for assumptions: a baseline under other conditions than those of the data.
"""

from collections.abc import Sequence

from dashboard.drafting import BASELINE, reference_of
from dashboard.state import FULL_PLAN
from scenarios.scenario import Scenario, load_scenario

GREY, BLUE, ACCENT, VIOLET = "#5f6b78", "#2f6db5", "#c0394d", "#7558a6"
_OTHERS = ("#1f7a5c", "#8a5a3c", "#8f6208", "#2a7285")
PLACES = {"YRD": "#1d2733", "Ningbo": "#1f7a5c", "Wenzhou": "#b07a12"}
"""Colours of places, none of which is a scenario's."""


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
