"""Take the pictures of the app's pages anew: ``python docs/screenshots.py ADDRESS [NAME ...]``.

Pictures go to ``docs/screenshots``, each page in both languages at 1366 x 768 and the laboratory on a phone.
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.i18n import LANGUAGES
from dashboard.sharing import encode
from dashboard.shell import PAGES
from scenarios.scenario import load_scenario

FOLDER = Path(__file__).with_name("screenshots")
LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
PATIENCE = 600_000  # milliseconds, for all draws
COLOURS = 96


def take(browser: Browser, address: str, path: str, language: str, size: dict[str, int], name: str) -> None:
    """Open a page as a new visitor, wait until everything is simulated, and keep what is seen."""
    page = browser.new_page(viewport=size)
    code = encode(load_scenario("talent_inflow"))
    page.goto(f"{address}/{path}?lang={language}&s={code}")
    page.locator(".yw-bar").wait_for()
    page.wait_for_function(
        "!document.querySelector('.yw-progress.busy, .yw-note.warn, .yw-empty')", timeout=PATIENCE
    )
    page.wait_for_timeout(1500)
    _keep(page, FOLDER / f"{name}_{language}.png")
    page.close()


def _keep(page: Page, path: Path) -> None:
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def main(address: str, *wanted: str) -> None:
    """Take the pictures of the pages that are wanted, or all."""
    FOLDER.mkdir(exist_ok=True)
    chromium = shutil.which("chromium")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in LANGUAGES:
            for page in PAGES:
                name = page.path.strip("/") or "targets"
                if wanted and name not in wanted:
                    continue
                take(browser, address, page.path.strip("/"), language, LAPTOP, name)
            if not wanted or "phone" in wanted:
                take(browser, address, "lab", language, PHONE, "phone")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
