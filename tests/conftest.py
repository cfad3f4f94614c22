"""What several test files share."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from pretence import Pretence
from serving import CHROMIUM, LAPTOP, LIVE, SECONDS, serving

from scenarios import ledger
from simulation import cli
from simulation.experiment import Ensemble, Experiment, plan
from simulation.indicators import INDICATORS, TARGETS
from simulation.runs import RunResult

os.environ.pop("COLUMNS", None)  # pytest-xdist may set it; tables are tested at their own widths
with suppress(ValueError):  # a thread that is not the main one
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores interrupts

YEARS = tuple(range(2015, 2023))
REGIONS = (*dict.fromkeys(region for target in TARGETS for region in target.regions), "YRD")


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Ensemble]:
    """Return a maker of ensembles whose numbers are made up, so that no model has to run."""

    def make(seeds: int = 5, scenario: str = "baseline", first_seed: int = 1, until: int = 2022) -> Ensemble:
        experiment = plan(scenario, range(first_seed, first_seed + seeds), until=until)
        return Ensemble(experiment, tuple(_results(experiment)), elapsed_s=1.5)

    return make


def _results(experiment: Experiment) -> list[RunResult]:
    years = tuple(year for year in YEARS if year <= experiment.until)
    results = []
    for name, spec in experiment.runs.items():
        draws = np.random.default_rng(spec.seed)
        values = np.cumsum(draws.uniform(1, 9, (len(years), len(INDICATORS), len(REGIONS))), axis=0)
        values[:, :, -1] = np.nan  # one region in which nothing is defined
        results.append(RunResult(spec, name, values, years, tuple(INDICATORS), REGIONS, 0.3))
    return results


@pytest.fixture
def yongwen(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str, str]]:
    """Return a function that runs the command line here and returns exit code, output and errors."""

    def run(*words: object) -> tuple[Any, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main([str(word) for word in words])
        streams = capsys.readouterr()
        return stop.value.code, streams.out, streams.err

    return run


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pretence]:
    """Return a function that puts a pretended model in place of the real one."""

    def put(**options: Any) -> Pretence:
        model = Pretence(**options)
        monkeypatch.setattr(ledger, "stream", model)
        return model

    return put


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """A small server of the app: one firm in three hundred, six draws."""
    with serving(0.003, 6, processes=1) as server:
        yield server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium that talks to nobody by itself."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open a page as a new visitor; at the end, no outside request and no error may have been seen."""
    with visiting(browser, address) as opened:
        yield opened


@contextmanager
def visiting(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open pages as new visitors; at the end, no outside request and no error may have been seen."""
    contexts, seen = [], []

    def opened(path: str = "", language: str = "en", size: dict[str, int] = LAPTOP) -> Any:
        context = browser.new_context(viewport=size, accept_downloads=True)
        contexts.append(context)
        context.set_default_timeout(1_000 * SECONDS)

        def filtered(route: Any) -> Any:
            if route.request.url.startswith((address, "data:", "blob:")):
                return route.continue_()
            seen.append(f"outside: {route.request.url}")
            return route.abort()

        context.route("**/*", filtered)
        page = context.new_page()
        page.on("console", lambda one: seen.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda error: seen.append(str(error)))
        link = path if path.startswith("http") else f"{address}/{path}"
        page.goto(f"{link}{'&' if '?' in link else '?'}lang={language}")
        page.locator(LIVE).wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert seen == []
