"""Quantile functions: what a uniform draw means as a normal number or as a count."""

import math

from agents.compiling import rule


@rule
def normal_quantile(u: float) -> float:
    """Return the standard normal quantile (Acklam 2003; relative error below 1.2e-9)."""
    if u < 0.02425 or u > 1.0 - 0.02425:
        tail = min(u, 1.0 - u)
        q = math.sqrt(-2.0 * math.log(tail))
        x = (
            (
                (
                    ((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
                    - 2.549732539343734
                )
                * q
                + 4.374664141464968
            )
            * q
            + 2.938163982698783
        ) / (
            (
                ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
                + 3.754408661907416
            )
            * q
            + 1.0
        )
        return x if u < 0.5 else -x
    q = u - 0.5
    r = q * q
    numerator = (
        (
            (
                ((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02) * r
                + 1.383577518672690e02
            )
            * r
            - 3.066479806614716e01
        )
        * r
        + 2.506628277459239
    ) * q
    denominator = (
        (
            ((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
            + 6.680131188771972e01
        )
        * r
        - 1.328068155288572e01
    ) * r + 1.0
    return numerator / denominator


@rule
def poisson(rate: float, u: float) -> int:
    """Return the Poisson count of mean `rate` at quantile `u`: it never falls when the rate rises.

    Inversion up to a mean of 30, beyond it the normal quantile with a half-integer correction.
    """
    if rate <= 0.0:
        return 0
    if rate > 30.0:
        return max(0, math.floor(rate + math.sqrt(rate) * normal_quantile(u) + 0.5))
    term = math.exp(-rate)
    total = term
    count = 0
    while u > total and count < 200:
        count += 1
        term *= rate / count
        total += term
    return count


@rule
def binomial(n: int, share: float, u: float) -> int:
    """Return the binomial count of `n` trials at quantile `u` (normal beyond a variance of 30)."""
    if n <= 0 or share <= 0.0:
        return 0
    if share >= 1.0:
        return n
    spread = n * share * (1.0 - share)
    if spread > 30.0:
        count = math.floor(n * share + math.sqrt(spread) * normal_quantile(u) + 0.5)
        return min(n, max(0, count))
    term = (1.0 - share) ** n
    total = term
    count = 0
    while u > total and count < n:
        term *= (n - count) / (count + 1.0) * share / (1.0 - share)
        total += term
        count += 1
    return count
