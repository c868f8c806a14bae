"""Confidential records: read by those they were sealed for, sealed to others, bound to what they are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from ledger.envelope import Envelope, Fingerprints, Sealing, fingerprint, fingerprints_of, key_name, seal_payload
from ledger.errors import LedgerError, Malformed
from ledger.facts import Confidential, Fingerprint, Invoice
from ledger.keyring import NO_KEYS, Keyring
from ledger.rebuild import rebuild
from ledger.records import canonical
from ledger.replica import join, sync
from ledger.store import Store
from ledger.suites import SM2Key
from tests.support.chains import SmallChain
from tests.support.ledger_book import Book, account, admitted, invoice
from tests.support.sources import Listed

if TYPE_CHECKING:
    from pathlib import Path

REGULATOR, FACTOR, STRANGER = (SM2Key(secret=7_000 + at) for at in range(3))
EPOCH, EPOCH_KEY = "2026", bytes(range(32))
NAMES = ("invoice", "number")
OPEN = Keyring.of((REGULATOR,), {EPOCH: EPOCH_KEY})


def clear(name: str, **changes: object) -> bytes:
    return canonical({"v": 1, **invoice(name, **changes)})


def shown(payload: bytes, key: bytes = EPOCH_KEY) -> Fingerprints:
    import json

    return fingerprints_of(json.loads(payload), NAMES, epoch=EPOCH, key=key)


def sealed(
    payload: bytes,
    *readers: SM2Key,
    kind: str = "invoice.registered",
    prints: Fingerprints | None = None,
    sender: bytes | None = None,
) -> bytes:
    sealing = Sealing(
        sender=account("supplier") if sender is None else sender,
        readers=tuple(each.public_key for each in readers or (FACTOR, REGULATOR)),
        fingerprints=shown(payload) if prints is None else prints,
    )
    return seal_payload(kind, payload, sealing, random=random.Random(payload))


def a_book(tmp_path: Path, keys: Keyring) -> Book:
    book = Book(tmp_path / "ledger.db", keys)
    book.admit()
    return book


def test_its_readers_read_it(tmp_path: Path) -> None:
    book = a_book(tmp_path, OPEN)
    assert book.tell("supplier", "invoice.registered", sealed(clear("i"))) == []
    facts = book.store.at()
    assert facts.get(Invoice, "i") is not None
    (row,) = facts.select(Confidential)
    assert (row.kind, row.epoch, row.opened, row.id) == ("invoice.registered", EPOCH, True, str(book.last()))
    book.store.close()


def test_others_see_that_it_is_there_and_nothing_else(tmp_path: Path) -> None:
    book = a_book(tmp_path, Keyring.of((STRANGER,), {}))
    assert book.tell("supplier", "invoice.registered", sealed(clear("i"))) == []
    facts = book.store.at()
    assert facts.count(Invoice) == 0
    (row,) = facts.select(Confidential)
    assert not row.opened
    number = invoice("i")["number"]
    assert {(each.name, each.value) for each in facts.select(Fingerprint)} == {
        ("invoice", fingerprint(EPOCH_KEY, "invoice", "i")),
        ("number", fingerprint(EPOCH_KEY, "number", number)),
    }
    assert number.encode() not in b"".join(record.payload for record in book.store.records())
    book.store.close()


def test_one_invoice_shows_twice_without_being_read(tmp_path: Path) -> None:
    book = a_book(tmp_path, NO_KEYS)
    for name, number in (("a", "1" * 20), ("b", "1" * 20), ("c", "2" * 20)):
        book.say("supplier", "invoice.registered", sealed(clear(name, number=number)))
    assert book.seal() == ()
    values = [each.value for each in book.store.at().select(Fingerprint, Fingerprint.name == "number")]
    assert len(values) == 3
    assert len(set(values)) == 2
    assert fingerprint(bytes(32), "number", "1" * 20) not in values
    book.store.close()


@pytest.mark.parametrize("keys", [OPEN, NO_KEYS], ids=["opened", "sealed"])
def test_who_may_write_a_kind_is_judged_sealed_or_not(tmp_path: Path, keys: Keyring) -> None:
    book = a_book(tmp_path, keys)
    as_custodian, as_nobody = (account(each) for each in ("custodian", "nobody"))
    assert book.tell("custodian", "invoice.registered", sealed(clear("i"), sender=as_custodian)) == ["sender.role"]
    assert book.tell("nobody", "invoice.registered", sealed(clear("j"), sender=as_nobody)) == ["sender.unknown"]
    assert book.tell("supplier", "invoice.unheard_of", sealed(clear("k"))) == ["record.unknown_kind"]
    book.store.close()


def test_authority_is_never_given_in_confidence(tmp_path: Path) -> None:
    for keys in (OPEN, NO_KEYS):
        book = a_book(tmp_path / str(bool(keys.readers)), keys)
        payload = canonical({"v": 1, **admitted("newcomer", ["operator"])})
        codes = book.tell("operator", "member.admitted", sealed(payload, kind="member.admitted"))
        assert codes == ["envelope.kind"]
        book.store.close()


def test_an_opened_payload_is_judged_like_any(tmp_path: Path) -> None:
    book = a_book(tmp_path, OPEN)
    assert book.tell("supplier", "invoice.registered", sealed(clear("i", tax=1))) == ["invoice.amounts"]
    assert book.tell("supplier", "invoice.registered", sealed(b'{"v":1}')) == [
        "envelope.fingerprint",
        "record.malformed",
    ]
    assert book.tell("supplier", "invoice.registered", sealed(b"no JSON", prints=shown(clear("i")))) == [
        "record.malformed"
    ]
    book.store.close()


def test_fingerprints_must_be_those_of_the_content(tmp_path: Path) -> None:
    book = a_book(tmp_path, OPEN)
    other = sealed(clear("i"), prints=shown(clear("another")))
    assert book.tell("supplier", "invoice.registered", other) == ["envelope.fingerprint"]
    wrong_key = sealed(clear("j"), prints=shown(clear("j"), key=bytes(32)))
    assert book.tell("supplier", "invoice.registered", wrong_key) == ["envelope.fingerprint"]
    later = sealed(clear("k"), prints=shown(clear("k")).model_copy(update={"epoch": "2027"}))
    assert book.tell("supplier", "invoice.registered", later) == []  # no key of that epoch is here to judge by
    book.store.close()


def test_nobody_says_again_what_they_cannot_read(tmp_path: Path) -> None:
    book = a_book(tmp_path, OPEN)
    copied = sealed(clear("i"))
    assert book.tell("tier2", "invoice.registered", copied) == ["envelope.unopenable"]
    assert book.tell("supplier", "invoice.registered", copied) == []
    book.store.close()


@pytest.mark.parametrize("keys", [OPEN, NO_KEYS], ids=["opened", "sealed"])
def test_what_duplicates_are_found_by_must_be_shown(tmp_path: Path, keys: Keyring) -> None:
    book = a_book(tmp_path, keys)
    nothing = shown(clear("i")).model_copy(update={"of": {}})
    assert book.tell("supplier", "invoice.registered", sealed(clear("i"), prints=nothing)) == ["envelope.fingerprint"]
    book.store.close()


def test_text_that_no_encoding_has_is_malformed_and_stops_nothing(tmp_path: Path) -> None:
    book = a_book(tmp_path, OPEN)
    half = b'{"invoice":"\\ud800","number":"1","v":1}'
    assert book.tell(
        "nobody", "invoice.registered", sealed(half, prints=shown(clear("i")), sender=account("nobody"))
    ) == ["record.malformed"]
    book.store.close()


@pytest.mark.parametrize("fault", ["content", "wrapped", "kind", "fingerprints"])
def test_an_envelope_that_names_this_node_and_does_not_open_is_told(tmp_path: Path, fault: str) -> None:
    book = a_book(tmp_path, OPEN)
    kind = "invoice.verified" if fault == "kind" else "invoice.registered"
    sender = "verifier" if fault == "kind" else "supplier"
    assert book.tell(sender, kind, altered(sealed(clear("i")), fault)) == ["envelope.unopenable"]
    (row,) = book.store.at().select(Confidential)
    assert not row.opened
    book.store.close()


def altered(payload: bytes, fault: str) -> bytes:
    import json

    told: dict[str, Any] = json.loads(payload)
    if fault == "content":
        told["content"] = ("B" if told["content"][0] == "A" else "A") + told["content"][1:]
    elif fault == "wrapped":
        for reader in told["readers"]:
            reader["wrapped"] = (
                reader["wrapped"][:100] + ("B" if reader["wrapped"][100] == "A" else "A") + reader["wrapped"][101:]
            )
    elif fault == "fingerprints":
        told["fingerprints"]["of"]["number"] = ["0" * 64]
    return canonical(told)


@pytest.mark.parametrize(
    "change",
    [
        {"envelope": 2}, {"envelope": True}, {"readers": []}, {"nonce": "AAAA"}, {"nonce": "!"}, {"extra": 1},
        {"content": "A"}, {"fingerprints": {"epoch": "a b", "of": {}}}, {"readers": [{"key": "x", "wrapped": "AA=="}]},
        {"fingerprints": {"epoch": "1", "of": {"number": ["short"]}}},
    ],
)  # fmt: skip
def test_what_only_looks_like_an_envelope_is_malformed(tmp_path: Path, change: dict[str, Any]) -> None:
    import json

    payload = canonical({**json.loads(sealed(clear("i"))), **change})
    with pytest.raises(Malformed):
        Envelope.read(payload)
    book = a_book(tmp_path, OPEN)
    assert book.tell("supplier", "invoice.registered", payload) == ["record.malformed"]
    loose = payload.replace(b":", b": ", 1)
    assert book.tell("supplier", "invoice.registered", loose) == ["record.malformed"]
    book.store.close()


def test_an_envelope_needs_a_reader() -> None:
    with pytest.raises(LedgerError) as refused:
        seal_payload(
            "invoice.registered",
            b"{}",
            Sealing(sender=bytes(20), readers=(), fingerprints=shown(clear("i"))),
            random=random.Random(1),
        )
    assert refused.value.code == "no-reader"
    assert key_name(REGULATOR.public_key) != key_name(FACTOR.public_key)


@pytest.mark.slow
def test_a_key_that_comes_later_opens_history_by_rebuild(tmp_path: Path) -> None:
    chain = SmallChain()
    supplier = chain.consortium.enrol("supplier", "supplier", ["supplier"])
    chain.consortium.admit(chain.operator)
    chain.consortium.admit(supplier)
    chain.next_day()
    payload = clear("i", issued="2024-01-03", seller="supplier", buyer="supplier")
    chain.consortium.send(supplier, "invoice.registered", sealed(payload, sender=supplier.address))
    chain.next_day()

    def followed(name: str, keys: Keyring) -> Store:
        store = Store.create(tmp_path / name, keys=keys)
        contracts = (chain.consortium.contract,)
        join(store, Listed(chain.blocks), genesis_hash=chain.consortium.genesis_hash, contracts=contracts)
        report = sync(store, Listed(chain.blocks), evidence=tmp_path, workers=0)
        assert report.findings == 0
        return store

    with followed("with", OPEN) as reading, followed("without", NO_KEYS) as blind:
        assert blind.at().count(Invoice) == 0
        assert reading.at().count(Invoice) == 1
        digest = reading.at().facts_digest
        assert blind.at().facts_digest != digest
    with Store.open(tmp_path / "without", keys=OPEN) as store:
        rebuild(store, workers=0)
        assert store.at().facts_digest == digest
        assert store.at().get(Invoice, "i") is not None
    with Store.open(tmp_path / "with") as store:  # and a key that is gone closes it again
        rebuild(store, workers=0)
        assert store.at().count(Invoice) == 0
