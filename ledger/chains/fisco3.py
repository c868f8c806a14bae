"""FISCO BCOS 3.x: strict parsing of its JSON blocks, and the byte strings its hashes are taken over.

Pure functions of bytes, no I/O and no trust. Everything is joined without length prefixes, so the shape rules below
are part of the proof: they leave exactly one reading of each preimage (docs/ledger.md, "Strict shape").
"""

from __future__ import annotations

import configparser
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ledger.chains import strict
from ledger.chains.shape import Block, Genesis, Header, Log, Receipt, Sealer, SealerSignature, Transaction
from ledger.chains.strict import I32, as_list, as_object, decimal, hexadecimal, integer, malformed, text
from ledger.errors import Malformed
from ledger.merkle import binary_root as root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.chains.strict import Json, Object

__all__ = [
    "CONSENSUS_PRECOMPILE",
    "genesis",
    "may_be_call",
    "parse_block",
    "parse_header",
    "parse_receipt",
    "parse_transaction",
    "printed",
    "root",
]

NAME = "fisco3"

# Step 0 of the procedure. The node's own default is 1,000 transactions a block; these leave room and bound the work.
MAX_BLOCK_BYTES = 256 * 1024 * 1024
MAX_TRANSACTIONS = 50_000
MAX_LOGS = 10_000  # per receipt
MAX_TOPICS = 4
MAX_SEALERS = 1_000
MAX_PARENTS = 8

CONSENSUS_PRECOMPILE = bytes.fromhex(f"{0x1003:040x}")
WEB3_TYPE = 1  # transaction types from here on are hashed another way

_TO = re.compile(r"0x[0-9a-f]{40}\Z")
_ADDRESS = re.compile(r"(?:0x)?([0-9a-f]{40})\Z")
_DECIMAL_NONCE = re.compile(r"[0-9]{1,78}\Z")  # 78 digits hold 256 bits
_HEX_NONCE = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){1,80})\Z")
_WORD_NONCE = re.compile(rb"[0-9a-fA-F-]*\Z")  # cannot hold the 0x that begins `to`
_PRICE = re.compile(r"(?:0x[0-9a-f]*|[0-9]*)\Z")
_FIELD = re.compile(r"\w{1,60}\Z", re.ASCII)
_NODE = re.compile(r"([0-9a-f]{128}),([1-9][0-9]{0,9})\Z")
_SM_CRYPTO = {"1": "sm", "0": "ecdsa", "true": "sm", "false": "ecdsa"}
SHORT_NONCE = 32  # bytes; `to` alone is 42, so a nonce that swallowed it would be longer
# Bounds that keep the first byte of a number zero, so that it cannot be taken for the end of the text before it.
BLOCK_LIMITS = range(2**32)
STATUSES = range(2**24)
TIMES = range(221_845_392_000_000)  # ms, before the year 9000: a calendar must be able to hold every later due date
ONE_SEALER = 64 + 8  # bytes of key and weight: as much extraData could hide a sealer
_CALL_WITHIN = re.compile(rb".{0,80}?0x[0-9a-f]{40}", re.DOTALL)


def parse_block(raw: bytes) -> Block:
    """Return the block in ``{"block": ..., "receipts": [...], "transactions": [...]}``, hashes not yet checked.

    Each member may be a bare object or a JSON-RPC answer around it; ``transactions`` may also stand inside the block,
    as objects or as hashes, and ``receipts`` may be missing. Raises Malformed.
    """
    if len(raw) > MAX_BLOCK_BYTES:
        raise Malformed("limit", f"The block has {len(raw)} bytes; the limit is {MAX_BLOCK_BYTES}")
    parts = _parts(raw)
    header = parse_header(parts.block)
    transactions, receipts = None, None
    if parts.bodies is not None:
        transactions = tuple(parse_transaction(body, f"transaction {at}") for at, body in enumerate(parts.bodies))
    if parts.receipts is not None:
        receipts = tuple(parse_receipt(each, f"receipt {at}") for at, each in enumerate(parts.receipts))
    return Block(
        header=header,
        transaction_hashes=parts.hashes,
        transactions=transactions,
        receipts=receipts,
        unproven=_unproven(parts),
    )


def printed(raw: bytes) -> tuple[Object, list[Object], list[Object]]:
    """Return header, transactions and receipts of a block as JSON that holds the covered fields and no others.

    For a document that :func:`parse_block` took, in whatever form it came; the header is without its transactions.
    """
    parts = _parts(raw)
    header = _only(parts.block, _COVERED_HEADER - {"transactions"})
    header["parentInfo"] = [_only(each, _COVERED_PARENT) for each in header["parentInfo"]]
    header["signatureList"] = [_only(each, _COVERED_SIGNATURE) for each in header["signatureList"]]
    kept = _COVERED_TRANSACTION | _FEES | {"extension", "type"}
    transactions = [_only(each, kept) for each in parts.bodies or ()]
    receipts = [_only(each, _COVERED_RECEIPT | _ECHOES | {"effectiveGasPrice"}) for each in parts.receipts or ()]
    for receipt in receipts:
        receipt["logEntries"] = [_only(log, _COVERED_LOG) for log in receipt["logEntries"]]
    return header, transactions, receipts


def _only(source: Object, names: set[str]) -> Object:
    return {name: value for name, value in source.items() if name in names}


class _Parts(NamedTuple):
    """A block document taken apart: what is not at hand is None."""

    block: Object
    hashes: tuple[bytes, ...] | None
    bodies: list[Object] | None
    receipts: list[Object] | None


def _parts(raw: bytes) -> _Parts:
    outer = strict.block_document(raw, "block document")
    block = strict.unwrapped(outer.get("block"), "block")
    hashes, bodies = _transactions(block.get("transactions"), outer.get("transactions"))
    listed = outer.get("receipts")
    receipts = None
    if listed is not None:
        entries = as_list(listed, "receipts", MAX_TRANSACTIONS)
        receipts = [strict.unwrapped(each, f"receipt {at}") for at, each in enumerate(entries)]
    return _Parts(block, hashes, bodies, receipts)


# Fields that a hash or a signature covers, or that must equal something covered; whatever else is printed is unproven.
_COVERED_HEADER = {
    "consensusWeights", "extraData", "gasUsed", "hash", "number", "parentInfo", "receiptsRoot", "sealer", "sealerList",
    "signatureList", "stateRoot", "timestamp", "transactions", "txsRoot", "version",
}  # fmt: skip
_COVERED_PARENT = {"blockNumber", "blockHash"}
_COVERED_SIGNATURE = {"sealerIndex", "signature"}
_FEES = {"value", "gasPrice", "gasLimit", "maxFeePerGas", "maxPriorityFeePerGas"}  # from transaction version 1 on
_COVERED_TRANSACTION = {
    "abi", "blockLimit", "chainID", "from", "groupID", "hash", "input", "nonce", "signature", "to", "version",
}  # fmt: skip
_COVERED_RECEIPT = {
    "blockNumber", "contractAddress", "gasUsed", "hash", "logEntries", "output", "status", "version",
}  # fmt: skip
_COVERED_LOG = {"address", "topics", "data"}
_ECHOES = {"from", "to", "input", "transactionHash"}  # compared with the transaction, where that is at hand


def _unproven(parts: _Parts) -> tuple[str, ...]:
    """Return the names of all fields of a parsed block that nothing covers, in order."""
    block, paired, bodies, receipts = parts.block, parts.hashes is not None, parts.bodies, parts.receipts
    found = _beyond("block", set(block), _COVERED_HEADER)
    for entries, covered in (("parentInfo", _COVERED_PARENT), ("signatureList", _COVERED_SIGNATURE)):
        found |= _beyond(f"block.{entries}", set().union(*block[entries]), covered)
    for version, names in _by_version(bodies or ()):
        fees = {*_FEES, "extension"} if version == 2 else _FEES if version == 1 else set()
        found |= _beyond("transaction", names, _COVERED_TRANSACTION | fees)
    compared = _ECHOES if bodies is not None else {"transactionHash"} if paired else set()
    for version, names in _by_version(receipts or ()):
        price = {"effectiveGasPrice"} if version else set()
        found |= _beyond("receipt", names, _COVERED_RECEIPT | compared | price)
    logs = set().union(*(log for receipt in receipts or () for log in receipt["logEntries"]))
    return tuple(sorted(found | _beyond("log", logs, _COVERED_LOG)))


def _by_version(objects: Iterable[Object]) -> Iterable[tuple[int, set[str]]]:
    """Return the field names of the objects of each version."""
    names: defaultdict[int, set[str]] = defaultdict(set)
    for each in objects:
        names[each["version"]].update(each)
    return names.items()


def _beyond(what: str, names: set[str], covered: set[str]) -> set[str]:
    """Return the names that are not covered; one that is no plain word is not repeated."""
    return {f"{what}.{name if _FIELD.match(name) else '(unprintable name)'}" for name in names - covered}


def _transactions(inside: Json, beside: Json) -> tuple[tuple[bytes, ...] | None, list[Object] | None]:
    entries = None if inside is None else as_list(inside, "transactions", MAX_TRANSACTIONS)
    bodies = None
    if beside is not None:
        bodies = [
            strict.unwrapped(t, f"transaction {i}")
            for i, t in enumerate(as_list(beside, "transactions", MAX_TRANSACTIONS))
        ]
    if entries is None:
        return None, bodies
    if entries and all(isinstance(entry, dict) for entry in entries):
        if bodies is not None:
            raise Malformed("shape", "transaction bodies stand both inside the block and beside it")
        bodies = entries
        entries = [body.get("hash") for body in bodies]
    elif not entries and bodies is None:
        bodies = []
    return tuple(hexadecimal(entry, f"transactions[{i}]", 32) for i, entry in enumerate(entries)), bodies


def parse_header(source: Object) -> Header:
    """Return the header with its preimage.

    block = H(i32 version | each parent: i64 number, hash | txsRoot | receiptsRoot | stateRoot | i64 number | gasUsed in
    decimal | i64 timestamp | i64 sealer | each sealer | extraData | each weight i64). In the genesis the three roots
    and gasUsed are empty bytes, though JSON prints zeros for them.
    """
    number = integer(source, "number", "block", range(2**31))
    roots = [hexadecimal(source.get(name), f"block.{name}", 32) for name in ("txsRoot", "receiptsRoot", "stateRoot")]
    gas = decimal(source.get("gasUsed"), "block.gasUsed")
    parents = tuple(_parent(entry) for entry in as_list(source.get("parentInfo"), "block.parentInfo", MAX_PARENTS))
    hashed_roots, hashed_gas = roots, gas
    if number == 0:
        if any(any(each) for each in roots) or gas != b"0" or parents or source.get("signatureList"):
            raise Malformed("shape", "a genesis block has no parent, zero roots, no gas used and no signature")
        hashed_roots, hashed_gas = [], b""
    elif not parents:
        raise Malformed("shape", "block.parentInfo is empty, and only the genesis block has no parent")
    keys = [
        hexadecimal(key, f"block.sealerList[{i}]", 64)
        for i, key in enumerate(as_list(source.get("sealerList"), "block.sealerList", MAX_SEALERS))
    ]
    weights = as_list(source.get("consensusWeights"), "block.consensusWeights", MAX_SEALERS)
    if len(weights) != len(keys):
        raise Malformed("shape", f"{len(keys)} sealers have {len(weights)} weights")
    if len(set(keys)) != len(keys):
        raise Malformed("shape", "block.sealerList names a sealer twice")
    for weight in weights:
        if type(weight) is not int or not 0 < weight < 2**32:
            raise malformed("block.consensusWeights", "positive integers", weight)
    timestamp = integer(source, "timestamp", "block", TIMES)
    extra = hexadecimal(source.get("extraData"), "block.extraData")
    if number and len(extra) >= ONE_SEALER:
        raise malformed("block.extraData", f"shorter than {ONE_SEALER} bytes outside the genesis block", extra.hex())
    preimage = b"".join(
        (
            _i32(integer(source, "version", "block", I32)),
            *(_i64(height) + parent for height, parent in parents),
            *hashed_roots,
            _i64(number),
            hashed_gas,
            _i64(timestamp),
            _i64(integer(source, "sealer", "block")),
            *keys,
            extra,
            *(_i64(weight) for weight in weights),
        )
    )
    return Header(
        number=number,
        claimed_hash=hexadecimal(source.get("hash"), "block.hash", 32),
        preimages=(preimage,),
        parents=parents,
        transactions_root=roots[0],
        receipts_root=roots[1],
        timestamp=timestamp,
        sealers=tuple(Sealer(key=key, weight=weight) for key, weight in zip(keys, weights, strict=True)),
        signatures=_signatures(source.get("signatureList")),
        extra_data=extra,
    )


def _parent(entry: Json) -> tuple[int, bytes]:
    entry = as_object(entry, "block.parentInfo")
    return integer(entry, "blockNumber", "parent", range(2**31)), hexadecimal(
        entry.get("blockHash"), "parent.blockHash", 32
    )


def _signatures(listed: Json) -> tuple[SealerSignature, ...]:
    found = []
    for entry in as_list(listed, "block.signatureList", MAX_SEALERS):
        entry = as_object(entry, "block.signatureList")
        index = integer(entry, "sealerIndex", "signature", range(2**31))
        found.append(SealerSignature(index=index, signature=hexadecimal(entry.get("signature"), "block.signatureList")))
    return tuple(found)


def parse_transaction(source: Object, where: str = "transaction") -> Transaction:
    """Return the transaction with its preimages, one per reading of the nonce.

    tx = H(i32 version | chainID | groupID | i64 blockLimit | nonce | to | input | abi [version >= 1: value | gasPrice |
    i64 gasLimit | maxFeePerGas | maxPriorityFeePerGas] [version >= 2: extension]), strings in ASCII, ``to`` with 0x.
    """
    version = integer(source, "version", where, I32)
    chain, group = (text(source.get(name), f"{where}.{name}") for name in ("chainID", "groupID"))
    claimed = hexadecimal(source.get("hash"), f"{where}.hash", 32)
    to = source.get("to")
    if to != "" and not (isinstance(to, str) and _TO.match(to)):
        raise malformed(f"{where}.to", "empty, or 0x and 40 lower-case hex digits", to)
    abi = text(source.get("abi", ""), f"{where}.abi")
    if to and abi:
        raise Malformed("shape", f"{where}.abi stands on a call; only a deployment has one")
    given = hexadecimal(source.get("input"), f"{where}.input")
    sender = source.get("from")
    kind = source.get("type", 0)
    if type(kind) is not int or kind < 0:
        raise malformed(f"{where}.type", "a whole number", kind)
    head = _i32(version) + chain.encode() + group.encode() + _i64(integer(source, "blockLimit", where, BLOCK_LIMITS))
    call = given + abi.encode() + _fees(source, version, where)
    return Transaction(
        claimed_hash=claimed,
        preimages=tuple(head + nonce + to.encode() + call for nonce in _nonces(source.get("nonce"), where)),
        chain=chain,
        group=group,
        to=bytes.fromhex(to[2:]) if to else None,
        input=given,
        call=call,
        sender=None if sender in (None, "", "0x") else hexadecimal(sender, f"{where}.from", 20),
        signature=hexadecimal(source.get("signature"), f"{where}.signature"),
        unsupported=f"transaction type {kind}" if kind >= WEB3_TYPE else "",
    )


def _fees(source: Object, version: int, where: str) -> bytes:
    if version < 0 or version > 2:
        raise malformed(f"{where}.version", "0, 1 or 2", version)
    fees = b""
    if version >= 1:
        for name in ("value", "gasPrice", "gasLimit", "maxFeePerGas", "maxPriorityFeePerGas"):
            if name == "gasLimit":
                fees += _i64(integer(source, name, where))
                continue
            value = text(source.get(name, ""), f"{where}.{name}")
            if not _PRICE.match(value):
                raise malformed(f"{where}.{name}", "a number in text", value)
            fees += value.encode()
    return fees + (hexadecimal(source.get("extension", ""), f"{where}.extension") if version >= 2 else b"")


def _nonces(nonce: Json, where: str) -> list[bytes]:
    """Return the readings of a printed nonce: up to 3.2 the digits are the bytes, from 3.3 it is hex of the bytes."""
    readings = []
    if isinstance(nonce, str):
        if _DECIMAL_NONCE.match(nonce):
            readings.append(nonce.encode())
        if printed := _HEX_NONCE.match(nonce):
            raw = bytes.fromhex(printed[1])
            if len(raw) <= SHORT_NONCE or _WORD_NONCE.match(raw):
                readings.append(raw)
    if not readings:
        raise malformed(f"{where}.nonce", "a decimal number or hex, within its length", nonce)
    return readings


def parse_receipt(source: Object, where: str = "receipt") -> Receipt:
    """Return the receipt with its preimage.

    receipt = H(i32 version | gasUsed in decimal | contractAddress without 0x | i32 status | output [version >= 1:
    effectiveGasPrice] | each log: address ASCII, topics, data | i64 blockNumber).
    """
    version = integer(source, "version", where, I32)
    contract = source.get("contractAddress")
    address = _ADDRESS.match(contract) if isinstance(contract, str) else None
    if contract != "" and not address:
        raise malformed(f"{where}.contractAddress", "empty or 40 lower-case hex digits", contract)
    status = integer(source, "status", where, STATUSES)
    output = hexadecimal(source.get("output"), f"{where}.output")
    logs = tuple(_log(entry, where) for entry in as_list(source.get("logEntries"), f"{where}.logEntries", MAX_LOGS))
    price = b""
    if version >= 1:
        printed = text(source.get("effectiveGasPrice", ""), f"{where}.effectiveGasPrice")
        if not _PRICE.match(printed):
            raise malformed(f"{where}.effectiveGasPrice", "a number in text", printed)
        price = printed.encode()
    elif version < 0:
        raise malformed(f"{where}.version", "0 or more", version)
    number = integer(source, "blockNumber", where, range(2**31))
    preimage = b"".join(
        (
            _i32(version),
            decimal(source.get("gasUsed"), f"{where}.gasUsed"),
            address[1].encode() if address else b"",
            _i32(status),
            output,
            price,
            *(b"".join((log.address.hex().encode(), *log.topics, log.data)) for log in logs),
            _i64(number),
        )
    )
    of, sender, to, given = (source.get(name) for name in ("transactionHash", "from", "to", "input"))
    return Receipt(
        claimed_hash=hexadecimal(source.get("hash"), f"{where}.hash", 32),
        preimages=(preimage,),
        transaction_hash=None if of is None else hexadecimal(of, f"{where}.transactionHash", 32),
        number=number,
        status=status,
        contract=bytes.fromhex(address[1]) if address else None,
        output=output,
        logs=logs,
        echo=(
            None if sender is None else hexadecimal(sender, f"{where}.from", 20 if sender else 0),
            None if to is None else hexadecimal(to, f"{where}.to", 20 if to else 0),
            None if given is None else hexadecimal(given, f"{where}.input"),
        ),
    )


def may_be_call(transaction: Transaction) -> bool:
    """Tell whether what is shown as a deployment may be a call whose nonce and address were moved into the input."""
    return transaction.to is None and _CALL_WITHIN.match(transaction.input) is not None


def _log(entry: Json, where: str) -> Log:
    entry = as_object(entry, f"{where}.logEntries")
    printed = entry.get("address")
    address = _ADDRESS.match(printed) if isinstance(printed, str) else None
    if not address:
        raise malformed(f"{where}.log.address", "40 lower-case hex digits", printed)
    topics = as_list(entry.get("topics"), f"{where}.log.topics", MAX_TOPICS)
    return Log(
        address=bytes.fromhex(address[1]),
        topics=tuple(hexadecimal(topic, f"{where}.log.topic", 32) for topic in topics),
        data=hexadecimal(entry.get("data"), f"{where}.log.data"),
    )


def genesis(header: Header) -> Genesis:
    """Return what block 0 fixes in its extraData, an ini text; its hash must have been checked. Raises Malformed."""
    if header.number != 0:
        raise Malformed("genesis", f"Block {header.number} was given as the genesis block")
    ini = configparser.ConfigParser(delimiters=(":",), comment_prefixes=(), interpolation=None, strict=True)
    try:
        ini.read_string(header.extra_data.decode("ascii"))
        suite, chain = _SM_CRYPTO[ini["chain"]["sm_crypto"]], ini["chain"]["chainID"]
        group = ini["chain"].get("groupID") or ini["chain"]["grouID"]  # nodes of 3.x print the name this way
    except (configparser.Error, UnicodeDecodeError, KeyError) as failure:
        raise Malformed("genesis", f"The genesis block's extraData is not a chain configuration: {failure}") from None
    nodes = {name: text for section in ini.values() for name, text in section.items() if name.startswith("node.")}
    sealers = []
    for at in range(len(nodes)):
        node = _NODE.match(nodes.get(f"node.{at}", ""))
        if not node:
            raise Malformed("genesis", f"The genesis block's node.{at} is missing or is not a key and a weight")
        sealers.append(Sealer(key=bytes.fromhex(node[1]), weight=int(node[2])))
    if not sealers or len({sealer.key for sealer in sealers}) != len(sealers):
        raise Malformed("genesis", "The genesis block names no sealer, or one of them twice")
    return Genesis(suite=suite, chain=chain, group=group, sealers=tuple(sealers))


def _i32(value: int) -> bytes:
    return value.to_bytes(4, signed=True)


def _i64(value: int) -> bytes:
    return value.to_bytes(8, signed=True)
