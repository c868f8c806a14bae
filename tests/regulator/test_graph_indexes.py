"""Looking up reads by indexes alone, and asks no more of a larger market."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.facts import Distribution, output_id
from regulator.graph import Graph, footing, look_down, look_up
from regulator.graph.roles import unindexed
from regulator.graph.text import lines
from regulator.graph.ties import unfollowed
from regulator.graph.words import WORDS
from tests.regulator.test_lookthrough_indexes import _plan_with_one_of_everything, receivable_of, scans
from tests.support.databases import MakeDatabase, Server, databases, private_server
from tests.support.ledger_book import Book, out
from tests.support.listening import listening
from tests.support.plan_book import assigned

DOCS = Path(__file__).parents[2] / "docs" / "look-through.md"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    yield from private_server()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    """Plan-1 with one asset that was paid, collected, passed on, distributed and adjusted."""
    makes: Iterator[MakeDatabase] = databases(request, tmp_path)
    for make in makes:
        made = _plan_with_one_of_everything(make)
        yield made
        made.store.close()


def exact(book: Book, step: str) -> bool:
    """Tell a step that finds what some records made by their very places, which is an index and no range of it."""
    if book.store._engine.dialect.name == "sqlite":
        return "(from_position=?)" in step
    return "from_position IN" in step


SUBJECTS = (("receivable", "r"), ("payment", "p"), ("invoice", "inv-r"), ("collection", "c"))


@pytest.mark.parametrize(("kind", "id_"), SUBJECTS, ids=[kind for kind, _ in SUBJECTS])
def test_every_row_above_is_found_by_an_index(book: Book, kind: str, id_: str) -> None:
    facts = book.store.at()
    with listening(book.store._engine) as said:
        graph = look_up(facts, kind, id_)
    assert len(graph.nodes) > 1
    assert footing(graph) == ()
    assert [step for step in scans(book.store._engine, said) if not exact(book, step)] == []


def test_looking_up_asks_no_more_of_a_larger_market(book: Book) -> None:
    def asked() -> int:
        with listening(book.store._engine) as said:
            look_up(book.store.at(), "receivable", "r")
        return len(said)

    before = asked()
    for number in range(12):
        name = f"x{number}"
        book.say("supplier", "receivable.registered", receivable_of(name))
        book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "signature"})
        issue = {"certificate": f"c-{name}", "receivable": name, "issuer": "core"}
        hash_ = book.say("core", "certificate.issued", issue | {"outputs": [out(500, "supplier")]})
        sold = {"inputs": [output_id(hash_, 0)], "outputs": [out(500, "factor")], "financier": "factor"}
        hash_ = book.say("supplier", "certificate.financed", sold | {"form": "factoring", "price": 1, "rate": "0.05"})
        book.say("factor", "pool.assigned", assigned("plan-1", (name, [output_id(hash_, 0)])))
    book.seal()
    assert asked() == before


def test_the_ends_that_no_index_finds_are_documented() -> None:
    told = DOCS.read_text("utf-8").partition("From\nthese columns no index")[2].partition("### ")[0]
    assert {*re.findall(r"`(\w+\.\w+)`", told)} == {*unfollowed(), *unindexed()}


@pytest.mark.parametrize(("kind", "id_"), [("collection", "c"), ("remittance", "m"), ("distribution", "1")])
def test_money_is_carried_to_what_it_was_collected_on_once(book: Book, kind: str, id_: str) -> None:
    facts = book.store.at()
    graph = look_down(facts, kind, facts.select(Distribution)[0].id if kind == "distribution" else id_)
    assert footing(graph) == ()
    assert (graph.node("collection c").amount, graph.node("receivable r").amount) == (95_000, 95_000)
    paid = [(edge.source, edge.relation, edge.amount) for edge in graph.edges if edge.target == "payment p"]
    assert paid == [("collection c", "collected_from", None), ("receivable r", "settles", None)]
    assert [edge for edge in graph.edges if edge.source == "payment p"] == []


def test_who_pays_whom_is_told_from_where_one_looks(book: Book) -> None:
    def told(graph: Graph) -> dict[tuple[str, str | None], str]:
        return {(line.relation, line.node): line.thing for line in lines(graph, "en")}

    facts = book.store.at()
    assert ("settled by", "payment p") in told(look_up(facts, "receivable", "r"))
    assert ("settles", "receivable r") in told(look_up(facts, "payment", "p"))
    down = told(look_down(facts, "plan", "plan-1"))
    assert ("received", "remittance m") in down
    assert ("paid out in", f"distribution {facts.select(Distribution)[0].id}") in down
    assert ("reached", "plan plan-1") in told(look_down(facts, "remittance", "m"))


def test_every_word_is_there_in_both_languages(book: Book) -> None:
    for area in WORDS.values():
        for chinese, english in area.values():
            assert chinese
            assert english.isascii()
    graph = look_up(book.store.at(), "receivable", "r")
    said = {one.relation for one in graph.edges} | {part.name for node in graph.nodes for part in node.parts}
    known = {name for area in WORDS.values() for name in area}
    assert said <= known
    assert all(line.thing for line in lines(graph, "zh"))
