"""Payloads of the records about plans, and plans with a pool, for the tests of their facts and findings."""

from __future__ import annotations

from typing import Any

from tests.support.ledger_book import Book, financed_by_factor, plan

DAY = "2026-01-05"
"""The business day of a book's blocks, and the closing of its plans."""
TERMS = {"day_count": "ACT/365F", "rounding": "half_up", "face": 10_000, "record_date_lag": 1}


def assigned(name: str, *assets: tuple[str, list[str]], **changes: Any) -> dict[str, Any]:
    return {
        "plan": name, "date": DAY, "assignor": "factor", "price": 90_000,
        "assets": [{"asset": asset, "outputs": outputs} for asset, outputs in assets], **changes,
    }  # fmt: skip


def purchased(name: str, price: int, *assets: tuple[str, list[str]], **changes: Any) -> dict[str, Any]:
    return assigned("plan-1", *assets, **{"purchase": name, "price": price, **changes})


def repurchased(price: int, *assets: str, **changes: Any) -> dict[str, Any]:
    return {
        "plan": "plan-1", "date": DAY, "by": "factor", "price": price, "reason": "ineligible", "assets": list(assets),
        **changes,
    }  # fmt: skip


def substituted(removed: list[str], *assets: tuple[str, list[str]], **changes: Any) -> dict[str, Any]:
    return {
        "plan": "plan-1", "date": DAY, "by": "factor", "removed": removed,
        "assets": [{"asset": asset, "outputs": outputs} for asset, outputs in assets], **changes,
    }  # fmt: skip


def removed(*assets: str, **changes: Any) -> dict[str, Any]:
    return {"plan": "plan-1", "date": DAY, "reason": "settled", "assets": list(assets), **changes}


def payment(name: str, amount: int, *receivables: tuple[str, int], **changes: Any) -> dict[str, Any]:
    return {
        "payment": name, "payer": "core", "payee": "factor", "amount": amount, "date": DAY, "bank_reference": "b",
        "settles": [{"target": "receivable", "id": each, "amount": part} for each, part in receivables], **changes,
    }  # fmt: skip


def received(name: str, amount: int, *items: tuple[str, str, int], **changes: Any) -> dict[str, Any]:
    return {
        "collection": name, "plan": "plan-1", "date": DAY, "amount": amount,
        "items": [{"payment": p, "asset": a, "amount": n} for p, a, n in items], **changes,
    }  # fmt: skip


def remitted(name: str, amount: int, *collections: str, **changes: Any) -> dict[str, Any]:
    return {
        "remittance": name, "plan": "plan-1", "date": DAY, "amount": amount,
        "collections": list(collections), **changes,
    }  # fmt: skip


def distributed(name: str, principal: int, interest: int, **changes: Any) -> dict[str, Any]:
    return {
        "distribution": name, "plan": "plan-1", "tranche": "A", "period": 1, "date": DAY,
        "principal": principal, "interest": interest, **changes,
    }  # fmt: skip


def documented(name: str, **changes: Any) -> dict[str, Any]:
    """A plan in version 2: it revolves until the end of May."""
    return plan(name) | {
        "v": 2,
        "accounts": [{"account": "6222-1", "kind": "collection", "bank": "bank"}],
        "fees": [{"fee": "custody", "payee": "custodian", "rate": "0.0005"}],
        "triggers": [
            {"trigger": "t1", "event": "acceleration", "measure": "default ratio", "threshold": "0.05", "periods": 3}
        ],
        "eligibility": [{"criterion": "confirmed", "text": "债务人已确权"}],
        "concentration_limits": [{"by": "debtor", "limit": "0.5"}],
        "revolving": {"until": "2026-05-31", "min_yield": "0.04"},
        "payment_dates": ["2026-06-30", "2026-12-31"],
        "waterfall": ["费用", "优先级利息", "优先级本金", "次级"],
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    """Terms as one document, as far as the ledger reads them."""
    return {
        "conventions": {"day_count": "ACT/365F", "rounding": "down", "face": 10_000, "calendar": "weekdays"},
        "dates": {"pay": ["2026-06-30", "2026-12-31"], "record": 2},
        "accounts": [
            {"account": "custody", "kind": "custody", "bank": "custodian"},
            {"account": "reserve", "kind": "reserve", "bank": "custodian"},
        ],
        "fees": [{"fee": "custody", "payee": "custodian", "kind": "annual", "rate": "0.0005"}],
        "revolving": {"until": "2026-05-31", "min_yield": "0.04"},
        **changes,
    }


def termed(name: str, **changes: Any) -> dict[str, Any]:
    """A plan in version 3: its terms are a document."""
    stated = plan(name)
    del stated["terms"]
    return stated | {"v": 3, "document": document()} | changes


def fee(name: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "payment": name, "plan": "plan-1", "fee": "custody", "period": 1, "date": DAY, "amount": amount, **changes,
    }  # fmt: skip


def moved(name: str, source: str, target: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "move": name, "plan": "plan-1", "from": source, "to": target, "period": 1, "date": DAY, "amount": amount,
        **changes,
    }  # fmt: skip


def called(name: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {"call": name, "plan": "plan-1", "date": DAY, "payer": "core", "amount": amount, **changes}


def made_up(name: str, call: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {"shortfall": name, "plan": "plan-1", "call": call, "date": DAY, "amount": amount, **changes}


def given_back(name: str, call: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "repayment": name, "plan": "plan-1", "call": call, "period": 1, "date": DAY, "amount": amount, **changes,
    }  # fmt: skip


def pooled(book: Book, version: int = 1, **changes: Any) -> None:
    """Plan-1, whose pool holds receivable ``r``, and a payment ``p`` of 100,000 fen on it."""
    output = financed_by_factor(book, "r")
    book.say("manager", "plan.established", (plan, documented, termed)[version - 1]("plan-1", **changes))
    book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output])))
    book.say("bank", "payment.recorded", payment("p", 100_000, ("r", 100_000)))
    assert book.seal() == ()


def revolving(book: Book, **changes: Any) -> None:
    """The same of a plan that revolves, with 95,000 fen collected."""
    pooled(book, version=2, **changes)
    assert book.tell("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000))) == []


def funded(book: Book, version: int = 3, **changes: Any) -> None:
    """The same with 95,000 fen collected and passed on to the plan."""
    pooled(book, version=version, **changes)
    book.say("servicer", "collection.received", received("c1", 95_000, ("p", "r", 95_000)))
    book.say("servicer", "collection.remitted", remitted("m1", 95_000, "c1"))
    assert book.seal() == ()
