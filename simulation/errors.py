"""Errors that a person can act on, each with the exit code of the command line.

====  =============================================
code  meaning
====  =============================================
0     done
1     internal error
2     wrong input, or a place that cannot be written
3     an invariant failed under ``--check``
130   interrupted
====  =============================================
"""

from collections.abc import Iterable
from difflib import get_close_matches

LISTED = 20  # names that an error message lists


class YongwenError(Exception):
    """Base of all errors whose message is meant for the user; one line, no traceback."""

    exit_code = 1


class InputError(YongwenError):
    """The user asked for something that cannot be: an unknown name, a number out of range."""

    exit_code = 2


class StorageError(InputError):
    """Results cannot be read from, or written to, where the user said."""


class InvariantError(YongwenError):
    """A law that holds at every tick was broken; the model has a defect."""

    exit_code = 3


class WorkerError(YongwenError):
    """A worker process died before it delivered its run."""


class Interrupted(YongwenError):
    """The user stopped the work before its end."""

    exit_code = 130


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Return the error for a name that does not exist: the nearest known ones, and all if they are few."""
    names = {candidate.casefold(): candidate for candidate in known}
    near = [names[match] for match in get_close_matches(name.casefold(), names, n=3, cutoff=0.5)]
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    listed = f"Known: {', '.join(names.values())}" if len(names) <= LISTED else f"{len(names)} are known."
    return InputError(f"unknown {kind} {name!r}{hint} {listed}")
