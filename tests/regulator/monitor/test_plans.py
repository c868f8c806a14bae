"""What the monitor says of a plan: each rule from the first block at which it holds, its look-alikes never."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from regulator.signals import Level
from tests.support.ledger_book import Book, admitted, financed_by_factor, invoice, plan, receivable
from tests.support.paid_plan import CLOSING, FIRST, SECOND, THIRD, TRANCHES, PaidPlan, terms
from tests.support.plan_book import assigned, document, documented, payment, purchased, received, remitted, termed

RIGHT = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 146, "tax": 105, "A_principal": 18_589}
DAY = timedelta(days=1)

pytestmark = pytest.mark.slow


def made(book: Book, **changes: Any) -> PaidPlan:
    return PaidPlan(book, terms(**changes))


def said(book: Book, act: str, asset: str = "r", **parts: Any) -> None:
    book.say("servicer", f"asset.{act}", {"plan": "plan-1", "asset": asset, "at": day_of(book), **parts})


def day_of(book: Book) -> str:
    return f"{book.time:%Y-%m-%d}"


# What was paid: T21.


def test_a_period_paid_by_its_terms_is_silent(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.comes_in(20_000, FIRST)
    deal.pays(1, FIRST, **RIGHT)
    deal.until(FIRST + 3 * DAY)
    found = watch(book)
    assert found.of("distribution_differs") == []
    assert found.of("cash_held_back") == []
    assert found.of("statement_differs") == []


def test_a_period_paid_wrong_is_told_when_its_day_is_over(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.comes_in(20_000, FIRST)
    deal.pays(1, FIRST, **RIGHT | {"A_interest": 800, "A_principal": 18_689})
    deal.until(FIRST)  # another block of the day: more may be paid
    first = book.height
    deal.until(FIRST + DAY)
    found = watch(book)
    assert found.heights("distribution_differs") == [(first, "high")]
    signal = found.of("distribution_differs")[0].signal
    assert (signal.subject, signal.since, signal.detail("trigger")) == ("period plan-1/1", FIRST, "T21")
    assert signal.detail("article") == "S5 5.4.1"
    assert signal.detail("difference_fen") == 200


def test_a_period_paid_by_two_blocks_of_one_day_is_silent(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.comes_in(20_000, FIRST)
    some = {name: RIGHT[name] for name in ("management", "custody", "tax")}
    deal.pays(1, FIRST, **some)
    deal.pays(1, FIRST, **{name: amount for name, amount in RIGHT.items() if name not in some})
    deal.until(FIRST + DAY)
    assert watch(book).of("distribution_differs") == []


def test_a_payment_date_missed_is_told_once_it_is_over_and_is_a_default(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.comes_in(20_000, FIRST)
    deal.until(FIRST)
    first = book.height
    deal.until(FIRST + DAY)
    found = watch(book)
    assert found.heights("distribution_differs") == [(first, "high")]
    assert (first, "high") in found.heights("risk_class")
    signal = next(one.signal for one in found.of("risk_class") if one.height == first)
    assert (signal.detail("risk_class"), signal.detail("limb")) == ("default", "date_missed")
    overdue = [one.signal for one in found.of("disclosure") if one.signal.detail("about") == "T21"]
    assert overdue == [], "the ad-hoc report is not due yet"


def test_paid_late_after_all_the_period_still_differs(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.comes_in(20_000, FIRST)
    deal.until(FIRST)
    deal.until(FIRST + DAY)
    deal.pays(1, FIRST + 2 * DAY, **RIGHT)
    deal.until(FIRST + 3 * DAY)
    causes = [one.signal and one.signal.detail("cause") for one in watch(book).of("distribution_differs")]
    assert causes[0] == "date_missed"
    assert causes[-1] == "wrong_date", "paid, and counted to another day"


def test_a_period_paid_before_its_day_is_one_finding(book: Book, watch: Any) -> None:
    """Nothing is distributed on the date, as it was three days earlier: that differs, and nobody missed anything."""
    deal = made(book)
    deal.comes_in(20_000, FIRST - 4 * DAY)
    deal.pays(1, FIRST - 3 * DAY, **RIGHT)
    deal.until(FIRST + DAY)
    deal.until(FIRST + 2 * DAY)
    found = watch(book)
    causes = {one.signal and one.signal.detail("cause") for one in found.of("distribution_differs")}
    assert causes == {"wrong_date"}
    assert {one.subject for one in found.of("distribution_differs")} == {"period plan-1/1"}


# What was collected: T06.


def test_cash_not_passed_on_by_its_date_is_held_back_until_it_is(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.until(CLOSING + 10 * DAY)
    book.say("servicer", "collection.received", received("c", 9_000, ("p", "r", 9_000), date=day_of(book)))
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
    deal = made(book)
    deal.until(FIRST)
    book.say("servicer", "collection.received", received("c", 9_000, ("p", "r", 9_000), date=FIRST.isoformat()))
    deal.until(FIRST + DAY)
    assert watch(book).of("cash_held_back") == []


def test_cash_that_waits_longer_than_a_month_and_than_three(book: Book, watch: Any) -> None:
    deal = made(book, dates={"pay": [THIRD.isoformat()], "roll": "none"})
    deal.until(date(2026, 1, 10))
    book.say("servicer", "collection.received", received("c", 9_000, ("p", "r", 9_000), date="2026-01-10"))
    heights = []
    for day in ("2026-02-10", "2026-02-11", "2026-04-10", "2026-04-11"):
        heights.append(book.height)
        deal.until(date.fromisoformat(day))
    found = watch(book)
    assert found.heights("collection_cycle") == [(heights[1], "medium"), (heights[3], "high")]
    assert found.of("collection_cycle")[0].signal.detail("article") == "SL2 2.2.7"


# What was lost: T01.


@pytest.mark.parametrize(("lost", "steps"), [(10_500, 0), (10_501, 1), (21_001, 2), (105_001, 10)])
def test_each_further_tenth_that_is_lost_in_a_year(book: Book, watch: Any, lost: int, steps: int) -> None:
    deal = made(book)
    deal.until(CLOSING + DAY)
    said(book, "defaulted", amount=113_000)
    deal.until(CLOSING + 2 * DAY)
    said(book, "written_off", amount=lost)
    at = book.height
    deal.until(CLOSING + 3 * DAY)
    deal.until(CLOSING + 4 * DAY)
    found = watch(book)
    assert found.heights("asset_loss") == [(at, "high")] * steps
    assert [one.subject for one in found.of("asset_loss")] == sorted(
        f"loss plan-1/2026/{step}" for step in range(1, steps + 1)
    ) or steps > 1
    if steps:
        signal = found.of("asset_loss")[0].signal
        assert (signal.amount, signal.detail("article")) == (lost, "S5 5.2.1")


def test_losses_add_up_within_a_year_and_start_anew_with_the_next(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.until(date(2026, 6, 1))
    said(book, "written_off", amount=9_000)
    deal.until(date(2026, 6, 2))
    said(book, "written_off", amount=9_000)
    at = book.height
    deal.until(date(2026, 6, 3))
    deal.until(date(2027, 1, 4))
    said(book, "written_off", amount=9_000)
    deal.until(date(2027, 1, 5))
    assert watch(book).heights("asset_loss") == [(at, "high")]


def test_what_is_only_in_default_is_no_loss_and_what_comes_back_is_taken_off(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.until(CLOSING + DAY)
    said(book, "defaulted", amount=113_000)
    deal.until(CLOSING + 2 * DAY)
    said(book, "written_off", amount=12_000)
    at = book.height
    deal.until(CLOSING + 3 * DAY)
    said(book, "recovered", amount=5_000)
    back = book.height
    deal.until(CLOSING + 4 * DAY)
    assert watch(book).heights("asset_loss") == [(at, "high"), (back, None)]


# Who takes part and what was agreed: T13, T23 and T09.


def test_amended_terms_and_another_custodian(book: Book, watch: Any) -> None:
    deal = made(book)
    book.say(
        "operator",
        "member.admitted",
        admitted("custodian2", ["custodian"]),
    )
    deal.until(CLOSING + DAY)
    changed = terms()
    changed["plan"] = changed["plan"] | {"custodian": "custodian2"}
    book.say("manager", "plan.terms_amended", {
        "v": 2, "plan": "plan-1", "effective": day_of(book), "reason": "持有人大会决议", "document": changed,
    })  # fmt: skip
    at = book.height
    deal.until(CLOSING + 2 * DAY)
    found = watch(book)
    assert found.heights("participant_changed") == [(at, "medium")]
    signal = found.of("participant_changed")[0].signal
    assert (signal.detail("old_party"), signal.detail("new_party")) == ("custodian", "custodian2")
    assert found.heights("terms_amended") == [(at, "low")], "no main term"
    assert found.of("terms_amended")[0].signal.detail("places") == "plan.custodian"
    assert signal.detail("article") == "S5 5.3.4"


def test_an_amended_waterfall_is_a_main_term(book: Book, watch: Any) -> None:
    deal = made(book)
    deal.until(CLOSING + DAY)
    changed = terms()
    changed["triggers"] = []
    book.say("manager", "plan.terms_amended", {
        "v": 2, "plan": "plan-1", "effective": day_of(book), "reason": "决议", "document": changed,
    })  # fmt: skip
    at = book.height
    deal.until(CLOSING + 2 * DAY)
    found = watch(book)
    assert found.heights("terms_amended") == [(at, "medium")]
    assert found.of("participant_changed") == []


@pytest.mark.parametrize(("event", "level"), [("revolving_ended", "medium"), ("acceleration", "high")])
def test_an_early_end_of_the_revolving_period(book: Book, watch: Any, event: str, level: str) -> None:
    book.admit()
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", documented("plan-1"))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.seal()
    book.say("manager", "event.declared", {"plan": "plan-1", "event": event, "at": "2026-01-06", "reason": "不足"})
    at = book.height
    book.seal(1)
    book.seal(3)
    found = watch(book)
    assert found.heights("revolving_ended") == [(at, level)]
    signal = found.of("revolving_ended")[0].signal
    assert (signal.detail("until"), signal.detail("article")) == ("2026-05-31", "S5 5.2.10")


def test_an_end_on_its_last_day_is_none(book: Book, watch: Any) -> None:
    book.admit()
    book.say("manager", "plan.established", documented("plan-1"))
    book.seal()
    book.say("manager", "event.declared", {
        "plan": "plan-1", "event": "revolving_ended", "at": "2026-05-31", "reason": "到期",
    })  # fmt: skip
    book.seal(150)
    assert watch(book).of("revolving_ended") == []


# Holders, statements


def holders(book: Book, tranche: str, **units: int) -> None:
    book.say("custodian", "holdings.reported", {
        "plan": "plan-1", "tranche": tranche, "at": day_of(book),
        "holders": [{"investor": name, "units": count} for name, count in units.items()],
    })  # fmt: skip


@pytest.mark.parametrize(("kept", "told"), [(53, False), (52, True)])
def test_less_than_a_twentieth_is_retained(book: Book, watch: Any, kept: int, told: bool) -> None:
    deal = made(book)
    holders(book, "A", bank=900)
    holders(book, "B", bank=100)
    book.seal()
    holders(book, "C", factor=kept, bank=100 - kept)
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("risk_retention") == ([(at, "medium")] if told else [])
    assert deal is not None


def test_a_statement_is_held_against_the_ledger(book: Book, watch: Any) -> None:
    deal = made(book)
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


# Disclosure


def filed(book: Book, name: str, kind: str, period: int | None = None) -> None:
    book.say("manager", "disclosure.filed", {
        "disclosure": name, "report": name, "kind": kind, "plan": "plan-1", "period": period,
        "package_digest": "ab" * 32, "signer": "manager", "supersedes": None,
    })  # fmt: skip


def test_a_distribution_report_in_time_late_and_not_at_all(book: Book, watch: Any) -> None:
    """FIRST is Thursday 19 March 2026, so SSE's deadline is Thursday 12 March; SECOND is 31 May, a Sunday."""
    deal = made(book)
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
        book.say(
            "factor", "pool.revolving_purchased", purchased(f"p-{name}", 10_000, (name, [more]), date=day_of(book))
        )
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


# Pools


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
        "receivable": "r", "delta": -1_000, "reason": "dispute", "at": day_of(book),
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
    assert signal.detail("trigger") == "T12"


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
    book.say("bank", "payment.recorded", payment("q", 60_000, ("x", 60_000), payer="bank", date=day_of(book)))
    at = book.height
    book.seal()
    found = watch(book)
    assert [one for one in found.heights("concentration") if one[0] == at], found.heights("concentration")
    assert all(height >= at for height, _ in found.heights("concentration"))
    signal = found.of("concentration")[0].signal
    assert (signal.subject, signal.detail("first_party")) == ("limit plan-1/debtor", "core")
    assert before < at


# What was forecast: T03.


def test_a_period_that_brings_nothing_of_what_was_forecast(book: Book, watch: Any) -> None:
    """What is due in the third period is not paid: known when the period is over, and not before."""
    book.admit()
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", termed("plan-1", tranches=TRANCHES, document=terms()))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.seal()
    heights = {}
    for day in (FIRST + DAY, SECOND + DAY, THIRD, THIRD + DAY):
        heights[day] = book.height
        book.seal((day - book.time.date()).days)
    found = watch(book)
    assert found.heights("cash_flow", "period plan-1/3")[0] == (heights[THIRD + DAY], "high")
    signal = found.of("cash_flow", "period plan-1/3")[0].signal
    assert (signal.detail("forecast_fen"), signal.detail("actual_fen")) == (113_000, 0)
    assert (signal.detail("trigger"), signal.detail("article")) == ("T03", "S5 5.2.4")


# The plan as a whole


def test_terms_nobody_can_read_are_said_to_be_so(book: Book, watch: Any) -> None:
    book.admit()
    book.say("manager", "plan.established", termed("plan-1", document=document()))
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("terms_unusable") == [(at, "medium")]
    assert found.of("terms_unusable")[0].signal.level is Level.MEDIUM


def test_a_plan_of_another_is_left_alone(book: Book, watch: Any) -> None:
    """What happens to one plan says nothing of the other."""
    deal = made(book)
    book.say("manager", "plan.established", plan("plan-2", closing="2026-01-06"))
    deal.until(CLOSING + DAY)
    said(book, "written_off", amount=50_000)
    deal.until(CLOSING + 2 * DAY)
    found = watch(book)
    assert {one.subject.split()[1].split("/")[0] for one in found.of("asset_loss")} == {"plan-1"}
