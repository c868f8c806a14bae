"""What the page shows beside the pool: the day it can know, the tab, one unit for its charts, who signed each step."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import holoviews as hv
import pandas as pd
import pytest

from dashboards import plots
from dashboards.desk import REGULATOR, Desk
from dashboards.formats import PALETTE_LIGHT, scale_for
from dashboards.lineage import Lineage
from dashboards.paging import PageQuery
from dashboards.pool_page import PoolPage
from dashboards.tab import Tab
from dashboards.texts import Language
from ledger.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.market import Market

DAY = date(2024, 9, 30)


@pytest.fixture(scope="module")
def desk(market: Market) -> Iterator[Desk]:
    with Store.open(market.database) as store:
        yield Desk(store, REGULATOR)


def test_a_day_the_ledger_has_not_reached_is_not_guessed_at(desk: Desk, market: Market) -> None:
    page = PoolPage(desk, market.plan, on=date(2030, 1, 1), language=Language.EN)
    page.load()
    last = desk.newest_day()
    assert last is not None
    assert page.view is not None
    assert page.view == desk.pool(market.plan)
    assert (page.view.on, page.beyond, page._day.last) == (last, date(2030, 1, 1), last)
    assert f"Nothing is known of 2030-01-01 yet: the ledger ends on {last}" in page._notice.object
    page.state.on = DAY
    assert page.view.on == DAY
    assert "Nothing is known" not in page._notice.object


@pytest.mark.parametrize("language", list(Language))
def test_charts_side_by_side_have_one_unit(desk: Desk, market: Market, language: Language) -> None:
    page = PoolPage(desk, market.plan, on=DAY, language=language)
    page.load()
    units = set()
    for name, chart in page._charts.items():
        figure = hv.render(chart.contents["data"](), backend="bokeh")
        axis = figure.below[0] if name == "debtors" else figure.left[0]
        units.add(axis.axis_label)
    assert len(units) == 1


def wait_for(held: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something holds within so many seconds."""
    until = time.monotonic() + seconds
    while not held() and time.monotonic() < until:
        time.sleep(0.02)
    return held()


def test_the_tab_names_the_plan_and_follows_the_page(desk: Desk, market: Market) -> None:
    page = PoolPage(desk, market.plan)
    template = page.page()
    [tab] = template.header[0].select(Tab)
    name = desk.pool(market.plan).plan.name

    def says(*expected: str) -> bool:
        return wait_for(lambda: (tab.title, tab.language, tab.day) == expected)

    page.load()  # perhaps served by the thread that the page began to read on
    assert says(f"{name} · 玻璃池 Glasspool", "zh", "")
    page.state.param.update(language=Language.EN, on=DAY)
    assert says(f"{name} · Glasspool", "en", "2024-09-30")
    assert (template.title, template.site_url) == ("Glasspool", "/?lang=en")


def test_a_step_says_who_signed_it_and_how_to_prove_it(desk: Desk, market: Market) -> None:
    paid = desk.asset(market.plan, desk.assets(market.plan, PageQuery(sort="outstanding")).rows[0].asset)
    lineage = Lineage(lambda _: paid, language=Language.ZH)
    lineage.follow(paid.asset)
    assert lineage.pane.asset == paid.asset
    for step in paid.steps:
        assert step.signer
        assert not step.signer.startswith("0x")
        assert f"签名 {step.signer}" in lineage.pane.object
        assert f'data-copy="glasspool prove {step.position} -o proof.json"' in lineage.pane.object


def test_debtors_with_the_same_start_keep_their_own_bars() -> None:
    names = ["上海恒岳重工集团股份有限公司第一分公司", "上海恒岳重工集团股份有限公司第二分公司"]
    frame = pd.DataFrame(
        {"debtor": names, "balance": [2_000_000, 1_000_000], "share": [None, None], "others": [False, False]}
    )
    chart = plots.debtor_bars(
        frame, language=Language.ZH, palette=PALETTE_LIGHT, scale=scale_for(2_000_000, Language.ZH)
    )
    figure = hv.render(chart, backend="bokeh")
    assert len(set(figure.y_range.factors)) == 2
    assert figure.y_range.factors[-1] == "上海恒岳重工集团股份有限公…"


def test_an_unknown_plan_is_a_page_that_says_so(desk: Desk) -> None:
    page = PoolPage(desk, "no such plan", language=Language.EN)
    page._guarded(page.load)()
    assert "This node has no plan “no such plan”" in page._notice.object
    assert not page._top.visible
    assert not page._body.visible
