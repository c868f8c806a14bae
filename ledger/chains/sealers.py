"""What a block's transactions do to the set of sealers, for chains whose consensus precompile is a contract at 0x…1003.

The previous header does not commit to the next one's sealers, so a changed list is believed only where calls of the
consensus precompile, with status 0, lead from the trusted set to exactly that list. A change takes effect in the next
block, on FISCO BCOS 2 as on 3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ledger.chains.shape import Sealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.chains.shape import Receipt, Transaction
    from ledger.contracts import Function
    from ledger.suites import Suite

__all__ = ["CONSENSUS_PRECOMPILE", "SealerChange", "apply", "decoded"]

CONSENSUS_PRECOMPILE = bytes.fromhex(f"{0x1003:040x}")
_NODE_ID = re.compile(rb"(?:0x)?([0-9a-fA-F]{128})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealerChange:
    """One committed change: a weight set for a node, ``weight`` None when it stops being a sealer."""

    action: Literal["set", "drop"]
    key: bytes
    weight: int | None = None


def decoded(
    transactions: Sequence[Transaction],
    receipts: Sequence[Receipt],
    suite: Suite,
    *,
    functions: Sequence[tuple[Function, int | None]],
    carried: Callable[[Receipt], bool],
) -> tuple[SealerChange, ...]:
    """Return the changes that these transactions made, in their order; hash and signature of each must have held.

    Each function stands with the weight it gives where its arguments name none; None drops the node.
    """
    found = []
    for transaction, receipt in zip(transactions, receipts, strict=True):
        if transaction.to != CONSENSUS_PRECOMPILE or not carried(receipt):
            continue
        for function, implied in functions:
            arguments = function.arguments(transaction.call, suite)
            node = _NODE_ID.match(arguments[0]) if arguments else None
            if arguments and node:
                key = bytes.fromhex(node[1].decode())
                weight = arguments[1] if len(arguments) == 2 else implied
                found.append(SealerChange(action="set" if weight else "drop", key=key, weight=weight))
    return tuple(found)


def apply(sealers: Iterable[Sealer], made: Iterable[SealerChange]) -> tuple[Sealer, ...]:
    """Return the sealers after the changes, in no promised order."""
    weights = {sealer.key: sealer.weight for sealer in sealers}
    for change in made:
        if change.weight:
            weights[change.key] = change.weight
        else:
            weights.pop(change.key, None)
    return tuple(Sealer(key=key, weight=weight) for key, weight in weights.items())
