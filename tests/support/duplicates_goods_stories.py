"""Stories of contracts, lots and pairs: each says which versions of which findings it shows, from which block on."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.duplicates_desk import NET, TAX, Expected, PaperDesk, told
from tests.support.ledger_book import account, address

__all__: list[str] = []

FACE = NET + TAX


@told
def beyond_the_stock_in_another_unit(d: PaperDesk) -> dict[str, Expected]:
    """A receipt in a unit of its own hides nothing of the others."""
    d.stock("100")
    d.receipt("A", "100")
    d.receipt("C", "1", unit="件")
    d.block()
    d.receipt("B", "90")
    d.pledge("A", "bank")
    d.pledge("B", "bank2")
    return {"warehouse_over": [("stock", d.block(), "high")]}


@told
def nearly_the_same_quantity(d: PaperDesk) -> dict[str, Expected]:
    """No stock was reported, and a few kilograms make no other lot of it; half of it does."""
    d.receipt("A", "100")
    d.receipt("B", "99.9")
    d.receipt("C", "50")
    d.pledge("A", "bank")
    d.pledge("C", "bank3")
    d.block()
    d.pledge("B", "bank2")
    return {"warehouse_over": [("stock", d.block(), "high")]}


@told
def over_contract(d: PaperDesk) -> dict[str, Expected]:
    """By an invoice that refers to it, by one whose receivable names it, by one under an order; raised, reduced."""
    d.paper("C", amount=2 * FACE)
    d.paper("O", "C", type="order", amount=None)
    d.bill("I", 1, refers_to=[d.of("C")])
    d.bill("K", 2)
    d.owed("R", "K", contract=d.of("C"))
    d.block()
    d.bill("L", 3, refers_to=[d.of("O")])
    over = d.block()
    d.lend("F", "bank", ("receivable", "R"))
    lent = d.block()
    d.amend("C", 4 * FACE)
    raised = d.block()
    d.amend("C", 2 * FACE)
    cut = d.block()
    d.red("L")
    red = d.block()
    subject = "document C"
    return {
        "contract_over": [
            (subject, over, "low"), (subject, lent, "medium"), (subject, raised, None), (subject, cut, "medium"),
            (subject, red, None),
        ],
    }  # fmt: skip


@told
def within_contract(d: PaperDesk) -> None:
    """Within the tax, in another currency, without an amount, one invoice twice."""
    d.paper("T", amount=2 * NET + TAX)
    d.paper("U", amount=10, currency="USD")
    d.paper("W", amount=None)
    d.paper("D", amount=FACE)
    for at, (name, contract) in enumerate((("A", "T"), ("B", "T"), ("E", "U"), ("G", "W"), ("H", "D"))):
        d.bill(name, 20 + at, refers_to=[d.of(contract)])
        d.lend(f"F{name}", "bank", ("invoice", name))
    d.bill("H2", 24, refers_to=[d.of("D")])
    d.block()


@told
def over_stock(d: PaperDesk) -> dict[str, Expected]:
    """Stated in two units that are one; pledged to two banks; then the goods come."""
    d.receipt("W")
    d.stock("100")
    d.block()
    d.receipt("X", "50000", unit="千克")
    over = d.block()
    d.pledge("W", "bank")
    one = d.block()
    d.pledge("X", "bank2")
    two = d.block()
    d.stock("150")
    enough = d.block()
    subject = "stock"
    return {
        "warehouse_over": [(subject, over, "low"), (subject, one, "medium"), (subject, two, "high"),
                           (subject, enough, None)],
    }  # fmt: skip


@told
def over_stock_of_one_bank(d: PaperDesk) -> dict[str, Expected]:
    """Goods leave the lot while the receipt for them is pledged."""
    d.receipt("W")
    d.stock("100")
    d.pledge("W", "bank")
    d.block()
    d.stock("60")
    return {"warehouse_over": [("stock", d.block(), "high")]}


@told
def within_stock(d: PaperDesk) -> None:
    """Split and pledged in parts, weighed a little otherwise."""
    d.receipt("W", "100.4")
    d.stock("100")
    d.block()
    d.split("W", A="60", B="40.4")
    d.pledge("A", "bank")
    d.pledge("B", "bank2")
    d.block()


@told
def no_telling(d: PaperDesk) -> None:
    """Bales of no known weight."""
    d.receipt("W", "10", unit="件")
    d.stock("9")
    d.block()


@told
def lot_twice(d: PaperDesk) -> dict[str, Expected]:
    """No stock was reported, and the same quantity is pledged to two banks."""
    d.receipt("W")
    d.receipt("X")
    d.pledge("W", "bank")
    d.block()
    d.pledge("X", "bank2")
    twice = d.block()
    d.stock("200")
    there = d.block()
    return {"warehouse_over": [("stock", twice, "high"), ("stock", there, None)]}


def _sold(
    d: PaperDesk,
    seller: str,
    claims: int,
    *,
    confirmed: bool = False,
    moved: bool = False,
    buyer: str = "core",
    confirm: Callable[[str], None] = lambda _: None,
) -> list[int]:
    """Claims of 110,000 yuan each, every one financed in a block of its own; returns the heights."""
    heights = []
    for at in range(claims):
        refers = []
        if moved:
            d.paper(f"W{at}", type="waybill", amount=None)
            refers = [d.of(f"W{at}")]
        d.bill(f"I{at}", at, net=11_000_000, seller=seller, buyer=buyer, refers_to=refers)
        d.owed(f"R{at}", f"I{at}", seller=seller, amount=11_000_000, debtor=buyer)
        if confirmed:
            d.confirm(f"R{at}")
        confirm(f"R{at}")
        d.lend(f"F{at}", "bank", ("receivable", f"R{at}"), amount=8_000_000, applicant=seller)
        heights.append(d.block())
    return heights


@told
def phantom(d: PaperDesk) -> dict[str, Expected]:
    """The fifth makes it; a sixth changes it; the debtor confirms two, and it stands no more."""
    heights = _sold(d, "seller0", 6)
    d.confirm("R0")
    less = d.block()
    d.confirm("R1")
    few = d.block()
    pair = "pair seller0/core"
    return {
        "phantom_debtor": [(pair, heights[4], "high"), (pair, heights[5], "high"), (pair, less, "medium"),
                           (pair, few, None)],
    }  # fmt: skip


@told
def known_debtor(d: PaperDesk) -> None:
    """Confirmed; with waybills; paid by the debtor; verified: a pair each."""
    _sold(d, "seller1", 6, confirmed=True)


@told
def one_large_claim(d: PaperDesk) -> dict[str, Expected]:
    """Of five without support one is nearly all; with a sixth too; the seventh makes the others too many without it."""
    seller, heights = "seller11", _sold(d, "seller11", 1, confirmed=True)
    for at, amount in enumerate((2_000_000,) * 4 + (60_000_000, 14_000_000, 14_000_000), start=1):
        d.bill(f"I{at}", at, net=amount, seller=seller)
        d.owed(f"R{at}", f"I{at}", seller=seller, amount=amount)
        d.lend(f"F{at}", "bank", ("receivable", f"R{at}"), amount=amount // 2, applicant=seller)
        heights.append(d.block())
    return {"phantom_debtor": [(f"pair {seller}/core", heights[7], "medium")]}


@told
def goods_moved(d: PaperDesk) -> None:
    _sold(d, "seller2", 6, moved=True)


@told
def verified_later(d: PaperDesk) -> dict[str, Expected]:
    """A sale of a few pieces comes apart; and verification ends the finding."""
    heights = _sold(d, "seller3", 5)
    d.verify("I4", amount=11_000_000 * 113 // 100)
    pair = "pair seller3/core"
    return {"phantom_debtor": [(pair, heights[4], "high"), (pair, d.block(), None)]}


def _forged(d: PaperDesk, seller: str, confirm: Callable[[str], None]) -> dict[str, Expected]:
    """Six claims, each confirmed in a way that is not the debtor's; then the debtor confirms one, and a second."""
    heights = _sold(d, seller, 6, confirm=confirm)
    d.confirm("R0")
    less = d.block()
    d.confirm("R1")
    pair = f"pair {seller}/core"
    return {
        "phantom_debtor": [(pair, heights[4], "high"), (pair, heights[5], "high"), (pair, less, "medium"),
                           (pair, d.block(), None)],
    }  # fmt: skip


@told
def signed_by_the_seller(d: PaperDesk) -> dict[str, Expected]:
    """The seller signs in the name of its debtor."""
    return _forged(d, "seller4", lambda name: d.confirm(name, key="seller4"))


@told
def signed_by_nobody(d: PaperDesk) -> dict[str, Expected]:
    """In the name of the debtor, with a key that is no member's."""
    return _forged(d, "seller5", lambda name: d.confirm(name, key="nobody"))


@told
def said_by_a_contract(d: PaperDesk) -> dict[str, Expected]:
    """The event says that the debtor sent it, and is not what was signed: by the seller, or by the debtor itself."""
    signers = {"R0": "seller6", "R1": "seller6", "R2": "seller6"}

    def confirm(name: str) -> None:
        d.confirm(name, signer=account(signers.get(name, "core")), echoed=False)

    return _forged(d, "seller6", confirm)


@told
def confirmed_before_and_after_a_rotation(d: PaperDesk) -> None:
    """Each time with the key that is the debtor's at that record."""
    rotated = {"member": "buyer", "address": address("buyer-2"), "certificate": None}

    def confirm(name: str) -> None:
        if name == "R3":
            d.book.say("operator", "member.key_rotated", rotated)
        d.confirm(name, "buyer", key="buyer" if name < "R3" else "buyer-2")

    _sold(d, "seller7", 6, buyer="buyer", confirm=confirm)


@told
def signed_with_a_key_of_before(d: PaperDesk) -> dict[str, Expected]:
    """The debtor gave that key up: whoever holds it now is not the debtor."""
    heights = _sold(d, "seller8", 5, buyer="buyer", confirm=lambda name: d.confirm(name, "buyer", key="buyer"))
    return {"phantom_debtor": [("pair seller8/buyer", heights[4], "high")]}


@told
def confirmed_again_by_others(d: PaperDesk) -> None:
    """What the debtor confirmed stays confirmed, whoever says so once more."""

    def confirm(name: str) -> None:
        d.confirm(name)
        d.confirm(name, "seller9")
        d.confirm(name, key="seller9")

    _sold(d, "seller9", 6, confirm=confirm)


@told
def forged_later(d: PaperDesk) -> dict[str, Expected]:
    """It changes nothing of what is owed, and is told from its block on; another one on the same claim is no news."""
    heights = _sold(d, "seller10", 5)
    d.confirm("R2", key="seller10")
    forged = d.block()
    d.confirm("R2", key="tier2")
    d.block()
    pair = "pair seller10/core"
    return {"phantom_debtor": [(pair, heights[4], "high"), (pair, forged, "high")]}
