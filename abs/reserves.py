"""Dynamic reserves of trade receivables: metrics 13 to 17, by the stress factors and horizons of the plan's terms.

Every function looks back from the last whole month of a series. Where the pool has fewer months than the terms ask for,
there is no answer: less of a history would ask for less of a reserve. A month without sales to compare with has no
ratio and is left out, and the formula says how many count. Shares are of the net receivables pool balance (NRPB).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import polars as pl

from abs.figure import Figure, Unit, ratio_of
from abs.frame import Day
from abs.limits import grouped
from abs.money import CONTEXT, Rounding, quotient, round_fen
from abs.ratios import default_ratio, derived_or_said, dilution_ratio, undefined
from abs.series import Series
from abs.stratification import rated
from abs.terms import Affiliates, Metrics

__all__ = ["LARGEST", "Reserves", "average_dilution", "concentration_floor", "highest_dilution", "reserves"]

LARGEST: Final = MappingProxyType({"D": 5, "C": 3, "B": 2, "A": 1})
"""How many of the largest debtors of a class are thought to fail together; a debtor without a class is in D."""
UNRATED: Final = "D"
NOTHING: Final = Decimal(0)
Ratio = Callable[[Series, int], Figure]
Combine = Callable[[Sequence[Decimal]], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserves:
    """The reserves of a pool on a day: shares of its NRPB, and the amount in fen.

    ``holds``: NRPB - required reserve >= capital, the borrowing-base test; None where one of them is undefined.
    """

    nrpb: Figure
    average_dilution: Figure
    highest_dilution: Figure
    volatility: Figure
    dilution_horizon: Figure
    dilution: Figure
    minimum_dilution: Figure
    peak_default: Figure
    loss_horizon: Figure
    loss: Figure
    floor: Figure
    required: Figure
    available: Figure
    capital: Figure
    headroom: Figure
    holds: bool | None

    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order of the formulas."""
        return tuple(
            getattr(self, name) for name in self.__dataclass_fields__ if isinstance(getattr(self, name), Figure)
        )


def reserves(
    series: Series, day: Day, nrpb: Figure, eligible: pl.Expr, capital: Figure, affiliates: Sequence[Affiliates]
) -> Reserves:
    """Metrics 13 to 17 on a day; ``series`` are the months up to it, ``eligible`` says which assets count.

    DVC = max(0, HDR - ADR) x HDR / ADR. Dilution reserve = (SF x ADR + DVC) x DHR, its minimum ADR x DHR. Loss reserve
    = SF x peak x LHR. Required = NRPB x max(loss + dilution, floor + minimum dilution) + yield + servicing reserve.
    """
    terms = series.metrics
    adr, hdr = average_dilution(series), highest_dilution(series)
    volatility = derived_or_said(
        "coverage.volatility", (adr, hdr), _volatility, Unit.RATIO, formula="max(0, HDR - ADR) x HDR / ADR"
    )
    dilution_horizon = _horizon("coverage.dilution_horizon", series, terms.dilution_horizon, nrpb)
    dilution = derived_or_said(
        "coverage.dilution_reserve",
        (adr, volatility, dilution_horizon),
        lambda mean, spread, share: _times(_plus(_times(terms.dilution_stress, mean), spread), share),
        Unit.RATIO,
        formula=f"({terms.dilution_stress} x ADR + DVC) x DHR",
    )
    least = derived_or_said(
        "coverage.minimum_dilution", (adr, dilution_horizon), _times, Unit.RATIO, formula="ADR x DHR"
    )
    peak, loss_horizon = _peak_default(series), _horizon("coverage.loss_horizon", series, terms.loss_horizon, nrpb)
    loss = derived_or_said(
        "coverage.loss_reserve",
        (peak, loss_horizon),
        lambda highest, share: _times(_times(terms.loss_stress, highest), share),
        Unit.RATIO,
        formula=f"{terms.loss_stress} x peak default ratio x LHR",
    )
    floor = concentration_floor(day, terms, nrpb, eligible, affiliates)
    required = _required(terms, nrpb, loss, dilution, floor, least)
    available = derived_or_said(
        "coverage.available", (nrpb, required), int.__sub__, Unit.FEN, formula="NRPB - required reserve"
    )
    headroom = derived_or_said(
        "coverage.headroom", (available, capital), int.__sub__, Unit.FEN, formula="NRPB - required reserve - capital"
    )
    return Reserves(
        nrpb=nrpb,
        average_dilution=adr,
        highest_dilution=hdr,
        volatility=volatility,
        dilution_horizon=dilution_horizon,
        dilution=dilution,
        minimum_dilution=least,
        peak_default=peak,
        loss_horizon=loss_horizon,
        loss=loss,
        floor=floor,
        required=required,
        available=available,
        capital=capital,
        headroom=headroom,
        holds=None if headroom.value is None else headroom.fen() >= 0,
    )


def average_dilution(series: Series) -> Figure:
    """Metric 13, ADR: mean dilution ratio of the last ``history`` months."""
    return _dilution("coverage.adr", series, "mean", _mean)


def highest_dilution(series: Series) -> Figure:
    """Metric 13, HDR: the highest dilution ratio of the same months."""
    return _dilution("coverage.hdr", series, "highest", _highest)


def _dilution(name: str, series: Series, word: str, combine: Combine) -> Figure:
    begins, words = max(series.whole, series.metrics.dilution_lag), f"{word} dilution ratio"
    return _over(name, series, dilution_ratio, words, series.metrics.history, combine, begins, series.complete - 1)


def _peak_default(series: Series) -> Figure:
    """Metric 15: the highest, over the last ``history`` months, of the mean default ratio of ``average_months``."""
    terms = series.metrics
    months, begins = terms.average_months, max(series.whole, terms.default_lag)

    def averaged(of: Series, at: int) -> Figure:
        return _over("pool.average_default_ratio", of, default_ratio, "mean default ratio", months, _mean, begins, at)

    words = f"highest {months}-month average default ratio"
    begun = begins + months - 1
    last = series.complete - 1
    return _over("coverage.peak_default_ratio", series, averaged, words, terms.history, _highest, begun, last)


def concentration_floor(
    day: Day, metrics: Metrics, nrpb: Figure, eligible: pl.Expr, affiliates: Sequence[Affiliates]
) -> Figure:
    """Metric 16: the most that the largest debtors of a class owe (``LARGEST``), of the eligible balance, / NRPB.

    Affiliates count as one, in the worst class of any; a debtor without a class is in D. What exceeds a limit on one
    debtor counts, too.
    """
    known = rated(grouped(day, affiliates), metrics)
    owing = (
        known.frame.lazy()
        .filter(eligible)
        .group_by(pl.col("debtor_group").cast(pl.String).alias("debtor"))
        .agg(
            pl.col("outstanding").cast(pl.Int128).sum().alias("owed"),
            pl.col("debtor_rating").fill_null(UNRATED).max().alias("rating"),
        )
        .sort("owed", "debtor", descending=[True, False])
        .collect()
    )
    parts = []
    for rating, number in LARGEST.items():
        largest = owing.filter(pl.col("rating") == rating).head(number)
        where = eligible & pl.col("debtor_group").cast(pl.String).is_in(largest["debtor"].implode())
        parts.append(
            Figure(
                name=f"coverage.largest.{rating}",
                value=int(largest["owed"].sum()),
                unit=Unit.FEN,
                formula=f"eligible balance of the {number} largest debtors of class {rating}",
                height=day.height,
                facts=known.facts(where),
            )
        )
    formula = "max(5 largest of D, 3 of C, 2 of B, 1 of A) / NRPB"
    return derived_or_said(
        "coverage.floor",
        (*parts, nrpb),
        lambda *values: quotient(max(values[:-1]), values[-1]),
        Unit.RATIO,
        formula=_over_nrpb(formula, nrpb),
    )


def _over(
    name: str,
    series: Series,
    ratio: Ratio,
    words: str,
    months: int,
    combine: Combine,
    begins: int,
    last: int,
) -> Figure:
    """A combination of the ratios of so many months up to ``last``, of those that begin with ``begins``."""
    if missing := _too_few(begins, months, last):
        return undefined(name, Unit.RATIO, f"{words} of {months} months", missing, series.height)
    first = last - months + 1
    found = [ratio(series, at) for at in range(first, last + 1)]
    known = [one for one in found if one.value is not None]
    formula = f"{words} of {len(known)} of {months} months, {series.span(first, last)}"
    if not known:
        missing = "none of them has sales to compare with"
        return undefined(name, Unit.RATIO, formula, missing, series.height, *found)
    values = [Decimal(one.number()) for one in known]
    return Figure(
        name=name, value=combine(values), unit=Unit.RATIO, formula=formula, height=series.height, inputs=tuple(known)
    )


def _horizon(name: str, series: Series, months: int, nrpb: Figure) -> Figure:
    """Sales of the last so many months / NRPB."""
    formula = f"sales of the last {months} months / NRPB"
    last = series.complete - 1
    if missing := _too_few(series.whole, months, last):
        return undefined(name, Unit.RATIO, formula, missing, series.height, nrpb)
    return ratio_of(name, series.sales_over(months, last), nrpb, formula=_over_nrpb(formula, nrpb))


def _too_few(begins: int, months: int, last: int) -> str | None:
    """Why there are fewer months than are asked for, of those that begin with ``begins``; None where there are not."""
    there = max(0, last - begins + 1)
    return None if there >= months else f"there are {there} of {months} months"


def _over_nrpb(formula: str, nrpb: Figure) -> str:
    return f"{formula}: NRPB is 0" if nrpb.value == 0 else formula


def _required(terms: Metrics, nrpb: Figure, loss: Figure, dilution: Figure, floor: Figure, least: Figure) -> Figure:
    """Metric 17, in fen, rounded up."""
    beside = _plus(terms.yield_reserve, terms.servicing_reserve)

    def required(balance: int, *shares: Decimal) -> int:
        share = _plus(max(_plus(shares[0], shares[1]), _plus(shares[2], shares[3])), beside)
        return round_fen(_times(Decimal(balance), share), Rounding.UP)

    return derived_or_said(
        "coverage.required_reserve",
        (nrpb, loss, dilution, floor, least),
        required,
        Unit.FEN,
        formula=(
            f"NRPB x (max(loss + dilution, floor + minimum dilution) + {terms.yield_reserve} yield"
            f" + {terms.servicing_reserve} servicing), rounded up to the fen"
        ),
    )


def _volatility(mean: Decimal, highest: Decimal) -> Decimal:
    # No dilution at all varies by nothing; the quotient alone would have no answer.
    above = max(NOTHING, CONTEXT.subtract(highest, mean))
    return NOTHING if not above else CONTEXT.divide(_times(above, highest), mean)


def _mean(values: Sequence[Decimal]) -> Decimal:
    total = NOTHING
    for value in values:
        total = _plus(total, value)
    return CONTEXT.divide(total, Decimal(len(values)))


def _highest(values: Sequence[Decimal]) -> Decimal:
    return max(values)


def _times(first: Decimal, second: Decimal) -> Decimal:
    return CONTEXT.multiply(first, second)


def _plus(first: Decimal, second: Decimal) -> Decimal:
    return CONTEXT.add(first, second)
