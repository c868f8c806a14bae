"""Money of a deal: integer fen (分), text for people, and interest rounded as the deal's terms say.

Rates and intermediate results are Decimal in ``CONTEXT``, never in whatever context the caller happens to have.
Rounding is a term of the deal: two deals with the same balance and rate may pay amounts one fen apart.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Final

from abs.errors import BadAmount, BadTerms

FEN_PER_YUAN: Final = 100
CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""28 digits: balances to 10^15 fen, rates to 10 digits, and a quotient whose distance to any fen is still visible."""

_YUAN = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,2})?", re.ASCII)


class Rounding(StrEnum):
    """How a deal turns a computed amount into whole fen."""

    HALF_UP = "half_up"
    DOWN = "down"


class DayCount(StrEnum):
    """How a deal counts the share of a year between two days: actual days over a fixed year."""

    ACT_365F = "ACT/365F"


_MODES: Final = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.DOWN: ROUND_DOWN}
_YEARS: Final = {DayCount.ACT_365F: Decimal(365)}


def rounding_of(term: str) -> Rounding:
    """The rounding a deal's terms name; raises BadTerms for one that nobody defined."""
    try:
        return Rounding(term)
    except ValueError:
        raise BadTerms("unknown-rounding", f"the plan rounds by {term!r}, which is not a known rounding") from None


def day_count_of(term: str) -> DayCount:
    """The day count a deal's terms name; raises BadTerms for one that nobody defined."""
    try:
        return DayCount(term)
    except ValueError:
        raise BadTerms("unknown-day-count", f"the plan counts days by {term!r}, which is not known here") from None


def yuan_text(fen: int) -> str:
    """``1,234.56`` for 123456 fen: grouped by thousands, always two decimals, a minus sign before the digits."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(fen if fen >= 0 else -fen, FEN_PER_YUAN)
    return f"{sign}{yuan:,}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """The fen a text in yuan stands for, ``yuan_text`` reversed; grouping is optional but must be right when used.

    Raises BadAmount for anything else: spaces, a plus sign, more than two decimals, an exponent.
    """
    if _YUAN.fullmatch(text) is None:
        raise BadAmount("bad-amount", f"{text!r} is not an amount in yuan")
    yuan, _, cents = text.replace(",", "").partition(".")
    fen = int(yuan.lstrip("-")) * FEN_PER_YUAN + int(cents.ljust(2, "0") if cents else 0)
    return -fen if text.startswith("-") else fen


def round_fen(amount: Decimal, rounding: Rounding) -> int:
    """Whole fen of ``amount`` (in fen), half away from zero or towards zero as the deal says."""
    return int(amount.to_integral_value(rounding=_MODES[rounding]))


def days_between(start: date, end: date) -> int:
    """Days of ``[start, end)``: the first counts, the last does not; raises BadAmount when they are reversed."""
    days = (end - start).days
    if days < 0:
        raise BadAmount(
            "reversed-period",
            f"a period cannot start on {start} and end before it, on {end}",
            next_step="Look at the dates of the plan and of its distributions: one of them is wrong on the ledger.",
        )
    return days


def accrued(balance: int, rate: Decimal, start: date, end: date, day_count: DayCount = DayCount.ACT_365F) -> Decimal:
    """Interest in fen, unrounded, of ``balance`` fen over ``[start, end)``: balance x rate x days / days of a year."""
    days = Decimal(days_between(start, end))
    product = CONTEXT.multiply(CONTEXT.multiply(Decimal(balance), rate), days)
    return CONTEXT.divide(product, _YEARS[day_count])


def interest(
    balance: int,
    rate: Decimal,
    start: date,
    end: date,
    *,
    rounding: Rounding,
    day_count: DayCount = DayCount.ACT_365F,
) -> int:
    """Interest in whole fen of ``balance`` fen over ``[start, end)``, rounded as the deal's terms say."""
    return round_fen(accrued(balance, rate, start, end, day_count), rounding)


def quotient(numerator: int | Decimal, denominator: int | Decimal) -> Decimal | None:
    """numerator / denominator to 28 digits; None when the denominator is zero, for then there is no such share."""
    if not denominator:
        return None
    return CONTEXT.divide(Decimal(numerator), Decimal(denominator))
