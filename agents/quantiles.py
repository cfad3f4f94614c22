"""Quantile functions: what a uniform draw means as a normal number or as a count."""

import math
from typing import Any

from agents.compiling import rule, stage
from agents.elementary import exp, log

_NEGLIGIBLE = 1e-17
"""Chance below which further counts are not looked at: sums in double precision do not see it."""
_LARGE_MEAN = 500.0
"""Mean of a Poisson count from which on it is nearly normal."""
FEW = 15
"""Trials up to which counts can be looked up."""
_NEVER = 2.0
"""Above any draw."""


@rule
def normal_quantile(u: float) -> float:
    """Return the standard normal quantile (Acklam 2003; relative error below 1.2e-9)."""
    if u < 0.02425 or u > 1.0 - 0.02425:
        q = math.sqrt(-2.0 * log(min(u, 1.0 - u)))
        top = -7.784894002430293e-03 * q - 3.223964580411365e-01
        top = ((top * q - 2.400758277161838) * q - 2.549732539343734) * q
        top = (top + 4.374664141464968) * q + 2.938163982698783
        bottom = (7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996
        bottom = (bottom * q + 3.754408661907416) * q + 1.0
        return top / bottom if u < 0.5 else -top / bottom
    q = u - 0.5
    r = q * q
    top = (-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02
    top = ((top * r + 1.383577518672690e02) * r - 3.066479806614716e01) * r + 2.506628277459239
    bottom = (-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02
    bottom = ((bottom * r + 6.680131188771972e01) * r - 1.328068155288572e01) * r + 1.0
    return top * q / bottom


@rule
def unit_shock(u: float) -> float:
    """Return an evenly spread shock of mean zero and variance one.

    For shocks that are summed over quarters, where the sum is close to normal and the shape of one is of no
    consequence: a fifth of the time of `normal_quantile`.
    """
    return math.sqrt(12.0) * (u - 0.5)


@rule
def poisson(rate: float, u: float) -> int:
    """Return the Poisson count of mean `rate` at quantile `u`.

    Exact up to a mean of 500: the count never falls when the rate rises. Beyond, the Cornish-Fisher
    expansion, which is off by one at most.
    """
    if rate <= 0.0 or u <= 1.0 - rate:  # the chance of none is at least 1 - rate
        return 0
    return poisson_beyond(rate, exp(-rate), u)


@rule
def poisson_beyond(rate: float, none: float, u: float) -> int:
    """Return the Poisson count where the chance of none, exp(-rate), is at hand."""
    if rate > _LARGE_MEAN:
        z = normal_quantile(u)
        return max(0, math.floor(rate + math.sqrt(rate) * z + (z * z - 1.0) / 6.0 + 0.5))
    term = none
    total = term
    count = 0
    while u > total and (count < rate or term > _NEGLIGIBLE):
        count += 1
        term *= rate / count
        total += term
    return count


@rule
def _power(base: float, exponent: int) -> float:
    """Return a power with a whole exponent, by squaring."""
    result = 1.0
    while exponent > 0:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


@rule
def binomial(n: int, share: float, u: float) -> int:
    """Return the binomial count of `n` trials at quantile `u` (normal beyond a variance of 30)."""
    if n <= 0 or share <= 0.0 or u <= 1.0 - n * share:  # the chance of none is at least 1 - n share
        return 0
    if share >= 1.0 or n == 1:  # of one trial it is known by now that it succeeds
        return n
    spread = n * share * (1.0 - share)
    if spread > 30.0:
        count = math.floor(n * share + math.sqrt(spread) * normal_quantile(u) + 0.5)
        return min(n, max(0, count))
    # Count the rarer outcome: the chance of none of the commoner one can be too small a number.
    rare = min(share, 1.0 - share)
    v = u if share <= 0.5 else 1.0 - u
    term = _power(1.0 - rare, n)
    odds = rare / (1.0 - rare)
    total = term
    count = 0
    while v > total and count < n and (count < n * rare or term > _NEGLIGIBLE):
        term *= odds * (n - count) / (count + 1.0)
        total += term
        count += 1
    return count if share <= 0.5 else n - count


@stage
def list_steps(share: float, steps: Any) -> None:
    """Write at which quantiles the count of few trials takes its steps (float64[FEW + 1, FEW + 1]).

    A row is for so many trials. It counts the rarer outcome, as `binomial` does, by the same arithmetic.
    """
    rare = min(share, 1.0 - share)
    odds = rare / (1.0 - rare)
    for n in range(FEW + 1):
        term = _power(1.0 - rare, n)
        total = term
        for count in range(FEW + 1):
            ends = count >= n or (count >= n * rare and term <= _NEGLIGIBLE)
            steps[n, count] = _NEVER if ends else total
            term *= odds * (n - count) / (count + 1.0)
            total += term


@rule
def look_up(n: int, share: float, u: float, steps: Any) -> int:
    """Return the same count as `binomial`, for few trials from a list (`list_steps`), without a division."""
    if n > FEW or n < 0:
        return binomial(n, share, u)
    v = u if share <= 0.5 else 1.0 - u
    # One after the other the comparisons would often be guessed wrong; three settle most counts.
    count = (v > steps[n, 0]) + (v > steps[n, 1]) + (v > steps[n, 2])
    if count == 3:
        while v > steps[n, count]:
            count += 1
    return count if share <= 0.5 else n - count
