"""The trail of the pages: what a visitor is shown stands in it, once a visit, or is not shown where that is wanted."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest
from sqlalchemy import text

from dashboards.desk import REGULATOR, Desk
from dashboards.findings_desk import Choice, FindingsDesk
from dashboards.paging import PageQuery
from ledger.facts import Invoice
from ledger.store import Store
from portal.app import make_app
from portal.witness import TrailUnwritten, Witness
from regulator import trail
from regulator.access import Actor
from regulator.book import Book
from tests.support.findings_book import Planted, planted_book
from tests.support.pages import serving_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.market import Market

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
HERE = "anonymous@127.0.0.1"
LI = Actor(name="Li", roles=frozenset({"regulator"}))


@pytest.fixture(scope="module")
def store(market: Market) -> Iterator[Store]:
    with Store.open(market.database) as opened:
        yield opened


@pytest.fixture
def planted(store: Store, market: Market, tmp_path: Path) -> Planted:
    return planted_book(tmp_path / "book.db", store, market.plan)


@pytest.fixture
def casebook(planted: Planted, tmp_path: Path) -> Iterator[Book]:
    with Book.open(tmp_path / "book.db") as opened:
        assert planted.height
        yield opened


def test_the_home_page_says_that_the_book_is_behind(store: Store, casebook: Book, planted: Planted) -> None:
    with node(store, casebook) as client:
        home = client.get("/").text
        assert "glasspool watch" not in home
        with casebook.writes() as connection:
            connection.execute(text("update followed set height = 7 where scope = 'network.hubs'"))
        assert f"已跟进至第 7 块，本节点有 {planted.height} 块" in client.get("/").text
        with casebook.writes() as connection:
            connection.execute(text("delete from followed"))
        home = client.get("/").text
        assert f"尚有规则未跟进，本节点有 {planted.height} 块" in home
        assert "None" not in home


@contextmanager
def node(store: Store, book: Book, failure: Literal["show", "refuse"] = "show") -> Iterator[httpx.Client]:
    def make(port: int) -> Any:
        return make_app(
            Desk(store, REGULATOR),
            host="127.0.0.1",
            port=port,
            findings=FindingsDesk(store, book, REGULATOR, lambda: NOON),
            witness=Witness(book, lambda: NOON, failure=failure),
        )

    with (
        serving_pages(make) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def kept(book: Book) -> list[tuple[str, str, str]]:
    """The trail, oldest first: who, what was done, to what. Raises when it does not hold."""
    with book.reads() as connection:
        assert trail.check(connection) == []
        found = trail.entries(connection)
        assert {one.at for one in found} <= {NOON}
        return [(one.actor, one.act, one.subject) for one in reversed(found)]


def no_room(book: Book) -> None:
    """From now on the trail takes no entry."""
    with book.writes() as connection:
        connection.execute(
            text("create trigger full before insert on trail begin select raise(abort, 'no room left'); end")
        )


def test_what_a_visitor_is_shown_stands_in_the_trail(store: Store, casebook: Book, planted: Planted) -> None:
    invoice = planted.grave.subject
    with node(store, casebook) as client:
        assert client.get("/").status_code == 200
        assert client.get("/api/plans").status_code == 200
        assert client.get(f"/look-through/{invoice.replace(' ', '/', 1)}").status_code == 200
    assert kept(casebook) == [(HERE, "looked", "plans"), (HERE, "looked", "plans"), (HERE, "looked", invoice)]
    with casebook.reads() as connection:
        assert trail.entries(connection)[0].details == {"height": planted.height, "look_through": True, "page": True}


def test_what_shows_nothing_of_the_ledger_leaves_no_entry(store: Store, casebook: Book) -> None:
    with node(store, casebook) as client:
        for address in ("/healthz", "/favicon.ico", "/?session=1", "/dash/pools/none", "/look-through/invoice/none"):
            client.get(address)
        client.post("/")
        client.get("/", headers={"host": "evil.example"})
    assert kept(casebook) == []


def test_nobody_names_himself(store: Store, casebook: Book) -> None:
    headers = {"x-glasspool-principal": "root", "x-forwarded-for": "10.1.2.3", "authorization": "Basic cm9vdDo="}
    with node(store, casebook) as client:
        client.get("/", headers=headers)
    assert {who for who, _, _ in kept(casebook)} == {HERE}


def test_the_same_thing_at_the_same_height_is_kept_once_a_visit(
    store: Store, casebook: Book, market: Market, planted: Planted
) -> None:
    witness = Witness(casebook, lambda: NOON)
    desk, findings = Desk(store, REGULATOR), FindingsDesk(store, casebook, REGULATOR, lambda: NOON)
    by = PageQuery(sort="level", descending=True)
    for _ in range(2):  # two visits
        shown = witness.visit(LI)
        mine, theirs = desk.acting(LI, shown), findings.acting(LI, shown)
        for page in range(3):
            mine.pool(market.plan)
            mine.assets(market.plan, PageQuery(sort="outstanding", page=page))
            theirs.listed(by.asked({"page": page}, sortable=frozenset()), Choice())
            theirs.finding(planted.grave.id)
        asset = mine.assets(market.plan, PageQuery(sort="outstanding")).rows[0].asset
        mine.asset(market.plan, asset)
        mine.asset(market.plan, asset)
    once = [f"plan {market.plan}", "findings", f"finding {planted.grave.id}", f"asset {asset}"]
    assert kept(casebook) == [("Li", "looked", each) for each in once * 2]


def test_another_choice_is_another_entry(store: Store, casebook: Book, market: Market) -> None:
    shown = Witness(casebook, lambda: NOON).visit(LI)
    findings = FindingsDesk(store, casebook, LI, lambda: NOON, shown)
    for choice in (Choice(), Choice(plan=market.plan), Choice()):
        findings.listed(PageQuery(sort="level"), choice)
    with casebook.reads() as connection:
        details = [one.details for one in reversed(trail.entries(connection))]
    assert [one.get("plan") for one in details] == [None, market.plan]


def test_pages_are_shown_without_a_trail_and_the_log_says_so(
    store: Store, casebook: Book, caplog: pytest.LogCaptureFixture
) -> None:
    no_room(casebook)
    with caplog.at_level(logging.WARNING), node(store, casebook) as client:
        assert client.get("/").status_code == 200
    assert f"shown without an entry in the trail: plans at height {store.at().height} to {HERE}" in caplog.text
    assert "no room left" in caplog.text
    assert kept(casebook) == []


def test_pages_are_refused_without_a_trail_where_that_is_wanted(
    store: Store, casebook: Book, market: Market, planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    no_room(casebook)
    with caplog.at_level(logging.WARNING), node(store, casebook, "refuse") as client:
        for address in ("/", "/api/plans", f"/look-through/{planted.grave.subject.replace(' ', '/', 1)}"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert "无法写入查阅留痕" in answer.text
            assert market.plan not in answer.text
    assert "not shown: plans" in caplog.text
    desk = Desk(store, LI, Witness(casebook, lambda: NOON, failure="refuse").visit(LI))
    with pytest.raises(TrailUnwritten) as refused:
        desk.pool(market.plan)
    assert refused.value.next_step


def test_a_node_without_a_book_is_as_one_whose_trail_cannot_be_written(store: Store, market: Market) -> None:
    Desk(store, LI, Witness(None, lambda: NOON).visit(LI)).pool(market.plan)
    with pytest.raises(TrailUnwritten):
        Desk(store, LI, Witness(None, lambda: NOON, failure="refuse").visit(LI)).pool(market.plan)


def test_what_was_refused_is_written_when_it_is_shown_at_last(store: Store, casebook: Book, market: Market) -> None:
    desk = Desk(store, LI, Witness(casebook, lambda: NOON, failure="refuse").visit(LI))
    no_room(casebook)
    with pytest.raises(TrailUnwritten):
        desk.pool(market.plan)
    with casebook.writes() as connection:
        connection.execute(text("drop trigger full"))
    desk.pool(market.plan)
    assert kept(casebook) == [("Li", "looked", f"plan {market.plan}")]


def test_a_look_through_is_escaped_and_what_is_unknown_is_not_found(store: Store, casebook: Book) -> None:
    invoice = store.at().select(Invoice, limit=1)[0]
    script = "<script>alert(1)</script>"
    with node(store, casebook) as client:
        found = client.get(f"/look-through/invoice/{invoice.id}?lang=en")
        assert (found.status_code, found.text.count("<table>")) == (200, 1)
        assert invoice.id in found.text
        for address in (f"/look-through/invoice/{script}", f"/look-through/{script}/x", "/look-through/plan/a/b"):
            missing = client.get(address)
            assert missing.status_code == 404
            assert script not in missing.text
        assert client.get(f"/look-through/invoice/{invoice.id}?depth=1").status_code == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("lang=en&finding=0123456789abcdef&plan=P-1", 200),
        ("finding=0123456789ABCDEF", 400),
        ("finding=1", 400),
        ("plan=", 400),
        ("plan=a%00b", 400),
        ("plan=" + "p" * 121, 400),
        ("on=2024-01-01", 400),
    ],
)
def test_the_page_of_findings_takes_what_it_knows(store: Store, casebook: Book, query: str, status: int) -> None:
    with node(store, casebook) as client:
        assert client.get(f"/dash/findings?{query}").status_code == status


def test_there_is_no_page_of_findings_without_a_book(store: Store) -> None:
    with (
        serving_pages(lambda port: make_app(Desk(store, REGULATOR), host="127.0.0.1", port=port)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        assert client.get("/dash/findings").status_code == 404
        assert "/dash/findings" not in client.get("/").text
