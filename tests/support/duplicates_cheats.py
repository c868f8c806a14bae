"""Stories of those who know the rules: what ties, hides, renames or passes on claims. See ``duplicates_stories``."""

from __future__ import annotations

from typing import Any

from regulator.duplicates.claims import COMPARED
from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, story
from tests.support.ledger_book import invoice

HIGH = Level.HIGH


def _sham(d: Desk) -> None:
    """A receivable of one fen ties a large invoice to I, so that the whole looks worth enough for anything."""
    d.invoice("J", amount_excluding_tax=10_000_000, tax=1_300_000, amount_including_tax=11_300_000)
    d.receivable("R9", "I", "J", amount=1)
    d.block()


@story
def tied_to_a_large_one(d: Desk) -> Any:
    """By the invoice and by the claim on it, while the asset as a whole would carry both."""
    d.asset()
    _sham(d)
    d.lend("F1", "bank", ("invoice", "I"))
    d.block()
    d.lend("F2", "bank2", ("receivable", "R"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def tied_and_lent_twice_by_one(d: Desk) -> Any:
    d.asset()
    _sham(d)
    d.lend("F1", "bank", ("invoice", "I"))
    d.lend("F2", "bank", ("receivable", "R"))
    return {"over_financed": [(d.block(), HIGH)]}


@story
def behind_many_parts(d: Desk) -> Any:
    """More parts of a fen than are held against each other do not hide two wholes that come after them."""
    d.asset()
    for at in range(COMPARED + 1):
        d.lend(f"M{at}", "bank3", ("receivable", "R", 1), amount=1)
    d.block()
    d.lend("F1", "bank", ("invoice", "I"))
    d.lend("F2", "bank2", ("receivable", "R"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def without_its_code(d: Desk) -> Any:
    """The same paper invoice again, its code left out; a number of another code is another invoice."""
    d.invoice("A", number="12345678", code="3100201130", type="vat_special")
    d.invoice("B", number="12345678", type="vat_special")
    d.invoice("X", number="87654321", code="3100201130", type="vat_special")
    d.invoice("Y", number="87654321", code="3100201131", type="vat_special")
    d.block()
    for name, bank in (("A", "bank"), ("B", "bank2"), ("X", "bank"), ("Y", "bank2")):
        d.lend(f"F{name}", bank, ("invoice", name))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def refinanced_by_two_in_turn(d: Desk) -> None:
    """A factor is refinanced by another, and that one by a bank."""
    d.asset()
    d.lend("F1", "factor", ("receivable", "R"), form="factoring")
    d.block()
    d.lend("F2", "factor2", ("receivable", "R"), applicant="factor")
    d.block()
    d.lend("F3", "bank", ("receivable", "R"), applicant="factor2")
    d.block()


@story
def bought_from_itself(d: Desk) -> Any:
    """The seller buys a piece of one fen, and one bank lends twice on what it gave: nothing is within that fen."""
    d.asset()
    piece, _ = d.move("supplier", "split", [d.certify()], [(1, "supplier"), (FACE - 1, "supplier")])
    d.sell(piece, "supplier", amount=1)
    d.block()
    d.lend("F1", "bank", ("receivable", "R"))
    d.lend("F2", "bank", ("receivable", "R"), amount=60_000)
    return {"over_financed": [(d.block(), HIGH)]}


# issued anew, under another number


def _anew(d: Desk, last: str = "I", red: str = "RED", new: str = "NEW") -> None:
    """The invoice is red-flushed whole and issued again with the same value."""
    d.mark("red_flushed", last)
    d.note(red, -100_000, last)
    d.note(new, 100_000, red)


@story
def lent_on_what_was_issued_anew(d: Desk) -> Any:
    """A bank has lent on the invoice, and another lends on the one that was issued in its place."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block(5)
    _anew(d)
    d.block(5)
    d.lend("F2", "bank2", ("invoice", "NEW"))
    twice = d.block(5)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    over = d.block()
    return {"exact_reuse": [(twice, HIGH), (over, None)], "over_financed": [(twice, HIGH), (over, None)]}


@story
def issued_anew_thrice(d: Desk) -> Any:
    """Again and again, so that the first and the last are far apart; in the end under a second id."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.block()
    _anew(d)
    d.block()
    _anew(d, "NEW", "RED2", "NEW2")
    d.block()
    _anew(d, "NEW2", "RED3", "NEW3")
    d.block()
    d.invoice("TWIN", number=invoice(d.of("NEW3"))["number"])
    d.receivable("R2", "TWIN")
    d.block()
    d.lend("F2", "bank2", ("receivable", "R2"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def lent_first_on_what_stands_in_its_place(d: Desk) -> Any:
    """It names the invoice itself, and that is voided only when both have lent."""
    d.asset()
    d.note("NEW", 100_000, "I")
    d.lend("F1", "bank", ("invoice", "NEW"))
    d.lend("F2", "bank2", ("invoice", "I"))
    d.block(3)
    d.mark("voided")
    twice = d.block(3)
    d.mark("voided", "NEW")
    gone = d.block()
    return {
        "exact_reuse": [(twice, HIGH)],
        "over_financed": [(twice, HIGH)],
        "red_after_finance": [(gone, HIGH)],
    }


@story
def taken_off_and_owed_anew(d: Desk) -> Any:
    """The claim was taken back with the invoice, another is made of the one in its place, and a bank lends on that."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block(3)
    _anew(d)
    d.adjust(-FACE)
    d.receivable("R2", "NEW")
    d.block()
    d.lend("F2", "bank2", ("receivable", "R2"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def filed_on_what_was_issued_anew(d: Desk) -> Any:
    d.asset()
    d.file("Z1", "bank", ("invoice", "I"))
    d.block()
    _anew(d)
    d.block()
    d.file("Z2", "bank2", ("invoice", "NEW"))
    return {"priority_conflict": [(d.block(), HIGH)]}


@story
def hidden_behind_a_large_one(d: Desk) -> Any:
    """A second one in its place is large enough for both."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block()
    d.note("HUGE", 10_000_000, "I")
    _anew(d)
    d.block()
    d.lend("F2", "bank2", ("invoice", "NEW"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def papered_anew(d: Desk) -> None:
    """A bank writes its own loan on what was issued in the place of its collateral."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.file("Z1", "bank", ("invoice", "I"))
    d.block(3)
    _anew(d)
    d.block()
    d.lend("F2", "bank", ("invoice", "NEW"), drawn=False)
    d.file("Z2", "bank", ("invoice", "NEW"))
    d.block(2)
    d.act("F2", "bank", "disbursed", payment=None, amount=FACE * 8 // 10)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    d.cancel("Z1", "bank")
    d.block()


@story
def financed_by_another_after_release(d: Desk) -> None:
    """The first is paid back; what was taken back with the invoice is owed again on the one in its place."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.block(3)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    d.block()
    _anew(d)
    d.adjust(-FACE)
    d.receivable("R2", "NEW")
    d.block()
    d.lend("F2", "bank2", ("receivable", "R2"))
    d.file("Z2", "bank2", ("receivable", "R2"))
    d.block()


@story
def a_part_issued_anew(d: Desk) -> None:
    """A part is taken off and billed anew, and each is financed by a bank of its own within what is left."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"), amount=50_000)
    d.block()
    d.note("RED", -50_000, "I")
    d.note("PART", 50_000, "RED")
    d.block()
    d.lend("F2", "bank2", ("invoice", "PART"), amount=50_000)
    d.block()


@story
def several_billed_together(d: Desk) -> None:
    """Two invoices are red-flushed and billed as one, which carries the loans on both; others stand and are listed."""
    d.invoice("A")
    d.invoice("B")
    d.invoice("C")
    d.lend("F1", "bank", ("invoice", "A"))
    d.lend("F2", "bank2", ("invoice", "B"))
    d.lend("F3", "bank3", ("invoice", "C"))
    d.note("LIST", 100_000, "C")
    d.lend("F4", "bank", ("invoice", "LIST"))
    d.block()
    d.mark("red_flushed", "A")
    d.mark("red_flushed", "B")
    d.note("RED", -200_000, "A", "B")
    d.note("NEW", 200_000, "RED")
    d.block()
