"""How authentic the trade behind a receivable is (贸易真实性): expected evidence, checks, a score with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from abs.figure import FactRef
from abs.reading import fact_ref
from ledger.business_day import business_day
from ledger.store import AsOf
from ledger.verdict import Verdict
from regulator.authenticity.background import CUSTOMS, Library, Trade
from regulator.authenticity.network import is_service, network_checks
from regulator.authenticity.node import node_checks
from regulator.authenticity.order import order_checks
from regulator.authenticity.outcome import Check, Item
from regulator.authenticity.weights import CHECKS, EXPECTED, FLOWS, Flow, Trading
from regulator.errors import UnknownThing
from regulator.histories import StoreHistories

__all__ = ["AT_ONCE", "Authenticity", "Evidence", "assess", "assess_trades", "checks_of", "contradictions", "judge"]

AT_ONCE: Final = 5_000
"""Receivables whose background is in memory together."""
WHOLE: Final = 100
DELIVERED: Final = ("waybill", "warehouse_receipt", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One kind of evidence that is expected: its ``points``, what of them it ``earned``, and what is left to gain.

    ``verdict``: PASSED when it is there and every check on it passed; INDETERMINATE when it is missing, or a check
    could not tell; FAILED when one failed. ``more``: by how much the score would rise if it were there and sound.
    """

    item: Item
    points: int
    present: bool
    verdict: Verdict
    earned: int
    more: int

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "item": self.item.value,
            "points": self.points,
            "present": self.present,
            "verdict": self.verdict.value,
            "earned": self.earned,
            "one_more_adds": self.more,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticity:
    """What is to be said of the trade behind one receivable, as known at a height, on a day."""

    trade: Trade
    on: date
    trading: Trading
    checks: tuple[Check, ...]
    evidence: tuple[Evidence, ...]
    score: int

    @property
    def receivable(self) -> str:
        """Its id."""
        return self.trade.receivable.id

    @property
    def height(self) -> int:
        """The height it is known at."""
        return self.trade.height

    @property
    def verdict(self) -> Verdict:
        """FAILED when a check failed, PASSED when all expected evidence is there and sound, else INDETERMINATE."""
        if any(one.verdict is Verdict.FAILED for one in self.checks):
            return Verdict.FAILED
        sound = all(one.verdict is Verdict.PASSED for one in self.evidence)
        return Verdict.PASSED if sound else Verdict.INDETERMINATE

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(one for one in self.checks if one.verdict is Verdict.FAILED)

    @property
    def missing(self) -> tuple[Item, ...]:
        """The expected evidence that is not there."""
        return tuple(one.item for one in self.evidence if not one.present)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Those of the four flows of which there is evidence."""
        there = present_items(self.trade)
        return tuple(flow for flow, items in FLOWS.items() if there.intersection(items))

    def refs(self) -> Iterator[FactRef]:
        """Every fact it rests on."""
        for one in self.trade.facts():
            yield fact_ref(one)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "receivable": self.receivable,
            "height": self.height,
            "date": self.on.isoformat(),
            "kind": self.trading.value,
            "score": self.score,
            "verdict": self.verdict.value,
            "flows": [one.value for one in self.flows],
            "evidence": [one.as_json() for one in self.evidence],
            "checks": [{"step": CHECKS[one.name].step.value} | one.as_json() for one in self.checks],
        }

    def _repr_html_(self) -> str:
        """The assessment in a notebook."""
        from regulator.authenticity.shown import html_of

        return html_of(self)


def assess(facts: AsOf, receivable: str, on: date | None = None) -> Authenticity:
    """Return what is to be said of a receivable on a day. Raises UnknownThing ``unknown-receivable``."""
    for one in assess_trades(facts, [receivable], on):
        return one
    raise UnknownThing("unknown-receivable", f"no receivable {receivable!r} is on the ledger at height {facts.height}")


def assess_trades(facts: AsOf, receivables: Sequence[str], on: date | None = None) -> Iterator[Authenticity]:
    """Yield what is to be said of each receivable that is known, read AT_ONCE together."""
    day = business_day(facts.time) if on is None else on
    with facts.at_once() as known:
        for start in range(0, len(receivables), AT_ONCE):
            some = receivables[start : start + AT_ONCE]
            library = Library(StoreHistories(known), some)
            for name in some:
                trade = library.trade(name, facts.height)
                if trade is not None:
                    yield judge(trade, day)


def checks_of(trade: Trade) -> tuple[Check, ...]:
    """Return every check of a trade, step by step."""
    return (*node_checks(trade), *network_checks(trade), *order_checks(trade))


def contradictions(trade: Trade) -> list[Check]:
    """Return the checks that fail."""
    return [one for one in checks_of(trade) if one.verdict is Verdict.FAILED]


def judge(trade: Trade, on: date) -> Authenticity:
    """Return what is to be said of a trade on a day.

    Score = 100 x points earned / points expected, less the penalty of every check that failed, each counted once; 0 at
    the least. Evidence earns all its points when every check on it passed, half of them when one could not tell, none
    when one failed.
    """
    checks, there, trading = checks_of(trade), present_items(trade), kind_of(trade)
    expected = EXPECTED[trading]
    if on <= trade.receivable.due and Item.PAYMENT not in there:
        expected = {item: points for item, points in expected.items() if item is not Item.PAYMENT}
    verdicts = {item: _verdict(item, there, checks) for item in expected}
    earned = {item: _earned(points, verdicts[item], present=item in there) for item, points in expected.items()}
    taken = sum(CHECKS[name].penalty for name in {one.name for one in checks if one.verdict is Verdict.FAILED})
    whole = sum(expected.values())

    def scored(points: int) -> int:
        return max(WHOLE * points // whole - taken, 0)

    total = sum(earned.values())
    evidence = tuple(
        Evidence(
            item=item,
            points=points,
            present=item in there,
            verdict=verdicts[item],
            earned=earned[item],
            more=scored(total - earned[item] + points) - scored(total) if verdicts[item] is not Verdict.FAILED else 0,
        )
        for item, points in expected.items()
    )
    return Authenticity(trade=trade, on=on, trading=trading, checks=checks, evidence=evidence, score=scored(total))


def _verdict(item: Item, there: set[Item], checks: Iterable[Check]) -> Verdict:
    bearing = {one.verdict for one in checks if one.bears is item}
    if Verdict.FAILED in bearing:
        return Verdict.FAILED
    return Verdict.PASSED if item in there and Verdict.INDETERMINATE not in bearing else Verdict.INDETERMINATE


def _earned(points: int, verdict: Verdict, *, present: bool) -> int:
    if not present or verdict is Verdict.FAILED:
        return 0
    return points if verdict is Verdict.PASSED else points // 2


def kind_of(trade: Trade) -> Trading:
    """Return which kind of trade it is, by its papers and what is sold."""
    if trade.orders or any(one.document.type == CUSTOMS for one in trade.papers):
        return Trading.CROSS_BORDER
    if trade.packages:
        return Trading.PACKAGED
    if trade.invoices and all(is_service(one.goods) for one in trade.invoices):
        return Trading.SERVICES
    return Trading.GOODS


def present_items(trade: Trade) -> set[Item]:
    """Return what evidence is there, sound or not; a paper that was cancelled is none."""
    owed = trade.receivable
    delivered = trade.of(*DELIVERED)
    kept = any(one.kept and one.document.registered_by not in (owed.creditor, owed.debtor) for one in delivered)
    there = {
        Item.INVOICE: bool(trade.invoices),
        Item.CONTRACT: bool(trade.of("contract", "order") or trade.orders),
        Item.CUSTOMS: bool(trade.of(CUSTOMS)),
        Item.DELIVERY: bool(delivered or trade.receipts),
        Item.KEEPER: kept or bool(trade.receipts),
        Item.PACKAGE: bool(trade.packages),
        Item.TAX: any(one.verified_result is not None for one in trade.invoices),
        Item.CONFIRMATION: trade.confirmed is not None,
        Item.PAYMENT: bool(trade.paid),
    }
    return {item for item, is_there in there.items() if is_there}
