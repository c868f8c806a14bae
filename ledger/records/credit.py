"""Credit (授信): a limit that is granted, and its quota (额度), occupied and released by spending pieces of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ledger.facts import Credit, CreditRating, Member, Quota, output_id
from ledger.finding import Code
from ledger.records.base import Day, Id, Lookup, Need, Part, Payload, Positive, Reference, Role, Text, record_kind
from ledger.records.paths import Paths, follow, since
from ledger.records.spending import MAX_OUTPUTS, Inputs, balanced, pieces_named, take

if TYPE_CHECKING:
    from ledger.projection import Projection, Record

__all__ = [
    "CreditCleared",
    "CreditEffective",
    "CreditFrozen",
    "CreditGranted",
    "CreditOccupied",
    "CreditRated",
    "CreditReleased",
    "CreditRestored",
    "MadeQuota",
    "Purpose",
]

GRANTORS = (Role.BANK, Role.FACTOR, Role.CORE_ENTERPRISE, Role.PLATFORM, Role.CUSTOMS_PLATFORM)

# Quota is given back whatever the credit has become since; a credit that was cleared holds none.
_PATHS: Paths = {
    "granted": {"effective", "cleared"},
    "effective": {"occupied", "released", "frozen", "cleared"},
    "frozen": {"released", "restored", "cleared"},
    "cleared": {"restored"},
}


class Purpose(Part):
    """What a piece of quota is occupied for."""

    kind: Literal["certificate", "order", "financing"]
    id: Id


class MadeQuota(Part):
    """A piece of quota as a record states it."""

    state: Literal["free", "occupied"]
    amount: Positive
    purpose: Purpose | None = None


Pieces = Annotated[tuple[MadeQuota, ...], Field(min_length=1, max_length=MAX_OUTPUTS)]


@record_kind("credit.granted", by=GRANTORS)
class CreditGranted(Payload):
    """A grantor sets a limit for a subject (授信); nothing of it can be used before it is effective."""

    credit: Id
    grantor: Id
    subject: Id
    limit: Positive
    basis: Literal["certificates", "orders", "financing"]
    starts: Annotated[Day, Field(alias="from")]
    until: Day | None = None

    def references(self) -> list[Reference]:
        return [
            Reference(Credit, self.credit, Need.NEW),
            Reference(Member, self.grantor),
            Reference(Member, self.subject),
        ]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.grantor, act=f"grants a credit of {self.grantor}")
        if self.until is not None:
            facts.dated("a credit begins before it ends", self.starts, self.until)
        facts.add(
            Credit(
                id=self.credit,
                grantor=self.grantor,
                subject=self.subject,
                amount=self.limit,
                basis=self.basis,
                starts=self.starts,
                until=self.until,
                changed_on=since(facts, self.starts),
            )
        )


class CreditRecord(Payload):
    """A record that moves a credit on or uses it: its grantor's."""

    credit: Id

    def references(self) -> list[Reference]:
        return [Reference(Credit, self.credit, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        credit = facts.current(Credit, self.credit)
        if credit is None:
            return
        facts.by_party(credit.grantor, act=f"acts for {credit.grantor}")
        changed = self.change(credit, facts)
        if (changed.free, changed.occupied) != (credit.free, credit.occupied):
            _check_limit(facts, credit, changed)
        facts.begin(changed)

    @abstractmethod
    def change(self, credit: Credit, facts: Projection) -> Credit:
        """Return the credit as the record leaves it, once the pieces of quota have moved."""


class CreditStep(CreditRecord):
    """A record that moves a credit on, on a day."""

    at: Day

    def change(self, credit: Credit, facts: Projection) -> Credit:
        changed_on = follow(facts, credit, self.at, _PATHS, Code.CREDIT_STATUS)
        return credit.changed(status=self.moved(), changed_on=changed_on)

    def moved(self) -> str:
        """Return what the credit is from here on."""
        return self.kind.rpartition(".")[2]


def _check_limit(facts: Projection, before: Credit, after: Credit) -> None:
    """Report quota that grew beyond the limit, all of it or what is occupied; what was beyond it before is known."""
    grew = after.free + after.occupied > max(after.amount, before.free + before.occupied)
    if grew or after.occupied > max(after.amount, before.occupied):
        facts.finding(
            Code.CREDIT_EXCEEDS_LIMIT,
            "The credit has more quota than its limit",
            subject=f"credit {after.id}",
            others=[before.from_position],
            limit=after.amount,
            occupied=after.occupied,
            free=after.free,
        )


class Freeing(Payload):
    """A record that makes one free piece of quota."""

    def makes(self, record: Record) -> list[Reference]:
        return pieces_named(Quota, record, 1)


def _begin_quota(facts: Projection, index: int, credit: Credit, state: str, amount: int, **known: Any) -> None:
    name = output_id(facts.record.transaction_hash, index)
    facts.add(Quota(id=name, credit=credit.id, state=state, amount=amount, made_by=facts.record.kind, **known))


@record_kind("credit.effective", by=GRANTORS)
class CreditEffective(CreditStep, Freeing):
    """A credit begins to hold (生效): its whole limit is one free piece of quota."""

    def change(self, credit: Credit, facts: Projection) -> Credit:
        effective = super().change(credit, facts)
        _begin_quota(facts, 0, credit, "free", credit.amount, parents=[])
        return effective.changed(free=_total(facts, credit, credit.free, credit.amount))


def _total(facts: Projection, credit: Credit, before: int, change: int) -> int:
    return facts.total(before, change, f"credit {credit.id}")


class CreditUse(CreditRecord):
    """A record that spends pieces of a credit's quota and makes others."""

    inputs: Inputs
    outputs: Pieces

    def references(self) -> list[Reference]:
        quota = (Reference(Quota, name, Need.ESSENTIAL) for name in dict.fromkeys(self.inputs))
        return [Reference(Credit, self.credit, Need.ESSENTIAL), *quota]

    def makes(self, record: Record) -> list[Reference]:
        return pieces_named(Quota, record, len(self.outputs))

    def change(self, credit: Credit, facts: Projection) -> Credit:
        follow(facts, credit, facts.record.business_day, _PATHS, Code.CREDIT_STATUS)
        spent = take(facts, Quota, self.inputs)
        for piece in spent:
            if piece.credit != credit.id:
                facts.finding(
                    Code.QUOTA_FOREIGN,
                    f"Quota {piece.id} is of credit {piece.credit}, not of {credit.id}",
                    subject=f"quota {piece.id}",
                    others=[piece.from_position],
                    amount=piece.amount,
                )
        self.check_states(spent, facts)
        balanced(facts, spent, sum(each.amount for each in self.outputs))
        moved = {"free": 0, "occupied": 0}
        for index, made in enumerate(self.outputs):
            purpose = (None, None) if made.purpose is None else (made.purpose.kind, made.purpose.id)
            _begin_quota(
                facts,
                index,
                credit,
                made.state,
                made.amount,
                purpose_kind=purpose[0],
                purpose=purpose[1],
                parents=[piece.id for piece in spent],
            )
            moved[made.state] += made.amount
        for piece in spent:
            if piece.to_position is None and piece.credit == credit.id:
                moved[piece.state] -= piece.amount
        return credit.changed(
            free=_total(facts, credit, credit.free, moved["free"]),
            occupied=_total(facts, credit, credit.occupied, moved["occupied"]),
        )

    @abstractmethod
    def check_states(self, spent: list[Quota], facts: Projection) -> None:
        """Report pieces that are not what this kind of record may spend or make."""


@record_kind("credit.occupied", by=GRANTORS)
class CreditOccupied(CreditUse):
    """Free quota is occupied (占用) for certificates, orders or financings; what is left stays free."""

    def change(self, credit: Credit, facts: Projection) -> Credit:
        today = facts.record.business_day
        if today < credit.starts or (credit.until is not None and today > credit.until):
            until = "" if credit.until is None else f" until {credit.until}"
            facts.finding(
                Code.CREDIT_STATUS,
                f"The credit may be occupied from {credit.starts}{until}",
                subject=f"credit {credit.id}",
                others=[credit.from_position],
                occupied=str(today),
            )
        return super().change(credit, facts)

    def check_states(self, spent: list[Quota], facts: Projection) -> None:
        for piece in spent:
            if piece.state != "free":
                facts.finding(
                    Code.QUOTA_NOT_FREE,
                    f"Quota {piece.id} is occupied already{_by(piece.purpose_kind, piece.purpose)}",
                    subject=f"quota {piece.id}",
                    others=[piece.from_position],
                    amount=piece.amount,
                )


@record_kind("credit.released", by=GRANTORS)
class CreditReleased(CreditUse):
    """Occupied quota is free again (释放), all of it or a part; the rest stays occupied for what it was."""

    def check_states(self, spent: list[Quota], facts: Projection) -> None:
        before: dict[tuple[str | None, str | None], int] = {}
        for piece in spent:
            if piece.state == "occupied":
                purpose = (piece.purpose_kind, piece.purpose)
                before[purpose] = before.get(purpose, 0) + piece.amount
            else:
                facts.finding(
                    Code.QUOTA_NOT_OCCUPIED,
                    f"Quota {piece.id} is released and was free",
                    subject=f"quota {piece.id}",
                    others=[piece.from_position],
                    amount=piece.amount,
                )
        for made in self.outputs:
            if made.state == "occupied":
                purpose = (None, None) if made.purpose is None else (made.purpose.kind, made.purpose.id)
                before[purpose] = left = before.get(purpose, 0) - made.amount
                if left < 0:
                    facts.finding(
                        Code.QUOTA_NOT_FREE,
                        f"A release occupies quota{_by(*purpose)} beyond what was",
                        subject=f"credit {self.credit}",
                        others=[piece.from_position for piece in spent],
                        amount=made.amount,
                    )


def _by(kind: str | None, purpose: str | None) -> str:
    return "" if purpose is None else f" by {kind} {purpose}"


@record_kind("credit.frozen", by=GRANTORS)
class CreditFrozen(CreditStep):
    """Nothing more of a credit is to be occupied (冻结)."""

    reason: Text


class CreditEnding(CreditStep):
    """A record that ends pieces of a credit's quota by looking them up."""

    def lookups(self) -> list[Lookup]:
        return [Lookup(Quota, "credit", (self.credit,))]

    def end(self, facts: Projection, state: str | None = None) -> list[str]:
        """End the credit's live pieces, of one state or of any; return their names."""
        ended = [each for each in facts.live(Quota, "credit", [self.credit]) if state in (None, each.state)]
        for piece in ended:
            facts.end(piece)
        return [piece.id for piece in ended]


@record_kind("credit.cleared", by=GRANTORS)
class CreditCleared(CreditEnding):
    """A credit ends, and every piece of its quota with it (清零)."""

    reason: Text

    def change(self, credit: Credit, facts: Projection) -> Credit:
        self.end(facts)
        return super().change(credit, facts).changed(free=0, occupied=0)


@record_kind("credit.restored", by=GRANTORS)
class CreditRestored(CreditEnding, Freeing):
    """A credit holds again (恢复): what is not occupied of its limit is one free piece anew."""

    def change(self, credit: Credit, facts: Projection) -> Credit:
        restored = super().change(credit, facts)
        ended = self.end(facts, "free")
        free = max(credit.amount - credit.occupied, 0)
        if free:
            _begin_quota(facts, 0, credit, "free", free, parents=ended)
        return restored.changed(free=free)

    def moved(self) -> str:
        return "effective"


@record_kind("credit.rated", by=[Role.RATING, Role.BANK, Role.FACTOR, Role.PLATFORM])
class CreditRated(Payload):
    """An agency rates a member (评级); it replaces what the same agency said before."""

    subject: Id
    agency: Id
    rating: Text
    model: Text | None = None
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Member, self.subject), Reference(Member, self.agency)]

    def lookups(self) -> list[Lookup]:
        return [Lookup(CreditRating, "subject", (self.subject,))]

    def project(self, facts: Projection) -> None:
        facts.by_party(self.agency, act=f"rates for {self.agency}")
        facts.dated("a rating is given before it is recorded", self.at, facts.record.business_day)
        for held in facts.live(CreditRating, "subject", [self.subject]):
            if held.agency == self.agency:
                facts.dated("the ratings of one agency follow each other", held.rated_on, self.at)
                facts.end(held)
        facts.add(
            CreditRating(
                id=facts.place(0),
                subject=self.subject,
                agency=self.agency,
                rating=self.rating,
                model=self.model,
                rated_on=self.at,
            )
        )
