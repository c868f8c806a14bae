"""Looking through a plan: plan -> tranches -> pool -> one asset's certificate, invoices and payments.

Everything is read from the facts as of one height; the pool is seen on one business day. Every step names the record
that shows it, so that it can be proved (``ledger.proofs``) without this node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from abs.composition import Bucket, Concentration
from abs.figure import Figure
from abs.frame import Party
from abs.performance import DELINQUENCY_EDGES
from abs.pool import Pool, read_pool
from abs.reading import plan_of
from ledger.facts import Distribution, Member, Plan, PoolAsset, Tranche
from ledger.position import Position
from ledger.store import AsOf
from regulator.asset_trail import asset_trail
from regulator.evidence import Register, rows_of
from regulator.steps import AssetTrail, DistributionStep, Evidence, TrancheStep, jsonable

__all__ = [
    "AssetLine",
    "AssetPage",
    "Lineage",
    "LookThrough",
    "PlanLine",
    "PlanStep",
    "PoolStep",
    "lineage",
    "look_through",
    "plans",
]

PAGE = 50
"""Assets listed where nobody asks for another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One plan in a list: what was raised, what is still owed to holders, how many assets and distributions, in fen."""

    plan: str
    name: str
    code: str
    venue: str
    manager: str
    closing: date
    maturity: date
    tranches: int
    principal: int
    outstanding: int
    assets: int
    distributions: int
    last_distribution: date | None

    def as_json(self) -> dict[str, object]:
        """The line as JSON-able data."""
        return {one.name: jsonable(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """The plan and the record that established it."""

    plan: str
    name: str
    code: str
    venue: str
    manager: str
    custodian: str
    servicer: str
    originators: tuple[str, ...]
    shelf: str | None
    cutoff: date
    closing: date
    maturity: date
    established: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStep:
    """The pool on a day, in figures. ``original`` is the first amount of all assets, paid or not."""

    on: date
    original: Figure
    balance: Figure
    count: Figure
    wam: Figure
    seasoning: Figure
    delinquency_ratio: Figure
    disputed_share: Figure
    related_party_share: Figure
    aging: tuple[Bucket, ...]
    ladder: tuple[Bucket, ...]
    debtors: Concentration
    creditors: Concentration

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """Every figure with its formula, buckets and concentrations with theirs."""
        found: dict[str, object] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Figure | Concentration):
                found[one.name] = value.as_json(depth)
            elif isinstance(value, tuple):
                found[one.name] = [bucket.as_json(depth) for bucket in value]
            else:
                found[one.name] = jsonable(value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLine:
    """One asset of the pool on the day, fen."""

    asset: str
    invoices: tuple[str, ...]
    creditor: str
    debtor: str
    amount: int
    outstanding: int
    issued: date
    due: date
    days_past_due: int
    assigned_on: date | None
    disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPage:
    """Some of the pool's assets, open and paid, in the order of their assignment; ``total`` says how many there are."""

    offset: int
    total: int
    lines: tuple[AssetLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a plan and one asset of it stand on, as of ``height``; ``names`` are the members' names by id."""

    height: int
    block_hash: str
    time: datetime
    plan: PlanStep
    tranches: tuple[TrancheStep, ...]
    asset: AssetTrail | None
    names: dict[str, str]

    def evidence(self) -> Iterator[Evidence]:
        """The records behind the plan and its tranches, then those of the asset looked at; each once."""
        seen: set[str] = set()
        for one in self._evidence():
            if one.position not in seen:
                seen.add(one.position)
                yield one

    def positions(self) -> tuple[Position, ...]:
        """Where those records are, in ledger order."""
        found = (Position.parse(one.position) for one in self.evidence())
        return tuple(sorted(position for position in found if position is not None))

    def _evidence(self) -> Iterator[Evidence]:
        yield self.plan.established
        for tranche in self.tranches:
            yield tranche.established
            for distribution in tranche.distributions:
                yield distribution.paid
        if self.asset is not None:
            yield from self.asset.evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookThrough(Lineage):
    """What stands behind a plan, with its pool as it is on ``pool.on`` and a page of the pool's assets."""

    pool: PoolStep
    assets: AssetPage

    def as_json(self, depth: int = 0) -> dict[str, object]:
        """Everything as JSON-able data; ``depth`` unfolds figures that many levels."""
        found = {one.name: jsonable(getattr(self, one.name)) for one in fields(self) if one.name != "pool"}
        return found | {"pool": self.pool.as_json(depth)}


def plans(facts: AsOf) -> tuple[PlanLine, ...]:
    """Every plan on the ledger at the height, by code; empty when there is none."""
    with facts.at_once() as known:
        sums = func.sum(col(Tranche.principal)), func.sum(col(Tranche.outstanding))
        tranches = _aggregates(known, Tranche, func.count(), *sums)
        assets = _aggregates(known, PoolAsset, func.count())
        periods, last_paid = func.count(col(Distribution.period).distinct()), func.max(col(Distribution.paid_on))
        paid = _aggregates(known, Distribution, periods, last_paid)
        found = known.select(Plan)
    lines = []
    for plan in found:
        count, principal, outstanding = tranches.get(plan.id, (0, 0, 0))
        distributions, last = paid.get(plan.id, (0, None))
        lines.append(
            PlanLine(
                plan=plan.id,
                name=plan.name,
                code=plan.code,
                venue=plan.venue,
                manager=plan.manager,
                closing=plan.closing,
                maturity=plan.maturity,
                tranches=count,
                principal=int(principal),
                outstanding=int(outstanding),
                assets=assets.get(plan.id, (0,))[0],
                distributions=distributions,
                last_distribution=last,
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.code, line.plan)))


def _aggregates(facts: AsOf, table: type[Tranche | PoolAsset | Distribution], *of: Any) -> dict[str, tuple[Any, ...]]:
    """These aggregates over each plan's rows that hold, by plan; one statement."""
    statement = select(col(table.plan), *of).where(facts.current(table)).group_by(col(table.plan))
    return {plan: tuple(values) for plan, *values in rows_of(facts, statement)}


def look_through(
    facts: AsOf,
    plan: str,
    asset: str | None = None,
    *,
    on: date | None = None,
    edges: tuple[int, ...] = DELINQUENCY_EDGES,
    offset: int = 0,
    limit: int = PAGE,
) -> LookThrough:
    """The plan with its tranches, its pool on a day (the block's by default), a page of assets, and one asset's trail.

    Raises UnknownPlan and UnknownAsset, each with what to do next.
    """
    with facts.at_once() as known:
        pool = read_pool(known, plan, on, history=False)
        lines = tuple(_line(row) for row in pool.listed(offset, limit).iter_rows(named=True))
        step = _pool_step(pool, edges)
        members = {holding.member for side in (step.debtors, step.creditors) for holding in side.largest}
        members.update(member for line in lines for member in (line.creditor, line.debtor))
        beneath = _lineage(known, plan, asset, members)
    return LookThrough(
        **{one.name: getattr(beneath, one.name) for one in fields(beneath)},
        pool=step,
        assets=AssetPage(offset=offset, total=pool.held(), lines=lines),
    )


def lineage(facts: AsOf, plan: str, asset: str | None = None) -> Lineage:
    """The plan with its tranches and one asset's trail: what it costs does not grow with the pool.

    Raises UnknownPlan and UnknownAsset, each with what to do next.
    """
    with facts.at_once() as known:
        return _lineage(known, plan, asset, set())


def _lineage(facts: AsOf, plan: str, asset: str | None, members: set[str]) -> Lineage:
    """The same, also naming these members."""
    found = plan_of(facts, plan)
    register = Register(facts)
    trail = None if asset is None else asset_trail(facts, plan, asset)
    return Lineage(
        height=facts.height,
        block_hash="0x" + bytes(facts.block_hash).hex(),
        time=facts.time,
        plan=_plan_step(facts, register, found),
        tranches=_tranches(facts, register, plan),
        asset=trail,
        names=_names(facts, members | _members(found, trail)),
    )


def _plan_step(facts: AsOf, register: Register, plan: Plan) -> PlanStep:
    return PlanStep(
        plan=plan.id,
        name=plan.name,
        code=plan.code,
        venue=plan.venue,
        manager=plan.manager,
        custodian=plan.custodian,
        servicer=plan.servicer,
        originators=tuple(plan.originators),
        shelf=plan.shelf,
        cutoff=plan.cutoff,
        closing=plan.closing,
        maturity=plan.maturity,
        established=register.began(facts.history(Plan, plan.id)[0]),
    )


def _tranches(facts: AsOf, register: Register, plan: str) -> tuple[TrancheStep, ...]:
    paid = sorted(
        facts.select(Distribution, col(Distribution.plan) == plan), key=lambda one: (one.period, one.from_position)
    )
    first: dict[str, Tranche] = {}
    last: dict[str, Tranche] = {}
    for version in facts.select_ended(Tranche, col(Tranche.plan) == plan):
        first.setdefault(version.id, version)
        last[version.id] = version
    register.expect(one.from_position for one in (*paid, *first.values()))
    steps = []
    for tranche in sorted(
        (one for one in last.values() if one.to_height is None), key=lambda one: (one.place, one.from_position)
    ):
        steps.append(
            TrancheStep(
                tranche=tranche.tranche,
                name=tranche.name,
                code=tranche.code,
                rank=tranche.rank,
                principal=tranche.principal,
                outstanding=tranche.outstanding,
                rate=tranche.rate,
                repayment=tranche.repayment,
                maturity=tranche.maturity,
                established=register.began(first[tranche.id]),
                distributions=tuple(
                    DistributionStep(
                        distribution=one.id,
                        period=one.period,
                        paid_on=one.paid_on,
                        principal=one.principal,
                        interest=one.interest,
                        paid=register.began(one),
                    )
                    for one in paid
                    if one.tranche == tranche.tranche
                ),
            )
        )
    return tuple(steps)


def _pool_step(pool: Pool, edges: tuple[int, ...]) -> PoolStep:
    return PoolStep(
        on=pool.on,
        original=pool.held_original(),
        balance=pool.balance(),
        count=pool.count(),
        wam=pool.wam(),
        seasoning=pool.seasoning(),
        delinquency_ratio=pool.delinquency_ratio(),
        disputed_share=pool.disputed_share(),
        related_party_share=pool.related_party_share(),
        aging=pool.aging(edges),
        ladder=pool.maturity_ladder(),
        debtors=pool.concentration(Party.DEBTOR),
        creditors=pool.concentration(Party.CREDITOR),
    )


def _line(row: Mapping[str, Any]) -> AssetLine:
    named = {one.name: row[one.name] for one in fields(AssetLine) if one.name != "invoices"}
    return AssetLine(invoices=tuple(row["numbers"] or ()), **named)


def _members(plan: Plan, trail: AssetTrail | None) -> set[str]:
    found = {plan.manager, plan.custodian, plan.servicer, *plan.originators}
    if trail is not None:
        found.update((trail.receivable.creditor, trail.receivable.debtor))
        found.update(owner for output in trail.outputs for owner in output.owners)
        found.update(member for one in trail.payments for member in (one.payer, one.payee))
        found.update(one.assignor for one in trail.assignments)
        found.update(one.signer for one in trail.evidence())
        found.update(one.verified_by for one in trail.invoices if one.verified_by is not None)
    return found


def _names(facts: AsOf, members: set[str]) -> dict[str, str]:
    if not members:
        return {}
    rows = facts.select(Member, col(Member.id).in_(sorted(members)), order_by=col(Member.id))
    return {one.id: one.name for one in rows}
