"""Figures in a reader's words: what each is called where it is shown, and its formula without keys.

``report.json`` keeps the keys and the formulas as :mod:`abs` states them. A formula here is that formula in other
words, sentence by sentence of the table below, so that it cannot say anything else; a test finds every formula in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from disclosure.render.formats import shown
from disclosure.render.words import english, known, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abs.figure import Figure
    from disclosure.reports.report import Cell, Column, Report, Row, Table

__all__ = ["formula", "is_readable", "names"]

_SENTENCES = """
days from {a} (counted) to {b} (not counted)
  自 {a}（含）至 {b}（不含）的天数
no earlier period
  无此前期次
Tranche.principal
  计划设立记录所载的原始本金
  original principal, as recorded with the plan
the tranche's rate by the terms in force
  当日有效的计划约定所载的预期收益率
  expected yield by the plan's terms in force
face by the plan's terms
  当日有效的计划约定所载的每份面额
  face per unit by the plan's terms in force
sum of Distribution.principal of period {a}
  第 {a} 期分配记录的本金之和
  sum of the principal recorded for period {a}
sum of Distribution.interest of period {a}
  第 {a} 期分配记录的收益之和
  sum of the interest recorded for period {a}
sum of principal and interest distributed
  分配记录的本金与收益之和
  sum of the principal and interest recorded as paid
sum of {column} over all tranches
  各档证券“{column}”之和
  sum of “{column}” over all tranches
sum of {column} over {rank} tranches
  {rank}证券“{column}”之和
  sum of “{column}” over the tranches of rank {rank}
opening x rate x days / year by {a}, rounded {rounding}
  期初余额 × 预期收益率 × 计息天数 ÷ 一年的天数（{a}），{rounding}
  opening balance × expected yield × days ÷ days of a year ({a}), {rounding}
original principal - principal paid in earlier periods
  原始本金 − 此前各期兑付本金
  original principal − principal paid in earlier periods
interest expected - interest paid, over earlier periods
  此前各期应付收益之和 − 此前各期兑付收益之和
  interest due − interest paid, over earlier periods
interest paid - (interest expected + arrears)
  本期兑付收益 −（应付收益 + 此前未付收益）
  interest paid − (interest due + arrears of interest)
principal paid + interest paid
  本期兑付本金 + 本期兑付收益
opening - principal paid
  期初余额 − 本期兑付本金
  opening balance − principal paid
original principal / face
  原始本金 ÷ 每份面额
  original principal ÷ face per unit
sum of outstanding over open assets
  未结清资产的未偿余额之和
  sum of the outstanding balances of open assets
sum of outstanding over assets past due
  逾期资产的未偿余额之和
  sum of the outstanding balances of assets past due
sum of outstanding in {bucket}
  {bucket}资产的未偿余额之和
  sum of the outstanding balances of assets in class {bucket}
number of assets in {bucket}
  {bucket}资产的笔数
  number of assets in class {bucket}
number of open assets
  未结清资产的笔数
sum of balance of assets that entered after {a}
  {a} 之后入池的资产，入池时的未偿余额之和
  sum of the balances, on entering, of assets that entered after {a}
sum of balance of assets that left after {a}
  {a} 之后转出的资产，转出时的未偿余额之和
  sum of the balances, on leaving, of assets that left after {a}
sum of balance of assets assigned after {a}
  {a} 之后转让入池的资产，入池时的未偿余额之和
  sum of the balances, on entering, of assets assigned after {a}
sum of balance of assets purchased after {a}
  {a} 之后循环购买的资产，入池时的未偿余额之和
  sum of the balances, on entering, of assets bought after {a}
sum of balance of assets substituted after {a}
  {a} 之后置换的资产，置换时的未偿余额之和
  sum of the balances, when substituted, of assets substituted after {a}
sum of balance of assets repurchased after {a}
  {a} 之后赎回的资产，转出时的未偿余额之和
  sum of the balances, on leaving, of assets bought back after {a}
sum of balance of assets removed after {a}
  {a} 之后移出的资产，转出时的未偿余额之和
  sum of the balances, on leaving, of assets taken out after {a}
sum of payments after {a}, until {b}
  {a} 之后至 {b}，债务人付款之和
  sum of payments by debtors after {a}, until {b}
sum of adjustments after {a}, until {b}
  {a} 之后至 {b}，调整之和
sum of amounts after {a}, until {b}
  {a} 之后至 {b}，各笔记录的金额之和
  sum of the amounts recorded after {a}, until {b}
sum of amounts until {b}
  至 {b}，各笔记录的金额之和
  sum of the amounts recorded until {b}
closing - (opening + added - removed - payments + adjustments)
  期末未偿余额 −（期初未偿余额 + 新增入池 − 转出资产 − 债务人付款 + 调整）
  closing balance − (opening balance + assets that entered − assets that left − paid by debtors + adjustments)
payments - collected
  债务人付款 − 本期归集
  paid by debtors − collected
collected until {a} - remitted until {b}
  至 {a} 累计归集 − 至 {b} 累计转付
  collected until {a} − remitted until {b}
all that came in - all that was paid out, until {b}
  至 {b} 累计流入 − 累计流出
remitted + repurchased + made up
  转付入账 + 赎回及清仓回购价款 + 差额支付
  remitted in + paid for assets bought back + made up on shortfalls
purchased + fees + repaid + distributed
  循环购买 + 费用 + 返还差额支付款 + 分配支出
purchases the account paid until {a} - until {b}
  账户支付的循环购买：至 {a} 累计 − 至 {b} 累计
  purchases the account paid: until {a} − until {b}
purchased - (collected - remitted), each not below 0
  循环购买价款 −（归集 − 转付），均不小于零
closing - opening
  期末现金 − 期初现金
  closing cash − opening cash
inflow - (outflow + change in account)
  本期流入 −（本期流出 + 本期净变动）
  came in − (paid out + change in the period)
outflow + change in account
  本期流出 + 本期净变动
  paid out + change in the period
{figure} / units
  {figure} ÷ 份数
  {figure} ÷ units
{figure} / {other}
  {figure} ÷ {other}
"""
"""A formula as :mod:`abs` writes it; beneath it, in Chinese, and in English where that needs other words."""

REVERSED = ": reversed dates"
_SHAPES = {"a": r"\S+?", "b": r"\S+", "column": r"\w+", "rank": r"\w+", "rounding": r"\w+", "bucket": r"\S+"}
_DOTTED = r"[a-z_]+(?:\.[a-z_]+)+"


def _read(text: str) -> list[tuple[re.Pattern[str], str, str]]:
    table = []
    for entry in re.split(r"\n(?! )", text.strip()):
        stated, chinese, in_english = (*entry.split("\n  "), entry.partition("\n")[0])[:3]
        pattern = re.sub(
            r"\\\{(\w+)\\\}", lambda found: f"(?P<{found[1]}>{_SHAPES.get(found[1], _DOTTED)})", re.escape(stated)
        )
        table.append((re.compile(pattern), chinese, in_english))
    return table


_TABLE = _read(_SENTENCES)


def formula(figure: Figure) -> tuple[str, str]:
    """Return the figure's formula in Chinese and in English, in the words of the report's tables."""
    stated = figure.formula.removesuffix(REVERSED)
    wrong = stated != figure.formula
    for pattern, chinese, in_english in _TABLE:
        if found := pattern.fullmatch(stated):
            texts = (
                text.format(**{part: _said(part, value, language) for part, value in found.groupdict().items()})
                for language, text in enumerate((chinese, in_english))
            )
            first, second = (text + _told("formula.reversed", place) * wrong for place, text in enumerate(texts))
            return first, second
    return figure.formula, figure.formula


def is_readable(figure: Figure) -> bool:
    """Tell whether the table has words for the figure's formula."""
    return any(pattern.fullmatch(figure.formula.removesuffix(REVERSED)) for pattern, _, _ in _TABLE)


def _said(part: str, value: str, language: int) -> str:
    if part == "bucket":
        return _told("bucket.current", language) if value == "current" else _told("bucket.days", language).format(value)
    prefix = {"figure": "figure.", "other": "figure.", "column": "column.", "rank": "rank.", "rounding": "rounding."}
    key = prefix.get(part, "") + value
    return _told(key, language) if part in prefix and known(key) else value


def _told(key: str, language: int) -> str:
    return english(key) if language else word(key)


def names(report: Report) -> dict[Figure, str]:
    """Return what each figure is called: table, row and column where it is first shown, or what it is where it is not.

    A figure of one tranche that no table shows is named with the tranche of the first figure computed from it.
    """
    found: dict[Figure, str] = {}
    beneath: list[tuple[Figure, str]] = []
    for table, row, cell, column in _cells(report):
        if cell.figure is not None and cell.figure not in found:
            label = _label(table, row)
            end = () if table.labels else (word(f"column.{column.key}"),)
            found[cell.figure] = " / ".join((word(f"table.{table.key}"), label, *end))
            beneath += ((figure, label) for figure in cell.figure.inputs)
    while beneath:
        figure, label = beneath.pop()
        if figure not in found:
            key = f"figure.{figure.name}"
            name = word(key) if known(key) else figure.name
            found[figure] = f"{label} / {name}" if figure.name.startswith("tranche.") else name
            beneath += ((each, label) for each in figure.inputs)
    return found


def _cells(report: Report) -> Iterator[tuple[Table, Row, Cell, Column]]:
    for table in report.tables():
        for row in (*table.rows, *((table.total,) if table.total else ())):
            for cell, column in zip(row.cells, table.columns, strict=True):
                yield table, row, cell, column


def _label(table: Table, row: Row) -> str:
    """What a row is called: its first cell, and its period where it has one."""
    parts = []
    for cell, column in zip(row.cells, table.columns, strict=True):
        if column is table.columns[0]:
            parts.append(word(str(cell.content)) if cell.word else shown(cell.value, table.unit(cell, column)))
        elif column.key == "period" and isinstance(cell.value, int):
            parts.append(word("trace.period").format(cell.value))
    return " ".join(parts)
