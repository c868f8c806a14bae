"""Raw blocks from a FISCO BCOS node over JSON-RPC, fetched ahead and handed over in order.

A node gives receipts one call at a time, so a block of a thousand transactions is a thousand and one calls. Many are
kept in flight, several blocks are fetched before they are asked for, and both are bounded in number and in bytes.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ledger.chains.limits import MAX_TRANSACTIONS
from ledger.errors import Malformed, SourceUnreachable
from ledger.sources.background import Background
from ledger.sources.raw import RawBlock, shown
from ledger.sources.rpc import Answer, Limits, RpcClient

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterator

__all__ = ["Dialect", "JsonRpcSource", "Limits", "fisco3"]

HASH = re.compile(r"0x[0-9a-f]{64}\Z")
HEAD_BYTES = 64 * 1024  # more than any answer that holds one number


class _Hashed(BaseModel):
    hash: str


class _Block(BaseModel):
    transactions: list[_Hashed | str] | None = None


class _Receipt(BaseModel):
    """Any object."""


_BlockAnswer, _ReceiptAnswer = Answer[_Block], Answer[_Receipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the nodes of one chain family are asked. The methods' names are the same, what goes with them is not.

    ``head`` are the parameters of getBlockNumber, ``height`` reads its answer or gives None; ``block`` and ``receipt``
    give the parameters for a height, and for a transaction's hash.
    """

    head: tuple[object, ...]
    height: Callable[[Any], int | None]
    block: Callable[[int], tuple[object, ...]]
    receipt: Callable[[str], tuple[object, ...]]


def fisco3(group: str, node: str = "") -> Dialect:
    """Return how a FISCO BCOS 3 node is asked for a group (群组); ``node`` is one of those behind the port, or any."""
    return Dialect(
        head=(group, node),
        height=lambda answer: answer if type(answer) is int else None,
        block=lambda height: (group, node, height, False, False),
        receipt=lambda transaction: (group, node, transaction, False),
    )


class JsonRpcSource:
    """A :class:`~ledger.sources.raw.Source` over a node's JSON-RPC port.

    ``dialect`` says how it is asked, by default as a FISCO BCOS 3 node for ``group`` of ``node``. ``tls`` is for a
    proxy with a certificate of its own authority; the 国密 TLS of a node is not among what it can speak. Nothing is
    sent before the first call; close it, or use it as a context manager.
    """

    def __init__(
        self,
        url: str,
        *,
        group: str = "group0",
        node: str = "",
        dialect: Dialect | None = None,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        jitter: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limits = limits or Limits()
        self._dialect = dialect or fisco3(group, node)
        self._rpc = RpcClient(url, limits=self.limits, tls=tls, jitter=jitter, sleep=sleep)
        self.name = f"node {self._rpc.name}"
        self._background = Background(self.name, self._rpc)

    def head(self) -> int:
        """Return the node's block number; raises what :meth:`RpcClient.call` does."""
        return self._background.call(self._head)

    async def _head(self) -> int:
        received = 0

        def admit(size: int) -> None:
            nonlocal received
            received += size
            if size > 0 and received > HEAD_BYTES:
                raise self._rpc.too_large("getBlockNumber")

        _, answer = await self._rpc.call("getBlockNumber", self._dialect.head, Answer[Any], admit)
        head = self._dialect.height(answer)
        if head is None or head < 0:
            raise Malformed("rpc-shape", f"{self.name} answers getBlockNumber with {shown(answer)}.")
        return head

    def blocks(self, start: int) -> Iterator[RawBlock]:
        """Yield the blocks from ``start`` to the head as it is now.

        A fault of a later block does not hold back an earlier one. Raises what :meth:`RpcClient.call` does, and
        SourceUnreachable ``rpc-deadline`` for a block that took longer than ``limits.block_seconds``.
        """
        if start < 0:
            raise ValueError("heights begin at 0")
        heights = range(start, self.head() + 1)
        window = _Window(self._fetch, heights, self._background, self._rpc)
        try:
            for height in heights:
                yield RawBlock(height=height, document=self._background.call(window.next))
        finally:
            self._background.post(window.cancel)

    async def _fetch(self, height: int, admit: Callable[[int], None]) -> bytes:
        raw, block = await self._rpc.call("getBlockByNumber", self._dialect.block(height), _BlockAnswer, admit)
        hashes = [each if isinstance(each, str) else each.hash for each in block.transactions or ()]
        if len(hashes) > MAX_TRANSACTIONS:
            raise Malformed("limit", f"Block {height} of {self.name} has more than {MAX_TRANSACTIONS} transactions.")
        for each in hashes:
            if not HASH.match(each):
                raise Malformed("rpc-shape", f"Block {height} of {self.name} names a transaction {shown(each)}.")
        receipts = [b""] * len(hashes)
        waiting = iter(enumerate(hashes))

        async def work() -> None:
            for at, each in waiting:
                params = self._dialect.receipt(each)
                receipts[at], _ = await self._rpc.call("getTransactionReceipt", params, _ReceiptAnswer, admit)

        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self.limits.in_flight, len(hashes))):
                    workers.create_task(work())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return b'{"block":%b,"receipts":[%b]}' % (raw, b",".join(receipts))

    def close(self) -> None:
        """Cancel what is under way, close the connections, end the thread."""
        self._background.close()

    def __enter__(self) -> JsonRpcSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _TooFarAhead(Exception):
    """The bytes held for blocks not yet asked for would exceed their limit."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Slot:
    height: int
    turn: asyncio.Event  # set when this block is the one being waited for
    task: asyncio.Task[bytes] | None = None
    held: int = 0


class _Window:
    """The blocks being fetched: the one that is waited for, and some ahead of it while there is room.

    What is fetched ahead gives way: when its bytes exceed the limit it is dropped, and fetched again in its turn. So
    memory is bounded by one block and ``ahead_bytes``, and the block that is waited for is never held up.
    """

    def __init__(
        self,
        fetch: Callable[[int, Callable[[int], None]], Awaitable[bytes]],
        heights: range,
        background: Background,
        rpc: RpcClient,
    ) -> None:
        self._fetch, self._background, self._rpc, self._limits = fetch, background, rpc, rpc.limits
        self._waiting = iter(heights)
        self._slots: deque[_Slot] = deque()
        self._held = 0

    async def next(self) -> bytes:
        """Return the next block's document."""
        self._fill()
        slot = self._slots[0]
        slot.turn.set()
        assert slot.task is not None
        try:
            async with asyncio.timeout(self._limits.block_seconds):
                document = await slot.task
        except TimeoutError:
            raise SourceUnreachable(
                "rpc-deadline",
                f"Block {slot.height} did not arrive from {self._rpc.name} within {self._limits.block_seconds:g} s.",
                next_step="Use a node nearer by, or raise the limit if its blocks are that large.",
            ) from None
        self._slots.popleft()
        self._release(slot)
        self._fill()
        return document

    def cancel(self) -> None:
        """End every fetch."""
        for slot in self._slots:
            if slot.task is not None:
                slot.task.cancel()

    def _fill(self) -> None:
        while len(self._slots) < max(1, self._limits.ahead):
            if self._slots and self._held >= self._limits.ahead_bytes:
                return
            height = next(self._waiting, None)
            if height is None:
                return
            slot = _Slot(height=height, turn=asyncio.Event())
            slot.task = self._background.spawn(self._run(slot))
            self._slots.append(slot)

    async def _run(self, slot: _Slot) -> bytes:
        while True:
            try:
                return await self._fetch(slot.height, partial(self._admit, slot))
            except _TooFarAhead:
                self._release(slot)
                await slot.turn.wait()

    def _admit(self, slot: _Slot, size: int) -> None:
        slot.held += size
        self._held += size
        if size < 0:
            return
        if slot.held > self._limits.answer_bytes:
            raise self._rpc.too_large(f"for block {slot.height}")
        if self._held > self._limits.ahead_bytes and not slot.turn.is_set():
            raise _TooFarAhead

    def _release(self, slot: _Slot) -> None:
        self._held -= slot.held
        slot.held = 0
