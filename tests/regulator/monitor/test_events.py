"""What happened to a plan by its own records: losses, new terms and parties, an early end, who retains what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from regulator.signals import Level
from tests.support.ledger_book import Book, admitted, financed_by_factor, plan
from tests.support.paid_plan import CLOSING, PaidPlan, terms
from tests.support.plan_book import assigned, document, documented, termed

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def said(book: Book, act: str, asset: str = "r", **parts: Any) -> None:
    book.say("servicer", f"asset.{act}", {"plan": "plan-1", "asset": asset, "at": book.today, **parts})


def holders(book: Book, tranche: str, **units: int) -> None:
    book.say("custodian", "holdings.reported", {
        "plan": "plan-1", "tranche": tranche, "at": book.today,
        "holders": [{"investor": name, "units": count} for name, count in units.items()],
    })  # fmt: skip


@pytest.mark.parametrize(("lost", "steps"), [(10_500, 0), (10_501, 1), (21_001, 2), (105_001, 10)])
def test_each_further_tenth_that_is_lost_in_a_year(book: Book, watch: Any, lost: int, steps: int) -> None:
    deal = PaidPlan(book)
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
    deal = PaidPlan(book)
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
    deal = PaidPlan(book)
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


def test_amended_terms_and_another_custodian(book: Book, watch: Any) -> None:
    deal = PaidPlan(book)
    book.say(
        "operator",
        "member.admitted",
        admitted("custodian2", ["custodian"]),
    )
    deal.until(CLOSING + DAY)
    changed = terms()
    changed["plan"] = changed["plan"] | {"custodian": "custodian2"}
    book.say("manager", "plan.terms_amended", {
        "v": 2, "plan": "plan-1", "effective": book.today, "reason": "持有人大会决议", "document": changed,
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
    deal = PaidPlan(book)
    deal.until(CLOSING + DAY)
    changed = terms()
    changed["triggers"] = []
    book.say("manager", "plan.terms_amended", {
        "v": 2, "plan": "plan-1", "effective": book.today, "reason": "决议", "document": changed,
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


@pytest.mark.parametrize(("kept", "told"), [(53, False), (52, True)])
def test_less_than_a_twentieth_is_retained(book: Book, watch: Any, kept: int, told: bool) -> None:
    deal = PaidPlan(book)
    holders(book, "A", bank=900)
    holders(book, "B", bank=100)
    book.seal()
    holders(book, "C", factor=kept, bank=100 - kept)
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("risk_retention") == ([(at, "medium")] if told else [])
    assert deal is not None


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
    deal = PaidPlan(book)
    book.say("manager", "plan.established", plan("plan-2", closing="2026-01-06"))
    deal.until(CLOSING + DAY)
    said(book, "written_off", amount=50_000)
    deal.until(CLOSING + 2 * DAY)
    found = watch(book)
    assert {one.subject.split()[1].split("/")[0] for one in found.of("asset_loss")} == {"plan-1"}
