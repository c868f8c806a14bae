"""The steps of a look-through: each says what it is, who took part, and which record of the ledger shows it.

Amounts are integer fen, instants UTC-aware. Everything is a value with ``as_json()``; nothing here reads the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from abs.figure import Figure

REDEEMED: Final = "certificate.redeemed"
ISSUED: Final = "certificate.issued"


def jsonable(value: object) -> object:
    """The value as JSON-able data: dataclasses by field, dates and decimals as text, figures with their formula."""
    if isinstance(value, Figure):
        return value.as_json()
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date | Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: jsonable(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple | list):
        return [jsonable(one) for one in value]
    if isinstance(value, dict):
        return {str(key): jsonable(one) for key, one in value.items()}
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The record that shows a step: where it stands, its kind, when its block was made, and who signed it.

    ``signer`` is the member the signing address belonged to, or the address where no member had it.
    """

    position: str
    height: int
    kind: str
    time: datetime
    signer: str
    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheStep:
    """A class of the plan's securities, with the records that established it and paid on it."""

    tranche: str
    name: str
    code: str
    rank: str
    principal: int
    outstanding: int
    rate: Decimal | None
    repayment: str
    maturity: date
    established: Evidence
    distributions: tuple[DistributionStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionStep:
    """One payment on a tranche."""

    distribution: str
    period: int
    paid_on: date
    principal: int
    interest: int
    paid: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentStep:
    """How a receivable came into the pool (二次转让), and by which outputs of its certificate."""

    assignor: str
    assigned_on: date
    outputs: tuple[str, ...]
    assigned: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivableStep:
    """The receivable: who owes whom, what was confirmed (确权), what changed it."""

    receivable: str
    creditor: str
    debtor: str
    amount: int
    adjusted: int
    paid: int
    due: date
    disputed: bool
    related_party: bool
    confirmed_method: str | None
    confirmed_by: str | None
    """In whose name: a member."""
    foreign_account: str | None
    """The account that signed a confirmation which is not the debtor's own (本人确权); None where it is."""
    registered: Evidence
    confirmed: Evidence | None
    adjustments: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputStep:
    """One piece of the certificate (数字债权凭证): who owns it, what it was made from, what became of it."""

    output: str
    certificate: str
    owners: tuple[str, ...]
    amount: int
    due: date
    parents: tuple[str, ...]
    in_pool: bool
    financier: str | None
    form: str | None
    price: int | None
    rate: Decimal | None
    made: Evidence
    spent: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One record that moved value: what it spent and made, and whether the amounts are equal.

    An issue spends nothing: ``value_in`` is what the debtor owes on the receivable, which it must not exceed. A
    redemption makes nothing: ``value_out`` is the value it redeemed.
    """

    record: Evidence
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    value_in: int
    value_out: int
    conserved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conservation:
    """The value of a receivable's certificate: all that was issued is either live or redeemed."""

    issued: int
    live: int
    redeemed: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceStep:
    """An invoice beneath the receivable, what the tax authority said of it (验真), and its status."""

    invoice: str
    number: str
    code: str | None
    type: str
    seller: str
    buyer: str
    amount_including_tax: int
    tax: int
    issued: date
    goods: str
    status: str
    verified_by: str | None
    verified_result: str | None
    verified_amount: int | None
    registered: Evidence
    verified: Evidence | None
    status_changed: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStep:
    """What a payment settled of this asset."""

    payment: str
    payer: str
    payee: str
    amount: int
    settled: int
    paid_on: date
    bank_reference: str
    target_kind: str
    target: str
    recorded: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStep:
    """The servicer's statement that it collected on this asset (归集), and the remittance that passed it on (转付)."""

    collection: str
    payment: str
    amount: int
    collected_on: date
    received: Evidence
    remittance: str | None
    remitted: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTrail:
    """Everything the ledger shows beneath one asset of a pool, from its assignment down to the payments."""

    asset: str
    assignments: tuple[AssignmentStep, ...]
    receivable: ReceivableStep
    outputs: tuple[OutputStep, ...]
    movements: tuple[Movement, ...]
    conservation: Conservation
    invoices: tuple[InvoiceStep, ...]
    payments: tuple[PaymentStep, ...]
    collections: tuple[CollectionStep, ...]

    def evidence(self) -> Iterator[Evidence]:
        """Every record beneath the asset, each once, in ledger order."""
        found = {one.position: one for one in _evidence_in(self)}
        yield from sorted(found.values(), key=lambda one: tuple(map(int, one.position.split(":"))))

    def as_json(self) -> dict[str, object]:
        """The trail as JSON-able data."""
        return {one.name: jsonable(getattr(self, one.name)) for one in fields(self)}


def _evidence_in(value: object) -> Iterator[Evidence]:
    if isinstance(value, Evidence):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _evidence_in(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _evidence_in(getattr(value, one.name))
