"""How a pool pays through time: metrics 7 to 12 of one period of a series, by the lags and horizons of the terms.

Every function gives a figure of the period numbered ``at``, from what was known at its end. It is None where the
formula has no answer, and then the formula says what is missing. Before anything was in the pool there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from abs.figure import Figure, Unit, Value, derived, ratio_of, sum_of
from abs.money import CONTEXT, quotient
from abs.series import Series

__all__ = [
    "OF_MONTHS",
    "RATIOS",
    "actual_to_forecast",
    "cdr",
    "collection_rate",
    "cpr",
    "cumulative_default_rate",
    "days_sales_outstanding_at",
    "default_ratio",
    "delinquency_ratio_at",
    "derived_or_said",
    "dilution_ratio",
    "loss_to_liquidation",
    "not_whole",
    "recovery_rate",
    "return_decline",
    "turnover",
    "undefined",
]

ONE: Final = Decimal(1)
YEAR: Final = 12


def undefined(name: str, unit: Unit, formula: str, missing: str, height: int, *inputs: Figure) -> Figure:
    """A figure without an answer, which says why."""
    return Figure(name=name, value=None, unit=unit, formula=f"{formula}: {missing}", height=height, inputs=inputs)


def derived_or_said(
    name: str, inputs: Iterable[Figure], compute: Callable[..., Value], unit: Unit, *, formula: str
) -> Figure:
    """``compute`` of the inputs' values; without an answer it says which of them has none."""
    figures = tuple(inputs)
    missing = [one.name for one in figures if one.value is None]
    words = f"{formula}: {' and '.join(missing)} undefined" if missing else formula
    return derived(name, figures, compute, unit, formula=words)


def delinquency_ratio_at(series: Series, at: int) -> Figure:
    """Metric 7, overdue ratio (逾期率) at the end of a period: balance past due / balance."""
    return _ratio("pool.delinquency_ratio", series.figure("overdue", at), series.figure("balance", at), "no balance")


def default_ratio(series: Series, at: int) -> Figure:
    """Metric 8, default ratio (违约率): newly defaulted_t / sales_{t-n}, n the terms' ``default_lag``."""
    return _lagged("pool.default_ratio", series, "defaulted", at, series.metrics.default_lag)


def cumulative_default_rate(series: Series, at: int) -> Figure:
    """Metric 8, cumulative default rate (累计违约率): all that defaulted / all that came, assigned or purchased."""
    came = sum_of("pool.came", (series.so_far(name, at) for name in ("initial", "purchased")))
    return _ratio("pool.cumulative_default_rate", series.so_far("defaulted", at), came, "nothing came so far")


def dilution_ratio(series: Series, at: int) -> Figure:
    """Metric 9, dilution ratio (稀释率): dilution_t / sales_{t-k}, k the terms' ``dilution_lag``.

    Dilution is all that lowers what is owed other than payments; what raises it is not set against it.
    """
    return _lagged("pool.dilution_ratio", series, "dilution", at, series.metrics.dilution_lag)


def loss_to_liquidation(series: Series, at: int) -> Figure:
    """Metric 9, loss-to-liquidation: (balance 91 to 120 days past due + write-offs) / collections of the period.

    What was written off is still owed; it is not counted among what is late as well.
    """
    lost = sum_of("pool.lost", (series.figure(name, at) for name in ("doubtful", "written_off")))
    missing = f"no payments in {series.label(at)}"
    return _ratio("pool.loss_to_liquidation", lost, series.figure("payments", at), missing)


def turnover(series: Series, at: int) -> Figure:
    """Metric 10, turnover (周转率): sales of 12 months / mean of their 12 balances at month end."""
    name, first = "pool.turnover", at - YEAR + 1
    formula = f"sales of {YEAR} periods / mean of their closing balances"
    missing = not_whole(series, at)
    if missing is None and first < series.whole:
        missing = f"the pool has {at - series.whole + 1} of {YEAR}"
    if missing is not None:
        return undefined(name, Unit.INDEX, formula, missing, series.height)
    balances = sum_of("pool.balances", (series.figure("balance", each) for each in range(first, at + 1)))
    sold = series.sales_over(YEAR, at)
    return derived(name, (sold, balances), lambda of, sum_: quotient(of * YEAR, sum_), Unit.INDEX, formula=formula)


def days_sales_outstanding_at(series: Series, at: int) -> Figure:
    """Metric 10, DSO of a period: closing balance / its sales x its days."""
    days = (series.ends[at] - series.after(at)).days
    balance, sold = series.figure("balance", at), series.sales(at, at)
    formula = f"balance / sales x {days} days"
    if not sold.value:
        return undefined(
            "pool.dso", Unit.DAYS, formula, f"no sales in {series.label(at)}", series.height, balance, sold
        )
    return derived("pool.dso", (balance, sold), lambda owed, of: quotient(owed * days, of), Unit.DAYS, formula=formula)


def collection_rate(series: Series, at: int) -> Figure:
    """Metric 10, collection rate (回收率): payments of the period / (opening balance + what came in it)."""
    due = sum_of("pool.collectible", (series.figure("balance", at - 1), *_came(series, at)))
    return _ratio("pool.collection_rate", series.figure("payments", at), due, "nothing to collect")


def actual_to_forecast(actual: Figure, expected: Figure) -> Figure:
    """Metric 10, what was collected / what was forecast for the period; None where nothing was forecast."""
    return _ratio("pool.actual_to_forecast", actual, expected, "nothing was forecast")


def cpr(series: Series, at: int) -> Figure:
    """Metric 11, prepayment rate CPR = 1 - (1 - SMM)^n, n the periods of a year.

    SMM = paid in the period on what is due after it / (that + what is still not due at its end): of what did not fall
    due, how much was paid all the same.
    """
    early, coming = series.figure("prepaid", at), series.figure("coming", at)
    due = sum_of("pool.not_due", (early, coming))
    return _annual("pool.cpr", series, at, _ratio("pool.smm", early, due, "nothing was due later"))


def cdr(series: Series, at: int) -> Figure:
    """Metric 11, annual default rate CDR = 1 - (1 - d)^n: d = newly defaulted / (opening performing + came)."""
    base = sum_of("pool.may_default", (series.figure("performing", at - 1), *_came(series, at)))
    rate = _ratio("pool.periodic_default_rate", series.figure("defaulted", at), base, "nothing could default")
    return _annual("pool.cdr", series, at, rate)


def recovery_rate(series: Series, at: int) -> Figure:
    """Metric 11, recovery rate (违约回收率): paid so far on assets after they defaulted / all that defaulted so far."""
    return _ratio(
        "pool.recovery_rate",
        series.so_far("recovered", at),
        series.so_far("defaulted", at),
        "nothing defaulted so far",
    )


def return_decline(series: Series, at: int) -> Figure:
    """Metric 12, decline of what comes back (回款下降): 1 - C_t / C_{t-1}, C the payments of a period."""
    name, formula = "pool.return_decline", "1 - payments / payments of the period before"
    now = series.figure("payments", at)
    missing = not_whole(series, at) or (None if at > series.whole else "no whole period before")
    if missing is None and series.value("payments", at - 1) <= 0:
        missing = "no payments in the period before"
    if missing is not None:
        return undefined(name, Unit.RATIO, formula, missing, series.height, now)
    before = series.figure("payments", at - 1)
    return derived(
        name,
        (now, before),
        lambda new, old: CONTEXT.divide(Decimal(old - new), Decimal(old)),
        Unit.RATIO,
        formula=formula,
    )


RATIOS: Final[Mapping[str, Callable[[Series, int], Figure]]] = MappingProxyType(
    {
        "delinquency_ratio": delinquency_ratio_at,
        "default_ratio": default_ratio,
        "cumulative_default_rate": cumulative_default_rate,
        "dilution_ratio": dilution_ratio,
        "loss_to_liquidation": loss_to_liquidation,
        "turnover": turnover,
        "dso": days_sales_outstanding_at,
        "collection_rate": collection_rate,
        "cpr": cpr,
        "cdr": cdr,
        "recovery_rate": recovery_rate,
        "return_decline": return_decline,
    }
)
"""Every metric of one period, by its name without ``pool.``."""

OF_MONTHS: Final = ("default_ratio", "dilution_ratio", "turnover")
"""Those that look back by months, and so have no answer in a series of other periods."""


def not_whole(series: Series, at: int) -> str | None:
    """Why a flow of the period is less than a whole one's; None where the pool was there for all of it."""
    if at < series.first:
        return f"nothing was in the pool by {series.ends[at]}"
    if at < series.whole:
        return f"the pool began within {series.label(at)}"
    return None if at < series.complete else f"{series.label(at)} is not over"


def _ratio(name: str, part: Figure, whole: Figure, missing: str) -> Figure:
    formula = f"{part.name} / {whole.name}"
    return ratio_of(name, part, whole, formula=formula if whole.value else f"{formula}: {missing}")


def _came(series: Series, at: int) -> tuple[Figure, ...]:
    """What was owed on the assets that came in a period, by how; an overpaid one takes nothing from the others."""
    return tuple(series.figure(name, at) for name in ("initial", "purchased", "substituted"))


def _lagged(name: str, series: Series, flow: str, at: int, lag: int) -> Figure:
    """A flow of the period / the sales of the one ``lag`` before."""
    part, formula = series.figure(flow, at), f"{flow}_t / sales_(t-{lag})"
    missing = not_whole(series, at)
    if missing is None and at < lag:
        missing = f"no period {lag} before {series.label(at)}"
    if missing is not None:
        return undefined(name, Unit.RATIO, formula, missing, series.height, part)
    sold, when = series.sales(at - lag, at), series.label(at - lag)
    words = f"{formula}, {flow} in {series.label(at)} / sales of {when}"
    return ratio_of(name, part, sold, formula=words if sold.value else f"{formula}: no sales in {when}")


def _annual(name: str, series: Series, at: int, rate: Figure) -> Figure:
    """1 - (1 - rate)^n; a month is a twelfth of a year, other periods are by their days of 365."""
    days = (series.ends[at] - series.after(at)).days
    monthly = len(series.label(at)) == len("2024-05")
    count = Decimal(YEAR) if monthly else CONTEXT.divide(Decimal(365), Decimal(days))

    formula = f"1 - (1 - {rate.name})^{count:.4g}"
    if at < series.whole and (missing := not_whole(series, at)):
        return undefined(name, Unit.RATIO, formula, missing, series.height, rate)

    def annual(value: Decimal) -> Value:
        return CONTEXT.subtract(ONE, CONTEXT.power(max(Decimal(0), CONTEXT.subtract(ONE, value)), count))

    return derived_or_said(name, (rate,), annual, Unit.RATIO, formula=formula)
