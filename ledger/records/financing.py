"""Financings (融资): opened on collateral, disbursed, repaid, extended, defaulted on, released."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ledger.facts import (
    Financing,
    FinancingCollateral,
    FinancingMove,
    Freeze,
    Invoice,
    Member,
    PackageInvoice,
    Payment,
    ReceivableInvoice,
)
from ledger.finding import Code
from ledger.records.base import (
    MAX_ITEMS,
    Amount,
    Day,
    Id,
    Ids,
    Lookup,
    Need,
    Payload,
    Positive,
    Rate,
    Reference,
    Role,
    record_kind,
)
from ledger.records.collateral import (
    Collateral,
    collateral_lookups,
    collateral_named,
    financiers_of,
    interest_in,
)
from ledger.records.paths import Paths, follow, since

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "FinancingDefaulted",
    "FinancingDisbursed",
    "FinancingExtended",
    "FinancingOpened",
    "FinancingReleased",
    "FinancingRepaid",
]

SHOWN = 5  # names spelled out in one message

_WRITERS = [Role.BANK, Role.FACTOR, Role.PLATFORM, Role.SUPPLIER, Role.CORE_ENTERPRISE]

# A loan is drawn in parts and repaid in parts; an extension is agreed before it falls due (贷款通则 12 条), so none
# comes after a default or a full repayment. What was released as a whole is over.
_PATHS: Paths = {
    "opened": {"disbursed", "extended", "released"},
    "disbursed": {"disbursed", "repaid", "extended", "defaulted", "released"},
    "repaid": {"disbursed", "repaid", "released"},
    "defaulted": {"repaid", "released"},
    "released": set(),
}


class Secured(Collateral):
    """A thing put up for a financing, whole or for an amount of it."""

    amount: Positive | None = None


def _by_one_of(facts: Projection, *parties: str, act: str) -> None:
    """Report a sender who is none of these and no platform, which writes for its members."""
    if facts.sender is not None and Role.PLATFORM not in facts.sender.roles:
        facts.by_party(*parties, act=act)


@record_kind("financing.opened", by=_WRITERS)
class FinancingOpened(Payload):
    """A financier agrees to finance an applicant (融资) on collateral."""

    financing: Id
    form: Literal[
        "receivable_discount",
        "forfaiting",
        "factoring",
        "payables_finance",
        "loan_on_receivables",
        "dealer_finance",
        "inventory_loan",
        "pre_shipment",
        "bill_pool",
    ]
    applicant: Id
    financier: Id
    collateral: Annotated[tuple[Secured, ...], Field(max_length=MAX_ITEMS)]
    amount: Positive
    rate: Rate
    start: Day
    maturity: Day

    def references(self) -> list[Reference]:
        return [
            Reference(Financing, self.financing, Need.NEW),
            Reference(Member, self.applicant),
            Reference(Member, self.financier),
            *collateral_named(self.collateral),
            *(Reference(Freeze, each.id, Need.READ) for each in self.collateral if each.kind == "output"),
        ]

    def lookups(self) -> list[Lookup]:
        receivables = tuple(each.id for each in self.collateral if each.kind == "receivable")
        return [*collateral_lookups(self.collateral), Lookup(ReceivableInvoice, "receivable", receivables)]

    def project(self, facts: Projection) -> None:
        _by_one_of(facts, self.applicant, self.financier, act=f"opens a financing of {self.applicant}")
        facts.dated("a financing starts before it matures", self.start, self.maturity)
        parts: Counter[tuple[str, str]] = Counter()
        wholes: Counter[tuple[str, str]] = Counter()
        for each in self.collateral:
            parts[each.kind, each.id] += each.amount or 0
            wholes[each.kind, each.id] += each.amount is None
        for (kind, name), amount in parts.items():
            self._check_collateral(kind, name, amount, wholes[kind, name], facts)
        self._check_invoices(facts)
        facts.add(
            Financing(
                id=self.financing,
                form=self.form,
                applicant=self.applicant,
                financier=self.financier,
                amount=self.amount,
                rate=self.rate,
                start=self.start,
                maturity=self.maturity,
                changed_on=since(facts, self.start),
            )
        )
        for index, each in enumerate(self.collateral):
            facts.add(
                FinancingCollateral(
                    id=facts.place(index),
                    financing=self.financing,
                    target_kind=each.kind,
                    target=each.id,
                    amount=each.amount,
                )
            )

    def _check_invoices(self, facts: Projection) -> None:
        """Report invoices that are void or in doubt and are put up: themselves, in a package, or by a receivable."""
        named: dict[str, list[str]] = {"invoice": [], "package": [], "receivable": []}
        for each in self.collateral:
            named.get(each.kind, []).append(each.id)
        rests_on = [each.invoice for each in facts.live(ReceivableInvoice, "receivable", named["receivable"])]
        packed = [each.invoice for each in facts.live(PackageInvoice, "package", named["package"])]
        invoices = dict.fromkeys((*named["invoice"], *packed, *rests_on))
        facts.prefetch((Invoice, name) for name in invoices)
        for name in invoices:
            invoice = facts.current(Invoice, name)
            if invoice is not None and invoice.status != "normal":
                facts.finding(
                    Code.INVOICE_NOT_NORMAL,
                    f"The financing rests on invoice {name}, which is {invoice.status}",
                    subject=f"financing {self.financing}",
                    others=[invoice.from_position],
                    amount=invoice.amount_including_tax,
                )

    def _check_collateral(self, kind: str, name: str, amount: int, wholes: int, facts: Projection) -> None:
        """``amount``: the parts of it that are put up; ``wholes``: how often it is put up whole."""
        interest = interest_in(facts, kind, name)
        if interest is None:
            return
        subject = f"{kind} {name}"
        # Payables finance (应付账款融资) is the one form that who owes may ask for.
        able = interest.owners | (interest.debtors if self.form == "payables_finance" else frozenset())
        # A factor refinances (再保理) what it has financed itself.
        if self.applicant not in able and self.applicant not in financiers_of(facts, kind, [name]):
            facts.finding(
                Code.FINANCING_NOT_OWNER,
                f"{self.applicant} puts up {kind} {name}, which belongs to {' or '.join(sorted(able)) or 'nobody now'}",
                subject=subject,
                others=[interest.position],
                financing=self.financing,
            )
        frozen = facts.current(Freeze, name) if kind == "output" else None
        if frozen is not None:
            facts.finding(
                Code.FINANCING_FROZEN,
                f"{self.applicant} puts up output {name}, which is frozen",
                subject=subject,
                others=[frozen.from_position],
                financing=self.financing,
            )
        worth = max(interest.worth or 0, 0)
        if interest.worth is not None and amount + wholes * worth > worth:
            facts.finding(
                Code.FINANCING_EXCEEDS_COLLATERAL,
                f"More of {kind} {name} is put up than it is worth",
                subject=subject,
                others=[interest.position],
                financing=self.financing,
                amount=amount + wholes * worth,
                worth=interest.worth,
            )


class _Act(Payload):
    """Something the financier records about a financing."""

    financing: Id
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Financing, self.financing, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        financing = facts.current(Financing, self.financing)
        if financing is None:
            return
        _by_one_of(facts, financing.financier, act=f"acts on a financing of {financing.financier}")
        changed_on = follow(facts, financing, self.at, _PATHS, Code.FINANCING_STATUS)
        after = self.apply(financing, facts)
        status = "released" if financing.status == "released" else after.status
        facts.begin(after.changed(status=status, changed_on=changed_on))

    @abstractmethod
    def apply(self, financing: Financing, facts: Projection) -> Financing:
        """Return what the record makes of the financing, and report what does not fit."""


class _Move(_Act):
    """Money moved on a financing."""

    payment: Id | None = None
    amount: Amount

    def references(self) -> list[Reference]:
        paid = [] if self.payment is None else [Reference(Payment, self.payment)]
        return [*super().references(), *paid]

    def move(self, facts: Projection, interest: int = 0) -> None:
        facts.add(
            FinancingMove(
                id=facts.place(0),
                financing=self.financing,
                act=facts.record.kind.partition(".")[2],
                payment=self.payment,
                amount=self.amount,
                interest=interest,
                moved_on=self.at,
            )
        )


@record_kind("financing.disbursed", by=_WRITERS)
class FinancingDisbursed(_Move):
    """The financier pays out (放款), the whole or a part."""

    def apply(self, financing: Financing, facts: Projection) -> Financing:
        disbursed = facts.total(financing.disbursed, self.amount, f"financing {self.financing}")
        if disbursed > financing.amount:
            facts.finding(
                Code.FINANCING_OVER_DISBURSED,
                "More was disbursed than the financing is for",
                subject=f"financing {self.financing}",
                others=[financing.from_position],
                disbursed=disbursed,
                amount=financing.amount,
            )
        self.move(facts)
        return financing.changed(disbursed=disbursed, status="disbursed")


@record_kind("financing.repaid", by=_WRITERS)
class FinancingRepaid(_Move):
    """Principal and interest come back (还款)."""

    interest: Amount

    def apply(self, financing: Financing, facts: Projection) -> Financing:
        subject = f"financing {self.financing}"
        repaid = facts.total(financing.repaid, self.amount, subject)
        if repaid > financing.disbursed:
            facts.finding(
                Code.FINANCING_OVER_REPAID,
                "More principal was repaid than was disbursed",
                subject=subject,
                others=[financing.from_position],
                repaid=repaid,
                disbursed=financing.disbursed,
            )
        self.move(facts, self.interest)
        whole = repaid >= financing.disbursed > 0
        return financing.changed(
            repaid=repaid,
            interest=facts.total(financing.interest, self.interest, subject),
            status="repaid" if whole else financing.status,
        )


@record_kind("financing.released", by=_WRITERS)
class FinancingReleased(_Act):
    """Collateral is given back (解除): what is named, or all of it, and with that the financing ends."""

    collateral: Ids | None = None

    def lookups(self) -> list[Lookup]:
        return [Lookup(FinancingCollateral, "financing", (self.financing,))]

    def apply(self, financing: Financing, facts: Projection) -> Financing:
        held = facts.live(FinancingCollateral, "financing", [self.financing])
        if self.collateral is None:
            for each in held:
                facts.end(each)
            return financing.changed(status="released")
        named = dict.fromkeys(self.collateral)
        missing = [name for name in named if name not in {each.target for each in held}]
        if missing and financing.status != "released":
            facts.finding(
                Code.FINANCING_NOT_HELD,
                f"The financing does not hold {', '.join(missing[:SHOWN])}, by an earlier release or from the start",
                subject=f"financing {self.financing}",
                others=[financing.from_position],
                missing=len(missing),
            )
        for each in held:
            if each.target in named:
                facts.end(each)
        return financing


@record_kind("financing.extended", by=_WRITERS)
class FinancingExtended(_Act):
    """The financing matures later (展期)."""

    maturity: Day

    def apply(self, financing: Financing, facts: Projection) -> Financing:
        facts.dated("an extension makes a financing mature later", financing.maturity, self.maturity)
        return financing.changed(maturity=self.maturity)


@record_kind("financing.defaulted", by=_WRITERS)
class FinancingDefaulted(_Act):
    """The financing was not repaid as agreed (违约)."""

    def apply(self, financing: Financing, facts: Projection) -> Financing:
        del facts
        return financing.changed(status="defaulted")
