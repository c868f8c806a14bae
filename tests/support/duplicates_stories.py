"""Small histories of one asset each, told in the records of a consortium: what the tests of claims stand on.

All stories live in one ledger, one after the other; every name begins with its story's, so none touches another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger.business_day import business_day
from ledger.facts import output_id
from tests.support.ledger_book import Book, invoice, out, plan, receivable
from tests.support.trade import package

FACE = 113_000

MEMBERS = {
    "operator": ["operator"], "core": ["core_enterprise"], "supplier": ["supplier", "originator"],
    "tier2": ["supplier"], "gateway": ["asset_gateway"], "verifier": ["invoice_verifier"], "bank": ["bank"],
    "bank2": ["bank"], "bank3": ["bank"], "settlement": ["settlement"], "factor": ["factor", "originator"],
    "factor2": ["factor", "originator"], "manager": ["plan_manager"], "manager2": ["plan_manager"],
    "custodian": ["custodian"], "servicer": ["servicer"], "platform": ["platform"],
}  # fmt: skip

Thing = tuple[str, str] | tuple[str, str, int]

STORIES: dict[str, Callable[[Desk], Any]] = {}
"""By name. A story returns nothing when it must raise no finding, else what it must raise: by pattern the levels, each
with the height from which it stands, None for a finding that stands no more."""


def story(tell: Callable[[Desk], Any]) -> Callable[[Desk], Any]:
    """Keep a story by its name."""
    STORIES[tell.__name__] = tell
    return tell


def ledger(location: Path) -> Book:
    """An empty ledger with the members and two plans."""
    book = Book(location)
    book.admit(MEMBERS)
    for name, manager in (("P", "manager"), ("Q", "manager2")):
        book.say(
            manager, "plan.established", plan(name, manager=manager, originators=["factor", "factor2", "supplier"])
        )
    book.seal()
    return book


class Desk:
    """Writes one story's records. Names are the story's own; amounts in fen."""

    def __init__(self, book: Book, name: str) -> None:
        self.book, self.name = book, name

    def of(self, name: str) -> str:
        return f"{self.name}.{name}"

    @property
    def today(self) -> date:
        """The business day of the block being written."""
        return business_day(self.book.time + timedelta(minutes=1))

    @property
    def now(self) -> str:
        return f"{self.book.time:%Y-%m-%dT%H:%M:%SZ}"

    def block(self, days: int = 0) -> int:
        """Commit the block; returns its height. Time moves on by so many days after it."""
        height = self.book.height
        self.book.seal()
        self.book.time += timedelta(days=days)
        return height

    def invoice(self, name: str = "I", **changes: Any) -> None:
        changes = {"issued": self.today.isoformat(), **changes}
        self.book.say("gateway", "invoice.registered", invoice(self.of(name), **changes))

    def receivable(self, name: str = "R", *invoices: str, **changes: Any) -> None:
        named = [self.of(each) for each in invoices or ("I",)]
        values = {"amount": FACE * len(named), "due": (self.today + timedelta(days=90)).isoformat(), **changes}
        self.book.say("gateway", "receivable.registered", receivable(self.of(name), *named, **values))
        self.book.say("core", "receivable.confirmed", {"receivable": self.of(name), "by": "core", "method": "platform"})

    def asset(self) -> None:
        """An invoice I and a receivable R on it, in a block of their own."""
        self.invoice()
        self.receivable()
        self.block()

    def lend(
        self,
        name: str,
        bank: str,
        *things: Thing,
        amount: int = FACE * 8 // 10,
        applicant: str = "supplier",
        drawn: bool = True,
        **changes: Any,
    ) -> None:
        """A loan on things, each ``(kind, name)`` or with the part of it; paid out in the same block."""
        collateral = [
            {"kind": each[0], "id": each[1] if each[0] == "output" else self.of(each[1]),
             "amount": each[2] if len(each) > 2 else None}
            for each in things
        ]  # fmt: skip
        values = {
            "financing": self.of(name), "form": "loan_on_receivables", "applicant": applicant, "financier": bank,
            "collateral": collateral, "amount": amount, "rate": "0.0435", "start": self.today.isoformat(),
            "maturity": (self.today + timedelta(days=60)).isoformat(), **changes,
        }  # fmt: skip
        self.book.say(bank, "financing.opened", values)
        if drawn:
            self.act(name, bank, "disbursed", payment=None, amount=amount)

    def act(self, name: str, bank: str, act: str, **values: Any) -> None:
        at = self.today.isoformat()
        self.book.say(bank, f"financing.{act}", {"financing": self.of(name), "at": at, **values})

    def repay(self, name: str, bank: str, amount: int = FACE * 8 // 10) -> None:
        self.act(name, bank, "repaid", payment=None, amount=amount, interest=0)

    def release(self, name: str, bank: str) -> None:
        self.act(name, bank, "released", collateral=None)

    def certify(self, amount: int = FACE, receivable: str = "R") -> str:
        """A certificate for the supplier; returns its output."""
        serial = self.book.height * 1000 + len(self.book.events)
        issued = self.book.say(
            "core",
            "certificate.issued",
            {"certificate": self.of(f"C{serial}"), "receivable": self.of(receivable), "issuer": "core",
             "outputs": [self.piece(amount, "supplier")]},
        )  # fmt: skip
        return output_id(issued, 0)

    def piece(self, amount: int, *owners: str) -> dict[str, Any]:
        return out(amount, *owners, due=(self.today + timedelta(days=80)).isoformat())

    def move(self, sender: str, kind: str, inputs: list[str], pieces: list[tuple[Any, ...]], **more: Any) -> list[str]:
        """Spend outputs and make others, each ``(amount, owner, ...)``; returns them."""
        outputs = [self.piece(*each) for each in pieces]
        made = self.book.say(sender, f"certificate.{kind}", {"inputs": inputs, "outputs": outputs, **more})
        return [output_id(made, index) for index in range(len(pieces))]

    def sell(self, output: str, factor: str, seller: str = "supplier", amount: int = FACE) -> str:
        """A piece is bought by a financier."""
        more = {"financier": factor, "form": "factoring", "price": amount * 9 // 10, "rate": "0.0435"}
        return self.move(seller, "financed", [output], [(amount, factor)], **more)[0]

    def hand_on(self, output: str, to: str, sender: str = "supplier", amount: int = FACE) -> str:
        """A piece is transferred and signed in."""
        waiting = self.move(sender, "transfer_proposed", [output], [(amount, sender, to)])
        return self.move(to, "signed_in", waiting, [(amount, to)], by=to)[0]

    def file(self, name: str, party: str, *things: tuple[str, str], debtor: str = "supplier", **changes: Any) -> None:
        values = {
            "registration": self.of(name), "type": "pledge", "secured_party": party, "debtor": debtor,
            "description": "应收账款", "filed_at": self.now,
            "expires_at": (self.today + timedelta(days=900)).isoformat(),
            "collateral": [
                {"kind": kind, "id": each if kind == "output" else self.of(each)} for kind, each in things
            ],
            **changes,
        }  # fmt: skip
        self.book.say(party, "registration.filed", values)

    def cancel(self, name: str, party: str) -> None:
        at = self.today.isoformat()
        self.book.say(party, "registration.cancelled", {"registration": self.of(name), "at": at, "reason": "清偿"})

    def search(self, name: str, party: str, subject: str, *conflicts: str) -> None:
        values = {
            "query": self.of(name), "certificate": self.of(f"{name}-C"), "subject": self.of(subject), "by": party,
            "at": self.now, "conflicts": [self.of(each) for each in conflicts],
        }  # fmt: skip
        self.book.say(party, "registration.queried", values)

    def assign(self, plan_: str, by: str, receivable: str = "R", *outputs: str) -> None:
        values = {
            "plan": plan_, "date": self.today.isoformat(), "assignor": by, "price": FACE,
            "assets": [{"asset": self.of(receivable), "outputs": list(outputs)}],
        }  # fmt: skip
        self.book.say(by, "pool.assigned", values)

    def buy_back(self, plan_: str, by: str, receivable: str = "R") -> None:
        values = {
            "plan": plan_, "date": self.today.isoformat(), "by": by, "price": FACE, "reason": "other",
            "assets": [self.of(receivable)],
        }  # fmt: skip
        self.book.say(by, "pool.repurchased", values)

    def pay(self, amount: int = FACE, receivable: str = "R", on: date | None = None, name: str = "PAY") -> None:
        settles = [{"target": "receivable", "id": self.of(receivable), "amount": amount}]
        values = {
            "payment": self.of(name), "payer": "core", "payee": "supplier", "amount": amount,
            "date": (on or self.today).isoformat(), "bank_reference": self.of(name), "settles": settles,
        }  # fmt: skip
        self.book.say("settlement", "payment.recorded", values)

    def mark(self, status: str, invoice: str = "I", red: str | None = None) -> None:
        values = {
            "invoice": self.of(invoice), "status": status, "at": self.today.isoformat(),
            "red_invoice": None if red is None else self.of(red),
        }  # fmt: skip
        self.book.say("verifier", "invoice.status_changed", values)

    def note(self, name: str, net: int, *refers_to: str, **changes: Any) -> None:
        """An invoice that refers to others; a red one has an amount below zero."""
        tax = net * 13 // 100
        amounts = {"amount_excluding_tax": net, "tax": tax, "amount_including_tax": net + tax}
        self.invoice(name, refers_to=[self.of(each) for each in refers_to], **amounts, **changes)

    def pack(self, name: str, *invoices: str, supersedes: str | None = None) -> None:
        values = package(self.of(name), *(self.of(each) for each in invoices))
        if supersedes is not None:
            values["supersedes"] = self.of(supersedes)
        self.book.say("gateway", "package.registered", values)

    def adjust(self, delta: int) -> None:
        at = self.today.isoformat()
        values = {"receivable": self.of("R"), "delta": delta, "reason": "dilution", "at": at}
        self.book.say("gateway", "receivable.adjusted", values)
