"""One market of which the labels say what is wrong with it, followed by a real node: what accuracy is measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ledger.consortium.market import generate_market, labels_of
from ledger.consortium.market.planting import EVERY
from ledger.consortium.market.trouble.table import PATTERNS, TRAPS
from ledger.store import Store
from regulator import duplicates, network
from regulator.book import Book
from regulator.monitor import PlanScope
from regulator.rules import ALL_SCOPES
from regulator.scope import Scope
from regulator.signals import Version
from regulator.watch import follow
from tests.support.duplicates_truth import SHOWS, Score, scored
from tests.support.generated import followed

SCOPES: tuple[Scope, ...] = (*duplicates.SCOPES, *network.SCOPES)
SWEPT: tuple[Scope, ...] = tuple(scope for scope in ALL_SCOPES if not isinstance(scope, PlanScope))
"""Every scope that a snapshot answers: what is recomputed of plans is followed only."""
REST = Decimal("0.0005")
"""The rate of every breach, mistake and look-alike of such: nothing of it is a pattern that it does not show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A market's node, its labels, and every version of every finding, by following it block by block."""

    store: Store
    labels: Path
    versions: list[Version]

    def scores(self) -> tuple[dict[str, Score], list[Version]]:
        """How every pattern did, and the findings of level high on look-alikes."""
        return scored(self.store, self.labels, self.versions, SHOWS)


def measured(
    folder: Path,
    *,
    receivables: int,
    seed: int,
    rate: Decimal,
    plans: int = 3,
    months: int = 12,
    scopes: Sequence[Scope] = SCOPES,
) -> Measured:
    """A market with every pattern and its look-alike planted at one rate, and everything else at a low one."""
    return planted(
        folder,
        receivables=receivables,
        plans=plans,
        months=months,
        seed=seed,
        trouble={EVERY: REST, **dict.fromkeys(PATTERNS, rate)},
        traps={EVERY: REST, **{name: rate for name in PATTERNS if name in TRAPS}},
        scopes=scopes,
    )


def planted(
    folder: Path,
    *,
    trouble: Mapping[str, Decimal],
    traps: Decimal | Mapping[str, Decimal],
    scopes: Sequence[Scope],
    **size: int,
) -> Measured:
    """A market of a size (receivables, plans, months, seed) with trouble and look-alikes, each at its own rate."""
    summary = generate_market(folder / "chain", trouble=trouble, traps=traps, **size)
    store = followed(folder / "chain", summary, folder / "home")
    return Measured(store=store, labels=labels_of(folder / "chain"), versions=found(store, folder / "book.db", scopes))


def found(store: Store, book: Path, scopes: Sequence[Scope] = SCOPES) -> list[Version]:
    """Every version that following the node finds, from where the book at this path stands, and what was in it."""
    with Book.open(book) as kept:
        for _ in follow(store, kept, scopes):
            pass
        return [version for scope in scopes for version in kept.versions(scope.rules)]


def in_order(versions: Iterable[Version]) -> list[Version]:
    """Versions in the order in which two ways of finding them are compared."""
    return sorted(versions, key=lambda version: (version.height, version.id))


def differing(one: Iterable[Version], other: Iterable[Version]) -> list[tuple[str, Version]]:
    """What one of two ways finds and the other does not, or more often; the first ten, enough to see why."""
    mine, its = Counter(one), Counter(other)
    only = [("one", each) for each in (mine - its).elements()] + [("other", each) for each in (its - mine).elements()]
    return sorted(only, key=lambda found_: (found_[1].height, found_[1].id))[:10]
