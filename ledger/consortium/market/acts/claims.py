"""Receivables and certificates 数字债权凭证: registered, confirmed, issued, passed on, financed, redeemed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import price_of
from ledger.consortium.market.things import Claim, Piece

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.stage import Stage
    from ledger.consortium.market.things import Bill

__all__ = [
    "adjust",
    "cancel",
    "claim",
    "confirm",
    "finance",
    "freeze",
    "guarantee",
    "issue",
    "owe",
    "pay",
    "propose",
    "redeem",
    "refuse",
    "settle",
    "sign_in",
    "split",
    "unfreeze",
    "withdraw",
]


def claim(
    stage: Stage,
    sender: Member,
    bills: Sequence[Bill],
    due: date,
    *,
    contract: str | None = None,
    related: bool = False,
    **changes: Any,
) -> Claim:
    """Register what the buyer owes the seller on the strength of invoices."""
    parties, amount = (bills[0].seller, bills[0].buyer), sum(each.amount for each in bills)
    return owe(stage, sender, parties, amount, due, bills, contract=contract, related=related, **changes)


def owe(
    stage: Stage,
    sender: Member,
    parties: tuple[Member, Member],
    amount: int,
    due: date,
    bills: Sequence[Bill] = (),
    /,
    *,
    contract: str | None = None,
    related: bool = False,
    **changes: Any,
) -> Claim:
    """Register what the second of two parties owes the first."""
    made = Claim(
        receivable=f"AR-{stage.serial('AR'):07d}",
        creditor=parties[0],
        debtor=parties[1],
        amount=amount,
        due=due,
        bills=tuple(bills),
        contract=contract,
    )
    payload: dict[str, Any] = {
        "receivable": made.receivable,
        "creditor": made.creditor.member,
        "debtor": made.debtor.member,
        "amount": made.amount,
        "due": due.isoformat(),
        "contract": contract,
        "invoices": [each.invoice for each in bills],
        "related_party": related,
    }
    payload |= changes
    made.receivable, made.amount = payload["receivable"], payload["amount"]
    stage.receivables += 1
    stage.write(sender, "receivable.registered", **payload)
    return made


def confirm(stage: Stage, owed: Claim, method: str = "platform", by: Member | None = None) -> Sent:
    """The debtor confirms what it owes 确权."""
    by = by or owed.debtor
    return stage.write(by, "receivable.confirmed", receivable=owed.receivable, by=by.member, method=method)


def adjust(stage: Stage, sender: Member, owed: Claim, delta: int, reason: str) -> Sent:
    """The debt changes: dilution 稀释, a return, a discount; or is disputed."""
    return stage.write(
        sender, "receivable.adjusted", receivable=owed.receivable, delta=delta, reason=reason, at=stage.today()
    )


def settle(stage: Stage, sender: Member, owed: Claim, method: str, payment: str | None = None) -> Sent:
    """The receivable is settled, by netting or otherwise."""
    return stage.write(
        sender,
        "receivable.settled",
        receivable=owed.receivable,
        at=stage.today(),
        method=method,
        payment=payment,
    )


def _output(amount: int, due: date, *owners: Member) -> dict[str, Any]:
    return {"owners": [each.member for each in owners], "amount": amount, "due": due.isoformat()}


def _pieces(sent: Sent, owed: Claim, made: Sequence[tuple[int, tuple[Member, ...]]]) -> list[Piece]:
    return [
        Piece(output=sent.output(at), owners=owners, amount=amount, claim=owed)
        for at, (amount, owners) in enumerate(made)
    ]


def _moved(stage: Stage, sender: Member, kind: str, spent: Sequence[Piece], made: Sequence[Any], **more: Any) -> Any:
    """Write a record that spends pieces of one claim and makes others."""
    owed = spent[0].claim
    sent = stage.write(
        sender,
        f"certificate.{kind}",
        inputs=[each.output for each in spent],
        outputs=[_output(amount, owed.due, *owners) for amount, owners in made],
        **more,
    )
    return _pieces(sent, owed, made)


def issue(stage: Stage, owed: Claim, amount: int | None = None, *, name: str = "") -> Piece:
    """The debtor issues a certificate 开立 to the creditor."""
    owed.certificate = name or stage.named("CERT")
    amount = amount or owed.amount
    sent = stage.write(
        owed.debtor,
        "certificate.issued",
        certificate=owed.certificate,
        receivable=owed.receivable,
        issuer=owed.debtor.member,
        outputs=[_output(amount, owed.due, owed.creditor)],
    )
    return Piece(output=sent.output(), owners=(owed.creditor,), amount=amount, claim=owed)


def propose(stage: Stage, piece: Piece, to: Member, amount: int | None = None) -> tuple[Piece, Piece | None]:
    """The owner moves value to the middle account 中间户; returns what waits there, and the change if any."""
    amount = amount or piece.amount
    made: list[tuple[int, tuple[Member, ...]]] = [(amount, (piece.owner, to))]
    if amount < piece.amount:
        made.append((piece.amount - amount, (piece.owner,)))
    waiting, *change = _moved(stage, piece.owner, "transfer_proposed", [piece], made)
    return waiting, change[0] if change else None


def sign_in(stage: Stage, waiting: Piece) -> Piece:
    """The receiver signs in 签收."""
    by = waiting.owners[1]
    made: list[Piece] = _moved(stage, by, "signed_in", [waiting], [(waiting.amount, (by,))], by=by.member)
    return made[0]


def refuse(stage: Stage, waiting: Piece, reason: str) -> Piece:
    """The receiver gives it back 拒签."""
    proposer, by = waiting.owners
    more = {"by": by.member, "reason": reason}
    made: list[Piece] = _moved(stage, by, "refused", [waiting], [(waiting.amount, (proposer,))], **more)
    return made[0]


def withdraw(stage: Stage, waiting: Piece) -> Piece:
    """The proposer takes it back 撤回."""
    by = waiting.owner
    made: list[Piece] = _moved(stage, by, "withdrawn", [waiting], [(waiting.amount, (by,))], by=by.member)
    return made[0]


def split(stage: Stage, piece: Piece, amounts: Sequence[int]) -> list[Piece]:
    """The owner splits 拆分 what it owns."""
    made: list[Piece] = _moved(stage, piece.owner, "split", [piece], [(each, piece.owners) for each in amounts])
    return made


def finance(
    stage: Stage, pieces: Sequence[Piece], financier: Member, rate: Decimal, form: str = "factoring"
) -> tuple[list[Piece], int]:
    """The owner gives pieces of one claim to a financier 融资; returns the financier's pieces and the price."""
    amount = sum(each.amount for each in pieces)
    price = price_of(amount, rate, max((pieces[0].due - stage.day).days, 0))
    made: list[Piece] = _moved(
        stage,
        pieces[0].owner,
        "financed",
        pieces,
        [(each.amount, (financier,)) for each in pieces],
        financier=financier.member,
        form=form,
        price=price,
        rate=str(rate),
    )
    return made, price


def guarantee(stage: Stage, guarantor: Member, pieces: Sequence[Piece], until: date) -> Sent:
    """A guarantor stands for pieces 担保."""
    return stage.write(
        guarantor,
        "certificate.guaranteed",
        outputs=[each.output for each in pieces],
        guarantor=guarantor.member,
        amount=sum(each.amount for each in pieces),
        until=until.isoformat(),
    )


def freeze(stage: Stage, by: Member, pieces: Sequence[Piece], reason: str) -> Sent:
    """Pieces cannot move 冻结."""
    outputs = [each.output for each in pieces]
    return stage.write(by, "certificate.frozen", outputs=outputs, by=by.member, reason=reason)


def unfreeze(stage: Stage, by: Member, pieces: Sequence[Piece]) -> Sent:
    """Pieces can move again 解冻."""
    return stage.write(by, "certificate.unfrozen", outputs=[each.output for each in pieces], by=by.member)


def cancel(stage: Stage, pieces: Sequence[Piece], reason: str) -> Sent:
    """The owner gives a certificate up 注销; the debtor owes as before."""
    by = pieces[0].owner
    inputs = [each.output for each in pieces]
    return stage.write(by, "certificate.cancelled", inputs=inputs, by=by.member, reason=reason)


def pay(
    stage: Stage,
    sender: Member,
    payer: Member,
    payee: Member,
    parts: Sequence[tuple[str, str, int]],
    *,
    v: int = 1,
    **changes: Any,
) -> str:
    """Money moves; ``parts`` are (what kind of thing, its id, amount). Returns the payment's id."""
    serial = stage.serial("PAY")
    payload: dict[str, Any] = {
        "payment": f"PAY-{serial:07d}",
        "payer": payer.member,
        "payee": payee.member,
        "amount": sum(amount for *_, amount in parts),
        "date": stage.today(),
        "bank_reference": f"{stage.day:%Y%m%d}{stage.chance('bank', str(serial)).below(10**10):010d}",
        "settles": [{"target": target, "id": name, "amount": amount} for target, name, amount in parts],
    }
    payload |= changes
    stage.write(sender, "payment.recorded", v, **payload)
    return str(payload["payment"])


def redeem(stage: Stage, sender: Member, pieces: Sequence[Piece], payment: str) -> Sent:
    """The payment redeems pieces 兑付; they cannot move again."""
    return stage.write(sender, "certificate.redeemed", inputs=[each.output for each in pieces], payment=payment)
