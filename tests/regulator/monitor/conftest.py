"""A plan on a ledger without a chain, and the monitor run over it in every way, which must agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import regulator.watch
from ledger.store import Store
from regulator.book import Book as Casebook
from regulator.monitor import RULES, scopes
from regulator.signals import Version
from regulator.watch import follow
from regulator.wording import WORDING, explain, used_by
from tests.support.ledger_book import Book

Watch = Callable[[Book], "Found"]


class Found:
    """Every version of every finding, by height."""

    def __init__(self, versions: list[Version]) -> None:
        self.versions = versions

    def of(self, rule: str, subject: str | None = None) -> list[Version]:
        """The versions of a rule's findings."""
        return [one for one in self.versions if one.rule == f"monitor.{rule}" and subject in (None, one.subject)]

    def heights(self, rule: str, subject: str | None = None) -> list[tuple[int, str | None]]:
        """From which heights they stand, and at which level."""
        return [(one.height, one.signal and one.signal.level.value) for one in self.of(rule, subject)]


def followed(store: Store, location: Path, *, fresh: bool) -> list[Version]:
    """What following finds; ``fresh``: with scopes that remember nothing of the steps before."""
    with Casebook.open(location) as kept:
        for scope in scopes():
            if not fresh:
                for _ in follow(store, kept, [scope]):
                    pass
                continue
            while True:
                steps = follow(store, kept, [type(scope)()])
                if next(steps, None) is None:
                    break
                steps.close()  # type: ignore[attr-defined]
        return list(kept.versions(sorted(RULES)))


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Follow a book's ledger block by block, with and without memory, and in one go: all find the same."""

    def run(book: Book) -> Found:
        assert not [one for one in book.found if one.code.value == "record.malformed"], "the story is told wrong"
        ways = []
        for number, (records, fresh) in enumerate(((1, False), (1, True), (1_000_000, False))):
            monkeypatch.setattr(regulator.watch, "RECORDS", records)
            ways.append(followed(book.store, tmp_path / f"casebook-{number}.db", fresh=fresh))
        assert ways[0] == ways[2], "block by block and in one run"
        assert ways[1] == ways[2], "with nothing remembered between the blocks"
        for one in ways[0]:
            if one.signal is not None:
                words = WORDING[one.rule]
                told = {name for name, _ in one.signal.details} | {"subject", "amount"}
                assert used_by(words.sentence_zh) | used_by(words.sentence_en) <= told, one.rule
                assert one.signal.detail("article")
                assert one.signal.evidence, f"{one.rule} proves nothing"
                assert "{" not in explain(one.signal, "zh", {}) + explain(one.signal, "en", {})
                if RULES[one.rule].rounded:
                    fen = [value for name, value in one.signal.details if name.endswith("_fen")]
                    assert all(len(str(abs(int(each))).rstrip("0")) <= 2 for each in (one.signal.amount, *fen))
        return Found(ways[0])

    return run


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty ledger."""
    made = Book(tmp_path / "ledger.db")
    yield made
    made.store.close()
