"""Every breach about financings and what secures them, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import Financing, FinancingCollateral, FinancingMove, Invoice, output_id
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, invoice, out, receivable

WHOLE = 113_000


def secured(kind: str, name: str, amount: int | None = None) -> dict[str, Any]:
    return {"kind": kind, "id": name, **({} if amount is None else {"amount": amount})}


def opened(name: str, *collateral: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "financing": name, "form": "loan_on_receivables", "applicant": "supplier", "financier": "bank",
        "collateral": list(collateral), "amount": 100_000, "rate": "0.0435", "start": "2026-01-05",
        "maturity": "2026-06-30", **changes,
    }  # fmt: skip


def told(book: Book, act: str, financing: str = "f", *, sender: str = "bank", **fields: Any) -> list[str]:
    payload = {"financing": financing, "at": book.time.date().isoformat(), **fields}
    return book.tell(sender, f"financing.{act}", payload)


def lent(book: Book, *collateral: dict[str, Any], **changes: Any) -> None:
    """Financing ``f``, opened and disbursed."""
    assert book.tell("bank", "financing.opened", opened("f", *collateral, **changes)) == []
    assert told(book, "disbursed", amount=100_000) == []


def frozen(book: Book, output: str) -> None:
    mark = {"outputs": [output], "by": "settlement", "reason": "court order"}
    assert book.tell("settlement", "certificate.frozen", mark) == []


@pytest.fixture
def trade(book: Book) -> Book:
    """Goods, orders, invoices and a package of the supplier's beside the usual consortium."""
    book.admit({"house": ["warehouse"], "portal": ["platform"], "customs": ["customs_platform"], "lab": ["supplier"]})
    book.tell("supplier", "receivable.registered", receivable("r"))
    for name in ("i", "j"):
        book.say("supplier", "invoice.registered", invoice(name))
    book.say("lab", "invoice.registered", invoice("foreign", seller="lab"))
    issued = {
        "receipt": "w", "warehouse": "house", "location": "A", "lot": "1", "goods": "钢材", "quantity": "10",
        "unit": "t", "owner": "supplier", "date": "2026-01-05",
    }  # fmt: skip
    book.say("house", "warehouse_receipt.issued", issued)
    order = {
        "order": "o", "platform": "customs", "buyer": "core", "seller": "supplier", "amount": WHOLE, "currency": "CNY",
        "date": "2026-01-05", "goods": "钢材",
    }  # fmt: skip
    book.say("customs", "order.registered", order)
    book.say("customs", "order.registered", {**order, "order": "usd", "currency": "USD", "amount": 1})
    document = {
        "document": "d", "type": "contract", "number": "C-1", "parties": ["core"], "amount": None, "currency": "CNY",
        "date": "2026-01-05", "refers_to": [], "file_digest": None,
    }  # fmt: skip
    book.say("supplier", "document.registered", document)
    assert book.seal() == ()
    for name, invoices in (("k", ["i", "j"]), ("mixed", ["foreign"])):
        package = {"package": name, "invoices": invoices, "digest": "0" * 64}
        assert book.tell("supplier", "package.registered", package) == ["package.digest"]
    return book


def test_a_financing_goes_its_way(book: Book) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    assert book.tell("bank", "financing.opened", opened("f", secured("receivable", "r"))) == []
    assert told(book, "extended", maturity="2026-07-31") == []
    assert told(book, "disbursed", amount=60_000) == []
    assert told(book, "repaid", amount=60_000, interest=100) == []
    assert book.store.at().get(Financing, "f").status == "repaid"
    assert told(book, "disbursed", amount=40_000) == [], "a later part of the same financing"
    assert told(book, "defaulted") == []
    assert told(book, "repaid", amount=39_999, interest=0) == []
    assert book.store.at().get(Financing, "f").status == "defaulted"
    assert told(book, "repaid", amount=1, interest=50) == []
    assert told(book, "repaid", amount=0, interest=7) == [], "the last of the interest"
    assert told(book, "released", collateral=None) == []
    row = book.store.at().get(Financing, "f")
    assert (row.disbursed, row.repaid, row.interest, row.status) == (100_000, 100_000, 157, "released")
    assert str(row.maturity) == "2026-07-31"
    assert book.store.at().count(FinancingCollateral) == 0
    moves = book.store.at().select(FinancingMove, FinancingMove.financing == "f")
    assert [(each.act, each.amount) for each in moves] == [
        ("disbursed", 60_000), ("repaid", 60_000), ("disbursed", 40_000), ("repaid", 39_999), ("repaid", 1),
        ("repaid", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "act", "fields"),
    [
        ([], "defaulted", {}),
        (["disbursed", "defaulted"], "extended", {"maturity": "2026-12-31"}),
        (["disbursed", "defaulted"], "defaulted", {}),
        (["disbursed", "repaid"], "defaulted", {}),
        (["disbursed", "repaid"], "extended", {"maturity": "2026-12-31"}),
        (["disbursed", "released"], "repaid", {"amount": 1, "interest": 0}),
        (["disbursed", "released"], "released", {}),
        (["disbursed", "released"], "released", {"collateral": ["r"]}),
        (["released"], "disbursed", {"amount": 1}),
    ],
)
def test_status_path(book: Book, before: list[str], act: str, fields: dict[str, Any]) -> None:
    whole: dict[str, dict[str, Any]] = {"disbursed": {"amount": 100_000}, "repaid": {"amount": 100_000, "interest": 9}}
    book.tell("supplier", "receivable.registered", receivable("r"))
    assert book.tell("bank", "financing.opened", opened("f", secured("receivable", "r"))) == []
    for each in before:
        assert told(book, each, **whole.get(each, {})) == []
    last = book.store.at().get(Financing, "f")
    assert told(book, act, **fields) == ["financing.status_path"]
    assert book.found[-1].others == (last.began,)
    after = book.store.at().get(Financing, "f")
    assert last.status != "released" or after.status == "released", "what is released stays so"


def test_money_that_was_never_lent_does_not_come_back(book: Book) -> None:
    book.tell("bank", "financing.opened", opened("f"))
    assert told(book, "repaid", amount=1, interest=0) == ["financing.status_path", "financing.over_repaid"]


def test_over_disbursed(book: Book) -> None:
    book.tell("bank", "financing.opened", opened("f"))
    assert told(book, "disbursed", amount=60_000) == []
    first = book.last()
    assert told(book, "disbursed", amount=40_001) == ["financing.over_disbursed"]
    assert dict(book.found[-1].details) == {"disbursed": 100_001, "amount": 100_000}
    assert book.found[-1].others == (first,)
    book.tell("bank", "financing.opened", opened("g"))
    assert told(book, "disbursed", "g", amount=60_000) == []
    assert told(book, "disbursed", "g", amount=40_000) == []


def test_over_repaid(book: Book) -> None:
    lent(book)
    assert told(book, "repaid", amount=60_000, interest=100_000) == []
    assert told(book, "repaid", amount=40_001, interest=0) == ["financing.over_repaid"]
    assert dict(book.found[-1].details) == {"repaid": 100_001, "disbursed": 100_000}


def test_who_may_act_on_a_financing(book: Book) -> None:
    book.admit({"portal": ["platform"], "other": ["bank"]})
    assert book.tell("other", "financing.opened", opened("x")) == ["sender.not_party"]
    assert book.tell("supplier", "financing.opened", opened("f")) == []
    assert book.tell("portal", "financing.opened", opened("g")) == []
    assert told(book, "disbursed", amount=1, sender="supplier") == ["sender.not_party"]
    assert told(book, "disbursed", amount=1, sender="portal") == []
    assert told(book, "released", sender="other") == ["sender.not_party"]
    assert told(book, "repaid", amount=0, interest=0, sender="settlement") == [
        "sender.role",
        "sender.not_party",
        "financing.status_path",
    ]


def test_dates(book: Book) -> None:
    late = opened("late", start="2026-07-01")
    assert book.tell("bank", "financing.opened", late) == ["dates.order"]
    assert book.tell("bank", "financing.opened", opened("f", start="2026-02-01")) == [], "agreed ahead"
    assert told(book, "disbursed", at="2026-01-06", amount=1) == ["dates.order"]
    assert told(book, "disbursed", at="2026-01-04", amount=1) == ["dates.order"]
    assert told(book, "disbursed", at="2026-01-05", amount=1) == []
    assert told(book, "extended", maturity="2026-06-29") == ["dates.order"]
    assert told(book, "extended", maturity="2026-06-29") == []


def test_what_a_financing_names(book: Book) -> None:
    ghost = opened("f", secured("receivable", "ghost"), secured("package", "ghost"), applicant="nobody")
    assert book.tell("bank", "financing.opened", ghost) == ["reference.missing"] * 3
    assert book.store.at().count(FinancingCollateral) == 2
    assert book.tell("bank", "financing.opened", opened("f")) == ["identifier.reused"]
    assert told(book, "disbursed", "ghost", amount=1) == ["reference.missing"]
    assert told(book, "disbursed", amount=1, payment="ghost") == ["reference.missing"]


@pytest.mark.parametrize(
    ("kind", "name"), [("receivable", "r"), ("invoice", "i"), ("receipt", "w"), ("order", "o"), ("package", "k")]
)
def test_who_puts_up_collateral_owns_it(trade: Book, kind: str, name: str) -> None:
    stranger = opened("x", secured(kind, name), applicant="lab")
    assert trade.tell("bank", "financing.opened", stranger) == ["financing.not_owner"]
    assert trade.found[-1].subject == f"{kind} {name}"
    assert len(trade.found[-1].others) == 1
    assert trade.tell("bank", "financing.opened", opened("f", secured(kind, name))) == []


def test_a_package_of_several_sellers_is_nobodys(trade: Book) -> None:
    assert trade.tell("bank", "financing.opened", opened("f", secured("package", "mixed"))) == ["financing.not_owner"]
    theirs = opened("g", secured("package", "mixed"), applicant="lab")
    assert trade.tell("bank", "financing.opened", theirs) == []
    both = {"package": "both", "invoices": ["foreign", "i"], "digest": "0" * 64, "supersedes": "mixed"}
    assert "package.digest" in trade.tell("supplier", "package.registered", both)
    for applicant in ("lab", "supplier"):
        shared = opened(f"f-{applicant}", secured("package", "both"), applicant=applicant)
        assert trade.tell("bank", "financing.opened", shared) == ["financing.not_owner"]


def test_a_documents_owner_cannot_be_told(trade: Book) -> None:
    assert trade.tell("bank", "financing.opened", opened("f", secured("document", "d"))) == []


def test_the_buyer_of_an_order_finances_it_too(trade: Book) -> None:
    dealer = opened("f", secured("order", "o"), form="dealer_finance", applicant="core")
    assert trade.tell("bank", "financing.opened", dealer) == []


def test_who_owes_asks_for_payables_finance_only(trade: Book) -> None:
    for kind, name in (("receivable", "r"), ("invoice", "i")):
        asked = opened(f"f-{name}", secured(kind, name), applicant="core")
        assert trade.tell("bank", "financing.opened", asked) == ["financing.not_owner"]
        payables = {**asked, "financing": f"g-{name}", "form": "payables_finance"}
        assert trade.tell("bank", "financing.opened", payables) == []


def test_a_receipt_that_is_gone_is_nobodys(trade: Book) -> None:
    gone = {"receipt": "w", "reason": "goods left", "at": "2026-01-05"}
    assert trade.tell("house", "warehouse_receipt.cancelled", gone) == []
    assert trade.tell("bank", "financing.opened", opened("f", secured("receipt", "w"))) == ["financing.not_owner"]


def test_who_puts_up_an_output_owns_it(book: Book) -> None:
    held = certificate_on(book, "r")
    assert book.tell("bank", "financing.opened", opened("f", secured("output", held), applicant="tier2")) == [
        "financing.not_owner"
    ]
    assert book.tell("bank", "financing.opened", opened("g", secured("output", held))) == []
    waiting = {"inputs": [held], "outputs": [out(WHOLE, "supplier", "tier2")]}
    middle = output_id(book.say("supplier", "certificate.transfer_proposed", waiting), 0)
    book.seal()
    for applicant in ("supplier", "tier2"):
        shared = opened(f"m-{applicant}", secured("output", middle), applicant=applicant)
        assert book.tell("bank", "financing.opened", shared) == ["financing.not_owner"], "a middle account is of both"
    spent = opened("s", secured("output", held))
    assert book.tell("bank", "financing.opened", spent) == ["financing.not_owner"]
    signed = {"inputs": [middle], "outputs": [out(WHOLE, "tier2")], "by": "tier2"}
    own = output_id(book.say("tier2", "certificate.signed_in", signed), 0)
    book.seal()
    assert book.tell("bank", "financing.opened", opened("o", secured("output", own), applicant="tier2")) == []
    by_root = opened("p", secured("receivable", "r"), applicant="tier2")
    assert book.tell("bank", "financing.opened", by_root) == [], "who holds a receivable's certificate holds it"


def test_an_output_already_passed_to_the_financier_was_its_sellers(book: Book) -> None:
    passed = financed_by_factor(book, "r")
    sold = opened("f", secured("output", passed), form="factoring", financier="factor")
    assert book.tell("factor", "financing.opened", sold) == []
    other = {**sold, "financing": "g", "applicant": "tier2"}
    assert book.tell("factor", "financing.opened", other) == ["financing.not_owner"]


def test_a_factor_refinances_what_it_financed(book: Book) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    again = opened("g", secured("receivable", "r"), applicant="factor")
    assert book.tell("bank", "financing.opened", again) == ["financing.not_owner"]
    first = opened("f", secured("receivable", "r"), form="factoring", financier="factor")
    assert book.tell("factor", "financing.opened", first) == []
    assert book.tell("bank", "financing.opened", {**again, "financing": "h"}) == []
    assert told(book, "released", sender="factor") == []
    assert book.tell("bank", "financing.opened", {**again, "financing": "i"}) == ["financing.not_owner"]


def test_frozen_collateral(book: Book) -> None:
    held = certificate_on(book, "r")
    frozen(book, held)
    mark = book.last()
    assert book.tell("bank", "financing.opened", opened("f", secured("output", held))) == [
        "financing.frozen_collateral"
    ]
    assert book.found[-1].others == (mark,)
    assert book.tell("settlement", "certificate.unfrozen", {"outputs": [held], "by": "settlement"}) == []
    assert book.tell("bank", "financing.opened", opened("g", secured("output", held))) == []


@pytest.mark.parametrize(("kind", "name"), [("receivable", "r"), ("invoice", "i"), ("order", "o")])
def test_no_more_is_put_up_than_a_thing_is_worth(trade: Book, kind: str, name: str) -> None:
    over = opened("x", secured(kind, name, WHOLE + 1))
    assert trade.tell("bank", "financing.opened", over) == ["financing.exceeds_collateral"]
    assert dict(trade.found[-1].details) == {"financing": "x", "amount": WHOLE + 1, "worth": WHOLE}
    assert trade.tell("bank", "financing.opened", opened("f", secured(kind, name, WHOLE))) == []
    parts = opened("p", secured(kind, name, 60_000), secured(kind, name, WHOLE - 60_000))
    assert trade.tell("bank", "financing.opened", parts) == [], "partial assignments within face"
    sum_over = opened("q", secured(kind, name, 60_000), secured(kind, name, WHOLE - 59_999))
    assert trade.tell("bank", "financing.opened", sum_over) == ["financing.exceeds_collateral"]


def test_worth_of_outputs_packages_and_other_currencies(trade: Book) -> None:
    held = certificate_on(trade, "s")
    assert trade.tell("bank", "financing.opened", opened("x", secured("output", held, WHOLE + 1))) == [
        "financing.exceeds_collateral"
    ]
    assert trade.tell("bank", "financing.opened", opened("y", secured("package", "k", 2 * WHOLE + 1))) == [
        "financing.exceeds_collateral"
    ]
    lawful = [secured("output", held, WHOLE), secured("package", "k", 2 * WHOLE), secured("order", "usd", 700)]
    assert trade.tell("bank", "financing.opened", opened("f", *lawful)) == []


def test_a_receivable_is_worth_what_is_still_owed(book: Book) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    change = {"receivable": "r", "delta": -13_000, "reason": "return", "at": "2026-01-05"}
    assert book.tell("supplier", "receivable.adjusted", change) == []
    assert book.tell("bank", "financing.opened", opened("x", secured("receivable", "r", WHOLE))) == [
        "financing.exceeds_collateral"
    ]
    assert book.tell("bank", "financing.opened", opened("f", secured("receivable", "r", 100_000))) == []


def test_collateral_is_released_once(book: Book) -> None:
    for name in ("r", "s"):
        book.say("supplier", "receivable.registered", receivable(name))
    book.seal()
    lent(book, secured("receivable", "r"), secured("receivable", "s"))
    assert told(book, "released", collateral=["r"]) == []
    assert [row.target for row in book.store.at().select(FinancingCollateral)] == ["s"]
    assert book.store.at().get(Financing, "f").status == "disbursed"
    assert told(book, "released", collateral=["r"]) == ["financing.not_held"]
    assert told(book, "released", collateral=["s", "never"]) == ["financing.not_held"]
    assert book.store.at().count(FinancingCollateral) == 0
    assert told(book, "repaid", amount=100_000, interest=0) == []
    assert told(book, "released") == []


def test_collateral_is_released_once_within_one_block(book: Book) -> None:
    book.tell("supplier", "receivable.registered", receivable("r"))
    book.say("bank", "financing.opened", opened("f", secured("receivable", "r")))
    for _ in range(2):
        book.say("bank", "financing.released", {"financing": "f", "at": "2026-01-05", "collateral": ["r"]})
    assert [finding.code.value for finding in book.seal()] == ["financing.not_held"]
    assert book.store.at().count(FinancingCollateral) == 0


def test_look_through_both_ways(book: Book) -> None:
    for name in ("r", "s"):
        book.say("supplier", "receivable.registered", receivable(name))
    book.say("bank", "financing.opened", opened("f", secured("receivable", "r", 50_000), secured("receivable", "s")))
    book.say("bank", "financing.opened", opened("g", secured("receivable", "r", 63_000)))
    assert book.seal() == ()
    facts = book.store.at()
    down = facts.select(FinancingCollateral, FinancingCollateral.financing == "f")
    assert [(row.target_kind, row.target, row.amount) for row in down] == [
        ("receivable", "r", 50_000),
        ("receivable", "s", None),
    ]
    up = facts.select(FinancingCollateral, FinancingCollateral.target == "r")
    assert [row.financing for row in up] == ["f", "g"]
    height = facts.height
    assert told(book, "released") == []
    assert [row.financing for row in book.store.at().select(FinancingCollateral)] == ["g"]
    assert book.store.at(height).count(FinancingCollateral) == 3


def test_what_is_put_up_whole_is_put_up_once(trade: Book) -> None:
    both = opened("f", secured("invoice", "i"), secured("invoice", "i", 1))
    assert trade.tell("bank", "financing.opened", both) == ["financing.exceeds_collateral"]
    assert dict(trade.found[-1].details) == {"financing": "f", "amount": WHOLE + 1, "worth": WHOLE}
    parts = opened("g", secured("invoice", "i", WHOLE - 1), secured("invoice", "i", 1), secured("invoice", "j"))
    assert trade.tell("bank", "financing.opened", parts) == []


def test_no_financing_rests_on_an_invoice_that_is_not_normal(trade: Book) -> None:
    trade.say("supplier", "receivable.registered", receivable("on-i", "i", amount=1))
    trade.say("supplier", "receivable.registered", receivable("on-j", "j", amount=1))
    trade.say("verifier", "invoice.status_changed", {"invoice": "i", "status": "voided", "at": "2026-01-05"})
    assert trade.seal() == ()
    voided = trade.store.at().get(Invoice, "i")
    for name, thing in (("f", ("invoice", "i")), ("g", ("package", "k")), ("h", ("receivable", "on-i"))):
        assert trade.tell("bank", "financing.opened", opened(name, secured(*thing))) == ["invoice.not_normal"], thing
        assert trade.found[-1].others == (voided.began,)
    all_of_it = opened("l", secured("invoice", "i"), secured("package", "k"))
    assert trade.tell("bank", "financing.opened", all_of_it) == ["invoice.not_normal"], "told once"
    lawful = opened("m", secured("invoice", "j"), secured("receivable", "on-j"))
    assert trade.tell("bank", "financing.opened", lawful) == []
