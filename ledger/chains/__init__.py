"""One module a chain family: how its blocks are printed, what its hashes are taken over, how its sealers change.

Nothing outside this package and ``sources`` knows which chain it reads. A family is a module that is a :class:`Chain`;
an anchor names it, and where no anchor is at hand the block's own spelling does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ledger.chains import fisco2, fisco3, strict
from ledger.chains.strict import unwrapped
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.chains.sealers import SealerChange
    from ledger.chains.shape import Block, Genesis, Header, Receipt, Transaction
    from ledger.chains.strict import Json, Object
    from ledger.suites import Suite

    Digest = Callable[..., bytes]

__all__ = ["Chain", "is_transaction", "named", "of"]


class Chain(Protocol):
    """What a chain family's module offers; every function is pure, and raises Malformed for what is not its print."""

    NAME: str
    CONSENSUS_PRECOMPILE: bytes

    def recognises(self, block: Object | None, transaction: Object | None, /) -> bool:
        """Tell whether a block or a transaction is printed with this chain's names."""

    def parse_block(self, raw: bytes) -> Block:
        """Return the block of a document (``chains.document``), hashes not yet checked."""

    def printed(self, raw: bytes) -> tuple[Object, list[Object], list[Object]]:
        """Return header, transactions and receipts of a document as JSON that holds the covered fields alone."""

    def genesis(self, header: Header) -> Genesis:
        """Return what block 0 fixes; its hash must have been checked."""

    def root(self, hashes: Sequence[bytes], digest: Digest, /) -> bytes:
        """Return the root over the hashes of transactions, or of receipts, in their order."""

    def path(self, hashes: Sequence[bytes], index: int, digest: Digest, /) -> tuple[bytes | None, ...]:
        """Return what leads from one hash to the root."""

    def climb(self, hash_: bytes, index: int, nodes: Sequence[bytes | None], digest: Digest, /) -> bytes:
        """Return the root that a path leads to; raises ValueError where it is none, or not that index's."""

    def may_be_call(self, transaction: Transaction, /) -> bool:
        """Tell whether what is shown as a deployment may be a call."""

    def carried(self, receipt: Receipt) -> bool:
        """Tell whether a receipt is what a carried vote on the sealers gives."""

    def sealer_changes(
        self, transactions: Sequence[Transaction], receipts: Sequence[Receipt], suite: Suite
    ) -> tuple[SealerChange, ...]:
        """Return what these transactions did to the sealers; hash and signature of each must have held."""


CHAINS: dict[str, Chain] = {each.NAME: each for each in (fisco3, fisco2)}


def named(family: str) -> Chain:
    """Return the family of that name; raises Malformed ``family``."""
    if family not in CHAINS:
        raise Malformed(
            "family",
            f"Chains of the family {family[:40]!r} are not known here",
            next_step="Use a version of Glasspool that knows them.",
        )
    return CHAINS[family]


def of(document: bytes) -> Chain:
    """Return the family whose spelling a block document has; of what is no print of any, the first, to refuse it."""
    try:
        outer = strict.block_document(document, "block document")
        block = unwrapped(outer["block"], "block") if "block" in outer else None
        transaction = _first(outer.get("transactions")) or _first((block or {}).get("transactions"))
    except Malformed:
        return fisco3
    return next((chain for chain in CHAINS.values() if chain.recognises(block, transaction)), fisco3)


def _first(listed: Json) -> Object | None:
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
        return None
    return unwrapped(listed[0], "transaction")


def is_transaction(raw: bytes) -> bool:
    """Tell whether the bytes are one transaction, as a node prints it or answers it, and no block."""
    try:
        found = unwrapped(strict.block_document(raw, "file"), "file")
    except Malformed:
        return False
    return {"blockLimit", "nonce"} <= found.keys()
