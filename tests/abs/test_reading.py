"""A pool read from the facts: which payments and adjustments are its own, as of a height and on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from abs.errors import UnknownPlan
from abs.pool import read_pool
from ledger.facts import output_id
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, out, plan

DAY = date(2026, 3, 1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "ledger.db")
    made.admit()
    made.say("manager", "plan.established", plan("P"))
    made.seal()
    yield made
    made.store.close()


def assign(book: Book, asset: str, *outputs: str, on: str = "2026-01-05", to: str = "P") -> None:
    assets = [{"asset": asset, "outputs": list(outputs)}]
    payload = {"plan": to, "date": on, "assignor": "factor", "price": 1, "assets": assets}
    book.say("factor", "pool.assigned", payload)
    book.seal()


def pay(book: Book, name: str, amount: int, on: str, **target: str) -> None:
    settles = [{"target": kind, "id": id_, "amount": amount} for kind, id_ in target.items()]
    book.say(
        "bank",
        "payment.recorded",
        {
            "payment": name, "payer": "core", "payee": "servicer", "amount": amount, "date": on,
            "bank_reference": name, "settles": settles,
        },
    )  # fmt: skip
    book.seal()


def test_a_whole_receivable_takes_every_payment_and_adjustment(book: Book) -> None:
    assign(book, "R", financed_by_factor(book, "R"))
    pay(book, "P1", 13_000, "2026-01-05", receivable="R")
    book.say(
        "gateway", "receivable.adjusted", {"receivable": "R", "delta": -3_000, "reason": "return", "at": "2026-01-05"}
    )
    book.seal()
    pool = read_pool(book.store.at(), "P")
    assert pool.on == date(2026, 1, 5)
    assert pool.balance().value == 113_000 - 13_000 - 3_000
    row = pool.row("R")
    assert row is not None
    assert (row.amount, row.issued, row.due) == (113_000, date(2026, 1, 4), date(2026, 6, 30))
    assert (row.debtor, row.creditor, len(row.invoices[0]), row.disputed) == ("core", "supplier", 20, False)
    tables = {ref.table for ref in pool.balance().unfold()}
    assert tables == {"Receivable", "PoolAsset", "Output", "Settlement", "Invoice"}


def test_a_part_takes_payments_on_its_own_outputs_and_its_share_of_the_others(book: Book) -> None:
    """40,000 of 113,000 are in the pool; 10,000 paid on that output, 11,300 on the receivable as a whole."""
    source = certificate_on(book, "R")
    parts = [out(40_000, "supplier"), out(73_000, "supplier")]
    split = book.say("supplier", "certificate.split", {"inputs": [source], "outputs": parts})
    book.seal()
    sold = book.say(
        "supplier",
        "certificate.financed",
        {
            "inputs": [output_id(split, 0)], "outputs": [out(40_000, "factor")], "financier": "factor",
            "form": "factoring", "price": 39_000, "rate": "0.05",
        },
    )  # fmt: skip
    book.seal()
    held = output_id(sold, 0)
    assign(book, "R", held)
    pay(book, "on the other part", 5_000, "2026-01-05", output=output_id(split, 1))
    assert read_pool(book.store.at(), "P").balance().value == 40_000
    pay(book, "on this part", 10_000, "2026-01-05", output=held)
    assert read_pool(book.store.at(), "P").balance().value == 30_000
    pay(book, "on the whole", 11_300, "2026-01-05", receivable="R")
    assert read_pool(book.store.at(), "P").balance().value == 26_000
    again = [out(1_000, "factor"), out(39_000, "factor")]
    pieces = book.say("factor", "certificate.split", {"inputs": [held], "outputs": again})
    book.seal()
    pay(book, "on a piece of it", 1_000, "2026-01-05", output=output_id(pieces, 0))
    assert read_pool(book.store.at(), "P").balance().value == 25_000


def test_the_height_says_what_was_known_and_the_day_what_had_happened(book: Book) -> None:
    assign(book, "R", financed_by_factor(book, "R"))
    known = book.store.at()
    pay(book, "P1", 13_000, "2026-01-05", receivable="R")
    now = book.store.at()
    assert read_pool(known, "P", DAY).balance().value == 113_000
    assert read_pool(now, "P", DAY).balance().value == 100_000
    assert read_pool(now, "P", date(2026, 1, 4)).balance().value == 113_000
    assert read_pool(now, "P", date(2026, 1, 3)).balance().value == 0
    assert read_pool(now, "P", DAY).balance().height == now.height


def test_what_came_after_the_closing_counts_from_its_assignment(book: Book) -> None:
    output = financed_by_factor(book, "R")
    book.seal(days=30)
    assign(book, "R", output, on="2026-02-04")
    facts = book.store.at()
    assert read_pool(facts, "P", date(2026, 2, 3)).count().value == 0
    assert read_pool(facts, "P", date(2026, 2, 4)).count().value == 1
    assert read_pool(facts, "P", date(2026, 2, 3), before_assignment=True).count().value == 1


def test_plans_do_not_see_each_others_assets(book: Book) -> None:
    book.say("manager", "plan.established", plan("Q"))
    book.seal()
    assign(book, "R", financed_by_factor(book, "R"))
    assign(book, "S", financed_by_factor(book, "S"), to="Q")
    assert [row.asset for row in read_pool(book.store.at(), "P", DAY).rows] == ["R"]
    assert [row.asset for row in read_pool(book.store.at(), "Q", DAY).rows] == ["S"]


def test_an_unknown_plan_is_refused_with_what_to_do(book: Book) -> None:
    with pytest.raises(UnknownPlan) as caught:
        read_pool(book.store.at(), "nope")
    assert "glasspool plans" in caught.value.next_step
