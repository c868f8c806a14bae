"""FISCO BCOS 2.x, from 2.2 on: strict parsing of what its nodes print, and the byte strings its hashes are taken over.

Pure functions of bytes, no I/O and no trust. Everything hashed is RLP, so each field tells where it ends and no border
between two can be moved. Three things are printed and not hashed, or hashed and not printed, and each is settled here:
a call of the zero address is printed like a deployment; nodes print no hash of a receipt; and from 2.8 on a receipt
holds the gas that remained, which later nodes print of older receipts as well, as zero.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rlp.codec import encode_raw

from ledger.chains import limits
from ledger.chains.document import beyond, only, take_apart
from ledger.chains.fisco2_tree import climb, path, root
from ledger.chains.sealers import CONSENSUS_PRECOMPILE, SealerChange, decoded
from ledger.chains.shape import Block, Genesis, Header, Log, Receipt, Sealer, SealerSignature, Transaction
from ledger.chains.strict import as_list, as_object, hexadecimal, malformed
from ledger.contracts import Function
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.chains.document import Parts
    from ledger.chains.strict import Json, Object
    from ledger.suites import Suite

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

NAME = "fisco2"

_QUANTITY = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,63})\Z")
_MARK = re.compile(r"([1-9][0-9]{0,4})-((?:[0-9a-f]{128},)+)-([A-Za-z_]{1,20})-[\w-]{1,200}\Z", re.ASCII)
BLOOM, ADDRESS, KEY = 256, 20, 64
NOWHERE = bytes(ADDRESS)
HEIGHTS = range(2**31)
TIMES = range(221_845_392_000_000)  # ms, before the year 9000: a calendar must be able to hold every later due date
SM_SIGNATURE = 128  # r|s and the key that made it
ECDSA_V = 27  # what RLP adds to the recovery id
_RECOVERY = {"0x0": 0, "0x00": 0, "0x1b": 0, "0x1": 1, "0x01": 1, "0x1c": 1}  # that id by itself, however printed

ADD_SEALER, ADD_OBSERVER, REMOVE = (
    Function(name=name, inputs=("string",)) for name in ("addSealer", "addObserver", "remove")
)
_ROWS_CHANGED = range(1, 128)  # what the precompile answers where it changed something; errors are negative

_COVERED_HEADER = {
    "dbHash", "extraData", "gasLimit", "gasUsed", "hash", "logsBloom", "number", "parentHash", "receiptsRoot", "sealer",
    "sealerList", "signatureList", "stateRoot", "timestamp", "transactions", "transactionsRoot",
}  # fmt: skip
_COVERED_SIGNATURE = {"index", "signature"}
_COVERED_TRANSACTION = {
    "blockLimit", "chainId", "extraData", "from", "gas", "gasPrice", "groupId", "hash", "input", "nonce", "signature",
    "to", "value",
}  # fmt: skip
_COVERED_MEMBERS = {"r", "s", "v", "signature"}
_COVERED_RECEIPT = {
    "blockNumber", "contractAddress", "gasUsed", "logs", "logsBloom", "output", "remainGas", "root", "status",
}  # fmt: skip
_COVERED_LOG = {"address", "topics", "data"}
_ECHOES = {"from", "to", "input", "transactionHash"}  # compared with the transaction, where that is at hand
_PLACE = {"blockHash", "blockNumber", "transactionIndex"}  # compared with the block, where that is at hand


def recognises(block: Object | None, transaction: Object | None) -> bool:
    """Tell whether a block or a transaction is printed with this chain's names."""
    return "parentHash" in (block or ()) or "groupId" in (transaction or ())


def parse_block(raw: bytes) -> Block:
    """Return the block of a document (``chains.document``), hashes not yet checked. Raises Malformed."""
    parts = take_apart(raw)
    header = None if parts.block is None else parse_header(parts.block)
    transactions, receipts = None, None
    if parts.bodies is not None:
        transactions = tuple(parse_transaction(body, f"transaction {at}") for at, body in enumerate(parts.bodies))
    if parts.receipts is not None:
        receipts = tuple(parse_receipt(each, f"receipt {at}") for at, each in enumerate(parts.receipts))
    if header is not None and parts.hashes is not None:
        for what, entries in (("transaction", parts.bodies), ("receipt", parts.receipts)):
            for at, each in enumerate(entries or ()):
                _check_place(each, header, at, f"{what} {at}")
    return Block(
        header=header,
        transaction_hashes=parts.hashes,
        transactions=transactions,
        receipts=receipts,
        unproven=_unproven(parts),
    )


def _check_place(source: Object, header: Header, index: int, where: str) -> None:
    told = (
        ("blockHash", lambda value: _hex(value, f"{where}.blockHash", 32), header.claimed_hash),
        ("blockNumber", lambda value: _number(value, f"{where}.blockNumber", HEIGHTS), header.number),
        ("transactionIndex", lambda value: _number(value, f"{where}.transactionIndex"), index),
    )
    for name, read, fact in told:
        if name in source and read(source[name]) != fact:
            raise Malformed("shape", f"{where}.{name} is that of another place than it stands at")


def printed(raw: bytes) -> tuple[Object, list[Object], list[Object]]:
    """Return header, transactions and receipts of a block as JSON that holds the covered fields and no others.

    For a document that :func:`parse_block` took, in whatever form it came; the header is without its transactions.
    """
    parts = take_apart(raw)
    header = only(parts.block or {}, _COVERED_HEADER - {"transactions"})
    header["signatureList"] = [only(each, _COVERED_SIGNATURE) for each in header.get("signatureList") or ()]
    transactions = [only(each, _COVERED_TRANSACTION) for each in parts.bodies or ()]
    for body in transactions:
        body["signature"] = only(body["signature"], _COVERED_MEMBERS)
    receipts = [only(each, _COVERED_RECEIPT | _ECHOES) for each in parts.receipts or ()]
    for receipt in receipts:
        receipt["logs"] = [only(log, _COVERED_LOG) for log in receipt["logs"]]
    return header, transactions, receipts


def _unproven(parts: Parts) -> tuple[str, ...]:
    """Return the names of all fields of a parsed block that nothing covers, in order."""
    placed = _PLACE if parts.block is not None and parts.hashes is not None else set()
    found = beyond("block", set(parts.block or ()), _COVERED_HEADER)
    signatures = (parts.block or {}).get("signatureList") or ()
    found |= beyond("block.signatureList", set().union(*signatures), _COVERED_SIGNATURE)
    bodies, receipts = parts.bodies or (), parts.receipts or ()
    found |= beyond("transaction", set().union(*bodies), _COVERED_TRANSACTION | placed)
    found |= beyond("transaction.signature", set().union(*(body["signature"] for body in bodies)), _COVERED_MEMBERS)
    compared = _ECHOES if bodies else {"transactionHash"} if parts.hashes is not None else set()
    found |= beyond("receipt", set().union(*receipts), _COVERED_RECEIPT | compared | placed)
    logs = set().union(*(log for receipt in receipts for log in receipt["logs"]))
    return tuple(sorted(found | beyond("log", logs, _COVERED_LOG)))


def _rlp(fields: list[Any]) -> bytes:
    """Return fields in recursive length prefix: whole numbers without leading zeros, bytes, and lists of bytes."""
    return bytes(
        encode_raw([each.to_bytes((each.bit_length() + 7) // 8) if type(each) is int else each for each in fields])
    )


def _hex(value: Json, where: str, size: int | None = None) -> bytes:
    """Return the bytes of hex with its 0x; only the keys of sealers are printed without."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise malformed(where, "lower-case hex with 0x", value)
    return hexadecimal(value, where, size)


def _number(value: Json, where: str, bounds: range | None = None) -> int:
    """Return a number printed as a quantity: 0x and hex without leading zeros, at most 256 bits."""
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise malformed(where, "a quantity, 0x and lower-case hex without leading zeros", value)
    number = int(value, 16)
    if bounds is not None and number not in bounds:
        raise malformed(where, f"within {bounds.start} and {bounds.stop - 1}", value)
    return number


def _whole(value: Json, where: str) -> int:
    """Return a height: getBlockByNumber prints a quantity, getBlockHeaderByNumber a number."""
    if type(value) is int and value in HEIGHTS:
        return value
    return _number(value, where, HEIGHTS)


def parse_header(source: Object) -> Header:
    """Return the header with its preimage.

    block = H(RLP[parentHash, stateRoot, transactionsRoot, receiptsRoot, dbHash, logsBloom, number, gasLimit, gasUsed,
    timestamp, [extraData...], sealer, [sealerList...]]).
    """
    number = _whole(source.get("number"), "block.number")
    parent, state, transactions, receipts, database = (
        _hex(source.get(name), f"block.{name}", 32)
        for name in ("parentHash", "stateRoot", "transactionsRoot", "receiptsRoot", "dbHash")
    )
    gas_limit, gas_used, timestamp, sealer = (
        _number(source.get(name), f"block.{name}") for name in ("gasLimit", "gasUsed", "timestamp", "sealer")
    )
    listed = as_list(source.get("sealerList"), "block.sealerList", limits.MAX_SEALERS)
    keys = [hexadecimal(key, f"block.sealerList[{at}]", KEY) for at, key in enumerate(listed)]
    if len(set(keys)) != len(keys):
        raise Malformed("shape", "block.sealerList names a sealer twice")
    if number and timestamp not in TIMES:
        raise malformed("block.timestamp", f"below {TIMES.stop}", source["timestamp"])
    extra = [
        _hex(each, f"block.extraData[{at}]")
        for at, each in enumerate(as_list(source.get("extraData"), "block.extraData", limits.MAX_EXTRA))
    ]
    bloom = _hex(source.get("logsBloom"), "block.logsBloom", BLOOM)
    numbers = [number, gas_limit, gas_used, timestamp]
    preimage = _rlp([parent, state, transactions, receipts, database, bloom, *numbers, extra, sealer, keys])
    signatures = _signatures(source.get("signatureList"), keys)
    if number == 0 and signatures:
        raise Malformed("shape", "a genesis block has no signature")
    return Header(
        number=number,
        claimed_hash=_hex(source.get("hash"), "block.hash", 32),
        preimages=(preimage,),
        parents=((number - 1, parent),) if number else (),
        transactions_root=transactions,
        receipts_root=receipts,
        timestamp=timestamp if timestamp in TIMES else 0,  # a genesis block without a time of its own has the last one
        sealers=tuple(Sealer(key=key, weight=1) for key in keys),
        signatures=signatures,
        extra_data=extra[0] if len(extra) == 1 else b"",
    )


def _signatures(listed: Json, keys: list[bytes]) -> tuple[SealerSignature, ...]:
    """Return the signatures; on a 国密 chain each is r|s and the signer's key, which must be that of its index."""
    found = []
    for entry in as_list([] if listed is None else listed, "block.signatureList", limits.MAX_SEALERS):
        entry = as_object(entry, "block.signatureList")
        index = _number(entry.get("index"), "block.signatureList.index", HEIGHTS)
        signature = _hex(entry.get("signature"), "block.signatureList.signature")
        if len(signature) == SM_SIGNATURE:
            if index < len(keys) and signature[KEY:] != keys[index]:
                raise Malformed("shape", f"a signature carries another key than that of sealer {index}")
            signature = signature[:KEY]
        found.append(SealerSignature(index=index, signature=signature))
    return tuple(found)


def parse_transaction(source: Object, where: str = "transaction") -> Transaction:
    """Return the transaction with its preimage.

    tx = H(RLP[nonce, gasPrice, gas, blockLimit, to, value, input, chainId, groupId, extraData, v, r, s]), signed over
    the same list without v, r and s. ``to`` is empty in a deployment, and printed as zeros.
    """
    nonce, price, gas, limit, value, chain, group = (
        _number(source.get(name), f"{where}.{name}")
        for name in ("nonce", "gasPrice", "gas", "blockLimit", "value", "chainId", "groupId")
    )
    to = _hex(source.get("to"), f"{where}.to", ADDRESS)
    given = _hex(source.get("input"), f"{where}.input")
    extra = _hex(source.get("extraData"), f"{where}.extraData")
    signature, members = _signature(as_object(source.get("signature"), f"{where}.signature"), f"{where}.signature")

    def read(receiver: bytes) -> Transaction:
        body = [nonce, price, gas, limit, receiver, value, given, chain, group, extra]
        return Transaction(
            claimed_hash=_hex(source.get("hash"), f"{where}.hash", 32),
            preimages=(_rlp([*body, *members]),),
            chain=str(chain),
            group=str(group),
            to=receiver or None,
            input=given,
            call=given,
            sender=_hex(source.get("from"), f"{where}.from", ADDRESS),
            signature=signature,
            signed=_rlp(body),
        )

    return read(to) if to != NOWHERE else replace(read(b""), otherwise=(read(NOWHERE),))


def _signature(source: Object, where: str) -> tuple[bytes, list[Any]]:
    """Return a signature as a suite takes it, and as it is hashed: v, r, s.

    It is printed twice, whole and in its parts: r|s|v, where v is the signer's key on a 国密 chain, else one byte.
    """
    whole = _hex(source.get("signature"), f"{where}.signature")
    r, s = (_hex(source.get(name), f"{where}.{name}", 32) for name in ("r", "s"))
    if len(whole) == SM_SIGNATURE:
        tail = _hex(source.get("v"), f"{where}.v", KEY)
        v: bytes | int = tail
    else:
        recovery = _RECOVERY.get(str(source.get("v")), -1)
        if recovery < 0:
            raise malformed(f"{where}.v", "0 or 1", source.get("v"))
        v, tail = recovery + ECDSA_V, recovery.to_bytes()
    if whole != r + s + tail:
        raise Malformed("shape", f"{where} is printed whole and in parts, and they differ")
    return whole, [v, int.from_bytes(r), int.from_bytes(s)]


def parse_receipt(source: Object, where: str = "receipt") -> Receipt:
    """Return the receipt with its preimages: with the gas that remained and, where that is zero, without.

    receipt = H(RLP[root, gasUsed, contractAddress, logsBloom, status, output, [from 2.8: remainGas], [logs...]]), a log
    RLP[address, [topics...], data].
    """
    state = _hex(source.get("root"), f"{where}.root", 32)
    used, status = (_number(source.get(name), f"{where}.{name}") for name in ("gasUsed", "status"))
    contract = _hex(source.get("contractAddress"), f"{where}.contractAddress", ADDRESS)
    bloom = _hex(source.get("logsBloom"), f"{where}.logsBloom", BLOOM)
    output = _hex(source.get("output"), f"{where}.output")
    logs = tuple(_log(entry, where) for entry in as_list(source.get("logs"), f"{where}.logs", limits.MAX_LOGS))
    head = [state, used, contract, bloom, status, output]
    tail = [[[log.address, list(log.topics), log.data] for log in logs]]
    readings = [] if source.get("remainGas", "0x0") != "0x0" else [head + tail]
    if "remainGas" in source:
        readings.insert(0, [*head, _number(source["remainGas"], f"{where}.remainGas"), *tail])
    of, sender, to, given = (source.get(name) for name in ("transactionHash", "from", "to", "input"))
    receiver = None if to is None else _hex(to, f"{where}.to", ADDRESS)
    return Receipt(
        claimed_hash=b"",
        preimages=tuple(_rlp(reading) for reading in readings),
        transaction_hash=None if of is None else _hex(of, f"{where}.transactionHash", 32),
        number=_whole(source.get("blockNumber"), f"{where}.blockNumber"),
        status=status,
        contract=None if contract == NOWHERE else contract,
        output=output,
        logs=logs,
        echo=(
            None if sender is None else _hex(sender, f"{where}.from", ADDRESS),
            None if receiver == NOWHERE else receiver,  # that may be printed of a deployment, and of a call
            None if given is None else _hex(given, f"{where}.input"),
        ),
        framed=True,
    )


def _log(entry: Json, where: str) -> Log:
    entry = as_object(entry, f"{where}.logs")
    topics = as_list(entry.get("topics"), f"{where}.log.topics", limits.MAX_TOPICS)
    return Log(
        address=_hex(entry.get("address"), f"{where}.log.address", ADDRESS),
        topics=tuple(_hex(topic, f"{where}.log.topic", 32) for topic in topics),
        data=_hex(entry.get("data"), f"{where}.log.data"),
    )


def may_be_call(_: Transaction) -> bool:
    """Tell that what is shown as a deployment is no call of a contract: what is hashed leaves no doubt."""
    return False


def genesis(header: Header) -> Genesis:
    """Return what block 0 fixes: its extraData is ``group-sealers-consensus-...``, and its hash must have been checked.

    It names the group and the first sealers, each with one vote. The suite follows from the hash; the chain's id is
    named by nothing but the transactions. Raises Malformed, also for a consensus that signs no blocks (raft), or by
    sealers that change without a vote (rPBFT).
    """
    if header.number != 0:
        raise Malformed("genesis", f"Block {header.number} was given as the genesis block")
    mark = _MARK.match(header.extra_data.decode("ascii", "replace"))
    if not mark:
        raise Malformed("genesis", "The genesis block's extraData is not a group's configuration")
    keys = [bytes.fromhex(each) for each in mark[2].split(",")[:-1]]
    if len(set(keys)) != len(keys):
        raise Malformed("genesis", "The genesis block names a sealer twice")
    if mark[3].lower() != "pbft":
        raise Malformed(
            "genesis",
            f"The group's consensus is {mark[3]}, whose blocks do not prove who sealed them",
            next_step="Only groups with PBFT consensus can be followed.",
        )
    return Genesis(suite="", chain="", group=mark[1], sealers=tuple(Sealer(key=key, weight=1) for key in keys))


def carried(receipt: Receipt) -> bool:
    """Tell whether a receipt is what the precompile gives for a vote that was carried: how many rows it changed."""
    return receipt.status == 0 and len(receipt.output) == 32 and int.from_bytes(receipt.output) in _ROWS_CHANGED


def sealer_changes(
    transactions: Sequence[Transaction], receipts: Sequence[Receipt], suite: Suite
) -> tuple[SealerChange, ...]:
    """Return the changes that these transactions made, in their order; hash and signature of each must have held."""
    functions = ((ADD_SEALER, 1), (ADD_OBSERVER, None), (REMOVE, None))
    return decoded(transactions, receipts, suite, functions=functions, carried=carried)
