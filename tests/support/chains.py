"""Small consortium chains for tests, and the shortest way to judge one of their blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from ledger import admission
from ledger.anchor import Anchor, Trusted, anchor_from
from ledger.consortium import Consortium, Member

if TYPE_CHECKING:
    from ledger.sources.raw import RawBlock
    from ledger.suites import SuiteName

START = datetime(2024, 1, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)
LAST = 6
"""Height of the last block of :func:`chain`."""


@dataclass
class SmallChain:
    """A consortium whose blocks are kept in a list; `next_day` seals what was sent."""

    suite: SuiteName = "sm"
    seed: int = 7
    signing: int = 3
    blocks: list[RawBlock] = field(default_factory=list)
    consortium: Consortium = field(init=False)
    day: datetime = START

    def __post_init__(self) -> None:
        self.consortium = Consortium(self.blocks, seed=self.seed, start=START, suite=self.suite, signing=self.signing)

    @property
    def operator(self) -> Member:
        return self.consortium.members["operator"]

    @cached_property
    def anchor(self) -> Anchor:
        return anchor_from(
            self.blocks[0].document, pinned=self.consortium.genesis_hash, contracts=(self.consortium.contract,)
        )

    def next_day(self, *, signing: int | None = None) -> bytes:
        """Seal a block a day later; returns its document."""
        self.day += DAY
        return self.consortium.seal(self.day, signing=signing).document

    def trusted(self, height: int) -> Trusted:
        """The trusted state after verifying every block up to this height."""
        _, state = admission.genesis(self.blocks[0].document, self.anchor)
        for block in self.blocks[1 : height + 1]:
            _, state = self.accept(block.document, state)
        return state

    def accept(self, document: bytes, state: Trusted) -> tuple[admission.VerifiedBlock, Trusted]:
        """Judge one document after a trusted state; raises what refuses it."""
        return admission.accept(admission.examine(document, self.anchor, self.anchor.registry()), document, state)


def chain(*names: str) -> SmallChain:
    """A chain of seven blocks; its later blocks admit members of these names."""
    made = SmallChain()
    for at in range(LAST - 1):
        member = made.consortium.enrol(f"member {at}", names[at] if at < len(names) else "x", ["supplier"])
        made.consortium.admit(member)
        made.next_day()
    return made
