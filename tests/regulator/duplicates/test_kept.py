"""What scopes keep of the ledger in the book: it is theirs from the first block on, or they do not follow at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

import regulator.watch
from regulator.book import Book
from regulator.book.tables import BookTable, table_of
from regulator.duplicates.contract_sums import ContractSumsRow
from regulator.duplicates.contracts import ContractScope
from regulator.duplicates.pairs import PairScope, PairSumsRow
from regulator.duplicates.paper_marks import PaperMarksRow
from regulator.duplicates.papers import PaperScope
from regulator.errors import BookStale
from regulator.scope import Keeping, Scope
from regulator.watch import follow
from tests.support.duplicates_desk import NET, PaperDesk, consortium

KEPT: tuple[tuple[Scope, type[BookTable]], ...] = (
    (ContractScope(), ContractSumsRow),
    (PaperScope(), PaperMarksRow),
    (PairScope(), PairSumsRow),
)


@pytest.fixture
def desk(tmp_path: Path) -> PaperDesk:
    """A contract with an invoice and a receivable without one, which is financed, and an invoice that nobody knows."""
    desk = PaperDesk(consortium(tmp_path / "ledger.db"), "kept", 0)
    desk.paper("C", amount=2 * NET)
    desk.bill("I", 1, refers_to=[desk.of("C")])
    desk.block()
    desk.owed("R", contract=desk.of("C"), amount=NET // 2)
    desk.lend("L", "bank", ("receivable", "R"))
    desk.bill("B", 2, number="0729-074001")
    desk.verify("B", "not_found")
    desk.block()
    return desk


def _follow(desk: PaperDesk, book: Book, scope: Scope) -> None:
    for _ in follow(desk.book.store, book, [scope]):
        pass


def _cut_short(desk: PaperDesk, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow contracts for a step that ends before it is kept: nothing is left of it."""

    def cut(*_: object) -> None:
        raise InterruptedError

    before = _rows(book, ContractSumsRow)
    with monkeypatch.context() as patch:
        patch.setattr(Book, "keep_all", cut)
        with pytest.raises(InterruptedError):
            _follow(desk, book, ContractScope())
    assert _rows(book, ContractSumsRow) == before != []


def _rows(book: Book, row: type[BookTable]) -> list[tuple[object, ...]]:
    with book.reads() as connection:
        return sorted(tuple(each) for each in connection.execute(select(table_of(row))))


def test_what_came_under_a_contract_is_summed(desk: PaperDesk, tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as book:
        _follow(desk, book, ContractScope())
        assert _rows(book, ContractSumsRow) == [(desk.of("C"), NET + NET // 2, 0, False)]
        desk.bill("K", 3, refers_to=[desk.of("C")])
        desk.block()
        _follow(desk, book, ContractScope())
        assert _rows(book, ContractSumsRow) == [(desk.of("C"), 2 * NET + NET // 2, 0, True)]
        desk.lend("F", "bank", ("document", "C"), amount=NET)
        desk.block()
        _follow(desk, book, ContractScope())
        assert _rows(book, ContractSumsRow) == [(desk.of("C"), 2 * NET + NET // 2, NET, True)]


def test_what_a_pair_has_financed_is_summed(desk: PaperDesk, tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as book:
        _follow(desk, book, PairScope())
        assert [row[1:] for row in _rows(book, PairSumsRow)] == [(NET // 2, 1, 0, 0)]
        desk.confirm("R")
        desk.block()
        _follow(desk, book, PairScope())
        assert [row[1:] for row in _rows(book, PairSumsRow)] == [(0, 0, NET // 2, 0)]


def test_few_invoices_are_marked(desk: PaperDesk, tmp_path: Path) -> None:
    with Book.open(tmp_path / "book.db") as book:
        _follow(desk, book, PaperScope())
        assert {(str(mark).split(" ")[0], name) for mark, name in _rows(book, PaperMarksRow)} == {
            ("number", desk.of("B")),
            ("unknown", desk.of("B")),
        }


def test_a_step_that_was_cut_short_is_done_again_in_smaller_ones(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Book.open(tmp_path / "book.db") as book:
        desk.bill("K", 3, refers_to=[desk.of("C")], net=2 * NET)
        over = desk.block()
        _follow(desk, book, ContractScope())
        desk.lend("F", "bank", ("invoice", "K"))
        lent = desk.block()
        desk.amend("C", 9 * NET)
        raised = desk.block()
        _cut_short(desk, book, monkeypatch)
        monkeypatch.setattr(regulator.watch, "RECORDS", 1)
        _follow(desk, book, ContractScope())
        said = [(one.height, one.signal is None) for one in book.versions(ContractScope.rules)]
        assert said == [(over, False), (lent, False), (raised, True)]


@pytest.mark.parametrize(("scope", "row"), KEPT)
def test_a_book_that_was_followed_without_is_followed_again(
    desk: PaperDesk, tmp_path: Path, scope: Scope, row: type[BookTable]
) -> None:
    with Book.open(tmp_path / "book.db") as book:
        _follow(desk, book, scope)
        kept = _rows(book, row)
        assert kept
        for columns in (None, "other INTEGER"):
            with book.writes() as connection:
                table_of(row).drop(connection, checkfirst=True)
                if columns is not None:
                    connection.exec_driver_sql(f"CREATE TABLE {row.__tablename__} ({columns})")
            with pytest.raises(BookStale) as refused:
                _follow(desk, book, scope)
            assert (refused.value.code, "--again" in str(refused.value.next_step)) == ("book-incomplete", True)
        book.forget(scope.name, scope.rules)
        _follow(desk, book, scope)
        assert _rows(book, row) == kept


@pytest.mark.parametrize(("scope", "row"), KEPT)
def test_following_again_keeps_nothing_of_before(
    desk: PaperDesk, tmp_path: Path, scope: Scope, row: type[BookTable]
) -> None:
    with Book.open(tmp_path / "book.db") as book:
        _follow(desk, book, scope)
        kept = _rows(book, row)
        with book.writes() as connection:
            connection.execute(table_of(row).insert(), [_other(table_of(row).c.keys(), kept[0])])
        book.forget(scope.name, scope.rules)
        _follow(desk, book, scope)
        assert _rows(book, row) == kept


@pytest.mark.parametrize(("scope", "row"), KEPT)
def test_who_begins_after_another_process_empties_nothing(
    desk: PaperDesk, tmp_path: Path, scope: Scope, row: type[BookTable]
) -> None:
    with Book.open(tmp_path / "book.db") as book:
        _follow(desk, book, scope)
        kept = _rows(book, row)
        assert isinstance(scope, Keeping)
        with pytest.raises(BookStale, match="Another process"):
            scope.kept_in(book, anew=True)
        assert _rows(book, row) == kept != []


def _other(names: list[str], row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(names, ("another", *row[1:]), strict=True))


def _said(book: Book) -> list[tuple[int, object]]:
    return [(one.height, one.signal) for one in book.versions(ContractScope.rules)]


def test_nothing_is_left_of_a_step_that_was_cut_short(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Book.open(tmp_path / "book.db") as book, Book.open(tmp_path / "fresh.db") as fresh:
        desk.bill("K", 3, refers_to=[desk.of("C")], net=2 * NET)
        desk.block()
        _follow(desk, book, ContractScope())
        desk.amend("C", 9 * NET)
        desk.block()
        _cut_short(desk, book, monkeypatch)
        desk.amend("C", 2 * NET)
        desk.block()
        _follow(desk, book, ContractScope())
        desk.lend("F", "bank", ("invoice", "K"))
        desk.block()
        for each in (book, fresh):
            _follow(desk, each, ContractScope())
        assert _said(book) == _said(fresh) != []


def test_who_is_overtaken_by_another_process_keeps_nothing(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Book.open(tmp_path / "book.db") as book,
        Book.open(tmp_path / "book.db") as other,
        Book.open(tmp_path / "fresh.db") as fresh,
    ):
        _follow(desk, book, ContractScope())
        desk.bill("K", 3, refers_to=[desk.of("C")], net=NET // 4)
        desk.block()
        keep, overtaken = Book.keep_all, list[bool]()

        def late(self: Book, *arguments: object) -> None:
            if not overtaken:
                overtaken.append(True)
                desk.bill("L", 4, refers_to=[desk.of("C")], net=NET // 4)
                desk.block()
                _follow(desk, other, ContractScope())
            keep(self, *arguments)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Book, "keep_all", late)
            with pytest.raises(BookStale, match="Another process"):
                _follow(desk, book, ContractScope())
        desk.bill("M", 5, refers_to=[desk.of("C")], net=NET // 4)
        desk.block()
        for each in (book, fresh):
            _follow(desk, each, ContractScope())
        assert _said(book) == _said(fresh) != []
