"""The pool of a plan: which receivables it holds, as of a height of the ledger and on a business day.

Two clocks are kept apart. The *height* says what the ledger knew; the *day* says which of it had happened. A pool is
read once per height and can then be looked at on any day (``Pool.on_day``) without reading again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from abs import composition, performance
from abs.composition import Bucket, Concentration
from abs.figure import Figure
from abs.frame import ENTERED, IN_POOL, Basis, Day, Party, PoolFrame
from abs.html_table import html_table
from abs.movements import Movements, movements
from abs.performance import DELINQUENCY_EDGES
from abs.reading import ReadModel, business_day, plan_of, read_frame

__all__ = ["Pool", "pool_of", "read_pool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A plan's receivables on one day: a ``frame`` of all that is known at a height, and the ``day`` of it.

    Make one with ``pool_of`` or ``read_pool``.
    """

    frame: PoolFrame
    day: Day = field(repr=False)

    @property
    def plan(self) -> str:
        """The plan's id."""
        return self.frame.plan

    @property
    def on(self) -> date:
        """The day."""
        return self.day.on

    @property
    def height(self) -> int:
        """The height it is known at."""
        return self.frame.height

    def on_day(self, day: date) -> Pool:
        """The same assets, as known at the same height, on another day."""
        return self if day == self.on else pool_of(self.frame, day)

    def _repr_html_(self) -> str:
        """The pool in a notebook: its size, and how it pays."""
        shown = (self.balance(), self.original(), self.count(), self.wam(), self.seasoning(), self.delinquency_ratio())
        rows = [(one.name, one.formula, one.text()) for one in shown]
        caption = f"{self.plan} on {self.on}, at height {self.height}"
        return html_table(("figure", "formula", "value"), rows, caption=caption, numbers=1)

    def composition(self) -> pl.DataFrame:
        """The assets in the pool on the day, open and paid, with every column of ``ASSETS`` and ``DAY``."""
        return self.day.frame.filter(IN_POOL)

    def listed(self, offset: int = 0, limit: int | None = None, *, where: pl.Expr = IN_POOL) -> pl.DataFrame:
        """Some of those assets in the order of their assignment, with the ``numbers`` of the invoices of each."""
        chosen = self.day.frame.filter(where).slice(offset, limit)
        named = self.frame.invoices.join(chosen.select("row"), on="row", how="semi", maintain_order="left")
        numbers = named.group_by("row", maintain_order=True).agg(pl.col("number").alias("numbers"))
        return chosen.join(numbers, on="row", how="left", maintain_order="left")

    def movements(self, after: date, until: date) -> Movements:
        """What came in and left after one day, until another, and why, with the account that it makes."""
        return movements(self.frame, after, until)

    def balance(self) -> Figure:
        """What is still owed on all assets, in fen."""
        return composition.balance(self.day)

    def original(self) -> Figure:
        """The first amount of every asset that entered the pool by the day, paid or not."""
        return composition.original(self.day)

    def held_original(self) -> Figure:
        """The first amount of the assets in the pool on the day, paid or not."""
        return composition.held_original(self.day)

    def count(self) -> Figure:
        """How many assets are open."""
        return composition.count(self.day)

    def held(self) -> int:
        """How many assets are in the pool, open or paid."""
        return self.day.number(IN_POOL)

    def entered(self) -> int:
        """How many ever came in by the day."""
        return self.day.number(ENTERED)

    def wam(self) -> Figure:
        """Weighted average days to due."""
        return composition.remaining_term(self.day)

    def seasoning(self) -> Figure:
        """Weighted average days since invoiced."""
        return composition.seasoning(self.day)

    def wal(self) -> Figure:
        """Weighted average life in years."""
        return composition.average_life(self.day)

    def aging(self, edges: Sequence[int] = DELINQUENCY_EDGES) -> tuple[Bucket, ...]:
        """Open balance by days past due; ``edges`` are the first days of the overdue classes."""
        return performance.delinquency(self.day, edges=edges)

    def delinquency_ratio(self) -> Figure:
        """Share of the open balance that is past due."""
        return performance.delinquency_ratio(self.day)

    def maturity_ladder(self) -> tuple[Bucket, ...]:
        """What falls due in each month; overdue first."""
        return composition.maturity_ladder(self.day)

    def concentration(
        self, side: str = Party.DEBTOR, *, top: int = 10, basis: Basis = Basis.OUTSTANDING
    ) -> Concentration:
        """The largest members of one side, HHI and effective number."""
        return composition.concentration(self.day, side=side, basis=basis, top=top)

    def disputed_share(self, basis: Basis = Basis.OUTSTANDING) -> Figure:
        """Share of disputed assets."""
        return performance.disputed_share(self.day, basis=basis)

    def related_party_share(self) -> Figure:
        """Share of receivables between related parties."""
        return performance.related_party_share(self.day)

    def sales(self, start: date, end: date) -> Figure:
        """First amounts invoiced in ``[start, end]``."""
        return performance.sales(self.day, start, end)

    def dso(self) -> Figure:
        """Days sales outstanding on the pool's day, over its calendar month up to that day."""
        return performance.days_sales_outstanding(self.day, self.on.replace(day=1))

    def payments(self, after: date, until: date) -> Figure:
        """What debtors paid in ``(after, until]``, by the banks' records."""
        return performance.payments_between(self.day, after, until)

    def adjustments(self, after: date, until: date) -> Figure:
        """Dilution and other adjustments in ``(after, until]``."""
        return performance.adjustments_between(self.day, after, until)

    def days_to_settle(self) -> Figure:
        """Amount-weighted days from invoice to settlement, of what is settled by the day."""
        return performance.days_to_settle(self.day)


def pool_of(frame: PoolFrame, on: date) -> Pool:
    """The pool that those assets make on a day."""
    return Pool(frame=frame, day=frame.on(on))


def read_pool(
    facts: ReadModel, plan: str, on: date | None = None, *, before_assignment: bool = False, history: bool = True
) -> Pool:
    """The plan's pool as of the reading's height, on a day; without one, the business day of its block (China).

    ``before_assignment`` also counts assets on days before they were the plan's: their own past performance, which
    disclosure asks for, rather than the plan's. ``history``: see ``abs.reading.read_frame``; an earlier day than the
    block's has it always, for what was there then may have left. Raises UnknownPlan.
    """
    found, today = plan_of(facts, plan), business_day(facts)
    day = today if on is None else on
    frame = read_frame(facts, found, history=history or day < today)
    return pool_of(frame.since_issue() if before_assignment else frame, day)
