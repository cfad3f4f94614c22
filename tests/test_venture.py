"""What a venture yuan and a public yuan bring, as `calibration.venture` measures it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from calibration.venture import SUMS, leverage, venture_yuan


class Here:
    """Stands in for a pool of processes."""

    def map(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]:
        return map(function, jobs)


def test_a_venture_yuan_brings_some_rd_and_fewer_inventions_than_a_yuan_of_rd() -> None:
    rd, patents = venture_yuan(Here(), seeds=(1, 2, 3), scale=0.05)  # type: ignore[arg-type]
    assert 0.08 < rd.mean() < 0.3  # a fifth to a half of early rounds, less what competitors lose
    assert 0.04 < patents.mean() < 0.3


def test_a_public_yuan_brings_more_private_money_where_there_is_little() -> None:
    depth, private = leverage(Here(), seeds=(1,), scale=0.01)[:, 0]  # type: ignore[arg-type]
    thin, deep = depth.argmin(), depth.argmax()
    assert private[thin] > private[deep]
    assert 0.0 < private[thin] < 1.6
    assert len(SUMS) == 6
