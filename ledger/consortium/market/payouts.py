"""What a manager paid in a period, as the records that say so, in the order in which cash moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ledger.consortium.market.terms import accounts_of

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.manager import Paid

__all__ = ["Calls", "Parties", "Writer", "record"]


class Writer(Protocol):
    """Where records are written on a business day, and things get their names."""

    def write(self, sender: Member, kind: str, v: int = 1, /, **payload: Any) -> object: ...
    def today(self) -> str: ...
    def named(self, prefix: str) -> str: ...


class Parties(Protocol):
    """Whose records they are."""

    @property
    def plan(self) -> str: ...
    @property
    def manager(self) -> Member: ...
    @property
    def custodian(self) -> Member: ...
    @property
    def originator(self) -> Member: ...


Calls = list[tuple[str, int]]
"""Calls on the promisor 差额支付启动 that were not repaid in full, the oldest first, and what is left of each."""


def record(stage: Writer, parties: Parties, paid: Paid, calls: Calls) -> None:
    """Write what a period paid; the promisor is the plan's originator. ``calls`` grows and shrinks with it."""
    _, custody, reserve = accounts_of(parties.plan)

    def write(sender: Member, kind: str, **stated: Any) -> None:
        stage.write(sender, kind, plan=parties.plan, date=stage.today(), **stated)

    def move(source: str, target: str, amount: int) -> None:
        if amount:
            moved = {"from": source, "to": target, "period": paid.period, "amount": amount}
            write(parties.custodian, "account.moved", move=stage.named("MOVE"), **moved)

    move(reserve, custody, paid.released if paid.accelerated else paid.drawn)
    if paid.called:
        call = stage.named("CALL")
        write(parties.manager, "shortfall.called", call=call, payer=parties.originator.member, amount=paid.called)
        write(parties.custodian, "shortfall.paid", shortfall=stage.named("SF"), call=call, amount=paid.called,
              payment=None)  # fmt: skip
        calls.append((call, paid.called))
    for fee, amount in paid.fees:
        if amount:
            write(parties.custodian, "fee.paid", payment=stage.named("FEE"), fee=fee, period=paid.period, amount=amount)
    move(custody, reserve, paid.filled)
    if not paid.accelerated:
        move(reserve, custody, paid.released)
    _repay(stage, parties, paid, calls)
    _distribute(stage, parties, paid)


def _repay(stage: Writer, parties: Parties, paid: Paid, calls: Calls) -> None:
    left = paid.repaid
    while left:
        call, owed = calls.pop(0)
        part = min(left, owed)
        stage.write(
            parties.custodian, "shortfall.repaid", repayment=stage.named("SR"), plan=parties.plan, call=call,
            period=paid.period, date=stage.today(), amount=part,
        )  # fmt: skip
        left -= part
        if owed > part:
            calls.insert(0, (call, owed - part))


def _distribute(stage: Writer, parties: Parties, paid: Paid) -> None:
    """Holders are paid 收益分配. Where nobody is, that is said of the senior tranche: it was a payment date."""
    given = {
        tranche: (paid.principal.get(tranche, 0), paid.interest.get(tranche, 0))
        for tranche in sorted({*paid.principal, *paid.interest})
    }
    told = {tranche: each for tranche, each in given.items() if any(each)} or {"A": (0, 0)}
    for tranche, (principal, interest) in told.items():
        stage.write(
            parties.custodian, "distribution.made", distribution=stage.named("DIS"), plan=parties.plan,
            tranche=tranche, period=paid.period, date=stage.today(), principal=principal, interest=interest,
        )  # fmt: skip
