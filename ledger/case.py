"""One block being judged: what is at hand to judge it by, and what the steps have established so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger import chains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.anchor import Anchor, Engine, Trusted
    from ledger.chains import Chain
    from ledger.chains.shape import Block, Header, Receipt
    from ledger.contracts import RecordedEvent, Registry
    from ledger.suites import Suite

__all__ = ["Case", "NotAtHand", "receipt_readings"]


@dataclass(slots=True, kw_only=True)
class Case:
    """What is at hand to judge one block; steps add what they establish."""

    document: bytes
    engine: Engine = "auto"
    anchor: Anchor | None = None
    trusted: Trusted | None = None
    genesis_document: bytes | None = None
    pinned: bytes | None = None
    contracts: tuple[bytes, ...] = ()
    suite: Suite | None = None
    registry: Registry | None = None
    block: Block | None = None
    quarantined: set[int] = field(default_factory=set)
    senders: tuple[bytes | None, ...] = ()
    events: tuple[RecordedEvent, ...] = ()
    unproven_logs: int = 0
    _chain: Chain | None = None

    @property
    def chain(self) -> Chain:
        """The chain family: the anchor's, else the one whose spelling the document has."""
        if self._chain is None:
            self._chain = chains.named(self.anchor.family) if self.anchor else chains.of(self.document)
        return self._chain

    @property
    def parsed(self) -> Block:
        """The block, once step 1 gave it."""
        if self.block is None:
            raise RuntimeError("step 1 comes first")
        return self.block

    @property
    def header(self) -> Header:
        """The block's header; only steps that need one ask for it."""
        if self.parsed.header is None:
            raise RuntimeError("the document has no header")
        return self.parsed.header

    @property
    def crypto(self) -> Suite:
        """The chain's suite, once step 2 gave it."""
        if self.suite is None:
            raise RuntimeError("step 2 comes first")
        return self.suite


class NotAtHand(str):
    """Why a step cannot be told: what it needs is not here."""

    __slots__ = ()


def receipt_readings(receipts: Sequence[Receipt], digest: Callable[..., bytes]) -> Iterator[list[bytes]]:
    """Yield the hashes of a block's receipts: as claimed or, where nodes print none, for each version they may be of.

    All receipts of one block are of one version.
    """
    if all(each.claimed_hash for each in receipts):
        yield [each.claimed_hash for each in receipts]
        return
    for version in (0, -1):
        yield [digest(each.preimages[version]) for each in receipts]
