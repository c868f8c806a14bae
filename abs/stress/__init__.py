"""A plan under a scenario (压力测试): the waterfall run over the payment dates to come, on the cash that is expected.

From the state that the plan is in, for every payment date of its terms after the day:

1. What the pool is expected to bring up to the calculation date (``abs.forecast``) comes on the plan's account, with
   what came since the last payment date already.
2. While the plan revolves, cash that the coming payment date does not need for fees, interest and reserves buys assets
   on every day that cash is passed on (转付日) before the calculation date, as far as the step ``buy`` lets it.
3. The measures of the pool are those that it would have then; what a forecast cannot know is undefined, and a trigger
   that asks for it is not tested.
4. The waterfall pays (``abs.waterfall``), and its triggers lead where they lead. What its step ``buy`` lets for
   purchases, or all that is left on the account where its terms have no such step, buys assets, too.

Assets that are bought are such as the pool had: at the same price, due as much later. A scenario that stops purchases
ends the revolving period. The same plan, day and scenario give the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import polars as pl

from abs.booked.periods import buyer, entrance
from abs.calendars import PeriodDates
from abs.deal import DealState, Measured, Period, PeriodResult
from abs.forecast import Assumed, expected
from abs.history import Standing
from abs.instrument.tranche import Flow
from abs.money import CONTEXT
from abs.scenario import Scenario, Vector
from abs.stress.cover import SCOPES, covered, pool_measures, ratio_measures
from abs.stress.result import StressDate, StressRun, TrancheOutcome
from abs.stress.setting import Setting
from abs.terms import PlanTerms, Step
from abs.waterfall import run_period
from abs.waterfall.books import Books
from abs.waterfall.triggers import bound, judge
from abs.yields import average_life, internal_rate

__all__ = ["break_even", "stress"]

FINENESS: Final = 10_000
"""A break-even rate is found to one part of so many: a basis point."""
NOT_TESTED: Final = " not tested: "


def stress(setting: Setting, scenario: Scenario, *, advance: Callable[[], None] | None = None) -> StressRun:
    """The plan under the scenario up to its last payment date; ``advance`` is called after each."""
    course = Course(setting, scenario)
    dates = []
    for at in range(len(setting.dates)):
        dates.append(course.pay(at))
        if advance is not None:
            advance()
    untested = {change for one in course.results for change in one.changes if NOT_TESTED in change}
    return StressRun(
        plan=setting.terms.plan.plan,
        height=setting.height,
        day=setting.day,
        scenario=scenario,
        history=setting.history,
        outstanding=setting.outstanding,
        pool=course.pool,
        total=course.total,
        dates=tuple(dates),
        tranches=outcomes(setting, course.results),
        untested=tuple(sorted(untested)),
        results=tuple(course.results),
    )


def break_even(
    setting: Setting, scenario: Scenario, *, advance: Callable[[], None] | None = None
) -> dict[str, Decimal | None]:
    """The highest default rate of all that falls due at which each tranche is paid in full, principal and interest.

    Found by halving, to a basis point, everything else as in the scenario. None where it is not paid in full even
    without defaults; 1 where it is whatever defaults. Below a rate that is paid in full every rate is taken to be so.
    """
    known: dict[int, set[str]] = {}

    def whole(rate: int) -> set[str]:
        if rate not in known:
            default = Vector(rate=(CONTEXT.divide(Decimal(rate), Decimal(FINENESS)),))
            run = stress(setting, scenario.model_copy(update={"default": default}))
            known[rate] = {one.tranche for one in run.tranches if not one.lost}
            if advance is not None:
                advance()
        return known[rate]

    return {one.tranche: _highest(one.tranche, whole) for one in setting.terms.tranches}


def _highest(tranche: str, whole: Callable[[int], set[str]]) -> Decimal | None:
    if tranche not in whole(0):
        return None
    if tranche in whole(FINENESS):
        return Decimal(1)
    held, lost = 0, FINENESS
    while lost - held > 1:
        middle = (held + lost) // 2
        held, lost = (middle, lost) if tranche in whole(middle) else (held, middle)
    return CONTEXT.divide(Decimal(held), Decimal(FINENESS))


class Course:
    """A plan on its way through a scenario: what changes from one payment date to the next."""

    def __init__(self, setting: Setting, scenario: Scenario) -> None:
        self.setting = setting
        self.terms = setting.terms
        self.scenario = scenario
        self.ends, periods = _ends(setting)
        self.last = [len(periods) - 1 - periods[::-1].index(at) for at in range(len(setting.dates))]
        self.assumed = Assumed.of(scenario, setting.history, setting.default_days, periods)
        self.pool = self.total = expected(setting.there, self.ends, self.assumed)
        self.state = setting.state
        self.waiting = 0
        self.purchased = 0
        self.results: list[PeriodResult] = []

    def pay(self, at: int) -> StressDate:
        """One payment date is paid, and what is bought before it and on it is owed from then on."""
        days, terms = self.setting.dates[at], self.terms
        revolving = self.state.state == "revolving"
        buys = revolving and self.scenario.buys(days.payment, at)
        before = self.purchased
        spent = self._between(at, days) if revolving else 0
        period = self._period(at, self.last[at], days, self.waiting + spent)
        if revolving and not buys:
            period = replace(period, declared=("amortising",))
        result = run_period(terms, self.state, period)
        self.waiting = self._idle(result)
        now = _paid(result, "buy") + self.waiting
        self._bought(days.payment, now)
        self.results.append(result)
        self.state = result.closing
        return self._dated(days, result, self.last[at], spent=spent + now, bought=self.purchased - before)

    def _period(self, at: int, end: int, days: PeriodDates, spent: int) -> Period:
        """What comes into a period by an end; ``spent``: what purchases took of it and of what was there."""
        came, pays = self._came(at, end), buyer(self.terms)
        ahead = min(came, max(0, spent - self.waiting)) if pays != entrance(self.terms) else 0
        receipts = {entrance(self.terms): came - ahead} | ({pays: ahead} if ahead else {})
        measures = pool_measures(self.setting, self.total, end, collected=came, purchased=self.purchased)
        bought = {pays: spent} if spent else {}
        number = self.state.period + 1
        period = Period(period=number, on=days.payment, receipts=receipts, measures=measures, bought=bought)
        ratios: dict[str, Measured] = ratio_measures(self.terms, self.state, period)
        return replace(period, measures={**measures, **ratios})

    def _came(self, at: int, end: int) -> int:
        earlier = self.last[at - 1] if at else -1
        return self.total.received(end) - self.total.received(earlier) + (0 if at else self.setting.cash)

    def _between(self, at: int, days: PeriodDates) -> int:
        """What purchases before the calculation date cost."""
        spent = 0
        for end in range(self.last[at - 1] + 1 if at else 0, self.last[at]):
            if not self.scenario.buys(self.ends[end], at):
                break
            period = self._period(at, end, days, self.waiting + spent)
            price = _spare(self.terms, self.state, period)
            spent += price
            self._bought(self.ends[end], price)
        return spent

    def _idle(self, result: PeriodResult) -> int:
        """Cash that waits for purchases where no step of the revolving waterfall buys."""
        if result.closing.state != "revolving" or _buying(self.terms) is not None:
            return 0
        return max(0, result.closing.accounts[buyer(self.terms)])

    def _bought(self, day: date, price: int) -> None:
        """Assets come into the pool on a day, as the pool had them before."""
        usual = self.setting.history.reinvestment
        amount = usual.bought(price)
        if not amount:
            return
        cells = pl.DataFrame(
            {"due": [day + timedelta(days=max(1, usual.tenor))], "owed": [amount]},
            schema={"due": pl.Date, "owed": pl.Int128},
        )
        self.purchased += amount
        self.total += expected(Standing(day=day, cells=cells), self.ends, self.assumed)

    def _dated(self, days: PeriodDates, result: PeriodResult, end: int, *, spent: int, bought: int) -> StressDate:
        closing = result.closing
        cash = sum(closing.accounts.values()) - self.waiting
        assets = self.total.to_come(end) + cash
        return StressDate(
            period=days.period,
            on=days.payment,
            calculation=days.calculation,
            provisional=days.provisional,
            state=closing.state,
            collected=int(result.measures["pool.collections"] or 0),
            fees=_paid(result, "fees"),
            interest=_paid(result, "interest"),
            principal=_paid(result, "principal"),
            residual=_paid(result, "residual"),
            drawn=_paid(result, "draw"),
            shortfall=_paid(result, "shortfall"),
            repaid=_paid(result, "repay"),
            spent=spent,
            bought=bought,
            balance=self.total.owed(end),
            performing=self.total.performing(end),
            cash=cash,
            outstanding=sum(one.outstanding for one in closing.tranches.values()),
            covered=tuple(covered(self.terms, result, assets, scope) for scope in SCOPES),
            changes=tuple(one for one in result.changes if NOT_TESTED not in one),
        )


def _ends(setting: Setting) -> tuple[tuple[date, ...], list[int]]:
    """Days to look at, rising, and the number of the period that each is in: of purchases, and of calculation."""
    revolving = setting.terms.revolving
    until = date.min if revolving is None else revolving.until
    found: list[tuple[date, int]] = []
    after = setting.day
    for at, days in enumerate(setting.dates):
        found += ((day, at) for day in days.remittances if after < day < days.calculation and day <= until)
        found.append((days.calculation, at))
        after = max(after, days.calculation)
    return tuple(day for day, _ in found), [at for _, at in found]


def _buying(terms: PlanTerms) -> Step | None:
    steps = next((one.steps for one in terms.waterfalls if one.state == "revolving"), ())
    return next((step for step in steps if step.action == "buy"), None)


def _spare(terms: PlanTerms, state: DealState, period: Period) -> int:
    """What may be spent for assets before the payment date: what its fees, interest and reserves do not need."""
    books = Books(terms, state, period)
    reserves = [one.account for one in terms.accounts if one.kind == "reserve"]
    need = sum(books.fee_due(name).amount for name in books.fees)
    need += sum(books.interest_due(name).amount for name in books.tranches)
    need += sum(max(0, books.target(name)[0] - books.accounts[name]) for name in reserves)
    free = sum(cash for name, cash in books.accounts.items() if name not in reserves) - need
    into, pays = entrance(terms), buyer(terms)
    reach = books.accounts[pays] + (period.receipts[into] if into != pays else 0)
    spare = max(0, min(free, reach))
    step = _buying(terms)
    if step is None:
        return spare
    if not all(judge(condition, books.measure)[0] for condition in step.when):
        return 0
    most, _ = bound(step.limit, books.measure)
    return spare if most is None else min(spare, max(0, most - sum(period.bought.values())))


def _paid(result: PeriodResult, action: str) -> int:
    return sum(line.amount for line in result.lines if line.action == action)


def outcomes(setting: Setting, results: Sequence[PeriodResult]) -> tuple[TrancheOutcome, ...]:
    """What every tranche was paid and what it lost, from the day of its last payment on."""
    opening, closing = setting.state, results[-1].closing
    found = []
    for part in setting.terms.tranches:
        name = part.tranche
        flows = tuple(
            Flow(on=one.period.on, principal=one.paid(name, "principal"), interest=one.paid(name, "interest"))
            for one in results
        )
        before, after = opening.tranches[name], closing.tranches[name]
        found.append(
            TrancheOutcome(
                tranche=name,
                rank=part.rank,
                outstanding=before.outstanding,
                flows=flows,
                lost_principal=after.outstanding,
                lost_interest=after.interest_arrears,
                average_life=average_life(flows, setting.day),
                internal_rate=internal_rate(before.outstanding + before.interest_arrears, flows, opening.on),
            )
        )
    return tuple(found)
