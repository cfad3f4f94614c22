"""Inference: an ensemble of unknowns that agrees with the observations as far as these can be trusted.

An ensemble smoother with multiple data assimilation (ES-MDA; Emerick & Reynolds 2013): members drawn from the
prior are run, and each is moved by what the ensemble says about how unknowns and moments go together; this is
repeated with errors inflated so that the observations are used once in all. It suits a model with hundreds
of unknowns, most of them effects of one city, of which a run costs a second.

What a finite ensemble cannot tell from nothing is not believed. A parameter answers only to moments whose
correlation with it stands out over the members of the prior, where unknowns are independent (Luo & Bhakta
2020); a parameter that changes no bit before 2019 answers to none. An effect of a place answers only to the
indicators that it stands for, at that place and at the city or zone that it belongs to. Each unknown is moved
by a regression on its own moments (local analysis; Evensen 2009), so that leaving the others out cannot make
the step unstable.

    yongwen calibrate run          makes the shipped posterior anew
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtri
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from calibration.members import Member, Setting, simulate, table_of
from calibration.moments import Moment, moments, simulated
from calibration.priors import EFFECT_PRIORS, WIDEST, silent_parameters, unknowns
from simulation.geography import load_geography

MEMBERS = 256
STEPS = 4
CHANCE_RUNS = 16
"""Runs at the middle of the prior whose spread tells chance from parameters."""
DESIGN_SEED = 20_190_101
DESIGNS = 16
"""Hypercubes of which the one is taken whose columns go together least."""
MEMBER_SEEDS = 1_000_000
"""Member n of step k runs under the seed MEMBER_SEEDS (k + 1) + n: chance is drawn anew in each step."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Inference:
    """What an inference found.

    Attributes
    ----------
    prior, posterior : float64[N, K]
        Members on the scale of the prior.
    predicted : list of float64[N, M]
        Logs of the moments before each step, and of the posterior.
    observed, error : float64[M]
        Logs of the observations, and their standard errors with chance.
    answers : bool[K, M]
        Which unknowns answer to which moments.
    """

    wanted: tuple[Moment, ...]
    prior: np.ndarray
    posterior: np.ndarray
    predicted: list[np.ndarray]
    observed: np.ndarray
    error: np.ndarray
    answers: np.ndarray

    @property
    def mismatch(self) -> list[float]:
        """Return the mean squared standardised miss before each step and after the last (near 1 is right)."""
        return [float(np.mean(((p - self.observed) / self.error) ** 2)) for p in self.predicted]

    @property
    def contraction(self) -> np.ndarray:
        """Return by how much the data narrow each unknown: 1 - posterior over prior variance (float64[K])."""
        return np.asarray(1.0 - self.posterior.var(axis=0) / self.prior.var(axis=0))


def design(members: int, seed: int = DESIGN_SEED) -> np.ndarray:
    """Return members of the prior, a Latin hypercube (float64[N, K], standard normal).

    With more unknowns than members a Sobol' sequence has columns that go together (up to 0.9 in 256 members
    of 279 unknowns); those of a Latin hypercube do so by chance only, and of several the least is taken.
    """
    sampler = qmc.LatinHypercube(len(unknowns()), rng=np.random.default_rng(seed))
    drawn = (ndtri(np.clip(sampler.random(members), 1e-6, 1.0 - 1e-6)) for _ in range(DESIGNS))
    return np.clip(min(drawn, key=_largest_correlation), -WIDEST, WIDEST)


def _largest_correlation(z: np.ndarray) -> float:
    correlation = np.corrcoef(z.T)
    return float(np.abs(correlation[np.triu_indices_from(correlation, 1)]).max())


def assimilate(
    members: np.ndarray,
    predicted: np.ndarray,
    goal: np.ndarray,
    error: np.ndarray,
    inflation: float,
    answers: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return members moved towards the observations by one step.

    Parameters
    ----------
    members : float64[N, K]
    predicted : float64[N, M]
        Logs of the moments that the members give.
    goal, error : float64[M]
        Logs of the observations and their standard errors.
    inflation : float
        Factor of the error's variance in this step; the inverse factors of all steps sum to one.
    answers : bool[K, M]
        Which unknowns answer to which moments.
    """
    noise = np.sqrt(inflation) * error
    miss = goal + noise * rng.standard_normal(predicted.shape) - predicted
    x, y = members - members.mean(axis=0), predicted - predicted.mean(axis=0)
    cross, cov = x.T @ y / (len(members) - 1), y.T @ y / (len(members) - 1)
    moved = members.copy()
    for k in np.flatnonzero(answers.any(axis=1)):
        some = np.flatnonzero(answers[k])
        total = cov[np.ix_(some, some)] + np.diag(noise[some] ** 2)
        moved[:, k] += miss[:, some] @ cho_solve(cho_factor(total), cross[k, some])
    return np.clip(moved, -WIDEST, WIDEST)


def which_answer(wanted: tuple[Moment, ...], prior: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return which unknowns answer to which moments (bool[K, M]), from the members of the prior."""
    family = {place.id: {place.id, place.parent or place.id} for place in load_geography().places}
    for place in load_geography().places:
        if place.parent:
            family[place.parent].add(place.id)
    free = [u for u in unknowns() if not u.place]
    seen = np.array([u.name not in silent_parameters() for u in free])
    x, y = prior[:, : len(free)], predicted
    correlation = np.nan_to_num(np.corrcoef(x.T, y.T)[: len(free), len(free) :])
    # The largest of n correlations by chance lies near sqrt(2 ln n) standard errors.
    bound = np.sqrt(2.0 * np.log(max(2, correlation.size))) / np.sqrt(len(prior))
    parameters = (np.abs(correlation) > bound) & seen[:, None]
    effects = [
        [m.region in family[u.place] and m.indicator in EFFECT_PRIORS[u.name].moves for m in wanted]
        for u in unknowns()
        if u.place
    ]
    return np.vstack([parameters, np.array(effects)])


def chance_error(
    wanted: tuple[Moment, ...], setting: Setting, progress: Progress | None = None
) -> np.ndarray:
    """Return the standard deviation of each log moment over seeds at the middle of the prior (float64[M])."""
    middle = np.zeros(len(unknowns()))
    members = [Member(middle, MEMBER_SEEDS - 1 - n) for n in range(CHANCE_RUNS)]
    tables = simulate(members, setting, _report(progress, "chance", len(members)))
    logs = np.array([simulated(table_of(values), wanted) for values in tables])
    return np.asarray(logs.std(axis=0, ddof=1))


def infer(
    setting: Setting,
    members: int = MEMBERS,
    steps: int = STEPS,
    wanted: tuple[Moment, ...] | None = None,
    observed: np.ndarray | None = None,
    seed: int = DESIGN_SEED,
    progress: Progress | None = None,
) -> Inference:
    """Run the inference.

    Parameters
    ----------
    wanted : tuple of Moment
        Moments to fit; those of 2015-2018 by default.
    observed : float64[M]
        Logs to fit instead of the observed ones, for tests with made-up observations.
    seed : int
        Key of the design and of the perturbed observations.
    """
    wanted = moments() if wanted is None else wanted
    goal = np.log([m.value for m in wanted]) if observed is None else observed
    error = np.hypot([m.error for m in wanted], chance_error(wanted, setting, progress))
    prior = design(members, seed)
    rng = np.random.default_rng(seed)
    current = prior
    predicted: list[np.ndarray] = []
    answers = np.zeros((0, 0), dtype=bool)
    for step in range(steps + 1):
        name = f"step {step + 1} of {steps}" if step < steps else "posterior"
        base = MEMBER_SEEDS * (step + 1) + seed % 1000 * 1000
        runs = [Member(z, base + n) for n, z in enumerate(current)]
        tables = simulate(runs, setting, _report(progress, name, len(runs)))
        predicted.append(np.array([simulated(table_of(values), wanted) for values in tables]))
        if step == 0:
            answers = which_answer(wanted, prior, predicted[0])
        if step < steps:
            with threadpool_limits(limits=1):  # sums in one order: a stopped inference goes on alike
                current = assimilate(current, predicted[-1], goal, error, float(steps), answers, rng)
    return Inference(wanted, prior, current, predicted, goal, error, answers)


def _report(progress: Progress | None, name: str, total: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda done: progress(name, done, total)
