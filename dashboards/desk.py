"""Everything a page or a notebook may ask of this node, for one actor; every answer says the height it holds at.

The desk opens a reading of its own for each question and closes it, so it may be asked from several threads at once. It
answers with values of a few hundred bytes: the rows of a pool never stay in a session, a table gets one page of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from threading import Lock
from typing import Protocol, Self

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from abs.composition import Bucket, Concentration
from abs.errors import UnknownPlan
from abs.figure import Figure
from abs.frame import Party
from abs.pool import Pool, read_pool
from abs.reading import business_day, plan_of
from dashboards.look import look
from dashboards.paging import Page, PageQuery
from dashboards.pool_rows import AssetLine, PoolRows
from dashboards.trail import ProvedTrail, proved_trail
from ledger.errors import Unknown
from ledger.facts import Member, Plan, Tranche
from ledger.store import AsOf, Store
from regulator.access import LOOPBACK, Action, Actor, decide, require
from regulator.errors import UnknownAsset
from regulator.evidence import rows_of
from regulator.graph import Graph

__all__ = [
    "NOT_FOUND",
    "REGULATOR",
    "Actor",
    "AssetLine",
    "Desk",
    "Moment",
    "PlanLine",
    "PoolView",
    "Shown",
    "Slice",
    "untold",
]

#: What the desk raises when it is asked for something the ledger does not hold.
NOT_FOUND = (Unknown, UnknownPlan, UnknownAsset)
_LARGEST = 10
_POOLS_KEPT = 8  # measured pools: two days of each of a few plans, at some 250 bytes an asset


#: Whoever sits at this machine, until sign-in exists: the pages are on its loopback address only.
REGULATOR = LOOPBACK


class Shown(Protocol):
    """Told what the actor is about to be shown, as of which height, and what else is to be kept of it.

    What it raises keeps the answer from being given.
    """

    def __call__(self, subject: str, height: int, **details: object) -> None: ...


def untold(subject: str, height: int, **details: object) -> None:
    """Nobody is told: whoever reads the node's database himself leaves no trail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The state of the replica an answer was read from; ``time`` of the block in UTC, hashes as 0x and hex."""

    height: int
    time: datetime
    block_hash: str
    facts_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One plan: who runs it and when, its parties by id and name, the principal of its tranches in fen."""

    plan: str
    code: str
    name: str
    venue: str
    manager: str
    manager_name: str
    custodian: str
    custodian_name: str
    servicer: str
    servicer_name: str
    cutoff: date
    closing: date
    maturity: date
    tranches: int
    principal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One part of a pool: its label, its balance in fen, its share of the whole, how many assets it has."""

    label: str
    balance: int
    share: Decimal | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """A pool measured on the day ``on``; amounts in fen, ratios as decimals, None where a ratio has no base.

    ``assets`` counts every asset of the pool, paid or not, and ``assigned`` is their first amount; ``open_assets`` and
    ``balance`` speak of what is still owed. ``formulas`` says how each headline figure is computed.
    """

    plan: PlanLine
    moment: Moment
    on: date
    balance: int
    assigned: int
    assets: int
    open_assets: int
    debtors: int
    creditors: int
    overdue: int
    delinquency: Decimal | None
    top10: Decimal | None
    hhi: Decimal | None
    effective_debtors: Decimal | None
    wam: Decimal | None
    ladder: tuple[Slice, ...]
    aging: tuple[Slice, ...]
    largest_debtors: tuple[Slice, ...]
    formulas: Mapping[str, str] = field(repr=False)


class Desk:
    """What ``actor`` may read of ``store``; safe to ask from several threads. ``shown`` is told of plans and assets.

    What is asked of a plan raises NotAllowed where the actor's roles do not allow it.
    """

    def __init__(self, store: Store, actor: Actor, shown: Shown = untold) -> None:
        self.actor = actor
        self.shown = shown
        self._store = store
        self._measuring = Lock()
        self._measured: OrderedDict[tuple[str, int, date], tuple[PoolView, PoolRows]] = OrderedDict()

    def acting(self, actor: Actor, shown: Shown) -> Self:
        """This desk for somebody else: what was measured is shared with it."""
        other = copy(self)
        other.actor, other.shown = actor, shown
        return other

    def moment(self) -> Moment | None:
        """The newest block this node holds; None while it holds none."""
        head = self._store.head()
        return None if head is None else _moment(self._store.at(head.height))

    def newest_day(self) -> date | None:
        """The business day of the newest block, the last that anything is known about; None while there is no block."""
        return None if self._store.head() is None else business_day(self._store.at())

    def holds(self, plan: str) -> bool:
        """Whether the newest block knows a plan of that id."""
        return self._store.head() is not None and self._store.at().get(Plan, plan) is not None

    def plans(self) -> tuple[PlanLine, ...]:
        """Every plan the actor may see, by code."""
        if self._store.head() is None:
            return ()
        with self._store.at().at_once() as facts:
            names, principals = _names(facts), _principals(facts)
            return tuple(
                _plan_line(plan, principals, names)
                for plan in facts.select(Plan, order_by=Plan.code)
                if decide(self.actor, Action.READ_LEDGER, plan.id).allowed
            )

    def pool(self, plan: str, *, on: date | None = None, height: int | None = None) -> PoolView:
        """The plan's pool on a day as known at a height; by default the newest block's, and the day
        of that block in China.

        Raises UnknownPlan when the ledger holds no such plan, Unknown when it holds no block.
        """
        view = self._measure(plan, on, height)[0]
        self.shown(f"plan {plan}", view.moment.height, on=view.on.isoformat())
        return view

    def assets(
        self, plan: str, query: PageQuery, *, on: date | None = None, height: int | None = None
    ) -> Page[AssetLine]:
        """One page of the assets behind ``pool``, ordered and searched by SQL. Raises as ``pool`` does."""
        return self._measure(plan, on, height)[1].page(query)

    def asset(self, plan: str, asset: str, *, height: int | None = None) -> ProvedTrail:
        """Every step from the plan to the asset's payments, each record proved now from the stored bytes.

        Raises UnknownPlan or UnknownAsset.
        """
        require(self.actor, Action.READ_LEDGER, plan)
        facts = self._store.at(height)
        trail = proved_trail(self._store, facts, plan, asset)
        self.shown(f"asset {asset}", facts.height, plan=plan)
        return trail

    def look_through(self, kind: str, id_: str) -> Graph:
        """A thing of any kind with what it rests on, or what rests on it, in the newest block. Raises UnknownThing."""
        require(self.actor, Action.READ_LEDGER)
        facts = self._store.at()
        with facts.at_once() as known:
            graph = look(known, kind, id_)
        self.shown(f"{kind} {id_}", facts.height, look_through=True)
        return graph

    def _measure(self, plan: str, on: date | None, height: int | None) -> tuple[PoolView, PoolRows]:
        """The pool and its rows, measured once however many sessions ask."""
        require(self.actor, Action.READ_LEDGER, plan)
        facts = self._store.at(height)
        key = (plan, facts.height, on or business_day(facts))
        with self._measuring:
            if key not in self._measured:
                with facts.at_once() as known:
                    pool, names = read_pool(known, plan, key[2], history=False), _names(known)
                    line = _plan_line(plan_of(known, plan), _principals(known, col(Tranche.plan) == plan), names)
                self._measured[key] = _pool_view(pool, line, _moment(facts), names), PoolRows(pool.listed(), names)
            self._measured.move_to_end(key)
            while len(self._measured) > _POOLS_KEPT:
                self._measured.popitem(last=False)
            return self._measured[key]


def _moment(facts: AsOf) -> Moment:
    return Moment(
        height=facts.height,
        time=facts.time,
        block_hash=f"0x{facts.block_hash.hex()}",
        facts_digest=f"0x{facts.facts_digest.hex()}",
    )


def _plan_line(plan: Plan, principals: Mapping[str, Sequence[int]], names: Mapping[str, str]) -> PlanLine:
    tranches = principals.get(plan.id, ())
    return PlanLine(
        plan=plan.id,
        code=plan.code,
        name=plan.name,
        venue=plan.venue,
        manager=plan.manager,
        manager_name=names.get(plan.manager, plan.manager),
        custodian=plan.custodian,
        custodian_name=names.get(plan.custodian, plan.custodian),
        servicer=plan.servicer,
        servicer_name=names.get(plan.servicer, plan.servicer),
        cutoff=plan.cutoff,
        closing=plan.closing,
        maturity=plan.maturity,
        tranches=len(tranches),
        principal=sum(tranches),
    )


def _principals(facts: AsOf, *where: ColumnElement[bool]) -> dict[str, list[int]]:
    """What each tranche raised, fen, by plan."""
    found: dict[str, list[int]] = {}
    statement = select(col(Tranche.plan), col(Tranche.principal)).where(facts.current(Tranche), *where)
    for plan, principal in rows_of(facts, statement):
        found.setdefault(plan, []).append(principal)
    return found


def _names(facts: AsOf) -> dict[str, str]:
    """Every member's name by id."""
    statement = select(col(Member.id), col(Member.name)).where(facts.current(Member))
    return dict(rows_of(facts, statement))


def _pool_view(pool: Pool, plan: PlanLine, moment: Moment, names: Mapping[str, str]) -> PoolView:
    debtors, creditors = pool.concentration(top=_LARGEST), pool.concentration(Party.CREDITOR, top=0)
    balance, ratio, wam = pool.balance(), pool.delinquency_ratio(), pool.wam()
    return PoolView(
        plan=plan,
        moment=moment,
        on=pool.on,
        balance=balance.fen(),
        assigned=pool.original().fen(),
        assets=pool.held(),
        open_assets=int(pool.count().number()),
        debtors=int(debtors.members.number()),
        creditors=int(creditors.members.number()),
        overdue=ratio.inputs[0].fen(),
        delinquency=_decimal(ratio),
        top10=_decimal(debtors.top_share),
        hhi=_decimal(debtors.hhi),
        effective_debtors=_decimal(debtors.effective_number),
        wam=_decimal(wam),
        ladder=_slices(pool.maturity_ladder()),
        aging=_slices(pool.aging()),
        largest_debtors=_holdings(debtors, names),
        formulas={
            "balance": balance.formula,
            "delinquency": ratio.formula,
            "top10": debtors.top_share.formula,
            "hhi": debtors.hhi.formula,
            "wam": wam.formula,
        },
    )


def _decimal(figure: Figure) -> Decimal | None:
    return None if figure.value is None else Decimal(figure.number())


def _slices(buckets: Sequence[Bucket]) -> tuple[Slice, ...]:
    return tuple(
        Slice(label=b.label, balance=b.balance.fen(), share=_decimal(b.share), count=int(b.count.number()))
        for b in buckets
    )


def _holdings(debtors: Concentration, names: Mapping[str, str]) -> tuple[Slice, ...]:
    return tuple(
        Slice(
            label=names.get(holding.member, holding.member),
            balance=holding.balance.fen(),
            share=_decimal(holding.share),
            count=holding.count,
        )
        for holding in debtors.largest
    )
