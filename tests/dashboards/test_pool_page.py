"""The desk over a real replica, the page's state, its charts and its lineage; no browser is needed for these."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import holoviews as hv
import pandas as pd
import panel as pn
import pytest
import zstandard
from bokeh.document import Document

from abs.pool import read_pool
from dashboards import plots
from dashboards.desk import NOT_FOUND, REGULATOR, Desk, PoolView, Slice
from dashboards.formats import PALETTE_DARK, PALETTE_LIGHT, amount, scale_for
from dashboards.frames import aging_frame, debtor_frame, ladder_frame
from dashboards.headline import headline
from dashboards.lineage import Lineage
from dashboards.paging import PageQuery
from dashboards.pool_page import PoolPage
from dashboards.texts import Language
from ledger.position import Position
from ledger.store import Store
from ledger.verdict import Verdict
from tests.support.ledger_book import Book, plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashboards.trail import ProvedTrail
    from tests.support.market import Market

BY_BALANCE = PageQuery(sort="outstanding", descending=True, size=100)
DAY = date(2024, 9, 30)


@pytest.fixture(scope="module")
def desk(market: Market) -> Iterator[Desk]:
    with Store.open(market.database) as store:
        yield Desk(store, REGULATOR)


def test_the_desk_lists_plans_and_the_newest_block(desk: Desk, market: Market) -> None:
    [plan] = desk.plans()
    moment = desk.moment()
    assert plan.plan == market.plan
    assert plan.principal > 0
    assert moment is not None
    assert moment.height > 0
    assert len(moment.block_hash) == len(moment.facts_digest) == 66


def test_an_empty_replica_has_neither(tmp_path: Path) -> None:
    with Store.create(tmp_path / "empty.db") as store:
        desk = Desk(store, REGULATOR)
        assert desk.moment() is None
        assert desk.plans() == ()
        with pytest.raises(NOT_FOUND):
            desk.pool("any")


@pytest.mark.parametrize("on", [None, DAY, date(2024, 3, 1), date(2020, 1, 1)])
def test_the_headline_equals_the_pool(desk: Desk, market: Market, on: date | None) -> None:
    view = desk.pool(market.plan, on=on)
    with Store.open(market.database) as store:
        pool = read_pool(store.at(), market.plan, on)
    assert view.balance == pool.balance().value == sum(part.balance for part in view.aging)
    assert view.balance == sum(part.balance for part in view.ladder)
    assert view.delinquency == pool.delinquency_ratio().value
    assert view.wam == pool.wam().value
    assert view.hhi == pool.concentration().hhi.value
    assert (view.assets, view.open_assets) == (pool.held(), pool.count().value)


@pytest.mark.parametrize("on", [None, DAY])
def test_the_table_foots_to_the_headline(desk: Desk, market: Market, on: date | None) -> None:
    view = desk.pool(market.plan, on=on)
    page = desk.assets(market.plan, BY_BALANCE, on=on)
    assert page.total == view.assets == len(page.rows)
    assert sum(row.outstanding for row in page.rows) == view.balance
    assert sum(row.outstanding for row in page.rows if row.days_past_due) == view.overdue
    assert sum(row.amount for row in page.rows) == view.assigned


def test_table_and_lineage_stay_at_the_height_of_the_headline(desk: Desk, market: Market) -> None:
    head = desk.moment()
    assert head is not None
    earlier = desk.pool(market.plan, height=head.height - 20)
    assert earlier.moment.height == head.height - 20
    assert earlier.on < desk.pool(market.plan).on
    page = PoolPage(desk, market.plan)
    page.view = earlier
    page._show()
    assert page.table.view.total == earlier.assets
    page.table.answer({"selected": page.table.view.rows[0]["id"]})
    assert page.lineage.trail is not None
    assert all(step.height <= earlier.moment.height for step in page.lineage.trail.steps)


def test_a_pool_is_measured_once_for_everyone_who_asks(market: Market) -> None:
    with Store.open(market.database) as store, ThreadPoolExecutor(8) as many:
        desk = Desk(store, REGULATOR)
        views = list(many.map(lambda _: desk.pool(market.plan), range(24)))
        pages = list(
            many.map(lambda at: desk.assets(market.plan, replace(BY_BALANCE, page=at % 3, size=10)), range(24))
        )
    assert len({id(view) for view in views}) == 1
    assert [page.rows for page in pages[:3]] == [page.rows for page in pages[3:6]]


def test_without_a_day_it_is_the_day_in_china_of_the_block(tmp_path: Path) -> None:
    book = Book(tmp_path / "ledger.db")
    book.admit()
    book.say("manager", "plan.established", plan("P"))
    book.seal()
    book.time = datetime(2026, 1, 5, 16, 30, tzinfo=UTC)
    book.seal()
    assert Desk(book.store, REGULATOR).pool("P").on == date(2026, 1, 6)
    book.store.close()


def test_what_the_ledger_does_not_hold_is_said_so(desk: Desk, market: Market) -> None:
    with pytest.raises(NOT_FOUND):
        desk.pool("no such plan")
    with pytest.raises(NOT_FOUND):
        desk.asset(market.plan, "no such asset")


@pytest.fixture(scope="module")
def paid(desk: Desk, market: Market) -> ProvedTrail:
    """The trail of the first asset that was paid."""
    page = desk.assets(market.plan, replace(BY_BALANCE, descending=False))
    return desk.asset(market.plan, page.rows[0].asset)


def test_a_trail_leads_from_the_plan_to_the_payment(paid: ProvedTrail) -> None:
    kinds = [step.kind for step in paid.steps]
    order = (
        "plan.established",
        "tranche",
        "pool.assigned",
        "receivable.registered",
        "receivable.confirmed",
        "certificate.issued",
        "invoice.registered",
        "invoice.verified",
        "payment.recorded",
        "collection.received",
    )
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert all(step.sound for step in paid.steps)


def test_every_record_of_a_trail_is_proved(paid: ProvedTrail) -> None:
    assert {step.proof for step in paid.steps} == {Verdict.PASSED}
    assert paid.unproved == 0
    assert paid.records == len({step.position for step in paid.steps}) > 5
    for step in paid.steps:
        assert Position.parse(step.position).height == step.height  # type: ignore[union-attr]


def _edit(database: Path, statement: str, *values: object) -> None:
    """Change one row behind the node's back, as someone with the file in hand could."""
    with sqlite3.connect(database) as connection:
        assert connection.execute(statement, values).rowcount == 1


def _edit_record(database: Path, place: Position) -> None:
    changed = "payload = replace(payload, '\"amount\":', '\"amount\":9')"
    _edit(database, f"UPDATE record SET {changed} WHERE position = ?", place.number)


def _edit_fact(database: Path, place: Position) -> None:
    _edit(database, "UPDATE receivable SET amount = amount + 1 WHERE from_position = ?", place.number)


def _edit_block(database: Path, place: Position) -> None:
    with Store.open(database) as store:
        altered = store.document(place.height).replace(b'"gasUsed"', b'"gasUsef"', 1)
    packed = zstandard.compress(altered)
    _edit(database, "UPDATE document SET content = ? WHERE height = ?", packed, place.height)


@pytest.mark.parametrize("edit", [_edit_record, _edit_fact, _edit_block], ids=["record", "fact", "block"])
def test_what_was_altered_after_it_was_proved_fails_the_next_time(tmp_path: Path, market: Market, edit: Any) -> None:
    database = tmp_path / "altered.db"
    shutil.copy(market.database, database)
    with Store.open(database) as store:
        desk = Desk(store, REGULATOR)
        asset = desk.assets(market.plan, BY_BALANCE).rows[0].asset
        before = desk.asset(market.plan, asset)
        assert before.unproved == 0
        chosen = next(step.position for step in before.steps if step.kind == "receivable.registered")
        place = Position.parse(chosen)
        edit(database, place)
        after = desk.asset(market.plan, asset)
    failed = [step for step in after.steps if step.proof is Verdict.FAILED]
    assert chosen in {step.position for step in failed}
    assert all(step.reason for step in failed)
    assert after.unproved == len({step.position for step in failed})
    assert {step.height for step in failed} == {place.height}  # type: ignore[union-attr]


def test_headline_tiles_carry_units_and_formulas(desk: Desk, market: Market) -> None:
    view = desk.pool(market.plan, on=DAY)
    tiles = {tile.name: tile for tile in headline(view, Language.ZH)}
    assert tiles["balance"].value == amount(view.balance)
    assert tiles["balance"].unit == "元"
    assert tiles["balance"].formula
    assert tiles["delinquency"].value.endswith("%")
    assert [tile.name for tile in headline(view, Language.EN)] == list(tiles)
    empty = headline(replace(view, delinquency=None, wam=None, overdue=0), Language.ZH)
    assert {tile.name: (tile.value, tile.unit) for tile in empty}["wam"] == ("—", "")


def part(label: str, balance: int = 100) -> Slice:
    return Slice(label=label, balance=balance, share=Decimal("0.1"), count=1)


def test_a_short_ladder_is_drawn_by_month_and_a_long_one_by_quarter() -> None:
    months = [part("overdue"), *(part(f"2024-{at:02d}") for at in range(1, 13))]
    frame, quarterly = ladder_frame(months, Language.ZH)
    assert not quarterly
    assert list(frame["period"][:2]) == ["已逾期", "2024-01"]
    assert list(frame["overdue"][:2]) == [True, False]
    frame, quarterly = ladder_frame([*months, *(part(f"2025-{at:02d}") for at in range(1, 13))], Language.EN)
    assert quarterly
    assert list(frame["period"][:3]) == ["Overdue", "2024Q1", "2024Q2"]
    assert list(frame["balance"][:2]) == [100, 300]


def test_a_very_long_ladder_ends_in_one_bar_and_loses_nothing() -> None:
    months = [part(f"{year}-{month:02d}") for year in range(2024, 2054) for month in range(1, 13)]
    frame, _ = ladder_frame(months, Language.ZH)
    assert len(frame) == 16
    assert frame["period"].iloc[-1] == "2027Q4+"
    assert frame["balance"].sum() == 100 * len(months)


def test_the_debtors_drawn_and_the_others_are_the_whole(desk: Desk, market: Market) -> None:
    view = desk.pool(market.plan, on=DAY)
    frame = debtor_frame(view, Language.ZH)
    assert frame["balance"].sum() == view.balance
    assert list(frame["others"]) == [False] * 10 + [True]
    assert frame["debtor"].iloc[-1] == f"其余 {view.debtors - 10} 家"


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("palette", [PALETTE_LIGHT, PALETTE_DARK], ids=["light", "dark"])
def test_charts_are_pure_and_name_their_units(desk: Desk, market: Market, language: Language, palette: Any) -> None:
    view = desk.pool(market.plan, on=DAY)
    frame = aging_frame(view.aging, language)
    before = frame.copy()
    scale = scale_for(view.balance, language)
    chart = plots.aging_bars(frame, language=language, palette=palette, scale=scale)
    pd.testing.assert_frame_equal(frame, before)
    figure = hv.render(chart, backend="bokeh")
    assert [axis.axis_label for axis in figure.below] == [("逾期天数", "Days past due")[language is Language.EN]]
    assert f"({scale.label})" in figure.left[0].axis_label.translate({0xFF08: "(", 0xFF09: ")"})
    assert figure.output_backend == "canvas"
    assert list(figure.x_range.factors) == list(frame["bucket"])


def test_a_chart_redrawn_in_place_is_as_high_as_its_bars(desk: Desk, market: Market) -> None:
    """HoloViews keeps some options of the first element it drew; none of them may hold a later one."""
    page = PoolPage(desk, market.plan, on=date(2020, 1, 1))
    panes = page._layout.select(pn.pane.HoloViews)
    plots_ = [hv.renderer("bokeh").get_plot(pane.object) for pane in panes]
    page.load()
    page.state.on = DAY
    for plot in plots_:
        figure = plot.state
        values = figure.x_range if hasattr(figure.y_range, "factors") else figure.y_range
        labels = figure.y_range if values is figure.x_range else figure.x_range
        drawn = max(plot.handles["source"].data["height"])
        assert drawn > 1
        assert drawn <= values.end <= drawn * 1.2
        assert values.start == 0
        assert {axis.major_label_text_alpha for axis in figure.axis} == {1}
        assert len(labels.factors) == len(plot.handles["source"].data["height"])


def test_a_chart_with_fewer_bars_tells_of_them_before_their_range(desk: Desk, market: Market) -> None:
    """BokehJS fails ("Size mismatch") when the range comes first and there are fewer bars than before."""
    page = PoolPage(desk, market.plan, on=DAY)
    page.load()
    for pane in page._layout.select(pn.pane.HoloViews):
        plot = hv.renderer("bokeh").get_plot(pane.object)
        document = Document()
        document.add_root(plot.state)
        before = len(plot.handles["source"].data["height"])
        document.hold("combine")
        page.state.on = date(2020, 1, 1)
        told = [
            event for event in document.callbacks._held_events if getattr(event, "attr", None) in {"data", "factors"}
        ]
        assert [event.attr for event in told][:2] == ["data", "factors"]
        assert len(plot.handles["source"].data["height"]) == 1 < before
        document.unhold()
        page.state.on = DAY


def test_the_day_chosen_last_is_shown_however_slow_an_older_one_is(
    desk: Desk, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PoolPage(desk, market.plan)
    page.load()
    begun, let = threading.Event(), threading.Event()
    read = desk.pool

    def reading(plan: str, *, on: date | None) -> PoolView:
        if on == date(2024, 3, 1):
            begun.set()
            assert let.wait(10)
        return read(plan, on=on)

    monkeypatch.setattr(desk, "pool", reading)
    shown: list[str] = []
    page._heading.param.watch(lambda event: shown.append(event.new), "object")
    slow = threading.Thread(target=page._day.answer, args=({"number": 1, "day": "2024-03-01"},))
    slow.start()
    assert begun.wait(10)
    page._day.answer({"number": 3, "day": "2024-09-30"})
    page._day.answer({"number": 2, "day": "2024-05-01"})
    let.set()
    slow.join()
    assert page.view is not None
    assert page.state.on == page.view.on == DAY
    assert len(shown) == 1
    assert "2024-09-30" in shown[0]


def test_a_page_reads_nothing_until_it_is_loaded(desk: Desk, market: Market) -> None:
    page = PoolPage(desk, market.plan)
    assert page.view is None
    assert "正在读取账本" in page._heading.object
    page.load()
    assert page.view is not None
    assert amount(page.view.balance) in page._figures.object


def test_a_choice_changes_what_is_in_the_panes_and_never_the_panes(desk: Desk, market: Market) -> None:
    page = PoolPage(desk, market.plan)
    page.load()
    layout = page.__panel__()
    panes = (page._heading, page._figures, page.table.view, page.lineage.pane, *layout.objects)  # type: ignore[attr-defined]
    latest = page._figures.object
    page.state.on = DAY
    assert page._figures.object != latest
    assert "2024-09-30" in page._heading.object
    assert sum(1 for row in page.table.view.rows) == 25
    page.state.language = Language.EN
    assert "Outstanding balance" in page._figures.object
    assert page.table.view.columns[0]["title"] == "Receivable"
    page.state.dark = True
    after = (page._heading, page._figures, page.table.view, page.lineage.pane, *layout.objects)  # type: ignore[attr-defined]
    assert all(one is other for one, other in zip(panes, after, strict=True))


def test_a_chosen_asset_shows_its_lineage_in_the_pages_language(desk: Desk, market: Market) -> None:
    page = PoolPage(desk, market.plan)
    page.load()
    page.table.answer({"selected": page.table.view.rows[0]["id"]})
    assert page.lineage.trail is not None
    assert page.lineage.trail.unproved == 0
    assert "专项计划设立" in page.lineage.pane.object
    trail = page.lineage.trail
    page.state.language = Language.EN
    assert "Plan established" in page.lineage.pane.object
    assert page.lineage.trail is trail


def test_the_last_asset_chosen_is_the_one_shown(paid: ProvedTrail) -> None:
    first_reads, let_first_end = threading.Event(), threading.Event()

    def read(asset: str) -> ProvedTrail:
        if asset == "first":
            first_reads.set()
            assert let_first_end.wait(10)
        return replace(paid, asset=asset)

    lineage = Lineage(read, language=Language.ZH)
    slow = threading.Thread(target=lineage.follow, args=("first",))
    slow.start()
    assert first_reads.wait(10)
    lineage.follow("second")
    let_first_end.set()
    slow.join()
    assert lineage.trail is not None
    assert lineage.trail.asset == "second"


def test_names_from_the_ledger_are_text_and_never_markup(paid: ProvedTrail) -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    steps = tuple(
        replace(step, subject=evil, parties=(evil,), fields=(("goods", evil),), kind=evil, reason=evil)
        for step in paid.steps
    )
    lineage = Lineage(lambda _: replace(paid, steps=steps), language=Language.ZH)
    lineage.follow("x")
    assert "<img" not in lineage.pane.object
    assert "&lt;img" in lineage.pane.object


def test_an_error_behind_an_event_shows_a_reference_only(
    desk: Desk, market: Market, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PoolPage(desk, market.plan)
    page.load()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(desk, "asset", fail)
    page.table.answer({"selected": page.table.view.rows[0]["id"]})
    [record] = [record for record in caplog.records if record.name == "dashboards.failure"]
    assert record.getMessage().split()[-1] in page._notice.object
    assert "the cause" not in page._notice.object


@pytest.mark.parametrize("language", list(Language))
def test_a_day_before_anything_was_assigned_has_an_empty_page(desk: Desk, market: Market, language: Language) -> None:
    page = PoolPage(desk, market.plan, on=date(2020, 1, 1), language=language)
    page.load()
    assert page.view is not None
    assert page.view.balance == 0
    assert page.table.view.rows == []
    for chart in page._charts.values():
        figure = hv.render(chart.contents["data"](), backend="bokeh")
        labels = [axis.axis_label for axis in (*figure.below, *figure.left)]
        assert ("没有未偿余额", "Nothing outstanding")[language is Language.EN] in labels
        assert {axis.major_label_text_alpha for axis in figure.axis} == {0}
        assert not any(grid.visible for grid in figure.grid)
