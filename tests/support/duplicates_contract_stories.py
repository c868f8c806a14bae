"""Stories of contracts that are exceeded in other ways: by what comes under them late, by debts without an invoice."""

from __future__ import annotations

from tests.support.duplicates_desk import NET, TAX, Expected, PaperDesk, told

__all__: list[str] = []

FACE = NET + TAX
SUBJECT = "document C"


@told
def under_it_later(d: PaperDesk) -> dict[str, Expected]:
    """An order is put under the contract when there are invoices under it already, and taken out again."""
    d.paper("C", amount=NET)
    d.paper("O", type="order", amount=None)
    for at in range(2):
        d.bill(f"I{at}", at, refers_to=[d.of("O")])
    d.block()
    d.amend("O", refers_to=["C"])
    under = d.block()
    d.lend("F", "bank", ("invoice", "I0"))
    lent = d.block()
    d.amend("O", refers_to=[])
    out = d.block()
    return {"contract_over": [(SUBJECT, under, "low"), (SUBJECT, lent, "medium"), (SUBJECT, out, None)]}


@told
def registered_later(d: PaperDesk) -> dict[str, Expected]:
    """Papers name the contract before anybody registers it, and it states an amount later still."""
    d.bill("I", 1, refers_to=[d.of("C")])
    d.bill("K", 2)
    d.owed("R", "K", contract=d.of("C"))
    d.block()
    d.paper("C", amount=None)
    d.block()
    d.amend("C", NET)
    capped = d.block()
    d.red("K")
    return {"contract_over": [(SUBJECT, capped, "low"), (SUBJECT, d.block(), None)]}


@told
def invoiced_after_its_end(d: PaperDesk) -> dict[str, Expected]:
    """Far within the amount of a contract that holds no more."""
    d.paper("C", amount=10 * NET)
    d.bill("I", 1, refers_to=[d.of("C")])
    d.block()
    d.cancel("C")
    d.block(days=2)
    d.bill("K", 2, refers_to=[d.of("C")])
    late = d.block()
    d.lend("F", "bank", ("invoice", "K"))
    return {"contract_over": [(SUBJECT, late, "low"), (SUBJECT, d.block(), "medium")]}


@told
def lent_beyond_it(d: PaperDesk) -> dict[str, Expected]:
    """Two banks lend on the contract itself, which nothing was invoiced under."""
    d.paper("C", amount=NET)
    d.block()
    d.lend("F", "bank", ("document", "C"), amount=NET)
    d.block()
    d.lend("G", "bank2", ("document", "C"), amount=NET // 2)
    twice = d.block()
    d.release("F", "bank")
    return {"contract_over": [(SUBJECT, twice, "high"), (SUBJECT, d.block(), None)]}


@told
def owed_without_invoices(d: PaperDesk) -> dict[str, Expected]:
    """Receivables on no invoice: one grows, one is lent on and given back."""
    d.paper("C", amount=2 * NET)
    d.block()
    d.owed("R", contract=d.of("C"), amount=FACE)
    d.owed("S", contract=d.of("C"), amount=FACE)
    d.block()
    d.adjust_owed("R", NET)
    over = d.block()
    d.lend("F", "bank", ("receivable", "S"))
    lent = d.block()
    d.release("F", "bank")
    given_back = d.block()
    d.adjust_owed("R", -NET)
    return {
        "contract_over": [
            (SUBJECT, over, "low"), (SUBJECT, lent, "medium"), (SUBJECT, given_back, "low"), (SUBJECT, d.block(), None),
        ],
    }  # fmt: skip


@told
def above_and_below_at_once(d: PaperDesk) -> dict[str, Expected]:
    """What was too much is raised in the next block: a step of both looks at what was in between."""
    d.paper("C", amount=NET)
    d.bill("I", 1, net=3 * NET, refers_to=[d.of("C")])
    over = d.block()
    d.amend("C", 3 * NET)
    return {"contract_over": [(SUBJECT, over, "low"), (SUBJECT, d.block(), None)]}
