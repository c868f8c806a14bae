"""Following a chain: fetch, verify in parallel, commit in order, and stop where a block cannot be believed.

The database is the only state. Every block is committed with its facts and the trusted state in one transaction, so a
process killed at any moment leaves a ledger verified up to some height, and the next run goes on from there. A refused
block is kept as an evidence file, and nothing of it is stored.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ledger.admission import accept, genesis
from ledger.anchor import Anchor, Engine, Trusted, anchor_from
from ledger.errors import LedgerError, Malformed, ProofFailed, SourceUnreachable
from ledger.suites import sm3
from ledger.verifier import examined, rarely_collecting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ledger.sources import RawBlock, Source
    from ledger.store import Head, Store

__all__ = ["Progress", "SyncReport", "Tally", "join", "keep_evidence", "sync"]

REFUSALS = (Malformed, ProofFailed)

EVIDENCE_FILES = 1_000
EVIDENCE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One committed block, for whoever watches: where it is, where the source ends, what it held and what it cost.

    ``timestamp`` is the block's, ms since 1970 UTC; ``severities`` counts its findings. ``verifying`` is processor time
    since the block before, of all processes, ``committing`` the time that projecting and storing it took: seconds.
    """

    height: int
    target: int
    timestamp: int
    transactions: int
    records: int
    severities: Mapping[str, int]
    verifying: float
    committing: float

    @property
    def findings(self) -> int:
        """How many findings it held."""
        return sum(self.severities.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one run did: heights before and after, and the blocks, transactions, records and findings it added."""

    start: int
    height: int
    blocks: int
    transactions: int
    records: int
    findings: int
    block_hash: bytes
    facts_digest: bytes


@dataclass(slots=True)
class Tally:
    """The blocks of one run, added up as they are committed."""

    start: Head
    transactions: int = field(default=0, init=False)
    records: int = field(default=0, init=False)
    findings: int = field(default=0, init=False)

    def add(self, progress: Progress) -> None:
        """Count one more block."""
        self.transactions += progress.transactions
        self.records += progress.records
        self.findings += progress.findings

    def report(self, end: Head) -> SyncReport:
        """Return what was added up to that head."""
        return SyncReport(
            start=self.start.height,
            height=end.height,
            blocks=end.height - self.start.height,
            transactions=self.transactions,
            records=self.records,
            findings=self.findings,
            block_hash=end.hash,
            facts_digest=end.facts_digest,
        )


def join(
    store: Store,
    source: Source,
    *,
    genesis_hash: bytes,
    contracts: tuple[bytes, ...],
    maps: tuple[tuple[bytes, str], ...] = (),
    engine: Engine = "auto",
) -> Anchor:
    """Pin the chain and store its verified genesis block; joining the same chain again changes nothing.

    ``maps``: other platforms' contracts by address, each with its map as JSON text (``ledger.contract_map``). Raises
    ProofFailed ``genesis-hash`` when the source's block 0 is another one, or ``pinned-otherwise`` when this store
    already follows another chain or other contracts.
    """
    document = _genesis_of(source)
    anchor = replace(
        anchor_from(document, pinned=genesis_hash, contracts=tuple(sorted(contracts)), engine=engine),
        maps=tuple(sorted(maps)),
    )
    pinned = store.anchor()
    if pinned is not None and Anchor.from_json(pinned) != anchor:
        raise ProofFailed(
            "pinned-otherwise",
            "This node's database already follows another chain, or reads other contracts",
            next_step="Use another home folder for another chain; contracts are chosen once, when the node joins.",
        )
    block, trusted = genesis(document, anchor)
    if pinned is None:
        store.pin(anchor.to_json())
    if store.head() is None:
        store.commit(block, trusted=trusted.to_json())
    return anchor


def _genesis_of(source: Source) -> bytes:
    with closing(source.blocks(0)) as blocks:  # type: ignore[type-var]
        for raw in blocks:
            return raw.document
    raise SourceUnreachable("source-empty", f"{source.name} offers no block")


def sync(
    store: Store,
    source: Source,
    *,
    evidence: Path,
    engine: Engine = "auto",
    workers: int = 1,
    watch: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> SyncReport:
    """Bring the store to the source's head, verified; return what was added. ``stop`` ends it after the block at hand.

    Raises the refusing error of the first block that cannot be believed, after keeping that block under ``evidence``:
    everything before it stays committed, and the next run begins with that height. Raises ProofFailed ``source-behind``
    when the source ends below what this node has already verified.
    """
    pinned, state, head = store.anchor(), store.trusted(), store.head()
    if pinned is None or state is None or head is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    anchor, trusted = Anchor.from_json(pinned), Trusted.from_json(state)
    start, target = trusted.height, source.head()
    if target < start:
        raise ProofFailed(
            "source-behind",
            f"{source.name} ends at block {target}, and this node has verified up to block {start}",
            next_step="Wait for the source to catch up, or use another one: a ledger never gets shorter.",
        )
    tally, verifying = Tally(head), 0.0

    def spent(seconds: float) -> None:
        nonlocal verifying
        verifying += seconds

    if target > start:
        blocks = source.blocks(start + 1)
        with (
            rarely_collecting(),
            closing(examined(blocks, anchor, engine=engine, workers=workers, spent=spent)) as stream,  # type: ignore[type-var]
        ):
            for raw, judged in stream:
                try:
                    block, trusted = accept(judged, raw.document, trusted)
                except REFUSALS as refusal:
                    refusal.message = f"Block {raw.height} is refused. {refusal.message}"
                    keep_evidence(evidence, raw, refusal)
                    raise
                began = time.perf_counter()
                found = store.commit(block, trusted=trusted.to_json())
                progress = Progress(
                    height=block.height,
                    target=max(target, block.height),
                    timestamp=block.timestamp,
                    transactions=block.transactions,
                    records=len(block.events),
                    severities=Counter(each.severity.value for each in found),
                    verifying=verifying,
                    committing=time.perf_counter() - began,
                )
                verifying = 0.0
                tally.add(progress)
                watch(progress)
                if stop():
                    break
    return tally.report(store.head() or head)


def keep_evidence(folder: Path, raw: RawBlock, refusal: LedgerError) -> None:
    """Keep a refused block, exactly as received, with the reason beside it; the same bytes are kept once.

    In a folder that holds :data:`EVIDENCE_FILES` files or :data:`EVIDENCE_BYTES` bytes only the last reason of each
    height is kept: a source that lies for months must not fill the disk.
    """
    document = folder / f"block-{raw.height:012d}-{sm3(raw.document).hex()[:16]}.json"
    told = {"code": refusal.code, "height": raw.height, "message": refusal.message, "next_step": refusal.next_step}
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = document.exists() or _has_room(folder, len(raw.document))
        name = document.stem if kept else f"block-{raw.height:012d}"
        files = {document: raw.document} if kept else {}
        files[folder / f"{name}.reason.json"] = text.encode()
        for file, content in files.items():
            part = file.with_suffix(".part")
            part.write_bytes(content)
            part.replace(file)
    except OSError as failure:  # the refusal matters more than its evidence
        refusal.next_step = f"{refusal.next_step} The refused block could not be kept: {failure.strerror}."
    else:
        said = (
            f"is kept as {document}" if kept else f"is not kept, its reason alone: move what is in {folder} elsewhere"
        )
        refusal.next_step = f"{refusal.next_step} The refused block {said}."


def _has_room(folder: Path, size: int) -> bool:
    """Tell whether a block of so many bytes and its reason go into the folder."""
    sizes = [file.stat().st_size for file in folder.iterdir() if file.is_file()]
    return len(sizes) + 2 <= EVIDENCE_FILES and sum(sizes) + size <= EVIDENCE_BYTES
