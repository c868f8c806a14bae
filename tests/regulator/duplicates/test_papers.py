"""Patterns about papers, packages, contracts, lots and pairs: each from the first block in which it is true.

Every story is told in one ledger, followed in steps of several sizes, and swept over a snapshot of it as well.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import regulator.watch
from ledger.snapshot.reading import Snapshot
from ledger.snapshot.writing import take
from regulator.book import Book as RegulatorBook
from regulator.duplicates.contracts import ContractScope
from regulator.duplicates.lots import LotScope
from regulator.duplicates.packages import PackageScope
from regulator.duplicates.pairs import PairScope
from regulator.duplicates.papers import PaperScope
from regulator.duplicates.runs import RunScope
from regulator.scope import Scope
from regulator.signals import Version
from regulator.watch import follow, sweep
from regulator.wording import WORDING, explain, used_by
from tests.support.duplicates_desk import NET, TAX, TOLD, Expected, PaperDesk, consortium, told
from tests.support.ledger_book import Book

SCOPES: tuple[Scope, ...] = (
    PaperScope(), RunScope(), PackageScope(), ContractScope(), LotScope(), PairScope(),
)  # fmt: skip
FACE = NET + TAX
LIMIT = 9_980_000  # fen without tax, just under 100,000 yuan
PAPER: dict[str, Any] = {"code": "3100201130", "type": "vat_special"}


@told
def came_back(d: PaperDesk) -> dict[str, Expected]:
    """One number, another amount: told by what the authority confirmed, graver with every claim."""
    d.bill("I")
    d.verify("I")
    d.lend("F", "bank", ("invoice", "I"))
    d.block()
    d.bill("B", net=NET * 3)
    seen = d.block()
    d.verify("B", "inconsistent", FACE)
    d.lend("G", "bank2", ("invoice", "B"))
    both = d.block()
    return {"altered_document": [("invoice B", seen, "low"), ("invoice B", both, "high")]}


@told
def renumbered(d: PaperDesk) -> dict[str, Expected]:
    """One digit differs; the altered one is financed first, the true one after it; at last the authority knows it."""
    d.bill("I", number=str(d.base + 17))
    d.bill("B", number=str(d.base + 18))
    d.block()
    d.verify("B", "not_found")
    unknown = d.block()
    d.lend("G", "bank2", ("invoice", "B"))
    lent = d.block()
    d.lend("F", "bank", ("invoice", "I"))
    both = d.block()
    d.verify("B")
    known = d.block()
    subject = "invoice B"
    return {
        "altered_document": [(subject, unknown, "low"), (subject, lent, "medium"), (subject, both, "high"),
                             (subject, known, None)],
    }  # fmt: skip


@told
def recurring(d: PaperDesk) -> None:
    """Bills of one amount with numbers that follow each other, all financed, one verified."""
    for at in range(3):
        d.bill(f"I{at}", number=str(d.base + at))
        d.lend(f"F{at}", "bank", ("invoice", f"I{at}"))
        d.block()
    d.verify("I1")
    d.block()


@told
def only_written_otherwise(d: PaperDesk) -> None:
    """One number in two forms, of one invoice; and two paper numbers of different codes."""
    d.bill("I", number="060729074001", **PAPER)
    d.bill("B", number="060729074/001", **PAPER)
    d.verify("B", "not_found")
    d.lend("F", "bank", ("invoice", "I"))
    d.block()
    d.bill("X", number="07072907", code="3100201130", type="vat_special")
    d.bill("Y", number="07072907", code="3100201131", type="vat_special", net=NET * 2)
    d.verify("X", amount=NET)
    d.block()


@told
def written_otherwise_and_financed_twice(d: PaperDesk) -> dict[str, Expected]:
    """One number in two forms, the authority knows one of them, and two banks lend on it."""
    d.bill("I", number="095531026007", **PAPER)
    d.verify("I", amount=NET)
    d.lend("F", "bank", ("invoice", "I"))
    d.bill("B", number="095531026/007", **PAPER)
    d.verify("B", "not_found")
    d.block()
    d.lend("G", "bank2", ("invoice", "B"))
    twice = d.block()
    return {"altered_document": [("invoice B", twice, "high")]}


@told
def inflated(d: PaperDesk) -> dict[str, Expected]:
    d.bill("I", net=NET * 3)
    d.verify("I", "inconsistent", FACE)
    known = d.block()
    d.owed("R", "I", amount=3 * FACE)
    d.lend("F", "bank", ("receivable", "R"))
    lent = d.block()
    d.verify("I", amount=3 * FACE)
    cleared = d.block()
    return {
        "inflated_face": [("invoice I", known, "low"), ("invoice I", lent, "high"), ("invoice I", cleared, None)],
    }


@told
def known_on_another_basis(d: PaperDesk) -> None:
    """A special invoice and a 数电 one that the authority answers without tax; one that stands for three."""
    d.bill("S", number="12345678", **PAPER)
    d.verify("S", amount=NET)
    d.bill("I", 1)
    d.verify("I", amount=NET)
    for at in range(3):
        d.bill(f"P{at}", 2 + at)
        d.verify(f"P{at}")
    d.bill("A", 9, net=3 * NET, refers_to=[d.of(f"P{at}") for at in range(3)])
    d.verify("A", "inconsistent", FACE)
    for at, name in enumerate("SIA"):
        d.lend(f"F{at}", "bank", ("invoice", name))
    d.block()


@told
def impossible(d: PaperDesk) -> dict[str, Expected]:
    """A year before the pilot and no province; no province alone."""
    d.bill("I", number="19992000000000012345")
    d.bill("K", number="26992000000000012346")
    written = d.block()
    d.lend("F", "bank", ("invoice", "I"))
    d.lend("G", "bank", ("invoice", "K"))
    lent = d.block()
    d.repay("F", "bank")
    d.release("F", "bank")
    back = d.block()
    return {
        "impossible_fields": [
            ("invoice I", written, "low"), ("invoice K", written, "low"), ("invoice I", lent, "high"),
            ("invoice K", lent, "medium"), ("invoice I", back, "low"),
        ],
    }  # fmt: skip


@told
def possible(d: PaperDesk) -> None:
    """Another province than the credit code's, a number of Shenzhen's bureau, one drawn in December, a paper one."""
    for at, number in enumerate(("26462000000000022345", "26952000000000022346", "25312000000000022347", "19990001")):
        d.bill(f"I{at}", number=number, issued="2026-01-04", type="digital" if len(number) == 20 else "vat_ordinary")
        d.lend(f"F{at}", "bank", ("invoice", f"I{at}"))
    d.block()


@told
def dated_after(d: PaperDesk) -> dict[str, Expected]:
    """A loan that began before the invoice it was opened on was issued; after it is repaid nothing is left to say."""
    d.bill("I")
    d.block()
    d.owed("R", "I")
    d.lend("F", "bank", ("receivable", "R"), start="2026-01-02")
    lent = d.block()
    d.repay("F", "bank")
    back = d.block()
    return {"impossible_fields": [("invoice I", lent, "medium"), ("invoice I", back, None)]}


@told
def replayed(d: PaperDesk) -> dict[str, Expected]:
    """In another order for another bank; then once more under new ids, and mostly."""
    for at in range(4):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2", "I3")
    d.lend("F", "bank", ("package", "P"))
    d.block()
    d.pack("Q", "I3", "I2", "I1", "I0")
    again = d.block()
    d.lend("G", "bank2", ("package", "Q"))
    lent = d.block()
    d.repay("F", "bank")
    d.release("F", "bank")
    one = d.block()
    for at in range(3):
        d.bill(f"J{at}", at)
    d.bill("N", 9)
    d.pack("S", "J0", "J1", "J2", "N")
    mostly = d.block()
    return {
        "batch_replay": [
            ("package Q", again, "medium"), ("package Q", lent, "high"), ("package Q", one, "low"),
            ("package S", mostly, "medium"),
        ],
    }  # fmt: skip


@told
def corrected(d: PaperDesk) -> None:
    """A correction that says so, and a package that shares one invoice of three with it."""
    for at in range(5):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2")
    d.block()
    d.pack("Q", "I2", "I1", "I0", supersedes="P")
    d.lend("F", "bank", ("package", "Q"))
    d.block()
    d.pack("S", "I2", "I3", "I4")
    d.lend("G", "bank2", ("package", "S"))
    d.block()


@told
def corrected_and_financed_twice(d: PaperDesk) -> dict[str, Expected]:
    for at in range(3):
        d.bill(f"I{at}", at)
    d.pack("P", "I0", "I1", "I2")
    d.lend("F", "bank", ("package", "P"))
    d.block()
    d.pack("Q", "I0", "I1", "I2", supersedes="P")
    d.block()
    d.lend("G", "bank2", ("package", "Q"))
    return {"batch_replay": [("package Q", d.block(), "high")]}


@told
def structured(d: PaperDesk) -> dict[str, Expected]:
    """The fourth makes the run; an order that covers it, told later, ends it."""
    for at in range(3):
        d.bill(f"I{at}", number=str(d.base + at), net=LIMIT, refers_to=[d.of("O")])
    d.block()
    d.bill("I3", number=str(d.base + 4), net=LIMIT + 1_000, refers_to=[d.of("O")])
    run = d.block()
    d.lend("F", "bank", ("invoice", "I2"))
    lent = d.block()
    d.paper("O", type="order", amount=5 * LIMIT)
    ordered = d.block()
    subject = "invoice I0"
    return {"structuring": [(subject, run, "low"), (subject, lent, "medium"), (subject, ordered, None)]}


@told
def no_run(d: PaperDesk) -> None:
    """Four with gaps between, four of two buyers, four of round amounts."""
    for at in range(4):
        d.bill(f"G{at}", number=str(d.base + 10 * at), net=LIMIT)
        d.bill(f"R{at}", number=str(d.base + 200 + at), net=5_000_000)
        d.bill(f"T{at}", number=str(d.base + 300 + at), net=LIMIT, buyer="tier2" if at % 2 else "core")
    d.block()


@told
def framed(d: PaperDesk) -> dict[str, Expected]:
    d.paper("C", amount=None)
    for at in range(4):
        d.bill(f"I{at}", number=str(d.base + at), net=LIMIT)
        d.owed(f"R{at}", f"I{at}", amount=LIMIT, contract=d.of("C"))
        d.lend(f"F{at}", "bank", ("receivable", f"R{at}"))
    return {"structuring": [("invoice I0", d.block(), "low")]}


@told
def over_contract(d: PaperDesk) -> dict[str, Expected]:
    """By an invoice that refers to it, by one whose receivable names it, by one under an order; raised, reduced."""
    d.paper("C", amount=2 * FACE)
    d.paper("O", "C", type="order", amount=None)
    d.bill("I", 1, refers_to=[d.of("C")])
    d.bill("K", 2)
    d.owed("R", "K", contract=d.of("C"))
    d.block()
    d.bill("L", 3, refers_to=[d.of("O")])
    over = d.block()
    d.lend("F", "bank", ("receivable", "R"))
    lent = d.block()
    d.amend("C", 4 * FACE)
    raised = d.block()
    d.amend("C", 2 * FACE)
    cut = d.block()
    d.red("L")
    red = d.block()
    subject = "document C"
    return {
        "contract_over": [
            (subject, over, "low"), (subject, lent, "medium"), (subject, raised, None), (subject, cut, "medium"),
            (subject, red, None),
        ],
    }  # fmt: skip


@told
def within_contract(d: PaperDesk) -> None:
    """Within the tax, in another currency, without an amount, one invoice twice."""
    d.paper("T", amount=2 * NET + TAX)
    d.paper("U", amount=10, currency="USD")
    d.paper("W", amount=None)
    d.paper("D", amount=FACE)
    for at, (name, contract) in enumerate((("A", "T"), ("B", "T"), ("E", "U"), ("G", "W"), ("H", "D"))):
        d.bill(name, 20 + at, refers_to=[d.of(contract)])
        d.lend(f"F{name}", "bank", ("invoice", name))
    d.bill("H2", 24, refers_to=[d.of("D")])
    d.block()


@told
def over_stock(d: PaperDesk) -> dict[str, Expected]:
    """Stated in two units that are one; pledged to two banks; then the goods come."""
    d.receipt("W")
    d.stock("100")
    d.block()
    d.receipt("X", "50000", unit="千克")
    over = d.block()
    d.pledge("W", "bank")
    one = d.block()
    d.pledge("X", "bank2")
    two = d.block()
    d.stock("150")
    enough = d.block()
    subject = "stock"
    return {
        "warehouse_over": [(subject, over, "low"), (subject, one, "medium"), (subject, two, "high"),
                           (subject, enough, None)],
    }  # fmt: skip


@told
def within_stock(d: PaperDesk) -> None:
    """Split and pledged in parts, weighed a little otherwise."""
    d.receipt("W", "100.4")
    d.stock("100")
    d.block()
    d.split("W", A="60", B="40.4")
    d.pledge("A", "bank")
    d.pledge("B", "bank2")
    d.block()


@told
def no_telling(d: PaperDesk) -> None:
    """Bales of no known weight."""
    d.receipt("W", "10", unit="件")
    d.stock("9")
    d.block()


@told
def lot_twice(d: PaperDesk) -> dict[str, Expected]:
    """No stock was reported, and the same quantity is pledged to two banks."""
    d.receipt("W")
    d.receipt("X")
    d.pledge("W", "bank")
    d.block()
    d.pledge("X", "bank2")
    twice = d.block()
    d.stock("200")
    there = d.block()
    return {"warehouse_over": [("stock", twice, "high"), ("stock", there, None)]}


def _sold(d: PaperDesk, seller: str, claims: int, *, confirmed: bool = False, moved: bool = False) -> list[int]:
    """Claims of 110,000 yuan each, every one financed in a block of its own; returns the heights."""
    heights = []
    for at in range(claims):
        refers = []
        if moved:
            d.paper(f"W{at}", type="waybill", amount=None)
            refers = [d.of(f"W{at}")]
        d.bill(f"I{at}", at, net=11_000_000, seller=seller, refers_to=refers)
        d.owed(f"R{at}", f"I{at}", seller=seller, amount=11_000_000)
        if confirmed:
            d.confirm(f"R{at}")
        d.lend(f"F{at}", "bank", ("receivable", f"R{at}"), amount=8_000_000, applicant=seller)
        heights.append(d.block())
    return heights


@told
def phantom(d: PaperDesk) -> dict[str, Expected]:
    """The fifth makes it; a sixth changes it; the debtor confirms two, and it stands no more."""
    heights = _sold(d, "seller0", 6)
    d.confirm("R0")
    less = d.block()
    d.confirm("R1")
    few = d.block()
    pair = "pair seller0/core"
    return {
        "phantom_debtor": [(pair, heights[4], "high"), (pair, heights[5], "high"), (pair, less, "medium"),
                           (pair, few, None)],
    }  # fmt: skip


@told
def known_debtor(d: PaperDesk) -> None:
    """Confirmed; with waybills; paid by the debtor; verified: a pair each."""
    _sold(d, "seller1", 6, confirmed=True)


@told
def goods_moved(d: PaperDesk) -> None:
    _sold(d, "seller2", 6, moved=True)


@told
def verified_later(d: PaperDesk) -> dict[str, Expected]:
    """A sale of a few pieces comes apart; and verification ends the finding."""
    heights = _sold(d, "seller3", 5)
    d.verify("I4", amount=11_000_000 * 113 // 100)
    pair = "pair seller3/core"
    return {"phantom_debtor": [(pair, heights[4], "high"), (pair, d.block(), None)]}


# One ledger


class Told:
    """The ledger with all stories in it, and what each expects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.book: Book = consortium(folder / "ledger.db")
        self.expected: dict[str, list[tuple[str, str, int, str | None]]] = {}
        for at, (name, tell) in enumerate(TOLD.items()):
            expected = tell(PaperDesk(self.book, name, at)) or {}
            self.expected[name] = [(rule, *each) for rule, some in expected.items() for each in some]
            self.book.seal()

    def followed(self, name: str) -> list[Version]:
        with RegulatorBook.open(self.folder / f"{name}.db") as casebook:
            for _ in follow(self.book.store, casebook, SCOPES):
                pass
            found = [one for scope in SCOPES for one in casebook.versions(scope.rules)]
        return sorted(found, key=_order)


def _order(version: Version) -> tuple[int, str]:
    return version.height, version.id


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def versions(ledger: Told) -> list[Version]:
    return ledger.followed("whole")


def _shown(version: Version) -> tuple[str, str, int, str | None]:
    kind, name = version.subject.split(" ", 1)
    subject = version.subject if kind == "pair" else kind if kind == "stock" else f"{kind} {name.split('.', 1)[1]}"
    level = None if version.signal is None else version.signal.level.value
    return version.rule.removeprefix("duplicate."), subject, version.height, level


def _story(version: Version) -> str:
    kind, name = version.subject.split(" ", 1)
    if kind == "pair":
        sellers = {
            "seller0": "phantom",
            "seller1": "known_debtor",
            "seller2": "goods_moved",
            "seller3": "verified_later",
        }
        return sellers.get(name.split("/")[0], name)
    return next(each for each in TOLD if f'"{each}"' in name) if kind == "stock" else name.split(".", 1)[0]


@pytest.mark.parametrize("name", TOLD)
def test_a_story_is_found_from_the_first_block_in_which_it_is_true(
    ledger: Told, versions: list[Version], name: str
) -> None:
    found: defaultdict[str, list[tuple[str, str, int, str | None]]] = defaultdict(list)
    for version in versions:
        found[_story(version)].append(_shown(version))
    assert sorted(found[name], key=str) == sorted(ledger.expected[name], key=str)


@pytest.mark.parametrize("records", [1, 7, 60])
def test_steps_of_any_size_find_the_same(
    ledger: Told, versions: list[Version], monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(regulator.watch, "RECORDS", records)
    assert ledger.followed(f"steps{records}") == versions


def test_a_snapshot_shows_the_same(ledger: Told, versions: list[Version]) -> None:
    facts = ledger.book.store.at()
    take(facts, ledger.folder / "snapshot")
    with Snapshot.open(ledger.folder / "snapshot").on_duckdb() as market:
        assert sorted(sweep(market, facts.height, SCOPES), key=_order) == versions


def test_every_finding_is_explained(versions: list[Version]) -> None:
    for version in versions:
        if version.signal is not None:
            stated = {name for name, _ in version.signal.details} | {"subject", "amount"}
            wording = WORDING[version.rule]
            assert used_by(wording.sentence_zh) | used_by(wording.sentence_en) <= stated
            for language in ("zh", "en"):
                assert "{" not in explain(version.signal, language, {})
            assert version.signal.evidence
