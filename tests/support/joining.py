"""Blocks put to the trusted state after one genesis block, and by which code they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.admission import VerifiedBlock, accept, examine, genesis
from ledger.chains.shape import Sealer
from ledger.errors import LedgerError
from tests.support.blocks import Forge, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.anchor import Trusted
    from ledger.suites import SigningKey

FORGE = Forge()
ANCHOR, REGISTRY = FORGE.anchor(), FORGE.registry()
GENESIS, START = genesis(FORGE.genesis_document(), ANCHOR)


def join(document: bytes, trusted: Trusted = START) -> tuple[VerifiedBlock, Trusted]:
    """The block and the state after it."""
    return accept(examine(document, ANCHOR, REGISTRY), document, trusted)


def code(document: bytes, trusted: Trusted = START) -> str:
    """What the block is refused by."""
    with pytest.raises(LedgerError) as refused:
        join(document, trusted)
    assert refused.value.next_step
    return refused.value.code


def as_sealers(weights: Sequence[int]) -> tuple[Sealer, ...]:
    """Sealers of these weights, with keys nobody has."""
    return tuple(Sealer(key=at.to_bytes(64), weight=weight) for at, weight in enumerate(weights))


def stranger(at: int) -> SigningKey:
    """A key no sealer has."""
    return key_of(f"stranger {at}", FORGE.crypto)
