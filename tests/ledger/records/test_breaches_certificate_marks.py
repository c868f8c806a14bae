"""Every breach about guarantees, freezes and what a pool claims, and beside it the lawful record that looks like it."""

from typing import Any

import pytest

from ledger.facts import Freeze, Guarantee, Output, output_id
from tests.support.ledger_book import Book, certificate_on, financed_by_factor, out, plan

WHOLE = 113_000


@pytest.fixture
def book(book: Book) -> Book:
    book.admit({"regulator": ["regulator"], "platform": ["platform"]})
    return book


def frozen(*outputs: str, by: str = "settlement") -> dict[str, Any]:
    return {"outputs": list(outputs), "by": by, "reason": "court order"}


def unfrozen(book: Book, output: str, by: str) -> list[str]:
    return book.tell(by, "certificate.unfrozen", {"outputs": [output], "by": by})


def guaranteed(*outputs: str, **changes: Any) -> dict[str, Any]:
    return {"outputs": list(outputs), "guarantor": "bank", "amount": WHOLE, "until": "2026-06-30", **changes}


def moves(output: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every way in which an output of the factor can be spent: sender and payload."""
    whole = {"inputs": [output], "outputs": [out(WHOLE, "factor")]}
    deal = {"financier": "bank", "form": "discount", "price": 1, "rate": "0.05"}
    return {
        "split": ("factor", whole),
        "transfer_proposed": ("factor", {**whole, "outputs": [out(WHOLE, "factor", "bank")]}),
        "financed": ("factor", {**whole, "outputs": [out(WHOLE, "bank")], **deal}),
        "cancelled": ("factor", {"inputs": [output], "by": "factor", "reason": "none"}),
        "redeemed": ("settlement", {"inputs": [output], "payment": "p"}),
    }


def paid(name: str) -> dict[str, Any]:
    settles = [{"target": "receivable", "id": name, "amount": WHOLE}]
    return {
        "payment": "p", "payer": "core", "payee": "factor", "amount": WHOLE, "date": "2026-01-05",
        "bank_reference": "b", "settles": settles,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["split", "transfer_proposed", "financed", "cancelled", "redeemed"])
def test_a_frozen_output_does_not_move(book: Book, kind: str) -> None:
    held = financed_by_factor(book, "r")
    assert book.tell("bank", "payment.recorded", paid("r")) == []
    assert book.tell("settlement", "certificate.frozen", frozen(held)) == []
    order = book.last()
    sender, payload = moves(held)[kind]
    assert book.tell(sender, f"certificate.{kind}", payload) == ["output.frozen"]
    assert order in book.found[-1].others
    assert book.store.at().get(Output, held) is None, "the chain decided that it moved"


def test_an_output_named_twice_is_frozen_all_the_same(book: Book) -> None:
    held = financed_by_factor(book, "r")
    assert book.tell("settlement", "certificate.frozen", frozen(held)) == []
    twice = {"inputs": [held, held], "outputs": [out(WHOLE, "factor")]}
    assert book.tell("factor", "certificate.split", twice) == ["output.double_spend", "output.frozen"]


@pytest.mark.parametrize("kind", ["split", "transfer_proposed", "financed", "cancelled", "redeemed"])
def test_an_output_moves_that_was_unfrozen(book: Book, kind: str) -> None:
    held = financed_by_factor(book, "r")
    assert book.tell("bank", "payment.recorded", paid("r")) == []
    assert book.tell("settlement", "certificate.frozen", frozen(held)) == []
    assert unfrozen(book, held, "settlement") == []
    sender, payload = moves(held)[kind]
    assert book.tell(sender, f"certificate.{kind}", payload) == []


def test_what_waits_on_a_middle_account_can_be_frozen(book: Book) -> None:
    source = certificate_on(book, "r")
    offer = {"inputs": [source], "outputs": [out(WHOLE, "supplier", "tier2")]}
    waiting = output_id(book.say("supplier", "certificate.transfer_proposed", offer), 0)
    book.say("settlement", "certificate.frozen", frozen(waiting))
    assert book.seal() == ()
    refusal = {"inputs": [waiting], "outputs": [out(WHOLE, "supplier")], "by": "tier2", "reason": "no"}
    assert book.tell("tier2", "certificate.refused", refusal) == ["output.frozen"]


def test_an_output_is_frozen_once_and_unfrozen_by_who_froze_it(book: Book) -> None:
    held = certificate_on(book, "r")
    assert book.tell("settlement", "certificate.frozen", frozen(held)) == []
    first = book.last()
    assert book.tell("platform", "certificate.frozen", frozen(held, by="platform")) == ["certificate.status_path"]
    assert book.found[-1].others == (first,)
    assert book.store.at().get(Freeze, held).frozen_by == "settlement"
    assert unfrozen(book, held, "platform") == ["certificate.status_path"]
    assert unfrozen(book, held, "settlement") == ["certificate.status_path"], "the chain decided that it may move"
    assert book.tell("settlement", "certificate.frozen", frozen(held)) == []
    assert unfrozen(book, held, "regulator") == []
    assert book.store.at().count(Freeze) == 0
    assert len(book.store.at().history(Freeze, held)) == 2


def test_who_freezes_speaks_for_itself(book: Book) -> None:
    held = certificate_on(book, "r")
    assert book.tell("platform", "certificate.frozen", frozen(held)) == ["sender.not_party"]
    assert book.tell("bank", "certificate.frozen", frozen(certificate_on(book, "s"), by="bank")) == ["sender.role"]
    assert book.tell("regulator", "certificate.unfrozen", {"outputs": [held], "by": "settlement"}) == [
        "sender.not_party"
    ]


def test_what_was_spent_is_marked_no_more(book: Book) -> None:
    source = certificate_on(book, "r")
    split = book.say("supplier", "certificate.split", {"inputs": [source], "outputs": [out(WHOLE, "supplier")]})
    assert book.seal() == ()
    assert book.tell("settlement", "certificate.frozen", frozen(source)) == ["certificate.status_path"]
    assert book.tell("bank", "certificate.guaranteed", guaranteed(source)) == ["certificate.status_path"]
    facts = book.store.at()
    assert (facts.count(Freeze), facts.count(Guarantee)) == (0, 0)
    assert book.tell("settlement", "certificate.frozen", frozen(output_id(split, 0))) == []
    assert book.tell("settlement", "certificate.frozen", frozen("0x:0")) == ["reference.missing"]


def test_a_guarantee_is_the_guarantors_own(book: Book) -> None:
    held = certificate_on(book, "r")
    assert book.tell("bank", "certificate.guaranteed", guaranteed(held)) == []
    row = book.store.at().select(Guarantee, Guarantee.output == held)[0]
    assert (row.guarantor, row.amount, str(row.until)) == ("bank", WHOLE, "2026-06-30")
    assert book.tell("bank", "certificate.guaranteed", guaranteed(held, guarantor="factor")) == ["sender.not_party"]
    assert book.tell("factor", "certificate.guaranteed", guaranteed(held, guarantor="factor")) == []
    assert book.tell("bank", "certificate.guaranteed", guaranteed(held, until="2026-01-04")) == ["dates.order"]
    split = {"inputs": [held], "outputs": [out(WHOLE, "supplier")]}
    assert book.tell("supplier", "certificate.split", split) == [], "a guarantee spends nothing and stops nothing"


def pooled(book: Book, name: str, to: str) -> str:
    """A receivable whose certificate the factor assigned to a plan; returns the output."""
    held = financed_by_factor(book, name)
    book.say("manager", "plan.established", plan(to))
    assets = [{"asset": name, "outputs": [held]}]
    deal = {"plan": to, "date": "2026-01-05", "assignor": "factor", "price": 1, "assets": assets}
    book.say("factor", "pool.assigned", deal)
    assert book.seal() == ()
    return held


def financed(source: str, amount: int) -> dict[str, Any]:
    deal = {"financier": "bank", "form": "factoring", "price": 1, "rate": "0.05"}
    return {"inputs": [source], "outputs": [out(amount, "bank")], **deal}


def test_pieces_of_what_a_pool_holds_stay_the_pools(book: Book) -> None:
    held = pooled(book, "r", "P")
    parts = {"inputs": [held], "outputs": [out(100_000, "factor"), out(13_000, "factor")]}
    split = book.say("factor", "certificate.split", parts)
    assert [each.code.value for each in book.seal()] == ["output.pooled"]
    one, two = output_id(split, 0), output_id(split, 1)
    assert {book.store.at().get(Output, each).pooled for each in (one, two)} == {"P"}
    assert book.tell("factor", "certificate.financed", financed(one, 100_000)) == ["output.pooled"]
    book.tell("manager", "plan.established", plan("Q"))
    again = {"plan": "Q", "date": "2026-01-05", "assignor": "factor", "price": 1}
    assets = [{"asset": "r", "outputs": [two]}]
    assert "pool.double" in book.tell("factor", "pool.assigned", {**again, "assets": assets})
    free = financed_by_factor(book, "s")
    assert book.tell("factor", "certificate.financed", financed(free, WHOLE)) == []


def test_what_a_pool_holds_is_found_when_it_is_named_twice(book: Book) -> None:
    held = pooled(book, "r", "P")
    twice = {"inputs": [held, held], "outputs": [out(WHOLE, "factor")]}
    assert book.tell("factor", "certificate.split", twice) == ["output.double_spend", "output.pooled"]


def test_pieces_are_followed_within_one_block(book: Book) -> None:
    held = pooled(book, "r", "P")
    for _ in range(3):
        split = book.say("factor", "certificate.split", {"inputs": [held], "outputs": [out(WHOLE, "factor")]})
        held = output_id(split, 0)
    assert [each.code.value for each in book.seal()] == ["output.pooled"] * 3


def test_what_a_pool_gave_back_is_free_with_its_pieces(book: Book) -> None:
    held = pooled(book, "r", "P")
    split = book.say("factor", "certificate.split", {"inputs": [held], "outputs": [out(WHOLE, "factor")]})
    assert [each.code.value for each in book.seal()] == ["output.pooled"]
    gone = {"plan": "P", "date": "2026-01-05", "by": "factor", "price": WHOLE, "reason": "ineligible", "assets": ["r"]}
    assert book.tell("factor", "pool.repurchased", gone) == []
    piece = output_id(split, 0)
    moved = book.say("factor", "certificate.financed", financed(piece, WHOLE))
    assert book.seal() == ()
    assert book.store.at().get(Output, output_id(moved, 0)).pooled is None
