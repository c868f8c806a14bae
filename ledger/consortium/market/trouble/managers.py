"""Managers that pay otherwise than their plan's terms say, each once, and payments that only look like it.

No single record shows it: every amount is there, and every record is lawful. Who recomputes the period by the terms
finds it. A label names the plan and the period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.consortium.market.stage import days_after
from ledger.consortium.market.terms import Agreed
from ledger.consortium.market.trouble.managed import DATES, DUE, LATE, ManagedPlan
from ledger.consortium.market.trouble.teller import Teller, mistake, trap

if TYPE_CHECKING:
    from ledger.consortium.market.schedule import Process

__all__: list[str] = []

SATURDAY = 5


def _two_periods(
    t: Teller, plan: ManagedPlan, slip: str = "", *, first: int = 30, then: int = 70, default: bool = False
) -> Process:
    """Two periods in which so many per cent of the first claim come in; the manager slips in the second, if at all.

    ``default``: between them the second claim is not paid when it is due.
    """
    yield plan.date(0)
    if first:
        plan.comes_in(first)
    plan.pay()
    if default:
        yield plan.stage.at(days_after(plan.other.due, LATE))
        plan.default()
    yield plan.date(1)
    if then:
        plan.comes_in(then)
    period = plan.pay(slip)
    if slip:
        t.slipped(plan.plan, period)


@mistake("manager.wrong_order")
def wrong_order(t: Teller) -> Process:
    """Senior principal is repaid before mezzanine interest, which then is not paid."""
    yield from _two_periods(t, ManagedPlan(t), "wrong_order")


@trap("manager.wrong_order")
def sequential(t: Teller) -> Process:
    """The plan was accelerated: senior principal comes before mezzanine interest, as its terms then say."""
    yield from _two_periods(t, ManagedPlan(t, Agreed(defaults=0), due=DUE), default=True)


@mistake("manager.fee_twice")
def fee_twice(t: Teller) -> Process:
    """The management fee of a period is paid twice."""
    yield from _two_periods(t, ManagedPlan(t, Agreed(management=5_000)), "fee_twice")


@trap("manager.fee_twice")
def fee_carried(t: Teller) -> Process:
    """Nothing came in, so fees and interest stayed due, and are paid with those of the next period."""
    yield from _two_periods(t, ManagedPlan(t), first=0, then=90)


@mistake("manager.trigger_missed")
def trigger_missed(t: Teller) -> Process:
    """Defaults went beyond what accelerates the plan, and the manager pays as if they had not."""
    yield from _two_periods(t, ManagedPlan(t, Agreed(defaults=0), due=DUE), "trigger_missed", default=True)


@trap("manager.trigger_missed")
def trigger_cured(t: Teller) -> Process:
    """Too little came in for a period; in the next one enough does, and the plan revolves again."""
    plan = ManagedPlan(t, Agreed(thin=True, promised=None), revolving=DATES[1] + 5)
    yield from _two_periods(t, plan, first=0, then=60)


@mistake("manager.junior_early")
def junior_early(t: Teller) -> Process:
    """Mezzanine principal is repaid while senior principal is outstanding."""
    yield from _two_periods(t, ManagedPlan(t), "junior_early")


@trap("manager.junior_early")
def senior_repaid(t: Teller) -> Process:
    """Mezzanine principal is repaid in the period that repays the last of the senior."""
    plan = ManagedPlan(t, Agreed(reserve=10_000))
    yield plan.date(0)
    plan.comes_in(100)
    plan.pay()
    yield plan.date(1)
    plan.comes_in(100, plan.other)
    plan.pay()


@mistake("manager.rounding")
def rounding(t: Teller) -> Process:
    """Interest is rounded half up where the terms say down."""
    yield from _two_periods(t, ManagedPlan(t, Agreed(rounding="down")), "rounding")


@trap("manager.rounding")
def rounding_amended(t: Teller) -> Process:
    """The terms were amended between two periods: what was rounded half up is rounded down now."""
    plan = ManagedPlan(t)
    yield plan.date(0)
    plan.comes_in(30)
    plan.pay()
    plan.amend(rounding="down", management=800, record=2)
    yield plan.date(1)
    plan.comes_in(70)
    plan.pay()


@mistake("manager.wrong_date")
def wrong_date(t: Teller) -> Process:
    """Interest and fees are counted to an earlier day than the payment date."""
    yield from _two_periods(t, ManagedPlan(t), "wrong_date")


@trap("manager.wrong_date")
def weekend(t: Teller) -> Process:
    """The payment date falls on a weekend: interest is counted to the Monday on which it is paid."""
    later = (SATURDAY - t.stage.day.weekday()) % 7 + 14
    yield from _two_periods(t, ManagedPlan(t, dates=(DATES[0], later, later + 10)))
