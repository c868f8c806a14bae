"""Other readings of the same hashed bytes: none of them may pass, and none may change or hide a record.

Each lie is shown to leave its hash unchanged, by preimages written apart from the parser, before it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.admission import accept, examine, genesis
from ledger.assess import assess
from ledger.chains import fisco3
from ledger.errors import LedgerError, Malformed
from ledger.trust import Case
from ledger.verdict import Verdict
from tests.support import preimages
from tests.support.blocks import BOOK, CHAIN, CONSENSUS, GROUP, OTHER, Entry, Forge, hexed, joined
from tests.support.preimages import unhex

if TYPE_CHECKING:
    from ledger.admission import Examined
    from ledger.contracts import RecordedEvent

FORGE = Forge()
ANCHOR, REGISTRY = FORGE.anchor(), FORGE.registry()
CUTS = 1500
SHORT_NONCE = "0x12"  # from 3.3 on the nonce is any bytes, printed in hex
TOPIC, BOOK_TEXT = FORGE.crypto.digest(b"Recorded(address,string,bytes)"), BOOK.hex().encode()


def lie(honest: Entry, body: dict[str, Any] | None = None, answer: dict[str, Any] | None = None) -> bytes:
    """The honest entry's block with these fields printed otherwise; proves that no hash changed."""
    told = Entry(honest.body | (body or {}), honest.answer | {"input": None, "to": None} | (answer or {}))
    told.answer["input"], told.answer["to"] = told.body["input"], told.body["to"]
    nonces = [None, *([unhex(told.body["nonce"])] if told.body["nonce"].startswith("0x") else [])]
    assert honest.body["hash"] in {
        hexed(FORGE.crypto.digest(preimages.transaction(told.body, nonce))) for nonce in nonces
    }
    assert FORGE.hash_receipt(told.answer)["hash"] == honest.answer["hash"]
    return joined(FORGE.block([honest]) | {"transactions": [told.body]}, [told.answer])


def examined(document: bytes) -> Examined:
    return examine(document, ANCHOR, REGISTRY)


def code(document: bytes) -> str | None:
    found = examined(document).failure
    return found[1].code if found else None


def shifted_left(text: str, rest: str) -> tuple[str, str]:
    """The last byte of ASCII ``text`` moves to the front of the hex ``rest``."""
    return text[:-1], hexed(text[-1:].encode() + unhex(rest))


def test_the_honest_blocks_are_accepted() -> None:
    for entry in (FORGE.record(), FORGE.record(nonce=SHORT_NONCE, raw_nonce=b"\x12")):
        found = examined(FORGE.document([entry]))
        assert found.failure is None
        assert [event.echoed for event in found.events] == [True]


class TestTransactions:
    def test_the_end_of_to_in_the_input(self) -> None:
        honest = FORGE.record()
        to, call = shifted_left(honest.body["to"], honest.body["input"])
        assert code(lie(honest, {"to": to, "input": call})) == "shape"

    def test_the_beginning_of_the_input_in_to(self) -> None:
        """Only where the input begins with hex characters, as a member may choose it."""
        honest = FORGE.call(to=OTHER, call=b"ab" + bytes(30))
        assert (
            code(lie(honest, {"to": honest.body["to"] + "a", "input": honest.body["input"][:2] + "62" + "00" * 30}))
            == "shape"
        )

    @pytest.mark.parametrize("swallowed", [1, 2, 20, 42])
    def test_a_call_as_a_deployment_whose_input_has_swallowed_the_address(self, swallowed: int) -> None:
        honest = FORGE.record()
        to = honest.body["to"]
        moved = {"to": "", "input": hexed(to.encode() + unhex(honest.body["input"]))}
        if swallowed < 42:
            moved = {"to": to[:-swallowed], "input": hexed(to[-swallowed:].encode() + unhex(honest.body["input"]))}
        assert code(lie(honest, moved)) == ("deployment" if swallowed == 42 else "shape")

    @pytest.mark.parametrize("digits", [1, 5, 60])
    def test_a_call_as_a_deployment_whose_input_has_swallowed_nonce_and_address(self, digits: int) -> None:
        honest = FORGE.record()
        nonce, to = honest.body["nonce"], honest.body["to"]
        moved = {
            "nonce": nonce[:-digits],
            "to": "",
            "input": hexed((nonce[-digits:] + to).encode() + unhex(honest.body["input"])),
        }
        assert code(lie(honest, moved)) == "deployment"

    @pytest.mark.parametrize("swallowed", [1, 8, 31])
    def test_a_call_as_a_deployment_whose_short_nonce_has_swallowed_part_of_the_address(self, swallowed: int) -> None:
        honest = FORGE.record(nonce=SHORT_NONCE, raw_nonce=b"\x12")
        to = honest.body["to"].encode()
        moved = {
            "nonce": hexed(b"\x12" + to[:swallowed]),
            "to": "",
            "input": hexed(to[swallowed:] + unhex(honest.body["input"])),
        }
        assert code(lie(honest, moved)) == "deployment"

    def test_a_nonce_that_swallowed_the_whole_address(self) -> None:
        honest = FORGE.record(nonce=SHORT_NONCE, raw_nonce=b"\x12")
        moved = {"nonce": hexed(b"\x12" + honest.body["to"].encode()), "to": ""}
        assert code(lie(honest, moved)) == "shape"

    def test_a_nonce_that_swallowed_the_address_and_a_call_that_names_another(self) -> None:
        """A member chooses an input that begins with an address; a liar lets the nonce swallow the real one."""
        honest = FORGE.call(to=OTHER, call=hexed(BOOK).encode() + b"rest")
        moved = {
            "nonce": hexed((honest.body["nonce"] + honest.body["to"]).encode()),
            "to": hexed(BOOK),
            "input": hexed(b"rest"),
        }
        assert code(lie(honest, moved)) == "shape"

    def test_a_deployment_as_a_call(self) -> None:
        """A member deploys bytes that begin with the record book's address and a record."""
        call = unhex(FORGE.record().body["input"])
        body = FORGE.transaction(to=None, call=hexed(BOOK).encode() + call)
        honest = Entry(body, FORGE.receipt(body, contractAddress=hexed(OTHER)))
        assert code(FORGE.document([honest])) is None
        assert code(lie(honest, {"to": hexed(BOOK), "input": hexed(call)})) == "deployment"

    def test_a_call_shown_as_a_deployment_is_never_passed_without_its_receipt(self) -> None:
        honest = FORGE.record()
        moved = {"to": "", "input": hexed(honest.body["to"].encode() + unhex(honest.body["input"]))}
        block = FORGE.block([honest]) | {"transactions": [honest.body | moved]}
        step = next(
            each for each in assess(Case(document=joined(block, None))).steps if each.name == "transaction hashes"
        )
        assert step.verdict is Verdict.INDETERMINATE
        honest_step = assess(Case(document=joined(FORGE.block([honest]), None))).steps[8]
        assert honest_step.verdict is Verdict.PASSED

    @pytest.mark.parametrize("names", [("chain0g", "roup0"), ("chain", "0group0"), ("", CHAIN + GROUP)])
    def test_the_chain_in_the_group_and_the_reverse(self, names: tuple[str, str]) -> None:
        moved = dict(zip(("chainID", "groupID"), names, strict=True))
        assert code(lie(FORGE.record(), moved)) == "wrong-chain"

    def test_the_end_of_the_group_in_the_block_limit(self) -> None:
        honest = FORGE.record(nonce=SHORT_NONCE, raw_nonce=b"\x12")
        limit = int.from_bytes(b"0" + honest.body["blockLimit"].to_bytes(8)[:7])
        moved = {
            "groupID": "group",
            "blockLimit": limit,
            "nonce": hexed(honest.body["blockLimit"].to_bytes(8)[7:] + b"\x12"),
        }
        assert code(lie(honest, moved)) == "shape"

    def test_the_input_in_the_interface_of_a_call(self) -> None:
        honest = FORGE.call(to=OTHER, call=b"abcd[]")
        assert code(lie(honest, {"input": hexed(b"abcd"), "abi": "[]"})) == "shape"


FEES = {"value": "", "gasPrice": "", "gasLimit": 0x3030303030303030, "maxFeePerGas": "", "maxPriorityFeePerGas": ""}


class TestFees:
    """From version 1 on, fees follow the input without a mark. What the signer signed is read from the joined bytes."""

    def events(self, document: bytes) -> tuple[RecordedEvent, ...]:
        found = examined(document)
        assert found.failure is None
        return found.events

    def test_fees_moved_into_the_input_change_nothing(self) -> None:
        honest = FORGE.record(version=1, **(FEES | {"value": "0x1", "gasPrice": "7", "maxFeePerGas": "9" * 8}))
        told = self.events(FORGE.document([honest]))
        assert [event.echoed for event in told] == [True]
        call = honest.body["input"]
        shifts = [
            {"value": "", "input": call + b"0x1".hex()},
            {"value": "", "gasPrice": "", "input": call + b"0x17".hex()},
            {"value": "0x17", "gasPrice": ""},
            {
                "value": "",
                "gasPrice": "",
                "input": call + (b"0x17" + b"0000").hex(),
                "gasLimit": int.from_bytes(b"00009999"),
                "maxFeePerGas": "9999",
            },
        ]  # fmt: skip
        for shift in shifts:
            assert self.events(lie(honest, shift)) == told

    @pytest.mark.parametrize("kept", [0, 3, 4, 36, 100])
    def test_an_input_cut_short_by_an_extension_hides_no_record(self, kept: int) -> None:
        honest = FORGE.record(version=2, **FEES, extension="0xab")
        told = self.events(FORGE.document([honest]))
        rest = preimages.transaction(honest.body)[
            len(preimages.transaction(honest.body)) - 9 - len(unhex(honest.body["input"])) :
        ]
        cut = {
            "input": hexed(rest[:kept]),
            "gasLimit": int.from_bytes(rest[kept : kept + 8], signed=True),
            "extension": hexed(rest[kept + 8 :]),
        }
        assert self.events(lie(honest, cut)) == told
        assert [event.echoed for event in told] == [True]
        hidden = honest.answer["logEntries"][0]
        output = hidden["address"].encode() + b"".join(map(unhex, hidden["topics"])) + unhex(hidden["data"])
        assert code(lie(honest, cut, {"output": hexed(output), "logEntries": []})) == "output-split"

    def test_a_vote_cut_short_by_an_extension_is_still_a_vote(self) -> None:
        vote = FORGE.vote("addSealer(string,uint256)", "ab" * 64, 3)
        body = FORGE.transaction(to=CONSENSUS, call=unhex(vote.body["input"]), version=2, **FEES, extension="")
        honest = Entry(body, FORGE.receipt(body, output=bytes(32)))
        rest = unhex(body["input"]) + body["gasLimit"].to_bytes(8)
        cut = {"input": hexed(rest[:50]), "gasLimit": int.from_bytes(rest[50:58]), "extension": hexed(rest[58:])}
        made = examined(FORGE.document([honest])).changes
        assert len(made) == 1
        assert examined(lie(honest, cut)).changes == made


def log_bytes(log: dict[str, Any]) -> bytes:
    return log["address"].encode() + b"".join(map(unhex, log["topics"])) + unhex(log["data"])


class TestReceipts:
    HONEST = FORGE.record()

    def log(self) -> dict[str, Any]:
        return dict(self.HONEST.answer["logEntries"][0])

    @pytest.mark.parametrize("words", [1, 2, 3])
    def test_data_in_topics(self, words: int) -> None:
        log = self.log()
        data = unhex(log["data"])
        topics = log["topics"] + [hexed(data[at : at + 32]) for at in range(0, 32 * words, 32)]
        told = {"logEntries": [log | {"topics": topics, "data": hexed(data[32 * words :])}]}
        assert code(lie(self.HONEST, answer=told)) == ("limit" if len(topics) > 4 else "log-split")

    @pytest.mark.parametrize("kept", [0, 1])
    def test_topics_in_data(self, kept: int) -> None:
        log = self.log()
        data = hexed(b"".join(map(unhex, log["topics"][kept:])) + unhex(log["data"]))
        told = {"logEntries": [log | {"topics": log["topics"][:kept], "data": data}]}
        assert code(lie(self.HONEST, answer=told)) == "log-split"

    def test_the_whole_log_in_the_output(self) -> None:
        told = {"output": hexed(log_bytes(self.log())), "logEntries": []}
        assert code(lie(self.HONEST, answer=told)) == "output-split"

    @pytest.mark.parametrize("kept", [1, 20, 39])
    def test_the_beginning_of_the_address_in_the_output(self, kept: int) -> None:
        log = self.log()
        rest = log_bytes(log)
        told = {
            "output": hexed(rest[:kept]),
            "logEntries": [
                {"address": rest[kept : kept + 40].decode("latin-1"), "topics": [], "data": hexed(rest[kept + 40 :])}
            ],
        }  # fmt: skip
        assert code(lie(self.HONEST, answer=told)) == "shape"

    def test_an_output_as_a_log(self) -> None:
        """A contract that is not registered returns what looks like a record."""
        log = FORGE.recorded(b"test.kind", b'{"v":1}')
        output = BOOK_TEXT + b"".join(log[1]) + log[2]
        honest = FORGE.call(to=OTHER, call=b"abcd", output=output)
        told = {
            "output": "0x",
            "logEntries": [{"address": BOOK.hex(), "topics": [hexed(t) for t in log[1]], "data": hexed(log[2])}],
        }
        as_log, as_output = examined(lie(honest, answer=told)), examined(FORGE.document([honest]))
        assert as_log.failure is None
        assert as_log.events == as_output.events == ()
        assert as_log.unproven_logs == as_output.unproven_logs == 1, "the count may not depend on the presentation"

    def test_a_record_made_through_another_contract_is_never_evidence(self) -> None:
        honest = FORGE.call(to=OTHER, call=b"abcd", logs=[FORGE.recorded(b"k", b"p"), (OTHER, [TOPIC], b"")])
        assert examined(FORGE.document([honest])).events == ()
        assert examined(FORGE.document([honest])).unproven_logs == 1
        hidden = {"output": hexed(b"".join(log_bytes(log) for log in honest.answer["logEntries"])), "logEntries": []}
        assert examined(lie(honest, answer=hidden)).unproven_logs == 1

    def test_two_logs_as_one_and_one_as_two(self) -> None:
        body = self.HONEST.body
        first, second = FORGE.recorded(b"k", b"one"), FORGE.recorded(b"k", b"two")
        two = Entry(body, FORGE.receipt(body, logs=[first, second]))
        assert len(examined(FORGE.document([two])).events) == 2
        merged = two.answer["logEntries"][0]
        merged = merged | {"data": hexed(unhex(merged["data"]) + log_bytes(two.answer["logEntries"][1]))}
        assert code(lie(two, answer={"logEntries": [merged]})) == "log-split"
        whole = log_bytes(two.answer["logEntries"][0]) + log_bytes(two.answer["logEntries"][1])
        assert code(lie(two, answer={"logEntries": [], "output": hexed(whole)})) == "output-split"

    def test_a_payload_that_looks_like_a_log_stays_a_payload(self) -> None:
        """A member may choose a payload that holds another record's bytes; no reading makes a record of it."""
        inner = FORGE.recorded(b"member.admitted", b'{"v":1,"member":"evil"}', OTHER)
        planted = BOOK_TEXT + b"".join(inner[1]) + inner[2]
        honest = FORGE.record(payload=planted)
        told = examined(FORGE.document([honest])).events
        assert [event.payload for event in told] == [planted]
        raw = log_bytes(honest.answer["logEntries"][0])
        at = raw.index(BOOK_TEXT, 1)
        split = [
            {"address": BOOK.hex(), "topics": honest.answer["logEntries"][0]["topics"], "data": hexed(raw[104:at])},
            {"address": BOOK.hex(), "topics": [hexed(t) for t in inner[1]], "data": hexed(raw[at + 104 :])},
        ]
        assert code(lie(honest, answer={"logEntries": split})) == "log-split"
        assert code(lie(honest, answer={"logEntries": split[1:], "output": hexed(raw[:at])})) == "output-split"

    def test_a_success_as_a_failure(self) -> None:
        """The gas gives its last digit to the status, whose bytes begin the output: a failed call has no records."""
        gas = self.HONEST.answer["gasUsed"]
        told = {
            "gasUsed": gas[:-1],
            "status": ord(gas[-1]) << 24,
            "output": hexed(b"\0" + log_bytes(self.log())),
            "logEntries": [],
        }
        assert code(lie(self.HONEST, answer=told)) == "shape"

    def test_a_failure_as_a_success(self) -> None:
        failed = FORGE.receipt(self.HONEST.body, status=16, logs=[FORGE.recorded(b"k", b"p")])
        honest = Entry(self.HONEST.body, failed)
        found = examined(FORGE.document([honest]))
        assert (found.failure, found.events, found.unproven_logs) == (None, (), 0)
        hidden = {"logEntries": [], "output": hexed(log_bytes(failed["logEntries"][0]))}
        assert examined(lie(honest, answer=hidden)).events == ()

    def test_digits_of_the_gas_in_the_contract_and_the_reverse(self) -> None:
        body = FORGE.transaction(to=None, call=b"\x60\x80")
        address = "1" * 20 + "ab" * 10
        honest = Entry(body, FORGE.receipt(body, contractAddress="0x" + address, gasUsed="24363"))
        assert code(FORGE.document([honest])) is None
        for gas, contract in (
            ("243631", address[1:]),
            ("2436", "3" + address),
            ("24363" + "1" * 15, address[15:]),
            ("24363" + "1" * 20, "ab" * 10),
        ):
            assert code(lie(honest, answer={"gasUsed": gas, "contractAddress": contract})) == "shape"

    def test_the_price_and_the_output(self) -> None:
        body = self.HONEST.body
        honest = Entry(
            body, FORGE.receipt(body, version=1, effectiveGasPrice="0x12", logs=[FORGE.recorded(b"k", b"p")])
        )
        told = examined(FORGE.document([honest])).events
        assert len(told) == 1
        assert code(lie(honest, answer={"effectiveGasPrice": "", "output": hexed(b"0x12")})) == "output-split"
        address = honest.answer["logEntries"][0]["address"]
        moved = honest.answer["logEntries"][0] | {"address": address[2:]}
        assert code(lie(honest, answer={"effectiveGasPrice": "0x12" + address[:2], "logEntries": [moved]})) == "shape"


class TestHeaders:
    def verdict(self, block: dict[str, Any]) -> str | None:
        _, trusted = genesis(FORGE.genesis_document(), ANCHOR)
        document = joined(block, [])
        try:
            accept(examine(document, ANCHOR, REGISTRY), document, trusted)
        except LedgerError as refused:
            return refused.code
        return None

    def test_a_sealer_in_the_extra_data(self) -> None:
        """Three sealers and 72 bytes of extraData hash like four sealers; the quorum would be another."""
        block = FORGE.block()
        told = block | {
            "sealerList": block["sealerList"][:3],
            "consensusWeights": [1, 1, 1],
            "extraData": hexed(unhex(block["sealerList"][3]) + (1).to_bytes(8)),
        }
        assert FORGE.crypto.digest(preimages.header(told)) == unhex(block["hash"])
        assert self.verdict(block) is None
        assert self.verdict(told) == "shape"

    def test_extra_data_as_a_sealer(self) -> None:
        block = FORGE.block(extraData="0x" + "ab" * 71)
        assert self.verdict(block) is None
        told = block | {
            "sealerList": [*block["sealerList"], "0x" + "ab" * 64],
            "consensusWeights": [1, 1, 1, 1, 1],
            "extraData": "0x",
        }
        assert FORGE.crypto.digest(preimages.header(told)) != unhex(block["hash"])
        with pytest.raises(Malformed):
            fisco3.parse_header(FORGE.block(extraData="0x" + "ab" * 72))

    def test_digits_of_the_gas_in_the_time(self) -> None:
        block = FORGE.block(gasUsed="24363")
        time = int.from_bytes(b"3" + block["timestamp"].to_bytes(8)[:7])
        assert self.verdict(block | {"gasUsed": "2436", "timestamp": time}) == "shape"

    def test_inner_nodes_in_place_of_the_transactions_hashes(self) -> None:
        """The tree does not tell leaves from nodes: a bare list of hashes proves the root, never their number."""
        entries = [FORGE.call(to=OTHER, call=bytes([at])) for at in range(4)]
        block = FORGE.block(entries)
        hashes = [unhex(entry.body["hash"]) for entry in entries]
        nodes = [hexed(FORGE.crypto.digest(hashes[at], hashes[at + 1])) for at in (0, 2)]
        step = assess(Case(document=joined(block | {"transactions": nodes}, None))).steps[9]
        assert (step.name, step.verdict) == ("transactions root", Verdict.PASSED)
        assert step.detail == "over 2 hashes; without the bodies their number is unproven"
        document = joined(block | {"transactions": nodes}, [entry.answer for entry in entries])
        assert examined(document).failure is not None


class TestKinds:
    """`type` is hashed by nothing: a label that makes a transaction unverifiable must not hide what it did."""

    @pytest.mark.parametrize("label", [1, 2, 99])
    def test_a_label_alone_changes_nothing(self, label: int) -> None:
        honest = FORGE.record()
        found = examined(
            joined(FORGE.block([honest]) | {"transactions": [honest.body | {"type": label}]}, [honest.answer])
        )
        assert found.failure is None
        assert len(found.events) == 1

    def test_a_label_on_an_altered_record_hides_nothing(self) -> None:
        honest = FORGE.record()
        altered = honest.body | {"type": 1, "to": hexed(OTHER), "input": "0x"}
        for answer in (
            honest.answer,
            honest.answer | {"logEntries": [], "output": hexed(log_bytes(honest.answer["logEntries"][0]))},
        ):
            answer = answer | {"to": altered["to"], "input": "0x"}
            found = examined(joined(FORGE.block([honest]) | {"transactions": [altered]}, [answer]))
            assert found.failure is not None
            assert found.failure[1].code == "unsupported-transaction"

    @pytest.mark.parametrize("output", [b"", bytes(32)], ids=["no output", "the output of a vote"])
    def test_a_label_on_an_altered_call_makes_no_sealer(self, output: bytes) -> None:
        """Otherwise one lying source could vote in a sealer of its own, and seal every later block alone."""
        honest = FORGE.call(to=OTHER, call=b"abcd", output=output)
        vote = FORGE.vote("addSealer(string,uint256)", "ab" * 64, 10**6).body
        altered = honest.body | {"type": 1, "to": vote["to"], "input": vote["input"]}
        answer = honest.answer | {"to": vote["to"], "input": vote["input"]}
        found = examined(joined(FORGE.block([honest]) | {"transactions": [altered]}, [answer]))
        assert found.changes == ()
        assert (found.failure is not None) == bool(output)

    def test_a_label_does_not_hide_an_honest_vote(self) -> None:
        """Otherwise the replica would refuse the next honest block from every source, for good."""
        honest = FORGE.vote("addSealer(string,uint256)", "ab" * 64, 1)
        altered = honest.body | {"type": 1, "nonce": "1"}
        found = examined(joined(FORGE.block([honest]) | {"transactions": [altered]}, [honest.answer]))
        assert found.failure is not None
        assert found.failure[1].code == "unsupported-transaction"

    def test_an_unknown_kind_is_indeterminate(self) -> None:
        honest = FORGE.call(to=OTHER, call=b"abcd")
        altered = honest.body | {"type": 1, "input": "0x"}
        document = joined(FORGE.block([honest]) | {"transactions": [altered]}, [honest.answer | {"input": "0x"}])
        judged = assess(Case(document=document))
        assert judged.verdict is Verdict.INDETERMINATE
        told = {step.name: step.verdict for step in judged.steps}
        assert told["transaction hashes"] is told["transaction signatures"] is Verdict.INDETERMINATE
