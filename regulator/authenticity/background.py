"""The background of a trade (贸易背景): all that the ledger has around receivables, read together, seen as of a height.

From the invoices of a receivable, and from the contract it names, references lead *down* to what those stand on; papers
that refer to an invoice, or to anything below it but a contract, come *up* to it, with what they refer to beside.
Nothing is followed up from a contract: whatever was ever traded under it hangs there. What more than FANOUT papers
refer to is shared by many trades, and nothing is followed up from it either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from ledger.confirmation import confirmation
from ledger.facts import (
    Fact,
    Invoice,
    Member,
    PackageInvoice,
    Payment,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeDocument,
    TradeOrder,
    TradeReference,
)
from ledger.records.base import Role
from regulator.histories import Histories, heights_of

__all__ = ["DOWN", "FANOUT", "KEEPERS", "UP", "Library", "Paid", "Paper", "Trade"]

F = TypeVar("F", bound=Fact)

KEEPERS: Final = frozenset((Role.WAREHOUSE, Role.PLATFORM, Role.CUSTOMS_PLATFORM, Role.ASSET_GATEWAY, Role.COLLECTING))
"""Roles of those who keep papers of others' trade, and have nothing to gain by it."""
DOWN: Final = 5
"""References followed down: invoice, acceptance note, waybill, order, contract are four."""
UP: Final = 3
"""References followed up: tax slip on the invoice, bank slip on that are two."""
FANOUT: Final = 200
"""Papers on one thing, beyond which it is no more of this trade than of the others."""
CUSTOMS: Final = "customs_declaration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document of the trade as it stands, and where it was first registered."""

    document: TradeDocument
    first: int
    dated_on: date
    """Its earliest date: a frame contract that was renewed keeps its first."""
    kept: bool
    """Registered by somebody whose trade it was, at that time, to keep such papers (:data:`KEEPERS`)."""

    @property
    def active(self) -> bool:
        """Whether it was not cancelled."""
        return self.document.status == "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A part of a payment that settles the receivable or a piece of it."""

    settlement: Settlement
    payment: Payment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A receivable with all that is around it, as of a height.

    ``first``: position that registered it. ``confirmed``: its version that began with the confirmation that counts.
    ``notes``: invoices that refer to one of its own, or undo it. ``versions``: all that either were by then, by id, in
    order. ``missing``: names that it, its invoices or their papers refer to and no record made. ``same``: other
    documents by the document whose file, or whose customs number, they share.
    """

    height: int
    receivable: Receivable
    first: int
    confirmed: Receivable | None
    invoices: tuple[Invoice, ...]
    notes: tuple[Invoice, ...]
    versions: Mapping[str, tuple[Invoice, ...]]
    papers: tuple[Paper, ...]
    orders: tuple[TradeOrder, ...]
    receipts: tuple[Receipt, ...]
    references: tuple[TradeReference, ...]
    paid: tuple[Paid, ...]
    packages: tuple[str, ...]
    missing: tuple[str, ...]
    same: Mapping[str, tuple[TradeDocument, ...]]
    members: Mapping[str, Member]

    def of(self, *types: str) -> tuple[Paper, ...]:
        """Return the papers of these types that were not cancelled."""
        return tuple(one for one in self.papers if one.active and one.document.type in types)

    def facts(self) -> Iterator[Fact]:
        """Yield every version that it is made of."""
        yield self.receivable
        yield from self.invoices
        yield from (one.document for one in self.papers)
        yield from self.orders
        yield from self.receipts
        for paid in self.paid:
            yield paid.settlement
            if paid.payment is not None:
                yield paid.payment


class Library:
    """Every version of what is around some receivables, read in few questions however many they are."""

    def __init__(self, histories: Histories, receivables: Collection[str]) -> None:
        self._ask = histories
        self.receivables = _by_id(histories.having(Receivable, "id", receivables))
        self._links = _by(histories.having(ReceivableInvoice, "receivable", self.receivables), "receivable")
        names = {one.invoice for some in self._links.values() for one in some}
        self._invoices = _by_id(histories.having(Invoice, "id", names))
        self._from: dict[str, list[TradeReference]] = {}
        self._onto: dict[str, list[TradeReference]] = {}
        self._documents: dict[str, list[TradeDocument]] = {}
        self._orders: dict[str, list[TradeOrder]] = {}
        self._receipts: dict[str, list[Receipt]] = {}
        contracts = {one.contract for some in self.receivables.values() for one in some if one.contract is not None}
        self._read_down(names, contracts)
        self._read_up(names | self._documents.keys() | self._orders.keys() | self._receipts.keys())
        self._read_notes(names)
        self._settled = _by(histories.having(Settlement, "receivable", self.receivables), "receivable")
        payments = {one.payment for some in self._settled.values() for one in some}
        self._payments = _by_id(histories.having(Payment, "id", payments))
        self._packed = _by(histories.having(PackageInvoice, "invoice", names), "invoice")
        self._read_same()
        self._members = _by_id(histories.having(Member, "id", self._parties()))

    def __iter__(self) -> Iterator[str]:
        return iter(self.receivables)

    def heights(self, name: str) -> list[int]:
        """Return the heights at which anything around a receivable changed, in order."""
        links = self._links.get(name, ())
        invoices = {one.invoice for one in links}
        notes = self._noted(invoices, None)
        reached, down, up = self._reach(self._starts(name, None), invoices, None)
        groups: list[Iterable[Fact]] = [self.receivables.get(name, ()), links, down, up]
        groups += [self._invoices.get(one, ()) for one in (*invoices, *notes)]
        for one in reached:
            groups += [self._documents.get(one, ()), self._orders.get(one, ()), self._receipts.get(one, ())]
        documents = [document for one in reached for document in self._documents.get(one, ())]
        groups += [self._by_file.get(each, ()) for each in {one.file_digest for one in documents} if each is not None]
        groups += [self._by_number.get(each, ()) for each in {one.number for one in documents}]
        members = {party for one in documents for party in one.parties}
        members |= {one for each in self.receivables.get(name, ())[:1] for one in (each.creditor, each.debtor)}
        groups += [self._members.get(one, ()) for one in members]
        settled = self._settled.get(name, ())
        groups += [settled, *(self._payments.get(one.payment, ()) for one in settled)]
        groups += [self._packed.get(one, ()) for one in invoices]
        return heights_of(*groups)

    def trade(self, name: str, height: int) -> Trade | None:
        """Return a receivable's trade as of a height, from what had begun by then alone; None before it was known."""
        receivable = _now(self.receivables.get(name, ()), height)
        if receivable is None:
            return None
        names = [one.invoice for one in self._links.get(name, ()) if _holds(one, height)]
        starts = self._starts(name, height)
        reached, down, up = self._reach(starts, set(names), height)
        documents, missing = self._papers(reached, height), [each for each in starts if not self._known(each, height)]
        missing += [one.target for one in down if not self._known(one.target, height)]
        settled = [one for one in self._settled.get(name, ()) if _holds(one, height)]
        packed = [one for each in names for one in self._packed.get(each, ()) if _holds(one, height)]
        notes = self._noted(names, height)
        return Trade(
            height=height,
            receivable=receivable,
            first=self.receivables[name][0].from_position,
            confirmed=confirmation(self.receivables[name], height),
            invoices=_found(self._invoices, names, height),
            notes=_found(self._invoices, notes, height),
            versions={
                each: tuple(one for one in self._invoices.get(each, ()) if one.from_height <= height)
                for each in (*names, *notes)
            },
            papers=documents,
            orders=_found(self._orders, reached, height),
            receipts=_found(self._receipts, reached, height),
            references=(*down, *up),
            paid=tuple(
                Paid(settlement=one, payment=_now(self._payments.get(one.payment, ()), height)) for one in settled
            ),
            packages=tuple(dict.fromkeys(one.package for one in packed)),
            missing=tuple(dict.fromkeys(missing)),
            same={one.document.id: same for one in documents if (same := self._same(one.document, height))},
            members=self._people(receivable, documents, height),
        )

    # Reading, level by level

    def _read_down(self, invoices: set[str], contracts: set[str]) -> None:
        fresh, asked = set(invoices), set(contracts)
        self._read_things(contracts)
        fresh |= contracts
        for _ in range(DOWN):
            targets = set()
            for one in self._ask.having(TradeReference, "source", fresh):
                self._from.setdefault(one.source, []).append(one)
                targets.add(one.target)
            fresh = targets - asked - invoices
            if not fresh:
                return
            asked |= fresh
            self._read_things(fresh)

    def _read_up(self, things: set[str]) -> None:
        fresh, asked = {name for name in things if not self._contract(name)}, set(things)
        came: set[str] = set()
        for _ in range(UP):
            sources = set()
            for one in self._ask.having(TradeReference, "target", fresh):
                self._onto.setdefault(one.target, []).append(one)
                if one.source_kind == "document":
                    sources.add(one.source)
            fresh = sources - asked
            asked |= fresh
            came |= fresh
            self._read_things(fresh)
            fresh = {name for name in fresh if not self._contract(name)}
            if not fresh:
                break
        beside = set()
        for one in self._ask.having(TradeReference, "source", came):
            self._from.setdefault(one.source, []).append(one)
            beside.add(one.target)
        self._read_things(beside - asked)

    def _read_things(self, names: Collection[str]) -> None:
        self._documents |= _by_id(self._ask.having(TradeDocument, "id", names))
        others = [name for name in names if name not in self._documents]
        self._orders |= _by_id(self._ask.having(TradeOrder, "id", others))
        self._receipts |= _by_id(self._ask.having(Receipt, "id", others))
        others = [name for name in others if name not in self._orders and name not in self._receipts]
        self._invoices |= _by_id(self._ask.having(Invoice, "id", others))

    def _read_notes(self, invoices: set[str]) -> None:
        """Read the invoices that refer to these or undo them, and those that refer to such a one."""
        fresh = {one.source for name in invoices for one in self._onto.get(name, ()) if one.source_kind == "invoice"}
        fresh |= {one.red_invoice for name in invoices for one in self._invoices.get(name, ()) if one.red_invoice}
        fresh |= {name for each in invoices for one in self._invoices.get(each, ())[:1] for name in one.refers_to}
        for _ in range(2):
            fresh -= self._invoices.keys()
            red = []
            for name, versions in _by_id(self._ask.having(Invoice, "id", fresh)).items():
                self._invoices[name] = versions
                if versions[0].amount_including_tax < 0:
                    red.append(name)
            fresh = set()
            for one in self._ask.having(TradeReference, "target", red):
                self._onto.setdefault(one.target, []).append(one)
                if one.source_kind == "invoice":
                    fresh.add(one.source)

    def _read_same(self) -> None:
        documents = [one for some in self._documents.values() for one in some]
        digests = {one.file_digest for one in documents if one.file_digest is not None}
        self._by_file = _by(self._ask.having(TradeDocument, "file_digest", digests), "file_digest")
        numbers = {one.number for one in documents if one.type == CUSTOMS}
        same = [one for one in self._ask.having(TradeDocument, "number", numbers) if one.type == CUSTOMS]
        self._by_number = _by(same, "number")

    def _parties(self) -> set[str]:
        documents = [one for some in self._documents.values() for one in some]
        found = {party for one in documents for party in (*one.parties, one.registered_by) if party is not None}
        return found | {
            party for some in self.receivables.values() for one in some[:1] for party in (one.creditor, one.debtor)
        }

    # Looking as of a height; None: at any height

    def _contract(self, name: str) -> bool:
        return any(one.type == "contract" for one in self._documents.get(name, ())[:1])

    def _starts(self, name: str, height: int | None) -> list[str]:
        """Return what the receivable itself names."""
        return list(
            dict.fromkeys(
                one.contract
                for one in self.receivables.get(name, ())
                if one.contract is not None and (height is None or _holds(one, height))
            )
        )

    def _reach(
        self, starts: Iterable[str], invoices: Collection[str], height: int | None
    ) -> tuple[list[str], list[TradeReference], list[TradeReference]]:
        """Return the names that references lead to, and the references by which: those down, and those up or beside."""
        found: dict[str, None] = dict.fromkeys(starts)
        used: dict[str, TradeReference] = {}
        fresh = [*invoices, *found]
        for _ in range(DOWN):
            ahead: dict[str, None] = {}
            for name in fresh:
                for one in self._from.get(name, ()):
                    if height is None or _holds(one, height):
                        used[one.id] = one
                        if one.target not in found and one.target not in invoices and one.target not in self._invoices:
                            ahead[one.target] = None
            found |= ahead
            fresh = list(ahead)
        fresh, others = [name for name in (*invoices, *found) if not self._contract(name)], dict[str, TradeReference]()
        came: dict[str, None] = {}
        for _ in range(UP):
            behind: dict[str, None] = {}
            for name in fresh:
                onto = [one for one in self._onto.get(name, ()) if one.source_kind == "document"]
                onto = onto if height is None else [one for one in onto if _holds(one, height)]
                if height is None or len(onto) <= FANOUT:
                    others |= {one.id: one for one in onto}
                    behind |= dict.fromkeys(one.source for one in onto if one.source not in found)
            found |= behind
            came |= behind
            fresh = [name for name in behind if not self._contract(name)]
        for name in came:
            for one in self._from.get(name, ()):
                if (height is None or _holds(one, height)) and one.target not in self._invoices:
                    others[one.id] = one
                    found[one.target] = None
        return list(found), list(used.values()), list(others.values())

    def _noted(self, invoices: Collection[str], height: int | None) -> list[str]:
        found: dict[str, None] = {}
        fresh = list(invoices)
        for _ in range(2):
            ahead: dict[str, None] = {}
            for name in fresh:
                onto = [one for one in self._onto.get(name, ()) if one.source_kind == "invoice"]
                ahead |= dict.fromkeys(one.source for one in onto if height is None or _holds(one, height))
                for one in self._invoices.get(name, ()):
                    if height is None or _holds(one, height):
                        ahead |= dict.fromkeys(each for each in (one.red_invoice,) if each)
                        ahead |= dict.fromkeys(each for each in one.refers_to if each in self._invoices)
            fresh = [name for name in ahead if name not in found and name not in invoices]
            found |= dict.fromkeys(fresh)
            fresh = [
                name for name in fresh if any(one.amount_including_tax < 0 for one in self._invoices.get(name, ()))
            ]
        return list(found)

    def _known(self, name: str, height: int) -> bool:
        tables: Any = (self._documents, self._orders, self._receipts, self._invoices)
        return any(some[name][0].from_height <= height for some in tables if name in some)

    def _papers(self, names: Iterable[str], height: int) -> tuple[Paper, ...]:
        found: list[Paper] = []
        for name in names:
            versions: Sequence[TradeDocument] = self._documents.get(name, ())
            now = _now(versions, height)
            if now is not None:
                dated = min(one.dated_on for one in versions if one.from_height <= height)
                registrar = _now(self._members.get(now.registered_by or "", ()), versions[0].from_height)
                kept = registrar is not None and not KEEPERS.isdisjoint(registrar.roles)
                found.append(Paper(document=now, first=versions[0].from_position, dated_on=dated, kept=kept))
        return tuple(sorted(found, key=lambda one: (one.first, one.document.id)))

    def _same(self, document: TradeDocument, height: int) -> tuple[TradeDocument, ...]:
        shared = list(self._by_file.get(document.file_digest, ())) if document.file_digest is not None else []
        if document.type == CUSTOMS:
            shared += self._by_number.get(document.number, ())
        held = {one.id: one for one in shared if _holds(one, height) and one.status == "active"}
        held.pop(document.id, None)
        return tuple(held.values())

    def _people(self, receivable: Receivable, papers: Iterable[Paper], height: int) -> dict[str, Member]:
        names = {receivable.creditor, receivable.debtor, *(each for one in papers for each in one.document.parties)}
        return {name: one for name in names if (one := _now(self._members.get(name, ()), height)) is not None}


def _holds(one: Fact, height: int) -> bool:
    return one.from_height <= height and (one.to_height is None or one.to_height > height)


def _now(versions: Iterable[F], height: int) -> F | None:
    return next((one for one in versions if _holds(one, height)), None)


def _found(table: Mapping[str, Sequence[F]], names: Iterable[str], height: int) -> tuple[F, ...]:
    found = (_now(table.get(name, ()), height) for name in dict.fromkeys(names))
    return tuple(one for one in found if one is not None)


def _by_id(versions: Iterable[F]) -> dict[str, list[F]]:
    return _by(versions, "id")


def _by(versions: Iterable[F], column: str) -> dict[str, list[F]]:
    found: defaultdict[str, list[F]] = defaultdict(list)
    for one in versions:
        found[getattr(one, column)].append(one)
    return dict(found)
