"""FISCO BCOS 3 JSON as a node prints it, its hashes computed by the very parser that will check them.

There is one encoder: each object is composed without its hash, read by ``chains.fisco3``, and given the digest of the
preimage found there. Nothing here knows how a preimage is laid out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from ledger.chains import fisco3
from ledger.consortium.keys import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.chains.shape import Sealer
    from ledger.suites import SigningKey, Suite

__all__ = [
    "CHAIN",
    "GROUP",
    "VERSION",
    "canonical_json",
    "document_bytes",
    "genesis",
    "header",
    "hexed",
    "loaded",
    "printed_document",
    "receipt",
    "settle_header",
    "settle_receipt",
    "settle_transaction",
    "sign_header",
    "transaction",
]

Object = dict[str, Any]

CHAIN = "chain0"
GROUP = "group0"
# 3.2.0, the last version whose nonces are printed as the very digits that are hashed.
VERSION = 0x03020000
VERSION_TEXT = "3.2.0"
NO_HASH = "0x" + "0" * 64
MARK = f'"transactions":["{NO_HASH}"]'.encode()  # where a header's text takes its transactions
BLOCK_LIMIT = 500  # blocks a transaction stays valid for, as the node's own SDK sets it
BASE_GAS, BYTE_GAS = 21_000, 16


def hexed(data: bytes) -> str:
    """Return lower-case hex with 0x."""
    return f"0x{data.hex()}"


def canonical_json(value: object) -> bytes:
    """Return the one encoding a record's payload has: UTF-8, keys sorted, no space, no float."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a payload holds money as integers and other decimals as text, never a float")
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise TypeError("a payload's keys are text")
            _refuse_floats(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_floats(each)


def document_bytes(block: Mapping[str, Any], receipts: Sequence[Mapping[str, Any]] | None) -> bytes:
    """Return the block and its receipts as one JSON document, as an archive keeps it; None leaves the receipts out."""
    outer = {"block": block} if receipts is None else {"block": block, "receipts": receipts}
    return json.dumps(outer, separators=(",", ":")).encode()


def printed_document(block: Mapping[str, Any], transactions: bytes, receipts: bytes) -> bytes:
    """Return :func:`document_bytes` of a block whose transactions and receipts are JSON lists already."""
    before, mark, after = document_bytes({**block, "transactions": [NO_HASH]}, None).rpartition(MARK)
    if not mark:
        raise AssertionError("a header prints its transactions")
    return b"".join((before, b'"transactions":', transactions, after[:-1], b',"receipts":', receipts, b"}"))


def genesis(suite: Suite, sealers: Sequence[Sealer]) -> Object:
    """Return block 0: its extraData is the ini text a 3.x node writes, the node's own spelling of its keys kept."""
    lines = [
        "[chain]",
        f"sm_crypto:{int(suite.name == 'sm')}",
        f"chainID: {CHAIN}",
        f"grouID: {GROUP}",
        "[consensys]",
        "consensus_type: pbft",
        f"block_tx_count_limit:{1000}",
        "leader_period:1",
        "[version]",
        f"compatibility_version:{VERSION_TEXT}",
        "[tx]",
        "gaslimit:3000000000",
        "[executor]",
        "iswasm: 0",
        "isAuthCheck:0",
        "authAdminAccount:",
        "isSerialExecute:1",
        *(f"node.{at}:{sealer.key.hex()},{sealer.weight}" for at, sealer in enumerate(sealers)),
    ]
    block: Object = {
        "consensusWeights": [],
        "extraData": hexed(("\n".join(lines) + "\n").encode()),
        "gasUsed": "0",
        "hash": NO_HASH,
        "number": 0,
        "parentInfo": [],
        "receiptsRoot": NO_HASH,
        "sealer": 0,
        "sealerList": [],
        "signatureList": [],
        "stateRoot": NO_HASH,
        "timestamp": 0,
        "transactions": [],
        "txsRoot": NO_HASH,
        "version": VERSION,
    }
    settle_header(suite, block)
    return block


def header(
    suite: Suite,
    *,
    number: int,
    parent: bytes,
    timestamp: int,
    sealers: Sequence[Sealer],
    transactions: Sequence[str],
    receipts: Sequence[str],
    gas: int,
) -> Object:
    """Return an unsigned block over these transactions and receipts, given by their hashes; its own hash filled in.

    The state root is a digest of the receipts: the local consortium keeps no state, and that field proves nothing.
    """
    block: Object = {
        "consensusWeights": [sealer.weight for sealer in sealers],
        "extraData": "0x",
        "gasUsed": str(gas),
        "hash": NO_HASH,
        "number": number,
        "parentInfo": [{"blockHash": hexed(parent), "blockNumber": number - 1}],
        "receiptsRoot": _root(suite, receipts),
        "sealer": number % len(sealers),
        "sealerList": [hexed(sealer.key) for sealer in sealers],
        "signatureList": [],
        "stateRoot": hexed(suite.digest(b"state", *(bytes.fromhex(each[2:]) for each in receipts))),
        "timestamp": timestamp,
        "transactions": list(transactions),
        "txsRoot": _root(suite, transactions),
        "version": VERSION,
    }
    settle_header(suite, block)
    return block


def _root(suite: Suite, entries: Sequence[Object | str]) -> str:
    hashes = [each["hash"] if isinstance(each, dict) else each for each in entries]
    return hexed(fisco3.root([bytes.fromhex(each[2:]) for each in hashes], suite.digest))


def settle_header(suite: Suite, block: Object, receipts: Sequence[Object] | None = None) -> bytes:
    """Fill in a header's hash, and with ``receipts`` its two roots before; returns the hash."""
    if receipts is not None:
        block["txsRoot"] = _root(suite, block["transactions"])
        block["receiptsRoot"] = _root(suite, receipts)
    digest = suite.digest(fisco3.parse_header(block).preimages[0])
    block["hash"] = hexed(digest)
    return digest


def sign_header(block: Object, signers: Mapping[int, SigningKey]) -> None:
    """Replace the signatures by those of these sealers, by their index."""
    digest = bytes.fromhex(block["hash"][2:])
    block["signatureList"] = [
        {"sealerIndex": index, "signature": hexed(key.sign(digest))} for index, key in sorted(signers.items())
    ]


def transaction(
    suite: Suite, *, seed: int, serial: int, sender: bytes, to: bytes | None, call: bytes, **more: Any
) -> Object:
    """Return an unsigned transaction of version 0, its hash filled in.

    The nonce follows from the seed and the serial number; ``height`` is the block it is meant for, ``time`` its arrival
    in ms, ``abi`` the interface a deployment carries.
    """
    body: Object = {
        "abi": more.get("abi", ""),
        "blockLimit": more["height"] + BLOCK_LIMIT,
        "chainID": CHAIN,
        "extraData": "",
        "from": hexed(sender),
        "groupID": GROUP,
        "hash": NO_HASH,
        "importTime": more.get("time", 0),
        "input": hexed(call),
        "nonce": str(int.from_bytes(draw(seed, "nonce", str(serial)))),
        "signature": "0x",
        "to": hexed(to) if to else "",
        "version": 0,
    }
    settle_transaction(suite, body)
    return body


def settle_transaction(suite: Suite, body: Object) -> bytes:
    """Fill in a transaction's hash and return it."""
    digest = suite.digest(fisco3.parse_transaction(body).preimages[0])
    body["hash"] = hexed(digest)
    return digest


def receipt(
    suite: Suite,
    body: Object,
    *,
    number: int,
    contract: bytes | None = None,
    output: bytes = b"",
    logs: Sequence[tuple[bytes, tuple[bytes, ...], bytes]] = (),
    status: int = 0,
) -> Object:
    """Return the receipt of a transaction in block ``number``; each log is (address, topics, data)."""
    answer: Object = {
        "blockNumber": number,
        "checksumContractAddress": "",
        "contractAddress": hexed(contract) if contract else "",
        "extraData": "",
        "from": body["from"],
        "gasUsed": str(BASE_GAS + BYTE_GAS * (len(body["input"]) // 2 - 1)),
        "hash": NO_HASH,
        "input": body["input"],
        "logEntries": [
            {"address": address.hex(), "data": hexed(data), "topics": [hexed(topic) for topic in topics]}
            for address, topics, data in logs
        ],
        "message": "",
        "output": hexed(output),
        "status": status,
        "to": body["to"],
        "transactionHash": body["hash"],
        "version": 0,
    }
    settle_receipt(suite, answer)
    return answer


def settle_receipt(suite: Suite, answer: Object) -> bytes:
    """Fill in a receipt's hash and return it."""
    digest = suite.digest(fisco3.parse_receipt(answer).preimages[0])
    answer["hash"] = hexed(digest)
    return digest


def loaded(document: bytes) -> tuple[Object, list[Object]]:
    """Return the block and the receipts of :func:`document_bytes`."""
    outer = cast("Object", json.loads(document))
    return outer["block"], outer["receipts"]
