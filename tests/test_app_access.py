"""Every page in both languages: reached by keyboard, named for screen readers, legible, and in one language.

The checks are those of the Web Content Accessibility Guidelines (AA) that a program can make by itself.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import visiting
from serving import CHROMIUM, PHONE, SECONDS

from dashboard.i18n import LANGUAGES
from dashboard.shell import PAGES

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=1_000 * SECONDS)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

PATHS = [page.path.strip("/") for page in PAGES]
AS_PUBLISHED = {"sources", "confidence"}
"""Pages with citations and names of parameters, which stay in the language they have."""

_HELP = """
const controls = [...document.querySelectorAll(
  "button, a[href], input:not([type=hidden]):not([hidden]), select, textarea, summary, [role=button]")]
  .filter((one) => one.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true }) && !one.disabled)
const about = (one) => one.outerHTML.slice(0, 120)
"""

NAMELESS = f"""() => {{ {_HELP}
  const named = (one) => one.getAttribute("aria-label") || one.title || one.textContent.trim() ||
    (one.labels && [...one.labels].some((label) => label.textContent.trim())) ||
    document.getElementById(one.getAttribute("aria-labelledby") || "-")
  const drawn = [...document.querySelectorAll("svg[role=img]")].filter(
    (one) => !one.getAttribute("aria-label") && !one.querySelector("title"))
  const tables = [...document.querySelectorAll("table")].filter((one) => !one.getAttribute("aria-label"))
  return [...controls.filter((one) => !named(one)), ...drawn, ...tables].map(about)
}}"""

UNREACHABLE = f"""() => {{ {_HELP}
  return controls.filter((one) => one.tabIndex !== 0).map(about)
}}"""

# Text whose colour differs too little from what is behind it: 4.5 to 1, or 3 to 1 where it is large.
FAINT = """() => {
  const parse = (text) => (text.match(/[0-9.]+/g) || []).map(Number)
  const light = ([red, green, blue]) => [red, green, blue].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0)
  const over = (top, under, share) =>
    top.slice(0, 3).map((part, place) => part * share + under[place] * (1 - share))
  const behind = (one) => {
    if (!one) return [255, 255, 255]
    const own = parse(getComputedStyle(one).backgroundColor), share = own.length > 3 ? own[3] : 1
    return share === 1 && own.length ? own : over(own, behind(one.parentElement), share)
  }
  const clear = (one) => one ? Number(getComputedStyle(one).opacity) * clear(one.parentElement) : 1
  const found = []
  const walk = document.createTreeWalker(document.querySelector(".yw-app"), NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement, words = walk.currentNode.textContent.trim()
    if (!words || one.closest("title, option, :disabled, script, style")) continue
    if (!one.checkVisibility({ checkVisibilityCSS: true })) continue
    const style = getComputedStyle(one), inDrawing = one.closest("svg")
    const ground = behind(inDrawing ? inDrawing.parentElement : one)
    const ink = parse(inDrawing ? style.fill : style.color)
    const shown = over(ink, ground, (ink.length > 3 ? ink[3] : 1) * clear(one))
    const [high, low] = [light(shown), light(ground)].sort((a, b) => b - a)
    const size = parseFloat(style.fontSize)
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
    const contrast = (high + 0.05) / (low + 0.05)
    const kind = one.className.baseVal ?? one.className
    if (contrast < (isLarge ? 3 : 4.5)) found.push(`${contrast.toFixed(2)} ${one.tagName}.${kind}: ${words}`)
  }
  return [...new Set(found)]
}"""


def _opened(visit: Any, path: str, language: str) -> Any:
    page = visit(path, language=language)
    page.locator(".yw-main > *").first.wait_for()
    expect(page.locator(".yw-progress.busy, .yw-main .yw-note.busy, .yw-main .yw-empty")).to_have_count(0)
    return page


@pytest.fixture(
    scope="module",
    params=[(path, language) for path in PATHS for language in LANGUAGES],
    ids=lambda both: f"{both[0] or 'board'}-{both[1]}",
)
def visited(request: Any, browser: Any, address: str) -> Iterator[tuple[Any, str, str]]:
    """A page that all checks look at, with its path and its language."""
    path, language = request.param
    with visiting(browser, address) as opened:
        yield _opened(opened, path, language), path, language


def test_a_page_is_named_reached_and_legible(visited):
    page, path, language = visited
    assert page.evaluate("document.documentElement.lang").startswith(language)
    assert page.evaluate("document.title")
    assert page.locator("h1").count() == 1
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(UNREACHABLE) == []
    assert page.evaluate(FAINT) == []
    if path not in AS_PUBLISHED:
        assert _foreign(page.locator(".yw-main").inner_text(), language) == []


def test_a_page_fits_a_phone(visited):
    page, _, _ = visited
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def _foreign(text: str, language: str) -> list[str]:
    """Return Chinese in an English text, or phrases of three English words in a Chinese one."""
    pattern = r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}" if language == "zh" else "[\u4e00-\u9fff]+"
    return re.findall(pattern, text)


def test_the_checks_find_what_is_wrong(visit):
    page = _opened(visit, "cost", "en")
    page.evaluate("document.querySelector('h1').style.color = '#999'")
    page.evaluate("document.querySelector('.yw-main button').textContent = ''")
    page.evaluate("document.querySelectorAll('.yw-main button')[1].tabIndex = -1")
    assert len(page.evaluate(FAINT)) == 1
    assert len(page.evaluate(NAMELESS)) == 1
    assert len(page.evaluate(UNREACHABLE)) == 1
    assert _foreign("See the full plan: 全面实施", "en") == ["全面实施"]
    assert _foreign("见 the full plan", "zh") == ["the full plan"]


def test_the_tab_key_walks_through_the_laboratory(visit):
    page = _opened(visit, "lab", "en")
    focused = "(document.activeElement.textContent || '').trim().slice(0, 20)"
    label = "(document.activeElement.getAttribute('aria-label') || '')"
    seen = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(f"{focused} + '|' + {label}"))
    for name in ("Targets|", "中文|", "Share|", "|Start from", "Report (PDF)|"):
        assert any(one.endswith(name) for one in seen), f"{name} is not reached"
    assert any("Neutral" in one for one in seen), "the marks of the levers are not reached"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
