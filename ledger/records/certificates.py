"""Digital debt certificates (数字债权凭证): issued on a confirmed receivable, passed on, split, financed, redeemed."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Literal

from ledger.facts import Member, Payment, Receivable
from ledger.finding import Code
from ledger.records.base import Amount, Id, Need, Payload, Rate, Reference, Role, record_kind
from ledger.records.spending import Inputs, Outputs, begin_output, inputs_named, make, owned_by, spend

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "CertificateFinanced",
    "CertificateIssued",
    "CertificateRedeemed",
    "CertificateSignedIn",
    "CertificateSplit",
    "CertificateTransferProposed",
    "year_after",
]


def year_after(day: date) -> date:
    """Return the same day of the next year, the last of the month where there is none (民法典 202 条)."""
    return day.replace(year=day.year + 1, day=min(day.day, monthrange(day.year + 1, day.month)[1]))


@record_kind("certificate.issued", by=[Role.CORE_ENTERPRISE])
class CertificateIssued(Payload):
    """The debtor issues a certificate (开立) on a receivable it confirmed."""

    certificate: Id
    receivable: Id
    issuer: Id
    outputs: Outputs

    def references(self) -> list[Reference]:
        return [Reference(Receivable, self.receivable, Need.ESSENTIAL), Reference(Member, self.issuer)]

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
        certified = facts.total(
            receivable.certified, sum(each.amount for each in self.outputs), f"receivable {self.receivable}"
        )
        self._check_amount(receivable, certified, facts)
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

    def _check_amount(self, receivable: Receivable, certified: int, facts: Projection) -> None:
        if receivable.confirmed_by is None:
            facts.finding(
                Code.CERTIFICATE_UNCONFIRMED,
                "The certificate stands on a receivable its debtor has not confirmed",
                subject=f"receivable {self.receivable}",
                others=[receivable.from_position],
            )
        if certified > receivable.amount + receivable.adjusted:
            facts.finding(
                Code.CERTIFICATE_EXCEEDS_RECEIVABLE,
                "The certificates issued on the receivable are worth more than it",
                subject=f"receivable {self.receivable}",
                others=[receivable.from_position],
                certified=certified,
                receivable=receivable.amount + receivable.adjusted,
            )


def _sender(facts: Projection) -> str | None:
    return None if facts.sender is None else facts.sender.id


@record_kind("certificate.transfer_proposed")
class CertificateTransferProposed(Payload):
    """The owner moves value to the middle account (中间户) of itself and the receiver; change stays its own."""

    inputs: Inputs
    outputs: Outputs

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), *_members(self.outputs)]

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, _sender(facts))
        owner = spent[0].owner
        make(facts, spent, self.outputs, may_own=lambda owners: owners[0] == owner)


@record_kind("certificate.signed_in")
class CertificateSignedIn(Payload):
    """The receiver signs in (签收) what waits on the middle account."""

    inputs: Inputs
    outputs: Outputs
    by: Id

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), *_members(self.outputs), Reference(Member, self.by)]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.by, act=f"signs in for {self.by}")
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, self.by, sharing=True)
        make(facts, spent, self.outputs, may_own=lambda owners: owners == (self.by,))


@record_kind("certificate.split")
class CertificateSplit(Payload):
    """The owner splits (拆分) what it owns; the pieces stay its own."""

    inputs: Inputs
    outputs: Outputs

    def references(self) -> list[Reference]:
        return inputs_named(self.inputs)

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        owned_by(facts, spent, _sender(facts))
        owners = spent[0].owners
        make(facts, spent, self.outputs, may_own=lambda given: given == owners)


@record_kind("certificate.financed")
class CertificateFinanced(Payload):
    """The owner gives outputs to a financier for a price (融资); change stays its own."""

    inputs: Inputs
    outputs: Outputs
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
            financier=self.financier,
            form=self.form,
            price=self.price,
            rate=self.rate,
        )


@record_kind("certificate.redeemed", by=[Role.CORE_ENTERPRISE, Role.SETTLEMENT, Role.ASSET_GATEWAY])
class CertificateRedeemed(Payload):
    """The issuer's payment redeems outputs (兑付); they cannot move again."""

    inputs: Inputs
    payment: Id

    def references(self) -> list[Reference]:
        return [*inputs_named(self.inputs), Reference(Payment, self.payment)]

    def project(self, facts: Projection) -> None:
        spent = spend(facts, self.inputs)
        if facts.sender is not None and not {Role.SETTLEMENT, Role.ASSET_GATEWAY}.intersection(facts.sender.roles):
            for issuer in dict.fromkeys(output.issuer for output in spent):
                facts.by_party(issuer, act=f"redeems a certificate of {issuer}")
        payment = facts.current(Payment, self.payment)
        value = sum(output.amount for output in spent)
        if payment is not None and payment.amount < value:
            facts.finding(
                Code.REDEMPTION_UNPAID,
                f"Payment {self.payment} is smaller than the outputs it redeems",
                subject=f"output {spent[0].id}",
                others=[payment.from_position],
                paid=payment.amount,
                redeemed=value,
            )


def _members(outputs: Outputs) -> list[Reference]:
    return [Reference(Member, owner) for owner in dict.fromkeys(owner for each in outputs for owner in each.owners)]
