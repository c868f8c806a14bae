"""An operator's word where the chain's own does not reach: the sealers of one block, and another anchor for the ledger.

Sealers: a change that no vote explains stops the replica. The operator asks the consortium, and pins the new set for
exactly that block; the pin is part of the trusted state from then on, and proofs that cross it say so.

Anchor: which contracts a node reads was chosen when it joined. Another choice is taken only after every stored block
was verified from it; the facts are stale then until they are rebuilt.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ledger import chains
from ledger.admission import accept, genesis
from ledger.anchor import Anchor, Engine, SealerPin, Trusted, anchor_from
from ledger.errors import LedgerError, Malformed, ProofFailed
from ledger.store.schema import rebuilding
from ledger.store.state import ANCHOR, FACTS, REBUILDING, TRUSTED
from ledger.verifier import examined

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.chains.shape import Sealer
    from ledger.store import Store

__all__ = ["Named", "named_by", "pin_sealers", "repin"]

REPINNED = "repinned"
"""No version of the facts: they are those of another anchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The sealers that a block names, and its height; nothing of it is verified."""

    height: int
    sealers: tuple[Sealer, ...]


def named_by(document: bytes, anchor: Anchor) -> Named:
    """Return what a refused block says of the sealers; raises Malformed when it cannot be read at all."""
    header = chains.named(anchor.family).parse_block(document).header
    if header is None:
        raise Malformed("pin-sealers", "The file holds no block's header")
    return Named(height=header.number, sealers=header.sealers)


def pin_sealers(store: Store, pin: SealerPin) -> Trusted:
    """Trust these sealers for the next block, and for no other; returns the trusted state with the pin in it.

    Raises LedgerError ``pin-height`` for another block than the next, ``pin-sealers`` for no set of sealers, and
    ``not-joined``; StoreUnavailable ``facts-rebuilding``, ``store-moved`` when a block was committed meanwhile.
    """
    held = store.trusted()
    if held is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    if store.state(REBUILDING) is not None:  # which ends with the pins it began with
        raise rebuilding()
    trusted = Trusted.from_json(held)
    if pin.height != trusted.height + 1:
        raise LedgerError(
            "pin-height",
            f"The next block is {trusted.height + 1}, and the pin is for block {pin.height}",
            next_step="Pin the sealers of the block that was refused, once the sync has stopped at it.",
        )
    if not pin.sealers or len({each.key for each in pin.sealers}) != len(pin.sealers):
        raise LedgerError(
            "pin-sealers", "A pin names at least one sealer, and none twice", next_step="Give the whole new set."
        )
    others = tuple(each for each in trusted.pins if each.height != pin.height)
    trusted = replace(trusted, pins=(*others, pin))
    store.exchange_state({TRUSTED: held, REBUILDING: None}, {TRUSTED: trusted.to_json()})
    return trusted


def repin(
    store: Store,
    *,
    genesis_hash: bytes,
    contracts: tuple[bytes, ...],
    maps: tuple[tuple[bytes, str], ...] = (),
    engine: Engine = "auto",
    workers: int = 1,
    watch: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Anchor, bool]:
    """Follow the same ledger from another anchor; returns it, and whether anything changed.

    Every stored block is verified from the new anchor first, and nothing is written when one is refused: the refusing
    error is raised then, and StoreUnavailable ``store-moved`` when a block was committed meanwhile. Afterwards the
    facts are stale until ``ledger.rebuild``. ``watch`` is told (height, target).
    """
    held, state, head = store.anchor(), store.trusted(), store.head()
    if held is None or state is None or head is None:
        raise LedgerError("not-joined", "This node follows no chain yet", next_step="Run `glasspool init` first.")
    if store.state(REBUILDING) is not None:
        raise rebuilding()
    document = store.document(0)
    anchor = replace(
        anchor_from(document, pinned=genesis_hash, contracts=tuple(sorted(contracts)), engine=engine), maps=maps
    )
    if anchor == Anchor.from_json(held):
        return anchor, False
    before = Trusted.from_json(state)
    _, trusted = genesis(document, anchor)
    trusted = replace(trusted, pins=before.pins)
    documents = store.documents(1, head.height + 1)
    with closing(examined(documents, anchor, engine=engine, workers=workers)) as stream:  # type: ignore[type-var]
        for raw, judged in stream:
            try:
                _, trusted = accept(judged, raw.document, trusted)
            except (Malformed, ProofFailed) as refusal:
                refusal.message = f"Stored block {raw.height} does not follow from the new pin. {refusal.message}"
                refusal.next_step = "Nothing was changed. Check the pin with the consortium."
                raise
            watch(raw.height, head.height)
    if (trusted.height, trusted.hash) != (before.height, before.hash):
        raise ProofFailed("parent-link", "The stored blocks do not lead to the head of this node")
    store.exchange_state({ANCHOR: held, TRUSTED: state, REBUILDING: None}, {ANCHOR: anchor.to_json(), FACTS: REPINNED})
    return anchor, True
