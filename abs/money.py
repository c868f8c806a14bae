"""Money of a deal: integer fen (分), text for people, and interest rounded as the deal's terms say.

Rates and intermediate results are Decimal in ``CONTEXT``, never in whatever context the caller happens to have.
Rounding is a term of the deal: two deals with the same balance and rate may pay amounts one fen apart.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from abs.calendars import later
from abs.errors import BadAmount, BadTerms

FEN_PER_YUAN: Final = 100
LONGEST_YUAN: Final = 30  # digits and sign; Python itself reads no more than 4,300
CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""28 digits: balances to 10^15 fen, rates to 10 digits, and a quotient whose distance to any fen is still visible."""

_YUAN = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,2})?", re.ASCII)


class Rounding(StrEnum):
    """How a deal turns a computed amount into whole fen: 四舍五入, 截位, 四舍六入五成双, 进位."""

    HALF_UP = "half_up"
    DOWN = "down"
    HALF_EVEN = "half_even"
    UP = "up"


class DayCount(StrEnum):
    """How a deal counts the share of a year between two days (计息基准); ISDA 2006 Definitions, section 4.16."""

    ACT_365F = "ACT/365F"
    ACT_360 = "ACT/360"
    ACT_ACT_ISDA = "ACT/ACT ISDA"
    ACT_ACT_ICMA = "ACT/ACT ICMA"
    THIRTY_E_360 = "30E/360"
    THIRTY_E_360_ISDA = "30E/360 ISDA"
    THIRTY_360_US = "30/360 US"


_MODES: Final = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.UP: ROUND_UP,
}
_FIXED_YEARS: Final = {DayCount.ACT_365F: 365, DayCount.ACT_360: 360}


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
    if len(yuan) > LONGEST_YUAN:
        raise BadAmount("bad-amount", f"an amount of {len(yuan)} digits is no amount in yuan")
    fen = int(yuan.lstrip("-")) * FEN_PER_YUAN + int(cents.ljust(2, "0") if cents else 0)
    return -fen if text.startswith("-") else fen


def round_fen(amount: Decimal, rounding: Rounding) -> int:
    """Whole fen of ``amount`` (in fen): ``half_up`` away from zero, ``down`` towards zero, ``up`` away from zero."""
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


def year_fraction(
    start: date,
    end: date,
    day_count: DayCount,
    *,
    maturity: date | None = None,
    period: tuple[date, date] | None = None,
) -> Fraction:
    """The exact share of a year in ``[start, end)``; raises BadAmount when the two are reversed.

    ``maturity`` matters to 30E/360 ISDA alone: a last day of February counts as the 30th unless it is that day.
    ``period`` matters to ACT/ACT ICMA alone: the regular interest period that the days lie in; without one, the days
    are a period themselves. Such a period is so many whole months as come nearest to it; one that no month comes near
    to is so many days of the year that begins with it (as QuantLib has it).
    """
    days = days_between(start, end)
    if (year := _FIXED_YEARS.get(day_count)) is not None:
        return Fraction(days, year)
    if day_count is DayCount.ACT_ACT_ISDA:
        leap = sum(
            (min(end, date(year + 1, 1, 1)) - max(start, date(year, 1, 1))).days
            for year in range(start.year, end.year + 1)
            if isleap(year)
        )
        return Fraction(leap, 366) + Fraction(days - leap, 365)
    if day_count is DayCount.ACT_ACT_ICMA:
        regular = days_between(*period) if period is not None else days
        if not (months := round(Fraction(12 * regular, 365))):
            first = start if period is None else period[0]
            return Fraction(days, (later(first, months=12) - first).days)
        return Fraction(days * months, regular * 12)
    return Fraction(_thirty(start, end, day_count, maturity), 360)


def _thirty(start: date, end: date, day_count: DayCount, maturity: date | None) -> int:
    """The days between two days of months of 30, as QuantLib counts them."""
    import QuantLib as ql  # noqa: N813 - as its manual does; it takes a second to load, and few deals count so

    if day_count is DayCount.THIRTY_E_360_ISDA:
        last = ql.Date() if maturity is None else ql.Date.from_date(maturity)
        counter = ql.Thirty360(ql.Thirty360.ISDA, last)
    else:
        counter = ql.Thirty360(ql.Thirty360.EurobondBasis if day_count is DayCount.THIRTY_E_360 else ql.Thirty360.USA)
    return int(counter.dayCount(ql.Date.from_date(start), ql.Date.from_date(end)))


def accrued(
    balance: int,
    rate: Decimal,
    start: date,
    end: date,
    day_count: DayCount = DayCount.ACT_365F,
    *,
    maturity: date | None = None,
) -> Decimal:
    """Interest in fen, unrounded, of ``balance`` fen over ``[start, end)``: balance x rate x share of a year.

    The share is exact, so that the one quotient at the end is the only step that can lose anything. ``maturity``: that
    of what bears the interest, see ``year_fraction``.
    """
    share = year_fraction(start, end, day_count, maturity=maturity)
    product = CONTEXT.multiply(CONTEXT.multiply(Decimal(balance), rate), Decimal(share.numerator))
    return CONTEXT.divide(product, Decimal(share.denominator))


def interest(
    balance: int,
    rate: Decimal,
    start: date,
    end: date,
    *,
    rounding: Rounding,
    day_count: DayCount = DayCount.ACT_365F,
    maturity: date | None = None,
) -> int:
    """Interest in whole fen of ``balance`` fen over ``[start, end)``, rounded as the deal's terms say."""
    return round_fen(accrued(balance, rate, start, end, day_count, maturity=maturity), rounding)


def quotient(numerator: int | Decimal, denominator: int | Decimal) -> Decimal | None:
    """numerator / denominator to 28 digits; None when the denominator is zero, for then there is no such share."""
    if not denominator:
        return None
    return CONTEXT.divide(Decimal(numerator), Decimal(denominator))
