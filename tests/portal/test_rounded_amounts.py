"""Where findings are listed and shown, an amount that its rule rounds is told as such; another is told to the fen."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from dashboards.finding_pane import FindingPane
from dashboards.findings_desk import FindingsDesk
from dashboards.findings_page import FindingsPage
from dashboards.texts import Language
from ledger.store import Store
from regulator.access import LOOPBACK
from regulator.book import Book, Followed
from regulator.rules import RULES
from regulator.signals import Level, Signal, Version
from tests.support.commands import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.market import Market

ABOUT = {Language.ZH: "约3,200,000", Language.EN: "about 3,200,000"}
OWED = Signal(
    rule="monitor.related_party", subject="plan P", level=Level.MEDIUM, score=70, amount=320_000_000,
    details=(("article", "a"), ("limit", "10%"), ("owed_fen", 320_000_000), ("plan", "P"), ("share", "12%")),
)  # fmt: skip
KEPT = Signal(
    rule="monitor.cash_held_back", subject="remittance P/d", level=Level.HIGH, score=85, amount=640_000_000,
    details=(
        ("article", "a"), ("due", "d"), ("plan", "P"), ("servicer_party", "s"), ("short_fen", 640_000_000),
        ("upto", "d"),
    ),
)  # fmt: skip
EXACT = "6,400,000.00"


@pytest.fixture
def home(market: Market, tmp_path: Path) -> Path:
    """A node whose book has one finding of either kind, in two versions each."""
    folder = shutil.copytree(market.home, tmp_path / "home")
    with Store.open(market.database) as store, Book.open(folder / "book.db") as book:
        head = Followed(height=store.at().height, facts_digest="0")
        versions = [
            Version(rule=one.rule, subject=one.subject, height=height, signal=one)
            for one in (OWED, KEPT)
            for height in (3, 5)
        ]
        scope = RULES[OWED.rule]
        found = {each: versions if each == scope else [] for each in RULES.values()}
        book.keep_all(found, dict.fromkeys(found), head)
    return folder


@pytest.mark.parametrize("language", list(Language))
def test_the_command_line(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    monkeypatch.setenv("GLASSPOOL_HOME", str(home))
    monkeypatch.setenv("GLASSPOOL_LANG", language.value)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("portal.cli.COMMANDS", ("findings", "case"))
    about = ABOUT[language]
    assert Ran(capsys, "case", "open", "x", "--finding", OWED.id, "--finding", KEPT.id).code == 0
    for arguments in (("findings",), ("case", "show", "CASE-0001")):
        out = Ran(capsys, *arguments).out
        assert (out.count(about), out.count(EXACT), "3,200,000.00" in out) == (1, 1, False), out
    shown = Ran(capsys, "findings", "show", OWED.id).out
    assert shown.count(about) == 6  # the sentence, what is at stake, and two versions with both
    assert "3,200,000.00" not in shown
    assert Ran(capsys, "findings", "show", KEPT.id).out.count(EXACT) == 6


@pytest.fixture
def desk(home: Path) -> Iterator[FindingsDesk]:
    with Store.open(home / "ledger.db") as store, Book.open(home / "book.db") as book:
        yield FindingsDesk(store, book, LOOPBACK, lambda: datetime(2026, 3, 2, 4, tzinfo=UTC))


@pytest.mark.parametrize("language", list(Language))
def test_the_page(desk: FindingsDesk, language: Language) -> None:
    page = FindingsPage(desk, language=language)
    page.load()
    told = {row["id"]: [cell["text"] for cell in row["cells"]] for row in page.table.view.rows}
    assert (told[OWED.id][3], told[KEPT.id][3]) == (ABOUT[language], EXACT)
    pane = FindingPane(desk.finding, language=language)
    pane.follow(OWED.id)
    assert pane.pane.object.count(ABOUT[language]) == 6
    assert "3,200,000.00" not in pane.pane.object
    pane.follow(KEPT.id)
    assert pane.pane.object.count(EXACT) == 6
