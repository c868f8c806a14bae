"""``duplicate.sealed_match``: records that nobody here can open name one thing, by keyed fingerprints (数字信封).

A sealed record shows fingerprints of what it names: HMAC-SM3 under the consortium's key of an epoch. Equal ones of one
epoch and field are one identifier. What cannot be opened cannot be judged by the patterns of claims; that two records
name one asset can be told all the same.

Definition: at least two records of one kind show one fingerprint, and at least one of them is sealed here: invoices of
one number registered under two ids, two packages of one invoice, two receivables on one invoice, two documents of one
number. A receivable and a package of one invoice are no match: it lawfully has both.

Evidence: the records. Nothing is known of parties and amounts: they are sealed.

Lawful: parts of an invoice as two receivables, a package that supersedes another: so those are LOW. One invoice
number registered twice is MEDIUM, strength 60: an identifier is never registered again. When the keys come and the
node's facts are rebuilt, the patterns of claims speak of what was opened, and this one is silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from ledger.facts import Confidential, Fingerprint
from ledger.snapshot import Market
from regulator.histories import Histories, heights_of
from regulator.scope import Changes
from regulator.signals import Level, Signal

__all__ = ["RULE", "SealedScope"]

RULE: Final = "duplicate.sealed_match"

NAMED: Final[dict[str, str]] = {
    "document.registered": "number",
    "invoice.registered": "number",
    "package.registered": "invoices",
    "receivable.registered": "invoices",
}
"""By kind of record, the field by which it names what can be financed twice."""


class Shown:
    """One fingerprint of one kind of record, and every record that shows it."""

    def __init__(self, subject: str, shown: Sequence[Fingerprint], records: dict[str, Confidential]) -> None:
        self._subject, self._shown, self._records = subject, shown, records

    @property
    def subjects(self) -> Collection[str]:
        """The fingerprint: ``fingerprint <epoch>/<kind>/<value>``."""
        return (self._subject,)

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        return heights_of(self._shown)

    def assess(self, height: int) -> Iterable[Signal]:
        """Yield what there is to say: that so many records name one thing."""
        records = {place_of(one): one for one in self._shown if one.from_height <= height}
        sealed = [place for place in records if not self._records[place].opened]
        if len(records) < 2 or not sealed:
            return
        kind = self._shown[0].kind
        twice = kind == "invoice.registered"
        yield Signal(
            rule=RULE,
            subject=self._subject,
            level=Level.MEDIUM if twice else Level.LOW,
            score=60 if twice else 30,
            amount=0,
            evidence=tuple(one.from_position for one in records.values()),
            details=(("field", NAMED[kind]), ("kind", kind), ("records", len(records)), ("sealed", len(sealed))),
        )


def place_of(shown: Fingerprint) -> str:
    """Return the id of the confidential record that shows a fingerprint."""
    return shown.id.rpartition("/")[0]


class SealedScope:
    """Fingerprints that several records show."""

    name = "duplicates.sealed"
    rules = (RULE,)
    reads = (Fingerprint,)

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`."""
        del histories
        shown: Any = changes.get(Fingerprint, ())
        return {_subject(one) for one in shown if NAMED.get(one.kind) == one.name}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: what two records show, the field being the kind's own."""
        import ibis

        shown = market.stated(Fingerprint)
        ours = shown.filter(ibis.or_(*((shown.kind == kind) & (shown["name"] == name) for kind, name in NAMED.items())))
        met = ours.group_by("epoch", "kind", "value").aggregate(records=ours.from_position.nunique())
        met = met.filter(met.records > 1)
        return met.select(seed=ibis.literal("fingerprint ") + met.epoch + "/" + met.kind + "/" + met["value"])

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[Shown]:
        """See :meth:`Scope.load`."""
        wanted = {seed for seed in seeds if seed.startswith("fingerprint ")}
        values = {seed.rpartition("/")[2] for seed in wanted}
        found: defaultdict[str, list[Fingerprint]] = defaultdict(list)
        for one in histories.having(Fingerprint, "value", values):
            if NAMED.get(one.kind) == one.name and _subject(one) in wanted:
                found[_subject(one)].append(one)
        places = {place_of(one) for some in found.values() if len(some) > 1 for one in some}
        records = {one.id: one for one in histories.having(Confidential, "id", places)}
        for subject, some in sorted(found.items()):
            if len(some) > 1:
                yield Shown(subject, some, records)


def _subject(one: Fingerprint) -> str:
    return f"fingerprint {one.epoch}/{one.kind}/{one.value}"
