"""Members of the consortium (成员): who they are, what they may do, which account they sign with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

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
Certificate = Annotated[str, Field(max_length=20_000)]


def uscc_holds(uscc: str) -> bool:
    """Tell whether a unified social credit code (统一社会信用代码) has its 18 signs and the right check sign."""
    if _USCC.match(uscc) is None:
        return False
    total = sum(_SIGNS.index(sign) * weight for sign, weight in zip(uscc[:17], _WEIGHTS, strict=True))
    return _SIGNS[-total % 31] == uscc[17]


def _take_address(facts: Projection, address: str, member: str) -> None:
    """Let the member sign with an account, unless that is another's already."""
    held = facts.current(Address, address)
    if held is not None:
        facts.finding(
            Code.MEMBER_ADDRESS,
            f"{address} is the account of {held.member} already and stays so",
            subject=f"member {member}",
            others=[held.from_position],
        )
        return
    facts.begin(Address(id=address, member=member))


@record_kind("member.admitted", by=[Role.OPERATOR])
class MemberAdmitted(Payload):
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
        return [Reference(Member, self.member, Need.NEW)]

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
        _take_address(facts, self.address, self.member)


@record_kind("member.updated", by=[Role.OPERATOR])
class MemberUpdated(Payload):
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
class MemberSuspended(Payload):
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
class KeyRotated(Payload):
    """A member signs with another account from here on."""

    member: Id
    address: Account
    certificate: Certificate | None = None

    def references(self) -> list[Reference]:
        return [Reference(Member, self.member, Need.ESSENTIAL)]

    def project(self, facts: Projection) -> None:
        member = facts.current(Member, self.member)
        if member is None:
            return
        old = facts.current(Address, member.address)
        if old is not None and old.member == self.member:
            facts.end(old)
        _take_address(facts, self.address, self.member)
        facts.begin(member.changed(address=self.address, certificate=self.certificate or member.certificate))
