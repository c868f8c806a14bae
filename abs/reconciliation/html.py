"""Reconciliations as HTML for a notebook: plain tables, every value escaped, no script and no style sheet needed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from abs.html_table import html_table
from abs.money import yuan_text

if TYPE_CHECKING:
    from abs.reconciliation.values import Difference, PeriodCheck, Reconciliation

__all__ = ["period_html", "reconciliation_html"]


def period_html(check: PeriodCheck) -> str:
    """The lines of one period, its comparison, and what was found."""
    period, result = check.period, check.result
    parts = [f"<p>period {period.number}, paid on {period.paid_on}{escape(_notes(period.notes))}</p>"]
    if result is not None:
        lines = [
            (
                line.rule, line.action, line.source, line.target, line.cause, line.note,
                yuan_text(line.due), yuan_text(line.available), yuan_text(line.amount),
            )
            for line in result.lines
        ]  # fmt: skip
        state = f"state {result.closing.state}" + "".join(f"; {one}" for one in result.changes)
        headings = ("rule", "action", "from", "to", "cause", "note", "due", "available", "paid")
        parts.append(html_table(headings, lines, caption=state, numbers=3))
    compared = [
        (
            str(one.item), one.rule, one.recomputed.text(), one.stated.text(), one.difference.text(),
        )
        for one in check.compared
    ]  # fmt: skip
    sides = ("item", "rule", "by the terms", "by the ledger", "difference")
    parts.append(html_table(sides, compared, caption="compared, CNY", numbers=3))
    parts.extend(_finding(one) for one in check.findings)
    return "".join(parts)


def reconciliation_html(found: Reconciliation) -> str:
    """One row a period, and every finding."""
    rows = [
        (
            f"{one.period.number}",
            one.period.paid_on.isoformat(),
            "—" if one.result is None else one.result.closing.state,
            ", ".join(each.code for each in one.findings) or "as its terms say",
            yuan_text(sum(abs(int(each.difference.number())) for each in one.compared)),
        )
        for one in found.periods
    ]
    caption = f"{found.plan} at height {found.height}"
    headings = ("period", "paid on", "state", "verdict", "differences")
    table = html_table(headings, rows, caption=caption, numbers=1)
    return table + "".join(_finding(one) for one in found.findings)


def _finding(found: Difference) -> str:
    also = f" (so do: {', '.join(found.also)})" if found.also else ""
    return (
        f"<p><b>{escape(found.severity.value)} {escape(found.code)}</b> {escape(found.subject)}: "
        f"{escape(found.message)}{escape(also)}</p>"
    )


def _notes(notes: Sequence[str]) -> str:
    return "".join(f"; {one}" for one in notes)
