"""How rules are compiled.

A rule is a small function of one record and of numbers; ``rule`` compiles it with numba, ``stage`` and
``loop`` what applies rules to many records. Compiled code is cached in a folder named after a hash of all
files with rules: numba's own cache looks only at the file of the outermost function and would keep stale code
after an edit of an inner rule.

What Python calls takes the parameters as an array of one row where speed counts: numba takes longer to unpack
a record of so many fields (some 10 µs) than to do the work of a small rule.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

_SOURCE_PACKAGES = ("agents", "simulation")
_F = TypeVar("_F", bound=Callable[..., Any])


@cache
def source_hash() -> str:
    """Return a hash of every source file that holds a rule or what rules refer to (hex, 16 digits)."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for package in _SOURCE_PACKAGES:
        for path in sorted((root / package).glob("*.py")):
            text = path.read_bytes()
            if package == "agents" or b"agents.compiling" in text:
                digest.update(path.name.encode())
                digest.update(text)
    return digest.hexdigest()[:16]


def _cache_folder() -> str:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(home / "yongwen" / source_hash())


numba.config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or _cache_folder()


_OPTIONS = {"cache": True, "error_model": "numpy", "fastmath": False, "nogil": True}
"""Arithmetic follows IEEE 754 strictly, so the same inputs give the same bits. No Python object is touched,
which lets other threads go on (`simulation.threads`)."""


_COUNTING_NOBODY = {**_OPTIONS, "_nrt": False}
"""Who holds an array is otherwise counted at every call, one call after the other through all threads: some
three nanoseconds each, often more than what is called takes. What makes no arrays needs no such counts."""


def rule(function: _F) -> _F:
    """Compile a rule on one record and numbers; it makes no arrays.

    It is put in the place of a call from other compiled code: across calls the compiler would do one firm at
    a time.
    """
    compiled: _F = numba.njit(forceinline=True, **_COUNTING_NOBODY)(function)
    return compiled


def stage(function: _F) -> _F:
    """Compile what goes through records, often, and makes no arrays."""
    compiled: _F = numba.njit(**_COUNTING_NOBODY)(function)
    return compiled


def loop(function: _F) -> _F:
    """Compile what goes through many records, or counts."""
    compiled: _F = numba.njit(**_OPTIONS)(function)
    return compiled
