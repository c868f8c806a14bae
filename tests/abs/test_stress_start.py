"""Where a stress test starts by the ledger: the state after the last paid period, and every fen that came since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from abs.errors import UnknownPlan
from abs.scenario import preset
from abs.stress import stress
from abs.stress.start import ledger_setting
from tests.support.ledger_book import Book
from tests.support.plan_book import distributed, fee, funded

PAY = (date(2026, 6, 30), date(2026, 12, 31))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "ledger.db")
    made.admit()
    funded(made, version=2)
    yield made
    made.store.close()


def test_before_anything_was_paid(book: Book) -> None:
    """113,000 were assigned, 100,000 paid, of which the servicer stated 95,000 as collected."""
    setting = ledger_setting(book.store.at(), "plan-1")
    assert (setting.day, setting.state.period, setting.state.on) == (date(2026, 1, 5), 0, date(2026, 1, 5))
    assert (setting.cash, setting.outstanding.value) == (100_000, 13_000)
    assert [one.payment for one in setting.dates] == list(PAY)
    run = stress(setting, preset("base"))
    # The first date pays 176 days of 0.05% and 5.25% of 100,000 and 90,000, and all principal.
    first = run.dates[0]
    assert (first.collected, first.fees, first.interest) == (113_000, 24, 2_278)
    assert (first.principal, first.residual, first.cash) == (100_000, 113_000 - 100_000 - 24 - 2_278, 0)


def test_after_a_period_that_was_paid(book: Book) -> None:
    """What the records say was paid counts: the fee of 1 fen less than was due is in arrears."""
    book.say("custodian", "fee.paid", fee("f1", 23, date="2026-06-30"))
    book.say("custodian", "distribution.made", distributed("d1", 50_000, 2_278, date="2026-06-30"))
    book.seal(days=200)
    setting = ledger_setting(book.store.at(), "plan-1")
    state = setting.state
    assert (state.period, state.on) == (1, PAY[0])
    assert {name: one.outstanding for name, one in state.tranches.items()} == {"A": 40_000, "B": 10_000}
    assert {name: one.interest_arrears for name, one in state.tranches.items()} == {"A": 0, "B": 0}
    assert state.fees["custody"].arrears == 1
    assert sum(state.accounts.values()) + setting.cash == 100_000 - 23 - 50_000 - 2_278
    assert [one.payment for one in setting.dates] == [PAY[1]]
    run = stress(setting, preset("base"))
    assert run.tranche("A").outstanding == 40_000
    assert run.tranche("A").lost == 0


def test_as_of_a_height_and_on_a_day(book: Book) -> None:
    height = book.store.at().height
    book.say("custodian", "distribution.made", distributed("d1", 50_000, 2_278, date="2026-06-30"))
    book.seal(days=200)
    assert ledger_setting(book.store.at(height), "plan-1").state.period == 0
    assert ledger_setting(book.store.at(height), "plan-1", date(2026, 7, 1)).dates[0].payment == PAY[1]


def test_a_plan_that_is_not_there(book: Book) -> None:
    with pytest.raises(UnknownPlan):
        ledger_setting(book.store.at(), "other")


def test_an_event_since_the_last_payment_is_heard(book: Book) -> None:
    """The manager declares acceleration between two payment dates: the next one is paid by it, a stress too."""
    book.say(
        "manager", "event.declared", {"plan": "plan-1", "event": "acceleration", "at": "2026-01-05", "reason": "决议"}
    )
    book.seal()
    setting = ledger_setting(book.store.at(), "plan-1")
    assert (setting.state.state, setting.state.declared) == ("accelerated", "accelerated")
    assert stress(setting, preset("base")).dates[0].state == "accelerated"
    assert ledger_setting(book.store.at(), "plan-1", date(2026, 1, 4)).state.state != "accelerated"
