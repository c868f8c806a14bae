"""Reading a plan's pool from the facts, as of a height: a handful of set-based queries, whatever the pool's size.

What is attributed to the pool: of a receivable assigned whole, every payment and adjustment; of one assigned in part
(some outputs of its certificate), the payments on those outputs and on the pieces made of them, and of what was paid on
or taken off the receivable itself the share that the part has in it. A piece made of outputs held and others counts by
value. Shares are taken of everything up to a day and rounded down to the fen once, each change being the difference to
the change before: so a receivable paid in full leaves nothing open on any part of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from math import lcm
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, Executable, ScalarSelect, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from abs.assets import Asset, Change, FactKey
from abs.errors import UnknownPlan
from abs.figure import FactRef
from ledger.business_day import business_day as day_of
from ledger.facts import Fact, Invoice, Output, Plan, PoolAsset, Receivable, ReceivableInvoice, Settlement

FINEST = 1 << 128  # of a share's denominator; beyond it, after some three mergers of mergers, the nearest fen is taken

AT_ONCE = 500  # names in one query; databases bound the parameters of a statement

FactT = TypeVar("FactT", bound=Fact)


class ReadModel(Protocol):
    """What this package asks of the facts as of one height; ``ledger.store.AsOf`` offers it."""

    @property
    def height(self) -> int: ...

    @property
    def time(self) -> datetime: ...

    def get(self, table: type[FactT], id: str) -> FactT | None: ...  # noqa: A002 - the name of the column

    def select(
        self, table: type[FactT], *where: Any, order_by: Any = None, limit: int | None = None, offset: int = 0
    ) -> list[FactT]: ...

    def history(self, table: type[FactT], id: str) -> list[FactT]: ...  # noqa: A002 - the name of the column

    def current(self, table: type[Fact]) -> ColumnElement[bool]: ...

    def begun(self, table: type[Fact]) -> ColumnElement[bool]: ...

    def execute(self, statement: Executable) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class Stated(Generic[FactT]):
    """A fact as a row that figures can stand on."""

    fact: FactT

    def refs(self) -> Iterator[FactRef]:
        """The one fact."""
        yield fact_ref(self.fact)


def fact_ref(fact: Fact) -> FactRef:
    """The reference to one version of a fact."""
    return FactRef(table=type(fact).__name__, id=fact.id, position=str(fact.began))


def business_day(facts: ReadModel) -> date:
    """The business day of the height's block: what is looked at where nobody names a day."""
    return day_of(facts.time)


def plan_of(facts: ReadModel, plan: str) -> Plan:
    """The plan of that id; raises UnknownPlan when the ledger holds none at this height."""
    found = facts.get(Plan, plan)
    if found is None:
        raise UnknownPlan("unknown-plan", f"no plan {plan!r} is on the ledger at height {facts.height}")
    return found


def read_assets(facts: ReadModel, plan: Plan) -> tuple[Asset, ...]:
    """Every asset the plan holds at the height, in the order of assignment, with what changed it and when."""
    members = _members(facts, plan)
    pool = _InPool(facts, plan.id, members)
    settlements, invoices = pool.settlements(), pool.invoices()
    outputs = pool.outputs(settlements)
    receivables = [row for row in pool.receivables() if row.id in members]
    adjustments = pool.adjustments(row.id for row in receivables if row.adjusted_on is not None)
    assets = []
    for row in receivables:
        member = members[row.id]
        part = _Part(member, outputs.get(row.id, {}), row.amount)
        moves = [
            _Move(one.paid_on, -one.amount, weight, True, ("Settlement", one.id, one.from_position))
            for one in settlements.get(row.id, ())
            if (weight := part.weight(one.target_kind, one.target))
        ]
        for day, delta, key in adjustments.get(row.id, ()):
            moves.append(_Move(day, delta, part.weight(), False, key))
        held = invoices.get(row.id, ())
        assets.append(
            Asset(
                asset=row.id,
                creditor=row.creditor,
                debtor=row.debtor,
                amount=part.amount,
                issued=min((one.issued for one in held), default=row.registered_on),
                due=row.due,
                registered_on=row.registered_on,
                assigned_on=member.assigned_on,
                entered_on=plan.cutoff if member.assigned_on <= plan.closing else member.assigned_on,
                invoices=tuple(one.number for one in held),
                outputs=member.outputs,
                disputed=row.disputed,
                related_party=row.related_party,
                changes=_changes(moves),
                keys=(
                    ("Receivable", row.id, row.began),
                    *member.keys,
                    *part.keys(),
                    *(("Invoice", one.id, one.began) for one in held),
                ),
            )
        )
    order = {asset: place for place, asset in enumerate(members)}
    return tuple(sorted(assets, key=lambda asset: order[asset.asset]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """What a plan's assignments say of one asset: its outputs, the first day, and the facts."""

    assigned_on: date
    outputs: tuple[str, ...]
    keys: tuple[FactKey, ...]


def _members(facts: ReadModel, plan: Plan) -> dict[str, _Member]:
    statement = (
        select(col(PoolAsset.id), col(PoolAsset.asset), col(PoolAsset.outputs), col(PoolAsset.assigned_on))
        .add_columns(col(PoolAsset.from_position))
        .where(facts.current(PoolAsset), col(PoolAsset.plan) == plan.id)
        .order_by(col(PoolAsset.from_position), col(PoolAsset.id))
    )
    members: dict[str, _Member] = {}
    for id_, asset, outputs, assigned_on, position in facts.execute(statement):
        key = ("PoolAsset", id_, position)
        before = members.get(asset)
        if before is None:
            members[asset] = _Member(assigned_on=assigned_on, outputs=tuple(outputs), keys=(key,))
        else:
            members[asset] = replace(
                before, outputs=tuple(dict.fromkeys((*before.outputs, *outputs))), keys=(*before.keys, key)
            )
    return members


@dataclass(frozen=True, slots=True)
class _Piece:
    """One output of a certificate: its amount, what it was made from, and where."""

    amount: int
    parents: tuple[str, ...]
    position: int


class _Part:
    """The part of one receivable that the pool holds."""

    __slots__ = ("_outputs", "_pieces", "_share", "_weights", "amount")

    def __init__(self, member: _Member, pieces: Mapping[str, _Piece], whole: int) -> None:
        self._outputs = tuple(id_ for id_ in member.outputs if id_ in pieces)
        self._pieces = pieces
        self._weights: dict[str, int | Fraction] | None = None
        self.amount = sum(pieces[id_].amount for id_ in self._outputs) if self._outputs else whole
        self._share = 1 if self.amount >= whole else Fraction(self.amount, whole)

    def keys(self) -> Iterator[FactKey]:
        """The facts of the outputs held."""
        for id_ in self._outputs:
            yield ("Output", id_, self._pieces[id_].position)

    def weight(self, target_kind: str = "receivable", target: str = "") -> int | Fraction:
        """The share of what is paid on ``target``, or happens to the whole receivable, that falls on this part."""
        if target_kind != "output" or not self._outputs:
            return self._share
        if target in self._outputs:
            return 1
        if self._weights is None:
            self._weights = self._weigh()
        return self._weights.get(target, 0)

    def _weigh(self) -> dict[str, int | Fraction]:
        """How much of every output is made of what is held, by the value of its parents; parents come before."""
        weights: dict[str, int | Fraction] = dict.fromkeys(self._outputs, 1)
        for id_, piece in sorted(self._pieces.items(), key=lambda item: item[1].position):
            parents = [parent for parent in piece.parents if weights.get(parent)]
            if id_ not in weights and parents:
                value = sum(self._pieces[parent].amount for parent in piece.parents if parent in self._pieces)
                held = sum(weights[parent] * self._pieces[parent].amount for parent in parents)
                weight = Fraction(held, value)
                if weight.denominator > FINEST:
                    weight = Fraction(round(weight * piece.amount), piece.amount)
                weights[id_] = weight
        return weights


class _Move(NamedTuple):
    """What changed a receivable, fen, and the share of it that changed the part."""

    on: date
    amount: int
    weight: int | Fraction
    paid: bool
    key: FactKey


def _changes(moves: Sequence[_Move]) -> tuple[Change, ...]:
    """The moves in whole fen, by date: what all up to each come to, towards zero, less what the ones before did."""
    changes: list[Change] = []
    told = 0
    above, below = 0, 1  # what all come to, exactly: a fraction in integers, which is ten times quicker than Fraction
    for move in sorted(moves, key=lambda each: each.on):
        wider = lcm(below, move.weight.denominator)
        above *= wider // below
        above += move.amount * move.weight.numerator * (wider // move.weight.denominator)
        below = wider
        whole = above // below if above >= 0 else -(-above // below)
        changes.append(Change(on=move.on, amount=whole - told, paid=move.paid, keys=(move.key,)))
        told = whole
    return tuple(changes)


class _InPool:
    """The facts about every receivable of one pool: a few queries a table, each row found by an index."""

    def __init__(self, facts: ReadModel, plan: str, members: Mapping[str, _Member]) -> None:
        self._facts = facts
        self._members = members
        self._ids = select(col(PoolAsset.asset)).where(facts.current(PoolAsset), col(PoolAsset.plan) == plan)

    def receivables(self) -> Iterable[Any]:
        """Each receivable as it stands, with ``began``: the record that registered it."""
        statement = (
            select(col(Receivable.id), col(Receivable.creditor), col(Receivable.debtor), col(Receivable.amount))
            .add_columns(col(Receivable.due), col(Receivable.registered_on), col(Receivable.disputed))
            .add_columns(col(Receivable.related_party), col(Receivable.adjusted_on), _first(Receivable).label("began"))
            .where(col(Receivable.id).in_(self._ids), col(Receivable.from_position) == _last(self._facts, Receivable))
            .where(self._facts.current(Receivable))
        )
        return self._facts.execute(statement)

    def outputs(self, settlements: Mapping[str, Sequence[Any]]) -> Mapping[str, dict[str, _Piece]]:
        """The outputs held, by receivable and id; where other outputs were paid on, every one ever made there."""
        found: defaultdict[str, dict[str, _Piece]] = defaultdict(dict)
        pieces = select(col(Output.root), col(Output.id), col(Output.amount), col(Output.from_position))
        for ids in _chunks([id_ for member in self._members.values() for id_ in member.outputs]):
            for root, id_, amount, position in self._facts.execute(
                pieces.where(col(Output.id).in_(ids), self._facts.begun(Output))
            ):
                found[root][id_] = _Piece(amount, (), position)
        elsewhere = [
            asset
            for asset, paid in settlements.items()
            if (held := self._members[asset].outputs)
            and any(one.target_kind == "output" and one.target not in held for one in paid)
        ]
        for ids in _chunks(elsewhere):
            statement = pieces.add_columns(col(Output.parents)).where(
                col(Output.root).in_(ids), self._facts.begun(Output)
            )
            for root, id_, amount, position, parents in self._facts.execute(statement):
                found[root][id_] = _Piece(amount, tuple(parents), position)
        return found

    def settlements(self) -> Mapping[str, Sequence[Any]]:
        """Every part of a payment that settles one of these receivables or its outputs."""
        statement = (
            select(col(Settlement.receivable), col(Settlement.id), col(Settlement.target_kind), col(Settlement.target))
            .add_columns(col(Settlement.amount), col(Settlement.paid_on), col(Settlement.from_position))
            .where(self._facts.current(Settlement), col(Settlement.receivable).in_(self._ids))
            .order_by(col(Settlement.paid_on), col(Settlement.from_position), col(Settlement.id))
        )
        return _grouped(self._facts.execute(statement))

    def invoices(self) -> Mapping[str, Sequence[Any]]:
        """The invoices each receivable rests on, with ``began``: the record that registered the invoice."""
        statement = (
            select(col(ReceivableInvoice.receivable), col(Invoice.id), col(Invoice.number), col(Invoice.issued))
            .add_columns(col(Invoice.from_position).label("began"))
            .join(Invoice, col(Invoice.id) == col(ReceivableInvoice.invoice))
            .where(self._facts.current(ReceivableInvoice), col(ReceivableInvoice.receivable).in_(self._ids))
            .where(self._facts.begun(Invoice), col(Invoice.from_position) == _first(Invoice))
            .order_by(col(ReceivableInvoice.receivable), col(Invoice.id))
        )
        return _grouped(self._facts.execute(statement))

    def adjustments(self, adjusted: Iterable[str]) -> dict[str, list[tuple[date, int, FactKey]]]:
        """What changed the amount owed other than payments, by receivable: the day it states, fen, and the fact.

        ``adjusted`` are the receivables that say so.
        """
        found: defaultdict[str, list[tuple[date, int, FactKey]]] = defaultdict(list)
        before: tuple[str, int] = ("", 0)
        for ids in _chunks(sorted(adjusted)):
            statement = (
                select(col(Receivable.id), col(Receivable.adjusted_on), col(Receivable.from_position))
                .add_columns(col(Receivable.adjusted))
                .where(col(Receivable.id).in_(ids), self._facts.begun(Receivable))
                .order_by(col(Receivable.id), col(Receivable.from_position))
            )
            for id_, day, position, amount in self._facts.execute(statement):
                known = before[1] if before[0] == id_ else 0
                if amount != known:
                    found[id_].append((day, amount - known, ("Receivable", id_, position)))
                before = (id_, amount)
        return found


def _first(table: type[Fact]) -> ScalarSelect[int]:
    """Where the first version of a row's thing began: one step down the primary key."""
    versions = aliased(table)
    return select(func.min(col(versions.from_position))).where(col(versions.id) == col(table.id)).scalar_subquery()


def _last(facts: ReadModel, table: type[Fact]) -> ScalarSelect[int]:
    """Where the last version of a row's thing at the height began: one step, however many there are."""
    versions = aliased(table)
    last = select(func.max(col(versions.from_position))).where(col(versions.id) == col(table.id), facts.begun(versions))
    return last.scalar_subquery()


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """The names, as many at once as a statement may have parameters."""
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]


def _grouped(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """Rows by their first column."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found
