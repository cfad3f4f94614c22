"""What a visitor sees before the app has started: the board of the shipped results, from the page itself."""

import re
from html import escape

import pytest
from serving import CHROMIUM, LIVE, SECONDS

from dashboard import first_paint, state
from dashboard.first_paint import painted_at_once
from dashboard.i18n import LANGUAGES, Texts
from dashboard.shell import PAGES, STYLE
from dashboard.views import target_name
from simulation.indicators import TARGETS

TITLES = {page.path: page.title for page in PAGES}


def painted(path: str, root: str = "", titles: dict[str, str] = TITLES) -> str:
    """Return the HTML that is sent along with a page."""
    made = painted_at_once(lambda path, root_path, ssg_data: ssg_data, titles, STYLE)
    return str(made(path, root)["html"])


def test_the_board_comes_with_the_page_in_both_languages() -> None:
    html = painted("/")
    for language in LANGUAGES:
        t = Texts(language)
        for target in TARGETS:
            assert f'<th scope="row">{escape(target_name(target, t))} ' in html
    assert html.count("<tr class=") == len(LANGUAGES)
    assert html.count("yw-svg") >= len(LANGUAGES) * (len(TARGETS) + 1)


def test_other_pages_show_their_frame_and_where_they_are() -> None:
    html = painted("/lab", root="/base")
    assert "<table" not in html
    assert re.findall(r'<a href="/base/(\w*)"><span class="here"', html) == ["lab"] * len(LANGUAGES)
    assert html.count("<a href=") == len(LANGUAGES) * len(PAGES)


def test_what_is_written_into_the_page_is_no_markup() -> None:
    assert "&lt;b&gt;" in painted("/lab", titles={"/lab": "<b>"})
    assert "<b>x" not in painted("/lab", titles={"/lab": "<b>x"})


def test_without_shipped_results_there_is_the_frame_alone(monkeypatch) -> None:
    monkeypatch.setattr(state, "shipped_results", dict)
    html = painted("/")
    assert "<table" not in html
    assert "yw-bar" in html


def test_a_page_that_is_not_there_or_cannot_be_painted_goes_on_without(monkeypatch) -> None:
    made = painted_at_once(lambda path, root_path, ssg_data: ssg_data, TITLES, STYLE)
    assert made("/no-such-page") is None
    monkeypatch.setattr(first_paint, "looks", lambda *_: 1 / 0)
    assert made("/") is None
    assert made("/lab") is not None


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.parametrize(("language", "name"), [("en", "High-tech enterprises"), ("zh", "高新技术企业")])
def test_it_needs_no_script_of_the_app_and_gives_way_to_it(browser, address, language, name) -> None:
    context = browser.new_context(locale={"en": "en-GB", "zh": "zh-CN"}[language])
    context.set_default_timeout(1_000 * SECONDS)
    page = context.new_page()
    page.route(re.compile("solara-vuetify-app|require"), lambda route: route.abort())
    page.goto(address, wait_until="commit")
    shown = page.locator(".yw-first")
    shown.locator(".yw-table.board th", has_text=name).first.wait_for()
    assert shown.count() == 1
    assert shown.get_attribute("lang") == language
    page.unroute(re.compile("solara-vuetify-app|require"))
    page.goto(address)
    page.locator(LIVE).wait_for()
    assert shown.count() == 0
    context.close()
