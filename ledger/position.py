"""Where a record stands in the ledger: block, transaction in the block, log in the receipt. The order of everything."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Position"]

INDEX_BITS = 16  # a block holds at most 50,000 transactions and a receipt 10,000 logs (chains/fisco3)
INDEX_LIMIT = 1 << INDEX_BITS
HEIGHT_LIMIT = 1 << 31

_TEXT = re.compile(r"(0|[1-9][0-9]{0,9}):(0|[1-9][0-9]{0,4}):(0|[1-9][0-9]{0,4})\Z")


class Position(NamedTuple):
    """A place in the ledger; positions compare as the ledger orders them, and so do their numbers."""

    height: int
    transaction: int
    log: int

    @property
    def number(self) -> int:
        """The position as one integer below 2**63: height << 32 | transaction << 16 | log."""
        return self.height << 2 * INDEX_BITS | self.transaction << INDEX_BITS | self.log

    @classmethod
    def from_number(cls, number: int) -> Position:
        """Return the position that :attr:`number` made."""
        return cls(number >> 2 * INDEX_BITS, number >> INDEX_BITS & INDEX_LIMIT - 1, number & INDEX_LIMIT - 1)

    @classmethod
    def parse(cls, text: str) -> Position | None:
        """Return the position written ``height:transaction:log``, or None when the text is not one."""
        found = _TEXT.match(text)
        if found is None:
            return None
        height, transaction, log = (int(part) for part in found.groups())
        if height >= HEIGHT_LIMIT or transaction >= INDEX_LIMIT or log >= INDEX_LIMIT:
            return None
        return cls(height, transaction, log)

    def __str__(self) -> str:
        return f"{self.height}:{self.transaction}:{self.log}"
