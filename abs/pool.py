"""The pool of a plan: which receivables it holds, as of a height of the ledger and on a business day.

Two clocks are kept apart. The *height* says what the ledger knew; the *day* says which of it had happened. A pool is
read once per height and can then be looked at on any day (``Pool.on_day``) without reading again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from abs import composition, performance
from abs.assets import Asset, AssetRow, Basis, Party, open_rows, rows_on
from abs.composition import Bucket, Concentration
from abs.figure import Figure
from abs.performance import DELINQUENCY_EDGES, Vintage
from abs.reading import ReadModel, business_day, plan_of, read_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A plan's receivables on one day.

    ``assets`` are all the plan holds at the height; ``history`` those that entered the pool by the day, paid or not;
    ``rows`` the part of them on which something is still owed. Make one with ``pool_of`` or ``read_pool``.
    """

    plan: str
    on: date
    height: int
    assets: tuple[Asset, ...] = field(repr=False)
    history: tuple[AssetRow, ...] = field(repr=False)
    rows: tuple[AssetRow, ...] = field(repr=False)
    before_assignment: bool = False

    def on_day(self, day: date) -> Pool:
        """The same assets, as known at the same height, on another day."""
        if day == self.on:
            return self
        history = _history(self.assets, day, before_assignment=self.before_assignment)
        return replace(self, on=day, history=history, rows=open_rows(history))

    def balance(self) -> Figure:
        """What is still owed on all assets, in fen."""
        return composition.balance(self.rows, self.height)

    def original(self) -> Figure:
        """The first amount of every asset that entered the pool by the day, paid or not."""
        return composition.original(self.history, self.height)

    def count(self) -> Figure:
        """How many assets are open."""
        return composition.count(self.rows, self.height)

    def wam(self) -> Figure:
        """Weighted average days to due."""
        return composition.remaining_term(self.rows, self.height)

    def seasoning(self) -> Figure:
        """Weighted average days since invoiced."""
        return composition.seasoning(self.rows, self.height)

    def wal(self) -> Figure:
        """Weighted average life in years."""
        return composition.average_life(self.rows, self.height)

    def aging(self, edges: Sequence[int] = DELINQUENCY_EDGES) -> tuple[Bucket, ...]:
        """Open balance by days past due; ``edges`` are the first days of the overdue classes."""
        return performance.delinquency(self.rows, self.height, edges=edges)

    def delinquency_ratio(self) -> Figure:
        """Share of the open balance that is past due."""
        return performance.delinquency_ratio(self.rows, self.height)

    def maturity_ladder(self) -> tuple[Bucket, ...]:
        """What falls due in each month; overdue first."""
        return composition.maturity_ladder(self.rows, self.height)

    def concentration(
        self, side: Party = Party.DEBTOR, *, top: int = 10, basis: Basis = Basis.OUTSTANDING
    ) -> Concentration:
        """The largest members of one side, HHI and effective number."""
        return composition.concentration(self._base(basis), self.height, side=side, basis=basis, top=top)

    def disputed_share(self, basis: Basis = Basis.OUTSTANDING) -> Figure:
        """Share of disputed assets."""
        return performance.disputed_share(self._base(basis), self.height, basis=basis)

    def related_party_share(self) -> Figure:
        """Share of receivables between related parties."""
        return performance.related_party_share(self.rows, self.height)

    def sales(self, start: date, end: date) -> Figure:
        """First amounts invoiced in ``[start, end]``."""
        return performance.sales(self.history, start, end, self.height)

    def dso(self) -> Figure:
        """Days sales outstanding on the pool's day, over its calendar month up to that day."""
        return performance.days_sales_outstanding(self.history, self.on.replace(day=1), self.on, self.height)

    def payments(self, after: date, until: date) -> Figure:
        """What debtors paid in ``(after, until]``, by the banks' records."""
        return performance.payments_between(self.history, after, until, self.height)

    def adjustments(self, after: date, until: date) -> Figure:
        """Dilution and other adjustments in ``(after, until]``."""
        return performance.adjustments_between(self.history, after, until, self.height)

    def days_to_settle(self) -> Figure:
        """Amount-weighted days from invoice to settlement, of what is settled by the day."""
        return performance.days_to_settle(self.history, self.height)

    def vintages(self) -> tuple[Vintage, ...]:
        """Static pools by month of invoice."""
        return performance.vintages(self.history, self.height)

    def row(self, asset: str) -> AssetRow | None:
        """One asset of the pool on its day, paid or not; None when the pool does not hold it then."""
        return next((row for row in self.history if row.asset == asset), None)

    def _base(self, basis: Basis) -> tuple[AssetRow, ...]:
        return self.rows if basis is Basis.OUTSTANDING else self.history


def pool_of(assets: Sequence[Asset], *, plan: str, on: date, height: int, before_assignment: bool = False) -> Pool:
    """The pool those assets make on a day.

    ``before_assignment`` also counts assets on days before they were the plan's: their own past performance, which
    disclosure asks for, rather than the plan's.
    """
    held = tuple(assets)
    history = _history(held, on, before_assignment=before_assignment)
    return Pool(
        plan=plan,
        on=on,
        height=height,
        assets=held,
        history=history,
        rows=open_rows(history),
        before_assignment=before_assignment,
    )


def read_pool(facts: ReadModel, plan: str, on: date | None = None, *, before_assignment: bool = False) -> Pool:
    """The plan's pool as of the reading's height, on a day; without one, the business day of its block (China).

    Raises UnknownPlan. See ``pool_of`` for ``before_assignment``.
    """
    found = plan_of(facts, plan)
    day = business_day(facts) if on is None else on
    assets = read_assets(facts, found)
    return pool_of(assets, plan=plan, on=day, height=facts.height, before_assignment=before_assignment)


def _history(assets: tuple[Asset, ...], day: date, *, before_assignment: bool) -> tuple[AssetRow, ...]:
    if before_assignment:
        return rows_on(assets, day)
    return rows_on((asset for asset in assets if asset.enters() <= day), day)
