"""Receivables (应收账款) and the invoices they rest on."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Receivable", "ReceivableInvoice"]


class Receivable(Fact, table=True):
    """A receivable (应收账款): who owes whom how much, and what has become of it."""

    __table_args__ = (Index("ix_receivable_creditor", "creditor", "debtor"),)

    creditor: str
    debtor: str = Field(index=True)
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
    confirmed_signer: str | None = None
    """The account whose signature the confirming transaction carries: 0x and 40 hex digits."""
    confirmed_signer_member: str | None = None
    """The member whose account that was then; None: nobody's, or what it signed is not what was recorded."""
    disputed: bool = False
    settled_on: date | None = None
    """Day of the payment or adjustment after which nothing was outstanding, or the day that a record declared."""
    settled_by: str | None = None
    """How a record declared it settled: payment, netting (抵销), replacement or other; None: none did."""
    netted: int = Field(default=0, sa_type=BigInteger)
    """Part of ``adjusted``, as a positive figure, that was owed and is settled by netting or otherwise."""
    related_party: bool
    contract: str | None = Field(default=None, index=True)

    @property
    def outstanding(self) -> int:
        """Fen still owed: amount + adjustments - payments."""
        return self.amount + self.adjusted - self.paid

    @property
    def claimed(self) -> int:
        """Fen of its invoices that it takes up: reductions free them, money and netting do not, nor a replacement."""
        return self.amount + self.adjusted + self.netted

    def settling(self, day: date) -> Receivable:
        """Return it settled on ``day`` if nothing is outstanding (and it was not before), unsettled if something is.

        What a record declared settled stays so.
        """
        settled = (self.settled_on or day) if self.outstanding <= 0 or self.settled_by is not None else None
        return self if settled == self.settled_on else self.changed(settled_on=settled)


class ReceivableInvoice(Fact, table=True):
    """An invoice that a receivable rests on."""

    receivable: str = Field(index=True)
    invoice: str = Field(index=True)
