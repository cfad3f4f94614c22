"""Estimators of the literature on policy effects, on plain arrays."""

import numpy as np
from scipy.spatial import cKDTree


def ols(y: np.ndarray, *regressors: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Return the coefficients of a least-squares regression with a constant, which comes first."""
    design = np.column_stack((np.ones(y.size), *regressors))
    root = np.sqrt(weight) if weight is not None else np.ones(y.size)
    found: np.ndarray = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
    return found


def difference_in_differences(
    before: np.ndarray, after: np.ndarray, treated: np.ndarray, weight: np.ndarray | None = None
) -> float:
    """Return the mean change of the treated less that of the others (bool[N] `treated`)."""
    return float(ols(after - before, treated.astype(float), weight=weight)[1])


def discontinuity(
    running: np.ndarray, outcome: np.ndarray, bandwidth: float, *controls: np.ndarray
) -> tuple[float, float]:
    """Return (jump, level just below) of an outcome where the running variable passes zero.

    A line on each side, with triangular weights (Hahn, Todd & Van der Klaauw 2001; Imbens & Lemieux 2008).
    What was there before the treatment may be controlled for, to gain precision; the level is at its mean.
    """
    weight = np.maximum(0.0, 1.0 - np.abs(running) / bandwidth)
    near = weight > 0.0
    x, above = running[near], (running[near] >= 0.0).astype(float)
    known = [control[near] - np.average(control[near], weights=weight[near]) for control in controls]
    level, jump, *_ = ols(outcome[near], above, x, x * above, *known, weight=weight[near])
    return float(jump), float(level)


def bunching(
    values: np.ndarray, threshold: float, width: float, reach: tuple[int, int], degree: int = 4
) -> float:
    """Return the excess mass of a distribution at a threshold, in bins of the mass that would be there.

    The mass that would be there is a polynomial fitted to the bins outside the excluded range (Chetty,
    Friedman, Olsen & Pistaferri 2011; Kleven & Waseem 2013).

    Parameters
    ----------
    width : float
        Width of a bin; the bin from `threshold` on holds those who bunch.
    reach : (int, int)
        Bins below and above the threshold that are left out of the fit; three times as many are looked at.
    """
    below, above = reach
    bins = np.arange(-3 * below, 3 * above)
    counts, _ = np.histogram(values, threshold + width * np.append(bins, bins[-1] + 1) - 1e-9)
    outside = (bins < -below) | (bins >= above)
    usual = np.polynomial.Polynomial.fit(bins[outside], counts[outside], degree)
    at = (bins >= 0) & (bins < above)
    return float((counts[at] - usual(bins[at])).sum() / usual(0.0))


def matched(
    covariates: np.ndarray, cell: np.ndarray, treated: np.ndarray, outcomes: np.ndarray
) -> np.ndarray:
    """Return treated units' mean outcomes less those of their nearest untreated neighbours (float64[K]).

    Neighbours are of the same cell (exact match) and nearest in standardised covariates. Treated units
    of a cell without others are left out.

    Parameters
    ----------
    covariates : float64[N, J]
    cell : int[N]
    treated : bool[N]
    outcomes : float64[N, K]
    """
    spread = covariates.std(axis=0)
    points = covariates / np.where(spread > 0.0, spread, 1.0)
    gaps = []
    for value in np.unique(cell[treated]):
        mine = np.flatnonzero(treated & (cell == value))
        others = np.flatnonzero(~treated & (cell == value))
        if others.size:
            _, nearest = cKDTree(points[others]).query(points[mine])
            gaps.append(outcomes[mine] - outcomes[others[nearest]])
    return np.asarray(np.concatenate(gaps).mean(axis=0))


def poisson_regression(counts: np.ndarray, design: np.ndarray, rounds: int = 60) -> np.ndarray:
    """Return coefficients of a log-linear model of counts (pseudo-maximum likelihood: Santos Silva 2006)."""
    beta = np.linalg.lstsq(design, np.log(counts + 0.5), rcond=None)[0]
    for _ in range(rounds):
        mean = np.exp(np.clip(design @ beta, -30.0, 30.0))
        root = np.sqrt(mean)
        step = np.linalg.lstsq(design * root[:, None], (counts - mean) / root, rcond=None)[0]
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(beta)


def gravity(links: np.ndarray, apart: np.ndarray, together: np.ndarray) -> np.ndarray:
    """Return the elasticity of links between places to distance, and the log effect of being together.

    Effects of both places hold their sizes fixed (Anderson & van Wincoop 2003).

    Parameters
    ----------
    links, apart : float64[C, C]
        Symmetric; links of a place with itself are not looked at.
    together : bool[C, C]
    """
    first, second = np.triu_indices(links.shape[0], 1)
    sizes = np.zeros((first.size, links.shape[0]))
    for ends in (first, second):
        sizes[np.arange(first.size), ends] = 1.0
    pairs = np.log(apart[first, second]), together[first, second].astype(float)
    return poisson_regression(links[first, second], np.column_stack((*pairs, sizes)))[:2]


def two_way(rows: np.ndarray, columns: np.ndarray, *regressors: np.ndarray) -> np.ndarray:
    """Return a design of effects of rows and columns with regressors in front (float64[N, J])."""
    first = (rows[:, None] == np.unique(rows)[None, :]).astype(float)
    second = (columns[:, None] == np.unique(columns)[None, 1:]).astype(float)
    return np.column_stack((*regressors, first, second))


def winsorised(values: np.ndarray, share: float = 0.01) -> np.ndarray:
    """Return values with both tails drawn in to the quantiles at `share`."""
    low, high = np.quantile(values, [share, 1.0 - share])
    return np.clip(values, low, high)
