"""What an inference says about itself: fit of each moment, what was learnt of each unknown, convergence.

The tables are shipped beside the draws and read by ``yongwen calibrate status``, the docs and the app.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from calibration.inference import Inference
from calibration.priors import silent_parameters, unknowns
from simulation.posterior import Posterior

UNKNOWNS, MOMENTS = "unknowns.csv", "moments.csv"
WELL, SOME = 0.5, 0.15
"""Contraction from which an unknown counts as identified, and as partly identified."""
PAIR = 0.5
"""Correlation between two unknowns in the posterior from which the data cannot tell them apart."""


@dataclass(frozen=True)
class Learnt:
    """What the data say about one unknown.

    Attributes
    ----------
    contraction : float
        1 less posterior over prior variance: 0 nothing learnt, 1 known.
    verdict : str
        *silent* (2015-2018 say nothing: it acts under policy only, or too faintly to move a sample of firms),
        *not identified*, *partly*, *identified*.
    """

    place: str
    name: str
    prior_median: float
    q05: float
    median: float
    q95: float
    contraction: float
    moments: int
    verdict: str


@dataclass(frozen=True)
class Fit:
    """A moment beside what the prior and the posterior predict (medians and 90 % bands)."""

    region: str
    indicator: str
    year: int
    observed: float
    error: float
    provenance: str
    confidence: str
    prior_q05: float
    prior_median: float
    prior_q95: float
    q05: float
    median: float
    q95: float

    @property
    def miss(self) -> float:
        """Return the median's distance from the observation in standard errors."""
        return float(np.log(self.median / self.observed)) / self.error

    @property
    def inside(self) -> bool:
        """Tell whether the predictive band, widened by the observation's error, holds the observation."""
        reach = np.exp(1.645 * self.error)
        return bool(self.q05 / reach <= self.observed <= self.q95 * reach)


def learnt(result: Inference) -> list[Learnt]:
    """Return what was learnt of each unknown."""
    silent, contraction = silent_parameters(), result.contraction
    found = []
    for k, unknown in enumerate(unknowns()):
        quantiles = np.quantile(result.posterior[:, k], [0.05, 0.5, 0.95])
        low, middle, high = (unknown.value(z) for z in quantiles)
        share = float(contraction[k])
        if not unknown.place and unknown.name in silent:
            verdict = "silent"
        else:
            verdict = "identified" if share >= WELL else "partly" if share >= SOME else "not identified"
        answers = int(result.answers[k].sum())
        found.append(
            Learnt(
                unknown.place, unknown.name, unknown.value(0.0), low, middle, high, share, answers, verdict
            )
        )
    return found


def fits(result: Inference) -> list[Fit]:
    """Return how the prior and the posterior predict each moment."""
    prior, posterior = (
        np.exp(np.quantile(logs, [0.05, 0.5, 0.95], axis=0))
        for logs in (result.predicted[0], result.predicted[-1])
    )
    return [
        Fit(
            m.region, m.indicator, m.year, m.value, float(result.error[i]), m.provenance, m.confidence,
            *map(float, prior[:, i]), *map(float, posterior[:, i]),
        )
        for i, m in enumerate(result.wanted)
    ]  # fmt: skip


def entangled(result: Inference, limit: float = PAIR) -> list[tuple[str, str, float]]:
    """Return pairs of unknowns that the data cannot tell apart, with their correlation, strongest first."""
    moved = np.flatnonzero(result.contraction >= SOME)
    if moved.size < 2:
        return []
    correlation = np.corrcoef(result.posterior[:, moved].T)
    rows, columns = np.triu_indices(moved.size, 1)
    names = [f"{u.name} {u.place}".strip() for u in unknowns()]
    pairs = [
        (names[moved[i]], names[moved[j]], float(correlation[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if abs(correlation[i, j]) >= limit
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[2]))


def to_posterior(result: Inference, provenance: dict[str, Any]) -> Posterior:
    """Return the draws to ship, as values of parameters and effects."""
    names = tuple((u.place, u.name) for u in unknowns())
    values = np.array(
        [[u.value(z) for u, z in zip(unknowns(), row, strict=True)] for row in result.posterior]
    )
    pairs = [[a, b, round(r, 3)] for a, b, r in entangled(result)[:20]]
    kept = provenance | {"mismatch": [round(m, 4) for m in result.mismatch], "entangled": pairs}
    return Posterior(names, values.astype(np.float32), kept)


def write_table(path: Path, rows: Sequence[Learnt] | Sequence[Fit]) -> None:
    """Write rows as a CSV file, numbers with five digits, whole or not at all."""
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(rows[0])])
        for row in rows:
            writer.writerow([f"{v:.5g}" if isinstance(v, float) else v for v in asdict(row).values()])
    draft.replace(path)


def read_learnt(path: Path) -> list[Learnt]:
    """Return what a shipped table says about the unknowns."""
    return [Learnt(**row) for row in _rows(path, Learnt)]


def read_fits(path: Path) -> list[Fit]:
    """Return what a shipped table says about the moments."""
    return [Fit(**row) for row in _rows(path, Fit)]


def _rows(path: Path, kind: type[Learnt] | type[Fit]) -> Iterable[dict[str, Any]]:
    types = {field.name: field.type for field in fields(kind)}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                name: float(cell) if types[name] is float else int(cell) if types[name] is int else cell
                for name, cell in row.items()
            }
