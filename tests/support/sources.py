"""A source over blocks in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.sources import RawBlock


class Listed:
    """Offers the blocks of a list."""

    name = "a list"

    def __init__(self, blocks: Sequence[RawBlock]) -> None:
        self._blocks = blocks

    def head(self) -> int:
        return len(self._blocks) - 1

    def blocks(self, start: int) -> Iterator[RawBlock]:
        yield from self._blocks[start:]

    def close(self) -> None:
        """Nothing is open."""
