"""FISCO BCOS 3.x: the votes of its consensus precompile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.chains.sealers import SealerChange, apply, decoded
from ledger.contracts import Function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.chains.shape import Receipt, Transaction
    from ledger.suites import Suite

__all__ = ["ADD_OBSERVER", "ADD_SEALER", "REMOVE", "SET_WEIGHT", "SealerChange", "apply", "carried", "changes"]

ADD_SEALER = Function(name="addSealer", inputs=("string", "uint256"))
ADD_OBSERVER = Function(name="addObserver", inputs=("string",))
REMOVE = Function(name="remove", inputs=("string",))
SET_WEIGHT = Function(name="setWeight", inputs=("string", "uint256"))

CARRIED = bytes(32)
_FUNCTIONS = tuple((each, None) for each in (ADD_SEALER, SET_WEIGHT, ADD_OBSERVER, REMOVE))


def carried(receipt: Receipt) -> bool:
    """Tell whether a receipt is what the precompile gives for a vote that was carried: the code 0 in a word."""
    return receipt.status == 0 and receipt.output == CARRIED


def changes(transactions: Sequence[Transaction], receipts: Sequence[Receipt], suite: Suite) -> tuple[SealerChange, ...]:
    """Return the changes that these transactions made, in their order; hash and signature of each must have held."""
    return decoded(transactions, receipts, suite, functions=_FUNCTIONS, carried=carried)
