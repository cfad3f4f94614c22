"""A report as DOCX, with the glyphs that it uses embedded, for those who want to go on writing."""

from functools import singledispatchmethod
from io import BytesIO
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from docx import Document
from docx.document import Document as File
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph as DocxParagraph

from dashboard.report.blocks import (
    ACCENT,
    HEAD,
    INK,
    MUTED,
    RULE,
    Block,
    Bullets,
    Grid,
    Heading,
    Paragraph,
    Picture,
    Report,
)  # fmt: skip
from dashboard.report.fonts import NAME, face

_PAGE, _MARGIN = (Mm(210), Mm(297)), Mm(18)
_BODY, _SMALL = Pt(10), Pt(8)
_HEADINGS = {0: Pt(20), 1: Pt(14), 2: Pt(11.5)}
_FONT_TYPE = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
_FONT_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/font"


def docx(report: Report) -> bytes:
    """Return the report as the bytes of a DOCX file."""
    document = _Document(report)
    for block in report.blocks:
        document.put(block)
    written = BytesIO()
    document.file.save(written)
    return written.getvalue()


class _Document:
    def __init__(self, report: Report) -> None:
        self.file = Document()
        self._dress(report)
        _embed(self.file, face(report.texts()))

    def _dress(self, report: Report) -> None:
        """Set the page, the base style, the language and the foot."""
        file, section = self.file, self.file.sections[0]
        section.page_width, section.page_height = _PAGE
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = _MARGIN
        self._width = section.page_width - 2 * _MARGIN
        file.core_properties.title, file.core_properties.author = report.title, "yongwen"
        code = {"zh": "zh-CN", "en": "en-GB"}[report.language]
        file.core_properties.language = code
        base = file.styles["Normal"]
        base.font.size, base.font.color.rgb = _BODY, RGBColor.from_string(INK)
        base.paragraph_format.space_after = Pt(5)
        for level, size in _HEADINGS.items():
            style = file.styles["Title" if level == 0 else f"Heading {level}"]
            style.font.size, style.font.bold = size, False
            style.font.color.rgb = RGBColor.from_string(ACCENT)
            style.paragraph_format.space_before = Pt(0 if level == 0 else 10)
            _in_our_face(style.element.get_or_add_rPr(), code)
        border = file.styles["Title"].element.pPr.find(qn("w:pBdr"))
        if border is not None:
            file.styles["Title"].element.pPr.remove(border)
        _in_our_face(base.element.get_or_add_rPr(), code)
        foot = section.footer.paragraphs[0]
        _muted(foot, f"{report.foot}    ")
        number = foot.add_run()
        number.font.size, number.font.color.rgb = _SMALL, RGBColor.from_string(MUTED)
        number._r.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r/></w:fldSimple>'))

    @singledispatchmethod
    def put(self, block: Block) -> None:
        """Write a block."""
        raise TypeError(type(block))

    @put.register
    def _(self, block: Heading) -> None:
        self.file.add_heading(block.text, block.level)

    @put.register
    def _(self, block: Paragraph) -> None:
        if block.muted:
            _muted(self.file.add_paragraph(), block.text)
        else:
            self.file.add_paragraph(block.text)

    @put.register
    def _(self, block: Bullets) -> None:
        for item in block.items:
            self.file.add_paragraph(item, style="List Bullet")

    @put.register
    def _(self, block: Grid) -> None:
        caption = self.file.add_paragraph(block.caption)
        caption.paragraph_format.keep_with_next = True
        table = self.file.add_table(rows=0, cols=len(block.heads))
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        rules = "".join(
            f'<w:{edge} w:val="single" w:sz="4" w:color="{RULE}"/>' for edge in ("top", "bottom", "insideH")
        )
        table._tbl.tblPr.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{rules}</w:tblBorders>"))
        for place, cells in enumerate((block.heads, *block.rows)):
            row = table.add_row()
            for index, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
                cell.width = int(self._width * block.widths[index])
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.space_after = Pt(1)
                paragraph.add_run(text).font.size = _SMALL
                if index >= block.numeric:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                if place == 0:
                    shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="{HEAD}"/>')
                    cell._tc.get_or_add_tcPr().append(shade)
            if place == 0:  # repeated on every page that the table runs over
                row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self.file.add_paragraph().paragraph_format.space_after = Pt(2)

    @put.register
    def _(self, block: Picture) -> None:
        self.file.add_picture(BytesIO(block.png), width=self._width)
        _muted(self.file.add_paragraph(), block.caption)


def _muted(paragraph: DocxParagraph, text: str) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = _SMALL, RGBColor.from_string(MUTED)


def _in_our_face(properties: Any, code: str) -> None:
    """Set face and language of a style, for Latin and Chinese letters alike."""
    fonts = properties.get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), NAME)
    for language in properties.findall(qn("w:lang")):
        properties.remove(language)
    properties.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="{code}" w:eastAsia="zh-CN"/>'))


def _embed(file: File, font: bytes) -> None:
    """Put the font into the file, as ECMA-376 (part 4, 2.8.1) has it: its first 32 bytes mixed with a key."""
    key = uuid5(NAMESPACE_URL, NAME)
    mask = key.bytes[::-1] * 2
    mixed = bytes(a ^ b for a, b in zip(font[:32], mask, strict=True)) + font[32:]
    package = file.part.package
    part = Part(PackURI("/word/fonts/font1.odttf"), _FONT_TYPE, mixed, package)
    table = file.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    relation = table.relate_to(part, _FONT_RELATION)
    entry = (
        f'<w:font w:name="{NAME}"><w:charset w:val="86"/><w:family w:val="swiss"/><w:pitch w:val="variable"/>'
        f'<w:embedRegular r:id="{relation}" w:fontKey="{{{str(key).upper()}}}"/></w:font></w:fonts>'
    )
    table._blob = table.blob.replace(b"</w:fonts>", entry.encode())
    settings = file.settings.element
    settings.insert(0, OxmlElement("w:embedTrueTypeFonts"))
