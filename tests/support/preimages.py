"""The byte strings that a FISCO BCOS 3 chain hashes, put together from JSON with no regard for its shape.

Written from the published formulas and apart from the parser, for two uses: blocks that are right without asking the
code under test, and lies whose hash is shown to be unchanged before anything refuses them.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def i32(value: int) -> bytes:
    return (value % 2**32).to_bytes(4)


def i64(value: int) -> bytes:
    return (value % 2**64).to_bytes(8)


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def header(block: Object) -> bytes:
    """i32 version | parents | roots | i64 number | gas | i64 time | i64 sealer | sealers | extraData | weights."""
    out: bytes = i32(block["version"])
    for parent in block["parentInfo"]:
        out += i64(parent["blockNumber"]) + unhex(parent["blockHash"])
    if block["number"]:
        out += unhex(block["txsRoot"]) + unhex(block["receiptsRoot"]) + unhex(block["stateRoot"])
    out += i64(block["number"])
    if block["number"]:
        out += block["gasUsed"].encode("latin-1")
    out += i64(block["timestamp"]) + i64(block["sealer"])
    for key in block["sealerList"]:
        out += unhex(key)
    out += unhex(block["extraData"])
    for weight in block["consensusWeights"]:
        out += i64(weight)
    return out


def transaction(body: Object, nonce: bytes | None = None) -> bytes:
    """i32 version | chain | group | i64 blockLimit | nonce | to | input | abi | fees | extension; nonce as printed."""
    out = (
        i32(body["version"])
        + body["chainID"].encode("latin-1")
        + body["groupID"].encode("latin-1")
        + i64(body["blockLimit"])
    )
    out += body["nonce"].encode("latin-1") if nonce is None else nonce
    out += body["to"].encode("latin-1") + unhex(body["input"]) + body["abi"].encode("latin-1")
    if body["version"] >= 1:
        out += (
            body.get("value", "").encode("latin-1") + body.get("gasPrice", "").encode("latin-1") + i64(body["gasLimit"])
        )
        out += body.get("maxFeePerGas", "").encode("latin-1") + body.get("maxPriorityFeePerGas", "").encode("latin-1")
    if body["version"] >= 2:
        out += unhex(body.get("extension", ""))
    return out


def receipt(answer: Object) -> bytes:
    """i32 version | gas | contract | i32 status | output | price | logs | i64 number."""
    out = (
        i32(answer["version"])
        + answer["gasUsed"].encode("latin-1")
        + answer["contractAddress"].removeprefix("0x").encode("latin-1")
    )
    out += i32(answer["status"]) + unhex(answer["output"])
    if answer["version"] >= 1:
        out += answer.get("effectiveGasPrice", "").encode("latin-1")
    for log in answer["logEntries"]:
        out += log["address"].removeprefix("0x").encode("latin-1")
        out += b"".join(unhex(topic) for topic in log["topics"]) + unhex(log["data"])
    return out + i64(answer["blockNumber"])
