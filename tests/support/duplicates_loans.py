"""Stories of claims on one asset: two financings, too much of them, two instruments. See ``duplicates_stories``."""

from __future__ import annotations

from typing import Any

from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, story

HIGH, MEDIUM, LOW = Level.HIGH, Level.MEDIUM, Level.LOW


# exact_reuse


@story
def two_banks(d: Desk) -> Any:
    """By the invoice, then by the claim on it; in the end one bank is paid back."""
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block()
    d.lend("F2", "bank2", ("receivable", "R"))
    twice = d.block(5)
    d.repay("F1", "bank", 1_000)
    part = d.block(5)
    d.repay("F1", "bank", FACE * 8 // 10 - 1_000)
    d.release("F1", "bank")
    over = d.block()
    return {
        "exact_reuse": [(twice, HIGH), (part, HIGH), (over, None)],
        "over_financed": [(twice, HIGH), (part, HIGH), (over, None)],
    }


@story
def another_id(d: Desk) -> Any:
    """The same 20-digit number under another id, other claim, other bank, other applicant."""
    d.asset()
    number = "25312000000000000001"
    d.invoice("A", number=number)
    d.receivable("RA", "A")
    d.lend("F1", "bank", ("receivable", "RA"))
    d.block()
    d.invoice("B", number=number, seller="tier2")
    d.receivable("RB", "B", creditor="tier2")
    d.block()
    d.lend("F2", "bank2", ("receivable", "RB"), applicant="tier2")
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def in_a_package(d: Desk) -> Any:
    """A package is financed, and one of its invoices again: of that invoice alone there is something to say."""
    for name in ("A", "B", "C"):
        d.invoice(name)
    d.pack("K", "A", "B", "C")
    d.lend("F1", "bank", ("package", "K"), amount=FACE * 24 // 10)
    d.block()
    d.lend("F2", "bank2", ("invoice", "B"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def bought_and_lent_on(d: Desk) -> Any:
    """A factor buys the certificate, and a bank lends on the claim beneath it."""
    d.asset()
    output = d.certify()
    d.sell(output, "factor")
    d.block()
    d.lend("F1", "bank", ("receivable", "R"))
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def small_wholes(d: Desk) -> Any:
    """Two banks take the whole as security for little: the money fits, the title does not."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"), amount=20_000)
    d.lend("F2", "bank2", ("receivable", "R"), amount=20_000)
    return {"exact_reuse": [(d.block(), MEDIUM)]}


@story
def parts_beyond_the_face(d: Desk) -> Any:
    """Three parts, of which the third does not fit."""
    d.asset()
    for name, bank in (("F1", "bank"), ("F2", "bank2")):
        d.lend(name, bank, ("receivable", "R", 50_000), amount=40_000)
    d.block()
    d.lend("F3", "bank3", ("receivable", "R", 50_000), amount=40_000)
    third = d.block()
    return {"exact_reuse": [(third, HIGH)], "over_financed": [(third, HIGH)]}


@story
def unknown_invoice(d: Desk) -> Any:
    """Two banks lend on an invoice that nobody registered."""
    d.lend("F1", "bank", ("invoice", "NONE"))
    d.block()
    d.lend("F2", "bank2", ("invoice", "NONE"))
    return {"exact_reuse": [(d.block(), HIGH)]}


@story
def factor_pledges_twice(d: Desk) -> Any:
    """A factor refinances what it bought with two banks: lawful once."""
    d.asset()
    output = d.sell(d.certify(), "factor")
    d.lend("F1", "bank", ("output", output), applicant="factor")
    d.block()
    d.lend("F2", "bank2", ("output", output), applicant="factor")
    twice = d.block()
    return {"exact_reuse": [(twice, HIGH)], "over_financed": [(twice, HIGH)]}


@story
def refinanced_in_one_block(d: Desk) -> None:
    d.asset()
    d.lend("F1", "bank", ("invoice", "I"))
    d.block(10)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    d.lend("F2", "bank2", ("receivable", "R"))
    d.block()


@story
def syndicate(d: Desk) -> None:
    """Three banks lend on stated parts at the same time."""
    d.asset()
    for at, bank in enumerate(("bank", "bank2", "bank3")):
        d.lend(f"F{at}", bank, ("receivable", "R", 37_000), amount=37_000)
    d.block()


@story
def halves_of_an_invoice(d: Desk) -> None:
    """Two claims share an invoice, each financed by its own bank."""
    d.invoice()
    d.receivable("R1", "I", amount=60_000)
    d.receivable("R2", "I", amount=53_000)
    d.block()
    d.lend("F1", "bank", ("receivable", "R1"), amount=50_000)
    d.lend("F2", "bank2", ("receivable", "R2"), amount=50_000)
    d.block()


@story
def refactored(d: Desk) -> None:
    """A factor lends on a claim and refinances it with a bank; another bought the certificate from a factor."""
    d.asset()
    d.lend("F1", "factor", ("receivable", "R"), form="factoring")
    d.block()
    d.lend("F2", "bank", ("receivable", "R"), applicant="factor")
    d.block()
    d.invoice("J")
    d.receivable("S", "J")
    output = d.certify(receivable="S")
    d.block()
    output = d.sell(output, "factor")
    d.block()
    d.sell(output, "factor2", "factor")
    d.block()


@story
def pieces_to_two(d: Desk) -> None:
    """Two factors buy two pieces of one certificate."""
    d.asset()
    first, second = d.move("supplier", "split", [d.certify()], [(50_000, "supplier"), (63_000, "supplier")])
    d.sell(first, "factor", amount=50_000)
    d.sell(second, "factor2", amount=63_000)
    d.block()


@story
def corrected_package(d: Desk) -> None:
    """A package is replaced by a corrected one, and only that is financed."""
    for name in ("A", "B"):
        d.invoice(name)
    d.pack("K", "A", "B")
    d.block()
    d.pack("K2", "B", "A", supersedes="K")
    d.lend("F1", "bank", ("package", "K2"), amount=FACE)
    d.block()


@story
def basket_in_two_tranches(d: Desk) -> None:
    """One bank lends twice on the same basket, and the basket is worth more than both."""
    for name in ("A", "B", "C"):
        d.invoice(name)
    basket = [("invoice", "A"), ("invoice", "B"), ("invoice", "C")]
    for at in range(2):
        d.lend(f"F{at}", "bank", *basket, amount=FACE * 14 // 10)
    d.block()


# over_financed


@story
def lent_twice(d: Desk) -> Any:
    """One bank lends twice, together too much, and is repaid in part."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"), amount=70_000)
    d.block()
    d.lend("F2", "bank", ("receivable", "R"), amount=60_000)
    twice = d.block(3)
    d.repay("F1", "bank", 20_000)
    fits = d.block()
    return {"over_financed": [(twice, HIGH), (fits, None)]}


@story
def basket_and_one_of_it(d: Desk) -> Any:
    """A basket of three is financed, and one of the three again by the same bank."""
    for name in ("A", "B", "C"):
        d.invoice(name)
    d.lend("F1", "bank", ("invoice", "A"), ("invoice", "B"), ("invoice", "C"), amount=FACE * 24 // 10)
    d.block()
    d.lend("F2", "bank", ("invoice", "B"), amount=FACE * 8 // 10)
    return {"over_financed": [(d.block(), HIGH)]}


@story
def more_than_the_rest(d: Desk) -> Any:
    """A part was paid, and more than the rest is lent."""
    d.asset()
    d.pay(60_000)
    d.block()
    d.lend("F1", "bank", ("receivable", "R"))
    return {"over_financed": [(d.block(), HIGH)]}


@story
def diluted_later(d: Desk) -> Any:
    """The claim shrinks below the loan."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"), amount=100_000)
    d.block()
    d.adjust(-30_000)
    return {"over_financed": [(d.block(), LOW)]}


@story
def one_of_two_claims(d: Desk) -> Any:
    """Twice on one of two claims that share an invoice: the invoice would cover it, the claim does not."""
    d.invoice()
    d.receivable("R1", "I", amount=50_000)
    d.receivable("R2", "I", amount=63_000)
    d.lend("F1", "bank", ("receivable", "R1"), amount=40_000)
    d.block()
    d.lend("F2", "bank", ("receivable", "R1"), amount=40_000)
    return {"over_financed": [(d.block(), HIGH)]}


@story
def repaid_from_the_payment(d: Desk) -> None:
    """The debtor pays while the loan is out; the loan is repaid days later."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.block(10)
    d.pay()
    d.block(3)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    d.block()


@story
def sent_again(d: Desk) -> None:
    """The same loan is recorded twice; only one was paid out."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.lend("F1-again", "bank", ("receivable", "R"), drawn=False)
    d.block()


@story
def sent_before(d: Desk) -> None:
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"), drawn=False)
    d.lend("F1-again", "bank", ("receivable", "R"))
    d.block()


@story
def paid_out_twice(d: Desk) -> Any:
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.lend("F1-again", "bank", ("receivable", "R"), drawn=False)
    d.block()
    d.act("F1-again", "bank", "disbursed", payment=None, amount=FACE * 8 // 10)
    return {"over_financed": [(d.block(), HIGH)]}


# cross_instrument


@story
def filed_by_another(d: Desk) -> Any:
    """A factor bought the certificate, and a bank files on the claim as given by the seller."""
    d.asset()
    d.sell(d.certify(), "factor")
    d.block()
    d.file("Z1", "bank", ("receivable", "R"))
    filed = d.block()
    d.cancel("Z1", "bank")
    return {"cross_instrument": [(filed, HIGH), (d.block(), None)]}


@story
def handed_on_and_lent_on(d: Desk) -> Any:
    """The certificate went to a supplier, and a bank lends on the claim to the first creditor."""
    d.asset()
    d.hand_on(d.certify(), "tier2")
    d.block()
    d.lend("F1", "bank", ("invoice", "I"))
    return {"cross_instrument": [(d.block(), HIGH)]}


@story
def sold_to_a_plan_and_lent_on(d: Desk) -> Any:
    """An originator sells its claim to a plan, and pledges it to a bank."""
    d.asset()
    d.assign("P", "supplier")
    d.block()
    d.lend("F1", "bank", ("receivable", "R"))
    lent = d.block()
    d.release("F1", "bank")
    return {"cross_instrument": [(lent, HIGH), (d.block(), None)]}


@story
def taken_out_late(d: Desk) -> Any:
    """A bank's bridge loan is released some days after the plan took the claim: low until then."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.block()
    d.assign("P", "supplier")
    taken = d.block(3)
    d.repay("F1", "bank")
    d.release("F1", "bank")
    return {"cross_instrument": [(taken, LOW), (d.block(), None)]}


@story
def left_standing(d: Desk) -> Any:
    """A registration outlives the loan it was for, and the certificate is sold: low."""
    d.asset()
    d.lend("F1", "bank", ("receivable", "R"))
    d.file("Z1", "bank", ("receivable", "R"))
    d.block()
    d.repay("F1", "bank")
    d.release("F1", "bank")
    d.block()
    d.sell(d.certify(), "factor")
    return {"cross_instrument": [(d.block(), LOW)]}


@story
def one_deal(d: Desk) -> None:
    """The factor that bought the certificate files transfer and pledge; its own bank files on what the factor gave."""
    d.asset()
    output = d.sell(d.certify(), "factor")
    d.file("Z1", "factor", ("receivable", "R"), type="transfer")
    d.file("Z2", "factor", ("receivable", "R"))
    d.block()
    d.lend("F1", "bank", ("output", output), applicant="factor")
    d.file("Z3", "bank", ("receivable", "R"), debtor="factor")
    d.block()


@story
def sold_on_to_a_plan(d: Desk) -> None:
    """The factor sells its piece to a plan, whose manager files for it."""
    d.asset()
    output = d.sell(d.certify(), "factor")
    d.file("Z1", "factor", ("receivable", "R"), type="transfer")
    d.block()
    d.assign("P", "factor", "R", output)
    d.file("Z2", "manager", ("receivable", "R"), debtor="factor", type="transfer")
    d.block()


@story
def split_beside_the_pool(d: Desk) -> None:
    """One piece is the plan's, another goes to a supplier."""
    d.asset()
    first, second = d.move("supplier", "split", [d.certify()], [(50_000, "supplier"), (63_000, "supplier")])
    bought = d.sell(first, "factor", amount=50_000)
    d.assign("P", "factor", "R", bought)
    d.block()
    d.hand_on(second, "tier2", amount=63_000)
    d.block()
