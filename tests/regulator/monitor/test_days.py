"""Business days of blocks, and readings of the past within one reading."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ledger.facts import Member
from regulator.errors import NeedsReplica
from regulator.histories import MarketHistories, StoreHistories
from regulator.monitor import PlanScope
from regulator.monitor.days import Days
from tests.support.ledger_book import Book


def test_a_day_is_over_with_the_first_block_of_a_later_one(book: Book) -> None:
    for days in (0, 1, 0, 3):
        book.seal(days)
    known = Days()
    assert known.follow(book.store.at())
    assert known.turns(-1, 4) == [0, 2, 4]
    assert [known.of(height).day for height in range(5)] == [5, 5, 6, 6, 9]
    assert known.after(date(2026, 1, 5)) == 2
    assert known.after(date(2026, 1, 7)) == 4, "no block was made on the 7th and 8th"
    assert known.after(date(2026, 1, 9)) is None
    assert known.passed([date(2026, 1, 4), date(2026, 1, 9)]) == [0]


def test_days_go_on_from_what_is_known_and_notice_another_ledger(book: Book, tmp_path: Path) -> None:
    book.seal(1)
    known = Days()
    known.follow(book.store.at())
    book.seal(1)
    assert known.follow(book.store.at())
    assert known.turns(0, 2) == [1, 2]
    assert known.follow(book.store.at(1)), "a reading of the past of the same ledger"
    other = Book(tmp_path / "other.db")
    other.seal(40)
    assert other.store.at().block_hash == book.store.at(1).block_hash, "these test blocks are named by height"
    other.store.close()


def test_days_never_run_back(book: Book) -> None:
    book.seal(5)
    book.seal(-3)
    known = Days()
    known.follow(book.store.at())
    assert known.of(2) == date(2026, 1, 10)
    assert known.turns(0, 2) == [1]


def test_a_reading_of_an_earlier_height_gives_the_facts_of_then(book: Book) -> None:
    book.admit()
    at = book.height - 1
    book.tell("operator", "member.updated", {"member": "bank", "roles": ["plan_manager"]})
    with book.store.at().at_once() as facts:
        earlier = StoreHistories(facts).facts_at(at)
        then, now = earlier.get(Member, "bank"), facts.get(Member, "bank")
        assert then is not None
        assert now is not None
        assert (then.roles, then.to_height, now.roles) == (["bank"], None, ["plan_manager"])
        assert (earlier.height, earlier.block_hash, earlier.time) == (
            at, book.store.at(at).block_hash, book.store.at(at).time,
        )  # fmt: skip
        assert earlier.count(Member) == facts.count(Member)
        for wrong in (-1, facts.height + 1):
            with pytest.raises(ValueError, match="height"):
                facts.earlier(wrong)


def test_a_snapshot_cannot_answer_for_plans() -> None:
    with pytest.raises(NeedsReplica) as refused:
        PlanScope().touched({}, MarketHistories(None, 3))  # type: ignore[arg-type]
    assert refused.value.code == "needs-replica"
