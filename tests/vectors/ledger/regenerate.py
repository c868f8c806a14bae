"""Writes the block vectors beside this file; see ORIGIN.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.blocks import BOOK, OTHER, Entry, Forge, hexed, unhexed

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
Object = dict[str, Any]
Flaw = tuple[str, str | None, str, Object, list[Object]]
"""Name, code, flaw, block and receipts of a vector."""


def log_bytes(log: Object) -> bytes:
    return log["address"].encode() + b"".join(map(unhexed, log["topics"])) + unhexed(log["data"])


class Honest:
    """A block of one record as an honest node tells it, and the same with lies in it."""

    def __init__(self) -> None:
        self.forge = Forge()
        record = self.forge.record(b"invoice.registered", b'{"amount":100,"v":1}')
        self.block, self.body, self.answer = self.forge.block([record]), record.body, record.answer

    def lie(
        self, transaction: Object | None = None, receipt: Object | None = None, header: Object | None = None
    ) -> tuple[Object, list[Object]]:
        """Block and receipts with this in place of what is true."""
        told = self.body | (transaction or {})
        echo = {"to": told["to"], "input": told["input"]}
        return self.block | {"transactions": [told]} | (header or {}), [self.answer | echo | (receipt or {})]


def flaws() -> Iterator[Flaw]:
    """Each vector."""
    honest = Honest()
    yield "honest", None, "None: one record, signed by three of four sealers.", *honest.lie()
    yield from of_transactions(honest)
    yield from of_receipts(honest)
    yield from of_headers(honest)


def of_transactions(honest: Honest) -> Iterator[Flaw]:
    """A transaction's fields hold what belongs to others, or something no hash covers."""
    body, lie = honest.body, honest.lie
    yield (
        "to-into-input", "shape", "The last character of `to` stands in the input.",
        *lie({"to": body["to"][:-1], "input": hexed(body["to"][-1].encode() + unhexed(body["input"]))}),
    )  # fmt: skip
    yield (
        "call-as-deployment", "deployment", "`to` stands in the input, as if the call deployed a contract.",
        *lie({"to": "", "input": hexed(body["to"].encode() + unhexed(body["input"]))}),
    )  # fmt: skip
    yield (
        "chain-into-group", "wrong-chain", "The last character of the chain's name stands in the group's.",
        *lie({"chainID": body["chainID"][:-1], "groupID": body["chainID"][-1] + body["groupID"]}),
    )  # fmt: skip
    label = {"type": 1, "to": hexed(OTHER), "input": "0x"}
    yield (
        "label-hides-record",
        "unsupported-transaction",
        "An uncovered label makes the altered call unverifiable.",
        *lie(label),
    )


def of_receipts(honest: Honest) -> Iterator[Flaw]:
    """A receipt's logs, output and status hold what belongs to each other."""
    body, answer, lie, forge = honest.body, honest.answer, honest.lie, honest.forge
    log = answer["logEntries"][0]
    data = unhexed(log["data"])
    yield (
        "data-into-topic", "log-split", "The first word of the log's data stands in its topics.",
        *lie(receipt={"logEntries": [log | {"topics": [*log["topics"], hexed(data[:32])], "data": hexed(data[32:])}]}),
    )  # fmt: skip
    yield (
        "topic-into-data", "log-split", "The log's sender stands in its data.",
        *lie(receipt={"logEntries": [log | {"topics": log["topics"][:1], "data": log["topics"][1] + log["data"][2:]}]}),
    )  # fmt: skip
    yield (
        "log-into-output", "output-split", "The log stands in the output.",
        *lie(receipt={"output": hexed(log_bytes(log)), "logEntries": []}),
    )  # fmt: skip
    gas = answer["gasUsed"]
    hidden = {
        "gasUsed": gas[:-1],
        "status": ord(gas[-1]) << 24,
        "output": hexed(b"\0" + log_bytes(log)),
        "logEntries": [],
    }
    yield (
        "success-as-failure",
        "shape",
        "The gas gave its last digit to the status: the call seems to have failed.",
        *lie(receipt=hidden),
    )
    first, second = forge.recorded(b"k", b"one"), forge.recorded(b"k", b"two")
    two = Entry(body, forge.receipt(body, logs=[first, second]))
    logs = two.answer["logEntries"]
    merged = logs[0] | {"data": hexed(unhexed(logs[0]["data"]) + log_bytes(logs[1]))}
    yield (
        "two-logs-as-one",
        "log-split",
        "The second log stands in the data of the first.",
        forge.block([two]),
        [two.answer | {"logEntries": [merged]}],
    )


def of_headers(honest: Honest) -> Iterator[Flaw]:
    """A header's fields, its sealers and their signatures."""
    block, lie = honest.block, honest.lie
    swallowed = {
        "sealerList": block["sealerList"][:3],
        "consensusWeights": [1, 1, 1],
        "extraData": hexed(unhexed(block["sealerList"][3]) + (1).to_bytes(8)),
    }
    yield "sealer-in-extra-data", "shape", "The last sealer and its weight stand in extraData.", *lie(header=swallowed)
    yield (
        "header-altered",
        "header-hash",
        "The state root is altered; the signatures verify over the claimed hash.",
        *lie(header={"stateRoot": "0x" + "77" * 32}),
    )
    one = block["signatureList"][0]
    yield (
        "signature-repeated",
        "signature-repeated",
        "One sealer's signature stands there three times.",
        *lie(header={"signatureList": [one] * 3}),
    )
    yield (
        "signer-unknown",
        "signer-unknown",
        "A signature names a fifth of four sealers.",
        *lie(header={"signatureList": [*block["signatureList"], one | {"sealerIndex": 4}]}),
    )
    yield (
        "empty-and-unsigned",
        "signatures-missing",
        "No transactions and no signatures.",
        honest.forge.block(signing=()),
        [],
    )


def vectors() -> dict[str, str]:
    """Every vector's text by its file name."""
    written = {}
    for name, code, flaw, block, receipts in flaws():
        content = {
            "flaw": flaw,
            "code": code,
            "genesis": Forge().genesis(),
            "contract": hexed(BOOK),
            "document": {"block": block, "receipts": receipts},
        }
        written[f"{name}.json"] = json.dumps(content, indent=1, sort_keys=True) + "\n"
    return written


if __name__ == "__main__":
    for name, text in vectors().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
