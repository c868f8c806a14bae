"""How a FISCO BCOS 2 node is asked: the group is a number, and a height is hex in text.

Nodes from 2.7 on print all that the hashes cover; those before leave the transactions' signatures out. The receipts of
a block could be had in one call (getBatchReceiptsByBlockNumberAndRange), but that answer lacks the state root, the
bloom filter and the gas that remained, all of which a receipt's hash covers: so they are asked for one by one here too.
"""

from __future__ import annotations

import re
from typing import Any

from ledger.errors import SourceUnreachable
from ledger.sources.jsonrpc import Dialect

__all__ = ["fisco2", "is_group"]

_GROUP = re.compile(r"[1-9][0-9]{0,4}\Z", re.ASCII)
_HEIGHT = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,7})\Z")


def is_group(group: str) -> bool:
    """Tell whether a group's name is a number, as on FISCO BCOS 2."""
    return _GROUP.match(group) is not None


def fisco2(group: str) -> Dialect:
    """Return how a FISCO BCOS 2 node is asked for a group (群组). Raises SourceUnreachable ``source-location``."""
    if not is_group(group):
        raise SourceUnreachable(
            "source-location",
            f"A group of FISCO BCOS 2 is a number, and not {group[:40]!r}.",
            next_step="Set GLASSPOOL_GROUP to the group's number.",
        )
    number = int(group)
    return Dialect(
        head=(number,),
        height=_height,
        block=lambda height: (number, hex(height), True),
        receipt=lambda transaction: (number, transaction),
    )


def _height(answer: Any) -> int | None:
    return int(answer, 16) if isinstance(answer, str) and _HEIGHT.match(answer) else None
