"""A node with a book that holds three findings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.facts import Invoice
from ledger.store import Store
from regulator.book import Book, Followed
from regulator.rules import ALL_SCOPES, RULES
from regulator.signals import Level, Signal, Version
from tests.support.market import Market, sample_market


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A replica whose book was followed to the head by every scope that is quick, and holds three findings."""
    market = sample_market(tmp_path_factory.mktemp("market"), rows=12)
    with Store.open(market.database) as store, Book.open(market.home / "book.db") as book:
        facts = store.at()
        invoices = facts.select(Invoice)
        mine = invoices[0]
        head = Followed(height=facts.height, facts_digest=facts.facts_digest.hex())
        first = Signal(
            rule="duplicate.exact_reuse", subject=f"invoice {mine.id}", level=Level.MEDIUM, score=70, amount=123_456,
            since=mine.issued, parties=(mine.seller, mine.buyer), things=("financing F", "financing G"),
            evidence=(mine.from_position,),
            details=(
                ("financiers", 2), ("first", "financing F"), ("first_party", mine.seller), ("last", "financing G"),
                ("last_party", mine.buyer), ("money_fen", 123_456), ("worth_fen", 100_000),
            ),
        )  # fmt: skip
        high = replace(first, level=Level.HIGH, amount=987_654_321)
        ended = replace(first, subject=f"invoice {invoices[1].id}", level=Level.LOW, amount=5)
        other = replace(first, subject=f"invoice {invoices[2].id}", level=Level.LOW, amount=8)
        start = mine.from_height

        def version(signal: Signal, height: int, *, stands: bool = True) -> Version:
            return Version(rule=signal.rule, subject=signal.subject, height=height, signal=signal if stands else None)

        versions = [
            version(first, start), version(high, start + 1), version(ended, start), version(other, start),
            version(ended, start + 2, stands=False),
        ]  # fmt: skip
        for scope in ALL_SCOPES:
            book.keep(scope.name, versions if scope.name == RULES[first.rule] else [], None, head)
    return market


@pytest.fixture(autouse=True)
def home(seed: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the node, so that what a test writes is its own."""
    folder = shutil.copytree(seed.home, tmp_path / "home")
    monkeypatch.setenv("GLASSPOOL_HOME", str(folder))
    monkeypatch.setattr(
        "portal.cli.COMMANDS",
        ("watch", "findings", "case", "trail", "lookthrough", "authenticity", "terms", "proof", "report"),
    )
    monkeypatch.setenv("COLUMNS", "80")
    return folder
