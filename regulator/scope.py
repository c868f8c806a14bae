"""What a rule looks at to speak of one subject, and the one procedure by which rules are run over a ledger's history.

A *scope* is a kind of neighbourhood: a claim with the papers, financings and pools around it; a warehouse lot; a
contract; two trading partners. It says how to find the neighbourhoods that some blocks touched (*online*) and those
that could show anything at all (*batch*, over a snapshot). A neighbourhood says, as of any height, what its rules
say. :func:`replay` asks it at every height at which it changed. Online and batch are this one procedure, so that they
can only differ in which neighbourhoods they look at; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ledger.facts import Fact
from ledger.snapshot import Market
from regulator.histories import Histories
from regulator.signals import Signal, Version

if TYPE_CHECKING:
    from regulator.book import Book

__all__ = ["Changes", "Keeping", "Neighbourhood", "Scope", "replay"]

Changes = Mapping[type[Fact], Sequence[Fact]]
"""By table, the versions that began or ended in the blocks looked at, in the order in which they began."""


class Neighbourhood(Protocol):
    """All that the rules of a scope look at to speak of the subjects within, with its history."""

    @property
    def subjects(self) -> Collection[str]:
        """Every ``<kind> <id>`` that a finding of this scope could be about here, at any height.

        No two neighbourhoods of one reading share one.
        """

    def heights(self) -> Sequence[int]:
        """Return the heights at which what the rules look at changed, in order."""

    def assess(self, height: int) -> Iterable[Signal]:
        """Return what the rules say as of the height, by the facts of that height alone."""


class Scope(Protocol):
    """A kind of neighbourhood, and the rules that speak of it."""

    @property
    def name(self) -> str:
        """Its name, by which the book remembers how far it was followed."""

    @property
    def rules(self) -> Collection[str]:
        """The rules it runs; no other scope runs one of them."""

    @property
    def reads(self) -> Collection[type[Fact]]:
        """The tables whose changes touch a neighbourhood of this scope."""

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """Return the seeds (``<kind> <id>``) of the neighbourhoods that the changes touched."""

    def candidates(self, market: Market) -> Any:
        """Return an Ibis table with a column ``seed``: seeds of all neighbourhoods in which a rule could ever speak."""

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Neighbourhood]:
        """Yield the neighbourhoods of the seeds, each once, with everything that had begun by the height."""


@runtime_checkable
class Keeping(Protocol):
    """A scope that keeps running sums in the book while it follows, so that it need not read all of history again.

    What follows from a step it has written by :meth:`Book.later`: with what was found in it, or not at all.
    """

    def kept_in(self, book: Book, *, anew: bool) -> Scope:
        """Return the scope on this book; ``anew``: nothing was followed yet, and what it kept before is void."""


def replay(
    neighbourhood: Neighbourhood, standing: Mapping[str, Signal], *, after: int = -1, until: int | None = None
) -> Iterator[Version]:
    """Yield the versions of the findings within, in order, from the first height after ``after`` on.

    ``standing`` are the signals that stood at ``after``, by finding id.
    """
    stood = dict(standing)
    for height in neighbourhood.heights():
        if height <= after or (until is not None and height > until):
            continue
        now: dict[str, Signal] = {}
        for signal in neighbourhood.assess(height):
            if signal.subject not in neighbourhood.subjects or signal.id in now:
                raise RuntimeError(f"{signal.rule} speaks of {signal.subject} twice, or outside its neighbourhood")
            now[signal.id] = signal
        for id_ in sorted(stood.keys() | now.keys()):
            before, said = stood.get(id_), now.get(id_)
            if before != said:
                told = said or before
                assert told is not None
                yield Version(rule=told.rule, subject=told.subject, height=height, signal=said)
        stood = now
