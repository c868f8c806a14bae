"""Lies about what a block holds: transactions, receipts, senders, and the bytes hashes run together (steps 1, 6-9).

Several leave every hash as it is: nothing is length-prefixed, so only the strict shape can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.blocks import Object, hexed
from ledger.consortium.lies import Draft, by_sealers, by_source

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LIES"]

FAILED = 16  # the node's status for a reverted call
WORD = 64  # hex digits


def _touched(text: str) -> str:
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def _to_into_input(draft: Draft) -> None:
    body, answer = draft.record()
    body["input"] = hexed(body["to"][-1].encode() + bytes.fromhex(body["input"][2:]))
    body["to"] = body["to"][:-1]
    answer |= {"to": "", "input": body["input"]}


def _input_altered(draft: Draft) -> None:
    body, answer = draft.record()
    body["input"] = answer["input"] = _touched(body["input"])


def _input_rehashed(draft: Draft) -> None:
    body, answer = draft.record()
    body["input"] = _touched(body["input"])
    draft.settle_transaction(body, answer)


def _nonce_altered(draft: Draft) -> None:
    body, _ = draft.record()
    body["nonce"] = str(int(body["nonce"]) // 10)


def _list_altered(draft: Draft) -> None:
    body, answer = draft.record()
    body["hash"] = answer["transactionHash"] = _touched(body["hash"])


def _dropped(draft: Draft) -> None:
    draft.pair()
    draft.transactions.pop()
    draft.answers.pop()


def _repeated(draft: Draft) -> None:
    draft.transactions.append(draft.transactions[-1])
    draft.answers.append(draft.answers[-1])


def _swap(entries: list[Object], places: tuple[int, int]) -> None:
    one, other = places
    entries[one], entries[other] = entries[other], entries[one]


def _reordered(draft: Draft) -> None:
    _swap(draft.transactions, draft.pair())
    _swap(draft.answers, draft.pair())


def _elsewhere(field: str) -> Callable[[Draft], None]:
    def moved(draft: Draft) -> None:
        body, answer = draft.record()
        body[field] = f"{body[field]}1"
        draft.settle_transaction(body, answer)
        draft.reseal()

    return moved


def _receipt_altered(rehashed: bool) -> Callable[[Draft], None]:
    def altered(draft: Draft) -> None:
        _, answer = draft.record()
        answer["gasUsed"] = str(int(answer["gasUsed"]) + 1)
        if rehashed:
            draft.settle_receipt(answer)

    return altered


def _log_altered(draft: Draft) -> None:
    _, answer = draft.record()
    answer["logEntries"][0]["data"] = _touched(answer["logEntries"][0]["data"])


def _receipts_swapped(following: bool) -> Callable[[Draft], None]:
    """Exchange two receipts; ``following``: what no hash covers is made to fit the new place."""

    def swapped(draft: Draft) -> None:
        places = draft.pair()
        _swap(draft.answers, places)
        for at in places if following else ():
            body, answer = draft.transactions[at], draft.answers[at]
            answer |= {"transactionHash": body["hash"], "from": body["from"], "to": body["to"], "input": body["input"]}

    return swapped


def _receipt_missing(draft: Draft) -> None:
    draft.answers.pop()


def _receipts_withheld(draft: Draft) -> None:
    draft.receipts = None


def _bodies_withheld(draft: Draft) -> None:
    draft.block["transactions"] = [body["hash"] for body in draft.transactions]


def _receipt_of_other_block(draft: Draft) -> None:
    _, answer = draft.record()
    answer["blockNumber"] += 1
    draft.settle_receipt(answer)
    draft.reseal()


def _echo(field: str) -> Callable[[Draft], None]:
    def altered(draft: Draft) -> None:
        _, answer = draft.record()
        answer[field] = _touched(answer[field])

    return altered


def _deployed(draft: Draft) -> None:
    _, answer = draft.record()
    answer["contractAddress"] = "0x" + "ab" * 20
    draft.settle_receipt(answer)
    draft.reseal()


def _signature_altered(draft: Draft) -> None:
    body, _ = draft.record()
    # The first half is r: the key that an SM signature carries stays as it is.
    body["signature"] = _touched(body["signature"][:66]) + body["signature"][66:]


def _signature_removed(draft: Draft) -> None:
    body, _ = draft.record()
    body["signature"] = "0x"


def _signed_by_stranger(draft: Draft) -> None:
    body, _ = draft.record()
    digest = bytes.fromhex(body["hash"][2:])
    body["signature"] = hexed(draft.bench.strangers[0].sign_transaction(digest))


def _sender_altered(draft: Draft) -> None:
    body, answer = draft.record()
    body["from"] = answer["from"] = _touched(body["from"])


def _signed_elsewhere(draft: Draft) -> None:
    """A transaction is altered and everything above it made anew by all sealers; only its author did not sign it."""
    body, answer = draft.record()
    signature = body["signature"]
    body["input"] = _touched(body["input"])
    draft.settle_transaction(body, answer)
    draft.reseal()
    body["signature"] = signature


def _data_into_topic(answer: Object) -> None:
    log = answer["logEntries"][0]
    log["topics"].append("0x" + log["data"][2 : 2 + WORD])
    log["data"] = "0x" + log["data"][2 + WORD :]


def _topic_into_data(answer: Object) -> None:
    log = answer["logEntries"][0]
    log["data"] = log["topics"].pop() + log["data"][2:]


def _log_into_output(answer: Object) -> None:
    log = answer["logEntries"].pop(0)
    hidden = log["address"].removeprefix("0x").encode().hex() + "".join(topic[2:] for topic in log["topics"])
    answer["output"] += hidden + log["data"][2:]


def _in_record(change: Callable[[Object], None]) -> Callable[[Draft], None]:
    """Move bytes in the receipt of a record: its hash stays the same."""
    return lambda draft: change(draft.record()[1])


def _in_mapped(change: Callable[[Object], None]) -> Callable[[Draft], None]:
    """Move bytes in the receipt of a call that is read by a map: its hash stays the same."""
    return lambda draft: change(draft.mapped()[1])


def _output_into_log(failed: bool) -> Callable[[Draft], None]:
    """The bytes that a call returned are presented as a log of the record book: the receipt's hash stays the same."""

    def presented(draft: Draft) -> None:
        book = draft.bench.contract[2:].encode().hex()
        for answer in draft.answers:
            output = answer["output"][2:]
            if bool(answer["status"]) == failed and output.startswith(book):
                rest = output[len(book) :]
                topics = ["0x" + rest[:WORD], "0x" + rest[WORD : 2 * WORD]]
                log = {"address": draft.bench.contract[2:], "topics": topics, "data": "0x" + rest[2 * WORD :]}
                answer |= {"output": "0x", "logEntries": [log]}
                return
        raise ValueError("this lie needs a call whose output begins with the record book's address")

    return presented


def _log_under_signature(change: Callable[[Object], None]) -> Callable[[Draft], None]:
    """A log that the record book's ABI does not allow, hashed and signed by all sealers."""

    def altered(draft: Draft) -> None:
        _, answer = draft.record()
        change(answer)
        draft.settle_receipt(answer)
        draft.reseal()

    return altered


def _foreign_log(answer: Object) -> None:
    answer["logEntries"].append(answer["logEntries"][0] | {"address": "ab" * 20})


def _trailing_bytes(answer: Object) -> None:
    answer["logEntries"][0]["data"] += "00" * 32


def _dirty_sender(answer: Object) -> None:
    sender = answer["logEntries"][0]["topics"][1]
    answer["logEntries"][0]["topics"][1] = "0x01" + sender[4:]


def _failed(draft: Draft) -> None:
    _, answer = draft.record()
    answer["status"] = FAILED


def _success_as_failure(draft: Draft) -> None:
    """The last digit of the gas becomes the first byte of the status, the log an output: the hash stays the same."""
    _, answer = draft.record()
    gas = answer["gasUsed"]
    answer |= {"gasUsed": gas[:-1], "status": ord(gas[-1]) << 24}
    _log_into_output(answer)
    answer["output"] = "0x00" + answer["output"][2:]


LIES = (
    by_source(
        "to-into-input", "shape", "The last character of `to` moves into the input; the hash is the same.",
        _to_into_input,
    ),
    by_source(
        "success-as-failure", "shape", "A record's call is shown as failed; the hash is the same.",
        _success_as_failure,
    ),
    by_source("transaction-altered", "transaction-hash", "A transaction's input is altered.", _input_altered),
    by_source("transaction-nonce", "transaction-hash", "A transaction's nonce is altered.", _nonce_altered),
    by_source("transaction-list", "transaction-hash", "The block lists another hash for a transaction.", _list_altered),
    by_source(
        "transaction-rehashed", "transactions-root", "A transaction is altered and its hash follows.",
        _input_rehashed,
    ),
    by_source(
        "transaction-dropped", "transactions-root", "The last transaction and its receipt are left out.", _dropped,
    ),
    by_source("transaction-repeated", "transactions-root", "The last transaction stands there twice.", _repeated),
    by_source("transactions-reordered", "transactions-root", "Two transactions changed places.", _reordered),
    by_sealers(
        "transaction-other-chain", "wrong-chain", "A transaction of another chain, signed by all.",
        _elsewhere("chainID"),
    ),
    by_sealers(
        "transaction-other-group", "wrong-chain", "A transaction of another group, signed by all.",
        _elsewhere("groupID"),
    ),
    by_source("receipt-altered", "receipt-hash", "A receipt's gas is altered.", _receipt_altered(rehashed=False)),
    by_source("receipt-failed", "receipt-hash", "A call that succeeded is shown as failed.", _failed),
    by_source("receipt-log-altered", "receipt-hash", "A log's data is altered.", _log_altered),
    by_source(
        "receipt-rehashed", "receipts-root", "A receipt is altered and its hash follows.",
        _receipt_altered(rehashed=True),
    ),
    by_source(
        "receipts-swapped", "receipt-pairing", "Two receipts changed places.", _receipts_swapped(following=False),
    ),
    by_source(
        "receipts-swapped-following", "receipts-root", "Two receipts changed places, and what no hash covers follows.",
        _receipts_swapped(following=True),
    ),
    by_source("receipt-missing", "receipt-count", "One receipt is left out.", _receipt_missing),
    by_source("receipts-withheld", "incomplete", "The block comes without its receipts.", _receipts_withheld),
    by_source(
        "transactions-withheld", "incomplete", "The block comes with its transactions' hashes only.",
        _bodies_withheld,
    ),
    by_sealers(
        "receipt-other-block", "receipt-pairing", "A receipt is of another block, signed by all.",
        _receipt_of_other_block,
    ),
    by_source("receipt-from", "receipt-pairing", "A receipt repeats another sender.", _echo("from")),
    by_source("receipt-to", "receipt-pairing", "A receipt repeats another recipient.", _echo("to")),
    by_source("receipt-input", "receipt-pairing", "A receipt repeats another input.", _echo("input")),
    by_sealers(
        "receipt-deploys", "deployment", "The receipt of a call names a new contract, signed by all.", _deployed,
    ),
    by_source(
        "sender-signature-altered", "transaction-signature", "A member's signature is altered.", _signature_altered,
    ),
    by_source(
        "sender-signature-removed", "transaction-signature", "A member's signature is missing.", _signature_removed,
    ),
    by_source("sender-stranger", "sender", "Somebody else signed the member's transaction.", _signed_by_stranger),
    by_source("sender-altered", "sender", "The transaction claims another sender than signed it.", _sender_altered),
    by_sealers(
        "sealers-rewrite-a-member", "transaction-signature",
        "All sealers together alter what a member signed; an ECDSA chain tells by the sender.", _signed_elsewhere,
    ),
    by_source(
        "data-into-topic", "log-split", "A log's data moves into a topic; the hash is the same.",
        _in_record(_data_into_topic),
    ),
    by_source(
        "topic-into-data", "log-split", "A topic moves into the log's data; the hash is the same.",
        _in_record(_topic_into_data),
    ),
    by_source(
        "log-into-output", "output-split", "A log hides in the output; the hash is the same.",
        _in_record(_log_into_output),
    ),
    by_source(
        "mapped-data-into-topic", "mapped-split",
        "In a receipt that is read by a map, data moves into a topic; the hash is the same.",
        _in_mapped(_data_into_topic),
    ),
    by_source(
        "mapped-topic-into-data", "mapped-split",
        "In a receipt that is read by a map, a topic moves into the data; the hash is the same.",
        _in_mapped(_topic_into_data),
    ),
    by_source(
        "mapped-log-into-output", "mapped-split",
        "In a receipt that is read by a map, a log hides in the output; the hash is the same.",
        _in_mapped(_log_into_output),
    ),
    by_source(
        "output-into-log", None, "Another contract's output is shown as a record; the hash is the same.",
        _output_into_log(failed=False),
    ),
    by_source(
        "failed-output-into-log", None, "What a failed call returned is shown as a record; the hash is the same.",
        _output_into_log(failed=True),
    ),
    by_sealers(
        "log-foreign", "log-foreign", "A record's receipt holds another contract's log.",
        _log_under_signature(_foreign_log),
    ),
    by_sealers(
        "log-trailing", "log-split", "A log's data has bytes after its encoding.",
        _log_under_signature(_trailing_bytes),
    ),
    by_sealers("log-dirty-sender", "log-split", "A log's sender is no address.", _log_under_signature(_dirty_sender)),
)  # fmt: skip
