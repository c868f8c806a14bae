"""The waterfall (分配顺序): one period of a deal is paid step by step, and every line says which rule paid it and why.

``run_period`` is a pure function of terms, state and period; the same inputs give the same result. In order:

1. The period's cash comes on its accounts, less what purchases already took; interest and fees fall due.
2. The triggers are tested, and the state of the deal follows (``abs.waterfall.triggers``).
3. The steps of that state's waterfall run in their order. Conditions and limits see every measure as it is when their
   step runs. A step whose conditions do not all hold moves nothing.
4. The result is proven: what came in is what went out and what the accounts changed by; beginning - repaid = ending for
   every tranche; nothing is paid that was not due.

A state without a waterfall of its own is paid by that of the next better state, revolving excepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from abs.deal import DealState, FeeState, Line, Period, PeriodResult, TrancheState, TriggerState
from abs.errors import BadTerms, Unbalanced
from abs.terms import PlanTerms, State, Step
from abs.waterfall.books import Books, Due, engine_measures
from abs.waterfall.triggers import STATES, bound, dated_state, judge, judge_all, worst

__all__ = ["ASSETS", "opening_state", "run_period", "split"]

ASSETS: Final = "assets"
"""The target of cash that buys assets, where the step names none."""
INTO_ACCOUNTS: Final = ("transfer", "top_up", "draw", "shortfall")
FROM_OUTSIDE: Final = "shortfall"


def opening_state(terms: PlanTerms) -> DealState:
    """The deal on its closing day: everything outstanding, nothing due, nothing on the accounts."""
    return DealState(
        period=0,
        on=terms.plan.closing,
        state=dated_state(terms, terms.plan.closing),
        tranches={one.tranche: TrancheState(outstanding=one.principal) for one in terms.tranches},
        accounts={one.account: 0 for one in terms.accounts},
        fees={one.fee: FeeState() for one in terms.fees},
        triggers={one.trigger: TriggerState() for one in terms.triggers},
    )


def run_period(terms: PlanTerms, state: DealState, period: Period) -> PeriodResult:
    """One period as the terms pay it, from the state before it to the state after.

    Raises BadTerms where the terms cannot be applied (no waterfall, no such account or rule), BadAmount for a payment
    date before the one in ``state``, and Unbalanced if the result does not add up, which would be a fault in here.
    """
    books = Books(terms, state, period)
    overdrawn = [f"account {name} overdrawn by {-cash} fen" for name, cash in books.accounts.items() if cash < 0]
    changes = judge_all(terms.triggers, books.triggers, period.period, books.measure)
    declared = worst(*period.declared, *([] if state.declared is None else [state.declared]), "revolving")
    effects = [
        cast("State", one.effect) for one in terms.triggers if one.effect != "flag" and books.triggers[one.trigger].on
    ]
    books.state = worst(dated_state(terms, period.on), declared, *effects)
    if books.state != state.state:
        changes.append(f"state {state.state} -> {books.state}")
    measures = {name: books.measure(name) for name in engine_measures(terms)}
    steps = _steps(terms, books.state)
    for place in range(len(steps)):
        _run(books, steps, place)
    result = PeriodResult(
        opening=state,
        period=period,
        lines=tuple(books.lines),
        closing=books.closing(state, None if declared == "revolving" else declared),
        measures={**period.measures, **measures},
        changes=(*overdrawn, *changes),
    )
    _prove(books, result)
    return result


def split(cash: int, dues: Sequence[int]) -> list[int]:
    """``cash`` in parts pro rata to what is due, whole fen; all of what is due where cash covers it.

    Each in turn gets its share, rounded down, of what is left for it and those after it, so that the fen that do not
    divide go to the last. Nobody gets more than is due, and nobody less when there is more cash.
    """
    left, total, parts = min(cash, sum(dues)), sum(dues), []
    for due in dues:
        part = left * due // total if total else 0
        parts.append(part)
        left, total = left - part, total - due
    return parts


def _steps(terms: PlanTerms, state: State) -> tuple[Step, ...]:
    found = {one.state: one.steps for one in terms.waterfalls}
    worse_than_revolving = STATES[1 : STATES.index(state) + 1]
    for name in [state, *reversed(worse_than_revolving)]:
        if name in found:
            return found[name]
    raise BadTerms("no-waterfall", f"plan {terms.plan.plan} has no waterfall for the state {state}")


def _run(books: Books, steps: Sequence[Step], place: int) -> None:
    """One step leaves its lines on the books."""
    step = steps[place]
    for name in (step.account, *((step.to,) if step.action in ("transfer", "top_up", "draw") and step.to else ())):
        if name not in books.accounts:
            raise BadTerms("unknown-account", f"rule {step.rule} pays by an account {name!r} that there is not")
    for condition in step.when:
        held, text = judge(condition, books.measure)
        if not held:
            target = ", ".join(step.pays) or step.to or _party(books, step)
            books.lines.append(_line(books, step, target, 0, 0, books.cash(step.account), "condition", note=text))
            return
    if step.action in ("draw", "shortfall"):
        _fill(books, steps, place)
    else:
        _ACTIONS[step.action](books, step)


def _line(
    books: Books,
    step: Step,
    target: str,
    amount: int,
    due: int,
    available: int,
    cause: str,
    *,
    part: str = "",
    note: str = "",
) -> Line:
    source = step.account
    return Line(
        rule=step.rule,
        action=step.action,
        state=books.state,
        source=source,
        target=target,
        amount=amount,
        due=due,
        available=available,
        cause=cause,
        part=part,
        note=note,
    )


def _pay(
    books: Books,
    step: Step,
    dues: Sequence[Due],
    settle: Callable[[str, int], None],
    *,
    part: str = "",
    debt: bool = False,
) -> None:
    """What is due is paid in order or pro rata, as far as cash and the step's limit go; ``settle`` books each."""
    most, undefined = bound(step.limit, books.measure)
    cash = books.cash(step.account, debt=debt)
    room = cash if most is None else min(cash, most)
    shared = split(room, [due.amount for due in dues]) if step.pro_rata else None
    for place, due in enumerate(dues):
        available = books.cash(step.account, debt=debt)
        amount = min(due.amount, room) if shared is None else shared[place]
        room -= amount
        if amount == due.amount:
            cause = "due"
        elif shared is not None:
            cause = "shared"
        else:
            cause = "limit" if most is not None and most < cash else "cash"
        note = "; ".join(text for text in (due.note, undefined) if text)
        books.lines.append(_line(books, step, due.to, amount, due.amount, available, cause, part=part, note=note))
        books.take(step.account, amount)
        settle(due.to, amount)


def _move(
    books: Books, step: Step, target: str, settle: Callable[[str, int], None], *, part: str = "", spent: int = 0
) -> None:
    """All that there is moves, up to the step's limit less what was spent of it before."""
    most, note = bound(step.limit, books.measure)
    cash = books.cash(step.account)
    due = cash if most is None else max(0, most - spent)
    amount = min(cash, due)
    cause = "limit" if due < cash else "cash"
    books.lines.append(_line(books, step, target, amount, due, cash, cause, part=part, note=note))
    books.take(step.account, amount)
    settle(target, amount)


def _transfer(books: Books, step: Step) -> None:
    _move(books, step, step.to or "", lambda to, amount: _receive(books, to, amount))


def _fees(books: Books, step: Step) -> None:
    def settle(fee: str, amount: int) -> None:
        books.fee_paid[fee] += amount

    _pay(books, step, [books.fee_due(name) for name in step.pays or books.fees], settle, debt=True)


def _interest(books: Books, step: Step) -> None:
    def settle(tranche: str, amount: int) -> None:
        books.interest_paid[tranche] += amount

    dues = [books.interest_due(name) for name in step.pays or books.tranches]
    _pay(books, step, dues, settle, part="interest", debt=True)


def _principal(books: Books, step: Step) -> None:
    def settle(tranche: str, amount: int) -> None:
        books.outstanding[tranche] -= amount

    dues = [books.principal_due(name) for name in step.pays or books.tranches]
    _pay(books, step, dues, settle, part="principal", debt=True)


def _top_up(books: Books, step: Step) -> None:
    reserve = step.to or ""
    target, note = books.target(reserve)
    due = Due(to=reserve, amount=max(0, target - books.accounts[reserve]), note=note)
    _pay(books, step, [due], lambda to, amount: _receive(books, to, amount))


def _repay(books: Books, step: Step) -> None:
    def settle(_: str, amount: int) -> None:
        books.shortfall_repaid += amount

    _pay(books, step, [Due(to=_promisor(books, step)[0], amount=books.owed)], settle)


def _buy(books: Books, step: Step) -> None:
    _move(books, step, step.to or ASSETS, _nothing, spent=books.period.bought.get(step.account, 0))


def _residual(books: Books, step: Step) -> None:
    """All that is left is the holders' yield (收益); principal of a tranche is repaid by a step that says so."""
    _move(books, step, step.pays[0] if step.pays else step.to or "", _nothing, part="interest")


_ACTIONS: Final[Mapping[str, Callable[[Books, Step], None]]] = {
    "transfer": _transfer,
    "fees": _fees,
    "interest": _interest,
    "principal": _principal,
    "top_up": _top_up,
    "repay": _repay,
    "buy": _buy,
    "residual": _residual,
}


def _nothing(_: str, __: int) -> None:
    """What is paid to these changes nothing else on the books."""


def _receive(books: Books, account: str, amount: int) -> None:
    books.accounts[account] += amount


def _party(books: Books, step: Step) -> str:
    """Whom a step pays that lists nobody."""
    if step.action == "repay":
        return _promisor(books, step)[0]
    return ASSETS if step.action == "buy" else step.account


def _promisor(books: Books, step: Step) -> tuple[str, int | None]:
    """Who makes up what is short, and the most of it in all."""
    if books.terms.shortfall is None:
        raise BadTerms("no-promisor", f"rule {step.rule} needs a promisor, and the terms name none")
    return books.terms.shortfall.payer, books.terms.shortfall.limit


def _fill(books: Books, steps: Sequence[Step], place: int) -> None:
    """A reserve, or the promisor (差额支付), pays in what the next steps lack for fees, interest and principal."""
    step = steps[place]
    draws = step.action == "draw"
    into = (step.to or "") if draws else step.account
    need = _lack(books, steps, place, into)
    most, note = bound(step.limit, books.measure)
    if draws:
        payer, available = step.account, books.cash(step.account)
    else:
        payer, promised = _promisor(books, step)
        available = need if promised is None else max(0, promised - books.shortfall_paid)
    amount = min(need, available, need if most is None else most)
    limited = not draws or (most is not None and most < available)
    cause = "due" if amount == need else "limit" if limited else "cash"
    line = _line(books, step, into, amount, need, available, cause, note=note)
    books.lines.append(replace(line, source=payer))
    if draws:
        books.take(payer, amount)
    else:
        books.shortfall_paid += amount
    _receive(books, into, amount)


def _lack(books: Books, steps: Sequence[Step], place: int, into: str) -> int:
    """What an account lacks for what the steps after this one, up to its ``until``, owe to fees and holders.

    The steps run on a copy of the books in which such debts are paid whatever the account holds. Other helpers of the
    same account wait: they see what this one left lacking.
    """
    step = steps[place]
    rules = [one.rule for one in steps]
    last = len(steps) - 1
    if step.until is not None:
        if step.until not in rules[place + 1 :]:
            raise BadTerms("unknown-rule", f"rule {step.rule} runs until {step.until!r}, which is no rule after it")
        last = rules.index(step.until, place + 1)
    fork = books.fork(into)
    for later in range(place + 1, last + 1):
        if steps[later].fills != into:
            _run(fork, steps, later)
    return -fork.lowest


def _prove(books: Books, result: PeriodResult) -> None:
    """Nothing unless the result does not add up: then Unbalanced, with what is off. Works from the lines alone."""
    opening, closing, period = result.opening, result.closing, result.period
    cash = {name: opening.accounts.get(name, 0) for name in closing.accounts}
    for name, amount in period.receipts.items():
        cash[name] += amount
    for name, amount in period.bought.items():
        cash[name] -= amount
    for line in result.lines:
        outside = line.action == FROM_OUTSIDE
        there = line.available if outside else max(0, cash[line.source])
        if not 0 <= line.amount <= min(line.due, line.available, there):
            raise Unbalanced(
                "paid-too-much", f"rule {line.rule} paid {line.target} {line.amount} of {line.due} fen due"
            )
        if not outside:
            cash[line.source] -= line.amount
        if line.action in INTO_ACCOUNTS and line.cause != "condition":
            cash[line.target] += line.amount
    if cash != dict(closing.accounts):
        raise Unbalanced("cash-not-conserved", f"the accounts hold {dict(closing.accounts)}, the lines say {cash}")
    for name in books.fees:
        paid = sum(one.amount for one in result.lines if one.action == "fees" and one.target == name)
        if closing.fees[name].paid - books.fee_before[name].paid != paid or closing.fees[name].arrears < 0:
            raise Unbalanced("balance-broken", f"fee {name} ends with {closing.fees[name]}, the lines paid {paid} fen")
    for name in books.tranches:
        repaid = sum(one.amount for one in result.lines if one.action == "principal" and one.target == name)
        interest = sum(one.amount for one in result.lines if one.action == "interest" and one.target == name)
        begun = opening.tranches.get(name) or TrancheState(outstanding=books.tranches[name].principal)
        due = begun.interest_arrears + books.accrued[name]
        ended = TrancheState(outstanding=begun.outstanding - repaid, interest_arrears=due - interest)
        if ended != closing.tranches[name] or ended.outstanding < 0 or ended.interest_arrears < 0:
            raise Unbalanced(
                "balance-broken", f"tranche {name} ends with {closing.tranches[name]}, the lines say {ended}"
            )
