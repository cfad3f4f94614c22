"""Reports: what stands in them, in both languages, and what their files hold."""

import zipfile
from datetime import date
from io import BytesIO
from uuid import UUID

import numpy as np
import pypdfium2
import pytest
from docx import Document
from fontTools.ttLib import TTFont

from dashboard.drafting import set_growth
from dashboard.i18n import LANGUAGES, Texts
from dashboard.report import fonts
from dashboard.report.as_docx import docx
from dashboard.report.as_pdf import breakable, pdf
from dashboard.report.blocks import Grid, Heading
from dashboard.report.content import Subject, compose
from scenarios.comparison import Comparison
from scenarios.scenario import load_scenario
from simulation import cli
from simulation.indicators import TARGETS

DAY = date(2019, 1, 2)
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def subject(made_up) -> Subject:
    both = Comparison((made_up(8), made_up(8, "full_plan")))
    return Subject(load_scenario("full_plan"), load_scenario("baseline"), both.ensembles[::-1], both)


@each_language
def test_a_report_has_every_target_lever_and_assumption(subject, language):
    t = Texts(language)
    report = compose(subject, t, DAY)
    grids = [block for block in report.blocks if isinstance(block, Grid)]
    assert len(grids[0].rows) == len(TARGETS)
    words = " ".join(report.texts())
    scenario = subject.scenario
    for name in scenario.levers:
        assert t.lever(name) in words
    for assumption in scenario.assumptions:
        assert t(assumption) in words
    assert "2019-01-02" in words
    for grid in grids:
        assert sum(grid.widths) == pytest.approx(1.0)
        assert {len(row) for row in grid.rows} <= {len(grid.heads)}


def test_a_chinese_report_has_chinese_headings(subject):
    headings = [
        block.text for block in compose(subject, Texts("zh"), DAY).blocks if isinstance(block, Heading)
    ]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in heading) for heading in headings)


def test_outside_conditions_are_told_apart_from_policy(made_up):
    slow = set_growth(load_scenario("baseline"), -1.5)
    report = compose(Subject(slow, slow, (made_up(8),), None), Texts("en"), DAY)
    words = list(report.texts())
    assert "Outside conditions (assumptions, not policy)" in words
    assert "What the policy changes" not in words


@each_language
def test_a_pdf_holds_its_text_and_its_face(subject, language):
    report = compose(subject, Texts(language), DAY)
    content = pdf(report)
    pages = pypdfium2.PdfDocument(content)
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    assert report.title in text.replace("\u200b", "")
    assert b"/FontFile2" in content
    picture = pages[0].render(scale=1).to_numpy()
    assert (picture < 128).any()


@each_language
def test_a_docx_holds_its_text_and_its_face(subject, language):
    report = compose(subject, Texts(language), DAY)
    content = docx(report)
    written = Document(BytesIO(content))
    assert written.paragraphs[0].text == report.title
    assert len(written.tables) == sum(isinstance(block, Grid) for block in report.blocks)
    with zipfile.ZipFile(BytesIO(content)) as file:
        table = file.read("word/fontTable.xml").decode()
        mixed = file.read("word/fonts/font1.odttf")
    key = UUID(table.split('fontKey="{')[1].split("}")[0]).bytes[::-1]
    head = np.frombuffer(mixed[:32], np.uint8) ^ np.frombuffer(key * 2, np.uint8)
    font = TTFont(BytesIO(head.tobytes() + mixed[32:]))
    assert set(map(ord, "".join(report.texts()))) <= set(font.getBestCmap()) | {0x20}


def test_the_face_is_small_and_has_the_outlines_that_files_can_embed():
    content = fonts.face(["甬温"])
    font = TTFont(BytesIO(content))
    assert "glyf" in font
    assert {ord("甬"), ord("温"), 0x200B} <= set(font.getBestCmap())
    assert len(content) < 200_000


def test_lines_break_between_chinese_characters_and_not_before_marks():
    assert breakable("甬温。两市") == "甬\u200b温。\u200b两\u200b市"
    assert breakable("Ningbo (2018)") == "Ningbo (2018)"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "report.txt"], "a report is a .pdf or a .docx file"),
        (["--out", "r.pdf", "--language", "fr"], "unknown language 'fr'"),
        (["--out", "there.pdf"], "exists; --force replaces it"),
        (["--out", "r.pdf", "--scale", "9"], "scale"),
    ],
)
def test_wrong_input_is_told(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.pdf").write_text("kept")
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "baseline", *words])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there.pdf"]


def test_the_command_writes_a_report(tmp_path):
    out = tmp_path / "new" / "report.pdf"
    words = ["--scale", "0.003", "--seeds", "5", "--processes", "1", "--quiet"]
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "talent_inflow", "--out", str(out), "--language", "en", *words])
    assert ended.value.code == 0
    text = pypdfium2.PdfDocument(out)[0].get_textpage().get_text_range()
    assert "Policy scenario: Talent inflow" in text
