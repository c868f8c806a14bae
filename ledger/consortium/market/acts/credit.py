"""Credit 授信, its quota as outputs, ratings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.stage import Stage

__all__ = ["Credit", "Quota", "clear", "freeze", "grant", "occupy", "rate", "release", "restore"]


@dataclass(frozen=True, slots=True)
class Quota:
    """A live piece of a credit's quota."""

    output: str
    amount: int


@dataclass(slots=True, kw_only=True)
class Credit:
    """A credit, the free pieces of its quota and the occupied ones by what occupies them."""

    credit: str
    grantor: Member
    subject: Member
    limit: int
    basis: str
    free: list[Quota] = field(default_factory=list)
    occupied: dict[str, Quota] = field(default_factory=dict)

    @property
    def available(self) -> int:
        return sum(each.amount for each in self.free)


def grant(
    stage: Stage, grantor: Member, subject: Member, limit: int, basis: str, until: date | None = None, **changes: Any
) -> Credit:
    """A credit is granted and becomes effective: its whole limit is free."""
    made = Credit(credit=stage.named("CREDIT"), grantor=grantor, subject=subject, limit=limit, basis=basis)
    payload = {
        "credit": made.credit,
        "grantor": grantor.member,
        "subject": subject.member,
        "limit": limit,
        "basis": basis,
        "from": stage.today(),
        "until": None if until is None else until.isoformat(),
    }
    stage.write(grantor, "credit.granted", **(payload | changes))
    sent = stage.write(grantor, "credit.effective", credit=made.credit, at=stage.today())
    made.free = [Quota(sent.output(), limit)]
    return made


def _made(state: str, amount: int, purpose: tuple[str, str] | None = None) -> dict[str, Any]:
    named = None if purpose is None else {"kind": purpose[0], "id": purpose[1]}
    return {"state": state, "amount": amount, "purpose": named}


def move(stage: Stage, act: str, held: Credit, spent: Sequence[Quota], made: Sequence[dict[str, Any]]) -> Sent:
    """Write a record that spends pieces of quota and makes others."""
    inputs = [each.output for each in spent]
    return stage.write(held.grantor, f"credit.{act}", credit=held.credit, inputs=inputs, outputs=list(made))


def occupy(stage: Stage, held: Credit, amount: int, kind: str, name: str) -> Sent:
    """Something takes up a part of the quota 占用; the caller knows that so much is free."""
    spent: list[Quota] = []
    while sum(each.amount for each in spent) < amount:
        spent.append(held.free.pop(0))
    rest = sum(each.amount for each in spent) - amount
    made = [_made("occupied", amount, (kind, name))]
    if rest:
        made.append(_made("free", rest))
    sent = move(stage, "occupied", held, spent, made)
    held.occupied[name] = Quota(sent.output(), amount)
    if rest:
        held.free.append(Quota(sent.output(1), rest))
    return sent


def release(stage: Stage, held: Credit, name: str) -> Sent:
    """What something took up is free again 释放."""
    piece = held.occupied.pop(name)
    sent = move(stage, "released", held, [piece], [_made("free", piece.amount)])
    held.free.append(Quota(sent.output(), piece.amount))
    return sent


def freeze(stage: Stage, held: Credit, reason: str) -> Sent:
    """The credit is frozen 冻结."""
    return stage.write(held.grantor, "credit.frozen", credit=held.credit, reason=reason, at=stage.today())


def clear(stage: Stage, held: Credit, reason: str) -> Sent:
    """Every live piece of its quota ends 清零."""
    held.free, held.occupied = [], {}
    return stage.write(held.grantor, "credit.cleared", credit=held.credit, reason=reason, at=stage.today())


def restore(stage: Stage, held: Credit) -> Sent:
    """The credit is effective again 恢复, with what is not occupied free."""
    sent = stage.write(held.grantor, "credit.restored", credit=held.credit, at=stage.today())
    held.free = [Quota(sent.output(), held.limit - sum(each.amount for each in held.occupied.values()))]
    return sent


def rate(stage: Stage, agency: Member, subject: Member, rating: str, model: str | None = None) -> Sent:
    """A member is rated 评级."""
    return stage.write(
        agency,
        "credit.rated",
        subject=subject.member,
        agency=agency.member,
        rating=rating,
        model=model,
        at=stage.today(),
    )
