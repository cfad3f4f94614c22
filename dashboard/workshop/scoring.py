"""Judge guesses against the model's draws, and rank scenarios by the targets they meet."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.workshop.rooms import GUESSED_YEARS, Group, Outcome, Submission
from scenarios.comparison import COST, COST_REGION, COST_YEARS
from simulation.experiment import Ensemble
from simulation.indicators import TARGETS


def score(guess: Sequence[float], draws: NDArray[np.float64]) -> int:
    """Return how near a guess is to the draws, 0 to 100.

    Of each year, the mean distance of the draws from their median is divided by that from the guess: 100
    stands for a guess as near to the draws as their median, 50 for one twice as far off.

    Parameters
    ----------
    guess
        A value for each year.
    draws
        Shape (draws, years).
    """
    best = np.abs(draws - np.median(draws, axis=0)).mean(axis=0)
    reached = np.abs(draws - np.asarray(guess)).mean(axis=0)
    share = np.where(reached > 0.0, best / np.where(reached > 0.0, reached, 1.0), 1.0)
    return round(100.0 * float(share.mean()))


def guessed_draws(ensemble: Ensemble, indicator: str, region: str) -> NDArray[np.float64]:
    """Return the draws of the years that are guessed, shape (draws, years)."""
    places = [ensemble.years.index(year) for year in GUESSED_YEARS]
    return np.asarray(ensemble.replicates(indicator, region)[:, places])


def outcome(ensemble: Ensemble, baseline: Ensemble) -> Outcome:
    """Return how a scenario stands over the targets of both cities together, and its added public money.

    Both must have the same seeds.
    """
    verdicts = [ensemble.verdict(target, target.regions[0]) for target in TARGETS]
    known = [verdict for verdict in verdicts if verdict is not None]
    chance = float(np.mean([verdict.probability for verdict in known]))
    cost = float((_spent(ensemble) - _spent(baseline)).mean())
    return Outcome(sum(verdict.gap >= 0.0 for verdict in known), chance, cost)


def _spent(ensemble: Ensemble) -> NDArray[np.float64]:
    places = [at for at, year in enumerate(ensemble.years) if year in COST_YEARS]
    return np.asarray(ensemble.replicates(COST, COST_REGION)[:, places].sum(axis=1))


def ranked(groups: Sequence[Group]) -> list[tuple[Group, Submission]]:
    """Return each group's best scenario that is simulated, the best group first.

    More targets met by the median come first, then a higher mean probability, then less public money.
    """
    best = []
    for group in groups:
        done = [one for one in group.submissions if one.outcome]
        if done:
            best.append((group, min(done, key=_order)))
    return sorted(best, key=lambda pair: _order(pair[1]))


def _order(submission: Submission) -> tuple[int, float, float]:
    found = submission.outcome
    assert found
    return -found.met, -round(found.probability, 3), found.cost
