"""Warm-up before the benchmarks, and what their times mean after them."""

from collections.abc import Iterator
from typing import Any

import pytest
from measure import warm_up


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    warm_up()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print ns per firm-quarter, ms per quarter and the ratio to Mesa objects below the table of times."""
    session = getattr(config, "_benchmarksession", None)
    done = {bench.name: bench for bench in session.benchmarks if bench.stats.data} if session else {}
    lines = [f"{name}: {key} {value:.4g}" for name, bench in done.items() for key, value in _figures(bench)]
    medians = [done[name].stats.median for name in ("test_mesa_objects", "test_same_world") if name in done]
    if len(medians) == 2:
        lines.append(f"Mesa objects over records, same world: {medians[0] / medians[1]:.0f} times the time")
    for line in lines:
        terminalreporter.write_line(line)


def _figures(bench: Any) -> Iterator[tuple[str, float]]:
    for key, units in bench.extra_info.items():
        factor = 1e9 if key.startswith("ns") else 1e3
        yield key, factor * bench.stats.median / units
