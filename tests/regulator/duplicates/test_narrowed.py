"""What following leaves unread for the marks and sums in the book would have said nothing.

Ledgers made by chance are followed in steps of several sizes, some of which are cut short, and held against what the
same neighbourhoods say when every document and every invoice is looked at over all of history.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import regulator.watch
from ledger.facts import Invoice, TradeDocument
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from regulator.book import Book
from regulator.duplicates.contract_sums import ContractSums
from regulator.duplicates.contracts import ContractScope
from regulator.duplicates.papers import PaperScope
from regulator.duplicates.runs import RunScope
from regulator.histories import StoreHistories
from regulator.scope import Scope, replay
from regulator.signals import Version
from regulator.watch import follow, sweep
from tests.support import duplicates_chance, ledger_book

pytestmark = pytest.mark.slow

SCOPES: tuple[Scope, ...] = (ContractScope(), PaperScope(), RunScope())
LEDGERS: tuple[tuple[Callable[[Path, int], ledger_book.Book], int, frozenset[str]], ...] = (
    (duplicates_chance.contracts, 1, frozenset(("contract_over",))),
    (duplicates_chance.contracts, 5, frozenset(("contract_over",))),
    (duplicates_chance.numbers, 3, frozenset(("contract_over", "altered_document", "inflated_face", "structuring"))),
    (duplicates_chance.numbers, 5, frozenset(("contract_over", "altered_document", "inflated_face", "structuring"))),
)
"""How each is made, from which seed, and the rules that speak in it."""


@dataclass(frozen=True)
class Chanced:
    """A ledger made by chance, and what is to be found in it."""

    folder: Path
    book: ledger_book.Book
    truth: list[Version]
    rules: frozenset[str]


@pytest.fixture(scope="module", params=LEDGERS, ids=lambda each: f"{each[0].__name__}{each[1]}")
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chanced:
    made, seed, rules = request.param
    folder = tmp_path_factory.mktemp("narrowed")
    book = made(folder / "ledger.db", seed)
    return Chanced(folder, book, sorted(_everything(book), key=_order), rules)


def _everything(book: ledger_book.Book) -> Iterator[Version]:
    """Yield what is said of all documents and invoices there are."""
    facts = book.store.at()
    seeds = {f"document {one.id}" for one in facts.select_ended(TradeDocument)}
    invoices = {f"invoice {one.id}" for one in facts.select_ended(Invoice)}
    for scope, names in zip(SCOPES, (seeds, invoices, invoices), strict=True):
        for neighbourhood in scope.load(StoreHistories(facts), names):
            yield from replay(neighbourhood, {})


def _order(version: Version) -> tuple[int, str]:
    return version.height, version.id


def _followed(ledger: Chanced, folder: Path) -> list[Version]:
    with Book.open(folder / "book.db") as book:
        for _ in follow(ledger.book.store, book, SCOPES):
            pass
        return sorted((one for scope in SCOPES for one in book.versions(scope.rules)), key=_order)


@pytest.mark.parametrize("records", [1, 9, 10**9])
def test_following_finds_all_there_is(
    ledger: Chanced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert _followed(ledger, tmp_path) == ledger.truth


def test_a_step_that_was_cut_short_is_done_again(
    ledger: Chanced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After what a scope keeps was written and before what it found: and the step is another when it is done again."""
    chance, keep_all = random.Random(1), Book.keep_all
    cut = 0
    monkeypatch.setattr(regulator.watch, "RECORDS", 1)

    def keep(*given: Any) -> None:
        monkeypatch.setattr(regulator.watch, "RECORDS", chance.choice((1, 5, 20)))
        if chance.random() < 0.4:
            raise InterruptedError
        keep_all(*given)

    monkeypatch.setattr(Book, "keep_all", keep)
    found = None
    while found is None:
        try:
            found = _followed(ledger, tmp_path)
        except InterruptedError:
            cut += 1
    assert cut > 5
    assert found == ledger.truth


def test_a_sweep_finds_the_same(ledger: Chanced, tmp_path: Path) -> None:
    facts = ledger.book.store.at()
    take(facts, tmp_path / "snapshot")
    with Snapshot.open(tmp_path / "snapshot").on_duckdb() as market:
        assert sorted(sweep(market, facts.height, SCOPES), key=_order) == ledger.truth


def test_chance_has_something_to_say(ledger: Chanced) -> None:
    """Of every rule, what begins and what ends, and not only at the end of all."""
    assert {one.rule.removeprefix("duplicate.") for one in ledger.truth} == ledger.rules
    assert any(one.signal is None for one in ledger.truth)
    assert len({one.height for one in ledger.truth}) >= 10


def test_few_contracts_are_read(ledger: Chanced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those that may be exceeded, of all that were touched."""
    counts: Counter[str] = Counter()
    exceeded = ContractSums.exceeded

    def counted(self: ContractSums, changes: Any, histories: Any, touched: Any) -> set[str]:
        found = exceeded(self, changes, histories, touched)
        counts.update(touched=len(touched), found=len(found))
        return found

    monkeypatch.setattr(ContractSums, "exceeded", counted)
    monkeypatch.setattr(regulator.watch, "RECORDS", 1)
    _followed(ledger, tmp_path)
    assert counts["found"] < counts["touched"]
