"""The scope of trading pairs: what is financed of a seller's receivables on one debtor, with support and without.

A pair may have tens of thousands of receivables. Followed block by block, its sums are kept in the book, so that only
the receivables that changed are read: the sums at any height are those kept, less what these receivables added then,
plus what they add now. That is right whichever step wrote the sums, as long as it was no later than the one at hand;
a step that was cut short and is done again finds the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, Self

from sqlalchemy import BigInteger, Connection, delete, or_, select
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
from regulator.book.tables import BookTable, table_of
from regulator.duplicates.backing import Backed, backed
from regulator.duplicates.kept import ready
from regulator.duplicates.pair_candidates import candidates
from regulator.duplicates.patterns import phantom_debtor
from regulator.duplicates.patterns.phantom_debtor import MOVEMENT, Sums
from regulator.duplicates.stakes import by_id, of
from regulator.evidence import AT_ONCE
from regulator.histories import Histories, StoreHistories
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["Pair", "PairScope", "PairSumsRow"]

Parties = tuple[str, str]
"""Seller and debtor."""


class PairSumsRow(BookTable, table=True):
    """What was financed of a pair as of a height; the last of each pair, and one before for a step done again."""

    __tablename__ = "pair_claims"

    pair: str = Field(primary_key=True)
    height: int = Field(primary_key=True, sa_type=BigInteger)
    unsupported: int = Field(sa_type=BigInteger)
    claims: int
    supported: int = Field(sa_type=BigInteger)
    others: int


_SUMS = table_of(PairSumsRow)


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
    """A seller and a debtor, with the history of their receivables, or of those that changed since ``base``."""

    def __init__(
        self, parties: Parties, receivables: Sequence[Backed], histories: Histories, base: tuple[int, Sums] | None
    ) -> None:
        since, self._rest = base or (-1, Sums())
        self._parties, self._histories, self._receivables = parties, histories, receivables
        self._running = _Running(receivables, since)
        self._rest = self._rest.plus(self._running.total, -1)  # what those add that are not read here
        self._all = self._running if base is None else None
        self._heights = self._running.heights() if base is None else None

    @property
    def subjects(self) -> Collection[str]:
        """The pair."""
        return (_subject(self._parties),)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`: of a step done again, those before its base too."""
        if self._heights is None:
            self._heights = sorted({height for one in self._receivables for height in one.heights()})
        return self._heights

    def sums(self, height: int) -> Sums:
        """Return what is financed of the pair at the height."""
        self._running = self._running.at(height)
        return self._rest.plus(self._running.total)

    def moved(self, height: int) -> bool:
        """Tell whether any of the receivables read adds something else at the height than at the base."""
        first = self._running.each.copy()
        self.sums(height)
        return self._running.each != first

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
        ready(book, _SUMS, anew=anew)
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
            yield Pair(parties, mine, histories, None)

    def _resumed(self, book: Book, histories: Histories, touched: dict[str, list[Receivable]]) -> Iterator[Pair]:
        """Yield the pairs of what adds something else since the last step, from the sums kept, and keep their new ones.

        Sums are as good as new ones while each receivable of the pair adds what it added when they were kept.
        """
        after = histories.after if isinstance(histories, StoreHistories) else -1
        pairs = _by_pair(backed(histories, touched))
        by_pair = {each: mine for each, mine in pairs.items() if _Running(mine, after).heights()}
        kept = _kept(book, [_subject(parties) for parties in by_pair], histories.height)
        made = {
            parties: Pair(parties, mine, histories, kept.get(_subject(parties), (-1, Sums())))
            for parties, mine in by_pair.items()
        }
        sums = {_subject(each): one.sums(histories.height) for each, one in made.items() if one.moved(histories.height)}
        _keep(book, histories.height, sums, kept)
        yield from made.values()


def _kept(book: Book, pairs: Sequence[str], height: int) -> dict[str, tuple[int, Sums]]:
    """Return the last sums of each pair up to a height, with the height they are of."""
    found: dict[str, tuple[int, Sums]] = {}
    if not pairs:
        return found
    with book.reads() as connection:
        for start in range(0, len(pairs), AT_ONCE):
            some = _SUMS.c.pair.in_(pairs[start : start + AT_ONCE])
            rows = connection.execute(select(_SUMS).where(some, _SUMS.c.height <= height).order_by(_SUMS.c.height))
            for row in rows:
                found[row.pair] = row.height, Sums(row.unsupported, row.claims, row.supported, row.others)
    return found


def _keep(book: Book, height: int, sums: Mapping[str, Sums], before: Mapping[str, tuple[int, Sums]]) -> None:
    rows = [{"pair": pair, "height": height, **one._asdict()} for pair, one in sums.items()]
    if not rows:
        return
    pairs = sorted(sums)

    def write(connection: Connection) -> None:
        for start in range(0, len(pairs), AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            least = min((before[pair][0] for pair in some if pair in before), default=0)
            void = or_(_SUMS.c.height >= height, _SUMS.c.height < least)
            connection.execute(delete(_SUMS).where(_SUMS.c.pair.in_(some), void))
        connection.execute(_SUMS.insert(), rows)

    book.later(write)


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
    return f"pair {'/'.join(parties)}"


def _named(seeds: Iterable[str], kind: str) -> set[str]:
    return {seed.split(" ", 1)[1] for seed in seeds if seed.startswith(f"{kind} ")}
