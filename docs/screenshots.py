"""Take the pictures of the app anew: ``python docs/screenshots.py``, for all of them in both languages.

A server of its own is started. Pictures that documents show go to ``docs/screenshots``; with ``--out FOLDER``
every page is taken as a whole, at 1366 x 768 and on a phone, to be looked through. Names of pages, or
``workshop``, choose among them. A picture that could not be taken is told at the end.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from dashboard.i18n import LANGUAGES
from dashboard.sharing import encode
from dashboard.shell import PAGES
from scenarios.scenario import load_scenario

# What starts a server lives with the tests.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from serving import CHROMIUM, LIVE, serving

FOLDER = Path(__file__).with_name("screenshots")
LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
ON_A_PHONE = ("targets", "lab")
"""Pages whose picture on a phone is shown in documents."""
DRAFT, DRAFTS = "talent_inflow", {"why": "full_plan"}
"""The visitor's scenario; that of pages which say more of another."""
NAMED = "yongwen.example"
"""A name for the server in pictures of a room's link, known to this browser only."""
PATIENCE = 300_000  # milliseconds, for all draws
COLOURS = 160
BUSY = ".yw-progress.busy, .yw-note.busy, .yw-note.older, .yw-empty"
TITLES = {"zh": "甬温创新研讨", "en": "Ningbo and Wenzhou"}
GROUPS = {
    "zh": (("东组", "full_plan", 3.1), ("西组", "talent_inflow", 2.7), ("北组", "guidance_funds", 3.4)),
    "en": (("East", "full_plan", 3.1), ("West", "talent_inflow", 2.7), ("North", "guidance_funds", 3.4)),
}
"""Name, scenario and guess for the last year of the groups of a workshop."""


@dataclass
class Camera:
    """Takes pictures of pages in one browser, and remembers what went wrong."""

    browser: Browser
    address: str
    folder: Path
    whole: bool
    mistakes: list[str] = field(default_factory=list)
    _known: dict[str, BrowserContext] = field(default_factory=dict)

    def visitor(self, language: str, size: dict[str, int]) -> BrowserContext:
        """Return a browser profile that keeps the app's scripts from page to page."""
        key = f"{language} {size}"
        if key not in self._known:
            self._known[key] = self.browser.new_context(viewport=size, locale=language)
        return self._known[key]

    def page(self, path: str, language: str, size: dict[str, int], alone: bool = False) -> Page:
        """Open a page, as a visitor who is `alone` in a browser if one's keys of a room must be its own."""
        context = self.browser.new_context(viewport=size) if alone else self.visitor(language, size)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("crash", lambda _: self.mistakes.append(f"{path}: the page crashed"))
        page.on("console", lambda one: self.mistakes.append(one.text) if one.type == "error" else None)
        page.goto(f"{self.address}/{path}{'&' if '?' in path else '?'}lang={language}")
        page.locator(LIVE).wait_for()
        return page

    def keep(self, page: Page, name: str) -> None:
        """Wait until all draws are there, and keep what is seen."""
        start = time.monotonic()
        while page.locator(BUSY).count() and 1000 * (time.monotonic() - start) < PATIENCE:
            page.wait_for_timeout(250)
        page.wait_for_timeout(1_000)
        picture = Image.open(BytesIO(page.screenshot(full_page=self.whole))).convert("RGB")
        reduced = picture.quantize(COLOURS, dither=Image.Dither.NONE)
        reduced.save(self.folder / f"{name}.png", optimize=True)
        print(name, flush=True)

    def try_to(self, name: str, shoot: Callable[[], None]) -> None:
        """Take a picture; a second time if it fails."""
        for is_last in (False, True):
            try:
                return shoot()
            except Error as error:
                if is_last:
                    self.mistakes.append(f"{name}: {str(error).splitlines()[0]}")
        return None


def one_page(camera: Camera, path: str, language: str, size: dict[str, int], name: str) -> None:
    """Take a page with a scenario of one lever."""
    scenario = load_scenario(DRAFTS.get(path, DRAFT))
    page = camera.page(f"{path}?s={encode(scenario)}", language, size)
    if path == "search":
        page.locator(".yw-search button[type=submit]").click()
        page.locator(".yw-finding").wait_for()
    camera.keep(page, name)
    page.close()


def workshop(camera: Camera, language: str) -> None:
    """Play a workshop of three groups; take the room's screen and a group's phone at each stage."""
    host = camera.page("workshop", language, LAPTOP, alone=True)
    forms = host.locator(".yw-form")
    camera.keep(host, f"workshop_{language}")
    forms.first.locator("input").fill(TITLES[language])
    forms.first.locator("button").click()
    room = host.locator(".yw-link").inner_text().split("?")[1]
    phones = [
        _joined(camera, f"workshop?{room}&s={encode(load_scenario(scenario))}", language, name, guess)
        for name, scenario, guess in GROUPS[language]
    ]
    host.locator(".yw-groups li").nth(len(phones) - 1).wait_for()
    camera.keep(host, f"workshop_guess_{language}")
    camera.keep(phones[-1], f"workshop_guess_phone_{language}")
    stages = host.locator(".yw-choice button")
    stages.nth(1).click()
    for page in (host, phones[0]):
        page.locator(".yw-table tbody tr").nth(len(phones) - 1).wait_for()
    camera.keep(host, f"workshop_reveal_{language}")
    camera.keep(phones[0], f"workshop_reveal_phone_{language}")
    stages.nth(2).click()
    for phone in phones:
        phone.locator(".yw-row .v-btn").last.click()
        phone.locator(".yw-groups li").first.wait_for()
    host.locator(".yw-table tbody tr").nth(len(phones) - 1).wait_for()
    camera.keep(host, f"workshop_build_{language}")
    phones[0].locator(".yw-table tbody tr").nth(len(phones) - 1).wait_for()
    camera.keep(phones[0], f"workshop_build_phone_{language}")
    for page in (host, *phones):
        page.context.close()


def _joined(camera: Camera, path: str, language: str, name: str, guess: float) -> Page:
    """Return a phone whose group has joined a room and sent a guess."""
    phone = camera.page(path, language, PHONE, alone=True)
    phone.locator(".yw-form input").fill(name)
    phone.locator(".yw-form button").click()
    numbers = phone.locator(".yw-numbers input")
    for place in range(4):
        numbers.nth(place).fill(f"{2.4 + (guess - 2.4) * (place + 1) / 4:.2f}")
        numbers.nth(place).press("Enter")
    phone.locator(".yw-sketch button").click()
    phone.locator(".yw-note").last.wait_for()
    return phone


def shots(camera: Camera, wanted: Iterable[str]) -> dict[str, Callable[[], None]]:
    """Return how to take each picture that is wanted, or all."""
    found: dict[str, Callable[[], None]] = {}
    for language in LANGUAGES:
        for page in PAGES:
            path = page.path.strip("/")
            name = path or "targets"
            if wanted and name not in wanted:
                continue
            if name == "workshop":
                found[f"{name} {language}"] = partial(workshop, camera, language)
                continue
            sizes = {"": LAPTOP} | ({"_phone": PHONE} if camera.whole or name in ON_A_PHONE else {})
            for ending, size in sizes.items():
                full = f"{name}{ending}_{language}"
                found[full] = partial(one_page, camera, path, language, size, full)
    return found


def main() -> int:
    """Take the pictures that are wanted; return 1 if something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="pages; all by default")
    parser.add_argument("--out", type=Path, help="a folder for every page as a whole, also on a phone")
    parser.add_argument("--scale", type=float, default=1.0, help="share of firms; results ship for all")
    asked = parser.parse_args()
    folder: Path = asked.out or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with serving(asked.scale) as server, sync_playwright() as tool:
        port = server.address.rsplit(":", 1)[1]
        words = ["--no-sandbox", f"--host-resolver-rules=MAP {NAMED}:8765 127.0.0.1:{port}"]
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=words)
        camera = Camera(browser, f"http://{NAMED}:8765", folder, asked.out is not None)
        for name, shoot in shots(camera, asked.names).items():
            camera.try_to(name, shoot)
        browser.close()
    for mistake in dict.fromkeys(camera.mistakes):
        print(f"went wrong: {mistake}", file=sys.stderr)
    return 1 if camera.mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
