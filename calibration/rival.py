"""The inference beside the usual one at the same cost: regression-adjusted ABC on one design of the prior.

Approximate Bayesian computation keeps the members of the prior whose moments come nearest to those observed
and moves them by a regression of the unknowns on the moments (Beaumont, Zhang & Balding 2002). With some
three hundred unknowns and two hundred moments the regression is ridged, its penalty chosen by
cross-validation for each unknown (scikit-learn). Members' moments get errors as large as those of the
observations, so that both methods use the data equally.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import RidgeCV

from calibration.diagnostics import fits
from calibration.inference import MEMBER_SEEDS, Inference, Progress, design, infer
from calibration.members import Member, Setting, simulate, table_of
from calibration.moments import moments, simulated
from calibration.priors import WIDEST, unknowns

DESIGN_SEED, RIVAL_SEEDS = 20_190_102, 6_000_000
ACCEPTED = 0.5
"""Share of members that are kept: the regression needs many where unknowns are many."""
_PENALTIES = np.logspace(0.0, 6.0, 13)


@dataclass(frozen=True)
class Method:
    """What a method found.

    Attributes
    ----------
    runs : int
        Runs that the inference took, without those that check its posterior.
    before, after : float
        Mean squared miss in standard errors under the prior and the posterior.
    inside : int
        Moments whose observation lies inside the posterior's 90 % band with its error, of `moments`.
    contraction : float
        Mean over city effects of 1 less posterior over prior variance.
    """

    name: str
    runs: int
    before: float
    after: float
    inside: int
    moments: int
    contraction: float


def adjusted(
    members: np.ndarray, predicted: np.ndarray, goal: np.ndarray, error: np.ndarray, draws: int
) -> np.ndarray:
    """Return draws of the posterior by regression-adjusted ABC (float64[draws, K]).

    Parameters
    ----------
    members : float64[N, K]
        The prior.
    predicted : float64[N, M]
        Logs of the moments that the members give.
    goal, error : float64[M]
        Logs of the observations and their standard errors.
    """
    rng = np.random.default_rng(DESIGN_SEED)
    seen = (predicted + error * rng.standard_normal(predicted.shape) - goal) / error
    distance = np.sqrt((seen**2).mean(axis=1))
    kept = np.argsort(distance)[: max(2, int(ACCEPTED * len(members)))]
    weight = 1.0 - (distance[kept] / (1.0001 * distance[kept].max())) ** 2
    fit = RidgeCV(alphas=_PENALTIES, alpha_per_target=True).fit(seen[kept], members[kept], weight)
    moved = members[kept] - seen[kept] @ fit.coef_.T
    chosen = rng.choice(len(kept), size=draws, p=weight / weight.sum())
    return np.asarray(np.clip(moved[chosen], -WIDEST, WIDEST))


def side_by_side(
    members: int, steps: int, setting: Setting, progress: Progress | None = None
) -> tuple[Method, Method]:
    """Run both methods with as many runs each, and check both posteriors with `members` runs more."""
    wanted = moments()
    smoother = infer(setting, members, steps, wanted, progress=progress)
    prior = design(members * steps, DESIGN_SEED)

    def predict(name: str, z: np.ndarray, first_seed: int) -> np.ndarray:
        runs = [Member(row, first_seed + n) for n, row in enumerate(z)]
        report = None if progress is None else (lambda done: progress(name, done, len(runs)))
        return np.array([simulated(table_of(table), wanted) for table in simulate(runs, setting, report)])

    predicted = predict("rival", prior, RIVAL_SEEDS)
    observed, error = smoother.observed, smoother.error
    posterior = adjusted(prior, predicted, observed, error, members)
    check = predict("rival’s posterior", posterior, RIVAL_SEEDS + MEMBER_SEEDS // 2)
    rival = Inference(
        wanted, prior, posterior, [predicted, check], smoother.observed, error, smoother.answers
    )
    cost = members * steps
    return _method("ES-MDA, local analysis", cost, smoother), _method("ABC, regression-adjusted", cost, rival)


def _method(name: str, runs: int, found: Inference) -> Method:
    inside = [item.inside for item in fits(found)]
    effects = np.array([bool(unknown.place) for unknown in unknowns()])
    return Method(
        name, runs, found.mismatch[0], found.mismatch[-1], sum(inside), len(inside),
        float(found.contraction[effects].mean()),
    )  # fmt: skip
