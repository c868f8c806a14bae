"""The single values of a terms document, each strict: whole fen, exact decimals, days, names. No float comes in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, LiteralString, NoReturn

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from abs.money import CONTEXT
from ledger.records.base import MAX_FEN

__all__ = [
    "KINDS",
    "LISTED",
    "Count",
    "Day",
    "Days",
    "Edges",
    "Fen",
    "Flag",
    "Id",
    "Lag",
    "Name",
    "Number",
    "Rate",
    "Text",
]

LISTED: Final = 1_000  # entries of one list of a document
LONGEST_WORD: Final = 200  # characters of a text that a criterion compares with
DIGITS: Final = 28  # of one number: what CONTEXT computes with
DECIMAL: Final = r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,20})?"
EARLIEST: Final = 1980
LATEST: Final = 2199  # years of a day; QuantLib ends there
_DECIMAL: Final = re.compile(DECIMAL, re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _wrong(reason: LiteralString) -> NoReturn:
    """Never returns: Pydantic collects the reason with its place in the document."""
    failure = PydanticCustomError("terms", reason)
    raise failure


def _exact(value: object) -> object:
    """The value as an exact decimal of at most 28 digits, 15 of them before the point."""
    if (isinstance(value, str) and len(value) <= 2 * DIGITS and _DECIMAL.fullmatch(value)) or type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal):
        _wrong("Write an exact number such as 0.0525, as text in JSON; never a float")
    if not value.is_finite() or value.adjusted() >= 15 or len(value.as_tuple().digits) > DIGITS:
        _wrong("A number has at most 15 digits before the point, and 28 in all")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        return value.quantize(Decimal(1), context=CONTEXT)
    if isinstance(exponent, int) and exponent < -20:
        _wrong("A number has at most 20 digits after the point")
    return value


def _day(value: object) -> object:
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            value = date.fromisoformat(value)
    if type(value) is not date:
        _wrong("A day is written YYYY-MM-DD")
    if not EARLIEST <= value.year <= LATEST:
        _wrong("A day is of the years 1980 to 2199")
    return value


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        _wrong("This field is true or false")
    return value


def _word(value: object) -> object:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_WORD or not value.isprintable():
        _wrong("This field is a text")
    return value


KINDS: Final[Mapping[str, Callable[[object], object]]] = {
    "amount": _exact,
    "number": _exact,
    "day": _day,
    "flag": _flag,
    "text": _word,
}
"""How a criterion's value is read, by the kind of its field."""

Text = Annotated[str, StringConstraints(strict=True, max_length=1_000, pattern=_PRINTABLE)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=_PRINTABLE)]
Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120, pattern=_PRINTABLE)]
"""A name that other parts, or records, refer to."""
Number = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(lambda value: f"{value:f}", when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{DECIMAL}$"}, {"type": "number"}]}),
]
Rate = Annotated[Number, Field(ge=-1_000, le=10**12)]
Fen = Annotated[int, Field(strict=True, ge=0, le=MAX_FEN)]
Days = Annotated[int, Field(strict=True, ge=0, le=3_660)]
Lag = Annotated[int, Field(strict=True, ge=0, le=366)]
Edges = Annotated[tuple[Days, ...], Field(max_length=100)]
Count = Annotated[int, Field(strict=True, ge=1, le=LISTED)]
Flag = Annotated[bool, Field(strict=True)]
Day = Annotated[date, BeforeValidator(_day)]
