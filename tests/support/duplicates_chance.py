"""Histories of papers made by chance: whatever records allow, in any order, many of them about the same few things."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.duplicates_desk import NET, PaperDesk, consortium
from tests.support.ledger_book import Book

BLOCKS = 50
ACTS = 4
"""Records of a block, at most."""
CODE = "3100201130"
LIMIT = 9_980_000
"""Fen without tax, just under 100,000 yuan."""


class Chance(PaperDesk):
    """Writes records by chance, about things it made before or will perhaps."""

    def __init__(self, book: Book, seed: int) -> None:
        super().__init__(book, f"chance{seed}", seed)
        self.random = random.Random(seed)
        self.made: dict[str, list[str]] = {"document": [], "invoice": [], "receivable": [], "financing": []}
        self.documents = [f"C{at}" for at in range(8)]
        """Names that papers may refer to, whether there is such a document yet or not."""

    def tell(self, acts: list[Callable[[], None]]) -> None:
        """Write the blocks; some documents first, so that there is something to refer to."""
        for _ in range(4):
            self.register()
        for _ in range(BLOCKS):
            for _ in range(self.random.randint(1, ACTS)):
                self.random.choice(acts)()
            self.block()

    def new(self, kind: str) -> str:
        name = f"{kind[0].upper()}{len(self.made[kind])}"
        self.made[kind].append(name)
        return name

    def any(self, kind: str) -> str | None:
        return self.random.choice(self.made[kind]) if self.made[kind] else None

    def some(self, names: list[str], most: int = 2) -> list[str]:
        return self.random.sample(names, min(len(names), self.random.randint(0, most)))

    # Contracts

    def register(self) -> None:
        fresh = [name for name in self.documents if name not in self.made["document"]]
        if fresh:
            name = self.random.choice(fresh)
            self.made["document"].append(name)
            self.paper(
                name,
                *self.some([each for each in self.documents if each != name]),
                type=self.random.choice(("contract", "contract", "contract", "order", "waybill")),
                amount=self.random.choice((None, 2 * NET, 3 * NET, 4 * NET)),
                currency=self.random.choice(("CNY",) * 8 + ("USD",)),
            )

    def correct(self) -> None:
        if (name := self.any("document")) is not None:
            if self.random.random() < 0.5:
                self.amend(name, self.random.choice((NET, 2 * NET, 5 * NET)))
            else:
                self.amend(name, refers_to=self.some(self.documents))

    def end(self) -> None:
        if (name := self.any("document")) is not None and self.random.random() < 0.3:
            self.cancel(name)

    def invoiced(self) -> None:
        refers = [self.of(name) for name in self.some(self.documents, 1)]
        name = self.new("invoice")
        self.bill(name, len(self.made["invoice"]), net=NET * self.random.choice((1, 1, 2, -1)), refers_to=refers)

    def sell(self) -> None:
        invoices = self.some(self.made["invoice"])
        contract = self.random.choice((None, *self.documents))
        named = None if contract is None else self.of(contract)
        self.owed(self.new("receivable"), *invoices, contract=named, amount=NET * self.random.randint(1, 2))

    def adjust(self) -> None:
        if (name := self.any("receivable")) is not None:
            self.adjust_owed(name, NET * self.random.choice((-1, 1, 2)))

    def reverse(self) -> None:
        if (name := self.any("invoice")) is not None and self.random.random() < 0.5:
            self.red(name)

    def borrow(self) -> None:
        kind = self.random.choice(("document", "receivable", "invoice", "invoice"))
        if (name := self.any(kind)) is not None:
            amount = NET * self.random.randint(1, 3)
            self.lend(self.new("financing"), self.random.choice(("bank", "bank2")), (kind, name), amount=amount)

    def settle(self) -> None:
        if (name := self.any("financing")) is not None:
            self.repay(name, "bank", NET)
            if self.random.random() < 0.5:
                self.release(name, "bank")

    # Numbers

    def numbered(self) -> None:
        """One of a few invoices under its number, one near it, or it in another writing."""
        code, number = self.random.choice(((None, str(self.base)), (CODE, "07290740"), (CODE, "07290741")))
        plain = (code or "") + number
        code, number = self.random.choice(
            (
                (code, number), (code, number), (None, plain), (None, number), (f"{CODE}-" if code else None, number),
                (code, f"{number[:4]}/{number[4:]}"), (None, "".join(chr(ord(each) + 0xFEE0) for each in plain)),
                (code, number[:-1] + self.random.choice("0123456789A")), (code, number[:-2] + number[-1]),
            )
        )  # fmt: skip
        issued = self.book.time.replace(day=self.random.choice((1, 1, 3)), month=1).date().isoformat()
        values: dict[str, Any] = {"type": "vat_special", "code": code, "number": number, "issued": issued}
        values["seller"] = self.random.choice(("supplier", "supplier", "tier2"))
        self.bill(self.new("invoice"), net=NET * self.random.choice((1, 1, 1, 2)), **values)

    def check(self) -> None:
        if (name := self.any("invoice")) is not None:
            self.verify(name, self.random.choice(("consistent", "consistent", "inconsistent", "not_found")))

    def run(self) -> None:
        """Invoices just under a limit, with numbers that may follow each other, under an order or none."""
        refers = [self.of(name) for name in self.some(self.documents, 1)]
        for _ in range(self.random.randint(1, 3)):
            number = str(self.base + 500_000 + self.random.randrange(16))
            number = self.random.choice((number, number, f"{number[:12]}-{number[12:]}"))
            net = self.random.choice((LIMIT, LIMIT, LIMIT - 5_000, NET))
            self.bill(self.new("invoice"), net=net, number=number, refers_to=refers, issued="2026-01-02")


def contracts(location: Path, seed: int) -> Book:
    """A ledger of contracts, what is under them, and who lent on it."""
    desk = Chance(consortium(location), seed)
    desk.tell(
        [
            desk.register, desk.correct, desk.end, desk.invoiced, desk.invoiced, desk.invoiced, desk.sell, desk.sell,
            desk.adjust, desk.reverse, desk.borrow, desk.settle,
        ]
    )  # fmt: skip
    return desk.book


def numbers(location: Path, seed: int) -> Book:
    """A ledger of invoices under a few numbers, each written in many ways, and of runs."""
    desk = Chance(consortium(location), seed)
    desk.tell(
        [
            desk.numbered, desk.numbered, desk.numbered, desk.check, desk.check, desk.borrow, desk.borrow, desk.settle,
            desk.sell, desk.run, desk.run, desk.register, desk.correct, desk.end, desk.reverse,
        ]
    )  # fmt: skip
    return desk.book
