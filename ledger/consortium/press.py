"""Blocks signed and printed in worker processes, and joined to the chain in their order.

Signatures and printing are three quarters of the work of writing a chain, and neither needs what came before. What
does need it, the header over the parent's hash, takes a thousandth; it is done where the chain is.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from ledger.consortium import blocks
from ledger.consortium.keys import member_key
from ledger.errors import LedgerError
from ledger.suites import suite as suite_named
from ledger.verifier import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.blocks import Object
    from ledger.suites import SigningKey, SuiteName

__all__ = ["Leaf", "Press", "Printed", "print_batch"]

AHEAD_PER_WORKER = 3  # blocks under way: enough to keep a worker busy, and what bounds memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A transaction not yet signed and what its receipt will show. ``key`` is the name its signing key follows from."""

    body: Object
    key: str
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...] = ()
    contract: bytes | None = None
    output: bytes = b""
    status: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a header needs of a block's transactions, and their text as lists of JSON objects."""

    transaction_hashes: tuple[str, ...]
    receipt_hashes: tuple[str, ...]
    gas: int
    transactions: bytes = field(repr=False)
    receipts: bytes = field(repr=False)


@lru_cache(4096)
def _key(suite: SuiteName, seed: int, name: str) -> SigningKey:
    return member_key(suite_named(suite), seed, name)


def print_batch(suite: SuiteName, seed: int, number: int, batch: Sequence[Leaf]) -> Printed:
    """Return a block's transactions signed and its receipts, ready to stand in the document of block ``number``."""
    chosen = suite_named(suite)
    transactions, receipts = [], []
    for leaf in batch:
        digest = bytes.fromhex(leaf.body["hash"][2:])
        leaf.body["signature"] = blocks.hexed(_key(suite, seed, leaf.key).sign_transaction(digest))
        transactions.append(leaf.body)
        receipts.append(
            blocks.receipt(
                chosen,
                leaf.body,
                number=number,
                contract=leaf.contract,
                output=leaf.output,
                logs=leaf.logs,
                status=leaf.status,
            )
        )
    return Printed(
        transaction_hashes=tuple(each["hash"] for each in transactions),
        receipt_hashes=tuple(each["hash"] for each in receipts),
        gas=sum(int(each["gasUsed"]) for each in receipts),
        transactions=_listed(transactions),
        receipts=_listed(receipts),
    )


def _listed(objects: list[dict[str, Any]]) -> bytes:
    return json.dumps(objects, separators=(",", ":")).encode()


def _start() -> None:
    """Let a worker end with the process that started it, even when that one is killed."""
    threading.Thread(target=end_with_parent, daemon=True).start()


class Press:
    """Prints batches in ``workers`` processes and gives them back in the order they came in; 0 prints them here.

    Close it, or use it as a context. Raises LedgerError ``press-died`` when a worker process is gone.
    """

    def __init__(self, suite: SuiteName, seed: int, *, workers: int) -> None:
        self._suite, self._seed = suite, seed
        self._most = AHEAD_PER_WORKER * workers
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_start) if workers else None
        self._waiting: deque[Future[Printed]] = deque()

    @property
    def full(self) -> bool:
        """Tell whether :meth:`take` should come before the next :meth:`give`."""
        return len(self._waiting) > self._most

    def give(self, number: int, batch: Sequence[Leaf]) -> None:
        """Begin to print a batch."""
        if self._pool is None:
            done: Future[Printed] = Future()
            done.set_result(print_batch(self._suite, self._seed, number, batch))
            self._waiting.append(done)
            return
        try:
            self._waiting.append(self._pool.submit(print_batch, self._suite, self._seed, number, batch))
        except BrokenProcessPool:
            raise _died() from None

    def take(self) -> Printed:
        """Return the oldest batch not taken yet, once it is printed."""
        try:
            return self._waiting.popleft().result()
        except BrokenProcessPool:
            raise _died() from None

    def close(self) -> None:
        """End the workers; what was not taken is lost."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _died() -> LedgerError:
    return LedgerError(
        "press-died",
        "A process that signs blocks ended on its own, as when the machine runs out of memory.",
        next_step="Run the command again with fewer workers.",
    )
