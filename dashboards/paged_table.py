"""A table whose pages, order and search are answered by SQL: a session holds the rows on the screen and no more.

The browser only says what was asked (a page, a column, a search, a row); everything it says is checked against what the
table offers before it becomes a query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import param
from panel.custom import JSComponent
from panel.viewable import Viewable, Viewer

from dashboards.formats import count
from dashboards.paging import PAGE_SIZES, Page, PageQuery
from dashboards.texts import Language, text

__all__ = ["Cell", "Column", "PagedTable", "TableRow"]

_ASSETS = Path(__file__).parent / "assets"

Row = TypeVar("Row")

LABELS: Final[Mapping[str, str]] = {
    "search": "search",
    "search_label": "search_label",
    "page_size": "page_size",
    "none": "rows_none",
    "choose": "choose_row",
    "first": "page_first",
    "previous": "page_previous",
    "next": "page_next",
    "last": "page_last",
}
"""By label of the drawn table, the name of its text, unless the table says another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: the name SQL sorts by, that of its title among the texts; ``text`` is cut to fit, and ``long``
    as well, with more room; ``number``, ``id`` and ``date`` are not.
    """

    name: str
    title: str
    kind: str = "text"
    sortable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one cell shows, the whole of it where the cell shows less, and its tone: ``warn``, ``muted`` or none."""

    text: str
    title: str | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A row as shown: its identifier, which a click selects, and one cell per column."""

    id: str
    cells: tuple[Cell, ...]


class TableView(JSComponent):
    """The drawn table; ``version`` changes once per page, after everything the page shows is in place."""

    columns = param.List()
    rows = param.List()
    labels = param.Dict(default={})
    sizes = param.List(default=list(PAGE_SIZES))
    total = param.Integer(default=0)
    page = param.Integer(default=0)
    size = param.Integer(default=25)
    sort = param.String(default="")
    descending = param.Boolean(default=False)
    search = param.String(default="")
    selected = param.String(default="")
    busy = param.Boolean(default=True)
    version = param.Integer(default=0)

    _esm = _ASSETS / "table.js"
    _stylesheets = [(_ASSETS / "table.css").read_text(encoding="utf-8")]  # noqa: RUF012 — Panel's own declaration

    def __init__(self, **params: Any) -> None:
        self.asked: Callable[[object], None] = lambda _: None
        super().__init__(**params)  # type: ignore[no-untyped-call]

    def _handle_msg(self, msg: object) -> None:
        self.asked(msg)


class PagedTable(Viewer, Generic[Row]):
    """A table over ``fetch``: every page, order and search asks it again; ``selected`` is the id of the chosen row.

    ``show`` turns one row into what the columns show, ``texts`` names what is said otherwise than of assets. ``fetch``
    may block: events are handled outside the event loop.
    """

    selected = param.String(default="")

    def __init__(
        self,
        columns: Sequence[Column],
        fetch: Callable[[PageQuery], Page[Row]],
        show: Callable[[Row], TableRow],
        *,
        query: PageQuery,
        language: Language,
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._columns = tuple(columns)
        self._sortable = frozenset(column.name for column in columns if column.sortable)
        self._fetch = fetch
        self._show = show
        self._language = language
        self._texts = {**LABELS, **texts}
        self._answering = RLock()  # events come on several threads; the last one asked is the one shown
        self.query = query
        self.view = TableView(sizing_mode="stretch_width", labels=self._labels(""), sort=query.sort, size=query.size)
        self.view.asked = self.answer

    def __panel__(self) -> Viewable:
        return self.view

    def speak(self, language: Language) -> None:
        """Titles and labels are in ``language`` from the next page shown on."""
        self._language = language

    def refresh(self) -> None:
        """The rows of the current query are shown, read anew; a page beyond the last becomes the last."""
        with self._answering:
            self.view.busy = True
            try:
                page = self._fetch(self.query)
                if page.total and self.query.page >= page.pages:
                    self.query = self.query.asked({"page": page.pages - 1}, sortable=self._sortable)
                    page = self._fetch(self.query)
                self._show_page(page)
            finally:
                self.view.busy = False

    def _show_page(self, page: Page[Row]) -> None:
        first = page.query.page * page.query.size
        status = text(
            "rows_shown",
            self._language,
            first=count(first + 1 if page.total else 0),
            last=count(first + len(page.rows)),
            total=count(page.total),
        )
        self.view.param.update(
            columns=[
                {"name": c.name, "title": text(c.title, self._language), "kind": c.kind, "sortable": c.sortable}
                for c in self._columns
            ],
            rows=[asdict(self._show(row)) for row in page.rows],
            labels=self._labels(status),
            total=page.total,
            page=page.query.page,
            size=page.query.size,
            sort=page.query.sort,
            descending=page.query.descending,
            search=page.query.search,
            selected=self.selected,
            version=self.view.version + 1,
        )

    def _labels(self, status: str) -> dict[str, str]:
        return {"status": status, **{label: text(name, self._language) for label, name in self._texts.items()}}

    def answer(self, request: object) -> None:
        """What the browser asked for is shown; what it may not ask for changes nothing."""
        with self._answering:
            if isinstance(request, dict) and isinstance(chosen := request.get("selected"), str):
                if any(row["id"] == chosen for row in self.view.rows):
                    self.view.selected = chosen
                    self.selected = chosen
                return
            query = self.query.asked(request, sortable=self._sortable)
            if query != self.query:
                self.query = query
                self.refresh()
