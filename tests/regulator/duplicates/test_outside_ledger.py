"""A list against the ledger: what stands on the invoices it names, and whose claims are no news to whose list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store import AsOf
from regulator.errors import OutsideRefused
from regulator.outside import Checked, check, guess, packaged_map
from regulator.signals import Level
from tests.support.duplicates_stories import FACE, Desk, ledger
from tests.support.ledger_book import Book, uscc

NUMBER = "26442000000010000043"
PAPER = "060729074001"
HEADING = "seller,buyer,invoice number,date,amount"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """Invoices lent on, pooled by nobody, repaid and voided; ``book.first``: the height before anything was lent."""
    book = ledger(tmp_path_factory.mktemp("outside") / "ledger.db")
    desk = Desk(book, "s")
    desk.invoice("lent", number=NUMBER, issued="2026-01-04")
    desk.invoice("paper", number=PAPER, type="vat_special", issued="2026-01-04", code="3100201130")
    desk.invoice("free", number="26442000000010000051", issued="2026-01-04")
    desk.invoice("repaid", number="26442000000010000069", issued="2026-01-04")
    desk.invoice("void", number="26442000000010000077", issued="2026-01-04")
    for name, code, net in (("first", "3100201130", 80_000), ("second", "3100201140", 44_248)):
        amounts = {"amount_excluding_tax": net, "tax": 50_000 - net if name == "second" else 10_400}
        total = sum(amounts.values())
        desk.invoice(
            name, number="060729074500", type="vat_special", issued="2026-01-04", code=code,
            amount_including_tax=total, **amounts,
        )  # fmt: skip
    for name in ("lent", "paper", "free", "repaid"):
        desk.receivable(f"R-{name}", name)
    before = desk.block()
    for name in ("lent", "paper", "repaid"):
        desk.lend(f"F-{name}", "bank", ("receivable", f"R-{name}"))
    change = {"invoice": desk.of("void"), "status": "voided", "red_invoice": None, "at": desk.today.isoformat()}
    book.say("gateway", "invoice.status_changed", change)
    desk.block(5)
    desk.repay("F-repaid", "bank")
    desk.block()
    book.before = before  # type: ignore[attr-defined]
    yield book
    book.store.close()


def listed(book: Book, folder: Path, *rows: str, holder: str | None = None, at: int | None = None) -> Checked:
    file = folder / "list.csv"
    file.write_text("\n".join((HEADING, *rows)) + "\n", encoding="utf-8")
    with book.store.at(at).at_once() as facts:
        return check(file, guess(file), facts, holder=holder)


def row(number: str = NUMBER, seller: str = "supplier", amount: int = FACE, day: str = "2026-01-04") -> str:
    return f"{seller},core Ltd,{number},{day},{amount / 100:.2f}"


@pytest.mark.parametrize("seller", ["supplier", "Supplier  LTD", uscc("supplier")])
def test_an_invoice_that_carries_a_loan_is_told_with_the_lender(book: Book, tmp_path: Path, seller: str) -> None:
    [group] = listed(book, tmp_path, row(seller=seller)).groups
    assert (group.match, group.alert, group.level, group.things) == ("exact", True, Level.HIGH, ("invoice s.lent",))
    [claim] = group.standing
    assert (claim.thing, claim.holder, claim.instrument) == ("financing s.F-lent", "bank", "financing")
    assert claim.money == FACE * 8 // 10


@pytest.mark.parametrize("number", ["26442000000010000051", "26442000000010000069"])
def test_an_invoice_that_nobody_claims_is_known_and_no_alarm(book: Book, tmp_path: Path, number: str) -> None:
    checked = listed(book, tmp_path, row(number))
    assert [(group.match, group.alert, group.standing) for group in checked.groups] == [("exact", False, ())]
    assert checked.clean


def test_the_lender_s_own_list_is_no_alarm(book: Book, tmp_path: Path) -> None:
    assert listed(book, tmp_path, row(), holder="bank").clean
    assert listed(book, tmp_path, row(), holder="supplier").clean  # who gave the claim knows of it
    assert not listed(book, tmp_path, row(), holder="bank2").clean


def test_a_void_invoice_is_told(book: Book, tmp_path: Path) -> None:
    [group] = listed(book, tmp_path, row("26442000000010000077")).alerts
    assert [one.instrument for one in group.standing] == ["void"]


def test_the_height_decides(book: Book, tmp_path: Path) -> None:
    assert listed(book, tmp_path, row(), at=book.before).clean  # type: ignore[attr-defined]
    height = listed(book, tmp_path, row(), at=book.before).height  # type: ignore[attr-defined]
    assert height == book.before  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "match", "reasons"),
    [
        (row("060729074/001"), "format", ("separators",)),
        (row("60729074001"), "format", ("zeros",)),
        (row(PAPER, amount=FACE * 3), "altered", ("same", "amount")),
        (row(PAPER, day="2026-02-09"), "altered", ("same", "date")),
        (row("060729074901"), "near", ("edit",)),
        (row(NUMBER, seller="Stranger"), "altered", ("same", "party")),
        (row(PAPER, amount=100_000), "exact", ("same",)),  # the list states amounts without tax
    ],
)
def test_a_variant_of_a_financed_invoice(
    book: Book, tmp_path: Path, given: str, match: str, reasons: tuple[str, ...]
) -> None:
    [group] = listed(book, tmp_path, given).alerts
    assert (group.match, group.reasons, group.lines) == (match, reasons, (2,))
    assert [one.thing for one in group.standing] == [f"financing s.F-{'lent' if NUMBER in given else 'paper'}"]


def test_a_row_that_is_one_invoice_is_no_altered_form_of_another(book: Book, tmp_path: Path) -> None:
    """A second invoice has the number under another code, which the list does not state."""
    checked = listed(book, tmp_path, row("060729074500", amount=50_000), holder="bank")
    assert [(group.match, group.things, group.alert) for group in checked.groups] == [
        ("exact", ("invoice s.second",), False)
    ]


def test_one_group_holds_all_copies_and_the_invoice(book: Book, tmp_path: Path) -> None:
    [group] = listed(book, tmp_path, row(PAPER), row("060729074/001"), row("0060729074001")).groups
    assert (group.lines, group.things) == ((2, 3, 4), ("invoice s.paper",))


def test_a_recurring_bill_of_a_member_matches_nothing(book: Book, tmp_path: Path) -> None:
    checked = listed(book, tmp_path, *(row(f"06072908{at:04d}", day=f"2026-{at:02d}-19") for at in range(2, 9)))
    assert checked.clean
    assert not checked.groups


def test_parties_that_the_ledger_does_not_know_are_counted(book: Book, tmp_path: Path) -> None:
    assert listed(book, tmp_path, row(PAPER, seller="Stranger")).not_compared == {"no_member": 1}


def test_a_holder_that_is_no_member_is_refused(book: Book, tmp_path: Path) -> None:
    with pytest.raises(OutsideRefused, match="no member Nobody") as refused:
        listed(book, tmp_path, row(), holder="Nobody")
    assert refused.value.code == "holder"


def test_the_node_keeps_nothing_of_the_file(book: Book, tmp_path: Path) -> None:
    def everything(facts: AsOf) -> tuple[str, int]:
        with book.store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        return facts.facts_digest.hex(), int(pages)

    before = everything(book.store.at())
    file = Path(book.store._engine.url.database or "")
    stamp = file.stat().st_mtime_ns
    listed(book, tmp_path, row(), row(NUMBER, seller="Secret Vendor"))
    assert everything(book.store.at()) == before
    assert file.stat().st_mtime_ns == stamp
    assert b"Secret Vendor" not in file.read_bytes()


REGISTERED = "登记证明编号,交易业务类型,担保权人,担保人,担保财产描述,登记时间,登记到期日"


def extract(book: Book, folder: Path, *rows: str, holder: str | None = None) -> Checked:
    file = folder / "extract.csv"
    file.write_text("\n".join((REGISTERED, *rows)) + "\n", encoding="utf-8")
    with book.store.at().at_once() as facts:
        return check(file, packaged_map("zhongdeng"), facts, holder=holder)


def filed(number: str, secured: str, text: str, *, debtor: str = "supplier", until: str = "2036-01-01") -> str:
    return f"{number},质押,{secured},{debtor},{text},2026-01-09,{until}"


@pytest.mark.parametrize("written", [PAPER, "060729074/001", f"3100201130{PAPER}", NUMBER])
def test_a_registration_of_what_another_lent_on_overlaps(book: Book, tmp_path: Path, written: str) -> None:
    [group] = extract(book, tmp_path, filed("ZD1", "外部银行", f"发票号码：{written}，项下应收账款")).alerts
    assert (group.match, group.level, group.reasons) == ("overlap", Level.HIGH, ("invoice",))
    assert [one.holder for one in group.standing] == ["bank"]


@pytest.mark.parametrize(
    "row",
    [
        filed("ZD1", "bank", f"发票号码：{PAPER}"),  # the lender's own
        filed("ZD1", "外部银行", "发票号码：26442000000010000051"),  # nobody claims it
        filed("ZD1", "外部银行", f"发票号码：{PAPER}", until="2026-01-10"),  # expired
        filed("ZD1", "外部银行", f"发票号码：{PAPER}", debtor="另一公司"),  # another's number
        filed("ZD1", "外部银行", f"发票号码：{NUMBER}", debtor="bank"),  # the lender pledges what it got
        filed("ZD1", "外部银行", "设备一批"),
    ],
)
def test_a_lawful_registration_is_no_alarm(book: Book, tmp_path: Path, row: str) -> None:
    checked = extract(book, tmp_path, row)
    if "2026-01-10" in row:
        book_day = book.store.at().time.date().isoformat()
        assert (book_day > "2026-01-10") == (checked.usual == {"expired": 1})
    assert checked.clean or "2026-01-10" in row


def test_a_registration_of_all_receivables_meets_every_claim(book: Book, tmp_path: Path) -> None:
    [group] = extract(book, tmp_path, filed("ZD1", "外部银行", "出质人现有及将有的全部应收账款")).alerts
    assert (group.match, group.things) == ("blanket", ("member supplier",))
    assert {one.thing for one in group.standing} == {"financing s.F-lent", "financing s.F-paper"}
    assert extract(book, tmp_path, filed("ZD1", "bank", "出质人现有及将有的全部应收账款")).clean


def test_two_registrations_of_one_number_overlap_in_the_extract(book: Book, tmp_path: Path) -> None:
    rows = [
        filed("ZD1", "甲银行", "合同号HT-2026-0017", debtor="某公司"),
        filed("ZD2", "乙银行", "HT-2026-0017", debtor="某公司"),
    ]
    [group] = extract(book, tmp_path, *rows).alerts
    assert (group.match, group.lines, group.reasons) == ("overlap", (2, 3), ("named",))
    same = [rows[0], filed("ZD2", "甲银行", "HT-2026-0017", debtor="某公司")]
    assert extract(book, tmp_path, *same).clean


def test_a_number_registered_twice_with_other_parties_is_altered(book: Book, tmp_path: Path) -> None:
    rows = [filed("ZD1", "甲银行", "设备", debtor="某公司"), filed("ZD1", "乙银行", "设备", debtor="某公司")]
    [group] = extract(book, tmp_path, *rows).alerts
    assert (group.match, group.reasons) == ("altered", ("number", "secured_party"))
    assert extract(book, tmp_path, rows[0], rows[0]).clean
