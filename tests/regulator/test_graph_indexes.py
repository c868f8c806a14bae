"""Looking up reads by indexes alone, and asks no more of a larger market."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.facts import output_id
from regulator.graph import footing, look_up
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
    text = DOCS.read_text("utf-8")
    assert {one for one in (*unfollowed(), *unindexed()) if f"`{one}`" not in text} == set()


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
