"""Spending outputs and making outputs: what every record that moves a certificate has in common.

Quota of a credit moves the same way, so :func:`take`, :func:`balanced` and :func:`pieces_named` serve both.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

from pydantic import Field

from ledger.facts import Fact, Freeze, Output, PoolAsset, Quota, output_id
from ledger.finding import Code
from ledger.position import Position
from ledger.records.base import Day, Id, Lookup, Need, Part, Payload, Positive, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ledger.projection import Projection, Record

__all__ = [
    "MAX_OUTPUTS",
    "Inputs",
    "Made",
    "Making",
    "Moving",
    "Outputs",
    "alone",
    "balanced",
    "begin_output",
    "inputs_named",
    "make",
    "owned_by",
    "pieces_named",
    "proposer",
    "receiver",
    "spend",
    "take",
]

MAX_OUTPUTS = 1_000  # in one record

REDEEMING = "certificate.redeemed"


class Made(Part):
    """An output as a record states it. Two owners: their middle account (中间户)."""

    owners: Annotated[tuple[Id, ...], Field(min_length=1, max_length=2)]
    amount: Positive
    due: Day


Inputs = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_OUTPUTS)]
Outputs = Annotated[tuple[Made, ...], Field(min_length=1, max_length=MAX_OUTPUTS)]


class _Breaches(NamedTuple):
    value: Code
    double_spend: Code


S = TypeVar("S", Output, Quota)

_BREACHES: dict[type[Fact], _Breaches] = {
    Output: _Breaches(Code.OUTPUT_VALUE, Code.OUTPUT_DOUBLE_SPEND),
    Quota: _Breaches(Code.QUOTA_VALUE, Code.QUOTA_DOUBLE_SPEND),
}


def take(facts: Projection, table: type[S], inputs: Iterable[str]) -> list[S]:
    """Return the pieces spent, each once, as they were; live ones end here. An earlier spending stays what it was."""
    spent: dict[str, S] = {}
    for name in inputs:
        piece = facts.last(table, name)
        if piece is None:
            continue
        if name in spent:
            facts.finding(
                _BREACHES[table].double_spend,
                f"The record spends {table.label} {name} twice",
                subject=f"{table.label} {name}",
                amount=piece.amount,
            )
            continue
        spent[name] = piece
        if piece.to_position is None:
            facts.end(piece)
        else:
            _spent_before(facts, piece, Position.from_number(piece.to_position))
    return list(spent.values())


def _spent_before(facts: Projection, piece: Output | Quota, first: Position) -> None:
    redeemed = facts.kind_at(first) == REDEEMING
    how = "redeemed" if redeemed else "spent"
    facts.finding(
        Code.OUTPUT_REDEEMED if redeemed else _BREACHES[type(piece)].double_spend,
        f"{piece.label.capitalize()} {piece.id} was {how} at {first} and is spent again",
        subject=f"{piece.label} {piece.id}",
        others=[first],
        amount=piece.amount,
    )


def balanced(facts: Projection, spent: Sequence[S], given: int) -> None:
    """Report what is made, ``given`` fen together, when it is not worth what was spent."""
    taken = sum(each.amount for each in spent)
    if given != taken:
        facts.finding(
            _BREACHES[type(spent[0])].value,
            "The outputs are not worth what the inputs were",
            subject=f"{spent[0].label} {spent[0].id}",
            others=[each.from_position for each in spent],
            inputs=taken,
            outputs=given,
        )


class Moving(Payload):
    """A record that spends outputs or gives them up, or marks them."""

    inputs: Inputs

    def lookups_after(self, facts: Projection) -> list[Lookup]:
        outputs = (facts.last(Output, name) for name in self.inputs)
        return [Lookup(PoolAsset, "asset", tuple({output.root for output in outputs if output is not None}))]


class Making(Payload):
    """A record that makes outputs."""

    outputs: Outputs

    def makes(self, record: Record) -> list[Reference]:
        return pieces_named(Output, record, len(self.outputs))


def pieces_named(table: type[S], record: Record, count: int) -> list[Reference]:
    """Return the pieces that a record makes: an id names its transaction, which makes something once."""
    return [Reference(table, output_id(record.transaction_hash, index), Need.NEW) for index in range(count)]


def inputs_named(inputs: Iterable[str]) -> list[Reference]:
    """Return what a record needs that spends outputs or marks them."""
    names = dict.fromkeys(inputs)
    return [
        *(Reference(Output, name, Need.ESSENTIAL) for name in names),
        *(Reference(Freeze, name, Need.READ) for name in names),
    ]


def spend(facts: Projection, inputs: tuple[str, ...]) -> list[Output]:
    """Return the outputs spent, each once, with the pool they are taken from; report those that may not move."""
    spent = take(facts, Output, inputs)
    live = [output for output in spent if output.to_position is None]
    for output in live:
        if freeze := facts.current(Freeze, output.id):
            facts.finding(
                Code.OUTPUT_FROZEN,
                f"Output {output.id} is frozen by {freeze.frozen_by} and is spent by {facts.record.kind}",
                subject=f"output {output.id}",
                others=[freeze.from_position],
                amount=output.amount,
            )
    if facts.record.kind == REDEEMING:
        return spent
    plans = _leaves_no_pool(facts, live)
    return [each if each.pooled == plans.get(each.id) else each.changed(pooled=plans.get(each.id)) for each in spent]


def _leaves_no_pool(facts: Projection, spent: list[Output]) -> dict[str, str]:
    """Report outputs that a plan's pool holds, and return their plans: only a redemption may spend those."""
    height = facts.record.position.height
    by_root: defaultdict[str, list[Output]] = defaultdict(list)
    for output in spent:
        by_root[output.root].append(output)
    # No earlier block can have assigned what this block made, unless it was made from what that assigned.
    known = {output.root for output in spent if output.from_height < height or output.pooled is not None}
    older = facts.live(PoolAsset, "asset", known)
    newer = facts.started(PoolAsset, "asset", by_root.keys() - known)
    plans: dict[str, str] = {}
    for asset in (*older, *newer):
        for output in by_root[asset.asset]:
            if output.held_by(asset):
                plans.setdefault(output.id, asset.plan)
                facts.finding(
                    Code.OUTPUT_POOLED,
                    f"Output {output.id} is in the pool of {asset.plan} and is spent by {facts.record.kind}",
                    subject=f"output {output.id}",
                    others=[asset.from_position],
                    amount=output.amount,
                )
    return plans


def alone(output: Output) -> str | None:
    """Return who may spend an output without anyone else; nobody may a middle account's."""
    return output.owner if output.co_owner is None else None


def receiver(output: Output) -> str | None:
    """Return who may sign in or refuse what waits on a middle account."""
    return output.co_owner


def proposer(output: Output) -> str | None:
    """Return who may take back what waits on a middle account."""
    return None if output.co_owner is None else output.owner


def owned_by(
    facts: Projection, spent: list[Output], owner: str | None, rightful: Callable[[Output], str | None] = alone
) -> None:
    """Report inputs of which ``owner`` is not the one that may spend them this way; None: nobody knows who it is."""
    for output in spent:
        if owner is not None and owner != rightful(output):
            facts.finding(
                Code.OUTPUT_NOT_OWNER,
                f"{owner} alone may not do this with output {output.id}, which is {' and '.join(output.owners)}'s",
                subject=f"output {output.id}",
                others=[output.from_position],
                amount=output.amount,
            )


def _assigned(facts: Projection, spent: list[Output], outputs: tuple[Made, ...]) -> list[Output]:
    """Return for each output the input it takes its root from: value flows from inputs to outputs in their order."""
    starts = []
    place = total = 0
    for output in outputs:
        while place < len(spent) - 1 and total >= spent[place].amount:
            total -= spent[place].amount
            place += 1
        first, rest = spent[place], total + output.amount
        at = place
        while at < len(spent) - 1 and rest > spent[at].amount:
            rest -= spent[at].amount
            at += 1
            if spent[at].root != first.root:
                facts.finding(
                    Code.OUTPUT_ROOTS,
                    f"One output mixes receivables {first.root} and {spent[at].root}",
                    subject=f"receivable {first.root}",
                    others=[first.from_position, spent[at].from_position],
                )
                break
        starts.append(first)
        total += output.amount
    return starts


def make(
    facts: Projection,
    spent: list[Output],
    outputs: tuple[Made, ...],
    *,
    may_own: Callable[[tuple[str, ...]], bool],
    financing: Mapping[str, Any] | None = None,
) -> None:
    """Begin the record's outputs, descended from what it spent; report value, owners and dates that do not follow.

    ``may_own`` tells which owners the kind of record can give an output to. ``financing``: the columns of what its
    financier gets; change carries none.
    """
    balanced(facts, spent, sum(each.amount for each in outputs))
    latest = max(each.due for each in spent)
    for index, (made, source) in enumerate(zip(outputs, _assigned(facts, spent, outputs), strict=True)):
        name = output_id(facts.record.transaction_hash, index)
        subject = f"output {name}"
        if not may_own(made.owners):
            facts.finding(
                Code.OUTPUT_RECIPIENT,
                f"{facts.record.kind} cannot give an output to {' and '.join(made.owners)}",
                subject=subject,
                others=[source.from_position],
                amount=made.amount,
            )
        if made.due > latest:
            facts.finding(
                Code.OUTPUT_DUE,
                "The output falls due later than what it was made from",
                subject=subject,
                others=[source.from_position],
                due=str(made.due),
                before=str(latest),
            )
        parents = [each for each in spent if each.root == source.root]
        begin_output(
            facts,
            index,
            made,
            root=source.root,
            certificate=source.certificate,
            issuer=source.issuer,
            parents=[each.id for each in parents],
            pooled=next((each.pooled for each in parents if each.pooled is not None), None),
            **(financing if financing and made.owners == (financing["financier"],) else {}),
        )


def begin_output(facts: Projection, index: int, made: Made, **known: Any) -> None:
    """Begin one output as the record states it."""
    facts.add(
        Output(
            id=output_id(facts.record.transaction_hash, index),
            made_by=facts.record.kind,
            owner=made.owners[0],
            co_owner=made.owners[1] if len(made.owners) == 2 else None,
            amount=made.amount,
            due=made.due,
            **known,
        )
    )
