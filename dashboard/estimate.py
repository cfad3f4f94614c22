"""What a scenario will look like once all its draws are there, guessed from the first ones.

Two scenarios under one seed share their chance, so the difference to the baseline settles long before the
level does. A draw that is still to come is taken to be the baseline's draw plus the mean difference so far.
"""

from dataclasses import replace

import numpy as np

from simulation.experiment import Ensemble
from simulation.runs import RunResult


def completed(first: Ensemble, reference: Ensemble) -> Ensemble:
    """Return an ensemble with a guess for each draw that only the reference has.

    Parameters
    ----------
    first
        The draws so far, at least one.
    reference
        The baseline, with all draws.
    """
    done = {result.spec.seed: result for result in first.results}
    known = {result.spec.seed: result for result in reference.results}
    pairs = [done[seed].values - known[seed].values for seed in done if seed in known]
    if not pairs:
        return first
    shift = np.nan_to_num(np.mean(pairs, axis=0))
    template = first.results[0]
    results = [
        done.get(seed) or replace(template, spec=result.spec, values=result.values + shift)
        for seed, result in known.items()
    ]
    return Ensemble(first.experiment, _by_seed(results), first.elapsed_s)


def _by_seed(results: list[RunResult]) -> tuple[RunResult, ...]:
    return tuple(sorted(results, key=lambda result: result.spec.seed))
