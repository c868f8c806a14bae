"""Statements of accounts (对账单), by the bank that keeps the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ledger.facts import AccountBalance, Member, Statement
from ledger.finding import Code
from ledger.records.base import Amount, Day, Delta, Digest, Id, Need, Payload, Reference, Role, record_kind

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = ["StatementRecorded"]


@record_kind("statement.recorded", by=[Role.BANK, Role.CUSTODIAN, Role.SUPERVISING])
class StatementRecorded(Payload):
    """What moved on an account (对账单) from one day to another, both included; balances may be below zero."""

    statement: Id
    account: Id
    holder: Id
    starts: Day = Field(alias="from")
    ends: Day = Field(alias="to")
    opening: Delta
    closing: Delta
    credits: Amount
    debits: Amount
    entries_digest: Digest

    def references(self) -> list[Reference]:
        return [
            Reference(Statement, self.statement, Need.NEW),
            Reference(Member, self.holder),
            Reference(AccountBalance, self.account, Need.READ),
        ]

    def project(self, facts: Projection) -> None:
        facts.dated("a statement begins before it ends", self.starts, self.ends)
        facts.dated("a statement ends before it is recorded", self.ends, facts.record.business_day)
        if self.opening + self.credits - self.debits != self.closing:
            facts.finding(
                Code.STATEMENT_TOTAL,
                "The opening balance and what moved do not add up to the closing balance",
                subject=f"statement {self.statement}",
                opening=self.opening,
                credits=self.credits,
                debits=self.debits,
                closing=self.closing,
            )
        before = facts.current(AccountBalance, self.account)
        if before is not None:
            self._check_follows(before, facts)
        facts.add(
            Statement(
                id=self.statement,
                account=self.account,
                holder=self.holder,
                starts_on=self.starts,
                ends_on=self.ends,
                opening=self.opening,
                closing=self.closing,
                credits=self.credits,
                debits=self.debits,
                entries_digest=self.entries_digest,
            )
        )
        if before is None or self.ends >= before.ends_on:
            facts.begin(
                AccountBalance(id=self.account, statement=self.statement, balance=self.closing, ends_on=self.ends)
            )

    def _check_follows(self, before: AccountBalance, facts: Projection) -> None:
        """Report a statement that overlaps the one before or does not open where that closed.

        Days between the two are no breach: banks leave out weekends.
        """
        if self.starts <= before.ends_on or self.opening != before.balance:
            overlaps = self.starts <= before.ends_on
            facts.finding(
                Code.STATEMENT_GAP,
                f"The statement {'overlaps' if overlaps else 'does not open where'} statement {before.statement}"
                f"{'' if overlaps else ' closed'}",
                subject=f"statement {self.statement}",
                others=[before.from_position],
                opening=self.opening,
                closed=before.balance,
                begins=str(self.starts),
                ended=str(before.ends_on),
            )
