"""Settings on the command line: NAME=VALUE words, and parameters checked against the table."""

from collections.abc import Iterable

from agents.parameters import parameter_record
from simulation.errors import InputError


def settings(words: Iterable[str], option: str, form: str, example: str) -> dict[str, float]:
    """Return the numbers that NAME=VALUE words of an option set.

    Raises
    ------
    InputError
        A word has another form than `form`, of which `example` is one, or names something twice.
    """
    found: dict[str, float] = {}
    for word in words:
        name, equals, text = word.partition("=")
        try:
            value = float(text)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(f"{option} takes {form} with a number, such as {example}, not {word!r}")
        if name in found:
            raise InputError(f"{option} names {name} twice")
        found[name] = value
    return found


def overrides(words: Iterable[str]) -> dict[str, float]:
    """Return the parameters that `--set NAME=VALUE` words set.

    Raises
    ------
    InputError
        A word has another form, or names a parameter twice.
    ParameterError
        There is no such parameter, or the value lies outside its range.
    """
    found = settings(words, "--set", "NAME=VALUE", "drift=0.05")
    parameter_record(found)
    return found
