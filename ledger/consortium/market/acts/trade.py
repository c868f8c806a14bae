"""The background of trade 贸易背景: documents, invoices, their verification and status, packages of small invoices."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.consortium.blocks import canonical_json
from ledger.consortium.market.things import Bill
from ledger.suites import sm3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.stage import Stage

__all__ = ["amend", "bill", "cancel", "document", "mark", "number_of", "package", "verify"]

CHANNEL = "2"  # 5th digit of a 数电 number: how it was issued
GAP = 37  # numbers of one seller do not follow each other without gaps


def digest(*parts: str) -> str:
    """Return what stands for the digest of a scanned file: 64 hex characters that follow from its names."""
    return sm3("\0".join(parts).encode()).hex()


def number_of(stage: Stage, seller: Member, issued: date) -> str:
    """Return a new 20-digit 数电 number: year, the seller's province, the channel, a serial."""
    serial = stage.serial("invoice")
    gap = stage.chance("number", str(serial)).below(GAP)
    return f"{issued:%y}{seller.uscc[2:4]}{CHANNEL}{10_000_000 + GAP * serial + gap:015d}"


def document(
    stage: Stage,
    sender: Member,
    kind: str,
    parties: Sequence[Member],
    *,
    amount: int | None = None,
    refers_to: Sequence[str] = (),
    **more: Any,
) -> str:
    """Register a document of this type, such as contract or waybill; returns its id."""
    name = more.pop("document", None) or stage.named(kind.upper().replace("_", "-"))
    payload: dict[str, Any] = {
        "document": name,
        "type": kind,
        "number": f"{name}-{stage.day:%Y}",
        "parties": [each.member for each in parties],
        "amount": amount,
        "currency": "CNY",
        "date": stage.today(),
        "refers_to": list(refers_to),
        "file_digest": digest(kind, name),
    }
    stage.write(sender, "document.registered", **(payload | more))
    return str(name)


def amend(stage: Stage, sender: Member, name: str, reason: str, **changes: Any) -> Sent:
    """Amend a document: what is given replaces what held."""
    return stage.write(sender, "document.amended", document=name, at=stage.today(), reason=reason, **changes)


def cancel(stage: Stage, sender: Member, name: str, reason: str) -> Sent:
    """Cancel a document 作废."""
    return stage.write(sender, "document.cancelled", document=name, at=stage.today(), reason=reason)


def bill(
    stage: Stage,
    sender: Member,
    seller: Member,
    buyer: Member,
    net: int,
    *,
    goods: str,
    percent: int = 13,
    refers_to: Sequence[str] = (),
    **changes: Any,
) -> Bill:
    """Register a 数电 invoice issued today, with ``percent`` of tax. ``changes`` replace what the record says."""
    issued = date.fromisoformat(changes.get("issued", stage.today()))
    number = number_of(stage, seller, issued)
    taxed = (net * percent + 50) // 100
    made = Bill(
        invoice=f"INV-{number}",
        number=number,
        seller=seller,
        buyer=buyer,
        net=net,
        amount=net + taxed,
        issued=issued,
    )
    payload: dict[str, Any] = {
        "invoice": made.invoice,
        "number": number,
        "type": "digital",
        "seller": seller.member,
        "buyer": buyer.member,
        "amount_excluding_tax": net,
        "tax": taxed,
        "amount_including_tax": made.amount,
        "issued": issued.isoformat(),
        "goods": goods,
        "refers_to": list(refers_to),
    }
    payload |= changes
    made.invoice, made.amount = payload["invoice"], payload["amount_including_tax"]
    stage.write(sender, "invoice.registered", **payload)
    return made


def verify(stage: Stage, verifier: Member, invoice: Bill, result: str = "consistent", **changes: Any) -> Sent:
    """Say what the tax authority's data says of an invoice 验真: of a 数电 invoice, the amount with tax."""
    payload = {
        "invoice": invoice.invoice,
        "verifier": verifier.member,
        "result": result,
        "checked_at": stage.now(),
        "tax_authority_amount": None if result == "not_found" else invoice.amount,
    }
    return stage.write(verifier, "invoice.verified", **(payload | changes))


def mark(stage: Stage, sender: Member, invoice: Bill, status: str, red_invoice: str | None = None) -> Sent:
    """Report an invoice's status as the patrol 巡检 found it today."""
    return stage.write(
        sender,
        "invoice.status_changed",
        invoice=invoice.invoice,
        status=status,
        red_invoice=red_invoice,
        at=stage.today(),
    )


def package(
    stage: Stage, sender: Member, invoices: Sequence[Bill], supersedes: str | None = None, **changes: Any
) -> str:
    """Register many small invoices as one data package 数据包; returns its id."""
    names = [each.invoice for each in invoices]
    payload: dict[str, Any] = {
        "package": stage.named("PKG"),
        "invoices": names,
        "digest": sm3(canonical_json(names)).hex(),
        "supersedes": supersedes,
    }
    payload |= changes
    stage.write(sender, "package.registered", **payload)
    return str(payload["package"])
