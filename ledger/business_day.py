"""The day of a block as those who do business on the chain count it: China's, eight hours ahead of UTC all year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

__all__ = ["business_day", "end_of"]

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


def business_day(moment: datetime) -> date:
    """Return the business day of an instant."""
    return moment.astimezone(CHINA).date()


def end_of(day: date) -> datetime:
    """Return the UTC instant at which the business day is over; raises OverflowError after the calendar's last."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA).astimezone(UTC)
