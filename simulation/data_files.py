"""Reading data files: each cell is checked as it is read, and a damaged one is refused in one clear line."""

import csv
import io
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

PROVENANCES = ("cited", "computed", "unverified", "assumption")
"""What a value rests on, best first."""
CONFIDENCES = ("high", "medium", "low")


class DataError(ValueError):
    """A data file is missing or damaged; the message says where, what was found and what is allowed."""


@dataclass(frozen=True)
class Row:
    """One line of a file."""

    file: str
    line: int
    cells: Mapping[str, str]

    def error(self, column: str, found: str, allowed: str) -> DataError:
        """Return the error for a cell."""
        return DataError(
            f"{self.file}, line {self.line}, column {column}: found {found!r}; allowed: {allowed}"
        )

    def text(self, column: str, empty: bool = False) -> str:
        """Return a text, which may be empty only where that is said."""
        value = self.cells[column].strip()
        if not value and not empty:
            raise self.error(column, value, "a text that is not empty")
        return value

    def number(self, column: str, low: float = 0.0, high: float = math.inf) -> float:
        """Return a finite number within bounds."""
        cell = self.cells[column]
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and low <= value <= high):
            bounds = (f" of at least {low:g}" if low > -math.inf else "") + (
                f" and at most {high:g}" if high < math.inf else ""
            )
            raise self.error(column, cell, f"a number{bounds}")
        return value

    def year(self, column: str, first: int, last: int) -> int:
        """Return a year within bounds."""
        cell = self.cells[column]
        if not (cell.isdecimal() and first <= int(cell) <= last):
            raise self.error(column, cell, f"a year from {first} to {last}")
        return int(cell)

    def flag(self, column: str) -> bool:
        """Return a cell of 0 or 1 as a truth value."""
        return self.one_of(column, ("0", "1")) == "1"

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        """Return a text out of a list."""
        value = self.cells[column].strip()
        if value not in allowed:
            raise self.error(column, value, ", ".join(allowed) or "nothing")
        return value

    def basis(self) -> tuple[str, str]:
        """Return provenance and confidence."""
        return self.one_of("provenance", PROVENANCES), self.one_of("confidence", CONFIDENCES)


def read_rows(folder: Path, name: str, columns: str, key: str = "") -> Iterator[Row]:
    """Yield the rows of a file.

    Parameters
    ----------
    folder : Path
    name : str
    columns : str
        The header that the file must have, separated by spaces.
    key : str
        Columns in which no two rows may agree.
    """
    reader = csv.reader(io.StringIO(_text(folder, name), newline=""), strict=True)
    wanted, identity = columns.split(), key.split()
    seen: dict[tuple[str, ...], int] = {}
    try:
        header = next(reader, [])
        if header != wanted:
            raise DataError(
                f"{name}, line 1: found columns {','.join(header)!r}; allowed: {','.join(wanted)!r}"
            )
        for cells in reader:
            if len(cells) != len(wanted):
                raise DataError(
                    f"{name}, line {reader.line_num}: found {len(cells)} cells; allowed: {len(wanted)}"
                )
            row = Row(name, reader.line_num, dict(zip(wanted, cells, strict=True)))
            first = seen.setdefault(tuple(row.cells[c] for c in identity), row.line)
            if identity and first != row.line:
                found = " / ".join(row.cells[c] for c in identity)
                raise row.error(identity[0], found, f"a key that is not yet in line {first}")
            yield row
    except csv.Error as error:
        raise DataError(
            f"{name}, line {reader.line_num}: found {error}; allowed: comma-separated values"
        ) from error


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(
            f"{name}: found no such file in {folder}; allowed: a folder with all data files"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: found a file that cannot be read ({error}); allowed: UTF-8 text") from error


def complete(name: str, found: Collection[tuple[str, ...]], *parts: Collection[str]) -> None:
    """Refuse a file that lacks a row for any combination of `parts`."""
    for key in product(*parts):
        if key not in found:
            raise DataError(f"{name}: found no row for {' / '.join(key)}; allowed: one row for each")
