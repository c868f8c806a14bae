"""Whether each asset of a pool meets the plan's criteria (合格标准): judged by columns, when it came in and on a day.

A criterion is a condition on one field (``abs.terms.vocabulary.FIELDS``). The verdict is True or False, or null where
the ledger does not say; only what is True is met. Both clocks are kept: what was known at the height, of what had
happened by the day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from operator import and_
from types import MappingProxyType
from typing import Final, Literal

import polars as pl

from abs.errors import BadTerms
from abs.figure import Figure, ratio_of
from abs.frame import ENTERED, OPEN, Day
from abs.frame_facts import STATED, FrameFacts
from abs.terms import Criterion
from abs.terms.vocabulary import FIELDS

__all__ = ["Eligibility", "When", "condition", "eligible", "judged"]

When = Literal["entry", "day"]
"""When it came in, and on the day asked about."""

PERFORMING: Final = "performing"
"""The status of what the servicer said nothing of."""

_SOURCES: Final = MappingProxyType(
    {
        "amount": ("Receivable", "Output"),
        "price": ("PoolAsset",),
        "outstanding": ("Receivable", "Output", "Settlement"),
        "days_to_due": ("Receivable",),
        "days_past_due": ("Receivable", "Settlement"),
        "age": ("Receivable", "Invoice"),
        "issued": ("Receivable", "Invoice"),
        "goods": ("Invoice",),
        "invoices": ("Invoice",),
        "trade_type": ("TradeDocument",),
        "region": ("Member",),
        "outputs": ("PoolAsset", "Output"),
        "assigned_on": ("PoolAsset",),
        "entered_on": ("PoolAsset",),
        "status": ("AssetStatus",),
    }
)
"""The facts that say what a field is; where none are named, the receivable as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """What was found of every asset that came in by the day: all criteria, at both times.

    ``wide`` has one row per asset, with a column ``<when>:<criterion>`` for each verdict and ``<when>=<criterion>``
    for the value found, as text. ``passed`` and ``share`` are of the open assets, by what they are on the day.
    """

    day: Day = field(repr=False)
    criteria: tuple[Criterion, ...]
    wide: pl.DataFrame = field(repr=False, compare=False)
    eligible: Figure
    share: Figure

    def table(self, *, failed: bool = False) -> pl.DataFrame:
        """One row per asset, criterion and time: asset, criterion, when, passed, value; ``failed``: only not passed."""
        parts = []
        for when in ("entry", "day"):
            for one in self.criteria:
                said = self.wide.select(
                    "row",
                    "asset",
                    pl.lit(one.criterion).alias("criterion"),
                    pl.lit(when).alias("when"),
                    pl.col(f"{when}:{one.criterion}").alias("passed"),
                    pl.col(f"{when}={one.criterion}").alias("value"),
                )
                parts.append(said.filter(~pl.col("passed").fill_null(value=False)) if failed else said)
        if not parts:
            kinds = {"asset": pl.String, "criterion": pl.String, "when": pl.String}
            return pl.DataFrame(schema={**kinds, "passed": pl.Boolean, "value": pl.String})
        return pl.concat(parts).sort("row", maintain_order=True).drop("row")

    def deciding(self, asset: str, criterion: str) -> FrameFacts:
        """The facts that say what the criterion was judged by. Raises BadTerms for one the plan does not have."""
        found = next((one for one in self.criteria if one.criterion == criterion), None)
        if found is None:
            known = ", ".join(one.criterion for one in self.criteria)
            raise BadTerms("unknown-criterion", f"the plan has no criterion {criterion!r}; it has {known or 'none'}")
        tables = frozenset(_SOURCES.get(found.field, (STATED,)))
        return self.day.stating(ENTERED & (pl.col("asset") == asset), tables)


def judged(day: Day, criteria: Sequence[Criterion]) -> Eligibility:
    """The verdicts on every asset that came in by the day. Raises BadTerms for a field that no asset has."""
    conditions = [(one, condition(one)) for one in criteria]
    times: tuple[tuple[When, pl.DataFrame], ...] = (
        ("entry", _with_status(day.pool.at_entry(), day, pl.col("came_on"))),
        ("day", _with_status(day.frame, day, pl.lit(day.on))),
    )
    wide = day.frame.select("row", "asset", "entered")
    for when, frame in times:
        wide = wide.hstack(
            frame.select(
                *(met.alias(f"{when}:{one.criterion}") for one, met in conditions),
                *(_said(one.field).cast(pl.String).alias(f"{when}={one.criterion}") for one in criteria),
            )
        )
    met = OPEN & pl.col("row").is_in(_passed(wide, [f"day:{one.criterion}" for one in criteria]).implode())
    eligible = day.sum(
        "pool.eligible_balance", "outstanding", met, formula="sum of outstanding that meets all criteria"
    )
    owed = day.sum("pool.balance", "outstanding", OPEN, formula="sum of outstanding over open assets")
    return Eligibility(
        day=day,
        criteria=tuple(criteria),
        wide=wide.filter("entered").drop("entered"),
        eligible=eligible,
        share=ratio_of("pool.eligible_share", eligible, owed),
    )


def eligible(day: Day, criteria: Sequence[Criterion]) -> pl.Expr:
    """The condition that an asset is open and meets every criterion on the day. Raises BadTerms as ``judged`` does."""
    if not criteria:
        return OPEN
    frame = _with_status(day.frame, day, pl.lit(day.on))
    met = reduce(and_, (condition(one).fill_null(value=False) for one in criteria))
    return OPEN & pl.col("row").is_in(frame.filter(met)["row"].implode())


def condition(criterion: Criterion) -> pl.Expr:
    """The criterion as a condition on the columns of a day; null where its field is. Raises BadTerms.

    Amounts and numbers are whole: a threshold with decimals is rounded to the side that makes no difference.
    """
    known = FIELDS.get(criterion.field)
    if known is None:
        raise BadTerms(
            "unknown-field",
            f"criterion {criterion.criterion} judges {criterion.field!r}, which no asset has;"
            f" known: {', '.join(FIELDS)}",
        )
    column = _said(criterion.field)
    if criterion.op in ("in", "not_in"):
        listed = column.cast(pl.String).is_in(list(criterion.values))
        return listed if criterion.op == "in" else ~listed
    value = criterion.value
    if known.kind in ("amount", "number"):
        return _compared(column, criterion.op, _number(criterion))
    wanted = {"day": date, "flag": bool, "text": str}[known.kind]
    if not isinstance(value, wanted):
        raise BadTerms("bad-criterion", f"criterion {criterion.criterion} compares {criterion.field} to {value!r}")
    return _COMPARISONS[criterion.op](column, pl.lit(value))


def _said(name: str) -> pl.Expr:
    """What the ledger says of a field: when it was invoiced only where an invoice says, whatever stands in for it."""
    column = pl.col(name)
    return pl.when(pl.col("invoices") > 0).then(column) if name in _INVOICED else column


_INVOICED: Final = ("issued", "age")
_COMPARISONS: Final[dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "==": lambda column, value: column == value,
}


def _number(criterion: Criterion) -> Decimal:
    value = criterion.value
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return Decimal(value)
    raise BadTerms("bad-criterion", f"criterion {criterion.criterion} compares {criterion.field} to {value!r}")


def _compared(column: pl.Expr, op: str, value: Decimal) -> pl.Expr:
    """A whole-numbered column against an exact decimal."""
    if op == "==" and value != value.to_integral_value():
        return pl.when(column.is_not_null()).then(pl.lit(value=False))
    side = ROUND_FLOOR if op in ("<=", ">") else ROUND_CEILING
    return _COMPARISONS[op](column.cast(pl.Int128), pl.lit(int(value.to_integral_value(rounding=side)), pl.Int128))


def _passed(wide: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    met = [pl.col(name).fill_null(value=False) for name in columns]
    return wide.filter(*met)["row"] if met else wide["row"]


def _with_status(frame: pl.DataFrame, day: Day, today: pl.Expr) -> pl.DataFrame:
    """The frame with each asset's status as the servicer had said by the day: ``performing`` where it had not."""
    said = day.pool.statuses.select("row", "status", "on").join(
        frame.select("row", today.alias("today")), on="row", maintain_order="left"
    )
    last = (
        said.filter(pl.col("on") <= pl.col("today")).group_by("row", maintain_order=True).agg(pl.col("status").last())
    )
    status = pl.col("status").fill_null(PERFORMING)
    return frame.drop("status").join(last, on="row", how="left", maintain_order="left").with_columns(status)
