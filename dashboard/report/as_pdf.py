"""A report as PDF, with the glyphs that it uses embedded."""

import re
from functools import singledispatchmethod
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

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
from dashboard.report.fonts import face

_FAMILY = "report"
_MARGIN, _BODY, _SMALL = 18.0, 10.0, 8.0  # millimetres; points
_LEAST_OF_TABLE = 25.0  # millimetres that a caption needs under it
_BREAK = "\u200b"
_BETWEEN = re.compile(
    r"(?<=[\u2e80-\u9fff\uff00-\uffef、。])(?=[\u4e00-\u9fff(“])|(?<=[\u4e00-\u9fff、。,;:)])(?=[\w+−])"
)
_HEADINGS = {0: 20.0, 1: 14.0, 2: 11.5}


def pdf(report: Report) -> bytes:
    """Return the report as the bytes of a PDF file."""
    document = _Document(report)
    for block in report.blocks:
        document.put(block)
    return bytes(document.output())


def breakable(text: str) -> str:
    """Return a text that may be broken between Chinese characters, though not before a closing mark."""
    return _BETWEEN.sub(_BREAK, text)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)


class _Document(FPDF):
    def __init__(self, report: Report) -> None:
        super().__init__(format="A4")
        self._foot = report.foot
        with TemporaryDirectory(prefix="yongwen-") as folder:
            path = Path(folder) / "face.ttf"
            path.write_bytes(face(report.texts()))
            self.add_font(_FAMILY, fname=path)
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 4)
        self.set_title(report.title)
        self.set_lang({"zh": "zh-CN", "en": "en"}[report.language])
        self.set_creator("yongwen")
        self.set_draw_color(*_rgb(RULE))
        self.add_page()

    def footer(self) -> None:
        """Write the foot of a page: what made it, and the page's number."""
        self.set_y(-_MARGIN + 2)
        self._font(7.5, MUTED)
        self.cell(0, 4, self._foot, align="L", new_x=XPos.LMARGIN)
        self.cell(0, 4, str(self.page_no()), align="R")

    def _font(self, size: float, colour: str = INK) -> None:
        self.set_font(_FAMILY, size=size)
        self.set_text_color(*_rgb(colour))

    def _lines(self, text: str, size: float, colour: str = INK) -> None:
        self._font(size, colour)
        self.multi_cell(0, size * 0.56, breakable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    @singledispatchmethod
    def put(self, block: Block) -> None:
        """Write a block."""
        raise TypeError(type(block))

    @put.register
    def _(self, block: Heading) -> None:
        size = _HEADINGS[block.level]
        if self.will_page_break(size * 2.2):  # not alone at the foot of a page
            self.add_page()
        self.ln(0 if block.level == 0 else size * 0.35)
        self._lines(block.text, size, ACCENT)
        self.ln(1.5)

    @put.register
    def _(self, block: Paragraph) -> None:
        self._lines(block.text, _SMALL if block.muted else _BODY, MUTED if block.muted else INK)
        self.ln(1.5)

    @put.register
    def _(self, block: Bullets) -> None:
        for item in block.items:
            self._font(_BODY)
            self.cell(5, _BODY * 0.56, "•", new_x=XPos.RIGHT)
            self.multi_cell(0, _BODY * 0.56, breakable(item), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(0.8)
        self.ln(1)

    @put.register
    def _(self, block: Grid) -> None:
        if self.will_page_break(_LEAST_OF_TABLE):
            self.add_page()
        self._lines(block.caption, _BODY)
        self.ln(0.8)
        self._font(_SMALL)
        aligned = ["LEFT" if index < block.numeric else "RIGHT" for index in range(len(block.heads))]
        with self.table(
            col_widths=[share * self.epw for share in block.widths],
            text_align=aligned,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(fill_color=_rgb(HEAD), color=_rgb(INK), emphasis=""),
            line_height=_SMALL * 0.5,
            padding=0.8,
        ) as table:
            for cells in (block.heads, *block.rows):
                table.row([breakable(cell) for cell in cells])
        self.ln(3)

    @put.register
    def _(self, block: Picture) -> None:
        self.image(BytesIO(block.png), w=self.epw)
        self.ln(1)
        self._lines(block.caption, _SMALL, MUTED)
        self.ln(2)
