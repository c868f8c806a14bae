"""A block document taken apart, whatever chain its block is of.

It is ``{"block": ..., "receipts": [...], "transactions": [...]}``. Each member may be a bare object or a JSON-RPC
answer around it; ``transactions`` may also stand inside the block, as objects or as hashes; all but one of block and
transactions may be missing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pydantic_core import to_json

from ledger.chains import limits, strict
from ledger.chains.strict import as_list, hexadecimal
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ledger.chains.strict import Json, Object

__all__ = ["Parts", "beyond", "covered_size", "only", "take_apart"]

_REPEATED = {"from", "to", "input", "transactionHash"}  # by a receipt, of its transaction
_FIELD = re.compile(r"\w{1,60}\Z", re.ASCII)


class Parts(NamedTuple):
    """A block document taken apart: what is not at hand is None."""

    block: Object | None
    hashes: tuple[bytes, ...] | None
    bodies: list[Object] | None
    receipts: list[Object] | None


def take_apart(raw: bytes) -> Parts:
    """Return the parts of a document; raises Malformed."""
    if len(raw) > limits.MAX_BLOCK_BYTES:
        raise Malformed("limit", f"The block has {len(raw)} bytes; the limit is {limits.MAX_BLOCK_BYTES}")
    outer = strict.block_document(raw, "block document")
    lone = "block" not in outer and "transactions" in outer
    block = None if lone else strict.unwrapped(outer.get("block"), "block")
    hashes, bodies = _transactions(block.get("transactions") if block else None, outer.get("transactions"))
    listed = outer.get("receipts")
    return Parts(block, hashes, bodies, None if listed is None else _objects(listed, "receipt"))


def _objects(listed: Json, what: str) -> list[Object]:
    entries = as_list(listed, f"{what}s", limits.MAX_TRANSACTIONS)
    return [strict.unwrapped(each, f"{what} {at}") for at, each in enumerate(entries)]


def _transactions(inside: Json, beside: Json) -> tuple[tuple[bytes, ...] | None, list[Object] | None]:
    entries = None if inside is None else as_list(inside, "transactions", limits.MAX_TRANSACTIONS)
    bodies = None if beside is None else _objects(beside, "transaction")
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


def only(source: Object, names: Iterable[str]) -> Object:
    """Return the members of an object that have these names."""
    return {name: value for name, value in source.items() if name in names}


def beyond(what: str, names: set[str], covered: set[str]) -> set[str]:
    """Return the names that are not covered; one that is no plain word is not repeated."""
    return {f"{what}.{name if _FIELD.match(name) else '(unprintable name)'}" for name in names - covered}


def covered_size(printed: tuple[Object, list[Object], list[Object]], unread: Collection[int]) -> int:
    """Return how many bytes the covered fields of a document take (``Chain.printed``), written without a space.

    Of the transactions ``unread``, whose hash was not checked, nothing counts, nor what their receipts repeat of them.
    """
    header, transactions, receipts = printed
    told = [each for at, each in enumerate(transactions) if at not in unread]
    told += [only(each, each.keys() - _REPEATED) if at in unread else each for at, each in enumerate(receipts)]
    return sum(len(to_json(each)) for each in (header, *told))
