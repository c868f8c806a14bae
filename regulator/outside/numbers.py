"""The forms of an invoice number by which two spellings are found to be one, as expressions over a table.

Each form forgets more than the one before; what two numbers have in common is told by the first that is equal:

``written``      the number as it stands, without surrounding space
``separators``   without spaces, signs and width, letters as capitals: 060729074/001, 060729074001
``zeros``        and without leading zeros: of the whole (00123, 123), or of each part (2023-001, 2023-1)
``look_alike``   and letters that look like digits as those digits (O 0, I and L 1, S 5, B 8, Z 2), and Greek and
                 Cyrillic letters as the Latin ones they look like
``affix``        the digits alone: INV12345, 12345A, 12345; four digits at least
"""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["CODE", "FORMS", "bare", "with_forms"]

FORMS: Final = ("separators", "zeros", "zeros_of_parts", "look_alike", "affix")
"""The columns that :func:`with_forms` adds beside ``written``, in the order in which they count."""

DIGITS: Final = {"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"}
LETTERS: Final = dict(zip("АВЕКМНОРСТУХІЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXISABEZHIKMNOPTYX", strict=True))
SHORTEST: Final = 4
"""Digits that a number without its letters must have left to tell anything."""
DIGITAL: Final = r"^[0-9]{20}$"
CODE: Final = r"^[0-9]{10}(?:[0-9]{2})?$"
"""The code of a paper invoice (发票代码): beside it a number is drawn once."""
NO_NUMBER: Final = r"^(?:[^0-9]*|(?:0+|1+|2+|3+|4+|5+|6+|7+|8+|9+)|.{0,2})$"
"""What stands where there is no number: no digit at all, one digit over and over, less than three signs."""


def bare(number: pl.Expr) -> pl.Expr:
    """Return a number without what only formats it."""
    return number.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", "")


def with_forms(papers: pl.DataFrame) -> pl.DataFrame:
    """Return the table with a column for each form of ``number``, ``digital`` (a 20-digit 数电票 number) and ``named``.

    ``named`` is false where the number is none: a form is null there, as where it has nothing left to compare.
    """
    number = pl.col("number")
    plain = bare(number)
    parts = number.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", "|")
    parts = parts.str.replace_all(r"(\p{L})([0-9])", "$1|$2").str.replace_all(r"([0-9])(\p{L})", "$1|$2")
    latin = plain.str.replace_many(list(LETTERS), list(LETTERS.values()))
    papers = papers.with_columns(
        written=number.str.strip_chars(),
        separators=plain,
        zeros_of_parts=parts.str.replace_all(r"(^|\|)0+([0-9])", "$1$2"),
        look_alike=latin.str.replace_many(list(DIGITS), list(DIGITS.values())).str.strip_chars_start("0"),
        affix=latin.str.replace_all(r"[^0-9]+", "").str.strip_chars_start("0"),
    ).with_columns(
        zeros=pl.col("separators").str.strip_chars_start("0"),
        digital=pl.col("separators").str.contains(DIGITAL),
        named=~pl.col("separators").str.contains(NO_NUMBER),
        affix=pl.when(pl.col("affix").str.len_chars() >= SHORTEST).then("affix"),
    )
    told = [pl.when("named").then(each).alias(each) for each in FORMS]
    return papers.with_columns(told)
