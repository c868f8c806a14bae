"""Blocks joining the trusted state: from the pinned genesis on, one after the other, each by the whole procedure.

State machine: ``genesis`` gives the first :class:`Trusted`; ``examine`` does every step that needs no state (it may run
anywhere, in any order); ``accept`` does steps 3 and 4 and gives the next Trusted. Callers must call ``accept`` in order
of height and must store nothing of a block before it returned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ledger import chains
from ledger.anchor import Anchor, Trusted, anchor_from, followed, same_sealers
from ledger.chains.sealers import apply
from ledger.errors import LedgerError, Malformed
from ledger.surplus import check_surplus
from ledger.trust import LAST_PREREQUISITE, WITHOUT_STATE, Case, check_link, check_sealers, sealer_changes

if TYPE_CHECKING:
    from ledger.chains.sealers import SealerChange
    from ledger.chains.shape import Block, Header
    from ledger.contracts import RecordedEvent, Registry

__all__ = ["Examined", "VerifiedBlock", "accept", "examine", "genesis"]

NO_PARENT = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBlock:
    """A block that passed the whole procedure. ``timestamp`` is ms since 1970 UTC, ``document`` the bytes as received.

    ``unproven_logs`` counts logs that claim a registered contract without being evidence.
    """

    height: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    transactions: int
    events: tuple[RecordedEvent, ...]
    unproven_logs: int
    document: bytes = field(repr=False)


def genesis(document: bytes, anchor: Anchor) -> tuple[VerifiedBlock, Trusted]:
    """Return block 0 and the first trusted state; raises ProofFailed when it is not the pinned one, or Malformed."""
    anchor_from(document, pinned=anchor.genesis_hash, contracts=anchor.contracts)
    chain = chains.named(anchor.family)
    header = chain.parse_block(document).header
    assert header is not None, "its hash was recomputed"
    check_surplus(document, chain, transactions=0)
    block = VerifiedBlock(
        height=0,
        hash=header.claimed_hash,
        parent_hash=NO_PARENT,
        timestamp=header.timestamp,
        transactions=0,
        events=(),
        unproven_logs=0,
        document=document,
    )
    trusted = Trusted(
        height=0,
        hash=header.claimed_hash,
        timestamp=header.timestamp,
        sealers=anchor.sealers,
        successors=anchor.sealers,
    )
    return block, trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A block after every step that needs no state. ``failure`` is the first that failed, with its number."""

    header: Header | None
    events: tuple[RecordedEvent, ...] = ()
    transactions: int = 0
    unproven_logs: int = 0
    changes: tuple[SealerChange, ...] = ()
    failure: tuple[int, LedgerError] | None = None


def examine(document: bytes, anchor: Anchor, registry: Registry) -> Examined:
    """Return the block judged by steps 0-2 and 5-9; a failure is carried, not raised."""
    case = Case(document=document, anchor=anchor, suite=registry.suite, registry=registry)
    for step in WITHOUT_STATE:
        try:
            step.check(case)
        except LedgerError as failure:
            return Examined(header=_bare(case.block), failure=(step.number, failure))
        if case.block is not None and case.block.header is None:
            return Examined(
                header=None, failure=(step.number, Malformed("incomplete", "A block came without a header"))
            )
    block = case.parsed
    if block.transactions is None or block.receipts is None:
        incomplete = Malformed(
            "incomplete", f"Block {case.header.number} came without its transactions or its receipts"
        )
        return Examined(header=_bare(block), failure=(LAST_PREREQUISITE + 1, incomplete))
    try:
        check_surplus(document, case.chain, transactions=len(block.transactions), unread=case.quarantined)
    except Malformed as failure:
        return Examined(header=_bare(block), failure=(WITHOUT_STATE[-1].number, failure))
    return Examined(
        header=_bare(block),
        events=case.events,
        transactions=len(block.transactions),
        unproven_logs=case.unproven_logs,
        changes=sealer_changes(case),
    )


def _bare(block: Block | None) -> Header | None:
    """Return the header without what the next steps no longer need, so that it travels cheaply."""
    if block is None or block.header is None:
        return None
    return replace(block.header, preimages=(), extra_data=b"")


def accept(examined: Examined, document: bytes, trusted: Trusted) -> tuple[VerifiedBlock, Trusted]:
    """Return the verified block and the next trusted state; raises the failure of the lowest-numbered step."""
    number, failure = examined.failure or (99, None)
    header = examined.header
    if failure is not None and (header is None or number <= LAST_PREREQUISITE):
        raise failure
    if header is None:
        raise RuntimeError("an examined block without failure has a header")
    check_link(header, trusted)
    check_sealers(header, trusted)
    if failure is not None:
        raise failure
    block = VerifiedBlock(
        height=header.number,
        hash=header.claimed_hash,
        parent_hash=trusted.hash,
        timestamp=header.timestamp,
        transactions=examined.transactions,
        events=examined.events,
        unproven_logs=examined.unproven_logs,
        document=document,
    )
    how, changed = followed(header, trusted), not same_sealers(header.sealers, trusted.sealers)
    return block, Trusted(
        height=header.number,
        hash=header.claimed_hash,
        timestamp=header.timestamp,
        sealers=header.sealers,
        successors=apply(header.sealers, examined.changes) if examined.changes else None,
        epochs=(*trusted.epochs, trusted.height) if changed and how == "voted" else trusted.epochs,
        pins=trusted.pins if how == "pinned" else tuple(pin for pin in trusted.pins if pin.height != header.number),
    )
