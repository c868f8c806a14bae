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

    That is the debtor's own, the first one, whoever else confirmed before or since. Where there is none, the first by
    the creditor, in its name or with its key: nobody's before it hides that. Else the first that anybody made.
    ``versions``: all of one receivable, in the order in which they began; those after the height count for nothing.
    """
    first = creditors = None
    for one in versions:
        if one.from_height > height:
            break
        if by_debtor(one):
            return one
        if one.confirmed_by is None:
            continue
        if first is None:
            first = one
        if creditors is None and one.creditor in (one.confirmed_by, one.confirmed_signer_member):
            creditors = one
    return first if creditors is None else creditors
