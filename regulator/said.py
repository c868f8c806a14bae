"""What people write into the book: text that every database keeps as it is and every page can show."""

from __future__ import annotations

import unicodedata

__all__ = ["is_text"]

BREAKS = frozenset("\n\t")


def is_text(given: str, limit: int) -> bool:
    """Tell whether it says something, in at most ``limit`` characters, none of them a control sign or half of one."""
    if not given.strip() or len(given) > limit:
        return False
    return all(each in BREAKS or unicodedata.category(each) not in ("Cc", "Cs") for each in given)
