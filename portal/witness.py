"""The trail of the pages: whoever is shown a plan, an asset or a finding stands in it, once a visit.

An entry is written before the answer is given. Where that cannot be done, the log says so, and the setting
``trail_failure`` decides whether the page is shown all the same: ``show``, or ``refuse``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Literal

from ledger.errors import LedgerError
from portal.errors import PortalError
from regulator import trail

if TYPE_CHECKING:
    from dashboards.desk import Shown
    from regulator.access import Actor
    from regulator.book import Book

__all__ = ["TrailUnwritten", "Witness"]

log = logging.getLogger(__name__)


class TrailUnwritten(PortalError):
    """Something was not shown, because the trail could not be told of it."""


class Witness:
    """Writes into the book's trail what visitors of the pages are shown; ``clock`` gives the instant, UTC."""

    def __init__(
        self, book: Book | None, clock: Callable[[], datetime], *, failure: Literal["show", "refuse"] = "show"
    ) -> None:
        self._book = book
        self._clock = clock
        self._refuses = failure == "refuse"

    def visit(self, visitor: Actor) -> Shown:
        """Return what is told of all that one visit shows: the same thing at the same height is written once."""
        told: set[tuple[str, int, str]] = set()
        telling = Lock()

        def shown(subject: str, height: int, **details: object) -> None:
            what = (subject, height, repr(sorted(details.items())))
            with telling:
                if what not in told:
                    self._write(visitor, subject, height, details)
                    told.add(what)

        return shown

    def _write(self, visitor: Actor, subject: str, height: int, details: dict[str, object]) -> None:
        try:
            if self._book is None:
                raise PortalError("no-book", "the book could not be opened")
            with self._book.writes() as connection:
                trail.append(
                    connection, visitor, trail.Act.LOOKED, subject, self._clock(), height=height, page=True, **details
                )
        except (LedgerError, PortalError) as failure:
            done = "not shown" if self._refuses else "shown without an entry in the trail"
            log.warning(
                "%s: %s at height %d to %s: %s [%s]", done, subject, height, visitor.name, failure, failure.code
            )
            if self._refuses:
                raise TrailUnwritten(
                    "trail-unwritten",
                    f"The trail cannot be written, so {subject} is not shown",
                    next_step="Let the node write its book (GLASSPOOL_BOOK), or set GLASSPOOL_TRAIL_FAILURE=show.",
                ) from failure
