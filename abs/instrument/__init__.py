"""What a contract owes by its own terms, event by event: the scheduled cash flows of a tranche, before any waterfall.

Four ACTUS contract types, by their names there, cover what a tranche (分档) or a loan beneath one can be:

- PAM, principal at maturity: a bullet (到期一次还本), interest on a cycle
- LAM, linear amortiser: the same principal on every redemption day (等额本金)
- ANN, annuity: the same payment of principal and interest together (等额本息)
- LAX, exotic linear amortiser: stated principal on stated days (固定摊还)

``Contract`` holds the terms, ``abs.instrument.events`` computes what they bring: each event with its payoff and the
state after it, exact decimals in the unit of the terms (yuan or fen). Rounding is the deal's, and later. Signs are the
holder's (ACTUS CNTRL): cash to the holder of the claim (``RPA``) is positive, and negative to its debtor (``RPL``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal, localcontext
from enum import StrEnum
from typing import Final, Literal

from abs.calendars import Calendar
from abs.errors import BadTerms
from abs.instrument.dates import EVERY_DAY, Cycle, Shift
from abs.money import CONTEXT, DayCount, year_fraction

__all__ = ["NOUGHT", "Contract", "ContractType", "Event", "EventType", "Reset", "Times", "Trade"]

NOUGHT: Final = Decimal(0)
Times = Cycle | tuple[date, ...]
"""When something is due: on a cycle, or on days stated one by one."""


class ContractType(StrEnum):
    """The ACTUS contract types that are known here."""

    PAM = "PAM"
    LAM = "LAM"
    ANN = "ANN"
    LAX = "LAX"


class EventType(StrEnum):
    """What happens, in the order in which events of one day happen (ACTUS event sequence)."""

    IED = "IED"
    """Initial exchange (放款/发行)."""
    FP = "FP"
    """Fee payment."""
    PR = "PR"
    """Principal redemption (还本)."""
    IP = "IP"
    """Interest payment (付息)."""
    IPCI = "IPCI"
    """Interest capitalised (利息资本化): added to the principal instead of paid."""
    RRF = "RRF"
    """Rate reset to a rate fixed before."""
    RR = "RR"
    """Rate reset to what is observed (利率重定价)."""
    PRF = "PRF"
    """The payment of an annuity fixed anew."""
    PRD = "PRD"
    """Purchase by a third party, with the interest accrued so far."""
    TD = "TD"
    """Sale to a third party, with the interest accrued so far: the contract ends for this holder."""
    MD = "MD"
    """Maturity (到期): what is still owed."""
    XD = "XD"
    """Exercise of a guarantee."""
    STD = "STD"
    """Settlement of what was exercised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A purchase from, or sale to, a third party at a price without accrued interest (净价).

    ``at_close``: at the end of that day, after everything else.
    """

    on: date
    price: Decimal
    at_close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """How a rate follows another one: observed x ``multiplier`` + ``spread``; ``next_rate`` is the first, if fixed."""

    when: Times
    spread: Decimal = NOUGHT
    multiplier: Decimal = Decimal(1)
    next_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The terms of one contract, seen from ``status``: what lies on or before that day has happened and is not shown.

    ``notional``: principal at the ``exchange``, which pays it plus ``premium`` (a discount is negative). ``interest``
    and ``principal`` say when; interest up to ``capitalise_until`` is capitalised. ``payment`` is what each redemption
    day of a LAM redeems, or of an ANN pays with interest; LAX has ``redemptions``. An ANN without ``payment`` computes
    it, so that it amortises by ``amortised_by``, else by ``maturity``. A LAM or ANN without either ends when
    ``payment`` has repaid it. ``accrued``: interest accrued at the exchange, or at the status day where that is later;
    where it is not stated, that of the principal since the last interest day. ``last_day_counts`` (算头又算尾): the
    contract ends with the end of its last day (ACTUS ``T24:00``), which bears interest too.
    """

    type: ContractType
    role: Literal["RPA", "RPL"] = "RPA"
    status: date
    exchange: date
    notional: Decimal
    rate: Decimal
    day_count: DayCount
    maturity: date | None = None
    premium: Decimal = NOUGHT
    accrued: Decimal | None = None
    interest: Times = ()
    capitalise_until: date | None = None
    principal: Times = ()
    payment: Decimal | None = None
    redemptions: Mapping[date, Decimal] = field(default_factory=dict)
    amortised_by: date | None = None
    reset: Reset | None = None
    purchase: Trade | None = None
    termination: Trade | None = None
    end_of_month: bool = False
    shift: Shift = Shift.NONE
    calendar: Calendar = EVERY_DAY
    last_day_counts: bool = False

    @property
    def sign(self) -> int:
        """1 for the holder of the claim, -1 for the debtor (ACTUS contract role convention)."""
        return 1 if self.role == "RPA" else -1

    def ends(self) -> date:
        """The day of maturity, before any shift: as stated, the amortisation date, or when ``payment`` has repaid all.

        Source: ACTUS, maturity of LAM and ANN; an ANN's interest is taken as that of its first period throughout.
        """
        stated = self.maturity or self.amortised_by
        if stated is not None:
            return stated
        if self.type not in (ContractType.LAM, ContractType.ANN) or self.payment is None:
            raise BadTerms("bad-contract", f"a {self.type} contract needs a maturity, or a payment that repays it")
        if not isinstance(self.principal, Cycle):
            raise BadTerms("bad-contract", "only a cycle of redemptions says when a payment has repaid everything")
        cycle = self.principal
        with localcontext(CONTEXT):
            period = self.interest_of(self.notional, self.rate, cycle.anchor, cycle.at(1))
            redeemed = self.payment - (period if self.type is ContractType.ANN else 0)
            if redeemed <= 0:
                raise BadTerms("bad-contract", f"a payment of {self.payment} does not cover the interest of a period")
            periods = (self.notional / redeemed).to_integral_value(ROUND_CEILING)
        return cycle.at(int(periods) - 1, end_of_month=self.end_of_month)

    def interest_of(self, notional: Decimal, rate: Decimal, start: date, end: date) -> Decimal:
        """Interest of ``[start, end)``: notional x rate x share of a year, divided once and last."""
        share = year_fraction(start, end, self.day_count, maturity=self.maturity)
        product = CONTEXT.multiply(CONTEXT.multiply(notional, rate), Decimal(share.numerator))
        return CONTEXT.divide(product, Decimal(share.denominator))

    def paid_on(self, day: date) -> date:
        """The day on which what is scheduled for ``day`` happens: a business day, never before the exchange."""
        return max(self.exchange, self.shift.pays_on(day, self.calendar))

    def counted_to(self, day: date) -> date:
        """The day up to which its interest is counted."""
        return max(self.exchange, self.shift.counts_to(day, self.calendar))

    def days(self, when: Times, end: date, *, with_end: bool = False) -> list[date]:
        """The days of a schedule before ``end``, and ``end`` too when asked for (ACTUS schedule S)."""
        if isinstance(when, Cycle):
            return when.until(end, with_end=with_end, end_of_month=self.end_of_month)
        found = [day for day in when if day < end]
        return [*found, end] if with_end and when else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: when and what it pays, and the notional, rate and accrued interest after it.

    ``on`` is the day after any shift, and its end where ``at_close``.
    """

    on: date
    type: EventType
    payoff: Decimal
    notional: Decimal
    rate: Decimal
    accrued: Decimal
    at_close: bool = False
