"""Hypotheses about a period that was not paid by its terms: each is the period run once more with one thing changed.

A ``Trial`` is what the waterfall would be run with if one named mistake had been made. It counts only when it
reproduces the ledger exactly: every fee, tranche, move and call, to the fen. This module has what a trial is, and the
mistakes about triggers, states and records; ``abs.reconciliation.dues`` those about what is due,
``abs.reconciliation.order`` those about the order of payments.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from abs.booked.entries import Entry, Item
from abs.booked.state import item_of, untold
from abs.calendars import PeriodDates
from abs.deal import DealState, Period, PeriodResult, TriggerState
from abs.errors import AbsError
from abs.money import yuan_text
from abs.terms import Account, Condition, Limit, PlanTerms, Revolving, State, Step, Trigger, Waterfall
from abs.waterfall import run_period
from abs.waterfall.triggers import STATES
from ledger.position import Position

__all__ = [
    "Case",
    "Trial",
    "inserted",
    "leaking",
    "overlooked",
    "pinned",
    "recorded_twice",
    "rules_of",
    "stated_elsewhere",
    "with_steps",
]

ASTRAY: Final = "∅"
"""The account that cash goes to in a trial when it leaves the plan without a rule."""
NEVER: Final = Condition(measure="period", op="<", value=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A period that was paid otherwise: what the waterfall was run with and gave, and what the records state.

    ``dates`` and ``before`` are the dates of the period and of the one before it, by the terms.
    """

    terms: PlanTerms
    opening: DealState
    inputs: Period
    result: PeriodResult
    paid: Mapping[Item, Sequence[Entry]]
    stated: Mapping[Item, int]
    dates: PeriodDates | None = None
    before: PeriodDates | None = None

    def items(self, result: PeriodResult, astray: Item | None = None) -> dict[Item, int]:
        """What a result pays by item, as far as records can state it; ``astray`` got what went to no account."""
        unseen = untold(self.terms, result, self.paid)
        found: defaultdict[Item, int] = defaultdict(int)
        for line in result.lines:
            item = item_of(line)
            if item is not None and item.to == ASTRAY:
                item = astray
            elif item in unseen:
                item = None
            if item is not None and line.amount:
                found[item] += line.amount
        return dict(found)

    def by_terms(self) -> dict[Item, int]:
        """What the terms pay by item."""
        return self.items(self.result)

    def more(self, item: Item) -> int:
        """How much more the records state of an item than the terms pay."""
        return self.stated.get(item, 0) - self.by_terms().get(item, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One mistake, in words, and what the waterfall is run with if it was made; None: as in the case.

    ``stated`` is what the records state without the mistake, where it is one of the records alone.
    """

    cause: str
    text: str
    rule: str = ""
    terms: PlanTerms | None = field(default=None, repr=False)
    opening: DealState | None = field(default=None, repr=False)
    inputs: Period | None = field(default=None, repr=False)
    astray: Item | None = None
    stated: Mapping[Item, int] | None = None

    def reproduces(self, case: Case) -> bool:
        """Whether it pays what the ledger states, to the fen; no where the terms cannot be applied so."""
        try:
            result = run_period(self.terms or case.terms, self.opening or case.opening, self.inputs or case.inputs)
        except AbsError:
            return False
        return case.items(result, self.astray) == (case.stated if self.stated is None else self.stated)


def overlooked(case: Case) -> Iterator[Trial]:
    """A trigger that is on is taken as off; a declared event as not declared; or all of them together."""
    on = [one for one in case.terms.triggers if case.result.closing.triggers[one.trigger].on]
    declared = bool(case.inputs.declared) or case.opening.declared is not None
    blind, unheard = replace(case.opening, declared=None), replace(case.inputs, declared=())
    for one in on:
        since = case.result.closing.triggers[one.trigger].since
        text = f"trigger {one.trigger} is on since period {since}, and the period was paid as if it were off"
        terms, opening = _never(case, [one])
        yield Trial(cause="trigger_missed", text=text, rule=one.trigger, terms=terms, opening=opening)
    if declared:
        text = "an event was declared, and the period was paid as if it were not"
        yield Trial(cause="trigger_missed", text=text, opening=blind, inputs=unheard)
    if len(on) + declared > 1:
        names = ", ".join([*(one.trigger for one in on), *(["a declared event"] if declared else [])])
        terms, opening = _never(case, on)
        opening = replace(opening, declared=None)
        text = f"{names}: the period was paid as if none of it were so"
        yield Trial(cause="trigger_missed", text=text, rule=names, terms=terms, opening=opening, inputs=unheard)


def _never(case: Case, triggers: Iterable[Trigger]) -> tuple[PlanTerms, DealState]:
    """Terms by which these triggers never go on, and a state in which they are off."""
    names = {one.trigger for one in triggers}
    kept = tuple(one.model_copy(update={"when": NEVER}) if one.trigger in names else one for one in case.terms.triggers)
    states = {**case.opening.triggers, **dict.fromkeys(names, TriggerState())}
    return case.terms.model_copy(update={"triggers": kept}), replace(case.opening, triggers=states)


def recorded_twice(case: Case) -> Iterator[Trial]:
    """One record, or every one of some, is there a second time with the same amounts."""
    records: defaultdict[Position, dict[Item, int]] = defaultdict(dict)
    for item, entries in case.paid.items():
        for entry in entries:
            if entry.amount:
                records[entry.place][item] = entry.amount
    told = Counter(tuple(sorted(one.items())) for one in records.values())
    again = {one: count - 1 for one, count in told.items() if count > 1}
    for some in [*([one] for one in again), *([list(again)] if len(again) > 1 else [])]:
        stated = dict(case.stated)
        for record in some:
            for item, amount in record:
                stated[item] -= amount * again[record]
        what = "; ".join(f"{item} {yuan_text(amount)}" for record in some for item, amount in record)
        yield Trial(
            cause="recorded_twice",
            text=f"recorded more than once: {what}; without that all is by the terms",
            stated={item: amount for item, amount in stated.items() if amount},
        )


def stated_elsewhere(case: Case) -> Iterator[Trial]:
    """The period is paid by the order of another state, whatever triggers, events and the date say."""
    now = case.result.closing.state
    flags = tuple(one.model_copy(update={"effect": "flag"}) for one in case.terms.triggers)
    for state in STATES:
        if state == now:
            continue
        terms = case.terms.model_copy(update={"triggers": flags, "revolving": _revolving(case, state)})
        declared: tuple[State, ...] = () if state in ("revolving", "amortising") else (state,)
        yield Trial(
            cause="wrong_state",
            text=f"the period was paid by the order of the state {state}, and the state is {now}",
            rule=state,
            terms=terms,
            opening=replace(case.opening, declared=None),
            inputs=replace(case.inputs, declared=declared),
        )


def _revolving(case: Case, state: State) -> Revolving | None:
    """A revolving period that is still open on the payment date in the state revolving, and none otherwise."""
    if state != "revolving":
        return None
    return (case.terms.revolving or Revolving(until=case.inputs.on)).model_copy(update={"until": case.inputs.on})


def rules_of(case: Case) -> list[str]:
    """The rules of the steps that ran, in their order."""
    return list(dict.fromkeys(line.rule for line in case.result.lines))


def with_steps(terms: PlanTerms, waterfalls: Iterable[tuple[Waterfall, Sequence[Step]]]) -> PlanTerms:
    """The terms with other steps in some of their waterfalls."""
    changed = {one.state: one.model_copy(update={"steps": tuple(steps)}) for one, steps in waterfalls}
    return terms.model_copy(update={"waterfalls": tuple(changed.get(one.state, one) for one in terms.waterfalls)})


def inserted(terms: PlanTerms, more: Sequence[Step], after: str | None) -> PlanTerms:
    """The terms with more steps in every waterfall, behind a rule or in front of all; only where the rule is."""
    changed = []
    for waterfall in terms.waterfalls:
        rules = [one.rule for one in waterfall.steps]
        if after is None or after in rules:
            place = 0 if after is None else rules.index(after) + 1
            changed.append((waterfall, (*waterfall.steps[:place], *more, *waterfall.steps[place:])))
    return with_steps(terms, changed)


def pinned(case: Case) -> list[PlanTerms]:
    """The terms, and the same with reserves and promisor giving what they give by the terms.

    A mistake further down may or may not have made the manager call for more: both are tried, where there is a helper.
    """
    gave = {line.rule: line.amount for line in case.result.lines if line.action in ("draw", "shortfall")}
    if not gave:
        return [case.terms]
    fixed = [
        (
            one,
            [
                step.model_copy(update={"limit": Limit(amount=gave[step.rule])})
                if step.rule in gave and step.action in ("draw", "shortfall")
                else step
                for step in one.steps
            ],
        )
        for one in case.terms.waterfalls
    ]
    return [with_steps(case.terms, fixed), case.terms]


def leaking(case: Case, account: str, amount: int) -> Iterator[tuple[str | None, PlanTerms]]:
    """The terms with a step by which ``amount`` leaves an account for nowhere, behind each rule in turn."""
    step = Step(rule=ASTRAY, action="transfer", account=account, to=ASTRAY, limit=Limit(amount=amount))
    nowhere = Account(account=ASTRAY, kind="custody", bank=ASTRAY)
    for terms in pinned(case):
        opened = terms.model_copy(update={"accounts": (*terms.accounts, nowhere)})
        for rule in [*rules_of(case), None]:
            yield rule, inserted(opened, [step], rule)
