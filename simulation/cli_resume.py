"""Where long analyses keep their runs, so that they can go on after a kill."""

from pathlib import Path

from scenarios.ledger import FILE, Ledger
from simulation import store
from simulation.errors import InputError


def ledger_in(out: Path | None, experiment: str, resume: bool, force: bool) -> Ledger:
    """Return the ledger of a directory, or one in memory without it.

    Raises
    ------
    InputError
        There is nothing to resume, or the directory cannot be used.
    """
    if out is None:
        if resume:
            raise InputError("--resume needs --out, the directory of what was stopped")
        return Ledger()
    if resume and not (out / FILE).exists():
        raise InputError(f"{out} holds nothing to go on with: no {FILE}")
    store.prepare(out, experiment, force)
    return Ledger(out)
