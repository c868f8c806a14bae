"""Two versions of one kind live in one ledger, and what this node cannot read never stops it."""

from pathlib import Path
from typing import Any

import pytest

from ledger.facts import Financing, Payment, Receivable, Settlement
from ledger.finding import Code, Severity
from ledger.records import KINDS, Payload, Undecoded, canonical, decode
from ledger.replica import join, sync
from ledger.store import Store
from tests.support.chains import SmallChain
from tests.support.ledger_book import Book, invoice, receivable
from tests.support.sources import Listed

FINANCING = {
    "financing": "f", "form": "factoring", "applicant": "supplier", "financier": "bank", "collateral": [],
    "amount": 100_000, "rate": "0.05", "start": "2026-01-05", "maturity": "2026-06-30",
}  # fmt: skip


def paid(name: str, target: str, id_: str, version: int, **changes: Any) -> dict[str, Any]:
    return {
        "v": version, "payment": name, "payer": "core", "payee": "supplier", "amount": 10, "date": "2026-01-05",
        "bank_reference": "B-1", "settles": [{"target": target, "id": id_, "amount": 10}], **changes,
    }  # fmt: skip


def test_two_versions_of_one_kind_in_one_block(book: Book) -> None:
    book.say("supplier", "receivable.registered", receivable("r"))
    book.say("bank", "financing.opened", FINANCING)
    book.say("bank", "payment.recorded", paid("one", "receivable", "r", 1))
    book.say("bank", "payment.recorded", paid("two", "receivable", "r", 2))
    book.say("bank", "payment.recorded", paid("three", "financing", "f", 2, payer="supplier", payee="bank"))
    book.say("bank", "payment.recorded", paid("four", "receivable", "r", 1))
    assert book.seal() == ()
    facts = book.store.at()
    assert {row.id for row in facts.select(Payment)} == {"one", "two", "three", "four"}
    assert facts.get(Receivable, "r").paid == 30, "both versions pay the same receivable"
    assert {row.payment for row in facts.select(Settlement, Settlement.target == "f")} == {"three"}
    assert facts.get(Financing, "f") is not None


@pytest.mark.parametrize(
    ("target", "versions"),
    [("output", {1, 2}), ("receivable", {1, 2}), ("financing", {2}), ("order", {2}), ("car", set())],
)
def test_each_version_has_its_own_shape(target: str, versions: set[int]) -> None:
    for version in (1, 2):
        found = decode("payment.recorded", canonical(paid("p", target, "x", version)))
        assert isinstance(found, Payload) == (version in versions), version
        if isinstance(found, Undecoded):
            assert found.code is Code.MALFORMED


@pytest.mark.parametrize("key", KINDS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_a_version_is_the_class_that_was_registered_for_it(key: tuple[str, int]) -> None:
    kind, version = key
    assert KINDS[key].kind == kind
    newest = max(known for name, known in KINDS if name == kind)
    unknown = decode(kind, canonical({"v": newest + 1}))
    assert isinstance(unknown, Undecoded)
    assert unknown.code is Code.UNKNOWN_VERSION
    shapeless = decode(kind, canonical({"v": version, "no such field": None}))
    assert isinstance(shapeless, Undecoded)
    assert shapeless.code is Code.MALFORMED


UNREADABLE: dict[str, tuple[str, bytes, Code]] = {
    "a version from the future": ("payment.recorded", canonical(paid("p", "car", "x", 3)), Code.UNKNOWN_VERSION),
    "version nought": ("payment.recorded", canonical(paid("p", "output", "x", 0)), Code.UNKNOWN_VERSION),
    "an unknown kind": ("payment.dreamt", canonical({"v": 1}), Code.UNKNOWN_KIND),
    "a kind without a name": ("", canonical({"v": 1}), Code.UNKNOWN_KIND),
    "an absurd kind": ("x\0" * 5_000, canonical({"v": 1}), Code.UNKNOWN_KIND),
    "a target of version 2 in version 1": (
        "payment.recorded", canonical(paid("p", "order", "x", 1)), Code.MALFORMED,
    ),
    "no version": ("payment.recorded", b"{}", Code.MALFORMED),
    "a version that is a word": ("payment.recorded", b'{"v":"2"}', Code.MALFORMED),
    "nothing": ("payment.recorded", b"", Code.MALFORMED),
    "not text": ("payment.recorded", b"\xff\xfe\x00", Code.MALFORMED),
    "not an object": ("payment.recorded", b"[2]", Code.MALFORMED),
    "too deep": ("payment.recorded", b"[" * 50_000, Code.MALFORMED),
}  # fmt: skip


@pytest.mark.parametrize("why", UNREADABLE)
def test_what_cannot_be_read_is_a_finding_and_stops_nothing(book: Book, why: str) -> None:
    kind, raw, code = UNREADABLE[why]
    book.say("supplier", "invoice.registered", invoice("before"))
    book.say("bank", kind, raw)
    book.say("supplier", "receivable.registered", receivable("r", "before"))
    (found,) = book.seal()
    assert found.code is code
    assert found.severity is (Severity.WARNING if code is Code.MALFORMED else Severity.NOTICE)
    assert found.position.transaction == 1
    assert book.store.records()[-2].payload == raw, "kept as it came"
    assert book.store.at().count(Payment) == 0
    assert book.store.at().get(Receivable, "r") is not None, "the rest of the block has its effect"
    assert book.tell("bank", "payment.recorded", paid("p", "receivable", "r", 2)) == [], "and so have later blocks"


def test_a_block_of_nothing_else_is_committed(book: Book) -> None:
    for kind, raw, _ in UNREADABLE.values():
        book.say("bank", kind, raw)
    found = book.seal()
    assert [each.code for each in found] == [code for _, _, code in UNREADABLE.values()]
    assert book.store.recompute_facts_digest() == book.store.head().facts_digest


def test_a_sync_goes_on_past_what_it_cannot_read(tmp_path: Path) -> None:
    """The same over real signed blocks: fetched, verified, projected."""
    chain = SmallChain()
    chain.next_day()
    readable = {why: row for why, row in UNREADABLE.items() if "\0" not in row[0]}
    for kind, raw, _ in readable.values():
        chain.consortium.send(chain.operator, kind, raw)
    chain.next_day()
    chain.consortium.send(chain.operator, "payment.recorded", canonical(paid("p", "order", "x", 2)))
    chain.next_day()
    with Store.create(tmp_path / "ledger.db") as store:
        join(
            store,
            Listed(chain.blocks),
            genesis_hash=chain.consortium.genesis_hash,
            contracts=(chain.consortium.contract,),
        )
        sync(store, Listed(chain.blocks), evidence=tmp_path, workers=0)
        assert store.head().height == len(chain.blocks) - 1
        found = [each.code for each in store.findings()]
        assert [code for code in found if str(code).startswith("record.")] == [code for _, _, code in readable.values()]
        assert store.at().get(Payment, "p") is not None
