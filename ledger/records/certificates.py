"""Digital debt certificates (数字债权凭证): issued on a confirmed receivable, passed on, split, financed, redeemed."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Literal

from ledger.facts import (
    Certificate,
    Credit,
    Member,
    Output,
    Payment,
    PaymentUse,
    PoolAsset,
    Quota,
    Receivable,
    Settlement,
)
from ledger.finding import Code
from ledger.records.base import Amount, Id, Lookup, Need, Payload, Rate, Reference, Role, Text, record_kind
from ledger.records.payments import clears
from ledger.records.spending import (
    Inputs,
    Making,
    Moving,
    Outputs,
    begin_output,
    inputs_named,
    make,
    owned_by,
    proposer,
    receiver,
    spend,
)

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "CertificateCancelled",
    "CertificateFinanced",
    "CertificateIssued",
    "CertificateRedeemed",
    "CertificateRefused",
    "CertificateSignedIn",
    "CertificateSplit",
    "CertificateTransferProposed",
    "CertificateWithdrawn",
    "year_after",
]


def year_after(day: date) -> date:
    """Return the same day of the next year, the last of the month where there is none (民法典 202 条)."""
    return day.replace(year=day.year + 1, day=min(day.day, monthrange(day.year + 1, day.month)[1]))


@record_kind("certificate.issued", by=[Role.CORE_ENTERPRISE])
class CertificateIssued(Making):
    """The debtor issues a certificate (开立) on a receivable it confirmed."""

    certificate: Id
    receivable: Id
    issuer: Id

    def references(self) -> list[Reference]:
        return [
            Reference(Certificate, self.certificate, Need.NEW),
            Reference(Receivable, self.receivable, Need.ESSENTIAL),
            Reference(Member, self.issuer),
        ]

    def lookups(self) -> list[Lookup]:
        return [
            Lookup(Credit, "subject", (self.issuer,)),
            Lookup(Quota, "purpose", (self.certificate,)),
            Lookup(PoolAsset, "asset", (self.receivable,)),
        ]

    def project(self, facts: Projection) -> None:
        receivable = facts.current(Receivable, self.receivable)
        if receivable is None:
            return
        facts.by_party(self.issuer, act=f"issues for {self.issuer}")
        if self.issuer != receivable.debtor:
            facts.finding(
                Code.RECEIVABLE_PARTIES,
                f"{self.issuer} issues on a debt of {receivable.debtor}",
                subject=f"receivable {self.receivable}",
                others=[receivable.from_position],
            )
        amount = sum(each.amount for each in self.outputs)
        certified = facts.total(receivable.certified, amount, f"receivable {self.receivable}")
        self._check_amount(receivable, amount, certified, facts)
        self._check_quota(amount, facts)
        self._check_pools(facts)
        facts.add(Certificate(id=self.certificate, receivable=self.receivable, issuer=self.issuer, amount=amount))
        lawful = {(receivable.creditor,), (self.issuer, receivable.creditor)}
        for index, made in enumerate(self.outputs):
            if made.owners not in lawful:
                facts.finding(
                    Code.OUTPUT_RECIPIENT,
                    f"A certificate goes to the creditor {receivable.creditor}, not to {' and '.join(made.owners)}",
                    subject=f"receivable {self.receivable}",
                    others=[receivable.from_position],
                    amount=made.amount,
                )
            facts.dated("a certificate falls due after it is issued", facts.record.business_day, made.due)
            if made.due > year_after(facts.record.business_day):
                facts.finding(
                    Code.CERTIFICATE_TENOR,
                    "The certificate falls due more than a year after it was issued",
                    subject=f"receivable {self.receivable}",
                    issued=str(facts.record.business_day),
                    due=str(made.due),
                )
            begin_output(
                facts,
                index,
                made,
                root=self.receivable,
                certificate=self.certificate,
                issuer=self.issuer,
                parents=[],
            )
        facts.begin(receivable.changed(certified=certified))

    def _check_amount(self, receivable: Receivable, amount: int, certified: int, facts: Projection) -> None:
        if receivable.confirmed_by is None:
            facts.finding(
                Code.CERTIFICATE_UNCONFIRMED,
                "The certificate stands on a receivable its debtor has not confirmed",
                subject=f"receivable {self.receivable}",
                others=[receivable.from_position],
            )
        if receivable.settled_on is not None:
            facts.finding(
                Code.CERTIFICATE_SETTLED,
                "The certificate stands on a receivable that was settled before",
                subject=f"receivable {self.receivable}",
                others=[receivable.from_position],
                settled=str(receivable.settled_on),
            )
        owed = receivable.amount + receivable.adjusted
        # What was paid before this certificate can be the payment of others, never of this one.
        if certified > owed or (receivable.settled_on is None and amount > owed - receivable.paid):
            facts.finding(
                Code.CERTIFICATE_EXCEEDS_RECEIVABLE,
                "The certificates issued on the receivable are worth more than it, or this one than is still owed",
                subject=f"receivable {self.receivable}",
                others=[receivable.from_position],
                certified=certified,
                receivable=owed,
                paid=receivable.paid,
            )

    def _check_quota(self, amount: int, facts: Projection) -> None:
        """Report an issue beyond the quota occupied for it, of an issuer whom a credit binds (在授信额度内开立)."""
        credits_ = [each for each in facts.live(Credit, "subject", [self.issuer]) if each.grantor != self.issuer]
        granted = [each for each in credits_ if each.basis == "certificates"]  # what it grants itself binds nobody
        if not granted:
            return
        names = {each.id for each in granted}
        quota = sum(
            each.amount
            for each in facts.live(Quota, "purpose", [self.certificate])
            if each.credit in names and each.state == "occupied" and each.purpose_kind == "certificate"
        )
        if amount > quota:
            facts.finding(
                Code.CERTIFICATE_EXCEEDS_QUOTA,
                f"The certificate is worth more than the quota of {self.issuer} that is occupied for it",
                subject=f"certificate {self.certificate}",
                others=[each.from_position for each in granted],
                amount=amount,
                quota=quota,
            )

    def _check_pools(self, facts: Projection) -> None:
        for held in facts.live(PoolAsset, "asset", [self.receivable]):
            if not held.outputs:
                facts.finding(
                    Code.OUTPUT_POOLED,
                    f"The whole receivable is in the pool of {held.plan}, and a certificate is issued on it",
                    subject=f"receivable {self.receivable}",
                    others=[held.from_position],
                )


def _sender(facts: Projection) -> str | None:
    return None if facts.sender is None else facts.sender.id


@record_kind("certificate.transfer_proposed")
class CertificateTransferProposed(Moving, Making):
    """The owner moves value to the middle account (中间户) of itself and the receiver; change stays its own."""

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), *_members(self.outputs)]

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, _sender(facts))
        owner = spent[0].owner
        make(facts, spent, self.outputs, may_own=lambda owners: owners[0] == owner)


@record_kind("certificate.signed_in")
class CertificateSignedIn(Moving, Making):
    """The receiver signs in (签收) what waits on the middle account."""

    by: Id

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), *_members(self.outputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"signs in for {self.by}")
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, self.by, receiver)
        make(facts, spent, self.outputs, may_own=lambda owners: owners == (self.by,))


@record_kind("certificate.refused")
class CertificateRefused(Moving, Making):
    """The receiver gives back (拒签) what waits on the middle account."""

    by: Id
    reason: Text

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), *_members(self.outputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"refuses for {self.by}")
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, self.by, receiver)
        proposers = {(each.owner,) for each in spent}
        make(facts, spent, self.outputs, may_own=lambda owners: owners in proposers)


@record_kind("certificate.withdrawn")
class CertificateWithdrawn(Moving, Making):
    """The proposer takes back (撤回) what waits on the middle account."""

    by: Id

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), *_members(self.outputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"withdraws for {self.by}")
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, self.by, proposer)
        make(facts, spent, self.outputs, may_own=lambda owners: owners == (self.by,))


@record_kind("certificate.split")
class CertificateSplit(Moving, Making):
    """The owner splits (拆分) what it owns; the pieces stay its own."""

    def references(self) -> list[Reference]:
        return inputs_named(self.inputs)

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, _sender(facts))
        owners = spent[0].owners
        make(facts, spent, self.outputs, may_own=lambda given: given == owners)


@record_kind("certificate.financed")
class CertificateFinanced(Moving, Making):
    """The owner gives outputs to a financier for a price (融资); change stays its own."""

    financier: Id
    form: Literal["factoring", "discount", "forfaiting", "payables_finance", "loan"]
    price: Amount
    rate: Rate

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), Reference(Member, self.financier)]

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, _sender(facts))
        lawful = {(self.financier,), (spent[0].owner,)}
        make(
            facts,
            spent,
            self.outputs,
            may_own=lambda owners: owners in lawful,
            financing={"financier": self.financier, "form": self.form, "price": self.price, "rate": self.rate},
        )


@record_kind("certificate.redeemed", by=[Role.CORE_ENTERPRISE, Role.SETTLEMENT, Role.ASSET_GATEWAY])
class CertificateRedeemed(Payload):
    """The issuer's payment redeems outputs (兑付); they cannot move again."""

    inputs: Inputs
    payment: Id

    def references(self) -> list[Reference]:
        return [
            *inputs_named(self.inputs),
            Reference(Payment, self.payment),
            Reference(PaymentUse, self.payment, Need.READ),
        ]

    def lookups_after(self, facts: Projection) -> list[Lookup]:
        outputs = (facts.last(Output, name) for name in self.inputs)
        return [Lookup(Settlement, "receivable", tuple({output.root for output in outputs if output is not None}))]

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        if facts.sender is not None and not {Role.SETTLEMENT, Role.ASSET_GATEWAY}.intersection(facts.sender.roles):
            for issuer in dict.fromkeys(output.issuer for output in spent):
                facts.by_party(issuer, act=f"redeems a certificate of {issuer}")
        payment = facts.current(Payment, self.payment)
        live = [output for output in spent if output.to_position is None]  # what was spent before was not paid here
        if payment is not None and live:
            self._check_amount(payment, live, facts)
            self._check_payer(payment, live, facts)
            self._check_settled(payment, live, facts)

    def _check_amount(self, payment: Payment, live: list[Output], facts: Projection) -> None:
        """Report outputs worth more than what is left of the payment, and keep what it has redeemed by now."""
        used = facts.current(PaymentUse, self.payment)
        value = sum(output.amount for output in live)
        redeemed = facts.total(0 if used is None else used.redeemed, value, f"payment {self.payment}")
        if payment.amount < redeemed:
            facts.finding(
                Code.REDEMPTION_UNPAID,
                f"Payment {self.payment} is smaller than the outputs it redeems",
                subject=f"output {live[0].id}",
                others=[payment.from_position, None if used is None else used.from_position],
                paid=payment.amount,
                redeemed=redeemed,
            )
        facts.begin((used or PaymentUse(id=self.payment)).changed(redeemed=redeemed))

    def _check_payer(self, payment: Payment, live: list[Output], facts: Projection) -> None:
        strange = [output for output in live if payment.payer != output.issuer]
        if strange and clears(facts, payment.payer):
            return
        for root, output in {output.root: output for output in strange}.items():
            receivable = facts.current(Receivable, root)
            if receivable is None or payment.payer != receivable.debtor:
                facts.finding(
                    Code.REDEMPTION_PAYER,
                    f"Payment {self.payment} came from {payment.payer}, not from the issuer {output.issuer}",
                    subject=f"output {output.id}",
                    others=[payment.from_position],
                )

    def _check_settled(self, payment: Payment, live: list[Output], facts: Projection) -> None:
        roots = {output.root for output in live}
        settled = {
            (each.target_kind, each.target)
            for each in facts.live(Settlement, "receivable", roots)
            if each.payment == self.payment
        }
        for output in live:
            if not settled & {("receivable", output.root), ("output", output.id)}:
                facts.finding(
                    Code.REDEMPTION_UNSETTLED,
                    f"Payment {self.payment} settles neither {output.root} nor output {output.id}",
                    subject=f"output {output.id}",
                    others=[payment.from_position],
                    amount=output.amount,
                )


@record_kind("certificate.cancelled")
class CertificateCancelled(Moving):
    """The owner gives outputs up (注销); their value returns to the receivables they were issued on."""

    by: Id
    reason: Text

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"cancels for {self.by}")
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, self.by)
        for output in spent:
            receivable = facts.current(Receivable, output.root)
            if output.to_position is None and receivable is not None:  # what was spent before returns nothing
                certified = facts.total(receivable.certified, -output.amount, f"receivable {output.root}")
                facts.begin(receivable.changed(certified=certified))


def _members(outputs: Outputs) -> list[Reference]:
    return [Reference(Member, owner) for owner in dict.fromkeys(owner for each in outputs for owner in each.owners)]
