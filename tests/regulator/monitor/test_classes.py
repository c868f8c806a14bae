"""What a plan's story comes to: lowered forecasts, suspended parties, the end, and the class of risk of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.ledger_book import Book, admitted, invoice, receivable
from tests.support.paid_plan import CLOSING, FIRST, SECOND, TRANCHES, PaidPlan, terms
from tests.support.plan_book import assigned, documented, received, termed

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def planned(book: Book, due: str = "2026-03-01", amount: int = 113_000, **changes: Any) -> None:
    """Plan-1, which holds one receivable that is not paid yet."""
    book.admit()
    sums = {"amount_including_tax": amount, "amount_excluding_tax": amount, "tax": 0}
    book.say("supplier", "invoice.registered", invoice("inv-r", **sums))
    book.say("supplier", "receivable.registered", receivable("r", "inv-r", amount=amount, due=due))
    stated = terms(**changes)
    stated["plan"] = stated["plan"] | {"originators": ["supplier"]}
    book.say(
        "manager", "plan.established", termed("plan-1", tranches=TRANCHES, originators=["supplier"], document=stated)
    )
    book.say("supplier", "pool.assigned", assigned("plan-1", ("r", []), assignor="supplier"))
    book.seal()


def until(book: Book, day: date) -> int:
    """The block of that day."""
    book.seal((day - book.time.date()).days)
    return book.height - 1


def says(book: Book, sender: str, kind: str, payload: dict[str, Any]) -> int:
    book.say(sender, kind, payload)
    book.seal()
    return book.height - 1


def lowers(book: Book, by: int) -> None:
    says(
        book, "supplier", "receivable.adjusted", {"receivable": "r", "delta": -by, "reason": "return", "at": book.today}
    )


# T03: the forecast made of a period is at most 80% of the one made before.


@pytest.mark.parametrize(("lowered", "told"), [(11_970, True), (11_920, False)])
def test_a_forecast_that_is_lowered_by_a_fifth(book: Book, watch: Any, lowered: int, told: bool) -> None:
    """113,000 were forecast of the third period when the second began. Then x of it is taken off, and when the third
    begins, as much is foreseen to be taken off again: (1 - x)^2 of it is left, four fifths where x is 11,930."""
    planned(book, due="2026-06-30")
    until(book, FIRST + DAY)
    lowers(book, lowered)
    last = until(book, SECOND)
    at = until(book, SECOND + DAY)
    until(book, SECOND + 2 * DAY)
    found = watch(book)
    assert found.heights("cash_flow", "period plan-1/3") == ([(at, "medium")] if told else [])
    assert last < at
    if told:
        signal = found.of("cash_flow")[0].signal
        assert (signal.detail("state"), signal.detail("share"), signal.since) == ("lowered", "79.9%", SECOND)
        assert signal.detail("forecast_fen") == 113_000
        assert (signal.detail("trigger"), signal.detail("article")) == ("T03", "S5 5.2.4")


# T13: a participant is suspended.


def test_a_suspended_custodian_until_another_takes_its_place(book: Book, watch: Any) -> None:
    planned(book)
    book.say("operator", "member.admitted", admitted("custodian2", ["custodian"]))
    book.seal()
    at = says(book, "operator", "member.suspended", {"member": "custodian", "reason": "违规"})
    until(book, CLOSING + 2 * DAY)
    late = until(book, CLOSING + 3 * DAY)
    changed = terms()
    changed["plan"] = changed["plan"] | {"custodian": "custodian2", "originators": ["supplier"]}
    gone = says(book, "manager", "plan.terms_amended", {
        "v": 2, "plan": "plan-1", "effective": book.today, "reason": "更换", "document": changed,
    })  # fmt: skip
    found = watch(book)
    assert found.heights("participant_suspended") == [(at, "high"), (gone, None)]
    signal = found.of("participant_suspended")[0].signal
    assert (signal.subject, signal.since, signal.detail("role")) == (
        "participant plan-1/custodian", CLOSING, "custodian",
    )  # fmt: skip
    assert (signal.detail("trigger"), signal.detail("article")) == ("T13", "S5 5.3.4")
    assert found.heights("participant_changed") == [(gone, "medium")]
    due = "duty plan-1/T13/suspended-custodian"
    assert found.heights("disclosure", due) == [(late, "medium"), (gone, None)], "two trading days: 6 and 7 January"


def test_somebody_suspended_who_has_no_part_in_the_plan(book: Book, watch: Any) -> None:
    planned(book)
    says(book, "operator", "member.suspended", {"member": "tier2", "reason": "违规"})
    assert watch(book).of("participant_suspended") == []


# T26: the liquidation report. T08 is in test_duties: the notice of purchases.


def test_the_report_of_a_liquidation_is_due_ten_trading_days_after(book: Book, watch: Any) -> None:
    """Wound up on Wednesday 11 February 2026; the Spring Festival closes the exchange from the 16th to the 23rd."""
    planned(book)
    until(book, date(2026, 2, 11))
    says(book, "manager", "plan.liquidated", {"plan": "plan-1", "at": "2026-02-11", "surplus": 0})
    until(book, date(2026, 3, 5))
    late = until(book, date(2026, 3, 6))
    found = watch(book)
    heights = found.heights("disclosure", "duty plan-1/T26/liquidation")
    assert heights == [(late, "medium")], "12, 13, 24-27 February, 2-5 March"
    assert found.of("disclosure", "duty plan-1/T26/liquidation")[0].signal.detail("article") == "S5 5.4.14"


# Classes of risk


def declared(book: Book, event: str) -> int:
    return says(
        book, "manager", "event.declared", {"plan": "plan-1", "event": event, "at": book.today, "reason": "不足"}
    )


def accelerates(book: Book) -> int:
    planned(book)
    return declared(book, "acceleration")


def defaults(book: Book) -> int:
    planned(book)
    return declared(book, "default")


def misses(book: Book) -> int:
    planned(book)
    until(book, FIRST)
    return until(book, FIRST + DAY)


def loses(book: Book) -> int:
    planned(book)
    return says(book, "servicer", "asset.written_off", {
        "plan": "plan-1", "asset": "r", "at": book.today, "amount": 10_501,
    })  # fmt: skip


def holds_back(book: Book) -> int:
    """Cash of 10 January is due to be passed on by FIRST. The period's payment is made, or it were a default."""
    deal = PaidPlan(book)
    deal.comes_in(20_000, CLOSING + 2 * DAY)
    deal.until(CLOSING + 10 * DAY)
    book.say("servicer", "collection.received", received("c", 90_000, ("p", "r", 90_000), date=book.today))
    deal.until(FIRST)
    right = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 146, "tax": 105}
    deal.pays(1, FIRST, **right, A_principal=18_589)
    return until(book, FIRST + DAY)


def stops_buying(book: Book) -> int:
    book.admit()
    book.say("supplier", "invoice.registered", invoice("inv-r"))
    book.say("supplier", "receivable.registered", receivable("r", "inv-r"))
    book.say("manager", "plan.established", documented("plan-1", originators=["supplier"]))
    book.say("supplier", "pool.assigned", assigned("plan-1", ("r", []), assignor="supplier"))
    book.seal()
    return declared(book, "revolving_ended")


def buys_badly(book: Book) -> int:
    criteria = [{"criterion": "size", "text": "单笔", "field": "amount", "op": "<=", "value": "100000"}]
    planned(book, eligibility=criteria)
    return book.height - 1


def is_misstated(book: Book) -> int:
    planned(book)
    return says(book, "custodian", "statement.recorded", {
        "statement": "s", "account": "account", "holder": "custodian", "from": "2026-01-05", "to": "2026-01-05",
        "opening": 0, "closing": 300, "credits": 300, "debits": 0, "entries_digest": "ab" * 32,
    })  # fmt: skip


STORIES: dict[tuple[str, str], Callable[[Book], int]] = {
    ("default", "date_missed"): misses,
    ("risk", "acceleration_declared"): accelerates,
    ("risk", "default_declared"): defaults,
    ("attention", "asset_quality"): loses,
    ("attention", "collection_failed"): holds_back,
    ("attention", "replacement_failed"): stops_buying,
    ("attention", "participant_breach"): buys_badly,
}
LEVELS = {"default": "high", "risk": "high", "attention": "low", "focus": "medium"}
ARTICLES = {"default": "S4 39", "risk": "S4 39", "attention": "S4 34", "focus": "S4 35(2)"}


def classed(found: Any) -> list[tuple[Any, ...]]:
    return [
        (one.height, one.signal and (one.signal.detail("risk_class"), one.signal.detail("limb")))
        for one in found.of("risk_class")
    ]


@pytest.mark.parametrize("expected", STORIES, ids="-".join)
def test_the_class_of_a_story_from_its_block_on(book: Book, watch: Any, expected: tuple[str, str]) -> None:
    at = STORIES[expected](book)
    until(book, book.time.date() + DAY)
    found = watch(book)
    told = classed(found)
    assert (at, expected) in told, told
    assert expected not in [said for height, said in told if height < at]
    signal = next(one.signal for one in found.of("risk_class") if one.height == at)
    assert (signal.level.value, signal.detail("article")) == (LEVELS[expected[0]], ARTICLES[expected[0]])


def test_a_breach_by_the_custodians_statement(book: Book, watch: Any) -> None:
    at = is_misstated(book)
    assert (at, ("attention", "participant_breach")) in classed(watch(book))


@pytest.mark.parametrize(("due", "told"), [("2026-05-31", False), ("2026-08-31", True)])
def test_a_payment_within_three_months_that_nothing_is_forecast_for(
    book: Book, watch: Any, due: str, told: bool
) -> None:
    """18 June is a payment date, which 18 March is three months before."""
    planned(book, due=due, dates={"pay": ["2026-06-18", "2026-12-18"], "roll": "none"})
    early = until(book, date(2026, 3, 17))
    at = until(book, date(2026, 3, 18))
    until(book, date(2026, 4, 2))
    said = classed(watch(book))
    assert said == ([(at, ("focus", "forecast_short"))] if told else [])
    assert early < at


def test_a_plan_that_does_well_has_no_class(book: Book, watch: Any) -> None:
    planned(book)
    for count in range(1, 18):
        until(book, CLOSING + 3 * count * DAY)
    assert watch(book).of("risk_class") == []
