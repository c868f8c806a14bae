"""Registrations of transfers and security interests (动产和权利担保登记), and searches of the register (查询)."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ledger.business_day import business_day
from ledger.facts import Fact, Member, Registration, RegistrationCollateral, RegistrationQuery
from ledger.finding import Code
from ledger.position import Position
from ledger.records.base import (
    MAX_ITEMS,
    Day,
    Id,
    Ids,
    Instant,
    Lookup,
    Need,
    Payload,
    Reference,
    Role,
    Text,
    record_kind,
)
from ledger.records.collateral import TABLES, Collateral, collateral_named
from ledger.records.paths import Paths, follow, since

if TYPE_CHECKING:
    from ledger.projection import Projection

__all__ = [
    "RegistrationAmended",
    "RegistrationCancelled",
    "RegistrationDisputed",
    "RegistrationExtended",
    "RegistrationFiled",
    "RegistrationQueried",
]

SHOWN = 5  # names spelled out in one message

_WRITERS = [Role.BANK, Role.FACTOR, Role.PLAN_MANAGER, Role.PLATFORM, Role.REGISTRY, Role.SETTLEMENT]
_FOR_OTHERS = {Role.REGISTRY, Role.PLATFORM}

# An objection (异议登记) may be to the cancellation as well.
_PATHS: Paths = {"active": {"amended", "extended", "cancelled", "disputed"}, "cancelled": {"disputed"}}

Listed = Annotated[tuple[Collateral, ...], Field(max_length=MAX_ITEMS)]


def _by_its_party(facts: Projection, registration: str, secured_party: str) -> None:
    """Report a sender who is neither the secured party (担保权人), the register nor a platform."""
    sender = facts.sender
    if sender is not None and sender.id != secured_party and not _FOR_OTHERS.intersection(sender.roles):
        facts.finding(
            Code.REGISTRATION_NOT_PARTY,
            f"{sender.id} wrote {facts.record.kind}, and {secured_party} is the secured party",
            subject=f"registration {registration}",
            others=[sender.from_position],
        )


def _by_itself(facts: Projection, by: str, act: str) -> None:
    """Report a sender who speaks for another, unless it is the register or a platform."""
    if facts.sender is not None and not _FOR_OTHERS.intersection(facts.sender.roles):
        facts.by_party(by, act=f"{act} for {by}")


def _cover(facts: Projection, registration: str, collateral: Listed) -> None:
    for index, each in enumerate(collateral):
        facts.add(
            RegistrationCollateral(
                id=facts.place(index), registration=registration, target_kind=each.kind, target=each.id
            )
        )


@record_kind("registration.filed", by=_WRITERS)
class RegistrationFiled(Payload):
    """The secured party files a transfer, pledge or lien (初始登记)."""

    registration: Id
    type: Literal["transfer", "pledge", "lien"]
    secured_party: Id
    debtor: Id
    description: Text
    collateral: Listed
    filed_at: Instant
    expires_at: Day

    def references(self) -> list[Reference]:
        return [
            Reference(Registration, self.registration, Need.NEW),
            Reference(Member, self.secured_party),
            Reference(Member, self.debtor),
            *collateral_named(self.collateral),
        ]

    def project(self, facts: Projection) -> None:
        filed_on = business_day(self.filed_at)
        _by_its_party(facts, self.registration, self.secured_party)
        facts.dated("a registration is filed before that is recorded", filed_on, facts.record.business_day)
        facts.dated("a registration is filed before it expires", filed_on, self.expires_at)
        facts.add(
            Registration(
                id=self.registration,
                type=self.type,
                secured_party=self.secured_party,
                debtor=self.debtor,
                description=self.description,
                filed_at=self.filed_at,
                expires_on=self.expires_at,
                changed_on=since(facts, filed_on),
            )
        )
        _cover(facts, self.registration, self.collateral)


class _Act(Payload):
    """Something that happens to a registration."""

    registration: Id
    at: Day

    def references(self) -> list[Reference]:
        return [Reference(Registration, self.registration, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        registration = facts.current(Registration, self.registration)
        if registration is None:
            return
        self.check_sender(registration, facts)
        changed_on = follow(facts, registration, self.at, _PATHS, Code.REGISTRATION_STATUS)
        if self.at > registration.expires_on:
            facts.finding(
                Code.REGISTRATION_EXPIRED,
                f"The registration had expired when it was {facts.record.kind.partition('.')[2]}",
                subject=f"registration {self.registration}",
                others=[registration.from_position],
                expired=str(registration.expires_on),
                at=str(self.at),
            )
        facts.begin(self.apply(registration, facts).changed(changed_on=changed_on))

    def check_sender(self, registration: Registration, facts: Projection) -> None:
        _by_its_party(facts, self.registration, registration.secured_party)

    @abstractmethod
    def apply(self, registration: Registration, facts: Projection) -> Registration:
        """Return what the record makes of the registration, and report what does not fit."""

    def held(self, facts: Projection) -> list[RegistrationCollateral]:
        return facts.live(RegistrationCollateral, "registration", [self.registration])


@record_kind("registration.amended", by=_WRITERS)
class RegistrationAmended(_Act):
    """What is given replaces what held (变更登记)."""

    description: Text | None = None
    collateral: Listed | None = None

    def references(self) -> list[Reference]:
        return [*super().references(), *collateral_named(self.collateral or ())]

    def lookups(self) -> list[Lookup]:
        return [Lookup(RegistrationCollateral, "registration", (self.registration,))]

    def apply(self, registration: Registration, facts: Projection) -> Registration:
        # What was cancelled covers nothing, whatever is written about it later.
        if self.collateral is not None and registration.status == "active":
            for each in self.held(facts):
                facts.end(each)
            _cover(facts, self.registration, self.collateral)
        return registration if self.description is None else registration.changed(description=self.description)


@record_kind("registration.extended", by=_WRITERS)
class RegistrationExtended(_Act):
    """The registration expires later (展期登记)."""

    expires_at: Day

    def apply(self, registration: Registration, facts: Projection) -> Registration:
        if self.expires_at < registration.expires_on:
            facts.finding(
                Code.REGISTRATION_STATUS,
                "The extension makes the registration expire earlier",
                subject=f"registration {self.registration}",
                others=[registration.from_position],
                before=str(registration.expires_on),
                after=str(self.expires_at),
            )
        return registration.changed(expires_on=self.expires_at)


@record_kind("registration.cancelled", by=_WRITERS)
class RegistrationCancelled(_Act):
    """The registration is taken off the register (注销登记); it covers nothing any more."""

    reason: Text

    def lookups(self) -> list[Lookup]:
        return [Lookup(RegistrationCollateral, "registration", (self.registration,))]

    def apply(self, registration: Registration, facts: Projection) -> Registration:
        for each in self.held(facts):
            facts.end(each)
        return registration.changed(status="cancelled", cancelled_on=registration.cancelled_on or self.at)


@record_kind("registration.disputed", by=_WRITERS)
class RegistrationDisputed(_Act):
    """Somebody objects to the registration (异议登记)."""

    by: Id
    reason: Text

    def references(self) -> list[Reference]:
        return [*super().references(), Reference(Member, self.by)]

    def check_sender(self, registration: Registration, facts: Projection) -> None:
        del registration
        _by_itself(facts, self.by, "objects")

    def apply(self, registration: Registration, facts: Projection) -> Registration:
        del facts
        return registration.changed(disputed_by=self.by)


@record_kind("registration.queried", by=_WRITERS)
class RegistrationQueried(Payload):
    """Somebody searches the register and names the registrations that stand in the way (查询、查重)."""

    query: Id
    certificate: Id
    subject: Id
    by: Id
    at: Instant
    conflicts: Ids

    def references(self) -> list[Reference]:
        return [
            Reference(RegistrationQuery, self.query, Need.NEW),
            Reference(Member, self.by),
            *(Reference(Registration, name, Need.READ) for name in dict.fromkeys(self.conflicts)),
        ]

    def lookups(self) -> list[Lookup]:
        return [Lookup(RegistrationCollateral, "target", (self.subject,))]

    def project(self, facts: Projection) -> None:
        _by_itself(facts, self.by, "searches the register")
        facts.dated("a search is made before it is recorded", business_day(self.at), facts.record.business_day)
        self._check_conflicts(facts)
        facts.add(
            RegistrationQuery(
                id=self.query,
                certificate=self.certificate,
                subject=self.subject,
                queried_by=self.by,
                queried_at=self.at,
                conflicts=list(self.conflicts),
            )
        )

    def _check_conflicts(self, facts: Projection) -> None:
        """Report what the search cannot have found, and what a search for this very thing must have found.

        A search by debtor (按担保人查询) finds registrations of other things too; which of them stand in the way, the
        record does not tell, so of those nothing is missed.
        """
        wrong: dict[str, tuple[str, int | None]] = {}
        for name in self.conflicts:
            named = facts.current(Registration, name)
            if named is None:
                wrong[name] = "no record filed", None
            elif not self._in_force(named):
                wrong[name] = "was not in force", named.from_position
        for row in facts.live(RegistrationCollateral, "target", [self.subject]):
            found = facts.current(Registration, row.registration)
            if (
                found is not None
                and found.id not in self.conflicts
                and found.secured_party != self.by
                and self._in_force(found)
                and self._covered(facts, found, row)
            ):
                wrong[found.id] = "is left out", found.from_position
        if wrong:
            told = [f"{name} {reason}" for name, (reason, _) in wrong.items()]
            facts.finding(
                Code.REGISTRATION_QUERY,
                f"The search does not fit the register: {', '.join(told[:SHOWN])}",
                subject=f"registration query {self.query}",
                others=[position for _, position in wrong.values()],
                registrations=len(wrong),
            )

    def _covered(self, facts: Projection, registration: Registration, row: RegistrationCollateral) -> bool:
        """Tell whether the search must have found the thing there; not where its name or the day leaves that open.

        A search names no kind: one name may be a debtor's and things' of several kinds.
        """
        tables: list[type[Fact]] = [Member, *TABLES.values()]
        if sum(facts.last(table, self.subject) is not None for table in tables) > 1:
            return False
        if facts.kind_at(Position.from_number(row.from_position)) == "registration.filed":
            return True
        return business_day(self.at) > registration.changed_on  # an amendment, whose day is this one or an earlier one

    def _in_force(self, registration: Registration) -> bool:
        """Tell whether a registration was there to be found at the time of the search."""
        day = business_day(self.at)
        ended = registration.expires_on
        if registration.cancelled_on is not None:
            ended = min(ended, registration.cancelled_on)
        return registration.filed_at <= self.at and day <= ended
