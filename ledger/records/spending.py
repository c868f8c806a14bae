"""Spending outputs and making outputs: what every record that moves a certificate has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ledger.facts import Output, PoolAsset, output_id
from ledger.finding import Code
from ledger.position import Position
from ledger.records.base import Day, Id, Need, Part, Positive, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.projection import Projection

__all__ = ["Inputs", "Made", "Outputs", "begin_output", "inputs_named", "make", "owned_by", "spend"]

MAX_OUTPUTS = 1_000  # in one record

REDEEMING = "certificate.redeemed"


class Made(Part):
    """An output as a record states it. Two owners: their middle account (中间户)."""

    owners: Annotated[tuple[Id, ...], Field(min_length=1, max_length=2)]
    amount: Positive
    due: Day


Inputs = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_OUTPUTS)]
Outputs = Annotated[tuple[Made, ...], Field(min_length=1, max_length=MAX_OUTPUTS)]


def inputs_named(inputs: Iterable[str]) -> list[Reference]:
    """Return what a spending record needs."""
    return [Reference(Output, name, Need.ESSENTIAL) for name in dict.fromkeys(inputs)]


def spend(facts: Projection, inputs: tuple[str, ...]) -> list[Output]:
    """Return the outputs spent, each once; those that were live end here. An earlier spending stays what it was."""
    spent: dict[str, Output] = {}
    for name in inputs:
        output = facts.last(Output, name)
        if output is None:
            continue
        if name in spent:
            facts.finding(
                Code.OUTPUT_DOUBLE_SPEND,
                f"The record spends output {name} twice",
                subject=f"output {name}",
                amount=output.amount,
            )
        elif output.to_position is not None:
            _spent_before(facts, output, Position.from_number(output.to_position))
        else:
            facts.end(output)
        spent[name] = output
    if facts.record.kind != REDEEMING:
        _leaves_no_pool(facts, [output for output in spent.values() if output.to_position is None])
    return list(spent.values())


def _leaves_no_pool(facts: Projection, spent: list[Output]) -> None:
    """Report outputs that a plan's pool holds: only a redemption may spend those."""
    height = facts.record.position.height
    # No earlier block can have assigned what this block made.
    older = facts.live(PoolAsset, "asset", {output.root for output in spent if output.from_height < height})
    newer = facts.started(PoolAsset, "asset", {output.root for output in spent if output.from_height == height})
    named = {output.id: output for output in spent}
    for asset in (*older, *newer):
        for name in dict.fromkeys(asset.outputs):
            output = named.get(name)
            if output is not None and output.root == asset.asset:
                facts.finding(
                    Code.OUTPUT_POOLED,
                    f"Output {output.id} is in the pool of {asset.plan} and is spent by {facts.record.kind}",
                    subject=f"output {output.id}",
                    others=[asset.from_position],
                    amount=output.amount,
                )


def _spent_before(facts: Projection, output: Output, first: Position) -> None:
    redeemed = facts.kind_at(first) == REDEEMING
    code = Code.OUTPUT_REDEEMED if redeemed else Code.OUTPUT_DOUBLE_SPEND
    how = "redeemed" if redeemed else "spent"
    facts.finding(
        code,
        f"Output {output.id} was {how} at {first} and is spent again",
        subject=f"output {output.id}",
        others=[first],
        amount=output.amount,
    )


def owned_by(facts: Projection, spent: list[Output], owner: str | None, *, sharing: bool = False) -> None:
    """Report inputs that ``owner`` may not spend alone.

    A middle account is its two owners' together: one proposed the transfer, so the other may sign it in (``sharing``).
    """
    for output in spent:
        lawful = output.co_owner == owner if sharing else output.owners == (owner,)
        if owner is not None and not lawful:
            facts.finding(
                Code.OUTPUT_NOT_OWNER,
                f"{owner} spends output {output.id}, which is for {' and '.join(output.owners)} to spend",
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
    given, taken = sum(each.amount for each in outputs), sum(each.amount for each in spent)
    if given != taken:
        facts.finding(
            Code.OUTPUT_VALUE,
            "The outputs are not worth what the inputs were",
            subject=f"output {spent[0].id}",
            others=[each.from_position for each in spent],
            inputs=taken,
            outputs=given,
        )
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
        begin_output(
            facts,
            index,
            made,
            root=source.root,
            certificate=source.certificate,
            issuer=source.issuer,
            parents=[each.id for each in spent if each.root == source.root],
            **(financing if financing and made.owners == (financing["financier"],) else {}),
        )


def begin_output(facts: Projection, index: int, made: Made, **known: Any) -> None:
    """Begin one output. Only a transaction with several records can meet an id that is taken; then it has no effect."""
    name = output_id(facts.record.transaction_hash, index)
    if facts.record.position.log and (held := facts.last(Output, name)) is not None:
        facts.finding(
            Code.IDENTIFIER_REUSED,
            f"The output {name} exists already; this one has no effect",
            subject=f"output {name}",
            others=[held.from_position],
        )
        return
    facts.add(
        Output(
            id=name,
            owner=made.owners[0],
            co_owner=made.owners[1] if len(made.owners) == 2 else None,
            amount=made.amount,
            due=made.due,
            made_by=facts.record.kind,
            **known,
        )
    )
