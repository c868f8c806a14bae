"""The simplest scope there is: an invoice that is not normal is a finding until it is normal again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from ledger.facts import Invoice
from ledger.snapshot import Market
from regulator.histories import Histories, at, heights_of
from regulator.scope import Changes
from regulator.signals import Level, Signal

RULE = "test.not_normal"
LEVELS = {"abnormal": Level.LOW, "voided": Level.MEDIUM, "red_flushed": Level.HIGH}


class OneInvoice:
    """An invoice and its versions."""

    def __init__(self, name: str, versions: Sequence[Invoice]) -> None:
        self.subjects = frozenset({f"invoice {name}"})
        self._versions = versions

    def heights(self) -> Sequence[int]:
        return heights_of(self._versions)

    def assess(self, height: int) -> Iterable[Signal]:
        for one in at(self._versions, height):
            if one.status != "normal":
                yield Signal(
                    rule=RULE,
                    subject=f"invoice {one.id}",
                    level=LEVELS[one.status],
                    score=50,
                    amount=one.amount_including_tax,
                    since=one.status_on,
                    parties=(one.seller, one.buyer),
                    evidence=(one.from_position,),
                    details=(("status", one.status),),
                )


class NotNormal:
    """The scope of single invoices."""

    name = "invoices"
    rules = (RULE,)
    reads = (Invoice,)

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        del histories
        return {f"invoice {one.id}" for one in changes.get(Invoice, ())}

    def candidates(self, market: Market) -> Any:
        found = market.history(Invoice)
        return found.filter(found.status != "normal").select(seed="invoice " + found.id)

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[OneInvoice]:
        by_name: dict[str, list[Invoice]] = {}
        for version in histories.having(Invoice, "id", [seed.removeprefix("invoice ") for seed in seeds]):
            by_name.setdefault(version.id, []).append(version)
        for name, versions in by_name.items():
            yield OneInvoice(name, versions)
