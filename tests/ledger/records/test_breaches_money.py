"""Every breach about who pays whom, what a payment redeems and what a pool holds, and the lawful record beside it."""

from typing import Any

from ledger.facts import Output, PaymentUse, Receivable, Settlement, output_id
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
    fourth = certificate_on(book, "u")
    cleared = paid("cleared", WHOLE, ("receivable", "u", WHOLE), payer="settlement")
    assert book.tell("bank", "payment.recorded", cleared) == []
    assert redeemed(book, "cleared", fourth) == []


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
    for name in ("i", "j", "k", "l"):
        book.tell("supplier", "invoice.registered", invoice(name))
    over = receivable("r", "i", amount=WHOLE + 1)
    assert book.tell("supplier", "receivable.registered", over) == ["receivable.exceeds_invoices"]
    assert dict(book.found[-1].details) == {"amount": WHOLE + 1, "invoices": WHOLE, "claimed_before": 0}
    twice = receivable("s", "j", "j", amount=WHOLE + 1)
    assert book.tell("supplier", "receivable.registered", twice) == ["receivable.exceeds_invoices"]
    assert book.tell("supplier", "receivable.registered", receivable("t", "k", "l", amount=2 * WHOLE)) == []
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


def lent(book: Book, name: str, *collateral: tuple[str, str], **changes: Any) -> None:
    """A financing of the supplier by the bank."""
    terms = {
        "financing": name, "form": "factoring", "applicant": "supplier", "financier": "bank", "amount": 100_000,
        "collateral": [{"kind": kind, "id": id_} for kind, id_ in collateral], "rate": "0.05", "start": "2026-01-05",
        "maturity": "2026-06-30", **changes,
    }  # fmt: skip
    assert book.tell("bank", "financing.opened", terms) == []


def paid_now(
    book: Book, name: str, payer: str, payee: str, *settles: tuple[str, str, int], **changes: Any
) -> list[str]:
    """Version 2 of a payment of what it settles."""
    amount = sum(each[2] for each in settles)
    return book.tell("bank", "payment.recorded", paid(name, amount, *settles, payer=payer, payee=payee, v=2, **changes))


def test_a_settlement_account_stands_at_one_end(book: Book) -> None:
    book.admit({"clearing2": ["settlement"], "left": ["settlement"]})
    book.tell("operator", "member.suspended", {"member": "left", "reason": "gone"})
    held = certificate_on(book, "r")
    ways = {
        ("core", "settlement"): [],  # in for the creditor
        ("settlement", "supplier"): [],  # out for the debtor
        ("tier2", "settlement"): ["payment.parties"],
        ("settlement", "tier2"): ["payment.parties"],
        ("settlement", "clearing2"): ["payment.parties"],
        ("core", "left"): ["payment.parties"],
        ("core", "custodian"): ["payment.parties"],
    }
    for number, ((payer, payee), found) in enumerate(ways.items()):
        for target, name in (("receivable", "r"), ("output", held)):
            assert paid_now(book, f"{number}-{target}", payer, payee, (target, name, 1)) == found, (payer, payee)


def test_a_settlement_account_clears_for_a_pool_too(book: Book) -> None:
    held = pooled(book, "r")
    assert paid_now(book, "in", "core", "settlement", ("output", held, 1)) == []
    assert paid_now(book, "out", "settlement", "custodian", ("receivable", "r", 1)) == []


def test_a_financed_debt_is_paid_to_its_financier(book: Book) -> None:
    book.tell("supplier", "invoice.registered", invoice("i"))
    book.say("supplier", "receivable.registered", receivable("r", "i"))
    book.say("supplier", "receivable.registered", receivable("s"))
    assert book.seal() == ()
    held = certificate_on(book, "t")
    paths = {"f": ("receivable", "s"), "g": ("invoice", "i"), "h": ("output", held)}
    settled = {"f": ("receivable", "s", 1), "g": ("receivable", "r", 1), "h": ("output", held, 1)}
    for name, collateral in paths.items():
        assert paid_now(book, f"before-{name}", "core", "bank", settled[name]) == ["payment.parties"]
        lent(book, name, collateral)
        assert paid_now(book, f"in-{name}", "core", "bank", settled[name]) == []
        assert paid_now(book, f"other-{name}", "core", "factor", settled[name]) == ["payment.parties"]
        assert book.tell("bank", "financing.released", {"financing": name, "at": "2026-01-05"}) == []
        assert paid_now(book, f"after-{name}", "core", "bank", settled[name]) == ["payment.parties"]


def test_a_financing_is_disbursed_and_repaid(book: Book) -> None:
    book.say("supplier", "receivable.registered", receivable("r"))
    lent(book, "f", ("receivable", "r"))
    lent(book, "g", ("receivable", "r"), form="payables_finance", applicant="core")
    ways = {
        ("bank", "supplier", "f"): [],
        ("supplier", "bank", "f"): [],
        ("core", "bank", "f"): [],  # who owes on the collateral
        ("bank", "supplier", "g"): [],  # paid out to whom the applicant buys from
        ("core", "settlement", "g"): [],
        ("settlement", "supplier", "f"): [],
        ("tier2", "bank", "f"): ["payment.parties"],
        ("bank", "tier2", "f"): ["payment.parties"],
        ("supplier", "factor", "f"): ["payment.parties"],
        ("core", "supplier", "f"): ["payment.parties"],
        ("tier2", "settlement", "f"): ["payment.parties"],
    }
    for number, ((payer, payee, financing), found) in enumerate(ways.items()):
        assert paid_now(book, f"p{number}", payer, payee, ("financing", financing, 7)) == found, (payer, payee)
    rows = book.store.at().select(Settlement, Settlement.target == "f")
    assert len(rows) == len([way for way in ways if way[2] == "f"])
    assert {(row.target_kind, row.receivable, row.amount) for row in rows} == {("financing", None, 7)}
    assert book.store.at().get(Receivable, "r").paid == 0
    assert paid_now(book, "ghost", "core", "bank", ("financing", "ghost", 1)) == ["reference.missing"]


def ordered(book: Book, name: str, **changes: Any) -> None:
    terms = {
        "order": name, "platform": "customs", "buyer": "core", "seller": "supplier", "amount": 1_000,
        "currency": "CNY", "date": "2026-01-05", "goods": "x", **changes,
    }  # fmt: skip
    assert book.tell("customs", "order.registered", terms) == []


def test_an_order_is_paid_by_its_buyer(book: Book) -> None:
    book.admit({"customs": ["customs_platform"]})
    for name in ("o", "locked", "lent"):
        ordered(book, name)
    locked = {"order": "locked", "by": "bank", "at": "2026-01-05"}
    assert book.tell("bank", "order.locked", locked) == []
    lent(book, "f", ("order", "lent"))
    ways = {
        ("core", "supplier", "o"): [],
        ("core", "customs", "o"): [],
        ("customs", "supplier", "o"): [],
        ("core", "settlement", "o"): [],
        ("core", "bank", "locked"): [],
        ("customs", "bank", "locked"): [],
        ("core", "bank", "lent"): [],
        ("core", "bank", "o"): ["payment.parties"],
        ("tier2", "supplier", "o"): ["payment.parties"],
        ("core", "tier2", "o"): ["payment.parties"],
        ("supplier", "core", "o"): ["payment.parties"],
    }
    for number, ((payer, payee, order), found) in enumerate(ways.items()):
        assert paid_now(book, f"p{number}", payer, payee, ("order", order, 1)) == found, (payer, payee, order)
    rows = book.store.at().select(Settlement, Settlement.target == "locked")
    assert [(row.target_kind, row.receivable) for row in rows] == [("order", None)] * 2


def test_a_buyer_pays_no_more_than_the_order_is_for(book: Book) -> None:
    book.admit({"customs": ["customs_platform"]})
    ordered(book, "o")
    ordered(book, "usd", currency="USD")
    assert paid_now(book, "a", "core", "customs", ("order", "o", 600)) == []
    first = book.last()
    assert paid_now(book, "b", "customs", "supplier", ("order", "o", 600)) == [], "the same money, passed on"
    assert paid_now(book, "c", "core", "customs", ("order", "o", 401)) == ["payment.overpays"]
    assert first in book.found[-1].others
    assert dict(book.found[-1].details) == {"order": 1_000, "paid": 1_001}
    assert paid_now(book, "d", "core", "customs", ("order", "usd", 7_000)) == [], "another currency"
    ordered(book, "p")
    assert paid_now(book, "e", "core", "customs", ("order", "p", 600)) == []
    assert paid_now(book, "f", "core", "customs", ("order", "p", 400)) == []


def collected(name: str, to: str, *items: tuple[str, str, int]) -> dict[str, Any]:
    return {
        "collection": name, "plan": to, "date": "2026-01-05", "amount": sum(each[2] for each in items),
        "items": [{"payment": p, "asset": a, "amount": n} for p, a, n in items],
    }  # fmt: skip


def test_plans_collect_no_more_than_was_paid(book: Book) -> None:
    for name in ("r", "s"):
        pooled(book, name, to=f"P-{name}")
    both = paid("p", 100, ("receivable", "r", 60), ("receivable", "s", 40), payee="servicer")
    assert book.tell("bank", "payment.recorded", both) == []
    payment = book.last()

    def received(name: str, asset: str, amount: int, payment: str = "p") -> list[str]:
        return book.tell("servicer", "collection.received", collected(name, f"P-{asset}", (payment, asset, amount)))

    assert received("c1", "r", 60) == []
    first = book.last()
    assert received("c2", "s", 40) == []
    second = book.last()
    assert received("c3", "s", 1) == ["collection.exceeds_payment"]
    assert book.found[-1].others == (payment, second)
    assert dict(book.found[-1].details) == {"paid": 100, "collected": 101}
    assert first != second
    assert received("c4", "s", 10_000, payment="ghost") == ["reference.missing"]
    assert book.store.at().get(PaymentUse, "p").collected == 101


def test_one_collection_names_a_payment_twice(book: Book) -> None:
    pooled(book, "r")
    assert book.tell("bank", "payment.recorded", paid("p", 100, ("receivable", "r", 100), payee="servicer")) == []
    twice = collected("c", "P", ("p", "r", 60), ("p", "r", 41))
    assert book.tell("servicer", "collection.received", twice) == ["collection.exceeds_payment"]
    assert book.tell("bank", "payment.recorded", paid("q", 100, ("receivable", "r", 100), payee="servicer")) == []
    parts = collected("d", "P", ("q", "r", 60), ("q", "r", 40))
    assert book.tell("servicer", "collection.received", parts) == []


def test_a_payment_that_redeems_is_collected_once(book: Book) -> None:
    """What it redeems and what plans collect of it are two sides of the same money: each counts on its own."""
    held = pooled(book, "r")
    whole = paid("p", WHOLE, ("receivable", "r", WHOLE), payee="servicer")
    assert book.tell("bank", "payment.recorded", whole) == []
    first = collected("c1", "P", ("p", "r", 100_000))
    assert book.tell("servicer", "collection.received", first) == []
    assert redeemed(book, "p", held) == []
    use = book.store.at().get(PaymentUse, "p")
    assert (use.collected, use.redeemed) == (100_000, WHOLE)
    again = collected("c2", "P", ("p", "r", 13_001))
    assert book.tell("servicer", "collection.received", again) == ["collection.exceeds_payment"]
    assert book.store.at().get(PaymentUse, "p").redeemed == WHOLE


def test_things_of_two_kinds_with_one_name_are_two_things(book: Book) -> None:
    book.admit({"customs": ["customs_platform"]})
    book.tell("supplier", "receivable.registered", receivable("x"))
    ordered(book, "x")
    lent(book, "x", ("order", "x"))
    assert paid_now(book, "a", "core", "bank", ("receivable", "x", 1)) == ["payment.parties"], "it financed the order"
    assert paid_now(book, "b", "core", "bank", ("order", "x", 1)) == []
    assert paid_now(book, "c", "core", "supplier", ("receivable", "x", 900)) == []
    assert paid_now(book, "d", "core", "supplier", ("order", "x", 999)) == [], "what paid the receivable paid no order"
