"""A confirmation (确权) that is not the debtor's own is shown as such: in a trail, on its page, in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from dashboards.texts import Language
from dashboards.trail import steps_of
from ledger.facts import output_id
from portal.cli.lookthrough_view import looked_through
from portal.cli.words import Words
from regulator.lookthrough import look_through
from tests.support.ledger_book import Book, address, invoice, out, plan, receivable


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "ledger.db")
    made.admit()
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("by", "sender", "foreign"), [("core", "core", False), ("core", "tier2", True), ("supplier", "supplier", True)]
)
def test_a_confirmation_that_is_not_the_debtors_is_shown_as_what_it_is(
    book: Book, by: str, sender: str, foreign: bool
) -> None:
    _pooled(book, by, sender)
    found = look_through(book.store.at(), "P", "R")
    assert found.asset is not None
    owed = found.asset.receivable
    assert owed.confirmed is not None
    assert (owed.confirmed.signer, owed.confirmed_by, owed.confirmed_method) == (sender, by, "signature")
    assert owed.foreign_account == (address(sender) if foreign else None)

    steps = {step.kind: step for step in steps_of(found)}
    step = steps["receivable.confirmed"]
    assert dict(step.fields).get("foreign_account") == owed.foreign_account
    assert step.parties == (found.names[by],)

    for language, words in ((Language.ZH, "非债务人本人确权"), (Language.EN, "not the debtor's own")):
        screen = StringIO()
        Console(file=screen, width=250).print(looked_through(found, Words(language)))
        assert (words in screen.getvalue()) == foreign
        assert (address(sender) in screen.getvalue()) == foreign


def _pooled(book: Book, by: str, sender: str) -> None:
    """Write a receivable of a pool, confirmed in somebody's name and signed by somebody."""
    book.say("supplier", "invoice.registered", invoice("inv-R"))
    book.say("supplier", "receivable.registered", receivable("R", "inv-R"))
    book.say(sender, "receivable.confirmed", {"receivable": "R", "by": by, "method": "signature"})
    issued = book.say("core", "certificate.issued", {
        "certificate": "cert-R", "receivable": "R", "issuer": "core", "outputs": [out(113_000, "supplier")],
    })  # fmt: skip
    sold = book.say("supplier", "certificate.financed", {
        "inputs": [output_id(issued, 0)], "outputs": [out(113_000, "factor")], "financier": "factor",
        "form": "factoring", "price": 110_000, "rate": "0.0525",
    })  # fmt: skip
    book.say("manager", "plan.established", plan("P"))
    book.say("factor", "pool.assigned", {
        "plan": "P", "date": "2026-01-05", "assignor": "factor", "price": 112_000,
        "assets": [{"asset": "R", "outputs": [output_id(sold, 0)]}],
    })  # fmt: skip
    book.seal()
