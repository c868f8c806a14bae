"""Trouble with certificates: issued, passed on, split, marked, redeemed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit
from ledger.consortium.market.trouble.teller import NET, Teller, breach, trap
from ledger.finding import Code

if TYPE_CHECKING:
    from ledger.consortium.chain import Member
    from ledger.consortium.market.things import Piece

__all__: list[str] = []

RATE = Decimal("0.0525")


@breach(Code.CERTIFICATE_UNCONFIRMED)
def unconfirmed(t: Teller) -> None:
    """A certificate stands on a claim nobody confirmed."""
    t.piece(confirmed=False)
    t.expect(Code.CERTIFICATE_UNCONFIRMED)


@trap(Code.CERTIFICATE_UNCONFIRMED)
def confirmed_just_before(t: Teller) -> None:
    """The claim is confirmed in the record before."""
    t.piece()


@breach(Code.CERTIFICATE_EXCEEDS_RECEIVABLE)
def issued_beyond(t: Teller) -> None:
    """A second certificate takes the claim beyond its amount."""
    piece = t.piece()
    claims.issue(t.stage, piece.claim, 100)
    t.expect(Code.CERTIFICATE_EXCEEDS_RECEIVABLE)


@trap(Code.CERTIFICATE_EXCEEDS_RECEIVABLE)
def issued_anew(t: Teller) -> None:
    """A certificate is given up and issued anew."""
    piece = t.piece()
    claims.cancel(t.stage, [piece], "换开")
    claims.issue(t.stage, piece.claim)


@breach(Code.CERTIFICATE_SETTLED)
def issued_on_paid(t: Teller) -> None:
    """A certificate is issued on a claim that was paid."""
    owed = t.claim()
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [("receivable", owed.receivable, owed.amount)])
    claims.issue(t.stage, owed)
    t.expect(Code.CERTIFICATE_SETTLED)


@trap(Code.CERTIFICATE_SETTLED)
def issued_on_the_rest(t: Teller) -> None:
    """A certificate is issued on what is left after a part payment."""
    owed = t.claim()
    half = owed.amount // 2
    claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [("receivable", owed.receivable, half)])
    claims.issue(t.stage, owed, owed.amount - half)


@breach(Code.CERTIFICATE_EXCEEDS_QUOTA)
def beyond_quota(t: Teller) -> None:
    """An issuer bound by a credit issues without occupying it."""
    issuer = t.stranger("core_enterprise")
    credit.grant(t.stage, t.bank(), issuer, NET * 10, "certificates")
    t.piece(buyer=issuer)
    t.expect(Code.CERTIFICATE_EXCEEDS_QUOTA)


@trap(Code.CERTIFICATE_EXCEEDS_QUOTA)
def within_quota(t: Teller) -> None:
    """The same issuer, the quota occupied first."""
    issuer = t.stranger("core_enterprise")
    held = credit.grant(t.stage, t.bank(), issuer, NET * 10, "certificates")
    owed = t.claim(buyer=issuer)
    name = t.stage.named("CERT")
    credit.occupy(t.stage, held, owed.amount, "certificate", name)
    claims.issue(t.stage, owed, name=name)


@breach(Code.CERTIFICATE_TENOR)
def too_long(t: Teller) -> None:
    """A certificate runs for more than a year."""
    owed = t.owed(t.bill(), days=400)
    claims.confirm(t.stage, owed)
    claims.issue(t.stage, owed)
    t.expect(Code.CERTIFICATE_TENOR)


@trap(Code.CERTIFICATE_TENOR)
def nearly_a_year(t: Teller) -> None:
    """A certificate runs for nearly a year."""
    owed = t.owed(t.bill(), days=360)
    claims.confirm(t.stage, owed)
    claims.issue(t.stage, owed)


@breach(Code.CERTIFICATE_STATUS)
def thawed_without_frost(t: Teller) -> None:
    """A piece is unfrozen that was not frozen."""
    claims.unfreeze(t.stage, t.settlement, [t.piece()])
    t.expect(Code.CERTIFICATE_STATUS)


@trap(Code.CERTIFICATE_STATUS)
def frozen_again(t: Teller) -> None:
    """A piece is frozen, unfrozen, and frozen again."""
    piece = t.piece()
    claims.freeze(t.stage, t.settlement, [piece], "司法协助冻结")
    claims.unfreeze(t.stage, t.settlement, [piece])
    claims.freeze(t.stage, t.settlement, [piece], "司法协助冻结")


@breach(Code.OUTPUT_VALUE)
def out_of_nothing(t: Teller) -> None:
    """The pieces of a split are worth more than what was split."""
    piece = t.piece()
    claims.split(t.stage, piece, [piece.amount, 100])
    t.expect(Code.OUTPUT_VALUE)


@trap(Code.OUTPUT_VALUE)
def uneven(t: Teller) -> None:
    """Uneven pieces that add up."""
    piece = t.piece()
    claims.split(t.stage, piece, [1, piece.amount - 1])


@breach(Code.OUTPUT_DOUBLE_SPEND)
def spent_twice(t: Teller) -> None:
    """One piece is proposed to two suppliers."""
    piece, (first, second) = t.piece(), t.two(t.cast.suppliers[1])
    claims.propose(t.stage, piece, first)
    claims.propose(t.stage, piece, second)
    t.expect(Code.OUTPUT_DOUBLE_SPEND)


@trap(Code.OUTPUT_DOUBLE_SPEND)
def refused_and_proposed(t: Teller) -> None:
    """The first supplier refuses, and what came back goes to the second."""
    piece, (first, second) = t.piece(), t.two(t.cast.suppliers[1])
    waiting, _ = claims.propose(t.stage, piece, first)
    claims.propose(t.stage, claims.refuse(t.stage, waiting, "金额不符"), second)


def _redeemed(t: Teller, piece: Piece, payer: Member | None = None) -> None:
    part = ("output", piece.output, piece.amount)
    payment = claims.pay(t.stage, t.settlement, payer or piece.claim.debtor, piece.owner, [part])
    claims.redeem(t.stage, t.settlement, [piece], payment)


@breach(Code.OUTPUT_REDEEMED)
def split_after_redemption(t: Teller) -> None:
    """A redeemed piece is split."""
    piece = t.piece()
    _redeemed(t, piece)
    claims.split(t.stage, piece, [1, piece.amount - 1])
    t.expect(Code.OUTPUT_REDEEMED)


@trap(Code.OUTPUT_REDEEMED)
def other_half(t: Teller) -> None:
    """One half is redeemed, the other moves on."""
    piece = t.piece()
    first, second = claims.split(t.stage, piece, [1_00, piece.amount - 1_00])
    _redeemed(t, first)
    claims.propose(t.stage, second, t.cast.suppliers[1][0])


@breach(Code.OUTPUT_NOT_OWNER)
def anothers(t: Teller) -> None:
    """Somebody splits what it does not own."""
    piece = t.piece()
    t.stage.write(
        t.stranger(),
        "certificate.split",
        inputs=[piece.output],
        outputs=[{"owners": [piece.owner.member], "amount": piece.amount, "due": piece.due.isoformat()}],
    )
    t.expect(Code.OUTPUT_NOT_OWNER)


@trap(Code.OUTPUT_NOT_OWNER)
def signed_in(t: Teller) -> None:
    """The second of a middle account's owners signs in."""
    waiting, _ = claims.propose(t.stage, t.piece(), t.cast.suppliers[1][0])
    claims.split(t.stage, claims.sign_in(t.stage, waiting), [1_00, waiting.amount - 1_00])


@breach(Code.OUTPUT_RECIPIENT)
def split_to_another(t: Teller) -> None:
    """A split gives a piece to somebody else."""
    piece = t.piece()
    made = ((1_00, piece.owner), (piece.amount - 1_00, t.stranger()))
    t.stage.write(
        piece.owner,
        "certificate.split",
        inputs=[piece.output],
        outputs=[{"owners": [to.member], "amount": amount, "due": piece.due.isoformat()} for amount, to in made],
    )
    t.expect(Code.OUTPUT_RECIPIENT)


@trap(Code.OUTPUT_RECIPIENT)
def change_kept(t: Teller) -> None:
    """A transfer whose change stays the owner's."""
    piece = t.piece()
    claims.propose(t.stage, piece, t.cast.suppliers[1][0], piece.amount // 3)


def _joined(t: Teller, amounts: int) -> None:
    """Two certificates of one creditor go into one record that makes so many pieces."""
    seller, buyer = t.seller(), t.core()
    first, second = t.piece(seller=seller, buyer=buyer), t.piece(seller=seller, buyer=buyer)
    due = first.due.isoformat()
    total = first.amount + second.amount
    made = [total] if amounts == 1 else [first.amount, second.amount]
    t.stage.write(
        seller,
        "certificate.split",
        inputs=[first.output, second.output],
        outputs=[{"owners": [seller.member], "amount": each, "due": due} for each in made],
    )


@breach(Code.OUTPUT_ROOTS)
def mixed(t: Teller) -> None:
    """One piece is made of two claims."""
    _joined(t, 1)
    t.expect(Code.OUTPUT_ROOTS)


@trap(Code.OUTPUT_ROOTS)
def side_by_side(t: Teller) -> None:
    """Two claims pass through one record, each into its own piece."""
    _joined(t, 2)


@breach(Code.OUTPUT_DUE)
def put_off(t: Teller) -> None:
    """A split puts the due date off."""
    piece = t.piece()
    t.stage.write(
        piece.owner,
        "certificate.split",
        inputs=[piece.output],
        outputs=[{"owners": [piece.owner.member], "amount": piece.amount, "due": t.day(200)}],
    )
    t.expect(Code.OUTPUT_DUE)


@trap(Code.OUTPUT_DUE)
def brought_forward(t: Teller) -> None:
    """A split brings the due date forward."""
    piece = t.piece()
    t.stage.write(
        piece.owner,
        "certificate.split",
        inputs=[piece.output],
        outputs=[{"owners": [piece.owner.member], "amount": piece.amount, "due": t.day(30)}],
    )


@breach(Code.OUTPUT_FROZEN)
def frozen(t: Teller) -> None:
    """A frozen piece moves."""
    piece = t.piece()
    claims.freeze(t.stage, t.settlement, [piece], "司法协助冻结")
    claims.propose(t.stage, piece, t.cast.suppliers[1][0])
    t.expect(Code.OUTPUT_FROZEN)


@trap(Code.OUTPUT_FROZEN)
def thawed(t: Teller) -> None:
    """It moves once it is unfrozen."""
    piece = t.piece()
    claims.freeze(t.stage, t.settlement, [piece], "司法协助冻结")
    claims.unfreeze(t.stage, t.settlement, [piece])
    claims.propose(t.stage, piece, t.cast.suppliers[1][0])


@breach(Code.REDEMPTION_UNPAID)
def redeemed_short(t: Teller) -> None:
    """The payment is smaller than what it redeems."""
    piece = t.piece()
    part = ("output", piece.output, piece.amount - 1)
    payment = claims.pay(t.stage, t.settlement, piece.claim.debtor, piece.owner, [part])
    claims.redeem(t.stage, t.settlement, [piece], payment)
    t.expect(Code.REDEMPTION_UNPAID)


@trap(Code.REDEMPTION_UNPAID)
def one_payment_for_two(t: Teller) -> None:
    """One payment redeems two pieces, record by record."""
    piece = t.piece()
    halves = claims.split(t.stage, piece, [1_00, piece.amount - 1_00])
    parts = [("output", each.output, each.amount) for each in halves]
    payment = claims.pay(t.stage, t.settlement, piece.claim.debtor, piece.owner, parts)
    for each in halves:
        claims.redeem(t.stage, t.settlement, [each], payment)


@breach(Code.REDEMPTION_PAYER)
def redeemed_by_another(t: Teller) -> None:
    """The money that redeems a piece comes from neither issuer nor debtor."""
    piece = t.piece()
    part = ("output", piece.output, piece.amount)
    payment = claims.pay(t.stage, t.settlement, t.stranger(), piece.owner, [part])
    t.expect(Code.PAYMENT_PARTIES)
    claims.redeem(t.stage, t.settlement, [piece], payment)
    t.expect(Code.REDEMPTION_PAYER)


@trap(Code.REDEMPTION_PAYER)
def redeemed_by_issuer(t: Teller) -> None:
    """The settlement account pays what an issuer paid in; another issuer pays, and redeems itself."""
    _redeemed(t, t.piece(), t.settlement)
    piece = t.piece()
    part = ("output", piece.output, piece.amount)
    payment = claims.pay(t.stage, t.settlement, piece.claim.debtor, piece.owner, [part])
    claims.redeem(t.stage, piece.claim.debtor, [piece], payment)


@breach(Code.REDEMPTION_UNSETTLED)
def redeemed_with_other_money(t: Teller) -> None:
    """The payment settles another claim than the one redeemed."""
    seller, buyer = t.seller(), t.core()
    piece, other = t.piece(seller=seller, buyer=buyer), t.claim(seller=seller, buyer=buyer)
    payment = claims.pay(t.stage, t.settlement, buyer, seller, [("receivable", other.receivable, other.amount)])
    claims.redeem(t.stage, t.settlement, [piece], payment)
    t.expect(Code.REDEMPTION_UNSETTLED)


@trap(Code.REDEMPTION_UNSETTLED)
def redeemed_by_root(t: Teller) -> None:
    """The payment settles the claim beneath the piece."""
    piece = t.piece()
    owed = piece.claim
    payment = claims.pay(
        t.stage, t.settlement, owed.debtor, owed.creditor, [("receivable", owed.receivable, owed.amount)]
    )
    claims.redeem(t.stage, t.settlement, [piece], payment)
