"""What was to be disclosed on a plan by when, and whether it was (披露义务).

A duty arises from an event the ledger shows: a distribution, the end of a year, a purchase, an amendment. It is met by
a ``disclosure.filed`` of one of its kinds on or before its deadline. A deadline is past from the first block of a later
business day on. Duties of venues, and of days, that the catalogue or the calendar does not reach are not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from abs.calendars import schedule
from abs.errors import AbsError
from disclosure.catalogue import Duty, catalogue, deadline, exempt_from_annual, trading_days_between
from disclosure.errors import UnknownDeadline
from ledger.facts import Disclosure, Distribution, Fact, Member, Plan, PlanEvent, PoolPurchase
from regulator.monitor.events import stated_versions, suspended
from regulator.monitor.plan import ENDS_REVOLVING, View, parties_of
from regulator.signals import Level, Signal

__all__ = ["Due", "disclosures", "dues"]

DAY = timedelta(days=1)
YEARLY = ("annual_report", "custody_report", "rating_report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A duty that arose: from which day's event, by when it is to be met, and what counts as meeting it.

    A filing that names the ``period`` is of it; another counts from ``earliest`` to ``latest``.
    """

    key: str
    duty: Duty
    event: date
    by: date
    kinds: frozenset[str]
    earliest: date
    latest: date
    trigger: str | None = None
    period: int | None = None
    rows: tuple[Fact, ...] = ()

    def met_by(self, filed: Iterable[Disclosure]) -> Disclosure | None:
        """The first filing that meets it, in time or late."""
        fits = [
            one
            for one in filed
            if one.kind in self.kinds
            and one.accepted is not False
            and (
                one.period == self.period
                if None not in (one.period, self.period)
                else self.earliest <= one.filed_on <= self.latest
            )
        ]
        return min(fits, key=lambda one: (one.filed_on, one.from_position), default=None)


def disclosures(view: View) -> Iterator[Signal]:
    """What was filed late, or is not filed and late by now."""
    filed = view.now(Disclosure)
    for due in dues(view):
        if due.by >= view.day:
            continue
        by = due.met_by(filed)
        if by is not None and by.filed_on <= due.by:
            continue
        article = due.duty.at(view.plan.venue)
        assert article is not None  # or no deadline would follow
        filing: dict[str, Any] = {}
        if by is not None:
            filing |= {"filed": by.filed_on.isoformat(), "late_days": trading_days_between(due.by, by.filed_on)}
        yield view.alert(
            "monitor.disclosure",
            f"duty {view.id}/{due.key}",
            level=Level.MEDIUM if by is None else Level.LOW,
            score=70 if by is None else 50,
            since=due.by + DAY,
            rows=due.rows if by is None else (*due.rows, by),
            parties=(_obliged(view, due.duty),),
            things=() if by is None else (f"disclosure {by.id}",),
            article=f"{article.article}",
            duty=due.duty.duty,
            duty_zh=due.duty.zh,
            duty_en=due.duty.en,
            event=due.event.isoformat(),
            deadline=due.by.isoformat(),
            state="overdue" if by is None else "late",
            party=_obliged(view, due.duty),
            about=due.trigger or "—",
            **filing,
        )


@lru_cache(maxsize=10_000)
def _deadline(duty: str, venue: str, on: date) -> date:
    return deadline(duty, venue, on)


def _obliged(view: View, duty: Duty) -> str:
    return view.plan.custodian if duty.by == "custodian" else view.plan.manager


def dues(view: View) -> Iterator[Due]:
    """Every duty that arose by the height, in no order."""
    for made in (_distributions, _years, _purchases, _reported):
        yield from made(view)


def _due(view: View, key: str, duty: str, on: date, *, counted: date | None = None, **parts: Any) -> Iterator[Due]:
    """The duty with its deadline from a day, where one follows."""
    found = catalogue().duties[duty]
    try:
        by = _deadline(duty, view.plan.venue, counted or on)
    except UnknownDeadline:
        return
    kinds = frozenset(found.kinds)
    stated: dict[str, Any] = {"kinds": kinds, "earliest": on, "latest": date.max} | parts
    yield Due(key=key, duty=found, event=on, by=by, **stated)


def _distributions(view: View) -> Iterator[Due]:
    """收益分配报告 before each payment date of the terms, and before each date that something was distributed on."""
    wound_up = view.plan.liquidated_on or date.max
    paid: dict[int, list[Distribution]] = {}
    for one in view.now(Distribution):
        paid.setdefault(one.period, []).append(one)
    planned = {each.period: each.payment for each in view.dates}
    days = {number: (max(one.paid_on for one in rows), tuple(rows)) for number, rows in paid.items()}
    last = max((day for day, _ in days.values()), default=date.min)
    told = sorted({*planned, *paid})
    before = view.plan.closing
    for number in told:
        on, rows = days.get(number, (planned.get(number, date.max), ()))
        if number in planned and number in days and on < planned[number] and on <= last:
            on = min(on, planned[number])
        if on > wound_up or (number not in days and not view.unpaid):
            continue
        parts: dict[str, Any] = {"earliest": before, "latest": date.max, "period": number, "rows": rows}
        yield from _due(view, f"distribution/{number}", "distribution_report", on, **parts)
        before = on + DAY


def _years(view: View) -> Iterator[Due]:
    """The annual reports for each whole year since the closing, but for a plan that is exempt."""
    for year in range(view.plan.closing.year, view.day.year):
        end = date(year, 12, 31)
        for duty in YEARLY:
            parts = {"earliest": end + DAY, "latest": date(year + 1, 12, 31)}
            for one in _due(view, f"{duty}/{year}", duty, end, **parts):
                if not exempt_from_annual(view.plan.closing, year, view.plan.liquidated_on, one.by + DAY):
                    yield one


def _purchases(view: View) -> Iterator[Due]:
    """循环购买公告: T08. One for each purchase, or for a quarter where they are more often than quarterly.

    They are more often where two are known in the quarter, or where the quarter before had one less than three months
    earlier. So the notice of a first purchase is due by itself until a second one shows what the habit is.
    """
    quarters: dict[tuple[int, int], list[PoolPurchase]] = {}
    for one in view.now(PoolPurchase):
        quarters.setdefault((one.purchased_on.year, (one.purchased_on.month + 2) // 3), []).append(one)
    days = sorted(one.purchased_on for each in quarters.values() for one in each)
    close = {later for before, later in pairwise(days) if (later - before).days < 90}
    for (year, quarter), each in quarters.items():
        often = len(each) > 1 or each[0].purchased_on in close
        first = min(one.purchased_on for one in each)
        duty = "revolving_notice_combined" if often else "revolving_notice"
        key = f"revolving_notice/{year}Q{quarter}"
        kinds = frozenset({*catalogue().duties[duty].kinds, *catalogue().triggers["T08"].kinds})
        yield from _due(view, key, duty, first, kinds=kinds, trigger="T08", rows=tuple(each))


def _reported(view: View) -> Iterator[Due]:
    """临时报告 on what the plan's own records show: T09, T13, T21 (a date missed), T23, T26."""
    for event in view.now(PlanEvent):
        if event.event in ENDS_REVOLVING and view.begun(Plan)[0].revolving_until is not None:
            yield from _about(view, "T09", event.event, event.declared_on, event)
    versions = stated_versions(view.begun(Plan))
    for number, (before, after) in enumerate(pairwise(versions), start=1):
        on = view.days.of(after.from_height)
        yield from _about(view, "T23", str(number), on, after)
        if parties_of(before) != parties_of(after):
            yield from _about(view, "T13", str(number), on, after)
    if view.live:
        for name, _, began in suspended(view):
            yield from _about(view, "T13", f"suspended-{name}", view.days.of(began.from_height), began)
    done = {one.period for one in view.now(Distribution)}
    for dates in view.dates:
        over = view.plan.liquidated_on is not None and view.plan.liquidated_on <= dates.payment
        if dates.period not in done and dates.payment < view.day and not over and view.unpaid:
            yield from _about(view, "T21", str(dates.period), dates.payment, view.plan)
    if view.plan.liquidated_on is not None:
        yield from _about(view, "T26", "liquidation", view.plan.liquidated_on, view.plan)


def _about(view: View, trigger: str, name: str, on: date, row: Fact) -> Iterator[Due]:
    found = catalogue().triggers[trigger]
    kinds = frozenset({*catalogue().duties[found.duty].kinds, *found.kinds, "ad_hoc"})
    yield from _due(view, f"{trigger}/{name}", found.duty, on, kinds=kinds, trigger=trigger, rows=(row,))


def keys_of(view: View) -> set[str]:
    """The keys of every duty that could have arisen up to the height, by any version of the terms."""
    found = {due.key for due in dues(view)}
    if not isinstance(view.versions, str):
        for version in view.versions:
            try:
                numbers = {each.period for each in schedule(version.terms)}
            except AbsError:
                continue
            found |= {f"{name}/{number}" for number in numbers for name in ("distribution", "T21")}
    found |= {f"T13/suspended-{one.id}" for one in view.begun(Member)}
    found |= {f"distribution/{one.period}" for one in view.begun(Distribution)}
    found |= {f"{duty}/{year}" for duty in YEARLY for year in range(view.plan.closing.year, view.day.year)}
    return found
