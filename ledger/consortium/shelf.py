"""An archive opened for questions: a block by its height, a receipt by its transaction's hash.

Blocks read last are kept up to a number of bytes. Hashes not among them are looked up in an index that is built only as
far as a question needs, in a temporary database on the disk, so memory stays bounded whatever the archive's size.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ledger.chains.strict import document, unwrapped
from ledger.errors import Malformed, Unknown
from ledger.sources.raw import why

if TYPE_CHECKING:
    from collections.abc import Generator

    from ledger.sources.archive import ArchiveSource
    from ledger.sources.raw import RawBlock

RECENT_BYTES = 64 * 1024 * 1024  # of documents; their parsed form takes several times that
STRIDE = 64  # blocks read past to reach one further on, rather than opening its chunk again
INDEX = "create table position (hash text primary key, height integer, place integer) without rowid"

Object = dict[str, Any]


class _Hashed(BaseModel):
    hash: str


class _Listed(BaseModel):
    transactions: list[_Hashed | str] | None = None


class _Answer(_Listed):
    result: _Listed | None = None


class _Hashes(BaseModel):
    """What the index reads of a document."""

    block: _Answer


def _hashes(raw: RawBlock) -> list[str]:
    try:
        block = _Hashes.model_validate_json(raw.document).block
    except ValidationError as failure:
        raise Malformed("shape", f"Block {raw.height} of the archive: {why(failure)}") from None
    return [each if isinstance(each, str) else each.hash for each in (block.result or block).transactions or []]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A block taken out of the archive: the node's own answers, out of their envelopes."""

    block: Object
    receipts: list[Object]
    size: int
    identity: tuple[int, int, int]
    hashes: list[str] = field(repr=False)  # of its transactions, in their order
    places: dict[str, int] = field(repr=False)  # transaction hash -> its place in the block


class Shelf:
    """Answers from an archive, for one event loop; reading happens in threads. Close it to drop the index."""

    def __init__(self, archive: ArchiveSource, *, recent_bytes: int = RECENT_BYTES) -> None:
        self._archive = archive
        self._room = recent_bytes
        self._turn = asyncio.Lock()
        self._recent: OrderedDict[int, Kept] = OrderedDict()
        self._places: dict[str, int] = {}  # transaction hash -> height, of the recent blocks
        self._reader: Generator[RawBlock] | None = None
        self._next = -1  # the height the reader gives next
        self._index: sqlite3.Connection | None = None
        self._indexed = 0  # blocks below are in the index

    async def head(self) -> int:
        """Return the archive's last height."""
        return await asyncio.to_thread(self._archive.head)

    async def block(self, height: int) -> Kept:
        """Return one block as the archive holds it now; raises Unknown ``no-block`` and the archive's own errors."""
        async with self._turn:
            return await asyncio.to_thread(self._block, height)

    async def receipt(self, transaction: str) -> Object:
        """Return the receipt of a transaction; raises Unknown ``no-transaction`` and the archive's own errors."""
        height = self._places.get(transaction)
        kept = None if height is None else self._recent.get(height)
        if kept is None or transaction not in kept.places:
            async with self._turn:
                kept = await asyncio.to_thread(self._holder, transaction)
        place = kept.places[transaction]
        if place >= len(kept.receipts):
            raise Unknown("no-transaction", f"The archive holds no receipt for {transaction}.")
        return kept.receipts[place]

    def _holder(self, transaction: str) -> Kept:
        height = self._find(transaction)
        if height is not None:
            kept = self._block(height)
            if transaction in kept.places:
                return kept
        raise Unknown("no-transaction", f"No transaction {transaction} is in the archive.")

    def _block(self, height: int) -> Kept:
        if not 0 <= height <= self._archive.head():
            raise Unknown("no-block", f"Block {height} is not in the archive.")
        identity = self._archive.identity(height)
        kept = self._recent.get(height)
        if kept is not None and kept.identity == identity:
            self._recent.move_to_end(height)
            return kept
        if kept is not None:
            self._stop_reading()  # what it has open is no longer the archive's
            self._forget(height)
        reader = self._reader
        if reader is None or not self._next <= height < self._next + STRIDE:
            self._stop_reading()
            reader = self._reader = self._archive.blocks(height)
        for raw in reader:
            self._next = raw.height + 1
            kept = self._keep(raw, self._archive.identity(raw.height))
            if raw.height == height:
                return kept
        self._stop_reading()  # it ended at the head of its time
        return self._block(height)

    def _keep(self, raw: RawBlock, identity: tuple[int, int, int]) -> Kept:
        outer = document(raw.document, f"block {raw.height}")
        hashes = _hashes(raw)
        places = {each: at for at, each in enumerate(hashes)}
        kept = Kept(
            block=unwrapped(outer["block"], "block"),
            receipts=[unwrapped(each, "receipt") for each in outer.get("receipts") or []],
            size=len(raw.document),
            identity=identity,
            hashes=hashes,
            places=places,
        )
        self._forget(raw.height)
        self._recent[raw.height] = kept
        self._places.update(dict.fromkeys(places, raw.height))
        while len(self._recent) > 1 and sum(each.size for each in self._recent.values()) > self._room:
            self._forget(next(iter(self._recent)))
        return kept

    def _forget(self, height: int) -> None:
        kept = self._recent.pop(height, None)
        for each in kept.places if kept else ():
            if self._places.get(each) == height:
                del self._places[each]

    def _find(self, transaction: str) -> int | None:
        """Return the height of a transaction, indexing further blocks until it is found."""
        if self._index is None:
            # A database without a name lives in a file that its connection removes; threads take turns with it.
            self._index = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._index.execute(INDEX)
        row = self._index.execute("select height from position where hash = ?", [transaction]).fetchone()
        if row is not None:
            return int(row[0])
        for raw in self._archive.blocks(self._indexed):
            hashes = _hashes(raw)
            rows = [(each, raw.height, at) for at, each in enumerate(hashes)]
            self._index.execute("begin")
            self._index.executemany("insert or ignore into position values (?, ?, ?)", rows)
            self._index.execute("commit")
            self._indexed = raw.height + 1
            if transaction in hashes:
                return raw.height
        return None

    def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def close(self) -> None:
        """Close the open chunk and drop the index."""
        self._stop_reading()
        if self._index is not None:
            self._index.close()
            self._index = None
