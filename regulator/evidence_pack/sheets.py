"""The pack as a workbook: findings, their history, parties, amounts, the records behind them, and the case.

Text never becomes a formula, whatever it begins with; amounts are numbers in yuan. The bytes depend on the pack, the
state of the ledger and the time of making alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from abs.figure import Unit
from disclosure.package import archive_of
from disclosure.render.formats import number_format, sheet_value
from disclosure.render.sheet_layout import row_height
from disclosure.render.sheet_page import set_page
from disclosure.render.xlsx import (
    BENEATH,
    BODY,
    HEADING,
    HEADING_FILL,
    MODIFIED,
    STRONG,
    SUBTITLE,
    TITLE,
    write_text,
)
from ledger.position import Position
from regulator.evidence_pack.telling import LEVELS, did, story
from regulator.rules import explained, titled
from regulator.wording import is_rounded

if TYPE_CHECKING:
    from disclosure.manifest import Ledger
    from regulator.evidence_pack.form import Held, Pack
    from regulator.signals import Signal

__all__ = ["workbook"]

FIRST: Final = 4
"""Row of the headings: title, subtitle and a note, or an empty row, stand above."""


class About(NamedTuple):
    """An amount, fen, that its rule has rounded."""

    fen: int


Value = str | int | date | About | None
ABOUT_FORMATS: Final = ('"约 "#,##0;"约 "-#,##0', '"约 "#,##0.00;"约 "-#,##0.00')
"""Of such an amount: in whole yuan, and of one with fen."""
ROUNDED_NOTE: Final = "约：约数，取两位有效数字  About (约): told to two significant digits"


class Heading(NamedTuple):
    """A column: its heading in both languages, its width in characters, and what its numbers are."""

    zh: str
    en: str
    width: float
    unit: Unit = Unit.TEXT


FINDINGS: Final = (
    Heading("编号", "Finding", 19), Heading("名称与规则", "Title and rule", 29), Heading("对象", "Subject", 23),
    Heading("程度", "Level", 11), Heading("证据强度", "Evidence", 9, Unit.COUNT),
    Heading("金额（元）", "Amount (CNY)", 16, Unit.FEN), Heading("起始", "Since", 11, Unit.DATE),
    Heading("首见区块", "First block", 9, Unit.COUNT), Heading("截至区块", "As of block", 9, Unit.COUNT),
    Heading("成立", "Stands", 8), Heading("说明", "Explanation", 62),
)  # fmt: skip
HISTORY: Final = (
    Heading("编号", "Finding", 19), Heading("区块", "Block", 9, Unit.COUNT), Heading("程度", "Level", 11),
    Heading("证据强度", "Evidence", 9, Unit.COUNT), Heading("金额（元）", "Amount (CNY)", 16, Unit.FEN),
    Heading("说明", "What it said", 90),
)  # fmt: skip
PARTIES: Final = (
    Heading("编号", "Finding", 19), Heading("名称", "Title", 20), Heading("成员", "Member", 26),
    Heading("成员名称", "Name", 44),
)  # fmt: skip
AMOUNTS: Final = (
    Heading("编号", "Finding", 19), Heading("名称", "Title", 20), Heading("项目", "Figure", 28),
    Heading("金额（元）", "Amount (CNY)", 20, Unit.FEN),
)  # fmt: skip
RECORDS: Final = (
    Heading("记录", "Record", 14), Heading("种类", "Kind", 30), Heading("区块时间（UTC）", "Block time (UTC)", 20),
    Heading("签名成员", "Signed by", 18), Heading("成员名称", "Name", 30), Heading("交易哈希", "Transaction", 36),
    Heading("支持的发现", "Findings", 20),
)  # fmt: skip
CASE: Final = (
    Heading("序号", "Entry", 8, Unit.COUNT), Heading("时间", "At", 30), Heading("经办", "By", 18),
    Heading("事项", "What", 22), Heading("内容", "Said", 90),
)  # fmt: skip


def workbook(pack: Pack, ledger: Ledger, made_at: datetime) -> bytes:
    """Return the workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    under = f"{pack.subject} · {ledger.chain}/{ledger.group} · 区块高度 Height {ledger.height} · {made_at:%Y-%m-%d}"
    _sheet(book, "发现", "Findings", under, FINDINGS, _findings(pack))
    _sheet(book, "过程", "History", under, HISTORY, _history(pack))
    _sheet(book, "当事人", "Parties", under, PARTIES, _parties(pack))
    _sheet(book, "金额", "Amounts", under, AMOUNTS, _amounts(pack))
    _sheet(book, "记录", "Records", under, RECORDS, _records(pack))
    if pack.case is not None:
        _sheet(book, "案件", "Case", f"{pack.case.case} · {pack.case.title} · {under}", CASE, _entries(pack))
    book.properties.creator, book.properties.title = "Glasspool", pack.subject
    book.properties.created = made_at.replace(tzinfo=None)
    buffer = BytesIO()
    book.save(buffer)
    return _settled(buffer.getvalue(), made_at)


def _amount(rule: str, fen: int) -> int | About:
    return About(fen) if is_rounded(rule) else fen


def _both(code: str) -> str:
    found = LEVELS.get(code, (code, ""))
    return " ".join(each for each in found if each)


def _findings(pack: Pack) -> Iterator[Sequence[Value]]:
    for one in pack.findings:
        signal = one.signal
        yield (
            one.id, f"{titled(one.rule, 'zh')}\n{titled(one.rule, 'en')}\n{one.rule}", one.subject,
            _both(signal.level.value), signal.score, _amount(one.rule, signal.amount), signal.since,
            one.versions[0].height, one.height, "是 yes" if one.standing else "否 no", _said(pack, signal),
        )  # fmt: skip


def _said(pack: Pack, signal: Signal) -> str:
    return f"{explained(signal, 'zh', pack.members)}\n{explained(signal, 'en', pack.members)}"


def _history(pack: Pack) -> Iterator[Sequence[Value]]:
    for one in pack.findings:
        for version in one.versions:
            said = version.signal
            if said is None:
                yield one.id, version.height, None, None, None, "不再成立\nstands no more"
            else:
                amount = _amount(one.rule, said.amount)
                yield one.id, version.height, _both(said.level.value), said.score, amount, _said(pack, said)


def _parties(pack: Pack) -> Iterator[Sequence[Value]]:
    for one in pack.findings:
        for member in one.signal.parties:
            yield one.id, titled(one.rule, "zh"), member, pack.name(member)


def _amounts(pack: Pack) -> Iterator[Sequence[Value]]:
    for one in pack.findings:
        yield one.id, titled(one.rule, "zh"), "涉及金额 at stake", _amount(one.rule, one.signal.amount)
        for name, value in one.signal.details:
            if name.endswith("_fen") and isinstance(value, int):
                figure = name.removesuffix("_fen").replace("_", " ")
                yield one.id, titled(one.rule, "zh"), figure, _amount(one.rule, value)


def _records(pack: Pack) -> Iterator[Sequence[Value]]:
    named: dict[str, list[Held]] = {}
    for one in pack.findings:
        for number in one.evidence:
            named.setdefault(str(Position.from_number(number)), []).append(one)
    for record in pack.records:
        rest = " ".join(one.id for one in named.get(record.position, ()))
        time = f"{record.time:%Y-%m-%d %H:%M:%S}"
        yield record.position, record.kind, time, record.signer, pack.name(record.signer), record.transaction, rest


def _entries(pack: Pack) -> Iterator[Sequence[Value]]:
    assert pack.case is not None
    for one in pack.case.entries:
        done = f"{did(one['did'], 'zh')} {one['did']}"
        yield one["number"], one["at"], one["actor"], done, story(dict(one["body"]), pack, "zh")


def _sheet(
    book: Workbook, zh: str, en: str, under: str, headings: Sequence[Heading], rows: Iterator[Sequence[Value]]
) -> None:
    sheet: Any = book.create_sheet(zh)
    for row, text, font in ((1, f"证据包 · {zh}  {en}", TITLE), (2, under, SUBTITLE)):
        write_text(sheet.cell(row=row, column=1), text)
        sheet.cell(row=row, column=1).font = font
    sheet.row_dimensions[1].height = 24
    for at, heading in enumerate(headings, start=1):
        cell = sheet.cell(row=FIRST, column=at)
        write_text(cell, f"{heading.zh}\n{heading.en}")
        cell.font, cell.fill, cell.alignment = HEADING, HEADING_FILL, _aligned(heading, wrap=True)
        sheet.column_dimensions[get_column_letter(at)].width = heading.width
    sheet.row_dimensions[FIRST].height = 30
    last, rounded = FIRST, False
    for last, values in enumerate(rows, start=FIRST + 1):
        _row(sheet, last, headings, values)
        rounded = rounded or any(isinstance(value, About) for value in values)
    if rounded:
        write_text(sheet.cell(row=FIRST - 1, column=1), ROUNDED_NOTE)
        sheet.cell(row=FIRST - 1, column=1).font = SUBTITLE
    sheet.freeze_panes, sheet.auto_filter.ref = f"B{FIRST + 1}", f"A{FIRST}:{get_column_letter(len(headings))}{last}"
    sheet.sheet_view.showGridLines = False
    set_page(sheet, FIRST)


def _row(sheet: Any, at: int, headings: Sequence[Heading], row: Sequence[Value]) -> None:
    for place, (heading, value) in enumerate(zip(headings, row, strict=True), start=1):
        cell = sheet.cell(row=at, column=place)
        cell.font, cell.border, cell.alignment = STRONG if place == 1 else BODY, BENEATH, _aligned(heading, wrap=True)
        if value is None:
            continue
        if isinstance(value, str):
            write_text(cell, value)
        elif isinstance(value, About):
            cell.value = sheet_value(value.fen, heading.unit)
            cell.number_format = ABOUT_FORMATS[value.fen % 100 != 0]
        else:
            cell.value = sheet_value(value, heading.unit)
            cell.number_format = number_format(value, heading.unit)
    texts = [(value, one.width) for one, value in zip(headings, row, strict=True) if isinstance(value, str)]
    sheet.row_dimensions[at].height = row_height(texts)


def _aligned(heading: Heading, *, wrap: bool) -> Alignment:
    if heading.unit in (Unit.TEXT, Unit.DATE):
        return Alignment(horizontal="left", vertical="top", wrap_text=wrap, indent=1)
    return Alignment(horizontal="right", vertical="top", wrap_text=wrap and heading.unit is Unit.COUNT)


def _settled(raw: bytes, made_at: datetime) -> bytes:
    """Give the container fixed times."""
    with ZipFile(BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    core = "docProps/core.xml"
    parts[core] = MODIFIED.sub(rf"\g<1>{made_at:%Y-%m-%dT%H:%M:%SZ}\g<2>", parts[core].decode()).encode()
    return archive_of(parts)
