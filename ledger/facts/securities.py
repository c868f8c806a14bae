"""What is said of a plan's securities: their ratings, and who holds them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.fact import Fact

__all__ = ["Holding", "Rating"]


class Rating(Fact, table=True):
    """What an agency rates a tranche, or a plan as a whole (信用评级); live until the same agency changes it."""

    security: str = Field(index=True)
    """The tranche's id, or the plan's."""
    plan: str = Field(index=True)
    tranche: str | None = None
    agency: str
    rating: str
    rated_on: date


class Holding(Fact, table=True):
    """What an investor holds of a tranche (持有份额); live until the tranche's holders are reported again."""

    security: str = Field(index=True)
    """The tranche's id."""
    plan: str = Field(index=True)
    tranche: str
    investor: str
    units: int = Field(sa_type=BigInteger)
    held_on: date
