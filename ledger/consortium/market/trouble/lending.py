"""Trouble with credit and its quota, with financings, and with their registration."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit, financing
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.trouble.teller import NET, Teller, breach, trap
from ledger.finding import Code

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.things import Claim

__all__: list[str] = []

RATE = Decimal("0.0435")
LIMIT = 10_000_000_00  # fen


def granted(t: Teller) -> credit.Credit:
    """Grant a supplier a credit."""
    return credit.grant(t.stage, t.bank(), t.stranger(), LIMIT, "financing")


@breach(Code.CREDIT_STATUS)
def occupied_frozen(t: Teller) -> None:
    """A frozen credit is occupied."""
    held = granted(t)
    credit.freeze(t.stage, held, "风险预警")
    credit.occupy(t.stage, held, NET, "financing", t.stage.named("USE"))
    t.expect(Code.CREDIT_STATUS)


@trap(Code.CREDIT_STATUS)
def released_frozen(t: Teller) -> None:
    """Quota is given back to a frozen credit, which is restored."""
    held, name = granted(t), t.stage.named("USE")
    credit.occupy(t.stage, held, NET, "financing", name)
    credit.freeze(t.stage, held, "风险预警")
    credit.release(t.stage, held, name)
    credit.restore(t.stage, held)


@breach(Code.CREDIT_EXCEEDS_LIMIT)
def grown(t: Teller) -> None:
    """Quota grows beyond the limit: which breaks the balance of the record, too."""
    held = granted(t)
    free = {"state": "free", "amount": LIMIT, "purpose": None}
    used = {"state": "occupied", "amount": NET, "purpose": {"kind": "financing", "id": t.stage.named("USE")}}
    credit.move(t.stage, "occupied", held, held.free, [used, free])
    t.expect(Code.CREDIT_EXCEEDS_LIMIT, Code.QUOTA_VALUE)


@trap(Code.CREDIT_EXCEEDS_LIMIT)
def used_whole(t: Teller) -> None:
    """The whole limit is occupied."""
    held = granted(t)
    credit.occupy(t.stage, held, LIMIT, "financing", t.stage.named("USE"))


@breach(Code.QUOTA_VALUE)
def lost(t: Teller) -> None:
    """What an occupation leaves free is less than what was."""
    held = granted(t)
    free = {"state": "free", "amount": LIMIT - NET - 1, "purpose": None}
    used = {"state": "occupied", "amount": NET, "purpose": {"kind": "financing", "id": t.stage.named("USE")}}
    credit.move(t.stage, "occupied", held, held.free, [used, free])
    t.expect(Code.QUOTA_VALUE)


@trap(Code.QUOTA_VALUE)
def conserved(t: Teller) -> None:
    """Two occupations, two releases, every fen accounted for."""
    held = granted(t)
    names = [t.stage.named("USE") for _ in range(2)]
    for name in names:
        credit.occupy(t.stage, held, NET, "financing", name)
    for name in names:
        credit.release(t.stage, held, name)


@breach(Code.QUOTA_DOUBLE_SPEND)
def used_twice(t: Teller) -> None:
    """One piece of free quota is occupied twice."""
    held = granted(t)
    whole = held.free[:]
    for _ in range(2):
        used = {"state": "occupied", "amount": LIMIT, "purpose": {"kind": "financing", "id": t.stage.named("USE")}}
        credit.move(t.stage, "occupied", held, whole, [used])
    t.expect(Code.QUOTA_DOUBLE_SPEND, Code.CREDIT_EXCEEDS_LIMIT)


@trap(Code.QUOTA_DOUBLE_SPEND)
def used_again(t: Teller) -> None:
    """Quota is occupied again after it was given back."""
    held = granted(t)
    for _ in range(2):
        name = t.stage.named("USE")
        credit.occupy(t.stage, held, LIMIT, "financing", name)
        credit.release(t.stage, held, name)


@breach(Code.QUOTA_NOT_FREE)
def taken(t: Teller) -> None:
    """Quota that something occupies is occupied for something else."""
    held, name = granted(t), t.stage.named("USE")
    credit.occupy(t.stage, held, LIMIT, "financing", name)
    used = {"state": "occupied", "amount": LIMIT, "purpose": {"kind": "financing", "id": t.stage.named("USE")}}
    credit.move(t.stage, "occupied", held, [held.occupied[name]], [used])
    t.expect(Code.QUOTA_NOT_FREE)


@trap(Code.QUOTA_NOT_FREE)
def taken_in_turn(t: Teller) -> None:
    """Two things occupy two parts."""
    held = granted(t)
    for _ in range(2):
        credit.occupy(t.stage, held, LIMIT // 2, "financing", t.stage.named("USE"))


@breach(Code.QUOTA_NOT_OCCUPIED)
def freed_free(t: Teller) -> None:
    """Free quota is released."""
    held = granted(t)
    credit.move(t.stage, "released", held, held.free, [{"state": "free", "amount": LIMIT, "purpose": None}])
    t.expect(Code.QUOTA_NOT_OCCUPIED)


@trap(Code.QUOTA_NOT_OCCUPIED)
def freed_in_part(t: Teller) -> None:
    """A part of what was occupied is released, the rest stays so."""
    held, name = granted(t), t.stage.named("USE")
    credit.occupy(t.stage, held, NET, "financing", name)
    parts = [
        {"state": "free", "amount": NET // 2, "purpose": None},
        {"state": "occupied", "amount": NET - NET // 2, "purpose": {"kind": "financing", "id": name}},
    ]
    credit.move(t.stage, "released", held, [held.occupied[name]], parts)


@breach(Code.QUOTA_FOREIGN)
def anothers_quota(t: Teller) -> None:
    """A credit is occupied with another one's quota."""
    bank, subject = t.bank(), t.stranger()
    first, second = (credit.grant(t.stage, bank, subject, LIMIT, "financing") for _ in range(2))
    used = {"state": "occupied", "amount": LIMIT, "purpose": {"kind": "financing", "id": t.stage.named("USE")}}
    credit.move(t.stage, "occupied", first, second.free, [used])
    t.expect(Code.QUOTA_FOREIGN, Code.CREDIT_EXCEEDS_LIMIT)


@trap(Code.QUOTA_FOREIGN)
def two_credits(t: Teller) -> None:
    """Two credits of one subject, each with its own quota."""
    bank, subject = t.bank(), t.stranger()
    for _ in range(2):
        held = credit.grant(t.stage, bank, subject, LIMIT, "financing")
        credit.occupy(t.stage, held, NET, "financing", t.stage.named("USE"))


def lent(t: Teller, owed: Claim | None = None, by: Member | None = None, **changes: object) -> financing.Financing:
    """Open a financing on a claim."""
    owed = owed or t.claim()
    applicant = by or owed.creditor
    return financing.open_(
        t.stage,
        "loan_on_receivables",
        applicant,
        t.bank(),
        [("receivable", owed.receivable)],
        owed.amount * 8 // 10,
        RATE,
        owed.due,
        **changes,
    )


@breach(Code.FINANCING_STATUS)
def extended_after(t: Teller) -> None:
    """A financing is extended after it was repaid."""
    made = lent(t)
    financing.disburse(t.stage, made)
    financing.repay(t.stage, made)
    financing.extend(t.stage, made, days_after(made.maturity, 30))
    t.expect(Code.FINANCING_STATUS)


@trap(Code.FINANCING_STATUS)
def drawn_in_parts(t: Teller) -> None:
    """A financing is drawn and repaid in parts, extended in between."""
    made = lent(t)
    half = made.amount // 2
    financing.disburse(t.stage, made, amount=half)
    financing.extend(t.stage, made, days_after(made.maturity, 30))
    financing.disburse(t.stage, made, amount=made.amount - half)
    financing.repay(t.stage, made, amount=half)
    financing.repay(t.stage, made, amount=made.amount - half)
    financing.release(t.stage, made)


@breach(Code.FINANCING_NOT_OWNER)
def anothers_claim(t: Teller) -> None:
    """A company puts up another's claim."""
    lent(t, by=t.stranger())
    t.expect(Code.FINANCING_NOT_OWNER)


@trap(Code.FINANCING_NOT_OWNER)
def who_owes(t: Teller) -> None:
    """In payables finance the debtor itself applies."""
    owed = t.claim()
    thing = ("receivable", owed.receivable)
    financing.open_(t.stage, "payables_finance", owed.debtor, t.bank(), [thing], owed.amount, RATE, owed.due)


def _on_piece(t: Teller, *, frozen: bool) -> None:
    piece = t.piece()
    claims.freeze(t.stage, t.settlement, [piece], "司法协助冻结")
    if not frozen:
        claims.unfreeze(t.stage, t.settlement, [piece])
    things = [("output", piece.output)]
    financing.open_(t.stage, "bill_pool", piece.owner, t.bank(), things, piece.amount // 2, RATE, piece.due)


@breach(Code.FINANCING_FROZEN)
def frozen_collateral(t: Teller) -> None:
    """A frozen piece is put up."""
    _on_piece(t, frozen=True)
    t.expect(Code.FINANCING_FROZEN)


@trap(Code.FINANCING_FROZEN)
def thawed_collateral(t: Teller) -> None:
    """The same, unfrozen before."""
    _on_piece(t, frozen=False)


def _for_amount(t: Teller, more: int) -> None:
    owed = t.claim()
    lent(t, owed, collateral=[{"kind": "receivable", "id": owed.receivable, "amount": owed.amount + more}])


@breach(Code.FINANCING_EXCEEDS_COLLATERAL)
def more_than_worth(t: Teller) -> None:
    """More of a claim is put up than it is worth."""
    _for_amount(t, 1)
    t.expect(Code.FINANCING_EXCEEDS_COLLATERAL)


@trap(Code.FINANCING_EXCEEDS_COLLATERAL)
def all_of_it(t: Teller) -> None:
    """All of a claim is put up."""
    _for_amount(t, 0)


@breach(Code.FINANCING_OVER_DISBURSED)
def paid_out_too_much(t: Teller) -> None:
    """More is paid out than was agreed."""
    made = lent(t)
    financing.disburse(t.stage, made, amount=made.amount + 1)
    t.expect(Code.FINANCING_OVER_DISBURSED)


@trap(Code.FINANCING_OVER_DISBURSED)
def paid_out_in_two(t: Teller) -> None:
    """What was agreed is paid out in two parts."""
    made = lent(t)
    for amount in (1_00, made.amount - 1_00):
        financing.disburse(t.stage, made, amount=amount)


@breach(Code.FINANCING_OVER_REPAID)
def repaid_too_much(t: Teller) -> None:
    """More principal comes back than was paid out."""
    made = lent(t)
    financing.disburse(t.stage, made)
    financing.repay(t.stage, made, amount=made.amount + 1)
    t.expect(Code.FINANCING_OVER_REPAID)


@trap(Code.FINANCING_OVER_REPAID)
def repaid_with_interest(t: Teller) -> None:
    """Principal comes back with much interest."""
    made = lent(t)
    financing.disburse(t.stage, made)
    financing.repay(t.stage, made, earned=made.amount // 4)


@breach(Code.FINANCING_NOT_HELD)
def released_twice(t: Teller) -> None:
    """Collateral is released that the financing does not hold."""
    made = lent(t)
    financing.release(t.stage, made, [("receivable", t.claim().receivable)])
    t.expect(Code.FINANCING_NOT_HELD)


@trap(Code.FINANCING_NOT_HELD)
def released_by_name(t: Teller) -> None:
    """Collateral is released by its name, then the rest as a whole."""
    made = lent(t)
    financing.release(t.stage, made, made.collateral)
    financing.release(t.stage, made)


def _filed(t: Teller, **changes: object) -> tuple[str, Member, Claim]:
    owed, bank = t.claim(), t.bank()
    thing = ("receivable", owed.receivable)
    return financing.file(t.stage, "pledge", bank, owed.creditor, [thing], **changes), bank, owed


@breach(Code.REGISTRATION_STATUS)
def amended_after(t: Teller) -> None:
    """A cancelled registration is amended."""
    name, bank, _ = _filed(t)
    financing.change(t.stage, bank, "cancelled", name, reason="主债权消灭")
    financing.change(t.stage, bank, "amended", name, description="更正", collateral=None)
    t.expect(Code.REGISTRATION_STATUS)


@trap(Code.REGISTRATION_STATUS)
def amended_before(t: Teller) -> None:
    """Amended, extended, then cancelled."""
    name, bank, _ = _filed(t)
    financing.change(t.stage, bank, "amended", name, description="更正", collateral=None)
    financing.change(t.stage, bank, "extended", name, expires_at=t.day(1500))
    financing.change(t.stage, bank, "cancelled", name, reason="主债权消灭")


def _extended(t: Teller, days: int) -> Process:
    name, bank, _ = _filed(t, expires_at=t.day(20))
    yield t.later(days)
    financing.change(t.stage, bank, "extended", name, expires_at=t.day(400))


@breach(Code.REGISTRATION_EXPIRED)
def extended_late(t: Teller) -> Process:
    """A registration is extended after it expired."""
    yield from _extended(t, 30)
    t.expect(Code.REGISTRATION_EXPIRED)


@trap(Code.REGISTRATION_EXPIRED)
def extended_in_time(t: Teller) -> Process:
    """A registration is extended before it expires."""
    yield from _extended(t, 10)


@breach(Code.REGISTRATION_NOT_PARTY)
def cancelled_by_another(t: Teller) -> None:
    """A registration is cancelled by another bank."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    name = financing.file(t.stage, "pledge", first, owed.creditor, [("receivable", owed.receivable)])
    financing.change(t.stage, second, "cancelled", name, reason="主债权消灭")
    t.expect(Code.REGISTRATION_NOT_PARTY)


@trap(Code.REGISTRATION_NOT_PARTY)
def cancelled_by_registry(t: Teller) -> None:
    """The register cancels for the secured party."""
    name, _, _ = _filed(t)
    financing.change(t.stage, t.cast["registry"], "cancelled", name, reason="生效裁判文书")


@breach(Code.REGISTRATION_QUERY)
def left_out(t: Teller) -> None:
    """A search leaves out a registration that stands in the way."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    financing.file(t.stage, "pledge", first, owed.creditor, [("receivable", owed.receivable)])
    financing.query(t.stage, second, owed.receivable)
    t.expect(Code.REGISTRATION_QUERY)


@trap(Code.REGISTRATION_QUERY)
def found(t: Teller) -> None:
    """A search names it; after it was cancelled, none."""
    first, second = t.two(t.cast.banks)
    owed = t.claim()
    name = financing.file(t.stage, "pledge", first, owed.creditor, [("receivable", owed.receivable)])
    financing.query(t.stage, second, owed.receivable, [name])
    financing.change(t.stage, first, "cancelled", name, reason="主债权消灭")
    t.label.subject = f"registration {name}"
