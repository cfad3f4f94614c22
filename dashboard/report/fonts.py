"""The Chinese face of reports: what a document needs of Noto Sans SC (OFL), with TrueType outlines.

PDF and DOCX embed TrueType outlines only, and the face has cubic ones; of its 30 000 glyphs a report needs
some hundreds. Both are done here with fontTools.
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

NAME = "Yongwen Sans SC"
FILE = Path(pylopdf_fonts_zh_cn.__file__).with_name("NotoSansSC-Regular.otf")
_ALWAYS = "".join(map(chr, range(32, 127))) + "·–—…−×±≥≤%~•"
_BREAK = "uni200B"
_ERROR = 0.5  # units of the em (1 000) by which an outline may differ


def face(texts: Iterable[str]) -> bytes:
    """Return a TrueType font with the characters of the texts.

    A character that the face lacks has no glyph in it and shows as an empty box.
    """
    return _face(frozenset().union(_ALWAYS, *map(set, texts)))


@cache
def _face(characters: frozenset[str]) -> bytes:
    with TTFont(FILE, lazy=True) as font:
        options = Options(
            layout_features=[], hinting=False, notdef_outline=True, drop_tables=["BASE", "VORG"]
        )
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[ord(character) for character in characters])
        subsetter.subset(font)
        order, glyphs = font.getGlyphOrder(), font.getGlyphSet()
        outlines = {}
        for name in order:
            pen = TTGlyphPen(None)
            glyphs[name].draw(Cu2QuPen(pen, _ERROR, reverse_direction=True))
            outlines[name] = pen.glyph()
        widths = {name: font["hmtx"][name][0] for name in order}
        # A place to break a line, which the face lacks.
        order, widths[_BREAK], outlines[_BREAK] = [*order, _BREAK], 0, TTGlyphPen(None).glyph()
        builder = FontBuilder(font["head"].unitsPerEm, isTTF=True)
        builder.setupGlyphOrder(order)
        builder.setupCharacterMap({**font.getBestCmap(), 0x200B: _BREAK})
        builder.setupGlyf(outlines)
        builder.setupHorizontalMetrics(
            {name: (widths[name], getattr(outlines[name], "xMin", 0)) for name in order}
        )
        across = font["hhea"]
        builder.setupHorizontalHeader(ascent=across.ascent, descent=across.descent)
        builder.setupNameTable({"familyName": NAME, "styleName": "Regular"})
        builder.setupOS2(
            sTypoAscender=across.ascent,
            sTypoDescender=across.descent,
            usWinAscent=across.ascent,
            usWinDescent=-across.descent,
        )
        builder.setupPost()
        written = BytesIO()
        builder.save(written)
    return written.getvalue()
