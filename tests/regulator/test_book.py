"""The book keeps every version of a finding, and never one that another process wrote too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, select, text

from ledger.errors import StoreDamaged, StoreUnavailable
from regulator import trail
from regulator.access import Actor
from regulator.book import ORDERS, Book, Followed, Search, book_beside, take_over
from regulator.book.tables import BookTable, FollowedRow, table_of
from regulator.duplicates.contract_sums import ContractSumsRow
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


def test_what_is_read_at_once_is_of_one_state_and_for_one_thread(database: MakeDatabase) -> None:
    place = database.empty()
    with Book.open(place) as book, Book.open(place) as other, ThreadPoolExecutor(1) as thread:
        with book.at_once():
            assert book.followed("t") is None
            other.keep("t", [version(1, said())], None, upto(1))
            with book.at_once():
                assert book.standing(RULES, ["invoice I"]) == {}
            assert book.followed("t") is None
            assert thread.submit(book.followed, "t").result() == upto(1)
        assert book.standing(RULES, ["invoice I"]) == {said().id: said()}
        with pytest.raises(ValueError, match="of the caller"), book.at_once():
            raise ValueError("of the caller")
        assert book.followed("t") == upto(1)


def test_findings_are_listed_gravest_first_and_chosen(casebook: Book) -> None:
    signals = [
        said("a", amount=5), said("b", amount=9), said("c", level=Level.HIGH, amount=1, parties=("m",)),
        said("d", "t_x", things=("plan P",)), said("e", "t.b", level=Level.MEDIUM),
    ]  # fmt: skip
    casebook.keep("t", [version(2, each) for each in signals], None, upto(2))
    assert [one.subject for one in casebook.findings()] == ["c", "e", "b", "d", "a"]
    assert [one.subject for one in casebook.findings(rule="t")] == ["c", "e", "b", "a"]
    assert [one.subject for one in casebook.findings(rule="t.b")] == ["e"]
    assert [one.subject for one in casebook.findings(level=Level.LOW)] == ["b", "d", "a"]
    assert [one.subject for one in casebook.findings(about=["member m"])] == ["c"]
    assert [one.subject for one in casebook.findings(about=["plan P"])] == ["d"]
    assert casebook.findings(about=["plan P", "member m"]) == []
    assert casebook.counts()[("t.a", Level.LOW)] == 2
    assert casebook.named("member", 5) == ["m"]
    assert casebook.things(signals[2].id) == ["c", "member m"]


def test_findings_are_searched_as_they_are_written(casebook: Book) -> None:
    signals = [
        said("invoice A_1"), said("invoice aB1", parties=("m",)), said("plan P%", "t.b"),
        said("x", "t_x", things=("plan P",)),
    ]  # fmt: skip
    casebook.keep("t", [version(2, each) for each in signals], None, upto(2))

    def found(text: str, **named: list[str]) -> set[str]:
        return {one.subject for one in casebook.findings(search=Search(text=text, **named))}

    assert found("a_1") == {"invoice A_1"}  # no sign is a wildcard
    assert found("%") == {"plan P%"}
    assert found("INVOICE") == {"invoice A_1", "invoice aB1"}
    assert found(signals[2].id) == {"plan P%"}
    assert found("nothing") == set()
    assert found("nothing", rules=["t.b"], things=["member m", "plan P"]) == {"plan P%", "invoice aB1", "x"}


def test_findings_come_in_the_order_asked_for(casebook: Book) -> None:
    days = [None, date(2026, 3, 1), date(2026, 1, 1)]
    signals = [replace(said(name, amount=n), since=on) for n, (name, on) in enumerate(zip("abc", days, strict=True))]
    casebook.keep("t", [version(9 - n, one) for n, one in enumerate(signals)], None, upto(9))

    def order(by: str, *, descending: bool = False) -> str:
        return "".join(one.subject for one in casebook.findings(order=by, descending=descending))

    assert (order("since", descending=True), order("since")) == ("bca", "acb")
    assert (order("amount"), order("first_height")) == ("abc", "cba")
    for by in ORDERS:
        assert order(by) == order(by, descending=True)[::-1] or by == "rule"


def test_what_was_said_last_is_found_of_one_that_ended(casebook: Book) -> None:
    first, then, other = said(amount=1), said(amount=2), said("invoice J")
    versions = [version(1, first), version(2, then), version(2, other), version(3, then, stands=False)]
    casebook.keep("t", versions, None, upto(3))
    assert casebook.last_said([first.id, other.id, "0" * 16]) == {first.id: then, other.id: other}
    assert casebook.signals([first.id]) == {first.id: [(1, first), (2, then)]}


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
    assert casebook.findings(about=["invoice I"]) == []


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


def test_a_book_of_the_first_form_is_brought_along_with_what_people_wrote(database: MakeDatabase) -> None:
    location = database.empty()
    with Book.open(location) as made, made.writes() as connection:
        connection.execute(text("alter table suppression drop column height"))
        connection.execute(text("update book_state set text = '1' where name = 'form'"))
        connection.execute(
            text(
                "insert into suppression (id, rule, reason, author, made_at, expires_on) values"
                " ('SUP-0001', 't.a', 'known', 'Li', '2026-03-02T04:00:00+00:00', '2026-03-02')"
            )
        )
    for _ in range(2):
        with Book.open(location) as again, again.reads() as connection:
            kept = connection.execute(text("select id, height from suppression")).all()
            assert [tuple(row) for row in kept] == [("SUP-0001", -1)]


def test_a_book_is_opened_while_another_process_writes_it(tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as writes, writes.writes(), Book.open(tmp_path / "book.db") as reads:
        assert reads.findings() == []


def test_the_book_is_there_again(tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as made:
        made.keep("t", [version(1, said())], None, upto(1))
    with Book.open(tmp_path / "book.db") as again:
        assert len(again.findings()) == 1


def test_findings_are_exchanged_whole_and_what_people_wrote_stays(casebook: Book, tmp_path: Path) -> None:
    kept = table_of(ContractSumsRow)
    old, new = said(), said("invoice J", amount=9)
    casebook.keep_all({"t": [version(1, old)], "u": []}, {"t": None, "u": None}, upto(1))
    with casebook.writes() as connection:
        connection.execute(text("drop table contract_sums"))
        connection.execute(text("create table contract_sums (old integer)"))  # as another version kept it
        actor = Actor(name="Li", roles=frozenset({"regulator"}))
        trail.append(connection, actor, trail.Act.LOOKED, "findings", datetime(2026, 3, 2, tzinfo=UTC))
    with book_beside(tmp_path) as made:
        made.keep("t", [version(2, new), version(3, replace(new, amount=10))], None, upto(4))
        row = {each.name: _some(each) for each in kept.columns}
        with made.writes() as connection:
            connection.execute(kept.insert(), [row])
        with casebook.writes() as connection:
            connection.execute(text("drop table found_link"))
        with pytest.raises(StoreDamaged):
            take_over(casebook, made)
        assert [one.id for one in casebook.findings()] == [old.id]
        assert casebook.followed("u") == upto(1)
        with casebook.writes() as connection:
            BookTable.metadata.tables["found_link"].create(connection)
        take_over(casebook, made)
        assert [one.height for one in casebook.history(new.id)] == [2, 3]
    assert [one.id for one in casebook.findings(about=["invoice J"], standing=None)] == [new.id]
    assert casebook.followed_all() == {"t": upto(4)}
    with casebook.reads() as connection:
        assert [dict(each) for each in connection.execute(select(kept)).mappings()] == [row]
        assert (trail.count(connection), trail.check(connection)) == (1, [])
    assert list(tmp_path.glob("watch-again-*")) == []


def _some(column: Column[Any]) -> object:
    """A value that the column takes."""
    return 1 if issubclass(column.type.python_type, int) else "1"


def test_a_damaged_book_says_where_it_is_and_what_can_be_made_again(tmp_path: Path) -> None:
    location = tmp_path / "the.db"
    with Book.open(location) as made:
        with made.writes() as connection:
            connection.execute(table_of(FollowedRow).insert().values(scope="t", height=1, facts_digest="x"))
            connection.execute(text("drop table found"))
        for act in (made.findings, lambda: made.keep("t", [version(1, said())], made.followed("t"), upto(2))):
            with pytest.raises(StoreDamaged) as refused:
                act()
            assert str(location) in refused.value.message
            assert "cases, suppressions and the trail cannot" in refused.value.next_step
    location.write_bytes(b"\xff" * 8_192)
    with pytest.raises(StoreDamaged) as refused:
        Book.open(location)
    assert str(location) in refused.value.message


def test_all_scopes_are_asked_how_far_they_came(casebook: Book) -> None:
    assert casebook.reached(["t"]) is None
    casebook.keep("t", [], None, upto(5))
    casebook.keep("u", [], None, upto(3))
    assert (casebook.reached(["t"]), casebook.reached(["t", "u"]), casebook.reached(["t", "v"])) == (5, 3, None)
