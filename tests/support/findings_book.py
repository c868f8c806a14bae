"""A book with some findings over the sample market: real members, things and records, and texts that mean harm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from ledger.facts import Invoice, Member, PoolAsset, Receivable
from regulator.book import Book, Followed
from regulator.rules import RULES
from regulator.signals import Level, Signal, Version

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store import Store

__all__ = ["MANY", "SCRIPT", "Planted", "planted_book"]

SCRIPT = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"
TURNED = "\u202e"
MANY = 30
"""Low findings, to fill more than a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What stands in the book: a grave one with two versions, one with hostile texts, one that ended, many low ones."""

    grave: Signal
    before: Signal
    hostile: Signal
    ended: Signal
    many: tuple[Signal, ...]
    height: int
    member: str
    member_name: str


def planted_book(location: Path, store: Store, plan: str) -> Planted:
    """Make the book at ``location``, followed to the store's head."""
    facts = store.at()
    receivables, invoices = facts.select(Receivable, limit=MANY), facts.select(Invoice, limit=2)
    held = facts.select(PoolAsset, PoolAsset.plan == plan, limit=1)[0]
    debtor = facts.get(Member, receivables[0].debtor)
    assert debtor is not None
    creditor = receivables[0].creditor
    grave = Signal(
        rule="duplicate.exact_reuse",
        subject=f"invoice {invoices[0].id}",
        level=Level.HIGH,
        score=90,
        amount=1_234_567_89,
        since=date(2024, 3, 1),
        parties=(debtor.id, creditor),
        things=(f"plan {plan}", f"receivable {receivables[0].id}"),
        evidence=(invoices[0].from_position, receivables[0].from_position, held.from_position),
        details=(
            ("financiers", 2), ("first_party", debtor.id), ("first", "2024-02-01"), ("last_party", creditor),
            ("last", "2024-03-01"), ("money_fen", 20_000_000), ("worth_fen", 10_000_000),
        ),
    )  # fmt: skip
    hostile = replace(
        grave,
        subject=f"invoice {SCRIPT}",
        amount=5,
        level=Level.MEDIUM,
        parties=(f"{SCRIPT}{TURNED}",),
        things=(f"receivable {SCRIPT}",),
        details=tuple((name, SCRIPT if name == "first" else value) for name, value in grave.details),
    )
    ended = replace(grave, rule="monitor.concentration", subject=f"plan {plan}", level=Level.LOW, details=(), amount=7)
    hub = replace(grave, rule="network.hub", level=Level.LOW, parties=(), things=())
    many = tuple(replace(hub, subject=f"receivable {one.id}", amount=n) for n, one in enumerate(receivables))
    before = replace(grave, level=Level.MEDIUM, amount=1_000_00)
    height = facts.height
    versions = [
        _version(10, before), _version(12, grave), _version(11, hostile), _version(5, ended),
        Version(rule=ended.rule, subject=ended.subject, height=9, signal=None), *(_version(20, one) for one in many),
    ]  # fmt: skip
    with Book.open(location) as book:
        found = {scope: versions if scope == RULES[grave.rule] else [] for scope in RULES.values()}
        book.keep_all(found, dict.fromkeys(found), Followed(height=height, facts_digest="0"))
    return Planted(
        grave=grave, before=before, hostile=hostile, ended=ended, many=many, height=height,
        member=debtor.id, member_name=debtor.name,
    )  # fmt: skip


def _version(height: int, signal: Signal) -> Version:
    return Version(rule=signal.rule, subject=signal.subject, height=height, signal=signal)
