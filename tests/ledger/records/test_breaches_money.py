"""Every breach about who pays whom, what a payment redeems and what a pool holds, and the lawful record beside it."""

from typing import Any

from ledger.facts import Output, PaymentUse, Receivable, output_id
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, invoice, out, plan, receivable

WHOLE = 113_000


def paid(name: str, amount: int, *settles: tuple[str, str, int], **changes: Any) -> dict[str, Any]:
    return {
        "payment": name, "payer": "core", "payee": "supplier", "amount": amount, "date": "2026-01-05",
        "bank_reference": "B-1", "settles": [{"target": t, "id": i, "amount": a} for t, i, a in settles], **changes,
    }  # fmt: skip


def redeemed(book: Book, payment: str, *inputs: str, sender: str = "core") -> list[str]:
    return book.tell(sender, "certificate.redeemed", {"inputs": list(inputs), "payment": payment})


def pieces(book: Book, name: str, *amounts: int) -> list[str]:
    """A certificate in the supplier's hands, split."""
    split = {"inputs": [certificate_on(book, name)], "outputs": [out(amount, "supplier") for amount in amounts]}
    made = book.say("supplier", "certificate.split", split)
    assert book.seal() == ()
    return [output_id(made, index) for index in range(len(amounts))]


def pooled(book: Book, name: str, *, to: str = "P") -> str:
    """A receivable whose certificate the factor assigned to a plan; returns the output."""
    output = financed_by_factor(book, name)
    book.say("manager", "plan.established", plan(to))
    assets = [{"asset": name, "outputs": [output]}]
    deal = {"plan": to, "date": "2026-01-05", "assignor": "factor", "price": 1, "assets": assets}
    book.say("factor", "pool.assigned", deal)
    assert book.seal() == ()
    return output


def test_a_payment_redeems_no_more_than_it_is(book: Book) -> None:
    parts = pieces(book, "r", 50_000, 50_000, 13_000)
    assert book.tell("bank", "payment.recorded", paid("p", 100_000, ("receivable", "r", 100_000))) == []
    assert redeemed(book, "p", parts[0]) == []
    first = book.last()
    assert redeemed(book, "p", parts[1]) == []
    assert redeemed(book, "p", parts[2]) == ["redemption.unpaid"]
    found = book.found[-1]
    assert dict(found.details) == {"paid": 100_000, "redeemed": 113_000}
    assert first.height < max(found.others).height, "the earlier redemption is named"
    assert book.store.at().get(PaymentUse, "p").redeemed == 113_000


def test_a_payment_redeems_no_more_than_it_is_within_one_block(book: Book) -> None:
    parts = pieces(book, "r", 100_000, 13_000)
    book.say("bank", "payment.recorded", paid("p", 100_000, ("receivable", "r", 100_000)))
    for part in parts:
        book.say("core", "certificate.redeemed", {"inputs": [part], "payment": "p"})
    assert [finding.code.value for finding in book.seal()] == ["redemption.unpaid"]


def test_what_was_redeemed_before_takes_nothing_from_the_payment_again(book: Book) -> None:
    parts = pieces(book, "r", 100_000, 13_000)
    assert book.tell("bank", "payment.recorded", paid("p", WHOLE, ("receivable", "r", WHOLE))) == []
    assert redeemed(book, "p", parts[0]) == []
    assert redeemed(book, "p", parts[0]) == ["output.redeemed"]
    assert redeemed(book, "p", parts[1]) == []
    assert book.store.at().count(Output) == 0


def test_a_redemption_is_paid_by_the_issuer_for_what_it_redeems(book: Book) -> None:
    for name in ("r", "s"):
        one, two = pieces(book, name, 100_000, 13_000)
        book.say("bank", "payment.recorded", paid(f"out-{name}", 100_000, ("output", one, 100_000)))
        assert book.seal() == ()
        if name == "r":
            assert redeemed(book, "out-r", one) == []
        else:
            assert redeemed(book, "out-r", one) == ["redemption.unpaid", "redemption.unsettled"]
            assert redeemed(book, "out-s", two) == ["redemption.unsettled"]
    third = certificate_on(book, "t")
    other = paid("by-tier2", WHOLE, ("receivable", "t", WHOLE), payer="tier2")
    assert book.tell("bank", "payment.recorded", other) == ["payment.parties"]
    assert redeemed(book, "by-tier2", third) == ["redemption.payer"]


def test_one_payment_redeems_several_receivables_it_settles(book: Book) -> None:
    one, two = certificate_on(book, "r"), certificate_on(book, "s")
    both = paid("p", 2 * WHOLE, ("receivable", "r", WHOLE), ("output", two, WHOLE))
    assert book.tell("bank", "payment.recorded", both) == []
    assert redeemed(book, "p", one, two, sender="settlement") == []


def test_a_payment_is_between_debtor_and_creditor(book: Book) -> None:
    certificate_on(book, "r")
    for number, (payer, payee) in enumerate((("tier2", "supplier"), ("core", "tier2"), ("bank", "factor"))):
        wrong = paid(f"w{number}", 1, ("receivable", "r", 1), payer=payer, payee=payee)
        assert book.tell("bank", "payment.recorded", wrong) == ["payment.parties"]
    assert book.tell("bank", "payment.recorded", paid("p", 1, ("receivable", "r", 1))) == []
    assert book.tell("bank", "payment.recorded", paid("q", 1, payer="tier2", payee="factor")) == []
    assert book.store.at().get(Receivable, "r").paid == 4


def test_a_payment_goes_to_who_owns_the_certificate(book: Book) -> None:
    held = financed_by_factor(book, "r")
    assert book.tell("bank", "payment.recorded", paid("p", 1, ("output", held, 1), payee="factor")) == []
    assert book.tell("bank", "payment.recorded", paid("q", 1, ("receivable", "r", 1), payee="factor")) == []
    assert book.tell("bank", "payment.recorded", paid("s", 1, ("output", held, 1))) == ["payment.parties"]
    assert book.tell("bank", "payment.recorded", paid("t", 1, ("output", held, 1), payee="servicer")) == [
        "payment.parties"
    ]


def test_a_payment_on_a_pooled_receivable_goes_to_the_plan(book: Book) -> None:
    held = pooled(book, "r")
    for payee in ("servicer", "custodian", "factor"):
        for target, name in (("receivable", "r"), ("output", held)):
            payment = paid(f"{payee}-{target}", 1, (target, name, 1), payee=payee)
            assert book.tell("bank", "payment.recorded", payment) == []
    certificate_on(book, "outside")
    stray = paid("stray", 1, ("receivable", "outside", 1), payee="servicer")
    assert book.tell("bank", "payment.recorded", stray) == ["payment.parties"]


def test_a_receivable_is_registered_by_its_creditor_or_a_gateway(book: Book) -> None:
    assert book.tell("tier2", "receivable.registered", receivable("r")) == ["sender.not_party"]
    assert book.tell("gateway", "receivable.registered", receivable("s")) == []
    assert book.tell("operator", "member.updated", {"member": "tier2", "roles": ["supplier", "platform"]}) == []
    assert book.tell("tier2", "receivable.registered", receivable("t")) == []


def test_a_receivable_is_no_more_than_its_invoices(book: Book) -> None:
    for name in ("i", "j"):
        book.tell("supplier", "invoice.registered", invoice(name))
    over = receivable("r", "i", amount=WHOLE + 1)
    assert book.tell("supplier", "receivable.registered", over) == ["receivable.exceeds_invoices"]
    assert dict(book.found[-1].details) == {"amount": WHOLE + 1, "invoices": WHOLE}
    twice = receivable("s", "i", "i", amount=WHOLE + 1)
    assert book.tell("supplier", "receivable.registered", twice) == ["receivable.exceeds_invoices"]
    assert book.tell("supplier", "receivable.registered", receivable("t", "i", "j", amount=2 * WHOLE)) == []
    assert book.tell("supplier", "receivable.registered", receivable("u", "i", amount=1)) == []
    assert book.tell("supplier", "receivable.registered", receivable("v", amount=10 * WHOLE)) == []


def test_a_certificate_falls_due_after_its_issue(book: Book) -> None:
    book.say("supplier", "receivable.registered", receivable("r"))
    book.say("core", "receivable.confirmed", {"receivable": "r", "by": "core", "method": "seal"})
    assert book.seal() == ()

    def issued(due: str) -> list[str]:
        outputs = [out(10, "supplier", due=due)]
        certificate = {"certificate": f"c-{due}", "receivable": "r", "issuer": "core", "outputs": outputs}
        return book.tell("core", "certificate.issued", certificate)

    assert issued("2026-01-04") == ["dates.order"]
    assert issued("2026-01-05") == []


def test_no_certificate_on_a_settled_receivable(book: Book) -> None:
    for name in ("r", "s"):
        book.say("supplier", "receivable.registered", receivable(name))
        book.say("core", "receivable.confirmed", {"receivable": name, "by": "core", "method": "seal"})
    book.say("bank", "payment.recorded", paid("p", WHOLE, ("receivable", "r", WHOLE)))
    book.say("bank", "payment.recorded", paid("q", WHOLE - 1, ("receivable", "s", WHOLE - 1)))
    assert book.seal() == ()
    for name, found in (("r", ["certificate.settled"]), ("s", [])):
        certificate = {"certificate": name, "receivable": name, "issuer": "core", "outputs": [out(1, "supplier")]}
        assert book.tell("core", "certificate.issued", certificate) == found


def test_what_a_pool_holds_is_only_redeemed(book: Book) -> None:
    deal = {"financier": "bank", "form": "factoring", "price": 1, "rate": "0.05"}
    moves: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "split": (out(WHOLE, "factor"), {}),
        "transfer_proposed": (out(WHOLE, "factor", "bank"), {}),
        "financed": (out(WHOLE, "bank"), deal),
    }
    for kind, (output, more) in moves.items():
        held = pooled(book, f"r-{kind}", to=f"P-{kind}")
        assigned = book.last()
        moved = {"inputs": [held], "outputs": [output], **more}
        assert book.tell("factor", f"certificate.{kind}", moved) == ["output.pooled"]
        assert assigned in book.found[-1].others
        free = financed_by_factor(book, f"free-{kind}")
        assert book.tell("factor", f"certificate.{kind}", {**moved, "inputs": [free]}) == []
    held = pooled(book, "s", to="P-s")
    assert book.tell("bank", "payment.recorded", paid("p", WHOLE, ("receivable", "s", WHOLE), payee="servicer")) == []
    assert redeemed(book, "p", held) == []


def test_what_a_pool_took_in_the_same_block_stays_in_it(book: Book) -> None:
    book.tell("manager", "plan.established", plan("P"))
    source = certificate_on(book, "r")
    deal = {"financier": "factor", "form": "factoring", "price": 1, "rate": "0.05"}
    parts = [out(100_000, "factor"), out(13_000, "factor")]
    sold = book.say("supplier", "certificate.financed", {"inputs": [source], "outputs": parts, **deal})
    held, free = output_id(sold, 0), output_id(sold, 1)
    assigned = {"plan": "P", "date": "2026-01-05", "assignor": "factor", "price": 1}
    book.say("factor", "pool.assigned", {**assigned, "assets": [{"asset": "r", "outputs": [held]}]})
    book.say("factor", "certificate.split", {"inputs": [free], "outputs": [out(13_000, "factor")]})
    book.say("factor", "certificate.split", {"inputs": [held], "outputs": [out(100_000, "factor")]})
    (found,) = book.seal()
    assert (found.code.value, found.subject) == ("output.pooled", f"output {held}")
