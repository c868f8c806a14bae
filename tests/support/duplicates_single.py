"""Stories of one loan that is more than what it is on, and of receivables larger than their invoices."""

from __future__ import annotations

from typing import Any

from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, story
from tests.support.ledger_book import receivable

HIGH = Level.HIGH


@story
def two_excesses_beside_each_other(d: Desk) -> Any:
    """A receivable of twice its invoice, tied to another that somebody else lent on: each bears its own."""
    d.invoice()
    d.invoice("J")
    d.receivable("R", "I", amount=2 * FACE)
    d.receivable("S", "I", "J", amount=FACE)
    d.block()
    d.lend("F1", "bank", ("receivable", "R"), amount=FACE)
    d.lend("F2", "bank2", ("invoice", "J"), amount=FACE)
    d.block()
    return {}


@story
def one_loan_on_two_receivables_of_one_invoice(d: Desk) -> Any:
    d.invoice()
    d.receivable("R1", "I", amount=FACE)
    d.receivable("R2", "I", amount=FACE)
    d.block()
    d.lend("F", "bank", ("receivable", "R1"), ("receivable", "R2"), amount=FACE * 18 // 10)
    return {"over_financed": [(d.block(), HIGH)]}


@story
def one_loan_on_one_invoice_under_two_ids(d: Desk) -> Any:
    for name in ("A", "B"):
        d.invoice(name, number="25312000000000000777")
    d.pack("K", "A", "B")
    d.block()
    d.lend("F", "bank", ("package", "K"), amount=FACE * 18 // 10)
    return {"over_financed": [(d.block(), HIGH)]}


@story
def lent_on_what_was_left_of_a_reduced_receivable(d: Desk) -> Any:
    """Of one larger than its invoice the reduction comes off what is beyond that."""
    d.invoice()
    d.receivable(amount=2 * FACE)
    d.lend("F", "bank", ("receivable", "R"), amount=FACE)
    d.block()
    d.adjust(-FACE * 8 // 10)
    d.block()
    return {}


@story
def lent_on_what_was_left_of_a_reduced_receivable_without_invoice(d: Desk) -> Any:
    """What was taken off counts once."""
    bare = receivable(d.of("R"), creditor="supplier", contract=None, amount=2 * FACE)
    d.book.say("gateway", "receivable.registered", bare)
    d.block()
    d.adjust(-FACE)
    d.block()
    d.lend("F", "bank", ("receivable", "R"), amount=FACE * 9 // 10)
    d.block()
    return {}


@story
def the_whole_lent_on_a_piece_that_is_half(d: Desk) -> Any:
    d.asset()
    half, _ = d.move("supplier", "split", [d.certify()], [(FACE // 2, "supplier"), (FACE - FACE // 2, "supplier")])
    d.block()
    d.lend("F", "bank", ("output", half), amount=FACE)
    return {"over_financed": [(d.block(), HIGH)]}
