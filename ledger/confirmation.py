"""Who confirmed a debt (确权), and whether it was the debtor: in its own name and with its own key.

The ledger keeps a confirmation whoever signed it; that only the debtor may is its finding ``sender.not_party``. To who
reads the ledger no other is the debtor's word: the account that signed must have been the debtor's at that record. A
key that it rotated in or out later changes nothing of that, nor does it that the debtor was suspended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger.facts import Receivable

__all__ = ["by_debtor", "confirmation"]


def by_debtor(owed: Any) -> Any:
    """Tell whether the debtor itself confirmed a receivable; ``owed``: a version, their columns, an Ibis table."""
    return (owed.confirmed_by == owed.debtor) & (owed.confirmed_signer_member == owed.debtor)


def confirmation(versions: Iterable[Receivable], height: int) -> Receivable | None:
    """Return the version of a receivable that began with the confirmation which counts; None: nobody confirmed it yet.

    That is the debtor's own, the first one, whoever else confirmed before or since; where there is none, the first that
    anybody made. ``versions``: all of one receivable, in the order in which they began; those after the height count
    for nothing.
    """
    found = None
    for one in versions:
        if one.from_height > height:
            break
        if by_debtor(one):
            return one
        if found is None and one.confirmed_by is not None:
            found = one
    return found
