"""The pool page as a person uses it: figures, search, pages, order, an asset's lineage, language and theme."""

from __future__ import annotations

import re
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dashboards.desk import REGULATOR, Desk, PoolView
from dashboards.formats import amount, percent
from dashboards.paging import PageQuery
from ledger.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

    from tests.browser.conftest import Watched
    from tests.support.market import Market

pytestmark = pytest.mark.browser

DAY = date(2024, 9, 30)
PATIENCE = 30_000  # ms; a cold server on a busy machine
SLOW = 0.6  # s; a large pool
LARGEST = PageQuery(sort="outstanding", descending=True)


@pytest.fixture(scope="module")
def desk(market: Market) -> Iterator[Desk]:
    with Store.open(market.database) as store:
        yield Desk(store, REGULATOR)


@pytest.fixture(scope="module")
def view(desk: Desk, market: Market) -> PoolView:
    return desk.pool(market.plan, on=DAY)


@pytest.fixture
def pool(page: Page, address: str, market: Market) -> Page:
    """The pool page, opened on the day and filled."""
    page.goto(f"{address}/dash/pools/{market.plan}?on={DAY}")
    expect(rows(page)).to_have_count(25, timeout=PATIENCE)
    return page


@pytest.fixture
def slow(pool: Page, monkeypatch: pytest.MonkeyPatch) -> list[date | None]:
    """From now on the desk takes its time for every pool; the days it was asked for are noted here."""
    read, asked = Desk.pool, []

    def reading(desk: Desk, plan: str, *, on: date | None = None, height: int | None = None) -> PoolView:
        asked.append(on)
        time.sleep(SLOW)
        return read(desk, plan, on=on, height=height)

    monkeypatch.setattr(Desk, "pool", reading)
    return asked


def rows(page: Page) -> Locator:
    return page.locator("tr[data-id]")


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-figure={name}] .value")


def stamp(page: Page) -> Locator:
    """What is said of the measurement, its day first."""
    return page.get_by_test_id("stamp")


def test_the_index_leads_to_the_pool(page: Page, address: str, market: Market) -> None:
    page.goto(address)
    page.get_by_role("link", name=re.compile("示例")).click()
    expect(page).to_have_url(f"{address}/dash/pools/{market.plan}?lang=zh")
    expect(figure(page, "balance")).to_be_visible(timeout=PATIENCE)


def test_the_headline_is_right(pool: Page, view: PoolView) -> None:
    expect(figure(pool, "balance")).to_have_text(f"{amount(view.balance)}元")
    expect(figure(pool, "delinquency")).to_have_text(percent(view.delinquency))
    expect(figure(pool, "assets")).to_have_text(f"{view.assets}笔")
    expect(pool.get_by_test_id("stamp")).to_contain_text(f"{view.moment.height:,}")
    expect(pool.get_by_test_id("stamp")).to_contain_text(view.moment.block_hash[:10])
    expect(pool.get_by_text("尚无登录")).to_be_visible()


def test_three_charts_are_drawn(pool: Page) -> None:
    expect(pool.locator(".bk-Figure")).to_have_count(3)
    for at in range(3):
        expect(pool.locator(".bk-Figure").nth(at)).to_be_visible()
        assert pool.locator(".bk-Figure").nth(at).bounding_box()["height"] > 200  # type: ignore[index]


def test_a_click_on_a_row_shows_its_lineage_with_proofs(pool: Page, desk: Desk, market: Market) -> None:
    first = desk.assets(market.plan, LARGEST, on=DAY).rows[0]
    expect(rows(pool).first).to_have_attribute("data-id", first.asset)
    rows(pool).first.click()
    expect(pool.get_by_test_id("proofs")).to_contain_text("证明刚刚全部重算成立", timeout=PATIENCE)
    expect(rows(pool).first).to_have_attribute("aria-selected", "true")
    lineage = pool.get_by_test_id("lineage")
    for kind in ("plan.established", "tranche", "receivable.registered", "certificate.issued", "invoice.registered"):
        expect(lineage.locator(f'li[data-kind="{kind}"]').first).to_be_visible()
    expect(lineage).to_contain_text(first.invoices[0])
    expect(lineage.locator(".FAILED")).to_have_count(0)


def test_a_row_can_be_chosen_by_keyboard(pool: Page) -> None:
    rows(pool).first.focus()
    pool.keyboard.press("ArrowDown")
    expect(rows(pool).nth(1)).to_be_focused()
    pool.keyboard.press("Enter")
    expect(rows(pool).nth(1)).to_have_attribute("aria-selected", "true")
    expect(pool.get_by_test_id("proofs")).to_be_visible(timeout=PATIENCE)


def test_pages_follow_each_other(pool: Page, desk: Desk, market: Market) -> None:
    second = desk.assets(market.plan, PageQuery(sort="outstanding", descending=True, page=1), on=DAY)
    expect(pool.locator(".status")).to_have_text(f"第 1–25 笔，共 {second.total} 笔")
    pool.get_by_role("button", name="下一页").click()
    expect(rows(pool)).to_have_count(len(second.rows))
    expect(rows(pool).first).to_have_attribute("data-id", second.rows[0].asset)
    expect(pool.get_by_role("button", name="末页")).to_be_disabled()
    pool.get_by_role("button", name="首页").click()
    expect(pool.locator(".status")).to_contain_text("第 1–25 笔")


def test_the_size_of_a_page_can_be_chosen(pool: Page) -> None:
    pool.get_by_label("每页").select_option("10")
    expect(rows(pool)).to_have_count(10)


def test_a_search_narrows_the_table(pool: Page, desk: Desk, market: Market) -> None:
    wanted = desk.assets(market.plan, LARGEST, on=DAY).rows[3]
    pool.get_by_label("搜索").fill(wanted.invoices[0])
    expect(rows(pool)).to_have_count(1)
    expect(rows(pool).first).to_have_attribute("data-id", wanted.asset)
    pool.get_by_label("搜索").fill("没有这样的资产")
    expect(pool.get_by_text("没有符合条件的资产")).to_be_visible()
    pool.get_by_label("搜索").fill("")
    expect(rows(pool)).to_have_count(25)


def test_a_column_sorts_up_and_down(pool: Page, desk: Desk, market: Market) -> None:
    soonest = desk.assets(market.plan, PageQuery(sort="due"), on=DAY).rows[0]
    latest = desk.assets(market.plan, PageQuery(sort="due", descending=True), on=DAY).rows[0]
    pool.locator("button[data-sort=due]").click()
    expect(rows(pool).first).to_have_attribute("data-id", soonest.asset)
    pool.locator("button[data-sort=due]").click()
    expect(rows(pool).first).to_have_attribute("data-id", latest.asset)
    expect(pool.locator("th", has=pool.locator("[data-sort=due]"))).to_have_attribute("aria-sort", "descending")


def test_the_language_changes_everywhere_and_keeps_what_was_chosen(pool: Page) -> None:
    rows(pool).first.click()
    expect(pool.get_by_test_id("proofs")).to_be_visible(timeout=PATIENCE)
    pool.get_by_role("button", name="English").click()
    expect(pool.locator("[data-figure=balance] .label")).to_have_text("Outstanding balance")
    expect(pool.locator("th").first).to_have_text("Receivable")
    expect(pool.get_by_test_id("lineage")).to_contain_text("Plan established")
    expect(pool.get_by_text("No sign-in yet")).to_be_visible()
    expect(rows(pool).first).to_have_attribute("aria-selected", "true")


def test_the_theme_is_light_and_dark(pool: Page) -> None:
    tile = pool.locator("[data-figure=balance]")
    expect(tile).to_have_css("background-color", "rgb(255, 255, 255)")
    pool.get_by_role("button", name="深色或浅色显示").click()
    expect(tile).to_have_css("background-color", "rgb(26, 34, 43)")


def test_the_page_begins_as_the_system_is_and_can_be_switched(page: Page, address: str, market: Market) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}/dash/pools/{market.plan}?on={DAY}")
    tile = page.locator("[data-figure=balance]")
    expect(tile).to_have_css("background-color", "rgb(26, 34, 43)", timeout=PATIENCE)
    page.get_by_role("button", name="English").click()
    switch = page.get_by_role("button", name="Light or dark")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(tile).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(switch).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_nothing_is_wider_than_the_screen(pool: Page, width: int) -> None:
    pool.set_viewport_size({"width": width, "height": 800})
    expect(pool.locator("[data-figure=wam]")).to_be_in_viewport()
    assert pool.evaluate("document.documentElement.scrollWidth") <= width


def test_an_unknown_plan_is_told_and_nothing_breaks(page: Page, address: str, watched: Watched) -> None:
    answer = page.goto(f"{address}/dash/pools/PLAN-9?lang=en")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="This node has no plan “PLAN-9”")).to_be_visible()
    assert all("404" in error for error in watched.errors)
    watched.errors.clear()
    page.get_by_role("link", name="All plans").click()
    expect(page).to_have_url(f"{address}/?lang=en")


def test_the_lineage_stays_in_view_beside_the_row_that_was_chosen(pool: Page) -> None:
    lineage = pool.get_by_test_id("lineage")
    for at in (20, 0, 24):
        rows(pool).nth(at).click()
        expect(rows(pool).nth(at)).to_have_attribute("aria-selected", "true")
        expect(pool.get_by_test_id("proofs")).to_be_in_viewport(ratio=1, timeout=PATIENCE)
        expect(lineage.locator("li").first.locator(".title")).to_be_in_viewport(ratio=1)
        box = pool.locator(".scroll")
        assert box.evaluate("e => e.scrollHeight > e.clientHeight")
        assert box.evaluate("e => e.clientHeight") < pool.viewport_size["height"]  # type: ignore[index]
        box.evaluate("e => e.scrollTop = e.scrollHeight")
        expect(pool.get_by_test_id("proofs")).to_be_in_viewport(ratio=1)


def test_the_command_that_proves_a_record_can_be_copied(pool: Page, address: str) -> None:
    pool.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    rows(pool).first.click()
    step = pool.get_by_test_id("lineage").locator("li").first
    expect(step).to_contain_text("签名", timeout=PATIENCE)
    step.get_by_role("button").click()
    expect(step.get_by_role("button")).to_have_text("已复制")
    position = step.locator("code").text_content()
    assert pool.evaluate("navigator.clipboard.readText()") == f"glasspool prove {position} -o proof.json"


def test_the_tab_and_the_address_say_what_is_shown(pool: Page, address: str, market: Market) -> None:
    expect(pool).to_have_title(re.compile("^示例.* · 玻璃池 Glasspool$"))
    pool.goto(f"{address}/dash/pools/{market.plan}?lang=zh")
    expect(rows(pool)).to_have_count(25, timeout=PATIENCE)
    pool.get_by_role("button", name="English").click()
    expect(pool).to_have_title(re.compile("^示例.* · Glasspool$"))
    expect(pool).to_have_url(f"{address}/dash/pools/{market.plan}?lang=en")
    pool.reload()
    expect(pool.locator("[data-figure=balance] .label")).to_have_text("Outstanding balance", timeout=PATIENCE)


def test_a_day_the_ledger_has_not_reached_is_told(page: Page, address: str, market: Market, desk: Desk) -> None:
    page.goto(f"{address}/dash/pools/{market.plan}?on=2030-01-01&lang=en")
    expect(page.get_by_test_id("beyond")).to_contain_text(f"the ledger ends on {desk.newest_day()}", timeout=PATIENCE)
    expect(figure(page, "delinquency")).to_have_text(percent(desk.pool(market.plan).delinquency))
    field = page.get_by_label("Measured on")
    expect(field).to_have_value("2030-01-01")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "false")  # the notice has said it


def test_a_day_with_nothing_and_back(pool: Page, address: str, market: Market) -> None:
    pool.goto(f"{address}/dash/pools/{market.plan}?on=2020-01-01")
    expect(figure(pool, "balance")).to_have_text("0.00元", timeout=PATIENCE)
    expect(figure(pool, "delinquency")).to_have_text("—")
    expect(pool.get_by_text("没有符合条件的资产")).to_be_visible()
    pool.get_by_label("统计日").fill(f"{DAY}")
    expect(rows(pool)).to_have_count(25, timeout=PATIENCE)
    pool.get_by_label("统计日").fill("2020-01-01")
    expect(figure(pool, "balance")).to_have_text("0.00元", timeout=PATIENCE)


def written(day: date, field: Locator) -> str:
    """The keys for a day in a date field, whose parts stand in the order of the browser's language."""
    parts = field.evaluate("() => new Intl.DateTimeFormat().formatToParts(new Date()).map(part => part.type)")
    digits = {"year": f"{day:%Y}", "month": f"{day:%m}", "day": f"{day:%d}"}
    return "".join(digits[part] for part in parts if part in digits)


@pytest.mark.parametrize("delay", [0, 60, 200])
def test_a_day_is_typed_while_the_ledger_is_slow(pool: Page, slow: list[date | None], delay: int) -> None:
    field = pool.get_by_label("统计日")
    field.fill("2020-01-01")
    expect(stamp(pool)).to_contain_text("2020-01-01", timeout=PATIENCE)
    slow.clear()
    field.focus()
    pool.keyboard.type(written(DAY, field), delay=delay)
    expect(field).to_have_value(f"{DAY}")
    expect(stamp(pool)).to_contain_text(f"{DAY}", timeout=PATIENCE)
    expect(rows(pool)).to_have_count(25)
    expect(field).to_have_value(f"{DAY}")
    expect(pool).to_have_url(re.compile(f"on={DAY}"))
    assert slow == [DAY]  # none of the days that the digits passed through was read


def test_of_several_days_chosen_quickly_the_last_is_shown(pool: Page, slow: list[date | None]) -> None:
    field, days = pool.get_by_label("统计日"), [date(2024, 3, 1), date(2020, 1, 1), date(2024, 8, 30)]
    for chosen in (*days, *days):
        field.fill(f"{chosen}")
        field.press("Enter")
    expect(stamp(pool)).to_contain_text("2024-08-30", timeout=PATIENCE)
    expect(rows(pool)).to_have_count(25)
    pool.wait_for_timeout(2 * SLOW * 1000)  # nothing older comes after it
    expect(stamp(pool)).to_contain_text("2024-08-30")
    expect(field).to_have_value("2024-08-30")
    assert slow[-1] == days[-1]
    assert len(slow) < 2 * len(days)


def test_a_day_out_of_bounds_is_told_and_not_shown(pool: Page, desk: Desk) -> None:
    field, last = pool.get_by_label("统计日"), desk.newest_day()
    for outside in ("1980-01-01", "2030-01-01"):
        field.fill(outside)
        expect(pool.get_by_text(f"请选择 1990-01-01 至 {last} 之间的日期")).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
    pool.get_by_role("button", name="English").click()
    expect(pool.get_by_text(f"Choose a date from 1990-01-01 to {last}")).to_be_visible()
    field = pool.get_by_label("Measured on")
    expect(field).to_have_value("2030-01-01")
    expect(stamp(pool)).to_contain_text(f"{DAY}")
    field.fill(f"{last}")
    expect(field).to_have_attribute("aria-invalid", "false")
    expect(stamp(pool)).to_contain_text(f"{last}", timeout=PATIENCE)


def test_a_day_is_cleared_by_keyboard_and_chosen_again(pool: Page, desk: Desk) -> None:
    clear = pool.get_by_role("button", name="清除所选日期")
    pool.get_by_label("统计日").focus()
    expect(clear).to_be_visible()
    clear.press("Enter")
    expect(stamp(pool)).to_contain_text(f"{desk.newest_day()}", timeout=PATIENCE)
    expect(pool.get_by_label("统计日")).to_have_value("")
    expect(pool.get_by_label("统计日")).to_be_focused()
    expect(clear).to_be_hidden()
    expect(pool).not_to_have_url(re.compile("on="))
    pool.keyboard.type(written(DAY, pool.get_by_label("统计日")))
    pool.keyboard.press("Enter")
    expect(stamp(pool)).to_contain_text(f"{DAY}", timeout=PATIENCE)
    expect(clear).to_be_visible()


def test_a_day_that_is_not_complete_is_told_when_the_field_is_left(pool: Page) -> None:
    field = pool.get_by_label("统计日")
    field.focus()
    pool.keyboard.press("Backspace")
    pool.keyboard.press("Enter")
    expect(pool.get_by_text("请输入完整的日期")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(stamp(pool)).to_contain_text(f"{DAY}")
    field.fill("2024-08-30")
    expect(pool.get_by_text("请输入完整的日期")).to_be_hidden()
    expect(stamp(pool)).to_contain_text("2024-08-30", timeout=PATIENCE)


def test_the_field_keeps_its_day_when_the_look_changes(pool: Page) -> None:
    pool.get_by_label("统计日").fill("2024-08-30")
    expect(stamp(pool)).to_contain_text("2024-08-30", timeout=PATIENCE)
    pool.get_by_role("button", name="深色或浅色显示").click()
    pool.get_by_role("button", name="English").click()
    expect(pool.get_by_label("Measured on")).to_have_value("2024-08-30")
    pool.get_by_label("Measured on").fill("2024-03-01")
    expect(stamp(pool)).to_contain_text("2024-03-01", timeout=PATIENCE)


def test_two_people_do_not_see_each_others_choices(
    pool: Page, browser: Browser, address: str, market: Market, watched: Watched
) -> None:
    context = browser.new_context()
    other = context.new_page()
    watched.watch(other)
    other.goto(f"{address}/dash/pools/{market.plan}?lang=en")
    expect(rows(other)).to_have_count(25, timeout=PATIENCE)
    pool.get_by_label("搜索").fill("没有这样的资产")
    expect(rows(pool)).to_have_count(0)
    expect(rows(other)).to_have_count(25)
    context.close()
