"""The course of the plan that a file of receivables goes into: its days, what it raises, what it buys, what it pays.

The plan closes on the day before the first invoice and revolves until the last. What an asset costs is paid out of
collections 循环购买 as far as these go beyond what the next payment date will ask for, and otherwise out of what the
holders paid; so the plan raises what its assets cost before collections carried them. How much that is depends on what
it pays its holders, which depends on how much it raised: ``founded`` lives through the file until the two agree.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import FACE, YEAR, next_weekday, period_ends, price_of, tranches_of
from ledger.consortium.market.manager import Desk
from ledger.consortium.market.terms import Agreed, document
from ledger.consortium.rows import year_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.consortium.mapping import ReceivablesMap
    from ledger.consortium.market.manager import Paid
    from ledger.consortium.rows import Receivable

__all__ = ["Calendar", "Day", "calendar_of", "founded", "terms_from", "turn"]

DAY = timedelta(days=1)
MONTH, QUARTER = 1, 3
MARGIN = Decimal("0.01")  # what a year costs the plan at most beyond the dearest tranche's rate: fees, tax
PROMISED = 20  # the originator makes up one part in so many of what is raised 差额支付
STEP = 5  # per cent: concentration limits are whole steps
AGREED = Agreed(reserve=10_000, opening=2_000_00, thin=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happens on a day, in this order. ``defaulted`` of ``pooled``: by its end, of all that ever came, fen."""

    on: date
    issued: tuple[Receivable, ...]
    disputed: tuple[Receivable, ...]
    settled: tuple[Receivable, ...]
    remits: bool
    pays: bool
    pooled: int = 0
    defaulted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of a file of receivables, and those that the terms of its plan name."""

    opening: date
    """Members are admitted and the plan closes: the day before the first invoice."""
    revolving: date
    """The last day of the revolving period: that of the last invoice."""
    maturity: date
    """The weekday after the first quarter that ends a year or more after everything was due or paid."""
    last: date
    """The last day the file tells of: nothing was issued or settled after it."""
    pay: tuple[date, ...]
    """Payment dates as stated: the ends of quarters, from the first on that has enough to pay, to the maturity."""
    days: tuple[Day, ...]
    """Every day on which something happens, to the file's last; where nothing is left open, to the next payment date.

    Holders are paid where anything was settled at all.
    """


def calendar_of(rows: Iterable[Receivable], mapping: ReceivablesMap) -> Calendar:
    """Return the days of these receivables, of a plan with these rates."""
    by_line = sorted(rows, key=lambda row: row.line)
    ends = last = max(row.settled or row.issued for row in by_line)
    issued, disputed, settled = (defaultdict[date, list["Receivable"]](list) for _ in range(3))
    late: defaultdict[date, int] = defaultdict(int)
    for row in by_line:
        issued[row.issued].append(row)
        if row.disputed:  # a file says that, not when: at the latest when it fell due, was paid, or the file was taken
            disputed[min(row.due, row.settled or last)].append(row)
        if row.settled:
            settled[row.settled].append(row)
        defaults = row.due + timedelta(days=AGREED.default_days)
        if row.settled is None or row.settled > defaults:
            late[defaults] += row.amount
    opening = min(issued) - DAY
    end = max(max(row.due, row.settled or row.due) for row in by_line)
    first = _first_payment(by_line, opening, max(mapping.senior_rate, mapping.mezzanine_rate) + MARGIN)
    pay = [each for each in period_ends(opening, year_after(end), QUARTER) if each >= first]
    if all(row.settled for row in by_line):
        ends = next_weekday(next(period_ends(last, last, QUARTER)))
    pays = {next_weekday(each) for each in pay if settled and next_weekday(each) <= ends}
    remits = pays | {each for each in period_ends(opening, ends, MONTH) if each <= ends}
    days, pooled, defaulted, dates = [], 0, 0, sorted(late)
    for on in sorted({*issued, *disputed, *settled, *pays, *remits}):
        pooled += sum(row.amount for row in issued[on])
        while dates and dates[0] <= on:
            defaulted += late[dates.pop(0)]
        days.append(
            Day(
                on=on,
                issued=tuple(issued[on]),
                disputed=tuple(disputed[on]),
                settled=tuple(settled[on]),
                remits=on in remits,
                pays=on in pays,
                pooled=pooled,
                defaulted=defaulted,
            )
        )
    return Calendar(
        opening=opening,
        revolving=max(row.issued for row in by_line),
        maturity=next_weekday(pay[-1]),
        last=last,
        pay=tuple(pay),
        days=tuple(days),
    )


def _first_payment(rows: Sequence[Receivable], opening: date, rate: Decimal) -> date:
    """Return the first quarter's end by which enough came in for what a plan over all the assets costs till then.

    ``rate``: what it costs a year. The quarter's end after the last settlement, or the first, where there is none.
    """
    whole = sum(row.amount for row in rows)
    paid = [(row.settled, row.amount) for row in rows if row.settled]
    ends = list(period_ends(opening, max((on for on, _ in paid), default=opening), QUARTER))
    for each in ends:
        came = sum(amount for on, amount in paid if on <= each)
        if each > opening and came * YEAR >= whole * rate * (each - opening).days:
            return each
    return max(ends[-1], opening + DAY)


def turn(desk: Desk, calendar: Calendar, day: Day, prices: Sequence[int]) -> tuple[frozenset[int], Paid | None]:
    """Let a plan's manager live through a day; returns which of its assets are paid out of collections, by place.

    ``prices`` are those of the day's assets. What comes in on a day is not spent before the next.
    """
    then = next(each for each in map(next_weekday, calendar.pay) if each >= day.on)
    left = 0 if desk.accelerated or desk.thin else desk.cash - desk.ahead((then - desk.since).days)
    bought = set()
    for place, price in enumerate(prices):
        if price <= left:
            bought.add(place)
            left -= price
            desk.cash -= price
    desk.receive(sum(row.amount for row in day.settled))
    if not day.pays:
        return frozenset(bought), None
    paid = desk.pay(day.on, revolving=day.on <= calendar.revolving, defaulted=day.defaulted, pooled=day.pooled)
    return frozenset(bought), paid


def founded(calendar: Calendar, mapping: ReceivablesMap) -> Desk:
    """Return the books of the plan's manager at closing: it raises what its assets cost that it must pay for itself.

    What is raised falls from try to try: the less is raised, the less holders are paid, and the more is left to buy
    assets with. It stops where a plan that raised so much needs all of it.
    """
    prices = [[price(row, mapping) for row in day.issued] for day in calendar.days]
    raised = enough = sum(map(sum, prices))
    while True:
        desk, needed = _desk(calendar, mapping, raised), 0
        for day, asked in zip(calendar.days, prices, strict=True):
            bought, _ = turn(desk, calendar, day, asked)
            needed += sum(each for place, each in enumerate(asked) if place not in bought)
        if needed > raised:  # other assets are bought than by a plan with more cash, and they carry less
            return _desk(calendar, mapping, enough)
        if needed // FACE == raised // FACE:
            return _desk(calendar, mapping, raised)
        raised, enough = needed, raised


def price(row: Receivable, mapping: ReceivablesMap) -> int:
    """Return what the factor pays for a receivable, and the plan after it, fen."""
    return price_of(row.amount, mapping.discount, (row.due - row.issued).days)


def _desk(calendar: Calendar, mapping: ReceivablesMap, raised: int) -> Desk:
    tranches = tranches_of(
        raised, senior=mapping.senior, mezzanine=mapping.mezzanine, senior_rate=mapping.senior_rate,
        mezzanine_rate=mapping.mezzanine_rate,
    )  # fmt: skip
    return Desk(agreed=replace(AGREED, promised=raised // PROMISED), tranches=tranches, since=calendar.opening)


def terms_from(
    calendar: Calendar, mapping: ReceivablesMap, agreed: Agreed, stated: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the document of the plan's terms: its days, limits and lags are those of the receivables.

    ``stated``: what the record of the plan states beside it. No debtor and no creditor may have more of the pool than
    the largest has of the file, in steps of five per cent; a loss shows as long after the sale as an asset runs on
    average, and is overdue until it counts as default.
    """
    rows = [row for day in calendar.days for row in day.issued]
    amount = sum(row.amount for row in rows)
    shares = {}
    for by in ("debtor", "creditor"):
        held: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            held[getattr(row, by)] += row.amount
        steps = -(-max(held.values()) * 100 // (amount * STEP))
        shares[by] = f"{steps * STEP // 100}.{steps * STEP % 100:02d}"
    run = sum(row.amount * (row.due - row.issued).days for row in rows) // amount
    lag = -(-(run + agreed.default_days) // 30)
    return document(
        agreed, stated, pay=calendar.pay, revolving=calendar.revolving, shares=shares,
        least_yield=f"{mapping.discount:f}", metrics={"default_lag": lag, "loss_horizon": lag},
    )  # fmt: skip
