"""The life of a plan 专项计划: established over what its originator holds, revolving, paid out, wound up.

One story a plan, told month by month; what happens to single assets is told in ``payday``.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from ledger.consortium.cash import FACE, Payout, interest, next_weekday
from ledger.consortium.market.acts.trade import digest
from ledger.consortium.market.founding import (
    LEAST_DAYS,
    PER_RECORD,
    QUARTER,
    Plan,
    assets_of,
    bring_in,
    eligible,
    establish,
    hold,
    worth,
    write,
)
from ledger.consortium.market.managing import amend, announce, buy_rest, disclose, pay_by_terms
from ledger.consortium.market.schedule import MIDNIGHT
from ledger.consortium.market.stage import days_after

if TYPE_CHECKING:
    from ledger.consortium.market.chance import Chance
    from ledger.consortium.market.schedule import Process
    from ledger.consortium.market.world import World

__all__ = ["LEAST_ASSETS", "MOST_WAIT", "live"]

LEAST_ASSETS, MOST_WAIT = 6, 26  # assets a pool opens with; weeks its originator gathers them
CLEAN_UP = 10  # per cent of the most assets the pool ever held, below which the originator takes back the rest


def live(world: World, at: int, opens: int) -> Process:
    """One plan's life, from ``opens`` days on, when its originator begins to gather, to the end of the market."""
    stage = world.market
    chance = stage.chance("plan", str(at))
    made = _parties(world, chance, at)
    yield stage.after(opens + chance.below(10), MIDNIGHT)
    for _ in range(MOST_WAIT):
        yield stage.after(7, MIDNIGHT)
        if len(eligible(world, made)) >= LEAST_ASSETS:
            break
    else:
        return
    made.revolving_until = days_after(stage.day, 90 if at % 3 == 0 else 240)
    establish(world, made, chance)
    while True:
        ends = _month_after(stage.day)
        if ends.month in QUARTER:
            announce(world, made, next_weekday(ends))
        yield stage.at(min(days_after(stage.day, 7), next_weekday(ends)), MIDNIGHT)
        _collect(world, made)
        if _revolves(made, stage.day):
            _purchase(world, made)
        if stage.day < next_weekday(ends):
            continue
        _month(world, made, chance)
        _decide(world, made, chance)
        pays = ends.month in QUARTER
        if made.desk is not None:
            over = pays and pay_by_terms(world, made, made.desk)
        else:
            if pays:
                _pay(world, made)
            over = _wound_up(world, made)
        _statement(world, made)
        if over:
            return


def _revolves(made: Plan, day: date) -> bool:
    """Tell whether the plan may buy: before the end of its revolving period, while no trigger says otherwise."""
    held_back = made.desk is not None and (made.desk.accelerated or made.desk.thin)
    return day < made.revolving_until and not held_back


def _month_after(day: date) -> date:
    """Return the first month's end that is closed after a day: on it, or on the Monday after a weekend."""
    ends = day
    while True:
        ends = (ends.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        if next_weekday(ends) > day:
            return ends
        ends += timedelta(days=1)


def _parties(world: World, chance: Chance, at: int) -> Plan:
    """Say who the plan's parties are: every second one securitises a factor's holdings, the others a seller's own."""
    cast, turn = world.cast, at // 2
    originators = cast.factors if at % 2 == 0 else cast.originators
    made = Plan(
        turn=at,
        plan=f"PLAN-{at + 1:03d}",
        originator=originators[turn % len(originators)],
        manager=cast.managers[at % len(cast.managers)],
        custodian=cast.custodians[at % len(cast.custodians)],
        servicer=cast.servicers[at % len(cast.servicers)],
        venue=chance.pick(("SSE", "SZSE")),
        revolving_until=world.market.end,
    )
    world.servicer_of[made.plan] = made.servicer
    return made


def _collect(world: World, made: Plan) -> None:
    """The servicer reports what came in 归集."""
    items = world.collected.pop(made.plan, [])
    stage = world.market
    for start in range(0, len(items), PER_RECORD):
        some = items[start : start + PER_RECORD]
        amount, name = sum(each for *_, each in some), stage.named("COL")
        write(
            world, made.servicer, "collection.received", collection=name, plan=made.plan, date=stage.today(),
            amount=amount,
            items=[{"payment": payment, "asset": asset, "amount": each} for payment, asset, each in some],
        )  # fmt: skip
        made.waiting.append((name, amount))
        made.receive(amount)


def _purchase(world: World, made: Plan) -> None:
    """The plan spends what it collected on what its originator holds 循环购买."""
    chosen, left = [], made.free
    for each in eligible(world, made):
        if each.price <= left:
            chosen.append(each)
            left -= each.price
    if chosen:
        made.spend(bring_in(world, made, chosen, "revolving_purchased"))
        disclose(world, made, "revolving_purchase")


def _month(world: World, made: Plan, chance: Chance) -> None:
    """At the month's end: settled assets leave, some are bought back or exchanged, cash is passed on 转付."""
    stage = world.market
    for reason, gone in (
        ("settled", [name for name, each in made.holds.items() if each.paid]),
        ("written_off", [name for name, each in made.holds.items() if each.lost]),
    ):
        for name in gone:
            del made.holds[name], world.pooled[name]
        if gone:
            write(world, made.servicer, "pool.removed", plan=made.plan, date=stage.today(), reason=reason, assets=gone)
    _buy_back(world, made, chance)
    if made.waiting:
        amount = sum(each for _, each in made.waiting)
        write(
            world, made.servicer, "collection.remitted", remittance=stage.named("REM"), plan=made.plan,
            date=stage.today(), amount=amount, collections=[name for name, _ in made.waiting],
        )  # fmt: skip
        made.waiting = []
        made.credits += amount


def _decide(world: World, made: Plan, chance: Chance) -> None:
    """Now and then the manager amends how the plan computes, or ends the revolving period early 提前结束循环期."""
    stage, fate = world.market, chance.below(100)
    if fate < 4 and made.desk is not None:
        amend(world, made, made.desk)
    elif fate < 4:
        terms = {"day_count": "ACT/365F", "rounding": "half_up", "face": FACE, "record_date_lag": 2}
        write(
            world, made.manager, "plan.terms_amended", plan=made.plan, effective=stage.today(),
            reason="权益登记日调整", terms=terms,
        )  # fmt: skip
        disclose(world, made, "ad_hoc.T23")
    elif fate < 8 and stage.day < made.revolving_until:
        write(
            world, made.manager, "event.declared", plan=made.plan, event="revolving_ended", at=stage.today(),
            reason="循环购买资产不足",
        )  # fmt: skip
        disclose(world, made, "ad_hoc.T09")
        made.revolving_until, made.ended = stage.day, True


def _buy_back(world: World, made: Plan, chance: Chance) -> None:
    """The originator takes back what should not be in the pool 赎回, or puts other assets in its place 置换."""
    stage = world.market
    open_ = [each for each in made.holds.values() if (each.claim.due - stage.day).days > LEAST_DAYS]
    if len(open_) < LEAST_ASSETS or not chance.happens(300):
        return
    back = chance.pick(open_)
    name, owed = back.claim.receivable, worth(back)
    fresh = next((each for each in eligible(world, made) if worth(each) >= owed), None)
    del made.holds[name], world.pooled[name]
    back.price = 0
    if fresh is not None and chance.happens(500):
        write(
            world, made.originator, "pool.substituted", plan=made.plan, date=stage.today(),
            by=made.originator.member, removed=[name], assets=assets_of([fresh]),
        )  # fmt: skip
        hold(world, made, fresh)
        return
    reason = chance.pick(("ineligible", "dispute", "other"))
    write(
        world, made.originator, "pool.repurchased", plan=made.plan, date=stage.today(),
        by=made.originator.member, price=owed, reason=reason, assets=[name],
    )  # fmt: skip
    made.receive(owed)
    made.credits += owed


def _statement(world: World, made: Plan) -> None:
    """The custodian says what moved on the custody account 对账单."""
    stage = world.market
    starts, opening = date.fromisoformat(made.stated["closing"]), 0
    if made.statement is not None:
        starts, opening = made.statement[0] + timedelta(days=1), made.statement[1]
    closing = opening + made.credits - made.debits
    write(
        world, made.custodian, "statement.recorded",
        **{
            "statement": stage.named("ST"), "account": f"{made.plan}-T", "holder": made.custodian.member,
            "from": starts.isoformat(), "to": stage.today(), "opening": opening, "closing": closing,
            "credits": made.credits, "debits": made.debits, "entries_digest": digest(made.plan, stage.today()),
        },
    )  # fmt: skip
    made.statement, made.credits, made.debits = (stage.day, closing), 0, 0


def _pay(world: World, made: Plan) -> None:
    """Holders are paid 收益分配: interest only while the plan revolves, then all by rank."""
    stage, account = world.market, made.account
    days = (stage.day - account.since).days
    accrued = sum(interest(each.outstanding, each.rate, days) for each in account.tranches if each.rate is not None)
    accrued += sum(each.arrears for each in account.tranches)
    if not days or made.spendable < accrued:
        _shortfall(world, made, accrued)
        return
    revolving = stage.day <= made.revolving_until and not made.ended
    account.cash = accrued if revolving else made.spendable
    made.spendable -= account.cash
    payouts = account.pay(stage.day)
    made.spendable += account.cash
    made.period += 1
    for each in payouts:
        _distribute(world, made, each)


def _distribute(world: World, made: Plan, paid: Payout) -> None:
    stage = world.market
    write(
        world, made.custodian, "distribution.made", distribution=stage.named("DIS"), plan=made.plan,
        tranche=paid.tranche, period=made.period, date=stage.today(), principal=paid.principal, interest=paid.interest,
    )  # fmt: skip
    made.debits += paid.principal + paid.interest


def _shortfall(world: World, made: Plan, accrued: int) -> None:
    """The originator makes up what the interest lacks 差额支付; the next quarter pays it."""
    stage, amount = world.market, accrued - made.spendable
    if amount <= 0:
        return
    call = stage.named("CALL")
    write(
        world, made.manager, "shortfall.called", call=call, plan=made.plan, date=stage.today(),
        payer=made.originator.member, amount=amount,
    )  # fmt: skip
    write(
        world, made.custodian, "shortfall.paid", shortfall=stage.named("SF"), plan=made.plan, call=call,
        date=stage.today(), amount=amount, payment=None,
    )  # fmt: skip
    made.spendable += amount
    made.credits += amount


def _wound_up(world: World, made: Plan) -> bool:
    """When little is left after revolving, the originator takes back the rest 清仓回购 and the plan is liquidated."""
    stage = world.market
    open_ = [each for each in made.holds.values() if not each.paid]
    if stage.day <= made.revolving_until or len(open_) * 100 > made.most * CLEAN_UP or made.waiting:
        return False
    if world.collected.get(made.plan) or len(open_) != len(made.holds):
        return False
    buy_rest(world, made, open_)
    made.account.cash, made.spendable = made.spendable, 0
    made.period += 1
    disclose(world, made, "distribution", period=made.period)
    for paid in made.account.pay(stage.day):
        _distribute(world, made, paid)
    if any(each.outstanding or each.arrears for each in made.tranches if each.rank != "subordinated"):
        return False
    write(world, made.manager, "plan.liquidated", plan=made.plan, at=stage.today(), surplus=0)
    disclose(world, made, "liquidation")
    return True
