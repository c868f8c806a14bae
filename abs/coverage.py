"""What covers a plan's securities: metric 18 by tranche, metric 12's watch over periods, and every measure by its name.

A tranche is covered by what is left to it and to those of its rank or a higher one (优先级, 中间级, 次级).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import polars as pl

from abs import composition, performance, reserves
from abs.composition import members
from abs.eligibility import eligible
from abs.figure import Figure, Unit, derived, difference_of, ratio_of, sum_of
from abs.frame import OPEN, Day
from abs.funds import RANKS, RATED, Funds, funds_of
from abs.limits import excess_concentration, grouped, net_pool_balance
from abs.ratios import RATIOS, cumulative_default_rate, undefined
from abs.reading import ReadModel, plan_of, read_frame
from abs.reserves import Reserves
from abs.series import Series, monthly

if TYPE_CHECKING:
    from abs.frame import PoolFrame
    from abs.terms import PlanTerms

__all__ = [
    "Measures",
    "TrancheCoverage",
    "asset_liability_at",
    "idle_periods",
    "measures",
    "periods_below",
    "purchase_rate",
    "tranche_coverage",
]

NO_MONTH: Final = "no month is over since the pool began"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheCoverage:
    """Metric 18 for one tranche on a day.

    Of its rank and those above: ``oc`` (超额抵押率) is pool balance / outstanding, ``ic`` (利息覆盖率) what was
    collected after fees / interest due, ``asset_liability`` (资产负债比) pool balance and cash / outstanding.
    ``subordination`` (次级占比) is what is outstanding below its rank / all that is outstanding.
    """

    tranche: str
    rank: str
    outstanding: Figure
    oc: Figure
    ic: Figure
    asset_liability: Figure
    subordination: Figure


class Measures(Mapping[str, Figure]):
    """Every measure of a plan's pool on a day, by the names that terms use; each is computed when it is asked for.

    Ratios of a month are those of the last month that was over by the day. ``paid``: whether what the plan paid on the
    day is paid; a waterfall that pays on its calculation date (计算日) goes by what there was before.
    """

    def __init__(
        self,
        facts: ReadModel,
        plan: str,
        day: date,
        terms: PlanTerms,
        frame: PoolFrame | None = None,
        *,
        paid: bool = True,
    ) -> None:
        self.facts = facts
        self.plan = plan
        self.on = day
        self.terms = terms
        self.paid = paid
        self._frame = frame
        self._known: dict[str, Figure] = {}

    def __getitem__(self, name: str) -> Figure:
        if name not in self._known:
            self._known[name] = _MEASURES[name](self)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_MEASURES)

    def __len__(self) -> int:
        return len(_MEASURES)

    @cached_property
    def frame(self) -> PoolFrame:
        """The pool."""
        return read_frame(self.facts, plan_of(self.facts, self.plan)) if self._frame is None else self._frame

    @cached_property
    def day(self) -> Day:
        """The pool on the day, affiliates grouped."""
        return grouped(self.frame.on(self.on), self.terms.affiliates)

    @cached_property
    def series(self) -> Series:
        """The months up to the day."""
        return monthly(self.frame, self.terms.metrics, self.on)

    @cached_property
    def funds(self) -> Funds:
        """The plan's cash and securities."""
        funds = funds_of(self.facts, self.plan, self.terms)
        return funds if self.paid else funds.before_paying(self.on)

    @cached_property
    def eligible(self) -> pl.Expr:
        """Which assets are open and meet the criteria of the terms (合格标准)."""
        return eligible(self.day, self.terms.eligibility)

    @cached_property
    def reserves(self) -> Reserves:
        """Metrics 13 to 17."""
        capital = self.funds.outstanding(self.on, *RATED)
        return reserves.reserves(
            self.series, self.day, self["pool.nrpb"], self.eligible, capital, self.terms.affiliates
        )

    @cached_property
    def dues(self) -> tuple[Figure, Mapping[str, Figure]]:
        """Fees and interest due for the first period that is not paid for by the day."""
        bases = {
            name: self[name].value
            for name in {"pool.collections", *(fee.base for fee in self.terms.fees)}
            if name in _PLAIN
        }
        return self.funds.dues(
            self.on, {name: value for name, value in bases.items() if not isinstance(value, str | date)}
        )

    @cached_property
    def tranches(self) -> tuple[TrancheCoverage, ...]:
        """Metric 18 for each tranche, in the order of the terms."""
        return tranche_coverage(self.funds, self.on, self["pool.balance"], self["pool.collections"], self.dues)

    def at_month(self, name: str) -> Figure:
        """A ratio of the last month that is over; None where there is none yet."""
        last = self.series.last
        if last is None:
            unit = {"dso": Unit.DAYS, "turnover": Unit.INDEX}.get(name, Unit.RATIO)
            return undefined(f"pool.{name}", unit, name, NO_MONTH, self.frame.height)
        return RATIOS[name](self.series, last)


def measures(facts: ReadModel, plan: str, day: date, terms: PlanTerms) -> Measures:
    """The measures of a plan's pool on a day, by name; nothing is read before one is asked for. Raises UnknownPlan
    then."""
    return Measures(facts, plan, day, terms)


def tranche_coverage(
    funds: Funds, day: date, balance: Figure, collections: Figure, dues: tuple[Figure, Mapping[str, Figure]]
) -> tuple[TrancheCoverage, ...]:
    """Metric 18: what covers each tranche on a day; ``dues`` are fees, and interest by tranche."""
    cash, everything = funds.cash(day), funds.outstanding(day)
    found = []
    for one in funds.terms.tranches:
        upto = RANKS[: RANKS.index(one.rank) + 1]
        served, below = funds.outstanding(day, *upto), RANKS[len(upto) :]
        junior = funds.outstanding(day, *below) if below else difference_of("none.outstanding", served, served)
        name = f"tranche.{one.tranche}"
        found.append(
            TrancheCoverage(
                tranche=one.tranche,
                rank=one.rank,
                outstanding=funds.tranche(one.tranche, day),
                oc=_covered(f"{name}.oc", balance, served),
                ic=_interest_cover(f"{name}.ic", funds, collections, dues, upto),
                asset_liability=_assets(f"{name}.asset_liability", balance, cash, served),
                subordination=_covered(f"{name}.subordination", junior, everything),
            )
        )
    return tuple(found)


def asset_liability_at(series: Series, funds: Funds, at: int) -> Figure:
    """Metric 12, (balance + cash) / outstanding of every tranche, at the end of a period."""
    end = series.end(at)
    name = "coverage.asset_liability"
    return _assets(name, series.figure("balance", at), funds.cash(end), funds.outstanding(end))


def periods_below(series: Series, funds: Funds) -> Figure:
    """Metric 12: in how many whole periods since the closing assets were below liabilities at the end."""
    ratios = [asset_liability_at(series, funds, at) for at in _since_closing(series, funds)]
    below = [one for one in ratios if one.value is not None and one.number() < 1]
    formula = f"number of {len(ratios)} periods with balance + cash < outstanding of every tranche"
    return _counted("coverage.periods_below", len(below), formula, series, ratios)


def idle_periods(series: Series, funds: Funds, above: int) -> Figure:
    """Metric 12: at the end of how many whole periods since the closing more cash was idle than so many fen."""
    held = [funds.cash(series.end(at)) for at in _since_closing(series, funds)]
    idle = [one for one in held if one.fen() > above]
    formula = f"number of {len(held)} periods with cash > {above} fen"
    return _counted("plan.idle_periods", len(idle), formula, series, held)


def purchase_rate(series: Series, funds: Funds, at: int) -> Figure:
    """Metric 12: what revolving purchases (循环购买) cost in a period / that and the cash left at its end."""
    spent, left = funds.purchased(series.after(at), series.end(at)), funds.cash(series.end(at))
    return _covered("plan.purchase_rate", spent, sum_of("plan.available", (spent, left)))


def _since_closing(series: Series, funds: Funds) -> range:
    first = sum(end < funds.terms.plan.closing for end in series.ends)
    return range(first, series.complete)


def _counted(name: str, value: int, formula: str, series: Series, inputs: list[Figure]) -> Figure:
    return Figure(name=name, value=value, unit=Unit.COUNT, formula=formula, height=series.height, inputs=tuple(inputs))


def _assets(name: str, balance: Figure, cash: Figure, liabilities: Figure) -> Figure:
    return _covered(name, sum_of("plan.assets", (balance, cash), formula="balance + cash"), liabilities)


def _covered(name: str, assets: Figure, liabilities: Figure) -> Figure:
    formula = f"{assets.name} / {liabilities.name}"
    return ratio_of(name, assets, liabilities, formula=formula if liabilities.value else f"{formula}: nothing is owed")


def _interest_cover(
    name: str, funds: Funds, collections: Figure, dues: tuple[Figure, Mapping[str, Figure]], ranks: tuple[str, ...]
) -> Figure:
    fees, interest = dues
    due = [interest[one.tranche] for one in funds.terms.tranches if one.rank in ranks]
    owed = sum_of("interest.due", due, height=funds.height)
    return _covered(name, difference_of("plan.after_fees", collections, fees, formula="collections - fees"), owed)


def _collections(of: Measures) -> Figure:
    after, until, _ = of.funds.period(of.on)
    figure = performance.payments_between(of.day, after, until)
    return derived("pool.collections", (figure,), lambda paid: paid, Unit.FEN, formula=figure.formula)


def _top(of: Measures) -> Figure:
    """The share of the largest debtor, affiliates as one."""
    largest = members(of.day, "debtor_group").head(1)
    where = OPEN & pl.col("debtor_group").is_in(largest["member"].implode())
    part = of.day.computed(
        "pool.top1",
        int(largest["weight"].sum()),
        Unit.FEN,
        where,
        formula="balance of the largest debtor with affiliates",
    )
    return ratio_of("pool.top1_share", part, of["pool.balance"])


def _net(of: Measures) -> Figure:
    return net_pool_balance(of["pool.eligible_balance"], of["pool.excess_concentration"])


_PLAIN: Final[Mapping[str, Callable[[Measures], Figure]]] = MappingProxyType(
    {
        "pool.balance": lambda of: composition.balance(of.day),
        "pool.original": lambda of: composition.original(of.day),
        "pool.count": lambda of: composition.count(of.day),
        "pool.collections": _collections,
        "pool.eligible_balance": lambda of: of.day.sum(
            "pool.eligible_balance", "outstanding", of.eligible, formula="sum of outstanding that meets all criteria"
        ),
        "pool.excess_concentration": lambda of: excess_concentration(of.day, of.terms.concentration, of.eligible)[0],
        "pool.nrpb": _net,
        "pool.top1_share": _top,
        "pool.related_party_share": lambda of: performance.related_party_share(of.day),
        "pool.delinquency_ratio": lambda of: performance.delinquency_ratio(of.day),
        "pool.cumulative_default_rate": lambda of: cumulative_default_rate(of.series, len(of.series.ends) - 1),
        "pool.default_ratio": lambda of: of.at_month("default_ratio"),
        "pool.dilution_ratio": lambda of: of.at_month("dilution_ratio"),
        "pool.days_sales_outstanding": lambda of: replace(of.at_month("dso"), name="pool.days_sales_outstanding"),
    }
)
"""What depends on the pool alone, and so may be the base of a fee."""

_MEASURES: Final[Mapping[str, Callable[[Measures], Figure]]] = MappingProxyType(
    {
        **_PLAIN,
        "coverage.required_reserve": lambda of: of.reserves.required,
        "coverage.oc": lambda of: _covered("coverage.oc", of["pool.balance"], of.funds.outstanding(of.on, *RATED)),
        "coverage.ic": lambda of: _interest_cover("coverage.ic", of.funds, of["pool.collections"], of.dues, RATED),
        "coverage.asset_liability": lambda of: _assets(
            "coverage.asset_liability", of["pool.balance"], of.funds.cash(of.on), of.funds.outstanding(of.on)
        ),
    }
)
