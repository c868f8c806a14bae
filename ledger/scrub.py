"""Everything stored, read again and verified again: what a replica must be able to show of its own copy.

For each height: the bytes against their digest and through the whole numbered procedure with the trusted state; the
block's row, its records, findings and facts against what the verified block makes of the facts before it. For the whole
store: gaps, rows of no block, the seals of the state, the log of blocks, and what the database says of its own files.
It goes on after damage and tells all of it, by block and cause.

State machine: heights are judged in order. Where the block before was not judged, or failed, its state is *assumed*:
the hash that this block names as its parent's, and the sealers that were last shown to be right.
"""

from __future__ import annotations

import json
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import zstandard

from ledger.admission import accept, genesis
from ledger.anchor import Anchor, Trusted, same_sealers
from ledger.errors import Malformed, ProofFailed, StoreDamaged, StoreUnavailable
from ledger.sources import RawBlock
from ledger.store.inspection import CHANGED
from ledger.store.state import ANCHOR, SCRUB, TRUSTED
from ledger.suites import sm3
from ledger.verdict import Verdict
from ledger.verifier import examined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from random import Random

    from ledger.admission import Examined, VerifiedBlock
    from ledger.anchor import Engine
    from ledger.chains.shape import Header, Sealer
    from ledger.store import Store
    from ledger.store.inspection import Inspection
    from ledger.store.projecting import BlockRows
    from ledger.store.stored import Difference

__all__ = ["Cause", "Damage", "ScrubReport", "last_scrub", "sampled", "scrub"]

T = TypeVar("T")

BLOCKS_AT_ONCE = 64
ROWS_AT_ONCE = 2_000  # records of blocks compared together: what bounds memory
DOCUMENTS_AT_ONCE = 16


class Cause(StrEnum):
    """Why something stored is not what it must be; docs/store.md explains each, and a test holds the two together."""

    BYTES_MISSING = "bytes-missing"
    BYTES_ALTERED = "bytes-altered"
    BYTES_EXTRA = "bytes-extra"
    BLOCK_REFUSED = "block-refused"
    BLOCK_MISSING = "block-missing"
    BLOCK_ALTERED = "block-altered"
    BLOCK_EXTRA = "block-extra"
    RECORD_MISSING = "record-missing"
    RECORD_ALTERED = "record-altered"
    RECORD_EXTRA = "record-extra"
    FACT_MISSING = "fact-missing"
    FACT_ALTERED = "fact-altered"
    FACT_EXTRA = "fact-extra"
    FACTS_DIGEST = "facts-digest"
    FINDING_MISSING = "finding-missing"
    FINDING_ALTERED = "finding-altered"
    FINDING_EXTRA = "finding-extra"
    STATE_MISSING = "state-missing"
    STATE_ALTERED = "state-altered"
    LOG_ALTERED = "log-altered"
    UNREADABLE = "unreadable"
    DATABASE = "database-faulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is not as it must be: the block it belongs to (None: the whole store), its place, and how."""

    cause: Cause
    height: int | None
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubReport:
    """What a scrub looked at and found. ``whole``: every block; ``facts``: they were compared, ours throughout."""

    head: int
    blocks: int
    records: int
    whole: bool
    facts: bool
    damage: tuple[Damage, ...]

    @property
    def verdict(self) -> Verdict:
        """FAILED with any damage, INDETERMINATE where facts were not compared, PASSED otherwise."""
        if self.damage:
            return Verdict.FAILED
        return Verdict.PASSED if self.facts else Verdict.INDETERMINATE


def sampled(count: int, share: int, *, percent: bool, chance: Random) -> Sequence[int]:
    """Return the heights of a random sample of ``share`` blocks (or per cent of them) among the first ``count``."""
    size = min(count, max(1, -(-count * share // 100) if percent else share))
    return sorted(chance.sample(range(count), size))


def scrub(
    store: Store,
    *,
    at: datetime,
    heights: Callable[[int], Iterable[int]] | None = None,
    engine: Engine = "auto",
    workers: int = 1,
    watch: Callable[[int, int], None] = lambda *_: None,
) -> ScrubReport:
    """Read and verify again what is stored, and keep the result beside it as the last scrub, dated ``at``.

    ``heights`` chooses among the blocks that are there, given their number; by default all of them. ``watch`` is told
    how many blocks of how many are done. Raises StoreUnavailable when the database cannot be reached at all.
    """
    with closing(store.inspection()) as inspection:
        work = _Scrub(inspection, engine, workers, watch)
        work.run(heights)
    report = work.report()
    kept = {
        "at": at.isoformat(timespec="seconds"),
        "blocks": report.blocks,
        "damage": len(report.damage),
        "head": report.head,
        "verdict": report.verdict.value,
        "whole": report.whole,
    }
    with suppress(StoreUnavailable, StoreDamaged):  # what was found matters more than that it is kept
        store.keep_state(SCRUB, json.dumps(kept))
    return report


def last_scrub(store: Store) -> dict[str, object] | None:
    """Return what the last scrub found: at, blocks, damage, head, verdict, whole; None while there was none."""
    kept = store.state(SCRUB)
    return None if kept is None else json.loads(kept)


class _Scrub:
    """One run: what was found so far, and where it stands."""

    def __init__(self, inspection: Inspection, engine: Engine, workers: int, watch: Callable[[int, int], None]) -> None:
        self._inspection = inspection
        self._engine = engine
        self._workers = workers
        self._watch = watch
        self._damage: dict[Damage, None] = {}
        self._head = -1
        self._blocks = self._records = 0
        self._whole = self._facts = False
        self._wanted: Collection[int] = ()
        self._held: Trusted | None = None
        self._trusted: Trusted | None = None
        self._digest: tuple[int, bytes] | None = None
        """Facts digest after the block projected last, with its height."""
        self._pending: list[BlockRows] = []

    def report(self) -> ScrubReport:
        return ScrubReport(
            head=self._head,
            blocks=self._blocks,
            records=self._records,
            whole=self._whole,
            facts=self._facts,
            damage=tuple(self._damage),
        )

    def run(self, heights: Callable[[int], Iterable[int]] | None) -> None:
        anchor = self._check_state()
        self._find_head()
        every = range(self._head + 1)
        self._wanted = every if heights is None else frozenset(heights(self._head + 1)).intersection(every)
        self._whole = len(self._wanted) == self._head + 1
        self._asked(lambda: self._differences(self._inspection.gaps(self._head)))
        if anchor is not None:
            self._check_blocks(anchor)
        self._asked(lambda: self._differences(self._inspection.outside(self._head)))
        self._asked(lambda: self._inspection.recheck_log(self._head + 1))
        if self._whole:
            self._check_whole()

    # The store as a whole

    def _check_state(self) -> Anchor | None:
        """Check the seals; return the anchor when it can be believed."""
        kept = self._asked(self._inspection.state) or {}
        for name, (_, sealed) in kept.items():
            if not sealed:
                self._add(Cause.STATE_ALTERED, None, f"{name}: its text is not what was sealed")
        for name in (ANCHOR, TRUSTED):
            if name not in kept:
                self._add(Cause.STATE_MISSING, None, name)
        text, sealed = kept.get(TRUSTED, ("", False))
        self._held = Trusted.from_json(text) if sealed else None
        text, sealed = kept.get(ANCHOR, ("", False))
        self._facts = self._asked(self._inspection.facts_are_ours) or False
        return Anchor.from_json(text) if sealed else None

    def _find_head(self) -> None:
        """Tell how many blocks there must be: as many as the trusted state says, else what is there."""
        rows, bytes_ = self._asked(self._inspection.heads) or (-1, -1)
        self._head = max(rows, bytes_) if self._held is None else max(self._held.height, min(rows, bytes_))

    def _check_whole(self) -> None:
        for fault in self._asked(self._inspection.faults) or ():
            self._add(Cause.DATABASE, None, fault)
        if self._held is not None and self._trusted is not None and self._held != self._trusted:
            self._add(Cause.STATE_ALTERED, self._head, f"{TRUSTED}: the blocks lead to another state")

    # Blocks

    def _check_blocks(self, anchor: Anchor) -> None:
        heights: Sequence[int] = range(self._head + 1)
        if not self._whole:  # the block before tells the trusted state
            heights = sorted({each for height in self._wanted for each in (height - 1, height) if each >= 0})
        stream = examined(self._documents(heights), anchor, engine=self._engine, workers=self._workers)
        with closing(stream):  # type: ignore[type-var]
            for raw, judged in stream:
                block = self._judged(raw, judged, anchor)
                if raw.height in self._wanted:
                    self._blocks += 1
                    self._watch(self._blocks, len(self._wanted))
                    if block is not None:
                        self._projected(block)
        self._flush()

    def _documents(self, heights: Sequence[int]) -> Iterator[RawBlock]:
        """Yield the bytes that are what was stored; report the others, but for those whose absence is known."""
        for start in range(0, len(heights), DOCUMENTS_AT_ONCE):
            some = heights[start : start + DOCUMENTS_AT_ONCE]
            for height, (content, digest) in sorted(self._stored(some).items()):
                if not isinstance(content, bytes) or (
                    digest != sm3(content) and not (digest is None and not self._facts)
                ):
                    self._add(Cause.BYTES_ALTERED, height, "the stored bytes are not those their digest is of")
                    continue
                try:
                    document = zstandard.ZstdDecompressor().decompress(content)
                except zstandard.ZstdError as failure:
                    self._add(Cause.BYTES_ALTERED, height, f"the stored bytes do not unpack: {failure}")
                    continue
                yield RawBlock(height=height, document=document)

    def _stored(self, heights: Sequence[int]) -> dict[int, tuple[object, object]]:
        """Return the packed bytes of these blocks; where reading them together fails, whatever can be read alone."""
        try:
            return self._inspection.documents(heights)
        except StoreDamaged as failure:
            if len(heights) == 1:
                self._add(Cause.UNREADABLE, heights[0], failure.message)
                return {}
            return {key: value for height in heights for key, value in self._stored([height]).items()}

    def _judged(self, raw: RawBlock, judged: Examined, anchor: Anchor) -> VerifiedBlock | None:
        """Return the block when it passes the whole procedure, and keep the state after it."""
        try:
            if raw.height == 0:
                block, first = genesis(raw.document, anchor)
                self._trusted = first if self._held is None else replace(first, pins=self._held.pins)
                return block
            before = self._before(raw.height, judged.header, anchor)
            block, self._trusted = accept(judged, raw.document, before)
        except (Malformed, ProofFailed) as refusal:
            self._add(Cause.BLOCK_REFUSED, raw.height, f"{refusal.message} [{refusal.code}]")
            self._trusted = None
            return None
        return block

    def _before(self, height: int, header: Header | None, anchor: Anchor) -> Trusted:
        """Return the state before a block, assumed where the block before was not judged or failed."""
        if self._trusted is not None and self._trusted.height == height - 1:
            return self._trusted
        sealers = self._sealers_at(height, anchor)
        named = header.parents[0][1] if header is not None and header.parents else b""
        known = header is not None and same_sealers(header.sealers, sealers)
        return Trusted(
            height=height - 1,
            hash=named,
            timestamp=0,
            sealers=header.sealers if known and header is not None else sealers,
            successors=None,
            epochs=() if self._held is None else tuple(each for each in self._held.epochs if each < height),
            pins=() if self._held is None else self._held.pins,
        )

    def _sealers_at(self, height: int, anchor: Anchor) -> tuple[Sealer, ...]:
        """Return the sealers of a block: those of the last change before it, voted or pinned, else the genesis set."""
        if self._held is None:
            return anchor.sealers
        changes = {pin.height: pin.sealers for pin in self._held.pins if pin.height <= height}
        voted = max((epoch + 1 for epoch in self._held.epochs if epoch < height), default=0)
        if voted > max(changes, default=0):
            for raw in self._documents([voted]):
                ((_, judged),) = examined([raw], anchor, engine=self._engine, workers=0)
                if judged.header is not None and judged.failure is None:
                    return judged.header.sealers
        return changes[max(changes)] if changes else anchor.sealers

    def _projected(self, block: VerifiedBlock) -> None:
        """Work out what the block makes, to be compared with what is stored."""
        if self._pending and self._pending[-1].block["height"] != block.height - 1:
            self._flush()
        self._records += len(block.events)
        rows = self._made(block) if self._facts else None
        if not self._facts:  # or no longer
            rows = self._inspection.bare(block)
        if rows is None:
            return
        self._pending.append(rows)
        if len(self._pending) >= BLOCKS_AT_ONCE or sum(len(each.records) for each in self._pending) >= ROWS_AT_ONCE:
            self._flush()

    def _made(self, block: VerifiedBlock) -> BlockRows | None:
        """Return the rows that the block makes of the facts before it, or None after telling why not."""
        known = self._digest is not None and self._digest[0] == block.height - 1
        before = (
            self._digest[1]
            if known and self._digest
            else self._asked(lambda: self._inspection.facts_digest(block.height - 1), height=block.height - 1)
        )
        if before is None:
            return None
        rows = self._asked(lambda: self._inspection.project(block, before), height=block.height)
        if rows is not None:
            self._digest = block.height, rows.block["facts_digest"]
        return rows

    def _flush(self) -> None:
        """Compare what is pending; where that cannot be read together, block by block."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        try:
            self._differences(self._inspection.compare(pending, facts=self._facts))
        except StoreUnavailable as failure:
            self._without_facts(failure)
            self._pending = pending
            self._flush()
        except StoreDamaged as failure:
            if len(pending) == 1:
                self._add(Cause.UNREADABLE, pending[0].block["height"], failure.message)
                return
            for each in pending:
                self._pending = [each]
                self._flush()

    # What was found

    def _asked(self, question: Callable[[], T], height: int | None = None) -> T | None:
        """Return the answer, or None after reporting that the database could not read what it needs."""
        try:
            return question()
        except StoreDamaged as failure:
            cause = Cause.LOG_ALTERED if failure.code == "log-damaged" else Cause.UNREADABLE
            self._add(cause, height, failure.message)
            return None
        except StoreUnavailable as failure:
            self._without_facts(failure)
            return None

    def _without_facts(self, failure: StoreUnavailable) -> None:
        """Say nothing of facts any more when a rebuild has begun meanwhile; whatever else is the matter goes on up."""
        if failure.code != CHANGED or not self._facts:
            raise failure
        self._facts = False
        for each in [each for each in self._damage if each.cause.value.startswith(_OF_FACTS)]:
            del self._damage[each]

    def _differences(self, found: Iterable[Difference]) -> None:
        for each in found:
            kind = _KINDS.get(each.table, "fact")
            cause, columns = Cause(f"{kind}-{each.how}"), ", ".join(each.columns)
            if each.columns == ("facts_digest",):
                cause = Cause.FACTS_DIGEST
            place = " ".join(str(part) for part in each.key)
            self._add(cause, each.height, f"{each.table} {place}{f': {columns}' if columns else ''}")

    def _add(self, cause: Cause, height: int | None, what: str) -> None:
        self._damage[Damage(cause=cause, height=height, what=what)] = None


_OF_FACTS = ("fact", "finding")
_KINDS = {"block": "block", "document": "bytes", "record": "record", "finding": "finding"}
"""What the rows of a table are called in a cause; those of every other are facts."""
