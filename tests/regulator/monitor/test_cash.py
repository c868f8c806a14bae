"""Cash between the debtors and the holders: held back, waiting, or not what the custodian's statement says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.ledger_book import Book
from tests.support.paid_plan import CLOSING, FIRST, RIGHT, THIRD, PaidPlan, terms
from tests.support.plan_book import received, remitted

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def test_cash_not_passed_on_by_its_date_is_held_back_until_it_is(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.until(CLOSING + 10 * DAY)
    book.say("servicer", "collection.received", received("c", 9_000, ("p", "r", 9_000), date=book.today))
    deal.until(FIRST)
    due = book.height
    deal.until(FIRST + DAY)
    book.say("servicer", "collection.remitted", remitted("m", 9_000, "c", date=(FIRST + 2 * DAY).isoformat()))
    passed = book.height
    deal.until(FIRST + 2 * DAY)
    found = watch(book)
    assert found.heights("cash_held_back") == [(due, "high"), (passed, None)]
    signal = found.of("cash_held_back")[0].signal
    assert (signal.amount, signal.since) == (9_000, FIRST + DAY)
    assert (signal.detail("article"), signal.detail("due")) == ("S5 5.2.7", FIRST.isoformat())


def test_what_comes_on_the_date_itself_may_go_with_the_next(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.until(FIRST)
    book.say("servicer", "collection.received", received("c", 9_000, ("p", "r", 9_000), date=FIRST.isoformat()))
    deal.until(FIRST + DAY)
    assert watch(book).of("cash_held_back") == []


def test_cash_that_waits_longer_than_a_month_and_than_three(book: Book, watch: Any) -> None:
    deal = PaidPlan(book, terms(dates={"pay": [THIRD.isoformat()], "roll": "none"}))
    deal.until(date(2026, 1, 10))
    book.say("servicer", "collection.received", received("c", 9_000, ("p", "r", 9_000), date="2026-01-10"))
    heights = []
    for day in ("2026-02-10", "2026-02-11", "2026-04-10", "2026-04-11"):
        heights.append(book.height)
        deal.until(date.fromisoformat(day))
    found = watch(book)
    assert found.heights("collection_cycle") == [(heights[1], "medium"), (heights[3], "high")]
    assert found.of("collection_cycle")[0].signal.detail("article") == "SL2 2.2.7"


def test_a_statement_is_held_against_the_ledger(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    deal.comes_in(20_000, FIRST)
    deal.pays(1, FIRST, **RIGHT)
    right = {
        "statement": "s1", "account": "account", "holder": "custodian", "from": "2026-01-05", "to": FIRST.isoformat(),
        "opening": 0, "closing": 0, "credits": 20_000, "debits": 20_000, "entries_digest": "ab" * 32,
    }  # fmt: skip
    book.say("custodian", "statement.recorded", right)
    deal.until(FIRST)
    wrong = right | {
        "statement": "s2", "from": (FIRST + DAY).isoformat(), "to": (FIRST + 2 * DAY).isoformat(), "closing": 300,
        "credits": 300, "debits": 0,
    }  # fmt: skip
    deal.until(FIRST + 2 * DAY)
    book.say("custodian", "statement.recorded", wrong)
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("statement_differs") == [(at, "high")]
    signal = found.of("statement_differs")[0].signal
    assert (signal.subject, signal.amount) == ("statement s2", 300)
