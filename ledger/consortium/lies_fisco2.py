"""Lies that a source tells about a block of FISCO BCOS 2, whose spelling and hashes are others than those of 3.

Hashes are taken over RLP there: no byte moves from one field to the next unseen. What is printed twice, or printed and
not hashed, is where a source could try.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.consortium.lies import Answer, Liar, Lie

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.consortium.blocks import Object

__all__ = ["LIES", "Fisco2Lie"]

LETTERS = "f" * (1 << 20)
STRANGER = "0x" + "bb" * 20
KEY_AT = 130  # of a printed signature: 0x, r and s come before the key


@dataclass(frozen=True, slots=True, kw_only=True)
class Fisco2Lie(Lie):
    """A lie about a block whose first transaction is a record, signed by three sealers of four."""

    change: Callable[[Object], None]

    def tell(self, document: bytes) -> bytes:
        """Return the document with the lie in it."""
        outer: Object = json.loads(document)
        self.change(outer)
        return json.dumps(outer).encode()


def _at(*path: str | int, becomes: Callable[[Any], Any]) -> Callable[[Object], None]:
    *way, name = path

    def change(outer: Object) -> None:
        holder: Any = outer
        for step in way:
            holder = holder[step]
        holder[name] = becomes(holder[name])

    return change


def _touched(text: str) -> str:
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def _to(value: object) -> Callable[[Any], Any]:
    return lambda _: value


def _without(*path: str | int) -> Callable[[Object], None]:
    *way, name = path

    def change(outer: Object) -> None:
        holder: Any = outer
        for step in way:
            holder = holder[step]
        del holder[name]

    return change


def _sender(outer: Object) -> None:
    for entry in (outer["block"]["transactions"][0], outer["receipts"][0]):
        entry["from"] = STRANGER


def _topic_into_data(log: Object) -> Object:
    return log | {"topics": log["topics"][:1], "data": log["topics"][1] + log["data"][2:]}


def _hidden(outer: Object) -> None:
    answer = outer["receipts"][0]
    log = answer["logs"].pop()
    answer["output"] = log["address"] + "".join(topic[2:] for topic in log["topics"]) + log["data"][2:]


BODY, ANSWER = ("block", "transactions", 0), ("receipts", 0)
SIGNATURES = ("block", "signatureList")
TOLD = (
    ("state-root", "header-hash", "The state root is altered.", _at("block", "stateRoot", becomes=_touched)),
    ("bloom", "header-hash", "The logs' bloom filter is altered.", _at("block", "logsBloom", becomes=_touched)),
    ("database-hash", "header-hash", "The database's hash is altered.", _at("block", "dbHash", becomes=_touched)),
    ("unsigned", "signatures-missing", "The block carries no signature.", _at(*SIGNATURES, becomes=_to([]))),
    ("too-few", "quorum", "Two signatures are shown.", _at(*SIGNATURES, becomes=lambda listed: listed[:2])),
    (
        "signed-twice", "signature-repeated", "One signature stands there three times.",
        _at(*SIGNATURES, becomes=lambda listed: listed[:1] * 3),
    ),
    (
        "unknown-signer", "signer-unknown", "A signature claims a sealer that is not in the list.",
        _at(*SIGNATURES, 0, "index", becomes=_to("0x9")),
    ),
    (
        "signature", "signature", "A signature is altered.",
        _at(*SIGNATURES, 0, "signature", becomes=lambda text: "0x" + "11" * 64 + text[KEY_AT:]),
    ),
    (
        "signature-key", "shape", "Behind a signature stands another key than the listed one.",
        _at(*SIGNATURES, 0, "signature", becomes=lambda text: text[:KEY_AT] + "11" * 64),
    ),
    ("input", "transaction-hash", "A transaction's input is altered.", _at(*BODY, "input", becomes=_touched)),
    ("nonce", "transaction-hash", "A transaction's nonce is altered.", _at(*BODY, "nonce", becomes=_touched)),
    (
        "receiver", "transaction-hash", "A transaction is shown as a call of another contract.",
        _at(*BODY, "to", becomes=_to(STRANGER)),
    ),
    ("sender", "receipt-pairing", "A transaction claims another sender.", _at(*BODY, "from", becomes=_to(STRANGER))),
    ("sender-twice", "sender", "A transaction and its receipt claim another sender.", _sender),
    (
        "signature-in-parts", "shape", "A transaction's signature is printed whole and in parts, and they differ.",
        _at(*BODY, "signature", "r", becomes=_touched),
    ),
    ("output", "receipts-root", "A receipt's output is altered.", _at(*ANSWER, "output", becomes=_to("0x01"))),
    (
        "status", "receipts-root", "A call that succeeded is shown as failed.",
        _at(*ANSWER, "status", becomes=_to("0x1")),
    ),
    ("gas-left", "receipts-root", "The gas left is altered.", _at(*ANSWER, "remainGas", becomes=_to("0x0"))),
    ("gas-unsaid", "receipts-root", "The gas left is not printed.", _without(*ANSWER, "remainGas")),
    (
        "topic-into-data", "receipts-root", "A topic moves into the log's data.",
        _at(*ANSWER, "logs", 0, becomes=_topic_into_data),
    ),
    ("log-into-output", "receipts-root", "A log hides in the output.", _hidden),
    ("log-left-out", "receipts-root", "A log is left out.", _at(*ANSWER, "logs", becomes=_to([]))),
    (
        "receipt-of-another", "receipt-pairing", "A receipt is of another transaction.",
        _at(*ANSWER, "transactionHash", becomes=_to("0x" + "ab" * 32)),
    ),
    ("caller", "receipt-pairing", "A receipt repeats another sender.", _at(*ANSWER, "from", becomes=_to(STRANGER))),
    ("receipts-withheld", "incomplete", "The block comes without its receipts.", _without("receipts")),
    (
        "receipt-missing", "receipt-count", "One receipt is left out.",
        _at("receipts", becomes=lambda listed: listed[:-1]),
    ),
    (
        "transactions-withheld", "incomplete", "The block comes without its transactions.",
        _without("block", "transactions"),
    ),
    (
        "note-in-block", "uncovered-text", "A note of a mebibyte stands beside the header.",
        _at("block", becomes=lambda block: block | {"note": LETTERS}),
    ),
    (
        "note-in-receipt", "uncovered-text", "A note of a mebibyte stands in a receipt, where no hash covers it.",
        _at(*ANSWER, becomes=lambda answer: answer | {"message": LETTERS}),
    ),
)  # fmt: skip
LIES = tuple(
    Fisco2Lie(name=f"fisco2-{name}", says=says, liar=Liar.SOURCE, answer=Answer.REFUSED, codes=(code,), change=change)
    for name, code, says, change in TOLD
)
