"""What happens to one receivable after another, told as records: each is written by the member who may write it.

The adapter says *when*; this module says *what*. All that a file of receivables does not tell (who transfers, who
splits, at what price) follows from the map and, by hash, from the seed and the invoice number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import FACE
from ledger.consortium.keys import number
from ledger.consortium.market.payouts import Calls, record
from ledger.consortium.market.terms import tranche_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ledger.consortium.cash import Tranche
    from ledger.consortium.chain import Consortium, Member, Sent
    from ledger.consortium.mapping import ReceivablesMap
    from ledger.consortium.market.manager import Paid
    from ledger.consortium.rows import Receivable

__all__ = ["History", "Parties"]

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
    ("investor", "理财子公司", ("bank",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The members of a history by what they do in it, and the plan they do it for."""

    plan: str
    gateway: Member
    verifier: Member
    factor: Member
    servicer: Member
    settlement: Member
    custodian: Member
    manager: Member
    investor: Member
    second_level: tuple[Member, ...]

    @property
    def originator(self) -> Member:
        """The factor: it sells to the plan what it bought."""
        return self.factor


@dataclass(slots=True)
class _Live:
    """An open receivable's live certificate outputs: their ids and amounts."""

    outputs: list[tuple[str, int]] = field(default_factory=list)


def day_text(day: date) -> str:
    return day.isoformat()


class History:
    """Writes records into a consortium. Memory holds the members and what is live of receivables not yet settled."""

    def __init__(self, consortium: Consortium, mapping: ReceivablesMap) -> None:
        self.chain, self.map = consortium, mapping
        self.records = 0
        self.day = date.min
        """The business day on which records are written."""
        self._numbers: Counter[str] = Counter()
        self._calls: Calls = []
        self._live: dict[str, _Live] = {}
        self._companies: dict[str, Member] = {}
        made = {member: consortium.enrol(member, name, roles) for member, name, roles in PARTIES}
        second = tuple(
            consortium.enrol(f"second-level-{at}", f"二级供应商{at}号", ("supplier",))
            for at in range(1, SECOND_LEVEL + 1)
        )
        self.parties = Parties(plan=mapping.plan, **made, second_level=second)

    def admit(self, companies: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        """Record every member's admission, the operator first; companies are (id in the file, name, roles)."""
        for company, name, roles in companies:
            self._companies[company] = self.chain.enrol(f"company-{company}", name, roles)
        for member in self.chain.members.values():
            self.chain.admit(member)
            self.records += 1

    def write(self, sender: Member, kind: str, v: int = 1, /, **payload: Any) -> Sent:
        """Send a record of this kind and version."""
        self.records += 1
        return self.chain.record(sender, kind, {"v": v, **payload})

    def today(self) -> str:
        """Return the business day as records write it."""
        return day_text(self.day)

    def named(self, prefix: str) -> str:
        """Return a new name: the prefix and its next number."""
        self._numbers[prefix] += 1
        return f"{prefix}-{self._numbers[prefix]}"

    def stated(self, tranches: Sequence[Tranche], *, closing: date, maturity: date) -> dict[str, Any]:
        """Return what the plan's record states, whatever its terms: names, parties, days, tranches."""
        return {
            "plan": self.map.plan,
            "code": self.map.plan_code,
            "name": self.map.plan_name,
            "venue": self.map.venue,
            **self.roles(),
            "cutoff": day_text(closing),
            "closing": day_text(closing),
            "maturity": day_text(maturity),
            "tranches": tranche_rows(tranches, self.map.plan_code, maturity),
        }

    def roles(self) -> dict[str, Any]:
        """Return who the plan's parties are."""
        return {
            "manager": self.parties.manager.member,
            "custodian": self.parties.custodian.member,
            "originators": [self.parties.originator.member],
            "servicer": self.parties.servicer.member,
        }

    def establish(self, stated: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        """The plan is established 专项计划设立; its originator keeps the subordinated tranches 风险自留."""
        self.write(self.parties.manager, "plan.established", 3, **stated, document=document)
        face = int(document.get("conventions", {}).get("face", FACE))
        for each in stated["tranches"]:
            holder = self.parties.originator if each["rank"] == "subordinated" else self.parties.investor
            if units := each["principal"] // face:
                self.write(
                    self.parties.custodian,
                    "holdings.reported",
                    plan=stated["plan"],
                    tranche=each["tranche"],
                    at=self.today(),
                    holders=[{"investor": holder.member, "units": units}],
                )

    def originate(self, row: Receivable, at: datetime, price: int) -> dict[str, Any]:
        """A row becomes invoice, receivable, certificate and financing at a price; returns its pool entry."""
        creditor, debtor = self._companies[row.creditor], self._companies[row.debtor]
        invoice = f"{row.code}-{row.number}" if row.code else row.number
        receivable = asset_of(row)
        more = {"code": row.code} if row.code else {}
        self.write(
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
        self.write(
            self.parties.verifier,
            "invoice.verified",
            invoice=invoice,
            verifier=self.parties.verifier.member,
            result="consistent",
            checked_at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            tax_authority_amount=row.amount,
        )
        self.write(
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
        self.write(debtor, "receivable.confirmed", receivable=receivable, by=debtor.member, method="platform")
        output = self.write(
            debtor,
            "certificate.issued",
            certificate=f"CERT-{receivable}",
            receivable=receivable,
            issuer=debtor.member,
            outputs=[_output(row, row.amount, creditor)],
        ).output()
        owner, live = self._passed_on(row, creditor, output)
        return self._financed(row, owner, live, price)

    def _passed_on(self, row: Receivable, owner: Member, output: str) -> tuple[Member, list[tuple[str, int]]]:
        """Transfer the certificate, split it, or leave it, as the map's shares and the invoice's hash say."""
        invoice = f"{row.code}/{row.number}"
        draw = Decimal(number(self.chain.seed, "share", invoice, below=SHARE_STEPS)) / SHARE_STEPS
        if draw < self.map.transferred:
            pick = number(self.chain.seed, "second level", invoice, below=SECOND_LEVEL)
            receiver = self.parties.second_level[pick]
            proposed = self.write(
                owner,
                "certificate.transfer_proposed",
                inputs=[output],
                outputs=[_output(row, row.amount, owner, receiver)],
            ).output()
            signed = self.write(
                receiver,
                "certificate.signed_in",
                inputs=[proposed],
                outputs=[_output(row, row.amount, receiver)],
                by=receiver.member,
            ).output()
            return receiver, [(signed, row.amount)]
        parts = min(2 + number(self.chain.seed, "parts", invoice, below=2), row.amount)
        if draw < self.map.transferred + self.map.split and parts > 1:
            amounts = [row.amount // parts] * (parts - 1)
            amounts.append(row.amount - sum(amounts))
            first = self.write(
                owner,
                "certificate.split",
                inputs=[output],
                outputs=[_output(row, amount, owner) for amount in amounts],
            ).output()
            return owner, _numbered(first, amounts)
        return owner, [(output, row.amount)]

    def _financed(self, row: Receivable, owner: Member, live: list[tuple[str, int]], price: int) -> dict[str, Any]:
        amounts = [amount for _, amount in live]
        factor = self.parties.factor
        first = self.write(
            owner,
            "certificate.financed",
            inputs=[output for output, _ in live],
            outputs=[_output(row, amount, factor) for amount in amounts],
            financier=factor.member,
            form="factoring",
            price=price,
            rate=str(self.map.discount),
        ).output()
        held = _numbered(first, amounts)
        self._live[asset_of(row)] = _Live(held)
        return {"asset": asset_of(row), "outputs": [output for output, _ in held]}

    def assign(self, assets: Sequence[tuple[dict[str, Any], int]], *, revolving: bool) -> None:
        """The day's financed assets are assigned to the plan 基础资产转让, at what the factor paid for them.

        ``revolving``: it buys them with what it collected 循环购买.
        """
        for start in range(0, len(assets), PER_RECORD):
            some = assets[start : start + PER_RECORD]
            self.write(
                self.parties.factor,
                "pool.revolving_purchased" if revolving else "pool.assigned",
                **({"purchase": self.named("RP")} if revolving else {}),
                plan=self.map.plan,
                date=self.today(),
                assignor=self.parties.factor.member,
                price=sum(price for _, price in some),
                assets=[asset for asset, _ in some],
            )

    def dispute(self, row: Receivable) -> None:
        """The debtor disputes the claim; the creditor reports it and the amount stands as it was."""
        self.write(
            self._companies[row.creditor],
            "receivable.adjusted",
            receivable=asset_of(row),
            delta=0,
            reason="dispute",
            at=self.today(),
        )

    def settle(self, row: Receivable, payee: Member) -> dict[str, Any]:
        """The debtor pays in full and its certificate is redeemed 兑付; returns the entry of the day's collection."""
        debtor, asset = self._companies[row.debtor], asset_of(row)
        payment = f"PAY-{asset}"
        self.write(
            self.parties.settlement,
            "payment.recorded",
            payment=payment,
            payer=debtor.member,
            payee=payee.member,
            amount=row.amount,
            date=self.today(),
            bank_reference=f"{self.day:%Y%m%d}{number(self.chain.seed, 'bank', asset, below=10**10):010d}",
            settles=[{"target": "receivable", "id": asset, "amount": row.amount}],
        )
        live = self._live.pop(asset)
        self.write(debtor, "certificate.redeemed", inputs=[output for output, _ in live.outputs], payment=payment)
        return {"payment": payment, "asset": asset, "amount": row.amount}

    def collect(self, items: Sequence[dict[str, Any]]) -> list[tuple[str, int]]:
        """The servicer reports the day's collections 归集; returns their ids and amounts."""
        made = []
        for start in range(0, len(items), PER_RECORD):
            some, collection = items[start : start + PER_RECORD], f"COL-{self.day:%Y%m%d}-{start // PER_RECORD + 1}"
            amount = sum(int(each["amount"]) for each in some)
            self.write(
                self.parties.servicer,
                "collection.received",
                collection=collection,
                plan=self.map.plan,
                date=self.today(),
                amount=amount,
                items=list(some),
            )
            made.append((collection, amount))
        return made

    def remit(self, collections: Sequence[tuple[str, int]]) -> None:
        """The servicer passes the collections on to the plan's account 转付."""
        self.write(
            self.parties.servicer,
            "collection.remitted",
            remittance=f"REM-{self.day:%Y%m%d}",
            plan=self.map.plan,
            date=self.today(),
            amount=sum(each for _, each in collections),
            collections=[collection for collection, _ in collections],
        )

    def pay(self, paid: Paid, *, declared: bool) -> None:
        """A payment date: what the manager pays by the terms, and to holders 收益分配.

        ``declared``: it says first that the plan is accelerated 加速清偿.
        """
        if declared:
            self.write(
                self.parties.manager,
                "event.declared",
                plan=self.map.plan,
                event="acceleration",
                at=self.today(),
                reason="累计违约率触发加速清偿",
            )
        record(self, self.parties, paid, self._calls)


def asset_of(row: Receivable) -> str:
    """Return the id of a row's receivable."""
    return f"AR-{row.code}-{row.number}" if row.code else f"AR-{row.number}"


def _output(row: Receivable, amount: int, *owners: Member) -> dict[str, Any]:
    return {"owners": [owner.member for owner in owners], "amount": amount, "due": day_text(row.due)}


def _numbered(first: str, amounts: Sequence[int]) -> list[tuple[str, int]]:
    """Return the ids of a record's outputs beside their amounts, given the id of its first."""
    transaction = first.rpartition(":")[0]
    return [(f"{transaction}:{at}", amount) for at, amount in enumerate(amounts)]
