"""The scope of plans: which plans some blocks touched, and what the monitor's rules say of one at every height.

Three kinds of rules, by what they cost and when they are judged:

- *events* read the plan's own records, which are in memory: at every height at which one of them changed, and at the
  first block of every business day, for deadlines pass without a record.
- *the pool* is read from the replica as of a height: at every block that changed what the pool holds or what is owed on
  it; and looked at again on the days that it waits for (:mod:`regulator.monitor.turns`).
- *periods* are recomputed when their day is over, and when more is told of such a day.

Between such heights the last judgement stands. So a rule speaks at the first block at which it holds, in steps of any
size. What was judged is kept in memory for the next step; without it, it is judged once more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any, Final

from sqlalchemy import and_, select, union
from sqlmodel import col

from abs.frame import PoolFrame
from ledger.facts import (
    AssetStatus,
    Fact,
    Invoice,
    Member,
    Plan,
    PlanAccount,
    PlanCash,
    PlanEvent,
    PoolAsset,
    PoolExit,
    Receivable,
    ReceivableInvoice,
    Statement,
    Tranche,
)
from ledger.position import Position
from ledger.snapshot import Market
from ledger.store import AsOf
from regulator.errors import NeedsReplica
from regulator.evidence import rows_of
from regulator.histories import Histories, StoreHistories, heights_of
from regulator.monitor import cash, classes, duties, events, periods, pool
from regulator.monitor.days import Days
from regulator.monitor.frames import Frames
from regulator.monitor.plan import BY_PLAN, READS, JudgedPool, Known, PlanRows, View, load_rows
from regulator.monitor.rules import RULES
from regulator.monitor.turns import next_turn
from regulator.scope import Changes
from regulator.signals import Signal

__all__ = ["EVENTS", "PlanScope", "PlanWatch"]

EVENTS: Final[tuple[Callable[[View], Iterable[Signal]], ...]] = (
    cash.cash_held_back,
    cash.collection_cycle,
    cash.idle_cash,
    cash.statement_differs,
    duties.disclosures,
    events.asset_loss,
    events.distribution_missed,
    events.participant_changed,
    events.participant_suspended,
    events.revolving_ended,
    events.risk_retention,
    events.terms_amended,
    events.terms_unusable,
)
"""The rules that read no pool."""
OF_POOL: Final[tuple[type[Fact], ...]] = (AssetStatus, Plan, PlanCash, PlanEvent, PoolExit, Tranche)
"""Tables of the plan's own records that a pool's figures follow from."""
OF_FRAME: Final[tuple[type[Fact], ...]] = (AssetStatus, Plan, PoolExit)
"""Those that the pool itself follows from."""
AFTERWARDS: Final = timedelta(days=120)
"""How long a plan is watched after its liquidation: until its last notices are due."""
ASSETS: Final = frozenset({"monitor.asset_claimed", "monitor.invoice_status"})
"""Rules of the scope of assets."""


class PlanWatch:
    """A plan with its history, and what the rules say of it as of any height."""

    def __init__(
        self,
        rows: PlanRows,
        days: Days,
        facts_at: Callable[[int], AsOf],
        span: tuple[int, int],
        read_at: Sequence[int],
        frames: Frames,
    ) -> None:
        self._rows = rows
        self._days = days
        self._facts_at = facts_at
        self._after, self._until = span
        self._read_at = sorted({*read_at, *heights_of(*(rows.of(table) for table in OF_FRAME))})
        """The heights at which the pool changed, what is owed on it or what is said of it."""
        self._told_at = sorted({*self._read_at, *heights_of(*(rows.of(table) for table in OF_POOL))})
        """Those at which anything changed that its rules look at."""
        self._frames = frames

    def view(self, height: int) -> View:
        """The plan as of a height."""
        return View(self._rows, self._days, height, self._facts_at)

    @property
    def subjects(self) -> Collection[str]:
        """See :meth:`Neighbourhood.subjects`."""
        return self._subjects

    @cached_property
    def _subjects(self) -> frozenset[str]:
        plan, view = self._rows.plan, self.view(self._until)
        found = {f"plan {plan}", *(f"statement {one.id}" for one in self._rows.of(Statement))}
        found |= {f"role {plan}/{role}" for role in ("manager", "custodian", "servicer", "originators")}
        found |= {f"participant {plan}/{one.id}" for one in self._rows.of(Member)}
        found |= {f"amendment {plan}/{number}" for number in range(1, len(self._rows.of(Plan)) + 1)}
        found |= {f"duty {plan}/{key}" for key in duties.keys_of(view)}
        years = {one.changed_on.year for one in self._rows.of(AssetStatus)}
        years |= {one.left_on.year for one in self._rows.of(PoolExit)}
        found |= {f"loss {plan}/{year}/{step}" for year in years for step in range(1, events.STEPS + 1)}
        listed = 0
        for version in () if isinstance(view.versions, str) else view.versions:
            found |= pool.pool_subjects(plan, version.terms)
            listed = max(listed, len(version.terms.dates.pay))
            dates = view.dates_of(version)
            found |= {f"remittance {plan}/{day.isoformat()}" for one in dates for day in one.remittances}
        return frozenset(found | periods.period_subjects(self._rows, listed))

    def heights(self) -> Sequence[int]:
        """See :meth:`Neighbourhood.heights`."""
        plans = self._rows.of(Plan)
        begun, ended = plans[0].from_height, plans[-1].liquidated_on
        own = (rows for table, rows in self._rows.rows.items() if table is not Member)
        found = {*heights_of(*own), *self._told_at}
        waited = (*self._days.turns(max(self._after, begun), self._until), *heights_of(self._rows.of(Member)))
        until = None if ended is None else ended + AFTERWARDS
        found.update(one for one in waited if until is None or begun > one or self._days.of(one) <= until)
        return sorted(each for each in found if begun <= each <= self._until)

    @cached_property
    def _dues(self) -> dict[str, tuple[Callable[[View], tuple[Signal, ...]], Sequence[int]]]:
        """What is judged at some heights only, and those heights."""
        last, plans = self.view(self._until), self._rows.of(Plan)
        stated = {one.from_height for one in plans}
        closing = set(stated)
        payments = stated | periods.payment_heights(self._rows, self._days)
        for version in () if isinstance(last.versions, str) else last.versions:
            place = Position.parse(version.position)
            told = 0 if place is None else place.height
            dates = last.dates_of(version)
            # A version's days count from its record on: before, nobody knew them.
            ends = [height for height in self._days.passed([one.payment for one in dates]) if height > told]
            payments.update(ends)
            closing.update(ends)
            waited = [*(each.calculation for each in dates), *periods.before_watched(dates)]
            closing.update(one for one in self._days.passed(waited) if one > told)
        closing.update(periods.months_from(plans[0].closing, self._days))
        return {
            "payments": (periods.payment_signals, sorted(payments)),
            "forecast": (partial(periods.forecast_signals, frame_of=self._frame), sorted(closing)),
        }

    def assess(self, height: int) -> Iterable[Signal]:
        """See :meth:`Neighbourhood.assess`."""
        view = self.view(height)
        if not view.begun(Plan):
            return
        found = [signal for rule in EVENTS for signal in rule(view)]
        said = {one.id for one in found}  # that a period's date was missed outweighs how else it was paid
        found += (one for one in (*self._pool(view), *self._judged("payments", view)) if one.id not in said)
        near: list[Signal] = []
        for one in self._judged("forecast", view):
            (near if one.rule == "monitor.risk_class" else found).append(one)
        yield from found
        yield from classes.risk_class(view, found, near)

    def _judged(self, name: str, view: View) -> tuple[Signal, ...]:
        """What was judged last by the height."""
        judge, heights = self._dues[name]
        at = bisect_right(heights, view.height) - 1
        if at < 0 or not view.live:
            return ()
        height, kept = heights[at], self._rows.known.judged
        if name not in kept or kept[name][0] != height:
            earlier = view.at(height)
            kept[name] = height, judge(earlier) if earlier.begun(Plan) else ()
        return kept[name][1]

    def _pool(self, view: View) -> tuple[Signal, ...]:
        """What the rules say of the pool as it was told of last, on the view's day."""
        at = bisect_right(self._told_at, view.height) - 1
        if at < 0 or not view.live:
            return ()
        told, known = self._told_at[at], self._rows.known
        if known.pool is None or known.pool.told != told or not known.pool.since <= view.day < known.pool.until:
            known.pool = self._judge(view.at(told, view.day))
        return known.pool.signals

    def _judge(self, view: View) -> JudgedPool:
        """The rules judged on the view's day, and until which day that stands."""
        signals: tuple[Signal, ...] = ()
        until = date.max
        if view.begun(Plan) and view.live and view.terms is not None:
            frame = self._frame(view)
            signals, until = pool.pool_signals(view, view.terms, frame), next_turn(view, view.terms, frame)
        return JudgedPool(told=view.height, since=view.day, until=until, signals=signals)

    def _frame(self, view: View) -> PoolFrame:
        """The pool as of the view's height: as it was read when it changed last."""
        read = self._read_at[bisect_right(self._read_at, view.height) - 1]
        return replace(self._frames.of(self._facts_at(read), view.id), height=view.height)


class PlanScope:
    """Every plan that is not wound up, and the rules of the monitor that speak of plans.

    It reads the replica itself, as plans are recomputed at heights: a snapshot is no help to it.
    """

    name = "monitor.plans"
    rules = tuple(rule for rule in RULES if rule not in ASSETS)
    reads: Collection[type[Fact]] = (*READS, PoolAsset, Receivable, Invoice)

    def __init__(self) -> None:
        self._days = Days()
        self._heights: dict[str, tuple[int, list[int]]] = {}
        self._known: dict[str, Known] = {}
        self._frames = Frames()

    def touched(self, changes: Changes, histories: Histories) -> set[str]:
        """See :meth:`Scope.touched`. A new business day touches every plan, for what its days are waiting for."""
        replica = self._replica(histories)
        facts = replica.facts_at(replica.height)
        if self._days.turns(replica.after, replica.height):
            first = self._days.of(min(replica.after + 1, replica.height))
            return {f"plan {one}" for one in self._watched(facts, first)}
        found = {one.plan for table in BY_PLAN for one in changes.get(table, ())}  # type: ignore[attr-defined]
        found |= {one.plan for one in changes.get(PoolAsset, ())}  # type: ignore[attr-defined]
        found |= {one.id for table in (Plan, PlanCash) for one in changes.get(table, ())}
        if changes.get(Statement) or changes.get(Member):
            found |= self._watched(facts, self._days.of(facts.height))
        invoices = {one.id for one in changes.get(Invoice, ())}
        assets = {one.id for one in changes.get(Receivable, ())}
        assets |= {one.receivable for one in histories.having(ReceivableInvoice, "invoice", invoices)}
        found |= {one.plan for one in histories.having(PoolAsset, "asset", assets)}
        return {f"plan {one}" for one in found}

    def candidates(self, market: Market) -> Any:
        """See :meth:`Scope.candidates`: every plan."""
        plans = market.history(Plan)
        return plans.select(seed="plan " + plans.id).distinct()

    def load(self, histories: Histories, seeds: Collection[str]) -> Iterator[PlanWatch]:
        """See :meth:`Scope.load`. Raises NeedsReplica for a snapshot."""
        replica = self._replica(histories)
        plans = {seed.removeprefix("plan ") for seed in seeds}
        facts = replica.facts_at(replica.height)
        everyone: list[Plan | PlanAccount] = [*facts.select_ended(Plan), *facts.select_ended(PlanAccount)]
        for rows in load_rows(histories, plans, everyone):
            rows.known = self._known.setdefault(rows.plan, rows.known)
            span = (replica.after, replica.height)
            yield PlanWatch(rows, self._days, replica.facts_at, span, self._changed(replica, rows), self._frames)

    def _replica(self, histories: Histories) -> StoreHistories:
        if not isinstance(histories, StoreHistories):
            raise NeedsReplica("needs-replica", "The monitor recomputes plans, which a snapshot cannot do")
        if not self._days.follow(histories.facts_at(histories.height)):
            self._heights, self._known = {}, {}
            self._frames.forget()
        return histories

    def _watched(self, facts: AsOf, day: date) -> set[str]:
        since = day - AFTERWARDS
        found = facts.select(Plan)
        return {one.id for one in found if one.liquidated_on is None or one.liquidated_on >= since}

    def _changed(self, replica: StoreHistories, rows: PlanRows) -> list[int]:
        """The heights at which the pool of a plan changed, or what is owed on it, or its papers."""
        known, heights = self._heights.get(rows.plan, (-1, []))
        if known < replica.height:
            found = _pool_heights(replica.facts_at(replica.height), rows.plan, known)
            heights = sorted({*heights, *found})
            self._heights[rows.plan] = replica.height, heights
        return [each for each in heights if each <= replica.height]


def _pool_heights(facts: AsOf, plan: str, after: int) -> list[int]:
    """The heights after one at which the pool of a plan, its receivables or their invoices changed."""
    first = Position(after + 1, 0, 0).number
    last = Position(facts.height + 1, 0, 0).number
    mine = and_(col(PoolAsset.plan) == plan, facts.begun(PoolAsset))
    entered = col(PoolAsset.from_position)  # what changed before it came in changed nothing here

    def within(column: Any) -> Any:
        return column.between(first, last - 1)

    statement: Any = union(
        select(col(PoolAsset.from_height)).where(col(PoolAsset.plan) == plan, within(col(PoolAsset.from_position))),
        select(col(PoolAsset.to_height)).where(col(PoolAsset.plan) == plan, within(col(PoolAsset.to_position))),
        select(col(Receivable.from_height))
        .join(PoolAsset, col(PoolAsset.asset) == col(Receivable.id))
        .where(mine, within(col(Receivable.from_position)), col(Receivable.from_position) > entered),
        select(col(Invoice.from_height))
        .join(ReceivableInvoice, col(ReceivableInvoice.invoice) == col(Invoice.id))
        .join(PoolAsset, col(PoolAsset.asset) == col(ReceivableInvoice.receivable))
        .where(mine, within(col(Invoice.from_position)), col(Invoice.from_position) > entered),
    )
    return sorted(int(height) for (height,) in rows_of(facts, statement))
