"""The scope of runs: what one seller invoiced one buyer on one day, each just under a limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from ledger.facts import Fact, Invoice, Receivable, ReceivableInvoice, TradeDocument, TradeOrder, TradeReference
from ledger.snapshot import Market
from regulator.duplicates.paper_numbers import bare
from regulator.duplicates.patterns import structuring
from regulator.duplicates.stakes import CLAIMS, Stakes, around, by_id, claimed_invoices, of
from regulator.duplicates.view import current
from regulator.histories import Histories, heights_of
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["Day", "RunScope"]

Key = tuple[str, str, date]
"""Seller, buyer, day of issue."""
EXPLAINS = ("contract", "order")


@dataclass(slots=True, kw_only=True)
class Papers:
    """What may explain runs: documents and orders by id, and by invoice the receivables on it with their contracts."""

    documents: dict[str, list[TradeDocument]]
    orders: dict[str, list[TradeOrder]]
    links: defaultdict[str, list[ReceivableInvoice]] = field(default_factory=lambda: defaultdict(list))
    receivables: dict[str, list[Receivable]] = field(default_factory=dict)

    def named(self, invoice: Invoice, height: int) -> set[str]:
        """Return the documents and orders that an invoice refers to, or a receivable on it is under."""
        tied = [link.receivable for link in self.links[invoice.id] if link.from_height <= height]
        owed = (current(self.receivables.get(name, ()), height) for name in tied)
        return {*invoice.refers_to, *(one.contract for one in owed if one is not None and one.contract is not None)}

    def worth(self, name: str, invoice: Invoice, height: int) -> int | None:
        """Return the amount of an order or contract between an invoice's parties, 0 of one without; None of another."""
        document = current(self.documents.get(name, ()), height)
        if document is not None and document.type in EXPLAINS and document.status == "active":
            between = {invoice.seller, invoice.buyer} <= set(document.parties)
            if between and (document.amount is None or document.currency == "CNY"):
                return document.amount or 0
        order = current(self.orders.get(name, ()), height)
        if order is not None and (order.seller, order.buyer) == (invoice.seller, invoice.buyer):
            return order.amount if order.currency == "CNY" else 0
        return None

    def versions(self, invoices: Iterable[Invoice]) -> list[Sequence[Any]]:
        """Return the versions on which what explains these invoices depends."""
        found: list[Sequence[Any]] = []
        for one in invoices:
            owed = self.links[one.id]
            found.append(owed)
            names = set(one.refers_to)
            for link in owed:
                versions = self.receivables.get(link.receivable, [])
                found.append(versions[:1])  # its contract never changes
                names |= {each.contract for each in versions[:1] if each.contract is not None}
            for name in names:
                found += [self.documents.get(name, ()), self.orders.get(name, ())]
        return found


class Day:
    """The invoices just under a limit between two parties on one day, with their history."""

    def __init__(self, invoices: dict[str, list[Invoice]], papers: Papers, stakes: Stakes) -> None:
        self._invoices, self._papers, self._stakes = invoices, papers, stakes

    @property
    def subjects(self) -> Collection[str]:
        """Every invoice: a run may come to begin at any."""
        return [f"invoice {name}" for name in self._invoices]

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        own = heights_of(*self._invoices.values())
        explained = heights_of(*self._papers.versions(versions[0] for versions in self._invoices.values()))
        return sorted({*own, *explained, *self._stakes.heights(self.subjects)})

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what is to be said of the runs that nothing explains."""
        now = [one for versions in self._invoices.values() if (one := current(versions, height)) is not None]
        firsts = {name: versions[0].from_position for name, versions in self._invoices.items()}
        for run in structuring.runs(now):
            worths = self._explaining(run, height)
            if all(worth < sum(one.amount_excluding_tax for one in run) for worth in worths):
                claims = [claim for one in run for claim in self._stakes.on(f"invoice {one.id}", height)]
                yield structuring.look(run, framed=0 in worths, claims=claims, firsts=firsts)

    def _explaining(self, run: Sequence[Invoice], height: int) -> list[int]:
        """Return the amounts of the orders and contracts that all of a run is under."""
        common = set.intersection(*(self._papers.named(one, height) for one in run))
        found = (self._papers.worth(name, run[0], height) for name in sorted(common))
        return [each for each in found if each is not None]


class RunScope:
    """Runs of invoices, and the pattern of their structuring."""

    name = "duplicates.runs"
    rules = (structuring.RULE,)
    reads: tuple[type[Fact], ...] = (*CLAIMS, TradeDocument, TradeOrder)

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: only invoices just under a limit."""
        ids = {one.id for one in of(changes, Invoice)} | claimed_invoices(changes, histories)
        papers = {one.id for one in of(changes, TradeDocument) if one.type in EXPLAINS}
        papers |= {one.id for one in of(changes, TradeOrder)}
        ids |= {
            one.source for one in histories.having(TradeReference, "target", papers) if one.source_kind == "invoice"
        }
        owed = histories.having(Receivable, "contract", papers)
        ids |= {one.invoice for one in histories.having(ReceivableInvoice, "receivable", {each.id for each in owed})}
        return {f"invoice {one.id}" for one in histories.having(Invoice, "id", ids) if _just_under(one)}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: invoices just under a limit, by consecutive numbers, that make a run."""
        import ibis

        rows = market.table(Invoice)  # what is compared never changes
        under = rows.filter(_under(rows.amount_excluding_tax) | _under(rows.amount_including_tax))
        number = under.number.upper().re_replace("[^0-9A-Z]", "")
        tail = number.right(8)
        digits = tail.re_search("^[0-9]+$")
        under = under.select(
            "id", "seller", "buyer", "issued",
            lead=number.substr(0, ibis.greatest(number.length() - 8, 0)),
            place=ibis.ifelse(digits, tail, "0").cast("int64"),
            placed=digits,
        )  # fmt: skip
        under = under.filter(under.placed)
        days = ("seller", "buyer", "issued")
        beside = ibis.window(group_by=(*days, "lead"), order_by=("place", "id"))
        under = under.mutate(before=under.place.lag().over(beside), after=under.place.lead().over(beside))
        step = structuring.STEP
        tied = under.filter((under.place - under.before <= step) | (under.after - under.place <= step))
        enough = tied.group_by(*days).aggregate(invoices=tied.id.count())
        enough = enough.filter(enough.invoices >= structuring.RUN)
        found = tied.semi_join(enough, days)
        return found.select(seed="invoice " + found.id)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Day]:
        """See :meth:`Scope.load`."""
        seeded = histories.having(Invoice, "id", {seed.removeprefix("invoice ") for seed in seeds})
        wanted = {_key(one) for one in seeded}
        days: defaultdict[Key, dict[str, list[Invoice]]] = defaultdict(dict)
        for name, versions in around(histories, seeded, 0, ("buyer",)).items():
            if _key(versions[0]) in wanted and _just_under(versions[0]):
                days[_key(versions[0])][name] = versions
        beside = {key: _beside(each) for key, each in days.items()}
        found = {key: each for key, each in beside.items() if len(each) >= structuring.RUN}
        names = {name for each in found.values() for name in each}
        papers = _papers(histories, [versions[0] for each in found.values() for versions in each.values()])
        stakes = Stakes(histories, {f"invoice {name}" for name in names})
        for key in sorted(found):
            yield Day(found[key], papers, stakes)


def _beside(invoices: dict[str, list[Invoice]]) -> dict[str, list[Invoice]]:
    """Return those of the invoices of a day whose number is a step at most from another's: no run has any other."""
    leads: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for name, versions in invoices.items():
        number = bare(versions[0].number)
        if number[-8:].isdigit():
            leads[number[:-8]].append((int(number[-8:]), name))
    tied: set[str] = set()
    for places in leads.values():
        for (place, name), (next_, other) in pairwise(sorted(places)):
            if next_ - place <= structuring.STEP:
                tied |= {name, other}
    return {name: versions for name, versions in invoices.items() if name in tied}


def _papers(histories: Histories, invoices: Sequence[Invoice]) -> Papers:
    links = histories.having(ReceivableInvoice, "invoice", {one.id for one in invoices})
    receivables = by_id(histories.having(Receivable, "id", {link.receivable for link in links}))
    names = {name for one in invoices for name in one.refers_to}
    names |= {versions[0].contract for versions in receivables.values() if versions[0].contract is not None}
    found = Papers(
        documents=by_id(histories.having(TradeDocument, "id", names)),
        orders=by_id(histories.having(TradeOrder, "id", names)),
        receivables=receivables,
    )
    for link in links:
        found.links[link.invoice].append(link)
    return found


def _key(invoice: Invoice) -> Key:
    return invoice.seller, invoice.buyer, invoice.issued


def _just_under(invoice: Invoice) -> bool:
    amounts = invoice.amount_excluding_tax, invoice.amount_including_tax
    return any(structuring.limit_of(amount) is not None for amount in amounts)


def _under(amount: Any) -> Any:
    found = None
    for limit in structuring.LIMITS:
        within = (amount >= limit - limit // structuring.SLACK) & (amount < limit)
        found = within if found is None else found | within
    return found
