"""Trouble with plans and their pools: who may assign what, twice, too late, for too much."""

from __future__ import annotations

from decimal import Decimal

from ledger.consortium.market.acts import claims
from ledger.consortium.market.trouble.small import UNITS, SmallPlan
from ledger.consortium.market.trouble.teller import Teller, breach, trap
from ledger.finding import Code

__all__: list[str] = []

_RATES = (Decimal("0.0450"), Decimal("0.0525"))


@breach(Code.PLAN_ORIGINATOR)
def no_originator(t: Teller) -> None:
    """Somebody assigns to a plan of which it is no originator."""
    first, second = SmallPlan(t), SmallPlan(t)
    owed = second.claim()
    listed = [{"asset": owed.receivable, "outputs": []}]
    t.stage.write(
        second.originator, "pool.assigned", plan=first.plan, date=t.stage.today(),
        assignor=second.originator.member, price=owed.amount, assets=listed,
    )  # fmt: skip
    t.expect(Code.PLAN_ORIGINATOR)


@trap(Code.PLAN_ORIGINATOR)
def assigns_again(t: Teller) -> None:
    """The originator assigns again, later."""
    small = SmallPlan(t)
    small.assign([small.claim()])


@breach(Code.PLAN_STATUS)
def after_liquidation(t: Teller) -> None:
    """Terms are amended after the liquidation was complete."""
    small = _wound_up(t)
    terms = {"day_count": "ACT/365F", "rounding": "down", "face": 100_00, "record_date_lag": 1}
    small.write("manager", "plan.terms_amended", effective=t.stage.today(), reason="清算后变更", terms=terms)
    t.expect(Code.PLAN_STATUS)


@trap(Code.PLAN_STATUS)
def liquidated(t: Teller) -> None:
    """A plan is wound up in order."""
    _wound_up(t)


def _wound_up(t: Teller) -> SmallPlan:
    small = SmallPlan(t, 0)
    call = t.stage.named("CALL")
    principal = UNITS * 100_00
    small.dated("manager", "shortfall.called", call=call, payer=small.originator.member, amount=principal)
    small.dated("custodian", "shortfall.paid", shortfall=t.stage.named("SF"), call=call, amount=principal, payment=None)
    small.distribute(principal)
    small.at("manager", "plan.liquidated", surplus=0)
    return small


@breach(Code.EVENT_STATUS)
def declared_twice(t: Teller) -> None:
    """An event is declared a second time."""
    small = SmallPlan(t)
    for _ in range(2):
        small.at("manager", "event.declared", event="acceleration", reason="累计违约率触发")
    t.expect(Code.EVENT_STATUS)


@trap(Code.EVENT_STATUS)
def two_events(t: Teller) -> None:
    """Two events are declared, one after the other."""
    small = SmallPlan(t)
    for event in ("revolving_ended", "acceleration"):
        small.at("manager", "event.declared", event=event, reason="累计违约率触发")


@breach(Code.POOL_NOT_OWNER)
def anothers_claims(t: Teller) -> None:
    """An originator assigns a claim that is another's."""
    small = SmallPlan(t)
    small.assign([t.claim()])
    t.expect(Code.POOL_NOT_OWNER)


@trap(Code.POOL_NOT_OWNER)
def own_claims(t: Teller) -> None:
    """An originator assigns its own."""
    SmallPlan(t, 4)


@breach(Code.POOL_DOUBLE)
def in_two_pools(t: Teller) -> None:
    """A claim is assigned a second time."""
    small = SmallPlan(t)
    small.assign(small.pool[:1])
    t.expect(Code.POOL_DOUBLE)


@trap(Code.POOL_DOUBLE)
def back_and_in_again(t: Teller) -> None:
    """A claim is bought back and assigned again."""
    small = SmallPlan(t)
    _buy_back(small, "ineligible")
    small.assign(small.pool[:1])


def _buy_back(small: SmallPlan, reason: str) -> None:
    first = small.pool[0]
    small.dated(
        "originator", "pool.repurchased", by=small.originator.member, price=first.amount, reason=reason,
        assets=[first.receivable],
    )  # fmt: skip


@breach(Code.POOL_NOT_IN_POOL)
def removed_unheld(t: Teller) -> None:
    """An asset is removed that the pool does not hold."""
    small = SmallPlan(t)
    small.dated("servicer", "pool.removed", reason="settled", assets=[small.claim().receivable])
    t.expect(Code.POOL_NOT_IN_POOL)


@trap(Code.POOL_NOT_IN_POOL)
def removed_held(t: Teller) -> None:
    """An asset is removed that was paid."""
    small = SmallPlan(t)
    small.collected(small.pool[0])
    small.dated("servicer", "pool.removed", reason="settled", assets=[small.pool[0].receivable])


def _bought(t: Teller, *, revolving: bool = True, ended: bool = False, more: int = 0) -> None:
    """A plan buys a claim with what it collected."""
    small = SmallPlan(t, revolving=revolving)
    _, cash = small.collected(small.pool[0])
    if ended:
        small.at("manager", "event.declared", event="revolving_ended", reason="循环购买资产不足")
    small.buy([small.claim()], cash + more)


@breach(Code.POOL_REVOLVING_CLOSED)
def bought_after_the_end(t: Teller) -> None:
    """A plan buys after its revolving period was ended early."""
    _bought(t, ended=True)
    t.expect(Code.POOL_REVOLVING_CLOSED)


@trap(Code.POOL_REVOLVING_CLOSED)
def bought_in_time(t: Teller) -> None:
    """A plan buys within its revolving period, with all its cash."""
    _bought(t)


@breach(Code.POOL_EXCEEDS_CASH)
def bought_on_credit(t: Teller) -> None:
    """A purchase costs a fen more than there is."""
    _bought(t, more=1)
    t.expect(Code.POOL_EXCEEDS_CASH)


@trap(Code.POOL_EXCEEDS_CASH)
def bought_in_two(t: Teller) -> None:
    """Two purchases share what there is."""
    small = SmallPlan(t)
    _, cash = small.collected(small.pool[0])
    for price in (cash // 2, cash - cash // 2):
        small.buy([small.claim()], price)


def _substituted(t: Teller, net: int) -> None:
    small = SmallPlan(t)
    fresh = small.claim(net)
    small.dated(
        "originator", "pool.substituted", by=small.originator.member, removed=[small.pool[0].receivable],
        assets=[{"asset": fresh.receivable, "outputs": []}],
    )  # fmt: skip


@breach(Code.POOL_SUBSTITUTION_VALUE)
def for_less(t: Teller) -> None:
    """A claim is exchanged for a smaller one."""
    _substituted(t, 9_000_00)
    t.expect(Code.POOL_SUBSTITUTION_VALUE)


@trap(Code.POOL_SUBSTITUTION_VALUE)
def for_more(t: Teller) -> None:
    """A claim is exchanged for a larger one."""
    _substituted(t, 11_000_00)


@breach(Code.POOL_CLEANUP)
def not_clean(t: Teller) -> None:
    """A clean-up call leaves assets behind."""
    small = SmallPlan(t)
    _buy_back(small, "cleanup")
    small.dated("originator", "cleanup_call", by=small.originator.member, price=small.pool[0].amount)
    t.expect(Code.POOL_CLEANUP)


@trap(Code.POOL_CLEANUP)
def clean(t: Teller) -> None:
    """A clean-up call after everything was bought back."""
    small = SmallPlan(t, 1)
    _buy_back(small, "cleanup")
    small.dated("originator", "cleanup_call", by=small.originator.member, price=small.pool[0].amount)


@breach(Code.ASSET_STATUS)
def recovered_unharmed(t: Teller) -> None:
    """Something is recovered on an asset that performs."""
    small = SmallPlan(t)
    small.at("servicer", "asset.recovered", asset=small.pool[0].receivable, amount=1_00, payment=None)
    t.expect(Code.ASSET_STATUS)


@trap(Code.ASSET_STATUS)
def recovered_after_write_off(t: Teller) -> None:
    """Something is recovered after it was written off."""
    small = SmallPlan(t)
    first = small.pool[0]
    small.at("servicer", "asset.overdue", asset=first.receivable, amount=first.amount, days=1)
    small.at("servicer", "asset.defaulted", asset=first.receivable, amount=first.amount)
    small.at("servicer", "asset.written_off", asset=first.receivable, amount=first.amount)
    small.at("servicer", "asset.recovered", asset=first.receivable, amount=1_00, payment=None)


def _spent(t: Teller, *, named: bool) -> None:
    """A factor's piece is assigned, and then given away; or another piece of the same claim is."""
    factor = t.stranger("factor", "originator")
    small = SmallPlan(t, 0)
    small.originator = factor
    t.stage.write(
        small.manager, "plan.established", plan=f"{small.plan}-F", code=small.plan, name="保理债权资产支持专项计划",
        venue="SSE", manager=small.manager.member, custodian=small.custodian.member, originators=[factor.member],
        servicer=small.servicer.member, shelf=None, cutoff=t.stage.today(), closing=t.stage.today(),
        maturity=t.day(600), terms={"day_count": "ACT/365F", "rounding": "half_up", "face": 100_00,
                                    "record_date_lag": 1},
        tranches=[{"tranche": "A", "name": "优先级", "code": "A", "rank": "senior", "principal": 100_00,
                   "rate": "0.03", "repayment": "pass_through", "maturity": t.day(600)}],
    )  # fmt: skip
    small.plan = f"{small.plan}-F"
    piece = t.piece()
    halves = claims.split(t.stage, piece, [1_00, piece.amount - 1_00])
    held, _ = claims.finance(t.stage, halves, factor, t.chance.pick(_RATES))
    listed = [{"asset": piece.claim.receivable, "outputs": [held[0].output]}]
    small.dated("originator", "pool.assigned", assignor=factor.member, price=1_00, assets=listed)
    claims.propose(t.stage, held[0 if named else 1], t.cast.suppliers[1][0])


@breach(Code.OUTPUT_POOLED)
def spent_from_the_pool(t: Teller) -> None:
    """A factor gives away a piece that a plan's pool holds."""
    _spent(t, named=True)
    t.expect(Code.OUTPUT_POOLED)


@trap(Code.OUTPUT_POOLED)
def spent_beside_the_pool(t: Teller) -> None:
    """A factor gives away another piece of the same claim."""
    _spent(t, named=False)
