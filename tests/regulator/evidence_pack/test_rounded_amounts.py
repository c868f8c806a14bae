"""A pack says of rounded amounts that they are: in its text, and in the workbook, where they stay numbers."""

from __future__ import annotations

from io import BytesIO

from openpyxl import load_workbook

from disclosure.manifest import Ledger
from regulator.evidence_pack.form import Held, Pack
from regulator.evidence_pack.sheets import workbook
from regulator.evidence_pack.telling import told
from regulator.signals import Level, Signal, Version
from tests.support.evidence import AT

LEDGER = Ledger(
    chain="c", group="g", suite="sm", genesis_hash=b"\1", height=9, block_hash=b"\2", facts_digest=b"\3"
)  # fmt: skip
ROUNDED = Signal(
    rule="monitor.related_party", subject="plan P", level=Level.MEDIUM, score=70, amount=210_000_000,
    details=(("article", "a"), ("limit", "10%"), ("owed_fen", 210_000_000), ("plan", "P"), ("share", "12%")),
)  # fmt: skip
EXACT = Signal(
    rule="monitor.cash_held_back", subject="remittance P/d", level=Level.HIGH, score=85, amount=90_000_000,
    details=(
        ("article", "a"), ("due", "d"), ("plan", "P"), ("servicer_party", "s"), ("short_fen", 90_000_000),
        ("upto", "d"),
    ),
)  # fmt: skip


def pack_of(*signals: Signal) -> Pack:
    held = []
    for one in signals:
        versions = [Version(rule=one.rule, subject=one.subject, height=height, signal=one) for height in (3, 5)]
        held.append(Held(rule=one.rule, subject=one.subject, height=9, versions=tuple(versions)))
    return Pack(case=None, findings=tuple(held), records=())


def test_the_text_tells_them_with_about() -> None:
    zh, en = told(pack_of(ROUNDED), LEDGER, AT).decode().split("\n----\n")
    assert zh.count("约2,100,000 元") == 3  # at stake, and in two versions
    assert "应付约2,100,000元" in zh
    assert en.count("about 2,100,000 yuan") == 6
    assert "2,100,000.00" not in zh + en
    exact = told(pack_of(EXACT), LEDGER, AT).decode()
    assert "900,000.00" in exact
    assert "约9" not in exact
    assert "about" not in exact


def test_the_workbook_keeps_them_numbers_and_says_so() -> None:
    book = load_workbook(BytesIO(workbook(pack_of(ROUNDED, EXACT), LEDGER, AT)))
    for sheet, column in (("发现", 6), ("过程", 5), ("金额", 4)):
        cells = [book[sheet].cell(row=row, column=column) for row in range(5, book[sheet].max_row + 1)]
        formats = {cell.value: cell.number_format for cell in cells}
        assert formats == {2_100_000: '"约 "#,##0;"约 "-#,##0', 900_000: "#,##0.00"}
        assert "two significant digits" in book[sheet]["A3"].value
    assert book["当事人"]["A3"].value is None
    alone = load_workbook(BytesIO(workbook(pack_of(EXACT), LEDGER, AT)))
    assert [sheet["A3"].value for sheet in alone] == [None] * 5
