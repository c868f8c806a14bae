"""What a document holds beside what the hashes cover, and how much of it is taken.

A block is stored exactly as received, and every source could fill it up with what nobody can check: a field of its own,
a note in one that nothing covers, spaces, letters written as escapes. So that is measured as what is left of the bytes
without the covered fields, once these are known to hold. Covered fields may be as large as the chain made them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.chains import limits
from ledger.chains.document import covered_size
from ledger.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.chains import Chain

__all__ = ["check_surplus"]


def check_surplus(document: bytes, chain: Chain, *, transactions: int, unread: Collection[int] = ()) -> None:
    """Raise Malformed ``uncovered-text`` when more of a document than its limit is covered by nothing.

    Everything else of the document must have held, but for the transactions ``unread``, whose hash was not checked.
    """
    allowed = limits.MAX_UNCOVERED
    allowed += limits.MAX_UNCOVERED_TRANSACTION * transactions + limits.MAX_UNREAD_TRANSACTION * len(unread)
    if len(document) <= allowed:  # nearly every block
        return
    surplus = len(document) - covered_size(chain.printed(document), unread)
    if surplus > allowed:
        raise Malformed(
            "uncovered-text",
            f"The block holds {surplus} bytes that no hash covers; the limit is {allowed}",
            next_step="Fetch it from another source. Where all of them print it, an archive of the block without that "
            "text is as good: nothing of the chain is in it.",
        )
