"""What a table asks for and gets: one page of rows, never the whole market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

__all__ = ["PAGE_SIZES", "Page", "PageQuery"]

#: How many rows a person may ask for at once; the last is also the most a session ever holds.
PAGE_SIZES = (10, 25, 50, 100)
#: Longer than any identifier of the ledger; more is not a search but a paste by mistake.
MAX_SEARCH = 120

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """One page of a table: its number from 0, its size, the column it is sorted by, and what to look for."""

    page: int = 0
    size: int = 25
    sort: str
    descending: bool = False
    search: str = ""

    def asked(self, request: object, *, sortable: frozenset[str]) -> PageQuery:
        """This query changed as a browser asked; what is out of bounds or unknown leaves that part as it was.

        A new search, size or order starts again on the first page.
        """
        if not isinstance(request, dict):
            return self
        changed = self
        size, sort, search, page = (request.get(name) for name in ("size", "sort", "search", "page"))
        if size in PAGE_SIZES and isinstance(size, int):
            changed = replace(changed, size=size, page=0)
        if isinstance(sort, str) and sort in sortable:
            descending = not changed.descending if sort == changed.sort else False
            changed = replace(changed, sort=sort, descending=descending, page=0)
        if isinstance(search, str):
            changed = replace(changed, search=_printable(search), page=0)
        if isinstance(page, int) and not isinstance(page, bool) and page >= 0:
            changed = replace(changed, page=page)
        return changed


def _printable(search: str) -> str:
    """The search as it can occur in the ledger: no control characters, no halves of characters."""
    return "".join(character for character in search if character.isprintable()).strip()[:MAX_SEARCH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """The rows of one page in order, how many rows the search has in all, and the query as it was answered."""

    rows: tuple[Row, ...]
    total: int
    query: PageQuery

    @property
    def pages(self) -> int:
        """How many pages the search has; at least one, so that there is always a page to stand on."""
        return max(1, -(-self.total // self.query.size))
