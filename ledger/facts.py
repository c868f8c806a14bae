"""The facts a ledger states, as tables versioned by height.

Every row is one version of one thing: it holds from ``from_height`` up to, and not at, ``to_height`` (None: still
holds). *As of H* means ``from_height <= H and (to_height is null or to_height > H)``. Rows are never deleted, and a
version never changes but for being ended. ``from_position`` and ``to_position`` are the numbers of the records that
began and ended it (:class:`ledger.position.Position`). Amounts are integer fen (分), days are the dates records state.

Rows that tie two things together (:class:`Settlement`, :class:`CollectionItem` ...) have no name of their own; their
id is the position of the record and the place within it, ``h:t:l/n``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import JSON, BigInteger, Index, Text
from sqlmodel import Field

from ledger.fact import Exact, Fact, Instant

__all__ = [
    "FACTS",
    "Address",
    "Collection",
    "CollectionItem",
    "Distribution",
    "Fact",
    "Invoice",
    "Member",
    "Output",
    "Payment",
    "PaymentUse",
    "Plan",
    "PlanCash",
    "PoolAsset",
    "Receivable",
    "ReceivableInvoice",
    "Remittance",
    "Settlement",
    "Tranche",
    "output_id",
    "within_plan",
]


class Member(Fact, table=True):
    """A party of the consortium (成员) and what it may do."""

    name: str
    uscc: str
    """Unified social credit code (统一社会信用代码)."""
    roles: list[str] = Field(sa_type=JSON)
    address: str
    certificate: str | None = Field(default=None, sa_type=Text)
    status: str = "active"
    """active or suspended."""


class Address(Fact, table=True):
    """The account a member signs with; ``id`` is 0x and 40 hex digits."""

    member: str = Field(index=True)


class Invoice(Fact, table=True):
    """An invoice (发票), what the tax authority said of it, and its status."""

    number: str = Field(index=True)
    code: str | None = None
    type: str
    seller: str
    buyer: str
    amount_excluding_tax: int = Field(sa_type=BigInteger)
    tax: int = Field(sa_type=BigInteger)
    amount_including_tax: int = Field(sa_type=BigInteger)
    issued: date
    goods: str
    refers_to: list[str] = Field(sa_type=JSON)
    status: str = "normal"
    """normal, voided (作废), red_flushed (红冲) or abnormal."""
    status_on: date | None = None
    red_invoice: str | None = None
    verified_by: str | None = None
    verified_result: str | None = None
    """consistent, inconsistent or not_found; None: never verified."""
    verified_amount: int | None = Field(default=None, sa_type=BigInteger)
    verified_at: datetime | None = Field(default=None, sa_type=Instant)


class Receivable(Fact, table=True):
    """A receivable (应收账款): who owes whom how much, and what has become of it."""

    creditor: str
    debtor: str
    amount: int = Field(sa_type=BigInteger)
    adjusted: int = Field(default=0, sa_type=BigInteger)
    """Sum of adjustments; negative when the debt became smaller."""
    adjusted_on: date | None = None
    """The day that the last adjustment states."""
    paid: int = Field(default=0, sa_type=BigInteger)
    certified: int = Field(default=0, sa_type=BigInteger)
    """Value of the certificates issued on it."""
    due: date
    registered_on: date
    """Business day of the block that registered it."""
    confirmed_by: str | None = None
    confirmed_method: str | None = None
    confirmed_on: date | None = None
    disputed: bool = False
    settled_on: date | None = None
    """Day of the payment or adjustment after which nothing was outstanding."""
    related_party: bool
    contract: str | None = None

    @property
    def outstanding(self) -> int:
        """Fen still owed: amount + adjustments - payments."""
        return self.amount + self.adjusted - self.paid

    def settling(self, day: date) -> Receivable:
        """Return it settled on ``day`` if nothing is outstanding (and it was not before), unsettled if something is."""
        settled = (self.settled_on or day) if self.outstanding <= 0 else None
        return self if settled == self.settled_on else self.changed(settled_on=settled)


class ReceivableInvoice(Fact, table=True):
    """An invoice that a receivable rests on."""

    receivable: str = Field(index=True)
    invoice: str = Field(index=True)


class Output(Fact, table=True):
    """A piece of a digital debt certificate (数字债权凭证), live until a record spends or redeems it.

    ``id`` is ``0x<transaction hash>:<index>``, ``root`` the receivable. ``co_owner``: on a middle account (中间户).
    """

    root: str = Field(index=True)
    certificate: str
    owner: str
    co_owner: str | None = None
    amount: int = Field(sa_type=BigInteger)
    due: date
    issuer: str
    made_by: str
    """The kind of the record that made it."""
    parents: list[str] = Field(sa_type=JSON)
    financier: str | None = None
    form: str | None = None
    price: int | None = Field(default=None, sa_type=BigInteger)
    """What the financier paid for the whole financing, fen."""
    rate: Decimal | None = Field(default=None, sa_type=Exact)

    @property
    def owners(self) -> tuple[str, ...]:
        """The owner, or both of a middle account."""
        return (self.owner,) if self.co_owner is None else (self.owner, self.co_owner)


class Payment(Fact, table=True):
    """A payment through a bank or the settlement party."""

    payer: str
    payee: str
    amount: int = Field(sa_type=BigInteger)
    paid_on: date
    bank_reference: str


class PaymentUse(Fact, table=True):
    """What certificates a payment has redeemed so far; ``id`` is the payment. Begins with the first redemption."""

    redeemed: int = Field(default=0, sa_type=BigInteger)
    """Value of the outputs, fen."""


class Settlement(Fact, table=True):
    """What part of a payment settles which receivable or output. ``receivable`` is the root in both cases."""

    payment: str = Field(index=True)
    target_kind: str
    """receivable or output."""
    target: str = Field(index=True)
    receivable: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)
    paid_on: date


class Plan(Fact, table=True):
    """A securitisation plan (专项计划)."""

    code: str
    name: str
    venue: str
    manager: str
    custodian: str
    originators: list[str] = Field(sa_type=JSON)
    servicer: str
    shelf: str | None = None
    cutoff: date
    closing: date
    maturity: date
    terms: str = Field(sa_type=Text)
    """The plan's terms as canonical JSON text."""


class PlanCash(Fact, table=True):
    """A plan's cash so far; ``id`` is the plan. Changes with every collection, remittance and distribution."""

    collected: int = Field(default=0, sa_type=BigInteger)
    remitted: int = Field(default=0, sa_type=BigInteger)
    distributed: int = Field(default=0, sa_type=BigInteger)


class Tranche(Fact, table=True):
    """A class of a plan's securities; ``id`` is ``<plan>/<tranche>``."""

    plan: str = Field(index=True)
    tranche: str
    name: str
    code: str
    rank: str
    """senior (优先级), mezzanine (中间级) or subordinated (次级)."""
    principal: int = Field(sa_type=BigInteger)
    outstanding: int = Field(sa_type=BigInteger)
    rate: Decimal | None = Field(default=None, sa_type=Exact)
    repayment: str
    maturity: date
    place: int
    """Order in the plan's record."""


class PoolAsset(Fact, table=True):
    """A receivable in a plan's pool (基础资产), live while it is in. ``id`` is ``<plan>/<asset>``."""

    plan: str = Field(index=True)
    asset: str = Field(index=True)
    """The receivable's id."""
    outputs: list[str] = Field(sa_type=JSON)
    assigned_on: date
    price: int = Field(sa_type=BigInteger)
    """What the plan paid for the whole assignment, fen."""
    assignor: str


class Collection(Fact, table=True):
    """Cash the servicer collected for a plan (归集), and the remittance that passed it on."""

    plan: str = Field(index=True)
    collected_on: date
    amount: int = Field(sa_type=BigInteger)
    remittance: str | None = None


class CollectionItem(Fact, table=True):
    """What part of a collection came by which payment on which asset."""

    collection: str = Field(index=True)
    plan: str
    payment: str
    asset: str = Field(index=True)
    amount: int = Field(sa_type=BigInteger)


class Remittance(Fact, table=True):
    """Collected cash passed on to the plan's custody account (转付)."""

    plan: str = Field(index=True)
    remitted_on: date
    amount: int = Field(sa_type=BigInteger)
    collections: list[str] = Field(sa_type=JSON)


class Distribution(Fact, table=True):
    """Interest and principal paid on one tranche for one period (收益分配)."""

    __table_args__ = (Index("ix_distribution_plan_tranche", "plan", "tranche"),)

    plan: str
    tranche: str
    """The tranche's name within the plan, as in :attr:`Tranche.tranche`."""
    period: int = Field(sa_type=BigInteger)
    paid_on: date
    principal: int = Field(sa_type=BigInteger)
    interest: int = Field(sa_type=BigInteger)


def output_id(transaction_hash: str, index: int) -> str:
    """Return the id of a record's output: ``0x<transaction hash>:<index>``."""
    return f"{transaction_hash}:{index}"


def within_plan(plan: str, name: str) -> str:
    """Return the id of a plan's tranche or asset: ``<plan>/<name>``. A plan's name holds no slash, so no two meet."""
    return f"{plan}/{name}"


FACTS: tuple[type[Fact], ...] = (
    Address,
    Collection,
    CollectionItem,
    Distribution,
    Invoice,
    Member,
    Output,
    Payment,
    PaymentUse,
    Plan,
    PlanCash,
    PoolAsset,
    Receivable,
    ReceivableInvoice,
    Remittance,
    Settlement,
    Tranche,
)
"""Every fact table, by name."""
