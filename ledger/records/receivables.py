"""Receivables (应收账款): registered, confirmed by the debtor (确权), adjusted, settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ledger.facts import Invoice, Member, Payment, Receivable, ReceivableInvoice
from ledger.finding import Code
from ledger.records.base import Day, Delta, Id, Ids, Lookup, Need, Payload, Positive, Reference, Role, record_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.projection import Projection

__all__ = ["ReceivableAdjusted", "ReceivableConfirmed", "ReceivableRegistered", "ReceivableSettled"]

SHOWN = 5  # names spelled out in one message
# How far from a receivable those tied to it by shared invoices are searched for.
RINGS = 8
TIED = 200

_AGENTS = frozenset((Role.SETTLEMENT, Role.ASSET_GATEWAY, Role.SERVICER))
"""Who may declare settled what it is no party of."""


@record_kind("receivable.registered", by=[Role.SUPPLIER, Role.ASSET_GATEWAY, Role.PLATFORM])
class ReceivableRegistered(Payload):
    """A creditor is owed an amount on the strength of invoices."""

    receivable: Id
    creditor: Id
    debtor: Id
    amount: Positive
    due: Day
    contract: Id | None = None
    invoices: Ids
    related_party: bool

    def references(self) -> list[Reference]:
        return [
            Reference(Receivable, self.receivable, Need.NEW),
            Reference(Member, self.creditor),
            Reference(Member, self.debtor),
            *(Reference(Invoice, invoice) for invoice in dict.fromkeys(self.invoices)),
        ]

    def lookups(self) -> list[Lookup]:
        return [Lookup(ReceivableInvoice, "invoice", self.invoices)]

    def project(self, facts: Projection) -> None:
        subject = f"receivable {self.receivable}"
        if facts.sender is not None and not {Role.ASSET_GATEWAY, Role.PLATFORM}.intersection(facts.sender.roles):
            facts.by_party(self.creditor, act=f"registers a receivable of {self.creditor}")
        _check_invoices(facts, self.receivable, self.invoices, self.amount)
        for index, name in enumerate(dict.fromkeys(self.invoices)):
            invoice = facts.current(Invoice, name)
            if invoice is None:
                continue
            if (invoice.seller, invoice.buyer) != (self.creditor, self.debtor):
                facts.finding(
                    Code.RECEIVABLE_PARTIES,
                    f"Invoice {name} is from {invoice.seller} to {invoice.buyer}, not from creditor to debtor",
                    subject=subject,
                    others=[invoice.from_position],
                )
            if invoice.status != "normal":
                facts.finding(
                    Code.INVOICE_NOT_NORMAL,
                    f"The receivable rests on invoice {name}, which is {invoice.status}",
                    subject=subject,
                    others=[invoice.from_position],
                )
            facts.dated("an invoice is issued before its receivable falls due", invoice.issued, self.due)
            facts.add(ReceivableInvoice(id=facts.place(index), receivable=self.receivable, invoice=name))
        facts.add(
            Receivable(
                id=self.receivable,
                creditor=self.creditor,
                debtor=self.debtor,
                amount=self.amount,
                due=self.due,
                registered_on=facts.record.business_day,
                related_party=self.related_party,
                contract=self.contract,
            )
        )


def _check_invoices(facts: Projection, receivable: str, invoices: Iterable[str], amount: int) -> None:
    """Report receivables larger than the invoices they rest on together; where one is unknown there is no telling.

    ``amount``: what the receivable takes up of its invoices now. Measured on these with those receivables that rest on
    nothing else, then on all invoices of all that share one with it, and so on outwards, no further than ``RINGS`` and
    ``TIED``. None of these can exceed when everything fits some way. Outwards it is told only of the one that tips the
    scale: what exceeds elsewhere already is not this one's doing.
    """
    names: set[str] = set()
    ring = set(invoices)
    rests_on: dict[str, set[str]] = {}
    for step in range(RINGS):
        names |= ring
        facts.prefetch((Invoice, name) for name in ring)
        ties = facts.live(ReceivableInvoice, "invoice", ring)
        met: dict[str, set[str]] = {tie.receivable: set() for tie in ties if tie.receivable not in rests_on}
        met.pop(receivable, None)
        for tie in facts.live(ReceivableInvoice, "receivable", met):
            met[tie.receivable].add(tie.invoice)
        facts.prefetch((Receivable, name) for name in met)
        rests_on |= met
        inside = [name for name, each in sorted(rests_on.items()) if each <= names]
        ring = set().union(*met.values()) - names
        if _exceeds(facts, receivable, amount, inside, names, tipping=step > 0) or not ring or len(rests_on) > TIED:
            return


def _exceeds(
    facts: Projection, receivable: str, amount: int, others: list[str], names: set[str], *, tipping: bool
) -> bool:
    """Report it when with these others it exceeds these invoices; True too where there is no telling.

    ``tipping``: only when they did not exceed without it.
    """
    invoices = [each for name in sorted(names) if (each := facts.current(Invoice, name)) is not None]
    if not invoices or len(invoices) < len(names):
        return True
    rows = [row for name in others if (row := facts.current(Receivable, name)) is not None]
    total = sum(invoice.amount_including_tax for invoice in invoices)
    claimed = sum(row.claimed for row in rows)
    if amount + claimed <= total or (tipping and claimed > total):
        return False
    together = f" with {', '.join(row.id for row in rows[:SHOWN])}" if rows else ""
    facts.finding(
        Code.RECEIVABLE_EXCEEDS_INVOICES,
        f"The receivable{together} is larger than the invoices it rests on, tax included",
        subject=f"receivable {receivable}",
        others=[row.from_position for row in (*invoices, *rows)],
        amount=amount,
        claimed_before=claimed,
        invoices=total,
    )
    return True


@record_kind("receivable.confirmed", by=[Role.CORE_ENTERPRISE])
class ReceivableConfirmed(Payload):
    """The debtor confirms that it owes (确权)."""

    receivable: Id
    by: Id
    method: Literal["signature", "seal", "platform"]

    def references(self) -> list[Reference]:
        return [Reference(Receivable, self.receivable, Need.ESSENTIAL), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"confirms for {self.by}")
        receivable = facts.current(Receivable, self.receivable)
        if receivable is None:
            return
        subject = f"receivable {self.receivable}"
        if self.by != receivable.debtor:
            facts.finding(
                Code.RECEIVABLE_PARTIES,
                f"{self.by} confirms a debt of {receivable.debtor}",
                subject=subject,
                others=[receivable.from_position],
            )
        if receivable.confirmed_by is not None or receivable.settled_on is not None:
            state = "settled" if receivable.settled_on is not None else "confirmed"
            facts.finding(
                Code.RECEIVABLE_STATUS,
                f"The receivable was {state} before it was confirmed here",
                subject=subject,
                others=[receivable.from_position],
            )
        facts.begin(
            receivable.changed(
                confirmed_by=self.by,
                confirmed_method=self.method,
                confirmed_on=facts.record.business_day,
                confirmed_signer=facts.record.signer,
                confirmed_signer_member=facts.sender.id if facts.sender and facts.record.echoed else None,
            )
        )


@record_kind("receivable.adjusted", by=[Role.SUPPLIER, Role.ASSET_GATEWAY, Role.SERVICER])
class ReceivableAdjusted(Payload):
    """The debt changes by ``delta`` fen, or is disputed: dilution (稀释), a return, a discount, a dispute."""

    receivable: Id
    delta: Delta
    reason: Literal["dilution", "return", "discount", "dispute"]
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Receivable, self.receivable, Need.ESSENTIAL)]

    def lookups(self) -> list[Lookup]:
        return [Lookup(ReceivableInvoice, "receivable", (self.receivable,))] if self.delta > 0 else []

    def project(self, facts: Projection) -> None:
        receivable = facts.current(Receivable, self.receivable)
        if receivable is None:
            return
        subject = f"receivable {self.receivable}"
        if facts.sender is not None and not {Role.ASSET_GATEWAY, Role.SERVICER}.intersection(facts.sender.roles):
            facts.by_party(receivable.creditor, act=f"adjusts a receivable of {receivable.creditor}")
        facts.dated("an adjustment is made before it is recorded", self.at, facts.record.business_day)
        adjusted = facts.total(receivable.adjusted, self.delta, subject)
        if receivable.amount + adjusted < 0:
            facts.finding(
                Code.RECEIVABLE_NEGATIVE,
                "The adjustments take away more than the receivable's amount",
                subject=subject,
                others=[receivable.from_position],
                amount=receivable.amount,
                adjusted=adjusted,
            )
        disputed = receivable.disputed or self.reason == "dispute"
        changed = receivable.changed(adjusted=adjusted, adjusted_on=self.at, disputed=disputed).settling(self.at)
        if self.delta > 0:
            self._check_growth(receivable, changed, facts)
        facts.begin(changed)

    def _check_growth(self, before: Receivable, after: Receivable, facts: Projection) -> None:
        rests_on = [each.invoice for each in facts.live(ReceivableInvoice, "receivable", [self.receivable])]
        _check_invoices(facts, self.receivable, rests_on, after.claimed)
        if before.confirmed_by is not None and after.adjusted > 0:
            facts.finding(
                Code.RECEIVABLE_STATUS,
                "The receivable grew after its debtor confirmed it: the confirmation does not cover that",
                subject=f"receivable {self.receivable}",
                others=[before.from_position],
                confirmed=before.amount + min(before.adjusted, 0),
                receivable=after.amount + after.adjusted,
            )


@record_kind(
    "receivable.settled",
    by=[Role.SETTLEMENT, Role.ASSET_GATEWAY, Role.SERVICER, Role.SUPPLIER, Role.CORE_ENTERPRISE],
)
class ReceivableSettled(Payload):
    """Nothing is owed any more (结清): it was paid, or what was left is set off (抵销), replaced or given up."""

    receivable: Id
    at: Day
    method: Literal["payment", "netting", "replacement", "other"]
    payment: Id | None = None

    def references(self) -> list[Reference]:
        payment = [] if self.payment is None else [Reference(Payment, self.payment)]
        return [Reference(Receivable, self.receivable, Need.ESSENTIAL), *payment]

    def project(self, facts: Projection) -> None:
        receivable = facts.current(Receivable, self.receivable)
        if receivable is None:
            return
        subject = f"receivable {self.receivable}"
        if facts.sender is not None and not _AGENTS.intersection(facts.sender.roles):
            parties = receivable.creditor, receivable.debtor
            facts.by_party(*parties, act=f"settles a receivable of {receivable.creditor}")
        facts.dated("a receivable is settled before that is recorded", self.at, facts.record.business_day)
        if self.payment is not None and (payment := facts.current(Payment, self.payment)) is not None:
            facts.dated("a receivable is paid before it is settled", payment.paid_on, self.at)
        if receivable.settled_by is not None:
            facts.finding(
                Code.RECEIVABLE_STATUS,
                "The receivable was declared settled before",
                subject=subject,
                others=[receivable.from_position],
            )
        left = max(receivable.outstanding, 0)
        if self.method != "payment":
            netted = 0 if self.method == "replacement" else left
            receivable = receivable.changed(
                adjusted=facts.total(receivable.adjusted, -left, subject),
                adjusted_on=self.at if left else receivable.adjusted_on,
                netted=facts.total(receivable.netted, netted, subject),
            )
        elif left:
            facts.finding(
                Code.RECEIVABLE_SETTLED_UNPAID,
                "The receivable is declared paid, and no payment settles all of it",
                subject=subject,
                others=[receivable.from_position],
                owed=receivable.amount + receivable.adjusted,
                paid=receivable.paid,
            )
        facts.begin(receivable.changed(settled_by=self.method).settling(self.at))
