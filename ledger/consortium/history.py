"""What happens to one receivable after another, told as records: each is written by the member who may write it.

The adapter says *when*; this module says *what*. All that a file of receivables does not tell (who transfers, who
splits, at what price) follows from the map and, by hash, from the seed and the invoice number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import FACE
from ledger.consortium.keys import number
from ledger.consortium.values import half_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from ledger.consortium.cash import Payout, Tranche
    from ledger.consortium.chain import Consortium, Member
    from ledger.consortium.mapping import ReceivablesMap
    from ledger.consortium.rows import Receivable

__all__ = ["History", "Parties", "price_of"]

VERSION = 1
PER_RECORD = 200  # assets or payments listed in one record
SHARE_STEPS = 10_000
SECOND_LEVEL = 3  # suppliers behind the first level, whom certificates are passed on to

# Members every history needs: id, name, roles.
PARTIES = (
    ("gateway", "资产网关", ("asset_gateway", "platform")),
    ("verifier", "发票验真服务方", ("invoice_verifier",)),
    ("factor", "保理商", ("factor", "originator")),
    ("servicer", "资产服务机构", ("servicer",)),
    ("settlement", "资金清算方", ("settlement",)),
    ("custodian", "托管银行", ("custodian", "bank")),
    ("manager", "计划管理人", ("plan_manager",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The members of a history by what they do in it."""

    gateway: Member
    verifier: Member
    factor: Member
    servicer: Member
    settlement: Member
    custodian: Member
    manager: Member
    second_level: tuple[Member, ...]


@dataclass(slots=True)
class _Live:
    """An open receivable's live certificate outputs: their ids and amounts."""

    outputs: list[tuple[str, int]] = field(default_factory=list)


def price_of(amount: int, rate: Decimal, days: int) -> int:
    """Return what a financier pays today for ``amount`` fen due in so many days: simple discount, rounded half up."""
    return half_up(amount * (1 - rate * days / 365))


def day_text(day: date) -> str:
    return day.isoformat()


class History:
    """Writes records into a consortium. Memory holds the members and what is live of receivables not yet settled."""

    def __init__(self, consortium: Consortium, mapping: ReceivablesMap) -> None:
        self.chain, self.map = consortium, mapping
        self.records = 0
        self._live: dict[str, _Live] = {}
        self._companies: dict[str, Member] = {}
        made = {member: consortium.enrol(member, name, roles) for member, name, roles in PARTIES}
        second = tuple(
            consortium.enrol(f"second-level-{at}", f"二级供应商{at}号", ("supplier",))
            for at in range(1, SECOND_LEVEL + 1)
        )
        self.parties = Parties(**made, second_level=second)

    def admit(self, companies: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        """Record every member's admission, the operator first; companies are (id in the file, name, roles)."""
        for company, name, roles in companies:
            self._companies[company] = self.chain.enrol(f"company-{company}", name, roles)
        for member in self.chain.members.values():
            self.chain.admit(member)
            self.records += 1

    def _write(self, sender: Member, kind: str, **payload: Any) -> str:
        """Record a payload and return the id of its first output."""
        self.records += 1
        return self.chain.record(sender, kind, {"v": VERSION, **payload}).output()

    def establish(self, tranches: Sequence[Tranche], *, opening: date, maturity: date) -> None:
        """The plan is established 专项计划设立 on the opening day, which is also its cut-off."""
        self._write(
            self.parties.manager,
            "plan.established",
            plan=self.map.plan,
            code=self.map.plan_code,
            name=self.map.plan_name,
            venue=self.map.venue,
            manager=self.parties.manager.member,
            custodian=self.parties.custodian.member,
            originators=[self.parties.factor.member],
            servicer=self.parties.servicer.member,
            cutoff=day_text(opening),
            closing=day_text(opening),
            maturity=day_text(maturity),
            tranches=[
                {
                    "tranche": each.tranche,
                    "name": each.name,
                    "code": f"{self.map.plan_code}{each.tranche}",
                    "rank": each.rank,
                    "principal": each.principal,
                    "rate": None if each.rate is None else str(each.rate),
                    "repayment": "residual" if each.rate is None else "pass_through",
                    "maturity": day_text(maturity),
                }
                for each in tranches
            ],
            terms={"day_count": "ACT/365F", "rounding": "half_up", "face": FACE, "record_date_lag": 1},
        )

    def originate(self, row: Receivable, at: datetime) -> tuple[dict[str, Any], int]:
        """A row becomes invoice, receivable, certificate and financing; returns its pool entry and the price paid."""
        creditor, debtor = self._companies[row.creditor], self._companies[row.debtor]
        invoice = f"{row.code}-{row.number}" if row.code else row.number
        receivable = asset_of(row)
        more = {"code": row.code} if row.code else {}
        self._write(
            self.parties.gateway,
            "invoice.registered",
            invoice=invoice,
            number=row.number,
            **more,
            type=self.map.invoice_type,
            seller=creditor.member,
            buyer=debtor.member,
            amount_excluding_tax=row.amount - row.tax,
            tax=row.tax,
            amount_including_tax=row.amount,
            issued=day_text(row.issued),
            goods=row.goods,
            refers_to=[],
        )
        self._write(
            self.parties.verifier,
            "invoice.verified",
            invoice=invoice,
            verifier=self.parties.verifier.member,
            result="consistent",
            checked_at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            tax_authority_amount=row.amount,
        )
        self._write(
            self.parties.gateway,
            "receivable.registered",
            receivable=receivable,
            creditor=creditor.member,
            debtor=debtor.member,
            amount=row.amount,
            due=day_text(row.due),
            invoices=[invoice],
            related_party=False,
        )
        self._write(debtor, "receivable.confirmed", receivable=receivable, by=debtor.member, method="platform")
        output = self._write(
            debtor,
            "certificate.issued",
            certificate=f"CERT-{receivable}",
            receivable=receivable,
            issuer=debtor.member,
            outputs=[_output(row, row.amount, creditor)],
        )
        owner, live = self._passed_on(row, creditor, output)
        return self._financed(row, owner, live)

    def _passed_on(self, row: Receivable, owner: Member, output: str) -> tuple[Member, list[tuple[str, int]]]:
        """Transfer the certificate, split it, or leave it, as the map's shares and the invoice's hash say."""
        invoice = f"{row.code}/{row.number}"
        draw = Decimal(number(self.chain.seed, "share", invoice, below=SHARE_STEPS)) / SHARE_STEPS
        if draw < self.map.transferred:
            pick = number(self.chain.seed, "second level", invoice, below=SECOND_LEVEL)
            receiver = self.parties.second_level[pick]
            proposed = self._write(
                owner,
                "certificate.transfer_proposed",
                inputs=[output],
                outputs=[_output(row, row.amount, owner, receiver)],
            )
            signed = self._write(
                receiver,
                "certificate.signed_in",
                inputs=[proposed],
                outputs=[_output(row, row.amount, receiver)],
                by=receiver.member,
            )
            return receiver, [(signed, row.amount)]
        parts = min(2 + number(self.chain.seed, "parts", invoice, below=2), row.amount)
        if draw < self.map.transferred + self.map.split and parts > 1:
            amounts = [row.amount // parts] * (parts - 1)
            amounts.append(row.amount - sum(amounts))
            first = self._write(
                owner,
                "certificate.split",
                inputs=[output],
                outputs=[_output(row, amount, owner) for amount in amounts],
            )
            return owner, _numbered(first, amounts)
        return owner, [(output, row.amount)]

    def _financed(self, row: Receivable, owner: Member, live: list[tuple[str, int]]) -> tuple[dict[str, Any], int]:
        amounts = [amount for _, amount in live]
        factor = self.parties.factor
        price = price_of(row.amount, self.map.discount, (row.due - row.issued).days)
        first = self._write(
            owner,
            "certificate.financed",
            inputs=[output for output, _ in live],
            outputs=[_output(row, amount, factor) for amount in amounts],
            financier=factor.member,
            form="factoring",
            price=price,
            rate=str(self.map.discount),
        )
        held = _numbered(first, amounts)
        self._live[asset_of(row)] = _Live(held)
        return {"asset": asset_of(row), "outputs": [output for output, _ in held]}, price

    def assign(self, on: date, assets: Sequence[tuple[dict[str, Any], int]]) -> None:
        """The day's financed assets are assigned to the plan 基础资产转让, at what the factor paid for them."""
        for start in range(0, len(assets), PER_RECORD):
            some = assets[start : start + PER_RECORD]
            self._write(
                self.parties.factor,
                "pool.assigned",
                plan=self.map.plan,
                date=day_text(on),
                assignor=self.parties.factor.member,
                price=sum(price for _, price in some),
                assets=[asset for asset, _ in some],
            )

    def dispute(self, row: Receivable, on: date) -> None:
        """The debtor disputes the claim; the creditor reports it and the amount stands as it was."""
        self._write(
            self._companies[row.creditor],
            "receivable.adjusted",
            receivable=asset_of(row),
            delta=0,
            reason="dispute",
            at=day_text(on),
        )

    def settle(self, row: Receivable, on: date) -> dict[str, Any]:
        """The debtor pays in full and its certificate is redeemed 兑付; returns the entry of the day's collection."""
        debtor, asset = self._companies[row.debtor], asset_of(row)
        payment = f"PAY-{asset}"
        self._write(
            self.parties.settlement,
            "payment.recorded",
            payment=payment,
            payer=debtor.member,
            payee=self.parties.servicer.member,
            amount=row.amount,
            date=day_text(on),
            bank_reference=f"{on:%Y%m%d}{number(self.chain.seed, 'bank', asset, below=10**10):010d}",
            settles=[{"target": "receivable", "id": asset, "amount": row.amount}],
        )
        live = self._live.pop(asset)
        self._write(debtor, "certificate.redeemed", inputs=[output for output, _ in live.outputs], payment=payment)
        return {"payment": payment, "asset": asset, "amount": row.amount}

    def collect(self, on: date, items: Sequence[dict[str, Any]]) -> list[tuple[str, int]]:
        """The servicer reports the day's collections 归集; returns their ids and amounts."""
        made = []
        for start in range(0, len(items), PER_RECORD):
            some, collection = items[start : start + PER_RECORD], f"COL-{on:%Y%m%d}-{start // PER_RECORD + 1}"
            amount = sum(int(each["amount"]) for each in some)
            self._write(
                self.parties.servicer,
                "collection.received",
                collection=collection,
                plan=self.map.plan,
                date=day_text(on),
                amount=amount,
                items=list(some),
            )
            made.append((collection, amount))
        return made

    def remit(self, on: date, collections: Sequence[tuple[str, int]]) -> int:
        """The servicer passes the collections on to the plan's account 转付; returns the amount."""
        amount = sum(each for _, each in collections)
        self._write(
            self.parties.servicer,
            "collection.remitted",
            remittance=f"REM-{on:%Y%m%d}",
            plan=self.map.plan,
            date=day_text(on),
            amount=amount,
            collections=[collection for collection, _ in collections],
        )
        return amount

    def distribute(self, on: date, period: int, payouts: Sequence[Payout]) -> None:
        """The custodian pays the holders 收益分配, tranche by tranche."""
        for each in payouts:
            self._write(
                self.parties.custodian,
                "distribution.made",
                distribution=f"DIS-{period}-{each.tranche}",
                plan=self.map.plan,
                tranche=each.tranche,
                period=period,
                date=day_text(on),
                principal=each.principal,
                interest=each.interest,
            )


def asset_of(row: Receivable) -> str:
    """Return the id of a row's receivable."""
    return f"AR-{row.code}-{row.number}" if row.code else f"AR-{row.number}"


def _output(row: Receivable, amount: int, *owners: Member) -> dict[str, Any]:
    return {"owners": [owner.member for owner in owners], "amount": amount, "due": day_text(row.due)}


def _numbered(first: str, amounts: Sequence[int]) -> list[tuple[str, int]]:
    """Return the ids of a record's outputs beside their amounts, given the id of its first."""
    transaction = first.rpartition(":")[0]
    return [(f"{transaction}:{at}", amount) for at, amount in enumerate(amounts)]
