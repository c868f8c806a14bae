"""The book keeps every version of a finding, and never one that another process wrote too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.errors import StoreUnavailable
from regulator.book import Book, Followed
from regulator.errors import BookStale, UnknownFinding
from regulator.signals import Level, Signal, Version
from tests.support.databases import MakeDatabase

RULES = ("t.a", "t.b")


@pytest.fixture
def casebook(database: MakeDatabase) -> Iterator[Book]:
    with Book.open(database.empty()) as made:
        yield made


def said(subject: str = "invoice I", rule: str = "t.a", **changes: object) -> Signal:
    values: dict[str, object] = {"rule": rule, "subject": subject, "level": Level.LOW, "score": 5, "amount": 7}
    return Signal(**{**values, **changes})  # type: ignore[arg-type]


def version(height: int, signal: Signal, *, stands: bool = True) -> Version:
    return Version(rule=signal.rule, subject=signal.subject, height=height, signal=signal if stands else None)


def upto(height: int) -> Followed:
    return Followed(height=height, facts_digest=f"{height:064x}")


def test_a_finding_has_all_its_versions(casebook: Book) -> None:
    first, graver = said(parties=("m",)), said(level=Level.HIGH, amount=9, things=("financing F",))
    casebook.keep("t", [version(3, first), version(5, graver)], None, upto(5))
    casebook.keep("t", [version(8, graver, stands=False)], upto(5), upto(9))
    assert casebook.history(first.id) == [version(3, first), version(5, graver), version(8, graver, stands=False)]
    (line,) = casebook.findings(standing=None)
    assert (line.first_height, line.last_height, line.standing, line.level, line.amount) == (3, 8, False, Level.HIGH, 9)
    assert casebook.findings() == []
    assert casebook.followed("t") == upto(9)
    assert casebook.standing(RULES, ["invoice I"]) == {}
    assert [one.height for one in casebook.versions(RULES)] == [3, 5, 8]


def test_what_stands_is_asked_by_subject_and_rule(casebook: Book) -> None:
    one, other = said(), said("invoice J", "t.b")
    casebook.keep("t", [version(1, one), version(1, other)], None, upto(1))
    assert casebook.standing(RULES, ["invoice I", "invoice J", "invoice K"]) == {one.id: one, other.id: other}
    assert casebook.standing(("t.b",), ["invoice I", "invoice J"]) == {other.id: other}


def test_findings_are_listed_gravest_first_and_chosen(casebook: Book) -> None:
    signals = [
        said("a", amount=5), said("b", amount=9), said("c", level=Level.HIGH, amount=1, parties=("m",)),
        said("d", "t_x", things=("plan P",)), said("e", "t.b", level=Level.MEDIUM),
    ]  # fmt: skip
    casebook.keep("t", [version(2, each) for each in signals], None, upto(2))
    assert [one.subject for one in casebook.findings()] == ["c", "e", "b", "d", "a"]
    assert [one.subject for one in casebook.findings(limit=2, offset=1)] == ["e", "b"]
    assert [one.subject for one in casebook.findings(rule="t")] == ["c", "e", "b", "a"]
    assert [one.subject for one in casebook.findings(rule="t.b")] == ["e"]
    assert [one.subject for one in casebook.findings(level=Level.LOW)] == ["b", "d", "a"]
    assert [one.subject for one in casebook.findings(thing="member m")] == ["c"]
    assert [one.subject for one in casebook.findings(thing="plan P")] == ["d"]
    assert casebook.counts()[("t.a", Level.LOW)] == 2


def test_two_processes_do_not_both_write(casebook: Book) -> None:
    casebook.keep("t", [version(1, said())], None, upto(1))
    with pytest.raises(BookStale) as refused:
        casebook.keep("t", [version(2, said("other"))], None, upto(2))
    assert refused.value.code == "book-moved"
    assert [one.subject for one in casebook.findings()] == ["invoice I"]


def test_forgetting_leaves_what_other_scopes_found(casebook: Book) -> None:
    casebook.keep("t", [version(1, said())], None, upto(1))
    casebook.keep("u", [version(1, said("x", "u.a"))], None, upto(1))
    casebook.forget("t", RULES)
    assert [one.rule for one in casebook.findings()] == ["u.a"]
    assert casebook.followed("t") is None
    assert casebook.findings(thing="invoice I") == []


def test_an_unknown_finding_is_told(casebook: Book) -> None:
    with pytest.raises(UnknownFinding) as refused:
        casebook.history("0" * 16)
    assert refused.value.next_step


def test_a_book_of_another_form_is_refused(tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as made, made.writes() as connection:
        connection.execute(text("update book_state set text = '99' where name = 'form'"))
    with pytest.raises(StoreUnavailable) as refused:
        Book.open(tmp_path / "book.db")
    assert refused.value.code == "book-form"


def test_the_book_is_there_again(tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as made:
        made.keep("t", [version(1, said())], None, upto(1))
    with Book.open(tmp_path / "book.db") as again:
        assert len(again.findings()) == 1
