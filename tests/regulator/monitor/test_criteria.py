"""What a pool may hold by its terms: each asset when it comes and later, and how much of one debtor."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.ledger_book import Book, financed_by_factor, invoice, receivable
from tests.support.paid_plan import TRANCHES, terms
from tests.support.plan_book import assigned, payment, termed

pytestmark = pytest.mark.slow


def test_criteria_when_an_asset_comes_and_later(book: Book, watch: Any) -> None:
    criteria = [
        {"criterion": "size", "text": "单笔不超过1,200元", "field": "amount", "op": "<=", "value": "120000"},
        {"criterion": "calm", "text": "无商业纠纷", "field": "disputed", "op": "==", "value": False},
        {"criterion": "current", "text": "未逾期", "field": "days_past_due", "op": "<=", "value": "0"},
    ]
    book.admit()
    output, big = financed_by_factor(book, "r"), financed_by_factor(book, "s")
    book.say("manager", "plan.established", termed("plan-1", tranches=TRANCHES, document=terms(eligibility=criteria)))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output]), ("s", [big])))
    book.seal()
    found = watch(book)
    assert found.of("ineligible_entry") == []
    book.say("supplier", "receivable.adjusted", {
        "receivable": "r", "delta": -1_000, "reason": "dispute", "at": book.today,
    })  # fmt: skip
    book.seal()
    heights = []
    for day in (date(2026, 6, 30), date(2026, 7, 1)):
        heights.append(book.height)
        book.seal((day - book.time.date()).days)
    found = watch(book)
    assert found.heights("ineligible_now", "criterion plan-1/current")[0] == (heights[1], "medium")
    signal = found.of("ineligible_now", "criterion plan-1/current")[0].signal
    assert (signal.detail("assets"), signal.detail("article")) == (2, "SL2 3.1.2")


def test_an_asset_that_never_met_a_criterion(book: Book, watch: Any) -> None:
    criteria = [{"criterion": "size", "text": "单笔不超过1,000元", "field": "amount", "op": "<=", "value": "100000"}]
    book.admit()
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", termed("plan-1", tranches=TRANCHES, document=terms(eligibility=criteria)))
    book.seal()
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    at = book.height
    book.seal()
    book.seal(1)
    found = watch(book)
    assert found.heights("ineligible_entry") == [(at, "high")]
    assert found.of("ineligible_now") == []
    signal = found.of("ineligible_entry")[0].signal
    assert (signal.subject, signal.things[-1]) == ("criterion plan-1/size", "receivable r")
    assert (signal.detail("trigger"), signal.detail("value")) == ("T12", "CNY 1,130.00")


def test_a_limit_is_exceeded_by_what_others_pay(book: Book, watch: Any) -> None:
    """Two debtors share a pool evenly; one pays, and the other is beyond 60%."""
    book.admit()
    book.say(
        "tier2",
        "invoice.registered",
        invoice("inv-x", seller="tier2", buyer="bank"),
    )
    book.say("tier2", "receivable.registered", receivable("x", "inv-x", creditor="tier2", debtor="bank"))
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", termed(
        "plan-1", tranches=TRANCHES, originators=["factor", "tier2"],
        document=terms(concentration=[{"by": "debtor", "limit": "0.6"}]) | {
            "plan": terms()["plan"] | {"originators": ["factor", "tier2"]}},
    ))  # fmt: skip
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.say("tier2", "pool.assigned", assigned("plan-1", ("x", []), assignor="tier2"))
    book.seal()
    before = book.height
    book.seal(1)
    book.say("bank", "payment.recorded", payment("q", 60_000, ("x", 60_000), payer="bank", date=book.today))
    at = book.height
    book.seal()
    found = watch(book)
    assert [one for one in found.heights("concentration") if one[0] == at], found.heights("concentration")
    assert all(height >= at for height, _ in found.heights("concentration"))
    signal = found.of("concentration")[0].signal
    assert (signal.subject, signal.detail("first_party")) == ("limit plan-1/debtor", "core")
    assert before < at
