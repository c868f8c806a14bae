"""Facts about an asset or two, made by chance, of whatever rows may say.

Claims in any order, pieces that are made of what was spent, money beyond what is owed, payments before and after, red
invoices, invoices under two ids, receivables larger than what they rest on.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from ledger.facts import (
    Fact,
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    Plan,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Registration,
    RegistrationCollateral,
    Settlement,
    TradeReference,
)
from regulator.duplicates.family import Rows, load_rows
from regulator.histories import Histories

__all__ = ["HEIGHTS", "Known", "World"]

HEIGHTS = 7
RECORDS = 4
FACE = 100
MEMBERS = ("supplier", "second", "bank", "bank2")
START = date(2025, 3, 3)


class Known:
    """The versions that had begun by a height, with the ends that were known by then."""

    def __init__(self, versions: dict[type[Fact], list[Any]], height: int) -> None:
        self.height = height
        self._versions: dict[type[Fact], list[Any]] = defaultdict(list)
        for table, some in versions.items():
            for one in some:
                if one.from_height <= height:
                    seen = table.from_columns(one.values())
                    seen.seen_from(height)
                    self._versions[table].append(seen)

    def of(self, table: type[Fact]) -> list[Any]:
        return self._versions[table]

    def having(self, table: Any, column: str, values: Collection[str]) -> list[Any]:
        found = [one for one in self._versions[table] if getattr(one, column) in set(values)]
        return sorted(found, key=lambda one: (one.from_position, one.id))

    def stated(self, table: Any, column: str, values: Collection[str]) -> set[str]:
        return {getattr(one, column) for one in self.having(table, column, values)}


class World:
    """The facts about an asset or two, made by chance."""

    def __init__(self, seed: int) -> None:
        """Make one; names of several worlds are several."""
        self.chance = random.Random(seed)
        self.calm = seed % 2 == 0
        """Whether its people do nothing that is against the rules of a ledger."""
        self.versions: dict[type[Fact], list[Any]] = defaultdict(list)
        self.height, self.position, self.made = 0, 0, 1000 * seed
        self.bill()
        self.owe()
        acts = [
            self.bill, self.owe, self.issue, self.move, self.move, self.lend, self.lend, self.pay_out, self.repay,
            self.file, self.cancel, self.pool, self.leave, self.settle, self.adjust, self.reverse, self.pack,
        ]  # fmt: skip
        for self.height in range(HEIGHTS):
            for _ in range(self.chance.randint(1, RECORDS)):
                self.chance.choice(acts)()

    # Facts

    def day(self) -> date:
        return START + timedelta(days=self.height + self.chance.choice((0, 0, -3)))

    def place(self) -> int:
        self.position += 1
        return (self.height << 32) + self.position

    def new(self, table: type[Fact], name: str, at: int | None = None, **values: Any) -> None:
        at = self.place() if at is None else at
        own = {"id": name, "from_height": self.height, "from_position": at}
        self.versions[table].append(
            table.from_columns({**dict.fromkeys(table.names), **table.defaults, **values, **own})
        )

    def live(self, table: type[Fact], **wanted: Any) -> list[Any]:
        some = [one for one in self.versions[table] if one.to_height is None]
        return [one for one in some if all(getattr(one, name) == value for name, value in wanted.items())]

    def end(self, one: Any, at: int) -> None:
        one.__dict__.update(to_height=self.height, to_position=at)

    def change(self, one: Any, **values: Any) -> None:
        at = self.place()
        self.end(one, at)
        told = {name: value for name, value in one.values().items() if not name.startswith(("from_", "to_", "id"))}
        self.new(type(one), one.id, at, **{**told, **values})

    def name(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made}"

    def any(self, table: type[Fact]) -> Any:
        return self.chance.choice(self.live(table) or [None])

    def amount(self) -> int:
        return self.chance.choice((FACE // 2, FACE // 2, FACE, FACE, FACE * 8 // 10, FACE * 2))

    # What people do

    def bill(self) -> None:
        amount, name = self.amount(), self.name("I")
        old = self.any(Invoice) if self.chance.random() < 0.5 else None
        number = old.number if old is not None and self.chance.random() < 0.3 else f"{self.made:08}"
        aimed = [old.id] if old is not None and self.chance.random() < 0.5 else []
        amount *= self.chance.choice((1, 1, 1, -1) if aimed else (1,))
        self.new(
            Invoice, name, number=number, code="3100", seller="supplier", buyer="core", type="special",
            amount_including_tax=amount, amount_excluding_tax=amount,
            issued=self.day(), status="normal", refers_to=aimed,
        )  # fmt: skip
        for each in aimed:
            self.new(
                TradeReference, f"{name}/{each}", source_kind="invoice", source=name, target_kind="invoice", target=each
            )

    def reverse(self) -> None:
        one = self.any(Invoice)
        if one is not None and self.chance.random() < 0.3:
            self.change(one, status=self.chance.choice(("voided", "red_flushed")), status_on=self.day())

    def owe(self) -> None:
        name, at = self.name("R"), self.place()
        known = [one.id for one in self.live(Invoice)]
        beneath = self.chance.sample(known, min(len(known), self.chance.randint(0, 2)))
        amount, on = self.amount(), self.day()
        self.new(
            Receivable, name, at, creditor="supplier", debtor="core", amount=amount, due=on, registered_on=on,
            related_party=False,
        )  # fmt: skip
        for each in beneath:
            self.new(ReceivableInvoice, f"{name}/{each}", at, receivable=name, invoice=each)

    def adjust(self) -> None:
        one = self.any(Receivable)
        if one is not None and self.chance.random() < 0.4:
            delta, netted = -self.amount() // 2, self.chance.random() < 0.5
            self.change(one, adjusted=one.adjusted + delta, netted=one.netted - delta if netted else one.netted)

    def settle(self) -> None:
        one = self.any(Receivable)
        if one is not None and self.chance.random() < 0.5:
            part, on = self.chance.random() < 0.5, self.day()
            amount = one.amount // 2 if part else one.amount
            name = self.name("S")
            self.new(
                Settlement, name, payment=name, target_kind="receivable", target=one.id, receivable=one.id,
                amount=amount, paid_on=on,
            )  # fmt: skip
            self.change(one, paid=one.paid + amount, settled_on=one.settled_on if part else on)

    def issue(self) -> None:
        one = self.any(Receivable)
        if one is not None and (not one.certified or not self.calm):
            amount = one.amount if self.chance.random() < 0.8 else self.amount()
            self.piece(self.name("O"), self.place(), one.id, "supplier", amount, [])
            self.change(one, certified=one.certified + amount)

    def piece(self, name: str, at: int, root: str, owner: str, amount: int, parents: list[str], **more: Any) -> None:
        self.new(
            Output, name, at, root=root, certificate=root, owner=owner, amount=amount, due=START, issuer="core",
            made_by="output", parents=parents, **more,
        )  # fmt: skip

    def pieces(self, **wanted: str) -> list[Output]:
        """Live pieces; of those who do what they may not, at times those that are gone."""
        if self.calm or self.chance.random() < 0.7:
            return self.live(Output, **wanted)
        return list(self.versions[Output])

    def move(self) -> None:
        pieces = self.pieces()
        if not pieces:
            return
        one, at = self.chance.choice(pieces), self.place()
        amount = one.amount if self.calm or self.chance.random() < 0.8 else one.amount * 2
        if one.to_height is None:
            self.end(one, at)
        parts = (amount,) if self.chance.random() < 0.5 else (amount // 2, amount - amount // 2)
        for part in parts:
            owner = self.chance.choice((*MEMBERS, one.owner))
            bought = owner if owner.startswith("bank") and self.chance.random() < 0.7 else None
            self.piece(self.name("O"), at, one.root, owner, part, [one.id], financier=bought)

    def thing(self) -> tuple[str, str, str]:
        """Something of the asset, and who may give it."""
        kinds: list[tuple[str, type[Fact]]] = [("invoice", Invoice), ("receivable", Receivable), ("output", Output)]
        found = [(kind, one) for kind, table in kinds for one in self.live(table)]
        found += [("output", one) for one in self.pieces()]
        packages = [("package", one.package, "supplier") for one in self.versions[PackageInvoice]]
        things = [(kind, one.id, one.owner if kind == "output" else "supplier") for kind, one in found] + packages
        return self.chance.choice(things)

    def pack(self) -> None:
        name, at = self.name("K"), self.place()
        for one in self.chance.sample(self.live(Invoice), min(2, len(self.live(Invoice)))):
            self.new(PackageInvoice, f"{name}/{one.id}", at, package=name, invoice=one.id)

    def lend(self) -> None:
        name, at, on = self.name("F"), self.place(), self.day()
        things = {self.thing() for _ in range(self.chance.choice((1, 1, 1, 2, 3)))}
        giver = self.chance.choice((*(giver for _, _, giver in things), "other"))
        self.new(
            Financing, name, at, form="loan", applicant=giver, financier=self.chance.choice(("bank", "bank", "bank2")),
            amount=self.amount(), start=on, maturity=on, changed_on=on,
        )  # fmt: skip
        for kind, target, _ in sorted(things):
            part = self.chance.choice((None, None, FACE // 2))
            self.new(
                FinancingCollateral,
                f"{name}/{target}",
                at,
                financing=name,
                target_kind=kind,
                target=target,
                amount=part,
            )

    def pay_out(self) -> None:
        one = self.any(Financing)
        if one is not None:
            self.change(one, status="disbursed", disbursed=one.amount)

    def repay(self) -> None:
        one = self.any(Financing)
        if one is None:
            return
        how = self.chance.choice(("repaid", "released", "part", "back"))
        if how == "part":
            self.change(one, repaid=one.repaid + one.amount // 4)
        elif how == "back":
            for put_up in self.live(FinancingCollateral, financing=one.id):
                self.end(put_up, self.place())
        else:
            self.change(one, status=how, repaid=one.disbursed)

    def file(self) -> None:
        name, at = self.name("Z"), self.place()
        kind, target, giver = self.thing()
        filed = datetime(2025, 3, 3, tzinfo=UTC) + timedelta(days=self.height)
        self.new(
            Registration, name, at, type="transfer", secured_party=self.chance.choice(("bank", "bank", "bank2")),
            debtor=giver, description="", filed_at=filed, expires_on=date(2030, 1, 1), changed_on=START,
        )  # fmt: skip
        self.new(RegistrationCollateral, f"{name}/{target}", at, registration=name, target_kind=kind, target=target)

    def cancel(self) -> None:
        one = self.any(Registration)
        if one is not None:
            self.change(one, status="cancelled")

    def pool(self) -> None:
        one = self.any(Receivable)
        if one is None:
            return
        pieces = self.pieces(root=one.id)
        named = self.chance.sample(pieces, min(len(pieces), self.chance.randint(0, 2)))
        by = named[0].owner if named else "supplier"
        plan = self.chance.choice(("P", "P", "Q"))
        if not self.live(Plan, id=plan):
            self.new(Plan, plan, manager=self.chance.choice(("bank", "manager")))
        if not self.live(PoolAsset, id=f"{plan}/{one.id}"):
            self.new(
                PoolAsset, f"{plan}/{one.id}", plan=plan, asset=one.id, outputs=[each.id for each in named],
                assigned_on=self.day(), price=1, assignor=by,
            )  # fmt: skip

    def leave(self) -> None:
        one = self.any(PoolAsset)
        if one is not None:
            self.end(one, self.place())

    # Families

    def families(self, height: int) -> list[Rows]:
        names = [f"invoice {one.id}" for one in self.versions[Invoice]]
        names += [f"receivable {one.id}" for one in self.versions[Receivable]]
        return load_rows(cast("Histories", Known(self.versions, height)), names)
