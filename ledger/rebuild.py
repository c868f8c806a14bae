"""Facts and findings made again from the blocks stored here: after an upgrade, or when a scrub found them damaged.

Every block's bytes go through the whole procedure of verification again, from the pinned genesis on; nothing else of
what is stored is believed but the anchor and an operator's pins. After a stop at any moment the next run goes on.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ledger.admission import accept, genesis
from ledger.anchor import Anchor, Engine, Trusted
from ledger.errors import LedgerError, Malformed, ProofFailed, StoreDamaged
from ledger.store.state import REBUILDING
from ledger.verifier import examined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.admission import VerifiedBlock
    from ledger.anchor import SealerPin
    from ledger.store import Store

__all__ = ["RebuildReport", "rebuild"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did. ``start`` is above 0 where it went on with one that was stopped.

    ``digest_before`` is what the head's facts digest was, empty when those facts were of another version or unknown.
    """

    start: int
    height: int
    findings: int
    digest_before: bytes
    facts_digest: bytes

    @property
    def changed(self) -> bool:
        """Whether facts of this very version were stored that the blocks do not say."""
        return self.digest_before not in (b"", self.facts_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """Where a rebuild stands: the trusted state it has reached (None before the genesis block), and the old digest."""

    trusted: Trusted | None
    digest_before: bytes

    @property
    def next(self) -> int:
        """The height that comes next."""
        return 0 if self.trusted is None else self.trusted.height + 1

    def to_text(self) -> str:
        """Return the progress as the store keeps it."""
        trusted = None if self.trusted is None else self.trusted.to_json()
        return json.dumps([trusted, self.digest_before.hex()])

    @classmethod
    def from_text(cls, text: str) -> _Progress:
        """Return what :meth:`to_text` wrote."""
        trusted, digest = json.loads(text)
        return cls(trusted=None if trusted is None else Trusted.from_json(trusted), digest_before=bytes.fromhex(digest))


def rebuild(
    store: Store, *, engine: Engine = "auto", workers: int = 1, watch: Callable[[int, int], None] = lambda *_: None
) -> RebuildReport:
    """Make all facts and findings again; go on with a rebuild that was stopped. ``watch`` is told (height, target).

    Raises StoreDamaged ``block-damaged`` at the first block whose stored bytes do not pass; the store then stays
    *rebuilding*, with everything before that block made.
    """
    _joined(store)
    kept, rebuilder = store.state(REBUILDING), store.rebuilder()
    if kept is None:
        digest = rebuilder.begin(lambda digest: _Progress(trusted=None, digest_before=digest).to_text())
        progress = _Progress(trusted=None, digest_before=digest)
    else:
        progress = _Progress.from_text(kept)
    anchor, target = _joined(store)  # only now: from here on nobody commits a block or pins anything
    start = progress.next
    stream = _verified(store, anchor, progress.trusted, target, engine=engine, workers=workers)
    with closing(stream):  # type: ignore[type-var]
        for block, trusted in stream:
            after = replace(progress, trusted=trusted)
            rebuilder.block(block, before=progress.to_text(), after=after.to_text())
            progress = after
            watch(block.height, target)
    if progress.trusted is None:
        raise RuntimeError("a rebuild has made at least the genesis block")
    rebuilder.end(progress.to_text(), trusted=progress.trusted.to_json())
    return RebuildReport(
        start=start,
        height=target,
        findings=sum(store.finding_counts().values()),
        digest_before=progress.digest_before,
        facts_digest=store.at().facts_digest,
    )


def _joined(store: Store) -> tuple[Anchor, int]:
    """Return the anchor and the last block's height; raises LedgerError ``not-joined``."""
    pinned, target = store.anchor(), store.last_document()
    if pinned is None or target < 0:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    return Anchor.from_json(pinned), target


def _pins(store: Store) -> tuple[SealerPin, ...]:
    """Return the operator's pins. Where the trusted state is damaged there are none: a rebuild then makes it again."""
    try:
        held = store.trusted()
    except StoreDamaged:
        return ()
    return () if held is None else Trusted.from_json(held).pins


def _verified(
    store: Store, anchor: Anchor, trusted: Trusted | None, target: int, *, engine: Engine, workers: int
) -> Iterator[tuple[VerifiedBlock, Trusted]]:
    """Yield the stored blocks that follow ``trusted``, each judged by the whole procedure, with the state after it.

    Raises StoreDamaged ``block-damaged``.
    """
    height = 0
    try:
        if trusted is None:
            block, first = genesis(store.document(0), anchor)
            trusted = replace(first, pins=_pins(store))
            yield block, trusted
        documents = store.documents(trusted.height + 1, target + 1)
        with closing(examined(documents, anchor, engine=engine, workers=workers)) as stream:  # type: ignore[type-var]
            for raw, judged in stream:
                height = raw.height
                block, trusted = accept(judged, raw.document, trusted)
                yield block, trusted
    except (Malformed, ProofFailed) as refusal:
        raise StoreDamaged(
            "block-damaged",
            f"Block {height}, as stored here, is not what was verified: {refusal}",
            next_step="`glasspool scrub --repair` fetches damaged blocks again; then run this again, and it goes on.",
        ) from refusal
