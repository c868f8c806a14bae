"""The way in for a notebook: a desk over the node's database, and the pages as the last expression of a cell."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import panel as pn

from dashboards.desk import REGULATOR, Actor, Desk
from dashboards.pool_page import PoolPage
from dashboards.texts import Language
from ledger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_desk", "pool_page"]


def open_desk(database: str | Path, *, actor: Actor = REGULATOR) -> Desk:
    """A desk over the database at a path or URL; pages then show in cells, with scripts that come from this machine.

    Raises Unknown or StoreUnavailable when there is no usable database.
    """
    pn.extension(inline=True)
    return Desk(Store.open(database), actor)


def pool_page(desk: Desk, plan: str, *, on: date | None = None, language: Language = Language.ZH) -> PoolPage:
    """The pool page of a plan, read and ready to be shown. Raises UnknownPlan."""
    page = PoolPage(desk, plan, on=on, language=language)
    page.load()
    return page
