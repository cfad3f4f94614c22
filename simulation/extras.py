"""Libraries that only some work needs: they come with an extra, and a command without it says which."""

import importlib
from typing import Any

from simulation.errors import InputError


def need(module: str, extra: str = "experiments") -> Any:
    """Return a library that is no part of a plain installation.

    Raises
    ------
    InputError
        It is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise InputError(
            f"this needs {package}, which is not installed; install it with: pip install 'yongwen[{extra}]'"
        ) from error
