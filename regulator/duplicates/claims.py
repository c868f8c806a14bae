"""Who claims an underlying asset as of a height: by which instrument, how much of it, on whose giving.

Four instruments claim a receivable: a *financing* (a loan on it, or its purchase), a *certificate* piece in another's
hands than the creditor's, a *registration* (登记), and a *pool* of a plan. A claim is **active** while what stands
for it does: collateral that was not given back of a financing that was not repaid or released, a live piece, a
registration that was not cancelled, an asset that has not left its pool.

Two claims are *rivals* when different parties hold them, neither got it from the other, and both together are more than
what they rest on. Each counts for what it covers, not for the money: a loan of 50 on the whole of an invoice covers the
whole. So parts that are stated as parts (a syndicate, two receivables on one invoice, two pieces of a certificate) are
no rivals while they fit, and two loans on the whole are, however small.

A chain is lawful: a factor that bought a piece may pledge it, register it or sell it to a plan. What is given by the
holder of another claim is therefore no rival of that one, though it is of everybody else's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

__all__ = ["Claim", "Instrument", "chained", "extent_of", "rivals"]

COMPARED: Final = 200
"""Claims on one asset that are held against each other, the first ones: an asset with more has its finding by then."""


class Instrument(StrEnum):
    """By what an asset is claimed."""

    FINANCING = "financing"
    CERTIFICATE = "certificate"
    REGISTRATION = "registration"
    POOL = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim, as of a height.

    ``thing``: the financing, piece, registration or plan, ``<kind> <id>``; ``target``: what of the asset it is on;
    ``covers``: the target and everything it is a part of. Amounts are fen.
    """

    instrument: Instrument
    thing: str
    holder: str
    """Who has it: a member, or a plan."""
    givers: frozenset[str]
    """Who gave it, and who had it before those."""
    target: str
    covers: tuple[str, ...]
    extent: int
    """What of the target it covers."""
    money: int | None
    """What its holder has at stake on this asset; None: cannot be told; 0: nothing by this instrument."""
    bought: bool
    """Whether it is a financing (融资): a loan, or the purchase of a piece."""
    began: int
    """Position of the record by which it began."""
    paid_out: int
    """Position from which money was out on it."""
    day: date | None
    """The business day it began, where a record states one."""
    evidence: tuple[int, ...]
    agents: frozenset[str] = frozenset()
    """Who acts for the holder: the manager of a plan."""
    drawn: bool = True
    """Of a loan: whether money was paid out on it."""
    idle: bool = False
    """Of a registration: what it secured was repaid or released, and it was left standing."""


def chained(one: Claim, other: Claim) -> bool:
    """Tell whether one party holds both, or one claim came from the other's holder."""
    return (
        one.holder == other.holder
        or one.holder in other.agents
        or other.holder in one.agents
        or one.holder in other.givers
        or other.holder in one.givers
    )


def extent_of(claims: Iterable[Claim], worth: int) -> int:
    """Return how much of what they rest on these claims cover together: one thing that one party holds counts once."""
    held: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for claim in claims:
        mine = held[claim.holder]
        mine[claim.target] = max(mine.get(claim.target, 0), claim.extent)
    return sum(min(sum(parts.values()), worth) for parts in held.values())


def rivals(claims: Collection[Claim], worth: Mapping[str, int]) -> list[Claim]:
    """Return those of the claims that cannot all be good, in the order in which they began.

    ``worth``: of everything that the claims cover, fen.
    """
    first = sorted(claims, key=lambda claim: (claim.began, claim.thing, claim.target))[:COMPARED]
    if len({claim.holder for claim in first}) < 2:
        return []
    by_node: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in first:
        for node in claim.covers:
            by_node[node].append(claim)
    found: set[int] = set()
    for node, some in by_node.items():
        for claim in some:
            against = _independent([other for other in some if not chained(claim, other)])
            if against and extent_of((claim, *against), worth[node]) > worth[node]:
                found.update(id(each) for each in (claim, *against))
    return [claim for claim in first if id(claim) in found]


def _independent(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims without those that were given by the holder of another of them: they are within that one."""
    holders = {claim.holder for claim in claims}
    return [claim for claim in claims if claim.givers.isdisjoint(holders - {claim.holder})]
