"""A small ledger looked through up, down, by member and by document: every amount by hand, and every fault seen."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args
from xml.etree.ElementTree import fromstring

import pytest

from ledger.facts import output_id
from ledger.records.credit import MadeQuota
from ledger.records.financing import FinancingOpened
from ledger.records.registrations import RegistrationFiled
from regulator.errors import UnknownThing
from regulator.graph import (
    MORE,
    OVERLAP,
    Graph,
    footing,
    graphml,
    look_at_member,
    look_at_papers,
    look_down,
    look_up,
)
from regulator.graph.text import html, lines, plain, title
from regulator.graph.words import WORDS
from tests.support.ledger_book import Book, certificate_on, invoice, out, plan, receivable
from tests.support.plan_book import payment
from tests.support.trade import document, order, package, receipt


def parts(graph: Graph, key: str) -> dict[tuple[str, str], int | None]:
    return {(one.breakdown, one.name): one.amount for one in graph.node(key).parts}


def carried(graph: Graph, relation: str) -> dict[tuple[str, str], int | None]:
    return {(one.source, one.target): one.amount for one in graph.edges if one.relation == relation}


def financing(name: str, *collateral: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "financing": name, "form": "factoring", "applicant": "supplier", "financier": "factor",
        "collateral": list(collateral), "amount": 50_000, "rate": "0.05", "start": "2026-01-05",
        "maturity": "2026-06-30", **changes,
    }  # fmt: skip


def registration(name: str, *collateral: dict[str, Any]) -> dict[str, Any]:
    return {
        "registration": name, "type": "pledge", "secured_party": "factor", "debtor": "supplier",
        "description": "应收账款", "collateral": list(collateral), "filed_at": "2026-01-05T01:00:00Z",
        "expires_at": "2027-01-05",
    }  # fmt: skip


def assign(book: Book, name: str, price: int, *assets: tuple[str, list[str]]) -> None:
    listed = [{"asset": asset, "outputs": outputs} for asset, outputs in assets]
    book.say(
        "factor",
        "pool.assigned",
        {"plan": name, "date": "2026-01-05", "assignor": "factor", "price": price, "assets": listed},
    )
    book.seal()


@pytest.fixture
def pooled(book: Book) -> Book:
    """Of R's certificate of 1,130.00, 1,000.00 is sold to plan P for 950.00; 130.00 stays with its supplier."""
    issued = certificate_on(book, "R")
    sold = book.say(
        "supplier",
        "certificate.financed",
        {
            "inputs": [issued], "outputs": [out(100_000, "factor"), out(13_000, "supplier")], "financier": "factor",
            "form": "factoring", "price": 96_000, "rate": "0.05",
        },
    )  # fmt: skip
    book.seal()
    assign(book, "P", 95_000, ("R", [output_id(sold, 0)]))
    return book


def test_up_from_an_invoice_to_the_tranche(pooled: Book) -> None:
    graph = look_up(pooled.store.at(), "invoice", "inv-R")
    assert footing(graph) == ()
    [piece] = [one for one in graph.of_kind("output") if one.amount == 100_000]
    assert carried(graph, "held_by_pool") == {(piece.key, "asset P/R"): 100_000}
    assert (graph.node("pool P").amount, graph.node("plan P").amount) == (100_000, 100_000)
    assert carried(graph, "tranche_of") == {("plan P", "tranche P/A"): 90_000, ("plan P", "tranche P/B"): 10_000}
    owners = {target: amount for (_, target), amount in carried(graph, "owned_by").items()}
    assert owners == {"member factor": 100_000, "member supplier": 13_000}
    assert graph.names["factor"] == "factor Ltd"


def test_down_from_a_plan_keeps_face_and_price_apart(pooled: Book) -> None:
    graph = look_down(pooled.store.at(), "plan", "P")
    assert footing(graph) == ()
    told = dict(graph.node("pool P").details)
    assert (told["face"], told["price"], graph.node("pool P").amount) == ("100000", "95000", 100_000)
    assert dict(graph.node("asset P/R").details)["price"] == "95000"
    assert (graph.node("invoice inv-R").amount, graph.node("invoice inv-R").stated) == (100_000, 113_000)


def test_a_pool_covers_tranches_by_rank_and_what_is_uncovered_is_said(pooled: Book) -> None:
    pooled.say("bank", "payment.recorded", payment("pay", 60_000, ("R", 60_000)))
    pooled.seal()
    facts = pooled.store.at()
    left = sum(one.amount or 0 for one in look_down(facts, "pool", "P").of_kind("asset"))
    assert 0 < left < 90_000
    graph = look_down(facts, "plan", "P")
    assert footing(graph) == ()
    assert carried(graph, "covered_by") == {("tranche P/A", "pool P"): left, ("tranche P/B", "pool P"): 0}
    assert parts(graph, "tranche P/A") == {("cover", "uncovered"): 90_000 - left}
    assert parts(graph, "tranche P/B") == {("cover", "uncovered"): 10_000}


def test_what_several_lead_to_is_unfolded_with_what_all_carry(pooled: Book) -> None:
    told = [line for line in lines(look_down(pooled.store.at(), "plan", "P"), "en") if line.node == "pool P"]
    assert [(line.amount, line.remark) for line in told] == [
        ("900.00", "in all 1,000.00"), ("100.00", "shown above"), ("0.00", "shown above"),
    ]  # fmt: skip
    [once] = [line for line in lines(look_down(pooled.store.at(), "tranche", "P/A"), "en") if line.node == "pool P"]
    assert (once.amount, once.remark) == ("900.00", "")


def test_a_holding_is_its_units_of_its_tranche(pooled: Book) -> None:
    held = [{"investor": "bank", "units": 2}, {"investor": "factor", "units": 7}]
    pooled.say("custodian", "holdings.reported", {"plan": "P", "tranche": "A", "at": "2026-01-05", "holders": held})
    pooled.seal()
    graph = look_down(pooled.store.at(), "holding", "P/A/bank")
    assert footing(graph) == ()
    assert graph.node(graph.subject).amount == 20_000 == graph.node("invoice inv-R").amount
    above = look_up(pooled.store.at(), "invoice", "inv-R")
    assert sorted(amount or 0 for amount in carried(above, "part_of").values()) == [20_000, 70_000]


def test_an_invoice_that_two_receivables_share_carries_what_each_claims(book: Book) -> None:
    for name, amount in (("one", 50_000), ("two", 20_000)):
        if name == "one":
            book.say("supplier", "invoice.registered", invoice("i"))
            book.say("supplier", "invoice.registered", invoice("j"))
        rests = ("i", "j") if name == "two" else ("i",)
        book.say("supplier", "receivable.registered", receivable(name, *rests, amount=amount))
    book.seal()
    graph = look_up(book.store.at(), "invoice", "i")
    assert carried(graph, "claims") == {
        ("invoice i", "receivable one"): 50_000, ("invoice i", "receivable two"): 10_000,
    }  # fmt: skip
    assert parts(graph, "invoice i") == {("claimed", "unclaimed"): 53_000}
    assert graph.node("receivable two").stated == 20_000
    assert footing(graph) == ()


def test_what_is_relied_on_twice_is_a_part_of_its_own(book: Book) -> None:
    book.say("supplier", "invoice.registered", invoice("i"))
    book.say("supplier", "receivable.registered", receivable("r", "i"))
    for name in ("f1", "f2"):
        book.say("factor", "financing.opened", financing(name, {"kind": "receivable", "id": "r"}))
    book.seal()
    graph = look_up(book.store.at(), "invoice", "i")
    assert {one.id for one in graph.of_kind("financing")} == {"f1", "f2"}
    assert parts(graph, "receivable r")["financed", OVERLAP] == -113_000
    assert footing(graph) == ()


def test_a_part_of_a_thing_that_secures_is_carried_as_such(book: Book) -> None:
    book.say("supplier", "invoice.registered", invoice("i"))
    book.say("supplier", "receivable.registered", receivable("r", "i"))
    collateral = {"kind": "receivable", "id": "r", "amount": 40_000}
    book.say("factor", "financing.opened", financing("f", collateral))
    book.seal()
    graph = look_up(book.store.at(), "invoice", "i")
    assert carried(graph, "secured_by") == {("receivable r", "financing f"): 40_000}
    assert parts(graph, "receivable r")["financed", "unfinanced"] == 73_000
    down = look_down(book.store.at(), "financing", "f")
    assert (down.node("receivable r").amount, parts(down, "financing f")["collateral", "unsecured"]) == (40_000, 10_000)
    assert footing(graph) == footing(down) == ()


def test_packages_registrations_and_what_was_released_are_found(book: Book) -> None:
    for name in "ij":
        book.say("supplier", "invoice.registered", invoice(name))
    book.say("supplier", "package.registered", package("k", "i", "j"))
    thing = {"kind": "package", "id": "k"}
    book.say("factor", "financing.opened", financing("f", thing))
    book.say("factor", "registration.filed", registration("reg", thing))
    book.seal()
    open_ = look_up(book.store.at(), "invoice", "i")
    assert {"package k", "financing f", "registration reg"} <= {one.key for one in open_.nodes}
    assert look_down(book.store.at(), "registration", "reg").node("registration reg").amount == 226_000
    book.say("factor", "financing.released", {"financing": "f", "at": "2026-01-05", "collateral": None})
    book.seal()
    after = look_up(book.store.at(), "invoice", "i")
    assert footing(open_) == footing(after) == ()
    [edge] = [one for one in after.edges if one.relation == "secured_by"]
    assert (edge.ended, edge.amount) == (True, None)
    assert look_up(book.store.at(open_.height), "invoice", "i").node("financing f").amount == 113_000


def test_what_is_not_listed_has_its_number_and_its_amount(book: Book) -> None:
    names = [f"i{number}" for number in range(7)]
    for name in names:
        book.say("supplier", "invoice.registered", invoice(name))
    book.say("supplier", "package.registered", package("k", *names))
    book.seal()
    whole = look_down(book.store.at(), "package", "k", limit=None)
    page = look_down(book.store.at(), "package", "k", offset=2, limit=3)
    assert footing(page) == footing(whole) == ()
    assert (len(whole.of_kind("invoice")), len(page.of_kind("invoice"))) == (7, 3)
    [more] = [one for one in page.node("package k").parts if one.name == MORE]
    assert (more.count, more.amount) == (4, 4 * 113_000)
    assert "4" in next(line.thing for line in lines(page, "en") if line.node is None)


def test_a_member_by_role(pooled: Book) -> None:
    graph = look_at_member(pooled.store.at(), "core", limit=1)
    assert footing(graph) == ()
    roles = {one.label: one.amount for one in graph.nodes if one.kind == "role"}
    assert (roles["debtor"], roles["buyer"], roles["issuer"]) == (113_000, 113_000, 113_000)
    owner = look_at_member(pooled.store.at(), "factor")
    assert {one.label: one.amount for one in owner.nodes if one.kind == "role"}["owner"] == 100_000
    assert "plan P" in look_at_member(pooled.store.at(), "manager")


def test_the_papers_around_a_document_go_both_ways_to_the_end(book: Book) -> None:
    book.say("supplier", "document.registered", document("c"))
    book.say("supplier", "document.registered", document("w", "c", type="waybill"))
    book.say("customs", "order.registered", order("o"))
    book.say("supplier", "invoice.registered", invoice("i", refers_to=["w"]))
    book.say("supplier", "receivable.registered", receivable("r", "i", contract="c"))
    book.say("bank", "payment.recorded", payment("p", 113_000, ("r", 113_000)))
    book.seal()
    graph = look_at_papers(book.store.at(), "document", "w")
    flows = {one.key: one.flow for one in graph.nodes}
    assert flows == {
        "document w": "goods", "document c": "trade", "invoice i": "papers", "receivable r": "trade",
        "payment p": "cash",
    }  # fmt: skip
    assert footing(graph) == ()


def test_goods_and_orders_lead_to_their_financing(book: Book) -> None:
    book.say("warehouse", "warehouse_receipt.issued", receipt("w"))
    book.say("customs", "order.registered", order("o"))
    things = ({"kind": "receipt", "id": "w"}, {"kind": "order", "id": "o"})
    book.say("factor", "financing.opened", financing("f", *things))
    book.seal()
    for kind, id_ in (("receipt", "w"), ("order", "o")):
        graph = look_up(book.store.at(), kind, id_)
        assert "financing f" in graph
        assert footing(graph) == ()


def test_every_node_and_edge_can_be_proved(pooled: Book) -> None:
    graph = look_up(pooled.store.at(), "invoice", "inv-R")
    positions = graph.positions()
    assert {pooled.store.record(one).kind for one in positions} >= {
        "invoice.registered", "certificate.issued", "certificate.financed", "pool.assigned", "plan.established",
    }  # fmt: skip
    assert all(one.position is not None for one in graph.nodes if one.kind not in ("pool", "shelf"))


@pytest.mark.parametrize("fault", ["edge", "part", "node", "lost"])
def test_a_graph_that_does_not_add_up_is_seen(pooled: Book, fault: str) -> None:
    graph = look_up(pooled.store.at(), "invoice", "inv-R")
    edge = next(one for one in graph.edges if one.amount == 100_000)
    match fault:
        case "edge":
            edges = tuple(replace(one, amount=99_999) if one is edge else one for one in graph.edges)
            wrong = replace(graph, edges=edges)
        case "part":
            node = next(one for one in graph.nodes if one.parts)
            changed = replace(node, parts=tuple(replace(one, amount=(one.amount or 0) + 1) for one in node.parts))
            wrong = graph.with_nodes(changed if one is node else one for one in graph.nodes)
        case "node":
            wrong = graph.with_nodes(replace(one, amount=1) if one.kind == "asset" else one for one in graph.nodes)
        case _:
            wrong = replace(graph, edges=tuple(one for one in graph.edges if one is not edge))
    assert footing(graph) == ()
    assert footing(wrong) != ()
    assert "NOT" in title(wrong, "en")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("financing", FinancingOpened.model_fields["form"].annotation),
        ("registration", RegistrationFiled.model_fields["type"].annotation),
        ("quota", MadeQuota.model_fields["state"].annotation),
    ],
)
def test_every_code_that_labels_a_thing_has_a_word(kind: str, codes: Any) -> None:
    assert WORDS[kind].keys() == set(get_args(codes))
    assert not [one for one, (chinese, english) in WORDS[kind].items() if one in chinese or "_" in english]


def test_a_financing_is_called_by_its_form(book: Book) -> None:
    book.say("supplier", "invoice.registered", invoice("i"))
    book.say(
        "factor",
        "financing.opened",
        financing("loan", {"kind": "invoice", "id": "i"}, form="receivable_discount"),
    )
    book.seal()
    graph = look_up(book.store.at(), "invoice", "i")
    for language, called in (("zh", "融资 应收账款贴现 loan"), ("en", "financing receivable discount loan")):
        assert [line.thing for line in lines(graph, language) if line.node == "financing loan"] == [called]
        assert "receivable_discount" not in html(graph, language)


HOSTILE = "<script>&\"'\x1b[31m\x00\u202e]]>\ud7ff"


def test_hostile_text_stays_text(book: Book) -> None:
    book.say("supplier", "document.registered", document("c", number="<b>&\u202eHT"))
    book.say("supplier", "invoice.registered", invoice("i", goods="<script>", refers_to=["c"]))
    book.seal()
    graph = look_at_papers(book.store.at(), "document", "c")
    named = graph.with_nodes(replace(one, label=HOSTILE) for one in graph.nodes)
    root = fromstring(graphml(named))
    labels = [one.text for one in root.iter() if one.get("key") == "node_label"]
    assert labels == [plain_xml(HOSTILE)] * len(graph.nodes)
    assert "<script>" not in html(named, "en")
    assert not {"\x1b", "\x00", "\u202e"} & set("".join(line.thing for line in lines(named, "en")))
    assert plain("a\x1b[2J") == "a\ufffd[2J"


def plain_xml(text: str) -> str:
    return text.replace("\x1b", "\ufffd").replace("\x00", "\ufffd")


def test_networkx_reads_the_same_graph(pooled: Book) -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    graph = look_up(pooled.store.at(), "invoice", "inv-R")
    read = networkx.parse_graphml(graphml(graph).decode())
    assert set(read.nodes) == {one.key for one in graph.nodes}
    assert read.number_of_edges() == len(graph.edges)
    assert read.nodes["invoice inv-R"]["amount"] == 113_000
    assert read.edges["pool P", "plan P"]["relation"] == "pool_of"


def test_a_graph_is_json(pooled: Book) -> None:
    told = json.loads(json.dumps(look_down(pooled.store.at(), "plan", "P").as_json()))
    assert (told["subject"], told["direction"]) == ("plan P", "down")


@pytest.mark.parametrize(
    ("kind", "id_", "code"),
    [("nonsense", "x", "unknown-kind"), ("invoice", "x", "unknown-thing"), ("shelf", "x", "unknown-thing"),
     ("pool", "x", "unknown-thing"), ("holding", "P/A/x", "unknown-thing"), ("holding", "x", "unknown-thing")],
)  # fmt: skip
def test_what_is_not_there_is_said(book: Book, kind: str, id_: str, code: str) -> None:
    with pytest.raises(UnknownThing) as caught:
        look_up(book.store.at(), kind, id_)
    assert caught.value.code == code
    assert caught.value.next_step


def test_a_shelf_holds_its_plans(book: Book) -> None:
    book.say("manager", "plan.established", plan("Q", shelf="S"))
    book.seal()
    graph = look_down(book.store.at(), "shelf", "S")
    assert (graph.node("shelf S").amount, carried(graph, "on_shelf")) == (100_000, {("shelf S", "plan Q"): 100_000})
    assert footing(graph) == ()
    assert "shelf S" in look_up(book.store.at(), "plan", "Q")
