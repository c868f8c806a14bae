"""Cells of a spreadsheet, read strictly: money to the fen, dates by stated formats, names that are safe to print.

Each function returns exactly one value or raises :class:`BadCell` with a cause a person understands.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BadCell", "Cell", "day", "fen", "flag", "half_up", "identifier", "name"]

Cell = str | int | float | bool | datetime | date | time | None

MAX_IDENTIFIER = 60  # a record's id has at most 120 characters, and ours put a prefix before it
MAX_NAME = 200
MAX_FEN = 10**14  # a trillion yuan, the most a record can say: more is a typing error, not a receivable
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
EXACT_FLOAT = 10**15  # a spreadsheet keeps 15 digits of a number; beyond them it has rounded
# A spreadsheet that opens our reports would run text that begins so.
RUNS = ("=", "+", "@", "-")


class BadCell(Exception):
    """A cell that cannot be read: ``code`` is its stable name, ``cause`` a sentence without the cell's place."""

    def __init__(self, code: str, cause: str) -> None:
        super().__init__(code, cause)
        self.code, self.cause = code, cause


def half_up(value: Decimal) -> int:
    """Return the nearest whole number, halves away from zero 四舍五入."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def shown(cell: Cell) -> str:
    """Return a cell for a message, cut short and on one line."""
    text = repr(cell)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise BadCell("not-text", f"{shown(cell)} is neither text nor a number")
    if isinstance(cell, float):
        if not cell.is_integer() or abs(cell) >= EXACT_FLOAT:
            raise BadCell("not-text", f"{shown(cell)} is a number that the spreadsheet has rounded; store it as text")
        cell = int(cell)
    if isinstance(cell, int) and abs(cell) >= EXACT_FLOAT:
        raise BadCell(
            "not-text", f"{shown(cell)} has more digits than a spreadsheet keeps of a number; store it as text"
        )
    return str(cell).strip()


def name(cell: Cell, most: int = MAX_NAME) -> str:
    """Return text without surrounding space, possibly empty."""
    text = _text(cell)
    if len(text) > most:
        raise BadCell("too-long", f"{shown(text)} has {len(text)} characters; the limit is {most}")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for character in text):
        raise BadCell("control-character", f"{shown(text)} holds a character that cannot be printed")
    if text.startswith(RUNS):
        raise BadCell("runs-as-formula", f"{shown(text)} begins with {text[0]!r}, which spreadsheets run as a formula")
    return text


def identifier(cell: Cell, trim_suffix: str = "") -> str:
    """Return a number or code that names something: never empty, the stated suffix taken off."""
    text = name(cell, MAX_IDENTIFIER + len(trim_suffix)).removesuffix(trim_suffix)
    if not text:
        raise BadCell("empty", "is empty")
    return text


def fen(cell: Cell, decimal_separator: str = ".", thousands_separator: str = "") -> int:
    """Return an amount of yuan as whole fen 分, exactly; may be zero or negative, or have ¥ before it.

    Thousands must stand in groups of three where the separator is used at all.
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise BadCell("not-money", "is empty" if cell is None else f"{shown(cell)} is not an amount")
    text = re.sub(r"\A[¥￥]\s*", "", cell.strip()) if isinstance(cell, str) else repr(cell)
    if isinstance(cell, str):
        if thousands_separator:
            groups = re.escape(thousands_separator)
            if thousands_separator in text and not re.match(rf"-?[0-9]{{1,3}}({groups}[0-9]{{3}})+(\D[0-9]+)?\Z", text):
                figures = not set(text) - set("0123456789-., '")
                cause = "does not group its thousands by three" if figures else "is not an amount"
                raise BadCell("not-money", f"{shown(cell)} {cause}")
            text = text.replace(thousands_separator, "")
        if decimal_separator != ".":
            text = text.replace(".", "?").replace(decimal_separator, ".")
    if not text:
        raise BadCell("not-money", "is empty")
    if not re.match(r"-?[0-9]{1,14}(\.[0-9]{1,12})?\Z", text, re.ASCII):  # within the 28 digits Decimal keeps
        raise BadCell("not-money", f"{shown(cell)} is not an amount")
    scaled = Decimal(text).scaleb(2)
    if scaled != scaled.to_integral_value():
        raise BadCell("fraction-of-fen", f"{shown(cell)} has more than two decimals")
    if abs(scaled) >= MAX_FEN:
        raise BadCell("amount-too-large", f"{shown(cell)} is more than {MAX_FEN // 100} yuan")
    return int(scaled)


def day(cell: Cell, formats: Sequence[str]) -> date:
    """Return a calendar day written in one of the formats, or kept as a date by the spreadsheet."""
    if isinstance(cell, datetime):
        if cell.time() != time() or cell.tzinfo is not None:
            raise BadCell("not-a-date", f"{cell} carries a time of day")
        found = cell.date()
    elif isinstance(cell, date):
        found = cell
    else:
        found = _written_day(cell, formats)
    if not EARLIEST <= found < LATEST:
        raise BadCell("not-a-date", f"{found} lies outside {EARLIEST} to {LATEST}")
    return found


def _written_day(cell: Cell, formats: Sequence[str]) -> date:
    text = cell.strip() if isinstance(cell, str) else ""
    if not text:
        raise BadCell("not-a-date", "is empty" if cell in (None, "") else f"{shown(cell)} is not a date")
    found = set()
    for each in formats if text.isascii() or not "".join(formats).isascii() else ():
        try:
            found.add(datetime.strptime(text, each).date())  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    if len(found) != 1:
        why = "is a different day in two of the map's formats" if found else f"is not written as {' or '.join(formats)}"
        raise BadCell("not-a-date", f"{shown(cell)} {why}")
    return found.pop()


def flag(cell: Cell, yes: Sequence[str], no: Sequence[str]) -> bool:
    """Return whether the cell is one of the words for yes; raises where it is neither."""
    text = str(cell) if isinstance(cell, bool) else _text(cell)
    if text in yes:
        return True
    if text in no:
        return False
    raise BadCell("not-yes-or-no", f"{shown(cell)} is neither {' or '.join(yes)} nor {' or '.join(no)}")
