"""Pairs of seller and debtor: the same is found block by block, in larger steps and over a snapshot.

Of links that come after the loan that rests on them, loans that are drawn again, and names that hold a slash.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

import regulator.watch
from ledger.facts import output_id
from ledger.snapshot import Snapshot, take
from regulator.book import Book
from regulator.book.tables import table_of
from regulator.duplicates.pairs import PairScope, PairSumsRow
from regulator.signals import Version
from regulator.watch import sweep
from tests.support.duplicates_desk import PaperDesk, consortium
from tests.support.duplicates_measured import differing, found, in_order
from tests.support.ledger_book import out
from tests.support.spark import running

AMOUNT = 20_000_000
STEPS = (1, 3, 10**9)
"""Records of a step: a block each, a few, all at once."""

Said = list[tuple[str, int, int | None]]
"""Versions: subject, height, and the fen without support, None where it stands no more."""


@pytest.fixture
def desk(tmp_path: Path) -> PaperDesk:
    return PaperDesk(consortium(tmp_path / "ledger.db"), "p", 0)


def told(desk: PaperDesk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Version]:
    """What a sweep of the ledger finds; following it finds the same in steps of any size, and keeps the same."""
    facts = desk.book.store.at()
    take(facts, folder / "snapshot")
    with Snapshot.open(folder / "snapshot").on_duckdb() as market:
        swept = in_order(sweep(market, facts.height, [PairScope()]))
    kept = set()
    for records in STEPS:
        monkeypatch.setattr(regulator.watch, "RECORDS", records)
        location = folder / f"book{records}.db"
        assert differing(swept, found(desk.book.store, location, [PairScope()])) == [], records
        with Book.open(location) as book, book.reads() as connection:
            kept.add(tuple(sorted(tuple(row) for row in connection.execute(select(table_of(PairSumsRow))))))
    assert len(kept) == 1
    return swept


def said(versions: list[Version]) -> Said:
    return [(one.subject, one.height, None if one.signal is None else one.signal.amount) for one in versions]


def owe(d: PaperDesk, count: int, **changes: object) -> None:
    """So many receivables, each on an invoice, in a block."""
    for at in range(count):
        d.bill(f"I{at}", at, net=AMOUNT)
        d.owed(f"R{at}", f"I{at}", amount=AMOUNT, **changes)  # type: ignore[arg-type]
    d.block()


def lend_all(d: PaperDesk, first: int, end: int) -> None:
    for at in range(first, end):
        d.lend(f"L{at}", "bank", ("receivable", f"R{at}"), amount=AMOUNT)


# Links that come after the loan


def a_package_that_comes_later(d: PaperDesk) -> Said:
    """Nobody knows on which invoices the loan is until they are packed."""
    owe(d, 5)
    d.lend("L", "bank", ("package", "K"), amount=AMOUNT)
    d.block()
    d.pack("K", *(f"I{at}" for at in range(5)))
    return [("pair supplier/core", d.block(), 5 * AMOUNT)]


def a_package_of_a_loan_that_is_over(d: PaperDesk) -> Said:
    owe(d, 5)
    d.lend("L", "bank", ("package", "K"), amount=AMOUNT)
    d.block()
    d.repay("L", "bank", AMOUNT)
    d.block()
    d.pack("K", *(f"I{at}" for at in range(5)))
    d.block()
    return []


def a_package_that_takes_the_place_of_another(d: PaperDesk) -> Said:
    """A loan on the first is a loan on what was in it; one on the second is on what is in that."""
    owe(d, 6)
    d.pack("K", "I0", "I1", "I2")
    d.lend("L", "bank", ("package", "K"), amount=AMOUNT)
    d.lend("M", "bank", ("package", "N"), amount=AMOUNT)
    d.block()
    d.pack("N", "I2", "I3", "I4", supersedes="K")
    first = d.block()
    d.pack("O", "I5", supersedes="N")
    d.block()
    d.repay("M", "bank", AMOUNT)
    return [("pair supplier/core", first, 5 * AMOUNT), ("pair supplier/core", d.block(), None)]


def support_until_the_package_comes(d: PaperDesk) -> Said:
    """What is claimed with support only later does not make up for what is claimed without it now."""
    owe(d, 7)
    for at in (5, 6):
        d.confirm(f"R{at}")
    d.lend("L", "bank", ("package", "K"), amount=AMOUNT)
    d.block()
    lend_all(d, 0, 5)
    first = d.block()
    d.pack("K", "I5", "I6")
    less = d.block()
    return [("pair supplier/core", first, 5 * AMOUNT), ("pair supplier/core", less, None)]


def a_piece_that_is_made_later(d: PaperDesk) -> Said:
    """Loans on pieces of certificates by the ids that these will have."""
    owe(d, 5)
    serial = d.book._serial
    for at in range(5):
        issue = hashlib.sha256(f"transaction {serial + 10 + at + 1}".encode()).hexdigest()
        d.lend(f"L{at}", "bank", ("output", output_id(f"0x{issue}", 0)), amount=AMOUNT)
    d.block()
    for at in range(5):
        d.book.say("core", "certificate.issued", {
            "certificate": d.of(f"C{at}"), "receivable": d.of(f"R{at}"), "issuer": "core",
            "outputs": [out(AMOUNT, "supplier")],
        })  # fmt: skip
    return [("pair supplier/core", d.block(), 5 * AMOUNT)]


def a_receivable_that_comes_later(d: PaperDesk) -> Said:
    """Loans on invoices, and on receivables that nobody has seen yet."""
    for at in range(5):
        d.bill(f"I{at}", at, net=AMOUNT)
    for at in range(5):
        kind = ("receivable", f"R{at}") if at % 2 else ("invoice", f"I{at}")
        d.lend(f"L{at}", "bank", kind, amount=AMOUNT)
    d.block()
    for at in range(5):
        d.owed(f"R{at}", f"I{at}", amount=AMOUNT)
    return [("pair supplier/core", d.block(), 5 * AMOUNT)]


def goods_that_move_later(d: PaperDesk) -> Said:
    """A receipt that invoices referred to before it was there; a paper of its name that comes later changes nothing."""
    for at in range(5):
        d.bill(f"I{at}", at, net=AMOUNT, refers_to=[d.of("W")])
        d.owed(f"R{at}", f"I{at}", amount=AMOUNT)
    lend_all(d, 0, 5)
    first = d.block()
    d.receipt("W")
    moved = d.block()
    d.paper("W", type="waybill", amount=None)
    d.block()
    d.cancel("W")
    d.block()
    return [("pair supplier/core", first, 5 * AMOUNT), ("pair supplier/core", moved, None)]


# Loans that are drawn again


def _line(d: PaperDesk) -> None:
    """A line of credit is half drawn and repaid, before the rest is lent."""
    d.lend("L0", "bank", ("receivable", "R0"), amount=2 * AMOUNT, drawn=False)
    d.act("L0", "bank", "disbursed", payment=None, amount=AMOUNT)
    d.block()
    d.repay("L0", "bank", AMOUNT)
    d.block()


def a_line_that_is_drawn_again(d: PaperDesk) -> Said:
    owe(d, 5)
    _line(d)
    lend_all(d, 1, 5)
    d.block()
    d.act("L0", "bank", "disbursed", payment=None, amount=AMOUNT)
    again = d.block()
    d.repay("L0", "bank", AMOUNT)
    over = d.block()
    d.release("L0", "bank")
    d.block()
    return [("pair supplier/core", again, 5 * AMOUNT), ("pair supplier/core", over, None)]


def a_line_with_support_that_is_drawn_again(d: PaperDesk) -> Said:
    """While nothing is drawn it does not make up for what has no support."""
    owe(d, 7)
    d.confirm("R0")
    d.confirm("R6")
    d.lend("L6", "bank", ("receivable", "R6"), amount=AMOUNT)
    _line(d)
    lend_all(d, 1, 6)
    first = d.block()
    d.act("L0", "bank", "disbursed", payment=None, amount=AMOUNT)
    return [("pair supplier/core", first, 5 * AMOUNT), ("pair supplier/core", d.block(), None)]


STORIES: tuple[Callable[[PaperDesk], Said], ...] = (
    a_package_that_comes_later, a_package_of_a_loan_that_is_over, a_package_that_takes_the_place_of_another,
    support_until_the_package_comes, a_piece_that_is_made_later, a_receivable_that_comes_later, goods_that_move_later,
    a_line_that_is_drawn_again, a_line_with_support_that_is_drawn_again,
)  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_following_and_sweeping_find_the_same(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, story: Callable[[PaperDesk], Said]
) -> None:
    expected = story(desk)
    assert said(told(desk, tmp_path, monkeypatch)) == expected


# Names


def _six_each(d: PaperDesk, amount: int, *, apart: bool) -> int:
    """Six claims of each of two pairs of strangers, whose names joined are one; returns the last height."""
    for at, (seller, debtor) in enumerate((("a/b", "c"), ("a", "b/c")) * 6):
        d.owed(f"R{at}", seller=seller, debtor=debtor, amount=amount)
        d.lend(f"L{at}", "bank", ("receivable", f"R{at}"), applicant=seller)
        if apart:
            d.block()
    d.block()
    return d.book.height - 1


@pytest.mark.parametrize("apart", [False, True])
def test_claims_on_strangers_are_not_added_up(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    """Each pair alone is below the floor, both together are beyond it."""
    _six_each(desk, 5_000_000, apart=apart)
    assert told(desk, tmp_path, monkeypatch) == []


def test_pairs_whose_names_joined_are_one_are_told_apart(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    height = _six_each(desk, AMOUNT, apart=False)
    versions = told(desk, tmp_path, monkeypatch)
    assert sorted(said(versions)) == [
        ("pair a%2Fb/c", height, 6 * AMOUNT),
        ("pair a/b%2Fc", height, 6 * AMOUNT),
    ]
    signals = [one.signal for one in versions if one.signal is not None]
    parties = {(one.detail("seller_party"), one.detail("debtor_party")) for one in signals}
    assert parties == {("a/b", "c"), ("a", "b/c")}


# By chance


class Chance:
    """Claims and what supports them as chance has them, on things that are there or come later perhaps."""

    def __init__(self, desk: PaperDesk, seed: int) -> None:
        self.desk, self.random = desk, random.Random(seed)
        self.made: dict[str, int] = {}

    def new(self, kind: str) -> str:
        self.made[kind] = self.made.get(kind, -1) + 1
        return f"{kind}{self.made[kind]}"

    def one(self, kind: str, ahead: int = 0) -> str:
        """One that was made, or one of the next so many."""
        return f"{kind}{self.random.randint(0, max(self.made.get(kind, -1) + ahead, 0))}"

    def act(self) -> None:
        d, chance = self.desk, self.random
        what = chance.choice(
            ("owe",) * 6 + ("lend",) * 6 + ("repay", "draw", "draw", "pack", "pack", "confirm", "more")
        )
        if what == "owe":
            invoice, seller = self.new("I"), chance.choice(("supplier", "supplier", "supplier/core"))
            refers = [d.of(self.one("W", 2))] if chance.random() < 0.2 else []
            d.bill(invoice, self.made["I"], net=AMOUNT, refers_to=refers)
            debtor = "core" if seller == "supplier" else "x"
            d.owed(self.new("R"), invoice, seller=seller, debtor=debtor, amount=AMOUNT * chance.randint(1, 2))
        elif what == "lend":
            kind = chance.choice(("receivable", "receivable", "invoice", "package", "package"))
            thing = {"receivable": self.one("R"), "invoice": self.one("I"), "package": self.one("K", 2)}[kind]
            drawn = chance.random() < 0.7
            d.lend(self.new("L"), "bank", (kind, thing), amount=2 * AMOUNT, drawn=drawn)
        elif what in ("repay", "draw"):
            kind = {"repay": "repaid", "draw": "disbursed"}[what]
            interest = {"interest": 0} if what == "repay" else {}
            d.act(self.one("L"), "bank", kind, payment=None, amount=AMOUNT, **interest)
        elif what == "pack":
            supersedes = self.one("K") if chance.random() < 0.3 else None
            d.pack(self.new("K"), *{self.one("I", 1) for _ in range(4)}, supersedes=supersedes)
        elif what == "confirm":
            d.confirm(self.one("R"), key=chance.choice((None, "supplier")))
        elif chance.random() < 0.5:
            d.release(self.one("L"), "bank")
        else:
            d.paper(self.new("W"), type="waybill", amount=None)


def by_chance(desk: PaperDesk, seed: int, blocks: int) -> None:
    chance = Chance(desk, seed)
    for _ in range(blocks):
        for _ in range(chance.random.randint(1, 4)):
            chance.act()
        desk.block()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_whatever_comes_in_any_order(
    desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    by_chance(desk, seed, 40)
    assert told(desk, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_finds_the_same(desk: PaperDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_chance(desk, 0, 40)
    swept = told(desk, tmp_path, monkeypatch)
    for session in running():
        with Snapshot.open(tmp_path / "snapshot").on_spark(session) as market:
            assert differing(swept, sweep(market, desk.book.store.at().height, [PairScope()])) == []
