"""Everything that was ever in a pool, read from the ledger: how it came, what was said of it, how and why it left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from abs.eligibility import eligible, judged
from abs.pool import read_pool
from abs.reading import plan_of, read_frame
from abs.retention import risk_retention
from abs.terms import Criterion
from ledger.facts import Member, Receivable, TradeDocument, output_id
from tests.support.databases import Server, databases, private_server
from tests.support.ledger_book import MEMBERS, Book, certificate_on, financed_by_factor, invoice, out, receivable
from tests.support.plan_book import payment, purchased, received, removed, repurchased, revolving, substituted
from tests.support.trade import TRADERS, document

if TYPE_CHECKING:
    from sqlalchemy import Executable

    from ledger.store import AsOf

COLUMNS = ("asset", "came", "entered_on", "left_on", "left_how", "left_reason")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    yield from private_server()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    """Plan-1 with asset r, which revolves: closing on 2026-01-05, cut-off on 2026-01-01; r was paid 100,000."""
    for make in databases(request, tmp_path):
        made = Book(make())
        made.admit(MEMBERS | TRADERS)
        revolving(made)
        yield made
        made.store.close()


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def full_story(book: Book) -> None:
    """x and y are bought, x is put in place of, y taken out, r bought back and assigned again."""
    outputs = {name: financed_by_factor(book, name) for name in ("x", "y", "z")}
    book.say(
        "factor", "pool.revolving_purchased", purchased("b1", 50_001, ("x", [outputs["x"]]), ("y", [outputs["y"]]))
    )
    book.seal(days=27)
    swap = substituted(["x"], ("z", [outputs["z"]]), date="2026-02-01")
    book.say("factor", "pool.substituted", swap)
    book.seal(days=28)
    book.say("servicer", "pool.removed", removed("y", date="2026-03-01", reason="ineligible"))
    book.say("factor", "pool.repurchased", repurchased(13_000, "r", date="2026-03-01", reason="dispute"))
    book.seal(days=31)
    again = purchased("b2", 9_000, ("r", []), date="2026-04-01")
    book.say("factor", "pool.revolving_purchased", again)
    book.say("bank", "payment.recorded", payment("p2", 3_000, ("r", 3_000), date="2026-04-01"))
    book.seal()


def test_the_history_has_one_row_for_each_time_in_the_pool(book: Book) -> None:
    full_story(book)
    pool = read_pool(book.store.at(), "plan-1")
    assert pool.frame.assets.select(COLUMNS).rows() == [
        ("r", "assigned", day("01-04"), day("03-01"), "repurchased", "dispute"),
        ("x", "purchased", day("01-04"), day("02-01"), "substituted", "substitution"),
        ("y", "purchased", day("01-04"), day("03-01"), "removed", "ineligible"),
        ("z", "substituted", day("02-01"), None, None, None),
        ("r", "purchased", day("04-01"), None, None, None),
    ]
    assert pool.frame.assets["price"].to_list() == [90_000, 25_000, 25_001, None, 9_000]
    held = {on: pool.on_day(day(on)).listed()["asset"].to_list() for on in ("01-31", "02-01", "03-01", "04-01")}
    assert held == {"01-31": ["r", "x", "y"], "02-01": ["r", "y", "z"], "03-01": ["z"], "04-01": ["z", "r"]}
    assert pool.on_day(day("04-01")).listed()["outstanding"].to_list() == [113_000, 10_000]


def test_an_earlier_height_knows_nothing_of_what_came_later(book: Book) -> None:
    heights = [book.store.at()]
    full_story(book)
    before = read_pool(heights[0], "plan-1")
    assert before.frame.assets.select(COLUMNS).rows() == [("r", "assigned", day("01-04"), None, None, None)]
    assert before.on_day(day("04-01")).balance().value == 13_000


def test_without_history_what_left_is_not_read(book: Book) -> None:
    full_story(book)
    whole, now = (read_pool(book.store.at(), "plan-1", history=history) for history in (True, False))
    assert now.frame.assets["asset"].to_list() == ["z", "r"]
    assert now.balance() == whole.balance()
    assert now.frame.collections.height == 0


def test_without_history_what_is_there_is_not_read_by_what_left(book: Book) -> None:
    """Rows that the database hands over: as many however much came and left before."""
    book.say("factor", "pool.revolving_purchased", purchased("b0", 1, ("stays", [financed_by_factor(book, "stays")])))
    book.seal()
    before = _Counting(book.store.at())
    read_frame(before, plan_of(before, "plan-1"), history=False)
    for name in ("x", "y"):
        bought = purchased(f"b-{name}", 1, (name, [financed_by_factor(book, name)]))
        book.say("factor", "pool.revolving_purchased", bought)
        book.seal()
        book.tell("servicer", "pool.removed", removed(name, reason="ineligible"))
    after = _Counting(book.store.at())
    read_frame(after, plan_of(after, "plan-1"), history=False)
    assert after.rows == before.rows > 0


class _Counting:
    """A reading that counts the rows it hands over."""

    def __init__(self, facts: AsOf) -> None:
        self._facts = facts
        self.rows = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._facts, name)

    def execute(self, statement: Executable) -> list[Any]:
        found = list(self._facts.execute(statement))
        self.rows += len(found)
        return found


def test_an_earlier_day_has_what_left_since_with_history_or_without(book: Book) -> None:
    full_story(book)
    facts = book.store.at()
    for on in ("01-31", "02-01", "03-01", "04-01"):
        whole, now = (read_pool(facts, "plan-1", day(on), history=history) for history in (True, False))
        assert now.balance() == whole.balance()
        assert now.listed()["asset"].to_list() == whole.listed()["asset"].to_list()


def test_pieces_that_join_leave_what_was_said_before(book: Book) -> None:
    """Half of h is assigned, said to be overdue, and joined by the other half."""
    source = certificate_on(book, "h")
    halves = [out(50_000, "supplier"), out(63_000, "supplier")]
    split = book.say("supplier", "certificate.split", {"inputs": [source], "outputs": halves})
    book.seal()
    terms = {"financier": "factor", "form": "factoring", "price": 100_000, "rate": "0.05"}
    mine = {"outputs": [out(50_000, "factor"), out(63_000, "factor")], **terms}
    sold = book.say("supplier", "certificate.financed", {"inputs": [output_id(split, 0), output_id(split, 1)], **mine})
    book.seal()
    pieces = [output_id(sold, 0), output_id(sold, 1)]
    book.tell("factor", "pool.revolving_purchased", purchased("b1", 1, ("h", pieces[:1])))
    said = {"plan": "plan-1", "asset": "h", "at": "2026-01-05", "amount": 50_000, "days": 1}
    book.tell("servicer", "asset.overdue", said)
    book.tell("factor", "pool.revolving_purchased", purchased("b2", 1, ("h", pieces[1:])))
    for history in (True, False):
        frame = read_pool(book.store.at(), "plan-1", history=history).frame
        [row] = frame.assets.filter(asset="h").rows(named=True)
        assert (row["amount"], row["outputs"], row["status"]) == (113_000, 2, "overdue")
        assert frame.statuses.height == 1


def test_what_came_back_before_the_closing_is_in_the_pool_once_a_day(book: Book) -> None:
    """Both times count from the cut-off day on, but for the days of the other."""
    book.tell("factor", "pool.repurchased", repurchased(13_000, "r", date="2026-01-05"))
    book.tell("factor", "pool.revolving_purchased", purchased("b1", 13_000, ("r", [])))
    pool = read_pool(book.store.at(), "plan-1")
    spans = pool.frame.assets.select("entered_on", "left_on").rows()
    assert spans == [(day("01-04"), day("01-05")), (day("01-05"), None)]
    assert [pool.on_day(day(on)).held() for on in ("01-03", "01-04", "01-05")] == [0, 1, 1]
    moved = pool.movements(day("01-03"), day("01-06"))
    assert (moved.closing.value, moved.unexplained.value) == (13_000, 0)


def test_the_past_of_what_came_twice_is_one_past(book: Book) -> None:
    full_story(book)
    past = read_pool(book.store.at(), "plan-1", before_assignment=True)
    for on, owed in (("01-04", 113_000), ("01-05", 13_000), ("03-15", 13_000), ("04-01", 10_000)):
        there = past.on_day(day(on)).listed().filter(asset="r")
        assert there["outstanding"].to_list() == [owed]
    assert past.sales(day("01-04"), day("01-04")).value == 4 * 113_000


def test_the_account_of_what_came_and_left_foots(book: Book) -> None:
    full_story(book)
    moved = read_pool(book.store.at(), "plan-1").movements(day("01-31"), day("04-01"))
    assert (moved.opening.value, moved.closing.value) == (13_000 + 2 * 113_000, 113_000 + 10_000)
    assert {how: figure.value for how, figure in moved.came.items()} == {
        "assigned": 0, "purchased": 13_000, "substituted": 113_000,
    }  # fmt: skip
    assert {how: figure.value for how, figure in moved.left.items()} == {
        "repurchased": 13_000, "substituted": 113_000, "removed": 113_000,
    }  # fmt: skip
    assert (moved.paid.value, moved.adjusted.value, moved.unexplained.value) == (3_000, 0, 0)
    lines = moved.assets.select("way", "how", "reason", "asset", "amount", "price").rows()
    assert lines == [
        ("out", "substituted", "substitution", "x", 113_000, 0),
        ("in", "substituted", None, "z", 113_000, None),
        ("out", "removed", "ineligible", "y", 113_000, 0),
        ("out", "repurchased", "dispute", "r", 13_000, 13_000),
        ("in", "purchased", None, "r", 13_000, 9_000),
    ]
    tables = {ref.table for ref in moved.left["repurchased"].unfold()}
    assert tables == {"Receivable", "PoolAsset", "Output", "Invoice", "Settlement", "PoolExit"}
    for figure in moved.figures():
        assert all(ref.position.count(":") == 2 for ref in figure.unfold())


def test_what_the_servicer_said_belongs_to_the_time_it_was_said_of(book: Book) -> None:
    said = {"plan": "plan-1", "asset": "r"}
    book.tell("servicer", "asset.overdue", said | {"at": "2026-01-05", "amount": 13_000, "days": 1})
    book.tell("servicer", "asset.defaulted", said | {"at": "2026-01-05", "amount": 13_000})
    book.tell("servicer", "asset.recovered", said | {"at": "2026-01-05", "amount": 2_000, "payment": None})
    book.tell("servicer", "asset.written_off", said | {"at": "2026-01-05", "amount": 11_000})
    full_story(book)
    first, *_, last = read_pool(book.store.at(), "plan-1").frame.assets.rows(named=True)
    assert (first["status"], first["status_since"]) == ("written_off", day("01-05"))
    assert (first["defaulted_on"], first["default_amount"]) == (day("01-05"), 13_000)
    assert (first["recovered"], first["written_off"], first["written_off_on"]) == (2_000, 11_000, day("01-05"))
    assert (last["status"], last["defaulted_on"], last["written_off"]) == (None, None, 0)
    statuses = read_pool(book.store.at(), "plan-1").frame.statuses
    assert statuses.select("row", "status").rows() == [
        (0, "overdue"), (0, "defaulted"), (0, "recovered"), (0, "written_off"),
    ]  # fmt: skip


def test_collections_are_those_of_the_time_the_asset_was_in_the_pool(book: Book) -> None:
    full_story(book)
    book.tell("servicer", "collection.received", received("c2", 3_000, ("p2", "r", 3_000), date="2026-04-01"))
    collected = read_pool(book.store.at(), "plan-1").frame.collections
    assert collected.select("row", "collection", "payment", "on", "amount").rows() == [
        (0, "c1", "p", day("01-05"), 95_000), (4, "c2", "p2", day("04-01"), 3_000),
    ]  # fmt: skip


def test_adjustments_say_why_as_far_as_facts_do(book: Book) -> None:
    said = {"receivable": "r", "at": "2026-01-05"}
    for delta, reason in ((-100, "return"), (-50, "dispute"), (0, "dispute")):
        book.tell("gateway", "receivable.adjusted", said | {"delta": delta, "reason": reason})
    book.tell("gateway", "receivable.settled", said | {"method": "netting", "payment": None})
    frame = read_pool(book.store.at(), "plan-1").frame
    assert frame.changes.select("amount", "kind").rows() == [
        (-100_000, "paid"), (-100, "dilution"), (-50, "dispute"), (-12_850, "other"),
    ]  # fmt: skip
    assert frame.assets.select("disputed", "disputed_on").rows() == [(True, day("01-05"))]


def test_what_stands_behind_an_asset_is_known(book: Book) -> None:
    """Documents beneath its invoices, who guarantees what is held, and what the tax authority said."""
    book.say("core", "document.registered", document("contract-1"))
    book.say("customs", "document.registered", document("declaration-1", type="customs_declaration"))
    for name, refers in (("home", ["contract-1"]), ("abroad", ["contract-1", "declaration-1"]), ("plain", [])):
        book.say("supplier", "invoice.registered", invoice(f"i-{name}", refers_to=refers))
        book.say("supplier", "receivable.registered", receivable(name, f"i-{name}"))
    said = {"verifier": "verifier", "result": "consistent", "checked_at": "2026-01-05T01:00:00Z"}
    book.say("verifier", "invoice.verified", said | {"invoice": "i-home", "tax_authority_amount": 113_000})
    book.seal()
    output = financed_by_factor(book, "backed")
    until = {"guarantor": "bank", "amount": 113_000, "until": "2026-12-31"}
    book.tell("bank", "certificate.guaranteed", until | {"outputs": [output]})
    assets: list[tuple[str, list[str]]] = [(name, []) for name in ("home", "abroad", "plain")]
    book.say("factor", "pool.revolving_purchased", purchased("b1", 1_000, *assets, ("backed", [output])))
    book.seal()
    rows = {row["asset"]: row for row in read_pool(book.store.at(), "plan-1").frame.assets.iter_rows(named=True)}
    trades = {name: rows[name]["trade_type"] for name in ("home", "abroad", "plain")}
    assert trades == {"home": "domestic", "abroad": "cross_border", "plain": None}
    assert [rows[name]["guarantor"] for name in ("backed", "home")] == ["bank", None]
    assert [rows[name]["rate"] for name in ("backed", "home")] == ["0.0525", None]
    verified = {name: (rows[name]["invoices_verified"], rows[name]["invoices_normal"]) for name in ("home", "plain")}
    assert verified == {"home": (True, True), "plain": (False, True)}


def test_a_verdict_unfolds_to_the_fact_that_decided_it(book: Book) -> None:
    full_story(book)
    facts = book.store.at()
    criteria = [
        Criterion(criterion="k", text="confirmed", field="confirmed", op="==", value=True),
        Criterion(criterion="g", text="goods", field="goods", op="==", value="钢材"),
    ]
    found = judged(read_pool(facts, "plan-1").day, criteria)
    assert found.table().select(pl.col("passed").all()).item()
    [confirmed] = found.deciding("z", "k")
    stated = facts.history(Receivable, "z")[-1]
    assert (confirmed.table, confirmed.id, confirmed.position) == ("Receivable", "z", str(stated.began))
    assert stated.confirmed_on == day("01-05")
    [goods] = found.deciding("z", "g")
    assert (goods.table, goods.id) == ("Invoice", "inv-z")


def test_what_members_and_documents_decide_unfolds_to_them(book: Book) -> None:
    book.say("core", "document.registered", document("contract-1"))
    book.say("customs", "document.registered", document("declaration-1", type="customs_declaration"))
    book.say("supplier", "invoice.registered", invoice("i", refers_to=["contract-1", "declaration-1"]))
    book.say("supplier", "receivable.registered", receivable("abroad", "i"))
    book.say("supplier", "receivable.registered", receivable("bare"))
    book.seal()
    assets: list[tuple[str, list[str]]] = [("abroad", []), ("bare", [])]
    book.tell("factor", "pool.revolving_purchased", purchased("b1", 1_000, *assets))
    facts = book.store.at()
    criteria = [
        Criterion(criterion="r", text="region", field="region", op="in", values=("44",)),
        Criterion(criterion="t", text="trade", field="trade_type", op="in", values=("cross_border",)),
    ]
    found = judged(read_pool(facts, "plan-1").day, criteria)
    [region] = found.deciding("abroad", "r")
    member = facts.get(Member, "core")
    assert member is not None
    assert (region.table, region.id, region.position) == ("Member", "core", str(member.began))
    [trade] = found.deciding("abroad", "t")
    declaration = facts.get(TradeDocument, "declaration-1")
    assert declaration is not None
    assert (trade.table, trade.id, trade.position) == ("TradeDocument", "declaration-1", str(declaration.began))
    assert list(found.deciding("bare", "t")) == []


def test_what_no_invoice_says_is_not_known(book: Book) -> None:
    """The day it was registered stands in for the day of invoice where days are counted, and meets no criterion."""
    book.say("supplier", "receivable.registered", receivable("bare"))
    book.seal()
    book.tell("factor", "pool.revolving_purchased", purchased("b1", 1_000, ("bare", [])))
    criteria = [
        Criterion(criterion="a", text="age", field="age", op="<=", value=Decimal(1_000)),
        Criterion(criterion="i", text="issued", field="issued", op=">", value=date(2000, 1, 1)),
    ]
    pool = read_pool(book.store.at(), "plan-1")
    found = judged(pool.day, criteria)
    verdicts = {(row[0], row[1]): row[2:] for row in found.table().filter(when="day").drop("when").rows()}
    assert [verdicts["bare", each] for each in "ai"] == [(None, None), (None, None)]
    assert [verdicts["r", each] for each in "ai"] == [(True, "1"), (True, "2026-01-04")]
    assert found.eligible.value == 13_000 == pool.day.total("outstanding", eligible(pool.day, criteria))


def test_goods_are_those_of_the_first_invoice(book: Book) -> None:
    for name, goods, issued in (("a", "late", "2026-01-05"), ("b", "early", "2026-01-02")):
        book.say("supplier", "invoice.registered", invoice(name, goods=goods, issued=issued))
    book.say("supplier", "receivable.registered", receivable("two", "a", "b"))
    book.seal()
    book.tell("factor", "pool.revolving_purchased", purchased("b1", 1_000, ("two", [])))
    assets = read_pool(book.store.at(), "plan-1").frame.assets.filter(asset="two")
    assert assets.select("goods", "issued").rows() == [("early", day("01-02"))]


def test_the_sellers_share_of_the_issue(book: Book) -> None:
    """Of 100,000 fen in units of 1,000 the factor holds five."""
    holders = [{"investor": "factor", "units": 5}, {"investor": "bank", "units": 5}]
    book.tell(
        "manager", "holdings.reported", {"plan": "plan-1", "tranche": "B", "at": "2026-01-05", "holders": holders}
    )
    facts = book.store.at()
    kept = risk_retention(facts, plan_of(facts, "plan-1"), 1_000)
    assert kept.value == Decimal(5_000) / Decimal(100_000)
    assert [ref.table for ref in kept.inputs[0].unfold()] == ["Holding"]
