"""Trouble with records as such, with who sends them, and with members."""

from __future__ import annotations

from ledger.consortium import blocks
from ledger.consortium.market.acts import claims, trade
from ledger.consortium.market.trouble.teller import Teller, breach, trap
from ledger.contracts import record_call, record_log
from ledger.finding import Code

__all__: list[str] = []


@breach(Code.UNKNOWN_KIND)
def unknown_kind(t: Teller) -> None:
    """A platform writes a kind nobody knows."""
    t.stage.write(t.gateway, "memo.noted", memo="平台内部备注")
    t.expect(Code.UNKNOWN_KIND)


@trap(Code.UNKNOWN_KIND)
def rare_kind(t: Teller) -> None:
    """A kind that is rare, and known."""
    t.stage.write(t.cast["rating"], "credit.rated", subject=t.seller().member, agency="rating", rating="A",
                  model=None, at=t.stage.today())  # fmt: skip


@breach(Code.UNKNOWN_VERSION)
def unknown_version(t: Teller) -> None:
    """A platform runs ahead of everyone else's software."""
    t.stage.write(t.settlement, "payment.recorded", 9, payment=t.stage.named("PAY-X"))
    t.expect(Code.UNKNOWN_VERSION)


@trap(Code.UNKNOWN_VERSION)
def two_versions(t: Teller) -> None:
    """Two versions of a kind live side by side."""
    for version in (1, 2):
        owed = t.claim()
        part = ("receivable", owed.receivable, owed.amount)
        claims.pay(t.stage, t.settlement, owed.debtor, owed.creditor, [part], v=version)


@breach(Code.MALFORMED)
def malformed(t: Teller) -> None:
    """An amount is written as text."""
    t.bill(amount_excluding_tax="100000.00")
    t.expect(Code.MALFORMED)


@trap(Code.MALFORMED)
def unusual(t: Teller) -> None:
    """Text in every script is text."""
    t.stage.write(t.operator, "member.updated", member=t.stranger().member, name="新疆ئۇيغۇر物流 Ltd. №1")


@breach(Code.NOT_ECHOED)
def not_echoed(t: Teller) -> None:
    """The contract logs another amount than the signer signed."""
    owed = t.claim(confirmed=False)
    chain, crypto = t.stage.chain, t.stage.chain.suite
    sender, kind = chain.members[owed.debtor.member], "receivable.confirmed"
    signed, logged = (
        blocks.canonical_json({"v": 1, "receivable": owed.receivable, "by": sender.member, "method": method})
        for method in ("seal", "signature")
    )
    topics, data = record_log(crypto, sender.address, kind, logged)
    sent = chain.call(sender, chain.contract, record_call(crypto, kind, signed), logs=((chain.contract, topics, data),))
    t.stage.records += 1
    t.noted(sent)
    t.expect(Code.NOT_ECHOED)


@trap(Code.NOT_ECHOED)
def said_twice(t: Teller) -> None:
    """Two members say the same of two claims, each for itself."""
    for owed in (t.claim(confirmed=False), t.claim(confirmed=False)):
        claims.confirm(t.stage, owed, "seal")


@breach(Code.SENDER_UNKNOWN)
def stranger_writes(t: Teller) -> None:
    """A company writes that was never admitted."""
    nobody = t.stranger("core_enterprise", admitted=False)
    t.stage.write(nobody, "stock.reported", warehouse="warehouse-01", location="1", lot=t.stage.named("L"),
                  goods="钢材", quantity="1", unit="吨", at=t.stage.today())  # fmt: skip
    t.expect(Code.SENDER_UNKNOWN)


@trap(Code.SENDER_UNKNOWN)
def rotated_key(t: Teller) -> None:
    """A member writes with the key it has since its last one was retired."""
    member = t.stranger()
    renewed = t.stage.chain.rekey(member)
    t.stage.write(t.operator, "member.key_rotated", member=member.member, address=renewed.account, certificate=None)
    trade.document(t.stage, renewed, "waybill", [renewed])


@breach(Code.SENDER_SUSPENDED)
def suspended_writes(t: Teller) -> None:
    """A member goes on writing after it was suspended."""
    member = t.stranger()
    t.stage.write(t.operator, "member.suspended", member=member.member, reason="失联")
    trade.document(t.stage, member, "contract", [member])
    t.expect(Code.SENDER_SUSPENDED)


@trap(Code.SENDER_SUSPENDED)
def written_before(t: Teller) -> None:
    """What a member wrote before it was suspended stays good, and others may name it."""
    member = t.stranger()
    made = trade.document(t.stage, member, "contract", [member])
    t.stage.write(t.operator, "member.suspended", member=member.member, reason="失联")
    trade.document(t.stage, t.gateway, "waybill", [member], refers_to=[made])


@breach(Code.SENDER_ROLE)
def wrong_role(t: Teller) -> None:
    """A supplier verifies an invoice itself."""
    bill = t.bill()
    trade.verify(t.stage, bill.seller, bill)
    t.expect(Code.SENDER_ROLE)


@trap(Code.SENDER_ROLE)
def second_role(t: Teller) -> None:
    """A member with two roles uses the second."""
    both = t.stranger("supplier", "invoice_verifier")
    trade.verify(t.stage, both, t.bill())


@breach(Code.SENDER_NOT_PARTY)
def not_party(t: Teller) -> None:
    """A debtor's confirmation is written by another enterprise."""
    buyer, other = t.two(t.cast.cores)
    owed = t.claim(buyer=buyer, confirmed=False)
    t.stage.write(other, "receivable.confirmed", receivable=owed.receivable, by=buyer.member, method="seal")
    t.expect(Code.SENDER_NOT_PARTY)


@trap(Code.SENDER_NOT_PARTY)
def on_behalf(t: Teller) -> None:
    """The gateway registers for a supplier, as its role allows."""
    t.claim(confirmed=False)


@breach(Code.REFERENCE_MISSING)
def reference_missing(t: Teller) -> None:
    """An invoice names a contract that no record made."""
    t.bill(refers_to=["CONTRACT-NOWHERE"])
    t.expect(Code.REFERENCE_MISSING)


@trap(Code.REFERENCE_MISSING)
def reference_within(t: Teller) -> None:
    """What is named was registered just before, in the same block."""
    seller = t.seller()
    t.bill(seller, refers_to=[trade.document(t.stage, seller, "order", [seller])])


@breach(Code.IDENTIFIER_REUSED)
def identifier_reused(t: Teller) -> None:
    """A second contract takes the first one's number."""
    seller = t.seller()
    made = trade.document(t.stage, seller, "contract", [seller], amount=1_000_00)
    trade.document(t.stage, seller, "contract", [seller], amount=2_000_00, document=made)
    t.expect(Code.IDENTIFIER_REUSED)


@trap(Code.IDENTIFIER_REUSED)
def same_number(t: Teller) -> None:
    """Two documents of different kinds carry one printed number."""
    seller = t.seller()
    for kind in ("contract", "order"):
        trade.document(t.stage, seller, kind, [seller], number=f"HT{t.stage.day:%Y}-1")


@breach(Code.DATES_ORDER)
def dated_tomorrow(t: Teller) -> None:
    """An invoice is registered before it is issued."""
    t.bill(issued=t.day(5))
    t.expect(Code.DATES_ORDER)


@trap(Code.DATES_ORDER)
def dated_long_ago(t: Teller) -> None:
    """An invoice is registered long after it was issued."""
    t.bill(issued="2023-12-29")


@breach(Code.MEMBER_USCC)
def wrong_check_sign(t: Teller) -> None:
    """A credit code's check sign is wrong."""
    member = t.stranger(admitted=False)
    wrong = "0" if member.uscc[-1] != "0" else "1"
    t.admit(member, uscc=member.uscc[:-1] + wrong)
    t.expect(Code.MEMBER_USCC)


@trap(Code.MEMBER_USCC)
def other_region(t: Teller) -> None:
    """A credit code of any region whose check sign is right."""
    t.stranger()


@breach(Code.MEMBER_ADDRESS)
def address_taken(t: Teller) -> None:
    """A member comes in with another's account."""
    member = t.stranger(admitted=False)
    t.admit(member, address=t.seller().account)
    t.expect(Code.MEMBER_ADDRESS)


@trap(Code.MEMBER_ADDRESS)
def address_retired(t: Teller) -> None:
    """A member comes in with an account that its owner gave up."""
    first = t.stranger()
    renewed = t.stage.chain.rekey(first)
    t.stage.write(t.operator, "member.key_rotated", member=first.member, address=renewed.account, certificate=None)
    t.admit(t.stranger(admitted=False), address=first.account)


@breach(Code.MEMBER_STATUS)
def suspended_twice(t: Teller) -> None:
    """A member is suspended a second time."""
    member = t.stranger()
    for _ in range(2):
        t.stage.write(t.operator, "member.suspended", member=member.member, reason="失联")
    t.expect(Code.MEMBER_STATUS)


@trap(Code.MEMBER_STATUS)
def two_suspended(t: Teller) -> None:
    """Two members are suspended, each once."""
    for _ in range(2):
        t.stage.write(t.operator, "member.suspended", member=t.stranger().member, reason="失联")
