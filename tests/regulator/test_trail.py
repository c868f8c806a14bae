"""The trail cannot be unwritten: whatever is altered, taken out, put in, moved or cut off is told, with its entry."""

from __future__ import annotations

import string
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError
from ledger.signed_note import Ed25519NoteSigner
from regulator import trail
from regulator.access import Actor
from regulator.book import Book
from regulator.errors import TrailBroken
from tests.support.databases import MakeDatabase

LI = Actor(name="Li", roles=frozenset({"regulator"}))
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
FIELDS = ("number", "at", "actor", "act", "subject", "details", "before", "hash")
SIGNER = Ed25519NoteSigner(name="node", seed=bytes(range(32)))
OTHER = Ed25519NoteSigner(name="node", seed=bytes(32))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """The folder of checkpoints."""
    return tmp_path / "notes"


@pytest.fixture
def casebook(database: MakeDatabase) -> Iterator[Book]:
    with Book.open(database.empty()) as made:
        yield made


def filled(book: Book, count: int, first: int = 0) -> None:
    with book.writes() as connection:
        for number in range(first, first + count):
            at = NOON + timedelta(minutes=number)
            trail.append(connection, LI, trail.Act.LOOKED, f"finding {number}", at, page=number, 语言="中文")


def faults(book: Book, *checkpoints: Checkpoint) -> list[tuple[str, int]]:
    with book.reads() as connection:
        return [(one.code, one.number) for one in trail.check(connection, checkpoints)]


def forged(book: Book, statement: str, **values: Any) -> None:
    """Write to the database as whoever holds it can."""
    with book.writes() as connection:
        connection.execute(text(statement), values)


def rows(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text("select * from trail order by number")).mappings()]


def test_entries_are_kept_in_order_and_found_again(casebook: Book) -> None:
    filled(casebook, 3)
    with casebook.writes() as connection:
        wang = Actor(name="Wang", roles=frozenset({"auditor"}))
        said = trail.append(connection, wang, trail.Act.EXPORTED, "case CASE-0001", NOON, records=[1, 2])
    with casebook.reads() as connection:
        found = trail.entries(connection)
        assert [one.number for one in found] == [3, 2, 1, 0]
        assert found[0] == said
        assert (said.at, said.actor, said.act, said.details) == (NOON, "Wang", "exported", {"records": [1, 2]})
        assert [one.number for one in trail.entries(connection, actor="Li", limit=2)] == [2, 1]
        assert [one.number for one in trail.entries(connection, subject="finding 1")] == [1]
        assert trail.count(connection) == 4
    assert faults(casebook) == []


def test_what_is_rolled_back_leaves_no_entry(casebook: Book) -> None:
    def fails() -> None:
        with casebook.writes() as connection:
            trail.append(connection, LI, trail.Act.LOOKED, "x", NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    filled(casebook, 1)
    assert faults(casebook) == []


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("number", [0, 2, 4])
def test_an_altered_field_is_told(casebook: Book, field: str, number: int) -> None:
    filled(casebook, 5)
    value: Any = 77 if field == "number" else "2026-01-01T00:00:00.000000+00:00" if field == "at" else "forged"
    forged(casebook, f"update trail set {field} = :value where number = :number", value=value, number=number)
    found = faults(casebook)
    assert found
    told = {each for _, each in found}
    assert told & {number, number + 1, 77}


@pytest.mark.parametrize("number", [0, 2])
def test_a_removed_entry_is_told(casebook: Book, number: int) -> None:
    filled(casebook, 5)
    forged(casebook, "delete from trail where number = :number", number=number)
    assert faults(casebook) == [("trail-missing", number), ("trail-unlinked", number + 1)]
    forged(casebook, "update trail set number = number - 1 where number = :after", after=number + 1)
    assert {code for code, _ in faults(casebook)} >= {"trail-unlinked", "trail-altered"}


@pytest.mark.parametrize("number", [-1, 5, 9])
def test_an_inserted_entry_is_told(casebook: Book, number: int) -> None:
    filled(casebook, 5)
    copied = (
        "insert into trail select :number, at, actor, act, subject, details, before, hash from trail where number = 3"
    )
    forged(casebook, copied, number=number)
    codes = {code for code, _ in faults(casebook)}
    assert codes >= {"trail-altered"}
    assert codes & {"trail-missing", "trail-unlinked"}


def test_two_entries_that_changed_places_are_told(casebook: Book) -> None:
    filled(casebook, 5)
    for before, after in ((1, 99), (2, 1), (99, 2)):
        forged(casebook, "update trail set number = :after where number = :before", before=before, after=after)
    assert {("trail-altered", 1), ("trail-unlinked", 1), ("trail-altered", 2)} <= set(faults(casebook))


def test_a_text_for_a_number_is_told(tmp_path: Path) -> None:
    """SQLite keeps what it is given."""
    with Book.open(tmp_path / "book.db") as book:
        filled(book, 2)
        forged(book, "update trail set number = 'x' where number = 1")
        assert ("trail-missing", 1) in faults(book)


def signed(book: Book, folder: Path) -> Checkpoint:
    with book.reads() as connection:
        return trail.sign(connection, [SIGNER], folder).checkpoint


def test_an_end_that_was_cut_off_is_told_by_a_checkpoint(casebook: Book, notes: Path) -> None:
    filled(casebook, 5)
    kept = signed(casebook, notes)
    filled(casebook, 2, first=5)
    assert faults(casebook, kept) == []
    forged(casebook, "delete from trail where number > 4")
    assert faults(casebook, kept) == []  # what came after the checkpoint nobody can tell
    forged(casebook, "delete from trail where number > 2")
    assert faults(casebook) == []
    assert faults(casebook, kept) == [("trail-cut", 3)]


def test_a_trail_that_was_written_anew_is_told_by_a_checkpoint(casebook: Book, notes: Path) -> None:
    filled(casebook, 4)
    kept = signed(casebook, notes)
    forged(casebook, "delete from trail where number > 1")
    filled(casebook, 4, first=100)
    assert faults(casebook) == []
    assert faults(casebook, kept) == [("trail-forked", 3)]
    with pytest.raises(TrailBroken) as refused, casebook.reads() as connection:
        trail.sign(connection, [SIGNER], notes)
    assert refused.value.code == "trail-forked"
    assert len(list(notes.iterdir())) == 1
    forged(casebook, "delete from trail")
    assert faults(casebook, kept) == [("trail-cut", 0)]


def test_the_checkpoint_of_another_trail_is_refused(casebook: Book, tmp_path: Path) -> None:
    filled(casebook, 2)
    with Book.open(tmp_path / "another.db") as another:
        filled(another, 2, first=50)
        alien = signed(another, tmp_path / "notes")
    assert faults(casebook, alien) == [("trail-alien", 0)]
    with pytest.raises(TrailBroken) as refused:
        signed(casebook, tmp_path / "notes")
    assert refused.value.code == "trail-alien"


def test_a_note_that_nobody_trusted_signed_is_refused(casebook: Book, notes: Path) -> None:
    filled(casebook, 2)
    signed(casebook, notes)
    (note,) = notes.iterdir()
    assert trail.read_checkpoint(note.read_bytes(), [SIGNER.verifier]).size == 2
    assert [one.size for one in trail.signed(notes, [SIGNER.verifier])] == [2]
    for refuse in (
        lambda: trail.read_checkpoint(note.read_bytes(), [OTHER.verifier]),
        lambda: trail.signed(notes, [OTHER.verifier]),
        lambda: trail.read_checkpoint(note.read_bytes().replace(b"\n2\n", b"\n1\n"), [SIGNER.verifier]),
    ):
        with pytest.raises(LedgerError):
            refuse()


def test_signing_goes_on_where_it_stood(casebook: Book, notes: Path) -> None:
    with pytest.raises(TrailBroken) as refused:
        signed(casebook, notes)
    assert refused.value.code == "trail-empty"
    filled(casebook, 1)
    first = signed(casebook, notes)
    filled(casebook, 3, first=1)
    second = signed(casebook, notes)
    assert (first.size, second.size, first.origin) == (1, 4, second.origin)
    assert faults(casebook, first, second) == []


def test_nobody_signs_a_trail_that_was_altered(casebook: Book, notes: Path) -> None:
    filled(casebook, 3)
    forged(casebook, "update trail set actor = 'Wang' where number = 1")
    with pytest.raises(TrailBroken) as refused:
        signed(casebook, notes)
    assert refused.value.code == "trail-altered"
    assert not notes.exists()


def test_who_appends_at_once_loses_nothing(database: MakeDatabase) -> None:
    """Threads, each with an engine of its own as a process has."""
    location = database.empty()
    Book.open(location).close()
    started = threading.Barrier(4)

    def work(name: str) -> None:
        with Book.open(location) as mine:
            started.wait()
            for number in range(15):
                with mine.writes() as connection:
                    who = Actor(name=name, roles=frozenset({"regulator"}))
                    trail.append(connection, who, trail.Act.LOOKED, f"finding {number}", NOON)

    threads = [threading.Thread(target=work, args=(f"person {each}",)) for each in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with Book.open(location) as book:
        assert faults(book) == []
        with book.reads() as connection:
            found = trail.entries(connection)
    assert [one.number for one in found] == list(range(59, -1, -1))
    assert all(sum(one.actor == f"person {each}" for one in found) == 15 for each in range(4))


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
DETAILS = st.dictionaries(
    st.sampled_from(list(string.ascii_lowercase[:6])), TEXT | st.integers() | st.booleans() | st.none()
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, DETAILS), min_size=2, max_size=6), st.data())
def test_whatever_was_written_holds_and_whatever_is_changed_does_not(
    said: list[tuple[str, str, dict[str, Any]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, Book.open(Path(folder) / "book.db") as book:
        with book.writes() as connection:
            for name, subject, details in said:
                actor = Actor(name=name, roles=frozenset())
                trail.append(connection, actor, trail.Act.LOOKED, subject, NOON, **details)
        assert faults(book) == []
        with book.reads() as connection:
            whole = rows(connection)
            assert [one.details for one in reversed(trail.entries(connection))] == [each for _, _, each in said]
        number, field = data.draw(st.sampled_from(range(len(said)))), data.draw(st.sampled_from(FIELDS[1:]))
        value = data.draw(TEXT.filter(lambda one: one != whole[number][field]))
        forged(book, f"update trail set {field} = :value where number = :number", value=value, number=number)
        assert any(each in (number, number + 1) for _, each in faults(book))
