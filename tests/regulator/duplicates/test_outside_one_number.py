"""A list against several invoices of the ledger that are one: a false all-clear for whoever lent on the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from regulator.outside import Checked, Group, check, guess
from regulator.outside.ledger_side import PAPERS
from regulator.outside.matching import link_papers
from regulator.outside.words import matched, standing
from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, ledger
from tests.support.ledger_book import Book

DAY = "2026-01-04"
TWIN, FREE, OLD, NEW, SHARED = (f"264420000000100001{at}" for at in (17, 25, 33, 41, 58))
CODE, PAPER = "3100201130", "00012345"
SHORT, TWICE = "77120499", "88230511"
HEADING = "seller,buyer,invoice code,invoice number,date,amount"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """Numbers that two sellers have, each lent on by another bank; one nobody lent on; and what is tied otherwise."""
    book = ledger(tmp_path_factory.mktemp("one_number") / "ledger.db")
    desk = Desk(book, "n")
    numbers = {"twin": (TWIN, {}), "free": (FREE, {}), "short": (SHORT, {"type": "vat_special"})}
    numbers["paper"] = (PAPER, {"type": "vat_special", "code": CODE})
    for name, (number, more) in numbers.items():
        for seller in ("supplier", "tier2"):
            desk.invoice(f"{name}-{seller}", number=number, seller=seller, issued=DAY, **more)
            desk.receivable(f"R-{name}-{seller}", f"{name}-{seller}", creditor=seller)
    for name, net in (("once", 100_000), ("again", 200_000)):
        amounts = {"amount_excluding_tax": net, "tax": net * 13 // 100, "amount_including_tax": net * 113 // 100}
        desk.invoice(name, number=TWICE, type="vat_special", issued=DAY, **amounts)
        desk.receivable(f"R-{name}", name)
    for name, number in (("old", OLD), ("shared", SHARED)):
        desk.invoice(name, number=number, issued=DAY)
    desk.receivable("R-old", "old")
    desk.receivable("R-part", "shared", amount=FACE // 2)
    desk.receivable("R-rest", "shared", amount=FACE // 2)
    desk.block()
    for name in ("twin", "short", "paper"):
        desk.lend(f"F-{name}-1", "bank", ("receivable", f"R-{name}-supplier"))
        desk.lend(f"F-{name}-2", "bank2", ("receivable", f"R-{name}-tier2"), applicant="tier2")
    for name, bank in (("old", "bank"), ("once", "bank"), ("again", "bank2")):
        desk.lend(f"F-{name}", bank, ("receivable", f"R-{name}"))
    desk.lend("F-part", "bank", ("receivable", "R-part"), amount=FACE // 4)
    desk.lend("F-rest", "bank2", ("receivable", "R-rest"), amount=FACE // 4)
    desk.block()
    gone = {"invoice": desk.of("old"), "status": "red_flushed", "red_invoice": None, "at": desk.today.isoformat()}
    book.say("gateway", "invoice.status_changed", gone)
    desk.invoice("new", number=NEW, refers_to=[desk.of("old")], issued=DAY)
    desk.block()
    yield book
    book.store.close()


def listed(book: Book, folder: Path, *rows: str, holder: str | None = None) -> Checked:
    file = folder / "list.csv"
    file.write_text("\n".join((HEADING, *rows)) + "\n", encoding="utf-8")
    with book.store.at().at_once() as facts:
        return check(file, guess(file), facts, holder=holder)


def row(number: str, seller: str = "supplier", code: str = "", amount: int = FACE, day: str = DAY) -> str:
    return f"{seller},core,{code},{number},{day},{amount / 100:.2f}"


def claims(group: Group) -> set[tuple[str, str]]:
    return {(one.thing.removeprefix("financing n."), one.holder) for one in group.standing}


def classes(group: Group) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {each.other.removeprefix("invoice n."): (each.match, each.reasons) for each in group.matches}


@pytest.mark.parametrize(("number", "code", "name"), [(TWIN, "", "twin"), (PAPER, CODE, "paper")])
@pytest.mark.parametrize(("mine", "other"), [("supplier", "tier2"), ("tier2", "supplier")])
def test_every_invoice_of_a_number_that_is_drawn_once_is_told(
    book: Book, tmp_path: Path, number: str, code: str, name: str, mine: str, other: str
) -> None:
    lent = {(f"F-{name}-1", "bank"), (f"F-{name}-2", "bank2")}
    [group] = listed(book, tmp_path, row(number, mine, code)).alerts
    assert (group.match, group.level) == ("exact", Level.HIGH)
    assert classes(group) == {
        f"{name}-{mine}": ("exact", ("same",)), f"{name}-{other}": ("altered", ("same", "party"))
    }  # fmt: skip
    assert claims(group) == lent
    assert len(group.standing) == 2  # each once, though both invoices lead to it
    for holder in ("bank", "bank2"):
        checked = listed(book, tmp_path, row(number, mine, code), holder=holder)
        [group] = checked.alerts
        assert group.level is Level.HIGH
        assert claims(group) == {one for one in lent if one[1] != holder}
        assert not checked.clean


@pytest.mark.parametrize(
    ("number", "code", "name", "first"),
    [
        (TWIN, "", "twin", "same"),
        (f"{TWIN[:8]} {TWIN[8:]}", "", "twin", "same"),
        (PAPER, CODE, "paper", "same"),
        ("12345", CODE, "paper", "zeros"),  # as a sheet shows it
        ("0001-2345", CODE, "paper", "separators"),
    ],
)
def test_a_stranger_s_row_meets_them_all(
    book: Book, tmp_path: Path, number: str, code: str, name: str, first: str
) -> None:
    [group] = listed(book, tmp_path, row(number, "Stranger", code, amount=FACE * 2)).alerts
    altered = "altered", (first, "amount", "party")
    assert classes(group) == {f"{name}-supplier": altered, f"{name}-tier2": altered}
    assert claims(group) == {(f"F-{name}-1", "bank"), (f"F-{name}-2", "bank2")}


def test_a_second_invoice_of_the_number_is_told_when_nobody_lent(book: Book, tmp_path: Path) -> None:
    [group] = listed(book, tmp_path, row(FREE), holder="bank").alerts
    assert (group.match, group.level, group.standing) == ("exact", Level.MEDIUM, ())
    assert set(classes(group)) == {"free-supplier", "free-tier2"}


def test_a_number_without_a_code_is_its_seller_s(book: Book, tmp_path: Path) -> None:
    """Two sellers have it by chance, and neither bank has a rival."""
    for seller, bank, other in (("supplier", "bank", "bank2"), ("tier2", "bank2", "bank")):
        assert listed(book, tmp_path, row(SHORT, seller), holder=bank).clean
        [group] = listed(book, tmp_path, row(SHORT, seller), holder=other).alerts
        assert group.things == (f"invoice n.short-{seller}",)
    assert not listed(book, tmp_path, row(SHORT, "Stranger")).groups


def test_a_number_of_another_code_is_another_invoice(book: Book, tmp_path: Path) -> None:
    assert not listed(book, tmp_path, row(PAPER, code="3100201140")).groups
    assert not listed(book, tmp_path, row(PAPER, "Stranger")).groups
    assert not listed(book, tmp_path, row(PAPER, "Stranger", code="77")).groups  # which is no code


def test_a_list_without_codes_finds_what_the_ledger_ties(book: Book, tmp_path: Path) -> None:
    """The ledger knows by the code that both are one; the list does not state it."""
    [group] = listed(book, tmp_path, row(PAPER), holder="bank").alerts
    assert (group.match, group.level, claims(group)) == ("exact", Level.HIGH, {("F-paper-2", "bank2")})
    assert group.things == ("invoice n.paper-supplier", "invoice n.paper-tier2")


def test_two_records_of_one_seller_s_number_are_one(book: Book, tmp_path: Path) -> None:
    for amount, bank, other in ((113_000, "bank", ("F-again", "bank2")), (226_000, "bank2", ("F-once", "bank"))):
        [group] = listed(book, tmp_path, row(TWICE, amount=amount), holder=bank).alerts
        assert (group.level, claims(group)) == (Level.HIGH, {other})


def test_what_stands_in_a_red_one_s_place_is_claimed_as_that_one_was(book: Book, tmp_path: Path) -> None:
    [group] = listed(book, tmp_path, row(NEW), holder="bank2").alerts
    assert (group.match, claims(group)) == ("exact", {("F-old", "bank")})
    assert group.things == ("invoice n.new", "invoice n.old")
    assert listed(book, tmp_path, row(NEW), holder="bank").clean  # the red one being void is no news of the new one


def test_both_receivables_on_one_invoice_are_told(book: Book, tmp_path: Path) -> None:
    [group] = listed(book, tmp_path, row(SHARED), holder="bank").alerts
    assert (group.things, claims(group)) == (("invoice n.shared",), {("F-rest", "bank2")})


def test_more_than_one_invoice_is_said_in_a_sentence(book: Book, tmp_path: Path) -> None:
    [group] = listed(book, tmp_path, row(TWIN)).alerts
    english, chinese = matched(group, "en"), matched(group, "zh")
    assert english.startswith("the ledger holds 2 invoices for this: invoice n.twin-supplier, invoice n.twin-tier2; ")
    assert chinese.startswith("账本上有 2 张发票与此对应：发票n.twin-supplier、发票n.twin-tier2；")
    assert "bank2 (financing n.F-twin-2, on invoice n.twin-tier2)" in standing(group.standing, {}, "en")
    [group] = listed(book, tmp_path, row(SHARED)).alerts
    assert "invoices for this" not in matched(group, "en")
    assert "on invoice" not in standing(group.standing, {}, "en")


def test_lines_of_a_coded_invoice_are_still_lines(tmp_path: Path) -> None:
    """Three amounts under one code and number of one seller are lines; another seller's is no line of it."""
    lines = [row(PAPER, code=CODE, amount=amount) for amount in (10_000, 20_300, 41_700)]
    file = tmp_path / "list.csv"
    file.write_text("\n".join((HEADING, *lines)) + "\n", encoding="utf-8")
    assert (check(file, guess(file)).clean, check(file, guess(file)).usual) == (True, {"lines": 3})
    file.write_text("\n".join((HEADING, *lines, row(PAPER, "Other", CODE, 10_000))) + "\n", encoding="utf-8")
    [group] = check(file, guess(file)).alerts
    assert (group.match, group.lines, group.reasons) == ("altered", (2, 5), ("same", "party"))


def test_a_number_that_is_on_the_ledger_many_times_is_cut_short() -> None:
    """Who registers one number a hundred times makes no list of a hundred lines for each row."""
    nets = (100, 113)
    day = date(2026, 1, 4)
    theirs = [(True, f"I{at}", TWIN, None, net, day, f"m:{at}", "") for at in range(100) for net in nets]
    mine = [(False, str(at), TWIN, None, 113, day, "m:7", "") for at in range(2, 5)]
    links = link_papers(pl.DataFrame(theirs + mine, schema=PAPERS, orient="row")).links
    assert links.group_by("b").len()["len"].max() <= 2 * 20 + 2
    assert links.filter(pl.col("kind") == 0).height == 3  # the one that each is
