"""Members (成员) and the accounts they sign with."""

from __future__ import annotations

from sqlalchemy import JSON, Text
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Address", "Member"]


class Member(Fact, table=True):
    """A party of the consortium (成员) and what it may do."""

    name: str
    uscc: str
    """Unified social credit code (统一社会信用代码)."""
    roles: list[str] = Field(sa_type=JSON)
    address: str
    certificate: str | None = Field(default=None, sa_type=Text)
    status: str = "active"
    """active or suspended."""


class Address(Fact, table=True):
    """The account a member signs with; ``id`` is 0x and 40 hex digits."""

    member: str = Field(index=True)
