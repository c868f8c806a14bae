"""How a waterfall and its comparison with the ledger are shown on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from abs.money import yuan_text
from dashboards.texts import Language
from portal.cli.lookthrough_view import language

if TYPE_CHECKING:
    from rich.console import RenderableType

    from abs.booked.entries import Item
    from abs.reconciliation import PeriodCheck, Reconciliation
    from abs.reconciliation.values import Difference

__all__ = ["language", "reconciled"]

AMOUNT, TEXT, WORD = "amount", "text", "word"

#: name -> (Chinese, English)
WORDS: Final[dict[str, tuple[str, str]]] = {
    "waterfall": ("分配顺序（元）", "Waterfall, CNY"),
    "rule": ("规则", "Rule"),
    "way": ("付款 → 收款", "From → to"),
    "due": ("应付", "Due"),
    "available": ("可用", "Available"),
    "paid": ("支付", "Paid"),
    "cause": ("原因", "Cause"),
    "state": ("状态", "State"),
    "period": ("期数", "Period"),
    "paid_on": ("分配日", "Paid on"),
    "verdict": ("结论", "Verdict"),
    "as_agreed": ("与条款一致", "as its terms say"),
    "triggers": ("触发事件", "Triggers"),
    "trigger": ("触发事件", "Trigger"),
    "in_a_row": ("连续期数", "In a row"),
    "on": ("是", "on"),
    "off": ("否", "off"),
    "since": ("起始期", "Since"),
    "balances": ("期初与期末（元）", "Opening and closing, CNY"),
    "name": ("名称", "Name"),
    "opening": ("期初", "Opening"),
    "closing": ("期末", "Closing"),
    "arrears": ("欠付", "In arrears"),
    "compared": ("与账本核对（元）", "Compared with the ledger, CNY"),
    "item": ("项目", "Item"),
    "recomputed": ("按条款", "By the terms"),
    "stated": ("按账本", "By the ledger"),
    "difference": ("差额", "Difference"),
    "fee": ("费用", "fee"),
    "interest": ("收益", "interest"),
    "principal": ("本金", "principal"),
    "move": ("划转", "move"),
    "shortfall": ("差额支付", "shortfall"),
    "repaid": ("偿还差额支付款", "repaid"),
    "also": ("同样吻合：", "so does: "),
    "none": ("尚无收益分配。", "No distribution yet."),
    "error": ("错误", "error"),
    "warning": ("警告", "warning"),
    "notice": ("提示", "notice"),
    "revolving": ("循环期", "revolving"),
    "amortising": ("摊还期", "amortising"),
    "accelerated": ("加速清偿", "accelerated"),
    "defaulted": ("违约", "defaulted"),
}


class _Words:
    """Words in one language."""

    def __init__(self, spoken: Language) -> None:
        self._chosen = 0 if spoken is Language.ZH else 1

    def __call__(self, name: str) -> str:
        return WORDS[name][self._chosen] if name in WORDS else name


def reconciled(found: Reconciliation, spoken: Language) -> RenderableType:
    """A row for every period that was asked for, the last of them line by line, and every finding."""
    say = _Words(spoken)
    if not found.periods:
        return Text(say("none"))
    parts: list[RenderableType] = [_periods(found, say)] if len(found.periods) > 1 else []
    last = found.periods[-1]
    parts += [
        _heading(last, say),
        *_lines(last, say),
        *_triggers(last, say),
        *_balances(last, say),
        *_compared(last, say),
    ]
    parts += [_finding(one, say) for one in found.findings]
    return Group(*parts)


def _table(title: str, *columns: tuple[str, str]) -> Table:
    """A table of (heading, sort) that fits 80 columns: amounts and words stay whole, texts fold."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading, sort in columns:
        table.add_column(
            heading,
            justify="right" if sort == AMOUNT else "left",
            no_wrap=sort != TEXT,
            overflow="fold",
        )
    return table


def _periods(found: Reconciliation, say: _Words) -> Table:
    headings = (("period", AMOUNT), ("paid_on", WORD), ("state", WORD), ("verdict", TEXT))
    table = _table(escape(found.plan), *((say(name), sort) for name, sort in headings))
    for one in found.periods:
        state = "—" if one.result is None else say(one.result.closing.state)
        verdict = ", ".join(each.code for each in one.findings) or say("as_agreed")
        table.add_row(f"{one.period.number}", f"{one.period.paid_on}", state, verdict)
    return table


def _heading(check: PeriodCheck, say: _Words) -> Text:
    period, result = check.period, check.result
    head = f"{say('period')} {period.number}  {say('paid_on')} {period.paid_on}"
    if result is not None:
        head += f"  {say('state')} {say(result.closing.state)}"
    changes = () if result is None else result.changes
    return Text("\n".join([head, *changes, *period.notes]))


def _lines(check: PeriodCheck, say: _Words) -> list[RenderableType]:
    if check.result is None:
        return []
    headings = (
        ("rule", TEXT), ("way", TEXT), ("due", AMOUNT), ("available", AMOUNT), ("paid", AMOUNT), ("cause", WORD),
    )  # fmt: skip
    table = _table(say("waterfall"), *((say(name), sort) for name, sort in headings))
    for line in check.result.lines:
        way = f"{line.source} → {line.target}" + (f"\n{line.note}" if line.note else "")
        amounts = map(yuan_text, (line.due, line.available, line.amount))
        table.add_row(escape(line.rule), escape(way), *amounts, line.cause)
    return [table]


def _triggers(check: PeriodCheck, say: _Words) -> list[RenderableType]:
    if check.result is None or not check.result.closing.triggers:
        return []
    headings = (("trigger", TEXT), ("on", WORD), ("in_a_row", AMOUNT), ("since", AMOUNT))
    table = _table(say("triggers"), *((say(name), sort) for name, sort in headings))
    for name, one in check.result.closing.triggers.items():
        since = "—" if one.since is None else f"{one.since}"
        table.add_row(escape(name), say("on" if one.on else "off"), f"{one.in_a_row}", since)
    return [table]


def _balances(check: PeriodCheck, say: _Words) -> list[RenderableType]:
    if check.result is None:
        return []
    opening, closing = check.opening, check.result.closing
    headings = (("name", TEXT), ("opening", AMOUNT), ("closing", AMOUNT), ("arrears", AMOUNT))
    table = _table(say("balances"), *((say(name), sort) for name, sort in headings))
    for name, one in closing.tranches.items():
        before = opening.tranches.get(name, one)
        table.add_row(escape(name), *map(yuan_text, (before.outstanding, one.outstanding, one.interest_arrears)))
    for name, cash in closing.accounts.items():
        table.add_row(escape(name), yuan_text(opening.accounts.get(name, 0)), yuan_text(cash), "")
    for name, fee in closing.fees.items():
        if fee.arrears:
            table.add_row(escape(name), "", "", yuan_text(fee.arrears))
    return [table]


def _compared(check: PeriodCheck, say: _Words) -> list[RenderableType]:
    headings = (
        ("item", TEXT), ("rule", TEXT), ("recomputed", AMOUNT), ("stated", AMOUNT), ("difference", AMOUNT),
    )  # fmt: skip
    table = _table(say("compared"), *((say(name), sort) for name, sort in headings))
    for one in check.compared:
        amounts = (one.recomputed.text(), one.stated.text(), one.difference.text())
        style = "[red]{}[/red]" if one.difference.value else "{}"
        table.add_row(escape(_named(one.item, say)), escape(one.rule), *amounts[:2], style.format(amounts[2]))
    return [table]


def _named(item: Item, say: _Words) -> str:
    return f"{say(item.kind)} {item.name}" + (f" → {item.to}" if item.to else "")


def _finding(found: Difference, say: _Words) -> Text:
    also = f" ({say('also')}{', '.join(found.also)})" if found.also else ""
    return Text(f"{say(found.severity.value)} {found.code}: {found.subject}: {found.message}{also}", style="bold")
