"""What the actors hold in their hands: an invoice, a claim, a piece of a certificate. Amounts in fen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from ledger.consortium.chain import Member

__all__ = ["Bill", "Claim", "Piece"]


@dataclass(slots=True, kw_only=True)
class Bill:
    """An invoice 发票. ``net`` without tax, ``amount`` with it."""

    invoice: str
    number: str
    seller: Member
    buyer: Member
    net: int
    amount: int
    issued: date


@dataclass(slots=True, kw_only=True)
class Claim:
    """A receivable 应收账款, and its certificate's name where it has one."""

    receivable: str
    creditor: Member
    debtor: Member
    amount: int
    due: date
    bills: tuple[Bill, ...] = ()
    contract: str | None = None
    certificate: str = ""


@dataclass(slots=True, kw_only=True)
class Piece:
    """A live output of a certificate; two owners stand for their middle account 中间户."""

    output: str
    owners: tuple[Member, ...]
    amount: int
    claim: Claim
    due: date = field(init=False)

    def __post_init__(self) -> None:
        self.due = self.claim.due

    @property
    def owner(self) -> Member:
        return self.owners[0]
