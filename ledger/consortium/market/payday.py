"""The day money comes: debtors pay what is due, certificates are redeemed, quota is released, late payers are watched.

Whoever owes several claims to one payee pays them in one go, as companies do.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ledger.consortium.market.acts import claims, credit
from ledger.consortium.market.schedule import EVENING, NIGHT
from ledger.consortium.market.stage import days_after

if TYPE_CHECKING:
    from datetime import date

    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.world import Holding, World

__all__ = ["owe"]

PER_PAYMENT = 40  # claims or pieces settled by one payment
# Of a thousand claims: paid on the day, up to a month late, up to four months late; the rest are never paid.
PUNCTUAL, LATE, VERY_LATE = 850, 965, 988
OVERDUE, DEFAULTED, WRITTEN_OFF = 1, 90, 180  # days after the due date


def owe(world: World, chance: Chance, held: Holding) -> None:
    """Let the debtor pay what is held, in its time."""
    due, fate = held.claim.due, chance.below(1000)
    if fate < PUNCTUAL:
        _expect(world, due, held)
        return
    late = chance.between(1, 30) if fate < LATE else chance.between(31, 120)
    day = days_after(due, late) if fate < VERY_LATE else None
    if day is not None:
        _expect(world, day, held)
    world.market.start(_watch(world, held, day), world.market.at(days_after(due, OVERDUE), NIGHT))


def _expect(world: World, day: date, held: Holding) -> None:
    """Put a payment on its day; the first one makes the day a payday."""
    day = max(day, world.market.day)
    waiting = world.dues[day.toordinal()]
    if not waiting:
        world.market.start(_payday(world, day.toordinal()), world.market.at(day, EVENING))
    waiting.append(held)


def _payday(world: World, ordinal: int) -> Process:
    groups: defaultdict[tuple[str, str], list[Holding]] = defaultdict(list)
    for held in world.dues.pop(ordinal):
        plan = world.pooled.get(held.claim.receivable) if held.price else None
        owner = held.pieces[0].owner if held.pieces else held.claim.creditor
        payee = owner if plan is None else world.servicer_of[plan]
        groups[held.claim.debtor.member, payee.member].append(held)
    for (payer, receiver), together in groups.items():
        for start in range(0, len(together), PER_PAYMENT):
            _pay(world, payer, receiver, together[start : start + PER_PAYMENT])
    yield from ()


def _pay(world: World, debtor: str, payee: str, together: list[Holding]) -> None:
    stage = world.market
    parts: list[tuple[str, str, int]] = []
    for held in together:
        if held.pieces:
            parts.extend(("output", each.output, each.amount) for each in held.pieces)
        else:
            parts.append(("receivable", held.claim.receivable, held.claim.amount))
    settlement = world.cast["settlement"]
    payment = claims.pay(stage, settlement, stage.member(debtor), stage.member(payee), parts, v=1 + stage.day.day % 2)
    if pieces := [piece for held in together for piece in held.pieces]:
        claims.redeem(stage, settlement, pieces, payment)
    for held in together:
        amount = sum(each.amount for each in held.pieces) if held.pieces else held.claim.amount
        plan = world.pooled.get(held.claim.receivable) if held.price else None
        if plan is not None:
            world.collected[plan].append((payment, held.claim.receivable, amount))
        _free_quota(world, held, amount)
        held.paid = True


def _free_quota(world: World, held: Holding, amount: int) -> None:
    """What a redeemed certificate took up of its issuer's credit is free again, once nothing of it is left."""
    bound = world.credits.get(held.claim.debtor.member)
    name = held.claim.certificate
    if bound is None or not held.pieces or name not in bound.occupied:
        return
    left = world.redeeming.get(name, held.claim.amount) - amount
    if left:
        world.redeeming[name] = left
    else:
        world.redeeming.pop(name, None)
        credit.release(world.market, bound, name)


def _watch(world: World, held: Holding, day: date | None) -> Process:
    """The servicer reports what becomes of a late asset of its pool."""
    stage, asset, due = world.market, held.claim.receivable, held.claim.due
    amount = sum(each.amount for each in held.pieces) if held.pieces else held.claim.amount

    def report(kind: str, **stated: object) -> None:
        plan = world.pooled.get(asset)
        if plan is not None and held.price:
            stage.write(world.servicer_of[plan], f"asset.{kind}", plan=plan, asset=asset, at=stage.today(), **stated)
            if kind == "defaulted":
                world.defaulted[plan] += amount

    if held.paid:
        return
    report("overdue", amount=amount, days=(stage.day - due).days)
    if day is not None and day < days_after(due, DEFAULTED):
        return
    yield stage.at(days_after(due, DEFAULTED), NIGHT)
    report("defaulted", amount=amount)
    if day is not None:
        yield stage.at(day, NIGHT)
        report("recovered", amount=amount, payment=None)
        return
    yield stage.at(days_after(due, WRITTEN_OFF), NIGHT)
    report("written_off", amount=amount)
    held.lost = True
