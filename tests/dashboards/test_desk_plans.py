"""The desk's list of plans: each with its tranches and its parties by name, in the same number of statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.desk import REGULATOR, Desk
from tests.support.ledger_book import Book, plan
from tests.support.listening import listening

if TYPE_CHECKING:
    from pathlib import Path


def test_plans_are_listed_in_as_many_statements_however_many_there_are(tmp_path: Path) -> None:
    book = Book(tmp_path / "ledger.db")
    book.admit()
    book.tell("manager", "plan.established", plan("b"))
    desk = Desk(book.store, REGULATOR)
    with listening(book.store._engine) as of_one:
        assert len(desk.plans()) == 1
    senior = plan("a")["tranches"][:1]
    for name in "ca":
        assert book.tell("manager", "plan.established", plan(name, tranches=senior)) == []
    with listening(book.store._engine) as of_three:
        lines = desk.plans()
    book.store.close()
    assert len(of_three) == len(of_one)
    assert [(one.plan, one.tranches, one.principal) for one in lines] == [
        ("a", 1, 90_000),
        ("b", 2, 100_000),
        ("c", 1, 90_000),
    ]
    assert {one.manager for one in lines} == {"manager"}
    assert all(name and name != "manager" for name in {one.manager_name for one in lines})
