"""A quick stand-in for the simulation while a search looks around: Gaussian processes over mixes of levers.

It predicts what a mix adds to each outcome, on the average of the seeds; a trend (linear in coordinates and
in values of levers) carries main effects, a smooth remainder saturation and shared budgets. It only proposes
mixes: what a search reports was simulated, and how well the proposals were predicted is reported too.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Kernel, WhiteKernel

Points = NDArray[np.float64]
REFIT = 1.4  # growth of the number of trials after which the kernels' parameters are estimated anew


class Surrogate:
    """Predicts the mean effects of mixes on outcomes from those that were simulated."""

    def __init__(self) -> None:
        self._models: dict[int, GaussianProcessRegressor] = {}
        self._constant: NDArray[np.float64] = np.zeros(0)
        self._estimated_on = 0

    def fit(self, points: Points, effects: NDArray[np.float64]) -> None:
        """Learn from points (float64[n, levers]) and their mean effects (float64[n, outcomes])."""
        self._constant = effects.mean(axis=0)
        moving = np.flatnonzero(effects.std(axis=0) > 1e-9 * (1.0 + np.abs(self._constant)))
        if len(points) >= REFIT * self._estimated_on:
            self._models, self._estimated_on = {}, len(points)
        features, before = _features(points), self._models
        self._models = {
            column: _fitted(features, effects[:, column], before.get(column)) for column in moving.tolist()
        }

    def predict(self, points: Points) -> NDArray[np.float64]:
        """Return the expected mean effects (float64[n, outcomes])."""
        effects = np.tile(self._constant, (len(points), 1))
        features = _features(points)
        for column, model in self._models.items():
            effects[:, column] = model.predict(features)
        return effects


def _features(points: Points) -> Points:
    return np.hstack([points, points * np.abs(points)])


def _kernel(levers: int) -> Kernel:
    smooth = ConstantKernel(0.1, (1e-4, 1e2)) * RBF(np.sqrt(2.0 * levers), (0.3, 1e2))
    trend = ConstantKernel(1.0, (1e-4, 1e3)) * DotProduct(1.0, (1e-3, 1e3))
    return trend + smooth + WhiteKernel(1e-3, (1e-8, 1.0))


def _fitted(
    features: Points, effects: NDArray[np.float64], before: GaussianProcessRegressor | None
) -> GaussianProcessRegressor:
    """Return a process fitted to effects, with the kernel of the one `before` if there is one."""
    kernel = before.kernel_ if before else _kernel(features.shape[1] // 2)
    optimizer = None if before else "fmin_l_bfgs_b"
    model = GaussianProcessRegressor(kernel, alpha=1e-8, optimizer=optimizer, normalize_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bound that is reached is no matter here
        return model.fit(features, effects)
