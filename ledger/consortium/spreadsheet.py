"""Rows of a CSV or XLSX file as they stand, one at a time, each with its line: a row is read or named, never lost.

In CSV every line of the file is one row, so a quotation mark that is never closed spoils its own line only. In XLSX
formulas are not evaluated and their remembered values not believed: a cell that holds one is refused by its reader.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.consortium.values import Cell

__all__ = ["Formula", "Line", "csv_lines", "xlsx_lines"]

MAX_ROWS = 1_048_576  # what a worksheet can hold
MAX_LINE = 64 * 1024  # characters of a line of CSV
MAX_COLUMNS = 256
MAX_UNPACKED = 1024 * 1024 * 1024  # bytes of a workbook taken apart
MAX_RATIO = 200  # a worksheet packs to a tenth or a twentieth; far beyond is a bomb

# What openpyxl and the XML and zip readers beneath it raise over damaged or hostile files.
BROKEN_WORKBOOK = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Formula:
    """Stands for a cell that holds a formula instead of a value."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row as it stands. ``error`` says why it could not be taken apart; blank rows have no cells at all."""

    number: int
    cells: tuple[Cell | Formula, ...] = ()
    error: str = ""


def _unusable(path: Path, reason: str) -> Malformed:
    return Malformed(
        "spreadsheet", f"{path.name} cannot be used: {reason}", next_step="Export the file again, then repeat."
    )


def csv_lines(path: Path, *, encoding: str, delimiter: str) -> Iterator[Line]:
    """Yield every line of a CSV file, its heading first; raises Malformed ``spreadsheet`` when it is no such text."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            number = 0
            while text := file.readline(MAX_LINE + 1):
                number += 1
                if len(text) > MAX_LINE:
                    raise _unusable(path, f"line {number} is longer than {MAX_LINE} characters")
                if number > MAX_ROWS:
                    raise _unusable(path, f"it has more than {MAX_ROWS} lines")
                yield _csv_line(number, text, delimiter)
    except UnicodeDecodeError:
        raise _unusable(path, f"it is not {encoding} text in line {_undecodable(path, encoding)}") from None
    except OSError as failure:
        raise _unusable(path, f"it cannot be read ({failure.strerror})") from None


def _undecodable(path: Path, encoding: str) -> int:
    """Return the first line that is no text of the encoding; decoded alone, as none of them ends a line otherwise."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(4 * MAX_LINE):  # a longer one cannot be read anyway
            number += 1
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                break
    return number


def _csv_line(number: int, text: str, delimiter: str) -> Line:
    if not text.strip(f" \t\r\n{delimiter}"):
        return Line(number=number)
    try:
        rows = list(csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True))
    except csv.Error as failure:
        return Line(number=number, error=f"it cannot be taken apart into columns ({failure})")
    cells = tuple(rows[0]) if rows else ()
    if len(cells) > MAX_COLUMNS:
        return Line(number=number, error=f"it has {len(cells)} columns; the limit is {MAX_COLUMNS}")
    return Line(number=number, cells=cells)


def xlsx_lines(path: Path, *, sheet: str | None) -> Iterator[Line]:
    """Yield every row of a worksheet (the first unless named), its heading first; raises Malformed ``spreadsheet``."""
    from openpyxl import load_workbook

    _refuse_bombs(path)
    try:
        with _quietly():
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except BROKEN_WORKBOOK as failure:
        raise _unusable(path, f"it is not an XLSX workbook ({failure})") from None
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise _unusable(path, f"it has no sheet {sheet!r}, only {', '.join(book.sheetnames)}")
        chosen: Any = book[sheet] if sheet is not None else book.worksheets[0]
        chosen.reset_dimensions()  # what the file says of its own size is not believed
        rows = chosen.iter_rows(max_col=MAX_COLUMNS, max_row=MAX_ROWS)
        number = 0
        while (row := _next(rows)) is not None:
            number += 1
            yield _xlsx_line(number, row)
    except BROKEN_WORKBOOK as failure:
        raise _unusable(path, f"its sheet is damaged ({failure})") from None
    finally:
        book.close()


def _next(rows: Iterator[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    with _quietly():
        return next(rows, None)


@contextmanager
def _quietly() -> Iterator[None]:
    """openpyxl warns of styles and extensions it drops; never held across a yield, since the filters are global."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")
        yield


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as failure:
        raise _unusable(path, f"it is not an XLSX workbook ({failure})") from None
    unpacked, size = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(size, 1024):
        raise _unusable(path, f"it unpacks to {unpacked} bytes, out of all proportion")


def _xlsx_line(number: int, row: tuple[Any, ...]) -> Line:
    cells: list[Cell | Formula] = []
    for cell in row:
        value = cell.value
        if cell.data_type == "f":
            value = Formula(str(getattr(value, "text", value)))
        cells.append(value)
    while cells and cells[-1] in (None, ""):
        cells.pop()
    return Line(number=number, cells=tuple(cells))
