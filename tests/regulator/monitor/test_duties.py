"""What was to be disclosed on a plan by when: overdue from the first block of a later business day, late once filed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.ledger_book import Book, financed_by_factor
from tests.support.paid_plan import FIRST, TRANCHES, PaidPlan, terms
from tests.support.plan_book import assigned, documented, payment, purchased, received, termed

pytestmark = pytest.mark.slow


def filed(book: Book, name: str, kind: str, period: int | None = None) -> None:
    book.say("manager", "disclosure.filed", {
        "disclosure": name, "report": name, "kind": kind, "plan": "plan-1", "period": period,
        "package_digest": "ab" * 32, "signer": "manager", "supersedes": None,
    })  # fmt: skip


def test_a_distribution_report_in_time_late_and_not_at_all(book: Book, watch: Any) -> None:
    """FIRST is Thursday 19 March 2026, so SSE's deadline is Thursday 12 March; SECOND is 31 May, a Sunday."""
    deal = PaidPlan(book)
    deal.until(date(2026, 3, 12))
    overdue = book.height
    deal.until(date(2026, 3, 13))
    deal.until(date(2026, 3, 16))
    filed(book, "d1", "distribution", 1)
    late = book.height
    deal.until(date(2026, 3, 16))
    filed(book, "d2", "distribution", 2)
    deal.until(FIRST)
    deal.until(date(2026, 5, 30))
    found = watch(book)
    assert found.heights("disclosure", "duty plan-1/distribution/1") == [(overdue, "medium"), (late, "low")]
    first, second = (one.signal for one in found.of("disclosure", "duty plan-1/distribution/1"))
    assert (first.detail("state"), first.detail("deadline"), first.since) == (
        "overdue", "2026-03-12", date(2026, 3, 13),
    )  # fmt: skip
    assert (second.detail("late_days"), second.detail("article")) == (2, "S5 5.4.4")
    assert found.of("disclosure", "duty plan-1/distribution/2") == []


def test_szse_gives_two_trading_days_more(book: Book, watch: Any) -> None:
    book.admit()
    output = financed_by_factor(book, "r")
    stated = terms()
    stated["plan"] = stated["plan"] | {"venue": "SZSE"}
    book.say("manager", "plan.established", termed("plan-1", tranches=TRANCHES, document=stated, venue="SZSE"))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.seal()
    heights = []
    for day in (13, 16, 17):
        book.time = book.time.replace(month=3, day=day)
        heights.append(book.height)
        book.seal()
    found = watch(book)
    assert found.heights("disclosure", "duty plan-1/distribution/1") == [(heights[2], "medium")], "due on 16 March"


def test_the_notice_of_purchases_by_how_often_there_are_any(book: Book, watch: Any) -> None:
    """A first purchase is to be told within two trading days; two within a quarter by the tenth of the next."""
    book.admit()
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", documented("plan-1"))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.say("bank", "payment.recorded", payment("p", 100_000, ("r", 100_000)))
    book.say("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000)))
    book.seal()
    for name in ("one", "two"):
        more = financed_by_factor(book, name)
        book.say("factor", "pool.revolving_purchased", purchased(f"p-{name}", 10_000, (name, [more]), date=book.today))
        book.seal()
        if name == "one":
            bought = book.height
            book.seal(2)  # Wednesday 7 January: the deadline
            overdue = book.height
            book.seal(1)
    again = book.height - 1
    found = watch(book)
    key = "duty plan-1/revolving_notice/2026Q1"
    assert found.heights("disclosure", key) == [(overdue, "medium"), (again, None)]
    assert bought < overdue
