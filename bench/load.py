"""Put a real server of the app under a workshop's load, and print how it bears it: ``python bench/load.py``.

Visitors speak with the server as pages do, but without a browser: thirty of them would take far more of this
machine than the server that is measured. What a browser adds is measured with one.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from playwright.async_api import Page, async_playwright
from visitors import Guest, Visitor, together, wish

from dashboard.drafting import BASELINE, set_lever
from dashboard.i18n import Texts
from dashboard.sharing import encode
from dashboard.views import difference_words
from scenarios.comparison import plan_comparison
from scenarios.scenario import Scenario, load_scenario
from simulation.indicators import TARGETS

# What starts a server lives with the tests.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from serving import APP, CHROMIUM, LAPTOP, Server, serving

MIB = 2**20
PROGRESS = "document.querySelector('.yw-progress').textContent"


class Watched:
    """What a server takes of the machine."""

    def __init__(self, server: Server) -> None:
        self.link, self.process = server.address, psutil.Process(server.pid)

    def wait(self) -> None:
        """Wait until the workers have loaded the model."""
        seen = -1.0
        while seen != (seen := self.seconds()[1]):
            time.sleep(3.0)

    def memory(self) -> float:
        """Return the server's memory without its workers', MiB."""
        return float(self.process.memory_info().rss) / MIB

    def seconds(self) -> tuple[float, float]:
        """Return processor seconds of the server and of its workers."""
        return _used([self.process]), _used(self.process.children(recursive=True))


def _used(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            total += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


class Cores:
    """Processor seconds since this was made: they hold no waiting for other work on the machine."""

    def __init__(self, server: Watched) -> None:
        self._server = server
        self._then = self._now()

    def _now(self) -> tuple[float, float, float]:
        mine = psutil.Process()
        own = {self._server.process, *self._server.process.children(recursive=True)}
        others = [one for one in mine.children(recursive=True) if one not in own]
        return (*self._server.seconds(), _used([mine, *others]))

    def __str__(self) -> str:
        used = [now - then for now, then in zip(self._now(), self._then, strict=True)]
        return "processor: server {:.1f} s, workers {:.1f} s, visitors {:.1f} s".format(*used)


def row(what: str, result: str) -> None:
    """Print a row of the table."""
    print(f"| {what} | {result} |", flush=True)


def waits(values: Sequence[float]) -> str:
    """Return the median, the 90 % quantile and the extremes of waiting times."""
    ordered = sorted(values)
    nine = ordered[min(len(ordered) - 1, round(0.9 * len(ordered)))]
    return (
        f"median {statistics.median(ordered):.2f} s, 90 % within {nine:.2f} s, "
        f"from {ordered[0]:.2f} to {ordered[-1]:.2f} s"
    )


async def in_a_browser(server: Watched) -> None:
    """Open the first page in a real browser, alone; then move a lever and wait for its first numbers."""
    async with async_playwright() as tool:
        browser = await tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(viewport=LAPTOP)
        context.set_default_timeout(600_000)
        for what in ("first visit", "next visit"):
            page = await context.new_page()
            cores, start = Cores(server), time.perf_counter()
            await page.goto(f"{server.link}/?lang=en", wait_until="commit")
            await page.locator(".yw-table.board td.strong").first.wait_for()
            painted = time.perf_counter() - start
            await page.locator(f"{APP} .yw-table.board td.strong").first.wait_for()
            row(
                f"Chromium, {what}: target board on the screen; the app answers",
                f"{painted:.2f} s; {time.perf_counter() - start:.2f} s; {cores}",
            )
        found = [await first_numbers(page, value) for value in (20_000, 10_000, 5_000, 15_000, 2_000, 8_000)]
        row("Chromium: a lever is moved, until its first numbers", waits(found))
        await browser.close()


async def first_numbers(page: Page, value: int) -> float:
    """Move a lever in the laboratory and return the seconds until its first draw is shown."""
    if not page.url.endswith("/lab"):
        await page.get_by_role("link", name="Laboratory").click()
    lever = page.locator("[data-lever=talent_inflow] input[type=number]")
    await lever.first.wait_for(state="attached")
    if not await lever.is_visible():
        chapter = page.locator(".chapter", has=page.locator("[data-lever=talent_inflow]"))
        await chapter.locator("> summary").click()
    await lever.fill(str(value))
    await page.wait_for_function(f"() => /^[0-9]+ draws/.test({PROGRESS})")  # nothing else is under way
    start = time.perf_counter()
    await lever.press("Enter")
    await page.wait_for_function(f"() => /first draw/.test({PROGRESS})", polling=20)
    await page.wait_for_function(f"() => /^[0-9]+ (of|draws)/.test({PROGRESS})", polling=20)
    return time.perf_counter() - start


async def laboratory(server: Watched, asked: argparse.Namespace) -> list[Visitor]:
    """Let visitors come, move levers at the same time and wait for all draws."""
    alone = Visitor(asked.visitors, server.link)
    row("first numbers of the target board, a lone visitor", f"{await alone.see_board():.2f} s")
    await alone.leave()
    before, cores = server.memory(), Cores(server)
    row("memory of the server before the visitors", f"{before:.0f} MiB")
    boards = [Visitor(number, server.link) for number in range(asked.visitors)]
    painted = await together(boards, lambda one: one.see_board(), asked.apart)
    row(f"first numbers, {len(boards)} visitors {asked.apart:g} s apart", f"{waits(painted)}; {cores}")
    await together(boards, lambda one: one.leave())
    visitors = [Visitor(number, server.link) for number in range(asked.visitors)]
    await together(visitors, lambda one: one.open("/lab"), asked.apart)
    await together(visitors, lambda one: one.until(lambda: one.differences))
    for turn in range(asked.turns):
        cores = Cores(server)
        found = await together(visitors, lambda one, turn=turn: one.move(turn))
        row(f"turn {turn + 1}: all move a lever; taken in", waits([told for told, _ in found]))
        row(f"turn {turn + 1}: first numbers", f"{waits([first for _, first in found])}; {cores}")
        await asyncio.sleep(asked.think)
    start, cores = time.perf_counter(), Cores(server)
    await together(visitors, lambda one: one.finish(asked.seeds))
    row("from then to all draws of all visitors", f"{time.perf_counter() - start:.0f} s; {cores}")
    await asyncio.sleep(asked.settle)  # the parts of a page are drawn one after the other
    said = [one.differences for one in visitors]
    after = server.memory()
    each = (after - before) / len(visitors)
    row("memory of the server with the visitors", f"{after:.0f} MiB, {each:.1f} MiB a visitor")
    row("visitors with answers of their own", f"{len(set(map(tuple, said)))} of {len(visitors)}")
    checked = visitors[:: max(1, len(visitors) // asked.checked)] if asked.checked else []
    right = sum(said[one.number] == expected(one.number, asked) for one in checked)
    row("answers that a simulation of its own confirms", f"{right} of {len(checked)} looked at")
    return visitors


def scenario_of(number: int, turns: int) -> Scenario:
    """Return what a visitor has built."""
    scenario = load_scenario(BASELINE)
    for turn in range(turns):
        lever, value = wish(number, turn)
        scenario = set_lever(scenario, lever, value=value)
    return scenario


def expected(number: int, asked: argparse.Namespace) -> list[str]:
    """Return what a visitor's page must say, simulated without the app."""
    texts, mine = Texts("en"), scenario_of(number, asked.turns)
    plain = load_scenario(BASELINE)
    found = plan_comparison((plain, mine), range(1, asked.seeds + 1), asked.scale).run()
    rows = {(one.target.id, one.region): one.outcomes[mine.name].paired for one in found.rows}
    pairs = [(target, rows[target.id, target.regions[0]]) for target in TARGETS]
    return [difference_words(paired, target.indicator, texts) if paired else "" for target, paired in pairs]


async def workshop(server: Watched, asked: argparse.Namespace) -> list[Visitor]:
    """Let groups join a room, guess, see the reveal and submit scenarios."""
    host = Guest(asked.visitors, server.link)
    room = await host.open_room()
    groups = [Guest(number, server.link) for number in range(asked.visitors)]
    codes = [encode(scenario_of(number, 1)) for number in range(asked.visitors)]
    joined = await together(groups, lambda one: one.join(room, codes[one.number]), asked.apart)
    row(f"workshop: {len(groups)} groups join, {asked.apart:g} s apart", waits(joined))
    row("workshop: all guess at once", waits(await together(groups, lambda one: one.guess())))
    cores = Cores(server)
    await asyncio.sleep(10)
    row("workshop: ten seconds in which nobody does anything", str(cores))
    await host.stage("reveal")
    seen = await together([host, *groups], lambda one: one.sees("A score of 100"))
    row("workshop: the reveal reaches all screens", waits(seen))
    await host.stage("build")
    await together(groups, lambda one: one.sees("Build in the laboratory"))
    start = time.perf_counter()
    row("workshop: all submit at once", waits(await together(groups, lambda one: one.submit())))
    await host.until(lambda: not host.says("are being simulated") and host.says("guessed, scenarios: 1"))
    row("workshop: from the first submission to all ranked", f"{time.perf_counter() - start:.0f} s")
    return [host, *groups]


async def visit(server: Watched, asked: argparse.Namespace) -> None:
    """Run both parts, and see what is left when everybody has gone."""
    await in_a_browser(server)
    for part in (laboratory, workshop):
        visitors = await part(server, asked)
        mistakes = [one for visitor in visitors for one in visitor.errors]
        row(f"errors told to visitors ({part.__name__})", f"{len(mistakes)} {' '.join(mistakes[:1])}")
        await together(visitors, lambda one: one.leave())
        await asyncio.sleep(5)
        row("memory of the server after they left", f"{server.memory():.0f} MiB")


def main() -> None:
    """Read what is asked for, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--scale", type=float, default=1.0, help="share of firms that is simulated")
    parser.add_argument("--seeds", type=int, default=20, help="draws of each scenario")
    parser.add_argument("--turns", type=int, default=2, help="levers that each visitor moves")
    parser.add_argument("--think", type=float, default=5.0, help="seconds between two turns")
    parser.add_argument("--settle", type=float, default=10.0, help="seconds until the last page is drawn")
    parser.add_argument("--apart", type=float, default=1.0, help="seconds between two arrivals")
    parser.add_argument("--checked", type=int, default=3, help="visitors whose answers are simulated again")
    asked = parser.parse_args()
    row("cores, visitors", f"{os.cpu_count()}, {asked.visitors}")
    row("share of firms, draws", f"{asked.scale:g}, {asked.seeds}")
    with serving(asked.scale, asked.seeds) as server:
        watched = Watched(server)
        watched.wait()
        asyncio.run(visit(watched, asked))


if __name__ == "__main__":
    main()
