"""Parameters on the command line: `--set NAME=VALUE`, checked against the table."""

from collections.abc import Iterable

from agents.parameters import parameter_record
from simulation.errors import InputError


def overrides(words: Iterable[str]) -> dict[str, float]:
    """Return the parameters that NAME=VALUE words set.

    Raises
    ------
    InputError
        A word has another form, or names a parameter twice.
    ParameterError
        There is no such parameter, or the value lies outside its range.
    """
    found: dict[str, float] = {}
    for word in words:
        name, equals, text = word.partition("=")
        try:
            value = float(text)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(f"--set takes NAME=VALUE with a number, such as drift=0.05, not {word!r}")
        if name in found:
            raise InputError(f"--set names {name} twice")
        found[name] = value
    parameter_record(found)
    return found
