"""What a venture yuan and a public yuan bring, as `calibration.venture` measures it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from calibration.venture import leverage, venture_yuan
from simulation.geography import load_geography

CITIES = load_geography().cities


class Here:
    """Stands in for a pool of processes."""

    def map(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]:
        return map(function, jobs)


def test_a_venture_yuan_brings_some_rd_and_fewer_inventions_than_a_yuan_of_rd() -> None:
    rd, patents = venture_yuan(Here(), seeds=(1, 2, 3), scale=0.05)  # type: ignore[arg-type]
    assert 0.08 < rd.mean() < 0.3  # a fifth to a half of early rounds, less what competitors lose
    assert 0.04 < patents.mean() < 0.3


def test_leverage_lies_within_the_evidence_and_turns_to_displacement_in_deep_markets() -> None:
    """0.9 private yuan a public yuan, 0 to 1.2; as much of GDP as the plan offers, in every city."""
    depth, private = leverage(Here(), seeds=(1, 2, 3, 4), scale=0.2)  # type: ignore[arg-type]
    ningbo, wenzhou, shanghai, hangzhou = (
        private[:, CITIES.index(city)] for city in ("Ningbo", "Wenzhou", "Shanghai", "Hangzhou")
    )
    assert 0.0 < ningbo.mean() < 1.2
    assert 0.0 < wenzhou.mean() < 1.2
    at_home = (ningbo + wenzhou) / 2.0
    for deep in (shanghai, hangzhou):
        assert deep.mean() < 0.0
        assert (at_home - deep).mean() > 3.0 * (at_home - deep).std(ddof=1) / len(deep) ** 0.5
    thin = depth.mean(axis=0) < 1.0
    assert private[:, thin].mean() > 0.3 > private[:, ~thin].mean()
