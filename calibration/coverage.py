"""Simulation-based calibration: does the inference find unknowns that are known? (Talts et al. 2018)

Unknowns are drawn from the prior, the model makes observations of them, errors are added as large as those
of the real ones, and the inference is run on these. Over many such truths, ranks of the true values among
the draws are uniform, and bands hold them as often as they say. It is the method that is tested, on the same
unknowns, moments and errors, not the shipped draws; the shipped settings take an inference for each truth.
"""

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
from scipy.stats import chisquare

from calibration.diagnostics import SOME
from calibration.inference import DESIGN_SEED, Inference, Progress, design, infer
from calibration.members import Member, Setting, simulate, table_of
from calibration.moments import moments, simulated
from calibration.priors import unknowns

COVERAGE = "coverage.csv"
"""Name of the table that ships beside the posterior."""
BINS = 10
TRUTHS = 10
"""Made-up truths that are designed together; fewer are the first of them, so that more can be added later."""
TRUTH_SEED = 7_000_000


@dataclass(frozen=True)
class Coverage:
    """How often bands hold the truth in one group of unknowns.

    Attributes
    ----------
    number : int
        Pairs of truth and unknown.
    p_value : float
        Of a chi-square test that ranks are uniform over ten bins.
    ranks : str
        Counts of the ten bins, separated by blanks.
    command : str
        What remakes it.
    """

    group: str
    number: int
    in_50: float
    in_90: float
    p_value: float
    ranks: str
    command: str = ""


def check_coverage(
    truths: int, members: int, steps: int, setting: Setting, progress: Progress | None = None
) -> list[Coverage]:
    """Return coverage for all unknowns, for parameters, for effects, and for those that were identified."""
    wanted = moments()
    error = np.array([m.error for m in wanted])
    rng = np.random.default_rng(TRUTH_SEED)
    true = design(max(TRUTHS, truths), TRUTH_SEED)[:truths]
    made = simulate([Member(z, TRUTH_SEED + n) for n, z in enumerate(true)], setting)
    ranks, contractions = [], []
    for n, table in enumerate(made):
        goal = simulated(table_of(table), wanted) + error * rng.standard_normal(error.size)
        named = _named(progress, f"truth {n + 1} of {truths}")
        found = infer(setting, members, steps, wanted, goal, DESIGN_SEED + 1 + n, named)
        ranks.append(rank(found, true[n]))
        contractions.append(found.contraction)
    chosen = f"--truths {truths} --members {members} --steps {steps} --scale {setting.scale:g}"
    groups = _groups(np.array(ranks), np.array(contractions))
    return [replace(item, command=f"yongwen calibrate check {chosen}") for item in groups]


def rank(found: Inference, true: np.ndarray) -> np.ndarray:
    """Return the share of draws below the true value of each unknown (float64[K])."""
    return np.asarray((found.posterior < true).mean(axis=0))


def _groups(ranks: np.ndarray, contractions: np.ndarray) -> Iterator[Coverage]:
    is_parameter = np.array([not unknown.place for unknown in unknowns()])
    everywhere = np.ones_like(ranks, dtype=bool)
    for group, mask in (
        ("all", everywhere),
        ("parameters", everywhere & is_parameter),
        ("city effects", everywhere & ~is_parameter),
        ("learnt from the data", contractions >= SOME),
    ):
        if mask.any():
            yield coverage(group, ranks[mask])


def coverage(group: str, ranks: np.ndarray) -> Coverage:
    """Return the coverage of ranks between 0 and 1."""
    counts, _ = np.histogram(ranks, bins=BINS, range=(0.0, 1.0))
    half, most = (np.abs(ranks - 0.5) <= width for width in (0.25, 0.45))
    p = float(chisquare(counts).pvalue)
    return Coverage(group, ranks.size, float(half.mean()), float(most.mean()), p, " ".join(map(str, counts)))


def _named(progress: Progress | None, prefix: str) -> Progress | None:
    if progress is None:
        return None
    return lambda name, done, total: progress(prefix, done, 0)


def write_coverage(path: Path, found: list[Coverage]) -> None:
    """Write coverage as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Coverage)])
        writer.writerows(asdict(item).values() for item in found)


def read_coverage(path: Path) -> list[Coverage]:
    """Return the coverage that was shipped."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Coverage(
                row["group"], int(row["number"]), float(row["in_50"]), float(row["in_90"]),
                float(row["p_value"]), row["ranks"], row["command"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
