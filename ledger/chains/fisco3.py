"""FISCO BCOS 3.x: strict parsing of its JSON blocks, and the byte strings its hashes are taken over.

Pure functions of bytes, no I/O and no trust. Everything is joined without length prefixes, so the shape rules below
are part of the proof: they leave exactly one reading of each preimage (docs/ledger.md, "Strict shape").
"""

from __future__ import annotations

import configparser
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from ledger.chains import limits
from ledger.chains.document import beyond, only, take_apart
from ledger.chains.fisco3_sealers import carried
from ledger.chains.fisco3_sealers import changes as sealer_changes
from ledger.chains.fisco3_transactions import FilePath, may_be_call, parse_transaction, party, price
from ledger.chains.sealers import CONSENSUS_PRECOMPILE
from ledger.chains.shape import Block, Genesis, Header, Log, Receipt, Sealer, SealerSignature
from ledger.chains.strict import I32, as_list, as_object, decimal, hexadecimal, integer, malformed
from ledger.errors import Malformed
from ledger.merkle import binary_path
from ledger.merkle import binary_root as root
from ledger.merkle import climb as binary_climb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.chains.document import Parts
    from ledger.chains.strict import Json, Object

__all__ = [
    "CONSENSUS_PRECOMPILE",
    "NAME",
    "carried",
    "climb",
    "genesis",
    "may_be_call",
    "parse_block",
    "parse_header",
    "parse_receipt",
    "parse_transaction",
    "path",
    "printed",
    "recognises",
    "root",
    "sealer_changes",
]

NAME = "fisco3"
HASH_SIZE = 32


_ADDRESS = re.compile(r"(?:0x)?([0-9a-f]{40})\Z")
_NODE = re.compile(r"([0-9a-f]{128}),([1-9][0-9]{0,9})\Z")
_SM_CRYPTO = {"1": "sm", "0": "ecdsa", "true": "sm", "false": "ecdsa"}
# Bounds that keep the first byte of a number zero, so that it cannot be taken for the end of the text before it.
STATUSES = range(2**24)
TIMES = range(221_845_392_000_000)  # ms, before the year 9000: a calendar must be able to hold every later due date
ONE_SEALER = 64 + 8  # bytes of key and weight: as much extraData could hide a sealer


def recognises(block: Object | None, transaction: Object | None) -> bool:
    """Tell whether a block or a transaction is printed with this chain's names."""
    return "parentInfo" in (block or ()) or "groupID" in (transaction or ())


def parse_block(raw: bytes) -> Block:
    """Return the block of a document (``chains.document``), hashes not yet checked. Raises Malformed."""
    parts = take_apart(raw)
    header = None if parts.block is None else parse_header(parts.block)
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
    parts = take_apart(raw)
    header = only(parts.block or {}, _COVERED_HEADER - {"transactions"})
    header["parentInfo"] = [only(each, _COVERED_PARENT) for each in header["parentInfo"]]
    header["signatureList"] = [only(each, _COVERED_SIGNATURE) for each in header["signatureList"]]
    transactions = [only(each, _COVERED_TRANSACTION | _fees(each["version"]) | {"type"}) for each in parts.bodies or ()]
    receipts = [only(each, _COVERED_RECEIPT | _ECHOES | _price(each["version"])) for each in parts.receipts or ()]
    for receipt in receipts:
        receipt["logEntries"] = [only(log, _COVERED_LOG) for log in receipt["logEntries"]]
    return header, transactions, receipts


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


def _fees(version: int) -> set[str]:
    """Return the fields that the hash of a transaction of this version covers beside those of every version."""
    return {*_FEES, "extension"} if version == 2 else _FEES if version == 1 else set()


def _price(version: int) -> set[str]:
    return {"effectiveGasPrice"} if version else set()


def _unproven(parts: Parts) -> tuple[str, ...]:
    """Return the names of all fields of a parsed block that nothing covers, in order."""
    block, paired, bodies, receipts = parts.block or {}, parts.hashes is not None, parts.bodies, parts.receipts
    found = beyond("block", set(block), _COVERED_HEADER)
    for entries, covered in (("parentInfo", _COVERED_PARENT), ("signatureList", _COVERED_SIGNATURE)):
        found |= beyond(f"block.{entries}", set().union(*block.get(entries, ())), covered)
    for version, names in _by_version(bodies or ()):
        found |= beyond("transaction", names, _COVERED_TRANSACTION | _fees(version))
    compared = _ECHOES if bodies is not None else {"transactionHash"} if paired else set()
    for version, names in _by_version(receipts or ()):
        found |= beyond("receipt", names, _COVERED_RECEIPT | compared | _price(version))
    logs = set().union(*(log for receipt in receipts or () for log in receipt["logEntries"]))
    return tuple(sorted(found | beyond("log", logs, _COVERED_LOG)))


def _by_version(objects: Iterable[Object]) -> Iterable[tuple[int, set[str]]]:
    """Return the field names of the objects of each version."""
    names: defaultdict[int, set[str]] = defaultdict(set)
    for each in objects:
        names[each["version"]].update(each)
    return names.items()


def parse_header(source: Object) -> Header:
    """Return the header with its preimage.

    block = H(i32 version | each parent: i64 number, hash | txsRoot | receiptsRoot | stateRoot | i64 number | gasUsed in
    decimal | i64 timestamp | i64 sealer | each sealer | extraData | each weight i64). In the genesis the three roots
    and gasUsed are empty bytes, though JSON prints zeros for them.
    """
    number = integer(source, "number", "block", range(2**31))
    roots = [hexadecimal(source.get(name), f"block.{name}", 32) for name in ("txsRoot", "receiptsRoot", "stateRoot")]
    gas = decimal(source.get("gasUsed"), "block.gasUsed")
    parents = tuple(
        _parent(entry) for entry in as_list(source.get("parentInfo"), "block.parentInfo", limits.MAX_PARENTS)
    )
    hashed_roots, hashed_gas = roots, gas
    if number == 0:
        if any(any(each) for each in roots) or gas != b"0" or parents or source.get("signatureList"):
            raise Malformed("shape", "a genesis block has no parent, zero roots, no gas used and no signature")
        hashed_roots, hashed_gas = [], b""
    elif not parents:
        raise Malformed("shape", "block.parentInfo is empty, and only the genesis block has no parent")
    keys = [
        hexadecimal(key, f"block.sealerList[{i}]", 64)
        for i, key in enumerate(as_list(source.get("sealerList"), "block.sealerList", limits.MAX_SEALERS))
    ]
    weights = as_list(source.get("consensusWeights"), "block.consensusWeights", limits.MAX_SEALERS)
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
    for entry in as_list(listed, "block.signatureList", limits.MAX_SEALERS):
        entry = as_object(entry, "block.signatureList")
        index = integer(entry, "sealerIndex", "signature", range(2**31))
        found.append(SealerSignature(index=index, signature=hexadecimal(entry.get("signature"), "block.signatureList")))
    return tuple(found)


def parse_receipt(source: Object, where: str = "receipt") -> Receipt:
    """Return the receipt with its preimage.

    receipt = H(i32 version | gasUsed in decimal | contractAddress without 0x | i32 status | output [version >= 1:
    effectiveGasPrice] | each log: address ASCII, topics, data | i64 blockNumber).
    """
    version = integer(source, "version", where, I32)
    contract = source.get("contractAddress")
    printed, address = (b"", None) if contract == "" else _emitter(contract, f"{where}.contractAddress")
    status = integer(source, "status", where, STATUSES)
    output = hexadecimal(source.get("output"), f"{where}.output")
    logs = tuple(
        _log(entry, where) for entry in as_list(source.get("logEntries"), f"{where}.logEntries", limits.MAX_LOGS)
    )
    if version < 0:
        raise malformed(f"{where}.version", "0 or more", version)
    paid = price(source.get("effectiveGasPrice", ""), f"{where}.effectiveGasPrice") if version else b""
    number = integer(source, "blockNumber", where, range(2**31))
    preimage = b"".join(
        (
            _i32(version),
            decimal(source.get("gasUsed"), f"{where}.gasUsed"),
            printed,
            _i32(status),
            output,
            paid,
            *(b"".join((_emitted_by(log.address), *log.topics, log.data)) for log in logs),
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
        contract=address,
        output=output,
        logs=logs,
        echo=(
            None if sender is None else hexadecimal(sender, f"{where}.from", 20 if sender else 0),
            None if to is None else party(to, f"{where}.to")[1] or b"",
            None if given is None else hexadecimal(given, f"{where}.input"),
        ),
    )


def _emitter(value: Json, where: str) -> tuple[bytes, bytes]:
    """Return a contract as it is hashed, and as it is known: 40 hex digits and an address, or a path and itself."""
    if isinstance(value, str):
        if digits := _ADDRESS.match(value):
            return digits[1].encode(), bytes.fromhex(digits[1])
        named = party(value, where)[1]
        if isinstance(named, FilePath):
            return bytes(named), named
    raise malformed(where, "40 lower-case hex digits, or a path", value)


def _emitted_by(address: bytes) -> bytes:
    return address if isinstance(address, FilePath) else address.hex().encode()


def _log(entry: Json, where: str) -> Log:
    entry = as_object(entry, f"{where}.logEntries")
    topics = as_list(entry.get("topics"), f"{where}.log.topics", limits.MAX_TOPICS)
    return Log(
        address=_emitter(entry.get("address"), f"{where}.log.address")[1],
        topics=tuple(hexadecimal(topic, f"{where}.log.topic", 32) for topic in topics),
        data=hexadecimal(entry.get("data"), f"{where}.log.data"),
    )


def path(leaves: Sequence[bytes], index: int, digest: Callable[..., bytes]) -> tuple[bytes | None, ...]:
    """Return what leads from a leaf to the root: the sibling of each level, None where a node stands alone."""
    return binary_path(leaves, index, digest)


def climb(leaf: bytes, index: int, nodes: Sequence[bytes | None], digest: Callable[..., bytes]) -> bytes:
    """Return the root that a path leads to; raises ValueError where it is no path."""
    if any(node is not None and len(node) != HASH_SIZE for node in nodes):
        raise ValueError(f"a node has not {HASH_SIZE} bytes")
    return binary_climb(leaf, index, nodes, digest)


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
