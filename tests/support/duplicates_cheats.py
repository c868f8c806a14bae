"""Stories of those who know the rules: what ties, hides, renames or passes on claims. See ``duplicates_stories``."""

from __future__ import annotations

from typing import Any

from regulator.duplicates.claims import COMPARED
from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, story

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
