"""The pool of one plan as a page: headline figures, three charts, the table of its assets, the lineage of a chosen one.

The state (``PoolState``) knows nothing of Panel; the charts are pure functions (``dashboards.plots``); the page builds
its panes once and from then on changes only what is in them. The same object is the last expression of a notebook cell
and, through ``page()``, a page of the portal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from threading import RLock
from typing import Any

import holoviews as hv
import panel as pn
import panel_material_ui as pmui
import param
from holoviews.streams import Pipe
from panel.viewable import Viewable, Viewer
from panel_material_ui.template.base import Page

from dashboards import plots
from dashboards.day_picker import DayPicker
from dashboards.desk import NOT_FOUND, AssetLine, Desk, PoolView
from dashboards.failure import guarded
from dashboards.formats import PALETTE_DARK, PALETTE_LIGHT, amount, common_scale, count, day, short_id
from dashboards.frames import aging_frame, debtor_frame, ladder_frame
from dashboards.headline import headline
from dashboards.lineage import Lineage
from dashboards.markup import markup
from dashboards.newest import Newest
from dashboards.paged_table import Cell, Column, PagedTable, TableRow
from dashboards.paging import Page as Paged
from dashboards.paging import PageQuery
from dashboards.parts import STAYS, card, framed, html, language_switch
from dashboards.texts import Language, text
from dashboards.trail import ProvedTrail

__all__ = ["PoolPage", "PoolState"]

COLUMNS = (
    Column(name="asset", title="column_asset", kind="id"),
    Column(name="debtor", title="column_debtor"),
    Column(name="creditor", title="column_creditor"),
    Column(name="amount", title="column_amount", kind="number"),
    Column(name="outstanding", title="column_outstanding", kind="number"),
    Column(name="due", title="column_due", kind="date"),
    Column(name="days_past_due", title="column_days_past_due", kind="number"),
)


#: The charts, from left to right.
CHARTS = ("maturity", "aging", "debtors")
ACROSS = "debtors"  # the one whose bars lie, because names are long
FIGURES_HEIGHT = 94  # px kept for the figures while they are read, so that nothing jumps


class PoolState(param.Parameterized):
    """What a person chose on the page: the day, the language, light or dark."""

    plan = param.String(constant=True)
    on: date | None = param.CalendarDate(  # type: ignore[assignment]
        default=None, doc="the day the pool is measured on; None is the day of the newest block"
    )
    language: Language = param.Selector(default=Language.ZH, objects=list(Language))  # type: ignore[assignment]
    dark = param.Boolean(default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read for a choice: the pool, the last day the ledger holds, and the day asked for when it is later."""

    view: PoolView
    beyond: date | None
    last: date | None


class PoolPage(Viewer):
    """The page of the plan ``plan`` as the desk's actor may see it.

    Nothing is read from the ledger when it is made: ``load`` does that, outside the event loop when served.
    """

    def __init__(
        self, desk: Desk, plan: str, *, language: Language = Language.ZH, on: date | None = None, dark: bool = False
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.state = PoolState(plan=plan, language=language, on=on, dark=dark)  # type: ignore[no-untyped-call]
        self.view: PoolView | None = None
        self.beyond: date | None = None
        self._desk = desk
        self._newest = Newest()  # events come on several threads; what was chosen last is what is shown
        self._showing = RLock()
        self._notice = html()
        self._heading = html()
        self._figures = html(min_height=FIGURES_HEIGHT)
        self._charts = {name: Pipe(data=partial(plots.nothing_drawn, across=name == ACROSS)) for name in CHARTS}
        self._titles = {name: html() for name in (*CHARTS, "assets", "lineage")}
        self.lineage = Lineage(self._read_asset, language=language)
        self.table = PagedTable(
            COLUMNS,
            self._read_assets,
            _table_row,
            query=PageQuery(sort="outstanding", descending=True),
            language=language,
        )
        self._day = DayPicker(on, language=language)
        self._language = language_switch(language)
        self._named: Callable[[], None] = lambda: None
        self._layout = self._lay_out()
        self._label()
        self._react()

    def load(self) -> None:
        """The page shows the pool as the ledger has it now. Raises one of NOT_FOUND when it has no such plan.

        A day the ledger has not reached is not guessed at: its last day is shown, with a notice. While another thread
        loads, this returns at once: that one shows what is chosen in the end.
        """
        self._newest.show(self._read, self._take)

    def _read(self) -> Reading:
        last, asked = self._desk.newest_day(), self.state.on
        beyond = asked if last is not None and asked is not None and asked > last else None
        view = self._desk.pool(self.state.plan, on=asked if beyond is None else last)
        return Reading(view=view, beyond=beyond, last=last)

    def _take(self, reading: Reading) -> None:
        with self._showing:
            self.view, self.beyond = reading.view, reading.beyond
            self._day.reach(reading.last)
            self._show()

    def page(self) -> Page:
        """The page for the portal; it fills itself once the browser has it."""
        pn.state.onload(self._guarded(self.load), threaded=True)
        page, self._named = framed(self.state, self._language, self._layout, self._told)
        return page

    def _told(self) -> tuple[str, dict[str, str]]:
        """What the browser's tab says is shown, and what of it the page's address names."""
        on = self.state.on
        return "" if self.view is None else self.view.plan.name, {"day": "" if on is None else day(on)}

    def __panel__(self) -> Viewable:
        if self.view is None:
            self.load()
        return self._layout

    def _read_assets(self, query: PageQuery) -> Paged[AssetLine]:
        """A page of the very pool that the headline shows, whatever blocks came since."""
        view = self.view
        if view is None:
            return Paged(rows=(), total=0, query=query)
        return self._desk.assets(view.plan.plan, query, on=view.on, height=view.moment.height)

    def _read_asset(self, asset: str) -> ProvedTrail:
        height = None if self.view is None else self.view.moment.height
        return self._desk.asset(self.state.plan, asset, height=height)

    def _lay_out(self) -> Viewable:
        charts = pmui.Grid(
            *(
                pmui.Grid(card(self._titles[name], _chart(self._charts[name])), size={"xs": 12, "md": 6, "lg": 4})
                for name in CHARTS
            ),
            container=True,
            spacing=1.5,
            sizing_mode="stretch_width",
        )
        details = pmui.Grid(
            pmui.Grid(card(self._titles["assets"], self.table), size={"xs": 24, "lg": 17}),
            pmui.Grid(card(self._titles["lineage"], self.lineage), size={"xs": 24, "lg": 7}, styles=STAYS),
            columns=24,
            container=True,
            spacing=1.5,
            sizing_mode="stretch_width",
        )
        # On a narrow screen the day stands below the heading.
        self._heading.styles = {"flex": "1 1 320px", "width": "auto"}
        self._top = pn.Row(
            self._heading,
            self._day,
            sizing_mode="stretch_width",
            styles={"gap": "10px 24px", "align-items": "end", "flex-wrap": "wrap"},
        )
        gap = {"gap": "14px"}
        self._body = pn.Column(self._figures, charts, details, sizing_mode="stretch_width", styles=gap)
        return pn.Column(
            self._notice,
            self._top,
            self._body,
            sizing_mode="stretch_width",
            styles={**gap, "padding": "16px 22px 28px"},
        )

    def _react(self) -> None:
        """Every choice shows at once; whatever fails behind it shows a reference, never a traceback."""
        self._day.chosen = self._guarded(self._choose)
        self._language.param.watch(lambda event: self.state.param.update(language=event.new), "value")
        self.state.param.watch(lambda _: self._guarded(self.load)(), "on")
        self.state.param.watch(lambda _: self._guarded(self._speak)(), "language")
        self.state.param.watch(lambda _: self._guarded(self._redraw)(), "dark")
        self.table.view.asked = self._guarded(self.table.answer)
        self.table.param.watch(lambda event: self._guarded(self.lineage.follow)(event.new), "selected")

    def _choose(self) -> None:
        """The day of the state is the one chosen last, whichever thread was told of it first."""
        while self.state.on != self._day.value:
            self.state.on = self._day.value

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        return guarded(act, NOT_FOUND, self._not_found, notice=self._notice, language=lambda: self.state.language)

    def _not_found(self) -> None:
        """The page says that the ledger holds no such plan."""
        self.view = None
        self._notice.object = markup("not_found.html", self.state.language, plan=self.state.plan)
        self._top.visible = self._body.visible = False

    def _speak(self) -> None:
        with self._showing:
            self._label()
            self.table.speak(self.state.language)
            self.lineage.speak(self.state.language)
            self._show()

    def _label(self) -> None:
        """Titles and the notice are in the page's language."""
        language = self.state.language
        self._notice.object = markup("notice.html", language, beyond=None)
        self._day.speak(language)
        for name, title in self._titles.items():
            key = name if name in ("assets", "lineage") else f"chart_{name}"
            title.object = markup("title.html", language, title=text(key, language))
        if self.view is None:
            self._heading.object = markup("loading.html", language)

    def _show(self) -> None:
        """Heading, figures, table and charts show the view that was read, in the order a person reads them."""
        view, language = self.view, self.state.language
        if view is None:
            return
        self._top.visible = self._body.visible = True
        self._notice.object = markup("notice.html", language, beyond=self.beyond, last=view.on)
        self._named()
        self._heading.object = markup("heading.html", language, plan=view.plan, moment=view.moment, on=view.on)
        self._figures.object = markup("figures.html", language, tiles=headline(view, language))
        self.table.refresh()
        self._draw()

    def _redraw(self) -> None:
        with self._showing:
            self._draw()

    def _draw(self) -> None:
        view, language = self.view, self.state.language
        if view is None:
            return
        palette = PALETTE_DARK if self.state.dark else PALETTE_LIGHT
        if not view.balance:
            title = text("chart_empty", language)
            for name, chart in self._charts.items():
                chart.send(partial(plots.nothing_drawn, title, across=name == ACROSS, palette=palette))
            return
        ladder, quarterly = ladder_frame(view.ladder, language)
        aging, debtors = aging_frame(view.aging, language), debtor_frame(view, language)
        scale = common_scale([int(frame["balance"].max()) for frame in (ladder, aging, debtors)], language)
        look: dict[str, Any] = {"language": language, "palette": palette, "scale": scale}
        self._charts["maturity"].send(partial(plots.maturity_ladder, ladder, quarterly=quarterly, **look))
        self._charts["aging"].send(partial(plots.aging_bars, aging, **look))
        self._charts["debtors"].send(partial(plots.debtor_bars, debtors, **look))


def _chart(drawn: Pipe) -> pn.pane.HoloViews:
    """A chart that is built once and redrawn by whatever is sent to ``drawn``: a function that makes the element."""
    charted = hv.DynamicMap(lambda data: data(), streams=[drawn])
    return pn.pane.HoloViews(
        charted, backend=plots.BACKEND, sizing_mode="stretch_width", height=plots.HEIGHT, margin=0, linked_axes=False
    )


def _table_row(line: AssetLine) -> TableRow:
    late = line.days_past_due > 0
    return TableRow(
        id=line.asset,
        cells=(
            Cell(text=short_id(line.asset), title="\n".join((line.asset, *line.invoices))),
            Cell(text=line.debtor, title=line.debtor),
            Cell(text=line.creditor, title=line.creditor),
            Cell(text=amount(line.amount)),
            Cell(text=amount(line.outstanding), tone="" if line.outstanding else "muted"),
            Cell(text=day(line.due)),
            Cell(text=count(line.days_past_due) if late else "—", tone="warn" if late else "muted"),
        ),
    )
