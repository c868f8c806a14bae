"""A small file of receivables that nobody owns: invented companies, invoices and payments, the same bytes for a seed.

It is what `make demo` imports. Most are paid on the day, some early, some late; a few are disputed, and what fell due
late or was never paid is still open on the day the file is taken.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ledger.consortium.cash import next_weekday
from ledger.consortium.keys import number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AS_OF", "DEBTORS", "HEADINGS", "ROWS", "generate_sample"]

ROWS = 300
DEBTORS, CREDITORS = 24, 4
FIRST_DAY, DAYS = date(2024, 1, 8), 610
AS_OF = date(2025, 10, 31)
TENORS = (60, 90, 90, 120, 150, 180)  # days
LEAST, MOST = 30_000_00, 1_200_000_00  # fen, without tax
VAT = 13  # per cent

HEADINGS = (
    "发票号码", "开票日期", "到期日", "价税合计", "税额", "债务人编号", "债务人名称", "债权人编号", "债权人名称",
    "货物名称", "回款日期", "是否争议",
)  # fmt: skip

PLACES = (
    ("上海", "31"),
    ("苏州", "32"),
    ("宁波", "33"),
    ("合肥", "34"),
    ("青岛", "37"),
    ("武汉", "42"),
    ("佛山", "44"),
)
BRANDS = (
    "恒岳", "澄川", "砺锋", "启沅", "云峤", "嘉澍", "博垚", "瑞霁", "鼎淳", "朗曜", "信柘", "泽棠", "宏湛", "景铄",
    "联珩", "安芃", "盛峣", "华隽", "正垣", "兴沣", "通晟", "远骞", "新垠", "立彦", "方笃", "承煜", "思崟", "沐然",
)  # fmt: skip
BUYER_TRADES = ("重工集团", "汽车股份", "新能源科技", "轨道交通装备", "家电集团", "建设工程", "电力设备", "船舶工业")
SELLER_TRADES = ("精密零部件", "特种材料", "电子元件", "包装制品")
GOODS = ("铝合金压铸件", "控制器总成", "冷轧钢板", "锂电池模组", "注塑件", "电缆", "轴承", "紧固件")


@dataclass(frozen=True, slots=True)
class _Company:
    code: str
    name: str
    province: str


def _companies(seed: int, prefix: str, count: int, brands: Sequence[str], trades: Sequence[str]) -> list[_Company]:
    made = []
    for at in range(count):
        place, province = PLACES[number(seed, "sample", prefix, str(at), "place", below=len(PLACES))]
        trade = trades[number(seed, "sample", prefix, str(at), "trade", below=len(trades))]
        name = f"{place}{brands[at]}{trade}有限公司"
        made.append(_Company(f"{prefix}{at + 1:03d}", name, province))
    return made


def _paid_on(seed: int, row: str, due: date) -> date | None:
    """Return the day the invoice was paid, None when it is still open on the day of the file."""
    chance = number(seed, "sample", row, "paid", below=100)
    spread = number(seed, "sample", row, "days", below=10_000)
    if chance < 2:
        return None
    if chance < 15:
        paid = due - timedelta(days=1 + spread % 10)
    elif chance < 72:
        paid = due
    elif chance < 95:
        paid = due + timedelta(days=1 + spread % 30)
    else:
        paid = due + timedelta(days=31 + spread % 90)
    paid = next_weekday(paid)
    return paid if paid <= AS_OF else None


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def generate_sample(seed: int, rows: int = ROWS) -> bytes:
    """Return a CSV file (UTF-8 with its mark) of so many receivables by day of issue; the map ``demo`` reads it."""
    debtors = _companies(seed, "D", DEBTORS, BRANDS[:DEBTORS], BUYER_TRADES)
    creditors = _companies(seed, "S", CREDITORS, BRANDS[DEBTORS:], SELLER_TRADES)
    issued = sorted(
        (next_weekday(FIRST_DAY + timedelta(days=_draw(seed, at, "issued", DAYS))), at) for at in range(rows)
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for serial, (day, at) in enumerate(issued, start=1):
        # The smaller of two draws: a few debtors owe much, as in real pools.
        debtor = debtors[min(_draw(seed, at, "debtor", DEBTORS), _draw(seed, at, "debtor again", DEBTORS))]
        creditor = creditors[_draw(seed, at, "creditor", CREDITORS)]
        due = next_weekday(day + timedelta(days=TENORS[_draw(seed, at, "tenor", len(TENORS))]))
        base = LEAST + min(_draw(seed, at, f"amount {turn}", MOST - LEAST) for turn in range(2))
        tax = (base * VAT + 50) // 100
        paid = _paid_on(seed, str(at), due)
        writer.writerow(
            (
                f"{day:%y}{creditor.province}2{10_000_000 + 37 * serial + _draw(seed, at, 'gap', 37):015d}",
                day.isoformat(),
                due.isoformat(),
                _yuan(base + tax),
                _yuan(tax),
                debtor.code,
                debtor.name,
                creditor.code,
                creditor.name,
                GOODS[_draw(seed, at, "goods", len(GOODS))],
                paid.isoformat() if paid else "",
                "是" if _draw(seed, at, "disputed", 100) < 4 else "否",
            )
        )
    return text.getvalue().encode("utf-8-sig")


def _draw(seed: int, row: int, what: str, below: int) -> int:
    return number(seed, "sample", str(row), what, below=below)
