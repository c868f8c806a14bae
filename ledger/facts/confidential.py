"""Confidential records, and keyed fingerprints of what they name: equal ones are one thing, whoever may read it."""

from __future__ import annotations

from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Confidential", "Fingerprint"]


class Confidential(Fact, table=True):
    """A record that came in a digital envelope (数字信封); ``id`` is its position."""

    kind: str = Field(index=True)
    epoch: str
    """Which of the consortium's keys its fingerprints are made with."""
    opened: bool
    """Whether this node could read it when it projected it; otherwise it is *sealed* here."""


class Fingerprint(Fact, table=True):
    """HMAC-SM3 of one identifier under the consortium's key of an epoch, as a confidential record shows it."""

    kind: str
    """The record's kind."""
    epoch: str
    name: str
    """The payload's field."""
    value: str = Field(index=True)
    """64 hex digits; comparable within an epoch and a name."""
