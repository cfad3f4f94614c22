"""Draws by name: the counter-based streams of the fast model, asked one at a time."""

import numpy as np

from simulation.randomness import Purpose, mix, normal_quantile, stream, uniform

_NUMBER = {purpose.name: int(purpose) for purpose in Purpose}


class Draws:
    """The draws of one entity in one quarter; asking twice for one purpose gives the same number."""

    def __init__(self, seed: int, identity: int, quarter: int) -> None:
        self._key = np.uint64(stream(seed, np.uint64(identity), quarter))

    def uniform(self, purpose: str) -> float:
        """Return the uniform draw for a purpose."""
        return float(uniform(self._key, _NUMBER[purpose]))

    def normal(self, purpose: str) -> float:
        """Return the standard normal draw for a purpose."""
        return float(normal_quantile(self.uniform(purpose)))

    def shock(self, purpose: str) -> float:
        """Return an evenly spread shock of mean zero and variance one for a purpose."""
        return 12.0**0.5 * (self.uniform(purpose) - 0.5)


def pair_identity(a: int, b: int) -> int:
    """Return the identity of a pair, whoever is named first."""
    low, high = min(a, b), max(a, b)
    return int(mix(np.uint64(low))) ^ high
