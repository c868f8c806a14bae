"""How a thing is shown: its label, who takes part in it and as what, what else its records say, which flow it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ledger.fact import Fact

__all__ = ["AMOUNTS", "FLOWS", "LABELS", "details_of", "flow_of", "label_of", "parties_of"]

TRADE, GOODS, CASH, PAPERS = "trade", "goods", "cash", "papers"

FLOWS: Final[Mapping[str, str]] = {
    "contract": TRADE, "order": TRADE, "acceptance": CASH, "bank_slip": CASH, "payment": CASH, "financing": CASH,
    "collection": CASH, "remittance": CASH, "distribution": CASH, "waybill": GOODS, "warehouse_receipt": GOODS,
    "customs_declaration": GOODS, "receipt": GOODS, "stock": GOODS, "invoice": PAPERS, "tax_slip": PAPERS,
    "package": PAPERS, "receivable": TRADE, "other": PAPERS,
}  # fmt: skip
"""The four flows (四流): trade (商流), goods (物流), cash (资金流), papers (票据流), by kind or document type."""

_PARTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("manager", "custodian", "servicer"),
    "holding": ("investor",),
    "asset": ("assignor",),
    "certificate": ("issuer",),
    "output": ("owner", "co_owner", "issuer", "financier"),
    "receivable": ("creditor", "debtor"),
    "invoice": ("seller", "buyer"),
    "package": ("registered_by",),
    "document": ("registered_by",),
    "order": ("seller", "buyer", "platform", "locked_by"),
    "receipt": ("owner", "warehouse", "pledgee"),
    "stock": ("warehouse",),
    "payment": ("payer", "payee"),
    "financing": ("applicant", "financier"),
    "registration": ("secured_party", "debtor", "disputed_by"),
    "query": ("queried_by",),
    "credit": ("grantor", "subject"),
}

_DETAILS: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("code", "venue", "closing", "maturity", "liquidated_on"),
    "tranche": ("code", "rank", "principal", "rate", "maturity"),
    "holding": ("units", "held_on"),
    "asset": ("assigned_on", "came"),
    "certificate": (),
    "output": ("due", "form", "price", "rate"),
    "receivable": ("due", "paid", "outstanding", "disputed", "settled_on"),
    "invoice": ("number", "code", "issued", "goods", "status", "verified_result", "verified_amount"),
    "package": ("digest",),
    "document": ("number", "type", "dated_on", "goods", "quantity", "unit", "status"),
    "order": ("ordered_on", "goods", "customs_number", "status"),
    "receipt": ("goods", "quantity", "unit", "issued_on", "status"),
    "stock": ("goods", "quantity", "unit", "reported_on"),
    "payment": ("paid_on", "bank_reference"),
    "financing": ("form", "rate", "start", "maturity", "disbursed", "repaid", "status"),
    "registration": ("type", "filed_at", "expires_on", "status", "description"),
    "query": ("certificate", "queried_at"),
    "credit": ("basis", "starts", "until", "status", "free", "occupied"),
    "quota": ("state",),
    "collection": ("collected_on", "remitted"),
    "remittance": ("remitted_on",),
    "distribution": ("period", "paid_on", "principal", "interest"),
    "member": ("uscc", "status"),
}
AMOUNTS: Final = frozenset(
    {
        "principal", "price", "paid", "outstanding", "verified_amount", "disbursed", "repaid", "free", "occupied",
        "remitted", "interest", "face",
    }
)  # fmt: skip
"""Details that are fen."""

LABELS: Final[Mapping[str, Callable[[Any], str]]] = {
    "plan": lambda one: one.name,
    "tranche": lambda one: one.name,
    "invoice": lambda one: f"{one.code or ''}{one.number}",
    "document": lambda one: one.number,
    "member": lambda one: one.name,
    "financing": lambda one: one.form,
    "registration": lambda one: one.type,
    "receipt": lambda one: f"{one.goods} {one.quantity:f}{one.unit}",
    "stock": lambda one: f"{one.location} {one.lot}",
    "order": lambda one: one.goods,
    "payment": lambda one: one.bank_reference,
    "holding": lambda one: f"{one.security}/{one.investor}",
    "asset": lambda one: one.asset,
    "quota": lambda one: one.state,
}


def label_of(key: tuple[str, str], fact: Fact | None) -> str:
    """What a person knows the thing by; its id where there is nothing better."""
    if fact is None or key[0] not in LABELS:
        return key[1]
    return LABELS[key[0]](fact) or key[1]


def parties_of(kind: str, fact: Fact | None) -> tuple[tuple[str, str], ...]:
    """Role and member of all who take part in the thing."""
    return tuple(_named(kind, fact)) if fact is not None else ()


def _named(kind: str, fact: Fact) -> Iterator[tuple[str, str]]:
    for role in _PARTIES.get(kind, ()):
        if (member := getattr(fact, role)) is not None:
            yield role, member
    if kind == "plan":
        yield from (("originator", one) for one in getattr(fact, "originators", ()))
    if kind == "document":
        yield from (("party", one) for one in getattr(fact, "parties", ()))


def details_of(kind: str, fact: Fact | None) -> tuple[tuple[str, str], ...]:
    """What else the thing's records say, as text; amounts (``AMOUNTS``) in fen."""
    if fact is None:
        return ()
    told = ((name, getattr(fact, name)) for name in _DETAILS.get(kind, ()))
    return tuple(
        (name, _text(value)) for name, value in told if value is not None and value != "" and value is not False
    )


def _text(value: object) -> str:
    return "yes" if value is True else value if isinstance(value, str) else str(value)


def flow_of(kind: str, fact: Fact | None) -> str | None:
    """Which of the four flows the thing belongs to, None for what stands above them."""
    return FLOWS.get(str(getattr(fact, "type", "other")) if kind == "document" else kind)
