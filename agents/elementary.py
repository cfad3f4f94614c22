"""Exponential and logarithm, of additions, multiplications and one division.

The compiler works on several firms at once only where it sees all of a rule, which a mathematical library
hides from it. Both functions are within two units in the last place of the true value, and give the same bits
with and without registers for several numbers. The method is the usual one (Muller 2016, Elementary
Functions): split off a power of two, and take a series of what is left.
"""

import math

import numpy as np

from agents.compiling import rule

_LOWEST, _HIGHEST = -708.0, 709.0
"""Beyond, e to the power is no normal double any more."""
_TO_WHOLE = 1.5 * 2.0**52
"""A number of this size has no binary places left, so that adding it rounds to a whole number."""
_EXPONENT = 52
_ROOT_OF_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
_PER_LN2 = 1.0 / math.log(2.0)
_LN2 = float.fromhex("0x1.62e42fefa0000p-1")
"""The first 40 binary places of the logarithm of two: products with whole numbers are exact."""
_LN2_REST = float.fromhex("0x1.cf79abc9e3b39p-40")
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13 = (
    1.0 / math.factorial(n) for n in range(2, 14)
)
_L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8, _L9, _L10 = (2.0 / (2.0 * n + 1.0) for n in range(1, 11))


@rule
def exp(x: float) -> float:
    """Return e to the power of `x`; below -708 and above 709, as at the bound."""
    x = min(max(x, _LOWEST), _HIGHEST)
    shifted = np.float64(x * _PER_LN2 + _TO_WHOLE)
    whole = shifted - _TO_WHOLE
    r = (x - whole * _LN2) - whole * _LN2_REST
    r2 = r * r
    r4 = r2 * r2
    low = (_E2 + r * _E3) + r2 * (_E4 + r * _E5)
    middle = (_E6 + r * _E7) + r2 * (_E8 + r * _E9)
    high = (_E10 + r * _E11) + r2 * (_E12 + r * _E13)
    power = np.float64(1.0 + (r + r2 * (low + r4 * (middle + r4 * high))))
    # The last binary places of `shifted` are those of the whole number: add it to the exponent.
    return float(np.int64(power.view(np.int64) + (shifted.view(np.int64) << _EXPONENT)).view(np.float64))


@rule
def log(x: float) -> float:
    """Return the natural logarithm of a normal positive `x`."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - _ROOT_OF_HALF) >> _EXPONENT
    f = np.int64(bits - (exponent << _EXPONENT)).view(np.float64) - 1.0  # root of 1/2 to root of 2
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    series = (_L1 + z * _L2) + z2 * (_L3 + z * _L4)
    series += z4 * ((_L5 + z * _L6) + z2 * (_L7 + z * _L8) + z4 * (_L9 + z * _L10))
    half = 0.5 * f * f
    whole = float(exponent)
    return whole * _LN2 - ((half - (s * (half + z * series) + whole * _LN2_REST)) - f)
