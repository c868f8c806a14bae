"""FISCO BCOS 3.x: what a block's transactions do to the set of sealers.

The previous header does not commit to the next one's sealers, so a changed list is believed only where calls of the
consensus precompile 0x…1003, with status 0, lead from the trusted set to exactly that list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ledger.chains.fisco3 import CONSENSUS_PRECOMPILE
from ledger.chains.shape import Sealer
from ledger.contracts import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.chains.shape import Receipt, Transaction
    from ledger.suites import Suite

ADD_SEALER = Function(name="addSealer", inputs=("string", "uint256"))
ADD_OBSERVER = Function(name="addObserver", inputs=("string",))
REMOVE = Function(name="remove", inputs=("string",))
SET_WEIGHT = Function(name="setWeight", inputs=("string", "uint256"))

CARRIED = bytes(32)
_NODE_ID = re.compile(rb"(?:0x)?([0-9a-fA-F]{128})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealerChange:
    """One committed change: a weight set for a node, ``weight`` None when it stops being a sealer."""

    action: Literal["set", "drop"]
    key: bytes
    weight: int | None = None


def carried(receipt: Receipt) -> bool:
    """Tell whether a receipt is what the precompile gives for a vote that was carried: the code 0 in a word."""
    return receipt.status == 0 and receipt.output == CARRIED


def changes(transactions: Sequence[Transaction], receipts: Sequence[Receipt], suite: Suite) -> tuple[SealerChange, ...]:
    """Return the changes that these transactions made, in their order; hash and signature of each must have held."""
    found = []
    for transaction, receipt in zip(transactions, receipts, strict=True):
        if transaction.to != CONSENSUS_PRECOMPILE or not carried(receipt):
            continue
        for function in (ADD_SEALER, SET_WEIGHT, ADD_OBSERVER, REMOVE):
            arguments = function.arguments(transaction.call, suite)
            node = _NODE_ID.match(arguments[0]) if arguments else None
            if arguments and node:
                key = bytes.fromhex(node[1].decode())
                weight = arguments[1] if len(arguments) == 2 else None
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
