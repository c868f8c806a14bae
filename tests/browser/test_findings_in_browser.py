"""The page of findings as a person uses it: the list, filters, one finding with its proofs, language; and its trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dashboards.desk import REGULATOR, Desk
from dashboards.findings_desk import FindingsDesk
from ledger.store import Store
from portal.app import make_app
from portal.witness import Witness
from regulator import trail
from regulator.book import Book
from tests.support.findings_book import MANY, Planted, planted_book
from tests.support.pages import serving_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

    from tests.support.market import Market

pytestmark = pytest.mark.browser

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
PATIENCE = 30_000  # ms; a cold server on a busy machine
PHONE = 390  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A served node, its book and what was planted in it."""

    address: str
    book: Book
    planted: Planted


@pytest.fixture(scope="module")
def node(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    location = tmp_path_factory.mktemp("book") / "book.db"
    with Store.open(market.database) as store:
        planted = planted_book(location, store, market.plan)
        with (
            Book.open(location) as book,
            serving_pages(
                lambda port: make_app(
                    Desk(store, REGULATOR),
                    host="127.0.0.1",
                    port=port,
                    findings=FindingsDesk(store, book, REGULATOR, lambda: NOON),
                    witness=Witness(book, lambda: NOON),
                )
            ) as port,
        ):
            yield Node(address=f"http://127.0.0.1:{port}", book=book, planted=planted)


@pytest.fixture(scope="module")
def address(node: Node) -> str:
    return node.address


@pytest.fixture
def findings(page: Page, address: str) -> Page:
    """The page of findings, opened and filled."""
    page.goto(f"{address}/dash/findings")
    expect(rows(page)).to_have_count(25, timeout=PATIENCE)
    return page


def rows(page: Page) -> Locator:
    return page.locator("tr[data-id]")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


def kept(node: Node) -> list[tuple[str, str]]:
    """Who looked at what, oldest first."""
    with node.book.reads() as connection:
        return [(one.actor, one.subject) for one in reversed(trail.entries(connection))]


def test_the_index_leads_to_the_findings(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="查看全部风险发现").click()
    expect(page).to_have_url(f"{address}/dash/findings?lang=zh")
    expect(rows(page).first).to_be_visible(timeout=PATIENCE)


def test_the_list_tells_how_many_there_are_and_what_is_so(findings: Page, node: Node) -> None:
    levels = findings.get_by_test_id("levels")
    for level, number in (("high", 1), ("medium", 1), ("low", MANY)):
        expect(levels.locator(f"[data-level={level}] b")).to_have_text(str(number))
    expect(rows(findings).first).to_have_attribute("data-id", node.planted.grave.id)
    expect(rows(findings).first).to_contain_text("同时为2家机构的融资提供支持")
    expect(rows(findings).first).to_contain_text("1,234,567.89")


def test_a_finding_shows_its_history_and_its_records_proved(findings: Page, node: Node, market: Market) -> None:
    before = len(kept(node))
    rows(findings).first.click()
    shown = findings.get_by_test_id("finding")
    expect(shown.get_by_test_id("sentence")).to_contain_text(node.planted.member_name, timeout=PATIENCE)
    expect(shown.get_by_test_id("versions").locator("li")).to_have_count(2)
    expect(shown.get_by_test_id("records").locator("li")).to_have_count(3)
    expect(shown.get_by_test_id("proofs")).to_contain_text("全部重算成立")
    expect(findings).to_have_url(f"{node.address}/dash/findings?finding={node.planted.grave.id}")
    assert kept(node)[before:] == [("anonymous@127.0.0.1", f"finding {node.planted.grave.id}")]
    shown.get_by_role("link", name=market.plan).click()
    expect(findings).to_have_url(f"{node.address}/dash/pools/{market.plan}?lang=zh")
    expect(findings.locator("[data-figure=balance] .value")).to_be_visible(timeout=PATIENCE)


def test_an_address_with_a_finding_shows_it(page: Page, node: Node) -> None:
    page.goto(f"{node.address}/dash/findings?lang=en&finding={node.planted.grave.id}")
    sentence = page.get_by_test_id("sentence")
    expect(sentence).to_contain_text("carries the financings of 2 parties", timeout=PATIENCE)
    page.get_by_role("button", name="中文").click()
    expect(sentence).to_contain_text("家机构的融资提供支持")


def test_a_thing_leads_to_its_look_through(page: Page, node: Node) -> None:
    page.goto(f"{node.address}/dash/findings?finding={node.planted.grave.id}")
    page.get_by_role("link", name=node.planted.grave.subject.partition(" ")[2]).click(timeout=PATIENCE)
    expect(page.locator("caption")).to_be_visible()
    expect(page.locator("main")).to_contain_text(node.planted.grave.subject.partition(" ")[2])


def test_filters_narrow_the_list(findings: Page, node: Node, market: Market) -> None:
    choose(findings, "程度", "中")
    expect(rows(findings)).to_have_count(1)
    expect(rows(findings).first).to_have_attribute("data-id", node.planted.hostile.id)
    choose(findings, "程度", "全部")
    choose(findings, "类别", "重复融资与虚假贸易")
    expect(rows(findings)).to_have_count(2)
    findings.get_by_role("combobox", name="当事人", exact=True).fill(node.planted.member_name)
    findings.get_by_role("option", name=node.planted.member_name).click()
    expect(rows(findings)).to_have_count(1)
    expect(rows(findings).first).to_have_attribute("data-id", node.planted.grave.id)


def test_a_search_and_pages_work_as_in_every_table(findings: Page, node: Node) -> None:
    findings.get_by_role("button", name="下一页").click()
    expect(rows(findings)).to_have_count(MANY + 2 - 25)
    findings.get_by_label("搜索").fill(node.planted.many[4].subject.partition(" ")[2])
    expect(rows(findings).first).to_have_attribute("data-id", node.planted.many[4].id)
    findings.get_by_label("搜索").fill("没有这样的发现")
    expect(findings.get_by_text("没有符合条件的发现")).to_be_visible()


def test_texts_that_mean_harm_are_text(findings: Page, node: Node) -> None:
    findings.locator(f"tr[data-id='{node.planted.hostile.id}']").click()
    expect(findings.get_by_test_id("sentence")).to_contain_text("<script>", timeout=PATIENCE)
    assert findings.locator("img[src=x]").count() == 0
    assert "broken" not in findings.title()


def test_a_visit_writes_one_line_however_much_is_clicked(findings: Page, node: Node) -> None:
    rows(findings).first.click()
    expect(findings.get_by_test_id("sentence")).to_be_visible(timeout=PATIENCE)
    before = kept(node)
    findings.get_by_role("button", name="下一页").click()
    expect(rows(findings)).to_have_count(MANY + 2 - 25)
    findings.get_by_role("button", name="首页").click()
    expect(rows(findings)).to_have_count(25)
    rows(findings).nth(1).click()
    expect(findings.get_by_test_id("sentence")).to_contain_text("<script>", timeout=PATIENCE)
    rows(findings).first.click()
    expect(findings.get_by_test_id("sentence")).not_to_contain_text("<script>")
    findings.get_by_role("button", name="English").click()
    expect(findings.get_by_test_id("levels")).to_contain_text("high")
    after = kept(node)
    assert after[: len(before)] == before
    assert [subject for _, subject in after[len(before) :]] == [f"finding {node.planted.hostile.id}"]


def test_the_pool_page_stands_in_the_trail(page: Page, node: Node, market: Market) -> None:
    before = len(kept(node))
    page.goto(f"{node.address}/dash/pools/{market.plan}?on=2024-09-30")
    rows(page).first.click(timeout=PATIENCE)
    expect(page.get_by_test_id("proofs")).to_be_visible(timeout=PATIENCE)
    asset = rows(page).first.get_attribute("data-id")
    assert kept(node)[before:] == [
        ("anonymous@127.0.0.1", f"plan {market.plan}"),
        ("anonymous@127.0.0.1", f"asset {asset}"),
    ]


@pytest.mark.parametrize("width", [1280, PHONE])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_look_through_shows_its_amounts_whole(page: Page, node: Node, market: Market, width: int, lang: str) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{node.address}/look-through/plan/{market.plan}?lang={lang}")
    expect(page.locator("caption")).to_be_visible()
    assert page.locator(".tree td:nth-child(3):not(:empty)").count() > 1
    assert page.locator(".tree").evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing is beside the edge"


@pytest.mark.parametrize("path", ["/", "/look-through/plan/{plan}", "/dash/findings", "/dash/pools/{plan}"])
def test_no_page_is_wider_than_a_phone(page: Page, node: Node, market: Market, path: str) -> None:
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto(node.address + path.format(plan=market.plan))
    if path.startswith("/dash"):
        rows(page).first.click(timeout=PATIENCE)
        expect(page.locator(".lineage .hint")).to_have_count(0, timeout=PATIENCE)
        assert page.locator(".scroll").evaluate("e => e.scrollHeight <= e.clientHeight"), "the page scrolls, not a box"
    else:
        expect(page.locator("table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
