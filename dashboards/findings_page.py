"""The findings as a page: how many of each level, filters, the list, and the one chosen with its records and proofs.

Built as the pool page is (:mod:`dashboards.pool_page`): the state knows nothing of Panel, the panes are made once, and
nothing is read before the browser has the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewable, Viewer
from panel_material_ui.template.base import Page

from dashboards.failure import guarded
from dashboards.finding_pane import FindingPane, named, sentence
from dashboards.findings_desk import Choice, FindingRow, FindingsDesk, Listed, State
from dashboards.formats import count, day
from dashboards.markup import markup
from dashboards.newest import Newest
from dashboards.paged_table import Cell, Column, PagedTable, TableRow
from dashboards.paging import Page as Paged
from dashboards.paging import PageQuery
from dashboards.parts import STAYS, card, framed, html, language_switch
from dashboards.texts import Language, text
from ledger.errors import Unknown
from regulator.rules import FAMILIES, titled
from regulator.signals import Level
from regulator.wording import told_amount

__all__ = ["FindingsPage", "FindingsState"]

COLUMNS: Final = (
    Column(name="level", title="finding_level", kind="id"),
    Column(name="rule", title="finding_title"),
    Column(name="sentence", title="finding_sentence", kind="long", sortable=False),
    Column(name="amount", title="finding_amount", kind="number"),
    Column(name="since", title="finding_since", kind="date"),
    Column(name="first_height", title="block", kind="number"),
)
TEXTS: Final[Mapping[str, str]] = {"search": "findings_search", "none": "findings_no_match", "choose": "choose_finding"}
LIKE_SELECT: Final = {
    "& .MuiInputBase-root": {"height": 35},
    "& .MuiInputLabel-root": {"fontSize": 14},
    "& .MuiAutocomplete-endAdornment button": {"color": "text.primary"},
}
"""A field that completes what is typed looks as those beside it, in the dark too."""
ANY: Final = ""
"""What a filter is set to when it lets everything through."""


class FindingsState(param.Parameterized):
    """What a person chose on the page; an empty filter lets everything through."""

    family = param.String(default=ANY)
    level = param.String(default=ANY)
    plan = param.String(default=ANY)
    member = param.String(default=ANY)
    state: State = param.Selector(default=State.STANDING, objects=list(State))  # type: ignore[assignment]
    language: Language = param.Selector(default=Language.ZH, objects=list(Language))  # type: ignore[assignment]
    dark = param.Boolean(default=False)

    @property
    def choice(self) -> Choice:
        """The filters as the desk takes them."""
        return Choice(
            family=self.family or None,
            level=Level(self.level) if self.level else None,
            plan=self.plan or None,
            member=self.member or None,
            state=self.state,
        )


class FindingsPage(Viewer):
    """The page of the findings that the desk's actor may see; ``finding`` is shown beside the list at once."""

    def __init__(
        self, desk: FindingsDesk, *, language: Language = Language.ZH, finding: str = "", plan: str = ANY
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.state = FindingsState(language=language, plan=plan)  # type: ignore[no-untyped-call]
        self.listed: Listed | None = None
        self._desk = desk
        self._newest = Newest()
        self._showing = RLock()
        self._notice, self._heading = html(), html()
        self._titles = {name: html() for name in ("findings_list", "finding_one")}
        self._plans: dict[str, str] = {plan: plan} if plan else {}
        self._members: dict[str, str] = {}
        self.pane = FindingPane(desk.finding, language=language)
        self._first = finding
        self.table = PagedTable(
            COLUMNS,
            self._read_rows,
            self._row,
            query=PageQuery(sort="level", descending=True),
            language=language,
            texts=TEXTS,
        )
        self._language = language_switch(language)
        self._filters: dict[str, Any] = {
            name: pmui.Select(size="small", margin=0, sizing_mode="stretch_width")
            for name in ("family", "level", "plan", "state")
        }
        self._filters["member"] = pmui.AutocompleteInput(
            size="small",
            margin=0,
            sizing_mode="stretch_width",
            min_characters=0,
            restrict=True,
            case_sensitive=False,
            sx=LIKE_SELECT,
        )
        self._named: Callable[[], None] = lambda: None
        self._layout = self._lay_out()
        self._label()
        self._react()

    def load(self) -> None:
        """The page lists what the book has now. While another thread loads, this returns at once."""
        self._newest.show(self._read, self._take)

    def page(self) -> Page:
        """The page for the portal; it fills itself once the browser has it."""
        pn.state.onload(self._guarded(self._open), threaded=True)
        page, self._named = framed(self.state, self._language, self._layout, self._told)
        return page

    def __panel__(self) -> Viewable:
        if self.listed is None:
            self._open()
        return self._layout

    def _open(self) -> None:
        self.load()
        if self._first:
            self.pane.follow(self._first)

    def _read(self) -> tuple[dict[str, str], dict[str, str]]:
        return self._desk.plans(), self._desk.members()

    def _take(self, offered: tuple[dict[str, str], dict[str, str]]) -> None:
        with self._showing:
            self._plans, self._members = offered
            self._label()
            self.table.refresh()

    def _read_rows(self, query: PageQuery) -> Paged[FindingRow]:
        listed = self._desk.listed(query, self.state.choice)
        with self._showing:
            self.listed = listed
            self._head()
        return listed.page

    def _lay_out(self) -> Viewable:
        filters = pmui.Grid(
            *(
                pmui.Grid(self._filters[name], size={"xs": 12, "sm": 6, "md": 2.4})
                for name in ("family", "level", "plan", "member", "state")
            ),
            container=True,
            spacing=1.5,
            sizing_mode="stretch_width",
        )
        details = pmui.Grid(
            pmui.Grid(card(self._titles["findings_list"], self.table), size={"xs": 24, "lg": 16}),
            pmui.Grid(card(self._titles["finding_one"], self.pane), size={"xs": 24, "lg": 8}, styles=STAYS),
            columns=24,
            container=True,
            spacing=1.5,
            sizing_mode="stretch_width",
        )
        return pn.Column(
            self._notice,
            self._heading,
            filters,
            details,
            sizing_mode="stretch_width",
            styles={"gap": "14px", "padding": "16px 22px 28px"},
        )

    def _react(self) -> None:
        """Every choice shows at once; whatever fails behind it shows a reference, never a traceback."""
        for name, widget in self._filters.items():
            widget.param.watch(partial(self._choose, name), "value")
        self.state.param.watch(
            lambda *_: self._guarded(self._filtered)(), ["family", "level", "plan", "member", "state"]
        )
        self._language.param.watch(lambda event: self.state.param.update(language=event.new), "value")
        self.state.param.watch(lambda _: self._guarded(self._speak)(), "language")
        self.table.view.asked = self._guarded(self.table.answer)
        self.table.param.watch(lambda event: self._guarded(self._follow)(event.new), "selected")

    def _choose(self, name: str, event: Any) -> None:
        """The filter is what was chosen, as long as it is one of what is offered."""
        if event.new in (offered := self._offered(name)).values() or not event.new:
            self.state.param.update(**{name: event.new or ANY})
        else:
            self._filters[name].param.update(options=offered, value=getattr(self.state, name))

    def _filtered(self) -> None:
        """A new choice begins on its first page."""
        self.table.query = self.table.query.asked({"page": 0}, sortable=frozenset())
        self.table.refresh()

    def _follow(self, finding: str) -> None:
        self._first = finding
        self._named()
        self.pane.follow(finding)

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        return guarded(act, Unknown, self._empty, notice=self._notice, language=lambda: self.state.language)

    def _empty(self) -> None:
        """The page says that the replica is empty."""
        self._heading.object = markup("findings_heading.html", self.state.language, listed=None)

    def _speak(self) -> None:
        with self._showing:
            self._label()
            self._head()
            self.table.speak(self.state.language)
            self.pane.speak(self.state.language)
            self.table.refresh()

    def _told(self) -> tuple[str, dict[str, str]]:
        """What the browser's tab says is shown, and what of it the page's address names."""
        return text("findings_page", self.state.language), {"finding": self._first}

    def _label(self) -> None:
        """Titles, filters and the notice are in the page's language."""
        language = self.state.language
        self._named()
        self._notice.object = markup("notice.html", language, beyond=None)
        for name, title in self._titles.items():
            title.object = markup("title.html", language, title=text(name, language))
        for name, widget in self._filters.items():
            widget.param.update(
                label=text(f"filter_{name}", language), options=self._offered(name), value=getattr(self.state, name)
            )
        if self.listed is None:
            self._head()

    def _offered(self, name: str) -> dict[str, Any]:
        """What a filter lets one choose, value by its text."""
        language = self.state.language
        if name == "state":
            return {text(f"shown_{one.value}", language): one for one in State}
        groups: dict[str, Mapping[str, str]] = {
            "family": {one: text(f"family_{one}", language) for one in FAMILIES},
            "level": {one.value: text(f"level_{one.value}", language) for one in reversed(Level)},
            "plan": {plan: f"{title} {plan}" for plan, title in self._plans.items()},
            "member": {one: title if title == one else f"{title} {one}" for one, title in self._members.items()},
        }
        return {text("filter_any", language): ANY, **{said: value for value, said in groups[name].items()}}

    def _head(self) -> None:
        listed = self.listed
        levels = [] if listed is None else [(one.value, listed.levels[one]) for one in reversed(Level)]
        self._heading.object = markup("findings_heading.html", self.state.language, listed=listed, levels=levels)

    def _row(self, row: FindingRow) -> TableRow:
        line, language = row.line, self.state.language
        said = sentence(row.signal, row.names, language)
        title = titled(line.rule, language.value)
        tone = "muted" if row.suppressed or not line.standing else ""
        return TableRow(
            id=line.id,
            cells=(
                Cell(text=text(f"level_{line.level.value}", language), tone=tone or line.level.value),
                Cell(text=title, title=f"{title}\n{named(line.subject, language)}", tone=tone),
                Cell(text=said, title=said, tone=tone),
                Cell(text=told_amount(line.amount, line.rule, language.value), tone=tone),
                Cell(text=day(line.since), tone=tone),
                Cell(text=count(line.first_height), tone=tone),
            ),
        )
