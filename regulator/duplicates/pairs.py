"""The scope of trading pairs: what is financed of a seller's receivables on one debtor, with support and without.

A pair may have tens of thousands of receivables. Followed block by block, its sums are kept in the book, so that only
the receivables that changed are read: the sums at any height are those kept, less what these receivables added then,
plus what they add now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Self

from sqlalchemy import BigInteger
from sqlmodel import Field

from ledger.confirmation import confirmation
from ledger.facts import (
    Financing,
    FinancingCollateral,
    Invoice,
    Output,
    PackageInvoice,
    Payment,
    PoolAsset,
    Receipt,
    Receivable,
    ReceivableInvoice,
    Settlement,
    TradeDocument,
    TradeReference,
)
from ledger.snapshot import Market
from regulator.book import Book
from regulator.book.tables import BookTable
from regulator.duplicates.backing import Backed, backed
from regulator.duplicates.kept import Kept
from regulator.duplicates.pair_candidates import candidates
from regulator.duplicates.patterns import phantom_debtor
from regulator.duplicates.patterns.phantom_debtor import MOVEMENT, Sums
from regulator.duplicates.stakes import by_id, of
from regulator.histories import Histories, StoreHistories
from regulator.scope import Changes
from regulator.signals import Signal, subject_of

__all__ = ["Pair", "PairScope", "PairSumsRow"]

Parties = tuple[str, str]
"""Seller and debtor."""


class PairSumsRow(BookTable, table=True):
    """What is financed of a pair as of the last block followed."""

    __tablename__ = "pair_claims"

    pair: str = Field(primary_key=True)
    unsupported: int = Field(sa_type=BigInteger)
    claims: int
    supported: int = Field(sa_type=BigInteger)
    others: int


_SUMS = Kept(PairSumsRow)


class _Running:
    """The sums of some receivables as of a height that goes up."""

    def __init__(self, receivables: Sequence[Backed], since: int = -1) -> None:
        self.receivables, self._height = receivables, since
        self.each = [one.sums(since) for one in receivables]
        """What each of them adds."""
        self.total = reduce(Sums.plus, self.each, Sums())
        turns: list[tuple[int, int, Sums]] = []
        for at, (one, before) in enumerate(zip(receivables, self.each, strict=True)):
            for height in one.heights():
                if height > since and (now := one.sums(height)) != before:
                    turns.append((height, at, now))
                    before = now
        self._turns = sorted(turns, reverse=True)

    def heights(self) -> list[int]:
        """Return the heights to come at which any of them adds something else."""
        return sorted({height for height, _, _ in self._turns})

    def at(self, height: int) -> Self:
        """Return the sums as of the height."""
        if height < self._height:
            return type(self)(self.receivables, height)
        while self._turns and self._turns[-1][0] <= height:
            _, at, now = self._turns.pop()
            self.total = self.total.plus(self.each[at], -1).plus(now)
            self.each[at] = now
        self._height = height
        return self


class Pair:
    """A seller and a debtor, with the history of their receivables, or of those that changed.

    ``kept``: their sums where the running ones begin, if those are not of all their receivables.
    """

    def __init__(self, parties: Parties, running: _Running, histories: Histories, kept: Sums | None = None) -> None:
        self._parties, self._histories, self._running = parties, histories, running
        self._rest = Sums() if kept is None else kept.plus(running.total, -1)  # what those add that are not read here
        self._all = running if kept is None else None
        self._heights = running.heights()

    @property
    def subjects(self) -> Collection[str]:
        """The pair."""
        return (_subject(self._parties),)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        return self._heights

    def sums(self, height: int) -> Sums:
        """Return what is financed of the pair at the height."""
        self._running = self._running.at(height)
        return self._rest.plus(self._running.total)

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what is to be said of the pair: what it rests on is read only where it is a finding."""
        sums = self.sums(height)
        if not phantom_debtor.speaks(sums):
            return
        if self._all is None:
            self._all = _Running(_in_order(backed(self._histories, _owed(self._histories, (self._parties,))).values()))
        self._all = self._all.at(height)
        if phantom_debtor.of_one(sums, max(mine.unsupported for mine in self._all.each)):
            return
        weak = [one for one, mine in zip(self._all.receivables, self._all.each, strict=True) if mine.claims]
        said = [found for one in weak if (found := confirmation(one.versions, height)) is not None]
        yield phantom_debtor.look(self._parties, sums, [one.versions[0] for one in weak], said)


class PairScope:
    """Sellers and their debtors, and the pattern of debtors that are not there."""

    name = "duplicates.pairs"
    rules = (phantom_debtor.RULE,)
    reads = (
        Financing, FinancingCollateral, Invoice, Output, PackageInvoice, Payment, PoolAsset, Receipt, Receivable,
        ReceivableInvoice, Settlement, TradeDocument, TradeReference,
    )  # fmt: skip

    def __init__(self, book: Book | None = None) -> None:
        self._book = book

    def kept_in(self, book: Book, *, anew: bool) -> Self:
        """See :meth:`Keeping.kept_in`."""
        _SUMS.ready(book, self.name, anew=anew)
        return type(self)(book)

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`: the receivables that changed, or what claims or supports them."""
        names = {one.id for one in of(changes, Receivable)} | {one.receivable for one in of(changes, ReceivableInvoice)}
        names |= {one.root for one in of(changes, Output)} | {one.asset for one in of(changes, PoolAsset)}
        paid = [*of(changes, Settlement)]
        paid += histories.having(Settlement, "payment", {one.id for one in of(changes, Payment)})
        names |= {one.receivable for one in paid if one.receivable is not None}
        put_up = [*of(changes, FinancingCollateral)]
        put_up += histories.having(FinancingCollateral, "financing", {one.id for one in of(changes, Financing)})
        named: defaultdict[str, set[str]] = defaultdict(set)
        for one in put_up:
            named[one.target_kind].add(one.target)
        names |= named["receivable"]
        names |= {one.root for one in histories.having(Output, "id", named["output"])}
        papers = {one.id for one in of(changes, TradeDocument) if one.type in MOVEMENT}
        papers |= {one.id for one in of(changes, Receipt)}
        references = [*of(changes, TradeReference), *histories.having(TradeReference, "target", papers)]
        invoices = {one.id for one in of(changes, Invoice)} | {one.invoice for one in of(changes, PackageInvoice)}
        invoices |= named["invoice"] | {one.source for one in references if one.source_kind == "invoice"}
        invoices |= {one.invoice for one in histories.having(PackageInvoice, "package", named["package"])}
        names |= {one.receivable for one in histories.having(ReceivableInvoice, "invoice", invoices)}
        return {f"receivable {name}" for name in names}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`."""
        return candidates(market)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Pair]:
        """See :meth:`Scope.load`.

        Seeds ``claimed <receivable>`` are all of their pairs that was ever claimed. Of a ``receivable <id>`` the pair
        is read from the sums kept and, where no book is at hand, whole.
        """
        whole = by_id(histories.having(Receivable, "id", _named(seeds, "claimed")))
        touched = by_id(histories.having(Receivable, "id", _named(seeds, "receivable")))
        if self._book is not None and not whole:
            yield from self._resumed(self._book, histories, touched)
            return
        read = {_parties(versions[0]) for versions in whole.values()}
        pairs = {_parties(versions[0]) for versions in touched.values()} - read
        for parties, mine in _by_pair(backed(histories, whole | _owed(histories, pairs))).items():
            yield Pair(parties, _Running(mine), histories)

    def _resumed(self, book: Book, histories: Histories, touched: dict[str, list[Receivable]]) -> Iterator[Pair]:
        """Yield the pairs of what adds something else since the last step; keep their sums."""
        after = histories.after if isinstance(histories, StoreHistories) else -1
        running = {parties: _Running(mine, after) for parties, mine in _by_pair(backed(histories, touched)).items()}
        running = {parties: each for parties, each in running.items() if each.heights()}
        with book.reads() as connection:
            rows = _SUMS.rows(connection, [_subject(parties) for parties in running])
            kept = {pair: Sums(*sums) for pair, *sums in rows}
        new = []
        for parties, each in running.items():
            before = kept.get(_subject(parties), Sums())
            pair = Pair(parties, each, histories, before)
            if (sums := pair.sums(histories.height)) != before:
                new.append({"pair": _subject(parties), **sums._asdict()})
            yield pair
        _SUMS.put(book, new)


def _owed(histories: Histories, pairs: Collection[Parties]) -> dict[str, list[Receivable]]:
    """Return every receivable between these parties, by id."""
    wanted = set(pairs)
    found = histories.having(Receivable, "creditor", {seller for seller, _ in wanted})
    return by_id(one for one in found if _parties(one) in wanted)


def _in_order(receivables: Iterable[Backed]) -> list[Backed]:
    return sorted(receivables, key=lambda one: (one.versions[0].from_position, one.versions[0].id))


def _by_pair(receivables: Mapping[str, Backed]) -> dict[Parties, list[Backed]]:
    found: defaultdict[Parties, list[Backed]] = defaultdict(list)
    for one in receivables.values():
        found[_parties(one.versions[0])].append(one)
    return {parties: _in_order(some) for parties, some in sorted(found.items())}


def _parties(owed: Receivable) -> Parties:
    return owed.creditor, owed.debtor


def _subject(parties: Parties) -> str:
    return subject_of("pair", *parties)


def _named(seeds: Iterable[str], kind: str) -> set[str]:
    return {seed.split(" ", 1)[1] for seed in seeds if seed.startswith(f"{kind} ")}
