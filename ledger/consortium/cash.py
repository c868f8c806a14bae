"""What the plan pays its holders: interest first, then principal in order of rank, never more than was remitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from ledger.consortium.values import half_up

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "FACE",
    "YEAR",
    "Payout",
    "Tranche",
    "Waterfall",
    "interest",
    "next_weekday",
    "period_ends",
    "price_of",
    "tranches_of",
]

FACE = 100_00  # fen per unit 份额面值: 100 yuan, as the exchanges list them
YEAR = 365  # ACT/365F
SATURDAY = 5

Rank = Literal["senior", "mezzanine", "subordinated"]


@dataclass(slots=True, kw_only=True)
class Tranche:
    """A class of units 分档; ``outstanding`` and ``arrears`` (interest due and unpaid) in fen."""

    tranche: str
    name: str
    rank: Rank
    principal: int
    rate: Decimal | None
    outstanding: int = field(init=False)
    arrears: int = 0

    def __post_init__(self) -> None:
        self.outstanding = self.principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What one tranche is paid on one date, in fen."""

    tranche: str
    principal: int
    interest: int


def interest(outstanding: int, rate: Decimal, days: int) -> int:
    """Return simple interest in fen: outstanding x rate x days / 365, rounded half up."""
    return half_up(outstanding * rate * days / YEAR)


def price_of(amount: int, rate: Decimal, days: int) -> int:
    """Return what a financier pays today for ``amount`` fen due in so many days: simple discount, rounded half up."""
    return half_up(amount * (1 - rate * days / YEAR))


def tranches_of(
    total: int, *, senior: Decimal, mezzanine: Decimal, senior_rate: Decimal, mezzanine_rate: Decimal
) -> list[Tranche]:
    """Return the three tranches of a plan that raises ``total`` fen, in whole units, each of one at least.

    ``senior`` and ``mezzanine`` are shares. What is left over below one unit is not raised.
    """
    units = max(total // FACE, 3)
    first = min(max(int(units * senior), 1), units - 2)
    second = min(max(int(units * mezzanine), 1), units - first - 1)
    last = units - first - second
    return [
        Tranche(tranche="A", name="优先级", rank="senior", principal=first * FACE, rate=senior_rate),
        Tranche(tranche="B", name="中间级", rank="mezzanine", principal=second * FACE, rate=mezzanine_rate),
        Tranche(tranche="C", name="次级", rank="subordinated", principal=last * FACE, rate=None),
    ]


def next_weekday(day: date) -> date:
    """Return the day itself, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day


def period_ends(first: date, last: date, months: int) -> Iterator[date]:
    """Yield the last days of the calendar periods of so many months, from ``first``'s through ``last``'s."""
    year, month = first.year, (first.month - 1) // months * months + months
    while True:
        end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        yield end
        if end >= last:
            return
        year, month = (year + 1, months) if month == 12 else (year, month + months)


@dataclass(slots=True, kw_only=True)
class Waterfall:
    """The plan's account: remitted cash comes in, distributions go out; it never goes below zero."""

    tranches: list[Tranche]
    since: date
    cash: int = 0

    def covers_interest(self, on: date) -> bool:
        """Tell whether the cash pays all interest due on that date."""
        days = (on - self.since).days
        accrued = sum(interest(each.outstanding, each.rate, days) for each in self.tranches if each.rate is not None)
        return self.cash >= accrued + sum(each.arrears for each in self.tranches)

    def pay(self, on: date) -> tuple[Payout, ...]:
        """Return what each tranche is paid on that date: interest by rank, principal by rank, the rest to the last.

        Interest that the cash does not cover stays due, without interest on it. Tranches that get nothing are left out.
        """
        paid = {each.tranche: [0, 0] for each in self.tranches}
        for each in self.tranches:
            if each.rate is not None:
                each.arrears += interest(each.outstanding, each.rate, (on - self.since).days)
                paid[each.tranche][1] = self._take(each.arrears)
                each.arrears -= paid[each.tranche][1]
        for each in self.tranches:
            paid[each.tranche][0] = self._take(each.outstanding)
            each.outstanding -= paid[each.tranche][0]
        if self.tranches and not any(each.outstanding or each.arrears for each in self.tranches):
            paid[self.tranches[-1].tranche][1] += self._take(self.cash)
        self.since = on
        return tuple(
            Payout(tranche=name, principal=principal, interest=earned)
            for name, (principal, earned) in paid.items()
            if principal or earned
        )

    def _take(self, wanted: int) -> int:
        taken = min(wanted, self.cash)
        self.cash -= taken
        return taken
