"""Digital debt certificates (数字债权凭证), their pieces, and the marks on those."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from ledger.fact import Exact, Fact

if TYPE_CHECKING:
    from ledger.facts.pools import PoolAsset

__all__ = ["Certificate", "Freeze", "Guarantee", "Output", "output_id"]


class Certificate(Fact, table=True):
    """A digital debt certificate as issued (开立); its pieces are outputs."""

    receivable: str = Field(index=True)
    issuer: str
    amount: int = Field(sa_type=BigInteger)


class Output(Fact, table=True):
    """A piece of a digital debt certificate (数字债权凭证), live until a record spends, redeems or cancels it.

    ``id`` is ``0x<transaction hash>:<index>``, ``root`` the receivable. ``co_owner``: on a middle account (中间户).
    It has one version: what marks it (:class:`Freeze`, :class:`Guarantee`) stands beside it.
    """

    root: str = Field(index=True)
    certificate: str
    owner: str
    co_owner: str | None = None
    amount: int = Field(sa_type=BigInteger)
    due: date
    issuer: str
    made_by: str
    """The kind of the record that made it."""
    parents: list[str] = Field(sa_type=JSON)
    financier: str | None = None
    form: str | None = None
    price: int | None = Field(default=None, sa_type=BigInteger)
    """What the financier paid for the whole financing, fen."""
    rate: Decimal | None = Field(default=None, sa_type=Exact)
    pooled: str | None = None
    """The plan whose pool held what this was made from, without the plan having given it up."""

    @property
    def owners(self) -> tuple[str, ...]:
        """The owner, or both of a middle account."""
        return (self.owner,) if self.co_owner is None else (self.owner, self.co_owner)

    def held_by(self, asset: PoolAsset) -> bool:
        """Tell whether an asset of a pool claims this output: by name, or as a piece of what it held."""
        return asset.asset == self.root and (self.id in asset.outputs or self.pooled == asset.plan)


class Freeze(Fact, table=True):
    """An output that may not move (冻结), live until it is unfrozen; ``id`` is the output."""

    frozen_by: str
    """Who alone may unfreeze it, but for a regulator."""
    reason: str


class Guarantee(Fact, table=True):
    """A guarantor stands in for an output (担保)."""

    output: str = Field(index=True)
    guarantor: str
    amount: int = Field(sa_type=BigInteger)
    """What the guarantor stands in for with all the outputs of its record, fen."""
    until: date


def output_id(transaction_hash: str, index: int) -> str:
    """Return the id of a record's output: ``0x<transaction hash>:<index>``."""
    return f"{transaction_hash}:{index}"
