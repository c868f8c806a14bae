"""Into a plan's pool and out of it: what every record that changes a pool has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ledger.facts import AssetStatus, Freeze, Output, Plan, PoolAsset, PoolExit, Receivable, within_plan
from ledger.finding import Code
from ledger.records.base import MAX_ITEMS, Id, Ids, Lookup, Need, Part, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.projection import Projection

__all__ = [
    "Assets",
    "Assigned",
    "admit",
    "by_originator",
    "coming",
    "going",
    "leave",
    "not_held",
    "pooled_before",
    "unfinished",
    "worth",
]

SHOWN = 5  # names spelled out in one message


class Assigned(Part):
    """A receivable, and the outputs by which the assignor owns it; none when it owns the receivable itself."""

    asset: Id
    outputs: Ids


Assets = Annotated[tuple[Assigned, ...], Field(min_length=1, max_length=MAX_ITEMS)]


def coming(plan: str, assets: Iterable[Assigned]) -> Iterable[Reference]:
    """Return what a record that brings assets into the pool names."""
    named: dict[Reference, None] = {}
    for each in assets:
        named[Reference(Receivable, each.asset)] = None
        named[Reference(AssetStatus, within_plan(plan, each.asset), Need.READ)] = None
        for output in each.outputs:
            named[Reference(Output, output)] = named[Reference(Freeze, output, Need.READ)] = None
    return named


def pooled_before(assets: Iterable[Assigned]) -> Lookup:
    """Return where these assets are in pools already."""
    return Lookup(PoolAsset, "asset", tuple(each.asset for each in assets))


def going(plan: str, assets: Iterable[str]) -> Iterator[Reference]:
    """Yield what a record that acts on assets of the pool names."""
    for asset in dict.fromkeys(assets):
        yield Reference(Receivable, asset)
        yield Reference(PoolAsset, within_plan(plan, asset), Need.READ)


def by_originator(facts: Projection, plan: Plan, member: str, act: str) -> None:
    """Report a sender other than ``member``, and a member who is none of the plan's originators (原始权益人)."""
    facts.by_party(member, act=f"{act} for {member}")
    if member not in plan.originators:
        facts.finding(
            Code.PLAN_ORIGINATOR,
            f"{member} is no originator of plan {plan.id}",
            subject=f"plan {plan.id}",
            others=[plan.from_position],
        )


def admit(facts: Projection, plan: Plan, assets: tuple[Assigned, ...], assignor: str, **entry: Any) -> None:
    """Let the assets be in the pool; report those the assignor does not own and those a pool holds already.

    ``entry``: the columns that say how they came in. Pieces of a receivable the pool holds other pieces of join those.
    """
    pooled: dict[str, list[PoolAsset]] = {}
    for row in facts.live(PoolAsset, "asset", (each.asset for each in assets)):
        pooled.setdefault(row.asset, []).append(row)
    for each in assets:
        receivable = facts.current(Receivable, each.asset)
        if receivable is None:
            continue
        _check_owner(facts, assignor, each, receivable)
        held = pooled.setdefault(each.asset, [])
        double = _same(facts, each, held)
        if double:
            facts.finding(
                Code.POOL_DOUBLE,
                f"{each.asset} is in the pool of {_plans(double)} and comes into that of {plan.id}",
                subject=f"receivable {each.asset}",
                others=[row.from_position for row in double],
                outstanding=receivable.outstanding,
            )
        mine = next((place for place, row in enumerate(held) if row.plan == plan.id), None)
        if mine is None:
            row = PoolAsset(
                id=within_plan(plan.id, each.asset),
                plan=plan.id,
                asset=each.asset,
                outputs=list(each.outputs),
                assignor=assignor,
                **entry,
            )
            facts.add(row)
            held.append(row)
            if status := facts.current(AssetStatus, row.id):
                facts.end(status)  # of an earlier time in this pool
        elif held[mine].plan not in {row.plan for row in double}:
            held[mine] = held[mine].changed(outputs=[*held[mine].outputs, *each.outputs])
            facts.begin(held[mine])


def _check_owner(facts: Projection, assignor: str, assigned: Assigned, receivable: Receivable) -> None:
    reasons: list[tuple[str, int]] = []
    if not assigned.outputs and receivable.creditor != assignor:
        reasons.append((f"its creditor is {receivable.creditor}", receivable.from_position))
    if not assigned.outputs and receivable.certified > 0:
        reasons.append(("certificates stand for it, and no output is named", receivable.from_position))
    for name in assigned.outputs:
        output = facts.last(Output, name)
        if output is None:
            continue
        if output.root != assigned.asset:
            reasons.append((f"output {name} is a piece of {output.root}", output.from_position))
        elif output.to_position is not None:
            reasons.append((f"output {name} was spent before", output.to_position))
        elif output.owners != (assignor,):
            reasons.append((f"output {name} belongs to {' and '.join(output.owners)}", output.from_position))
        if freeze := facts.current(Freeze, name):
            facts.finding(
                Code.OUTPUT_FROZEN,
                f"Output {name} is frozen by {freeze.frozen_by} and comes into a pool",
                subject=f"output {name}",
                others=[freeze.from_position],
                amount=output.amount,
            )
    for reason, position in reasons:
        facts.finding(
            Code.POOL_NOT_OWNER,
            f"{assignor} assigns {assigned.asset}, but {reason}",
            subject=f"receivable {assigned.asset}",
            others=[position],
            outstanding=receivable.outstanding,
        )


def _same(facts: Projection, assigned: Assigned, held: list[PoolAsset]) -> list[PoolAsset]:
    """Return the rows that hold the same value. Only other pieces of the receivable are certainly other value."""
    pieces = [output for name in assigned.outputs if (output := facts.last(Output, name)) is not None]
    if not held or not pieces or any(piece.root != assigned.asset for piece in pieces):
        return held
    return [row for row in held if not row.outputs or any(piece.held_by(row) for piece in pieces)]


def _plans(rows: Iterable[PoolAsset]) -> str:
    return ", ".join(row.plan for row in rows)


def leave(facts: Projection, plan: str, assets: Iterable[str], **exit_: Any) -> list[PoolAsset]:
    """Let the assets be in the pool no longer; report those it does not hold. ``exit_``: how and why they left."""
    gone: list[PoolAsset] = []
    foreign: list[str] = []
    for asset in dict.fromkeys(assets):
        row = facts.current(PoolAsset, within_plan(plan, asset))
        if row is None:
            foreign.append(asset)
            continue
        facts.end(row)
        facts.add(PoolExit(id=facts.place(len(gone)), plan=plan, asset=asset, **exit_))
        gone.append(row)
    not_held(facts, plan, foreign)
    return gone


def not_held(facts: Projection, plan: str, assets: list[str]) -> None:
    """Report assets that a record acts on and the pool does not hold."""
    if assets:
        more = f" and {len(assets) - SHOWN} more" if len(assets) > SHOWN else ""
        facts.finding(
            Code.POOL_NOT_IN_POOL,
            f"The plan's pool does not hold {', '.join(assets[:SHOWN])}{more}",
            subject=f"plan {plan}",
            assets=len(assets),
        )


def worth(facts: Projection, asset: str, outputs: Iterable[str]) -> int:
    """Return what is outstanding on a receivable, or on the live ones of these pieces of it, fen."""
    receivable = facts.current(Receivable, asset)
    if receivable is None:
        return 0
    outstanding = max(receivable.outstanding, 0)
    named = set(outputs)
    pieces = [output for name in named if (output := facts.current(Output, name)) is not None and output.root == asset]
    return min(sum(piece.amount for piece in pieces), outstanding) if named else outstanding


def unfinished(facts: Projection, plan: str) -> list[PoolAsset]:
    """Return what the pool holds and was not settled in full. Reads the whole pool: for what happens to a plan once."""
    rows = facts.live(PoolAsset, "plan", [plan])
    facts.prefetch((Receivable, row.asset) for row in rows)
    facts.prefetch((Output, output) for row in rows for output in row.outputs)
    return [row for row in rows if worth(facts, row.asset, row.outputs)]
