"""Records that this node cannot open are matched by their fingerprints, and by the patterns of claims once it can."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from ledger.envelope import Sealing, fingerprints_of, seal_payload
from ledger.keyring import NO_KEYS
from ledger.records import canonical
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from ledger.suites import SM2Key
from regulator.duplicates.sealed import SealedScope
from regulator.signals import Level, Version
from regulator.watch import sweep
from tests.support import duplicates_measured
from tests.support.ledger_book import MEMBERS, Book, account, invoice, receivable
from tests.support.trade import package

SCOPES = (SealedScope(),)
READER = SM2Key(secret=7_000).public_key  # not this node
EPOCH_KEY = bytes(range(32))


def seal(book: Book, sender: str, kind: str, values: dict[str, Any], field: str) -> int:
    """A sealed record in a block of its own; returns the block's height."""
    payload = {"v": 1, **values}
    shown = fingerprints_of(payload, [field], epoch="2026", key=EPOCH_KEY)
    sealing = Sealing(sender=account(sender), readers=(READER,), fingerprints=shown)
    height = book.height
    book.say(sender, kind, seal_payload(kind, canonical(payload), sealing, random=Random(height)))
    book.seal()
    return height


def found(book: Book, folder: Path) -> list[Version]:
    online = duplicates_measured.found(book.store, folder / "book.db", SCOPES)
    height = book.height - 1
    take(book.store.at(height), folder / "snapshot")
    with Snapshot.open(folder / "snapshot").on_duckdb() as market:
        assert duplicates_measured.in_order(sweep(market, height, SCOPES)) == online
    return online


def sealed_book(folder: Path) -> Book:
    book = Book(folder / "ledger.db", keys=NO_KEYS)
    book.admit({**MEMBERS, "platform": ["platform"]})
    return book


def test_one_number_registered_twice_is_told_at_the_second(tmp_path: Path) -> None:
    book = sealed_book(tmp_path)
    number = "25312000000000000001"
    seal(book, "gateway", "invoice.registered", invoice("a", number=number), "number")
    second = seal(book, "platform", "invoice.registered", invoice("b", number=number), "number")
    seal(book, "gateway", "invoice.registered", invoice("c"), "number")
    (version,) = found(book, tmp_path)
    assert version.height == second
    assert version.signal is not None
    assert version.signal.level is Level.MEDIUM
    assert version.signal.detail("sealed") == 2
    assert len(version.signal.evidence) == 2


def test_two_packages_of_one_invoice_match_and_a_receivable_on_it_does_not(tmp_path: Path) -> None:
    book = sealed_book(tmp_path)
    seal(book, "platform", "receivable.registered", receivable("r", "i1"), "invoices")
    seal(book, "platform", "package.registered", package("k", "i1", "i2"), "invoices")
    second = seal(book, "gateway", "package.registered", package("m", "i3", "i1"), "invoices")
    (version,) = found(book, tmp_path)
    assert (version.height, version.signal.level) == (second, Level.LOW)  # type: ignore[union-attr]


def test_a_retry_by_one_record_is_no_match(tmp_path: Path) -> None:
    book = sealed_book(tmp_path)
    seal(book, "platform", "package.registered", package("k", "i1", "i1x", "i2"), "invoices")
    seal(book, "platform", "package.registered", package("m", "i3"), "invoices")
    assert found(book, tmp_path) == []
