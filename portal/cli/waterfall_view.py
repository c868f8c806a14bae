"""How a waterfall and its comparison with the ledger are shown on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from abs.money import yuan_text
from abs.waterfall import ASSETS
from portal.cli.tables import Column, Sheet, prose, spaced

if TYPE_CHECKING:
    from rich.console import RenderableType

    from abs.booked.entries import Item
    from abs.deal import Line
    from abs.reconciliation import PeriodCheck, Reconciliation
    from abs.reconciliation.values import Difference
    from portal.cli.words import Words

__all__ = ["reconciled"]


def reconciled(found: Reconciliation, title: str, say: Words) -> RenderableType:
    """A row for every period that was asked for, the last of them line by line, and every finding."""
    heading = prose(title, "bold")
    if not found.periods:
        return spaced([heading, prose(say("waterfall_none"))])
    last = found.periods[-1]
    parts: list[RenderableType] = [
        heading,
        *([_periods(found, say)] if len(found.periods) > 1 else []),
        _heading(last, say),
    ]
    parts += [*_lines(last, say), *_triggers(last, say), *_balances(last, say), _compared(last, say)]
    return spaced([*parts, *(_finding(one, say) for one in found.findings)])


def _periods(found: Reconciliation, say: Words) -> Sheet:
    columns = (
        Column(say("period"), "number"), Column(say("paid_on"), "word"), Column(say("state"), "word"),
        Column(say("verdict")),
    )  # fmt: skip
    rows = (
        (
            f"{one.period.number}",
            f"{one.period.paid_on}",
            "—" if one.result is None else say.coded("state", one.result.closing.state),
            say.listed(say.coded("differs", each.cause) for each in one.findings) or say("as_agreed"),
        )
        for one in found.periods
    )
    return Sheet("", columns, rows)


def _heading(check: PeriodCheck, say: Words) -> Text:
    period, result = check.period, check.result
    head = f"{say('period')} {period.number}  {say('paid_on')} {period.paid_on}"
    if result is not None:
        head += f"  {say('state')} {say.coded('state', result.closing.state)}"
    changes = () if result is None else result.changes
    return prose("\n".join([head, *map(say.sentence, (*changes, *period.notes))]))


def _lines(check: PeriodCheck, say: Words) -> list[RenderableType]:
    if check.result is None:
        return []
    columns = (
        Column(say("rule")), Column(say("from_to")), Column(say("due_amount"), "number"),
        Column(say("available"), "number"), Column(say("paid"), "number"), Column(say("cause"), "word"),
    )  # fmt: skip
    rows = (
        (
            line.rule, f"{_party(line, line.source, say)} → {_party(line, line.target, say)}", yuan_text(line.due),
            yuan_text(line.available), yuan_text(line.amount), say.coded("cause", line.cause),
        )
        for line in check.result.lines
    )  # fmt: skip
    notes = [f"{line.rule}: {say.sentence(line.note)}" for line in check.result.lines if line.note]
    return [Sheet(say("waterfall"), columns, rows, keys=2), *([prose("\n".join(notes))] if notes else [])]


def _party(line: Line, party: str, say: Words) -> str:
    """An account, fee or tranche by its name in the terms; whoever makes up a shortfall by its own."""
    if party == ASSETS and line.action == "buy":
        return say("assets_bought")
    return say.member(party) if line.action in ("shortfall", "repay") else party


def _triggers(check: PeriodCheck, say: Words) -> list[RenderableType]:
    if check.result is None:
        return []
    columns = (
        Column(say("trigger")), Column(say("is_on"), "word"), Column(say("in_a_row"), "number"),
        Column(say("since"), "number"),
    )  # fmt: skip
    rows = (
        (name, say("on" if one.on else "off"), f"{one.in_a_row}", "—" if one.since is None else f"{one.since}")
        for name, one in check.result.closing.triggers.items()
    )
    return [Sheet(say("triggers"), columns, rows)]


def _balances(check: PeriodCheck, say: Words) -> list[RenderableType]:
    if check.result is None:
        return []
    opening, closing = check.opening, check.result.closing
    columns = (
        Column(say("holder")), Column(say("opening_balance"), "number"), Column(say("closing_balance"), "number"),
        Column(say("arrears"), "number"),
    )  # fmt: skip
    rows = []
    for name, one in closing.tranches.items():
        before = opening.tranches.get(name, one)
        rows.append((name, *map(yuan_text, (before.outstanding, one.outstanding, one.interest_arrears))))
    for name, cash in closing.accounts.items():
        rows.append((name, yuan_text(opening.accounts.get(name, 0)), yuan_text(cash), ""))
    for name, fee in closing.fees.items():
        if fee.arrears:
            rows.append((name, "", "", yuan_text(fee.arrears)))
    return [Sheet(say("balances"), columns, rows)]


def _compared(check: PeriodCheck, say: Words) -> Sheet:
    columns = (
        Column(say("item")), Column(say("rule")), Column(say("recomputed"), "number"),
        Column(say("stated"), "number"), Column(say("difference"), "number"),
    )  # fmt: skip
    rows = (
        (
            _named(one.item, say), one.rule, one.recomputed.text(), one.stated.text(),
            Text(one.difference.text(), style="red" if one.difference.value else ""),
        )
        for one in check.compared
    )  # fmt: skip
    return Sheet(say("compared"), columns, rows)


def _named(item: Item, say: Words) -> str:
    name = say.member(item.name) if item.kind in ("shortfall", "repaid") else item.name
    return f"{say(f'item_{item.kind}')} {name}" + (f" → {item.to}" if item.to else "")


def _finding(found: Difference, say: Words) -> Text:
    """How grave, where, why, and the code by which docs/reconciliation.md explains it."""
    told = (
        f"{say(f'severity_{found.severity.value}')} {say.sentence(found.subject)}: {say(f'differs_{found.cause}')}: "
        f"{say.sentence(found.message)} [{found.code}]"
    )
    also = say("also", causes=say.listed(say.coded("differs", cause) for cause in found.also)) if found.also else ""
    return prose("\n".join(filter(None, (told, also))), "bold")
