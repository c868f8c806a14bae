"""A manager at work on a plan whose terms are a document: it pays, amends, winds up, and files its reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.consortium.market.acts.trade import digest
from ledger.consortium.market.founding import worth, write
from ledger.consortium.market.payouts import record
from ledger.consortium.market.stage import days_after
from ledger.consortium.market.terms import replaced

if TYPE_CHECKING:
    from datetime import date

    from ledger.consortium.market.founding import Plan
    from ledger.consortium.market.manager import Desk
    from ledger.consortium.market.world import Holding, World

__all__ = ["amend", "announce", "buy_rest", "disclose", "pay_by_terms"]

AHEAD = 21  # days before a payment that its report is filed, at the latest a week later: five trading days are the rule
SPRING = 4  # the month by which the reports of the year before are filed
CLEAN_UP = 10  # per cent of what came in at first, below which the originator takes back the rest, as the terms say


def pay_by_terms(world: World, made: Plan, desk: Desk) -> bool:
    """A payment date: everything is paid by the terms and reported; True when that was the plan's last."""
    stage = world.market
    if made.amended is not None and made.amended[0] <= stage.day:
        desk.agreed, made.amended = made.amended[1], None
    revolving = stage.day <= made.revolving_until and not made.ended
    if not revolving:
        open_ = [each for each in made.holds.values() if not each.paid]
        if sum(worth(each) for each in open_) * 100 <= made.first * CLEAN_UP:
            buy_rest(world, made, open_)
    accelerated = desk.accelerated
    paid = desk.pay(stage.day, revolving=revolving, defaulted=world.defaulted[made.plan], pooled=made.pooled)
    if paid.accelerated and not accelerated:
        write(
            world, made.manager, "event.declared", plan=made.plan, event="acceleration", at=stage.today(),
            reason="累计违约率触发加速清偿",
        )  # fmt: skip
        disclose(world, made, "ad_hoc.T09")
    record(stage, made, paid, made.calls)
    made.credits += paid.drawn + paid.released + paid.called
    made.debits += paid.filled + paid.repaid + sum(amount for _, amount in paid.fees)
    made.debits += sum(paid.principal.values()) + sum(paid.interest.values())
    if made.holds or not desk.done:
        return False
    write(world, made.manager, "plan.liquidated", plan=made.plan, at=stage.today(), surplus=0)
    disclose(world, made, "liquidation")
    return True


def amend(world: World, made: Plan, desk: Desk) -> None:
    """The manager takes less from the next payment on: the whole document again, with another rate and record date."""
    if made.amended is not None:
        return
    day = days_after(world.market.day, 1)
    agreed = replace(desk.agreed, management=desk.agreed.management * 4 // 5, record=2)
    made.amended, made.said = (day, agreed), replaced(made.said, agreed, made.stated)
    write(
        world, made.manager, "plan.terms_amended", 2, plan=made.plan, effective=day.isoformat(),
        reason="管理费率与权益登记日调整", document=made.said,
    )  # fmt: skip
    disclose(world, made, "ad_hoc.T23")


def buy_rest(world: World, made: Plan, assets: list[Holding]) -> None:
    """The originator takes back what is left of the pool 清仓回购, where anything is."""
    if not assets:
        return
    stage, price = world.market, sum(worth(each) for each in assets)
    write(
        world, made.originator, "pool.repurchased", plan=made.plan, date=stage.today(), by=made.originator.member,
        price=price, reason="cleanup", assets=[each.claim.receivable for each in assets],
    )  # fmt: skip
    write(
        world, made.originator, "cleanup_call", plan=made.plan, date=stage.today(), by=made.originator.member,
        price=price,
    )  # fmt: skip
    for each in assets:
        del made.holds[each.claim.receivable], world.pooled[each.claim.receivable]
        each.price = 0
    made.receive(price)
    made.credits += price


def disclose(world: World, made: Plan, kind: str, *, period: int | None = None) -> None:
    """The manager files a report, and the exchange acknowledges it 回执."""
    stage = world.market
    name = stage.named("DISC")
    exchange = world.cast["sse" if made.venue == "SSE" else "szse"]
    write(
        world, made.manager, "disclosure.filed", disclosure=name, report=f"{made.plan}-{period or name}",
        kind=kind, plan=made.plan, period=period, package_digest=digest("package", name),
        signer=made.manager.member, supersedes=None,
    )  # fmt: skip
    write(
        world, exchange, "disclosure.acknowledged", disclosure=name, exchange=exchange.member, accepted=True,
        reason=None, at=stage.today(),
    )  # fmt: skip


def announce(world: World, made: Plan, payment: date) -> None:
    """The report of the next distribution 收益分配报告 is filed weeks before it; in spring those of the year, too."""
    if made.announced == payment or (payment - world.market.day).days > AHEAD:
        return
    made.announced = payment
    disclose(world, made, "distribution", period=1 + (made.period if made.desk is None else made.desk.period))
    if payment.month <= SPRING and made.stated["closing"] < f"{payment.year}":
        for kind in ("annual", "custody", "rating"):
            disclose(world, made, kind)
