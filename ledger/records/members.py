"""Members of the consortium (成员): who they are, what they may do, which account they sign with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import StringConstraints

from ledger.facts import Address, Member
from ledger.finding import Code
from ledger.records.base import Account, Id, Need, Payload, Reference, Role, Roles, Text, record_kind

if TYPE_CHECKING:
    from ledger.projection import Projection, Record

__all__ = ["KeyRotated", "MemberAdmitted", "MemberSuspended", "MemberUpdated", "uscc_holds"]

# GB 32100-2015: 31 signs (I, O, S, V and Z are left out), the first 17 weighted by powers of 3 modulo 31.
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_USCC = re.compile(f"[{_SIGNS}]{{18}}\\Z")

Uscc = Annotated[str, StringConstraints(pattern=f"^[{_SIGNS}]{{18}}$")]
# PEM has line ends; no other control character can be shown.
Certificate = Annotated[
    str, StringConstraints(max_length=20_000, pattern=r"^[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]*$")
]


def uscc_holds(uscc: str) -> bool:
    """Tell whether a unified social credit code (统一社会信用代码) has its 18 signs and the right check sign."""
    if _USCC.match(uscc) is None:
        return False
    total = sum(_SIGNS.index(sign) * weight for sign, weight in zip(uscc[:17], _WEIGHTS, strict=True))
    return _SIGNS[-total % 31] == uscc[17]


class MemberRecord(Payload):
    """A record about who may do what."""

    authority: ClassVar[bool] = True


def _anothers(facts: Projection, address: str, member: str, effect: str = "") -> bool:
    """Report an account that is another member's; True when it is."""
    held = facts.current(Address, address)
    if held is None or held.member == member:
        return False
    facts.finding(
        Code.MEMBER_ADDRESS,
        f"{address} is the account of {held.member} already and stays so{effect}",
        subject=f"member {member}",
        others=[held.from_position],
    )
    return True


@record_kind("member.admitted", by=[Role.OPERATOR])
class MemberAdmitted(MemberRecord):
    """A member joins. The first of all may be the operator admitting itself."""

    member: Id
    name: Text
    uscc: Uscc
    roles: Roles
    address: Account
    certificate: Certificate | None = None

    def admits_itself(self, record: Record) -> bool:
        return Role.OPERATOR in self.roles and self.address == record.sender

    def references(self) -> list[Reference]:
        return [Reference(Member, self.member, Need.NEW), Reference(Address, self.address, Need.READ)]

    def project(self, facts: Projection) -> None:
        if not uscc_holds(self.uscc):
            facts.finding(
                Code.MEMBER_USCC,
                f"The check sign of {self.uscc} is wrong",
                subject=f"member {self.member}",
                uscc=self.uscc,
            )
        facts.add(
            Member(
                id=self.member,
                name=self.name,
                uscc=self.uscc,
                roles=[role.value for role in self.roles],
                address=self.address,
                certificate=self.certificate,
            )
        )
        if not _anothers(facts, self.address, self.member):
            facts.begin(Address(id=self.address, member=self.member))


@record_kind("member.updated", by=[Role.OPERATOR])
class MemberUpdated(MemberRecord):
    """What is given replaces what held."""

    member: Id
    name: Text | None = None
    roles: Roles | None = None
    certificate: Certificate | None = None

    def references(self) -> list[Reference]:
        return [Reference(Member, self.member, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        if member := facts.current(Member, self.member):
            facts.begin(
                member.changed(
                    name=self.name or member.name,
                    roles=[role.value for role in self.roles] if self.roles else member.roles,
                    certificate=self.certificate or member.certificate,
                )
            )


@record_kind("member.suspended", by=[Role.OPERATOR])
class MemberSuspended(MemberRecord):
    """A member may write no longer."""

    member: Id
    reason: Text

    def references(self) -> list[Reference]:
        return [Reference(Member, self.member, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        member = facts.current(Member, self.member)
        if member is None:
            return
        if member.status == "suspended":
            facts.finding(
                Code.MEMBER_STATUS,
                f"{self.member} was suspended already",
                subject=f"member {self.member}",
                others=[member.from_position],
            )
            return
        facts.begin(member.changed(status="suspended"))


@record_kind("member.key_rotated", by=[Role.OPERATOR])
class KeyRotated(MemberRecord):
    """A member signs with another account from here on."""

    member: Id
    address: Account
    certificate: Certificate | None = None

    def references(self) -> list[Reference]:
        return [Reference(Member, self.member, Need.ESSENTIAL), Reference(Address, self.address, Need.READ)]

    def project(self, facts: Projection) -> None:
        member = facts.current(Member, self.member)
        if member is None:
            return
        if _anothers(facts, self.address, self.member, "; the record has no effect"):
            return
        old = facts.current(Address, member.address)
        if old is not None and old.member == self.member:
            facts.end(old)
        facts.begin(Address(id=self.address, member=self.member))
        facts.begin(member.changed(address=self.address, certificate=self.certificate or member.certificate))
