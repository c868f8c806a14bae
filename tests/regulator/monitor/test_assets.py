"""What rests on an asset of a pool besides the pool: each claim from its first block, what is lawful never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.snapshot import Snapshot, take
from regulator.monitor import AssetScope
from regulator.watch import sweep
from tests.support.duplicates_measured import in_order
from tests.support.ledger_book import Book, financed_by_factor, invoice, out, plan, receivable
from tests.support.plan_book import assigned, payment

pytestmark = pytest.mark.slow


@pytest.fixture
def pooled(book: Book) -> tuple[Book, str]:
    """Plan-1 whose pool holds receivable r by the factor's output; a second bank is there."""
    book.admit()
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", plan("plan-1"))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.seal()
    return book, output


def loan(book: Book, name: str, kind: str, id_: str, **changes: Any) -> None:
    book.say("supplier", "financing.opened", {
        "financing": name, "form": "loan_on_receivables", "applicant": "supplier", "financier": "bank",
        "collateral": [{"kind": kind, "id": id_, "amount": None}], "amount": 50_000, "rate": "0.05",
        "start": book.today, "maturity": "2026-06-30", **changes,
    })  # fmt: skip


def registered(book: Book, name: str, party: str, kind: str, id_: str) -> None:
    book.say(party, "registration.filed", {
        "registration": name, "type": "pledge", "secured_party": party, "debtor": "supplier", "description": "应收账款",
        "collateral": [{"kind": kind, "id": id_}], "filed_at": "2026-01-05T02:00:00Z", "expires_at": "2027-01-05",
    })  # fmt: skip


@pytest.mark.parametrize("kind", ["receivable", "invoice", "output"])
def test_a_loan_of_another_on_what_the_pool_holds(pooled: tuple[Book, str], watch: Any, kind: str) -> None:
    book, output = pooled
    loan(book, "f", kind, {"receivable": "r", "invoice": "inv-r", "output": output}[kind])
    at = book.height
    book.seal()
    book.seal(1)
    found = watch(book)
    assert found.heights("asset_claimed") == [(at, "high")]
    signal = found.of("asset_claimed")[0].signal
    assert (signal.subject, signal.detail("how"), signal.detail("holder_party")) == (
        "asset plan-1/r", "financing", "bank",
    )  # fmt: skip
    assert signal.detail("article") == "S5 5.2.6"


def test_a_loan_that_was_given_back_before_is_none(book: Book, watch: Any) -> None:
    book.admit()
    output = financed_by_factor(book, "r")
    loan(book, "f", "receivable", "r")
    book.seal()
    book.say("bank", "financing.released", {"financing": "f", "collateral": None, "at": "2026-01-05"})
    book.seal()
    book.say("manager", "plan.established", plan("plan-1"))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.seal()
    assert watch(book).of("asset_claimed") == []


def test_a_loan_that_is_still_out_when_the_asset_comes_in(book: Book, watch: Any) -> None:
    book.admit()
    output = financed_by_factor(book, "r")
    loan(book, "f", "receivable", "r")
    book.seal()
    book.say("manager", "plan.established", plan("plan-1"))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    at = book.height
    book.seal()
    assert watch(book).heights("asset_claimed") == [(at, "high")]


def test_registrations_of_others_and_of_the_plans_own_parties(pooled: tuple[Book, str], watch: Any) -> None:
    book, output = pooled
    registered(book, "own", "factor", "output", output)
    book.seal()
    assert watch(book).of("asset_claimed") == []
    registered(book, "other", "bank", "receivable", "r")
    at = book.height
    book.seal()
    book.say("bank", "registration.cancelled", {
        "registration": "other", "reason": "登记错误", "at": "2026-01-05",
    })  # fmt: skip
    gone = book.height
    book.seal()
    assert watch(book).heights("asset_claimed") == [(at, "high"), (gone, None)]


def test_a_piece_that_is_passed_on_after_it_came_in(pooled: tuple[Book, str], watch: Any) -> None:
    book, output = pooled
    book.say("factor", "certificate.financed", {
        "inputs": [output], "outputs": [out(113_000, "bank")], "financier": "bank", "form": "factoring",
        "price": 100_000, "rate": "0.05",
    })  # fmt: skip
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("asset_claimed") == [(at, "high")]
    assert found.of("asset_claimed")[0].signal.detail("how") == "passed_on"


def test_a_piece_that_is_frozen_until_it_is_free_again(pooled: tuple[Book, str], watch: Any) -> None:
    book, output = pooled
    book.say("operator", "certificate.frozen", {"outputs": [output], "by": "operator", "reason": "司法冻结"})
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("asset_claimed") == [(at, "medium")]
    assert found.of("asset_claimed")[0].signal.detail("how") == "freeze"


def test_the_pool_of_another_plan(pooled: tuple[Book, str], watch: Any) -> None:
    book, output = pooled
    book.say("manager", "plan.established", plan("plan-2"))
    book.seal()
    book.say("factor", "pool.assigned", assigned("plan-2", ("r", [output])))
    at = book.height
    book.seal()
    found = watch(book)
    assert {(one.height, one.subject) for one in found.of("asset_claimed")} == {
        (at, "asset plan-1/r"), (at, "asset plan-2/r"),
    }  # fmt: skip


@pytest.mark.parametrize(("status", "level"), [("voided", "high"), ("red_flushed", "high"), ("abnormal", "medium")])
def test_an_invoice_under_a_pool_is_not_normal(pooled: tuple[Book, str], watch: Any, status: str, level: str) -> None:
    book, _ = pooled
    book.say("verifier", "invoice.status_changed", {"invoice": "inv-r", "status": status, "at": "2026-01-05"})
    at = book.height
    book.seal()
    found = watch(book)
    assert found.heights("invoice_status") == [(at, level)]
    assert found.of("invoice_status")[0].signal.detail("pools") == 1


def test_an_invoice_under_a_loan_and_one_under_nothing(book: Book, watch: Any) -> None:
    book.admit()
    for name in "ab":
        book.say("supplier", "invoice.registered", invoice(f"inv-{name}"))
        book.say("supplier", "receivable.registered", receivable(name, f"inv-{name}"))
    loan(book, "f", "receivable", "a")
    book.seal()
    for name in "ab":
        book.say(
            "verifier", "invoice.status_changed", {"invoice": f"inv-{name}", "status": "voided", "at": "2026-01-05"}
        )
    at = book.height
    book.seal()
    found = watch(book)
    assert [(one.height, one.subject) for one in found.of("invoice_status")] == [(at, "paper inv-a/a")]


def test_papers_whose_names_joined_are_one_are_told_apart(book: Book, watch: Any) -> None:
    book.admit()
    for at, (paper, name) in enumerate((("i/x", "r"), ("i", "x/r"))):
        book.say("supplier", "invoice.registered", invoice(paper))
        book.say("supplier", "receivable.registered", receivable(name, paper))
        loan(book, f"f{at}", "receivable", name)
    book.seal()
    for paper in ("i/x", "i"):
        book.say("verifier", "invoice.status_changed", {"invoice": paper, "status": "voided", "at": "2026-01-05"})
    book.seal()
    assert sorted(one.subject for one in watch(book).of("invoice_status")) == ["paper i%2Fx/r", "paper i/x%2Fr"]


def test_an_invoice_of_what_is_paid_is_nobodys_concern(pooled: tuple[Book, str], watch: Any) -> None:
    book, _ = pooled
    book.say("bank", "payment.recorded", payment("p", 113_000, ("r", 113_000)))
    book.seal()
    book.say("verifier", "invoice.status_changed", {"invoice": "inv-r", "status": "voided", "at": "2026-01-05"})
    book.seal()
    assert watch(book).of("invoice_status") == []


def test_a_snapshot_gives_the_same(pooled: tuple[Book, str], watch: Any, tmp_path: Path) -> None:
    book, output = pooled
    loan(book, "f", "output", output)
    book.seal()
    book.say("verifier", "invoice.status_changed", {"invoice": "inv-r", "status": "voided", "at": "2026-01-05"})
    book.seal()
    online = [one for one in watch(book).versions if one.rule in AssetScope.rules]
    facts = book.store.at()
    take(facts, tmp_path / "snapshot")
    with Snapshot.open(tmp_path / "snapshot").on_duckdb() as market:
        batch = in_order(sweep(market, facts.height, [AssetScope()]))
    assert online == batch
    assert len(online) == 2
