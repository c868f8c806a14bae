"""Financings 融资 in every form, their registration at 中登, and the money that moves for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.consortium.cash import interest
from ledger.consortium.market.acts import claims
from ledger.consortium.market.stage import days_after

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from ledger.consortium.chain import Member, Sent
    from ledger.consortium.market.stage import Stage

__all__ = ["Financing", "Thing", "default", "disburse", "extend", "file", "open_", "query", "release", "repay"]

Thing = tuple[str, str]
"""What secures a financing: its kind (output, receivable, invoice, receipt, order, package, document) and id."""

YEARS = 3  # a registration's usual term


@dataclass(slots=True, kw_only=True)
class Financing:
    """A financing: what was lent from when to when."""

    financing: str
    applicant: Member
    financier: Member
    collateral: tuple[Thing, ...]
    amount: int
    rate: Decimal
    start: date
    maturity: date
    registration: str | None = None


def open_(
    stage: Stage,
    form: str,
    applicant: Member,
    financier: Member,
    collateral: Sequence[Thing],
    amount: int,
    rate: Decimal,
    maturity: date,
    /,
    **changes: Any,
) -> Financing:
    """The financier opens a financing against collateral."""
    made = Financing(
        financing=stage.named("FIN"),
        applicant=applicant,
        financier=financier,
        collateral=tuple(collateral),
        amount=amount,
        rate=rate,
        start=stage.day,
        maturity=maturity,
    )
    payload = {
        "financing": made.financing,
        "form": form,
        "applicant": applicant.member,
        "financier": financier.member,
        "collateral": [{"kind": kind, "id": name, "amount": None} for kind, name in collateral],
        "amount": amount,
        "rate": str(rate),
        "start": stage.today(),
        "maturity": maturity.isoformat(),
    }
    stage.write(financier, "financing.opened", **(payload | changes))
    return made


def disburse(stage: Stage, lent: Financing, payment: str | None = None, amount: int | None = None) -> Sent:
    """The financier pays out 放款."""
    return stage.write(
        lent.financier,
        "financing.disbursed",
        financing=lent.financing,
        payment=payment,
        amount=amount or lent.amount,
        at=stage.today(),
    )


def paid_out(stage: Stage, bank: Member, lent: Financing) -> str:
    """The money reaches the applicant, and the financing says so; returns the payment."""
    payment = claims.pay(stage, bank, lent.financier, lent.applicant, [("financing", lent.financing, lent.amount)], v=2)
    disburse(stage, lent, payment)
    return payment


def owed(lent: Financing, on: date) -> int:
    """Return the interest 利息 due on a day, ACT/365."""
    return interest(lent.amount, lent.rate, max((on - lent.start).days, 0))


def repay(
    stage: Stage, lent: Financing, payment: str | None = None, amount: int | None = None, earned: int | None = None
) -> Sent:
    """The financier gets its money back 还款."""
    return stage.write(
        lent.financier,
        "financing.repaid",
        financing=lent.financing,
        payment=payment,
        amount=amount or lent.amount,
        interest=owed(lent, stage.day) if earned is None else earned,
        at=stage.today(),
    )


def paid_back(stage: Stage, bank: Member, lent: Financing) -> str:
    """The applicant pays principal and interest, and the financing says so; returns the payment."""
    earned = owed(lent, stage.day)
    part = ("financing", lent.financing, lent.amount + earned)
    payment = claims.pay(stage, bank, lent.applicant, lent.financier, [part], v=2)
    repay(stage, lent, payment, earned=earned)
    return payment


def release(stage: Stage, lent: Financing, collateral: Sequence[Thing] | None = None) -> Sent:
    """The financier gives collateral free 解除."""
    things = None if collateral is None else [name for _, name in collateral]
    return stage.write(
        lent.financier, "financing.released", financing=lent.financing, at=stage.today(), collateral=things
    )


def extend(stage: Stage, lent: Financing, maturity: date) -> Sent:
    """The financing runs longer 展期."""
    lent.maturity = maturity
    return stage.write(
        lent.financier,
        "financing.extended",
        financing=lent.financing,
        maturity=maturity.isoformat(),
        at=stage.today(),
    )


def default(stage: Stage, lent: Financing) -> Sent:
    """The applicant does not pay 违约."""
    return stage.write(lent.financier, "financing.defaulted", financing=lent.financing, at=stage.today())


def query(stage: Stage, by: Member, subject: str, conflicts: Sequence[str] = ()) -> Sent:
    """Search the register 中登查询 for a debtor or a thing before relying on it."""
    return stage.write(
        by,
        "registration.queried",
        query=stage.named("QUERY"),
        certificate=f"CX{stage.day:%Y%m%d}{stage.serial('search'):08d}",
        subject=subject,
        by=by.member,
        at=stage.now(),
        conflicts=list(conflicts),
    )


def file(stage: Stage, kind: str, secured: Member, debtor: Member, collateral: Sequence[Thing], **changes: Any) -> str:
    """File a transfer, pledge or lien at the register 中登登记; returns its number."""
    payload: dict[str, Any] = {
        "registration": f"ZD{stage.day:%Y%m%d}{stage.serial('registration'):08d}",
        "type": kind,
        "secured_party": secured.member,
        "debtor": debtor.member,
        "description": f"{debtor.name}名下{len(collateral)}项担保财产",
        "collateral": [{"kind": each, "id": name} for each, name in collateral],
        "filed_at": stage.now(),
        "expires_at": days_after(stage.day, 365 * YEARS).isoformat(),
    }
    payload |= changes
    stage.write(secured, "registration.filed", **payload)
    return str(payload["registration"])


def change(stage: Stage, by: Member, act: str, registration: str, /, **stated: Any) -> Sent:
    """A registration is amended 变更, extended 展期, cancelled 注销 or disputed 异议."""
    return stage.write(by, f"registration.{act}", registration=registration, at=stage.today(), **stated)
