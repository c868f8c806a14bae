"""FISCO BCOS 3.x: a transaction's JSON, and the byte strings its hash may have been taken over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.chains.shape import Transaction
from ledger.chains.strict import I32, hexadecimal, integer, malformed, text
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.chains.strict import Json, Object

__all__ = ["FilePath", "may_be_call", "parse_transaction", "party", "price"]

WEB3_TYPE = 1  # transaction types from here on are hashed another way

_ADDRESSEE = re.compile(r"0x[0-9a-fA-F]{40}\Z")  # as the sender wrote it, checksummed or not: so it is hashed
_PATH = re.compile(r"/[\w./-]{1,254}\Z", re.ASCII)
_DECIMAL_NONCE = re.compile(r"[0-9]{1,78}\Z")  # 78 digits hold 256 bits
_HEX_NONCE = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){1,80})\Z")
_WORD_NONCE = re.compile(rb"[0-9a-fA-F-]*\Z")  # cannot hold the 0x that begins `to`
_PRICE = re.compile(r"(?:0x[0-9a-f]*|[0-9]*)\Z")
SHORT_NONCE = 32  # bytes; `to` alone is 42, so a nonce that swallowed it would be longer
# Bounds that keep the first byte of a number zero, so that it cannot be taken for the end of the text before it.
BLOCK_LIMITS = range(2**32)
MAX_EXTENSION = 64 * 1024
_CALL_WITHIN = re.compile(rb".{0,80}?0x[0-9a-fA-F]{40}", re.DOTALL)


class FilePath(bytes):
    """A contract known by its path in the chain's file system (BFS), in ASCII, where others have an address."""


def parse_transaction(source: Object, where: str = "transaction") -> Transaction:
    """Return the transaction with its preimages, one per reading of the nonce.

    tx = H(i32 version | chainID | groupID | i64 blockLimit | nonce | to | input | abi [version >= 1: value | gasPrice |
    i64 gasLimit | maxFeePerGas | maxPriorityFeePerGas] [version >= 2: extension]), strings in ASCII, ``to`` with 0x.
    Nodes from 3.12 on print a value in a way that more than one text leads to; each is a transaction of its own.
    """
    version = integer(source, "version", where, I32)
    if version not in (0, 1, 2):
        raise malformed(f"{where}.version", "0, 1 or 2", version)
    chain, group = (text(source.get(name), f"{where}.{name}") for name in ("chainID", "groupID"))
    to, receiver = party(source.get("to"), f"{where}.to")
    abi = text(source.get("abi", ""), f"{where}.abi")
    if to and abi:
        raise Malformed("shape", f"{where}.abi stands on a call; only a deployment has one")
    given = hexadecimal(source.get("input"), f"{where}.input")
    sender = source.get("from")
    kind = source.get("type", 0)
    if type(kind) is not int or kind < 0:
        raise malformed(f"{where}.type", "a whole number", kind)
    head = (
        version.to_bytes(4)
        + chain.encode()
        + group.encode()
        + integer(source, "blockLimit", where, BLOCK_LIMITS).to_bytes(8)
    )
    nonces, body = _nonces(source.get("nonce"), where), given + abi.encode()
    calls = [body + fees for fees in _fees(source, version, where)] if version else [body]
    read = Transaction(
        claimed_hash=hexadecimal(source.get("hash"), f"{where}.hash", 32),
        preimages=tuple(head + nonce + to + calls[0] for nonce in nonces),
        chain=chain,
        group=group,
        to=receiver,
        input=given,
        call=calls[0],
        sender=None if sender in (None, "", "0x") else hexadecimal(sender, f"{where}.from", 20),
        signature=hexadecimal(source.get("signature"), f"{where}.signature"),
        unsupported=f"transaction type {kind}" if kind >= WEB3_TYPE else "",
        loose="its receiver is a path" if isinstance(receiver, FilePath) else "",
    )
    others = tuple(
        replace(read, call=call, preimages=tuple(head + nonce + to + call for nonce in nonces)) for call in calls[1:]
    )
    return replace(read, otherwise=others) if others else read


def party(value: Json, where: str) -> tuple[bytes, bytes | None]:
    """Return a receiver's text as bytes, and the account it means: an address, a path, or None where it is empty."""
    if value == "":
        return b"", None
    if isinstance(value, str) and _ADDRESSEE.match(value):
        return value.encode(), bytes.fromhex(value[2:])
    if isinstance(value, str) and _PATH.match(value):
        return value.encode(), FilePath(value.encode())
    raise malformed(where, "empty, 0x and 40 hex digits, or a path", value)


def price(value: Json, where: str) -> bytes:
    """Return the bytes of a price, digits or 0x and hex."""
    value = text(value, where)
    if not _PRICE.match(value):
        raise malformed(where, "a number in text", value)
    return bytes(value.encode())


def _fees(source: Object, version: int, where: str) -> list[bytes]:
    """Return the readings of what is hashed after the abi."""
    rest = price(source.get("gasPrice", ""), f"{where}.gasPrice")
    rest += integer(source, "gasLimit", where).to_bytes(8, signed=True)
    for name in ("maxFeePerGas", "maxPriorityFeePerGas"):
        rest += price(source.get(name, ""), f"{where}.{name}")
    if version >= 2:
        rest += _extension(source.get("extension", ""), f"{where}.extension")
    return [value + rest for value in _values(source.get("value", ""), f"{where}.value")]


def _values(printed: Json, where: str) -> list[bytes]:
    """Return the readings of a printed value: the very text, or the text whose bytes are printed as a quantity."""
    readings = [price(printed, where)]
    digits = printed.removeprefix("0x")
    if printed == "0x0":
        readings.append(b"")
    elif digits != printed and len(digits) % 2 == 0:
        within = bytes.fromhex(digits)
        if within.isascii() and _PRICE.match(within.decode()):
            readings.append(within)
    return readings


def _extension(printed: Json, where: str) -> bytes:
    """Return the extension's bytes: hex, or as nodes from 3.12 on print it, a list of numbers."""
    if not isinstance(printed, list):
        return hexadecimal(printed, where)
    if len(printed) > MAX_EXTENSION or any(type(each) is not int or each not in range(256) for each in printed):
        raise malformed(where, f"hex, or at most {MAX_EXTENSION} numbers of one byte", printed)
    return bytes(printed)


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


def may_be_call(transaction: Transaction) -> bool:
    """Tell whether what is shown as a deployment may be a call whose nonce and address were moved into the input."""
    return transaction.to is None and _CALL_WITHIN.match(transaction.input) is not None
