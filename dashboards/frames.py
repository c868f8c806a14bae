"""The frames the charts draw, from the desk's values: amounts stay integer fen, labels are in the page's language."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from dashboards.desk import PoolView, Slice
from dashboards.formats import count
from dashboards.texts import Language, text

__all__ = ["CURRENT", "OVERDUE", "aging_frame", "debtor_frame", "ladder_frame"]

#: Labels of ``abs`` that are words and not dates or numbers.
OVERDUE = "overdue"
CURRENT = "current"

_MOST_MONTHS = 14  # more bars than this, and the ladder is drawn by quarter
_MOST_QUARTERS = 16  # later quarters are drawn as one


def ladder_frame(ladder: Sequence[Slice], language: Language) -> tuple[pd.DataFrame, bool]:
    """The ladder's rows and whether they are quarters: ``period``, ``balance`` (fen), ``share``, ``overdue``."""
    quarterly = len(ladder) > _MOST_MONTHS
    periods: dict[str, tuple[int, Decimal]] = {}
    for rung in ladder:
        label = _quarter(rung.label) if quarterly and rung.label != OVERDUE else rung.label
        if label not in periods and len(periods) >= _MOST_QUARTERS:
            label = f"{next(reversed(periods)).removesuffix('+')}+"
            periods[label] = periods.get(label) or periods.pop(label.removesuffix("+"))
        balance, share = periods.get(label, (0, Decimal(0)))
        periods[label] = (balance + rung.balance, share + (rung.share or 0))
    frame = pd.DataFrame(
        {
            "period": [text("chart_overdue", language) if label == OVERDUE else label for label in periods],
            "balance": [balance for balance, _ in periods.values()],
            "share": [share for _, share in periods.values()],
            "overdue": [label == OVERDUE for label in periods],
        }
    )
    return frame, quarterly


def aging_frame(aging: Sequence[Slice], language: Language) -> pd.DataFrame:
    """One row per class of days past due, empty ones too: ``bucket``, ``balance`` (fen), ``share``."""
    return pd.DataFrame(
        {
            "bucket": [text("bucket_current", language) if rung.label == CURRENT else rung.label for rung in aging],
            "balance": [rung.balance for rung in aging],
            "share": [rung.share for rung in aging],
        }
    )


def debtor_frame(view: PoolView, language: Language) -> pd.DataFrame:
    """The largest debtors and, last, all others as one: ``debtor``, ``balance`` (fen), ``share``, ``others``."""
    rest = view.balance - sum(debtor.balance for debtor in view.largest_debtors)
    others = view.debtors - len(view.largest_debtors)
    rows = [(debtor.label, debtor.balance, debtor.share, False) for debtor in view.largest_debtors]
    if others > 0:
        share = Decimal(rest) / view.balance if view.balance else None
        rows.append((text("chart_others", language, count=count(others)), rest, share, True))
    return pd.DataFrame(rows, columns=["debtor", "balance", "share", "others"])


def _quarter(month: str) -> str:
    year, number = month.split("-")
    return f"{year}Q{(int(number) + 2) // 3}"
