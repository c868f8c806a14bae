"""What a plan's measures and the coverage of its debts would be on a date to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from abs.deal import DealState, Measured, Period, PeriodResult
from abs.forecast import Expected
from abs.funds import RATED
from abs.money import quotient
from abs.stress.result import Covered
from abs.stress.setting import Setting
from abs.terms import PlanTerms
from abs.waterfall.books import Books

__all__ = ["SCOPES", "covered", "pool_measures", "ratio_measures"]

SCOPES: Final[Mapping[str, tuple[str, ...]]] = {"senior": ("senior",), "rated": RATED}
"""Whose debts are covered: 优先级, and with it 中间级."""


def pool_measures(setting: Setting, total: Expected, at: int, *, collected: int, purchased: int) -> dict[str, Measured]:
    """The pool's measures at an end, as far as a forecast knows them; assets are taken to be as large as now."""
    owed, now = total.owed(at), setting.outstanding.fen()
    defaulted = setting.defaulted + total.defaulted[at] - setting.there.in_default
    return {
        "pool.balance": owed,
        "pool.original": setting.original.fen() + purchased,
        "pool.count": int(setting.assets.number()) * owed // now if now else 0,
        "pool.collections": collected,
        "pool.cumulative_default_rate": quotient(defaulted, setting.came + purchased),
        "pool.delinquency_ratio": quotient(total.overdue(at), owed),
    }


def ratio_measures(terms: PlanTerms, state: DealState, period: Period) -> dict[str, Measured]:
    """Metric 18 as it would be measured before the period is paid."""
    books = Books(terms, state, period)
    owed, came = (_number(period.measures[name]) for name in ("pool.balance", "pool.collections"))
    after_fees = came - _number(books.measure("fees.due"))
    return {
        "coverage.oc": quotient(owed, _number(books.measure("rated.outstanding"))),
        "coverage.ic": quotient(after_fees, _interest(books, RATED)),
        "coverage.asset_liability": quotient(
            owed + sum(books.accounts.values()), _number(books.measure("securities.outstanding"))
        ),
    }


def covered(terms: PlanTerms, result: PeriodResult, assets: int, scope: str) -> Covered:
    """How often the debts of a scope are covered on a date; ``assets``: what is to come and the cash after it, fen."""
    ranks = SCOPES[scope]
    books = Books(terms, result.opening, result.period)
    books.state = result.closing.state
    cash = sum(max(0, held) for held in books.accounts.values())
    left = max(Decimal(0), cash - _number(books.measure("fees.due")))
    interest = _interest(books, ranks)
    principal = sum(books.principal_due(one).amount for one in _ranked(terms, ranks))
    after = sum(result.closing.tranches[one].outstanding for one in _ranked(terms, ranks))
    return Covered(
        scope=scope,
        interest=quotient(left, interest),
        principal=quotient(max(Decimal(0), left - interest), principal),
        assets=quotient(assets, after),
    )


def _number(value: Measured) -> Decimal:
    return Decimal(value or 0)


def _ranked(terms: PlanTerms, ranks: Iterable[str]) -> list[str]:
    return [one.tranche for one in terms.tranches if one.rank in ranks]


def _interest(books: Books, ranks: Iterable[str]) -> int:
    return sum(books.interest_due(one).amount for one in _ranked(books.terms, ranks))
