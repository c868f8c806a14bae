"""A plan small enough to be reckoned by hand, and records of what it was paid, rightly or not.

It pays every 73 days, a fifth of a year. A: 90,000 fen at 5%, B: 10,000 at 7.3%, C: 5,000 without a rate. Fees:
management 1% a year of all, custody 50 fen a period, tax 10% of the interest paid. Everything is rounded half up.
"""

from __future__ import annotations

import shutil
from copy import copy
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ledger.store import Store
from tests.support.ledger_book import Book, financed_by_factor
from tests.support.plan_book import (
    assigned,
    called,
    distributed,
    fee,
    made_up,
    moved,
    payment,
    received,
    remitted,
    termed,
)

if TYPE_CHECKING:
    from pathlib import Path

CLOSING = date(2026, 1, 5)
FIRST, SECOND, THIRD = (CLOSING + timedelta(days=73 * count) for count in (1, 2, 3))
TRANCHES = [
    {"tranche": "A", "name": "优先级", "code": "180001", "rank": "senior", "principal": 90_000, "rate": "0.05",
     "repayment": "pass_through", "maturity": "2027-01-31"},
    {"tranche": "B", "name": "中间级", "code": "180002", "rank": "mezzanine", "principal": 10_000, "rate": "0.073",
     "repayment": "pass_through", "maturity": "2027-01-31"},
    {"tranche": "C", "name": "次级", "code": "180003", "rank": "subordinated", "principal": 5_000, "rate": None,
     "repayment": "residual", "maturity": "2027-01-31"},
]  # fmt: skip
CASH, RESERVE = "account", "reserve"
RIGHT = {"management": 210, "custody": 50, "A_interest": 900, "B_interest": 146, "tax": 105, "A_principal": 18_589}
"""What the terms pay of 20,000 fen in the first period."""


def step(action: str, *pays: str, **parts: Any) -> dict[str, Any]:
    rule = "-".join((action, *pays[:1]))
    return {"rule": rule, "action": action, "account": CASH, "pays": list(pays), **parts}


DONE = {"measure": "securities.outstanding", "op": "==", "value": "0"}
FEES = step("fees", "management", "custody")
TAX = step("fees", "tax")
SERVED = [FEES, step("interest", "A"), step("interest", "B"), TAX]
REPAID = [*(step("principal", name) for name in "ABC"), step("residual", "C", when=[DONE])]
ACCELERATED = [
    FEES, step("interest", "A"), step("principal", "A"), step("interest", "B"), TAX, step("principal", "B"),
    step("principal", "C"), step("residual", "C", when=[DONE]),
]  # fmt: skip
LOW = {
    "trigger": "low", "name": "回款不足", "when": {"measure": "receipts", "op": "<", "value": "500"},
    "effect": "accelerated", "curable": True,
}  # fmt: skip


def terms(**changes: Any) -> dict[str, Any]:
    """The document of its terms."""
    stated = {name: value for name, value in termed("plan-1").items() if name not in ("v", "document", "tranches")}
    del stated["shelf"]
    return {
        "format": "glasspool-terms/1",
        "plan": stated,
        "conventions": {"day_count": "ACT/365F", "rounding": "half_up", "face": 100, "calendar": "every_day"},
        "dates": {"pay": [day.isoformat() for day in (FIRST, SECOND, THIRD)], "roll": "none"},
        "tranches": [{name: part for name, part in one.items() if part is not None} for one in TRANCHES],
        "accounts": [{"account": CASH, "kind": "custody", "bank": "custodian"}],
        "fees": [
            {"fee": "management", "payee": "manager", "kind": "annual", "rate": "0.01",
             "base": "securities.outstanding"},
            {"fee": "custody", "payee": "custodian", "kind": "fixed", "amount": 50},
            {"fee": "tax", "payee": "manager", "kind": "share", "rate": "0.1", "base": "interest"},
        ],
        "waterfalls": [
            {"state": "amortising", "steps": [*SERVED, *REPAID]}, {"state": "accelerated", "steps": ACCELERATED},
        ],
        "triggers": [LOW],
        **changes,
    }  # fmt: skip


class PaidPlan:
    """Plan-1 on a ledger, and its parties: cash comes in, and each period is paid by what a test says."""

    def __init__(self, book: Book, document: dict[str, Any] | None = None) -> None:
        self.book = book
        self.serial = 0
        self.call = ""
        book.admit()
        output = financed_by_factor(book, "r")
        book.say("manager", "plan.established", termed("plan-1", tranches=TRANCHES, document=document or terms()))
        book.say("factor", "pool.assigned", assigned("plan-1", ("r", [output]), date=CLOSING.isoformat()))
        book.say("bank", "payment.recorded", payment("p", 113_000, ("r", 113_000), date=CLOSING.isoformat()))
        assert book.seal() == ()

    def copied(self, file: Path, to: Path) -> PaidPlan:
        """The same plan on a ledger of its own, made from the file of this one, whose store is closed."""
        shutil.copy(file, to)
        other, book = copy(self), copy(self.book)
        book.store, book.events, book.found = Store.open(to), [], []
        other.book = book
        return other

    def until(self, day: date) -> None:
        """Let the ledger's days pass."""
        self.book.seal(days=(day - self.book.time.date()).days)

    def name(self) -> str:
        self.serial += 1
        return f"n{self.serial}"

    def comes_in(self, amount: int, on: date) -> None:
        """Cash is collected and passed on."""
        self.until(on)
        name, day = self.name(), on.isoformat()
        self.book.say("servicer", "collection.received", received(name, amount, ("p", "r", amount), date=day))
        self.book.say("servicer", "collection.remitted", remitted(self.name(), amount, name, date=day))

    def pays(self, period: int, on: date, **paid: int) -> None:
        """Pay fees by their names, and principal and interest as ``A_principal`` and ``A_interest``."""
        self.until(on)
        day = on.isoformat()
        tranches = {"A": [0, 0]} if not any("_" in name for name in paid) else {}
        for name, amount in paid.items():
            tranche, _, part = name.partition("_")
            if part in ("principal", "interest"):
                tranches.setdefault(tranche, [0, 0])[part == "interest"] += amount
            else:
                self.book.say("custodian", "fee.paid", fee(self.name(), amount, fee=tranche, period=period, date=day))
        for tranche, (principal, interest) in tranches.items():
            self.book.say(
                "custodian", "distribution.made",
                distributed(self.name(), principal, interest, tranche=tranche, period=period, date=day),
            )  # fmt: skip
        self.book.seal()

    def moves(self, period: int, on: date, source: str, target: str, amount: int) -> None:
        """Cash goes from one account to another."""
        self.book.say(
            "custodian", "account.moved",
            moved(self.name(), source, target, amount, period=period, date=on.isoformat()),
        )  # fmt: skip

    def makes_up(self, amount: int, on: date) -> str:
        """The promisor is called and pays; returns the call."""
        self.until(on)
        call, day = self.name(), on.isoformat()
        self.book.say("manager", "shortfall.called", called(call, amount, date=day))
        self.book.say("custodian", "shortfall.paid", made_up(self.name(), call, amount, date=day) | {"payment": None})
        return call
