"""How a family is read: few questions, on indexed columns, whole as of each height, and bounded against the hostile."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.facts import Fact, Invoice
from regulator.duplicates import family
from regulator.duplicates.claims import Claim, Instrument, chained, rivals
from regulator.duplicates.family import key_of, load_rows
from regulator.duplicates.scope import FamilyScope
from regulator.histories import StoreHistories
from tests.support.duplicates_stories import FACE, Desk, ledger
from tests.support.ledger_book import Book


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    book = ledger(tmp_path / "ledger.db")
    yield Desk(book, "x")
    book.store.close()


class Asked(StoreHistories):
    """Histories that note what they are asked."""

    def __init__(self, book: Book) -> None:
        super().__init__(book.store.at())
        self.questions: list[tuple[type[Fact], str]] = []

    def having(self, table: Any, column: str, values: Collection[str]) -> list[Any]:
        self.questions.append((table, column))
        return super().having(table, column, values)


def everything(desk: Desk) -> None:
    """Something of every kind of claim."""
    desk.asset()
    output = desk.sell(desk.certify(), "factor")
    desk.assign("P", "factor", "R", output)
    desk.pack("K", "I")
    desk.lend("F1", "bank", ("package", "K"), ("output", output))
    desk.file("Z1", "bank", ("receivable", "R"))
    desk.file("Z2", "bank2", ("invoice", "I"))
    desk.pay()
    desk.mark("voided")
    desk.block()


def test_every_question_is_of_an_indexed_column(desk: Desk) -> None:
    everything(desk)
    histories, scope = Asked(desk.book), FamilyScope()
    seeds = scope.touched(desk.book.store.at().changed(scope.reads, -1), histories)
    assert [one for one in scope.load(histories, seeds) if "invoice x.I" in one.subjects]
    for table, column in histories.questions:
        leading = {next(iter(index.columns)).name for index in table.__table__.indexes}
        assert column in leading | {"id"}, f"{table.label}.{column} has no index"


def test_questions_do_not_grow_with_the_seeds(desk: Desk) -> None:
    everything(desk)
    one = Asked(desk.book)
    load_rows(one, ["invoice x.I"])
    for name in ("A", "B", "C", "D"):
        desk.invoice(name)
        desk.receivable(f"R{name}", name)
        desk.lend(f"F{name}", "bank", ("receivable", f"R{name}"))
    desk.block()
    many = Asked(desk.book)
    found = load_rows(many, ["invoice x.I", *(f"receivable x.R{name}" for name in "ABCD")])
    assert len(found) == 5
    assert len(many.questions) <= len(one.questions) + 4  # the seeds may lie a level apart


def test_what_nobody_claims_is_not_loaded(desk: Desk) -> None:
    desk.asset()
    assert load_rows(StoreHistories(desk.book.store.at()), ["receivable x.R"]) == []


def test_assets_are_tied_only_from_the_block_that_ties_them(desk: Desk) -> None:
    """Two invoices with a loan each are two assets until a receivable rests on both."""
    for name, bank in (("A", "bank"), ("B", "bank2")):
        desk.invoice(name)
        desk.lend(f"F{name}", bank, ("invoice", name), amount=FACE)
    before = desk.block()
    desk.receivable("R", "A", "B")
    desk.lend("F", "bank3", ("receivable", "R"), amount=FACE)
    after = desk.block()
    (found,) = FamilyScope().load(StoreHistories(desk.book.store.at()), ["invoice x.A"])
    assert list(found.assess(before)) == []
    subjects = {(signal.rule, signal.subject) for signal in found.assess(after)}
    assert subjects == {("duplicate.exact_reuse", "invoice x.A"), ("duplicate.over_financed", "invoice x.A")}


def test_far_links_are_cut_and_near_claims_still_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ties a long chain to an invoice does not hide that it was financed twice."""
    monkeypatch.setattr(family, "NODES", 6)
    for at in range(30):
        desk.invoice(f"I{at}")
    for at in range(29):
        desk.receivable(f"R{at}", f"I{at}", f"I{at + 1}", amount=1)
    desk.lend("F1", "bank", ("invoice", "I0"))
    desk.lend("F2", "bank2", ("invoice", "I0"))
    height = desk.block()
    (found,) = FamilyScope().load(StoreHistories(desk.book.store.at()), ["invoice x.I0"])
    assert len(found.subjects) < 20
    assert "duplicate.exact_reuse" in {signal.rule for signal in found.assess(height)}


def test_key_of_an_invoice() -> None:
    def made(**values: Any) -> Invoice:
        plain = {"id": "i", "number": "12345678", "code": None, "seller": "s", "buyer": "b"}
        return Invoice(**plain | values)

    digital = "2" * 20
    assert key_of(made(number=digital)) == key_of(made(number=digital, seller="other", code="x"))
    assert key_of(made(code="31001")) == key_of(made(code="31001", seller="other"))
    assert key_of(made(code="31001")) != key_of(made(code="31002"))
    assert key_of(made()) != key_of(made(seller="other"))
    assert key_of(made(number="２" * 20)) == ("s", "b", "２" * 20)  # full-width digits are no number of 20 digits


def claim(holder: str, extent: int, target: str = "receivable R", *givers: str, **changes: Any) -> Claim:
    values: dict[str, Any] = {
        "instrument": Instrument.FINANCING, "thing": f"financing {holder}", "holder": holder,
        "givers": frozenset(givers), "target": target, "covers": (target, "all"), "extent": extent, "money": extent,
        "bought": True, "began": 1, "paid_out": 1, "day": None, "evidence": (1,),
    }  # fmt: skip
    return Claim(**values | changes)


def test_rivals_are_those_that_do_not_fit() -> None:
    worth = {"receivable R": 100, "output O": 40, "all": 100}
    assert rivals([claim("a", 50), claim("b", 50)], worth) == []
    assert len(rivals([claim("a", 50), claim("b", 51)], worth)) == 2
    assert len(rivals([claim("a", 40), claim("b", 40), claim("c", 40)], worth)) == 3
    assert rivals([claim("a", 100), claim("a", 100)], worth) == []
    piece = {"covers": ("output O", "receivable R", "all")}
    assert len(rivals([claim("a", 40, "output O", **piece), claim("b", 40, "output O", **piece)], worth)) == 2
    assert rivals([claim("a", 40, "output O", **piece), claim("b", 60)], worth) == []


def test_what_a_holder_gave_is_within_its_own() -> None:
    worth = {"receivable R": 100, "all": 100}
    factor, bank, other = claim("f", 100), claim("b", 100, "receivable R", "f"), claim("o", 100, "receivable R", "f")
    assert chained(factor, bank)
    assert rivals([factor, bank], worth) == []
    assert rivals([factor, bank, other], worth) == [bank, other]
    half = claim("c", 50)
    within = [claim("f", 50), claim("b", 50, "receivable R", "f"), half]
    assert rivals(within, worth) == []
