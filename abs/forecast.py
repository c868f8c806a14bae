"""What a pool is expected to bring (现金流预测): every amount owed on a day, by the payment period it is expected in.

What is owed is taken by due date, never by asset. Of each due date's amount, in this order:

1. ``default`` of the period that the due date lies in goes into default, ``default_days`` after it was due;
   ``recovery`` of that is paid after all, ``lag`` days later, and the rest is lost.
2. ``dilution`` is never owed in the end, and is gone on the due date.
3. The rest is paid as late as payments came so far (``Curve``), given that it is still unpaid on the day, and ``delay``
   days later. What is later by now than any payment ever was is paid when due, or if it is past due, on the day that it
   would be in default.
4. ``prepayment`` brings a share of all that is still to come under 3 forward into each period.

What is in default on the day already is recovered by the same rate, ``lag`` days from the day. All amounts are whole
fen and parts are rounded down, the rest taking what remains: nothing is lost or made on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from operator import mul
from typing import Any, Final

import polars as pl

from abs.history import Curve, History, Record, Standing, history_of, standing_on
from abs.scenario import UNIT, Scenario

__all__ = ["Assumed", "Expected", "expected", "forecast"]

Fen = tuple[int, ...]
_FLOWS: Final = ("paid", "diluted", "defaulted", "recovered", "late", "defaulting_late")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A scenario on a pool's history, by end: parts of ``UNIT`` and days; ``curve``: how late payments come.

    The rates are for what falls due after the end before and by this one; one more is for what falls due later.
    """

    default: Sequence[int]
    dilution: Sequence[int]
    recovery: Sequence[int]
    delay: Sequence[int]
    prepaid: Sequence[Fraction]
    lag: int
    default_days: int
    curve: Curve

    @classmethod
    def of(cls, scenario: Scenario, history: History, default_days: int, periods: Sequence[int]) -> Assumed:
        """For ends that lie in payment periods so numbered, from 0 on; what is prepaid in one comes by its last end.

        A default goes before dilution where the two are more than all.
        """
        count = (periods[-1] if periods else -1) + 2
        each = [*periods, count - 1]
        default = scenario.default.parts(count, history.rate("default_rate"))
        diluted = scenario.dilution.parts(count, history.rate("dilution_rate"))
        recovery = scenario.recovery.parts(count, history.rate("recovery_rate"), lower=True)
        delays, prepaid = scenario.delays(count), scenario.prepaid(count)
        lag = scenario.recovery.lag
        return cls(
            default=[default[at] for at in each],
            dilution=[min(diluted[at], UNIT - default[at]) for at in each],
            recovery=[recovery[at] for at in each],
            delay=[delays[at] for at in each],
            prepaid=[prepaid[at] if at != after else Fraction(0) for at, after in pairwise(each)],
            lag=history.lag if lag is None else lag,
            default_days=default_days,
            curve=history.curve,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of an amount owed on a day, fen. Tuples are cumulative, by each end.

    ``outstanding`` = ``paying`` + ``diluting`` + ``defaulting``; of the last ``recovering`` is paid after all.
    ``late``: of what is to be paid in time, past due by then; ``defaulting_late``: of what is to default, past due.
    """

    ends: tuple[date, ...]
    outstanding: int
    paying: int
    diluting: int
    defaulting: int
    recovering: int
    paid: Fen
    diluted: Fen
    defaulted: Fen
    recovered: Fen
    late: Fen
    defaulting_late: Fen

    @property
    def expected(self) -> int:
        """All that is ever expected to be paid."""
        return self.paying + self.recovering

    @property
    def lost(self) -> int:
        """All that is never paid: diluted, or defaulted and not recovered."""
        return self.diluting + self.defaulting - self.recovering

    @property
    def beyond(self) -> int:
        """What is expected after the last end."""
        return self.to_come(len(self.ends) - 1)

    def received(self, at: int) -> int:
        """What is paid by an end, recoveries included; nothing before the first, which is -1."""
        return self.paid[at] + self.recovered[at] if at >= 0 else 0

    def owed(self, at: int) -> int:
        """What is owed at an end, defaulted or not; a loss stays owed."""
        return self.outstanding - self.paid[at] - self.diluted[at] - self.recovered[at]

    def performing(self, at: int) -> int:
        """What of it is not in default."""
        return self.outstanding - self.paid[at] - self.diluted[at] - self.defaulted[at]

    def overdue(self, at: int) -> int:
        """What of it is past due."""
        return self.late[at] + self.defaulting_late[at] - self.recovered[at]

    def to_come(self, at: int) -> int:
        """What is expected to be paid after an end."""
        return self.expected - self.received(at)

    def __add__(self, other: Expected) -> Expected:
        """Both together; of the same ends."""
        both: dict[str, Any] = {
            each.name: _sum(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)
        }
        return Expected(**both | {"ends": self.ends})


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, int):
        return one + other
    return tuple(first if isinstance(first, date) else first + second for first, second in zip(one, other, strict=True))


def forecast(record: Record, day: date, ends: Sequence[date], scenario: Scenario) -> tuple[History, Expected]:
    """What the open assets of a day are expected to bring by the ends of later periods, and by what history."""
    history = history_of(record, day)
    assumed = Assumed.of(scenario, history, record.days, range(len(ends)))
    return history, expected(standing_on(record, record.pool.on(day)), ends, assumed)


def expected(there: Standing, ends: Sequence[date], assumed: Assumed) -> Expected:
    """What an amount owed on a day is expected to bring by each end; nothing by those up to the day."""
    cells = _parted(there.cells, ends, assumed)
    flows = _flows(cells, there.day, ends, assumed)
    total = {name: int(cells[name].sum()) for name in ("owed", "paying", "diluting", "defaulting", "recovering")}
    stock = there.in_default
    back = stock * assumed.recovery[0] // UNIT
    soon = [back if there.day < end and there.day + timedelta(days=assumed.lag) <= end else 0 for end in ends]
    kept = (1 - share if end > there.day else 1 for share, end in zip(assumed.prepaid, ends, strict=True))
    left = list(accumulate(kept, mul))
    unpaid = [int((total["paying"] - paid) * share) for paid, share in zip(flows["paid"], left, strict=True)]
    late = [int(part * share) for part, share in zip(flows["late"], left, strict=True)]
    return Expected(
        ends=tuple(ends),
        outstanding=total["owed"] + stock,
        paying=total["paying"],
        diluting=total["diluting"],
        defaulting=total["defaulting"] + stock,
        recovering=total["recovering"] + back,
        paid=tuple(total["paying"] - one for one in unpaid),
        diluted=tuple(flows["diluted"]),
        defaulted=tuple(stock + one for one in flows["defaulted"]),
        recovered=tuple(one + more for one, more in zip(flows["recovered"], soon, strict=True)),
        late=tuple(late),
        defaulting_late=tuple(stock + one for one in flows["defaulting_late"]),
    )


def _parted(cells: pl.DataFrame, ends: Sequence[date], assumed: Assumed) -> pl.DataFrame:
    """Each due date's amount in its parts: paying, diluting, defaulting, recovering; with its ``delay``."""
    at = pl.Series(ends, dtype=pl.Date).search_sorted(cells["due"], side="left")
    rates = {name: pl.Series(getattr(assumed, name), dtype=pl.Int128).gather(at) for name in ("default", "dilution")}
    recovery = pl.Series(assumed.recovery, dtype=pl.Int128).gather(at)
    defaulting = cells["owed"] * rates["default"] // UNIT
    # Rounded with the default: apart, the two could leave more to be paid where more defaults.
    diluting = cells["owed"] * (rates["default"] + rates["dilution"]) // UNIT - defaulting
    return cells.with_columns(
        defaulting=defaulting,
        diluting=diluting,
        recovering=defaulting * recovery // UNIT,
        paying=cells["owed"] - defaulting - diluting,
        delay=pl.Series(assumed.delay, dtype=pl.Int64).gather(at),
    )


def _flows(cells: pl.DataFrame, day: date, ends: Sequence[date], assumed: Assumed) -> dict[str, list[int]]:
    """What of the parts is paid, diluted, in default, recovered and past due by each end."""
    if not ends:
        return {name: [] for name in _FLOWS}
    curve = assumed.curve
    each = pl.DataFrame({"at": range(len(ends)), "end": pl.Series(ends, dtype=pl.Date)})
    both = cells.join(each, how="cross")
    since = (pl.lit(day) - pl.col("due")).dt.total_days()
    fails = pl.max_horizontal(
        pl.col("due") + pl.duration(days=assumed.default_days), pl.lit(day + timedelta(days=1), pl.Date)
    )
    both = both.with_columns(
        since=since, reach=(pl.col("end") - pl.col("due")).dt.total_days() - pl.col("delay"), fails=fails
    )
    passed = curve.upto(both["since"])
    both = both.with_columns(passed=passed, reached=curve.upto(both["reach"]))
    open_ = pl.lit(curve.total, pl.Int128) - pl.col("passed")
    usual = pl.col("paying") * (pl.col("reached") - pl.col("passed")).clip(lower_bound=0) // pl.max_horizontal(open_, 1)
    latest = pl.when(pl.col("since") < 0).then("due").otherwise("fails") + pl.duration(days=pl.col("delay"))
    late = pl.when(latest <= pl.col("end")).then("paying").otherwise(0)
    nought = pl.lit(0, pl.Int128)
    past = pl.col("due") < pl.col("end")
    after = pl.col("end") > day
    found = both.with_columns(
        paid=pl.when(after).then(pl.when(open_ > 0).then(usual).otherwise(late)).otherwise(nought),
        diluted=pl.when(after & (pl.col("due") <= pl.col("end"))).then("diluting").otherwise(nought),
        defaulted=pl.when(after & (pl.col("fails") <= pl.col("end"))).then("defaulting").otherwise(nought),
        recovered=pl.when(after & (pl.col("fails") + pl.duration(days=assumed.lag) <= pl.col("end")))
        .then("recovering")
        .otherwise(nought),
    ).with_columns(
        late=pl.when(past).then(pl.col("paying") - pl.col("paid")).otherwise(nought),
        defaulting_late=pl.when(past).then("defaulting").otherwise(nought),
    )
    sums = found.group_by("at").agg(pl.col(name).cast(pl.Int128).sum() for name in _FLOWS).sort("at")
    if not sums.height:
        return {name: [0] * len(ends) for name in _FLOWS}
    return {name: [int(one) for one in sums[name]] for name in _FLOWS}
