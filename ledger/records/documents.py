"""Trade documents (贸易单据): registered, amended, cancelled; and what they and invoices refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ledger.facts import Fact, Invoice, Member, Receipt, TradeDocument, TradeOrder, TradeReference
from ledger.finding import Code
from ledger.records.base import (
    Amount,
    Currency,
    Day,
    Digest,
    Id,
    Ids,
    Lookup,
    Need,
    Payload,
    Quantity,
    Reference,
    Role,
    Text,
    record_kind,
)
from ledger.records.paths import Paths, follow, since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.projection import Projection

__all__ = ["DocumentAmended", "DocumentCancelled", "DocumentRegistered", "refer", "referred"]

SHOWN = 5  # names spelled out in one message

_TARGETS: tuple[type[Fact], ...] = (TradeDocument, Invoice, TradeOrder, Receipt)
_PATHS: Paths = {"active": {"amended", "cancelled"}, "cancelled": set()}
_WRITERS = [
    Role.SUPPLIER,
    Role.CORE_ENTERPRISE,
    Role.ASSET_GATEWAY,
    Role.PLATFORM,
    Role.BANK,
    Role.CUSTOMS_PLATFORM,
    Role.WAREHOUSE,
    Role.COLLECTING,
]

Parties = Annotated[tuple[Id, ...], Field(min_length=1, max_length=20)]


def referred(names: Iterable[str]) -> list[Reference]:
    """Return what a record that refers to ``names`` reads: each may be any kind of trade document."""
    return [Reference(table, name, Need.READ) for name in dict.fromkeys(names) for table in _TARGETS]


def refer(facts: Projection, kind: str, source: str, names: Iterable[str]) -> None:
    """Let ``source`` refer to every name, known or not; report the ones that no record made."""
    distinct = list(dict.fromkeys(names))
    missing = [name for name in distinct if all(facts.last(table, name) is None for table in _TARGETS)]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        facts.finding(
            Code.REFERENCE_MISSING,
            f"The {kind} refers to {', '.join(missing[:SHOWN])}{more}, which no record made",
            subject=f"{kind} {source}",
            missing=len(missing),
        )
    for index, name in enumerate(distinct):
        facts.add(TradeReference(id=facts.place(index), source_kind=kind, source=source, target=name))


@record_kind("document.registered", by=_WRITERS)
class DocumentRegistered(Payload):
    """A trade document (贸易单据) becomes known, with what it refers to."""

    document: Id
    type: Literal[
        "contract",
        "order",
        "customs_declaration",
        "tax_slip",
        "waybill",
        "warehouse_receipt",
        "bank_slip",
        "acceptance",
        "other",
    ]
    number: Id
    parties: Parties
    amount: Amount | None
    currency: Currency
    date: Day
    refers_to: Ids
    file_digest: Digest | None
    goods: Text | None = None
    quantity: Quantity | None = None
    unit: Id | None = None

    def references(self) -> list[Reference]:
        return [
            Reference(TradeDocument, self.document, Need.NEW),
            *(Reference(Member, party) for party in dict.fromkeys(self.parties)),
            *referred(self.refers_to),
        ]

    def project(self, facts: Projection) -> None:
        facts.dated("a document is dated before it is registered", self.date, facts.record.business_day)
        refer(facts, "document", self.document, self.refers_to)
        facts.add(
            TradeDocument(
                id=self.document,
                type=self.type,
                number=self.number,
                parties=list(self.parties),
                amount=self.amount,
                currency=self.currency,
                dated_on=self.date,
                file_digest=self.file_digest,
                goods=self.goods,
                quantity=self.quantity,
                unit=self.unit,
                registered_by=None if facts.sender is None else facts.sender.id,
                changed_on=since(facts, self.date),
            )
        )


def _by_its_own(facts: Projection, document: TradeDocument, act: str) -> None:
    """Report a sender who neither registered the document, nor is party to it, nor keeps documents for others."""
    keepers = {Role.ASSET_GATEWAY, Role.PLATFORM, Role.CUSTOMS_PLATFORM}
    if facts.sender is not None and document.registered_by is not None and not keepers & {*facts.sender.roles}:
        facts.by_party(document.registered_by, *document.parties, act=f"{act} {document.id}")


@record_kind("document.amended", by=_WRITERS)
class DocumentAmended(Payload):
    """A document is corrected (更正): what is given replaces what held."""

    document: Id
    at: Day
    reason: Text
    amount: Amount | None = None
    date: Day | None = None
    parties: Parties | None = None
    refers_to: Ids | None = None
    file_digest: Digest | None = None

    def references(self) -> list[Reference]:
        return [
            Reference(TradeDocument, self.document, Need.ESSENTIAL),
            *(Reference(Member, party) for party in dict.fromkeys(self.parties or ())),
            *referred(self.refers_to or ()),
        ]

    def lookups(self) -> list[Lookup]:
        return [] if self.refers_to is None else [Lookup(TradeReference, "source", (self.document,))]

    def project(self, facts: Projection) -> None:
        document = facts.current(TradeDocument, self.document)
        if document is None:
            return
        _by_its_own(facts, document, "amends")
        changed_on = follow(facts, document, self.at, _PATHS, Code.DOCUMENT_STATUS)
        if self.date is not None:
            facts.dated("a document is dated before it is amended", self.date, self.at)
        if self.refers_to is not None:
            for row in facts.live(TradeReference, "source", [self.document]):
                if row.source_kind == "document":
                    facts.end(row)
            refer(facts, "document", self.document, self.refers_to)
        facts.begin(
            document.changed(
                amount=document.amount if self.amount is None else self.amount,
                dated_on=self.date or document.dated_on,
                parties=list(self.parties or document.parties),
                file_digest=self.file_digest or document.file_digest,
                changed_on=changed_on,
            )
        )


@record_kind("document.cancelled", by=_WRITERS)
class DocumentCancelled(Payload):
    """A document no longer holds (注销)."""

    document: Id
    at: Day
    reason: Text

    def references(self) -> list[Reference]:
        return [Reference(TradeDocument, self.document, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        if document := facts.current(TradeDocument, self.document):
            _by_its_own(facts, document, "cancels")
            changed_on = follow(facts, document, self.at, _PATHS, Code.DOCUMENT_STATUS)
            facts.begin(document.changed(status="cancelled", changed_on=changed_on))
