"""Loops and hubs of members whose ids hold a slash: each is found under its own name, with its own trades."""

from __future__ import annotations

from pathlib import Path

import pytest

import regulator.watch
from ledger.snapshot import Snapshot, take
from regulator.network import SCOPES
from regulator.signals import Version
from regulator.watch import sweep
from tests.support.duplicates_measured import differing, found, in_order
from tests.support.network_rings import HUB, LOOP, SISTERS
from tests.support.network_stories import Desk, ledger


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(ledger(tmp_path / "ledger.db"), "s")


def told(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Version]:
    """What following the ledger finds, in steps of two sizes and in a sweep."""
    facts = desk.book.store.at()
    take(facts, folder / "snapshot")
    with Snapshot.open(folder / "snapshot").on_duckdb() as market:
        swept = in_order(sweep(market, facts.height, SCOPES))
    for records in (1, 10**9):
        monkeypatch.setattr(regulator.watch, "RECORDS", records)
        assert differing(swept, found(desk.book.store, folder / f"{records}.db", SCOPES)) == []
    return swept


def test_loops_whose_names_joined_are_one_are_told_apart(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = ("U", "M/s.N", "D"), ("U/s.M", "N", "D")
    for up in ("U", "U/s.M"):
        desk.member(up, SISTERS[0])
    desk.member("D", SISTERS[1])
    for up, middle, down in loops:
        desk.sell(up, middle)
        desk.sell(middle, down)
    desk.block()
    versions = [one for one in told(desk, tmp_path, monkeypatch) if one.rule == LOOP]
    quarter = f"{desk.today.year}Q1"
    assert sorted(one.subject for one in versions) == [
        f"trade s.U%2Fs.M/s.N/s.D/{quarter}",
        f"trade s.U/s.M%2Fs.N/s.D/{quarter}",
    ]
    signals = [one.signal for one in versions if one.signal is not None]
    members = {tuple(one.detail(f"{at}_party") for at in ("up", "middle", "down")) for one in signals}
    assert members == {tuple(desk.of(name) for name in loop) for loop in loops}


def test_a_hub_is_read_by_its_own_name(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = "H/100%25"
    for at in range(5):
        desk.sell(f"S{at % 2}", hub, 113_000 + at * 20_000, owed=False, issued="2025-11-03")
        desk.sell(hub, f"B{at % 3}", 114_000 + at * 20_000, owed=False, issued="2025-11-06")
    desk.block()
    (one,) = [one for one in told(desk, tmp_path, monkeypatch) if one.rule == HUB]
    assert one.subject == "trade s.H%2F100%2525/2025Q4"
    assert one.signal is not None
    assert one.signal.detail("party") == desk.of(hub)
