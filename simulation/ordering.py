"""The order of many numbers, the same on every machine."""

import numpy as np


def ascending(keys: np.ndarray) -> np.ndarray:
    """Return the rows of `keys` from the lowest up; equal ones stay in the order that they have (int64[N]).

    The quickest sort orders equal keys by chance, another on another processor. Keys are draws as a rule and
    all different, so that a stable sort is seldom needed.
    """
    order = np.argsort(keys)
    ranked = keys[order]
    return order if (ranked[1:] > ranked[:-1]).all() else np.argsort(keys, kind="stable")
