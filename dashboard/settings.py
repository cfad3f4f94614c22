"""What the person who starts the app can set, by environment variables that ``yongwen app`` fills in."""

import os
from dataclasses import dataclass
from pathlib import Path

from simulation.errors import InputError
from simulation.runs import MAX_SCALE, MIN_SCALE

SCALE, SEEDS, PROCESSES = "YONGWEN_APP_SCALE", "YONGWEN_APP_SEEDS", "YONGWEN_APP_PROCESSES"
ROOMS = "YONGWEN_APP_ROOMS"
MOST_SEEDS = 200


@dataclass(frozen=True)
class Settings:
    """How scenarios are simulated for visitors.

    Attributes
    ----------
    scale
        Share of firms that is simulated.
    seeds
        Draws of each scenario.
    processes
        Worker processes.
    """

    scale: float
    seeds: int
    processes: int


def read_settings() -> Settings:
    """Return the settings of this server.

    Raises
    ------
    InputError
        A variable holds no number, or one out of range.
    """
    cores = os.cpu_count() or 1
    return Settings(
        _number(SCALE, 1.0, MIN_SCALE, MAX_SCALE),
        int(_number(SEEDS, 20, 2, MOST_SEEDS)),
        int(_number(PROCESSES, cores, 1, 64)),
    )


def rooms_file() -> Path:
    """Return where rooms of workshops are kept."""
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Path(os.environ.get(ROOMS) or home / "yongwen" / "workshop.sqlite")


def _number(name: str, default: float, low: float, high: float) -> float:
    text = os.environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise InputError(f"{name} must be a number from {low:g} to {high:g}, not {text!r}")
    return value
