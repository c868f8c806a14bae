"""Damaged blocks fetched again: each put in the place of its damaged bytes once it is shown to be the very block.

What stands beside a damaged block says which one belongs there: the next block names its hash, the trusted state that
of the last one, the anchor that of the first. A source is believed no more than at any other time:

1. what pins the block's hash is itself sound: a block that the scrub passed or that was repaired, or a sealed text.
2. the offered block passes every step of the procedure that needs no state (``ledger.trust``): limits, shape, header
   hash, quorum, transactions, receipts, senders, logs. Steps 3 and 4 follow from the next:
3. its hash is the pinned one. So its header is the one that was verified, with its parent, its time and its sealers.
4. its bytes replace what is stored of them, in one transaction.

From the highest damaged height down: a repaired block pins the one before it. What follows from the blocks (rows,
records, facts, findings) is not touched; ``ledger.rebuild`` makes it again.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.admission import examine, genesis
from ledger.anchor import Anchor, Trusted
from ledger.errors import LedgerError, Malformed, ProofFailed, SourceUnreachable, StoreDamaged, Unknown
from ledger.following import SOURCE_FAILURES
from ledger.replica import keep_evidence
from ledger.scrub import Cause, scrub
from ledger.sources import RawBlock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from ledger.anchor import Engine
    from ledger.chains.shape import Header
    from ledger.contracts import Registry
    from ledger.scrub import ScrubReport
    from ledger.sources import Source
    from ledger.store import Store

__all__ = ["Attempt", "RepairReport", "damaged_blocks", "repair"]

OF_BYTES = (Cause.BYTES_MISSING, Cause.BYTES_ALTERED, Cause.BLOCK_REFUSED, Cause.UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one try: the block, the source asked (empty where none was), and why it did not help."""

    height: int
    source: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """The heights whose bytes were replaced, those that stay damaged, and every try that failed."""

    repaired: tuple[int, ...]
    unrepaired: tuple[int, ...]
    failures: tuple[Attempt, ...]


def repair(
    store: Store,
    sources: Sequence[Source],
    report: ScrubReport,
    *,
    at: datetime,
    evidence: Path,
    engine: Engine = "auto",
    workers: int = 1,
) -> RepairReport:
    """Fetch the blocks again whose bytes a scrub found damaged, and replace these; tell what came of it.

    Where the scrub was of a part, the blocks that pin the damaged ones are looked at first, dated ``at``. Each block is
    asked of the sources in their order. One that cannot be believed is kept under ``evidence``, and nothing is changed
    by it. Raises LedgerError ``not-joined`` or ``no-source``, StoreDamaged ``state-damaged`` where the anchor is,
    StoreUnavailable when the database cannot be written.
    """
    pinned = store.anchor()
    if pinned is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    if not sources:
        raise LedgerError("no-source", "No source of blocks is known", next_step="Name one, or several.")
    anchor = Anchor.from_json(pinned)
    damaged = damaged_blocks(report)
    while damaged and not report.whole:
        around = {each for height in damaged for each in (height, height + 1)}
        found = damaged_blocks(scrub(store, at=at, heights=lambda _: around, engine=engine, workers=workers))  # noqa: B023
        if found <= damaged:
            break
        damaged |= found
    work = _Repair(store, anchor, anchor.registry(engine), sources, evidence)
    for height in sorted(damaged, reverse=True):
        work.block(height)
    repaired, unrepaired = (tuple(sorted(each)) for each in (work.repaired, work.unrepaired))
    return RepairReport(repaired=repaired, unrepaired=unrepaired, failures=tuple(work.failures))


def damaged_blocks(report: ScrubReport) -> set[int]:
    """Return the heights whose bytes a scrub found missing, altered, refused or unreadable."""
    found = {each.height for each in report.damage if each.cause in OF_BYTES and each.height is not None}
    return {height for height in found if 0 <= height <= report.head}


@dataclass(slots=True)
class _Repair:
    store: Store
    anchor: Anchor
    registry: Registry
    sources: Sequence[Source]
    evidence: Path
    repaired: list[int] = field(default_factory=list)
    unrepaired: list[int] = field(default_factory=list)
    failures: list[Attempt] = field(default_factory=list)

    def block(self, height: int) -> None:
        """Repair one block, those above it being repaired as far as they could be."""
        try:
            expected = self._pin(height)
        except StoreDamaged as failure:
            self._tried(height, "", failure)
            self.unrepaired.append(height)
            return
        if self._stands(height, expected):
            return
        for source in self.sources:
            if self._from(source, height, expected):
                self.repaired.append(height)
                return
        self.unrepaired.append(height)

    def _pin(self, height: int) -> bytes:
        """Return the hash of the block that belongs at this height. Raises StoreDamaged ``repair-unpinned``."""
        if height == 0:
            return self.anchor.genesis_hash
        trusted = self._trusted()
        if trusted is not None and trusted.height == height:
            return trusted.hash
        after = self._sound(height + 1)
        if after is not None and after.parents:
            return after.parents[0][1]
        head = self.store.head()
        if trusted is None and head is not None and head.height == height:  # no state names it, its row does
            return head.hash
        raise StoreDamaged(
            "repair-unpinned",
            f"Nothing sound says which block belongs at height {height}: block {height + 1} is damaged as well",
            next_step="Restore a backup, or sync into a new home.",
        )

    def _trusted(self) -> Trusted | None:
        try:
            held = self.store.trusted()
        except StoreDamaged:
            return None
        return None if held is None else Trusted.from_json(held)

    def _sound(self, height: int) -> Header | None:
        """Return the header of a stored block, None where it is damaged and could not be repaired."""
        if height in self.unrepaired:
            return None
        try:
            judged = examine(self.store.document(height), self.anchor, self.registry)
        except (StoreDamaged, Unknown):
            return None
        sound = judged.failure is None and judged.header is not None and judged.header.number == height
        return judged.header if sound else None

    def _stands(self, height: int, expected: bytes) -> bool:
        """Tell whether what is stored is that block after all: the scrub then refused it for what stands around it."""
        try:
            with closing(self.store.inspection()) as inspection:
                _, digest = inspection.documents([height]).get(height, (None, None))
            if digest is None:
                return False
            self._check(RawBlock(height=height, document=self.store.document(height)), expected, "This node")
        except (StoreDamaged, Unknown, Malformed, ProofFailed):
            return False
        return True

    def _from(self, source: Source, height: int, expected: bytes) -> bool:
        raw = None
        try:
            with closing(source.blocks(height)) as blocks:  # type: ignore[type-var]
                raw = next(iter(blocks), None)
            if raw is None:
                raise SourceUnreachable("source-empty", f"{source.name} offers no block {height}")
            self._check(raw, expected, source.name)
        except SOURCE_FAILURES as failure:
            if raw is not None:
                keep_evidence(self.evidence, RawBlock(height=height, document=raw.document), failure)
            self._tried(height, source.name, failure)
            return False
        self.store.replace_document(height, raw.document)
        return True

    def _check(self, raw: RawBlock, expected: bytes, who: str) -> None:
        """Raise Malformed or ProofFailed unless the document is the block of that hash, proved in full."""
        if raw.height == 0:
            genesis(raw.document, self.anchor)
            return
        judged = examine(raw.document, self.anchor, self.registry)
        if judged.failure is not None:
            raise judged.failure[1]
        if judged.header is None:
            raise Malformed("incomplete", "A block came without a header")
        if judged.header.claimed_hash != expected:
            raise ProofFailed(
                "repair-hash",
                f"{who} offers 0x{judged.header.claimed_hash.hex()} as block {raw.height}, and the blocks around it "
                f"say 0x{expected.hex()}",
            )

    def _tried(self, height: int, source: str, failure: LedgerError) -> None:
        self.failures.append(Attempt(height=height, source=source, code=failure.code, message=failure.message))
