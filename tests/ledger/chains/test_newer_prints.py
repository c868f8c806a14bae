"""What newer FISCO BCOS 3 nodes print in other ways, and senders write in other ways, and still hashes to one thing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.admission import accept, examine, genesis
from ledger.chains import fisco3, strict
from ledger.errors import LedgerError, Malformed, ProofFailed
from ledger.trust import Case, header_hash, shape, transaction_hashes
from tests.support.blocks import BOOK, OTHER, Entry, Forge, hexed, joined

FORGE = Forge()
ANCHOR = FORGE.anchor()
CHECKSUMMED = "0x" + "".join(each.upper() if at % 2 else each for at, each in enumerate(BOOK.hex()))
PATH = "/apps/Hello_World/v1.0"


def verified(*entries: Entry) -> Any:
    """The events of a block over the entries, verified by the whole procedure."""
    document = FORGE.document(entries)
    _, state = genesis(FORGE.genesis_document(), ANCHOR)
    return accept(examine(document, ANCHOR, ANCHOR.registry()), document, state)[0].events


def rewritten(entry: Entry, **told: Any) -> Entry:
    """The same transaction printed otherwise: hash and signature stay what they are."""
    return Entry(entry.body | told, entry.answer)


def receipt_of(body: dict[str, Any], **more: Any) -> Entry:
    return Entry(body, FORGE.receipt(body, **more))


class TestReceivers:
    def test_a_checksummed_address_is_hashed_as_it_was_sent_and_means_the_same(self) -> None:
        assert CHECKSUMMED not in {hexed(BOOK), hexed(BOOK).upper()}
        record = FORGE.record()
        body = FORGE.sign(record.body | {"to": CHECKSUMMED})
        answer = FORGE.receipt(body, logs=[FORGE.recorded(b"test.kind", b'{"v":1}')])
        (event,) = verified(Entry(body, answer))
        assert (event.contract, event.echoed) == (BOOK, True)
        with pytest.raises(ProofFailed) as refused:
            verified(Entry(body | {"to": hexed(BOOK)}, answer))
        assert refused.value.code == "transaction-hash"

    @pytest.mark.parametrize("path", [PATH, "/sys/x", "/" + "a" * 19, "/" + "a" * 254])
    def test_a_path_is_followed_and_nothing_is_read_from_it(self, path: str) -> None:
        body = FORGE.sign(FORGE.call(to=OTHER, call=b"abcd").body | {"to": path})
        entry = receipt_of(body, output=b"1")
        parsed = fisco3.parse_transaction(body)
        assert (parsed.to, bool(parsed.loose)) == (path.encode(), True)
        assert verified(entry, FORGE.record())[0].transaction_index == 1

    @pytest.mark.parametrize("path", ["/", "apps/x", "/a b", "/a\x00", "/" + "a" * 255, "/中"])
    def test_what_is_neither_is_refused(self, path: str) -> None:
        with pytest.raises(Malformed):
            fisco3.parse_transaction(FORGE.record().body | {"to": path})

    def test_a_record_is_not_hidden_behind_a_path(self) -> None:
        """The sender chose a nonce that ends like a path; told so, the record book's call would call something else."""
        raw = b"\x00" * 8 + b"/apps/x"
        nonce, call = "0x" + raw.hex(), FORGE.record()
        body = FORGE.transaction(to=BOOK, call=bytes.fromhex(call.body["input"][2:]), nonce=nonce, raw_nonce=raw)
        honest = Entry(body, FORGE.receipt(body, logs=[FORGE.recorded(b"test.kind", b'{"v":1}')]))
        assert len(verified(honest)) == 1
        moved = {"nonce": "0x" + raw[:8].hex(), "to": "/apps/x" + hexed(BOOK)}
        assert any(
            FORGE.crypto.digest(each).hex() == body["hash"][2:]
            for each in fisco3.parse_transaction(body | moved).preimages
        ), "the lie keeps the hash"
        answer = honest.answer | {"to": moved["to"]}
        with pytest.raises(ProofFailed) as refused:
            verified(Entry(body | moved, answer))
        assert refused.value.code == "unsupported-transaction"

    def test_logs_and_contracts_may_be_known_by_a_path(self) -> None:
        body = FORGE.sign(FORGE.call(to=OTHER, call=b"abcd").body | {"to": PATH})
        answer = FORGE.receipt(body) | {
            "contractAddress": PATH, "logEntries": [{"address": PATH, "topics": [], "data": "0x01"}]
        }  # fmt: skip
        preimage = fisco3.parse_receipt(answer | {"hash": "0x" + "00" * 32}).preimages[0]
        assert preimage.count(PATH.encode()) == 2
        assert verified(Entry(body, answer | {"hash": hexed(FORGE.crypto.digest(preimage))})) == ()
        for wrong in ("/", "apps", "/a b"):
            with pytest.raises(Malformed):
                fisco3.parse_receipt(answer | {"contractAddress": wrong})


class TestFees:
    """From 3.12 on a value is printed as the quantity of its text's bytes, and an extension as a list of numbers."""

    @pytest.mark.parametrize(
        ("value", "printed"),
        [("", "0x0"), ("0", "0x30"), ("12", "0x3132"), ("0x1f", "0x30783166"), ("0x", "0x3078"), ("0x0", "0x0")],
    )
    def test_a_value_is_read_either_way(self, value: str, printed: str) -> None:
        record = FORGE.record(version=1, value=value, gasPrice="", gasLimit=9, maxFeePerGas="")
        (event,) = verified(rewritten(record, value=printed))
        assert event.echoed
        assert len(verified(record)) == 1

    @pytest.mark.parametrize("extension", [b"", b"\x00", b"\xff\x01\x80"])
    def test_an_extension_is_hex_or_numbers(self, extension: bytes) -> None:
        record = FORGE.record(
            version=2, value="1", gasPrice="", gasLimit=9, maxFeePerGas="", extension=hexed(extension)
        )
        assert len(verified(record)) == 1
        assert len(verified(rewritten(record, extension=list(extension)))) == 1

    @pytest.mark.parametrize("extension", [None, 5, [256], [-1], [True], ["1"], [1.0], [[1]], "0xabc"])
    def test_anything_else_is_no_extension(self, extension: object) -> None:
        record = FORGE.record(version=2, value="1", gasPrice="", gasLimit=9, maxFeePerGas="", extension="0x")
        with pytest.raises(Malformed):
            fisco3.parse_transaction(record.body | {"extension": extension})

    @pytest.mark.parametrize("value", ["0x1g", "0xA", 5, None, "-1", " 1"])
    def test_anything_else_is_no_value(self, value: object) -> None:
        record = FORGE.record(version=1, value="1", gasPrice="", gasLimit=9, maxFeePerGas="")
        with pytest.raises(Malformed):
            fisco3.parse_transaction(record.body | {"value": value})

    def test_the_reading_that_hashes_is_the_one_whose_call_is_read(self) -> None:
        """The end of an input moved into a value: whichever reading holds, what was signed is read from it."""
        call = FORGE.call(to=OTHER, call=b"abcd99")
        body = FORGE.transaction(
            to=OTHER, call=b"abcd99", version=1, value="", gasPrice="", gasLimit=9, maxFeePerGas=""
        )
        moved = body | {"input": hexed(b"abcd"), "value": "0x" + b"99".hex()}
        case = Case(document=joined(FORGE.block([Entry(moved, call.answer)]), None), anchor=ANCHOR)
        for step in (shape, header_hash, transaction_hashes):
            step(case)
        read = (case.parsed.transactions or ())[0]
        assert read.call.startswith(b"abcd99")
        assert not read.call.startswith(b"abcd0x")


class TestNamesTwice:
    DOCUMENT = FORGE.document([FORGE.record()])

    @pytest.mark.parametrize(
        "change",
        [
            (b'"stateRoot":', b'"stateRoot":"0x","stateRoot":'),
            (b'"stateRoot":', b'"stateRoot" : "0x" , "stateRoot":'),
            (b'"stateRoot":', b'"state\\u0052oot":"0x","stateRoot":'),
            (b'"input":', b'"input":{"a":1},"input":'),
            (b'"topics":', b'"topics":[],"topics":'),
            (b'{"block":', b'{"block":{},"block":'),
            (b'"message": ""', b'"message": "a:b", "message": ""'),
            (b'"message": ""', b'"message": "\\u003a", "message": ""'),
        ],
    )
    def test_are_refused_wherever_they_stand(self, change: tuple[bytes, bytes]) -> None:
        compact = json.dumps(json.loads(self.DOCUMENT), separators=(",", ":")).encode()
        for document in (self.DOCUMENT.replace(b'": ', b'":'), compact, self.DOCUMENT):
            if change[0] not in document:
                continue
            told = document.replace(*change, 1)
            with pytest.raises(Malformed) as refused:
                fisco3.parse_block(told)
            assert refused.value.code == "json"

    @pytest.mark.parametrize("message", ["a:b", '":"', ":", '{"a":1,"a":2}', "\\", "::::"])
    def test_are_not_seen_in_texts(self, message: str) -> None:
        document = json.dumps(json.loads(self.DOCUMENT) | {"note": message, "floats": [1.5]}).encode()
        assert fisco3.parse_block(document).header is not None
        assert strict.block_document(json.dumps({message: message}).encode(), "w") == {message: message}

    def test_and_no_number_of_colons_in_texts_makes_up_for_one(self) -> None:
        """One name lost and one colon more in a text: the count alone would be right if it were taken as it is."""
        told = self.DOCUMENT.replace(b'"stateRoot":', b'"stateRoot":"","stateRoot":', 1)
        for note in ("", ":", "::", "\\u003a"):
            document = told[:-1] + b', "note": "' + note.encode() + b'"}'
            with pytest.raises(LedgerError):
                fisco3.parse_block(document)
