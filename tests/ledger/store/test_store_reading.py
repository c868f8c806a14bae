"""As-of reading: the same answer whenever it is asked, equal to replaying the records one by one."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from ledger.errors import Unknown
from ledger.facts import FACTS, Invoice, Member, Receivable
from ledger.position import Position
from ledger.store.digest import block_lines
from tests.support.ledger_book import Book, invoice, receivable

ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "adjust", "confirm", "seal"]), st.integers(0, 3), st.integers(-500, 500)),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTIONS)
def test_as_of_equals_a_naive_replay(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int]]
) -> None:
    book = Book(tmp_path_factory.mktemp("replay") / "ledger.db")
    book.admit()
    held: dict[str, tuple[int, str | None]] = {}
    expected: dict[int, dict[str, tuple[int, str | None]]] = {}
    for action, number, delta in [*actions, ("seal", 0, 0)]:
        name = f"r{number}"
        if action == "seal":
            expected[book.height] = dict(held)
            book.seal()
        elif action == "add":
            book.say("supplier", "receivable.registered", receivable(name))
            held.setdefault(name, (0, None))
        elif action == "adjust":
            change = {"receivable": name, "delta": delta, "reason": "discount", "at": "2026-01-05"}
            book.say("gateway", "receivable.adjusted", change)
            if name in held:
                held[name] = (held[name][0] + delta, held[name][1])
        else:
            book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "seal"})
            if name in held:
                held[name] = (held[name][0], "core")
    for height, names in expected.items():
        facts = book.store.at(height)
        rows = facts.select(Receivable)
        assert {row.id: (row.adjusted, row.confirmed_by) for row in rows} == names
        assert {name for name in names if facts.get(Receivable, name)} == set(names)
        assert facts.count(Receivable) == len(names)
        assert all(row.to_height is None for row in rows)
        assert book.store.recompute_facts_digest(height) == facts.facts_digest == book.store.block(height).facts_digest
    book.store.close()


def test_what_came_later_is_not_seen(book: Book) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))
    then = book.store.at()
    before = [(row.values()) for row in then.select(Invoice)]
    book.tell("verifier", "invoice.status_changed", {"invoice": "i", "status": "voided", "at": "2026-01-05"})
    assert [row.values() for row in then.select(Invoice)] == before
    assert [row.values() for row in book.store.at(then.height).history(Invoice, "i")] == before
    assert len(book.store.at().history(Invoice, "i")) == 2
    assert book.store.at(then.height - 1).get(Invoice, "i") is None
    assert [row.ended for row in book.store.at().select_ended(Invoice)] == [book.last(), None]


def test_selecting_ordering_and_statements_of_ones_own(book: Book) -> None:
    for name in "abc":
        book.say("supplier", "receivable.registered", receivable(name, amount=ord(name)))
    book.seal()
    facts = book.store.at()
    rows = facts.select(Receivable, Receivable.amount > 97, order_by=col(Receivable.amount).desc(), limit=1)
    assert [row.id for row in rows] == ["c"]
    assert [row.id for row in facts.select(Receivable, offset=1, limit=5)] == ["b", "c"]
    other: Any = aliased(Receivable)
    statement = select(func.sum(other.amount), func.count()).where(facts.current(other))
    assert facts.execute(statement).one() == (294, 3)
    assert facts.days([facts.height, 0]) == {facts.height: date(2026, 1, 5), 0: date(2026, 1, 5)}
    assert facts.days([]) == {}
    assert facts.time.isoformat() == book.time.isoformat()


def test_heights_and_days(book: Book) -> None:
    for _ in range(3):
        book.seal(days=2)
    head = book.store.head()
    assert [book.store.height_on(date(2026, 1, day)) for day in (5, 6, 7, 10, 11, 30)] == [1, 1, 2, 3, 4, 4]
    with pytest.raises(Unknown, match="no block of 2026-01-04"):
        book.store.height_on(date(2026, 1, 4))
    for height in (head.height + 1, -1):
        with pytest.raises(Unknown, match="holds blocks 0 to 4"):
            book.store.at(height)
    assert book.store.at().height == head.height


def test_records_are_found_by_every_name(book: Book) -> None:
    hash_ = book.say("supplier", "invoice.registered", invoice("i"))
    book.seal()
    position = book.last()
    assert position == Position(book.height - 1, 0, 0)
    for reference in (str(position), hash_, f"{hash_}:0", hash_.upper().replace("0X", "0x")):
        assert book.store.find_record(reference) == position
    for reference in ("9:9:9", "0x" + "0" * 64, f"{hash_}:1", "nonsense", hash_[2:], ""):
        with pytest.raises(Unknown):
            book.store.find_record(reference)
    assert [row.place for row in book.store.records("invoice.registered")] == [position]
    assert len(book.store.records("member.admitted", at=position.height - 1, limit=5)) == 5
    assert book.store.record(position).payload.startswith(b'{"amount_excluding_tax"')


def test_findings_are_read_back_as_they_were_given(book: Book) -> None:
    book.tell("supplier", "invoice.registered", invoice("i", tax=1, number="x"))
    book.tell("supplier", "invoice.registered", invoice("i"))
    assert book.store.findings() == book.found
    assert book.store.findings(book.found[-1].code) == book.found[-1:]
    assert book.store.findings(at=book.height - 2) == book.found[:-1]
    assert book.store.findings(limit=1, offset=1) == book.found[1:2]


def test_the_digest_covers_every_stated_column(book: Book, tmp_path: Path) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))
    digest = book.store.head().facts_digest
    for table in FACTS:
        assert set(table.names) - set(table.stated) == {"from_height", "to_height", "to_position"}
    rows = Invoice.__table__
    for column, value in (("goods", "other"), ("tax", 1), ("issued", date(2020, 1, 1)), ("to_height", 2)):
        with book.store._engine.begin() as connection:
            before = connection.execute(select(rows.c[column])).scalar()
            connection.execute(
                rows.update().values({column: value, "to_position": 5 if column == "to_height" else None})
            )
        assert book.store.recompute_facts_digest() != digest
        with book.store._engine.begin() as connection:
            connection.execute(rows.update().values({column: before, "to_position": None}))
        assert book.store.recompute_facts_digest() == digest
    assert Member.label == "member"


def test_years_are_written_with_four_digits_on_every_system(book: Book) -> None:
    stated: dict[str, Any] = {"issued": date(987, 1, 4), "verified_at": datetime(987, 1, 5, 1, 2, 3, tzinfo=UTC)}
    (line,) = block_lines([Invoice(**dict.fromkeys(Invoice.names) | stated)], [])
    assert b'"0987-01-05T01:02:03Z"' in line
    assert b'"0987-01-04"' in line
    book.tell("supplier", "invoice.registered", invoice("i"))
    checked = {"invoice": "i", "verifier": "verifier", "result": "consistent", "tax_authority_amount": 1}
    assert book.tell("verifier", "invoice.verified", {**checked, "checked_at": "0987-01-05T01:02:03Z"}) == [
        "dates.order"
    ]
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest
