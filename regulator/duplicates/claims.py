"""Who claims an underlying asset as of a height: by which instrument, how much of it, on whose giving.

Four instruments claim a receivable: a *financing* (a loan on it, or its purchase), a *certificate* piece in another's
hands than the creditor's, a *registration* (登记), and a *pool* of a plan. A claim is **active** while what stands
for it does: collateral that was not given back of a financing that was not repaid or released, a live piece, a
registration that was not cancelled, an asset that has not left its pool.

Two claims are *rivals* when different parties hold them, neither got it from the other, and both together are more than
what they rest on. Each counts for what it covers, not for the money: a loan of 50 on the whole of an invoice covers the
whole. So parts that are stated as parts (a syndicate, two receivables on one invoice, two pieces of a certificate) are
no rivals while they fit, and two loans on the whole are, however small.

A chain is lawful: a factor that bought a piece may pledge it, register it or sell it to a plan, and who refinanced the
factor may be refinanced in turn. What is given by the holder of another claim, or on the strength of it, is therefore
no rival of that one, though it is of everybody else's.

Who claims a receivable claims what is beneath it: so much of an invoice as the receivable's other invoices cannot make
up for. Two claims that name the asset in different ways meet there, however much else was tied to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

__all__ = ["Claim", "Instrument", "Out", "at_odds", "chained", "compared", "extent_of", "handed_on", "rivals"]

COMPARED: Final = 200
"""Claims on one asset that are held against each other: of every holder the largest first, so that nobody hides two
wholes behind hundreds of small parts."""


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
    giver: str | None = None
    """Of the givers, the one it came from."""
    spare: Mapping[str, int] = field(default_factory=dict)
    """By what it covers beneath its target: what else there is of the target to make up for that."""

    def on(self, node: str) -> int:
        """Return how much of something that it covers it takes up, at the least."""
        return max(self.extent - self.spare.get(node, 0), 0)

    def money_on(self, node: str) -> int:
        """Return how much of its money rests on something that it covers, at the least."""
        return max((self.money or 0) - self.spare.get(node, 0), 0)


def chained(one: Claim, other: Claim) -> bool:
    """Tell whether one party holds both, or one claim came from the other's holder."""
    return (
        one.holder == other.holder
        or one.holder in other.agents
        or other.holder in one.agents
        or one.holder in other.givers
        or other.holder in one.givers
    )


def handed_on(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims, each with those among its givers by whom its giver came to as much before it (再保理)."""
    reach: defaultdict[str, set[str]] = defaultdict(set)
    most: defaultdict[str, int] = defaultdict(int)
    found: dict[int, Claim] = {}
    for at, claim in sorted(enumerate(claims), key=lambda each: _order(each[1])):
        before = [reach[giver] for giver in claim.givers if giver in reach and most[giver] >= claim.extent]
        givers = claim.givers.union(*before) - {claim.holder}
        found[at] = claim if givers == claim.givers else replace(claim, givers=givers)
        reach[claim.holder] |= givers
        most[claim.holder] = max(most[claim.holder], claim.extent)
    return tuple(found[at] for at in range(len(claims)))


def extent_of(claims: Iterable[Claim], worth: int, node: str = "") -> int:
    """Return how much of a node these claims cover together: one thing that one party holds counts once."""
    held: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for claim in claims:
        mine = held[claim.holder]
        mine[claim.target] = max(mine.get(claim.target, 0), claim.on(node))
    return sum(min(sum(parts.values()), worth) for parts in held.values())


class Out:
    """Money that is out, claim by claim: what a holder gave on counts once, up to what it has out itself."""

    def __init__(self) -> None:
        self._own: defaultdict[str, int] = defaultdict(int)
        self._given: defaultdict[str, int] = defaultdict(int)
        self._sum = self._most = 0

    def add(self, claim: Claim, money: int) -> int:
        """Add what is out on a claim; returns the total."""
        for amounts, member in ((self._own, claim.holder), (self._given, claim.giver)):
            if member is not None:
                self._sum += self._once(member)
                amounts[member] += money
                self._sum -= self._once(member)
        self._sum += money
        self._most = max(self._most, self._own[claim.holder])
        return max(self._sum, self._most)  # members who name each other as givers hide nothing

    def _once(self, member: str) -> int:
        return min(self._own.get(member, 0), self._given.get(member, 0))


def compared(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that are held against each other, in the order in which they began."""
    found = sorted(claims, key=lambda claim: (-claim.extent, claim.began, claim.thing, claim.target))
    if len(found) > COMPARED:
        turn: defaultdict[str, int] = defaultdict(int)
        turns: list[tuple[int, int]] = []
        for at, claim in enumerate(found):
            turns.append((turn[claim.holder], at))
            turn[claim.holder] += 1
        found = [found[at] for _, at in sorted(turns)[:COMPARED]]
    return sorted(found, key=_order)


def _order(claim: Claim) -> tuple[int, str, str]:
    return claim.began, claim.thing, claim.target


def at_odds(one: Claim, other: Claim, worth: Mapping[str, int]) -> bool:
    """Tell whether two claims cannot both be good. ``worth``: of everything that they cover, fen."""
    if chained(one, other):
        return False
    shared = set(one.covers).intersection(other.covers)
    return any(min(one.on(node), worth[node]) + min(other.on(node), worth[node]) > worth[node] for node in shared)


def rivals(claims: Collection[Claim], worth: Mapping[str, int]) -> list[Claim]:
    """Return those of the claims that cannot all be good, in the order in which they began.

    ``worth``: of everything that the claims cover, fen.
    """
    first = compared(claims)
    if len({claim.holder for claim in first}) < 2:
        return []
    by_node: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in first:
        for node in claim.covers:
            by_node[node].append(claim)
    found: set[int] = set()
    for node, some in by_node.items():
        if extent_of(some, worth[node], node) <= worth[node]:
            continue
        for claim in [claim for claim in some if id(claim) not in found]:
            against = _independent([other for other in some if not chained(claim, other)])
            if against and extent_of((claim, *against), worth[node], node) > worth[node]:
                found.update(id(each) for each in (claim, *against) if each.on(node))
    return [claim for claim in first if id(claim) in found]


def _independent(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims without those that were given by the holder of another of them: they are within that one."""
    holders = {claim.holder for claim in claims}
    return [claim for claim in claims if claim.givers.isdisjoint(holders - {claim.holder})]
