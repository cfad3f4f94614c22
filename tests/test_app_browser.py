"""The app as a visitor meets it: real pages in a real browser, which may talk to this machine only.

Chromium is looked for on the path, or where ``YONGWEN_CHROMIUM`` says; without one these tests are skipped.
"""

import re

import pytest
from serving import CHROMIUM, LIVE, PHONE, SECONDS

from dashboard.sharing import decode
from scenarios.levers import LEVERS
from simulation.indicators import TARGETS

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
Page = playwright.Page

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
PATIENCE = int(1_000 * SECONDS)
expect.set_options(timeout=PATIENCE)


def _settled(page: Page, language: str = "en") -> None:
    words = {"en": "6 draws", "zh": "6 次模拟"}[language]
    expect(page.locator(".yw-progress")).to_have_text(words, timeout=PATIENCE)


def _set(page: Page, lever: str, value: float) -> None:
    """Type a lever's value, opening its chapter first."""
    number = page.locator(f"[data-lever={lever}] input[type=number]")
    if not number.is_visible():
        page.locator(".chapter", has=page.locator(f"[data-lever={lever}]")).locator("> summary").click()
    number.fill(str(value))
    number.press("Enter")


def _name(page: Page, title: str) -> None:
    """Name the scenario, once the first change of a lever has given it the name of a draft."""
    field = page.locator(".yw-title")
    expect(field).to_have_value("My scenario")
    field.fill(title)
    field.press("Enter")


@pytest.mark.parametrize(("language", "heading"), [("en", "Targets of the policy"), ("zh", "年政策目标")])
def test_the_board_shows_every_target(visit, language, heading):
    page = visit(language=language)
    expect(page.locator("h1")).to_contain_text(heading)
    expect(page.locator(".yw-table tbody tr")).to_have_count(len(TARGETS))
    assert page.evaluate("document.documentElement.lang").startswith(language)
    before = page.locator(".yw-side h2").inner_text()
    page.locator(".yw-table tbody tr").nth(7).locator("button").click()
    expect(page.locator(".yw-side h2")).not_to_have_text(before)
    expect(page.locator(".yw-side svg.yw-svg").first).to_be_visible()


def test_a_lever_is_simulated_undone_and_redone(visit):
    page = visit("lab")
    expect(page.locator("[data-lever]")).to_have_count(len(LEVERS))
    _set(page, "talent_inflow", 20000)
    _settled(page)
    row = page.locator(".yw-table tbody tr", has_text="talent")
    expect(row.locator(".difference")).to_have_class("difference told")
    expect(page.locator(".yw-summary")).to_contain_text("Public money 2019 to 2022: +")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-lever=talent_inflow] input[type=number]")).to_have_value("0")
    expect(page.locator(".yw-summary")).to_contain_text("No lever is moved")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("[data-lever=talent_inflow] input[type=number]")).to_have_value("20000")


def test_conditions_are_kept_apart_from_levers(visit):
    page = visit("lab")
    _set(page, "guidance_fund", 20)
    conditions = page.locator(".yw-conditions")
    conditions.locator("summary").click()
    conditions.get_by_role("slider").fill("-2")
    expect(conditions.locator("output")).to_have_text("-2")
    expect(page.locator(".yw-legend")).to_contain_text("No new policy, same conditions")
    expect(page.locator(".yw-legend")).to_contain_text("My scenario")
    _settled(page)


def test_the_language_changes_and_the_draft_stays(visit):
    page = visit("lab")
    page.locator("[data-lever=angel_coinvestment] .mark.plan").click()
    number = page.locator("[data-lever=angel_coinvestment] input[type=number]")
    expect(number).to_have_value("5")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("[data-lever=angel_coinvestment] label").first).to_have_text("天使投资引导")
    expect(number).to_have_value("5")
    page.get_by_role("link", name="轨迹").click()
    expect(page.locator(".yw-legend")).to_contain_text("我的情景")


def _link_to(page: Page, title: str) -> str:
    """Return the link, once it leads to a scenario of this title."""
    for _ in range(PATIENCE // 250):
        link: str = page.get_by_label("Link", exact=True).input_value()
        scenario, _mistakes = decode(link.split("?s=")[1])
        if scenario and scenario.title.en == title:
            return link
        page.wait_for_timeout(250)
    pytest.fail("the link never led to the scenario")


def test_a_link_rebuilds_the_scenario_for_somebody_else(visit):
    page = visit("lab")
    page.locator("[data-lever=hangzhou_link] summary").first.click()
    page.locator("[data-lever=hangzhou_link] select").first.select_option("Ningbo")
    _set(page, "hangzhou_link", 0.35)
    _name(page, "Ningbo looks north <b>")
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".yw-title")).to_have_value("Ningbo looks north <b>")
    link = _link_to(page, "Ningbo looks north <b>")
    assert len(link) < 2000
    other = visit(link)
    expect(other.locator("[data-lever=hangzhou_link] input[type=number]")).to_have_value("0.35")
    expect(other.locator("[data-lever=hangzhou_link] select").first).to_have_value("Ningbo")
    expect(other.locator(".yw-title")).to_have_value("Ningbo looks north <b>")


def test_a_damaged_link_is_told(visit):
    page = visit("lab?s=eJyrVkrPz0_PSVWy")
    expect(page.get_by_role("alert")).to_contain_text("the link is damaged or was cut short")


def _file(text: str) -> dict[str, object]:
    return {"name": "mine.yaml", "mimeType": "text/yaml", "buffer": text.encode()}


HEAD = "name: mine\ntitle: {en: Mine, zh: 我的}\ndescription: {en: A test, zh: 测试}\nlevers:\n"


def test_bad_files_are_refused_with_every_mistake_and_its_line(visit):
    page = visit("lab")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(_file(HEAD + "  talent_inflo: 5\n  guidance_fund: 999\n"))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("line 5: unknown lever 'talent_inflo', did you mean talent_inflow?")
    expect(alert).to_contain_text("line 6: guidance_fund = 999 is outside 0 to 200")
    chooser.set_input_files(_file("a: &x [1]\nb: *x\n"))
    expect(alert).to_contain_text("aliases")
    chooser.set_input_files(_file("x" * 200_000))
    expect(alert).to_contain_text("larger than 100 kB")
    chooser.set_input_files(_file(HEAD + "  talent_inflow: 500\n"))
    expect(page.locator("[data-lever=talent_inflow] input[type=number]")).to_have_value("500")
    expect(alert).to_have_count(0)
    expect(page.locator(".yw-title")).to_have_value("Mine")


def test_files_that_are_downloaded_can_be_opened_again(visit, tmp_path):
    page = visit("lab")
    _set(page, "guidance_fund", 12)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    path = tmp_path / "scenario.yaml"
    waiting.value.save_as(path)
    assert "guidance_fund: 12" in path.read_text(encoding="utf-8")
    other = visit("lab")
    other.locator("input[type=file]").set_input_files(path)
    expect(other.locator("[data-lever=guidance_fund] input[type=number]")).to_have_value("12")
    board = visit("")
    with board.expect_download() as waiting:
        board.get_by_role("button", name="CSV").click()
    waiting.value.save_as(tmp_path / "targets.csv")
    lines = (tmp_path / "targets.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 2 * len(TARGETS)
    with board.expect_download() as waiting:
        board.get_by_role("button", name="PNG").click()
    waiting.value.save_as(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("button", "start"),
    [("Excel", b"PK"), ("Parquet", b"PAR1"), ("Report (PDF)", b"%PDF"), ("Report (Word)", b"PK")],
)
def test_tables_and_reports_are_downloaded(visit, tmp_path, button, start):
    page = visit("")
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name=button).click()
    waiting.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes().startswith(start)


def test_what_is_saved_outlives_the_page(visit):
    page = visit("lab")
    _set(page, "guidance_fund", 33)
    _name(page, "Thirty-three")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Start from")).to_contain_text("Thirty-three")
    page.wait_for_function("localStorage.getItem('yongwen.scenarios')")
    page.reload()
    page.locator(LIVE).wait_for()
    page.get_by_label("Start from").select_option(label="Thirty-three")
    expect(page.locator("[data-lever=guidance_fund] input[type=number]")).to_have_value("33")


def test_scenarios_stand_side_by_side(visit):
    page = visit("compare")
    table = page.locator(".yw-table.compare")
    expect(table.locator("thead th")).to_have_count(4, timeout=PATIENCE)
    expect(table.locator("tbody tr")).to_have_count(len(TARGETS) + 1)
    page.get_by_role("button", name="Add a scenario").click()
    expect(table.locator("thead th")).to_have_count(5, timeout=PATIENCE)
    expect(table.locator("tbody tr").last).to_contain_text("Public money")


def test_sources_can_be_searched(visit):
    page = visit("sources")
    expect(page.locator(".yw-table tbody tr")).to_have_count(50)
    page.get_by_role("searchbox").fill("no such thing at all")
    expect(page.locator(".yw-table tbody")).to_contain_text("Nothing found.")
    page.get_by_role("button", name="Parameters").click()
    page.get_by_role("searchbox").fill("opportunity_memory")
    expect(page.locator(".yw-table tbody tr")).to_have_count(1)


def test_two_visitors_do_not_meet(visit):
    one, two = visit("lab"), visit("lab")
    _set(one, "guidance_fund", 44)
    expect(one.locator("[data-lever=guidance_fund] input[type=number]")).to_have_value("44")
    two.wait_for_timeout(500)
    expect(two.locator("[data-lever=guidance_fund] input[type=number]")).to_have_value("0")


def test_levers_obey_the_keyboard(visit):
    page = visit("lab")
    slider = page.get_by_label("Angel co-investment", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    expect(page.locator("[data-lever=angel_coinvestment]")).to_have_class("lever moved")


def test_a_difference_is_split_into_its_parts(visit):
    page = visit("why")
    parts = page.locator(".yw-waterfall li.part")
    expect(page.locator(".yw-sentence")).to_contain_text("Full plan changes this by")
    expect(parts.nth(4)).to_be_visible()
    page.get_by_role("link", name="Laboratory").click()
    _set(page, "talent_inflow", 20000)
    page.get_by_role("link", name="Why", exact=True).click()
    page.get_by_role("button", name="Levers").click()
    page.get_by_label("Target").select_option(label="High-level talent brought in")
    expect(parts).to_have_count(1)
    expect(parts).to_contain_text("Talent programmes")
    expect(page.locator(".yw-waterfall li.end").last).to_contain_text("My scenario")
    page.get_by_role("button", name="8 seeds").click()
    expect(page.locator(".yw-main")).to_contain_text("8 seeds, 0.3% of firms")


def test_a_search_goes_on_beside_the_pages_stops_and_hands_over_a_mix(visit, tmp_path):
    page = visit("search")
    page.get_by_label("Probability that all targets are met").fill("0.5")
    page.get_by_label("Probability that all targets are met").evaluate("one => one.form.noValidate = true")
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_role("alert")).to_contain_text("from 1 to 100")
    page.get_by_label("Probability that all targets are met").fill("70")
    page.get_by_text("Levers that may be moved").click()
    page.get_by_role("button", name="None").first.click()
    page.locator(".yw-search .article", has_text="Article 21:").locator("input").check()
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("runs", timeout=2 * PATIENCE)
    page.get_by_role("link", name="Cost").click()
    expect(page.locator("h1")).to_have_text("Cost")
    page.get_by_role("link", name="What would it take").click()
    expect(page.locator(".yw-table.mixes tbody tr").first).to_be_visible(timeout=5 * PATIENCE)
    page.get_by_role("button", name="Start anew").click()
    expect(page.locator(".yw-empty")).to_contain_text("The front appears")  # the older table is gone
    expect(page.locator(".yw-table.mixes tbody tr").first).to_be_visible(timeout=5 * PATIENCE)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("what was found is not checked")
    first = page.locator(".yw-table.mixes").get_by_role("button", name="A", exact=True)
    chosen = page.locator(".yw-table.mixes tr.chosen th")
    for _ in range(60):  # the table has just come: its first click may find nobody to hear it
        first.click()
        page.wait_for_timeout(500)
        if chosen.text_content() == "A":
            break
    expect(chosen).to_have_text("A")
    mark = page.locator("[data-pick]").last
    mark.dispatch_event("click")  # marks may overlap
    expect(chosen).to_have_text(mark.get_attribute("data-pick"))
    first.click()
    expect(chosen).to_have_text("A")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    waiting.value.save_as(tmp_path / "mix.yaml")
    assert "name: mix_" in (tmp_path / "mix.yaml").read_text(encoding="utf-8")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Parquet").click()
    waiting.value.save_as(tmp_path / "search.parquet")
    assert (tmp_path / "search.parquet").read_bytes().startswith(b"PAR1")
    page.get_by_role("button", name="Save as scenario").click()
    expect(page.get_by_role("button", name="Saved")).to_be_visible()
    page.get_by_role("button", name="Open in the laboratory").click()
    expect(page.locator(".yw-title")).to_have_value(re.compile("^Mix A, not checked"))
    expect(page.get_by_label("Start from")).to_contain_text("Mix A")


def test_the_map_plays_and_shows_whom_a_city_is_linked_with(visit):
    page = visit("map")
    expect(page.locator(".yw-map .city")).to_have_count(12)
    expect(page.locator(".yw-map output")).to_have_text("2022")
    _settled(page)
    page.get_by_role("button", name="Ningbo", exact=True).click()
    expect(page.locator(".yw-map .partners li").first).to_contain_text("Ningbo")
    page.get_by_label("Flow").select_option(label="Flow: Venture money")
    expect(page.locator(".yw-map .key")).to_contain_text("Venture money")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".yw-map output")).to_have_text("2017")
    page.get_by_label("Year").fill("0")
    expect(page.locator(".yw-map output")).to_have_text("2015")
    page.get_by_role("button", name="Change by policy").click()
    expect(page.locator(".yw-map .key")).to_contain_text("change by policy")


def test_an_agent_can_be_looked_at(visit):
    page = visit("firms")
    expect(page.locator(".yw-thirds svg")).to_have_count(3)
    firm = page.get_by_label("Firm", exact=True)
    firm.select_option(index=4)
    expect(page.locator(".yw-life tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Network").click()
    expect(page.locator(".yw-network tbody tr").first).to_be_visible()
    page.get_by_label("Centrality", exact=True).select_option(label="Eigenvector centrality")
    page.locator(".yw-network tbody button").first.click()
    expect(page.locator(".yw-network .partners li").first).to_be_visible()


def test_a_workshop_of_three_groups(visit):
    """Predict, reveal, build and rank; no group sees another's guess early or has the host's desk."""
    host = visit("workshop")
    host.get_by_label("Title of the workshop").fill("Spring <i>meeting</i>")
    host.get_by_role("button", name="Open").click()
    expect(host.get_by_role("button", name="2 Reveal")).to_be_visible()
    link = host.locator(".yw-link").inner_text()
    expect(host.locator(".yw-qr svg")).to_be_visible()
    phones = []
    for place, name in enumerate(("East", "West", "North")):
        phone = visit(link, size=PHONE)
        phone.get_by_label("Name of your group").fill(name)
        phone.get_by_role("button", name="Join").click()
        phone.locator(".yw-numbers input").last.fill(str(2.6 + 0.4 * place))
        phone.locator(".yw-numbers input").last.press("Enter")
        phone.get_by_role("button", name="Send the guess").click()
        expect(phone.get_by_text("Your guess has arrived")).to_be_visible()
        expect(phone.get_by_role("button", name="2 Reveal")).to_have_count(0)
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        phones.append(phone)
    expect(host.locator(".yw-groups li")).to_have_count(3)
    expect(host.locator("h1")).to_have_text("Spring <i>meeting</i>")
    host.get_by_role("button", name="2 Reveal").click()
    for page in (host, *phones):
        expect(page.locator(".yw-table tbody tr")).to_have_count(3)
        expect(page.locator(".yw-table tbody")).to_contain_text("North")
    host.get_by_role("button", name="3 Build and compare").click()
    for phone, value in zip(phones[:2], (5, 40), strict=True):
        phone.get_by_role("button", name="Build in the laboratory").click()
        _set(phone, "guidance_fund", value)
        phone.get_by_role("link", name="Workshop").click()
        phone.get_by_role("button", name="Submit “My scenario”").click()
        expect(phone.locator(".yw-groups li")).to_have_count(1)
    expect(host.locator(".yw-table tbody tr")).to_have_count(2)
    expect(phones[2].locator(".yw-table tbody tr")).to_have_count(2)
    host.reload()
    expect(host.get_by_role("button", name="3 Build and compare")).to_have_attribute("aria-pressed", "true")
    host.get_by_role("button", name="Close the room").click()
    host.get_by_role("button", name="Delete").click()
    for page in (host, *phones):
        expect(page.get_by_text("There is no room of this code")).to_be_visible()


def test_noise_can_be_lowered_and_extrapolation_is_told(visit):
    page = visit("lab")
    _set(page, "guidance_fund", 200)
    expect(page.locator(".yw-outcomes .warn")).to_contain_text("Beyond what the model was tested with")
    _settled(page)
    page.get_by_role("button", name="Simulate 12 draws").click()
    expect(page.locator(".yw-progress")).to_have_text("12 draws")


def test_evidence_is_shown_as_it_is(visit):
    page = visit("confidence")
    expect(page.locator("tbody tr").first).to_contain_text("%")
    page.get_by_role("button", name="Published effects").click()
    expect(page.locator(".studies li").first).to_be_visible()
    page.get_by_role("button", name="What the data say").click()
    expect(page.locator(".yw-card")).to_contain_text(
        re.compile("No posterior ships|unknowns the data of 2015")
    )
    page.get_by_role("button", name="Forecasts against observations").click()
    expect(page.locator(".yw-card")).to_contain_text(
        re.compile("No frozen forecasts|observations after 2018")
    )
