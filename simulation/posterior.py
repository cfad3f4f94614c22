"""The posterior: draws of parameters and city effects that agree with 2015-2018 (`calibration.inference`).

``calibration/posterior/draws.npz`` holds a row a draw. Each replicate of a projection takes one draw, so that
a band holds the uncertainty of parameters beside chance.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from agents.parameters import parameters
from simulation.data import DataError
from simulation.effects import EFFECTS

FOLDER = Path(__file__).resolve().parent.parent / "calibration" / "posterior"
"""Where the shipped posterior and its diagnostics are."""
DRAWS = "draws.npz"


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of all unknowns.

    Attributes
    ----------
    names : tuple of (str, str)
        Place (empty for a parameter) and name of each unknown.
    values : float32[N, K]
    provenance : mapping
        How the draws were made.
    """

    names: tuple[tuple[str, str], ...]
    values: np.ndarray
    provenance: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.values)

    def draw(self, index: int) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
        """Return parameters, and effects by place and name, of one draw; beyond the last it starts again."""
        chosen: dict[str, float] = {}
        effects: dict[tuple[str, str], float] = {}
        for (place, name), value in zip(self.names, self.values[index % len(self)].tolist(), strict=True):
            if place:
                effects[place, name] = value
            else:
                row = parameters()[name]
                chosen[name] = min(row.high, max(row.low, value))
        return chosen, effects

    @property
    def missing(self) -> list[str]:
        """Return parameters of the table that vary but are not among the unknowns: they came later."""
        known = {name for place, name in self.names if not place}
        return [row.name for row in parameters().values() if row.prior != "fixed" and row.name not in known]


@cache
def load_posterior(path: Path | None = None) -> Posterior:
    """Return the shipped posterior, or one from a file.

    Raises
    ------
    DataError
        The file is missing or damaged, or names what the model does not have.
    """
    path = path or FOLDER / DRAWS
    try:
        with np.load(path, allow_pickle=False) as file:
            names = tuple((str(place), str(name)) for place, name in file["names"])
            posterior = Posterior(names, file["values"], json.loads(str(file["provenance"])))
    except FileNotFoundError as error:
        raise DataError(f"there is no {path.name}; make it with: yongwen calibrate run") from error
    except (OSError, ValueError, KeyError, BadZipFile, EOFError) as error:
        raise DataError(
            f"{path.name} is damaged ({error}); make it anew with: yongwen calibrate run"
        ) from error
    unknown = [name for place, name in names if name not in (EFFECTS if place else parameters())]
    if unknown:
        raise DataError(
            f"{path.name} draws {unknown[0]!r}, which the model does not have; "
            "make it anew with: yongwen calibrate run"
        )
    return posterior


@cache
def posterior_hash() -> str:
    """Return the SHA-256 of the shipped posterior, empty if there is none."""
    path = FOLDER / DRAWS
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def draw_of(seed: int) -> tuple[dict[str, float], dict[tuple[str, str], float] | None]:
    """Return parameters and effects of the draw that belongs to a seed; nothing (central) if none is shipped.

    Seeds that differ by a multiple of the number of draws have the same one, and differ by chance alone.
    """
    return load_posterior().draw(seed - 1) if posterior_hash() else ({}, None)


def save_posterior(posterior: Posterior, path: Path) -> None:
    """Write a posterior, whole or not at all."""
    draft = path.with_suffix(".tmp")
    with draft.open("wb") as file:
        np.savez_compressed(
            file,
            names=np.array(posterior.names),
            values=posterior.values.astype(np.float32),
            provenance=np.array(json.dumps(posterior.provenance, sort_keys=True)),
        )
    draft.replace(path)
