"""What the commands share: one JSON document on standard output, consoles, and errors in one form."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.parameters import ParameterError
from scenarios.scenario import ScenarioError
from simulation.data import DataError
from simulation.errors import InputError, StorageError

PIPE_WIDTH = 130  # columns where the output is no terminal


def output() -> Console:
    """Return the console for results."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return Console()
    return Console(width=PIPE_WIDTH)


def messages() -> Console:
    """Return the console for progress and messages."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document; anything not finite is a mistake and not written."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False))


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors of scenarios, data and parameters into those of the command line."""
    try:
        yield
    except (ScenarioError, DataError, ParameterError) as error:
        raise InputError(str(error)) from error


def ready_folder(out: Path) -> None:
    """Make a folder for results before any work is done for them.

    Raises
    ------
    StorageError
        It cannot be made or written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}; choose another --out") from error
