"""The messages of the app and what has no translation yet: ``python -m dashboard.messages``."""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

from agents.parameters import BASES
from dashboard.i18n import LANGUAGES, catalogue
from scenarios.levers import LEVERS
from scenarios.scenario import CONDITIONS, list_scenarios, load_scenario
from simulation.data import CONFIDENCES, PROVENANCES
from simulation.flows import FLOWS
from simulation.indicators import INDICATORS, cost_of
from simulation.report import BANDS_HOLD

HERE = Path(__file__).parent
CHANGES = ("the model's code", "the data", "the parameter table", "the scenario", "the posterior")
_KEYWORDS = {"t": None, "texts": None, "self": None, "N_": None}


def in_code() -> Iterator[str]:
    """Yield the messages that the code of the app marks."""
    for _, _, message, _, _ in extract_from_dir(HERE, [("**.py", "python")], keywords=_KEYWORDS):
        yield message if isinstance(message, str) else message[0]


def in_registries() -> Iterator[str]:
    """Yield the texts of levers and indicators that stand in one language in their registries."""
    for lever in LEVERS.values():
        yield from (lever.unit, lever.mechanism, lever.touches, lever.evidence)
        yield from () if lever.budget == "none" else (lever.budget,)
    for indicator in INDICATORS.values():
        yield indicator.unit
        yield from () if indicator.id.startswith(cost_of("")) else (indicator.definition,)
    yield from (flow.unit for flow in FLOWS)
    yield from (*PROVENANCES, *CONFIDENCES, *BASES)
    yield from (*CHANGES, *BANDS_HOLD.values(), "scale")
    for condition in CONDITIONS.values():
        yield from (condition.meaning, condition.unit)
    for name in list_scenarios():
        yield from load_scenario(name).assumptions


def untranslated(language: str, messages: Iterator[str]) -> list[str]:
    """Return messages that a language has no text for."""
    known = catalogue(language)
    return [one for one in dict.fromkeys(messages) if not (found := known.get(one)) or not found.string]


def main() -> int:
    """Print what is missing in any language but English, whose texts are the messages themselves."""
    missing = 0
    for language in LANGUAGES:
        if language != "en":
            for message in untranslated(language, iter([*in_code(), *in_registries()])):
                print(f"{language}: {message}")
                missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
