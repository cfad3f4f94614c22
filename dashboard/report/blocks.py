"""What a report consists of; every writer knows these and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

INK, MUTED, RULE, HEAD, ACCENT = "1D2733", "66727F", "D5DBE1", "EEF3F7", "1D5F8A"
"""Colours of both forms, as hexadecimal RGB."""


@dataclass(frozen=True)
class Heading:
    """A heading of level 0 (the title) to 2."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text; a muted one is a note."""

    text: str
    muted: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    widths
        Of the columns, as shares of the page's width that sum to one.
    numeric
        The first column whose cells are numbers and stand to the right; those after it too.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numeric: int = 1


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, as wide as the page's text."""

    png: bytes
    caption: str


Block = Heading | Paragraph | Bullets | Grid | Picture


@dataclass(frozen=True)
class Report:
    """A report: its language, its title, its blocks, and the line at the foot of each page."""

    language: str
    title: str
    blocks: tuple[Block, ...]
    foot: str

    def texts(self) -> Iterable[str]:
        """Yield every text that stands in the report."""
        yield from (self.title, self.foot)
        for block in self.blocks:
            if isinstance(block, Heading | Paragraph):
                yield block.text
            elif isinstance(block, Bullets):
                yield from block.items
            elif isinstance(block, Grid):
                yield from (block.caption, *block.heads, *(cell for row in block.rows for cell in row))
            else:
                yield block.caption
