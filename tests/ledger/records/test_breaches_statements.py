"""Every breach about statements of accounts, and beside it the lawful statement that looks like it."""

from typing import Any

import pytest

from ledger.facts import AccountBalance, Statement
from tests.support.ledger_book import Book


def statement(name: str, first: str, last: str, opening: int, closing: int, **changes: Any) -> dict[str, Any]:
    moved = closing - opening
    return {
        "statement": name, "account": "6222-01", "holder": "manager", "from": first, "to": last, "opening": opening,
        "closing": closing, "credits": max(moved, 0) + 500, "debits": max(-moved, 0) + 500, "entries_digest": "ab" * 32,
        **changes,
    }  # fmt: skip


@pytest.fixture
def kept(book: Book) -> Book:
    """The first statement of an account: the first week of January."""
    book.seal(30)
    first = statement("s1", "2026-01-01", "2026-01-09", 0, 70_000)
    assert book.tell("custodian", "statement.recorded", first) == []
    return book


def test_a_statement_adds_up(book: Book) -> None:
    good = statement("s", "2026-01-01", "2026-01-05", 100, 40)
    assert book.tell("custodian", "statement.recorded", {**good, "debits": 561}) == ["statement.total"]
    assert dict(book.found[-1].details) == {"opening": 100, "credits": 500, "debits": 561, "closing": 40}
    other = {**good, "statement": "t", "account": "other"}
    assert book.tell("custodian", "statement.recorded", other) == []
    overdrawn = statement("o", "2026-01-01", "2026-01-05", 0, -5, account="third")
    assert book.tell("bank", "statement.recorded", overdrawn) == []


def test_a_statement_opens_where_the_last_one_closed(kept: Book) -> None:
    first = kept.last()
    wrong = statement("s2", "2026-01-10", "2026-01-16", 70_001, 80_000)
    assert kept.tell("custodian", "statement.recorded", wrong) == ["statement.gap"]
    assert kept.found[-1].others == (first,)
    assert dict(kept.found[-1].details) == {
        "opening": 70_001, "closed": 70_000, "begins": "2026-01-10", "ended": "2026-01-09",
    }  # fmt: skip
    follows = statement("s3", "2026-01-19", "2026-01-23", 80_000, 0)
    assert kept.tell("custodian", "statement.recorded", follows) == [], "a weekend lies between"
    elsewhere = statement("s4", "2026-01-19", "2026-01-23", 1, 2, account="6222-02")
    assert kept.tell("custodian", "statement.recorded", elsewhere) == []


def test_statements_do_not_overlap(kept: Book) -> None:
    for name, first, last in (("a", "2026-01-09", "2026-01-12"), ("b", "2026-01-02", "2026-01-03")):
        again = statement(name, first, last, 70_000, 70_000)
        assert kept.tell("custodian", "statement.recorded", again) == ["statement.gap"]
        assert "overlaps" in kept.found[-1].message
    balance = kept.store.at().get(AccountBalance, "6222-01")
    assert (balance.statement, str(balance.ends_on)) == ("a", "2026-01-12"), "the earlier one moves nothing"
    assert kept.tell("custodian", "statement.recorded", statement("c", "2026-01-13", "2026-01-13", 70_000, 1)) == []


def test_two_statements_in_one_block(kept: Book) -> None:
    kept.say("custodian", "statement.recorded", statement("s2", "2026-01-10", "2026-01-16", 70_000, 1))
    kept.say("custodian", "statement.recorded", statement("s3", "2026-01-17", "2026-01-23", 1, 2))
    kept.say("custodian", "statement.recorded", statement("s4", "2026-01-24", "2026-01-25", 1, 2))
    assert [finding.code.value for finding in kept.seal()] == ["statement.gap"]


def test_dates_and_references(book: Book) -> None:
    turned = statement("s", "2026-01-05", "2026-01-04", 0, 0)
    assert book.tell("custodian", "statement.recorded", turned) == ["dates.order"]
    late = statement("t", "2026-01-05", "2026-01-06", 0, 0, account="x")
    assert book.tell("custodian", "statement.recorded", late) == ["dates.order"]
    strange = statement("u", "2026-01-05", "2026-01-05", 0, 0, account="y", holder="nobody")
    assert book.tell("custodian", "statement.recorded", strange) == ["reference.missing"]
    assert book.tell("manager", "statement.recorded", {**strange, "holder": "bank"}) == [
        "sender.role",
        "identifier.reused",
    ]


def test_what_a_statement_states(kept: Book) -> None:
    row = kept.store.at().get(Statement, "s1")
    assert (str(row.starts_on), str(row.ends_on), row.credits, row.debits) == (
        "2026-01-01", "2026-01-09", 70_500, 500,
    )  # fmt: skip
    for changes in ({"entries_digest": "AB" * 32}, {"credits": -1}, {"from": "2026-1-1"}):
        bad = statement("bad", "2026-01-10", "2026-01-11", 70_000, 70_000) | changes
        assert kept.tell("custodian", "statement.recorded", bad) == ["record.malformed"]
